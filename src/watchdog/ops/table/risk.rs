//! How near an account is to being acted on, with its mark and colour, and the order that follows from it.

use std::cmp::Reverse;

use ratatui::style::{Color, Modifier, Style};
use rust_decimal::Decimal;

use super::row::AccountRow;

/// How pressing an account is. Later ones are more pressing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Risk {
    /// Nothing near.
    #[default]
    Calm,
    /// Below `warn`.
    Warn,
    /// Below `trigger`: it is trimmed.
    Trigger,
    /// Below `urgent`: it is trimmed in haste.
    Urgent,
    /// Below 1: anybody may liquidate it.
    Liquidatable,
}

impl Risk {
    /// The pressing ones, the most pressing first.
    pub(super) const PRESSING: [Self; 4] = [Self::Liquidatable, Self::Urgent, Self::Trigger, Self::Warn];

    /// One or two characters that say it without colour.
    pub(super) const fn mark(self) -> &'static str {
        match self {
            Self::Calm => "",
            Self::Warn => "~",
            Self::Trigger => "!",
            Self::Urgent => "!!",
            Self::Liquidatable => "XX",
        }
    }

    /// Its colour.
    pub(super) fn style(self) -> Style {
        match self {
            Self::Calm => Style::new(),
            Self::Warn => Style::new().fg(Color::Yellow),
            Self::Trigger => Style::new().fg(Color::LightRed),
            Self::Urgent => Style::new().fg(Color::White).bg(Color::Red).add_modifier(Modifier::BOLD),
            Self::Liquidatable => Style::new().fg(Color::White).bg(Color::Magenta).add_modifier(Modifier::BOLD),
        }
    }
}

/// The most pressing first; of equals the one with the shortest way to its trigger, then the lower health factor, then by
/// name.
pub(super) fn by_risk(accounts: &[AccountRow]) -> Vec<&AccountRow> {
    let mut sorted: Vec<&AccountRow> = accounts.iter().collect();
    let way = |account: &AccountRow| {
        let ways = account.loops.iter().filter_map(|row| row.distance);
        ways.map(|way| way.abs()).min().unwrap_or(Decimal::MAX)
    };
    let health = |account: &AccountRow| account.loops.iter().filter_map(|row| row.health_factor).min();
    sorted.sort_by_cached_key(|account| {
        let health = health(account).unwrap_or(Decimal::MAX);
        (Reverse(account.risk), way(account), health, account.account.clone())
    });
    sorted
}
