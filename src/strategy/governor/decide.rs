//! The answer to one open.

use std::fmt;

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::Serialize;

use super::GovernorState;
use crate::{
    config::{DayLossAction, GovernorConfig, TableName},
    strategy::{
        Kind,
        exact::{shown, usdc_down, usdc_up, x},
    },
    units::Secs,
};

/// What somebody wants to open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proposal {
    /// Which table sized it; none for a hedge leg.
    pub table: Option<TableName>,
    /// Primary or secondary.
    pub kind: Kind,
    /// Margin, USDC.
    pub margin: Decimal,
    /// Perp leverage.
    pub leverage: Decimal,
    /// Distance of the stop, a share.
    pub stop: Decimal,
    /// What the margin may be raised to when leverage is capped, USDC.
    pub funds: Decimal,
    /// The table's own limit of positions, if it has one (kelly-notional).
    pub positions: Option<u32>,
    /// Kelly share of the account's record, if there is one.
    pub kelly: Option<Decimal>,
}

/// Perps that are open or pending now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OpenPositions {
    /// How many.
    pub count: u32,
    /// Their notional, US dollars.
    pub notional: Decimal,
}

/// A rule that lowers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Bound {
    /// `governor.leverage_cap`.
    Leverage,
    /// Leverage after the day's loss.
    DayLossLeverage,
    /// Leverage after a big loss.
    BigLossLeverage,
    /// Leverage after two losses in a row.
    TwoLossesLeverage,
    /// Notional of a secondary signal.
    SecondarySize,
    /// Notional after three losses in a row.
    ThreeLossesSize,
    /// Notional of one trade.
    TradeNotional,
    /// Notional over all open positions.
    OpenNotional,
    /// Notional after a big loss.
    BigLossNotional,
    /// Notional after two losses in a row.
    TwoLossesNotional,
    /// Notional whose loss at the stop is a share of Kelly's.
    Kelly,
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Leverage => "leverage cap per trade",
            Self::DayLossLeverage => "leverage after the day's loss",
            Self::BigLossLeverage => "leverage after a big loss",
            Self::TwoLossesLeverage => "leverage after two losses in a row",
            Self::SecondarySize => "size of a secondary signal",
            Self::ThreeLossesSize => "size after three losses in a row",
            Self::TradeNotional => "notional cap per trade",
            Self::OpenNotional => "notional cap over open positions",
            Self::BigLossNotional => "notional after a big loss",
            Self::TwoLossesNotional => "notional after two losses in a row",
            Self::Kelly => "notional by the Kelly share",
        })
    }
}

/// A rule that bound, with both figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Cap {
    /// The rule.
    pub bound: Bound,
    /// What was asked when the rule was applied.
    pub asked: Decimal,
    /// What it allows.
    pub allowed: Decimal,
}

impl fmt::Display for Cap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} asked, {} allowed", self.bound, shown(self.asked, 6), shown(self.allowed, 6))
    }
}

/// A rule that refuses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema, thiserror::Error)]
#[serde(rename_all = "kebab-case", tag = "rule")]
#[non_exhaustive]
pub enum Refusal {
    /// The kill switch.
    #[error("opening is paused; `trimtab resume` allows it again")]
    Paused,
    /// Too many positions.
    #[error("{open} positions are open, at most {most} may be at a time")]
    Positions {
        /// Open and pending now.
        open: u32,
        /// Most.
        most: u32,
    },
    /// The day is over for trading.
    #[error("the realised loss of this UTC day is {} USDC, the limit {} USDC; nothing is opened before the next day", shown(*loss, 6), shown(*limit, 6))]
    DayLoss {
        /// Realised loss, USDC.
        loss: Decimal,
        /// The limit, USDC.
        limit: Decimal,
    },
    /// Secondary signals have to wait.
    #[error("secondary signals are refused for {left} more trades after {losses} losses in a row")]
    Secondary {
        /// Trades until they are taken again.
        left: u32,
        /// Losses in a row.
        losses: u32,
    },
    /// The margin at the capped leverage is not there.
    #[error("at the capped leverage {leverage} the margin is {} USDC, free are {} USDC", shown(*needed, 6), shown(*free, 6))]
    Funds {
        /// Leverage allowed.
        leverage: Decimal,
        /// Margin at that leverage.
        needed: Decimal,
        /// What there is.
        free: Decimal,
    },
    /// The caps leave nothing.
    #[error("the caps leave no notional to open: equity is {} USDC", shown(*equity, 6))]
    NothingLeft {
        /// Equity of the account.
        equity: Decimal,
    },
    /// A figure that does not fit the arithmetic.
    #[error("the governor cannot compute with these figures: they are too large or zero")]
    Unfit,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Decision {
    /// Open this, and no more.
    Open {
        /// Margin, USDC.
        margin: Decimal,
        /// Leverage.
        leverage: Decimal,
        /// Every rule that bound.
        caps: Vec<Cap>,
    },
    /// Open nothing; every rule that says so.
    Refused(Vec<Refusal>),
}

/// Asks the governor about an open.
#[must_use]
pub fn decide(
    state: &GovernorState,
    config: &GovernorConfig,
    proposal: &Proposal,
    open: OpenPositions,
    now: Secs,
) -> Decision {
    let state = state.at(now);
    let refusals = refusals(&state, config, proposal, open);
    if !refusals.is_empty() {
        return Decision::Refused(refusals);
    }
    lower(&state, config, proposal, open).unwrap_or_else(|| Decision::Refused(vec![Refusal::Unfit]))
}

fn refusals(state: &GovernorState, config: &GovernorConfig, proposal: &Proposal, open: OpenPositions) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    if state.paused {
        refusals.push(Refusal::Paused);
    }
    let most = config.concurrent_positions.min(proposal.positions.unwrap_or(u32::MAX));
    if open.count >= most {
        refusals.push(Refusal::Positions { open: open.count, most });
    }
    let (loss, limit) = (-state.day_realised, state.day_loss_limit(config));
    if is_day_lost(state, config) && config.day_loss_action == DayLossAction::Stop {
        refusals.push(Refusal::DayLoss { loss, limit });
    }
    if proposal.kind == Kind::Secondary && state.three_losses_left > 0 {
        refusals.push(Refusal::Secondary { left: state.three_losses_left, losses: state.losses });
    }
    refusals
}

fn is_day_lost(state: &GovernorState, config: &GovernorConfig) -> bool {
    state.day_realised < Decimal::ZERO && -state.day_realised >= state.day_loss_limit(config)
}

fn lower(state: &GovernorState, config: &GovernorConfig, proposal: &Proposal, open: OpenPositions) -> Option<Decision> {
    let asked = (x(proposal.margin) * proposal.leverage).get()?;
    if asked <= Decimal::ZERO {
        return None;
    }
    let mut caps = Vec::new();
    let leverage =
        leverage_caps(state, config, proposal).into_iter().fold(proposal.leverage, |least, (bound, allowed)| {
            if allowed < proposal.leverage {
                caps.push(Cap { bound, asked: proposal.leverage, allowed });
            }
            least.min(allowed)
        });
    let mut notional = asked;
    for (bound, factor) in size_factors(state, config, proposal) {
        let allowed = (x(notional) * factor).get()?;
        if allowed < notional {
            caps.push(Cap { bound, asked: notional, allowed });
            notional = allowed;
        }
    }
    let before_caps = notional;
    for (bound, allowed) in notional_caps(state, config, proposal, open)? {
        if allowed < before_caps {
            caps.push(Cap { bound, asked: before_caps, allowed });
        }
        notional = notional.min(allowed);
    }
    if notional <= Decimal::ZERO {
        return Some(Decision::Refused(vec![Refusal::NothingLeft { equity: state.equity }]));
    }
    let exact = (x(notional) / leverage).get()?;
    // A notional that is kept is kept to the unit; one that is lowered never ends above its cap.
    let margin = if notional == asked { usdc_up(exact) } else { usdc_down(exact) };
    if margin > proposal.margin && margin > proposal.funds {
        let refusal = Refusal::Funds { leverage, needed: margin, free: proposal.funds };
        return Some(Decision::Refused(vec![refusal]));
    }
    if margin <= Decimal::ZERO {
        return Some(Decision::Refused(vec![Refusal::NothingLeft { equity: state.equity }]));
    }
    Some(Decision::Open { margin, leverage, caps })
}

fn leverage_caps(state: &GovernorState, config: &GovernorConfig, proposal: &Proposal) -> Vec<(Bound, Decimal)> {
    let mut caps = Vec::new();
    // For kelly-notional and hedges the venue's own limit holds.
    if !matches!(proposal.table, None | Some(TableName::KellyNotional)) {
        caps.push((Bound::Leverage, config.leverage_cap));
    }
    if is_day_lost(state, config) && config.day_loss_action == DayLossAction::Cap1x {
        caps.push((Bound::DayLossLeverage, Decimal::ONE));
    }
    if state.big_loss_left > 0 {
        caps.push((Bound::BigLossLeverage, config.big_loss_leverage));
    }
    if state.losses >= 2 {
        caps.push((Bound::TwoLossesLeverage, config.two_losses_leverage));
    }
    caps
}

fn size_factors(state: &GovernorState, config: &GovernorConfig, proposal: &Proposal) -> Vec<(Bound, Decimal)> {
    let secondary = config.secondary_size.filter(|_| proposal.kind == Kind::Secondary);
    let cooling = (state.three_losses_left > 0).then_some(config.three_losses_size);
    [(Bound::SecondarySize, secondary), (Bound::ThreeLossesSize, cooling)]
        .into_iter()
        .filter_map(|(bound, factor)| Some((bound, factor?)))
        .collect()
}

fn notional_caps(
    state: &GovernorState,
    config: &GovernorConfig,
    proposal: &Proposal,
    open: OpenPositions,
) -> Option<Vec<(Bound, Decimal)>> {
    let equities = |factor: Decimal| (x(state.equity) * factor).get();
    let mut caps = Vec::new();
    if proposal.table == Some(TableName::FixedRisk) {
        let room = (x(equities(config.open_notional_equities)?) - open.notional).get()?;
        caps.push((Bound::OpenNotional, room));
        caps.push((Bound::TradeNotional, config.trade_notional));
    }
    if state.big_loss_left > 0 {
        caps.push((Bound::BigLossNotional, equities(config.big_loss_equities)?));
    }
    if state.losses >= 2 {
        caps.push((Bound::TwoLossesNotional, equities(config.two_losses_equities)?));
    }
    if let (Some(share), Some(kelly)) = (config.kelly_cap, proposal.kelly) {
        let at_stop = x(kelly.max(Decimal::ZERO)) * share * state.equity;
        caps.push((Bound::Kelly, (at_stop / proposal.stop).get()?));
    }
    Some(caps)
}
