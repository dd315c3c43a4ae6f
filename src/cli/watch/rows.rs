//! The newest turns as rows of the live table.

use alloy::primitives::Address;
use rust_decimal::Decimal;

use crate::{
    config::{PairPrice, PairSide},
    strategy::Side,
    units::{WAD, Wad},
    watchdog::{
        ops::{AccountRow, DecisionRow, LoopRow, Marks, PerpRow, Risk},
        rules::{AccountFacts, GasFacts, Levels, LoopFacts, PerpFacts, Pressure},
        runner::{ActionReport, HeadOutcome, News},
    },
};

/// Behind an account that is paused.
const PAUSED: &str = "PAUSED: nothing is opened and no risk is added until `trimtab resume`";

/// Everybody, in the order of the seats: whose, and whether it can act.
pub(super) fn account_rows(seats: &[(Address, bool)], news: &News) -> Vec<AccountRow> {
    let row = |((account, can_act), turn): (&(Address, bool), &Option<HeadOutcome>)| {
        let facts = turn.as_ref().and_then(|turn| turn.facts.as_ref());
        let note = note(*can_act, turn.as_ref());
        let paused = news.paused.contains(account);
        let debt = facts.and_then(|facts| facts.debt_value.to_decimal());
        let collateral = facts.and_then(|facts| facts.collateral_value.to_decimal());
        AccountRow {
            account: short(*account),
            note: if paused { PAUSED.to_owned() } else { note.to_owned() },
            risk: facts.map(risk).unwrap_or_default(),
            paused,
            can_act: *can_act,
            debt,
            equity: collateral.zip(debt).and_then(|(collateral, debt)| collateral.checked_sub(debt)),
            gas_trims: facts.and_then(|facts| facts.gas.as_ref()).map(GasFacts::trims),
            loops: facts.map(loop_rows).unwrap_or_default(),
            perps: facts.map(perp_rows).unwrap_or_default(),
        }
    };
    seats.iter().zip(&news.turns).map(row).collect()
}

/// What was done last, oldest first.
pub(super) fn decision_rows(news: &News) -> Vec<DecisionRow> {
    let row = |(block, account, acted): &(u64, Address, ActionReport)| DecisionRow {
        block: *block,
        account: short(*account),
        action: acted.action.name().to_owned(),
        reason: acted.words.clone(),
    };
    news.acted.iter().rev().map(row).collect()
}

const fn note(can_act: bool, turn: Option<&HeadOutcome>) -> &'static str {
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
            // By how much the whole collateral may fall.
            distance: health_factor.and_then(|health| way(health, marks.trigger)),
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
        distance: held.trim_price.and_then(|there| way(held.price, there)),
    };
    facts.loops.iter().map(row).collect()
}

/// How pressing an account is, at Aave's prices or the worse ones that its oracle answers next.
fn risk(facts: &AccountFacts) -> Risk {
    let levels = Levels::of(facts);
    let worst = facts.at_feed.map_or(facts.health_factor, |next| next.min(facts.health_factor));
    match levels.pressure(worst) {
        _ if facts.debt_value.0.is_zero() => Risk::Calm,
        _ if facts.health_factor < Wad(WAD) => Risk::Liquidatable,
        Some(Pressure::Trim) => Risk::Trigger,
        Some(_) => Risk::Urgent,
        None if worst < levels.warn => Risk::Warn,
        None => Risk::Calm,
    }
}

/// The way from here to there, as a share of here.
fn way(here: Decimal, there: Decimal) -> Option<Decimal> {
    there.checked_sub(here)?.checked_div(here)
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
