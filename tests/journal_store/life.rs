//! An intent from plan to reconciliation, and every way it can end.

use serde_json::json;
use trimtab::journal::{IntentFilter, IntentState, JournalError, TransactionState};

use crate::kit::{Desk, at, id, inclusion, new_intent, refused, sign, signed, simulated};

#[test]
fn a_loop_is_opened_and_its_predictions_stand_beside_what_happened() {
    let desk = Desk::new();
    let recorded = signed(&desk.journal, "open", 7);
    let hash = recorded.get().hash();
    desk.journal.record_sent(hash, at(6)).expect("sent");
    desk.journal.record_included(hash, &inclusion(9, true), None, at(8)).expect("mined");
    desk.journal.record_reconciled(id("open"), &json!({ "leverage": "3.0002" }), at(9)).expect("reconciled");

    let reader = desk.restart().reader();
    let intent = reader.intent(id("open")).expect("there");
    assert_eq!(intent.state, IntentState::Reconciled);
    assert_eq!(intent.plan["predicted"]["leverage"], "3.0001");
    assert_eq!(intent.actual, Some(json!({ "leverage": "3.0002" })));
    assert_eq!((intent.created, intent.updated), (at(1), at(9)));
    let transactions = reader.transactions(id("open")).expect("listed");
    let [transaction] = transactions.as_slice() else { panic!("one transaction: {transactions:?}") };
    assert_eq!((transaction.nonce, transaction.state), (7, TransactionState::Mined));
    assert_eq!((transaction.gas_limit, transaction.max_fee_per_gas), (Some(700_000), Some(10)));
    assert_eq!(transaction.inclusion, Some(inclusion(9, true)));
}

#[test]
fn nothing_is_signed_for_a_plan_that_was_not_simulated() {
    let desk = Desk::new();
    let intent = new_intent("hasty", 1);
    desk.journal.record_planned(&intent, at(1)).expect("planned");
    for _ in 0..2 {
        let error = refused(desk.journal.lease_nonce(intent.id, 0, at(2)));
        assert!(matches!(error, JournalError::IllegalIntent { to: IntentState::Signed, .. }), "{error}");
        let _ = desk.journal.record_approved(intent.id, at(2));
    }
    let error = refused(desk.journal.record_reconciled(intent.id, &json!({}), at(3)));
    assert!(error.to_string().contains("is approved and cannot become reconciled"), "{error}");
}

#[test]
fn a_refused_plan_says_why_and_gives_its_nonce_back() {
    let desk = Desk::new();
    let refused_id = simulated(&desk.journal, "refused", 1);
    let lease = desk.journal.lease_nonce(refused_id, 3, at(4)).expect("leased");
    desk.journal.record_refused(refused_id, "health factor 1.107 is below 1.230", at(5)).expect("refused");
    let intent = desk.journal.reader().intent(refused_id).expect("there");
    assert_eq!(
        (intent.state, intent.reason.as_deref()),
        (IntentState::Failed, Some("health factor 1.107 is below 1.230"))
    );
    let late = refused(desk.journal.record_signed(&lease, sign(3, 10), at(6)));
    assert!(matches!(late, JournalError::IllegalTransaction { from: TransactionState::Dropped, .. }), "{late}");
    let next = simulated(&desk.journal, "next", 1);
    assert_eq!(desk.journal.lease_nonce(next, 3, at(7)).expect("leased").nonce(), 3);
}

#[test]
fn the_same_intent_is_not_recorded_twice() {
    let desk = Desk::new();
    desk.journal.record_planned(&new_intent("once", 1), at(1)).expect("planned");
    let desk = desk.restart();
    let error = refused(desk.journal.record_planned(&new_intent("once", 1), at(2)));
    assert!(matches!(error, JournalError::DuplicateIntent(twice) if twice == id("once")), "{error}");
}

#[test]
fn an_unresolved_transaction_blocks_everything_else_until_the_chain_has_told() {
    let desk = Desk::new();
    let hash = signed(&desk.journal, "first", 0).get().hash();
    let second = simulated(&desk.journal, "second", 1);
    let blocked = |desk: &Desk| {
        let error = refused(desk.journal.lease_nonce(second, 0, at(9)));
        assert!(matches!(&error, JournalError::Unresolved { ids } if ids == &[id("first")]), "{error}");
        assert_eq!(error.exit_code(), 7);
    };
    blocked(&desk);
    desk.journal.record_sent(hash, at(6)).expect("sent");
    blocked(&desk);
    desk.journal.record_unknown(hash, "timeout after 10 s", at(7)).expect("unknown");
    let desk = desk.restart();
    blocked(&desk);
    let unresolved = desk.journal.reader().unresolved().expect("listed");
    assert_eq!(unresolved[0].reason.as_deref(), Some("timeout after 10 s"));
    desk.journal.record_included(hash, &inclusion(4, false), Some("reverted: 35"), at(8)).expect("failed");
    assert_eq!(desk.journal.reader().intent(id("first")).expect("there").state, IntentState::Failed);
    assert_eq!(desk.journal.lease_nonce(second, 1, at(9)).expect("free again").nonce(), 1);
}

#[test]
fn after_a_restart_the_identical_bytes_can_be_sent_again_and_no_others() {
    let desk = Desk::new();
    let recorded = signed(&desk.journal, "open", 0);
    let desk = desk.restart();
    let again = desk.journal.resendable(recorded.get().hash()).expect("still pending");
    assert_eq!(again, recorded);
    assert_eq!(desk.journal.reader().pending_transactions().expect("listed").len(), 1);
    desk.journal.record_included(again.get().hash(), &inclusion(2, true), None, at(9)).expect("mined");
    let error = refused(desk.journal.resendable(again.get().hash()));
    assert!(matches!(error, JournalError::IllegalTransaction { from: TransactionState::Mined, .. }), "{error}");
}

#[test]
fn a_plan_of_two_transactions_simulates_each_and_signs_no_third() {
    let desk = Desk::new();
    let both = simulated(&desk.journal, "e-mode then open", 2);
    for step in 0..2u8 {
        let lease = desk.journal.lease_nonce(both, u64::from(step), at(4)).expect("leased");
        let recorded = desk.journal.record_signed(&lease, sign(lease.nonce(), 10), at(5)).expect("recorded");
        desk.journal.record_sent(recorded.get().hash(), at(6)).expect("sent");
        desk.journal.record_included(recorded.get().hash(), &inclusion(step + 1, true), None, at(7)).expect("mined");
        assert!(matches!(
            refused(desk.journal.lease_nonce(both, u64::from(step) + 1, at(8))),
            JournalError::IllegalIntent { from: IntentState::Mined, .. }
        ));
        assert_eq!(desk.journal.record_simulated(both, at(8)).is_ok(), step == 0);
    }
    let steps: Vec<_> = desk.journal.reader().transactions(both).expect("listed").iter().map(|t| t.step).collect();
    assert_eq!(steps, [0, 1]);
}

#[test]
fn a_reorganised_block_makes_the_transaction_pending_again() {
    let desk = Desk::new();
    let hash = signed(&desk.journal, "open", 0).get().hash();
    desk.journal.record_included(hash, &inclusion(3, true), None, at(6)).expect("mined");
    desk.journal.record_reconciled(id("open"), &json!({ "debt": "6000" }), at(7)).expect("reconciled");
    desk.journal.record_reorganised(hash, at(8)).expect("gone");
    let intent = desk.journal.reader().intent(id("open")).expect("there");
    assert_eq!((intent.state, intent.actual), (IntentState::Sent, None));
    assert!(desk.journal.resendable(hash).is_ok());
    desk.journal.record_included(hash, &inclusion(4, true), None, at(9)).expect("mined again");
    desk.journal.record_included(hash, &inclusion(4, true), None, at(10)).expect("said twice");
    desk.journal.record_included(hash, &inclusion(5, true), None, at(11)).expect("moved to another block");
    let transaction = desk.journal.reader().transaction(hash).expect("there");
    assert_eq!(transaction.inclusion, Some(inclusion(5, true)));
    assert_eq!(desk.journal.reader().intent(id("open")).expect("there").state, IntentState::Mined);
}

#[test]
fn the_list_is_filtered_by_state_kind_and_time() {
    let desk = Desk::new();
    signed(&desk.journal, "pending", 0);
    desk.journal
        .record_planned(
            &trimtab::journal::NewIntent { kind: "loop-close".to_owned(), ..new_intent("later", 1) },
            at(60),
        )
        .expect("planned");
    let count = |filter: IntentFilter| desk.reader().intents(&filter).expect("listed").len();
    assert_eq!(count(IntentFilter::default()), 2);
    assert_eq!(count(IntentFilter { states: vec![IntentState::Signed, IntentState::Sent], ..Default::default() }), 1);
    assert_eq!(count(IntentFilter { kind: Some("loop-close".to_owned()), ..Default::default() }), 1);
    assert_eq!(count(IntentFilter { since: Some(at(30).wall), ..Default::default() }), 1);
    let newest = desk.reader().intents(&IntentFilter { limit: Some(1), ..Default::default() }).expect("listed");
    assert_eq!(newest[0].id, id("later"));
}
