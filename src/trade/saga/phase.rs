//! How far a saga has come.

use serde::{Deserialize, Serialize};

use crate::journal::IntentId;

/// Times that one leg is tried at most; a try that left no transaction behind is followed by the next.
pub const ATTEMPTS: u32 = 3;

/// What an intent of a saga is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Opens the loop or brings it to the highest tier open.
    Raise,
    /// Opens the perp, with stop and target.
    Open,
    /// Brings the loop back, or closes it.
    Back,
}

impl Role {
    /// As the journal stores it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Raise => "loop-raise",
            Self::Open => "perp-open",
            Self::Back => "loop-back",
        }
    }
}

/// How far a saga has come. A leg's phase is on the disk, and its intent linked, before anything of it is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "phase", content = "attempt")]
pub enum Phase {
    /// The signal is taken; nothing was done.
    Accepted,
    /// The loop is brought to the highest tier open.
    Raise(u32),
    /// The perp is being ordered.
    Open(u32),
    /// The order is placed; the venue has not answered.
    Placed,
    /// The perp is open.
    Held,
    /// The perp has ended.
    Ended,
    /// The loop is brought back.
    Back(u32),
}

impl Phase {
    /// As the journal stores it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Raise(_) => Role::Raise.as_str(),
            Self::Open(_) => Role::Open.as_str(),
            Self::Placed => "perp-placed",
            Self::Held => "perp-held",
            Self::Ended => "perp-ended",
            Self::Back(_) => Role::Back.as_str(),
        }
    }

    /// The leg that this phase carries out, and which try of it.
    #[must_use]
    pub const fn leg(self) -> Option<(Role, u32)> {
        match self {
            Self::Raise(attempt) => Some((Role::Raise, attempt)),
            Self::Open(attempt) => Some((Role::Open, attempt)),
            Self::Back(attempt) => Some((Role::Back, attempt)),
            _ => None,
        }
    }

    /// Whether the saga's tier still asks for the loop's leverage.
    #[must_use]
    pub const fn holds_loop(self) -> bool {
        !matches!(self, Self::Ended | Self::Back(_))
    }

    /// Whether a perp of it is ordered or open, or may be.
    #[must_use]
    pub const fn holds_perp(self) -> bool {
        matches!(self, Self::Open(_) | Self::Placed | Self::Held)
    }
}

/// The id of a leg's intent: the same for the same saga, role and try after every restart, so that the journal refuses
/// to plan it twice.
#[must_use]
pub fn intent_of(saga: &str, accepted: crate::units::Millis, role: Role, attempt: u32) -> IntentId {
    IntentId::derive(accepted, format!("saga {saga} {} {attempt}", role.as_str()).as_bytes())
}

/// How a saga is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finish {
    /// The perp was opened and has ended; the loop is as the policy says.
    Traded,
    /// The perp was not opened; the loop is as the policy says.
    NotTraded,
    /// The same as either, but the loop could not be brought back: somebody has to look.
    LoopLeft,
}

impl Finish {
    /// As the journal stores it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Traded => "traded",
            Self::NotTraded => "not-traded",
            Self::LoopLeft => "loop-left",
        }
    }
}
