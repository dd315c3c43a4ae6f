//! Accounts as they come from dice.

use alloy::{
    primitives::{Address, Bytes, U256},
    sol_types::SolCall,
};
use rust_decimal::{Decimal, dec};
use trimtab::{
    config::{LoopClass, SellConfig},
    loops::{Funds, Request, Scope, Settings, Target},
};

use super::{ASSETS, Dice};
use crate::{
    accounts::{borrow, deposit, dust, supplied},
    trader::{CBBTC, CBETH, POOL, Pool, Trader, USDC, WETH, ether, milli_ether, units},
};

/// What an account mostly lives by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Nature {
    /// Volatile collateral against dollars.
    Long,
    /// Dollars against ether: prices rise.
    Short,
    /// Staked ether against ether, in an e-mode.
    Correlated,
    /// Any of these beside any other.
    Mixed,
}

impl Nature {
    pub(super) const fn of(seed: u64) -> Self {
        match seed % 4 {
            0 => Self::Long,
            1 => Self::Short,
            2 => Self::Correlated,
            _ => Self::Mixed,
        }
    }
}

/// One to four collaterals and one to three debts; loops that the journal opened, parts by hand, some of them adopted.
pub(super) async fn account(trader: &Trader, nature: Nature, dice: &mut Dice) -> Vec<String> {
    let mut words = Vec::new();
    match nature {
        Nature::Long => longs(trader, dice, &mut words).await,
        Nature::Short => short(trader, dice, &mut words).await,
        Nature::Correlated => correlated(trader, dice, (40, 80), &mut words).await,
        Nature::Mixed => {
            // The first decides on the e-mode; what that does not allow is not opened.
            if dice.chance(50) {
                correlated(trader, dice, (15, 26), &mut words).await;
                longs(trader, dice, &mut words).await;
            } else {
                longs(trader, dice, &mut words).await;
                correlated(trader, dice, (15, 26), &mut words).await;
            }
            if dice.chance(50) {
                short(trader, dice, &mut words).await;
            }
        }
    }
    by_hand(trader, dice, &mut words).await;
    if dice.chance(50) {
        // Where something was supplied by hand and no loop has it, it becomes one.
        let (kind, debt) = (dice.one_of(&["WETH", "cbETH", "cbBTC", "USDC"]), dice.one_of(&["USDC", "WETH"]));
        if kind != debt {
            let adopt = format!("loop adopt --collateral {kind} --debt {debt} --include-existing");
            words.push(format!("adopting {kind}/{debt}: {:?}", trader.program().run(&adopt).await.code));
        }
    }
    words
}

async fn longs(trader: &Trader, dice: &mut Dice, words: &mut Vec<String>) {
    let mut kinds = vec!["WETH", "cbETH", "cbBTC"];
    for _ in 0..dice.within(1, 2) {
        let kind = kinds.remove(usize::try_from(dice.roll()).expect("64 bits") % kinds.len());
        let leverage = Decimal::new(i64::try_from(dice.within(180, 290)).expect("small"), 2);
        let funds = match kind {
            "WETH" => Funds::Native(milli_ether(dice.within(300, 4_000))),
            "cbETH" => Funds::Collateral(milli_ether(dice.within(300, 3_000))),
            _ => Funds::Collateral(units(dice.within(10, 120), 5)),
        };
        // What the bounds do not allow is opened with less.
        if Box::pin(open(trader, (kind, "USDC"), funds, leverage, LoopClass::Volatile)).await
            || Box::pin(open(trader, (kind, "USDC"), funds, dec!(1.6), LoopClass::Volatile)).await
        {
            words.push(format!("{kind}/USDC at up to {leverage}x"));
        }
    }
}

async fn short(trader: &Trader, dice: &mut Dice, words: &mut Vec<String>) {
    let leverage = Decimal::new(i64::try_from(dice.within(150, 250)).expect("small"), 2);
    let funds = Funds::Collateral(units(dice.within(500, 9_000), 6));
    if Box::pin(open(trader, ("USDC", "WETH"), funds, leverage, LoopClass::Volatile)).await {
        words.push(format!("USDC/WETH at {leverage}x"));
    }
}

/// Leverage in tenths.
async fn correlated(trader: &Trader, dice: &mut Dice, (least, most): (u64, u64), words: &mut Vec<String>) {
    let leverage = Decimal::new(i64::try_from(dice.within(least, most)).expect("small"), 1);
    let funds = Funds::Collateral(milli_ether(dice.within(500, 4_000)));
    for class in [LoopClass::Correlated, LoopClass::Volatile] {
        if Box::pin(open(trader, ("cbETH", "WETH"), funds, leverage, class)).await {
            words.push(format!("cbETH/WETH at {leverage}x, {class:?}"));
            return;
        }
    }
}

/// Opens a loop as the program does; what the account's bounds do not allow is not opened.
async fn open(
    trader: &Trader,
    (collateral, debt): (&str, &str),
    funds: Funds,
    leverage: Decimal,
    class: LoopClass,
) -> bool {
    let pair = trader.pair(collateral, debt).await;
    let request = Request::Open { funds, target: Target::Leverage(leverage) };
    if let Funds::Collateral(amount) = funds {
        trader.give(pair.collateral.token, amount).await;
    }
    let settings = Settings { scope: Scope::Loop, ..trader.settings(class) };
    let Ok(plan) = trader.plan_with(&pair, &request, &settings).await else { return false };
    trader.execute(plan).await.is_ok()
}

/// Deposits and debts that no loop has, and dust that is there from the beginning.
async fn by_hand(trader: &Trader, dice: &mut Dice, words: &mut Vec<String>) {
    for (chance, symbol, asset, amount) in [
        (40, "USDC", USDC, units(dice.within(20, 3_000), 6)),
        (25, "cbETH", CBETH, milli_ether(dice.within(1, 900))),
        (25, "cbBTC", CBBTC, units(dice.within(1, 400), 4)),
        (15, "WETH", WETH, milli_ether(dice.within(1, 900))),
    ] {
        if dice.chance(chance) {
            deposit(trader, asset, amount).await;
            words.push(format!("deposit of {amount} {symbol}"));
        }
    }
    if dice.chance(30) {
        let (symbol, asset) = dice.one_of(&ASSETS);
        dust(trader, asset, U256::from(dice.within(2, 5_000))).await;
        words.push(format!("dust of {symbol}"));
    }
    for (symbol, asset, dollar) in
        [("USDC", USDC, units(1, 6)), ("WETH", WETH, ether(1) / U256::from(3_000)), ("cbBTC", CBBTC, U256::from(1_111))]
    {
        if !dice.chance(40) {
            continue;
        }
        let data = trader.replica.ask(POOL, &Pool::getUserAccountDataCall { user: trader.account }).await;
        // As much as leaves a health factor of 1.25.
        let weighted = data.collateral * data.threshold / U256::from(10_000);
        let room = (weighted * U256::from(100) / U256::from(125)).saturating_sub(data.debt).min(data.available);
        let dollars = room / U256::from(100_000_000) * U256::from(dice.within(10, 95)) / U256::from(100);
        if dollars > U256::from(20) && may_borrow(trader, asset, dollars * dollar).await {
            borrow(trader, asset, dollars * dollar).await;
            words.push(format!("debt of {dollars} USD in {symbol}"));
        }
    }
}

async fn may_borrow(trader: &Trader, asset: Address, amount: U256) -> bool {
    let mode = U256::from(2);
    let call = Pool::borrowCall { asset, amount, mode, referral: 0, onBehalfOf: trader.account };
    let data = Bytes::from(call.abi_encode());
    let call = serde_json::json!([{ "from": trader.account, "to": POOL, "data": data }, "latest"]);
    trader.replica.request::<_, Bytes>("eth_call", call).await.is_ok()
}

/// All, what the journal has, or some of what is there in any order.
pub(super) async fn sell(trader: &Trader, dice: &mut Dice) -> SellConfig {
    let mut names = Vec::new();
    for (symbol, _) in ASSETS {
        if !supplied(trader, symbol).await.is_zero() && dice.chance(70) {
            names.push(symbol.to_owned());
        }
    }
    if names.len() > 1 && dice.chance(50) {
        names.reverse();
    }
    match dice.within(0, 3) {
        0 => SellConfig::All,
        1 if !names.is_empty() => SellConfig::Assets(names),
        _ => SellConfig::Loops,
    }
}
