//! Receipts that are not true, and hand-ins that no endpoint takes.

use crate::send_net::Bench;
use alloy::primitives::B256;
use trimtab::{
    chain::{Rejection, SendOutcome},
    journal::{Inclusion, IntentState, JournalError, Stamp},
    plan::{Plan, SignedPermits},
    send::{Class, Ending, Outcome, SendError, Verdict, reconcile},
    units::{Millis, Secs},
};

async fn execute(bench: &mut Bench, plan: Plan) -> Result<Outcome, SendError> {
    let ready = bench.ready(plan, &SignedPermits::new()).await;
    bench.sender.execute(ready, &SignedPermits::new()).await
}

fn state(bench: &Bench, plan: &Plan) -> IntentState {
    bench.sender.journal().reader().intent(plan.id.parse().expect("id")).expect("intent").state
}

#[tokio::test]
async fn a_receipt_in_a_real_block_for_what_was_swallowed_is_not_believed() {
    let mut bench = Bench::new(40).await;
    {
        let mut net = bench.net.inner();
        net.answer = Some(SendOutcome::Accepted);
        net.invents_receipts = true;
    }
    let plan = bench.plan(1);
    let outcome = execute(&mut bench, plan.clone()).await.expect("signed");
    assert!(matches!(outcome.ending, Ending::Unknown { nonce: 0, .. }), "{outcome:?}");
    assert_eq!(outcome.exit_code(), 7);
    // Nor is it when the journal is reconciled; what was signed brings it about once an endpoint is honest.
    let found = reconcile(bench.sender.journal(), &bench.net, &*bench.clock).await.expect("reconciled");
    assert!(matches!(found[0].verdict, Verdict::NotSeen { nonce: 0, .. }), "{found:?}");
    {
        let mut net = bench.net.inner();
        net.answer = None;
        net.invents_receipts = false;
    }
    let again = bench.sender.resend(plan.id.parse().expect("id")).await.expect("sent");
    assert!(again.is_mined(), "{again:?}");
    assert_eq!(state(&bench, &plan), IntentState::Mined);
}

#[tokio::test]
async fn endpoints_that_contradict_each_other_about_a_receipt_leave_it_unknown() {
    let mut bench = Bench::new(41).await;
    bench.net.inner().contradiction = Some("another endpoint does not have it".to_owned());
    let plan = bench.plan(1);
    let outcome = execute(&mut bench, plan.clone()).await.expect("signed");
    assert!(matches!(outcome.ending, Ending::Unknown { .. }), "{outcome:?}");
    bench.net.inner().contradiction = None;
    let found = reconcile(bench.sender.journal(), &bench.net, &*bench.clock).await.expect("reconciled");
    assert!(matches!(found[0].verdict, Verdict::Mined { .. }), "{found:?}");
}

/// A plan that the journal has as included although nothing was ever mined, as a false receipt once left it.
async fn falsely_included(bench: &mut Bench) -> Plan {
    bench.net.inner().answer = Some(SendOutcome::Ambiguous("lost".to_owned()));
    let plan = bench.plan(1);
    let outcome = execute(bench, plan.clone()).await.expect("signed");
    let Ending::Unknown { hash, .. } = outcome.ending else { panic!("{outcome:?}") };
    bench.net.inner().answer = None;
    let head = trimtab::send::ChainClient::head(&bench.net).await.expect("head");
    let inclusion = Inclusion {
        block_number: head.number,
        block_hash: head.hash,
        success: true,
        gas_used: 100_000,
        effective_gas_price: 1,
        l1_fee: None,
    };
    let stamp = Stamp { block_time: Secs(1), wall: Millis(1) };
    bench.sender.journal().record_included(hash, &inclusion, None, stamp).expect("recorded");
    bench.net.mine(1_000);
    plan
}

#[tokio::test]
async fn what_the_journal_has_as_included_and_is_in_no_block_is_found_named_and_put_right() {
    let mut bench = Bench::new(42).await;
    let plan = falsely_included(&mut bench).await;
    assert_eq!(state(&bench, &plan), IntentState::Mined);
    // Thousands of blocks on, too.
    let found = reconcile(bench.sender.journal(), &bench.net, &*bench.clock).await.expect("reconciled");
    assert!(found[0].never_included && matches!(found[0].verdict, Verdict::NotSeen { nonce: 0, .. }), "{found:?}");
    assert!(found[0].words().contains("which was false"), "{}", found[0].words());
    let again = bench.sender.resend(plan.id.parse().expect("id")).await.expect("sent");
    assert!(again.is_mined(), "{again:?}");
}

#[tokio::test]
async fn a_false_inclusion_does_not_block_an_account_for_good() {
    let mut bench = Bench::new(43).await;
    let first = falsely_included(&mut bench).await;
    // The next action finds out by itself, and says what stands in its way.
    let next = bench.plan(1);
    let refused = execute(&mut bench, next).await.expect_err("its nonce is not used");
    let SendError::Journal(JournalError::Unresolved { ids }) = &refused else { panic!("{refused}") };
    assert_eq!(ids.iter().map(ToString::to_string).collect::<Vec<_>>(), [first.id.as_str()]);
    let again = bench.sender.resend(first.id.parse().expect("id")).await.expect("sent");
    assert!(again.is_mined(), "{again:?}");
    let next = bench.plan(1);
    assert!(execute(&mut bench, next).await.expect("signed").is_mined());
}

#[tokio::test]
async fn what_no_endpoint_takes_can_be_asked_for_again_as_it_was() {
    let mut bench = Bench::new(44).await;
    let mut hashes: Vec<B256> = Vec::new();
    let said = "in-flight transaction limit reached for delegated accounts";
    bench.net.inner().answer = Some(SendOutcome::Rejected(Rejection::NotTaken(said.to_owned())));
    // The same action each time, on the same head, for the same fees.
    let steps = bench.plan(1).steps;
    bench.net.inner().advances = false;
    for _ in 0..3 {
        let plan = Plan { steps: steps.clone(), ..bench.plan(1) };
        let outcome = execute(&mut bench, plan).await.expect("signed");
        assert!(matches!(&outcome.ending, Ending::NotTaken { reason } if reason == said), "{outcome:?}");
        assert_eq!((outcome.class(), outcome.exit_code()), (Some(Class::Retryable), 6));
        hashes.push(bench.net.distinct().last().expect("handed in").hash);
    }
    hashes.dedup();
    assert_eq!(hashes.len(), 3);
    bench.net.inner().answer = None;
    bench.net.inner().advances = true;
    let plan = Plan { steps, ..bench.plan(1) };
    assert!(execute(&mut bench, plan).await.expect("signed").is_mined());
}
