//! The swaps of a simulated transaction, through the call forwarder and the router.

use alloy::primitives::U256;

use super::execute::{Revert, Run, because};
use crate::{
    dex::{Deployment, Route, RouterCall},
    onedelta::{CALL_FORWARDER, ForwarderOp},
};

impl Run<'_> {
    pub(super) fn forward(&mut self, op: &ForwarderOp) -> Result<(), Revert> {
        let (target, data, replaced) = match op {
            ForwarderOp::Transfer(transfer) => return self.transfer(CALL_FORWARDER, transfer),
            ForwarderOp::Call { target, data, .. } => (target, data, None),
            ForwarderOp::CallWithReplace { target, data, replace, .. } => (target, data, Some(replace.token)),
            other => return Err(format!("{} is not simulated", other.name())),
        };
        if *target != Deployment::BASE.router {
            return Err(format!("{target} is not the router"));
        }
        let call = RouterCall::decode(data).map_err(because)?;
        let (amount_in, amount_out) = match &call {
            RouterCall::ExactIn { route, amount_in, min_out, .. } => {
                let amount_in = replaced.map_or(*amount_in, |token| self.balance(CALL_FORWARDER, token));
                let out = self.sold(route, amount_in)?;
                if out < *min_out {
                    return Err(format!("Too little received: {out} of at least {min_out}"));
                }
                (amount_in, out)
            }
            RouterCall::ExactOut { route, amount_out, max_in, .. } => {
                let needed = self.bought(route, *amount_out)?;
                if needed > *max_in {
                    return Err(format!("Too much requested: {needed} of at most {max_in}"));
                }
                (needed, *amount_out)
            }
        };
        self.take(CALL_FORWARDER, call.route().token_in(), amount_in)?;
        self.give(call.receiver(CALL_FORWARDER, Deployment::BASE.router), call.route().token_out(), amount_out);
        Ok(())
    }

    fn sold(&self, route: &Route, amount: U256) -> Result<U256, Revert> {
        let (mut token, mut amount) = (route.token_in(), amount);
        for (key, hop) in route.keys().iter().zip(route.hops()) {
            let pool = self.place.pools.get(key).map_err(because)?;
            let direction = pool.direction_from(token).ok_or("the pool has other tokens")?;
            amount = pool.exact_in(direction, amount, None).map_err(because)?.amount_out;
            token = hop.token_out;
        }
        Ok(amount)
    }

    fn bought(&self, route: &Route, amount: U256) -> Result<U256, Revert> {
        let mut amount = amount;
        let from = std::iter::once(route.token_in()).chain(route.hops().iter().map(|hop| hop.token_out));
        let legs: Vec<_> = route.keys().iter().zip(from).collect();
        for (key, token) in legs.into_iter().rev() {
            let pool = self.place.pools.get(key).map_err(because)?;
            let direction = pool.direction_from(token).ok_or("the pool has other tokens")?;
            amount = pool.exact_out(direction, amount, None).map_err(because)?.amount_in;
        }
        Ok(amount)
    }
}
