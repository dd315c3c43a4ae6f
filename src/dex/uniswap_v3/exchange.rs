//! Uniswap v3 behind the traits that every exchange keeps.

use std::{any::Any, sync::Arc};

use alloy::primitives::{Address, Bytes, U256, U512};

use super::{
    deployment::{Deployment, UniswapV3},
    key::{FEE_TIERS, NAME, PoolKey},
    pool::{Direction, PoolState},
    query::{PriceQuery, StateQuery, TickHint, TickProbe},
    replay::Swap,
    router,
};
use crate::{
    chain::{Answers, Batch, ReadError},
    dex::{
        Absence, Exchange, Pool, PoolHint, PoolId, PoolProbe, PoolQuery, PoolSwap, PriceProbe, Reach, RouterCall,
        RouterCallError, SpotPrice, SwapError,
    },
    units::isqrt,
};

impl Exchange for UniswapV3 {
    fn name(&self) -> &'static str {
        NAME
    }

    fn words(&self) -> &'static str {
        "Uniswap v3"
    }

    fn router(&self) -> Address {
        self.0.router
    }

    fn contracts(&self) -> Vec<(&'static str, Address, Option<&'static str>)> {
        vec![
            ("SwapRouter02", self.0.router, None),
            ("Uniswap v3 factory", self.0.factory, None),
            ("TickLens", self.0.tick_lens, None),
            ("QuoterV2", self.0.quoter, Some("only tests ask it")),
        ]
    }

    fn pools_between(&self, a: Address, b: Address) -> Vec<PoolId> {
        FEE_TIERS.into_iter().filter_map(|fee| PoolKey::new(a, b, fee).ok()).map(PoolId::from).collect()
    }

    fn address(&self, pool: &PoolId) -> Option<Address> {
        PoolKey::of(pool).map(|key| key.address(&self.0))
    }

    fn probe(&self, batch: &mut Batch, pool: &PoolId) -> Box<dyn PoolProbe> {
        match PoolKey::of(pool) {
            Some(key) => Box::new(Probe { key, asked: TickProbe::add(batch, &key, &self.0), deployment: self.0 }),
            None => Box::new(NoPool),
        }
    }

    fn write(&self, call: &RouterCall) -> Result<Bytes, RouterCallError> {
        router::encode(call)
    }

    fn write_for_replace(&self, call: &RouterCall) -> Result<(Bytes, u16), RouterCallError> {
        router::encode_for_replace(call)
    }

    fn read(&self, data: &[u8]) -> Result<RouterCall, RouterCallError> {
        router::decode(data)
    }

    fn amount_in_offset(&self, data: &[u8]) -> Option<u16> {
        router::amount_in_offset(data)
    }

    fn receiver(&self, call: &RouterCall, caller: Address) -> Address {
        router::receiver(call, caller, self.0.router)
    }

    fn sells_router_balance(&self, call: &RouterCall) -> bool {
        router::sells_router_balance(call)
    }
}

/// A pool id that is none of this exchange's.
#[derive(Debug)]
struct NoPool;

impl PoolProbe for NoPool {
    fn decode(&self, _answers: &Answers) -> Result<Arc<dyn PoolHint>, Absence> {
        Err(Absence::NoContract)
    }
}

#[derive(Debug)]
struct Probe {
    key: PoolKey,
    asked: TickProbe,
    deployment: Deployment,
}

impl PoolProbe for Probe {
    fn decode(&self, answers: &Answers) -> Result<Arc<dyn PoolHint>, Absence> {
        let tick = self.asked.decode(answers)?;
        Ok(Arc::new(Hint { key: self.key, tick, deployment: self.deployment }))
    }
}

#[derive(Debug, Clone, Copy)]
struct Hint {
    key: PoolKey,
    tick: TickHint,
    deployment: Deployment,
}

impl PoolHint for Hint {
    fn ask(&self, batch: &mut Batch, reach: &Reach) -> Box<dyn PoolQuery> {
        Box::new(StateQuery::add(batch, self.key, self.tick, reach, &self.deployment))
    }
}

impl PoolQuery for StateQuery {
    fn id(&self) -> PoolId {
        self.key().into()
    }

    fn decode(&self, answers: &Answers) -> Result<Result<Arc<dyn Pool>, Absence>, ReadError> {
        Ok(self.state(answers)?.map(Into::into))
    }
}

#[derive(Debug)]
struct SamePrice {
    known: U256,
    asked: PriceQuery,
}

impl PriceProbe for SamePrice {
    fn is_still(&self, answers: &Answers, within: u64) -> Option<bool> {
        let found = self.asked.decode(answers)?;
        Some(self.known.abs_diff(found) <= self.known * U256::from(within) / U256::from(1_000_000))
    }
}

impl PoolState {
    fn priced(&self, swap: Swap) -> Result<PoolSwap, SwapError> {
        Ok(PoolSwap {
            amount_in: swap.amount_in,
            amount_out: swap.amount_out,
            fee_pips: swap.fee_pips(),
            price_impact_pips: swap.price_impact_pips(PoolState::spot_price(self))?,
            gas: swap.gas_estimate(),
        })
    }

    fn direction(&self, token_in: Option<Address>) -> Result<Direction, SwapError> {
        token_in.and_then(|token| self.direction_from(token)).ok_or(SwapError::BadState("tokens"))
    }
}

impl Pool for PoolState {
    fn id(&self) -> PoolId {
        self.key.into()
    }

    fn address(&self) -> Option<Address> {
        Some(self.address)
    }

    fn sell(&self, token_in: Address, amount: U256) -> Result<PoolSwap, SwapError> {
        self.priced(self.exact_in(self.direction(Some(token_in))?, amount, None)?)
    }

    fn buy(&self, token_out: Address, amount: U256) -> Result<PoolSwap, SwapError> {
        self.priced(self.exact_out(self.direction(self.key.other(token_out))?, amount, None)?)
    }

    fn spot_price(&self) -> SpotPrice {
        Self::spot_price(self)
    }

    fn depth(&self) -> U256 {
        U256::from(self.liquidity)
    }

    fn balance_of(&self, token: Address) -> Option<U256> {
        Self::balance_of(self, token)
    }

    fn repriced(&self, top: U512, bottom: U512) -> Result<Arc<dyn Pool>, Absence> {
        let squared = self.sqrt_price_x96.widening_mul::<256, 4, 512, 8>(self.sqrt_price_x96);
        let scaled = squared.checked_mul(top).and_then(|scaled| scaled.checked_div(bottom));
        let limit = scaled.map(isqrt).and_then(|limit| U256::checked_from_limbs_slice(limit.as_limbs()));
        let limit = limit.ok_or(Absence::PriceMoved)?;
        if limit == self.sqrt_price_x96 {
            return Ok(self.clone().into());
        }
        let direction = if limit < self.sqrt_price_x96 { Direction::ZeroForOne } else { Direction::OneForZero };
        let swap = self.exact_in(direction, U256::MAX >> 2, Some(limit)).map_err(|_| Absence::PriceMoved)?;
        Ok(self.after(&swap).into())
    }

    fn hint(&self) -> Arc<dyn PoolHint> {
        Arc::new(Hint { key: self.key, tick: TickHint::from(self), deployment: Deployment::BASE })
    }

    fn probe_price(&self, batch: &mut Batch) -> Box<dyn PriceProbe> {
        Box::new(SamePrice { known: self.sqrt_price_x96, asked: PriceQuery::add(self.address, batch) })
    }

    fn is_equal(&self, other: &dyn Pool) -> bool {
        other.as_any().downcast_ref::<Self>() == Some(self)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl From<PoolState> for Arc<dyn Pool> {
    fn from(state: PoolState) -> Self {
        Arc::new(state)
    }
}
