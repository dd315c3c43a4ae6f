//! The newest turns as rows of the live table.

use alloy::primitives::Address;

use crate::{
    config::{PairPrice, PairSide},
    strategy::Side,
    watchdog::{
        ops::{AccountRow, DecisionRow, LoopRow, Marks, PerpRow},
        rules::{AccountFacts, LoopFacts, PerpFacts},
        runner::{Acted, News, Turn},
    },
};

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

/// Each loop of the journal, or the account where it has none, with the account's health factor and thresholds.
fn loop_rows(facts: &AccountFacts) -> Vec<LoopRow> {
    if facts.debt_value.0.is_zero() {
        return Vec::new();
    }
    let health_factor = facts.health_factor.to_decimal();
    let marks = Marks { trigger: facts.thresholds.trigger, target: facts.thresholds.target };
    if facts.loops.is_empty() {
        // The account as a whole has no price of its own.
        let of = PairPrice::of(PairSide::of_symbol(&facts.name), PairSide::of_symbol("USD"));
        let (price, trim_price, liquidation_price) = (None, None, None);
        return vec![LoopRow {
            pair: facts.name.clone(),
            health_factor,
            marks,
            of,
            price,
            trim_price,
            liquidation_price,
        }];
    }
    let row = |held: &LoopFacts| LoopRow {
        pair: held.pair.name.clone(),
        health_factor,
        marks,
        of: held.moving.pair.clone(),
        price: Some(held.price),
        trim_price: held.trim_price,
        liquidation_price: held.liquidation_price,
    };
    facts.loops.iter().map(row).collect()
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
