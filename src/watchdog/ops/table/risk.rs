//! How near an account is to being acted on, with its mark and colour, and the order that follows from it.

use ratatui::style::{Color, Modifier, Style};

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
