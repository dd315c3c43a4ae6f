//! The service manager's socket (systemd's `sd_notify(3)`): one datagram per message. By hand, because it is one
//! datagram, and because nothing here may block or fail the daemon.

use std::{
    io,
    os::unix::net::{SocketAddr, UnixDatagram},
    sync::Arc,
    time::Duration,
};

use tokio::{
    task::JoinHandle,
    time::{MissedTickBehavior, interval},
};
use tracing::{debug, warn};

use super::health::Pulse;
use crate::text;

/// Tells the service manager how the daemon is; without one it does nothing.
#[derive(Debug)]
pub struct ServiceNotify {
    manager: Option<(UnixDatagram, SocketAddr)>,
    watchdog: Option<Duration>,
}

/// Keeps the service manager's watchdog quiet while the daemon lives; stops with this value.
#[derive(Debug)]
pub struct KeepAlive(JoinHandle<()>);

impl Drop for KeepAlive {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl ServiceNotify {
    /// Reads `NOTIFY_SOCKET`, `WATCHDOG_USEC` and `WATCHDOG_PID` through `variable`.
    pub fn new(variable: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        let manager = set("NOTIFY_SOCKET").and_then(|path| match connect(&path) {
            Ok(manager) => Some(manager),
            Err(error) => {
                warn!(%error, path, "the service manager's socket cannot be used");
                None
            }
        });
        let for_us = set("WATCHDOG_PID").is_none_or(|pid| pid == std::process::id().to_string());
        let micros = set("WATCHDOG_USEC").and_then(|micros| micros.parse().ok());
        let watchdog = micros.map(Duration::from_micros).filter(|limit| for_us && !limit.is_zero());
        Self { manager, watchdog }
    }

    /// The environment of this process.
    #[must_use]
    pub fn from_process() -> Self {
        Self::new(|name| std::env::var(name).ok())
    }

    /// The first snapshot is evaluated and everything is under watch.
    pub fn ready(&self) {
        self.tell("READY=1");
    }

    /// The daemon stops in good order.
    pub fn stopping(&self) {
        self.tell("STOPPING=1");
    }

    /// One line that `systemctl status` shows.
    pub fn status(&self, line: &str) {
        self.tell(&format!("STATUS={}", text::one_line(line)));
    }

    /// Says `WATCHDOG=1` twice within the manager's limit while the loop turned within `stuck_after`; `None` where the
    /// manager does not watch. Must be called inside a runtime.
    #[must_use]
    pub fn keep_alive(self: &Arc<Self>, pulse: Arc<Pulse>, stuck_after: Duration) -> Option<KeepAlive> {
        let limit = self.watchdog.filter(|_| self.manager.is_some())?;
        let notify = self.clone();
        let task = tokio::spawn(async move {
            let mut ticks = interval(limit / 2);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                ticks.tick().await;
                if pulse.since_turn() <= stuck_after {
                    notify.tell("WATCHDOG=1");
                } else {
                    warn!(?stuck_after, "the loop does not turn: the service manager is not told that we live");
                }
            }
        });
        Some(KeepAlive(task))
    }

    fn tell(&self, message: &str) {
        let Some((socket, manager)) = &self.manager else { return };
        if let Err(error) = socket.send_to_addr(message.as_bytes(), manager) {
            debug!(%error, message, "the service manager did not take it");
        }
    }
}

fn connect(path: &str) -> io::Result<(UnixDatagram, SocketAddr)> {
    let address = match path.strip_prefix('@') {
        Some(name) => without_file(name)?,
        None => SocketAddr::from_pathname(path)?,
    };
    let socket = UnixDatagram::unbound()?;
    socket.set_nonblocking(true)?;
    Ok((socket, address))
}

/// Names without a file exist on Linux only.
#[cfg(target_os = "linux")]
fn without_file(name: &str) -> io::Result<SocketAddr> {
    <SocketAddr as std::os::linux::net::SocketAddrExt>::from_abstract_name(name)
}

#[cfg(not(target_os = "linux"))]
fn without_file(_: &str) -> io::Result<SocketAddr> {
    Err(io::Error::from(io::ErrorKind::Unsupported))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::watchdog::ops::health::tests::HandClock;

    fn heard(manager: &UnixDatagram) -> String {
        let mut message = [0; 256];
        let length = manager.recv(&mut message).expect("a message in time");
        String::from_utf8_lossy(&message[..length]).into_owned()
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn the_service_manager_hears_ready_alive_and_stopping() {
        let directory = tempfile::tempdir().expect("directory");
        let path = directory.path().join("notify");
        let manager = UnixDatagram::bind(&path).expect("socket");
        manager.set_read_timeout(Some(Duration::from_secs(10))).expect("deadline");
        let pid = std::process::id().to_string();
        let notify = Arc::new(ServiceNotify::new(|name| match name {
            "NOTIFY_SOCKET" => Some(path.display().to_string()),
            "WATCHDOG_USEC" => Some("20000".to_owned()),
            "WATCHDOG_PID" => Some(pid.clone()),
            _ => None,
        }));
        notify.status("two\nlines");
        notify.ready();
        assert_eq!([heard(&manager), heard(&manager)], ["STATUS=two\\nlines", "READY=1"]);
        let pulse = Arc::new(Pulse::new(Arc::new(HandClock::default())));
        let alive = notify.keep_alive(pulse, Duration::from_secs(8)).expect("it watches");
        assert_eq!([heard(&manager), heard(&manager)], ["WATCHDOG=1", "WATCHDOG=1"]);
        drop(alive);
        notify.stopping();
        while heard(&manager) != "STOPPING=1" {}
    }

    #[test]
    fn without_a_service_manager_nothing_is_told_and_nothing_fails() {
        let silent = ServiceNotify::new(|_| None);
        silent.ready();
        let gone = ServiceNotify::new(|name| (name == "NOTIFY_SOCKET").then(|| "/nowhere/notify".to_owned()));
        gone.ready();
        let other = Arc::new(ServiceNotify::new(|name| match name {
            "WATCHDOG_USEC" => Some("1000000".to_owned()),
            "WATCHDOG_PID" => Some("1".to_owned()),
            _ => None,
        }));
        assert_eq!(other.watchdog, None, "meant for another process");
    }
}
