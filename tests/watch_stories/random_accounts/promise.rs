//! What is promised to every account, looked for on the chain.

use std::collections::BTreeMap;

use alloy::primitives::{Address, U256};
use rust_decimal::{Decimal, dec};
use trimtab::{
    aave::Projection,
    config::ThresholdsConfig,
    localchain::BlockOrder,
    loops::{AccountModel, AccountSupply, KnownLoop, Sell},
    watchdog::{ladder::RungOutcome, rules::Rule, runner::HeadOutcome},
};

use super::{ASSETS, fall::Fall};

/// From here on the widest bounds help for sure: below, collateral may be worth less than the debt and what selling it costs.
const HELPS: Decimal = dec!(0.90);
/// Prices may move on in a block by this much and a trim behind them still goes through, where it is urgent: below this health
/// factor.
const URGENT: Decimal = dec!(1.09);
const MOVES_ON: Decimal = dec!(0.975);

/// The account on one head.
#[derive(Debug)]
pub(super) struct Moment {
    pub(super) health: Decimal,
    model: AccountModel,
    /// What may be sold and matters, smallest units.
    allowed: BTreeMap<Address, U256>,
    /// What may be sold, dust or not: while the rest goes, what is left of it matters more.
    owners_word: BTreeMap<Address, U256>,
    loops: Vec<KnownLoop>,
}

impl Fall {
    pub(super) async fn moment(&self) -> Moment {
        let trader = &self.guard.trader;
        let (snapshot, loops) = (trader.snapshot(&self.guard.pair).await, trader.loops());
        let sell = Sell::find(&self.sell, &snapshot.market).expect("assets of Aave");
        let at = snapshot.inclusion();
        let projection = Projection::new(snapshot.market, snapshot.account, at);
        let model = AccountModel::new(&projection, &loops, &ThresholdsConfig::default()).expect("a model");
        let allowed = model.sellable(&sell).into_iter().collect();
        let word = |supply: &AccountSupply| match &sell {
            Sell::All => supply.amount,
            Sell::Assets(assets) if assets.contains(&supply.asset) => supply.amount,
            Sell::Assets(_) => U256::ZERO,
            Sell::Loops => supply.amount.saturating_sub(supply.unclaimed),
        };
        let owners_word = model.supplies.iter().map(|supply| (supply.asset, word(supply))).collect();
        Moment { health: self.guard.health().await, model, allowed, owners_word, loops }
    }
}

impl Moment {
    /// Health factor at which a trim is due.
    pub(super) fn trigger(&self) -> Decimal {
        self.model.thresholds.trigger
    }

    /// Everything, of a head that was looked at and nothing else happened.
    #[track_caller]
    pub(super) fn promises_hold(&self, turn: &HeadOutcome, after: &Self) {
        assert!(turn.firings.iter().all(|firing| firing.rule != Rule::Changed), "{:?}", turn.firings);
        self.sells_only_what_is_allowed(after);
        // What can help is used, and enough of it.
        if self.health < self.trigger() && turn.acted.as_ref().is_none_or(|acted| acted.mined_in.is_none()) {
            assert!(self.allowed.is_empty(), "nothing was done at {} with {:?}: {turn:#?}", self.health, self.allowed);
        }
        if after.health < after.trigger() {
            assert!(after.allowed.is_empty(), "{} with {:?} left: {turn:#?}", after.health, after.allowed);
        }
        after.journal_fits();
        self.is_done_in_few(turn);
    }

    /// Each part of a trim uses something up, or reaches the target.
    #[track_caller]
    fn is_done_in_few(&self, turn: &HeadOutcome) {
        let attempts = turn.acted.iter().flat_map(|acted| &acted.attempts);
        let parts = attempts.filter(|attempt| attempt.outcome == RungOutcome::Done).count();
        let enough = self.allowed.len() + self.model.owed().count() + 1;
        assert!(parts <= enough, "{parts} transactions of at most {enough}: {turn:#?}");
    }

    /// What is not the owner's word stays.
    #[track_caller]
    pub(super) fn sells_only_what_is_allowed(&self, after: &Self) {
        for supply in &self.model.supplies {
            let kept = supply.amount.saturating_sub(self.owners_word.get(&supply.asset).copied().unwrap_or_default());
            let there = after.model.supply(supply.asset).map_or(U256::ZERO, |supply| supply.amount);
            let rounding = U256::from(20u8) + supply.amount / U256::from(10_000_000u64);
            assert!(
                there + rounding >= kept,
                "{}: {} of which {kept} stay, {there} left",
                supply.symbol,
                supply.amount
            );
        }
    }

    /// No liquidation in the block after a head that called for a trim, in either order: one transaction was enough, prices
    /// before it moved by what its bounds allow.
    #[track_caller]
    pub(super) fn holds_in_its_block(
        &self,
        turn: &HeadOutcome,
        in_the_block: Decimal,
        after: &Self,
        order: BlockOrder,
    ) {
        let is_called = self.health < self.trigger() && self.health > HELPS && !self.allowed.is_empty();
        let parts = turn.acted.iter().flat_map(|acted| &acted.attempts);
        let is_one = parts.filter(|attempt| attempt.outcome == RungOutcome::Done).count() == 1;
        let reached = after.health >= after.trigger();
        let outpaced =
            order == BlockOrder::PricesFirst && (self.health > URGENT || in_the_block < self.health * MOVES_ON);
        if is_called && is_one && reached && !outpaced {
            assert!(in_the_block >= Decimal::ONE, "{} and {in_the_block} in the block: {turn:#?}", self.health);
        }
    }

    /// The journal's loops claim no more than there is.
    #[track_caller]
    fn journal_fits(&self) {
        for (is_debt, (symbol, asset)) in [false, true].into_iter().flat_map(|side| ASSETS.map(|asset| (side, asset))) {
            let claimed = self.loops.iter().fold(U256::ZERO, |sum, known| {
                let position = &known.position;
                let (of, amount) = match is_debt {
                    true => (position.debt, position.terms.debt_principal),
                    false => (position.collateral, position.terms.collateral_principal),
                };
                if of == asset { sum + amount } else { sum }
            });
            let there = match is_debt {
                true => self.model.debt(asset).map_or(U256::ZERO, |debt| debt.amount),
                false => self.model.supply(asset).map_or(U256::ZERO, |supply| supply.amount),
            };
            let rounding = U256::from(50u8) + there / U256::from(1_000_000u64);
            assert!(claimed <= there + rounding, "{symbol}, debt {is_debt}: the journal has {claimed} of {there}");
        }
    }
}
