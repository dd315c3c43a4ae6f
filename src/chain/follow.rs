//! Following heads: by subscription where there is a WebSocket, by polling otherwise and whenever the subscription goes
//! quiet. Never gives up.

use std::{sync::Arc, time::Duration};

use alloy::pubsub::RawSubscription;
use backon::{BackoffBuilder, ExponentialBuilder};
use tokio::{
    sync::{broadcast::error::RecvError, watch},
    time::{sleep, timeout},
};

use super::{
    BlockRef, Endpoints, HeadOptions, ReadError, Reader, endpoint::Endpoint, endpoints::decode, wire::WireBlock,
};

pub(super) struct Follower {
    pub(super) endpoints: Endpoints,
    pub(super) heads: watch::Sender<Option<BlockRef>>,
    pub(super) options: HeadOptions,
}

impl Follower {
    pub(super) async fn follow(&self) {
        self.poll().await;
        loop {
            let (endpoint, subscription) = self.poll_until_subscribed().await;
            tracing::debug!(endpoint = %endpoint.name(), "subscribed to heads");
            self.listen(&endpoint, subscription).await;
            tracing::warn!(endpoint = %endpoint.name(), "subscription to heads is dead, polling");
        }
    }

    /// Polls, while a subscription is looked for beside it.
    async fn poll_until_subscribed(&self) -> (Arc<Endpoint>, RawSubscription) {
        let subscribed = self.subscribe();
        tokio::pin!(subscribed);
        let mut pace = Pace::new(self.options.poll);
        loop {
            tokio::select! {
                biased;
                found = &mut subscribed => return found,
                () = sleep(pace.pause) => {
                    let came = self.poll().await;
                    pace.after(came);
                }
            }
        }
    }

    /// Tries the WebSockets in turn, for ever.
    async fn subscribe(&self) -> (Arc<Endpoint>, RawSubscription) {
        let mut pauses = pauses();
        loop {
            for endpoint in self.endpoints.websockets() {
                if endpoint.is_derived() && !self.endpoints.is_of_this_network(&endpoint).await {
                    continue;
                }
                match endpoint.subscribe_heads().await {
                    Ok(Some(subscription)) => return (endpoint, subscription),
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
                Ok(Ok(raw)) => {
                    endpoint.told(raw.get().len());
                    match decode::<WireBlock>(&raw) {
                        Ok(block) => self.accept(endpoint, block.into()),
                        Err(error) => tracing::warn!(endpoint = %endpoint.name(), %error, "head not understood"),
                    }
                }
                Ok(Err(RecvError::Lagged(_))) => {}
                Ok(Err(RecvError::Closed)) => return,
                Err(_) => {
                    if matches!(self.poll().await, Polled::New) {
                        return;
                    }
                }
            }
        }
    }

    fn accept(&self, endpoint: &Endpoint, head: BlockRef) {
        endpoint.set_head(head.number, self.endpoints.clock().monotonic());
        match self.endpoints.check_age(head) {
            Ok(head) => {
                self.publish(head);
            }
            Err(error) => tracing::warn!(endpoint = %endpoint.name(), %error, "head not used"),
        }
    }

    async fn poll(&self) -> Polled {
        match self.endpoints.head().await {
            Ok(head) if self.publish(head) => Polled::New,
            Ok(_) => Polled::Known,
            Err(error) => {
                tracing::debug!(%error, "no head");
                match error {
                    ReadError::RateLimited(_) => Polled::Refused,
                    _ => Polled::Known,
                }
            }
        }
    }

    fn publish(&self, head: BlockRef) -> bool {
        self.heads.send_if_modified(|latest| {
            let is_new = latest.is_none_or(|latest| latest.hash != head.hash);
            if is_new {
                *latest = Some(head);
            }
            is_new
        })
    }
}

/// What a poll brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Polled {
    New,
    Known,
    /// For the endpoints' rate limits.
    Refused,
}

/// How long polling pauses: a block's time while blocks come, longer on a chain that stands still, much longer where the
/// endpoints ask for patience.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Pace {
    shortest: Duration,
    pause: Duration,
}

impl Pace {
    /// Longest pause on a chain that stands still: its next block is seen so late at most.
    const STILL: Duration = Duration::from_millis(500);

    const fn new(shortest: Duration) -> Self {
        Self { shortest, pause: shortest }
    }

    fn after(&mut self, polled: Polled) {
        self.pause = match polled {
            Polled::New => self.shortest,
            // Polls that bring nothing come in between blocks too: only slowly slower.
            Polled::Known => (self.pause * 9 / 8).min(Self::STILL.max(self.shortest)),
            Polled::Refused => self.pause.saturating_mul(2).min(LONGEST_PAUSE),
        };
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn polling_slows_down_where_nothing_comes_or_it_is_too_much_and_is_quick_again_with_the_next_head() {
        let mut pace = Pace::new(Duration::from_millis(200));
        let mut after = |polled, times: u32| {
            (0..times).for_each(|_| pace.after(polled));
            pace.pause.as_millis()
        };
        assert_eq!([after(Polled::Known, 1), after(Polled::Known, 50)], [225, 500]);
        assert_eq!([after(Polled::Refused, 1), after(Polled::Refused, 20)], [1_000, 10_000]);
        assert_eq!(after(Polled::New, 1), 200);
    }
}
