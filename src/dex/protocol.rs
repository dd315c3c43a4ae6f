//! What every exchange's adapter keeps: which pools it has, how they are read, what a swap in them gives, and the calldata
//! of its router.
//!
//! A pool is read in two steps, because what to read of it may depend on where its price stands: a [`PoolProbe`] finds a
//! [`PoolHint`], and the hint asks for the whole state. Whoever has read a pool before has its hint and needs only the
//! second step.

use std::{any::Any, fmt, sync::Arc};

use alloy::primitives::{Address, Bytes, U256, U512};

use super::{Absence, PoolId, PoolSwap, Reach, RouterCall, RouterCallError, SpotPrice, SwapError};
use crate::chain::{Answers, Batch, ReadError};

/// An exchange.
pub trait Exchange: fmt::Debug + Send + Sync {
    /// Its name, which is that of all its pools' ids.
    fn name(&self) -> &'static str;

    /// The name that people know it by: `Uniswap v3`.
    fn words(&self) -> &'static str;

    /// The contract that the call forwarder calls for a swap; it pulls the sold token itself.
    fn router(&self) -> Address;

    /// Its contracts that swaps depend on, with what they are called and, where one can be done without, what is lost.
    fn contracts(&self) -> Vec<(&'static str, Address, Option<&'static str>)>;

    /// The pools that may exist between two tokens, in ascending order.
    fn pools_between(&self, a: Address, b: Address) -> Vec<PoolId>;

    /// The contract of one of its pools, whether it was made or not; `None` where pools have none of their own.
    fn address(&self, pool: &PoolId) -> Option<Address>;

    /// Asks whether one of its pools exists and where its price is.
    fn probe(&self, batch: &mut Batch, pool: &PoolId) -> Box<dyn PoolProbe>;

    /// The router's calldata for a swap.
    fn write(&self, call: &RouterCall) -> Result<Bytes, RouterCallError>;

    /// The calldata of an exact input whose amount the forwarder writes in at run time, and where that amount stands in the
    /// arguments. `amount_in` is checked as in [`Exchange::write`] but zero stands in its place.
    fn write_for_replace(&self, call: &RouterCall) -> Result<(Bytes, u16), RouterCallError>;

    /// Reads calldata of a swap, whoever wrote it; nothing is refused for its amounts or its recipient.
    fn read(&self, data: &[u8]) -> Result<RouterCall, RouterCallError>;

    /// Where the input amount stands in the arguments (behind the selector); `None` where there is none.
    fn amount_in_offset(&self, data: &[u8]) -> Option<u16>;

    /// Who gets the output when `caller` calls the router: some routers read some recipients as somebody else.
    fn receiver(&self, call: &RouterCall, _caller: Address) -> Address {
        call.recipient()
    }

    /// Whether the router is told to sell what it holds itself.
    fn sells_router_balance(&self, _call: &RouterCall) -> bool {
        false
    }
}

/// A question whether a pool exists and where its price is.
pub trait PoolProbe: fmt::Debug + Send + Sync {
    /// Reads the answers.
    fn decode(&self, answers: &Answers) -> Result<Arc<dyn PoolHint>, Absence>;
}

/// What has to be known of a pool before its state can be asked for.
pub trait PoolHint: fmt::Debug + Send + Sync {
    /// Asks for the whole state within reach of the price.
    fn ask(&self, batch: &mut Batch, reach: &Reach) -> Box<dyn PoolQuery>;
}

/// A question for the whole state of a pool.
pub trait PoolQuery: fmt::Debug + Send + Sync {
    /// The pool.
    fn id(&self) -> PoolId;

    /// Reads the answers: the state, or why the pool cannot be used. An error is a bad answer, not a missing pool.
    fn decode(&self, answers: &Answers) -> Result<Result<Arc<dyn Pool>, Absence>, ReadError>;
}

/// A question where the price of a pool stands now.
pub trait PriceProbe: fmt::Debug + Send + Sync {
    /// Whether the price has moved by no more than so many millionths of its square root; `None` when nothing answers.
    fn is_still(&self, answers: &Answers, within: u64) -> Option<bool>;
}

/// A pool's state at one block, enough to replay swaps in it exactly.
pub trait Pool: fmt::Debug + Send + Sync {
    /// Which pool.
    fn id(&self) -> PoolId;

    /// Its contract; `None` where it has none of its own.
    fn address(&self) -> Option<Address>;

    /// The swap of exactly `amount` of one of its tokens.
    fn sell(&self, token_in: Address, amount: U256) -> Result<PoolSwap, SwapError>;

    /// The swap that gives exactly `amount` of one of its tokens.
    fn buy(&self, token_out: Address, amount: U256) -> Result<PoolSwap, SwapError>;

    /// The price at which an infinitely small swap would go, before its fee.
    fn spot_price(&self) -> SpotPrice;

    /// What stands behind the price: the liquidity at the price as Uniswap v3 counts it, the square root of the product of both
    /// tokens' amounts. A pool that counts otherwise converts, because pools of several exchanges are compared by it.
    fn depth(&self) -> U256;

    /// What the pool holds of a token; `None` if it is not one of its two.
    fn balance_of(&self, token: Address) -> Option<U256>;

    /// The pool after swaps have brought its price to `top / bottom` of what it is.
    fn repriced(&self, top: U512, bottom: U512) -> Result<Arc<dyn Pool>, Absence>;

    /// What its state can be asked for with again.
    fn hint(&self) -> Arc<dyn PoolHint>;

    /// Asks where the price is now.
    fn probe_price(&self, batch: &mut Batch) -> Box<dyn PriceProbe>;

    /// Whether another state is the same in everything.
    fn is_equal(&self, other: &dyn Pool) -> bool;

    /// Its adapter's own type.
    fn as_any(&self) -> &dyn Any;
}

impl PartialEq for dyn Pool {
    fn eq(&self, other: &Self) -> bool {
        self.is_equal(other)
    }
}
