//! The demo's story on forks: of a replica, always; of live Base, where `BASE_RPC_URL` names an endpoint.

#![allow(clippy::expect_used, clippy::panic)] // A test reports by panicking.

#[cfg(test)]
mod common;

use trimtab::{
    localchain::{Anvil, ForkOptions},
    scenarios::{Beat, Stage, demo},
};

/// Tells the story on a fork and checks that every figure was within its tolerance and nothing was left behind.
async fn tell_on_a_fork_of(url: &str) {
    let kit = common::kit();
    let anvil = Anvil::fork(&kit, &ForkOptions::latest(url), 0).await.expect("fork");
    let journal = tempfile::tempdir().expect("directory");
    let mut stage = Stage::on(anvil, &kit, journal.path()).await.expect("stage");
    let mut settled = 0;
    demo(&mut stage, |beat| {
        if let Beat::Done { settlement, .. } = beat {
            settled += 1;
            let off: Vec<_> = settlement.figures.iter().filter(|figure| !figure.within).collect();
            // Leverage is derived and has no tolerance of its own: a thousandth is what an action promises.
            let off: Vec<_> = off
                .into_iter()
                .filter(|figure| figure.name != "leverage" || figure.ppm.is_none_or(|ppm| ppm.to::<u64>() > 1_000))
                .collect();
            assert!(off.is_empty(), "{off:?}");
        }
    })
    .await
    .unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(settled, 3, "open, adjust and close");
}

#[tokio::test]
async fn the_demo_runs_on_a_fork_of_a_replica() {
    let replica = common::Replica::start().await;
    tell_on_a_fork_of(replica.url()).await;
}

#[tokio::test]
async fn the_demo_runs_on_a_fork_of_live_base() {
    match std::env::var("BASE_RPC_URL") {
        Ok(url) if !url.is_empty() => tell_on_a_fork_of(&url).await,
        _ => eprintln!("BASE_RPC_URL is not set: the fork of live Base was not tested"),
    }
}
