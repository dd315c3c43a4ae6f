//! Whether a pair can be looped at a size, on a snapshot: Aave's rules first, then the plan.

use std::collections::BTreeSet;

use alloy::primitives::{Address, U256, address};
use rust_decimal::{Decimal, RoundingStrategy};

use super::{
    super::{
        Contracts, FlashCandidate, Funds, LoopSnapshot, Pair, Request, Scope, Settings, Target,
        ahead::Ahead,
        algebra::{leverage_at_health_factor, max_leverage_wad},
        in_force::class_thresholds,
    },
    Obstacle, ObstacleKind, PairsSnapshot,
};
use crate::{
    aave::{
        AccountState, EModeCategory, Holding, Market, Projection, Refusal, Reserve, ReserveList, StateError, emode,
    },
    dex::{GasPrice, Route, Search},
    loops::plan::{context::wad, draft::Draft, planner::plan_with_draft},
    plan::{Plan, Quantity, check},
    units::{Bps, MathError, Secs, UsdE8, WAD, from_decimal, mul_div_down, mul_div_up, to_decimal},
};

/// Whose account the plans are for: nobody's, with the equity and ether for gas and nothing else.
const NOBODY: Address = address!("00000000000000000000000000000000000000AA");

/// What is asked of each pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SizeAsked {
    /// Equity, in dollars.
    pub equity: UsdE8,
    /// Leverage; a pair that cannot have so much is judged at the most that it can.
    pub leverage: Decimal,
}

/// What Aave and the thresholds allow of a pair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PairTerms {
    /// The e-mode that a loop enters; `None` outside of any.
    pub category: Option<(u8, String)>,
    /// The collateral's loan to value there.
    pub ltv: Bps,
    /// Its liquidation threshold there.
    pub liquidation_threshold: Bps,
    /// Where Aave's loan to value ends, wad.
    pub max_leverage: U256,
    /// Where `loop open` ends: the loan to value or the opening floor of the thresholds, wad.
    pub opens_to: U256,
}

/// What opening it would be at the size asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opening {
    /// Leverage.
    pub leverage: Decimal,
    /// Interest earned less interest paid in a year, of the equity that is left; what the tokens yield by themselves is not in it.
    pub net_apr: Quantity,
    /// The way of the swap that makes the collateral.
    pub route: Route,
    /// Fees of its pools, hundredths of a basis point of the swap.
    pub fee_pips: u32,
    /// How far it moves their prices.
    pub price_impact_pips: u32,
    /// What it loses against Aave's oracle; zero for a gain.
    pub cost: Bps,
    /// Who lends in between.
    pub flash: FlashCandidate,
}

/// What became of a pair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PairVerdict {
    /// The collateral's symbol.
    pub collateral: String,
    /// The debt's.
    pub debt: String,
    /// What Aave allows; `None` where it allows no such loop.
    pub terms: Option<PairTerms>,
    /// What it would be, or why not.
    pub opening: Result<Opening, Obstacle>,
}

impl PairVerdict {
    /// Whether it works now.
    #[must_use]
    pub const fn works(&self) -> bool {
        self.opening.is_ok()
    }
}

/// The pairs (collateral, debt) of a market that Aave's rules allow at some size: those whose pools are worth reading.
#[must_use]
pub fn allowed_pairs(market: &Market) -> Vec<(Address, Address)> {
    both(market).filter(|(c, d)| terms_of_aave(market, c, d).is_ok()).map(|(c, d)| (c.asset, d.asset)).collect()
}

fn both(market: &Market) -> impl Iterator<Item = (&Reserve, &Reserve)> {
    let reserves = &market.reserves;
    reserves.iter().flat_map(|one| reserves.iter().map(move |other| (one, other))).filter(|(c, d)| c.asset != d.asset)
}

/// Judges every pair of the market. The settings' thresholds, loops and account do not count.
#[must_use]
pub fn judge_pairs(
    snapshot: &PairsSnapshot,
    list: &ReserveList,
    size: SizeAsked,
    settings: &Settings,
) -> Vec<PairVerdict> {
    let hubs = LoopSnapshot::hubs(list);
    let judged = both(&snapshot.market).map(|(collateral, debt)| {
        let case = Case { snapshot, list, hubs: &hubs, size, settings, collateral, debt };
        let (terms, opening) = match case.terms() {
            Ok(terms) => {
                let opening = case.opening(&terms);
                (Some(terms), opening)
            }
            Err(obstacle) => (None, Err(obstacle)),
        };
        PairVerdict { collateral: collateral.symbol.clone(), debt: debt.symbol.clone(), terms, opening }
    });
    judged.collect()
}

/// Where the collateral backs the debt best, by Aave's rules.
fn terms_of_aave<'a>(
    market: &'a Market,
    collateral: &Reserve,
    debt: &Reserve,
) -> Result<Option<&'a EModeCategory>, Obstacle> {
    let of_aave = |refusal: Refusal| Obstacle::of_aave(&refusal);
    let mut empty = Projection::new(market.clone(), AccountState::empty(NOBODY), market.block.next_timestamp());
    empty.open_to_supply(collateral.asset).map_err(of_aave)?;
    // A debt reserve that is closed is so in every e-mode; which e-mode lends comes after.
    empty.open_to_supply(debt.asset).map_err(of_aave)?;
    let category = emode::fitting(market, collateral, debt);
    if category.is_none() && !(market.is_borrowable_in(debt, None) && market.ltv_in(collateral, None).0 > 0) {
        return Err(Obstacle::of_categories(market, collateral, debt));
    }
    if let Some(category) = category {
        empty.set_emode(category.id).map_err(of_aave)?;
    }
    empty.open_to_borrow(debt.asset).map_err(of_aave)?;
    Ok(category)
}

/// One pair.
struct Case<'a> {
    snapshot: &'a PairsSnapshot,
    list: &'a ReserveList,
    hubs: &'a [Address],
    size: SizeAsked,
    settings: &'a Settings,
    collateral: &'a Reserve,
    debt: &'a Reserve,
}

impl Case<'_> {
    fn pair(&self) -> Result<Pair, Obstacle> {
        let pair = Pair::of(self.list, &self.snapshot.market, self.collateral.asset, self.debt.asset);
        pair.ok_or_else(|| Obstacle::new(ObstacleKind::Plan, "the reserve was listed after the list was read"))
    }

    fn terms(&self) -> Result<PairTerms, Obstacle> {
        let market = &self.snapshot.market;
        let category = terms_of_aave(market, self.collateral, self.debt)?;
        let ltv = market.ltv_in(self.collateral, category);
        let liquidation_threshold = market.liquidation_threshold_in(self.collateral, category);
        let max_leverage = max_leverage_wad(ltv).map_err(of_math)?;
        let thresholds = class_thresholds(&self.settings.defaults, market, &self.pair()?).map_err(of_state)?;
        let floor =
            leverage_at_health_factor(wad(thresholds.opening_floor()), liquidation_threshold).map_err(of_math)?;
        let category = category.map(|category| (category.id, category.label.clone()));
        Ok(PairTerms { category, ltv, liquidation_threshold, max_leverage, opens_to: floor.min(max_leverage) })
    }

    fn opening(&self, terms: &PairTerms) -> Result<Opening, Obstacle> {
        let leverage = self.leverage(terms)?;
        let equity = self.tokens(self.collateral, self.size.equity.0)?;
        self.fits(terms, leverage)?;
        let pair = self.pair()?;
        let market = &self.snapshot.market;
        let thresholds = class_thresholds(&self.settings.defaults, market, &pair).map_err(of_state)?;
        let settings = Settings { thresholds, loops: Vec::new(), scope: Scope::Loop, ..self.settings.clone() };
        let snapshot = self.of_nobody(equity);
        let request = Request::Open { funds: Funds::Collateral(equity), target: Target::Leverage(leverage) };
        let planned = plan_with_draft(&request, &snapshot, &pair, &settings, self.hubs, &Ahead::default());
        let (plan, draft) = planned.map_err(|error| Obstacle::of_plan(&error))?;
        let net_apr = self.net_apr(&plan)?;
        check(plan, &settings.network, snapshot.inclusion()).map_err(|refusal| Obstacle::of_check(&refusal))?;
        opening(leverage, net_apr, draft)
    }

    /// As asked, or the most that the pair can have, a little below it: what is lost on the way counts.
    fn leverage(&self, terms: &PairTerms) -> Result<Decimal, Obstacle> {
        let most = to_decimal(terms.opens_to, 18).unwrap_or(self.size.leverage);
        let most = most.round_dp_with_strategy(2, RoundingStrategy::ToZero);
        let least = Decimal::new(101, 2);
        if most < least {
            let message = format!("a loan to value of {} leaves no leverage above the opening floor", terms.ltv);
            return Err(Obstacle::new(ObstacleKind::Bound, message));
        }
        Ok(if most < self.size.leverage { (most - Decimal::new(1, 2)).max(least) } else { self.size.leverage })
    }

    /// Whether caps and liquidity have room for the loop, and pools for its swap.
    fn fits(&self, terms: &PairTerms, leverage: Decimal) -> Result<(), Obstacle> {
        let leverage = from_decimal(leverage, 18).ok_or_else(|| of_math(MathError::Overflow))?;
        let supplied = mul_div_up(self.size.equity.0, leverage, WAD).map_err(of_math)?;
        let (supplied, borrowed) = (
            self.tokens(self.collateral, supplied)?,
            self.tokens(self.debt, supplied.saturating_sub(self.size.equity.0))?,
        );
        let snapshot = self.of_nobody(supplied);
        let mut after = Projection::new(snapshot.market.clone(), snapshot.account.clone(), snapshot.inclusion());
        let mut run = || {
            if let Some((id, _)) = &terms.category {
                after.set_emode(*id)?;
            }
            after.supply(self.collateral.asset, supplied)?;
            after.borrow(self.debt.asset, borrowed)
        };
        run().map_err(|refusal| Obstacle::of_aave(&refusal))?;
        self.has_route(borrowed)
    }

    /// Whether any way through the pools takes the swap, before it is asked what it costs.
    fn has_route(&self, sold: U256) -> Result<(), Obstacle> {
        let (none, pools, hubs) = (BTreeSet::new(), &self.snapshot.pools, self.hubs);
        let search = Search { pools, hubs, gas: GasPrice::FREE, exclude: &none };
        let ranking = search.best_exact_in(self.debt.asset, self.collateral.asset, sold);
        if ranking.best().is_some() {
            return Ok(());
        }
        let amount = Quantity::new(sold, self.debt.configuration.decimals(), self.debt.symbol.clone());
        let message = format!("no route to {} for {amount}: {}", self.collateral.symbol, ranking.why_none());
        Err(Obstacle::new(ObstacleKind::NoRoute, message))
    }

    /// An amount of dollars in a token.
    fn tokens(&self, reserve: &Reserve, dollars: U256) -> Result<U256, Obstacle> {
        let price = reserve.price().map_err(of_state)?;
        let tokens = mul_div_down(dollars, reserve.unit().map_err(of_math)?, price.0).map_err(of_math)?;
        if tokens.is_zero() {
            let message = format!("the equity is less than the smallest unit of {}", reserve.symbol);
            return Err(Obstacle::new(ObstacleKind::Plan, message));
        }
        Ok(tokens)
    }

    /// The snapshot for an account that has so much of the collateral.
    fn of_nobody(&self, wallet: U256) -> LoopSnapshot {
        let permit = |token| self.list.listing(token).is_some_and(|listing| listing.token_permit.is_some());
        let mut account = AccountState { native: WAD, ..AccountState::empty(NOBODY) };
        for (asset, wallet) in [(self.collateral.asset, wallet), (self.debt.asset, U256::ZERO)] {
            let wallet_nonce = permit(asset).then_some(U256::ZERO);
            account.holdings.insert(asset, Holding { wallet, wallet_nonce, ..Holding::default() });
        }
        LoopSnapshot {
            block: self.snapshot.block,
            market: self.snapshot.market.clone(),
            account,
            pools: self.snapshot.pools.clone(),
            morpho_liquidity: self.snapshot.morpho.get(&self.debt.asset).copied().unwrap_or_default(),
            contracts: Contracts::default(),
        }
    }

    /// Of the equity after opening, at the rates that opening leaves.
    fn net_apr(&self, plan: &Plan) -> Result<Quantity, Obstacle> {
        let after = |name| plan.figure(name).map(|figure| figure.after.clone());
        let (Some(supplied), Some(owed), Some(carry)) = (after("collateral"), after("debt"), after("net_carry")) else {
            return Err(Obstacle::new(ObstacleKind::Plan, "the plan has no figures"));
        };
        let supplied = self.collateral.collateral_value(supplied.raw).map_err(of_state)?.0;
        let owed = self.debt.debt_value(owed.raw).map_err(of_state)?.0;
        let days = U256::from(Secs::YEAR.0 / 86_400);
        let share = mul_div_down(
            carry.raw.saturating_mul(days),
            U256::from(1_000_000u64),
            supplied.saturating_sub(owed).max(U256::ONE),
        );
        // Millionths, as per cent.
        let mut apr = Quantity::new(share.map_err(of_math)?, 4, "%");
        apr.negative = carry.negative && !apr.raw.is_zero();
        Ok(apr)
    }
}

fn opening(leverage: Decimal, net_apr: Quantity, draft: Draft) -> Result<Opening, Obstacle> {
    let (Some(swap), Some(loan)) = (draft.swap, draft.loan) else {
        return Err(Obstacle::new(ObstacleKind::Plan, "the equity is too small to borrow anything against it"));
    };
    Ok(Opening {
        leverage,
        net_apr,
        fee_pips: swap.quote.fee_pips,
        price_impact_pips: swap.quote.price_impact_pips,
        cost: Bps(u32::try_from(swap.cost_bps).unwrap_or(u32::MAX)),
        route: swap.quote.route,
        flash: loan.candidate,
    })
}

fn of_math(error: MathError) -> Obstacle {
    Obstacle::new(ObstacleKind::Plan, error.to_string())
}

fn of_state(error: StateError) -> Obstacle {
    let kind = if matches!(error, StateError::NoPrice(_)) { ObstacleKind::NoPrice } else { ObstacleKind::Plan };
    Obstacle::new(kind, error.to_string())
}
