//! How big: the table's size, what the chain leaves of it, what the governor leaves of that.

use rust_decimal::Decimal;

use super::{
    ask::Ask,
    market,
    state::{LoopState, VenueState},
};
use crate::{
    config::{BelowMinimum, MarginFrom, TableName},
    perps::OrderKind,
    strategy::{
        Capital, Check, Costs, Decision, Feasibility, Levels, OpenPositions, Policies, Proposal, Size, Verdict, decide,
        examine, size,
    },
    trade::TradeError,
    units::Secs,
};

/// A size that went through the checks.
pub(super) struct Sized {
    pub(super) levels: Levels,
    pub(super) venue: VenueState,
    /// This trade's own size.
    pub(super) size: Size,
    /// The same with the loop leverage that all open trades together ask for: what was examined.
    pub(super) examined: Size,
    pub(super) feasibility: Feasibility,
    pub(super) decision: Decision,
    policies: Policies,
}

impl Sized {
    /// Margin that is drawn from Aave.
    pub(super) fn borrowed(&self) -> Decimal {
        match self.policies.margin_from {
            MarginFrom::Wallet => Decimal::ZERO,
            MarginFrom::Borrow => self.size.margin,
        }
    }
}

/// Sizes the signal, examines it, asks the governor, and examines again what the governor lowered.
pub(super) async fn sized(ask: &Ask<'_>, loop_: &LoopState) -> Result<Sized, TradeError> {
    let settings = &ask.desk.settings;
    let levels = ask.signal.levels()?;
    let (pair, side) = (ask.signal.pair.as_str(), ask.signal.side);
    let free = if ask.options.paper { ask.governor.equity } else { loop_.usdc()? };
    let capital = |costs: &Costs| Capital {
        free_usdc: free,
        risk: ask.governor.risk(&settings.governor),
        round_trip: costs.round_trip().unwrap_or_default(),
        live: ask.desk.live && !ask.options.paper,
        forced: ask.options.forced,
    };
    // The venue quotes for a size. Only fixed-risk's depends on the quote, through the pair's constant costs.
    let guess =
        size(ask.signal, &settings.strategy, &capital(&Costs::of(&ask.desk.venue()?.usual_fees(), Decimal::ZERO)))?;
    let notional = guess.ordered_notional().unwrap_or_default();
    let mut venue = VenueState::read(ask.desk, (pair, side), notional, ask.governor, ask.options).await?;
    let asked = size(ask.signal, &settings.strategy, &capital(&market::costs(&venue)?))?;
    let policies = Policies { cap: settings.strategy.cap || ask.options.cap, ..Policies::from(&settings.strategy) };
    let mut feasibility = examined(ask, loop_, &venue, &asked, &policies, None)?;
    let decision = govern(ask, levels, &feasibility.size, &venue)?;
    let mut after = policies;
    if let Decision::Open { margin, leverage, caps } = &decision
        && !caps.is_empty()
    {
        let lowered = Size { margin: *margin, perp_leverage: *leverage, ..feasibility.size.clone() };
        // The governor only lowers: nothing may raise it again.
        after = Policies { below_minimum: BelowMinimum::Skip, ..policies };
        feasibility = examined(ask, loop_, &venue, &lowered, &after, None)?;
    }
    let size = own(&feasibility.size, &asked);
    if size.ordered_notional() != Some(notional) {
        let notional = size.ordered_notional().unwrap_or_default();
        venue = VenueState::read(ask.desk, (pair, side), notional, ask.governor, ask.options).await?;
    }
    let examined = feasibility.size.clone();
    Ok(Sized { levels, venue, size, examined, feasibility, decision, policies: after })
}

/// Examines the final size once more with the spread that the venue quotes for it. Nothing is raised any more.
pub(super) fn resize(ask: &Ask<'_>, loop_: &LoopState, sized: &mut Sized, spread: Decimal) -> Result<(), TradeError> {
    let policies = Policies { below_minimum: BelowMinimum::Skip, cap: false, ..sized.policies };
    let last = examined(ask, loop_, &sized.venue, &sized.examined, &policies, Some(spread))?;
    // What a policy adjusted stays told: the last look sees only the result.
    let told = std::mem::take(&mut sized.feasibility.checks);
    let checks = last.checks.into_iter().map(|check| {
        let adjusted = |earlier: &&Check| {
            earlier.rule == check.rule && earlier.verdict == Verdict::Adjusted && check.verdict == Verdict::Passed
        };
        told.iter().find(adjusted).cloned().unwrap_or(check)
    });
    let mut checks: Vec<_> = checks.collect();
    checks.dedup();
    sized.feasibility = Feasibility { checks, size: last.size, outcome: last.outcome };
    Ok(())
}

fn examined(
    ask: &Ask<'_>,
    loop_: &LoopState,
    venue: &VenueState,
    size: &Size,
    policies: &Policies,
    spread: Option<Decimal>,
) -> Result<Feasibility, TradeError> {
    // The loop carries what the highest open tier asks for, and the equity that it has.
    let mut wanted = size.clone();
    wanted.loop_leverage = size.loop_leverage.max(ask.open.highest_leverage());
    wanted.base_capital = loop_.now.map_or(size.base_capital, |now| now.equity);
    let borrowed = match policies.margin_from {
        MarginFrom::Wallet => Decimal::ZERO,
        MarginFrom::Borrow => size.margin,
    };
    let mut market = market::market(loop_, venue, &ask.desk.settings, ask.signal.side, &wanted, borrowed)?;
    if let Some(spread) = spread {
        market.pair.costs.spread_open = spread;
    }
    let mut feasibility = examine(&wanted, ask.signal.levels()?, &market, policies);
    feasibility.size.base_capital = size.base_capital;
    Ok(feasibility)
}

/// This trade's own part of what was examined: its tier's loop leverage, unless less fits.
fn own(examined: &Size, asked: &Size) -> Size {
    Size { loop_leverage: asked.loop_leverage.min(examined.loop_leverage), ..examined.clone() }
}

fn govern(ask: &Ask<'_>, levels: Levels, size: &Size, venue: &VenueState) -> Result<Decision, TradeError> {
    let settings = &ask.desk.settings;
    let pending = venue.snapshot.pending.iter().filter(|order| order.kind != OrderKind::Close).count();
    // Positions that this journal did not open count as well: they are as much at risk.
    let on_venue = if ask.options.paper { 0 } else { venue.snapshot.positions.len() + pending };
    let open = OpenPositions {
        count: u32::try_from(ask.open.trades.len().max(on_venue)).unwrap_or(u32::MAX),
        notional: ask.open.notional(),
    };
    let proposal = Proposal {
        table: Some(size.table),
        kind: ask.signal.kind,
        margin: size.margin,
        leverage: size.perp_leverage,
        stop: levels.stop,
        funds: venue.usdc()?,
        positions: (size.table == TableName::KellyNotional).then_some(settings.strategy.kelly_notional.positions),
        kelly: None,
    };
    let now = Secs(ask.desk.clock.wall_millis() / 1_000);
    Ok(decide(ask.governor, &settings.governor, &proposal, open, now))
}
