//! An endpoint that announces the next block before it is sealed, made of two nodes: the chain as it is sealed, and a fork of
//! it on which the next block exists already. What is asked of `pending` is asked of the fork's newest block; everything
//! else, and every transaction, goes to the chain.
#![allow(dead_code, unreachable_pub, missing_docs, clippy::expect_used, clippy::panic)]

use std::sync::{Arc, Mutex};

use serde_json::json;
use trimtab::localchain::{PriceChange, PriceScope};

use crate::{
    common::Replica,
    proxy::{Proxy, Verdict},
};

/// The endpoint, and what it announces.
pub struct Announced {
    pub proxy: Proxy,
    fork: Arc<Mutex<Option<String>>>,
}

impl Announced {
    /// Before a chain; it announces nothing yet.
    pub fn before(chain: &str) -> Self {
        let fork = Arc::<Mutex<Option<String>>>::default();
        let script = fork.clone();
        let proxy = Proxy::before(chain, move |method, params| {
            let place = match method {
                "eth_getBlockByNumber" => 0,
                "eth_call" | "eth_simulateV1" => 1,
                _ => return Verdict::Pass,
            };
            if params[place] != "pending" {
                return Verdict::Pass;
            }
            let mut params = params.clone();
            params[place] = json!("latest");
            match &*script.lock().expect("lock") {
                Some(fork) => Verdict::Elsewhere(fork.clone(), params),
                // As an endpoint that announces nothing: its pending block is its newest.
                None if place == 0 => Verdict::Ask("eth_getBlockByNumber", params),
                None => Verdict::Pass,
            }
        });
        Self { proxy, fork }
    }

    /// Ether at this price in the block above the sealed ones, and nowhere else; as long as the fork lives.
    pub async fn announce(&self, chain: &Replica, dollars: &str) -> Replica {
        let fork = Replica::fork_of(chain.url()).await;
        let sealed = chain.controls.head().await.expect("head").number;
        let change = PriceChange::parse("ETH", dollars).expect("price");
        fork.controls.price(&change, PriceScope::Everything).await.expect("moved");
        assert_eq!(fork.controls.head().await.expect("head").number, sealed + 1, "one block is announced");
        *self.fork.lock().expect("lock") = Some(fork.url().to_owned());
        fork
    }

    /// Takes the announcement back.
    pub fn withdraw(&self) {
        *self.fork.lock().expect("lock") = None;
    }
}
