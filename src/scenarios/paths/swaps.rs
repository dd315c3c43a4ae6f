//! The swaps of a simulated transaction, through the call forwarder and the router.

use alloy::primitives::U256;

use super::execute::{Revert, Run, because};
use crate::{
    dex::{Route, RouterCall},
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
        let exchange = self.place.pools.exchanges().with_router(*target);
        let exchange = exchange.ok_or_else(|| format!("{target} is no exchange's router"))?;
        let call = exchange.read(data).map_err(because)?;
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
        self.give(exchange.receiver(&call, CALL_FORWARDER), call.route().token_out(), amount_out);
        Ok(())
    }

    fn sold(&self, route: &Route, amount: U256) -> Result<U256, Revert> {
        route.pools().zip(route.tokens_in()).try_fold(amount, |amount, (pool, token_in)| {
            let pool = self.place.pools.get(pool).map_err(because)?;
            Ok(pool.sell(token_in, amount).map_err(because)?.amount_out)
        })
    }

    fn bought(&self, route: &Route, amount: U256) -> Result<U256, Revert> {
        route.hops().iter().rev().try_fold(amount, |amount, hop| {
            let pool = self.place.pools.get(hop.pool).map_err(because)?;
            Ok(pool.buy(hop.token_out, amount).map_err(because)?.amount_in)
        })
    }
}
