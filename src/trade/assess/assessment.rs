//! The answer about one trade.

use alloy::primitives::U256;
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    chain::BlockRef,
    perps::{OpenForecast, OpenRequest},
    plan::Plan,
    strategy::{Decision, Feasibility, Levels, LoopShare, Outcome, Signal, Size},
    units::Raw,
};

/// Everything a trade would be, on the state of one block.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Assessment {
    /// The signal.
    pub signal: Signal,
    /// The block that loop and wallet were read at.
    pub block: BlockRef,
    /// Distances of stop and target, kept from the signal to the fill.
    pub levels: Levels,
    /// The oracle's price of the pair now, US dollars.
    pub mark: Decimal,
    /// How far that is from the signal's entry, as a share.
    pub entry_deviation: Decimal,
    /// What will be traded, after every policy and cap.
    pub size: Size,
    /// All checks of that size.
    pub feasibility: Feasibility,
    /// What the governor says.
    pub decision: Decision,
    /// Leverage of the loop now; `None` without one.
    pub loop_now: Option<Decimal>,
    /// Leverage of the loop while the trade is open: the highest that an open trade asks for, this one included; 1 is none.
    pub loop_target: Decimal,
    /// How the loop gets there; `None` when it is there, or cannot.
    pub loop_plan: Option<Plan>,
    /// The perp.
    pub perp: OpenRequest,
    /// What the venue's own plan says of it; `None` when the venue does not plan it.
    pub perp_plan: Option<Plan>,
    /// What its fill should come to.
    pub forecast: Option<OpenForecast>,
    /// Capital needed.
    pub capital: CapitalNeeded,
    /// Costs of each leg, US dollars.
    pub costs: Vec<Cost>,
    /// Both ends of the perp.
    pub outcome: Option<Outcome>,
    /// What the loop adds.
    pub loop_share: Option<LoopShare>,
    /// Notional over all open perps with this one, in equities of the account: printed for tables, which it does not bind.
    pub open_notional: OpenNotional,
    /// Every refusal, with both figures.
    pub refusals: Vec<String>,
    /// Decisions worth knowing.
    pub notes: Vec<String>,
}

impl Assessment {
    /// Whether nothing refuses it.
    #[must_use]
    pub const fn is_feasible(&self) -> bool {
        self.refusals.is_empty()
    }
}

/// What must be there, US dollars.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CapitalNeeded {
    /// Equity put into the loop; zero when one exists.
    pub loop_equity: Decimal,
    /// The same in smallest units of the collateral token.
    #[serde(with = "Raw")]
    pub loop_collateral: U256,
    /// The perp's margin, when the wallet pays it.
    pub margin: Decimal,
    /// The perp's margin, when it is borrowed.
    pub borrowed: Decimal,
    /// Gas and execution fees.
    pub gas: Decimal,
    /// All of it, what is borrowed not counted.
    pub total: Decimal,
}

/// One cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Cost {
    /// `loop` or `perp`.
    pub leg: &'static str,
    /// What for.
    pub name: String,
    /// US dollars.
    pub usd: Decimal,
}

/// Notional of all open perps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct OpenNotional {
    /// With this trade, USDC.
    pub notional: Decimal,
    /// What the cap of `fixed-risk` would be, USDC.
    pub cap: Decimal,
    /// Whether it binds this table.
    pub binds: bool,
}
