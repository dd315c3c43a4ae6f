use std::time::Duration;

use ratatui::{Terminal, backend::TestBackend, style::Color};

use super::*;
use crate::watchdog::ops::table::tests::{accounts, decisions};

fn number(text: &str) -> Decimal {
    text.parse().expect("number")
}

fn view(accounts: Vec<AccountRow>) -> WatchView {
    WatchView {
        network: "base".to_owned(),
        head: Some((31_234_567, Duration::from_millis(340))),
        stale_after: Duration::from_secs(2),
        accounts,
        decisions: decisions(),
        ..WatchView::default()
    }
}

fn drawn(view: &WatchView, (width, height): (u16, u16), scroll: usize) -> (Terminal<TestBackend>, usize) {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("terminal");
    let mut furthest = 0;
    terminal.draw(|frame| furthest = draw(frame, view, scroll)).expect("drawn");
    (terminal, furthest)
}

fn lines(terminal: &Terminal<TestBackend>) -> Vec<String> {
    let buffer = terminal.backend().buffer();
    let width = usize::from(buffer.area.width);
    let rows = buffer.content.chunks(width);
    rows.map(|row| row.iter().map(|cell| cell.symbol()).collect::<String>().trim_end().to_owned()).collect()
}

/// Accounts of every risk, in no order.
fn many(count: usize) -> Vec<AccountRow> {
    let template = accounts().pop().expect("account");
    let risks = [Risk::Calm, Risk::Warn, Risk::Urgent, Risk::Calm, Risk::Trigger];
    let mut all: Vec<AccountRow> = (0..count)
        .map(|at| {
            let mut account = template.clone();
            account.account = format!("0x{at:04x}…{:04x}", at * 7);
            account.risk = risks[at % risks.len()];
            account.perps.clear();
            account.loops.truncate(1);
            let health =
                [number("1.3"), number("1.17"), number("1.02"), number("1.6"), number("1.12")][at % risks.len()];
            account.loops[0].health_factor = Some(health);
            account.loops[0].distance = Some(number("1.15") / health - Decimal::ONE);
            account
        })
        .collect();
    all[3].risk = Risk::Liquidatable;
    all[3].loops[0].health_factor = Some(number("0.98"));
    all
}

#[test]
fn at_80_by_30_the_user_sees_risk_debt_equity_distance_gas_age_of_the_head_and_the_decisions() {
    let (terminal, _) = drawn(&view(accounts()), (80, 30), 0);
    insta::assert_snapshot!(lines(&terminal).join("\n"));
}

#[test]
fn twenty_five_accounts_on_thirty_rows_are_all_in_view_the_most_pressing_first_with_the_decisions() {
    let (terminal, furthest) = drawn(&view(many(25)), (80, 30), 0);
    let shown = lines(&terminal);
    insta::assert_snapshot!(shown.join("\n"));
    assert_eq!(furthest, 0);
    assert_eq!(shown.iter().filter(|line| line.contains("0x00")).count(), 25);
    assert!(shown.iter().any(|line| line.contains("trim cbETH/WETH")), "{shown:#?}");
}

#[test]
fn more_accounts_than_rows_scroll_and_the_decisions_stay() {
    let long = view(many(60));
    let (top, furthest) = drawn(&long, (80, 24), 0);
    let (bottom, _) = drawn(&long, (80, 24), usize::MAX);
    assert_eq!(furthest, 60 - (24 - 5));
    let (top, bottom) = (lines(&top), lines(&bottom));
    assert_ne!(top[2], bottom[2]);
    for frame in [top, bottom] {
        assert!(frame[21].contains("lines above") && frame[21].contains("below"), "{frame:#?}");
        assert!(frame[22].contains("trim cbETH/WETH"), "{frame:#?}");
    }
}

#[test]
fn warn_trigger_and_urgent_have_marks_and_colours_of_their_own() {
    let (terminal, _) = drawn(&view(many(5)), (80, 30), 0);
    let buffer = terminal.backend().buffer();
    let row = |at: u16| (buffer[(0, at)].symbol().to_owned(), buffer[(4, at)].fg, buffer[(4, at)].bg);
    assert_eq!(row(2), ("X".to_owned(), Color::White, Color::Magenta));
    assert_eq!(row(3), ("!".to_owned(), Color::White, Color::Red));
    assert_eq!(row(4), ("!".to_owned(), Color::LightRed, Color::Reset));
    assert_eq!(row(5), ("~".to_owned(), Color::Yellow, Color::Reset));
    assert_eq!(row(6), (" ".to_owned(), Color::Reset, Color::Reset));
}

#[test]
fn a_head_that_is_too_old_is_told_in_the_first_line() {
    let mut late = view(accounts());
    late.head = Some((31_234_567, Duration::from_millis(7_120)));
    let (terminal, _) = drawn(&late, (80, 30), 0);
    assert!(lines(&terminal)[0].contains("7.1 s ago STALE"));
    assert_eq!(terminal.backend().buffer()[(0, 0)].bg, Color::Red);
}

#[test]
fn before_the_first_head_the_table_says_that_there_is_nothing_and_no_size_is_too_small() {
    let nothing = WatchView::default();
    let (terminal, _) = drawn(&nothing, (80, 24), 0);
    let shown = lines(&terminal).join("\n");
    assert!(shown.contains("no account is watched") && shown.contains("none yet"), "{shown}");
    for size in [(1, 1), (3, 2), (20, 4), (500, 3)] {
        drawn(&view(many(25)), size, 3);
    }
}

#[test]
fn a_name_from_the_chain_cannot_write_on_the_terminal() {
    let mut evil = view(accounts());
    evil.accounts[2].loops[0].pair = "\u{1b}[2Jevil\n".to_owned();
    evil.network = "\u{1b}[31mred".to_owned();
    evil.decisions[0].reason = "\u{202e}\u{1b}]0;t\u{7}".to_owned();
    let (terminal, _) = drawn(&evil, (80, 30), 0);
    assert!(!lines(&terminal).join("").contains(text::is_unsafe));
}

#[test]
fn the_picture_in_the_docs_is_what_the_table_draws() {
    let (terminal, _) = drawn(&view(accounts()), (80, 30), 0);
    let docs = include_str!("../../../../../docs/watchdog.md");
    for line in lines(&terminal).iter().filter(|line| !line.is_empty()) {
        assert!(docs.contains(line.as_str()), "not in docs/watchdog.md: {line}");
    }
}
