//! One path, block by block, with the watch and beside it without.

use alloy::primitives::U256;

use super::{
    Notice, Outcome, Path, Step,
    allowed::Allowed,
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
    dex::Pools,
    units::{Ray, WAD, Wad},
    watchdog::rules::Levels,
};

/// Below this an account's debt is nothing to be healthy about: two dollars.
pub(super) const NOTHING: U256 = U256::from_limbs([200_000_000, 0, 0, 0]);

/// Runs a path. What the owner allows is the path's; everything else of the watch is given.
pub fn run(path: &Path, watch: &WatchConfig, bounds: &BoundsConfig) -> Result<Outcome, StateError> {
    Ok(Sim::new(path, watch, bounds, Story::untold())?.through()?.outcome)
}

/// The same, told block by block.
pub fn tell(path: &Path, watch: &WatchConfig, bounds: &BoundsConfig) -> Result<(Outcome, Vec<String>), StateError> {
    let sim = Sim::new(path, watch, bounds, Story::told(path))?.through()?;
    Ok((sim.outcome, sim.story.lines()))
}

/// A path under way.
pub(super) struct Sim<'a> {
    path: &'a Path,
    pub(super) bounds: &'a BoundsConfig,
    pub(super) venue: Venue,
    pub(super) watcher: Watcher<'a>,
    pub(super) allowed: Allowed,
    pub(super) account: AccountState,
    idle: AccountState,
    idle_fell: bool,
    debt_index: Ray,
    /// Block of the head that first called for a trim that is not mined yet.
    pub(super) called: Option<u64>,
    pub(super) shrunk: bool,
    pub(super) outcome: Outcome,
    pub(super) story: Story,
}

/// What became of a transaction.
pub(super) enum Applied {
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

    /// Carries a transaction of ours out, and holds what it did against what the owner allows.
    fn apply(
        &mut self,
        sent: &Sent,
        look: &Look,
        number: u64,
        step: &Step,
        (market, pools): (&Market, &Pools),
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
        self.watcher.mined(sent, market, (&before, &self.account))?;
        self.checked(sent, look, (number, step), (market, &before))?;
        self.story.mined(number, shown(&self.account, market, step)?);
        Ok(Applied::Mined)
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
