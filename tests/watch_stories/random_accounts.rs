//! Accounts of any kind on a falling market: loops beside own deposits and own debts, adopted or not, with dust on the way.
//!
//! Seeded; four seeds by default, sixty with `TRIMTAB_LONG=1`, and one of choice with `TRIMTAB_SEED=n`.

use std::collections::BTreeMap;

use alloy::{
    primitives::{Address, Bytes, U256},
    sol_types::SolCall,
};
use rust_decimal::{Decimal, dec};
use trimtab::{
    aave::Projection,
    config::{LoopClass, SellConfig, ThresholdsConfig},
    localchain::{PriceChange, PriceScope},
    loops::{AccountModel, Funds, Request, Scope, Sell, Settings, Target},
    watchdog::rules::Rule,
};

use crate::{
    accounts::{borrow, deposit, dust, selling, supplied},
    guard::Guard,
    trader::{CBBTC, CBETH, POOL, Pool, Trader, USDC, WETH, ether, milli_ether, units},
};

/// Health factor at which a trim is due by default.
const TRIGGER: Decimal = dec!(1.15);

/// Everything that can be supplied here.
const ASSETS: [(&str, Address); 4] = [("WETH", WETH), ("cbETH", CBETH), ("cbBTC", CBBTC), ("USDC", USDC)];

/// splitmix64.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn within(&mut self, least: u64, most: u64) -> u64 {
        least + self.roll() % (most - least + 1)
    }

    fn chance(&mut self, hundredths: u64) -> bool {
        self.roll() % 100 < hundredths
    }
}

fn seeds() -> std::ops::Range<u64> {
    let number = |name: &str| std::env::var(name).ok()?.parse::<u64>().ok();
    match (number("TRIMTAB_SEED"), std::env::var_os("TRIMTAB_LONG")) {
        (Some(seed), _) => seed..seed + 1,
        (None, Some(_)) => 0..60,
        (None, None) => 0..4,
    }
}

#[tokio::test]
async fn whatever_an_account_holds_it_is_protected_with_what_the_owner_allows_and_nothing_else() {
    for seed in seeds() {
        eprintln!("seed {seed} (TRIMTAB_SEED={seed} repeats it)");
        let mut dice = Dice(seed);
        let trader = Trader::start().await;
        let words = Box::pin(draw_account(&trader, &mut dice)).await;
        let sell = draw_sell(&trader, &mut dice).await;
        eprintln!("  {words:?}, watch.sell = {sell}");
        let pair = trader.pair("WETH", "USDC").await;
        let mut fall = Fall { guard: Guard::with(trader, pair, selling(sell.clone()), false), sell, dice };
        Box::pin(fall.run()).await;
    }
}

/// One to three collaterals and one or two debts; loops that the journal opened, parts by hand, some of them adopted.
async fn draw_account(trader: &Trader, dice: &mut Dice) -> Vec<String> {
    let mut words = Vec::new();
    let mut kinds = vec!["WETH", "cbETH", "cbBTC"];
    for _ in 0..dice.within(1, 2) {
        let kind = kinds.remove(usize::try_from(dice.roll()).expect("64 bits") % kinds.len());
        let leverage = Decimal::new(i64::try_from(dice.within(180, 290)).expect("small"), 2);
        // What the bounds do not allow is opened with less.
        if Box::pin(open(trader, dice, kind, leverage)).await || Box::pin(open(trader, dice, kind, dec!(1.6))).await {
            words.push(format!("{kind}/USDC at up to {leverage}x"));
        }
    }
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
    if dice.chance(50) {
        // Where something was supplied by hand and no loop has it, it becomes one.
        let kind = kinds[0];
        let ran = trader.program().run(&format!("loop adopt --collateral {kind} --debt USDC --include-existing")).await;
        words.push(format!("adopting {kind}/USDC: {:?}", ran.code));
    }
    words
}

async fn open(trader: &Trader, dice: &mut Dice, kind: &str, leverage: Decimal) -> bool {
    let pair = trader.pair(kind, "USDC").await;
    let funds = match kind {
        "WETH" => Funds::Native(milli_ether(dice.within(300, 4_000))),
        "cbETH" => Funds::Collateral(milli_ether(dice.within(300, 3_000))),
        _ => Funds::Collateral(units(dice.within(10, 120), 5)),
    };
    if let Funds::Collateral(amount) = funds {
        trader.give(pair.collateral.token, amount).await;
    }
    let settings = Settings { scope: Scope::Loop, ..trader.settings(LoopClass::Volatile) };
    let request = Request::Open { funds, target: Target::Leverage(leverage) };
    // What the account's bounds do not allow is not opened.
    if trader.plan_with(&pair, &request, &settings).await.is_err() {
        return false;
    }
    let settings = Settings { scope: Scope::Loop, ..trader.settings(LoopClass::Volatile) };
    let Ok(plan) = trader.plan_with(&pair, &request, &settings).await else { return false };
    trader.execute(plan).await.is_ok()
}

async fn may_borrow(trader: &Trader, asset: Address, amount: U256) -> bool {
    let mode = U256::from(2);
    let call = Pool::borrowCall { asset, amount, mode, referral: 0, onBehalfOf: trader.account };
    let data = Bytes::from(call.abi_encode());
    let call = serde_json::json!([{ "from": trader.account, "to": POOL, "data": data }, "latest"]);
    trader.replica.request::<_, Bytes>("eth_call", call).await.is_ok()
}

/// All, what the journal has, or some of what is there in any order.
async fn draw_sell(trader: &Trader, dice: &mut Dice) -> SellConfig {
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

/// The way down.
struct Fall {
    guard: Guard,
    sell: SellConfig,
    dice: Dice,
}

impl Fall {
    async fn run(&mut self) {
        self.guard.look().await;
        let (mut ether, mut bitcoin) = (300_000u64, 9_000_000u64);
        for _ in 0..8 {
            ether = ether * (1_000 - self.dice.within(0, 65)) / 1_000;
            bitcoin = bitcoin * (1_000 - self.dice.within(0, 65)) / 1_000;
            self.move_to("ETH", ether).await;
            self.move_to("cbBTC", bitcoin).await;
            if self.dice.chance(30) {
                let (symbol, asset) = ASSETS[usize::try_from(self.dice.roll()).expect("64 bits") % ASSETS.len()];
                eprintln!("  dust of {symbol}");
                dust(&self.guard.trader, asset, U256::from(self.dice.within(2, 5_000))).await;
            }
            self.step().await;
        }
    }

    async fn move_to(&self, asset: &str, cents: u64) {
        let dollars = Decimal::new(i64::try_from(cents).expect("small"), 2).to_string();
        let change = PriceChange::parse(asset, &dollars).expect("price");
        self.guard.trader.replica.controls.price(&change, PriceScope::Everything).await.expect("moved");
    }

    /// The account as the journal and the chain have it now.
    async fn model(&self) -> AccountModel {
        let trader = &self.guard.trader;
        let snapshot = trader.snapshot(&self.guard.pair).await;
        let at = snapshot.inclusion();
        let projection = Projection::new(snapshot.market, snapshot.account, at);
        AccountModel::new(&projection, &trader.loops(), &ThresholdsConfig::default()).expect("a model")
    }

    /// What may be sold, smallest units.
    async fn sellable(&self, model: &AccountModel) -> BTreeMap<Address, U256> {
        let market = self.guard.trader.snapshot(&self.guard.pair).await.market;
        let sell = Sell::find(&self.sell, &market).expect("assets of Aave");
        model.sellable(&sell).into_iter().collect()
    }

    /// One head: what was promised is looked for on the chain.
    async fn step(&mut self) {
        let (before, health) = (self.model().await, self.guard.health().await);
        let allowed = self.sellable(&before).await;
        let turn = Box::pin(self.guard.look()).await;
        let (after, now) = (self.model().await, self.guard.health().await);
        let left = self.sellable(&after).await;
        let acted = turn.acted.as_ref().map(|acted| (acted.mined_in, acted.words.as_str()));
        eprintln!("  {health} → {now}: {acted:?}");
        assert!(turn.firings.iter().all(|firing| firing.rule != Rule::Changed), "{:?}", turn.firings);

        // Never outside of what the owner allows. What is allowed of an asset is known to its dust.
        for supply in &before.supplies {
            let kept = supply.amount.saturating_sub(allowed.get(&supply.asset).copied().unwrap_or_default());
            let there = after.supply(supply.asset).map_or(U256::ZERO, |supply| supply.amount);
            let rounding = U256::from(20u8) + supply.amount / U256::from(10_000_000u64);
            assert!(
                there + rounding >= kept,
                "{}: {} of which {kept} stay, {there} left",
                supply.symbol,
                supply.amount
            );
        }
        // What can help is used, and enough of it.
        if health < TRIGGER && turn.acted.as_ref().is_none_or(|acted| acted.mined_in.is_none()) {
            assert!(allowed.is_empty(), "nothing was done at {health} with {allowed:?}: {turn:#?}");
        }
        if now < TRIGGER {
            assert!(left.is_empty(), "{now} with {left:?} left: {turn:#?}");
        }
        self.journal_fits(&after);
    }

    /// The journal's loops claim no more than there is.
    fn journal_fits(&self, model: &AccountModel) {
        for (is_debt, (symbol, asset)) in [false, true].into_iter().flat_map(|side| ASSETS.map(|asset| (side, asset))) {
            let claimed = self.guard.trader.loops().iter().fold(U256::ZERO, |sum, known| {
                let position = &known.position;
                let (of, amount) = match is_debt {
                    true => (position.debt, position.terms.debt_principal),
                    false => (position.collateral, position.terms.collateral_principal),
                };
                if of == asset { sum + amount } else { sum }
            });
            let there = match is_debt {
                true => model.debt(asset).map_or(U256::ZERO, |debt| debt.amount),
                false => model.supply(asset).map_or(U256::ZERO, |supply| supply.amount),
            };
            let rounding = U256::from(50u8) + there / U256::from(1_000_000u64);
            assert!(claimed <= there + rounding, "{symbol}, debt {is_debt}: the journal has {claimed} of {there}");
        }
    }
}
