//! Section `perps`: how orders on the perpetuals venue are placed.

use std::time::Duration;

use alloy::primitives::U256;
use serde::{Deserialize, Serialize};

use super::{ExecutionFee, RpcUrl, values};
use crate::units::{Bps, Secs};

/// Half a price is so many basis points away from it.
const MOST_DEVIATION: u32 = 5_000;
/// A hundredth of an ether: hundreds of times what an execution costs.
const MOST_EXECUTION_FEE: U256 = U256::from_limbs([10_000_000_000_000_000, 0, 0, 0]);

/// How orders on the perpetuals venue are placed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PerpsConfig {
    /// The venue's price service; a replica that was started by this program has one of its own.
    pub price_url: Option<RpcUrl>,
    /// Most that a fill may be worse than the mark.
    pub slippage_bps: Bps,
    /// How long an order is followed before the command ends with it still waiting.
    #[serde(with = "values::duration")]
    pub order_timeout: Duration,
    /// How long a plan may be sent after its snapshot; one that carries a price, at most 24 s.
    pub plan_ttl: Secs,
    /// What the venue's keeper is given for an execution: `auto`, or an amount such as `0.00005 ETH`.
    pub execution_fee: ExecutionFee,
    /// Most that the price service's price may differ from the chain's for anything to be opened at it.
    pub max_price_deviation_bps: Bps,
    /// How old the chain's price of a pair may be to confirm the price service's.
    pub oracle_ttl: Secs,
    /// Opens at the price service's word where nothing on chain says what a pair costs.
    pub unchecked_prices: bool,
}

/// How the price service is held against the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PriceCheck {
    /// Most that the two prices may differ, of the chain's.
    pub max_price_deviation_bps: Bps,
    /// How old the chain's price may be.
    pub oracle_ttl: Secs,
    /// A price that nothing on chain confirms is taken.
    pub unchecked_prices: bool,
}

impl Default for PriceCheck {
    fn default() -> Self {
        PerpsConfig::default().price_check()
    }
}

impl PerpsConfig {
    /// How the price service is held against the chain.
    #[must_use]
    pub const fn price_check(&self) -> PriceCheck {
        PriceCheck {
            max_price_deviation_bps: self.max_price_deviation_bps,
            oracle_ttl: self.oracle_ttl,
            unchecked_prices: self.unchecked_prices,
        }
    }

    pub(super) fn problem(&self) -> Option<(&'static str, String)> {
        if self.slippage_bps.0 == 0 {
            return Some(("perps.slippage_bps", "0 must be above 0: at 0 the venue cancels".to_owned()));
        }
        if let Err(wide) = super::BoundsConfig::slippage_within_ceiling(self.slippage_bps, false) {
            let reason = wide.reason();
            return Some(("perps.slippage_bps", reason));
        }
        if self.order_timeout.is_zero() {
            return Some((
                "perps.order_timeout",
                "an order that is not looked at is never known to be filled".to_owned(),
            ));
        }
        if let ExecutionFee::Wei(wei) = self.execution_fee
            && (wei.is_zero() || wei > MOST_EXECUTION_FEE)
        {
            let reason = format!(
                "{} must be above 0 and at most {}: it is given away with every order",
                self.execution_fee,
                ExecutionFee::Wei(MOST_EXECUTION_FEE)
            );
            return Some(("perps.execution_fee", reason));
        }
        if !(1..MOST_DEVIATION).contains(&self.max_price_deviation_bps.0) {
            let reason = format!(
                "{} must be above 0 and below {MOST_DEVIATION}: a price that is half of the true one must be refused",
                self.max_price_deviation_bps.0
            );
            return Some(("perps.max_price_deviation_bps", reason));
        }
        (self.plan_ttl.0 == 0).then(|| ("perps.plan_ttl", "a plan valid for no time cannot be sent".to_owned()))
    }
}

impl Default for PerpsConfig {
    /// 1 %: the spread of a usual size is hundredths of that, so that it bounds only how far the price runs before the
    /// keeper comes. A minute, because a keeper fills in seconds. 5 % from the chain's price: oracles on chain lag by less in
    /// all but crashes, in which nothing should be opened. An hour: what Chainlink's slower feeds and Pyth's pushers keep to.
    fn default() -> Self {
        Self {
            price_url: None,
            slippage_bps: Bps(100),
            order_timeout: Duration::from_secs(60),
            plan_ttl: Secs(120),
            execution_fee: ExecutionFee::Auto,
            max_price_deviation_bps: Bps(500),
            oracle_ttl: Secs::HOUR,
            unchecked_prices: false,
        }
    }
}
