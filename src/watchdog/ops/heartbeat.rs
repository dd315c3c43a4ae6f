//! The dead-man's switch: a service that raises the alarm when it no longer hears from us.

use std::{sync::Arc, time::Duration};

use tokio::{
    task::JoinHandle,
    time::{MissedTickBehavior, interval, timeout},
};
use tracing::{debug, info, warn};

use super::{
    alerts::{AlertsError, Post},
    health::Pulse,
    metrics::Metrics,
};
use crate::config::{HeartbeatConfig, HeartbeatMethod, HookUrl};

/// Knocks while the daemon is alive; stops with this value.
#[derive(Debug)]
pub struct Heartbeat {
    task: JoinHandle<()>,
}

impl Heartbeat {
    /// Starts when an address is set. Must be called inside a runtime; reads the file that holds the address.
    pub fn start(
        config: &HeartbeatConfig,
        deadline: Duration,
        pulse: Arc<Pulse>,
        meters: Arc<Metrics>,
    ) -> Result<Option<Self>, AlertsError> {
        let Some(url) = config.endpoint()? else { return Ok(None) };
        let post = Post::new(&url, deadline).map_err(AlertsError::Client)?;
        let (every, max_head_age) = (config.interval, config.max_head_age);
        let beat = Beat { url, post, deadline, by_post: config.method == HeartbeatMethod::Post, meters };
        Ok(Some(Self { task: tokio::spawn(work(beat, pulse, every, max_head_age)) }))
    }
}

impl Drop for Heartbeat {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[derive(Debug)]
struct Beat {
    url: HookUrl,
    post: Post,
    deadline: Duration,
    by_post: bool,
    meters: Arc<Metrics>,
}

/// What became of a turn; a line is logged when it changes.
#[derive(Debug, PartialEq, Eq)]
enum Turn {
    Heard,
    Unheard(String),
    Silent,
}

async fn work(beat: Beat, pulse: Arc<Pulse>, every: Duration, max_head_age: Duration) {
    let mut last = Turn::Heard;
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let turn = if pulse.is_live(max_head_age) { beat.knock().await } else { beat.stay_silent() };
        if turn != last {
            match &turn {
                Turn::Heard => info!(url = %beat.url, "heartbeat is heard again"),
                Turn::Unheard(reason) => warn!(reason, "heartbeat is not heard"),
                Turn::Silent => warn!(?max_head_age, "no new head was evaluated: the heartbeat stays silent"),
            }
        }
        last = turn;
    }
}

impl Beat {
    fn stay_silent(&self) -> Turn {
        self.meters.heartbeat("withheld");
        Turn::Silent
    }

    async fn knock(&self) -> Turn {
        let answer = timeout(self.deadline, self.post.knock(&self.url, self.by_post)).await;
        let (turn, result) = match answer {
            Ok(Ok(())) => (Turn::Heard, "sent"),
            Ok(Err(failed)) => (Turn::Unheard(failed.to_string()), "failed"),
            Err(_) => (Turn::Unheard(format!("{}: no answer in time", self.url)), "failed"),
        };
        debug!(result, "heartbeat");
        self.meters.heartbeat(result);
        turn
    }
}
