//! The others in an account: two loops, an own deposit, a stranger's dust. No command about another loop touches them.

use alloy::primitives::{Address, U256};

use crate::{
    common::account,
    trader::{CBBTC, CBETH, Erc20, POOL, Pool, Trader, USDC, WETH, units},
};
use trimtab::aave::abi::IPool::setUserUseReserveAsCollateralCall;

/// The account's own deposit, dollars.
const DEPOSIT: u64 = 700;
/// A test account that is not the owner's.
const STRANGER: usize = 5;

/// What is not the day's own, in smallest units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Others {
    /// Collateral and debt of the two other loops, by the journal.
    loops: Vec<(Address, U256, U256)>,
    /// What Aave holds for the account of these loops' collaterals, and of the deposit.
    supplied: Vec<(&'static str, U256)>,
}

async fn supply(trader: &Trader, from: Address, asset: Address, amount: U256) {
    trader.replica.controls.fund(from, U256::ZERO, &[(asset, amount)]).await.expect("funds");
    trader.replica.send(from, asset, &Erc20::approveCall { spender: POOL, value: amount }).await;
    let supply = Pool::supplyCall { asset, amount, onBehalfOf: trader.account, referral: 0 };
    trader.replica.send(from, POOL, &supply).await;
}

/// Two loops opened by the program, a deposit by hand, and dust: supplied on behalf and sent as aTokens.
pub(super) async fn gather(trader: &Trader) {
    for (token, amount, words) in [
        (CBBTC, units(3, 6), "--collateral cbBTC --equity 0.03 --leverage 1.6"),
        (CBETH, units(1, 18), "--collateral cbETH --equity 1 --leverage 1.5"),
    ] {
        trader.give(token, amount).await;
        let ran = trader.program().run(&format!("loop open {words} --broadcast")).await;
        ran.succeeds();
    }
    supply(trader, trader.account, USDC, units(DEPOSIT, 6)).await;
    let stranger = account(STRANGER);
    supply(trader, stranger, CBETH, U256::from(1_000u64)).await;
    supply(trader, stranger, WETH, units(1, 12)).await;
}

/// By hand, as on Aave's own page.
pub(super) async fn stop_using_the_deposit(trader: &Trader) {
    let stop = setUserUseReserveAsCollateralCall { asset: USDC, useAsCollateral: false };
    trader.replica.send(trader.account, POOL, &stop).await;
}

impl Others {
    pub(super) async fn read(trader: &Trader) -> Self {
        let others = trader.loops().into_iter().filter(|known| known.position.collateral != WETH);
        let loops = others.map(|known| {
            let terms = known.position.terms;
            (known.position.collateral, terms.collateral_principal, terms.debt_principal)
        });
        let mut supplied = Vec::new();
        for symbol in ["cbBTC", "cbETH", "USDC"] {
            let pair = trader.pair(symbol, if symbol == "USDC" { "WETH" } else { "USDC" }).await;
            supplied.push((symbol, trader.collateral(&pair).await));
        }
        Self { loops: loops.collect(), supplied }
    }

    /// Nothing is less than it was, but for rounding; loops of the journal are as they were.
    #[track_caller]
    pub(super) fn are_untouched(&self, before: &Self, command: &str) {
        assert_eq!(self.loops, before.loops, "{command} changed other loops");
        self.have_kept(before, command);
    }

    /// The deposit is there, whatever became of the loops.
    #[track_caller]
    pub(super) fn keep_the_deposit(&self, command: &str) {
        let deposit = self.supplied.iter().find(|(symbol, _)| *symbol == "USDC").map(|(_, amount)| *amount);
        let rounding = U256::from(20u8);
        assert!(deposit.is_some_and(|left| left + rounding >= units(DEPOSIT, 6)), "{command}: {deposit:?} left");
    }

    #[track_caller]
    fn have_kept(&self, before: &Self, command: &str) {
        for ((symbol, now), (_, then)) in self.supplied.iter().zip(&before.supplied) {
            assert!(*now + U256::from(20u8) >= *then, "{command}: {then} of {symbol} before, {now} now");
        }
    }
}
