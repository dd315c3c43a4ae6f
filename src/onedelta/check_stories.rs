//! Streams as a planner would make them, and what happens to them when one thing is wrong.

use std::sync::Arc;

use alloy::primitives::{Address, Bytes, U256, address};

use super::{
    AllowList, Amount, CALL_FORWARDER, COMPOSER, CompactPermit, Deadline, Exact, FailurePath, FlashLoan, FlashProvider,
    FlashSource, ForwarderOp, Lending, MORPHO_BLUE, NativeValue, OnFailure, Op, Permit, RefusalReason, Replace,
    ReserveTokens, Singleton, SwapVenue, SweepAmount, Transfer, UNISWAP_V4_POOL_MANAGER, approve_then_deposit,
    approve_then_flash, approve_then_repay, check, check_with_value, encode,
};
use crate::dex::{Exchange, Route, RouterCall, UniswapV3};

const EXCHANGE: UniswapV3 = UniswapV3::BASE;
const USER: Address = address!("0x70997970C51812dc3A010C7d01b50e0d17dc79C8");
const STRANGER: Address = Address::repeat_byte(0x66);
const WETH: Address = address!("0x4200000000000000000000000000000000000006");
const USDC: Address = address!("0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913");
const A_WETH: Address = address!("0xD4a0e0b9149BCee3C920d2E00b5dE09138fd8bb7");
const V_WETH: Address = address!("0x24e6e0795b3c7c71D965fCc4f371803d1c1DcA1E");
const A_USDC: Address = address!("0x4e65fE4DbA92790696d040ac24Aa414708F5c0AB");
const V_USDC: Address = address!("0x59dca05b6c26dbd64b5381374aAaC5CD05644C28");
const POOL: Address = address!("0xA238Dd80C259a72e81d7e4664a9801593F98d1c5");
const ROUTER: Address = address!("0x2626664c2603336E57B271c5C0b26F421741e481");
const ROUTER_CALLER: Address = address!("0x0000000000000000000000000000000000000001");
const ROUTER_ITSELF: Address = address!("0x0000000000000000000000000000000000000002");
const V3_POOL: Address = address!("0xd0b53D9277642d899DF5C87A3966A349A798F224");

fn allow() -> AllowList {
    AllowList::new(COMPOSER, WETH)
        .forwarder(CALL_FORWARDER)
        .aave_pool(POOL)
        .exchange(Arc::new(EXCHANGE))
        .flash(POOL, FlashSource::Pulled(FlashProvider::AaveV3))
        .flash(MORPHO_BLUE, FlashSource::Pulled(FlashProvider::MorphoBlue))
        .flash(V3_POOL, FlashSource::UniswapV3Pool)
        .flash(UNISWAP_V4_POOL_MANAGER, FlashSource::Singleton)
        .reserve(WETH, ReserveTokens { a_token: A_WETH, debt_token: V_WETH })
        .reserve(USDC, ReserveTokens { a_token: A_USDC, debt_token: V_USDC })
}

fn exact(amount: u128) -> Exact {
    Exact::new(U256::from(amount)).expect("not zero")
}

fn sweep(asset: Address, receiver: Address, amount: SweepAmount) -> Transfer {
    Transfer::Sweep { asset, receiver, amount }
}

fn venue() -> SwapVenue<'static> {
    SwapVenue::new(COMPOSER, CALL_FORWARDER, &EXCHANGE).through(ROUTER)
}

fn buy_weth() -> Route {
    UniswapV3::route(USDC, &[(500, WETH)]).expect("a route")
}

fn sell_weth() -> Route {
    UniswapV3::route(WETH, &[(500, USDC)]).expect("a route")
}

/// A 3x loop: funds first, then a flash loan of 6000 USDC.
fn open(funding: Op) -> Vec<Op> {
    let mut inner = venue().exact_in(&buy_weth(), exact(6_000), exact(1_990)).expect("builds");
    inner.extend(approve_then_deposit(WETH, Amount::All, USER, POOL));
    inner.push(Lending::Borrow { asset: USDC, amount: exact(6_003), receiver: COMPOSER, pool: POOL }.into());
    let mut ops = vec![funding];
    ops.extend(approve_then_flash(FlashProvider::AaveV3, USDC, POOL, exact(6_000), inner));
    ops.push(sweep(USDC, USER, SweepAmount::ALL).into());
    ops
}

fn pull_weth() -> Op {
    Transfer::TransferFrom { asset: WETH, receiver: COMPOSER, amount: Amount::Exact(exact(1_000)) }.into()
}

/// A full close through Morpho that sells everything withdrawn.
fn close() -> Vec<Op> {
    let mut inner = Vec::from(approve_then_repay(USDC, Amount::Max, USER, V_USDC, POOL));
    inner.push(
        Lending::Withdraw { asset: WETH, amount: Amount::Max, receiver: COMPOSER, a_token: A_WETH, pool: POOL }.into(),
    );
    inner.extend(venue().whole_balance(&sell_weth(), exact(2_900), exact(8_500)).expect("builds"));
    let mut ops = Vec::from(approve_then_flash(FlashProvider::MorphoBlue, USDC, MORPHO_BLUE, exact(6_010), inner));
    ops.push(sweep(USDC, USER, SweepAmount::ALL).into());
    ops
}

fn reason(ops: &[Op]) -> RefusalReason {
    check(ops, &allow(), USER).expect_err("refused").reason
}

fn inner_mut(ops: &mut [Op]) -> &mut Vec<Op> {
    for op in ops {
        if let Op::Flash(FlashLoan::Pulled { ops, .. }) = op {
            return ops;
        }
    }
    panic!("no flash loan")
}

fn forwarder_mut(ops: &mut [Op]) -> &mut Vec<ForwarderOp> {
    for op in inner_mut(ops) {
        if let Op::ForwarderCall { ops, .. } = op {
            return ops;
        }
    }
    panic!("no forwarder call")
}

#[test]
fn the_loops_we_plan_pass() {
    let wrap = Op::Wrap { weth: WETH, receiver: COMPOSER, amount: Amount::Exact(exact(1_000)) };
    let wrap_by_sweep = sweep(Address::ZERO, WETH, SweepAmount::Exact(exact(1_000))).into();
    for ops in [open(pull_weth()), open(wrap.clone()), open(wrap_by_sweep), close()] {
        assert_eq!(check(&ops, &allow(), USER), Ok(()));
        assert!(encode(&ops).is_ok());
    }
    assert_eq!(check_with_value(&open(wrap), &allow(), USER, U256::from(1_000)), Ok(()));
}

#[test]
fn a_deleverage_by_exact_output_passes_once_it_ends_with_a_sweep() {
    let mut inner = Vec::from(approve_then_repay(USDC, Amount::Exact(exact(2_000)), USER, V_USDC, POOL));
    let amount = Amount::Exact(exact(690));
    inner.push(Lending::Withdraw { asset: WETH, amount, receiver: COMPOSER, a_token: A_WETH, pool: POOL }.into());
    inner.extend(venue().exact_out(&sell_weth(), exact(2_001), exact(690)).expect("builds"));
    inner.extend(approve_then_deposit(WETH, Amount::All, USER, POOL));
    let mut ops = Vec::from(approve_then_flash(FlashProvider::AaveV3, USDC, POOL, exact(2_000), inner));
    assert_eq!(reason(&ops), RefusalReason::LeftBehind { asset: USDC, holder: COMPOSER });
    ops.push(sweep(USDC, USER, SweepAmount::ALL).into());
    assert_eq!(check(&ops, &allow(), USER), Ok(()));
}

#[test]
fn a_fee_free_loan_repaid_by_borrowing_straight_to_the_lender_passes() {
    let manager = UNISWAP_V4_POOL_MANAGER;
    let mut inner = vec![
        Singleton::V4Take { manager, asset: USDC, receiver: COMPOSER, amount: exact(6_000) }.into(),
        Singleton::V4Sync { manager, asset: USDC }.into(),
    ];
    inner.extend(venue().exact_in(&buy_weth(), exact(6_000), exact(1_990)).expect("builds"));
    inner.extend(approve_then_deposit(WETH, Amount::All, USER, POOL));
    inner.push(Lending::Borrow { asset: USDC, amount: exact(6_000), receiver: manager, pool: POOL }.into());
    inner.push(Singleton::V4Settle { manager, native_amount: 0 }.into());
    let ops = [pull_weth(), Singleton::Unlock { manager, ops: inner }.into()];
    assert_eq!(check(&ops, &allow(), USER), Ok(()));
}

#[test]
fn a_pool_loan_in_either_token_order_repaid_by_borrowing_to_the_pool_passes() {
    let mut swap = venue().exact_in(&buy_weth(), exact(6_000), exact(1_990)).expect("builds");
    swap.extend(approve_then_deposit(WETH, Amount::All, USER, POOL));
    let hand_back = vec![sweep(USDC, V3_POOL, SweepAmount::Exact(exact(6_000))).into()];
    for (owed, mut ops) in [(6_003, swap), (3, hand_back)] {
        ops.push(Lending::Borrow { asset: USDC, amount: exact(owed), receiver: V3_POOL, pool: POOL }.into());
        for (token_a, token_b) in [(USDC, WETH), (WETH, USDC)] {
            let (pool, fee, ops) = (V3_POOL, 500, ops.clone());
            let loan =
                FlashLoan::UniswapV3 { fork_id: 0, pool, token_a, token_b, fee, amount0: 0, amount1: 6_000, ops };
            assert_eq!(check(&[loan.into()], &allow(), USER), Ok(()));
        }
    }
}

#[test]
fn what_an_aave_loan_leaves_after_its_premium_is_not_taken_for_nothing() {
    let idle = vec![Transfer::Approve { token: USDC, spender: POOL }.into()];
    let aave = approve_then_flash(FlashProvider::AaveV3, USDC, POOL, exact(5), idle.clone());
    assert_eq!(reason(&aave), RefusalReason::LeftBehind { asset: USDC, holder: COMPOSER });
    let morpho = approve_then_flash(FlashProvider::MorphoBlue, USDC, MORPHO_BLUE, exact(5), idle);
    assert_eq!(check(&morpho, &allow(), USER), Ok(()), "Morpho takes exactly what it lent");
}

#[test]
fn every_address_outside_the_list_is_refused_where_it_stands() {
    let ops = open(pull_weth());
    let stranger_pool = Lending::Borrow { asset: USDC, amount: exact(1), receiver: COMPOSER, pool: STRANGER };
    let not_allowed = |role| RefusalReason::NotAllowed { role, address: STRANGER };
    let swap = |mut venue: SwapVenue, who: &str| {
        match who {
            "router" => venue.router = STRANGER,
            "spender" => venue.spender = STRANGER,
            _ => venue.forwarder = STRANGER,
        }
        venue.exact_in(&buy_weth(), exact(6_000), exact(1_990)).expect("builds")
    };
    let mut cases: Vec<(Op, RefusalReason)> = vec![
        (stranger_pool.into(), not_allowed("pool")),
        (Transfer::Approve { token: USDC, spender: STRANGER }.into(), not_allowed("spender")),
        (
            Transfer::Approve { token: USDC, spender: ROUTER }.into(),
            RefusalReason::NotAllowed { role: "spender", address: ROUTER },
        ),
        (Transfer::Approve { token: STRANGER, spender: POOL }.into(), not_allowed("token")),
        (
            Transfer::Approve { token: USDC, spender: CALL_FORWARDER }.into(),
            RefusalReason::ApprovesForwarder(CALL_FORWARDER),
        ),
        (sweep(USDC, STRANGER, SweepAmount::ALL).into(), RefusalReason::Receiver(STRANGER)),
        (sweep(Address::ZERO, STRANGER, SweepAmount::ALL).into(), RefusalReason::Receiver(STRANGER)),
        (swap(venue(), "forwarder")[1].clone(), not_allowed("call forwarder")),
        (swap(venue(), "router")[1].clone(), not_allowed("router")),
        (swap(venue(), "spender")[1].clone(), not_allowed("router")),
    ];
    let borrow = Lending::Borrow { asset: USDC, amount: exact(1), receiver: STRANGER, pool: POOL };
    cases.push((borrow.into(), RefusalReason::Receiver(STRANGER)));
    for amount in [Amount::Exact(exact(5)), Amount::All] {
        let deposit = Lending::Deposit { asset: WETH, amount, on_behalf_of: STRANGER, pool: POOL };
        cases.push((deposit.into(), RefusalReason::NotForCaller(STRANGER)));
    }
    let for_stranger = approve_then_repay(USDC, Amount::Max, STRANGER, V_USDC, POOL);
    cases.push((for_stranger[1].clone(), RefusalReason::NotForCaller(STRANGER)));
    let repay = Lending::Repay { asset: USDC, amount: Amount::Max, on_behalf_of: USER, debt_token: V_WETH, pool: POOL };
    let wrong = RefusalReason::WrongReserveToken { role: "debt token", given: V_WETH, asset: USDC, expected: V_USDC };
    cases.push((repay.into(), wrong));
    let withdraw =
        Lending::Withdraw { asset: WETH, amount: Amount::Max, receiver: COMPOSER, a_token: STRANGER, pool: POOL };
    let wrong = RefusalReason::WrongReserveToken { role: "aToken", given: STRANGER, asset: WETH, expected: A_WETH };
    cases.push((withdraw.into(), wrong));
    let lender = [POOL, STRANGER].map(|pool| FlashLoan::Pulled {
        provider: FlashProvider::MorphoBlue,
        asset: USDC,
        pool,
        amount: exact(1),
        ops: vec![sweep(USDC, USER, SweepAmount::ALL).into()],
    });
    let [aave_as_morpho, stranger] = lender;
    cases.push((aave_as_morpho.into(), RefusalReason::NotAllowed { role: "flash lender", address: POOL }));
    cases.push((stranger.into(), not_allowed("flash lender")));
    for (bad, expected) in cases {
        for at in [0, ops.len()] {
            let mut ops = ops.clone();
            ops.insert(at, bad.clone());
            assert_eq!(reason(&ops), expected);
        }
        let mut ops = ops.clone();
        inner_mut(&mut ops).insert(0, bad.clone());
        let refusal = check(&ops, &allow(), USER).expect_err("refused");
        assert_eq!(refusal.reason, expected);
        assert!(refusal.offset >= 161, "58 + 42 + 61 bytes stand before: {refusal}");
    }
}

#[test]
fn permits_go_to_known_tokens_only() {
    let compact = CompactPermit {
        value: U256::from(1),
        deadline: Deadline::Never,
        r: Default::default(),
        vs: Default::default(),
    };
    for good in
        [Permit::token(USDC, compact), Permit::token(A_WETH, compact), Permit::credit_delegation(V_USDC, compact)]
    {
        assert_eq!(check(&[good.into()], &allow(), USER), Ok(()));
    }
    let bad =
        [Permit::token(V_USDC, compact), Permit::token(STRANGER, compact), Permit::credit_delegation(USDC, compact)];
    for bad in bad {
        assert!(matches!(reason(&[bad.into()]), RefusalReason::NotAllowed { .. }));
    }
}

#[test]
fn anything_that_may_stay_behind_is_refused() {
    let left = |asset, holder| RefusalReason::LeftBehind { asset, holder };
    let mut no_final_sweep = open(pull_weth());
    no_final_sweep.pop();
    assert_eq!(reason(&no_final_sweep), left(USDC, COMPOSER));

    let mut exact_deposit = open(pull_weth());
    for op in inner_mut(&mut exact_deposit) {
        if let Op::Lending(Lending::Deposit { amount, .. }) = op {
            *amount = Amount::Exact(exact(2_990));
        }
    }
    assert_eq!(reason(&exact_deposit), left(WETH, COMPOSER));

    let mut bought_stays = open(pull_weth());
    forwarder_mut(&mut bought_stays).pop();
    assert_eq!(reason(&bought_stays), left(WETH, CALL_FORWARDER));

    let mut sold_partly = open(pull_weth());
    if let Some(Op::Transfer(Transfer::Sweep { amount, .. })) = inner_mut(&mut sold_partly).first_mut() {
        *amount = SweepAmount::Exact(exact(6_001));
    }
    assert_eq!(reason(&sold_partly), left(USDC, CALL_FORWARDER));

    let pushed = [Transfer::TransferFrom { asset: USDC, receiver: CALL_FORWARDER, amount: Amount::All }.into()];
    assert_eq!(reason(&pushed), left(USDC, CALL_FORWARDER));

    let unseen = [sweep(USDC, CALL_FORWARDER, SweepAmount::AtLeast(1)).into()];
    assert_eq!(reason(&unseen), left(USDC, CALL_FORWARDER));

    let wrap = Op::Wrap { weth: WETH, receiver: COMPOSER, amount: Amount::Exact(exact(1_000)) };
    let short = check_with_value(&open(wrap), &allow(), USER, U256::from(1_001)).expect_err("1 wei stays");
    assert_eq!(short.reason, left(Address::ZERO, COMPOSER));
}

#[test]
fn an_exact_output_swap_that_forgets_what_it_did_not_spend_is_refused() {
    let mut ops = vec![pull_weth()];
    ops.extend(venue().exact_out(&sell_weth(), exact(2_001), exact(1_000)).expect("builds"));
    ops.extend([USDC, WETH].map(|asset| Op::from(sweep(asset, USER, SweepAmount::ALL))));
    assert_eq!(check(&ops, &allow(), USER), Ok(()));
    if let Op::ForwarderCall { ops, .. } = &mut ops[2] {
        ops.pop();
    }
    assert_eq!(reason(&ops), RefusalReason::LeftBehind { asset: WETH, holder: CALL_FORWARDER });
}

/// Pulls 1000 WETH, runs this in the forwarder instead of a planned swap, sweeps both tokens home.
fn with_call(call: ForwarderOp, back: Vec<Transfer>) -> Vec<Op> {
    let mut forwarder_ops = vec![Transfer::Approve { token: WETH, spender: ROUTER }.into(), call];
    forwarder_ops.extend(back.into_iter().map(ForwarderOp::from));
    let mut ops = vec![
        pull_weth(),
        sweep(WETH, CALL_FORWARDER, SweepAmount::Exact(exact(1_000))).into(),
        Op::ForwarderCall { forwarder: CALL_FORWARDER, value: NativeValue::NONE, ops: forwarder_ops },
    ];
    ops.extend([USDC, WETH].map(|asset| Op::from(sweep(asset, USER, SweepAmount::ALL))));
    ops
}

/// `exactInputSingle` as somebody else may have written it: with words that our codec refuses to write.
fn sell(amount_in: u64, min_out: u64, recipient: Address) -> Bytes {
    let one = U256::ONE;
    let swap = RouterCall::ExactIn { route: sell_weth(), recipient: USER, amount_in: one, min_out: one, limit: None };
    let mut data = EXCHANGE.write(&swap).expect("encodes").to_vec();
    let mut put = |word: usize, value: U256| data[4 + 32 * word..][..32].copy_from_slice(&value.to_be_bytes::<32>());
    put(3, recipient.into_word().into());
    put(4, U256::from(amount_in));
    put(5, U256::from(min_out));
    data.into()
}

fn call(data: Bytes) -> ForwarderOp {
    ForwarderOp::Call { target: ROUTER, value: NativeValue::NONE, data }
}

fn home(minimum: u128) -> Vec<Transfer> {
    vec![sweep(USDC, COMPOSER, SweepAmount::AtLeast(minimum)), sweep(WETH, COMPOSER, SweepAmount::ALL)]
}

#[test]
fn a_swap_needs_a_minimum_from_the_router_or_from_the_sweep() {
    let pass =
        [(sell(1_000, 1, CALL_FORWARDER), 0), (sell(1_000, 0, CALL_FORWARDER), 1), (Bytes::from([1, 2, 3, 4]), 1)];
    for (data, minimum) in pass {
        assert_eq!(check(&with_call(call(data), home(minimum)), &allow(), USER), Ok(()));
    }
    for data in [sell(1_000, 0, CALL_FORWARDER), sell(1_000, 0, COMPOSER), Bytes::from([1, 2, 3, 4])] {
        assert_eq!(reason(&with_call(call(data), home(0))), RefusalReason::NoMinimum);
    }
}

#[test]
fn a_router_told_to_pay_a_stranger_or_to_sell_its_own_balance_is_refused() {
    let refused = |data| reason(&with_call(call(data), home(1)));
    assert_eq!(refused(sell(1_000, 1, STRANGER)), RefusalReason::Receiver(STRANGER));
    assert_eq!(refused(sell(0, 1, CALL_FORWARDER)), RefusalReason::SellsRouterBalance);
    assert_eq!(refused(sell(1_000, 1, ROUTER_ITSELF)), RefusalReason::Receiver(ROUTER));
    let to_forwarder = with_call(call(sell(1_000, 1, ROUTER_CALLER)), home(1));
    assert_eq!(check(&to_forwarder, &allow(), USER), Ok(()), "who calls the router is the forwarder");
    let paid = ForwarderOp::Call { target: ROUTER, value: NativeValue::Wei(1), data: sell(1_000, 1, CALL_FORWARDER) };
    assert_eq!(reason(&with_call(paid, home(1))), RefusalReason::NativeToRouter);
    let mut pulls = with_call(call(sell(1_000, 1, CALL_FORWARDER)), home(1));
    if let Op::ForwarderCall { ops, .. } = &mut pulls[2] {
        let all = Transfer::TransferFrom { asset: WETH, receiver: CALL_FORWARDER, amount: Amount::All };
        ops.insert(0, all.into());
    }
    assert_eq!(reason(&pulls), RefusalReason::PullsInForwarder);
}

#[test]
fn a_swap_that_may_stop_at_a_price_must_give_back_the_rest() {
    let mut swap = EXCHANGE.read(&sell(1_000, 1, CALL_FORWARDER)).expect("a swap");
    if let RouterCall::ExactIn { limit, .. } = &mut swap {
        *limit = Some(U256::ONE);
    }
    let data = EXCHANGE.write(&swap).expect("encodes");
    assert_eq!(check(&with_call(call(data.clone()), home(1)), &allow(), USER), Ok(()));
    let forgets = with_call(call(data), vec![sweep(USDC, COMPOSER, SweepAmount::ALL)]);
    assert_eq!(reason(&forgets), RefusalReason::LeftBehind { asset: WETH, holder: CALL_FORWARDER });
}

#[test]
fn a_swap_that_ends_in_the_token_it_sells_is_refused() {
    let route = UniswapV3::route(WETH, &[(500, USDC), (3_000, STRANGER)]).expect("a route");
    let (amount_in, min_out) = (U256::from(1_000), U256::ONE);
    let swap = RouterCall::ExactIn { route, recipient: CALL_FORWARDER, amount_in, min_out, limit: None };
    let mut data = EXCHANGE.write(&swap).expect("encodes").to_vec();
    let last_token = 4 + 6 * 32 + 46;
    data[last_token..last_token + 20].copy_from_slice(WETH.as_slice());
    assert_eq!(reason(&with_call(call(data.into()), home(1))), RefusalReason::NotPlanned);
}

#[test]
fn a_replace_call_that_overwrites_anything_but_the_amount_sold_is_refused() {
    let replaced = |token, offset| {
        let data = sell(1_000, 1, CALL_FORWARDER);
        let replace = Replace { token, offset };
        let call = ForwarderOp::CallWithReplace { target: ROUTER, value: NativeValue::NONE, replace, data };
        with_call(call, home(1))
    };
    assert_eq!(check(&replaced(WETH, 128), &allow(), USER), Ok(()));
    for (token, offset) in [(WETH, 160), (WETH, 96), (USDC, 128)] {
        assert_eq!(reason(&replaced(token, offset)), RefusalReason::NotPlanned);
    }
}

#[test]
fn an_unreadable_call_may_not_leave_the_sold_token_in_the_forwarder() {
    let only_bought = vec![sweep(USDC, COMPOSER, SweepAmount::AtLeast(1))];
    let ops = with_call(call(Bytes::from([1, 2, 3, 4])), only_bought);
    assert_eq!(reason(&ops), RefusalReason::LeftBehind { asset: WETH, holder: CALL_FORWARDER });
    let sold_with_minimum =
        vec![sweep(WETH, COMPOSER, SweepAmount::AtLeast(1)), sweep(USDC, COMPOSER, SweepAmount::ALL)];
    let ops = with_call(call(Bytes::from([1, 2, 3, 4])), sold_with_minimum);
    assert_eq!(reason(&ops), RefusalReason::NoMinimum, "a minimum of what was sold bounds nothing");
    let planned = {
        let mut ops = vec![pull_weth()];
        ops.extend(venue().foreign(WETH, exact(1_000), USDC, exact(1), Bytes::from([1, 2, 3, 4])));
        ops.extend([USDC, WETH].map(|asset| Op::from(sweep(asset, USER, SweepAmount::ALL))));
        ops
    };
    assert_eq!(check(&planned, &allow(), USER), Ok(()));
}

#[test]
fn a_tried_call_counts_with_both_of_its_ends() {
    let tried = |on_failure, catch: Vec<ForwarderOp>| ForwarderOp::TryCall {
        target: ROUTER,
        value: NativeValue::NONE,
        data: sell(1_000, 1, CALL_FORWARDER),
        failure: FailurePath { on_failure, catch },
    };
    let back: ForwarderOp = sweep(WETH, COMPOSER, SweepAmount::ALL).into();
    let bought = vec![sweep(USDC, COMPOSER, SweepAmount::ALL)];
    let leaves = with_call(tried(OnFailure::Leave, vec![back.clone()]), bought.clone());
    assert_eq!(reason(&leaves), RefusalReason::LeavesOnFailure);
    let kept = with_call(tried(OnFailure::Continue, vec![back]), bought.clone());
    assert_eq!(check(&kept, &allow(), USER), Ok(()));
    let useless: ForwarderOp = Transfer::Approve { token: WETH, spender: ROUTER }.into();
    let lost = with_call(tried(OnFailure::Continue, vec![useless]), bought.clone());
    assert_eq!(reason(&lost), RefusalReason::LeftBehind { asset: WETH, holder: CALL_FORWARDER });
    let back: ForwarderOp = sweep(WETH, COMPOSER, SweepAmount::ALL).into();
    let succeeded = with_call(tried(OnFailure::Continue, vec![back]), vec![]);
    assert_eq!(reason(&succeeded), RefusalReason::LeftBehind { asset: USDC, holder: CALL_FORWARDER });
    let reverts = with_call(tried(OnFailure::Revert, vec![]), bought);
    assert_eq!(check(&reverts, &allow(), USER), Ok(()));
}

#[test]
fn native_currency_goes_to_the_caller_last() {
    let unwrap = Op::from(Transfer::Unwrap { weth: WETH, receiver: USER, amount: SweepAmount::ALL });
    let mut ops = close();
    ops.push(unwrap.clone());
    assert_eq!(check(&ops, &allow(), USER), Ok(()));
    let mut early = vec![pull_weth(), unwrap];
    early.extend(close());
    assert_eq!(reason(&early), RefusalReason::AfterNative);
}

#[test]
fn a_refusal_names_the_op_and_its_byte() {
    let mut ops = open(pull_weth());
    ops.push(sweep(USDC, STRANGER, SweepAmount::ALL).into());
    let refusal = check(&ops, &allow(), USER).expect_err("refused");
    assert_eq!(refusal.offset, 889, "behind the 889 bytes of the recorded loop");
    assert!(refusal.to_string().starts_with("SWEEP at byte 889: receiver 0x6666"), "{refusal}");
}
