//! One path, block by block, with the watch and beside it without.

use alloy::primitives::U256;

use super::{
    Notice, Outcome, Path, Step,
    allowed::{Allowed, Moment},
    execute::{Place, execute},
    figures::{shown, sums},
    liquidator::liquidate_all,
    market::{Venue, grown},
    story::Story,
    watcher::{Head, Look, Sent, Watcher},
};
use crate::{
    aave::{AccountState, Market, Projection, StateError, math::RAY},
    config::{BoundsConfig, WatchConfig},
    journal::Severity,
    units::{Ray, WAD, Wad},
    watchdog::{
        ladder::Rung,
        rules::{Action, Levels, Pressure},
    },
};

/// Below this an account's debt is nothing to be healthy about: two dollars.
const NOTHING: U256 = U256::from_limbs([200_000_000, 0, 0, 0]);

/// Runs a path. What the owner allows is the path's; everything else of the watch is given.
pub fn run(path: &Path, watch: &WatchConfig, bounds: &BoundsConfig) -> Result<Outcome, StateError> {
    Ok(Sim::new(path, watch, bounds, Story::untold())?.through()?.outcome)
}

/// The same, told block by block.
pub fn tell(path: &Path, watch: &WatchConfig, bounds: &BoundsConfig) -> Result<(Outcome, Vec<String>), StateError> {
    let sim = Sim::new(path, watch, bounds, Story::told(path))?.through()?;
    Ok((sim.outcome, sim.story.lines()))
}

struct Sim<'a> {
    path: &'a Path,
    bounds: &'a BoundsConfig,
    venue: Venue,
    watcher: Watcher<'a>,
    allowed: Allowed,
    account: AccountState,
    idle: AccountState,
    idle_fell: bool,
    debt_index: Ray,
    /// Block of the head that first called for a trim that is not mined yet.
    called: Option<u64>,
    shrunk: bool,
    outcome: Outcome,
    story: Story,
}

/// What became of a transaction.
enum Applied {
    Nothing,
    Mined,
    Reverted,
}

impl<'a> Sim<'a> {
    fn new(path: &'a Path, watch: &WatchConfig, bounds: &'a BoundsConfig, story: Story) -> Result<Self, StateError> {
        let first = path.steps.first().cloned().unwrap_or_default();
        let venue = Venue::new(&path.account, &first)?;
        let account = venue.open(&path.account);
        Ok(Self {
            path,
            bounds,
            watcher: Watcher::new(&path.account, watch, bounds),
            allowed: Allowed::by(&path.account),
            idle: account.clone(),
            account,
            venue,
            idle_fell: false,
            debt_index: Ray(RAY),
            called: None,
            shrunk: false,
            outcome: Outcome::nothing(path),
            story,
        })
    }

    fn through(mut self) -> Result<Self, StateError> {
        let mut steps = self.path.steps.iter();
        let Some(mut head) = steps.next() else { return Ok(self) };
        let mut market = self.venue.market(0, head, self.debt_index);
        for (number, step) in (1u64..).zip(steps) {
            market = self.block(number, (head, &market), step)?;
            head = step;
        }
        let ended = |account| sums(account, &market, |token| head.of(token).feed);
        let (kept, idle) = (ended(&self.account)?, ended(&self.idle)?);
        (self.outcome.equity, self.outcome.equity_if_idle) = (kept.equity(), idle.equity());
        self.outcome.ended = kept.health_factor();
        Ok(self)
    }

    /// The watch sees `head` and acts; then the block `number` comes, with the prices of `step`.
    fn block(&mut self, number: u64, (head, market): (&Step, &Market), step: &Step) -> Result<Market, StateError> {
        let before = self.account.clone();
        let at = number.saturating_sub(1);
        let seen = Head { step: head, market, account: &before, venue: &self.venue };
        let look = self.watcher.look(&seen)?;
        self.story.look(at, head, &look);
        self.alerts(&look);
        if look.wanted.is_some() {
            self.called.get_or_insert(at);
        }
        self.trying(&look, (head, market))?;
        let mut applied = Applied::Nothing;
        if !step.is_price_first
            && let Some(sent) = &look.sent
        {
            let pools = self.venue.pools(head, true)?;
            applied = self.apply(sent, &look, number, head, (market, &pools))?;
            self.outcome.failed |= matches!(applied, Applied::Reverted);
        }
        let levels = Levels::of(&look.facts);
        let mut notice = shown(&self.account, market, head)?.notice(&levels);
        if notice == Notice::Announced {
            notice = self.refined(&look, &applied, (head, market))?;
        }
        let idle_notice = shown(&self.idle, market, head)?.notice(&levels);
        self.debt_index = grown(self.debt_index, step.growth)?;
        let next = self.venue.market(number, step, self.debt_index);
        self.arrivals(step, &next);
        self.fall(&next, notice)?;
        self.idle_block(&next, idle_notice)?;
        if step.is_price_first
            && let Some(sent) = &look.sent
        {
            let pools = self.venue.pools(step, true)?;
            applied = self.apply(sent, &look, number, step, (&next, &pools))?;
            self.outcome.reverted =
                self.outcome.reverted.saturating_add(u32::from(matches!(applied, Applied::Reverted)));
        }
        if matches!(applied, Applied::Reverted) {
            self.watcher.reverted();
        }
        Ok(next)
    }

    fn alerts(&mut self, look: &Look) {
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
    fn trying(&mut self, look: &Look, (head, market): (&Step, &Market)) -> Result<(), StateError> {
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

    /// Carries a transaction of ours out, and holds what it did against what the owner allows.
    fn apply(
        &mut self,
        sent: &Sent,
        look: &Look,
        number: u64,
        step: &Step,
        (market, pools): (&Market, &crate::dex::Pools),
    ) -> Result<Applied, StateError> {
        let place = Place { market, pools, morpho_is_empty: step.best_source_empty, at: market.block.timestamp };
        let before = self.account.clone();
        match execute(&sent.plan, &before, place) {
            Ok(after) => self.account = after,
            Err(reason) => {
                self.story.reverted(&reason);
                return Ok(Applied::Reverted);
            }
        }
        self.watcher.mined(sent, number, market, (&before, &self.account))?;
        self.checked(sent, look, (number, step), (market, &before))?;
        self.story.mined(number, shown(&self.account, market, step)?);
        Ok(Applied::Mined)
    }

    fn checked(
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
    fn refined(&self, look: &Look, applied: &Applied, head: (&Step, &Market)) -> Result<Notice, StateError> {
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

    /// Strangers supply on behalf of both accounts alike.
    fn arrivals(&mut self, step: &Step, market: &Market) {
        for (token, amount) in &step.arrivals {
            for account in [&mut self.account, &mut self.idle] {
                let mut there = Projection::new(market.clone(), account.clone(), market.block.timestamp);
                // What Aave does not take does not arrive.
                if there.supply(*token, *amount).is_ok() {
                    *account = there.account().clone();
                }
            }
            self.story.arrival(*token, *amount);
        }
    }

    /// New prices; the liquidator takes what it may.
    fn fall(&mut self, market: &Market, notice: Notice) -> Result<(), StateError> {
        let data = self.account.at(market, market.block.timestamp)?;
        if data.health_factor < Wad(WAD) && data.debt.0 > NOTHING {
            self.outcome.fell(notice);
            self.story.fell(market.block.number, data.health_factor, notice);
        }
        let (count, lost) = liquidate_all(&mut self.account, market)?;
        self.outcome.liquidations = self.outcome.liquidations.saturating_add(count);
        self.outcome.lost = self.outcome.lost.saturating_add(lost);
        self.shrunk = count > 0;
        Ok(())
    }

    fn idle_block(&mut self, market: &Market, notice: Notice) -> Result<(), StateError> {
        self.outcome.announced_if_idle |= !self.idle_fell && notice == Notice::Announced;
        let data = self.idle.at(market, market.block.timestamp)?;
        self.idle_fell |= data.health_factor < Wad(WAD);
        let (count, lost) = liquidate_all(&mut self.idle, market)?;
        self.outcome.liquidations_if_idle = self.outcome.liquidations_if_idle.saturating_add(count);
        self.outcome.lost_if_idle = self.outcome.lost_if_idle.saturating_add(lost);
        Ok(())
    }
}
