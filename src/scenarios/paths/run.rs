//! One path, block by block, with the watch and beside it without.

use super::{
    Applied, Judge, Outcome, Path, Scene, Step,
    execute::{Place, execute},
    liquidator::liquidate_all,
    look::{Head, Look, Sent},
    market::{Venue, grown},
    story::Story,
    watcher::Watcher,
};
use crate::{
    aave::{AccountState, Market, Projection, StateError, math::RAY},
    config::{BoundsConfig, WatchConfig},
    dex::Pools,
    units::{Ray, WAD, Wad},
    watchdog::rules::Levels,
};

/// Runs a path. What the owner allows is the path's; everything else of the watch is given.
pub fn run(path: &Path, watch: &WatchConfig, bounds: &BoundsConfig) -> Result<Outcome, StateError> {
    Ok(Sim::new(path, watch, bounds, Story::untold())?.through()?.judge.outcome)
}

/// The same, told block by block.
pub fn tell(path: &Path, watch: &WatchConfig, bounds: &BoundsConfig) -> Result<(Outcome, Vec<String>), StateError> {
    let judge = Sim::new(path, watch, bounds, Story::told(path))?.through()?.judge;
    Ok((judge.outcome, judge.story.lines()))
}

/// A path under way.
struct Sim<'a> {
    path: &'a Path,
    venue: Venue,
    watcher: Watcher<'a>,
    judge: Judge<'a>,
    account: AccountState,
    twin: AccountState,
    debt_index: Ray,
}

impl<'a> Sim<'a> {
    fn new(path: &'a Path, watch: &WatchConfig, bounds: &'a BoundsConfig, story: Story) -> Result<Self, StateError> {
        let first = path.steps.first().cloned().unwrap_or_default();
        let venue = Venue::new(&path.account, &first)?;
        let account = venue.open(&path.account);
        Ok(Self {
            path,
            watcher: Watcher::new(&path.account, watch, bounds),
            judge: Judge::telling(path, bounds, story),
            twin: account.clone(),
            account,
            venue,
            debt_index: Ray(RAY),
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
        self.judge.end(&Scene { account: &self.account, market: &market, step: head }, &self.twin)?;
        Ok(self)
    }

    /// The watch sees `head` and acts; then the block `number` comes, with the prices of `step`.
    fn block(&mut self, number: u64, (head, market): (&Step, &Market), step: &Step) -> Result<Market, StateError> {
        let before = self.account.clone();
        let at = number.saturating_sub(1);
        let seen = Head { step: head, market, account: &before, venue: &self.venue };
        let look = self.watcher.look(&seen)?;
        let decided = look.decided();
        self.judge.story.look(at, head, &look);
        self.judge.head(at, &decided);
        let scene = Scene { account: &before, market, step: head };
        if self.judge.is_idle(&decided, &scene)? {
            self.judge.idle(&decided, &scene, &self.venue.pools(head, true)?)?;
        }
        let mut applied = Applied::Nothing;
        if !step.is_price_first
            && let Some(sent) = &look.sent
        {
            let pools = self.venue.pools(head, true)?;
            applied = self.apply(sent, &look, number, head, (market, &pools))?;
            self.judge.outcome.failed |= applied == Applied::Reverted;
        }
        let stands = Scene { account: &self.account, ..scene };
        let pools = look.sent.is_none().then(|| self.venue.pools(head, true)).transpose()?;
        let notice = self.judge.notice(&decided, applied, &stands, pools.as_ref())?;
        let twin_notice = Scene { account: &self.twin, ..scene }.shown()?.notice(&Levels::of(&look.facts));
        self.debt_index = grown(self.debt_index, step.growth)?;
        let next = self.venue.market(number, step, self.debt_index);
        self.arrivals(step, &next);
        let fell = Scene { account: &self.account, market: &next, step }.fallen()?;
        let taken = liquidate_all(&mut self.account, &next)?;
        self.judge.block(number, fell, notice, taken);
        let twin_fell = self.twin.at(&next, next.block.timestamp)?.health_factor < Wad(WAD);
        self.judge.twin(twin_fell, twin_notice, liquidate_all(&mut self.twin, &next)?);
        if step.is_price_first
            && let Some(sent) = &look.sent
        {
            let pools = self.venue.pools(step, true)?;
            applied = self.apply(sent, &look, number, step, (&next, &pools))?;
            let reverted = &mut self.judge.outcome.reverted;
            *reverted = reverted.saturating_add(u32::from(applied == Applied::Reverted));
        }
        if applied == Applied::Reverted {
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
                self.judge.story.reverted(&reason);
                return Ok(Applied::Reverted);
            }
        }
        self.watcher.mined(sent, market, (&before, &self.account))?;
        let scene = Scene { account: &before, market, step };
        self.judge.mined(&sent.deed(), &look.decided(), number, &scene, &self.account)?;
        Ok(Applied::Mined)
    }

    /// Strangers supply on behalf of both accounts alike.
    fn arrivals(&mut self, step: &Step, market: &Market) {
        for (token, amount) in &step.arrivals {
            for account in [&mut self.account, &mut self.twin] {
                let mut there = Projection::new(market.clone(), account.clone(), market.block.timestamp);
                // What Aave does not take does not arrive.
                if there.supply(*token, *amount).is_ok() {
                    *account = there.account().clone();
                }
            }
            self.judge.story.arrival(*token, *amount);
        }
    }
}
