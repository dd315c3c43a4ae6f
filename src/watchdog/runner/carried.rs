//! How a seat left a plan that it was given.

use crate::{
    actions::{ActionError, Sent},
    perps,
    send::{Ending, SendError},
    watchdog::ops::Refused,
};

/// How a seat left a plan that it was given.
#[derive(Debug)]
#[allow(clippy::large_enum_variant)]
pub(super) enum Carried {
    /// Sent, or ended otherwise.
    Sent(Sent),
    /// It gave way to a trim; the journal knows how far it had come.
    GaveWay,
}

impl Carried {
    /// The same as the seat sees it: what was called away has given way.
    pub(super) fn of(sent: Result<Sent, ActionError>) -> Result<Self, Refused> {
        let sent = match sent {
            Ok(sent) => sent,
            Err(error) if is_called_away(&error) => return Ok(Self::GaveWay),
            Err(error) => return Err(Refused::new(error.exit_code(), error.to_string())),
        };
        let outcome = match &sent {
            Sent::Over(done) => &done.outcome,
            Sent::Placed(placed) => placed.outcome(),
        };
        let has_left = matches!(&outcome.ending, Ending::Unknown { .. } | Ending::Stopped(SendError::Interrupted));
        Ok(if has_left { Self::GaveWay } else { Self::Sent(sent) })
    }
}

fn is_called_away(error: &ActionError) -> bool {
    use crate::send::ExecuteError as Sending;
    matches!(
        error,
        ActionError::Execute(Sending::Send(SendError::Interrupted))
            | ActionError::Perp(perps::ExecuteError::Send(Sending::Send(SendError::Interrupted)))
    )
}
