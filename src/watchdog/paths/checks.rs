//! What must hold on every path, looked at block by block.

use alloy::primitives::U256;

use super::{
    Notice, Step,
    allowed::{Allowed, Moment},
    figures::{shown, sums},
    run::{Applied, NOTHING, Sim},
    watcher::{Look, Sent},
};
use crate::{
    aave::{AccountState, Market, StateError},
    journal::Severity,
    units::{WAD, Wad},
    watchdog::{
        ladder::Rung,
        rules::{Action, Levels, Pressure},
    },
};

impl Sim<'_> {
    pub(super) fn alerts(&mut self, look: &Look) {
        let facts = &look.facts;
        self.outcome.worst = self.outcome.worst.min(facts.health_factor);
        let Some(evaluation) = &look.evaluation else { return };
        let levels = Levels::of(facts);
        let owes = !facts.debt_value.0.is_zero();
        let next = facts.at_feed.into_iter().chain(facts.at_pool).min().unwrap_or(facts.health_factor);
        let shows = owes && facts.health_factor.min(next) < levels.trigger;
        let alerted = evaluation.firings.iter().any(|firing| firing.severity == Severity::Alert);
        let is_first = shows && !self.outcome.touched;
        self.outcome.touched |= shows;
        self.outcome.warned |= shows && facts.health_factor >= Wad(WAD) && self.outcome.first_fall.is_none();
        self.outcome.silent |= (is_first || self.shrunk) && !alerted;
    }

    /// Whether something was tried, where something allowed could help.
    pub(super) fn trying(&mut self, look: &Look, (head, market): (&Step, &Market)) -> Result<(), StateError> {
        let levels = Levels::of(&look.facts);
        let seen = shown(&self.account, market, head)?;
        let debt = sums(&self.account, market, |token| head.of(token).oracle)?.debt;
        let calls = seen.worst() < levels.trigger && seen.worst() > levels.insolvent && debt > NOTHING;
        if look.sent.is_some() || !(calls || look.wanted.is_some()) {
            return Ok(());
        }
        self.outcome.humans = self.outcome.humans.saturating_add(1);
        if let Some(help) = self.help(&self.allowed, look, (head, market))? {
            self.outcome.gave_up = true;
            self.story.fault(&format!("nothing was tried, although this would have helped: {help}"));
        }
        Ok(())
    }

    fn help(
        &self,
        allowed: &Allowed,
        look: &Look,
        (head, market): (&Step, &Market),
    ) -> Result<Option<String>, StateError> {
        let levels = Levels::of(&look.facts);
        let moment = Moment {
            account: &self.account,
            market,
            pools: &self.venue.pools(head, true)?,
            step: head,
            bounds: self.bounds,
            pressure: look.wanted.as_ref().map_or(Pressure::Trim, |trim| trim.pressure),
            is_volatile: levels.last_resort.is_some(),
        };
        allowed.what_helps(&moment)
    }

    pub(super) fn checked(
        &mut self,
        sent: &Sent,
        look: &Look,
        (number, step): (u64, &Step),
        (market, before): (&Market, &AccountState),
    ) -> Result<(), StateError> {
        if let Some(outside) = self.allowed.count(market, before, &self.account)? {
            self.outcome.sold_outside = true;
            self.story.fault(&outside);
        }
        let (was, is) = (shown(before, market, step)?, shown(&self.account, market, step)?);
        if let Action::Boost { .. } = sent.action {
            self.outcome.boosts = self.outcome.boosts.saturating_add(1);
            self.outcome.swings = self.outcome.swings.saturating_add(u32::from(self.outcome.trims > 0));
            self.outcome.below_floor |= is.now < Levels::of(&look.facts).floor;
            return Ok(());
        }
        let called = self.called.take().unwrap_or(number);
        self.outcome.trims = self.outcome.trims.saturating_add(1);
        self.outcome.blocks_to_trim.push(number.saturating_sub(called));
        // A billionth is what values in dollars round to.
        let fell = |was: Wad, is: Wad| is.0.saturating_add(is.0 / U256::from(1_000_000_000u64)) < was.0;
        // Where the oracle does not show the crossing yet, the feeds are what it is judged by.
        let is_ahead = matches!(&sent.action, Action::Trim(trim) if trim.ahead);
        if fell(was.now, is.now) || (is_ahead && fell(was.worst(), is.worst())) {
            self.outcome.lowered = true;
            self.story.fault("the health factor is lower for it");
        }
        self.in_order(sent, look, (market, before))
    }

    /// What the owner put in front is sold before, or was tried and could not be.
    fn in_order(
        &mut self,
        sent: &Sent,
        look: &Look,
        (market, before): (&Market, &AccountState),
    ) -> Result<(), StateError> {
        let takes = sent
            .rung
            .as_ref()
            .is_some_and(|rung| rung.takes_collateral() || matches!(rung, Rung::RepayWithSupply { .. }));
        if !takes || !look.is_first_part {
            return Ok(());
        }
        let sold = market.reserve(sent.pair.collateral)?;
        for name in self.allowed.before(&sold.symbol).to_vec() {
            let Some(other) = market.reserve_by_symbol(&name) else { continue };
            let value = other.collateral_value(before.supplied(other, market.block.timestamp)?)?.0;
            let matters = look.facts.collateral_value.0 / U256::from(50u64);
            if value > matters.max(NOTHING) && !look.collaterals.contains(&other.asset) {
                self.outcome.sold_outside = true;
                self.story.fault(&format!("{} was sold before {name}", sold.symbol));
            }
        }
        Ok(())
    }

    /// What an announced fall is called, by what was done about it.
    pub(super) fn refined(&self, look: &Look, applied: &Applied, head: (&Step, &Market)) -> Result<Notice, StateError> {
        let is_slice = look.sent.as_ref().is_some_and(|sent| {
            sent.is_part || !matches!(sent.rung, Some(Rung::Flash { .. } | Rung::RepayWithSupply { .. }))
        });
        Ok(match (applied, &look.sent) {
            (Applied::Mined, _) if is_slice => Notice::InPart,
            (Applied::Nothing, Some(_)) => Notice::Overtaken,
            (Applied::Nothing, None) if self.help(&self.allowed, look, head)?.is_none() => {
                match self.help(&Allowed::everything(), look, head)? {
                    Some(_) => Notice::NotAllowed,
                    None => Notice::BeyondHelp,
                }
            }
            _ => Notice::Announced,
        })
    }
}
