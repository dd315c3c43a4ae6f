//! What the library computes of the perpetuals venue is what its genuine contracts on the replica do, to the last unit.
//!
//! Every story runs a hundred random cases of each kind, always the same; `TRIMTAB_LONG=1` runs five hundred.

mod abi;
mod pit;
mod terms;

use super::aave_arithmetic::dice;
use abi::{CALLBACKS, ICallbacks, IInfos, INFOS, IPairs, PAIRS, Trade, TradeInfo};
use alloy::primitives::{I256, U256};
use pit::{Ask, Closed, Pit, Trigger};
use terms::{accruals, accrued_since, interest};
use trimtab::{
    perps::{
        LeverageE10, MarginChange, PercentE10, PriceE10, Side, Usdc,
        avantis_v1::math::{
            Close, CloseParts, LiquidationFees, MarginStep, Margined, clip_stop, clip_target, collateral_after_fee,
            execution_price, is_withdrawal_covered, liquidation_payout, liquidation_price, loss_share, margin_change,
            notional, opening_fee, partial_close, payout, percent_profit, price_impact, protection_tier, rollover,
            skew_impact, slippage_holds,
        },
    },
    units::MathError,
};

/// How many cases of each kind.
fn cases() -> usize {
    if std::env::var_os("TRIMTAB_LONG").is_some_and(|value| value == "1") { 500 } else { 100 }
}

fn side_of(trade: &Trade) -> Side {
    if trade.buy { Side::Long } else { Side::Short }
}

/// Opens and compares every figure of the open; nothing when the venue cancelled for want of room.
async fn opened(pit: &Pit, pair: u64, ask: &Ask) -> Option<Trade> {
    let terms = pit.terms_of(pair);
    let before = interest(&pit.replica, pair).await;
    let ordered = notional(ask.offered, ask.leverage).expect("notional");
    let skew = skew_impact(ask.side, ordered, &before, terms.spread.skew_impact_multiplier).expect("skew");
    let price = execution_price(ask.oracle, ask.side, ordered, &terms.spread, skew).expect("price");
    let slippage = PercentE10(U256::from(500_000_000_000u64));
    assert_eq!(slippage_holds(price, ask.oracle, slippage, ask.side), Ok(true));
    let fee = terms.rows.percent(ask.side, ordered, &before).expect("fee");
    let fee = opening_fee(ordered, fee).expect("fee");
    let collateral = collateral_after_fee(ask.offered, fee).expect("collateral");
    let filled = pit.fill(pair, ask).await?;

    let context = format!("pair {pair}, {ask:?}, {before:?}");
    assert_eq!(filled.t.initialPosToken, collateral.0, "opening fee: {context}");
    assert_eq!((filled.price, filled.t.openPrice), (price.0, price.0), "execution price: {context}");
    let target = clip_target(price, ask.side, ask.leverage, ask.target, terms.max_gain).expect("target");
    let stop = clip_stop(price, ask.side, ask.leverage, ask.stop, terms.deepest_stop).expect("stop");
    assert_eq!((filled.t.tp, filled.t.sl), (target.0, stop.0), "levels: {context}");
    let size = notional(collateral, ask.leverage).expect("notional");
    let tier = protection_tier(ask.side, size, &before, terms.thresholds_of(ask.side)).expect("tier");
    let (stored, info) = pit.position(pair, filled.t.index).await;
    assert_eq!(info.lossProtection, U256::from(tier), "loss protection: {context}");
    assert_eq!(info.openInterestUSDC, size.0, "{context}");
    Some(stored)
}

/// Rollover that the position owes at a block, if nothing else happens before it.
async fn owed(pit: &Pit, trade: &Trade, collateral: Usdc, block: u64) -> Usdc {
    let pair: u64 = trade.pairIndex.to();
    let since = accrued_since(&pit.replica, pit.trader, pair, trade.index).await;
    let until = accruals(&pit.replica, pit.terms_of(pair)).await.at(side_of(trade), block).expect("accrual");
    rollover(since, until, collateral, LeverageE10(trade.leverage)).expect("rollover")
}

/// Rollover, liquidation price and unrealised profit now, beside the venue's views.
async fn compared_with_views(pit: &mut Pit, trade: &Trade, info: &TradeInfo) {
    let (pair, side) = (trade.pairIndex.to::<u64>(), side_of(trade));
    let terms = pit.terms_of(pair).clone();
    let (collateral, leverage) = (Usdc(trade.initialPosToken), LeverageE10(trade.leverage));
    let due = owed(pit, trade, collateral, pit.height().await).await;
    let (trader, pair_index, index) = (pit.trader, trade.pairIndex, trade.index);
    let view = IInfos::getTradeRolloverFeeCall {
        trader,
        pairIndex: pair_index,
        index,
        long: trade.buy,
        collateral: collateral.0,
        leverage: leverage.0,
    };
    assert_eq!(pit.replica.ask(INFOS, &view).await, due.0, "rollover of {trade:?}");
    let open_price = PriceE10(trade.openPrice);
    let view = IInfos::getTradeLiquidationPriceCall {
        trader,
        pairIndex: pair_index,
        index,
        openPrice: open_price.0,
        long: trade.buy,
        collateral: collateral.0,
        leverage: leverage.0,
    };
    let liquidation = liquidation_price(open_price, side, collateral, leverage, due, terms.liquidation);
    assert_eq!(Ok(PriceE10(pit.replica.ask(INFOS, &view).await)), liquidation, "liquidation of {trade:?}");

    let is_win = pit.dice.one_in(2);
    let mark = pit.moved(trade, [0, 110], is_win);
    let parts = parts_at(pit, trade, info, collateral, mark, due, PercentE10::ZERO);
    let view = IPairs::currentPercentProfitCall {
        openPrice: open_price.0,
        currentPrice: mark.0,
        buy: trade.buy,
        leverage: leverage.0,
        pairIndex: pair_index,
    };
    let profit = pit.replica.ask(PAIRS, &view).await;
    assert_eq!(profit, parts.percent_profit.0, "profit of {trade:?} at {mark}");
    let view = IInfos::getTradeValueCall {
        t: trade.clone(),
        collateral: collateral.0,
        percentProfit: profit,
        closingFee: parts.closing_fee.0,
    };
    let value = pit.ask_as(CALLBACKS, INFOS, &view).await;
    assert_eq!((value.amount, value.pnl), (parts.paid.0, expected_pnl(&parts, collateral)), "{trade:?} at {mark}");
}

/// The view's profit. Of a position that is taken it is what the vault keeps, costs apart.
fn expected_pnl(parts: &CloseParts, collateral: Usdc) -> I256 {
    if !parts.is_liquidated {
        return parts.protected.0;
    }
    let costs = parts.closing_fee.0 + parts.rollover.0 + parts.paid.0;
    I256::from_raw(costs) - I256::from_raw(collateral.0)
}

fn close_of(pit: &Pit, trade: &Trade, info: &TradeInfo, collateral: Usdc, close_price: PriceE10, due: Usdc) -> Close {
    let terms = pit.terms_of(trade.pairIndex.to());
    Close {
        side: side_of(trade),
        collateral,
        leverage: LeverageE10(trade.leverage),
        open_price: PriceE10(trade.openPrice),
        close_price,
        rollover: due,
        closing_fee: terms.closing_fee,
        keeper_fee: PercentE10::ZERO,
        max_gain: terms.max_gain,
        liquidation: terms.liquidation,
        loss_share: loss_share(info.lossProtection.to(), &terms.shares).expect("a share"),
    }
}

fn parts_at(
    pit: &Pit,
    trade: &Trade,
    info: &TradeInfo,
    collateral: Usdc,
    close_price: PriceE10,
    due: Usdc,
    keeper_fee: PercentE10,
) -> CloseParts {
    payout(&Close { keeper_fee, ..close_of(pit, trade, info, collateral, close_price, due) }).expect("payout")
}

fn assert_paid(closed: &Closed, parts: &CloseParts, price: PriceE10, trade: &Trade) {
    let context = format!("{trade:?} at {price}: {parts:?}");
    assert_eq!(closed.percent_profit, parts.percent_profit.0, "profit: {context}");
    assert_eq!(closed.fees.r, parts.rollover.0, "rollover: {context}");
    assert_eq!(closed.fees.closingFee, parts.closing_fee.0 + parts.keeper_fee.0, "fees: {context}");
    assert_eq!((closed.sent, closed.received), (parts.paid, parts.paid), "payout: {context}");
    assert_eq!(closed.price, price, "{context}");
}

/// Closes a part of a position at a price and compares what is paid.
async fn closed(pit: &Pit, trade: &Trade, info: &TradeInfo, amount: Usdc, price: PriceE10) -> CloseParts {
    // The order takes a block, its execution the next.
    let due = owed(pit, trade, amount, pit.height().await + 2).await;
    let parts = parts_at(pit, trade, info, amount, price, due, PercentE10::ZERO);
    let done = pit.close(trade.pairIndex.to(), trade.index, amount, price).await;
    assert_paid(&done, &parts, price, trade);
    parts
}

/// Lets the keeper liquidate a position past its liquidation price and compares what is paid.
async fn liquidated(pit: &mut Pit, trade: &Trade, info: &TradeInfo) -> CloseParts {
    let pair: u64 = trade.pairIndex.to();
    let collateral = Usdc(trade.initialPosToken);
    let price = pit.moved(trade, [86, 120], false);
    let due = owed(pit, trade, collateral, pit.height().await + 1).await;
    let fees = LiquidationFees {
        keeper: pit.replica.ask(CALLBACKS, &ICallbacks::liqFeePCall {}).await.to(),
        total: pit.replica.ask(CALLBACKS, &ICallbacks::liqTotalFeePCall {}).await.to(),
    };
    let parts = liquidation_payout(&close_of(pit, trade, info, collateral, price, due), fees).expect("payout");
    let done = pit.trigger(Trigger::Liquidation, pair, trade.index, price).await;
    assert_paid(&done, &parts, price, trade);
    parts
}

/// Changes a position's margin and compares what is stored and what moved; nothing when the venue would refuse.
async fn margined(pit: &mut Pit, trade: &Trade, change: MarginChange) -> Option<(Trade, TradeInfo)> {
    let pair: u64 = trade.pairIndex.to();
    let terms = pit.terms_of(pair).clone();
    let (_, info) = pit.position(pair, trade.index).await;
    let due = owed(pit, trade, Usdc(trade.initialPosToken), pit.height().await + 1).await;
    let step = MarginStep {
        side: side_of(trade),
        collateral: Usdc(trade.initialPosToken),
        open_interest: Usdc(info.openInterestUSDC),
        open_price: PriceE10(trade.openPrice),
        target: PriceE10(trade.tp),
        rollover: due,
        max_gain: terms.max_gain,
    };
    let after: Margined = margin_change(&step, change).expect("a change");
    let is_win = pit.dice.one_in(2);
    let price = pit.moved(trade, [0, 30], is_win);
    let [least, most] = terms.leverages;
    let is_taking = matches!(change, MarginChange::Remove(_));
    if after.leverage < least
        || after.leverage > most
        || (is_taking && !is_withdrawal_covered(&step, &after, price).expect("cover"))
    {
        return None;
    }
    let before = pit.balance().await;
    pit.margin(pair, trade.index, change, price).await;
    let (stored, kept) = pit.position(pair, trade.index).await;
    let context = format!("{trade:?} {change:?}");
    assert_eq!(
        (stored.initialPosToken, stored.leverage, stored.tp),
        (after.collateral.0, after.leverage.0, after.target.0),
        "{context}"
    );
    assert_eq!((stored.sl, kept.openInterestUSDC), (trade.sl, info.openInterestUSDC), "{context}");
    let wallet = match change {
        MarginChange::Add(amount) => before - amount.0,
        MarginChange::Remove(amount) => before + amount.0,
    };
    assert_eq!(pit.balance().await, wallet, "{context}");
    Some((stored, kept))
}

/// A share of an amount, plain per cent drawn between two.
fn part(pit: &mut Pit, amount: U256, from: u64, to: u64) -> Usdc {
    Usdc(amount * U256::from(pit.dice.between(from * 1000, to * 1000)) / U256::from(100_000))
}

#[tokio::test]
async fn positions_are_opened_held_changed_and_closed_as_computed() {
    let mut pit = Pit::open(1).await.crowded().await;
    let (mut opens, mut added, mut removed) = (0, 0, 0);
    let (mut partial, mut lost_all) = (0, 0);
    for round in 0.. {
        if [opens, added, removed, partial].iter().all(|count| *count >= cases()) {
            break;
        }
        assert!(round < 3 * cases(), "{opens} opened, {added} and {removed} margins changed");
        let pair = pit.any_pair();
        let ask = pit.any_ask(pair);
        let Some(trade) = opened(&pit, pair, &ask).await else { continue };
        opens += 1;
        let blocks = pit.dice.between(1, 6);
        pit.mine(blocks).await;
        let (mut trade, mut info) = pit.position(pair, trade.index).await;
        compared_with_views(&mut pit, &trade, &info).await;

        let amount = part(&mut pit, trade.initialPosToken, 1, 40);
        if let Some(changed) = margined(&mut pit, &trade, MarginChange::Add(amount)).await {
            (trade, info) = changed;
            added += 1;
        }
        pit.mine(1).await;
        let amount = part(&mut pit, trade.initialPosToken, 1, 30);
        if let Some(changed) = margined(&mut pit, &trade, MarginChange::Remove(amount)).await {
            (trade, info) = changed;
            removed += 1;
        }
        let amount = part(&mut pit, trade.initialPosToken, 1, 99);
        let is_win = pit.dice.one_in(2);
        let price = pit.moved(&trade, [0, 70], is_win);
        closed(&pit, &trade, &info, amount, price).await;
        partial += 1;
        let rest = partial_close(
            Usdc(trade.initialPosToken),
            Usdc(info.openInterestUSDC),
            LeverageE10(trade.leverage),
            amount,
        )
        .expect("rest");
        (trade, info) = pit.position(pair, trade.index).await;
        assert_eq!((trade.initialPosToken, info.openInterestUSDC), (rest.collateral.0, rest.open_interest.0));
        let is_win = pit.dice.one_in(2);
        let price = pit.moved(&trade, [0, 130], is_win);
        let parts = closed(&pit, &trade, &info, rest.collateral, price).await;
        lost_all += usize::from(parts.is_liquidated);
    }
    assert!(lost_all > cases() / 10, "only {lost_all} closes were past the liquidation threshold");
}

#[tokio::test]
async fn wins_beyond_the_most_are_capped_as_computed() {
    let mut pit = Pit::open(2).await;
    let mut capped = 0;
    while capped < cases() {
        let pair = pit.any_pair();
        let ask = Ask { side: Side::Long, offered: Usdc(U256::from(101_000_000)), ..pit.any_ask(pair) };
        let trade = opened(&pit, pair, &ask).await.expect("there is room");
        let (_, info) = pit.position(pair, trade.index).await;
        let most = pit.terms_of(pair).max_gain.0.to::<u64>() / 10_000_000_000;
        let price = pit.moved(&trade, [most, most * 2], true);
        let parts = closed(&pit, &trade, &info, Usdc(trade.initialPosToken), price).await;
        assert_eq!(parts.percent_profit.amount(), pit.terms_of(pair).max_gain);
        capped += 1;
    }
}

#[tokio::test]
async fn losses_of_who_balances_the_book_are_protected_as_computed() {
    let mut pit = Pit::open(3).await;
    for pair in 0..8 {
        let side = pit.any_side();
        pit.crowd_in(pair, side, if pair < 2 { 300_000 } else { 14_000 }).await;
    }
    let mut protected = 0;
    let mut shares = std::collections::BTreeSet::new();
    for round in 0.. {
        if protected >= cases() {
            break;
        }
        assert!(round < 4 * cases(), "only {protected} losses were protected");
        let pair = pit.any_pair();
        let ask = pit.any_ask(pair);
        let Some(trade) = opened(&pit, pair, &ask).await else { continue };
        let (_, info) = pit.position(pair, trade.index).await;
        let parts = if pit.dice.one_in(4) {
            liquidated(&mut pit, &trade, &info).await
        } else {
            let price = pit.moved(&trade, [1, 99], false);
            closed(&pit, &trade, &info, Usdc(trade.initialPosToken), price).await
        };
        if !info.lossProtection.is_zero() {
            assert!(parts.protected > parts.gross || parts.gross.amount().0 < U256::from(10), "{parts:?}");
            shares.insert(info.lossProtection);
            protected += 1;
        }
    }
    assert!(shares.len() >= 3, "tiers seen: {shares:?}");
}

#[tokio::test]
async fn stops_and_targets_are_clipped_and_pay_as_computed() {
    let mut pit = Pit::open(4).await.crowded().await;
    let (mut executed, mut clipped) = (0, 0);
    while executed < cases() {
        let pair = pit.any_pair();
        let mut ask = pit.any_ask(pair);
        let at_oracle = Trade { openPrice: ask.oracle.0, leverage: ask.leverage.0, ..trade_of(&ask) };
        let is_target = pit.dice.one_in(2);
        // Beyond the spread, so that the fill does not cross the level; in the last third beyond what is allowed.
        let spread = u64::try_from(ask.leverage.0 * U256::from(6) / U256::from(10_000_000_000u64)).expect("small");
        let level = pit.moved(&at_oracle, [spread.min(60), 130], is_target);
        if is_target {
            ask.target = level
        } else {
            ask.stop = level
        }
        let wrong_way = if ask.side.is_long() == is_target { level <= ask.oracle } else { level >= ask.oracle };
        if wrong_way {
            continue;
        }
        let Some(trade) = opened(&pit, pair, &ask).await else { continue };
        let (_, info) = pit.position(pair, trade.index).await;
        let stored = PriceE10(if is_target { trade.tp } else { trade.sl });
        clipped += usize::from(stored != level);
        let trigger = if is_target { Trigger::Target } else { Trigger::Stop };
        let blocks = pit.dice.between(1, 4);
        pit.mine(blocks).await;
        // Past the level: it is executed at the level all the same.
        let gap = U256::from(pit.dice.between(0, 20));
        let over = stored.0 * gap / U256::from(1000);
        let oracle = if ask.side.is_long() == is_target { stored.0 + over } else { stored.0 - over };
        let scale = U256::from(100);
        let up = ask.side.is_long() == is_target;
        let oracle = PriceE10(if up { oracle.div_ceil(scale) * scale } else { oracle / scale * scale });
        let collateral = Usdc(trade.initialPosToken);
        let due = owed(&pit, &trade, collateral, pit.height().await + 1).await;
        let fee = pit.terms_of(pair).keeper_fee;
        let parts = parts_at(&pit, &trade, &info, collateral, stored, due, fee);
        let done = pit.trigger(trigger, pair, trade.index, oracle).await;
        assert_paid(&done, &parts, stored, &trade);
        executed += 1;
    }
    assert!(clipped > cases() / 20, "only {clipped} levels were clipped");
}

/// A trade as ordered, for drawing levels around it.
fn trade_of(ask: &Ask) -> Trade {
    Trade {
        trader: Default::default(),
        pairIndex: U256::ZERO,
        index: U256::ZERO,
        initialPosToken: U256::ZERO,
        positionSizeUSDC: U256::ZERO,
        openPrice: U256::ZERO,
        buy: ask.side.is_long(),
        leverage: U256::ZERO,
        tp: U256::ZERO,
        sl: U256::ZERO,
        timestamp: U256::ZERO,
    }
}

#[tokio::test]
async fn quotes_of_any_size_follow_the_venues_views_whatever_the_skew() {
    let mut pit = Pit::open(5).await.crowded().await;
    let mut beyond = 0;
    for round in 0..4 * cases() {
        if round % cases() == 0 {
            let (pair, side) = (pit.dice.between(2, 8), pit.any_side());
            pit.crowd_in(pair, side, 9_000).await;
        }
        let (pair, side) = (pit.any_pair(), pit.any_side());
        let oracle = pit.any_price(pair);
        let size = Usdc(U256::from(pit.dice.between(100_000_000, 1_000_000_000_000)));
        let terms = pit.terms_of(pair).clone();
        let before = interest(&pit.replica, pair).await;
        let (pair_index, long) = (U256::from(pair), side.is_long());
        let context = format!("pair {pair}, {side} {size} at {oracle}, {before:?}");
        let view = IPairs::pairOpenFeePCall { pairIndex: pair_index, notional: size.0, buy: long };
        let fee = terms.rows.percent(side, size, &before).expect("fee");
        assert_eq!(pit.replica.ask(PAIRS, &view).await, fee.0, "opening fee: {context}");
        let view = IInfos::getPriceImpactSpreadCall { pairIndex: pair_index, long, notional: size.0, isPnl: false };
        let impact = price_impact(side, size, &terms.spread).expect("impact");
        assert_eq!(pit.replica.ask(INFOS, &view).await, impact.0, "price impact: {context}");
        let view = IInfos::getSkewImpactSpreadCall { pairIndex: pair_index, long, notional: size.0, isPnl: false };
        let skew = skew_impact(side, size, &before, terms.spread.skew_impact_multiplier).expect("skew");
        assert_eq!(pit.replica.ask(INFOS, &view).await, skew.0, "skew impact: {context}");
        let view = IInfos::getTradePriceImpactCall {
            price: oracle.0,
            pairIndex: pair_index,
            long,
            notional: size.0,
            isPnl: false,
        };
        let quoted = pit.replica.ask(INFOS, &view).await;
        match execution_price(oracle, side, size, &terms.spread, skew) {
            Ok(price) => assert_eq!(quoted, price.0, "execution price: {context}"),
            Err(error) => {
                assert_eq!((error, side), (MathError::Overflow, Side::Short), "{context}");
                assert!(quoted.bit(255), "{context}: a price after all");
                beyond += 1;
            }
        }
    }
    assert!(beyond < cases() / 4, "{beyond} shorts had no price");
}

#[tokio::test]
async fn levels_and_profit_follow_the_venues_views_at_any_price() {
    let mut pit = Pit::open(6).await;
    for _ in 0..3 * cases() {
        let pair = pit.any_pair();
        let ask = pit.any_ask(pair);
        let terms = pit.terms_of(pair).clone();
        let (open, level) = (ask.oracle, pit.any_price(pair));
        let (pair_index, leverage, buy) = (U256::from(pair), ask.leverage.0, ask.side.is_long());
        let context = format!("pair {pair}, {ask:?}, level {level}");
        for level in [level, PriceE10::ZERO] {
            let target = clip_target(open, ask.side, ask.leverage, level, terms.max_gain).expect("target");
            let view = IPairs::correctTpCall { openPrice: open.0, leverage, tp: level.0, buy, pairIndex: pair_index };
            assert_eq!(pit.replica.ask(PAIRS, &view).await, target.0, "target: {context}");
            let stop = clip_stop(open, ask.side, ask.leverage, level, terms.deepest_stop).expect("stop");
            let view = IPairs::correctSlCall { openPrice: open.0, leverage, sl: level.0, buy, pairIndex: pair_index };
            assert_eq!(pit.replica.ask(PAIRS, &view).await, stop.0, "stop: {context}");
        }
        let view = IPairs::currentPercentProfitCall {
            openPrice: open.0,
            currentPrice: level.0,
            buy,
            leverage,
            pairIndex: pair_index,
        };
        let profit = percent_profit(open, level, ask.side, ask.leverage, terms.max_gain).expect("profit");
        assert_eq!(pit.replica.ask(PAIRS, &view).await, profit.0, "profit: {context}");
    }
}
