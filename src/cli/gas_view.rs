//! What an account has for gas, as `status`, `doctor` and the start of a watch show it.

use alloy::primitives::U256;
use rust_decimal::Decimal;
use serde::Serialize;

use super::{exit::Outcome, session::Session};
use crate::{chain::BlockRef, plan::Quantity, watchdog::rules::GasFacts};

/// Ether, and how many trims it pays for.
#[derive(Debug, Serialize)]
pub(super) struct GasView {
    ether: Quantity,
    /// What one urgent trim takes at most, now.
    trim: Quantity,
    /// How many of them the ether pays for.
    trims: Decimal,
    /// As many as `watch.gas_trims` asks for.
    enough: bool,
    #[serde(skip)]
    words: String,
}

impl GasView {
    /// At the market of a block.
    pub(super) async fn read(session: &Session, ether: U256, block: &BlockRef) -> Outcome<Self> {
        let market = session.endpoints.fee_market(block).await?;
        let gas = GasFacts::at(ether, &market, &session.config.fees.urgent);
        let wanted = session.config.watch.gas_trims;
        let enough = !gas.is_below(wanted);
        let words = match enough {
            true => gas.words(),
            false => format!("{}; watch.gas_trims asks for {wanted}", gas.words()),
        };
        let quantity = |raw| Quantity::new(raw, 18, "ETH");
        Ok(Self { ether: quantity(gas.ether), trim: quantity(gas.trim), trims: gas.trims(), enough, words })
    }

    /// Whether there is as much as the settings ask for.
    pub(super) const fn is_enough(&self) -> bool {
        self.enough
    }

    /// One sentence.
    pub(super) fn words(&self) -> &str {
        &self.words
    }
}
