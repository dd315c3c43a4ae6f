//! What is said: an alert, and the notice of it that goes out.

use alloy::primitives::Address;
use serde::Serialize;
use serde_json::Value;

use crate::{config::AlertLevel, journal::Severity, text::one_line, units::Millis};

/// Something that somebody should know.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Alert {
    /// How much it matters.
    pub severity: Severity,
    /// What, as one word such as `trim-failed`; the same word means the same kind of thing.
    pub kind: String,
    /// Whose account.
    pub account: Option<Address>,
    /// What about: a loop (`WETH/USDC`), a perp, an endpoint without its token.
    pub subject: String,
    /// In words, with the figures and what to do.
    pub text: String,
    /// The figures for programs.
    pub figures: Value,
}

impl Alert {
    /// An alert without account and figures.
    #[must_use]
    pub fn new(
        severity: Severity,
        kind: impl Into<String>,
        subject: impl Into<String>,
        text: impl Into<String>,
    ) -> Self {
        let (kind, subject, text) = (kind.into(), subject.into(), text.into());
        Self { severity, kind, account: None, subject, text, figures: Value::Null }
    }

    /// The same about an account.
    #[must_use]
    pub fn of(self, account: Address) -> Self {
        Self { account: Some(account), ..self }
    }

    /// The same with figures for programs.
    #[must_use]
    pub fn with_figures(self, figures: Value) -> Self {
        Self { figures, ..self }
    }

    /// How severe as settings count it.
    pub(super) const fn level(&self) -> AlertLevel {
        match self.severity {
            Severity::Info => AlertLevel::Info,
            Severity::Warning => AlertLevel::Warning,
            Severity::Alert => AlertLevel::Alert,
        }
    }
}

/// An alert on its way out.
#[derive(Debug, Clone)]
pub(super) struct Notice {
    /// What is said.
    pub(super) alert: Alert,
    /// How often the same was held back before this one.
    pub(super) held_back: u32,
    /// Who says it: network and host, so that practice is not taken for the real thing.
    pub(super) origin: String,
    /// When.
    pub(super) at: Millis,
}

impl Notice {
    /// One message for people, at most `most` characters.
    #[must_use]
    pub(super) fn message(&self, most: usize) -> String {
        let Alert { severity, account, .. } = &self.alert;
        // Names and reasons come from chain and endpoints too: no line of theirs looks like one of ours.
        let [kind, subject, text, origin] =
            [&self.alert.kind, &self.alert.subject, &self.alert.text, &self.origin].map(|text| one_line(text));
        let account = account.map(|account| format!("\naccount {account}")).unwrap_or_default();
        let held_back = match self.held_back {
            0 => String::new(),
            1 => "\n(1 more like this was held back)".to_owned(),
            more => format!("\n({more} more like this were held back)"),
        };
        let head = format!("[{}] {kind} · {subject}\n", severity.as_str().to_uppercase());
        let tail = format!("{account}{held_back}\n{origin}");
        let room = most.saturating_sub(head.chars().count()).saturating_sub(tail.chars().count());
        shortened(&format!("{head}{}{tail}", shortened(&text, room)), most)
    }
}

/// The text, cut with an ellipsis when it has more characters than `most`.
fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most.saturating_sub(1)).chain(std::iter::once('…')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_that_is_too_long_loses_words_not_the_account_or_the_count() {
        let alert = Alert::new(Severity::Alert, "trim-failed", "WETH/USDC", "long ".repeat(1_000)).of(Address::ZERO);
        let notice = Notice { alert, held_back: 12, origin: "base".to_owned(), at: Millis(0) };
        let message = notice.message(300);
        assert_eq!(message.chars().count(), 300);
        assert!(message.starts_with("[ALERT] trim-failed · WETH/USDC\nlong long"), "{message}");
        assert!(message.contains("account 0x0000") && message.contains("(12 more like this were held back)"));
        assert!(message.ends_with("\nbase"));
    }
}
