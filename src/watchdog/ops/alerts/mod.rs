//! Alerts and the channels that carry them.
//!
//! [`Alerts::raise`] logs, asks the gate whether the same was said a moment ago, and puts the notice into the bounded
//! queue of each channel; it never waits. A task per channel delivers, most severe first, with pauses between
//! attempts and a deadline; a channel that is down delays only itself. A full queue drops the least severe oldest notice.

mod alert;
mod dedup;
mod outbox;
mod queued;
mod raise;
mod telegram;
mod webhook;
mod worker;

pub use alert::Alert;
pub(super) use queued::Post;
pub use raise::{AlertSink, Alerts, AlertsError, ChannelTest};
pub use worker::Pace;
