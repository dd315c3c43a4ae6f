//! Random lives of accounts, each action first predicted and then done.

use std::fmt;

use alloy::{
    primitives::{Address, U256, keccak256},
    sol_types::SolCall,
};
use trimtab::{
    aave::{AccountState, Amount, ERRORS, Market, Projection, Refusal, abi::IPool},
    units::Secs,
};

use super::{
    dice::Dice,
    world::{Outcome, POOL, Seen, World},
};

/// How much was tried.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub done: u64,
    pub refused: u64,
    /// Actions in a block of the same second as the one that they were predicted on, and of the next.
    pub soon: [u64; 2],
    pub in_emode: u64,
    /// Accounts that had two collaterals and two debts at once.
    pub several: u64,
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} actions done ({} in the same second, {} in the next), {} refused; {} accounts in e-mode, {} with several \
             collaterals and debts at once",
            self.done, self.soon[0], self.soon[1], self.refused, self.in_emode, self.several
        )
    }
}

pub(crate) struct Story {
    dice: Dice,
    /// Assets, their price sources under our control, and the prices they began with.
    sources: Vec<(Address, Address, U256)>,
    pub tally: Tally,
}

#[derive(Debug, Clone, Copy)]
enum Action {
    Supply(Address, U256),
    Borrow(Address, U256),
    Repay(Address, Amount),
    Withdraw(Address, Amount),
    EMode(u8),
}

impl Story {
    pub(crate) async fn begin(world: &mut World, seed: u64) -> Self {
        let market = world.see(Address::ZERO, None).await.market;
        let mut sources = Vec::new();
        for reserve in &market.reserves {
            let price = reserve.price.expect("price").value.0;
            sources.push((reserve.asset, world.take_over_price(reserve.asset, price).await, price));
        }
        world.reload().await;
        Self { dice: Dice(seed), sources, tally: Tally::default() }
    }

    /// One account from its first supply on; ends with whatever it then has.
    pub(crate) async fn live_one_account(&mut self, world: &World, number: u64) -> Address {
        let who = world.newcomer(number).await;
        let actions = self.dice.between(6, 16);
        let mut approved = Vec::new();
        let mut several = false;
        let mut seen = world.see(who, None).await;
        for step in 0..actions {
            if self.dice.one_in(4) {
                self.move_a_price(world).await;
                seen = world.see(who, None).await;
            }
            let now = seen.market.block.timestamp;
            assert_eq!(seen.account.at(&seen.market, now).expect("figures"), seen.reported, "account {number}");
            let at = now.plus(Secs(self.wait()));
            let action = self.choose(&seen.market, &seen.account, at, step);
            let brings = match action {
                Action::Supply(asset, amount) => Some((asset, amount)),
                Action::Repay(asset, _) => Some((asset, U256::from(u128::MAX >> 16))),
                _ => None,
            };
            if let Some((asset, amount)) = brings {
                world.give(who, asset, amount).await;
                if self.approve_once(world, who, asset, &mut approved).await {
                    seen = world.see(who, None).await;
                }
            }
            seen = self.act(world, who, action, seen, number).await;
            let uses = seen.account.configuration;
            let count = |want: &dyn Fn(u16) -> bool| uses.ids().filter(|id| want(*id)).count();
            several |= count(&|id| uses.is_collateral(id)) > 1 && count(&|id| uses.is_borrowing(id)) > 1;
        }
        self.tally.several += u64::from(several);
        self.tally.in_emode += u64::from(seen.account.emode != 0);
        who
    }

    async fn approve_once(&mut self, world: &World, who: Address, asset: Address, approved: &mut Vec<Address>) -> bool {
        let first = !approved.contains(&asset);
        if first {
            world.let_pool_take(who, asset).await;
            approved.push(asset);
        }
        first
    }

    /// Seconds until the next block: five blocks of Base's share one, so that it is none as often as one.
    fn wait(&mut self) -> u64 {
        match self.dice.between(0, 5) {
            0 => 0,
            4 => 1,
            1 => self.dice.between(2, 60),
            2 => self.dice.between(60, 86_400),
            _ => self.dice.between(86_400, 10 * 86_400),
        }
    }

    fn choose(&mut self, market: &Market, account: &AccountState, at: Secs, step: u64) -> Action {
        let used = |want: fn(&AccountState, u16) -> bool| -> Vec<Address> {
            market.reserves.iter().filter(|reserve| want(account, reserve.id)).map(|reserve| reserve.asset).collect()
        };
        let borrowed = used(|account, id| account.configuration.is_borrowing(id));
        let backing = used(|account, id| account.configuration.is_collateral(id));
        if step == 0 && self.dice.one_in(2) {
            return Action::EMode(market.categories[usize::try_from(self.dice.between(0, 15)).expect("index")].id);
        }
        match self.dice.between(0, 12) {
            0 => Action::EMode(u8::try_from(self.dice.between(0, 17)).expect("category")),
            1..=4 if step < 4 || backing.is_empty() => self.some_supply(market, account),
            1 | 2 => self.some_supply(market, account),
            3..=7 => self.some_borrow(market, account, at),
            8 | 9 if !borrowed.is_empty() => {
                let asset = *self.dice.pick(&borrowed);
                let owed = account.owed(market.reserve(asset).expect("reserve"), at).expect("owed");
                Action::Repay(asset, self.some_of(owed))
            }
            _ if !backing.is_empty() => {
                let asset = *self.dice.pick(&backing);
                let owned = account.supplied(market.reserve(asset).expect("reserve"), at).expect("supplied");
                Action::Withdraw(asset, self.some_of(owned))
            }
            _ => self.some_supply(market, account),
        }
    }

    fn some_supply(&mut self, market: &Market, account: &AccountState) -> Action {
        let category = market.category(account.emode).expect("category");
        let useful: Vec<_> = market.reserves.iter().filter(|reserve| market.ltv_in(reserve, category).0 > 0).collect();
        let reserve = if self.dice.one_in(6) { self.dice.pick(&market.reserves) } else { *self.dice.pick(&useful) };
        let unit = reserve.unit().expect("unit");
        let price = reserve.price.expect("price").value.0;
        // Between a cent and some hundred thousand dollars; sometimes next to nothing; sometimes above the cap.
        let cents = match self.dice.between(0, 24) {
            0 => 0,
            1 => 1_000_000_000_000,
            2 => self.dice.between(1, 1_000),
            _ => self.dice.between(1_000, 50_000_000),
        };
        let amount = U256::from(cents) * U256::from(1_000_000u64) * unit / price + U256::from(self.dice.between(0, 3));
        Action::Supply(reserve.asset, amount)
    }

    fn some_borrow(&mut self, market: &Market, account: &AccountState, at: Secs) -> Action {
        let category = market.category(account.emode).expect("category");
        let allowed: Vec<_> =
            market.reserves.iter().filter(|reserve| market.is_borrowable_in(reserve, category)).collect();
        let reserve = if allowed.is_empty() || self.dice.one_in(8) {
            self.dice.pick(&market.reserves)
        } else {
            *self.dice.pick(&allowed)
        };
        let most = Projection::new(market.clone(), account.clone(), at).max_borrow(reserve.asset).expect("maximum");
        let amount = match self.dice.between(0, 8) {
            0 => most + U256::ONE,
            1 => most * U256::from(2u8) + U256::ONE,
            2 => U256::ONE,
            3 => most,
            4 => reserve.virtual_balance + U256::ONE,
            _ => U256::ONE + most * U256::from(self.dice.between(1, 1_000)) / U256::from(1_000u64),
        };
        Action::Borrow(reserve.asset, amount)
    }

    fn some_of(&mut self, whole: U256) -> Amount {
        match self.dice.between(0, 6) {
            0 => Amount::All,
            1 => Amount::Exact(whole),
            2 => Amount::Exact(whole + U256::ONE),
            3 => Amount::Exact(U256::from(self.dice.between(0, 3))),
            _ => Amount::Exact(whole * U256::from(self.dice.between(1, 1_000)) / U256::from(1_000u64)),
        }
    }

    /// Predicts, does, compares.
    async fn act(&mut self, world: &World, who: Address, action: Action, before: Seen, number: u64) -> Seen {
        let wait = self.wait();
        let at = before.market.block.timestamp.plus(Secs(wait));
        let mut predicted = Projection::new(before.market, before.account, at);
        let result = match action {
            Action::Supply(asset, amount) => predicted.supply(asset, amount),
            Action::Borrow(asset, amount) => predicted.borrow(asset, amount),
            Action::Repay(asset, amount) => predicted.repay(asset, amount).map(|_| ()),
            Action::Withdraw(asset, amount) => predicted.withdraw(asset, amount).map(|_| ()),
            Action::EMode(category) => predicted.set_emode(category),
        };
        let label = format!("account {number}: {action:?}");
        match (result, call_of(action, who)) {
            (Ok(()), call) => {
                let done = call.send(world, who, at).await;
                assert!(done, "{label} was predicted to go through");
                let seen = world.see(who, None).await;
                assert_same(&predicted, &seen, &label);
                self.tally.done += 1;
                if let Some(soon) = usize::try_from(wait).ok().and_then(|wait| self.tally.soon.get_mut(wait)) {
                    *soon += 1;
                }
                seen
            }
            (Err(refusal), call) => {
                world.mine_at(at).await;
                call.assert_refused(world, who, &refusal).await;
                self.tally.refused += 1;
                world.see(who, None).await
            }
        }
    }

    async fn move_a_price(&mut self, world: &World) {
        let (_, source, price) = *self.dice.pick(&self.sources);
        let percent = U256::from(self.dice.between(85, 115));
        world.set_price(source, price * percent / U256::from(100u8) + U256::ONE).await;
    }

    /// Volatile assets lose a third: many accounts become liquidatable.
    pub(crate) async fn crash_prices(&self, world: &World) {
        for (_, source, price) in &self.sources {
            if *price > U256::from(150_000_000u64) {
                world.set_price(*source, *price * U256::from(2u8) / U256::from(3u8)).await;
            }
        }
        let head = world.see(Address::ZERO, None).await.market.block.timestamp;
        world.mine_at(head.plus(Secs(5 * 86_400))).await;
    }
}

enum Call {
    Supply(IPool::supplyCall),
    Borrow(IPool::borrowCall),
    Repay(IPool::repayCall),
    Withdraw(IPool::withdrawCall),
    EMode(IPool::setUserEModeCall),
}

fn call_of(action: Action, who: Address) -> Call {
    let number = |amount| match amount {
        Amount::Exact(amount) => amount,
        Amount::All => U256::MAX,
    };
    let interest_rate_mode = U256::from(2u8);
    match action {
        Action::Supply(asset, amount) => {
            Call::Supply(IPool::supplyCall { asset, amount, onBehalfOf: who, referralCode: 0 })
        }
        Action::Borrow(asset, amount) => Call::Borrow(IPool::borrowCall {
            asset,
            amount,
            interestRateMode: interest_rate_mode,
            referralCode: 0,
            onBehalfOf: who,
        }),
        Action::Repay(asset, amount) => Call::Repay(IPool::repayCall {
            asset,
            amount: number(amount),
            interestRateMode: interest_rate_mode,
            onBehalfOf: who,
        }),
        Action::Withdraw(asset, amount) => {
            Call::Withdraw(IPool::withdrawCall { asset, amount: number(amount), to: who })
        }
        Action::EMode(category) => Call::EMode(IPool::setUserEModeCall { categoryId: category }),
    }
}

impl Call {
    async fn send(&self, world: &World, who: Address, at: Secs) -> bool {
        match self {
            Self::Supply(call) => world.send(who, POOL, call, Some(at)).await,
            Self::Borrow(call) => world.send(who, POOL, call, Some(at)).await,
            Self::Repay(call) => world.send(who, POOL, call, Some(at)).await,
            Self::Withdraw(call) => world.send(who, POOL, call, Some(at)).await,
            Self::EMode(call) => world.send(who, POOL, call, Some(at)).await,
        }
    }

    async fn assert_refused(&self, world: &World, who: Address, refusal: &Refusal) {
        match self {
            Self::Supply(call) => assert_refused(world, who, call, refusal).await,
            Self::Borrow(call) => assert_refused(world, who, call, refusal).await,
            Self::Repay(call) => assert_refused(world, who, call, refusal).await,
            Self::Withdraw(call) => assert_refused(world, who, call, refusal).await,
            Self::EMode(call) => assert_refused(world, who, call, refusal).await,
        }
    }
}

/// The chain refuses too, with the very error that the refusal stands for, and the table knows it.
pub(crate) async fn assert_refused<C: SolCall>(world: &World, who: Address, call: &C, refusal: &Refusal) {
    let Outcome::Reverted(data) = world.attempt(who, POOL, call).await else {
        panic!("the chain accepts what was refused here: {refusal}");
    };
    if let Some(signature) = refusal.contract_error() {
        assert_eq!(&data[..4], &keccak256(signature)[..4], "{refusal}: {data}");
        assert!(ERRORS.iter().any(|(selector, ..)| selector == &data[..4]), "{signature} is in the table");
    }
}

/// Chain and prediction hold the same words. The block itself, wallets, native balances and when the price sources
/// were last updated are not predicted.
pub(crate) fn assert_same(predicted: &Projection, seen: &Seen, label: &str) {
    let mut market = predicted.market().clone();
    market.block = seen.market.block;
    for (reserve, seen) in market.reserves.iter_mut().zip(&seen.market.reserves) {
        if let (Some(price), Some(seen)) = (&mut reserve.price, &seen.price) {
            price.updated_at = seen.updated_at;
        }
        assert_eq!(&*reserve, seen, "{label}");
    }
    assert_eq!(market, seen.market, "{label}");
    let mut account = predicted.account().clone();
    account.native = seen.account.native;
    for (asset, holding) in &mut account.holdings {
        let wallet = seen.account.holding(*asset);
        holding.wallet = wallet.wallet;
        holding.wallet_allowance = wallet.wallet_allowance;
    }
    assert_eq!(account, seen.account, "{label}");
    let at = seen.market.block.timestamp;
    assert_eq!(at, predicted.at(), "{label}");
    assert_eq!(predicted.account_data().expect("figures"), seen.reported, "{label}");
}
