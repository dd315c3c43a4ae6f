//! The way down, head after head.

use std::time::Duration;

use rust_decimal::{Decimal, dec, prelude::ToPrimitive};
use serde_json::{Value, json};
use trimtab::{
    chain::Reader,
    config::SellConfig,
    localchain::{BlockOrder, PriceChange, PriceScope},
    watchdog::runner::HeadOutcome,
};

use super::{ASSETS, Dice, draw::Nature, promise::Moment};
use crate::{accounts::dust, guard::Guard};

/// How often is looked whether the watch has sent something.
const POLL: Duration = Duration::from_millis(2);
/// Looks, without anything waiting, after which the watch may be waiting for a block.
const LOOKS: u32 = 300;
/// Blocks that a trim may take after the one it was meant for.
const LATE: u32 = 60;

/// Prices in cents, and the ratio of staked ether in hundred-thousandths.
#[derive(Debug, Clone, Copy)]
struct Prices {
    ether: u64,
    bitcoin: u64,
    staked: u64,
}

pub(super) struct Fall {
    pub(super) guard: Guard,
    pub(super) sell: SellConfig,
    pub(super) trims: u32,
    nature: Nature,
    dice: Dice,
    prices: Prices,
    /// Whether the last head left the account at its trigger or above.
    was_safe: bool,
}

impl Fall {
    pub(super) fn new(guard: Guard, sell: SellConfig, nature: Nature, dice: Dice) -> Self {
        let prices = Prices { ether: 300_000, bitcoin: 9_000_000, staked: 112_500 };
        Self { guard, sell, trims: 0, nature, dice, prices, was_safe: false }
    }

    pub(super) async fn run(&mut self) {
        self.step().await;
        for _ in 0..10 {
            self.next_prices().await;
            let Prices { ether, bitcoin, staked } = self.prices;
            self.move_to("cbBTC", bitcoin, 2).await;
            self.move_to("cbETH", staked, 5).await;
            if self.dice.chance(30) {
                let (symbol, asset) = self.dice.one_of(&ASSETS);
                eprintln!("  dust of {symbol}");
                dust(&self.guard.trader, asset, alloy::primitives::U256::from(self.dice.within(2, 5_000))).await;
            }
            self.move_to("ETH", ether, 2).await;
            if self.dice.chance(60) {
                // Ether moves on in the very block in which the answer to this head stands.
                let order = self.dice.one_of(&[BlockOrder::WaitingFirst, BlockOrder::PricesFirst]);
                let by = self.dice.within(0, 20);
                let rises = (self.nature == Nature::Short) != self.dice.chance(15);
                self.prices.ether = ether * if rises { 1_000 + by } else { 1_000 - by } / 1_000;
                self.race(self.prices.ether, order).await;
            }
            self.step().await;
        }
    }

    /// Against the account, mostly: a short fears what a long hopes for. Three prices move by a third each of what would take
    /// the account to a health factor of 1.02, and by half a per cent where there is no room left.
    async fn next_prices(&mut self) {
        let with_it = self.dice.chance(15);
        let rises = (self.nature == Nature::Short) != with_it;
        let health = self.guard.health().await.clamp(Decimal::ONE, Decimal::TEN);
        let room = (dec!(1) - dec!(1.02) / health) / dec!(3) * dec!(1000);
        let most = room.clamp(dec!(5), dec!(150)).to_u64().expect("small");
        let mut moved = |price: u64, rises: bool| {
            let by = self.dice.within(most / 3, most);
            price * if rises { 1_000 + by } else { 1_000 - by } / 1_000
        };
        self.prices.ether = moved(self.prices.ether, rises);
        self.prices.bitcoin = moved(self.prices.bitcoin, rises);
        let staked = moved(self.prices.staked, with_it);
        // Nothing else moves an account of ether and staked ether.
        let again = self.nature == Nature::Correlated;
        self.prices.staked = if again { moved(staked, with_it) } else { staked };
    }

    async fn move_to(&mut self, asset: &str, price: u64, digits: u32) {
        let change = change(asset, price, digits);
        self.guard.trader.replica.controls.price(&change, PriceScope::Everything).await.expect("moved");
    }

    /// One head: what was promised is looked for on the chain.
    async fn step(&mut self) {
        let before = self.moment().await;
        self.is_not_liquidated(&before);
        let turn = Box::pin(self.guard.look()).await;
        let after = self.moment().await;
        self.noted(&before, &turn, &after);
        before.promises_hold(&turn, &after);
    }

    /// From where no trim was due no step of these paths leads to liquidation before the next head is answered.
    fn is_not_liquidated(&self, now: &Moment) {
        assert!(!self.was_safe || now.health >= Decimal::ONE, "liquidated at {}: {now:#?}", now.health);
    }

    fn noted(&mut self, before: &Moment, turn: &HeadOutcome, after: &Moment) {
        let acted = turn.acted.as_ref().map(|acted| (acted.mined_in, acted.words.as_str()));
        eprintln!("  {} → {}: {acted:?}", before.health, after.health);
        self.trims += u32::from(turn.acted.as_ref().is_some_and(|acted| acted.mined_in.is_some()));
        self.was_safe = after.health >= after.trigger();
    }

    /// A head whose answer shares its block with ether's next price, in this order.
    async fn race(&mut self, ether: u64, order: BlockOrder) {
        let before = self.moment().await;
        self.is_not_liquidated(&before);
        let change = change("ETH", ether, 2);
        self.mines_by_command(true).await;
        let (turn, in_the_block) = Box::pin(self.raced(&change, order)).await;
        self.mines_by_command(false).await;
        // The trim has moved pools too; they come to where the price is.
        self.guard.trader.replica.controls.price(&change, PriceScope::PoolsOnly).await.expect("moved");
        let after = self.moment().await;
        eprintln!("  {order:?}, in the block {in_the_block}");
        self.noted(&before, &turn, &after);
        before.holds_in_its_block(&turn, in_the_block, &after, order);
        before.sells_only_what_is_allowed(&after);
    }

    /// The watch sees the head and acts while the block is made; the health factor at the block's end.
    async fn raced(&mut self, change: &PriceChange, order: BlockOrder) -> (HeadOutcome, Decimal) {
        let Guard { trader, watch, seats, .. } = &mut self.guard;
        let head = Reader::head(&trader.endpoints).await.expect("head");
        let round = watch.round(head, seats);
        tokio::pin!(round);
        let replica = &trader.replica;
        let waits = async || {
            let next: alloy::primitives::U256 =
                replica.request("eth_getTransactionCount", json!([trader.account, "pending"])).await.expect("nonce");
            next > replica.nonce(trader.account).await
        };
        let mut turns = None;
        while turns.is_none() {
            tokio::select! {
                done = &mut round => turns = Some(done.expect("a round")),
                () = tokio::time::sleep(POLL) => if waits().await { break },
            }
        }
        replica.controls.price_in_order(change, order).await.expect("a block");
        let health = trimtab::units::Wad(trader.health_factor().await).to_decimal().unwrap_or(Decimal::MAX);
        let mut late = 0;
        while turns.is_none() {
            assert!(late < LATE, "the watch comes to no end");
            late += 1;
            for _ in 0..LOOKS {
                tokio::select! {
                    done = &mut round => { turns = Some(done.expect("a round")); break },
                    () = tokio::time::sleep(POLL) => if waits().await { break },
                }
            }
            let _: Value = replica.request("evm_mine", json!([])).await.expect("a block");
        }
        (turns.and_then(|mut turns| turns.pop()).expect("a turn"), health)
    }

    async fn mines_by_command(&self, by_command: bool) {
        let replica = &self.guard.trader.replica;
        let _: Value = replica.request("evm_setAutomine", json!([!by_command])).await.expect("anvil");
    }
}

fn change(asset: &str, price: u64, digits: u32) -> PriceChange {
    let price = Decimal::new(i64::try_from(price).expect("small"), digits).to_string();
    PriceChange::parse(asset, &price).expect("price")
}
