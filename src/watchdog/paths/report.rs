//! What many paths came to.

use std::{collections::BTreeMap, fmt};

use alloy::primitives::U256;
use serde::Serialize;

use super::{Kind, Notice, Outcome};
use crate::{plan::Quantity, units::Wad};

/// Counts over paths.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// By kind of path.
    pub kinds: BTreeMap<Kind, KindReport>,
    /// Blocks from the head that called for a trim to the block that mined one: how often.
    pub blocks_to_trim: BTreeMap<u64, u64>,
    /// Seeds on which something that must never happen did.
    pub broken: Vec<u64>,
}

/// Counts over the paths of one kind. Money is USD with 8 decimals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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
    /// Trims and slices.
    pub trims: u64,
    /// Heads that were left to a human.
    pub humans: u64,
    /// The lowest health factor of a head on a solvent path.
    pub worst: Wad,
    /// Equity at the end.
    pub equity: U256,
    /// Equity at the end, left alone.
    pub equity_if_idle: U256,
    /// Taken by liquidators.
    pub lost: U256,
    /// Taken by liquidators, left alone.
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
            trims: 0,
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
        let count = |counter: &mut u64, holds: bool| *counter = counter.saturating_add(u64::from(holds));
        let kind = self.kinds.entry(outcome.kind).or_default();
        let is_solvent = outcome.touched && !outcome.gapped;
        count(&mut kind.paths, true);
        count(&mut kind.touched, outcome.touched);
        count(&mut kind.solvent, is_solvent);
        count(&mut kind.announced_if_idle, outcome.announced_if_idle);
        count(&mut kind.gapped_later, outcome.announced_if_idle && outcome.gapped);
        let fell_warned = outcome.first_fall.filter(|_| outcome.warned);
        count(&mut kind.warned, outcome.warned);
        count(&mut kind.warned_liquidated, fell_warned.is_some());
        count(&mut kind.pool_alone, fell_warned == Some(Notice::PoolAlone));
        count(&mut kind.beyond_help, fell_warned == Some(Notice::BeyondHelp));
        count(&mut kind.overtaken, fell_warned == Some(Notice::Overtaken));
        count(&mut kind.in_part, fell_warned == Some(Notice::InPart));
        count(&mut kind.not_allowed, fell_warned == Some(Notice::NotAllowed));
        count(&mut kind.fell_again, fell_warned == Some(Notice::Nothing));
        count(&mut kind.missed, outcome.missed);
        count(&mut kind.silent, outcome.silent);
        count(&mut kind.liquidated, outcome.liquidations > 0);
        count(&mut kind.liquidated_if_idle, outcome.liquidations_if_idle > 0);
        kind.trims = kind.trims.saturating_add(outcome.trims.into());
        kind.humans = kind.humans.saturating_add(outcome.humans.into());
        if is_solvent {
            kind.worst = kind.worst.min(outcome.worst);
        }
        kind.equity = kind.equity.saturating_add(outcome.equity);
        kind.equity_if_idle = kind.equity_if_idle.saturating_add(outcome.equity_if_idle);
        kind.lost = kind.lost.saturating_add(outcome.lost);
        kind.lost_if_idle = kind.lost_if_idle.saturating_add(outcome.lost_if_idle);
        for blocks in &outcome.blocks_to_trim {
            let often = self.blocks_to_trim.entry(*blocks).or_default();
            *often = often.saturating_add(1);
        }
        if outcome.is_broken() {
            self.broken.push(outcome.seed);
        }
    }
}

impl Report {
    fn by_the_widest_words(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "\n| paths | warned | of these liquidated | announced | overtaken | in part | not allowed | beyond help | fell again | pool alone |"
        )?;
        writeln!(f, "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")?;
        for (kind, of) in &self.kinds {
            let parts = [of.overtaken, of.in_part, of.not_allowed, of.beyond_help, of.fell_again, of.pool_alone];
            let explained = parts.iter().sum();
            writeln!(
                f,
                "| {kind} | {} | {} | {} | {} | {} | {} | {} | {} | {} |",
                of.warned,
                of.warned_liquidated,
                of.warned_liquidated.saturating_sub(explained),
                of.overtaken,
                of.in_part,
                of.not_allowed,
                of.beyond_help,
                of.fell_again,
                of.pool_alone,
            )?;
        }
        writeln!(f)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "| paths | all | touched | solvent | gapped later | missed | silent | liquidated | if idle | trims | human | worst HF | equity | if idle | lost | if idle |"
        )?;
        writeln!(
            f,
            "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |"
        )?;
        for (kind, of) in &self.kinds {
            let usd = |raw: U256| Quantity::usd(raw).to_string();
            writeln!(
                f,
                "| {kind} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |",
                of.paths,
                of.touched,
                of.solvent,
                of.gapped_later,
                of.missed,
                of.silent,
                of.liquidated,
                of.liquidated_if_idle,
                of.trims,
                of.humans,
                Quantity::wad(of.worst.0),
                usd(of.equity),
                usd(of.equity_if_idle),
                usd(of.lost),
                usd(of.lost_if_idle),
            )?;
        }
        self.by_the_widest_words(f)?;
        let blocks: Vec<_> = self.blocks_to_trim.iter().map(|(blocks, often)| format!("{blocks}: {often}")).collect();
        write!(f, "blocks from breach to trim: {}", blocks.join(", "))
    }
}
