//! What the system asks of the daemon.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// A wish.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DaemonSignal {
    /// SIGHUP: read the thresholds again.
    Reload,
    /// SIGTERM or SIGINT: finish what is under way and end.
    Stop,
}

/// SIGHUP, SIGTERM and SIGINT as one stream. Once it exists they no longer end the process by themselves.
#[derive(Debug)]
pub struct Signals {
    hangup: Signal,
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// Starts to listen. Must be called inside a runtime.
    pub fn listen() -> io::Result<Self> {
        Ok(Self {
            hangup: signal(SignalKind::hangup())?,
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// The next wish; may be dropped and asked again. `None` when the runtime ends. A stop goes before a reload.
    pub async fn next(&mut self) -> Option<DaemonSignal> {
        tokio::select! {
            biased;
            heard = self.terminate.recv() => heard.map(|()| DaemonSignal::Stop),
            heard = self.interrupt.recv() => heard.map(|()| DaemonSignal::Stop),
            heard = self.hangup.recv() => heard.map(|()| DaemonSignal::Reload),
        }
    }
}
