//! What a user's transaction goes through between signature and block, on a network that does one thing wrong at a time.

use crate::send_net::{ACCOUNT, BLOCKS_A_SECOND, Bench, TARGET, after_genesis};
use alloy::primitives::{Bytes, FixedBytes, U256, address};
use trimtab::{
    chain::{Rejection, SendOutcome},
    journal::{IntentState, JournalError, TransactionState},
    plan::{CallData, PermitKind, PermitRequest, Plan, Segment, SignedPermits},
    send::{Class, Ending, Outcome, SendError, Verdict, reconcile, sign_permits},
};

async fn execute(bench: &mut Bench, plan: Plan) -> Result<Outcome, SendError> {
    let ready = bench.ready(plan, &SignedPermits::new()).await;
    bench.sender.execute(ready, &SignedPermits::new()).await
}

fn state(bench: &Bench, plan: &Plan) -> IntentState {
    bench.sender.journal().reader().intent(plan.id.parse().expect("id")).expect("intent").state
}

#[tokio::test]
async fn a_plan_of_two_steps_goes_through_in_order_with_the_nonces_in_order() {
    let mut bench = Bench::new(1).await;
    let plan = bench.plan(2);
    let outcome = execute(&mut bench, plan.clone()).await.expect("signed");
    assert!(outcome.is_mined() && outcome.exit_code() == 0);
    assert_eq!(outcome.done.iter().map(|mined| mined.step).collect::<Vec<_>>(), [0, 1]);
    let nonces: Vec<_> = bench.net.distinct().iter().map(|handed| handed.nonce).collect();
    assert_eq!(nonces, [0, 1]);
    assert_eq!(state(&bench, &plan), IntentState::Mined);
    assert!(bench.net.inner().unrecorded.is_empty());
}

#[tokio::test]
async fn a_lost_answer_is_not_a_rejection() {
    let mut bench = Bench::new(2).await;
    {
        let mut net = bench.net.inner();
        net.answer = Some(SendOutcome::Ambiguous("connection reset".to_owned()));
        net.answer_lies = true;
    }
    let plan = bench.plan(1);
    let outcome = execute(&mut bench, plan).await.expect("signed");
    assert!(outcome.is_mined(), "{outcome:?}");
    assert_eq!(bench.net.distinct().len(), 1);
}

#[tokio::test]
async fn nonce_too_low_may_mean_that_ours_is_in_a_block_already() {
    let mut bench = Bench::new(3).await;
    {
        let mut net = bench.net.inner();
        net.answer = Some(SendOutcome::Rejected(Rejection::NonceTooLow("nonce too low".to_owned())));
        net.answer_lies = true;
    }
    let plan = bench.plan(1);
    let outcome = execute(&mut bench, plan).await.expect("signed");
    assert!(outcome.is_mined(), "{outcome:?}");
}

#[tokio::test]
async fn a_definite_refusal_leaves_the_nonce_for_the_next_plan() {
    let mut bench = Bench::new(4).await;
    bench.net.inner().answer = Some(SendOutcome::Rejected(Rejection::Other("blocked".to_owned())));
    let plan = bench.plan(1);
    let outcome = execute(&mut bench, plan.clone()).await.expect("signed");
    assert!(matches!(&outcome.ending, Ending::Rejected { reason } if reason == "blocked"), "{outcome:?}");
    assert_eq!((outcome.class(), outcome.exit_code()), (Some(Class::Definite), 5));
    assert_eq!(state(&bench, &plan), IntentState::Failed);
    bench.net.inner().answer = None;
    let next = bench.plan(1);
    assert!(execute(&mut bench, next).await.expect("signed").is_mined());
    assert_eq!(bench.net.distinct().iter().map(|handed| handed.nonce).collect::<Vec<_>>(), [0, 0]);
}

#[tokio::test]
async fn what_waits_too_long_is_offered_for_an_eighth_more_with_the_same_action() {
    let mut bench = Bench::new(5).await;
    bench.net.inner().least_fee = 230_000_000;
    let plan = bench.plan(1);
    let outcome = execute(&mut bench, plan).await.expect("signed");
    assert!(outcome.is_mined(), "{outcome:?}");
    let handed = bench.net.distinct();
    assert_eq!(handed.iter().map(|one| one.max_fee).collect::<Vec<_>>(), [210_000_000, 236_250_000]);
    assert_eq!((&handed[0].input, handed[0].nonce), (&handed[1].input, handed[1].nonce));
    let records = bench.sender.journal().reader().transactions(handed_intent(&bench)).expect("records");
    assert_eq!(records[1].replaces, Some(handed[0].hash));
    assert_eq!([records[0].state, records[1].state], [TransactionState::Dropped, TransactionState::Mined]);
}

fn handed_intent(bench: &Bench) -> trimtab::journal::IntentId {
    let hash = bench.net.distinct()[0].hash;
    bench.sender.journal().reader().transaction(hash).expect("record").intent
}

#[tokio::test]
async fn what_would_now_revert_is_taken_back_before_it_costs_gas() {
    let mut bench = Bench::new(6).await;
    bench.net.inner().least_fee = 230_000_000;
    let plan = bench.plan(1);
    let ready = bench.ready(plan.clone(), &SignedPermits::new()).await;
    let from = bench.net.height() + 4;
    bench.net.inner().reverts_from = Some(from);
    let outcome = bench.sender.execute(ready, &SignedPermits::new()).await.expect("signed");
    assert!(
        matches!(&outcome.ending, Ending::Cancelled { reason, .. } if reason.contains("0xdeadbeef")),
        "{outcome:?}"
    );
    let last = bench.net.distinct().last().expect("handed in").clone();
    assert_eq!((last.to, last.nonce, last.input), (ACCOUNT, 0, Bytes::new()));
    assert_eq!(state(&bench, &plan), IntentState::Failed);
    bench.net.mine(5);
    assert_eq!(bench.net.included(bench.net.distinct()[0].hash), None);
}

#[tokio::test]
async fn a_revert_is_told_with_its_data_from_the_state_before_the_block() {
    let mut bench = Bench::new(7).await;
    let plan = bench.plan(1);
    let ready = bench.ready(plan.clone(), &SignedPermits::new()).await;
    let from = bench.net.height() + 2;
    {
        let mut net = bench.net.inner();
        net.reverts_from = Some(from);
        net.reverts_late = true;
    }
    let outcome = bench.sender.execute(ready, &SignedPermits::new()).await.expect("signed");
    let Ending::Reverted { data, receipt } = &outcome.ending else { panic!("{outcome:?}") };
    assert_eq!(*data, Some(Bytes::from_static(&[0xde, 0xad, 0xbe, 0xef])));
    assert_eq!((receipt.success, outcome.exit_code()), (false, 5));
    assert_eq!(state(&bench, &plan), IntentState::Failed);
}

#[tokio::test]
async fn a_nonce_that_somebody_else_used_ends_ours_for_certain() {
    let mut bench = Bench::new(8).await;
    let plan = bench.plan(1);
    let ready = bench.ready(plan, &SignedPermits::new()).await;
    let at = bench.net.height() + 3;
    {
        let mut net = bench.net.inner();
        net.includes = false;
        net.foreign_at = Some(at);
    }
    let outcome = bench.sender.execute(ready, &SignedPermits::new()).await.expect("signed");
    assert!(matches!(outcome.ending, Ending::Superseded { nonce: 0, .. }), "{outcome:?}");
    bench.net.inner().includes = true;
    let next = bench.plan(1);
    assert!(execute(&mut bench, next).await.expect("signed").is_mined());
    assert_eq!(bench.net.distinct().last().expect("handed in").nonce, 1);
}

#[tokio::test]
async fn a_nonce_ahead_that_no_block_accounts_for_is_not_signed_for_however_often_it_is_told() {
    let mut bench = Bench::new(21).await;
    let first = bench.plan(1);
    assert!(execute(&mut bench, first).await.expect("signed").is_mined());
    {
        let mut net = bench.net.inner();
        (net.nonce_lies, net.advances) = (30, false);
    }
    let next = bench.plan(1);
    // The chain stands still, so the outcome stays unknown; what matters is what was signed.
    let _ = execute(&mut bench, next).await.expect("signed");
    assert_eq!(bench.net.distinct().last().expect("handed in").nonce, 1, "no gap below it");
    assert!(bench.net.inner().nonce_lies == 0, "it was lied to all the time");
}

#[tokio::test]
async fn a_nonce_ahead_that_a_block_accounts_for_is_taken_at_once() {
    let mut bench = Bench::new(22).await;
    let first = bench.plan(1);
    assert!(execute(&mut bench, first).await.expect("signed").is_mined());
    let height = bench.net.height();
    bench.net.inner().foreign_at = Some(height + 1);
    bench.net.mine(1);
    bench.net.inner().advances = false;
    let next = bench.plan(1);
    let _ = execute(&mut bench, next).await.expect("signed, without another block");
    assert_eq!(bench.net.distinct().last().expect("handed in").nonce, 2);
}

#[tokio::test]
async fn silence_is_unknown_and_blocks_the_next_plan_until_the_chain_has_told() {
    let mut bench = Bench::new(9).await;
    bench.net.inner().includes = false;
    let plan = bench.plan(1);
    let outcome = execute(&mut bench, plan.clone()).await.expect("signed");
    assert!(matches!(outcome.ending, Ending::Unknown { nonce: 0, .. }), "{outcome:?}");
    assert_eq!((outcome.class(), outcome.exit_code()), (Some(Class::Ambiguous), 7));

    let before = bench.net.distinct().len();
    let next = bench.plan(1);
    let refused = execute(&mut bench, next.clone()).await.expect_err("unresolved");
    assert!(matches!(refused, SendError::Journal(JournalError::Unresolved { .. })), "{refused}");
    assert_eq!((refused.exit_code(), bench.net.distinct().len()), (7, before));

    let open = reconcile(bench.sender.journal(), &bench.net, &*bench.clock).await.expect("reconciled");
    assert!(matches!(open[0].verdict, Verdict::Waiting { nonce: 0, .. }), "{open:?}");
    bench.net.inner().includes = true;
    bench.net.mine(1);
    let settled = reconcile(bench.sender.journal(), &bench.net, &*bench.clock).await.expect("reconciled");
    assert!(matches!(settled[0].verdict, Verdict::Mined { .. }), "{settled:?}");
    assert_eq!(state(&bench, &plan), IntentState::Mined);
    let nothing = reconcile(bench.sender.journal(), &bench.net, &*bench.clock).await.expect("reconciled");
    assert_eq!(nothing, []);
    assert!(execute(&mut bench, next).await.expect("signed").is_mined());
}

#[tokio::test]
async fn what_no_endpoint_knows_is_sent_again_only_when_asked_and_then_byte_for_byte() {
    let mut bench = Bench::new(10).await;
    bench.net.inner().answer = Some(SendOutcome::Ambiguous("lost".to_owned()));
    let plan = bench.plan(1);
    let outcome = execute(&mut bench, plan.clone()).await.expect("signed");
    assert!(matches!(outcome.ending, Ending::Unknown { .. }), "{outcome:?}");
    bench.net.inner().answer = None;
    let offered = bench.net.distinct();
    let found = reconcile(bench.sender.journal(), &bench.net, &*bench.clock).await.expect("reconciled");
    assert!(found[0].is_open() && matches!(found[0].verdict, Verdict::NotSeen { .. }), "{found:?}");
    assert_eq!(bench.net.distinct(), offered, "reconciling sends nothing");
    let outcome = bench.sender.resend(plan.id.parse().expect("id")).await.expect("sent");
    assert!(outcome.is_mined(), "{outcome:?}");
    assert_eq!(bench.net.distinct(), offered, "the identical bytes");
}

#[tokio::test]
async fn what_is_left_hanging_can_be_taken_back_when_asked() {
    let mut bench = Bench::new(11).await;
    bench.net.inner().answer = Some(SendOutcome::Ambiguous("lost".to_owned()));
    let plan = bench.plan(1);
    let outcome = execute(&mut bench, plan.clone()).await.expect("signed");
    assert!(matches!(outcome.ending, Ending::Unknown { .. }), "{outcome:?}");
    bench.net.inner().answer = None;
    let outcome = bench.sender.take_back(plan.id.parse().expect("id")).await.expect("signed");
    assert!(matches!(outcome.ending, Ending::Cancelled { .. }), "{outcome:?}");
    assert_eq!(state(&bench, &plan), IntentState::Failed);
}

#[tokio::test]
async fn an_endpoint_behind_our_own_journal_is_waited_for_and_then_refused() {
    let mut bench = Bench::new(12).await;
    let first = bench.plan(1);
    assert!(execute(&mut bench, first).await.expect("signed").is_mined());
    {
        let mut net = bench.net.inner();
        net.advances = false;
        net.nonce_lag = 1;
    }
    // The newest block holds our transaction; seen one block late, the nonce is free again.
    let newest = bench.net.distinct()[0].hash;
    assert_eq!(bench.net.included(newest), Some(true));
    let second = bench.plan(1);
    let refused = execute(&mut bench, second).await;
    assert!(matches!(refused, Err(SendError::NonceBehind { journal: 1, chain: 0 })), "{refused:?}");
    bench.net.inner().nonce_lag = 0;
    bench.net.inner().advances = true;
    let third = bench.plan(1);
    assert!(execute(&mut bench, third).await.expect("signed").is_mined());
}

#[tokio::test]
async fn a_block_reorganised_away_reopens_what_it_settled() {
    for depth in 1..=15 {
        let mut bench = Bench::new(13 + depth as u64).await;
        let plan = bench.plan(1);
        let outcome = execute(&mut bench, plan.clone()).await.expect("signed");
        assert!(outcome.is_mined());
        bench.net.inner().advances = false;
        bench.net.mine(depth - 1);
        bench.net.reorganise(depth, false);
        let found = reconcile(bench.sender.journal(), &bench.net, &*bench.clock).await.expect("reconciled");
        assert!(
            found[0].reorganised && matches!(found[0].verdict, Verdict::NotSeen { nonce: 0, .. }),
            "depth {depth}: {found:?}"
        );
        bench.net.inner().advances = true;
        let again = bench.sender.resend(plan.id.parse().expect("id")).await.expect("sent");
        assert!(again.is_mined(), "depth {depth}: {again:?}");
        assert_eq!(state(&bench, &plan), IntentState::Mined);
        assert_eq!(bench.net.distinct().len(), 1, "depth {depth}");
    }
}

#[tokio::test]
async fn what_a_reorg_puts_back_into_the_pool_is_waited_for_and_found_in_its_new_block() {
    for depth in 1..=15 {
        let mut bench = Bench::new(50 + depth as u64).await;
        let plan = bench.plan(1);
        assert!(execute(&mut bench, plan.clone()).await.expect("signed").is_mined());
        bench.net.inner().advances = false;
        bench.net.mine(depth - 1);
        bench.net.reorganise(depth, true);
        let found = reconcile(bench.sender.journal(), &bench.net, &*bench.clock).await.expect("reconciled");
        assert!(
            found[0].reorganised && matches!(found[0].verdict, Verdict::Waiting { nonce: 0, .. }),
            "depth {depth}: {found:?}"
        );
        let next = bench.plan(1);
        let refused = execute(&mut bench, next).await;
        assert!(matches!(&refused, Err(SendError::Journal(_))), "depth {depth}: {refused:?}");
        bench.net.mine(1);
        let found = reconcile(bench.sender.journal(), &bench.net, &*bench.clock).await.expect("reconciled");
        assert!(
            matches!(found[0].verdict, Verdict::Mined { block, .. } if block == bench.net.height()),
            "depth {depth}: {found:?}"
        );
        assert_eq!((state(&bench, &plan), bench.net.inner().handed.len()), (IntentState::Mined, 1), "depth {depth}");
    }
}

#[tokio::test]
async fn a_permit_somebody_used_first_is_left_out_and_the_rest_goes_through() {
    let mut bench = Bench::new(14).await;
    let mut plan = bench.plan(1);
    let value = U256::from(6_000_000_000u64);
    let request = PermitRequest {
        kind: PermitKind::CreditDelegation,
        token: address!("59dca05b6c26dbd64b5381374aAaC5CD05644C28"),
        name: "Aave Base Variable Debt USDC".into(),
        version: "1".into(),
        chain_id: 8453,
        owner: ACCOUNT,
        spender: TARGET,
        value,
        nonce: U256::from(5),
        deadline: after_genesis(100_000),
        symbol: "variableDebtBasUSDC".into(),
    };
    let header = Bytes::from_static(&[0x50, 0x01]);
    let ops = Bytes::from_static(&[0x30, 0x01, 0x02]);
    plan.steps[0].data = CallData::Stream {
        selector: FixedBytes([1, 2, 3, 4]),
        segments: vec![
            Segment::Permit { header: header.clone(), request: Box::new(request) },
            Segment::Ops { data: ops.clone() },
        ],
    };
    let permits = sign_permits(bench.sender.signer(), &plan).await.expect("signed");
    bench.net.inner().permit = (5, U256::ZERO);
    let ready = bench.ready(plan, &permits).await;
    let planned = ready.steps().next().expect("a step").0.data.clone();
    bench.net.inner().permit = (6, value);
    assert!(bench.sender.execute(ready, &permits).await.expect("signed").is_mined());
    let sent = bench.net.distinct()[0].input.clone();
    assert!(sent.len() < planned.len());
    let bare = CallData::Stream { selector: FixedBytes([1, 2, 3, 4]), segments: vec![Segment::Ops { data: ops }] };
    assert_eq!(sent, bare.fill(&SignedPermits::new(), |_| false).expect("filled"));
}

#[tokio::test]
async fn a_plan_whose_time_is_over_is_neither_signed_nor_left_waiting() {
    let mut bench = Bench::new(15).await;
    let mut late = bench.plan(1);
    late.valid_until = after_genesis(bench.net.height() / BLOCKS_A_SECOND + 1);
    let ready = bench.ready(late, &SignedPermits::new()).await;
    bench.net.mine(2 * BLOCKS_A_SECOND as usize);
    let refused = bench.sender.execute(ready, &SignedPermits::new()).await;
    assert!(matches!(refused, Err(SendError::Expired { .. })), "{refused:?}");
    assert_eq!(bench.net.distinct(), []);

    let mut soon = bench.boost();
    soon.valid_until = after_genesis(bench.net.height() / BLOCKS_A_SECOND + 2);
    bench.net.inner().least_fee = 230_000_000;
    let outcome = execute(&mut bench, soon).await.expect("signed");
    assert!(
        matches!(&outcome.ending, Ending::Cancelled { reason, .. } if reason.contains("valid until")),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn an_account_without_ether_is_told_what_it_has_and_what_the_transaction_takes_and_nothing_is_signed() {
    let mut bench = Bench::new(30).await;
    bench.net.inner().ether = U256::from(9_000_000_000_000u64);
    let plan = bench.plan(1);
    let refused = execute(&mut bench, plan.clone()).await.expect_err("125 000 gas at 0.1125 gwei are 0.000014 ether");
    let said = refused.to_string();
    for part in [&format!("{ACCOUNT} has 0.000009 ETH"), "takes up to 0.0000378 ETH", "180000 gas at up to 0.21 gwei"] {
        assert!(said.contains(part), "{part} is not in `{said}`");
    }
    assert_eq!((refused.class(), refused.exit_code()), (Class::Retryable, 4));
    assert_eq!((bench.net.distinct(), state(&bench, &plan)), (vec![], IntentState::Failed));
    // The same goes through once there is ether.
    bench.net.inner().ether = U256::from(10u64).pow(U256::from(18));
    let again = bench.plan(1);
    assert!(execute(&mut bench, again).await.expect("signed").is_mined());
}

#[tokio::test]
async fn the_last_ether_still_pays_for_a_transaction_with_less_room() {
    let mut bench = Bench::new(31).await;
    // Not for 180 000 gas at 0.21 gwei (0.0000378), but for 180 000 at 0.1125.
    bench.net.inner().ether = U256::from(22_000_000_000_000u64);
    let plan = bench.plan(1);
    assert!(execute(&mut bench, plan).await.expect("signed").is_mined());
    let handed = bench.net.distinct()[0].clone();
    assert!(handed.max_fee >= 112_500_000 && handed.max_fee * 180_000 <= 22_000_000_000_000, "{handed:?}");
    assert!(handed.tip > 0 && handed.max_fee - handed.tip >= 112_500_000, "{handed:?}");
}

#[tokio::test]
async fn an_endpoint_that_refuses_for_gas_is_quoted_with_what_was_offered() {
    let refusals = [
        (Rejection::InsufficientFunds("insufficient funds for gas * price + value".to_owned()), "has 1 ETH"),
        (
            Rejection::FeeTooLow("max fee per gas less than block base fee".to_owned()),
            "up to 0.21 gwei per gas, of it 0.01",
        ),
        (Rejection::GasLimit("intrinsic gas too low".to_owned()), "its gas limit is 180000"),
    ];
    for (rejection, words) in refusals {
        let mut bench = Bench::new(32).await;
        let said = rejection.to_string();
        bench.net.inner().answer = Some(SendOutcome::Rejected(rejection.clone()));
        let plan = bench.plan(1);
        let outcome = execute(&mut bench, plan.clone()).await.expect("signed");
        let told = match (&outcome.ending, &rejection) {
            (Ending::Unpaid(short), Rejection::InsufficientFunds(_)) => short.to_string(),
            (Ending::Rejected { reason }, _) => reason.clone(),
            other => panic!("{other:?}"),
        };
        assert!(told.contains(&said) && told.contains(words), "{told}");
        assert_eq!(state(&bench, &plan), IntentState::Failed);
        bench.net.inner().answer = None;
        let next = bench.plan(1);
        assert!(execute(&mut bench, next).await.expect("signed").is_mined());
        assert_eq!(bench.net.distinct().iter().map(|handed| handed.nonce).collect::<Vec<_>>(), [0, 0]);
    }
}
