//! The demo's story: on a replica that makes a block every 200 ms, as the command tells it, and on forks: of a replica, always;
//! of live Base, where `BASE_RPC_URL` names an endpoint.

use crate::common;

use indicatif::ProgressBar;
use trimtab::{
    localchain::{Anvil, ComposerSource, ForkOptions, Kit, ReplicaState},
    perps::EndKind,
    scenarios::{Beat, Stage, demo, loop_story},
    send::Settlement,
};

async fn stage_on_a_fork_of(url: &str, journal: &std::path::Path) -> Stage {
    let kit = common::kit();
    let anvil = Anvil::fork(&kit, &ForkOptions::latest(url), 0).await.expect("fork");
    Stage::on(anvil, &kit, journal).await.expect("stage")
}

/// Every figure was within its tolerance and nothing was left behind.
fn assert_as_predicted(settlement: &Settlement) {
    let off: Vec<_> = settlement.figures.iter().filter(|figure| !figure.within).collect();
    // Leverage is derived and has no tolerance of its own: a thousandth is what an action promises.
    let off: Vec<_> = off
        .into_iter()
        .filter(|figure| figure.name != "leverage" || figure.ppm.is_none_or(|ppm| ppm.to::<u64>() > 1_000))
        .collect();
    assert!(off.is_empty(), "{off:?}");
}

#[tokio::test]
async fn the_demo_runs_on_a_fork_of_a_replica() {
    let replica = common::Replica::start().await;
    let journal = tempfile::tempdir().expect("directory");
    let stage = stage_on_a_fork_of(replica.url(), journal.path()).await;
    goes_as_told(stage, &replica.kit).await;
}

#[tokio::test]
async fn the_demo_runs_at_a_block_every_200_ms() {
    let kit = common::kit();
    let state = ReplicaState::ensure(&kit, ComposerSource::Remembered, &ProgressBar::hidden()).await.expect("state");
    let journal = tempfile::tempdir().expect("directory");
    let stage = Stage::at_cadence(&kit, &state, journal.path()).await.expect("stage");
    goes_as_told(stage, &kit).await;
}

async fn goes_as_told(stage: Stage, kit: &Kit) {
    let (mut settled, mut ends, mut trimmed) = (0, Vec::new(), false);
    let told = demo(stage, kit, |beat| match beat {
        Beat::Done { settlement, .. } => {
            settled += 1;
            assert_as_predicted(settlement);
        }
        Beat::Assessed { assessment } => assert!(assessment.is_feasible(), "{:?}", assessment.refusals),
        Beat::Traded { report } => ends.push(report.perp.as_ref().and_then(|perp| perp.ended)),
        Beat::Watched { turn } => trimmed = turn.acted.as_ref().is_some_and(|acted| acted.mined_in.is_some()),
        _ => {}
    });
    Box::pin(told).await.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(settled, 4, "open, adjust, close; and close");
    assert_eq!(ends, [Some(EndKind::Target), Some(EndKind::Stop)]);
    assert!(trimmed, "the watchdog trimmed the loop");
}

#[tokio::test]
async fn the_demo_runs_on_a_fork_of_live_base() {
    match std::env::var("BASE_RPC_URL") {
        Ok(url) if !url.is_empty() => {
            // The perp venue on live Base is another version: only the loop's story is told there.
            let journal = tempfile::tempdir().expect("directory");
            let mut stage = stage_on_a_fork_of(&url, journal.path()).await;
            let mut settled = 0;
            let mut tell = |beat: Beat<'_>| {
                if let Beat::Done { settlement, .. } = beat {
                    settled += 1;
                    assert_as_predicted(settlement);
                }
            };
            loop_story(&mut stage, &mut tell).await.unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(settled, 3, "open, adjust and close");
        }
        _ => eprintln!("BASE_RPC_URL is not set: the fork of live Base was not tested"),
    }
}
