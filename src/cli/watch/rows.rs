//! The newest turns as rows of the live table.

use std::collections::BTreeMap;

use alloy::primitives::Address;
use rust_decimal::Decimal;

use crate::{
    strategy::Side,
    units::{Wad, to_decimal},
    watchdog::{
        ops::{AccountRow, DecisionRow, LoopRow, Marks, PerpRow},
        rules::{AccountFacts, LoopFacts, PerpFacts},
        runner::{Acted, News, Turn},
    },
};

/// Decimals of Aave's prices.
const USD_DECIMALS: u8 = 8;

/// Behind an account that is paused.
const PAUSED: &str = "PAUSED: nothing is opened and no risk is added until `trimtab resume`";

/// Everybody, in the order of the seats: whose, and whether it can act.
pub(super) fn account_rows(seats: &[(Address, bool)], news: &News) -> Vec<AccountRow> {
    let row = |((account, can_act), turn): (&(Address, bool), &Option<Turn>)| {
        let facts = turn.as_ref().and_then(|turn| turn.facts.as_ref());
        let note = note(*can_act, turn.as_ref());
        AccountRow {
            account: short(*account),
            note: if news.paused.contains(account) { PAUSED.to_owned() } else { note.to_owned() },
            loops: facts.map(loop_rows).unwrap_or_default(),
            perps: facts.map(perp_rows).unwrap_or_default(),
        }
    };
    seats.iter().zip(&news.turns).map(row).collect()
}

/// What was done last, oldest first.
pub(super) fn decision_rows(news: &News) -> Vec<DecisionRow> {
    let row = |(block, account, acted): &(u64, Address, Acted)| DecisionRow {
        block: *block,
        account: short(*account),
        action: acted.action.name().to_owned(),
        reason: acted.words.clone(),
    };
    news.acted.iter().rev().map(row).collect()
}

const fn note(can_act: bool, turn: Option<&Turn>) -> &'static str {
    match (can_act, turn) {
        (_, None) => "not read yet",
        (false, Some(_)) => "read-only: no key",
        (true, Some(_)) => "",
    }
}

fn short(account: Address) -> String {
    let text = account.to_string();
    match (text.get(..6), text.get(text.len().saturating_sub(4)..)) {
        (Some(head), Some(tail)) => format!("{head}…{tail}"),
        _ => text,
    }
}

fn loop_rows(facts: &AccountFacts) -> Vec<LoopRow> {
    let debts: BTreeMap<Address, Decimal> =
        facts.loops.iter().filter_map(|held| Some((held.pair.debt, dollars(held.debt_value.0)?))).collect();
    let debt = debts.values().copied().fold(Decimal::ZERO, Decimal::saturating_add);
    facts.loops.iter().map(|held| loop_row(facts.health_factor, debt, held)).collect()
}

fn loop_row(health_factor: Wad, debt: Decimal, held: &LoopFacts) -> LoopRow {
    let health_factor = health_factor.to_decimal().filter(|_| !debt.is_zero());
    let marks = Marks { trigger: held.thresholds.trigger, target: held.thresholds.target };
    let at = |mark| health_factor.and_then(|now| price_at(now, mark, debt, held));
    LoopRow {
        pair: held.pair.name.clone(),
        health_factor,
        marks,
        price: Some(held.price),
        trim_price: at(marks.trigger),
        liquidation_price: at(Decimal::ONE),
    }
}

/// The collateral's price at which the account's health factor is `mark`, all else as it is: this collateral's share of
/// the health factor moves with its price.
fn price_at(now: Decimal, mark: Decimal, debt: Decimal, held: &LoopFacts) -> Option<Decimal> {
    let share = dollars(held.collateral_value.0)?.checked_mul(held.liquidation_threshold.to_decimal())?;
    let share = share.checked_div(debt)?;
    let left = Decimal::ONE.checked_sub(now.checked_sub(mark)?.checked_div(share)?)?;
    let price = held.price.checked_mul(left)?;
    (price > Decimal::ZERO).then_some(price.round_dp(8))
}

fn dollars(value: alloy::primitives::U256) -> Option<Decimal> {
    to_decimal(value, USD_DECIMALS)
}

fn perp_rows(facts: &AccountFacts) -> Vec<PerpRow> {
    let row = |perp: &PerpFacts| PerpRow {
        pair: perp.market.clone(),
        is_long: perp.side == Side::Long,
        leverage: perp.notional.checked_div(perp.margin).unwrap_or_default().round_dp(1),
        margin: perp.margin,
        pnl: perp.unrealised,
        liquidation_price: Some(perp.liquidation),
    };
    facts.perps.iter().map(row).collect()
}
