//! One frame of the live table: head, accounts by risk, the last decisions. Pure but for the buffer it is drawn into.

use ratatui::{
    Frame,
    layout::{Constraint, Layout},
    style::{Color, Modifier, Style},
    text::Line,
    widgets::Paragraph,
};
use rust_decimal::Decimal;

use super::{
    figures::{distance, dollars, perp, significant},
    risk::Risk,
    row::{AccountRow, LoopRow, Marks, WatchView, by_risk},
};
use crate::{
    text,
    units::{health_factor, rounded},
};

/// Decisions that are always in view, and the most that are.
const DECISIONS: (usize, usize) = (2, 8);
const HEAD: [&str; COLUMNS] = ["", "account", "loop", "HF", "away", "trim at", "debt $", "equity $", "gas", ""];
const COLUMNS: usize = 10;
/// With a space between two they are 80.
const WIDTHS: [usize; COLUMNS] = [2, 11, 11, 7, 7, 8, 7, 8, 4, 6];
/// Columns from here on are figures, aligned to the right; the last is a word again.
const FIGURES: std::ops::Range<usize> = 3..9;

/// Draws the view with the accounts' lines from `scroll` on; tells how far they could be scrolled.
pub(super) fn draw(frame: &mut Frame<'_>, view: &WatchView, scroll: usize) -> usize {
    let rows = account_lines(view);
    let height = usize::from(frame.area().height);
    // Head, column names, heading of the decisions.
    let free = height.saturating_sub(3 + rows.len());
    let decisions = view.decisions.len().max(1).min(free.clamp(DECISIONS.0, DECISIONS.1)).max(DECISIONS.0);
    let length = |lines: usize| Constraint::Length(u16::try_from(lines).unwrap_or(u16::MAX));
    let areas = [length(1), length(1), Constraint::Min(0), length(1), length(decisions)];
    let [head, names, body, heading, last] = Layout::vertical(areas).areas(frame.area());

    let (title, is_stale) = title(view);
    let bold = Style::new().add_modifier(Modifier::BOLD);
    let title_style = if is_stale { bold.fg(Color::White).bg(Color::Red) } else { bold };
    frame.render_widget(Line::styled(title, title_style), head);
    frame.render_widget(Line::styled(cells(HEAD.map(str::to_owned)), Style::new().fg(Color::DarkGray)), names);

    let shown = usize::from(body.height);
    let furthest = rows.len().saturating_sub(shown);
    let from = scroll.min(furthest);
    let hidden = (from, rows.len().saturating_sub(from + shown));
    let visible: Vec<Line<'_>> = rows.into_iter().skip(from).take(shown).collect();
    frame.render_widget(Paragraph::new(visible), body);

    let help = match hidden {
        (0, 0) => "last decisions · q quits · ~ warn  ! trigger  !! urgent  XX below 1".to_owned(),
        (above, below) => {
            format!("last decisions · {above} lines above, {below} below: ↑ ↓ PgUp PgDn Home End · q quits")
        }
    };
    frame.render_widget(Line::styled(help, Style::new().fg(Color::DarkGray)), heading);
    let lines: Vec<Line<'_>> = match view.decisions.is_empty() {
        true => vec![Line::from("none yet")],
        false => view.decisions.iter().rev().take(decisions).map(|row| clean(&row.line()).into()).collect(),
    };
    frame.render_widget(Paragraph::new(lines), last);
    furthest
}

/// The head line, and whether the head is too old.
fn title(view: &WatchView) -> (String, bool) {
    let count = |risk: Risk| view.accounts.iter().filter(|account| account.risk == risk).count();
    let shadow = if view.shadow { " (shadow)" } else { "" };
    let mut parts = vec![format!("{}{shadow}", clean(&view.network))];
    let is_stale = match view.head {
        None => {
            parts.push("no head yet".to_owned());
            false
        }
        Some((block, age)) => {
            let is_stale = !view.stale_after.is_zero() && age > view.stale_after;
            let seconds = Decimal::from(u64::try_from(age.as_millis() / 100).unwrap_or(u64::MAX)) / Decimal::TEN;
            let word = if is_stale { " STALE" } else { "" };
            parts.push(format!("block {block} {seconds:.1} s ago{word}"));
            is_stale
        }
    };
    parts.push(match view.accounts.len() {
        1 => "1 account".to_owned(),
        several => format!("{several} accounts"),
    });
    let pressing = Risk::PRESSING.into_iter().filter(|risk| count(*risk) > 0);
    let pressing: Vec<String> = pressing.map(|risk| format!("{} {}", risk.mark(), count(risk))).collect();
    if !pressing.is_empty() {
        parts.push(pressing.join("  "));
    }
    (parts.join(" · "), is_stale)
}

fn account_lines(view: &WatchView) -> Vec<Line<'static>> {
    if view.accounts.is_empty() {
        return vec![Line::from("no account is watched")];
    }
    by_risk(&view.accounts).into_iter().flat_map(lines_of).collect()
}

/// A line for each loop and perp; debt, equity, gas and state are the account's and stand in its first.
fn lines_of(account: &AccountRow) -> Vec<Line<'static>> {
    let style = account.risk.style();
    let mut rows: Vec<[String; COLUMNS]> = account.loops.iter().map(|row| loop_cells(row, account.risk)).collect();
    if rows.is_empty() {
        let mut row: [String; COLUMNS] = Default::default();
        "no loop".clone_into(&mut row[2]);
        rows.push(row);
    }
    if let Some(first) = rows.first_mut() {
        account.risk.mark().clone_into(&mut first[0]);
        first[1].clone_from(&account.account);
        first[6] = dollars(account.debt);
        first[7] = dollars(account.equity);
        first[8] = gas(account.gas_trims);
        state(account).clone_into(&mut first[9]);
    }
    let mut lines: Vec<Line<'static>> = rows.into_iter().map(|row| Line::styled(cells(row), style)).collect();
    lines.extend(account.perps.iter().map(|row| Line::from(format!("   {}", clean(&perp(row))))));
    lines
}

fn loop_cells(row: &LoopRow, risk: Risk) -> [String; COLUMNS] {
    let Marks { trigger, target } = row.marks;
    let is_passed = row.health_factor.is_some_and(|health| health < trigger) && risk >= Risk::Trigger;
    let mut cells: [String; COLUMNS] = Default::default();
    cells[2].clone_from(&row.pair);
    cells[3] = health_factor(row.health_factor, &[trigger, target]);
    cells[4] = distance(row.distance, is_passed);
    cells[5] = significant(row.trim_price, 5);
    cells
}

/// How many trims the gas pays for; more than 99 are plenty.
fn gas(trims: Option<Decimal>) -> String {
    match trims {
        None => "-".to_owned(),
        Some(trims) if trims > Decimal::from(99) => ">99x".to_owned(),
        // Rounded down: there is no part of a trim.
        Some(trims) => format!("{}x", rounded(trims.floor(), 0)),
    }
}

const fn state(account: &AccountRow) -> &'static str {
    match (account.paused, account.can_act) {
        (true, _) => "PAUSED",
        (false, true) => "",
        (false, false) => "looks",
    }
}

fn cells(row: [String; COLUMNS]) -> String {
    let padded = row.iter().zip(WIDTHS).enumerate().map(|(at, (cell, width))| {
        let cell = cut(&clean(cell), width);
        if FIGURES.contains(&at) { format!("{cell:>width$}") } else { format!("{cell:<width$}") }
    });
    padded.collect::<Vec<_>>().join(" ").trim_end().to_owned()
}

fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    text.chars().take(width.saturating_sub(1)).chain(std::iter::once('…').take(width)).collect()
}

/// What comes from outside does nothing to the terminal.
fn clean(text: &str) -> String {
    text::one_line(text).into_owned()
}

#[cfg(test)]
mod tests;
