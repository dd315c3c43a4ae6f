//! What other people's encoders write, we read and write the same; what the genuine composer ran, we would sign.

use std::collections::BTreeMap;

use alloy::primitives::{Address, Bytes, Signature, U256};
use serde_json::Value;
use trimtab::dex::{Exchange, RouterCall, UniswapV3};
use trimtab::onedelta::{
    AllowList, Amount, BALANCER_V3_VAULT, CALL_FORWARDER, COMPOSER, CompactPermit, Deadline, EncodeError, Exact,
    FailurePath, FlashLoan, FlashProvider, FlashSource, ForwarderOp, Lending, MAX_112, MORPHO_BLUE, MidnightLeg,
    NativeValue, OnFailure, Op, Permit, RefusalReason, Replace, ReserveTokens, Singleton, SwapVenue, SweepAmount,
    Transfer, UNISWAP_V4_POOL_MANAGER, approve_then_deposit, approve_then_flash, approve_then_repay, check_with_value,
    decode, decode_calldata, decode_forwarder, delta_compose_calldata, encode, encode_forwarder, wrap_stream,
};

const VECTORS: &str = include_str!("../vectors/onedelta-vectors.json");
const EXECUTED: &str = include_str!("../vectors/onedelta-executed-sequences.json");

/// One vector, with typed access to its inputs.
struct Vector {
    name: String,
    kind: String,
    note: String,
    inputs: Value,
    bytes: Vec<u8>,
}

impl Vector {
    fn text(&self, key: &str) -> &str {
        self.inputs[key].as_str().unwrap_or_else(|| panic!("{}: no text `{key}`", self.name))
    }

    fn address(&self, key: &str) -> Address {
        self.text(key).parse().unwrap_or_else(|_| panic!("{}: no address `{key}`", self.name))
    }

    fn uint(&self, key: &str) -> U256 {
        self.text(key).parse().unwrap_or_else(|_| panic!("{}: no number `{key}`", self.name))
    }

    fn exact(&self, key: &str) -> Exact {
        Exact::new(self.uint(key)).expect("an exact amount")
    }

    fn bytes_of(&self, key: &str) -> Bytes {
        self.text(key).parse().unwrap_or_else(|_| panic!("{}: no bytes `{key}`", self.name))
    }

    /// The calldatalib's numbers: 0 = everything, 2^112−1 = maximum.
    fn amount(&self, key: &str) -> Amount {
        let number = self.uint(key);
        if number.is_zero() {
            Amount::All
        } else if number == U256::from(MAX_112) {
            Amount::Max
        } else {
            Amount::exact(number).expect("an exact amount")
        }
    }

    fn sweep_amount(&self) -> SweepAmount {
        match self.inputs["sweepType"].as_u64() {
            Some(0) => SweepAmount::at_least(self.uint("amount")).expect("fits"),
            _ => SweepAmount::exact(self.uint("amount")).expect("fits"),
        }
    }

    fn inner(&self, key: &str) -> Vec<Op> {
        decode(&self.bytes_of(key)).expect("the inner ops are a stream")
    }
}

fn vectors() -> Vec<Vector> {
    let list: Vec<Value> = serde_json::from_str(VECTORS).expect("json");
    let field = |vector: &Value, key: &str| vector[key].as_str().unwrap_or_default().to_owned();
    list.into_iter()
        .map(|vector| {
            let bytes = alloy::hex::decode(field(&vector, "calldata")).expect("hex");
            assert_eq!(vector["length"].as_u64(), Some(bytes.len() as u64), "{}", field(&vector, "name"));
            Vector {
                name: field(&vector, "name"),
                kind: field(&vector, "kind"),
                note: field(&vector, "note"),
                inputs: vector["inputs"].clone(),
                bytes,
            }
        })
        .collect()
}

fn is_decode_only(vector: &Vector) -> bool {
    vector.note.starts_with("decode only")
}

#[test]
fn every_vector_is_read_and_written_back_byte_for_byte() {
    let vectors = vectors();
    assert_eq!(vectors.len(), 45);
    for vector in &vectors {
        let again = if vector.kind == "forwarder" {
            encode_forwarder(&decode_forwarder(&vector.bytes).expect(&vector.name))
        } else if vector.name.starts_with("entry_") {
            delta_compose_calldata(&decode_calldata(&vector.bytes).expect(&vector.name))
        } else {
            encode(&decode(&vector.bytes).expect(&vector.name))
        };
        if is_decode_only(vector) {
            let empty = EncodeError::EmptyList { what: "the inner op list of FLASH_LOAN" };
            assert_eq!(again, Err(empty), "{}", vector.name);
        } else {
            assert_eq!(again.expect(&vector.name).as_ref(), vector.bytes, "{}", vector.name);
        }
    }
    assert_eq!(vectors.iter().filter(|vector| is_decode_only(vector)).count(), 1);
}

#[test]
fn what_the_genuine_composer_executed_is_read_and_written_back_byte_for_byte() {
    let file: Value = serde_json::from_str(EXECUTED).expect("json");
    let steps = file["sequences"].as_array().expect("sequences").iter().flat_map(|sequence| {
        sequence["steps"].as_array().expect("steps").iter().map(|step| step["ops"].as_str().expect("ops").to_owned())
    });
    let mut count = 0;
    for ops in steps {
        let bytes = alloy::hex::decode(&ops).expect("hex");
        assert_eq!(encode(&decode(&bytes).expect("reads")).expect("writes").as_ref(), bytes);
        count += 1;
    }
    assert_eq!(count, 9);
}

#[test]
fn the_check_passes_what_the_genuine_composer_executed_unless_the_stream_may_leave_something() {
    let user: Address = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8".parse().expect("address");
    let pulled = FlashSource::Pulled;
    let reserve = |a_token, debt_token| ReserveTokens { a_token, debt_token };
    let allow = AllowList::new(COMPOSER, weth())
        .forwarder(CALL_FORWARDER)
        .aave_pool(known("pool"))
        .exchange(std::sync::Arc::new(UniswapV3::BASE))
        .flash(known("pool"), pulled(FlashProvider::AaveV3))
        .flash(MORPHO_BLUE, pulled(FlashProvider::MorphoBlue))
        .reserve(weth(), reserve(known("aweth"), known("vweth")))
        .reserve(known("usdc"), reserve(known("ausdc"), known("vusdc")));
    let file: Value = serde_json::from_str(EXECUTED).expect("json");
    for step in file["sequences"].as_array().expect("list").iter().flat_map(|s| s["steps"].as_array().expect("list")) {
        let name = step["vector"].as_str().expect("name");
        let value = step["value"].as_str().expect("wei").parse().expect("wei");
        let ops = decode(&step["ops"].as_str().expect("ops").parse::<Bytes>().expect("hex")).expect("reads");
        let checked = check_with_value(&ops, &allow, user, value);
        if name == "loop_partial_deleverage_exact_out" {
            let reason = checked.expect_err("its USDC is not swept").reason;
            assert_eq!(reason, RefusalReason::LeftBehind { asset: known("usdc"), holder: COMPOSER });
        } else {
            assert_eq!(checked, Ok(()), "{name}");
        }
    }
}

#[test]
fn typed_ops_made_from_the_inputs_give_the_recorded_bytes() {
    let mut built = 0;
    for vector in vectors().iter().filter(|vector| !is_decode_only(vector)) {
        let bytes = match vector.kind.as_str() {
            "forwarder" => forwarder_op(vector).map(|op| encode_forwarder(&[op])),
            _ if vector.name.starts_with("entry_") => Some(Ok(wrap_stream(&vector.bytes_of("ops")).expect("wraps"))),
            _ => composer_ops(vector).map(|ops| encode(&ops)),
        };
        if let Some(bytes) = bytes {
            assert_eq!(bytes.expect(&vector.name).as_ref(), vector.bytes, "{}", vector.name);
            built += 1;
        }
    }
    assert_eq!(built, 44, "all but the one that is for reading only");
}

fn forwarder_op(vector: &Vector) -> Option<ForwarderOp> {
    let target = vector.address("target");
    let value = if vector.inputs["useSelfBalance"] == true {
        NativeValue::All
    } else {
        NativeValue::Wei(vector.text("value").parse().expect("wei"))
    };
    let data = vector.bytes_of("data");
    let failure = || {
        let catch = vector.bytes_of("catchData");
        match (vector.inputs["rOnFailure"].as_bool(), catch.is_empty()) {
            (Some(true), true) => FailurePath::REVERT,
            _ => FailurePath { on_failure: OnFailure::Leave, catch: decode_forwarder(&catch).expect("catch ops") },
        }
    };
    let replace = || Replace {
        token: vector.address("token"),
        offset: u16::try_from(vector.inputs["replaceOffset"].as_u64().expect("offset")).expect("small"),
    };
    match vector.name.as_str() {
        "fwd_ext_call" | "fwd_ext_call_selfbalance" => Some(ForwarderOp::Call { target, value, data }),
        "fwd_try_ext_call" => Some(ForwarderOp::TryCall { target, value, data, failure: failure() }),
        "fwd_try_ext_call_replace" => {
            Some(ForwarderOp::TryCallWithReplace { target, value, replace: replace(), data, failure: failure() })
        }
        _ => None,
    }
}

fn composer_ops(vector: &Vector) -> Option<Vec<Op>> {
    let v = vector;
    let simple: Op = match v.name.as_str() {
        "transfer_in_exact" | "transfer_in_full_balance" => Transfer::TransferFrom {
            asset: v.address("asset"),
            receiver: v.address("receiver"),
            amount: v.amount("amount"),
        }
        .into(),
        "permit2_transfer_from" => Transfer::Permit2TransferFrom {
            token: v.address("token"),
            receiver: v.address("receiver"),
            amount: v.amount("amount"),
        }
        .into(),
        "sweep_validate" | "sweep_validate_zero_min" | "sweep_amount" | "sweep_self_assert" => {
            Transfer::Sweep { asset: v.address("asset"), receiver: v.address("receiver"), amount: v.sweep_amount() }
                .into()
        }
        "wrap_via_sweep" => Transfer::Sweep {
            asset: Address::ZERO,
            receiver: v.address("wrapTarget"),
            amount: SweepAmount::Exact(v.exact("amount")),
        }
        .into(),
        "wrap_with_receiver" => {
            Op::Wrap { weth: v.address("weth"), receiver: v.address("receiver"), amount: v.amount("amount") }
        }
        "unwrap_amount" => {
            Transfer::Unwrap { weth: v.address("target"), receiver: v.address("receiver"), amount: v.sweep_amount() }
                .into()
        }
        "approve" => Transfer::Approve { token: v.address("asset"), spender: v.address("target") }.into(),
        "aave_borrow_variable" | "aave_borrow_to_user" => Lending::Borrow {
            asset: v.address("token"),
            amount: v.exact("amount"),
            receiver: v.address("receiver"),
            pool: v.address("pool"),
        }
        .into(),
        "aave_withdraw_max" => Lending::Withdraw {
            asset: v.address("token"),
            amount: v.amount("amount"),
            receiver: v.address("receiver"),
            a_token: v.address("aToken"),
            pool: v.address("pool"),
        }
        .into(),
        "permit_erc20_compact" => Permit::token(v.address("target"), compact(v)).into(),
        "permit_credit_delegation_compact" => Permit::credit_delegation(v.address("target"), compact(v)).into(),
        _ => return composed_ops(v),
    };
    Some(vec![simple])
}

fn compact(vector: &Vector) -> CompactPermit {
    let signature = Signature::from_raw(&vector.bytes_of("signature")).expect("signature");
    let deadline = Deadline::at(vector.uint("deadline").to()).expect("fits");
    CompactPermit::new(vector.uint("value"), deadline, &signature).expect("low s")
}

fn composed_ops(v: &Vector) -> Option<Vec<Op>> {
    Some(match v.name.as_str() {
        "aave_deposit_exact" | "aave_deposit_balance" => {
            approve_then_deposit(v.address("token"), v.amount("amount"), v.address("receiver"), v.address("pool"))
                .into()
        }
        "aave_repay_exact" | "aave_repay_max" => approve_then_repay(
            v.address("token"),
            v.amount("amount"),
            v.address("receiver"),
            v.address("dToken"),
            v.address("pool"),
        )
        .into(),
        "flash_aave_v3" | "flash_morpho" => {
            let provider = if v.name == "flash_morpho" { FlashProvider::MorphoBlue } else { FlashProvider::AaveV3 };
            let (asset, pool) = (v.address("asset"), v.address("pool"));
            approve_then_flash(provider, asset, pool, v.exact("amount"), v.inner("data")).into()
        }
        "flash_midnight" => {
            let (token, pool) = (v.address("asset"), v.address("pool"));
            let legs = vec![MidnightLeg { token, amount: v.exact("amount") }];
            let loan = FlashLoan::Midnight { pool, legs, ops: v.inner("data") };
            vec![Transfer::Approve { token, spender: pool }.into(), loan.into()]
        }
        "flash_uniswap_v4" => {
            let (manager, asset) = (v.address("singleton"), v.address("asset"));
            assert_eq!(manager, UNISWAP_V4_POOL_MANAGER);
            let (receiver, amount) = (v.address("receiver"), v.exact("amount"));
            let mut ops = vec![
                Singleton::V4Take { manager, asset, receiver, amount }.into(),
                Singleton::V4Sync { manager, asset }.into(),
            ];
            ops.extend(v.inner("flashData"));
            ops.push(Singleton::V4Settle { manager, native_amount: 0 }.into());
            vec![Singleton::Unlock { manager, ops }.into()]
        }
        "flash_balancer_v3" => {
            let (vault, asset) = (v.address("singleton"), v.address("asset"));
            assert_eq!(vault, BALANCER_V3_VAULT);
            let (receiver, amount) = (v.address("receiver"), v.exact("amount"));
            let mut ops = vec![Singleton::BalancerTake { vault, asset, receiver, amount }.into()];
            ops.extend(v.inner("flashData"));
            ops.push(Singleton::BalancerSettle { vault, asset, amount_hint: amount.get() }.into());
            vec![Singleton::Unlock { manager: vault, ops }.into()]
        }
        "composer_swap_univ3_single" => {
            let venue = SwapVenue::new(COMPOSER, v.address("forwarder"), &UniswapV3::BASE).through(v.address("router"));
            let recorded = UniswapV3::BASE.read(&v.bytes_of("routerCalldata")).expect("a SwapRouter02 swap");
            let RouterCall::ExactIn { route, amount_in, min_out, .. } = recorded else { panic!("exact input") };
            venue.exact_in(&route, exact(amount_in), exact(min_out)).expect("builds").split_off(1)
        }
        "composer_swap_slipstream" | "composer_swap_aerodrome_v2" => {
            let ops = decode_forwarder(&v.bytes_of("forwarderStream")).expect("reads");
            let Some(ForwarderOp::Call { target, data, .. }) = ops.get(1) else { panic!("a call") };
            assert_eq!((*target, data), (v.address("router"), &v.bytes_of("routerCalldata")));
            vec![Op::ForwarderCall { forwarder: v.address("forwarder"), value: NativeValue::NONE, ops }]
        }
        "sdk_forwarder_swap" => {
            let approval = &v.inputs["approval"];
            assert_eq!(approval["target"], v.inputs["target"]);
            let (usdc, amount, least) = (address(&approval["token"]), number("6000000000"), number(MIN_WETH));
            let venue = SwapVenue::new(COMPOSER, CALL_FORWARDER, &UniswapV3::BASE).through(v.address("target"));
            let route = UniswapV3::route(usdc, &[(500, weth())]).expect("a route");
            venue.exact_in(&route, amount, least).expect("builds").split_off(1)
        }
        name if name.starts_with("loop_") => loop_ops(v),
        "sdk_open_morpho" | "sdk_close_partial_morpho" => sdk_margin_ops(v),
        _ => return None,
    })
}

const MIN_WETH: &str = "1990000000000000000";

fn number(text: &str) -> Exact {
    exact(text.parse().expect("number"))
}

fn exact(amount: U256) -> Exact {
    Exact::new(amount).expect("an exact amount")
}

fn address(text: &Value) -> Address {
    text.as_str().expect("text").parse().expect("address")
}

fn weth() -> Address {
    "0x4200000000000000000000000000000000000006".parse().expect("address")
}

/// Addresses the loop vectors leave out of their inputs (onedelta-composer.md §1).
fn known(name: &str) -> Address {
    let table = BTreeMap::from([
        ("usdc", "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913"),
        ("vweth", "0x24e6e0795b3c7c71D965fCc4f371803d1c1DcA1E"),
        ("ausdc", "0x4e65fE4DbA92790696d040ac24Aa414708F5c0AB"),
        ("aweth", "0xD4a0e0b9149BCee3C920d2E00b5dE09138fd8bb7"),
        ("vusdc", "0x59dca05b6c26dbd64b5381374aAaC5CD05644C28"),
        ("pool", "0xA238Dd80C259a72e81d7e4664a9801593F98d1c5"),
        ("router", "0x2626664c2603336E57B271c5C0b26F421741e481"),
    ]);
    table[name].parse().expect("address")
}

/// The SDK's margin trades: it leaves the sweep behind the swap without a minimum and trusts the router's.
fn sdk_margin_ops(v: &Vector) -> Vec<Op> {
    let (trade, call) = (&v.inputs["trade"], &v.inputs["externalCall"]);
    let token = |side: &str| address(&trade[side]["currency"]["address"]);
    let (sold, bought) = (token("inputAmount"), token("outputAmount"));
    let amount = number(trade["inputAmount"]["amount"].as_str().expect("text"));
    let (user, pool, forwarder) = (v.address("account"), known("pool"), address(&call["callForwarder"]));
    let sweep = |asset, receiver, amount| Transfer::Sweep { asset, receiver, amount };
    let data = call["calldata"].as_str().expect("text").parse().expect("bytes");
    let forwarder_ops = vec![
        Transfer::Approve { token: sold, spender: address(&trade["approvalTarget"]) }.into(),
        ForwarderOp::Call { target: address(&call["target"]), value: NativeValue::NONE, data },
        sweep(bought, COMPOSER, SweepAmount::ALL).into(),
    ];
    let mut inner = vec![
        sweep(sold, forwarder, SweepAmount::Exact(amount)).into(),
        Op::ForwarderCall { forwarder, value: NativeValue::NONE, ops: forwarder_ops },
    ];
    let opens = v.name == "sdk_open_morpho";
    if opens {
        inner.extend(approve_then_deposit(bought, Amount::All, user, pool));
        inner.push(Lending::Borrow { asset: sold, amount, receiver: COMPOSER, pool }.into());
    } else {
        inner.extend(approve_then_repay(bought, Amount::All, user, known("vusdc"), pool));
        let (a_token, receiver) = (known("aweth"), COMPOSER);
        inner.push(Lending::Withdraw { asset: sold, amount: amount.into(), receiver, a_token, pool }.into());
    }
    let mut ops = Vec::from(approve_then_flash(FlashProvider::MorphoBlue, sold, MORPHO_BLUE, amount, inner));
    if !opens {
        ops.push(sweep(bought, user, SweepAmount::ALL).into());
    }
    ops
}

/// The loop recipes of onedelta-composer.md §9, from the numbers in the vector.
fn loop_ops(v: &Vector) -> Vec<Op> {
    let (usdc, pool, user) = (known("usdc"), known("pool"), v.address("user"));
    let venue = SwapVenue::new(COMPOSER, CALL_FORWARDER, &UniswapV3::BASE).through(known("router"));
    let through = |sold, bought| UniswapV3::route(sold, &[(500, bought)]).expect("a route");
    let (buy_weth, sell_weth) = (through(usdc, weth()), through(weth(), usdc));
    let (flash, due) = (v.exact("flash"), exact(v.uint("flash") + v.uint("premium")));
    let provider = if v.name.contains("morpho") { FlashProvider::MorphoBlue } else { FlashProvider::AaveV3 };
    let lender = if v.name.contains("morpho") { MORPHO_BLUE } else { pool };
    let sweep = |asset| Op::from(Transfer::Sweep { asset, receiver: user, amount: SweepAmount::ALL });
    let withdraw = |amount| {
        Op::from(Lending::Withdraw { asset: weth(), amount, receiver: COMPOSER, a_token: known("aweth"), pool })
    };
    let repay = |amount| approve_then_repay(usdc, amount, user, known("vusdc"), pool);
    let (mut before, mut inner, after): (Vec<Op>, Vec<Op>, Vec<Op>);
    match v.name.as_str() {
        "loop_open_3x_aave" | "loop_open_3x_morpho" | "loop_open_3x_aave_native" => {
            let equity = v.exact("userWeth");
            before = vec![if v.name.ends_with("native") {
                Transfer::Sweep { asset: Address::ZERO, receiver: weth(), amount: SweepAmount::Exact(equity) }.into()
            } else {
                Transfer::TransferFrom { asset: weth(), receiver: COMPOSER, amount: equity.into() }.into()
            }];
            inner = venue.exact_in(&buy_weth, flash, v.exact("minWethOut")).expect("builds");
            inner.extend(approve_then_deposit(weth(), Amount::All, user, pool));
            inner.push(Lending::Borrow { asset: usdc, amount: due, receiver: COMPOSER, pool }.into());
            after = vec![sweep(usdc)];
        }
        "loop_partial_deleverage_aave" => {
            let withdrawn = v.exact("withdraw");
            before = Vec::new();
            inner = repay(flash.into()).into();
            inner.push(withdraw(withdrawn.into()));
            inner.extend(venue.exact_in(&sell_weth, withdrawn, v.exact("minUsdcOut")).expect("builds"));
            after = vec![sweep(usdc), sweep(weth())];
        }
        "loop_partial_deleverage_exact_out" => {
            let withdrawn = v.exact("withdraw");
            before = Vec::new();
            inner = repay(flash.into()).into();
            inner.push(withdraw(withdrawn.into()));
            inner.extend(venue.exact_out(&sell_weth, due, withdrawn).expect("builds"));
            inner.extend(approve_then_deposit(weth(), Amount::All, user, pool));
            after = Vec::new();
        }
        "loop_full_close_aave" | "loop_full_close_morpho" => {
            before = Vec::new();
            inner = repay(Amount::Max).into();
            inner.push(withdraw(Amount::Max));
            inner.extend(venue.exact_in(&sell_weth, v.exact("swapWethIn"), v.exact("minUsdcOut")).expect("builds"));
            let unwrap = Transfer::Unwrap { weth: weth(), receiver: user, amount: SweepAmount::ALL };
            after = vec![sweep(usdc), unwrap.into()];
        }
        other => panic!("no recipe for {other}"),
    }
    before.extend(approve_then_flash(provider, usdc, lender, flash, inner));
    before.extend(after);
    before
}
