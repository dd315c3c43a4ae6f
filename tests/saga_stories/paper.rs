//! Practice: live prices, no transactions, the same tables and the same report.

use alloy::primitives::U256;
use rust_decimal::dec;
use trimtab::{
    localchain::Behaviour,
    perps::EndKind,
    trade::saga::{Executor, Progress, accept, advance},
};

use crate::story::{POLICIES, Story};

#[tokio::test]
async fn on_paper_a_signal_runs_to_its_target_without_a_transaction() {
    let story = Story::start(Behaviour::stopped()).await;
    let sender = story.trader.sender();
    let journal = sender.journal();
    let mut hand = Executor::Paper(journal);
    let signal = story.signal("p-1", 95, "low");
    accept(&story.desk, &hand, &signal, POLICIES).await.expect("taken");
    let progress = advance(&story.desk, &mut hand, "p-1").await.expect("goes on");
    assert!(matches!(progress, Progress::Waits { .. }), "{progress:?}");
    let reader = journal.reader();
    let perps = reader.open_perps().expect("perps");
    assert!(perps.len() == 1 && perps[0].paper, "{perps:#?}");
    let loops = reader.open_loops().expect("loops");
    assert!(loops.len() == 1 && loops[0].paper, "{loops:#?}");
    story.price("3200").await;
    let progress = advance(&story.desk, &mut hand, "p-1").await.expect("goes on");
    let Progress::Over(report) = progress else { panic!("{progress:?}") };
    let perp = report.perp.clone().expect("traded");
    assert_eq!(perp.ended, Some(EndKind::Target));
    assert_eq!(perp.net, perp.net_predicted);
    assert!(perp.net > Some(dec!(850)), "{perp:?}");
    assert!(report.paper && report.words().contains("(paper)"), "{}", report.words());
    assert_eq!(reader.open_loops().expect("loops"), []);
    assert_eq!(reader.open_perps().expect("perps"), []);
    assert_eq!(reader.governor_state(false).expect("asked"), None, "practice has a governor of its own");
    assert!(reader.governor_state(true).expect("asked").is_some());
    assert_eq!(story.trader.replica.nonce(story.trader.account).await, U256::ZERO);
    // A look at what is unresolved leaves practice alone.
    let findings = trimtab::send::reconcile(journal, sender.wire(), &*story.desk.clock).await.expect("reconciled");
    assert!(findings.is_empty(), "{findings:?}");
}
