//! What came of a saga: predicted beside actual for both legs, net of fees, gas apart.

use alloy::primitives::U256;
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::Serialize;

use super::{Role, SagaError, SagaState, record::net};
use crate::{
    journal::{IntentState, JournalReader, Saga},
    perps::{EndKind, PriceE10, Side},
    plan::{Deviation, Quantity},
    send::Settlement,
    text::one_line,
};

/// What came of a saga.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct SagaReport {
    /// The signal.
    pub signal: String,
    /// Live prices, no transactions.
    pub paper: bool,
    /// Such as `ETH/USD`.
    pub pair: String,
    /// Direction.
    pub side: Side,
    /// `traded`, `not-traded` or `loop-left`; `None` while it runs.
    pub outcome: Option<String>,
    /// How far it is.
    pub phase: String,
    /// Why the perp was not opened.
    pub failure: Option<String>,
    /// The perp, once it was filled.
    pub perp: Option<PerpReport>,
    /// Leverage that the tier asked of the loop.
    pub loop_tier: Decimal,
    /// The loop's leverage when the signal was taken.
    pub loop_before: Option<Decimal>,
    /// The loop's equity when the perp was ordered, US dollars.
    pub loop_equity: Option<Decimal>,
    /// Every leg that was carried out, in order.
    pub legs: Vec<LegReport>,
    /// Gas of all legs, ETH; nothing on paper.
    pub gas: Quantity,
}

/// The perp's prediction beside what it came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PerpReport {
    /// Margin offered, USDC.
    pub margin: Decimal,
    /// Price of the fill that was expected.
    pub entry_predicted: Option<PriceE10>,
    /// Price of the fill.
    pub entry: PriceE10,
    /// How it ended; `None` while it is open.
    pub ended: Option<EndKind>,
    /// Price it ended at.
    pub exit: Option<PriceE10>,
    /// Net result that was expected of such an end, USDC.
    pub net_predicted: Option<Decimal>,
    /// Net result, USDC: what was paid out less the margin, all fees in it, gas not.
    pub net: Option<Decimal>,
}

/// One leg on the chain.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct LegReport {
    /// What for.
    pub role: String,
    /// The intent in the journal.
    pub intent: String,
    /// Gas paid.
    pub gas: Quantity,
    /// Prediction beside outcome.
    pub figures: Vec<Deviation>,
}

/// Puts together what the journal knows of a saga.
pub fn report(reader: &JournalReader, saga: &Saga, state: &SagaState) -> Result<SagaReport, SagaError> {
    let legs = legs(reader, &saga.id)?;
    let gas = legs.iter().fold(U256::ZERO, |sum, leg| sum.saturating_add(leg.gas.raw));
    Ok(SagaReport {
        signal: saga.id.clone(),
        paper: saga.paper,
        pair: state.signal.pair.clone(),
        side: state.signal.side,
        outcome: saga.outcome.clone(),
        phase: saga.phase.clone(),
        failure: state.failure.clone(),
        perp: perp(state)?,
        loop_tier: state.tier,
        loop_before: state.before,
        loop_equity: state.equity,
        legs,
        gas: Quantity::new(gas, 18, "ETH"),
    })
}

fn legs(reader: &JournalReader, id: &str) -> Result<Vec<LegReport>, SagaError> {
    let done = IntentState::Reconciled;
    let mut legs = Vec::new();
    for link in reader.intents_of_saga(id)? {
        let Ok(intent) = reader.intent(link.intent) else { continue };
        let settlement = intent.actual.filter(|_| intent.state == done);
        if let Some(Ok(settlement)) = settlement.map(serde_json::from_value::<Settlement>) {
            let Settlement { gas_cost, figures, .. } = settlement;
            legs.push(LegReport { role: link.role, intent: link.intent.to_string(), gas: gas_cost, figures });
        }
    }
    Ok(legs)
}

fn perp(state: &SagaState) -> Result<Option<PerpReport>, SagaError> {
    let Some(held) = &state.position else { return Ok(None) };
    let forecast = state.forecast.as_ref();
    let ended = state.ending.as_ref().map(|ending| ending.kind);
    let paid = match (ended, forecast) {
        (Some(EndKind::Target), Some(forecast)) => forecast.paid_at_target.to_decimal(),
        (Some(EndKind::Stop), Some(forecast)) => forecast.paid_at_stop.to_decimal(),
        (Some(EndKind::Liquidation), _) => Some(Decimal::ZERO),
        _ => None,
    };
    let net = match &state.ending {
        Some(ending) => Some(net(state.margin, ending)?),
        None => None,
    };
    Ok(Some(PerpReport {
        margin: state.margin,
        entry_predicted: forecast.map(|forecast| forecast.entry),
        entry: held.fill.price,
        ended,
        exit: state.ending.as_ref().map(|ending| ending.fill.price),
        net_predicted: paid.and_then(|paid| paid.checked_sub(state.margin)),
        net,
    }))
}

impl SagaReport {
    /// For people.
    #[must_use]
    pub fn words(&self) -> String {
        let paper = if self.paper { " (paper)" } else { "" };
        let outcome = self.outcome.as_deref().unwrap_or(&self.phase);
        let mut lines = vec![format!("signal {}: {} {}, {outcome}{paper}", self.signal, self.side, self.pair)];
        match &self.perp {
            Some(perp) => lines.extend(perp.words()),
            None => lines.extend(self.failure.iter().map(|why| format!("  perp   not opened: {why}"))),
        }
        if self.loop_tier > Decimal::ONE {
            let before = self.loop_before.map_or_else(|| "no loop".to_owned(), |it| format!("{}x", it.round_dp(4)));
            lines.push(format!("  loop   tier {}x, before {before}", self.loop_tier.normalize()));
        }
        for leg in &self.legs {
            let Some(figure) = leg.figures.iter().find(|figure| figure.name == "leverage") else { continue };
            let (predicted, actual) = (&figure.predicted, &figure.actual);
            lines.push(format!("  {}   leverage predicted {predicted}, actual {actual}", leg.role));
        }
        if !self.legs.is_empty() {
            lines.push(format!("  gas    {}", self.gas));
        }
        // Names and reasons come from signals, endpoints and the venue.
        lines.iter().map(|line| one_line(line)).collect::<Vec<_>>().join("\n")
    }

    /// Whether a leg of this role was carried out.
    #[must_use]
    pub fn has(&self, role: Role) -> bool {
        self.legs.iter().any(|leg| leg.role == role.as_str())
    }
}

impl PerpReport {
    fn words(&self) -> Vec<String> {
        let predicted = self.entry_predicted.map_or_else(|| "-".to_owned(), |price| price.to_string());
        let mut lines = vec![format!(
            "  perp   {} USDC margin, entry predicted {predicted}, actual {}",
            self.margin.normalize(),
            self.entry
        )];
        if let (Some(kind), Some(exit), Some(net)) = (self.ended, self.exit, self.net) {
            let predicted =
                self.net_predicted.map_or_else(|| "-".to_owned(), |net| net.round_dp(6).normalize().to_string());
            let kind = format!("{kind:?}").to_lowercase();
            lines.push(format!(
                "  ended  by {kind} at {exit}: net {} USDC, predicted {predicted}",
                net.round_dp(6).normalize()
            ));
        }
        lines
    }
}
