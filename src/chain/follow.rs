//! Following heads: by subscription where an endpoint is a WebSocket, by polling otherwise and whenever the subscription
//! goes quiet; parts of the next block where they are announced. Never gives up.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use alloy::pubsub::RawSubscription;
use backon::{BackoffBuilder, ExponentialBuilder};
use tokio::{
    sync::{broadcast::error::RecvError, watch},
    time::{MissedTickBehavior, interval, sleep, timeout},
};

use super::{
    BlockRef, Endpoints, HeadOptions, Reader,
    call_error::CallError,
    endpoint::Endpoint,
    endpoints::decode,
    wire::{Part, WirePending},
};
use crate::config::PreConfirmed;

/// Base announces a part of a block this often.
const PART_TIME: Duration = Duration::from_millis(200);

/// An endpoint whose `pending` block was no longer part this often is taken to announce none: longer than a block takes.
const LOOKS_IN_VAIN: u32 = 25;

/// First and longest pause of asking for parts after an endpoint asked for patience: parts are a luxury, heads are not.
const PATIENCE: (Duration, Duration) = (Duration::from_secs(10), Duration::from_secs(300));

pub(super) struct Follower {
    pub(super) endpoints: Endpoints,
    pub(super) sealed: watch::Sender<Option<BlockRef>>,
    pub(super) parts: watch::Sender<Option<Part>>,
    pub(super) options: HeadOptions,
}

impl Follower {
    pub(super) async fn follow(&self) {
        if self.options.pre_confirmed == PreConfirmed::On {
            tokio::join!(self.follow_sealed(), self.ask_for_parts());
        } else {
            self.follow_sealed().await;
        }
    }

    async fn follow_sealed(&self) {
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
        let mut pace = Pace::default();
        loop {
            match timeout(self.options.stale_after, subscription.recv()).await {
                Ok(Ok(raw)) => match decode::<WirePending>(&raw).map(WirePending::part) {
                    Ok(Some(part)) => match pace.hear(part.block.number) {
                        Told::Blocks => self.accept(endpoint, BlockRef { pre_confirmed: false, ..part.block }),
                        Told::Parts => self.announced(endpoint, part).await,
                        Told::PartsAfterAll => {
                            tracing::info!(endpoint = %endpoint.name(), "announces blocks before they are sealed");
                            // What was taken for sealed is not.
                            self.poll().await;
                            self.announced(endpoint, part).await;
                        }
                    },
                    Ok(None) => tracing::warn!(endpoint = %endpoint.name(), "head without a height"),
                    Err(error) => tracing::warn!(endpoint = %endpoint.name(), %error, "head not understood"),
                },
                Ok(Err(RecvError::Lagged(_))) => {}
                Ok(Err(RecvError::Closed)) => return,
                Err(_) => {
                    let before = *self.sealed.borrow();
                    self.poll().await;
                    if *self.sealed.borrow() != before {
                        return;
                    }
                }
            }
        }
    }

    /// A part by subscription. Such a subscription never says that a block is sealed; the first part of the one after it does.
    async fn announced(&self, endpoint: &Endpoint, part: Part) {
        if self.options.pre_confirmed != PreConfirmed::Off {
            endpoint.set_part(part.block.number, self.endpoints.clock().monotonic());
            self.publish_part(part);
        }
        let sealed = self.sealed.borrow().map_or(0, |sealed| sealed.number);
        if part.block.number > sealed.saturating_add(1) {
            self.poll().await;
        }
    }

    /// Asks for parts, for ever: the first endpoint that has one.
    async fn ask_for_parts(&self) {
        let mut ticks = interval(PART_TIME);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut in_vain, mut without) = (0, BTreeSet::new());
        let mut pause = PATIENCE.0;
        loop {
            ticks.tick().await;
            let Some(endpoint) = self.endpoints.usable().into_iter().find(|it| !without.contains(&it.name())) else {
                continue;
            };
            match self.endpoints.part_of(&endpoint).await {
                Ok(Some(part)) => {
                    (in_vain, pause) = (0, PATIENCE.0);
                    self.publish_part(part);
                }
                Ok(None) => in_vain += 1,
                Err(CallError::RateLimited { wait, .. }) => {
                    pause = pause.max(wait.unwrap_or_default());
                    let said = humantime::format_duration(pause);
                    tracing::warn!(endpoint = %endpoint.name(), "asked for patience: no pre-confirmed blocks for {said}");
                    sleep(pause).await;
                    pause = pause.saturating_mul(2).min(PATIENCE.1);
                }
                Err(error) => tracing::debug!(endpoint = %endpoint.name(), %error, "no part"),
            }
            if in_vain >= LOOKS_IN_VAIN {
                tracing::warn!(
                    endpoint = %endpoint.name(),
                    "announces no pre-confirmed blocks: its pending block is never above its newest"
                );
                without.insert(endpoint.name());
                in_vain = 0;
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
        self.sealed.send_if_modified(|latest| {
            let is_new = latest.is_none_or(|latest| latest.hash != head.hash);
            if is_new {
                *latest = Some(head);
            }
            is_new
        });
    }

    fn publish_part(&self, part: Part) {
        self.parts.send_if_modified(|latest| latest.replace(part) != Some(part));
    }
}

/// What a subscription tells; newHeads of an endpoint that serves flashblocks tells parts.
#[derive(Debug, PartialEq, Eq)]
enum Told {
    Blocks,
    /// For the first time.
    PartsAfterAll,
    Parts,
}

/// How often a subscription tells a height.
#[derive(Debug, Default)]
struct Pace {
    number: u64,
    times: u32,
    in_parts: bool,
}

impl Pace {
    /// A height told twice is a reorg, more often it is parts.
    const REORG: u32 = 2;

    fn hear(&mut self, number: u64) -> Told {
        self.times = if number == self.number { self.times.saturating_add(1) } else { 1 };
        self.number = number;
        match (self.in_parts, self.times > Self::REORG) {
            (true, _) => Told::Parts,
            (false, false) => Told::Blocks,
            (false, true) => {
                self.in_parts = true;
                Told::PartsAfterAll
            }
        }
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
    fn a_reorg_is_no_announcement_in_parts_and_flashblocks_are() {
        let mut pace = Pace::default();
        for number in [7, 8, 8, 9, 9, 10] {
            assert_eq!(pace.hear(number), Told::Blocks, "{number}");
        }
        assert_eq!(pace.hear(10), Told::Blocks);
        assert_eq!(pace.hear(10), Told::PartsAfterAll, "three times the same height");
        assert_eq!(pace.hear(11), Told::Parts, "and so on");
    }
}
