//! The daemon's Unix socket: one JSON line per request and answer. What travels has one definition each, written by one side
//! and read by the other: [`Request`] and [`Reply`], and [`Ask`] for which belong together.
//!
//! Promises: only the user's own processes (and root) are answered, the file is 0600; lines, clients and waiting are
//! bounded; whatever arrives, the answer is a line and never a crash; work that a client asked for goes on when the
//! client goes away. The caller holds the journal's lock, so that no two daemons take over a dead socket at once.
//! Fails with [`SocketError`]: another daemon answers (exit 9), or the path cannot be used (exit 3).

mod ask;
mod client;
mod error;
mod message;
mod place;
mod refused;
mod reply;
mod request;
mod server;
mod short;
mod with;

pub use ask::{Ask, Pause, Ping, Reload, Resume, Status, Stop};
pub use client::DaemonClient;
pub use error::SocketError;
pub use message::{Answer, SOCKET_SCHEMA};
pub use place::socket_path;
pub use refused::Refused;
pub use reply::{
    DaemonStatus, Delivered, Governed, Pong, ReconcileAnswer, Recorded, Reloaded, Reply, SignalTaken, SignalsResumed,
    Stopping, ThresholdsAnswer, WatchedStatus,
};
pub use request::Request;
pub use server::{DaemonSocket, Requests};
pub use with::{AdoptWith, ChangeWith, DrilledWith, FlattenWith, PaperWith, ReconcileWith, SignalResumeWith, Submit};
