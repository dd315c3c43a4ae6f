//! The running keeper: its loop and its handle.

use std::time::Duration;

use alloy::primitives::B256;
use tokio::{sync::watch, task::JoinHandle, time::Instant};
use tracing::warn;

use super::{behaviour::Behaviour, link::Link, round::Memory, round::round, service};
use crate::localchain::{Kit, LocalChainError, node::Node, venue_v2};

/// How often the chain is looked at.
const TICK: Duration = Duration::from_millis(25);
/// How long a chain may be silent before it counts as ended.
const PATIENCE: Duration = Duration::from_secs(2);

/// How a keeper starts.
#[derive(Debug, Clone, Copy, Default)]
pub struct KeeperOptions {
    /// Port of its price service on loopback; 0 takes any free one.
    pub price_port: u16,
    /// How it treats orders at first.
    pub behaviour: Behaviour,
}

/// A keeper at work; it stops with this value.
#[derive(Debug)]
pub struct Keeper {
    behaviour: watch::Sender<Behaviour>,
    price_url: String,
    instance: B256,
    work: JoinHandle<()>,
    service: JoinHandle<()>,
}

impl Keeper {
    /// Starts a keeper and its price service for the local chain at this URL.
    pub async fn start(url: &str, kit: &Kit, options: KeeperOptions) -> Result<Self, LocalChainError> {
        let node = Node::new(url)?;
        if venue_v2::is_on(&node).await {
            return Self::of_second_version(node, options).await;
        }
        let link = Link::connect(url, kit).await?;
        let (behaviour, watched) = watch::channel(options.behaviour);
        let (price_url, service) = service::start(link.clone(), behaviour.clone(), options.price_port).await?;
        let instance = link.instance;
        let work = tokio::spawn(work(link, watched));
        Ok(Self { behaviour, price_url, instance, work, service })
    }

    /// The operator and all services of the venue's second version, on one origin.
    async fn of_second_version(node: Node, options: KeeperOptions) -> Result<Self, LocalChainError> {
        let (behaviour, _) = watch::channel(options.behaviour);
        let services = venue_v2::start(node, behaviour.clone(), options.price_port).await?;
        let venue_v2::Services { url, instance, work, routes } = services;
        Ok(Self { behaviour, price_url: url, instance, work, service: routes })
    }

    /// Where its price service listens, such as `http://127.0.0.1:8645`.
    #[must_use]
    pub fn price_url(&self) -> &str {
        &self.price_url
    }

    /// What anvil calls the run of itself that this keeper works for.
    #[must_use]
    pub const fn instance(&self) -> B256 {
        self.instance
    }

    /// Changes how it treats orders from now on.
    pub fn behave(&self, behaviour: Behaviour) {
        self.behaviour.send_replace(behaviour);
    }

    /// Returns when its chain has ended.
    pub async fn chain_ended(&mut self) {
        // The task ends by itself or is aborted by us; neither is an error to report.
        let _ = (&mut self.work).await;
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.work.abort();
        self.service.abort();
    }
}

async fn work(link: Link, mut behaviour: watch::Receiver<Behaviour>) {
    let mut memory = Memory::default();
    let mut looked_at = None;
    let mut answered = Instant::now();
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        let newest = match link.node.metadata().await {
            Ok(metadata) if metadata.instance_id != link.instance => return,
            Ok(metadata) => metadata.latest_block_hash,
            Err(_) if answered.elapsed() > PATIENCE => return,
            Err(_) => continue,
        };
        answered = Instant::now();
        let changed = behaviour.has_changed().unwrap_or(false);
        if looked_at == Some(newest) && !changed {
            continue;
        }
        behaviour.mark_unchanged();
        match round(&link, &behaviour, &mut memory).await {
            // While something waits for its delay the same block is looked at again.
            Ok(waits) => looked_at = (!waits).then_some(newest),
            Err(error) => warn!(%error, "keeper round failed, trying again"),
        }
    }
}
