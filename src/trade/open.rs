//! What is open already, as the journal knows it.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::TradeContext;
use crate::{
    journal::{JournalError, JournalReader, LoopPosition, PerpPosition},
    loops::{KnownLoop, known_loops},
    perps::{LeverageE10, Usdc},
};

/// A trade that is open or under way: its perp is placed or open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenTrade {
    /// The signal it came from; none for a perp that was opened by hand.
    pub signal: Option<String>,
    /// Such as `ETH/USD`.
    pub pair: String,
    /// Ordered notional of the perp, USDC.
    pub notional: Decimal,
    /// Leverage that its tier asks of the loop; 1 for none.
    pub loop_leverage: Decimal,
}

impl OpenTrade {
    fn of(perp: &PerpPosition) -> Self {
        let margin = Usdc(perp.entry.margin).to_decimal().unwrap_or(Decimal::MAX);
        let leverage = LeverageE10(perp.terms.leverage).to_decimal().unwrap_or(Decimal::ONE);
        Self {
            signal: perp.entry.signal.clone(),
            pair: perp.entry.pair.clone(),
            notional: margin.saturating_mul(leverage),
            loop_leverage: Decimal::ONE,
        }
    }
}

/// Everything that is open.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OpenTrades {
    /// Perps open and pending.
    pub trades: Vec<OpenTrade>,
    /// The loop of the strategy's pair, if the journal has it.
    pub known_loop: Option<LoopPosition>,
    /// All loops of the journal; none in practice.
    pub loops: Vec<KnownLoop>,
}

impl OpenTrades {
    /// What the journal has open: perps, and the loop of the strategy's pair. What their tiers ask of the loop is known by
    /// the sagas that opened them.
    pub fn read(desk: &TradeContext, reader: &JournalReader, paper: bool) -> Result<Self, JournalError> {
        let open = reader.open_perps()?;
        let trades = open.iter().filter(|perp| perp.paper == paper).map(OpenTrade::of).collect();
        let strategy = &desk.settings.strategy;
        let token = |symbol: &str| {
            let mut listings = desk.reserves.listings.iter();
            listings.find(|listing| listing.symbol.eq_ignore_ascii_case(symbol)).map(|listing| listing.asset)
        };
        let known_loop = match (token(&strategy.collateral), token(&strategy.debt)) {
            (Some(collateral), Some(debt)) => reader.open_loop_of(collateral, debt, paper)?,
            _ => None,
        };
        let loops = if paper { Vec::new() } else { known_loops(reader)? };
        Ok(Self { trades, known_loop, loops })
    }

    /// The highest loop leverage that an open trade asks for; 1 when none asks.
    #[must_use]
    pub fn highest_leverage(&self) -> Decimal {
        self.trades.iter().map(|trade| trade.loop_leverage).fold(Decimal::ONE, Decimal::max)
    }

    /// Ordered notional of all perps, USDC.
    #[must_use]
    pub fn notional(&self) -> Decimal {
        self.trades.iter().fold(Decimal::ZERO, |sum, trade| sum.saturating_add(trade.notional))
    }

    /// Without the trade of a signal: what remains when it ends, or what was there before it.
    #[must_use]
    pub fn without(&self, signal: &str) -> Self {
        let others = self.trades.iter().filter(|trade| trade.signal.as_deref() != Some(signal));
        Self { trades: others.cloned().collect(), known_loop: self.known_loop.clone(), loops: self.loops.clone() }
    }
}
