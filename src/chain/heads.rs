//! New heads as they come: by subscription where an endpoint is a WebSocket, by polling otherwise and whenever the
//! subscription goes quiet. Never gives up; silence is reported, not hidden.

use std::{sync::Arc, time::Duration};

use alloy::pubsub::RawSubscription;
use backon::{BackoffBuilder, ExponentialBuilder};
use tokio::{
    sync::{broadcast::error::RecvError, watch},
    task::JoinHandle,
    time::{MissedTickBehavior, interval, sleep, timeout},
};

use super::{BlockRef, Endpoints, ReadError, Reader, endpoint::Endpoint, endpoints::decode, wire::WireBlock};

/// How heads are followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeadOptions {
    /// How often endpoints without subscriptions are asked.
    pub poll: Duration,
    /// Silence after which there is something to tell: three of Base's blocks (strategy.md §5).
    pub stale_after: Duration,
}

impl Default for HeadOptions {
    fn default() -> Self {
        Self { poll: Duration::from_millis(500), stale_after: Duration::from_secs(6) }
    }
}

/// The heads of the chain; only the newest is kept. Following ends when this is dropped.
#[derive(Debug)]
pub struct Heads {
    latest: watch::Receiver<Option<BlockRef>>,
    task: JoinHandle<()>,
    options: HeadOptions,
}

impl Heads {
    /// The next head that was not returned before. [`ReadError::Stale`] when none came for
    /// [`HeadOptions::stale_after`]; ask again, following goes on. (A local chain that only mines on demand is silent
    /// and well.)
    pub async fn next(&mut self) -> Result<BlockRef, ReadError> {
        match timeout(self.options.stale_after, self.latest.changed()).await {
            Ok(Ok(())) => self.latest().ok_or_else(|| ReadError::Unavailable("no head".to_owned())),
            Ok(Err(_)) => Err(ReadError::Unavailable("heads are not followed any more".to_owned())),
            Err(_) => {
                let last =
                    self.latest().map_or_else(|| "no block at all".to_owned(), |head| format!("block {}", head.number));
                let silence = humantime::format_duration(self.options.stale_after);
                Err(ReadError::Stale(format!("no new head for {silence}, the last was {last}")))
            }
        }
    }

    /// The newest head so far.
    #[must_use]
    pub fn latest(&self) -> Option<BlockRef> {
        *self.latest.borrow()
    }
}

impl Drop for Heads {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Endpoints {
    /// Follows the heads from now on. Must be called inside a tokio runtime.
    #[must_use]
    pub fn heads(&self, options: HeadOptions) -> Heads {
        let (sender, latest) = watch::channel(None);
        let endpoints = self.clone();
        let task = tokio::spawn(async move { Follower { endpoints, sender, options }.follow().await });
        Heads { latest, task, options }
    }
}

struct Follower {
    endpoints: Endpoints,
    sender: watch::Sender<Option<BlockRef>>,
    options: HeadOptions,
}

impl Follower {
    async fn follow(&self) {
        self.poll().await;
        loop {
            let (endpoint, subscription) = self.poll_until_subscribed().await;
            self.listen(&endpoint, subscription).await;
            tracing::warn!(endpoint = %endpoint.name(), "subscription to heads is dead, polling");
        }
    }

    /// Polls, while a subscription is looked for beside it.
    async fn poll_until_subscribed(&self) -> (Arc<Endpoint>, RawSubscription) {
        let subscribed = self.subscribe();
        tokio::pin!(subscribed);
        let mut ticks = interval(self.options.poll);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                found = &mut subscribed => return found,
                _ = ticks.tick() => self.poll().await,
            }
        }
    }

    /// Tries the WebSockets in turn, for ever.
    async fn subscribe(&self) -> (Arc<Endpoint>, RawSubscription) {
        let mut pauses = pauses();
        loop {
            for endpoint in self.endpoints.trusted().filter(|endpoint| endpoint.is_websocket() && !endpoint.is_behind())
            {
                match endpoint.subscribe_heads().await {
                    Ok(Some(subscription)) => return (endpoint.clone(), subscription),
                    Ok(None) => {}
                    Err(error) => tracing::debug!(endpoint = %endpoint.name(), %error, "no subscription to heads"),
                }
            }
            sleep(pauses.next().unwrap_or(LONGEST_PAUSE)).await;
        }
    }

    /// Publishes what the subscription tells, until it is dead: it ended, or it was quiet while the chain went on.
    async fn listen(&self, endpoint: &Endpoint, mut subscription: RawSubscription) {
        loop {
            match timeout(self.options.stale_after, subscription.recv()).await {
                Ok(Ok(raw)) => match decode::<WireBlock>(&raw).map(BlockRef::from) {
                    Ok(head) => self.accept(endpoint, head),
                    Err(error) => tracing::warn!(endpoint = %endpoint.name(), %error, "head not understood"),
                },
                Ok(Err(RecvError::Lagged(_))) => {}
                Ok(Err(RecvError::Closed)) => return,
                Err(_) => {
                    let before = *self.sender.borrow();
                    self.poll().await;
                    if *self.sender.borrow() != before {
                        return;
                    }
                }
            }
        }
    }

    fn accept(&self, endpoint: &Endpoint, head: BlockRef) {
        endpoint.set_head(head.number, self.endpoints.clock().monotonic());
        match self.endpoints.check_age(head) {
            Ok(head) => self.publish(head),
            Err(error) => tracing::warn!(endpoint = %endpoint.name(), %error, "head not used"),
        }
    }

    async fn poll(&self) {
        match self.endpoints.head().await {
            Ok(head) => self.publish(head),
            Err(error) => tracing::debug!(%error, "no head"),
        }
    }

    fn publish(&self, head: BlockRef) {
        self.sender.send_if_modified(|latest| {
            let is_new = latest.is_none_or(|latest| latest.hash != head.hash);
            if is_new {
                *latest = Some(head);
            }
            is_new
        });
    }
}

const LONGEST_PAUSE: Duration = Duration::from_secs(10);

fn pauses() -> impl Iterator<Item = Duration> {
    ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(500))
        .with_max_delay(LONGEST_PAUSE)
        .without_max_times()
        .with_jitter()
        .build()
}
