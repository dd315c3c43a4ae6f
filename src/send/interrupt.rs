//! Calling the sender away from an ordinary action, because a protective one waits.

use tokio::sync::watch;

/// Asks a sender to stop following what protects nothing. What is signed stays in the journal as unknown; the protective
/// action that comes next replaces it or waits behind it. Protective actions are never interrupted.
///
/// Between the lease of a nonce and the end of its following ([`Self::idle`] waits for that) an execution must not be ended
/// by dropping its future: that is as a crash, whose leases only the next start releases. Before and after it may be.
#[derive(Debug, Clone)]
pub struct Interrupt(watch::Sender<State>);

#[derive(Debug, Clone, Copy, Default)]
struct State {
    raised: bool,
    /// Executions between lease and end.
    following: u32,
}

/// An execution between lease and end.
#[derive(Debug)]
pub(super) struct Following<'a>(&'a Interrupt);

impl Interrupt {
    pub(super) fn new() -> Self {
        Self(watch::Sender::new(State::default()))
    }

    /// Calls the sender away; stays so until a protective action begins.
    pub fn raise(&self) {
        self.0.send_modify(|state| state.raised = true);
    }

    /// Takes the call back: nothing protective is needed any more.
    pub fn lower(&self) {
        self.0.send_modify(|state| state.raised = false);
    }

    pub(super) fn is_raised(&self) -> bool {
        self.0.borrow().raised
    }

    /// Ends when the sender is called away.
    pub(super) async fn raised(&self) {
        self.until(|state| state.raised).await;
    }

    /// Ends when the sender neither holds a lease nor follows anything.
    pub async fn idle(&self) {
        self.until(|state| state.following == 0).await;
    }

    /// Ends when the sender has begun to follow something that it signed.
    pub async fn busy(&self) {
        self.until(|state| state.following > 0).await;
    }

    async fn until(&self, mut holds: impl FnMut(&State) -> bool) {
        let mut seen = self.0.subscribe();
        // The channel lives as long as this handle, so waiting cannot fail.
        let _ = seen.wait_for(|state| holds(state)).await;
    }

    /// From now until the guard is dropped an execution must be left to its end.
    pub(super) fn follow(&self) -> Following<'_> {
        self.0.send_modify(|state| state.following = state.following.saturating_add(1));
        Following(self)
    }
}

impl Drop for Following<'_> {
    fn drop(&mut self) {
        self.0.0.send_modify(|state| state.following = state.following.saturating_sub(1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_is_idle_again_when_the_last_execution_has_ended() {
        let interrupt = Interrupt::new();
        interrupt.idle().await;
        let (one, other) = (interrupt.follow(), interrupt.follow());
        drop(one);
        let idle = interrupt.idle();
        tokio::pin!(idle);
        assert!(is_pending(&mut idle).await, "one execution goes on");
        drop(other);
        idle.await;
        interrupt.raise();
        interrupt.raised().await;
        interrupt.lower();
        assert!(!interrupt.is_raised());
    }

    /// Whether a future has not ended yet.
    async fn is_pending<F: Future<Output = ()> + Unpin>(future: &mut F) -> bool {
        tokio::select! {
            biased;
            () = future => false,
            () = std::future::ready(()) => true,
        }
    }
}
