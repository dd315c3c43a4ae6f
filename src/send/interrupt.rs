//! Calling the sender away from an ordinary action, because a protective one waits.

use tokio::sync::watch;

/// Asks a sender to stop following what protects nothing. What is signed stays in the journal as unknown; the protective
/// action that comes next replaces it or waits behind it. Protective actions are never interrupted.
///
/// An execution must not be ended by dropping its future: that is as a crash, whose leases only the next start releases.
#[derive(Debug, Clone)]
pub struct Interrupt(watch::Sender<bool>);

impl Interrupt {
    pub(super) fn new() -> Self {
        Self(watch::Sender::new(false))
    }

    /// Calls the sender away; stays so until a protective action begins.
    pub fn raise(&self) {
        self.0.send_replace(true);
    }

    /// Takes the call back: nothing protective is needed any more.
    pub fn lower(&self) {
        self.0.send_replace(false);
    }

    pub(super) fn is_raised(&self) -> bool {
        *self.0.borrow()
    }

    /// Ends when the sender is called away.
    pub(super) async fn raised(&self) {
        let mut seen = self.0.subscribe();
        // The channel lives as long as this handle, so waiting cannot fail.
        let _ = seen.wait_for(|raised| *raised).await;
    }
}
