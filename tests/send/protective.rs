//! What becomes of a boost that waits when the trim must go first: whichever of the two a block takes, the journal knows.

use crate::send_net;

use alloy::primitives::U256;
use rust_decimal::Decimal;
use send_net::{ACCOUNT, Bench, Net};
use trimtab::{
    chain::{PaidTips, SendOutcome},
    config::{FeeLimits, FeesConfig, Urgency},
    journal::{IntentState, JournalError, TransactionState},
    plan::{Plan, SignedPermits},
    send::{Bid, Ending, Outcome, SendError, Sender, Verdict, reconcile},
};

async fn execute(bench: &mut Bench, plan: Plan) -> Result<Outcome, SendError> {
    let ready = bench.ready(plan, &SignedPermits::new()).await;
    bench.sender.execute(ready, &SignedPermits::new()).await
}

async fn protect(bench: &mut Bench, plan: Plan) -> Result<Outcome, SendError> {
    let ready = bench.ready(plan, &SignedPermits::new()).await;
    bench.sender.execute_protective(ready, &SignedPermits::new(), Bid::FIRST).await
}

fn state(bench: &Bench, plan: &Plan) -> IntentState {
    bench.sender.journal().reader().intent(plan.id.parse().expect("id")).expect("intent").state
}

/// A boost that no block takes.
async fn stuck_boost(bench: &mut Bench) -> Plan {
    bench.net.inner().includes = false;
    let boost = bench.boost();
    let outcome = execute(bench, boost.clone()).await.expect("signed");
    assert!(matches!(outcome.ending, Ending::Unknown { .. }), "{outcome:?}");
    boost
}

/// Does something to the network as soon as so many transactions were handed in.
async fn once_handed(net: Net, distinct: usize, act: impl FnOnce(&Net)) {
    while net.distinct().len() < distinct {
        tokio::task::yield_now().await;
    }
    act(&net);
}

#[tokio::test]
async fn a_trim_takes_the_nonce_of_a_boost_that_waits_for_an_eighth_more() {
    let mut bench = Bench::new(1).await;
    let boost = stuck_boost(&mut bench).await;
    let offered = bench.net.distinct();
    let blocking = bench.sender.blocking().expect("readable");
    assert_eq!((blocking.len(), blocking[0].urgency, &blocking[0].nonces), (1, Some(Urgency::Open), &vec![0]));
    assert!(blocking[0].replaceable && bench.sender.require_resolved().is_err());

    // Two steps: the first takes the nonce over, the second has the next one.
    let trim = bench.plan(2);
    let ready = bench.ready(trim.clone(), &SignedPermits::new()).await;
    let turn = once_handed(bench.net.clone(), offered.len() + 1, |net| net.inner().includes = true);
    let permits = SignedPermits::new();
    let (outcome, ()) = tokio::join!(bench.sender.execute_protective(ready, &permits, Bid::FIRST), turn);
    let outcome = outcome.expect("signed");
    assert!(outcome.is_mined() && outcome.done.len() == 2, "{outcome:?}");
    let handed = bench.net.distinct();
    let ours = &handed[offered.len()];
    for old in &offered {
        assert!(ours.max_fee * 8 >= old.max_fee * 9 && ours.tip * 8 >= old.tip * 9, "{ours:?} {old:?}");
        assert_eq!((ours.nonce, bench.net.included(old.hash)), (old.nonce, None));
    }
    assert_eq!([state(&bench, &boost), state(&bench, &trim)], [IntentState::Failed, IntentState::Mined]);
    let record = bench.sender.journal().reader().transaction(ours.hash).expect("recorded");
    assert_eq!(record.replaces, Some(offered.last().expect("handed in").hash));
    assert!(bench.net.inner().unrecorded.is_empty());
    assert_eq!(bench.sender.blocking().expect("readable"), []);
    let next = bench.boost();
    assert!(execute(&mut bench, next).await.expect("signed").is_mined());
    assert_eq!(bench.net.distinct().last().expect("handed in").nonce, 2);
}

#[tokio::test]
async fn a_boost_that_a_block_takes_after_all_is_done_and_the_trim_plans_again() {
    let mut bench = Bench::new(2).await;
    let boost = stuck_boost(&mut bench).await;
    let before = bench.net.distinct();
    // The trim is lost on its way; then the pool gives up the boost to a block.
    bench.net.inner().answer = Some(SendOutcome::Ambiguous("lost".to_owned()));
    let trim = bench.plan(1);
    let ready = bench.ready(trim.clone(), &SignedPermits::new()).await;
    let turn = once_handed(bench.net.clone(), before.len() + 1, |net| net.inner().includes = true);
    let permits = SignedPermits::new();
    let (outcome, ()) = tokio::join!(bench.sender.execute_protective(ready, &permits, Bid::FIRST), turn);
    let outcome = outcome.expect("signed");
    let id = boost.id.parse().expect("id");
    assert!(
        matches!(outcome.ending, Ending::Superseded { nonce: 0, by, intent: Some(intent) }
            if intent == id && bench.net.included(by) == Some(true)),
        "{outcome:?}"
    );
    assert_eq!([state(&bench, &boost), state(&bench, &trim)], [IntentState::Mined, IntentState::Failed]);
    bench.net.inner().answer = None;
    let again = bench.plan(1);
    assert!(protect(&mut bench, again).await.expect("signed").is_mined());
    assert_eq!(bench.net.distinct().last().expect("handed in").nonce, 1);
}

#[tokio::test]
async fn a_boost_that_was_mined_unseen_is_found_before_the_trim_is_signed() {
    let mut bench = Bench::new(3).await;
    let boost = stuck_boost(&mut bench).await;
    bench.net.inner().includes = true;
    bench.net.mine(1);
    let trim = bench.plan(1);
    assert!(protect(&mut bench, trim).await.expect("signed").is_mined());
    assert_eq!(state(&bench, &boost), IntentState::Mined);
    assert_eq!(bench.net.distinct().last().expect("handed in").nonce, 1);
}

#[tokio::test]
async fn the_owner_who_uses_the_nonce_elsewhere_ends_both_and_the_next_goes_through() {
    let mut bench = Bench::new(4).await;
    let boost = stuck_boost(&mut bench).await;
    let trim = bench.plan(1);
    let ready = bench.ready(trim.clone(), &SignedPermits::new()).await;
    let handed = bench.net.distinct().len();
    let turn = once_handed(bench.net.clone(), handed + 1, |net| {
        let at = net.height() + 2;
        net.inner().foreign_at = Some(at);
    });
    let permits = SignedPermits::new();
    let (outcome, ()) = tokio::join!(bench.sender.execute_protective(ready, &permits, Bid::FIRST), turn);
    let outcome = outcome.expect("signed");
    assert!(matches!(outcome.ending, Ending::Superseded { nonce: 0, intent: None, .. }), "{outcome:?}");
    assert_eq!([state(&bench, &boost), state(&bench, &trim)], [IntentState::Failed, IntentState::Failed]);
    bench.net.inner().includes = true;
    let again = bench.plan(1);
    assert!(protect(&mut bench, again).await.expect("signed").is_mined());
    assert_eq!(bench.net.distinct().last().expect("handed in").nonce, 1);
}

#[tokio::test]
async fn a_trim_replaces_no_other_trim_and_a_boost_replaces_nothing() {
    let mut bench = Bench::new(5).await;
    bench.net.inner().includes = false;
    let trim = bench.plan(1);
    let outcome = protect(&mut bench, trim.clone()).await.expect("signed");
    assert!(matches!(outcome.ending, Ending::Unknown { .. }), "{outcome:?}");
    let handed = bench.net.distinct();

    let second = Plan { urgency: Urgency::LastResort, ..bench.plan(1) };
    let refused = protect(&mut bench, second).await.expect_err("one protective action at a time");
    let id = trim.id.parse().expect("id");
    assert!(matches!(&refused, SendError::Journal(JournalError::Unresolved { ids }) if *ids == vec![id]), "{refused}");
    let boost = bench.boost();
    let refused = protect(&mut bench, boost.clone()).await.expect_err("protects nothing");
    assert!(matches!(refused, SendError::NotProtective("open")), "{refused}");
    assert!(execute(&mut bench, boost).await.is_err());
    assert_eq!(bench.net.distinct(), handed, "nothing more was sent");

    // The first is dead for certain once somebody else has used its nonce.
    let at = bench.net.height() + 1;
    bench.net.inner().foreign_at = Some(at);
    bench.net.mine(1);
    bench.net.inner().includes = true;
    let third = bench.plan(1);
    assert!(protect(&mut bench, third).await.expect("signed").is_mined());
    assert_eq!(state(&bench, &trim), IntentState::Failed);
}

#[tokio::test]
async fn a_boost_lost_by_every_pool_keeps_its_nonce_so_that_at_most_one_of_the_two_happens() {
    let mut bench = Bench::new(6).await;
    bench.net.inner().answer = Some(SendOutcome::Ambiguous("lost".to_owned()));
    let boost = bench.boost();
    let outcome = execute(&mut bench, boost.clone()).await.expect("signed");
    assert!(matches!(outcome.ending, Ending::Unknown { .. }), "{outcome:?}");
    bench.net.inner().answer = None;
    let trim = bench.plan(1);
    assert!(protect(&mut bench, trim).await.expect("signed").is_mined());
    let nonces: Vec<u64> = bench.net.distinct().iter().map(|handed| handed.nonce).collect();
    assert!(nonces.iter().all(|nonce| *nonce == 0), "{nonces:?}");
    assert_eq!(state(&bench, &boost), IntentState::Failed);
}

#[tokio::test]
async fn of_several_pending_nonces_the_lowest_is_taken() {
    let mut bench = Bench::new(7).await;
    let first = bench.boost();
    assert!(execute(&mut bench, first.clone()).await.expect("signed").is_mined());
    bench.net.inner().advances = false;
    let second = stuck_boost(&mut bench).await;
    bench.net.reorganise(1, false);
    bench.net.inner().advances = true;
    bench.net.inner().includes = true;
    let trim = bench.plan(1);
    let outcome = protect(&mut bench, trim.clone()).await.expect("signed");
    assert!(outcome.is_mined(), "{outcome:?}");
    assert_eq!([state(&bench, &first), state(&bench, &trim)], [IntentState::Failed, IntentState::Mined]);
    let record = bench.sender.journal().reader().transaction(outcome.done[0].receipt.transaction).expect("recorded");
    assert_eq!((record.nonce, record.state), (0, TransactionState::Mined));
    bench.net.mine(3);
    let found = reconcile(bench.sender.journal(), &bench.net, &*bench.clock).await.expect("reconciled");
    assert!(matches!(found[0].verdict, Verdict::Mined { .. }), "{found:?}");
    assert_eq!(state(&bench, &second), IntentState::Mined);
}

#[tokio::test]
async fn a_ceiling_too_low_for_an_eighth_more_is_said_and_nothing_is_signed() {
    let mut bench = Bench::new(8).await;
    let boost = stuck_boost(&mut bench).await;
    let handed = bench.net.distinct();
    let Bench { net, sender, clock, dir, .. } = bench;
    drop(sender);
    let journal = trimtab::journal::Journal::open(dir.path(), send_net::NETWORK, ACCOUNT).expect("journal");
    let low =
        FeeLimits { max_fee_gwei: Decimal::new(22, 2), max_tip_gwei: Decimal::new(5, 2), min_tip_gwei: Decimal::ZERO };
    let fees = FeesConfig { trim: low, ..FeesConfig::default() };
    let patience = send_net::impatient();
    let sender = Sender::new(net.clone(), journal, send_net::signer().await, clock.clone())
        .with_patience(patience)
        .with_fees(fees);
    let mut bench = Bench::of(net, sender, clock, dir, 100);
    let trim = bench.plan(1);
    let refused = protect(&mut bench, trim.clone()).await.expect_err("no room");
    assert!(matches!(&refused, SendError::NoRoomToReplace { nonce: 0, .. }), "{refused}");
    assert!(refused.to_string().contains("0.22 gwei") && refused.exit_code() == 4, "{refused}");
    assert_eq!(bench.net.distinct(), handed);
    assert_eq!(state(&bench, &trim), IntentState::Failed);
    assert_ne!(state(&bench, &boost), IntentState::Failed);
}

#[tokio::test]
async fn the_sender_is_called_away_from_a_boost_and_never_from_a_trim() {
    let mut bench = Bench::new(9).await;
    bench.net.inner().includes = false;
    let boost = bench.boost();
    let ready = bench.ready(boost, &SignedPermits::new()).await;
    let interrupt = bench.sender.interrupt();
    let called = interrupt.clone();
    let turn = once_handed(bench.net.clone(), 1, |_| called.raise());
    let permits = SignedPermits::new();
    let (outcome, ()) = tokio::join!(bench.sender.execute(ready, &permits), turn);
    let outcome = outcome.expect("signed");
    assert!(matches!(&outcome.ending, Ending::Unknown { reason, .. } if reason.contains("protective")), "{outcome:?}");
    let trim = bench.plan(1);
    let ready = bench.ready(trim, &SignedPermits::new()).await;
    let handed = bench.net.distinct().len();
    let turn = once_handed(bench.net.clone(), handed + 1, |net| {
        interrupt.raise();
        net.inner().includes = true;
    });
    let (outcome, ()) = tokio::join!(bench.sender.execute_protective(ready, &permits, Bid::FIRST), turn);
    assert!(outcome.expect("signed").is_mined());
    // Raised and not taken up: nothing ordinary is signed before the protective action.
    let next = bench.boost();
    let refused = execute(&mut bench, next).await.expect_err("a protective action goes first");
    assert!(matches!(refused, SendError::Interrupted), "{refused}");
    bench.sender.interrupt().lower();
    let next = bench.boost();
    assert!(execute(&mut bench, next).await.expect("signed").is_mined());
}

#[tokio::test]
async fn a_boost_whose_nonce_was_taken_over_is_not_sent_again_behind_the_trims_back() {
    let mut bench = Bench::new(10).await;
    let boost = stuck_boost(&mut bench).await;
    let trim = bench.plan(1);
    let outcome = protect(&mut bench, trim.clone()).await.expect("signed");
    assert!(matches!(outcome.ending, Ending::Unknown { .. }), "{outcome:?}");
    let (boost_id, trim_id) = (boost.id.parse().expect("id"), trim.id.parse().expect("id"));
    for refused in [bench.sender.resend(boost_id).await, bench.sender.take_back(boost_id).await] {
        assert!(matches!(&refused, Err(SendError::TakenOver { by, .. }) if *by == trim_id), "{refused:?}");
    }
    let handed = bench.net.distinct().len();
    let turn = once_handed(bench.net.clone(), handed + 1, |net| net.inner().includes = true);
    let (outcome, ()) = tokio::join!(bench.sender.take_back(trim_id), turn);
    assert!(matches!(outcome.expect("signed").ending, Ending::Cancelled { .. }));
    assert_eq!([state(&bench, &boost), state(&bench, &trim)], [IntentState::Failed, IntentState::Failed]);
    assert_eq!(bench.sender.blocking().expect("readable"), []);
}

#[tokio::test]
async fn after_a_crash_both_are_settled_by_whichever_the_chain_shows() {
    for trim_wins in [true, false] {
        let mut bench = Bench::new(11).await;
        let boost = stuck_boost(&mut bench).await;
        let handed = bench.net.distinct().len();
        if !trim_wins {
            bench.net.inner().answer = Some(SendOutcome::Ambiguous("lost".to_owned()));
        }
        let trim = bench.plan(1);
        let outcome = protect(&mut bench, trim.clone()).await.expect("signed");
        assert!(matches!(outcome.ending, Ending::Unknown { .. }), "{outcome:?}");
        assert!(bench.net.distinct().len() > handed);
        bench.net.inner().includes = true;
        bench.net.mine(1);
        let found = reconcile(bench.sender.journal(), &bench.net, &*bench.clock).await.expect("reconciled");
        assert!(found.iter().all(|finding| !finding.is_open()) && found.len() == 2, "{found:?}");
        let (winner, loser) = if trim_wins { (&trim, &boost) } else { (&boost, &trim) };
        assert_eq!([state(&bench, winner), state(&bench, loser)], [IntentState::Mined, IntentState::Failed]);
        let lost = found.iter().find(|finding| finding.intent.to_string() == loser.id).expect("told");
        let won = winner.id.parse().expect("id");
        assert!(
            matches!(lost.verdict, Verdict::Superseded { by: Some(_), by_intent: Some(by) } if by == won),
            "{lost:?}"
        );
        let nothing = reconcile(bench.sender.journal(), &bench.net, &*bench.clock).await.expect("reconciled");
        assert_eq!(nothing, []);
    }
}

async fn protect_as(bench: &mut Bench, plan: Plan, attempt: u32) -> Result<Outcome, SendError> {
    let ready = bench.ready(plan, &SignedPermits::new()).await;
    bench.sender.execute_protective(ready, &SignedPermits::new(), Bid { attempt }).await
}

/// A trim that waits in the pool, and that the market then moves past.
async fn outdated_trim(bench: &mut Bench) -> Plan {
    bench.net.inner().includes = false;
    let trim = bench.plan(1);
    let ready = bench.ready(trim.clone(), &SignedPermits::new()).await;
    let before = bench.net.distinct().len();
    let turn = once_handed(bench.net.clone(), before + 1, |net| {
        let input = net.distinct().last().expect("handed in").input.clone();
        net.inner().spoiled.insert(input);
    });
    let permits = SignedPermits::new();
    let (outcome, ()) = tokio::join!(bench.sender.execute_protective(ready, &permits, Bid::FIRST), turn);
    let outcome = outcome.expect("signed");
    let handed = bench.net.distinct();
    assert!(
        matches!(&outcome.ending, Ending::Outdated { hash, reason, .. }
            if reason.contains("0xdeadbeef") && *hash == handed[before].hash),
        "{outcome:?}"
    );
    assert_eq!(handed.len(), before + 1, "neither raised nor taken back: {handed:?}");
    trim
}

/// Blocks take what offers an eighth more than the outdated trim.
fn takes_only_more(bench: &Bench) {
    let mut net = bench.net.inner();
    (net.includes, net.least_fee) = (true, 230_000_000);
}

#[tokio::test]
async fn a_trim_that_the_market_moved_past_is_handed_back_at_once_and_its_successor_takes_the_nonce_for_more() {
    let mut bench = Bench::new(20).await;
    let first = outdated_trim(&mut bench).await;
    let id = first.id.parse().expect("id");
    assert!(bench.sender.is_outdated(id).await.expect("told"));
    let old = bench.net.distinct()[0].clone();
    takes_only_more(&bench);
    let second = bench.plan(1);
    let outcome = protect_as(&mut bench, second.clone(), 1).await.expect("signed");
    assert!(outcome.is_mined(), "{outcome:?}");
    let new = bench.net.distinct()[1].clone();
    assert_eq!((new.nonce, bench.net.included(old.hash)), (old.nonce, None));
    assert!(new.tip * 4 >= old.tip * 5 && new.max_fee * 8 >= old.max_fee * 9, "{new:?} {old:?}");
    let record = bench.sender.journal().reader().transaction(new.hash).expect("recorded");
    assert_eq!(record.replaces, Some(old.hash));
    assert_eq!([state(&bench, &first), state(&bench, &second)], [IntentState::Failed, IntentState::Mined]);
    assert!(bench.net.inner().unrecorded.is_empty());
    assert_eq!(bench.sender.blocking().expect("readable"), []);
}

#[tokio::test]
async fn an_outdated_trim_that_a_block_takes_after_all_ends_its_successor() {
    let mut bench = Bench::new(21).await;
    let first = outdated_trim(&mut bench).await;
    let old = bench.net.distinct()[0].hash;
    bench.net.inner().answer = Some(SendOutcome::Ambiguous("lost".to_owned()));
    let second = bench.plan(1);
    let ready = bench.ready(second.clone(), &SignedPermits::new()).await;
    let turn = once_handed(bench.net.clone(), 2, |net| {
        let mut inner = net.inner();
        (inner.includes, inner.spoiled) = (true, Default::default());
    });
    let permits = SignedPermits::new();
    let (outcome, ()) = tokio::join!(bench.sender.execute_protective(ready, &permits, Bid { attempt: 1 }), turn);
    let outcome = outcome.expect("signed");
    let id = first.id.parse().expect("id");
    assert!(
        matches!(outcome.ending, Ending::Superseded { by, intent: Some(intent), .. } if by == old && intent == id),
        "{outcome:?}"
    );
    assert_eq!([state(&bench, &first), state(&bench, &second)], [IntentState::Mined, IntentState::Failed]);
}

#[tokio::test]
async fn a_trim_that_would_go_through_again_is_replaced_by_nothing() {
    let mut bench = Bench::new(22).await;
    let first = outdated_trim(&mut bench).await;
    // The market has come back: the first may be included and do its work.
    bench.net.inner().spoiled.clear();
    let second = bench.plan(1);
    let refused = protect_as(&mut bench, second, 1).await.expect_err("the first still stands");
    let id = first.id.parse().expect("id");
    assert!(matches!(&refused, SendError::Journal(JournalError::Unresolved { ids }) if *ids == vec![id]), "{refused}");
    assert!(!bench.sender.is_outdated(id).await.expect("told"));
    assert_eq!(bench.net.distinct().len(), 1);
    let net = bench.net.clone();
    let turn = async {
        while net.inner().handed.len() < 2 {
            tokio::task::yield_now().await;
        }
        net.inner().includes = true;
    };
    let (outcome, ()) = tokio::join!(bench.sender.resend(id), turn);
    assert!(outcome.expect("sent").is_mined());
}

#[tokio::test]
async fn after_a_crash_the_successor_still_knows_an_outdated_trim_by_the_chain() {
    let mut bench = Bench::new(23).await;
    let first = outdated_trim(&mut bench).await;
    let Bench { net, sender, clock, dir, .. } = bench;
    drop(sender);
    let journal = trimtab::journal::Journal::open(dir.path(), send_net::NETWORK, ACCOUNT).expect("journal");
    let patience = send_net::impatient();
    let sender = Sender::new(net.clone(), journal, send_net::signer().await, clock.clone()).with_patience(patience);
    let mut bench = Bench::of(net, sender, clock, dir, 100);
    takes_only_more(&bench);
    let second = bench.plan(1);
    assert!(protect(&mut bench, second.clone()).await.expect("signed").is_mined());
    assert_eq!([state(&bench, &first), state(&bench, &second)], [IntentState::Failed, IntentState::Mined]);
    assert_eq!(bench.net.distinct().iter().map(|handed| handed.nonce).collect::<Vec<_>>(), [0, 0]);
}

#[tokio::test]
async fn an_outdated_trim_above_another_pending_nonce_is_not_replaced_below_it() {
    let mut bench = Bench::new(24).await;
    let boost = bench.boost();
    assert!(execute(&mut bench, boost).await.expect("signed").is_mined());
    let trim = outdated_trim(&mut bench).await;
    let id = trim.id.parse().expect("id");
    assert!(bench.sender.is_outdated(id).await.expect("told"));
    // A reorg takes the boost's block back, and its nonce is open again below the trim's.
    bench.net.inner().advances = false;
    let (handed, height) = (bench.net.distinct().len(), bench.net.height());
    while bench.net.height() > 0 {
        bench.net.pop_block();
    }
    bench.net.mine(usize::try_from(height).expect("few"));
    let again = bench.plan(1);
    let refused = protect_as(&mut bench, again, 1).await.expect_err("the trim could still follow the boost");
    assert!(matches!(&refused, SendError::Journal(JournalError::Unresolved { ids }) if *ids == vec![id]), "{refused}");
    assert!(!bench.sender.is_outdated(id).await.expect("told"));
    assert_eq!(bench.net.distinct().len(), handed);
}

#[tokio::test]
async fn a_trim_that_reverted_is_followed_at_once_by_one_that_bids_a_quarter_more() {
    let mut bench = Bench::new(25).await;
    let mut tips = Vec::new();
    for attempt in 0..4 {
        let trim = bench.plan(1);
        let ready = bench.ready(trim.clone(), &SignedPermits::new()).await;
        // Goes through in simulation; in its block the price moves before it.
        let from = bench.net.height() + 2;
        {
            let mut net = bench.net.inner();
            (net.reverts_from, net.reverts_late) = (Some(from), true);
            net.handed.clear();
        }
        let outcome = bench.sender.execute_protective(ready, &SignedPermits::new(), Bid { attempt }).await;
        let outcome = outcome.expect("signed without waiting for anything");
        assert!(matches!(outcome.ending, Ending::Reverted { .. }), "attempt {attempt}: {outcome:?}");
        assert_eq!(state(&bench, &trim), IntentState::Failed);
        assert_eq!(bench.sender.blocking().expect("readable"), []);
        let handed = bench.net.distinct();
        assert_eq!((handed.len(), handed[0].nonce), (1, u64::from(attempt)), "{handed:?}");
        tips.push(handed[0].tip);
        bench.net.inner().reverts_from = None;
    }
    assert_eq!(tips, [10_000_000, 12_500_000, 15_625_000, 19_531_250]);
    // With the chain standing still on the block that holds the last revert, the next is signed all the same.
    bench.net.inner().advances = false;
    let last = bench.plan(1);
    let _ = protect_as(&mut bench, last, 4).await.expect("signed");
    assert_eq!(bench.net.distinct().last().expect("handed in").nonce, 4);
}

#[tokio::test]
async fn what_is_urgent_bids_what_the_top_of_recent_blocks_paid_and_never_more_than_its_ceiling() {
    for (top, expected) in [(0u128, 100_000_000u128), (300_000_000, 300_000_000), (u128::MAX, 5_000_000_000)] {
        let mut bench = Bench::new(26).await;
        let wei = U256::from(top);
        bench.net.inner().paid = PaidTips { middle: wei, upper: wei, top: wei };
        let urgent = Plan { urgency: Urgency::Urgent, ..bench.plan(1) };
        assert!(protect(&mut bench, urgent).await.expect("signed").is_mined());
        assert_eq!(bench.net.distinct()[0].tip, expected);
        // What can wait follows what the node suggests.
        let boost = bench.boost();
        assert!(execute(&mut bench, boost).await.expect("signed").is_mined());
        assert_eq!(bench.net.distinct().last().expect("handed in").tip, 10_000_000);
    }
}
