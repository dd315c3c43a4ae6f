//! Section `perps`: how orders on the perpetuals venue are placed.

use std::time::Duration;

use alloy::primitives::U256;
use serde::{Deserialize, Serialize};

use super::{ExecutionFee, RpcUrl, values};
use crate::units::{Bps, Secs};

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
}

impl PerpsConfig {
    pub(super) fn problem(&self) -> Option<(&'static str, String)> {
        if self.slippage_bps.0 == 0 || self.slippage_bps.0 >= 8_000 {
            let reason = format!("{} must be above 0 and below 8000: at 0 the venue cancels", self.slippage_bps.0);
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
        (self.plan_ttl.0 == 0).then(|| ("perps.plan_ttl", "a plan valid for no time cannot be sent".to_owned()))
    }
}

impl Default for PerpsConfig {
    /// 1 %: the spread of a usual size is hundredths of that, so that it bounds only how far the price runs before the
    /// keeper comes. A minute, because a keeper fills in seconds.
    fn default() -> Self {
        Self {
            price_url: None,
            slippage_bps: Bps(100),
            order_timeout: Duration::from_secs(60),
            plan_ttl: Secs(120),
            execution_fee: ExecutionFee::Auto,
        }
    }
}
