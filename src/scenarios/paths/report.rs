//! What many paths came to.

use std::collections::BTreeMap;

use alloy::primitives::U256;
use schemars::JsonSchema;
use serde::Serialize;

use super::{Form, Kind, Notice, Outcome};
use crate::units::{Raw, Wad};

/// Counts over paths.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Report {
    /// By kind of path.
    pub kinds: BTreeMap<Kind, KindReport>,
    /// By kind of account.
    pub forms: BTreeMap<Form, KindReport>,
    /// By how many collaterals and debts the account had: how many paths, and how many touched.
    pub sizes: BTreeMap<String, (u64, u64)>,
    /// Blocks from the head that called for a trim to the block that mined one: how often.
    pub blocks_to_trim: BTreeMap<u64, u64>,
    /// Seeds on which something that must never happen did.
    pub broken: Vec<u64>,
}

/// Counts over the paths of one kind. Money is USD with 8 decimals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct KindReport {
    /// How many.
    pub paths: u64,
    /// On which a head showed a crossing.
    pub touched: u64,
    /// Solvent among those: every fall below one was announced while it could be answered.
    pub solvent: u64,
    /// Left alone, a crossing would have been shown before the health factor fell below one.
    pub announced_if_idle: u64,
    /// Of the others, those that a crossing warned of once, and that a later block took from above the trigger to below one.
    pub gapped_later: u64,
    /// On which some head showed a crossing, by oracle, feed or pool, before the first fall below one: solvent by the widest
    /// words.
    pub warned: u64,
    /// Of the warned, liquidated: the sum of `missed` and the six that follow.
    pub warned_liquidated: u64,
    /// Of these, first fallen from a head on which the pool alone showed the crossing.
    pub pool_alone: u64,
    /// Of these, first fallen from a head that showed a price at which selling could not help any more.
    pub beyond_help: u64,
    /// Of these, first fallen from a head that showed it, with a trim under way that the block had behind its new prices.
    pub overtaken: u64,
    /// Of these, first fallen from a head that a part of a trim had answered.
    pub in_part: u64,
    /// Of these, first fallen when nothing that the owner allows was left.
    pub not_allowed: u64,
    /// Of these, first fallen in one block from at or above the trigger, after an earlier crossing was answered or went by.
    pub fell_again: u64,
    /// Fallen below one although announced: must be 0.
    pub missed: u64,
    /// Without an alert at the first head that showed it: must be 0.
    pub silent: u64,
    /// Liquidated, all of them gapped.
    pub liquidated: u64,
    /// Liquidated when left alone.
    pub liquidated_if_idle: u64,
    /// On which something was sold or used that the owner does not allow: must be 0.
    pub sold_outside: u64,
    /// On which nothing was tried although something allowed could help: must be 0.
    pub gave_up: u64,
    /// On which liquidators took more than from the account left alone.
    pub took_more: u64,
    /// Trims and slices.
    pub trims: u64,
    /// Transactions that the block's new prices came before, and that reverted.
    pub reverted: u64,
    /// Heads that were left to a human.
    pub humans: u64,
    /// The lowest health factor of a head on a solvent path.
    pub worst: Wad,
    /// Equity at the end.
    #[serde(with = "Raw")]
    pub equity: U256,
    /// Equity at the end, left alone.
    #[serde(with = "Raw")]
    pub equity_if_idle: U256,
    /// Taken by liquidators.
    #[serde(with = "Raw")]
    pub lost: U256,
    /// Taken by liquidators, left alone.
    #[serde(with = "Raw")]
    pub lost_if_idle: U256,
}

impl Default for KindReport {
    fn default() -> Self {
        Self {
            paths: 0,
            touched: 0,
            solvent: 0,
            announced_if_idle: 0,
            gapped_later: 0,
            warned: 0,
            warned_liquidated: 0,
            pool_alone: 0,
            beyond_help: 0,
            overtaken: 0,
            in_part: 0,
            not_allowed: 0,
            fell_again: 0,
            missed: 0,
            silent: 0,
            liquidated: 0,
            liquidated_if_idle: 0,
            sold_outside: 0,
            gave_up: 0,
            took_more: 0,
            trims: 0,
            reverted: 0,
            humans: 0,
            worst: Wad(U256::MAX),
            equity: U256::ZERO,
            equity_if_idle: U256::ZERO,
            lost: U256::ZERO,
            lost_if_idle: U256::ZERO,
        }
    }
}

impl Report {
    /// Counts a path in.
    pub fn add(&mut self, outcome: &Outcome) {
        self.kinds.entry(outcome.kind).or_default().add(outcome);
        self.forms.entry(outcome.form).or_default().add(outcome);
        let (held, owed) = outcome.size;
        let (paths, touched) = self.sizes.entry(format!("{held} × {owed}")).or_default();
        *paths = paths.saturating_add(1);
        *touched = touched.saturating_add(u64::from(outcome.touched));
        for blocks in &outcome.blocks_to_trim {
            let often = self.blocks_to_trim.entry(*blocks).or_default();
            *often = often.saturating_add(1);
        }
        if outcome.is_broken() {
            self.broken.push(outcome.seed);
        }
    }
}

impl KindReport {
    fn add(&mut self, outcome: &Outcome) {
        let kind = self;
        let count = |counter: &mut u64, holds: bool| *counter = counter.saturating_add(u64::from(holds));
        let is_solvent = outcome.touched && !outcome.gapped;
        count(&mut kind.paths, true);
        count(&mut kind.touched, outcome.touched);
        count(&mut kind.solvent, is_solvent);
        count(&mut kind.announced_if_idle, outcome.announced_if_idle);
        count(&mut kind.gapped_later, outcome.announced_if_idle && outcome.gapped);
        let fell_warned = outcome.first_fall.filter(|_| outcome.warned);
        count(&mut kind.warned, outcome.warned);
        count(&mut kind.warned_liquidated, fell_warned.is_some());
        for (counter, notice) in [
            (&mut kind.pool_alone, Notice::PoolAlone),
            (&mut kind.beyond_help, Notice::BeyondHelp),
            (&mut kind.overtaken, Notice::Overtaken),
            (&mut kind.in_part, Notice::InPart),
            (&mut kind.not_allowed, Notice::NotAllowed),
            (&mut kind.fell_again, Notice::Nothing),
        ] {
            count(counter, fell_warned == Some(notice));
        }
        count(&mut kind.missed, outcome.missed);
        count(&mut kind.silent, outcome.silent);
        count(&mut kind.sold_outside, outcome.sold_outside);
        count(&mut kind.gave_up, outcome.gave_up);
        count(&mut kind.liquidated, outcome.liquidations > 0);
        count(&mut kind.liquidated_if_idle, outcome.liquidations_if_idle > 0);
        count(&mut kind.took_more, outcome.lost > outcome.lost_if_idle);
        kind.trims = kind.trims.saturating_add(outcome.trims.into());
        kind.reverted = kind.reverted.saturating_add(outcome.reverted.into());
        kind.humans = kind.humans.saturating_add(outcome.humans.into());
        if is_solvent {
            kind.worst = kind.worst.min(outcome.worst);
        }
        kind.equity = kind.equity.saturating_add(outcome.equity);
        kind.equity_if_idle = kind.equity_if_idle.saturating_add(outcome.equity_if_idle);
        kind.lost = kind.lost.saturating_add(outcome.lost);
        kind.lost_if_idle = kind.lost_if_idle.saturating_add(outcome.lost_if_idle);
    }
}
