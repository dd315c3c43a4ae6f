//! Opening at the market, and limit orders that open later.

use alloy::primitives::U256;

use super::{
    Context, Draft, EXECUTION_FEE, OpenRequest, PairTerms, Quote, Usdc,
    context::{price, usdc},
    figures::derived,
    pair_of,
};
use crate::{
    perps::{
        Availability, BelowMinimum, Entry, Forecast, LeverageE10, OpenForecast, PercentE10, PerpError, PriceE10, Side,
        avantis_v1::{
            PairDetail,
            abi::{ITrading, LIMIT, MARKET, Trade},
            detail::Closing,
            math::{
                clip_stop, clip_target, collateral_after_fee, execution_price, liquidation_price, notional,
                opening_fee, payout, protection_tier,
            },
        },
    },
    plan::{Bound, Figure, Quantity, Rule},
    units::{mul_div_down, mul_div_up},
};

/// From here on the venue refuses a slippage.
const MOST_SLIPPAGE: PercentE10 = PercentE10(U256::from_limbs([800_000_000_000, 0, 0, 0]));
const ONE_PERCENT: u64 = 10_000_000_000;
const HUNDRED_PERCENT: u64 = 1_000_000_000_000;

pub(super) fn draft(
    ctx: &Context<'_>,
    request: &OpenRequest,
    mark: PriceE10,
    quote: &Quote,
) -> Result<Draft, PerpError> {
    let terms = pair_of(ctx.snapshot, request)?;
    let pair = ctx.pair(terms.index)?;
    let ordered = check_request(ctx, request, terms, pair)?;
    if let Entry::Limit(limit) = request.entry {
        check_limit(limit, mark, request.side)?;
    }
    let forecast = forecast(ctx, request, pair, mark, quote)?;
    let is_market = request.entry == Entry::Market;
    let (asked_price, order_type) = match request.entry {
        Entry::Market => (mark, MARKET),
        Entry::Limit(limit) => (limit, LIMIT),
    };
    let fee = ctx.execution_fee();
    let trade = Trade {
        trader: ctx.snapshot.account,
        pairIndex: U256::from(terms.index),
        positionSizeUSDC: request.margin.0,
        openPrice: asked_price.0,
        buy: request.side.is_long(),
        leverage: request.leverage.0,
        tp: if request.target.is_some() { forecast.target.0 } else { U256::ZERO },
        sl: forecast.stop.0,
        ..Trade::default()
    };
    let call = ITrading::openTradeCall { t: trade, orderType: order_type, slippageP: request.slippage.0 };
    let what = if is_market { "order at the market".to_owned() } else { format!("limit order at {asked_price}") };
    let headline = format!(
        "{} {} with {} at {}x, {what}: expected entry {}",
        request.side,
        terms.name,
        usdc(request.margin),
        request.leverage,
        price(forecast.entry),
    );
    let mut draft = Draft { kind: "perp open", headline, ..Draft::default() };
    draft.notes = notes(ctx, request, is_market);
    draft.bounds = bounds(ctx, request, terms, &forecast, ordered, quote, is_market);
    draft.figures = figures(ctx, request, terms, pair, &forecast, fee, is_market);
    draft.costs = costs(&forecast, fee)?;
    let purpose = if is_market { "order the open" } else { "place the limit order" };
    draft.call(ctx, format!("{purpose} of {} {}", request.side, terms.name), fee, &call, request.margin);
    draft.forecast = Some(Forecast::Open(forecast));
    Ok(draft)
}

/// Everything about the request itself; gives the ordered notional.
fn check_request(
    ctx: &Context<'_>,
    request: &OpenRequest,
    terms: &PairTerms,
    pair: &PairDetail,
) -> Result<Usdc, PerpError> {
    ctx.require_running()?;
    let field = |field, reason: String| Err(PerpError::Field { field, reason });
    match terms.availability {
        Availability::Open | Availability::Paused => {}
        Availability::CloseOnly => {
            return Err(PerpError::Refused(format!("{} can only be closed at the moment", terms.name)));
        }
        Availability::Closed => {
            return Err(PerpError::Refused(format!("the market of {} is closed at the moment", terms.name)));
        }
    }
    if request.margin == Usdc::ZERO {
        return field("margin", "must be above zero".to_owned());
    }
    let (least, most) = (terms.least_leverage, terms.most_leverage);
    if request.leverage < least || request.leverage > most {
        return Err(PerpError::Leverage { leverage: request.leverage, pair: terms.name.as_str().into(), least, most });
    }
    let ordered = notional(request.margin, request.leverage)?;
    if ordered < terms.minimum_notional {
        let scale = LeverageE10(U256::from(ONE_PERCENT));
        let least_margin = Usdc(mul_div_up(terms.minimum_notional.0, scale.0, request.leverage.0)?);
        return Err(PerpError::BelowMinimum(Box::new(BelowMinimum {
            margin: request.margin,
            leverage: request.leverage,
            notional: ordered,
            minimum: terms.minimum_notional,
            least_margin,
        })));
    }
    if request.slippage.0.is_zero() {
        return field("slippage-bps", "at 0 the venue cancels every order that has a spread".to_owned());
    }
    if request.slippage >= MOST_SLIPPAGE {
        return field("slippage-bps", format!("{} % is not below the venue's {MOST_SLIPPAGE} %", request.slippage));
    }
    if request.entry == Entry::Market {
        ctx.require_free_order()?;
    }
    if pair.used >= ctx.detail.trades_per_pair {
        return Err(PerpError::Refused(format!(
            "{} positions and orders of {} are open or waiting, which is all the venue takes on one pair ({})",
            pair.used, terms.name, ctx.detail.trades_per_pair
        )));
    }
    Ok(ordered)
}

/// A limit order waits for a better price than the mark; at a worse one the venue would fill it at once.
fn check_limit(limit: PriceE10, mark: PriceE10, side: Side) -> Result<(), PerpError> {
    let waits = if side.is_long() { limit < mark } else { limit > mark };
    if waits && limit > PriceE10::ZERO {
        return Ok(());
    }
    let where_to = if side.is_long() { "below" } else { "above" };
    let reason = format!("a limit order of a {side} waits {where_to} the mark {mark}; {limit} would be filled at once");
    Err(PerpError::Field { field: "limit", reason })
}

fn forecast(
    ctx: &Context<'_>,
    request: &OpenRequest,
    pair: &PairDetail,
    mark: PriceE10,
    quote: &Quote,
) -> Result<OpenForecast, PerpError> {
    let (side, leverage) = (request.side, request.leverage);
    let ordered = notional(request.margin, leverage)?;
    let oracle = match request.entry {
        Entry::Market => mark,
        Entry::Limit(limit) => limit,
    };
    let entry = execution_price(oracle, side, ordered, &pair.spread, quote.skew_impact)?;
    let spread = mul_div_down(entry.0.abs_diff(oracle.0), U256::from(HUNDRED_PERCENT), oracle.0)?;
    let fee = opening_fee(ordered, pair.fee_rows.percent(side, ordered, &pair.interest)?)?;
    let collateral = collateral_after_fee(request.margin, fee)?;
    let notional = notional(collateral, leverage)?;
    let liquidation = liquidation_price(entry, side, collateral, leverage, Usdc::ZERO, ctx.detail.liquidation)?;
    let target = target(request, pair, oracle, entry)?;
    let stop = stop(request, pair, oracle, entry)?;
    let tier = protection_tier(side, notional, &pair.interest, pair.protected_from(side))?;
    let paid_at = |at: PriceE10| {
        let closing = Closing {
            side,
            collateral,
            leverage,
            entry,
            at,
            rollover: Usdc::ZERO,
            borne: pair.borne(tier),
            by_keeper: true,
        };
        payout(&pair.close(&closing, ctx.detail.liquidation)).map(|parts| parts.paid)
    };
    let paid_at_stop = if stop == PriceE10::ZERO { Usdc::ZERO } else { paid_at(stop)? };
    Ok(OpenForecast {
        mark: oracle,
        entry,
        spread: PercentE10(spread),
        fee,
        collateral,
        notional,
        liquidation,
        stop,
        target,
        paid_at_target: paid_at(target)?,
        paid_at_stop,
    })
}

/// The target that will be stored: beyond both the price the venue checks and the one it fills at.
fn target(request: &OpenRequest, pair: &PairDetail, oracle: PriceE10, entry: PriceE10) -> Result<PriceE10, PerpError> {
    let side = request.side;
    let Some(level) = request.target else {
        return Ok(clip_target(entry, side, request.leverage, PriceE10::ZERO, pair.max_gain)?);
    };
    let target = Context::level(level, entry, side, true)?;
    let reference = if side.is_long() { oracle.max(entry) } else { oracle.min(entry) };
    let is_beyond = if side.is_long() { target > reference } else { target < reference };
    if !is_beyond {
        return Err(PerpError::WrongSide { level: "tp", price: target, reference, side });
    }
    let stored = clip_target(entry, side, request.leverage, target, pair.max_gain)?;
    if stored == target {
        return Ok(target);
    }
    let most = pair.max_gain;
    let reason = format!("{target} is beyond the most profit the venue pays ({most} % of the margin, at {stored})");
    Err(PerpError::Field { field: "tp", reason })
}

/// The stop that will be stored, zero for none.
fn stop(request: &OpenRequest, pair: &PairDetail, oracle: PriceE10, entry: PriceE10) -> Result<PriceE10, PerpError> {
    let side = request.side;
    let Some(level) = request.stop else { return Ok(PriceE10::ZERO) };
    let stop = Context::level(level, entry, side, false)?;
    let reference = if side.is_long() { oracle.min(entry) } else { oracle.max(entry) };
    let is_behind = if side.is_long() { stop < reference } else { stop > reference };
    if !is_behind {
        return Err(PerpError::WrongSide { level: "sl", price: stop, reference, side });
    }
    let stored = clip_stop(entry, side, request.leverage, stop, pair.deepest_stop)?;
    if stored == stop {
        return Ok(stop);
    }
    let deepest = pair.deepest_stop;
    let reason = format!("{stop} is deeper than the venue keeps ({deepest} % of the margin, at {stored})");
    Err(PerpError::Field { field: "sl", reason })
}

fn notes(ctx: &Context<'_>, request: &OpenRequest, is_market: bool) -> Vec<String> {
    let mut notes = Vec::new();
    if is_market {
        notes.push(format!(
            "the venue's keeper fills the order in a transaction of its own, or cancels it and gives the USDC back when \
             the fill would be more than {} % worse than the mark",
            request.slippage
        ));
    } else {
        notes.push(
            "sent as type 1, which this code executes as a limit order though the venue's own tools call it a stop"
                .to_owned(),
        );
    }
    if request.stop.is_none() {
        notes.push("no stop: at the liquidation price the whole margin is lost".to_owned());
    }
    if request.target.is_none() {
        notes.push("no target: the venue sets one at the most profit that it pays".to_owned());
    }
    if !ctx.snapshot.pending.is_empty() {
        notes.push(format!("{} earlier orders wait for the keeper", ctx.snapshot.pending.len()));
    }
    notes
}

fn bounds(
    ctx: &Context<'_>,
    request: &OpenRequest,
    terms: &PairTerms,
    forecast: &OpenForecast,
    ordered: Usdc,
    quote: &Quote,
    is_market: bool,
) -> Vec<Bound> {
    let [long, short] = terms.room;
    let room = if request.side.is_long() { long } else { short };
    // The venue's own word counts too: a limit that this program does not know of leaves no room.
    let room = if quote.within_limits || room < ordered { room } else { Usdc::ZERO };
    let mut bounds = vec![
        ctx.usdc_bound(request.margin),
        Bound {
            name: "ordered notional".to_owned(),
            rule: Rule::AtMost,
            actual: usdc(ordered),
            limit: usdc(room),
            blocking: true,
            hint: "the venue's open-interest limits take no more; the order would be cancelled".to_owned(),
        },
    ];
    if is_market {
        let percent = |figure: PercentE10| Quantity::new(figure.0, PercentE10::DECIMALS, "%");
        let is_worse =
            if request.side.is_long() { forecast.entry > forecast.mark } else { forecast.entry < forecast.mark };
        let worse_by = if is_worse { forecast.spread } else { PercentE10(U256::ZERO) };
        bounds.push(Bound {
            name: "spread of the expected fill".to_owned(),
            rule: Rule::AtMost,
            actual: percent(worse_by),
            limit: percent(request.slippage),
            blocking: true,
            hint: "allow more with --slippage-bps; at less the venue cancels the order".to_owned(),
        });
    }
    bounds
}

fn figures(
    ctx: &Context<'_>,
    request: &OpenRequest,
    terms: &PairTerms,
    pair: &PairDetail,
    forecast: &OpenForecast,
    fee: U256,
    is_market: bool,
) -> Vec<Figure> {
    let none = || Quantity::new(U256::ZERO, 10, "");
    let level = |name, label, after| derived(name, label, none(), price(after));
    let amount = |name, label, after| derived(name, label, usdc(Usdc::ZERO), usdc(after));
    let mut figures = vec![
        level("entry", "entry price", forecast.entry),
        amount("collateral", "margin after the fee", forecast.collateral),
        amount("notional", "notional", forecast.notional),
        level("liquidation_price", "liquidation price", forecast.liquidation),
        level("target", "target", forecast.target),
        level("stop", "stop", forecast.stop),
        amount("paid_at_target", "paid out at the target", forecast.paid_at_target),
        amount("paid_at_stop", "paid out at the stop", forecast.paid_at_stop),
        ctx.usdc_figure(ctx.snapshot.usdc.0.saturating_sub(request.margin.0)),
        ctx.ether_figure(fee),
    ];
    figures.extend(ctx.allowance_figure(request.margin));
    figures.push(if is_market {
        ctx.waiting_figure()
    } else {
        ctx.limits_figure(terms.index, pair.limits, pair.limits + 1)
    });
    figures
}

fn costs(forecast: &OpenForecast, fee: U256) -> Result<Vec<(String, Quantity)>, PerpError> {
    // What the fill is worse on: the notional that is left after the opening fee (avantis-v1.md §5).
    let spread = mul_div_down(forecast.notional.0, forecast.spread.0, U256::from(HUNDRED_PERCENT))?;
    Ok(vec![
        ("opening fee".to_owned(), usdc(forecast.fee)),
        ("spread".to_owned(), usdc(Usdc(spread))),
        (EXECUTION_FEE.to_owned(), Quantity::new(fee, 18, "ETH")),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_spread_of_a_perp_costs_what_the_notional_after_the_fee_loses_not_the_ordered_one() {
        // 100 USDC ten times: a fee of 0.45 leaves 995.50 of notional; a spread of 1 % on it.
        let usd = |cents: u64| Usdc(U256::from(cents).saturating_mul(U256::from(10_000u64)));
        let price = PriceE10(U256::from(ONE_PERCENT));
        let forecast = OpenForecast {
            mark: price,
            entry: price,
            spread: PercentE10(U256::from(ONE_PERCENT)),
            fee: usd(45),
            collateral: usd(9_955),
            notional: usd(99_550),
            liquidation: price,
            stop: price,
            target: price,
            paid_at_target: usd(0),
            paid_at_stop: usd(0),
        };
        let costs = costs(&forecast, U256::ZERO).expect("fits");
        assert_eq!(costs[1], ("spread".to_owned(), Quantity::new(U256::from(9_955_000u64), 6, "USDC")));
    }
}
