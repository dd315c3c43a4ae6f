//! Nonces: leased once, replaced only by name, never skipped.

use std::{collections::BTreeSet, thread};

use trimtab::journal::{IntentState, JournalError, TransactionState};

use crate::kit::{Desk, at, id, inclusion, refused, sign, sign_as, signed, simulated};

#[test]
fn eight_threads_lease_eight_different_nonces() {
    let desk = Desk::new();
    let ids: Vec<_> = (0..8).map(|n| simulated(&desk.journal, &format!("thread {n}"), 1)).collect();
    let journal = &desk.journal;
    let nonces: BTreeSet<u64> = thread::scope(|scope| {
        let threads: Vec<_> = ids.iter().map(|id| scope.spawn(|| journal.lease_nonce(*id, 40, at(4)))).collect();
        threads.into_iter().map(|thread| thread.join().expect("joins").expect("leases").nonce()).collect()
    });
    assert_eq!(nonces, (40..48).collect());
}

#[test]
fn of_eight_threads_with_a_lease_one_may_sign() {
    let desk = Desk::new();
    let leases: Vec<_> = (0..8)
        .map(|n| {
            desk.journal.lease_nonce(simulated(&desk.journal, &format!("thread {n}"), 1), 0, at(4)).expect("leases")
        })
        .collect();
    let journal = &desk.journal;
    let recorded = thread::scope(|scope| {
        let threads: Vec<_> = leases
            .iter()
            .map(|lease| scope.spawn(|| journal.record_signed(lease, sign(lease.nonce(), 10), at(5)).is_ok()))
            .collect();
        threads.into_iter().map(|thread| thread.join().expect("joins")).filter(|ok| *ok).count()
    });
    assert_eq!(recorded, 1);
}

#[test]
fn a_released_nonce_is_the_next_one_leased_and_a_gap_is_never_signed_over() {
    let desk = Desk::new();
    let (first, second) = (simulated(&desk.journal, "first", 1), simulated(&desk.journal, "second", 1));
    let low = desk.journal.lease_nonce(first, 5, at(4)).expect("leased");
    let high = desk.journal.lease_nonce(second, 5, at(4)).expect("leased");
    assert_eq!((low.nonce(), high.nonce()), (5, 6));
    desk.journal.release(&low, "signing failed", at(5)).expect("released");
    let error = refused(desk.journal.record_signed(&high, sign(6, 10), at(6)));
    assert!(matches!(error, JournalError::NonceGap { nonce: 6, missing: 1 }), "{error}");
    desk.journal.release(&high, "gap", at(7)).expect("released");
    assert!(desk.journal.release(&high, "again", at(7)).is_err());
    assert_eq!(desk.journal.lease_nonce(second, 5, at(8)).expect("leased").nonce(), 5);
}

#[test]
fn the_lease_of_a_process_that_died_is_free_after_the_restart() {
    let desk = Desk::new();
    let dead = simulated(&desk.journal, "died before recording", 1);
    desk.journal.lease_nonce(dead, 2, at(4)).expect("leased");
    let desk = desk.restart();
    let next = simulated(&desk.journal, "next", 1);
    assert_eq!(desk.journal.lease_nonce(next, 2, at(9)).expect("leased").nonce(), 2);
    let kept = desk.journal.reader().transactions(dead).expect("listed");
    assert_eq!(kept[0].state, TransactionState::Dropped);
}

#[test]
fn an_endpoint_that_is_behind_is_told_from_one_that_is_ahead() {
    let desk = Desk::new();
    let hash = signed(&desk.journal, "mined", 4).get().hash();
    desk.journal.record_included(hash, &inclusion(1, true), None, at(6)).expect("mined");
    let next = simulated(&desk.journal, "next", 1);
    let error = refused(desk.journal.lease_nonce(next, 4, at(7)));
    assert!(matches!(error, JournalError::NonceBehind { chain: 4, used: 4 }), "{error}");
    assert_eq!(desk.journal.lease_nonce(next, 9, at(8)).expect("somebody else used 5 to 8").nonce(), 9);
}

#[test]
fn bytes_of_another_key_or_nonce_are_not_recorded() {
    let desk = Desk::new();
    let intent = simulated(&desk.journal, "open", 1);
    let lease = desk.journal.lease_nonce(intent, 0, at(4)).expect("leased");
    let other_key = refused(desk.journal.record_signed(&lease, sign_as(1, 0, 10), at(5)));
    assert!(matches!(other_key, JournalError::SignedOther { what: "signer", .. }), "{other_key}");
    let other_nonce = refused(desk.journal.record_signed(&lease, sign(1, 10), at(5)));
    assert!(matches!(other_nonce, JournalError::SignedOther { what: "nonce", .. }), "{other_nonce}");
    let noise = refused(desk.journal.record_signed(&lease, vec![2, 0xc0].into(), at(5)));
    assert!(matches!(noise, JournalError::NotATransaction(_)), "{noise}");
    desk.journal.record_signed(&lease, sign(0, 10), at(5)).expect("the right one");
    let twice = refused(desk.journal.record_signed(&lease, sign(0, 11), at(6)));
    assert!(matches!(twice, JournalError::IllegalTransaction { from: TransactionState::Signed, .. }), "{twice}");
}

#[test]
fn a_deleverage_replaces_a_pending_boost_and_whichever_is_mined_settles_both() {
    for protective_wins in [true, false] {
        let desk = Desk::new();
        let boost = signed(&desk.journal, "boost", 3).get().hash();
        desk.journal.record_sent(boost, at(6)).expect("sent");
        let trim_id = simulated(&desk.journal, "trim", 1);
        let lease = desk.journal.lease_replacement(trim_id, boost, at(7)).expect("same nonce");
        assert_eq!((lease.nonce(), lease.replaces()), (3, Some(boost)));
        let trim = desk.journal.record_signed(&lease, sign(3, 20), at(8)).expect("recorded").get().hash();
        desk.journal.record_sent(trim, at(9)).expect("sent");
        assert_eq!(desk.journal.reader().pending_transactions().expect("listed").len(), 2);

        let third = simulated(&desk.journal, "third", 1);
        let taken = refused(desk.journal.lease_replacement(third, boost, at(9)));
        assert!(matches!(taken, JournalError::NonceTaken { nonce: 3, holder } if holder == trim_id), "{taken}");

        let (mined, lost) = if protective_wins { (trim, boost) } else { (boost, trim) };
        desk.journal.record_included(mined, &inclusion(5, true), None, at(10)).expect("mined");
        let desk = desk.restart();
        let reader = desk.journal.reader();
        let state = |name| reader.intent(id(name)).expect("there").state;
        let (winner, loser) = if protective_wins { ("trim", "boost") } else { ("boost", "trim") };
        assert_eq!((state(winner), state(loser)), (IntentState::Mined, IntentState::Failed));
        assert_eq!(reader.transaction(lost).expect("kept").state, TransactionState::Dropped);
        assert!(reader.intent(id(loser)).expect("there").reason.expect("why").contains(&mined.to_string()));

        desk.journal.record_reorganised(mined, at(11)).expect("gone again");
        assert_eq!((state(winner), state(loser)), (IntentState::Sent, IntentState::Unknown));
        desk.journal.record_included(lost, &inclusion(6, true), None, at(12)).expect("the other one this time");
        assert_eq!((state(winner), state(loser)), (IntentState::Failed, IntentState::Mined));
    }
}

#[test]
fn higher_fees_for_the_same_intent_keep_it_unresolved_until_one_is_mined() {
    let desk = Desk::new();
    let first = signed(&desk.journal, "open", 0).get().hash();
    desk.journal.record_sent(first, at(6)).expect("sent");
    let lease = desk.journal.lease_replacement(id("open"), first, at(7)).expect("same nonce");
    let second = desk.journal.record_signed(&lease, sign(0, 12), at(8)).expect("recorded").get().hash();
    desk.journal.record_dropped(second, "replacement underpriced", at(9)).expect("rejected for certain");
    assert_eq!(desk.journal.reader().intent(id("open")).expect("there").state, IntentState::Sent);
    let lease = desk.journal.lease_replacement(id("open"), first, at(10)).expect("may be tried again");
    desk.journal.release(&lease, "not needed", at(11)).expect("released");
    desk.journal.record_dropped(first, "nonce 0 was used by another transaction", at(12)).expect("gone");
    assert_eq!(desk.journal.reader().intent(id("open")).expect("there").state, IntentState::Failed);
    assert!(desk.journal.reader().unresolved().expect("listed").is_empty());
}

#[test]
fn what_was_given_up_and_is_mined_all_the_same_is_recorded_as_mined() {
    let desk = Desk::new();
    let hash = signed(&desk.journal, "open", 0).get().hash();
    desk.journal.record_dropped(hash, "rejected", at(6)).expect("given up");
    assert_eq!(desk.journal.reader().intent(id("open")).expect("there").state, IntentState::Failed);
    desk.journal.record_included(hash, &inclusion(2, true), None, at(7)).expect("the chain is right");
    assert_eq!(desk.journal.reader().intent(id("open")).expect("there").state, IntentState::Mined);
    for late in [desk.journal.record_sent(hash, at(8)), desk.journal.record_unknown(hash, "late", at(8))] {
        assert!(matches!(refused(late), JournalError::IllegalTransaction { from: TransactionState::Mined, .. }));
    }
}

#[test]
fn a_nonce_used_again_after_a_false_rejection_is_fought_over_in_the_open() {
    let desk = Desk::new();
    let first = signed(&desk.journal, "first", 0).get().hash();
    desk.journal.record_dropped(first, "rejected", at(6)).expect("given up");
    let lease = desk.journal.lease_nonce(simulated(&desk.journal, "second", 1), 0, at(6)).expect("free");
    let same = refused(desk.journal.record_signed(&lease, sign(0, 10), at(6)));
    assert!(matches!(same, JournalError::SignedBefore { hash, .. } if hash == first), "{same}");
    let second = desk.journal.record_signed(&lease, sign(0, 11), at(6)).expect("recorded").get().hash();
    desk.journal.record_included(first, &inclusion(2, true), None, at(7)).expect("the endpoint had lied");
    let state = |name| desk.journal.reader().intent(id(name)).expect("there").state;
    assert_eq!((state("first"), state("second")), (IntentState::Mined, IntentState::Failed));
    desk.journal.record_reorganised(first, at(8)).expect("and then it was gone");
    assert_eq!((state("first"), state("second")), (IntentState::Sent, IntentState::Unknown));
    assert_eq!(desk.journal.reader().transaction(second).expect("there").replaces, Some(first));
}
