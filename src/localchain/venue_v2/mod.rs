//! The second version of the perpetuals venue on the replica: what it lists, and the double of its services.
//!
//! Promises: one plain origin on loopback answers as the venue's services do where they are known (avantis-v2.md), and
//! brings signed orders to the stand-in, which checks them itself; take profits, stop losses, liquidations and limit
//! orders are carried out when a price reaches them. It ends when its chain ends. It misbehaves on request:
//! `PUT /keeper/behaviour` says how orders are treated, `PUT /venue/faults` what goes wrong on the way.
//! What the venue has and this has not answers 501: TWAP, referral, history of trades.

pub(crate) mod abi;
mod asked;
mod blitz;
mod calldata;
mod context;
mod core;
mod faults;
mod http;
mod link;
mod market;
pub(crate) mod pairs;
mod partial_trigger;
mod reads;
mod relays;
mod service;
mod tracking;
mod tx_builder;
mod typed;
mod work;

use std::sync::Arc;

use alloy::primitives::B256;
use tokio::{
    sync::{Mutex, watch},
    task::JoinHandle,
};

use self::{context::Context, faults::Faults, link::Link, tracking::Tracking};
use super::{LocalChainError, keeper::Behaviour, node::Node};

/// The services at work.
pub(super) struct Services {
    /// Where they listen.
    pub(super) url: String,
    /// What anvil calls this run of itself.
    pub(super) instance: B256,
    /// What the operator does by itself; ends with the chain.
    pub(super) work: JoinHandle<()>,
    /// The routes.
    pub(super) routes: JoinHandle<()>,
}

/// Whether this node has the stand-in of the second version.
pub(super) async fn is_on(node: &Node) -> bool {
    Link::is_there(node).await
}

/// Starts the services for a node.
pub(super) async fn start(
    node: Node,
    behaviour: watch::Sender<Behaviour>,
    port: u16,
) -> Result<Services, LocalChainError> {
    let link = Link::connect(node).await?;
    let instance = link.instance;
    let context = Context {
        link,
        behaviour,
        faults: watch::channel(Faults::default()).0,
        tracking: Arc::new(Tracking::default()),
        triggers: Arc::new(Mutex::new(Vec::new())),
        relays: Arc::default(),
    };
    let (url, routes) = service::start(context.clone(), port).await?;
    let work = tokio::spawn(work::work(context));
    Ok(Services { url, instance, work, routes })
}
