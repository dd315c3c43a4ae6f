//! What runs beside the rules: alerts, heartbeat, figures and health, the daemon's socket, the service manager, the live
//! table.
//!
//! Promises: nothing here ever blocks or stops the watchdog; every network await has a deadline; queues, lines and
//! clients are bounded; tokens and addresses of hooks are never logged or shown; the socket is the user's own (0600).
//! Failures after the start are logged, counted in `/metrics` and retried. At the start: [`AlertsError`],
//! [`ServiceError`] and [`SocketError`], each with its exit code.

mod alerts;
mod health;
mod heartbeat;
mod host;
mod metrics;
mod notify;
mod service;
mod socket;
mod table;
mod unix_signals;

pub use alerts::{Alert, AlertSink, Alerts, AlertsError, ChannelTest, Pace};
pub use health::{Pulse, Readiness};
pub use heartbeat::Heartbeat;
pub use metrics::{AccountGauges, Delivery, LoopGauges, Metrics, Stage};
pub use notify::{KeepAlive, ServiceNotify};
pub use service::{OpsService, ServiceError, check_health};
pub use socket::{
    AdoptWith, Answer, Ask, ChangeWith, DaemonClient, DaemonSocket, DaemonStatus, Delivered, DrilledWith, FlattenWith,
    Governed, PaperWith, Pause, Ping, Pong, ReconcileAnswer, ReconcileWith, Recorded, Refused, Reload, Reloaded, Reply,
    Request, Requests, Resume, SOCKET_SCHEMA, SignalResumeWith, SignalTaken, SignalsResumed, SocketError, Status, Stop,
    Stopping, Submit, ThresholdsAnswer, WatchedStatus, socket_path,
};
pub use table::{AccountRow, DecisionRow, LiveView, LoopRow, Marks, PerpRow, Risk, ViewEvent, WatchView, plain_lines};
pub use unix_signals::{DaemonSignal, Signals};
