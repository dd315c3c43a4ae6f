//! The checks of the perp: minimum, leverage range, the venue's limits, edge, funds.

use rust_decimal::Decimal;

use super::{Availability, Check, Funds, PairMarket, Policies, Rule, Verdict};
use crate::{
    config::{BelowMinimum, MarginFrom},
    strategy::{
        Costs, Levels, Outcome, Size,
        exact::{percent, shown, usdc_up, x},
    },
};

/// Rules 3 and 4: leverage into the pair's range, then the notional to its minimum.
pub(super) fn fit(size: &mut Size, pair: &PairMarket, policies: &Policies) -> Vec<Check> {
    let range = leverage(size, pair, policies).unwrap_or_else(|| Check::unfit(Rule::Venue));
    let minimum = minimum(size, pair, policies).unwrap_or_else(|| Check::unfit(Rule::PerpMinimum));
    vec![minimum, range]
}

fn leverage(size: &mut Size, pair: &PairMarket, policies: &Policies) -> Option<Check> {
    let PairMarket { name, least_leverage: least, most_leverage: most, .. } = pair;
    let asked = size.perp_leverage;
    if asked >= *least && asked <= *most {
        let text = format!("leverage {asked} is within the {least} to {most} of {name}");
        return Some(Check::new(Rule::Venue, Verdict::Passed, text));
    }
    if asked < *least || !policies.cap || *most < Decimal::ONE {
        let advice = if asked > *most { "; --cap lowers it" } else { "" };
        let text = format!("leverage {asked} is outside the {least} to {most} of {name}{advice}");
        return Some(Check::new(Rule::Venue, Verdict::Refused, text));
    }
    let (before, notional) = (size.margin, size.ordered_notional()?);
    size.perp_leverage = *most;
    size.margin = usdc_up((x(notional) / *most).get()?);
    let text = format!(
        "leverage {asked} is lowered to the {most} of {name}; the margin rises from {before} to {} USDC for the same notional",
        size.margin
    );
    Some(Check::new(Rule::Venue, Verdict::Adjusted, text))
}

fn minimum(size: &mut Size, pair: &PairMarket, policies: &Policies) -> Option<Check> {
    let (notional, least) = (size.ordered_notional()?, pair.minimum_notional);
    let figures = format!("margin x leverage is {} USDC, {} takes at least {least}", notional.normalize(), pair.name);
    if notional >= least {
        return Some(Check::new(Rule::PerpMinimum, Verdict::Passed, figures));
    }
    if policies.below_minimum == BelowMinimum::Skip {
        let text = format!("{figures}; the perp is skipped (`below_minimum = raise-margin` raises it)");
        return Some(Check::new(Rule::PerpMinimum, Verdict::Refused, text));
    }
    let before = size.margin;
    size.margin = usdc_up((x(least) / size.perp_leverage).get()?);
    let text = format!("{figures}; the margin is raised from {before} to {} USDC", size.margin);
    Some(Check::new(Rule::PerpMinimum, Verdict::Adjusted, text))
}

/// Rule 4: everything else the venue asks for.
pub(super) fn limits(size: &Size, levels: Levels, pair: &PairMarket, funds: &Funds) -> Vec<Check> {
    let name = &pair.name;
    let check = |passed, text| Check::is(Rule::Venue, passed, text);
    let state = match pair.availability {
        Availability::Open => "is listed and open",
        Availability::NotListed => "is not listed on the venue",
        Availability::CloseOnly => "is close-only: positions may be closed, not opened",
        Availability::Closed => "is outside its market hours",
        Availability::Paused => "cannot be opened: the venue is paused",
    };
    let mut checks = vec![check(pair.availability == Availability::Open, format!("{name} {state}"))];
    let Some(notional) = size.ordered_notional() else {
        checks.push(Check::unfit(Rule::Venue));
        return checks;
    };
    let room = pair.open_interest_room;
    let interest =
        format!("{} USDC of notional against {room} of open interest that is still taken", notional.normalize());
    checks.push(check(notional <= room, interest));
    checks.push(stops(size, levels, pair).unwrap_or_else(|| Check::unfit(Rule::Venue)));
    if let Some(allowance) = funds.allowance {
        let text = format!("the venue may take {allowance} USDC, the margin is {}", size.margin);
        checks.push(check(allowance >= size.margin, text));
    }
    let Funds { gas, gas_needed, .. } = funds;
    checks.push(check(gas >= gas_needed, format!("{gas} ETH for gas and execution fees, {gas_needed} are needed")));
    checks
}

fn stops(size: &Size, levels: Levels, pair: &PairMarket) -> Option<Check> {
    let lost = (x(levels.stop) * size.perp_leverage).get()?;
    let liquidation = pair.costs.liquidation;
    let (least, most) = match pair.stops {
        Some(limits) => {
            ((x(pair.costs.spread_open) + limits.beyond_spread).get()?, limits.most_of_margin.min(liquidation))
        }
        None => (Decimal::ZERO, liquidation),
    };
    let text = format!(
        "the stop is {} away (at least {}) and loses {} of the margin (at most {}, where the venue {})",
        percent(levels.stop),
        percent(least),
        percent(lost),
        percent(most),
        if most < liquidation { "refuses it" } else { "liquidates first" },
    );
    Some(Check::is(Rule::Venue, levels.stop >= least && lost <= most, text))
}

/// Rule 5: the target must be worth the costs.
pub(super) fn edge(levels: Levels, costs: &Costs, ends: Option<&Outcome>, policies: &Policies) -> Option<Check> {
    let round_trip = costs.round_trip()?;
    let least = (x(round_trip) * policies.min_edge).get()?;
    let rate = ends?.break_even()?;
    let rate = if rate > Decimal::ONE {
        "no win rate breaks even".to_owned()
    } else {
        format!("break-even win rate {}", percent(rate.round_dp(4)))
    };
    let text = format!(
        "the target is {} away, at least {} = {} x the round-trip cost {}; {rate}",
        percent(levels.target),
        percent(least),
        policies.min_edge,
        percent(round_trip),
    );
    Some(Check::is(Rule::Edge, levels.target >= least, text))
}

/// Rule 6, first part: the margin is there.
pub(super) fn funds(size: &Size, funds: &Funds, policies: &Policies) -> Option<Check> {
    let (source, needed) = match policies.margin_from {
        MarginFrom::Wallet => ("margin and fees", x(size.margin) + funds.order_fee),
        MarginFrom::Borrow => ("fees (the margin is borrowed)", x(funds.order_fee)),
    };
    let (needed, free) = (needed.get()?, funds.usdc);
    let text = format!("{} USDC are free, {source} are {} USDC", shown(free, 6), shown(needed, 6));
    Some(Check::is(Rule::Survival, free >= needed, text))
}
