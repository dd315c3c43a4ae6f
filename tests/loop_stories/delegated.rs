//! Accounts that have code: Base's USDC asks the code whether a permit is good, and the code may take no ether.

use alloy::{
    consensus::{SignableTransaction, TxEip7702, TxEnvelope},
    eips::{eip2718::Encodable2718, eip7702::Authorization},
    primitives::{B256, Bytes, U256, hex},
    signers::SignerSync,
};
use rust_decimal::dec;
use serde_json::Value;
use trimtab::{
    chain::{AccountCode, BASE_CHAIN_ID, Reader},
    loops::{Funds, Pair, Payout, Request, Share, Target, Via},
    plan::{Plan, SimulationError, rehearse},
};

use super::open::as_predicted;
use crate::{
    common::signer,
    trader::{DELEGATE, Failed, Trader, USDC, WETH, ether, units},
};

/// Delegates of ours. Stops at once: takes ether, answers nothing.
const SILENT: &[u8] = &hex!("00");
/// Answers ERC-1271's word to whatever it is asked, and takes ether.
const AGREES: &[u8] = &hex!("631626ba7e60e01b5f5260205ff3");
/// Reverts whatever it is asked, and at ether too.
const REFUSES: &[u8] = &hex!("5f5ffd");

const OPEN: fn() -> Request =
    || Request::Open { funds: Funds::Debt(units(30_000, 6)), target: Target::Leverage(dec!(2.5)) };
const TO_ETHER: Request = Request::Close { share: Share::All, payout: Payout::Collateral { unwrap: Some(WETH) } };

/// With dollars in the wallet, and with the code if there is any.
async fn with_code(code: Option<&[u8]>) -> (Trader, Pair) {
    let trader = Trader::start().await;
    trader.give(USDC, units(60_000, 6)).await;
    if let Some(code) = code {
        trader.delegates_to(code).await;
    }
    let pair = trader.pair("WETH", "USDC").await;
    (trader, pair)
}

fn purposes(plan: &Plan) -> Vec<&str> {
    plan.steps.iter().map(|step| step.purpose.as_str()).collect()
}

/// A plan of the time before the delegation.
async fn planned_before(code: &[u8]) -> (Trader, Plan) {
    let (trader, pair) = with_code(None).await;
    let plan = trader.plan(&pair, &OPEN()).await.expect("a plan");
    assert_eq!(plan.steps.len(), 1, "the allowance travels as a permit");
    trader.delegates_to(code).await;
    (trader, plan)
}

#[tokio::test]
async fn a_dry_run_of_a_permit_that_usdc_would_not_take_does_not_say_0_ppm() {
    let (trader, plan) = planned_before(SILENT).await;
    let head = Reader::head(&trader.endpoints).await.expect("head");
    let told = rehearse(&trader.endpoints, &plan, head, head.next_timestamp()).await.expect_err("told");
    let SimulationError::Permit { symbol, why } = &told else { panic!("{told:?}") };
    assert_eq!(symbol, "USDC");
    assert!(why.contains("by delegation to"), "{why}");
    // The simulation of what is signed says no too: nothing is sent.
    let nonce = trader.replica.nonce(trader.account).await;
    let failed = trader.execute(plan).await.expect_err("refused");
    assert!(matches!(failed, Failed::Execute(_)), "{failed:?}");
    assert_eq!(trader.replica.nonce(trader.account).await, nonce);
}

#[tokio::test]
async fn the_replicas_usdc_takes_what_the_owners_code_takes_as_bases_does() {
    let (trader, plan) = planned_before(AGREES).await;
    trader.execute(plan).await.expect("the code says yes");
}

#[tokio::test]
async fn a_loop_of_a_delegated_account_is_opened_changed_and_closed_with_transactions_in_place_of_usdc_permits() {
    for code in [SILENT, AGREES] {
        let (trader, pair) = with_code(Some(code)).await;
        let snapshot = trader.snapshot(&pair).await;
        assert_eq!(snapshot.account.code, AccountCode::Delegated(DELEGATE));
        assert!(!snapshot.account.refuses_ether);
        let dollars = Funds::Debt(units(5_000, 6));
        let steps = [
            (OPEN(), true),
            (Request::Adjust { target: Target::Leverage(dec!(3)) }, false),
            (Request::Deposit { funds: dollars, keep_leverage: true }, true),
            (Request::Repay { amount: units(1_000, 6), via: Via::Composer }, true),
            (Request::Trim { target: Target::Leverage(dec!(2)), at_most: None }, false),
            (TO_ETHER, false),
        ];
        for (request, takes_dollars) in steps {
            let (plan, settlement) = trader.act(&pair, &request).await;
            assert_eq!(plan.steps.len(), 1 + usize::from(takes_dollars), "{request:?}: {:?}", purposes(&plan));
            if takes_dollars {
                assert!(purposes(&plan)[0].contains("USDC (instead of a permit)"), "{:?}", purposes(&plan));
                assert!(plan.notes.iter().any(|note| note.contains("no permit of USDC")), "{:?}", plan.notes);
            }
            as_predicted(&plan, &settlement);
            trader.assert_nothing_left(&pair).await;
        }
    }
}

#[tokio::test]
async fn a_delegation_made_by_a_type_4_transaction_is_seen() {
    let (trader, pair) = with_code(None).await;
    assert_eq!(trader.snapshot(&pair).await.account.code, AccountCode::None);
    let _: Value = trader.replica.request("anvil_setCode", (DELEGATE, Bytes::from(SILENT))).await.expect("code");
    let (key, nonce) = (signer(trader.index), trader.replica.nonce(trader.account).await.saturating_to::<u64>());
    let leave = Authorization { chain_id: U256::from(BASE_CHAIN_ID), address: DELEGATE, nonce: nonce + 1 };
    let leave = leave.clone().into_signed(key.sign_hash_sync(&leave.signature_hash()).expect("a signature"));
    let transaction = TxEip7702 {
        chain_id: BASE_CHAIN_ID,
        nonce,
        gas_limit: 200_000,
        max_fee_per_gas: 10_000_000_000,
        max_priority_fee_per_gas: 1,
        to: trader.account,
        authorization_list: vec![leave],
        ..TxEip7702::default()
    };
    let signature = key.sign_hash_sync(&transaction.signature_hash()).expect("a signature");
    let raw = TxEnvelope::from(transaction.into_signed(signature)).encoded_2718();
    let hash: B256 = trader.replica.request("eth_sendRawTransaction", (Bytes::from(raw),)).await.expect("sent");
    trader.replica.receipt(hash).await;
    assert_eq!(trader.snapshot(&pair).await.account.code, AccountCode::Delegated(DELEGATE));
    let (plan, settlement) = trader.act(&pair, &OPEN()).await;
    assert_eq!(plan.steps.len(), 2, "{:?}", purposes(&plan));
    as_predicted(&plan, &settlement);
}

#[tokio::test]
async fn a_loop_whose_owner_takes_no_ether_is_closed_in_weth() {
    let (trader, pair) = with_code(None).await;
    trader.act(&pair, &Request::Open { funds: Funds::Native(ether(10)), target: Target::Leverage(dec!(2)) }).await;
    trader.delegates_to(REFUSES).await;
    assert!(trader.snapshot(&pair).await.account.refuses_ether);
    let out = Request::Withdraw { collateral: ether(1), debt: U256::ZERO, unwrap: Some(WETH), keep_leverage: false };
    for request in [out, TO_ETHER] {
        let before = trader.balance(WETH, trader.account).await;
        let (plan, settlement) = trader.act(&pair, &request).await;
        assert!(plan.notes.iter().any(|note| note.contains("as with --wrapped")), "{:?}", plan.notes);
        as_predicted(&plan, &settlement);
        assert!(trader.balance(WETH, trader.account).await > before);
        trader.assert_nothing_left(&pair).await;
    }
}

#[tokio::test]
async fn doctor_names_a_delegation_and_what_follows() {
    let (trader, _) = with_code(Some(REFUSES)).await;
    let ran = trader.program().run("doctor").await;
    let told = DELEGATE.to_string();
    for word in ["account's code", told.as_str(), "does not know", "takes no ether", "does not answer ERC-1271"] {
        assert!(ran.stdout.contains(word), "`{word}` is not in {ran:#?}");
    }
    trader.delegates_to(AGREES).await;
    let ran = trader.program().run("doctor").await;
    for word in ["it takes ether", "it answers ERC-1271", "approve transaction instead of a permit"] {
        assert!(ran.stdout.contains(word), "`{word}` is not in {ran:#?}");
    }
}

#[tokio::test]
async fn only_tokens_that_ask_the_code_on_base_do_so_here() {
    let trader = Trader::start().await;
    for listing in &trader.list.listings {
        let asks = |permit: &Option<trimtab::aave::PermitDomain>| permit.as_ref().map(|permit| permit.asks_code);
        let own = ["USDC", "USDbC", "cbBTC", "EURC"].contains(&listing.symbol.as_str()).then_some(true);
        assert_eq!(asks(&listing.token_permit), own, "{}", listing.symbol);
        // Aave's own recover the key.
        assert_eq!(asks(&listing.a_token_permit), Some(false), "a{}", listing.symbol);
        assert_eq!(asks(&listing.debt_token_permit), Some(false), "debt of {}", listing.symbol);
    }
}
