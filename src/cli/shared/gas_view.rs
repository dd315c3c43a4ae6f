//! What an account has for gas, as `status`, `doctor` and the start of a watch show it.

use alloy::primitives::{Address, U256};
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::Serialize;

use super::{exit::Outcome, session::Session};
use crate::{chain::BlockRef, plan::Quantity, watchdog::rules::GasFacts};

/// Ether, and how many trims it pays for.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::cli) struct GasView {
    ether: Quantity,
    /// What one urgent trim takes at most, now.
    trim: Quantity,
    /// How many of them the ether pays for.
    trims: Decimal,
    /// As many as `watch.gas_trims` asks for.
    enough: bool,
    /// Gas costs more than `fees.urgent.max_fee_gwei` now: nothing is sent.
    above_ceiling: bool,
    #[serde(skip)]
    words: String,
}

impl GasView {
    /// At the market of a block.
    pub(in crate::cli) async fn read(session: &Session, ether: U256, block: &BlockRef) -> Outcome<Self> {
        let market = session.endpoints.fee_market(block).await?;
        let gas = GasFacts::at(ether, &market, &session.config.fees.urgent);
        let wanted = session.config.watch.gas_trims;
        let enough = !gas.is_below(wanted);
        let above_ceiling = gas.is_above_ceiling();
        let words = match (above_ceiling, enough) {
            (true, _) => format!("{}; {}", gas.words(), gas.obstacle().unwrap_or_default()),
            (false, true) => gas.words(),
            (false, false) => format!("{}; watch.gas_trims asks for {wanted}", gas.words()),
        };
        let quantity = |raw| Quantity::new(raw, 18, "ETH");
        Ok(Self {
            ether: quantity(gas.ether),
            trim: quantity(gas.trim),
            trims: gas.trims(),
            enough,
            above_ceiling,
            words,
        })
    }

    /// Whether there is as much as the settings ask for, and a trim would be sent.
    pub(in crate::cli) const fn is_well(&self) -> bool {
        self.enough && !self.above_ceiling
    }

    /// What to do where it is not well.
    pub(in crate::cli) fn advice(&self, account: Address) -> String {
        match self.enough {
            true => "until then no trim is sent".to_owned(),
            false => format!("send ether to {account}: a trim that cannot be paid is not sent"),
        }
    }

    /// One sentence.
    pub(in crate::cli) fn words(&self) -> &str {
        &self.words
    }
}
