//! What must hold on every path, looked at block by block, and counted: the same for the simulated account and for one on a
//! replica.

use alloy::primitives::U256;

use super::{
    Notice, Outcome, Path, Shown, Step,
    allowed::{Allowed, Moment},
    decided::{Decided, Deed},
    figures::{shown, sums},
    story::Story,
};
use crate::{
    aave::{AccountState, Market, StateError},
    config::BoundsConfig,
    dex::Pools,
    journal::Severity,
    units::{WAD, Wad},
    watchdog::{
        ladder::Rung,
        rules::{Action, Levels, Pressure},
    },
};

/// Below this an account's debt is nothing to be healthy about: two dollars.
pub(super) const NOTHING: U256 = U256::from_limbs([200_000_000, 0, 0, 0]);

/// Holds what happens on a path against what must hold, and keeps count.
#[derive(Debug)]
pub struct Judge<'a> {
    bounds: &'a BoundsConfig,
    allowed: Allowed,
    /// Block of the head that first called for a trim that is not mined yet.
    called: Option<u64>,
    shrunk: bool,
    idle_fell: bool,
    /// What became of the account.
    pub outcome: Outcome,
    pub(super) story: Story,
}

/// What became of a transaction by the time of the block's new prices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Applied {
    /// It is not in a block, or there was none.
    Nothing,
    /// It did what it should.
    Mined,
    /// It is in a block and undone.
    Reverted,
}

/// An account, and the prices that it is judged by.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    /// The account.
    pub account: &'a AccountState,
    /// Aave.
    pub market: &'a Market,
    /// The path's prices.
    pub step: &'a Step,
}

impl Scene<'_> {
    /// What is shown of the account.
    pub fn shown(&self) -> Result<Shown, StateError> {
        shown(self.account, self.market, self.step)
    }

    /// Whether Aave's own arithmetic has the account below one, with a debt that matters: its health factor then.
    pub fn fallen(&self) -> Result<Option<Wad>, StateError> {
        let data = self.account.at(self.market, self.market.block.timestamp)?;
        let is_below = data.health_factor < Wad(WAD) && data.debt.0 > NOTHING;
        Ok(is_below.then_some(data.health_factor))
    }
}

impl<'a> Judge<'a> {
    /// Of a path before its first block.
    #[must_use]
    pub fn new(path: &Path, bounds: &'a BoundsConfig) -> Self {
        Self::telling(path, bounds, Story::untold())
    }

    pub(super) fn telling(path: &Path, bounds: &'a BoundsConfig, story: Story) -> Self {
        let (allowed, outcome) = (Allowed::by(&path.account), Outcome::nothing(path));
        Self { bounds, allowed, called: None, shrunk: false, idle_fell: false, outcome, story }
    }

    /// The account is open: what its loops have earns from here on.
    pub fn opened(&mut self, market: &Market) -> Result<(), StateError> {
        self.allowed.earn(market)
    }

    /// What was called for goes on in the blocks behind this one.
    pub const fn goes_on(&mut self, number: u64) {
        self.called = Some(number);
    }

    /// The same, with its story kept in words.
    #[must_use]
    pub fn told(self, path: &Path) -> Self {
        Self { story: Story::told(path), ..self }
    }

    /// The story, where it was kept.
    #[must_use]
    pub fn lines(&self) -> &[String] {
        self.story.so_far()
    }

    /// Adds a line to the story.
    pub fn tell(&mut self, text: impl FnOnce() -> String) {
        self.story.line(text);
    }

    /// What a head showed, and whether anybody was told.
    pub fn head(&mut self, number: u64, decided: &Decided<'_>) {
        if decided.wanted.is_some() {
            self.called.get_or_insert(number);
        }
        let facts = decided.facts;
        self.outcome.worst = self.outcome.worst.min(facts.health_factor);
        let Some(firings) = decided.firings else { return };
        let levels = Levels::of(facts);
        let owes = !facts.debt_value.0.is_zero();
        let next = facts.at_feed.into_iter().chain(facts.at_pool).min().unwrap_or(facts.health_factor);
        let shows = owes && facts.health_factor.min(next) < levels.trigger;
        let alerted = firings.iter().any(|firing| firing.severity == Severity::Alert);
        let is_first = shows && !self.outcome.touched;
        self.outcome.touched |= shows;
        self.outcome.warned |= shows && facts.health_factor >= Wad(WAD) && self.outcome.first_fall.is_none();
        self.outcome.silent |= (is_first || self.shrunk) && !alerted;
    }

    /// Whether a head calls for a trim and nothing was sent.
    pub fn is_idle(&self, decided: &Decided<'_>, scene: &Scene<'_>) -> Result<bool, StateError> {
        let levels = Levels::of(decided.facts);
        let seen = scene.shown()?;
        let debt = sums(scene.account, scene.market, |token| scene.step.of(token).oracle)?.debt;
        let calls = seen.worst() < levels.trigger && seen.worst() > levels.insolvent && debt > NOTHING;
        Ok(decided.deed.is_none() && (calls || decided.wanted.is_some()))
    }

    /// A head that calls for a trim and on which nothing was sent: whether something allowed could have helped.
    pub fn idle(&mut self, decided: &Decided<'_>, scene: &Scene<'_>, pools: &Pools) -> Result<(), StateError> {
        self.outcome.humans = self.outcome.humans.saturating_add(1);
        if let Some(help) = self.help(&self.allowed, decided, scene, pools)? {
            self.outcome.gave_up = true;
            self.story.fault(&format!("nothing was tried, although this would have helped: {help}"));
        }
        Ok(())
    }

    fn help(
        &self,
        allowed: &Allowed,
        decided: &Decided<'_>,
        scene: &Scene<'_>,
        pools: &Pools,
    ) -> Result<Option<String>, StateError> {
        let levels = Levels::of(decided.facts);
        let moment = Moment {
            account: scene.account,
            market: scene.market,
            pools,
            step: scene.step,
            bounds: self.bounds,
            pressure: decided.wanted.map_or(Pressure::Trim, |trim| trim.pressure),
            is_volatile: levels.last_resort.is_some(),
        };
        allowed.what_helps(&moment)
    }

    /// A transaction of ours was mined: it is held against what the owner allows and against what it is for. `before` has
    /// the prices that it is judged by.
    pub fn mined(
        &mut self,
        deed: &Deed<'_>,
        decided: &Decided<'_>,
        number: u64,
        before: &Scene<'_>,
        after: &AccountState,
    ) -> Result<(), StateError> {
        let market = before.market;
        if let Some(outside) = self.allowed.count(market, before.account, after)? {
            self.outcome.sold_outside = true;
            self.story.fault(&outside);
        }
        let (was, is) = (before.shown()?, Scene { account: after, ..*before }.shown()?);
        if let Action::Boost { .. } = deed.action {
            self.outcome.boosts = self.outcome.boosts.saturating_add(1);
            self.outcome.swings = self.outcome.swings.saturating_add(u32::from(self.outcome.trims > 0));
            self.outcome.below_floor |= is.now < Levels::of(decided.facts).floor;
            return Ok(());
        }
        let called = self.called.take().unwrap_or(number);
        self.outcome.trims = self.outcome.trims.saturating_add(1);
        self.outcome.blocks_to_trim.push(number.saturating_sub(called));
        // A billionth is what values in dollars round to.
        let fell = |was: Wad, is: Wad| is.0.saturating_add(is.0 / U256::from(1_000_000_000u64)) < was.0;
        // Where the oracle does not show the crossing yet, the feeds are what it is judged by.
        let is_ahead = matches!(deed.action, Action::Trim(trim) if trim.ahead);
        if fell(was.now, is.now) || (is_ahead && fell(was.worst(), is.worst())) {
            self.outcome.lowered = true;
            self.story.fault("the health factor is lower for it");
        }
        self.in_order(deed, decided, before)?;
        self.story.mined(number, is);
        Ok(())
    }

    /// What the owner put in front is sold before, or was tried and could not be.
    fn in_order(&mut self, deed: &Deed<'_>, decided: &Decided<'_>, before: &Scene<'_>) -> Result<(), StateError> {
        let takes =
            deed.rung.is_some_and(|rung| rung.takes_collateral() || matches!(rung, Rung::RepayWithSupply { .. }));
        if !takes || !decided.is_first_part {
            return Ok(());
        }
        let market = before.market;
        let sold = market.reserve(deed.collateral)?;
        for name in self.allowed.before(&sold.symbol).to_vec() {
            let Some(other) = market.reserve_by_symbol(&name) else { continue };
            let value = other.collateral_value(before.account.supplied(other, market.block.timestamp)?)?.0;
            let matters = decided.facts.collateral_value.0 / U256::from(50u64);
            if value > matters.max(NOTHING) && !decided.collaterals.contains(&other.asset) {
                self.outcome.sold_outside = true;
                self.story.fault(&format!("{} was sold before {name}", sold.symbol));
            }
        }
        Ok(())
    }

    /// What a fall in the block after a head is announced by, when the account stood like this after what was done. What an
    /// announced fall is called depends on what was done about it; `pools` are those of the head, where nothing was.
    pub fn notice(
        &self,
        decided: &Decided<'_>,
        applied: Applied,
        stands: &Scene<'_>,
        pools: Option<&Pools>,
    ) -> Result<Notice, StateError> {
        let notice = stands.shown()?.notice(&Levels::of(decided.facts));
        if notice != Notice::Announced {
            return Ok(notice);
        }
        let is_slice = |deed: &Deed<'_>| {
            deed.is_part || !matches!(deed.rung, Some(Rung::Flash { .. } | Rung::RepayWithSupply { .. }))
        };
        Ok(match (applied, &decided.deed, pools) {
            (Applied::Mined, Some(deed), _) if is_slice(deed) => Notice::InPart,
            (Applied::Nothing, Some(_), _) => Notice::Overtaken,
            (Applied::Nothing, None, Some(pools)) if self.help(&self.allowed, decided, stands, pools)?.is_none() => {
                match self.help(&Allowed::everything(), decided, stands, pools)? {
                    Some(_) => Notice::NotAllowed,
                    None => Notice::BeyondHelp,
                }
            }
            _ => Notice::Announced,
        })
    }

    /// The block's prices have come: whether the account fell below one, and what liquidators took of it.
    pub fn block(&mut self, number: u64, fell: Option<Wad>, notice: Notice, (count, lost): (u32, U256)) {
        if let Some(health_factor) = fell {
            self.outcome.fell(notice);
            self.story.fell(number, health_factor, notice);
        }
        self.outcome.liquidations = self.outcome.liquidations.saturating_add(count);
        self.outcome.lost = self.outcome.lost.saturating_add(lost);
        self.shrunk = count > 0;
    }

    /// The same for the twin that is left alone; `notice` is what the head showed of it.
    pub fn twin(&mut self, fell: bool, notice: Notice, (count, lost): (u32, U256)) {
        self.outcome.announced_if_idle |= !self.idle_fell && notice == Notice::Announced;
        self.idle_fell |= fell;
        self.outcome.liquidations_if_idle = self.outcome.liquidations_if_idle.saturating_add(count);
        self.outcome.lost_if_idle = self.outcome.lost_if_idle.saturating_add(lost);
    }

    /// How account and twin ended, by the feeds' prices.
    pub fn end(&mut self, account: &Scene<'_>, twin: &AccountState) -> Result<(), StateError> {
        let ended = |of: &AccountState| sums(of, account.market, |token| account.step.of(token).feed);
        let (kept, idle) = (ended(account.account)?, ended(twin)?);
        (self.outcome.equity, self.outcome.equity_if_idle) = (kept.equity(), idle.equity());
        self.outcome.ended = kept.health_factor();
        Ok(())
    }
}
