//! What people read when they ask what a stream does.

use alloy::primitives::{Address, Bytes, U160, U256, address};

use super::{
    Amount, CALL_FORWARDER, COMPOSER, CompactPermit, Deadline, Exact, FailurePath, FlashProvider, ForwarderOp, Lending,
    MORPHO_BLUE, Names, NativeValue, NoNames, OnFailure, Op, Permit, PermitBody, Singleton, SwapVenue, SweepAmount,
    Transfer, approve_then_deposit, approve_then_flash, approve_then_repay, explain,
};
use crate::dex::UniswapV3;

const USER: Address = Address::repeat_byte(0x70);
const WETH: Address = address!("0x4200000000000000000000000000000000000006");
const USDC: Address = address!("0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913");
const CBETH: Address = Address::repeat_byte(0x2a);
const V_USDC: Address = address!("0x59dca05b6c26dbd64b5381374aAaC5CD05644C28");
const POOL: Address = address!("0xA238Dd80C259a72e81d7e4664a9801593F98d1c5");
const ROUTER: Address = address!("0x2626664c2603336E57B271c5C0b26F421741e481");

struct Base;

impl Names for Base {
    fn address(&self, address: Address) -> Option<String> {
        let name = match address {
            COMPOSER => "composer",
            CALL_FORWARDER => "forwarder",
            MORPHO_BLUE => "Morpho",
            USER => "you",
            POOL => "Aave",
            ROUTER => "SwapRouter02",
            _ => return None,
        };
        Some(name.to_owned())
    }

    fn token(&self, token: Address) -> Option<(String, u8)> {
        let (symbol, decimals) = match token {
            WETH => ("WETH", 18),
            CBETH => ("cbETH", 18),
            USDC => ("USDC", 6),
            V_USDC => ("variableDebtBasUSDC", 6),
            Address::ZERO => ("ETH", 18),
            _ => return None,
        };
        Some((symbol.to_owned(), decimals))
    }
}

fn exact(amount: u128) -> Exact {
    Exact::new(U256::from(amount)).expect("not zero")
}

fn text(ops: &[Op], names: &dyn Names) -> String {
    explain(ops, names).iter().map(|line| format!("{line}\n")).collect()
}

const ETHER: u128 = 1_000_000_000_000_000_000;

#[test]
fn a_loop_reads_as_what_it_does() {
    let permit = CompactPermit {
        value: U256::from(6_000_000_000_u64),
        deadline: Deadline::at(1_900_000_000).expect("fits"),
        r: Default::default(),
        vs: Default::default(),
    };
    let venue = SwapVenue::new(COMPOSER, CALL_FORWARDER, &UniswapV3::BASE).through(ROUTER);
    let route = UniswapV3::route(USDC, &[(500, WETH)]).expect("a route");
    let mut inner = venue.exact_in(&route, exact(6_000_000_000), exact(1_990_000_000_000_000_000)).expect("builds");
    inner.extend(approve_then_deposit(WETH, Amount::All, USER, POOL));
    inner.push(Lending::Borrow { asset: USDC, amount: exact(6_000_000_000), receiver: COMPOSER, pool: POOL }.into());
    let mut ops: Vec<Op> = vec![
        Op::Wrap { weth: WETH, receiver: COMPOSER, amount: Amount::Exact(exact(ETHER)) },
        Permit::credit_delegation(V_USDC, permit).into(),
    ];
    ops.extend(approve_then_flash(FlashProvider::MorphoBlue, USDC, MORPHO_BLUE, exact(6_000_000_000), inner));
    ops.push(Transfer::Sweep { asset: USDC, receiver: USER, amount: SweepAmount::ALL }.into());
    insta::assert_snapshot!(text(&ops, &Base), @r#"
      0  WRAP 1 ETH as WETH to composer
     58  PERMIT composer may borrow for the caller: 6,000 variableDebtBasUSDC, until unix time 1900000000
    182  APPROVE Morpho may pull any USDC of the composer, for ever
    224  FLASH_LOAN Morpho Blue 6,000 USDC (Morpho)
    285    SWEEP 6,000 USDC to forwarder
    344    EXT_CALL forwarder
    383      APPROVE SwapRouter02 may pull any USDC of the forwarder, for ever
    425      EXT_CALL SwapRouter02
    464        CALLDATA sell 6,000 USDC for at least 1.99 WETH (USDC to WETH at 0.05 %), to forwarder
    692      SWEEP all WETH, at least 1.99 WETH, to composer
    751    APPROVE Aave may pull any WETH of the composer, for ever
    793    DEPOSIT the composer's whole WETH balance into Aave for you
    873    BORROW 6,000 USDC from Aave for the caller, to composer
    954  SWEEP all USDC to you
    "#);
}

#[test]
fn closing_and_less_common_ops_read_as_what_they_do() {
    let venue = SwapVenue::new(COMPOSER, CALL_FORWARDER, &UniswapV3::BASE).through(ROUTER);
    let route = UniswapV3::route(CBETH, &[(500, WETH), (3000, USDC)]).expect("a route");
    let mut ops = Vec::from(approve_then_repay(USDC, Amount::Max, USER, V_USDC, POOL));
    ops.push(
        Lending::Withdraw { asset: CBETH, amount: Amount::Max, receiver: COMPOSER, a_token: USER, pool: POOL }.into(),
    );
    ops.extend(venue.whole_balance(&route, exact(1), exact(4_000_000_000)).expect("builds"));
    ops.extend(venue.exact_out(&route, exact(5_000_000), exact(ETHER / 4)).expect("builds"));
    let tried = ForwarderOp::TryCall {
        target: ROUTER,
        value: NativeValue::All,
        data: Bytes::from([0xca, 0xc8, 0x8e, 0xa9, 0]),
        failure: FailurePath {
            on_failure: OnFailure::Continue,
            catch: vec![Transfer::Sweep { asset: CBETH, receiver: COMPOSER, amount: SweepAmount::AtLeast(7) }.into()],
        },
    };
    ops.push(Op::ForwarderCall { forwarder: CALL_FORWARDER, value: NativeValue::Wei(ETHER), ops: vec![tried] });
    let manager = Address::repeat_byte(0x49);
    let take = Singleton::V4Take { manager, asset: Address::ZERO, receiver: USER, amount: exact(ETHER / 2) };
    ops.push(Singleton::Unlock { manager, ops: vec![take.into()] }.into());
    let body = PermitBody::Permit2 {
        amount: U160::MAX,
        expiration: Deadline::Never,
        nonce: 0,
        sig_deadline: Deadline::Never,
        r: Default::default(),
        vs: Default::default(),
    };
    ops.push(Permit { target: USDC, body }.into());
    ops.push(Transfer::Unwrap { weth: WETH, receiver: USER, amount: SweepAmount::ALL }.into());
    insta::assert_snapshot!(text(&ops, &Base), @r#"
       0  APPROVE Aave may pull any USDC of the composer, for ever
      42  REPAY the whole USDC debt, as far as the composer's balance goes, to Aave for you
     143  WITHDRAW the caller's whole cbETH collateral from Aave to composer
     243  SWEEP all cbETH, at least 0.000000000000000001 cbETH, to forwarder
     302  EXT_CALL forwarder
     341    APPROVE SwapRouter02 may pull any cbETH of the forwarder, for ever
     383    EXT_CALL_WITH_REPLACE SwapRouter02, the forwarder's cbETH balance written at 4 + 96
     444      CALLDATA sell the balance written in for at least 4,000 USDC (cbETH to WETH at 0.05 % to USDC at 0.3 %), to forwarder
     736    SWEEP all USDC, at least 4,000 USDC, to composer
     795  SWEEP 0.25 cbETH to forwarder
     854  EXT_CALL forwarder
     893    APPROVE SwapRouter02 may pull any cbETH of the forwarder, for ever
     935    EXT_CALL SwapRouter02
     974      CALLDATA buy 5 USDC for at most 0.25 cbETH (cbETH to WETH at 0.05 % to USDC at 0.3 %), to forwarder
    1266    SWEEP all USDC, at least 5 USDC, to composer
    1325    SWEEP all cbETH to composer
    1384  EXT_CALL forwarder with 1 ETH
    1423    EXT_TRY_CALL SwapRouter02 with the whole native balance
    1462      CALLDATA 0xcac88ea9, 5 bytes
    1470      ON FAILURE runs these, then goes on
    1470        SWEEP all cbETH, at least 0.000000000000000007 cbETH, to composer
    1529  UNLOCK 0x4949494949494949494949494949494949494949
    1554    V4_TAKE 0.5 ETH from 0x4949494949494949494949494949494949494949 to you
    1632  PERMIT through Permit2: composer may pull unlimited USDC, for ever
    1752  UNWRAP all WETH as native currency to you
    "#);
}

#[test]
fn tokens_nobody_knows_are_shown_in_units_with_their_address() {
    let ops = [Transfer::Sweep { asset: USDC, receiver: USER, amount: SweepAmount::Exact(exact(5)) }.into()];
    insta::assert_snapshot!(text(&ops, &NoNames), @"    0  SWEEP 5 units of 0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913 to 0x7070707070707070707070707070707070707070");
}

#[test]
fn lines_serialise_for_programs() {
    let ops = [Transfer::Approve { token: USDC, spender: POOL }.into()];
    let json = serde_json::to_string(&explain(&ops, &Base)).expect("json");
    insta::assert_snapshot!(json, @r#"[{"offset":0,"indent":0,"op":"APPROVE","text":"Aave may pull any USDC of the composer, for ever"}]"#);
}
