//! Whatever the network does, what was sent is what was recorded, and what is said of it is true.
//!
//! Seeded runs on a network that loses, delays, refuses, drops, reverts and lets somebody else use the key. Few seeds by
//! default; all of them with `TRIMTAB_LONG=1`.

use std::collections::{BTreeMap, BTreeSet};

use crate::send_net::{ACCOUNT, Bench, Net};
use alloy::primitives::{B256, Bytes};
use trimtab::{
    config::Urgency,
    journal::IntentState,
    plan::SignedPermits,
    send::{Bid, Ending, Outcome, SendError, Verdict, reconcile},
};

fn seeds() -> u64 {
    if std::env::var_os("TRIMTAB_LONG").is_some() { 1_500 } else { 60 }
}

/// One run: some plans on a bad network, then a good one on which everything settles.
async fn run(seed: u64) -> BTreeMap<&'static str, usize> {
    let mut bench = Bench::new(seed).await;
    let mut endings = BTreeMap::new();
    for round in 0..4u8 {
        let turn = seed + u64::from(round);
        let mut plan = bench.plan(1 + round % 2);
        if round == 3 {
            plan.urgency = Urgency::Open;
        }
        let ready = bench.ready(plan.clone(), &SignedPermits::new()).await;
        let handed = bench.net.distinct().len();
        trouble(&bench.net, turn);
        if round == 3 {
            bench.net.inner().includes = !seed.is_multiple_of(2);
        }
        let result = bench.sender.execute(ready, &SignedPermits::new()).await;
        *endings.entry(name(&result)).or_default() += 1;
        check_wire(&bench, seed);
        match result {
            Err(_) => assert_eq!(bench.net.distinct().len(), handed, "seed {seed}: an error, yet something was sent"),
            Ok(outcome) => check_truth(&bench.net, &outcome, handed, seed),
        }
        if round == 3 {
            *endings.entry(protect(&mut bench, seed).await).or_default() += 1;
        }
        settle(&mut bench, seed).await;
        let id = plan.id.parse().expect("id");
        let state = bench.sender.journal().reader().intent(id).expect("recorded").state;
        assert!(matches!(state, IntentState::Mined | IntentState::Failed), "seed {seed}: {state}");
    }
    endings
}

/// On top of whatever the last round left open: a protective action in the same trouble, and a second attempt where the
/// market moved past the first.
async fn protect(bench: &mut Bench, seed: u64) -> &'static str {
    {
        // A block takes again what it is offered, or the market moves on before it does; everything else goes on going wrong.
        let height = bench.net.height();
        let mut net = bench.net.inner();
        let moves_on = seed.is_multiple_of(3);
        (net.includes, net.least_fee, net.spoils_at) = (!moves_on, 0, moves_on.then_some(height + 9));
    }
    let first = protect_once(bench, Bid::FIRST, seed).await;
    if first != "outdated" {
        return first;
    }
    bench.net.inner().includes = true;
    match protect_once(bench, Bid { attempt: 1 }, seed).await {
        "mined in place of another" => "mined in place of an outdated one",
        other => other,
    }
}

async fn protect_once(bench: &mut Bench, bid: Bid, seed: u64) -> &'static str {
    let plan = bench.plan(1);
    let revert = bench.net.inner().reverts_from.take();
    let ready = bench.ready(plan.clone(), &SignedPermits::new()).await;
    let handed = bench.net.distinct().len();
    bench.net.inner().reverts_from = revert;
    let pending = bench.sender.journal().reader().pending_transactions().expect("readable");
    let result = bench.sender.execute_protective(ready, &SignedPermits::new(), bid).await;
    check_wire(bench, seed);
    match &result {
        Err(_) => assert_eq!(bench.net.distinct().len(), handed, "seed {seed}: an error, yet something was sent"),
        Ok(outcome) => {
            if let Ending::Superseded { by, intent: Some(intent), .. } = outcome.ending {
                let record = bench.sender.journal().reader().transaction(by).expect("recorded");
                assert!(record.intent == intent && record.state.is_included(), "seed {seed}: {record:?}");
            }
            for mined in &outcome.done {
                assert_eq!(bench.net.included(mined.receipt.transaction), Some(true), "seed {seed}: {mined:?}");
                for old in &pending {
                    let gone = bench.sender.journal().reader().transaction(old.hash.expect("signed")).expect("kept");
                    assert!(!gone.state.is_pending(), "seed {seed}: {gone:?} outlived what took its nonce");
                }
            }
        }
    }
    match name(&result) {
        "mined" if !pending.is_empty() => "mined in place of another",
        other => other,
    }
}

/// What goes wrong this time.
fn trouble(net: &Net, turn: u64) {
    let height = net.height();
    let mut net = net.inner();
    net.faults = [5, 15, 30][usize::try_from(turn % 3).expect("small")];
    net.reverts_late = turn.is_multiple_of(8);
    // What shows only when it is handed in is in the next block: nobody has the time to take it back.
    net.reverts_from = turn.is_multiple_of(4).then_some(height + if net.reverts_late { 1 } else { 4 });
    net.foreign_at = turn.is_multiple_of(5).then_some(height + 3);
    net.least_fee = if turn.is_multiple_of(2) && !net.reverts_late { 230_000_000 } else { 0 };
    net.includes = !turn.is_multiple_of(7);
}

fn name(result: &Result<Outcome, SendError>) -> &'static str {
    match result {
        Err(_) => "error",
        Ok(outcome) => match outcome.ending {
            Ending::Mined => "mined",
            Ending::Reverted { .. } => "reverted",
            Ending::Rejected { .. } => "rejected",
            Ending::Cancelled { .. } => "cancelled",
            Ending::Superseded { .. } => "superseded",
            Ending::Unknown { .. } => "unknown",
            Ending::Outdated { .. } => "outdated",
            _ => "stopped",
        },
    }
}

/// Everything on the wire was recorded before; one action per nonce and one nonce at a time per step; whatever shares a
/// nonce says which one it replaces, or comes after one that was refused for certain.
fn check_wire(bench: &Bench, seed: u64) {
    assert!(bench.net.inner().unrecorded.is_empty(), "seed {seed}: sent before it was recorded");
    let reader = bench.sender.journal().reader();
    let mut actions: BTreeMap<u64, BTreeSet<(B256, Bytes)>> = BTreeMap::new();
    let mut live: BTreeMap<u64, Vec<B256>> = BTreeMap::new();
    for handed in bench.net.distinct() {
        let record = reader.transaction(handed.hash).expect("recorded");
        let on_nonce = live.entry(handed.nonce).or_default();
        match record.replaces {
            Some(old) => assert!(on_nonce.contains(&old), "seed {seed}: replaces what was never sent"),
            None => {
                // A fresh transaction on a nonce that was used before: only after certain refusals.
                for other in on_nonce.iter() {
                    let other = reader.transaction(*other).expect("recorded");
                    assert!(!other.state.is_pending(), "seed {seed}: two unrelated transactions on one nonce");
                    assert_eq!(bench.net.included(other.hash.expect("signed")), None, "seed {seed}");
                }
            }
        }
        on_nonce.push(handed.hash);
        if handed.to != ACCOUNT {
            let intent = alloy::primitives::keccak256(record.intent.to_string());
            actions.entry(handed.nonce).or_default().insert((intent, handed.input.clone()));
        }
    }
    // Per intent and step one payload: the payload is the plan's, so two intents never share one.
    let mut payloads: BTreeMap<Bytes, BTreeSet<B256>> = BTreeMap::new();
    for (intent, input) in actions.into_values().flatten() {
        payloads.entry(input).or_default().insert(intent);
    }
    assert!(payloads.values().all(|intents| intents.len() == 1), "seed {seed}: one payload for two intents");
}

/// What the outcome says is so, on the chain itself.
fn check_truth(net: &Net, outcome: &Outcome, before: usize, seed: u64) {
    for mined in &outcome.done {
        assert_eq!(net.included(mined.receipt.transaction), Some(true), "seed {seed}: {mined:?}");
    }
    match &outcome.ending {
        Ending::Reverted { receipt, .. } => assert_eq!(net.included(receipt.transaction), Some(false), "seed {seed}"),
        Ending::Cancelled { receipt, .. } => assert_eq!(net.included(receipt.transaction), Some(true), "seed {seed}"),
        Ending::Superseded { by, .. } => assert_eq!(net.included(*by), Some(true), "seed {seed}"),
        Ending::Unknown { .. } | Ending::Outdated { .. } => return,
        _ => {}
    }
    // No action that is not told as done ever gets into a block, however long one waits.
    let (faults, includes) = {
        let mut net = net.inner();
        net.least_fee = 0;
        (std::mem::take(&mut net.faults), std::mem::replace(&mut net.includes, true))
    };
    net.mine(3);
    let done: Vec<B256> = outcome.done.iter().map(|mined| mined.receipt.transaction).collect();
    for handed in net.distinct().iter().skip(before) {
        let reverted =
            matches!(&outcome.ending, Ending::Reverted { receipt, .. } if receipt.transaction == handed.hash);
        if handed.to != ACCOUNT && !done.contains(&handed.hash) && !reverted {
            assert_eq!(net.included(handed.hash), None, "seed {seed}: {handed:?} {outcome:?}");
        }
    }
    let mut inner = net.inner();
    inner.faults = faults;
    inner.includes = includes;
}

/// On a network without faults every open question is answered: by looking, or by sending the identical bytes again.
async fn settle(bench: &mut Bench, seed: u64) {
    {
        let mut net = bench.net.inner();
        (net.faults, net.least_fee, net.includes) = (0, 0, true);
    }
    bench.net.mine(2);
    let found = reconcile(bench.sender.journal(), &bench.net, &*bench.clock).await.expect("a network without faults");
    let repeated = reconcile(bench.sender.journal(), &bench.net, &*bench.clock).await.expect("the same again");
    let open = |findings: &[trimtab::send::Finding]| findings.iter().filter(|one| one.is_open()).count();
    assert!(open(&repeated) <= open(&found), "seed {seed}");
    for finding in repeated.iter().rev().filter(|finding| finding.is_open()) {
        let unresolved = bench.sender.journal().reader().unresolved().expect("readable");
        // Another intent on the same nonce has settled it.
        if !unresolved.iter().any(|intent| intent.id == finding.intent) {
            continue;
        }
        let again = match finding.verdict {
            Verdict::NotSeen { .. } if seed.is_multiple_of(2) => bench.sender.take_back(finding.intent).await,
            _ => bench.sender.resend(finding.intent).await,
        };
        match again {
            Ok(outcome) => {
                check_wire(bench, seed);
                assert!(!matches!(outcome.ending, Ending::Unknown { .. }), "seed {seed}: {outcome:?}");
            }
            // It would revert now: taken back instead.
            Err(SendError::Spoiled { intent, .. }) => {
                let outcome = bench.sender.take_back(intent).await.expect("signed");
                assert!(!matches!(outcome.ending, Ending::Unknown { .. }), "seed {seed}: {outcome:?}");
            }
            Err(SendError::TakenOver { .. }) => {}
            Err(error) => panic!("seed {seed}: {error}"),
        }
    }
    let _ = reconcile(bench.sender.journal(), &bench.net, &*bench.clock).await.expect("a network without faults");
    let unresolved = bench.sender.journal().reader().unresolved().expect("readable");
    assert!(unresolved.is_empty(), "seed {seed}: {unresolved:?}");
    let _ = reconcile(bench.sender.journal(), &bench.net, &*bench.clock).await.expect("closes what was not signed");
    bench.net.inner().reverts_from = None;
    bench.net.inner().foreign_at = None;
    bench.net.inner().spoils_at = None;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_the_network_does_nothing_is_sent_twice_and_what_is_said_is_true() {
    let mut all: BTreeMap<&'static str, usize> = BTreeMap::new();
    for seed in 0..seeds() {
        for (ending, count) in run(seed).await {
            *all.entry(ending).or_default() += count;
        }
    }
    println!("{all:?}");
    for ending in [
        "mined",
        "mined in place of another",
        "mined in place of an outdated one",
        "unknown",
        "error",
        "cancelled",
        "superseded",
        "reverted",
        "rejected",
    ] {
        assert!(all.contains_key(ending), "the faults never led to `{ending}`: {all:?}");
    }
}
