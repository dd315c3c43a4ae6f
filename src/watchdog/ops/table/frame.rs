//! One frame of the live table as text. Pure.

use super::{
    bar::{TARGET, TRIGGER, bar, health_factor, loop_price, price},
    row::{AccountRow, DecisionRow, LoopRow, PerpRow},
};
use crate::text;

/// Most decisions that are shown.
const MOST_DECISIONS: usize = 8;
const HEAD: [&str; 7] = ["account", "loop", "HF", "", "price", "trim at", "liquidation at"];
/// Columns from here on are figures, aligned to the right.
const FIRST_FIGURE: usize = 4;

/// A frame at most `width` characters wide. Decisions are given oldest first and shown newest first.
#[must_use]
pub fn table(accounts: &[AccountRow], decisions: &[DecisionRow], width: usize) -> String {
    let rows: Vec<Row> = accounts.iter().flat_map(account_rows).collect();
    let widths = widths(&rows);
    let mut lines = vec![cells(&HEAD.map(str::to_owned), &widths)];
    lines.extend(rows.iter().map(|row| match row {
        Row::Cells(row) => cells(row, &widths),
        Row::Text(text) => format!("{}  {text}", " ".repeat(widths[0])),
    }));
    if accounts.is_empty() {
        lines.push("no account is watched".to_owned());
    }
    lines.push(String::new());
    lines.push(format!("bar: health factor from 1, {TRIGGER} trimmed below, {TARGET} trimmed to"));
    lines.push(String::new());
    lines.push("last decisions".to_owned());
    if decisions.is_empty() {
        lines.push("none yet".to_owned());
    }
    lines.extend(decisions.iter().rev().take(MOST_DECISIONS).map(decision));
    lines.iter().map(|line| cut(line, width)).collect::<Vec<_>>().join("\n")
}

/// A line about a decision.
pub(super) fn decision(row: &DecisionRow) -> String {
    let DecisionRow { block, account, action, reason } = row;
    format!("block {block}  {account}  {action}: {reason}")
}

/// A line about a perp.
pub(super) fn perp(row: &PerpRow) -> String {
    let PerpRow { pair, is_long, leverage, margin, pnl, liquidation_price } = row;
    let side = if *is_long { "long" } else { "short" };
    let sign = if pnl.is_sign_negative() { "" } else { "+" };
    let (leverage, liquidation) = (leverage.normalize(), price(*liquidation_price));
    format!("perp {side} {pair} {leverage}x  margin {margin:.2}  PnL {sign}{pnl:.2} USDC  liquidation at {liquidation}")
}

enum Row {
    Cells([String; 7]),
    Text(String),
}

fn account_rows(account: &AccountRow) -> Vec<Row> {
    let mut rows = Vec::new();
    for (index, position) in account.loops.iter().enumerate() {
        let name = if index == 0 { account.account.clone() } else { String::new() };
        rows.push(Row::Cells(loop_cells(name, position)));
    }
    if account.loops.is_empty() {
        let mut row: [String; 7] = Default::default();
        row[0].clone_from(&account.account);
        "no loop".clone_into(&mut row[1]);
        rows.push(Row::Cells(row));
    }
    rows.extend(account.perps.iter().map(|position| Row::Text(perp(position))));
    if !account.note.is_empty() {
        rows.push(Row::Text(account.note.clone()));
    }
    rows
}

fn loop_cells(account: String, position: &LoopRow) -> [String; 7] {
    let LoopRow { pair, health_factor: health, marks, of, price: now, trim_price, liquidation_price } = position;
    [
        account,
        pair.clone(),
        health_factor(*health),
        bar(*health, *marks),
        loop_price(*now, of),
        price(*trim_price),
        price(*liquidation_price),
    ]
}

fn widths(rows: &[Row]) -> [usize; 7] {
    let mut widths = HEAD.map(|text| text.chars().count());
    for row in rows {
        if let Row::Cells(cells) = row {
            for (width, cell) in widths.iter_mut().zip(cells) {
                *width = (*width).max(cell.chars().count());
            }
        }
    }
    widths
}

fn cells(row: &[String; 7], widths: &[usize; 7]) -> String {
    let padded = row.iter().zip(widths).enumerate().map(|(at, (cell, width))| {
        if at < FIRST_FIGURE { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
    });
    padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
}

/// The line without what does not fit, and without what would move the terminal's cursor.
fn cut(line: &str, width: usize) -> String {
    let clean: Vec<char> = text::one_line(line).chars().collect();
    if clean.len() <= width {
        return clean.into_iter().collect();
    }
    clean.into_iter().take(width.saturating_sub(1)).chain(std::iter::once('…').take(width)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::watchdog::ops::table::tests::{accounts, decisions};

    #[test]
    fn the_user_sees_accounts_bars_prices_perps_and_the_last_decisions() {
        insta::assert_snapshot!(table(&accounts(), &decisions(), 120));
    }

    #[test]
    fn in_a_narrow_terminal_lines_are_cut_and_nothing_wraps() {
        let frame = table(&accounts(), &decisions(), 60);
        insta::assert_snapshot!(frame);
        assert!(frame.lines().all(|line| line.chars().count() <= 60));
        for width in 0..3 {
            assert!(table(&accounts(), &decisions(), width).lines().all(|line| line.chars().count() <= width));
        }
    }

    #[test]
    fn before_the_first_head_the_table_says_that_there_is_nothing() {
        let frame = table(&[], &[], 80);
        assert!(frame.contains("no account is watched") && frame.contains("none yet"), "{frame}");
    }

    #[test]
    fn a_name_from_the_chain_cannot_write_on_the_terminal() {
        let mut accounts = accounts();
        accounts[0].loops[0].pair = "\u{1b}[2Jevil\n".to_owned();
        let frame = table(&accounts, &decisions(), 120);
        assert!(!frame.contains('\u{1b}'));
        assert_eq!(frame.lines().count(), table(&self::accounts(), &decisions(), 120).lines().count());
    }
}
