//! What the system and the user's terminal send.

use std::time::Duration;

use rustix::process::{Signal, getpid, kill_process};
use trimtab::watchdog::ops::{DaemonSignal, Signals};

use super::DEADLINE;

#[tokio::test]
async fn hangup_reloads_and_terminate_and_interrupt_stop() {
    let mut signals = Signals::listen().expect("signals");
    for (sent, meant) in [
        (Signal::HUP, DaemonSignal::Reload),
        (Signal::TERM, DaemonSignal::Stop),
        (Signal::INT, DaemonSignal::Stop),
        (Signal::HUP, DaemonSignal::Reload),
    ] {
        kill_process(getpid(), sent).expect("sent");
        let heard = tokio::time::timeout(DEADLINE, signals.next()).await.expect("in time");
        assert_eq!(heard, Some(meant));
    }
    let silence = tokio::time::timeout(Duration::ZERO, signals.next()).await;
    assert!(silence.is_err(), "nothing else was asked");
}
