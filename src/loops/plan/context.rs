//! What every plan of one action shares.

use std::collections::{BTreeMap, BTreeSet};

use alloy::primitives::{Address, U256};
use rust_decimal::Decimal;

use super::{
    draft::Prepare,
    flash::{FlashNeed, Meanwhile, rank},
    swap::{Swap, Venue},
};
use crate::{
    aave::{PermitDomain, Projection, Reserve},
    config::{BoundsConfig, FeesConfig, Thresholds, ThresholdsConfig, Urgency},
    dex::Pools,
    loops::{
        Ahead, FlashCandidate, FlashChoice, KnownLoop, LoopSnapshot, Pair, PairState, PlanError, Scope,
        account::AccountModel, deviation::deviation, scope::Apart, threshold_prices::standing,
    },
    plan::Quantity,
    units::{Bps, MathError, Secs, UsdE8, WAD, from_decimal, mul_div_down, mul_div_up},
};

/// Settings of one action.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Identifies the intent.
    pub id: String,
    /// The network the plan is for.
    pub network: String,
    /// Class of bounds to insist on; otherwise the action's own: lowering debt is `trim`, all else `open`.
    pub urgency: Option<Urgency>,
    /// Bounds of all classes.
    pub bounds: BoundsConfig,
    /// Slippage bound instead of the class's.
    pub slippage: Option<Bps>,
    /// Thresholds of the loop.
    pub thresholds: Thresholds,
    /// Thresholds by class, for what belongs to no loop.
    pub defaults: ThresholdsConfig,
    /// The journal's loops of the account.
    pub loops: Vec<KnownLoop>,
    /// Which part of the account the action is about.
    pub scope: Scope,
    /// How long the plan and its permits are valid.
    pub permit_ttl: Secs,
    /// Fee ceilings of all classes.
    pub fees: FeesConfig,
    /// The user's flash source.
    pub flash: Option<FlashChoice>,
    /// Wei per gas, to compare routes and to keep gas back.
    pub gas_price: U256,
}

/// Snapshot, pair and settings.
#[derive(Debug)]
pub(in crate::loops) struct Context<'a> {
    pub(in crate::loops) snapshot: &'a LoopSnapshot,
    pub(in crate::loops) pair: &'a Pair,
    pub(in crate::loops) settings: &'a Settings,
    pub(in crate::loops) hubs: &'a [Address],
    pub(in crate::loops) collateral: &'a Reserve,
    pub(in crate::loops) debt: &'a Reserve,
    /// Whose fee ceiling applies.
    pub(in crate::loops) urgency: Urgency,
    /// Whose swap bounds apply: the urgency's own, or the next where pool and oracle disagree.
    pub(in crate::loops) bound: Urgency,
    /// Why they are the next ones.
    pub(in crate::loops) widened: Option<String>,
    /// How much lower the collateral stands at the feed behind Aave's oracle.
    pub(in crate::loops) feed_gap: Bps,
    /// Prices that a protective action must not lower the health factor at either.
    pub(in crate::loops) judged_at: Option<&'a BTreeMap<Address, UsdE8>>,
    /// Most that a swap may lose and still raise the health factor; `None` where that is not what the action is for.
    pub(in crate::loops) helps: Option<Bps>,
    /// The account when the action is expected, without it.
    pub(in crate::loops) model: AccountModel,
    /// What of the pair's assets the action is not about.
    pub(in crate::loops) apart: Apart,
    /// The strictest thresholds of the account with this loop in it.
    pub(in crate::loops) thresholds: Thresholds,
}

/// Kept of what a swap may lose for the fee of the loan: more than Aave or Morpho Blue ask.
const LOAN_FEE: u32 = 10;

impl<'a> Context<'a> {
    pub(in crate::loops) fn new(
        snapshot: &'a LoopSnapshot,
        pair: &'a Pair,
        settings: &'a Settings,
        hubs: &'a [Address],
    ) -> Result<Self, PlanError> {
        let collateral = snapshot.market.reserve(pair.collateral.token)?;
        let debt = snapshot.market.reserve(pair.debt.token)?;
        let urgency = settings.urgency.unwrap_or(Urgency::Open);
        let then = Projection::new(snapshot.market.clone(), snapshot.account.clone(), snapshot.inclusion());
        let model = AccountModel::new(&then, &settings.loops, &settings.defaults)?;
        let apart = Apart::of(settings.scope, &model, (collateral.asset, debt.asset));
        Ok(Self {
            snapshot,
            pair,
            settings,
            hubs,
            collateral,
            debt,
            urgency,
            bound: urgency,
            widened: None,
            feed_gap: Bps(0),
            judged_at: None,
            helps: None,
            thresholds: account_thresholds(&model, pair, settings),
            model,
            apart,
        })
    }

    /// The same where prices have moved ahead of Aave's oracle.
    pub(in crate::loops) fn with(self, ahead: &'a Ahead) -> Self {
        let judged_at = (!ahead.judged_at.is_empty()).then_some(&ahead.judged_at);
        Self { feed_gap: ahead.gap, judged_at, ..self }
    }

    /// The same for an action that lowers debt, which has wider bounds. That pool and oracle disagree never blocks it;
    /// it only selects the next bounds (strategy.md §5).
    pub(in crate::loops) fn lowering_debt(self) -> Result<Self, PlanError> {
        let urgency = self.settings.urgency.unwrap_or(Urgency::Trim);
        let helps = if self.is_protective() { Some(self.helping()?) } else { None };
        let lowering = Self { urgency, bound: urgency, helps, ..self };
        let Some(off) = lowering.pool_off_oracle()? else { return Ok(lowering) };
        let gate = lowering.settings.bounds.oracle_gate_bps;
        if off <= u64::from(gate.0) || lowering.settings.slippage.is_some() {
            return Ok(lowering);
        }
        let bound = urgency.next();
        let widened = format!(
            "pool and oracle are {} apart, above {gate}: the swap bounds of `{}` apply",
            Quantity::bps(off),
            bound.name()
        );
        Ok(Self { bound, widened: Some(widened), ..lowering })
    }

    /// What is sold counts for the liquidation threshold's part of its value, what is repaid for the health factor's: a swap
    /// that loses more than lies between the two lowers the health factor. It must not by the oracle's prices, at which the swap
    /// loses besides what the feed has moved, nor by the prices that the oracle answers next.
    fn helping(&self) -> Result<Bps, PlanError> {
        let category = self.snapshot.market.category(self.snapshot.account.emode)?;
        let threshold = self.snapshot.market.liquidation_threshold_in(self.collateral, category);
        let counts = mul_div_up(WAD, U256::from(threshold.0), U256::from(Bps::ONE.0))?;
        let start = self.start();
        let by_oracle = self.ahead(self.standing(&start)?.health_factor)?;
        let ahead = self.judged(&start)?.map_or(by_oracle, |judged| judged.min(by_oracle));
        let room = ahead.saturating_sub(counts);
        if room.is_zero() {
            return Ok(Bps(0));
        }
        let share: u32 = mul_div_down(room, U256::from(Bps::ONE.0), ahead)?.saturating_to();
        Ok(Bps(share.saturating_sub(LOAN_FEE)))
    }

    /// A value of the collateral, or a health factor, at the feed behind Aave's oracle where that is lower.
    pub(in crate::loops) fn ahead(&self, value: U256) -> Result<U256, MathError> {
        let left = Bps::ONE.0.saturating_sub(self.feed_gap.0);
        mul_div_down(value, U256::from(left), U256::from(Bps::ONE.0))
    }

    /// How far the pools of the best route for a small amount are from the oracle, basis points; `None` without route.
    fn pool_off_oracle(&self) -> Result<Option<u64>, PlanError> {
        let owed = self.own_debt(&self.start())?;
        let little = (owed >> 10usize).max(U256::from(1_000u64));
        let Ok(swap) = self.buy_debt(little, None) else { return Ok(None) };
        Ok(Some(deviation(self.snapshot, swap.quote.route.pools())?))
    }

    /// How a permit of the account is signed; `None` where the token has none, or would not take the key's signature for this
    /// account: then a transaction allows the same.
    pub(in crate::loops) fn signable(&self, permit: Option<&'a PermitDomain>) -> Option<&'a PermitDomain> {
        permit.filter(|permit| self.snapshot.account.signs(permit))
    }

    /// Whether the action was asked for as a protective one: then it pays no heed to what comes after it.
    pub(in crate::loops) fn is_protective(&self) -> bool {
        self.settings.urgency.is_some_and(Urgency::is_protective)
    }

    /// Bound on swaps of this action: the class's, and no more than helps.
    pub(in crate::loops) fn slippage(&self) -> Bps {
        let class = self.settings.slippage.unwrap_or_else(|| self.class_slippage());
        self.helps.map_or(class, |helps| helps.min(class))
    }

    /// The last resort's is what liquidation costs less a little, and never narrower than the urgent one.
    fn class_slippage(&self) -> Bps {
        let bounds = &self.settings.bounds;
        let class = bounds.of(self.bound).slippage_bps;
        if self.bound != Urgency::LastResort {
            return class;
        }
        Bps(self.liquidation_bonus().0.saturating_sub(bounds.last_resort.below_bonus_bps.0)).max(class)
    }

    /// What a swap of this action may cost against the oracle: the bound, and what the feed behind it has moved already.
    pub(in crate::loops) fn cost_allowed(&self) -> Bps {
        Bps(self.slippage().0.saturating_add(self.feed_gap.0))
    }

    /// What a liquidator gets on top, basis points: of the account's e-mode where the collateral belongs to it.
    pub(in crate::loops) fn liquidation_bonus(&self) -> Bps {
        let category = self.snapshot.market.category(self.snapshot.account.emode).ok().flatten();
        let category = category.filter(|category| category.is_collateral(self.collateral.id));
        let with_all = category
            .map_or_else(|| self.collateral.configuration.liquidation_bonus(), |category| category.liquidation_bonus);
        Bps(with_all.0.saturating_sub(Bps::ONE.0))
    }

    /// Room that the last resort leaves the market beyond the quote, where the quote itself is beyond the bound.
    fn room(&self) -> Bps {
        if self.bound == Urgency::LastResort { self.settings.bounds.open.slippage_bps } else { Bps(0) }
    }

    /// The account one block on, before the action. The composer's allowances come with the action, so they do not bind.
    pub(in crate::loops) fn start(&self) -> Projection {
        let mut account = self.snapshot.account.clone();
        for token in [self.pair.collateral.token, self.pair.debt.token] {
            let holding = account.holdings.entry(token).or_default();
            holding.a_token_allowance = U256::MAX;
            holding.borrow_allowance = U256::MAX;
        }
        Projection::new(self.snapshot.market.clone(), account, self.snapshot.inclusion())
    }

    /// What the action is about in a projection: the values of its own part of the pair's assets, or the account's, and
    /// the account's health factor.
    pub(in crate::loops) fn standing(&self, projection: &Projection) -> Result<PairState, PlanError> {
        let data = projection.account_data()?;
        let health_factor = data.health_factor.0;
        if matches!(self.settings.scope, Scope::Account { .. }) {
            return Ok(PairState { collateral: data.collateral.0, debt: data.debt.0, health_factor });
        }
        Ok(PairState {
            collateral: self.collateral.collateral_value(self.own_supply(projection)?)?.0,
            debt: self.debt.debt_value(self.own_debt(projection)?)?.0,
            health_factor,
        })
    }

    /// The two assets' whole values in the account, and its health factor.
    pub(in crate::loops) fn whole_pair(&self, projection: &Projection) -> Result<PairState, PlanError> {
        Ok(standing(projection, self.collateral, self.debt)?)
    }

    /// Collateral that the action is about.
    pub(in crate::loops) fn own_supply(&self, projection: &Projection) -> Result<U256, PlanError> {
        Ok(projection.supplied(self.pair.collateral.token)?.saturating_sub(self.apart.collateral))
    }

    /// Debt that the action is about.
    pub(in crate::loops) fn own_debt(&self, projection: &Projection) -> Result<U256, PlanError> {
        Ok(projection.owed(self.pair.debt.token)?.saturating_sub(self.apart.debt))
    }

    /// The health factor an opening must leave, wad.
    pub(in crate::loops) fn floor(&self) -> U256 {
        wad(self.thresholds.opening_floor())
    }

    pub(in crate::loops) fn collateral_amount(&self, raw: U256) -> Quantity {
        Quantity::new(raw, self.pair.collateral.decimals, self.pair.collateral.symbol.clone())
    }

    pub(in crate::loops) fn debt_amount(&self, raw: U256) -> Quantity {
        Quantity::new(raw, self.pair.debt.decimals, self.pair.debt.symbol.clone())
    }

    /// Sells debt asset for collateral, or the other way round, outside the locked pool.
    pub(in crate::loops) fn sell(
        &self,
        to_collateral: bool,
        amount: U256,
        locked: Option<Address>,
    ) -> Result<Swap, PlanError> {
        let (from, to) = if to_collateral { (self.debt, self.collateral) } else { (self.collateral, self.debt) };
        let exclude = locked.into_iter().collect();
        self.venue(&exclude).sell(from, to, amount)
    }

    /// Buys debt asset with collateral outside the locked pool.
    pub(in crate::loops) fn buy_debt(&self, amount: U256, locked: Option<Address>) -> Result<Swap, PlanError> {
        let exclude = locked.into_iter().collect();
        self.venue(&exclude).buy(self.collateral, self.debt, amount)
    }

    fn venue<'b>(&'b self, exclude: &'b BTreeSet<Address>) -> Venue<'b> {
        Venue {
            snapshot: self.snapshot,
            hubs: self.hubs,
            exclude,
            gas_price: self.settings.gas_price,
            slippage: self.slippage(),
            room: self.room(),
            helps: self.helps,
            fallen: self.feed_gap,
        }
    }

    /// What must be done first so that the pair's collateral can leave: small collaterals of LTV 0 are switched off. They
    /// would have to leave before any other (base-replica.md §4), and are not worth an unwinding.
    pub(in crate::loops) fn unblocking(&self, start: &Projection) -> Vec<Prepare> {
        let category = start.market().category(start.account().emode).ok().flatten();
        if start.market().ltv_in(self.collateral, category).0 == 0 {
            return Vec::new();
        }
        let blocking = self.model.supplies.iter().filter(|supply| supply.is_collateral && supply.ltv.0 == 0);
        blocking
            .filter(|supply| {
                // With several, each is tried on what the ones before it leave.
                start.clone().use_as_collateral(supply.asset, false).is_ok() && self.is_small(supply.value.0)
            })
            .map(|supply| Prepare::Collateral { asset: supply.asset, enabled: false })
            .collect()
    }

    /// Whether collateral of a value can be spared: below 5 % of the account's.
    fn is_small(&self, value: U256) -> bool {
        value.saturating_mul(U256::from(20u8)) < self.model.data.collateral.0
    }

    /// Whether the pair's reserves let debt be repaid and collateral out at all: said before anything that follows from it.
    pub(in crate::loops) fn require_open_to_lowering(&self, repays: bool) -> Result<(), PlanError> {
        let start = self.start();
        if repays {
            start.open_to_leave(self.pair.debt.token)?;
        }
        Ok(start.open_to_leave(self.pair.collateral.token)?)
    }

    /// All sources of a loan, usable ones first.
    pub(in crate::loops) fn ranked(
        &self,
        amount: U256,
        meanwhile: Meanwhile,
        swapped_in: &BTreeSet<Address>,
    ) -> Result<Vec<FlashCandidate>, PlanError> {
        let need = FlashNeed { amount, meanwhile, choice: self.settings.flash, swapped_in };
        Ok(rank(self.snapshot, self.pair, need)?)
    }

    /// The ranked sources of a loan; the first is the one to take.
    pub(in crate::loops) fn flash_sources(
        &self,
        amount: U256,
        meanwhile: Meanwhile,
        swapped_in: &BTreeSet<Address>,
    ) -> Result<Vec<FlashCandidate>, PlanError> {
        let candidates = self.ranked(amount, meanwhile, swapped_in)?;
        if candidates.first().is_none_or(|candidate| candidate.rejected.is_some()) {
            return Err(PlanError::NoFlash { amount: Box::new(self.debt_amount(amount)), candidates });
        }
        Ok(candidates)
    }
}

/// The loop's own, and those of everything else in the account that owes: all of it has one health factor.
fn account_thresholds(model: &AccountModel, pair: &Pair, settings: &Settings) -> Thresholds {
    let dust = model.dust_below();
    let is_own = |known: &KnownLoop| {
        known.position.collateral == pair.collateral.token && known.position.debt == pair.debt.token
    };
    let others = model.loops.iter().filter(|part| !is_own(&part.known) && part.debt_value >= dust);
    let own_debt = |asset| settings.scope == Scope::WithExisting && asset == pair.debt.token;
    let is_foreign = model.owed().any(|debt| !own_debt(debt.asset) && debt.has_unclaimed(dust));
    let of_class = is_foreign.then(|| settings.defaults.of(model.class));
    let all = others.map(|part| part.thresholds).chain(of_class);
    all.fold(settings.thresholds, Thresholds::strictest)
}

/// A threshold in 18-decimal fixed point; thresholds are validated to be positive.
pub(in crate::loops) fn wad(value: Decimal) -> U256 {
    from_decimal(value, 18).unwrap_or(U256::MAX)
}

/// The contracts of the pools that a swap goes through.
pub(in crate::loops) fn pools_of(pools: &Pools, swap: Option<&Swap>) -> BTreeSet<Address> {
    let through = swap.into_iter().flat_map(|swap| swap.quote.route.pools());
    through.filter_map(|pool| pools.exchanges().address(&pool)).collect()
}

/// What a value can grow to at most in a time, when interest is never above `yearly`: rounded up, with a hundredth on top for
/// compounding.
pub(in crate::loops) fn grown_at_most(value: U256, yearly: Bps, during: Secs) -> Result<U256, MathError> {
    let rate = U256::from(u64::from(yearly.0) * 101);
    let scale = U256::from(u64::from(Bps::ONE.0) * 100) * U256::from(Secs::YEAR.0);
    let interest = mul_div_up(value, rate * U256::from(during.0), scale)?;
    value.checked_add(interest).and_then(|sum| sum.checked_add(U256::ONE)).ok_or(MathError::Overflow)
}
