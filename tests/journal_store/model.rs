//! Random lives: whatever is tried in whatever order, no row is lost and no nonce is held twice.

use std::collections::{BTreeMap, BTreeSet};

use alloy::primitives::B256;
use proptest::{collection::vec, prelude::*, sample::Index};
use serde_json::json;
use trimtab::journal::{
    IntentFilter, IntentId, IntentState, Journal, JournalError, Lease, TransactionRecord, TransactionState,
};

use crate::kit::{Desk, at, id, inclusion, new_intent, sign};

const INTENTS: usize = 4;

/// Something somebody tries; indices choose among what there is.
#[derive(Debug, Clone)]
enum Attempt {
    Prepare(usize),
    Simulate(usize),
    Refuse(usize),
    Reconcile(usize),
    Lease(usize, u64),
    Replace(usize, Index),
    Sign,
    Release(Index),
    Send(Index),
    Lose(Index),
    Drop(Index),
    Include(Index, u8, bool),
    Reorganise(Index),
    Restart,
}

fn attempt() -> impl Strategy<Value = Attempt> {
    let which = 0..INTENTS;
    let index = any::<Index>;
    prop_oneof![
        1 => which.clone().prop_map(Attempt::Prepare),
        3 => which.clone().prop_map(Attempt::Simulate),
        1 => which.clone().prop_map(Attempt::Refuse),
        1 => which.clone().prop_map(Attempt::Reconcile),
        4 => (which.clone(), 0..4u64).prop_map(|(n, nonce)| Attempt::Lease(n, nonce)),
        4 => (which, index()).prop_map(|(n, i)| Attempt::Replace(n, i)),
        6 => Just(Attempt::Sign),
        1 => index().prop_map(Attempt::Release),
        2 => index().prop_map(Attempt::Send),
        1 => index().prop_map(Attempt::Lose),
        2 => index().prop_map(Attempt::Drop),
        3 => (index(), 1..4u8, any::<bool>()).prop_map(|(i, block, ok)| Attempt::Include(i, block, ok)),
        2 => index().prop_map(Attempt::Reorganise),
        1 => Just(Attempt::Restart),
    ]
}

/// The journal with what a sender would remember.
struct World {
    desk: Desk,
    leases: Vec<Lease>,
    hashes: Vec<B256>,
    fee: u128,
}

impl World {
    fn try_it(&mut self, attempt: &Attempt) -> Result<(), JournalError> {
        let journal = &self.desk.journal;
        let name = |n: &usize| id(&n.to_string());
        let hash = |index: &Index| if self.hashes.is_empty() { B256::ZERO } else { *index.get(&self.hashes) };
        match attempt {
            Attempt::Prepare(n) => {
                journal.record_planned(&new_intent(&n.to_string(), 2), at(1))?;
                journal.record_approved(name(n), at(1))?;
                journal.record_simulated(name(n), at(1))
            }
            Attempt::Simulate(n) => journal.record_simulated(name(n), at(2)),
            Attempt::Refuse(n) => journal.record_refused(name(n), "refused", at(2)),
            Attempt::Reconcile(n) => journal.record_reconciled(name(n), &json!({}), at(3)),
            Attempt::Lease(n, nonce) => {
                let lease = journal.lease_nonce(name(n), *nonce, at(4))?;
                self.leases.push(lease);
                Ok(())
            }
            Attempt::Replace(n, index) => {
                let lease = journal.lease_replacement(name(n), hash(index), at(4))?;
                self.leases.push(lease);
                Ok(())
            }
            Attempt::Sign if !self.leases.is_empty() => {
                let lease = &self.leases[self.leases.len() - 1];
                self.fee += 1;
                let recorded = journal.record_signed(lease, sign(lease.nonce(), self.fee), at(5))?;
                self.hashes.push(recorded.get().hash());
                Ok(())
            }
            Attempt::Release(index) if !self.leases.is_empty() => {
                journal.release(index.get(&self.leases), "released", at(5))
            }
            Attempt::Sign | Attempt::Release(_) => Ok(()),
            Attempt::Send(index) => journal.record_sent(hash(index), at(6)),
            Attempt::Lose(index) => journal.record_unknown(hash(index), "timeout", at(6)),
            Attempt::Drop(index) => journal.record_dropped(hash(index), "rejected", at(6)),
            Attempt::Include(index, block, success) => {
                journal.record_included(hash(index), &inclusion(*block, *success), None, at(7))
            }
            Attempt::Reorganise(index) => journal.record_reorganised(hash(index), at(8)),
            Attempt::Restart => Ok(()),
        }
    }
}

#[derive(Debug, Default)]
struct Seen {
    intents: BTreeMap<IntentId, IntentState>,
    transactions: Vec<TransactionRecord>,
}

fn look(journal: &Journal) -> Seen {
    let reader = journal.reader();
    let all = reader.intents(&IntentFilter::default()).expect("listed");
    let transactions = all.iter().flat_map(|intent| reader.transactions(intent.id).expect("listed")).collect();
    Seen { intents: all.into_iter().map(|intent| (intent.id, intent.state)).collect(), transactions }
}

/// States that can be reached in the at most two moves one record makes.
fn is_reachable(from: IntentState, to: IntentState) -> bool {
    let moves = |from: IntentState| IntentState::ALL.iter().copied().filter(move |next| from.can_become(*next));
    from == to || moves(from).any(|between| between == to || moves(between).any(|last| last == to))
}

fn check(before: &Seen, now: &Seen) -> Result<(), TestCaseError> {
    for (id, state) in &before.intents {
        let next = now.intents.get(id);
        prop_assert!(next.is_some(), "intent {id} is lost");
        prop_assert!(next.is_some_and(|next| is_reachable(*state, *next)), "{id}: {state} became {next:?}");
    }
    let hashes = |seen: &Seen| seen.transactions.iter().filter_map(|one| one.hash).collect::<BTreeSet<_>>();
    prop_assert!(hashes(now).is_superset(&hashes(before)), "a signed transaction is lost");
    prop_assert!(now.transactions.len() >= before.transactions.len(), "a lease is lost");

    let mut by_nonce: BTreeMap<u64, Vec<&TransactionRecord>> = BTreeMap::new();
    for one in &now.transactions {
        by_nonce.entry(one.nonce).or_default().push(one);
    }
    for (nonce, all) in by_nonce {
        let included = all.iter().filter(|one| one.state.is_included()).count();
        prop_assert!(included <= 1, "nonce {nonce} is in two blocks");
        let live: Vec<_> = all.iter().filter(|one| one.state.is_live()).collect();
        prop_assert!(included == 0 || live.is_empty(), "nonce {nonce} is used and still waited for: {live:?}");
        let unnamed = live.iter().filter(|one| one.replaces.is_none()).count();
        prop_assert!(unnamed <= 1, "nonce {nonce} is held twice: {live:?}");
        for one in live.iter().filter_map(|one| one.replaces) {
            prop_assert!(all.iter().any(|old| old.hash == Some(one)), "{one} is replaced from another nonce");
        }
    }
    for (id, state) in &now.intents {
        let own: Vec<_> = now.transactions.iter().filter(|one| one.intent == *id).collect();
        let is_pending = own.iter().any(|one| one.state.is_pending());
        prop_assert_eq!(state.is_unresolved(), is_pending, "{} is {} with {:?}", id, state, own);
        let is_mined = own.iter().any(|one| one.state == TransactionState::Mined);
        prop_assert!(*state != IntentState::Mined || is_mined, "{} is mined with {:?}", id, own);
    }
    Ok(())
}

/// Few cases by default, each writes to the disk some forty times; `PROPTEST_CASES` asks for more.
fn cases() -> ProptestConfig {
    let mut config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = 24;
    }
    config
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn no_order_of_events_loses_a_row_or_holds_a_nonce_twice(attempts in vec(attempt(), 1..80)) {
        let mut world = World { desk: Desk::new(), leases: Vec::new(), hashes: Vec::new(), fee: 1 };
        for n in 0..INTENTS - 1 {
            world.try_it(&Attempt::Prepare(n)).expect("prepared");
        }
        let mut before = Seen::default();
        for attempt in attempts {
            if let Attempt::Restart = attempt {
                world.desk = world.desk.restart();
            }
            let outcome = world.try_it(&attempt);
            let is_bug = matches!(outcome, Err(JournalError::Database { .. } | JournalError::NotWritable { .. }));
            prop_assert!(!is_bug, "{attempt:?}: {outcome:?}");
            let now = look(&world.desk.journal);
            check(&before, &now)?;
            before = now;
        }
    }
}
