//! What the journal keeps of a saga: enough to go on after a restart without asking anybody.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{Facts, Finish, OrderFact, Phase, Role, SagaError, intent_of};
use crate::{
    config::{AfterPerp, OnPerpFailure},
    journal::{IntentId, PositionId, Stamp},
    perps::{Ending, Fill, OpenForecast, OrderHandle},
    strategy::Signal,
    trade::AssessOptions,
};

/// Version of the state's form; a saga of another is left alone.
pub const STATE_VERSION: u32 = 1;

/// A saga's memory.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(clippy::struct_excessive_bools)]
pub struct SagaState {
    /// Form of this.
    pub version: u32,
    /// The signal.
    pub signal: Signal,
    /// Live prices, no transactions.
    pub paper: bool,
    /// When the signal was taken; the ids of its intents come from it.
    pub accepted: Stamp,
    /// How far it is.
    pub phase: Phase,
    /// Leverage may be lowered to what fits.
    pub cap: bool,
    /// A loop that the journal did not open may be used.
    pub include_existing: bool,
    /// The naive table is wanted on the live chain.
    pub forced: bool,
    /// What happens to the loop when the perp has ended.
    pub after_perp: AfterPerp,
    /// What happens to the loop when the perp is proven not to have opened.
    pub on_perp_failure: OnPerpFailure,
    /// Leverage that the signal's tier asks of the loop; 1 for none.
    pub tier: Decimal,
    /// Ordered notional, USDC.
    pub notional: Decimal,
    /// Margin offered, USDC.
    pub margin: Decimal,
    /// The loop's leverage before any of the sagas that were open then had touched it; `None` for no loop.
    pub base: Option<Decimal>,
    /// The loop's leverage when the signal was taken.
    pub before: Option<Decimal>,
    /// The loop's equity when the perp was ordered, US dollars.
    pub equity: Option<Decimal>,
    /// What the fill should come to, from the newest assessment.
    pub forecast: Option<OpenForecast>,
    /// The perp's order.
    pub order: Option<OrderHandle>,
    /// The perp.
    pub position: Option<Held>,
    /// How it ended.
    pub ending: Option<Ending>,
    /// Why the perp was not opened.
    pub failure: Option<String>,
    /// Tries that were given up before anything was planned into the journal.
    pub refused: Vec<IntentId>,
    /// The unresolved order was reported.
    pub warned: bool,
}

/// The perp while it is open and after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// Its name in the journal.
    pub id: Option<PositionId>,
    /// The execution that opened it.
    pub fill: Fill,
}

impl SagaState {
    /// The intent of a try of a leg.
    #[must_use]
    pub fn intent(&self, role: Role, attempt: u32) -> IntentId {
        intent_of(&self.signal.id, self.accepted.wall, role, attempt)
    }

    /// What the user allowed, for the next assessment.
    #[must_use]
    pub const fn options(&self) -> AssessOptions {
        let Self { cap, include_existing, forced, paper, .. } = *self;
        AssessOptions { cap, include_existing, forced, paper }
    }

    /// Whether the signal's tier has a loop at all.
    #[must_use]
    pub fn has_loop(&self) -> bool {
        self.tier > Decimal::ONE
    }

    /// The state in a phase, with what the facts tell.
    #[must_use]
    pub fn entered(&self, phase: Phase, facts: &Facts) -> Self {
        let mut state = Self { phase, ..self.clone() };
        match &facts.order {
            OrderFact::Waiting(order) | OrderFact::Unknown { order, .. } => state.order = Some(order.clone()),
            OrderFact::Filled { order, fill } => {
                state.order = Some(order.clone());
                if phase == Phase::Held {
                    state.position = Some(Held { id: None, fill: (**fill).clone() });
                }
            }
            OrderFact::Cancelled { order, reason } => {
                state.order = Some(order.clone());
                state.failure = Some(reason.clone());
            }
            OrderFact::None => {}
        }
        if phase == Phase::Ended && facts.ending.is_some() {
            state.ending.clone_from(&facts.ending);
        }
        state
    }

    /// What became of it, in one line.
    #[must_use]
    pub fn words(&self, finish: Finish) -> String {
        let failure = self.failure.as_deref().unwrap_or("it was not opened");
        let what = match (&self.ending, &self.position) {
            (Some(ending), _) => format!("the perp ended: {:?}", ending.kind).to_lowercase(),
            (None, Some(_)) => "the perp is open".to_owned(),
            (None, None) => format!("no perp: {failure}"),
        };
        match finish {
            Finish::LoopLeft => format!("{what}; the loop could not be brought back: see `trimtab status`"),
            Finish::Traded | Finish::NotTraded => what,
        }
    }
}

pub(super) fn json<T: serde::Serialize>(value: &T, id: &str) -> Result<serde_json::Value, SagaError> {
    serde_json::to_value(value)
        .map_err(|error| SagaError::State { id: id.to_owned(), reason: format!("cannot be written: {error}") })
}
