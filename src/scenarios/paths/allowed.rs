//! What the owner allows, counted by what was sold so far, and whether anything allowed could still help.

use std::collections::BTreeMap;

use alloy::primitives::{Address, U256};

use super::{
    DrawnAccount, Step,
    figures::{sums, threshold},
    liquidator::bonus,
    market::feeds,
};
use crate::{
    aave::{AccountState, Market, Reserve, StateError},
    config::{BoundsConfig, SellConfig, WalletUse},
    dex::{GasPrice, Pools, Search, USDC, WETH},
    units::{Bps, UsdE8, WAD, mul_div_down},
    watchdog::rules::Pressure,
};

/// What one loop alone may take of an asset beside what it claims: the worth of a dollar (strategy.md §5, dust), and rounding.
const SPARE: U256 = U256::from_limbs([101_000_000, 0, 0, 0]);
/// Kept of a bound for rounding, for the fee of a loan, and for what a plan's own swap is larger than the one tried here.
const SLACK: u32 = 25;

/// What may be sold and used.
#[derive(Debug, Clone)]
pub(super) struct Allowed {
    sell: SellConfig,
    wallet: WalletUse,
    /// What the journal's loops have of each asset: what it earns is theirs too.
    claimed: BTreeMap<Address, U256>,
    /// The liquidity index that a claim was brought up to last.
    indices: BTreeMap<Address, U256>,
}

/// A head at which something might help.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment<'a> {
    pub(super) account: &'a AccountState,
    pub(super) market: &'a Market,
    pub(super) pools: &'a Pools,
    pub(super) step: &'a Step,
    pub(super) bounds: &'a BoundsConfig,
    pub(super) pressure: Pressure,
    /// The account has a last resort.
    pub(super) is_volatile: bool,
}

impl Allowed {
    pub(super) fn by(drawn: &DrawnAccount) -> Self {
        let mut claimed: BTreeMap<Address, U256> = BTreeMap::new();
        for known in &drawn.loops {
            let sum = claimed.entry(known.position.collateral).or_default();
            *sum = sum.saturating_add(known.position.terms.collateral_principal);
        }
        Self { sell: drawn.sell.clone(), wallet: drawn.use_wallet.clone(), claimed, indices: BTreeMap::new() }
    }

    /// An owner who allows everything.
    pub(super) fn everything() -> Self {
        let (claimed, indices) = (BTreeMap::new(), BTreeMap::new());
        Self { sell: SellConfig::All, wallet: WalletUse::Everything, claimed, indices }
    }

    /// Brings claims up to what they have earned by a market's block.
    pub(super) fn earn(&mut self, market: &Market) -> Result<(), StateError> {
        for reserve in &market.reserves {
            let now = reserve.normalized_income(market.block.timestamp)?.0;
            let then = self.indices.insert(reserve.asset, now).unwrap_or(now);
            if let Some(claimed) = self.claimed.get_mut(&reserve.asset) {
                *claimed = mul_div_down(*claimed, now, then)?;
            }
        }
        Ok(())
    }

    /// Counts an action of ours in; what of it the owner does not allow.
    pub(super) fn count(
        &mut self,
        market: &Market,
        before: &AccountState,
        after: &AccountState,
    ) -> Result<Option<String>, StateError> {
        self.earn(market)?;
        let now = market.block.timestamp;
        let mut outside = None;
        for reserve in &market.reserves {
            let (had, has) = (before.supplied(reserve, now)?, after.supplied(reserve, now)?);
            let sold = had.saturating_sub(has);
            let claimed = self.claimed.entry(reserve.asset).or_default();
            let spare = mul_div_down(SPARE, reserve.unit()?, reserve.price()?.0)?.saturating_add(U256::from(1_000u64));
            let is_outside = match &self.sell {
                SellConfig::All => false,
                SellConfig::Assets(names) => !names.contains(&reserve.symbol) && !sold.is_zero(),
                SellConfig::Loops => sold > claimed.saturating_add(spare),
            };
            if is_outside {
                outside = Some(format!("{sold} of {} was sold, the loops have {claimed}", reserve.symbol));
            }
            *claimed = claimed.saturating_sub(sold).saturating_add(has.saturating_sub(had));
            let spent = before.holding(reserve.asset).wallet.saturating_sub(after.holding(reserve.asset).wallet);
            if !spent.is_zero() && !self.wallet.allows(&reserve.symbol) {
                outside = Some(format!("{spent} of {} was taken from the wallet", reserve.symbol));
            }
        }
        Ok(outside)
    }

    /// How much of a supply may be sold.
    fn sellable(&self, reserve: &Reserve, supplied: U256) -> U256 {
        match &self.sell {
            SellConfig::All => supplied,
            SellConfig::Assets(names) if names.contains(&reserve.symbol) => supplied,
            SellConfig::Assets(_) => U256::ZERO,
            SellConfig::Loops => supplied.min(self.claimed.get(&reserve.asset).copied().unwrap_or_default()),
        }
    }

    /// The assets of the owner's own order that come before another.
    pub(super) fn before(&self, symbol: &str) -> &[String] {
        let SellConfig::Assets(names) = &self.sell else { return &[] };
        let at = names.iter().position(|name| name == symbol).unwrap_or_default();
        names.get(..at).unwrap_or_default()
    }

    /// Something allowed that would raise the health factor within the widest bounds; `None` when nothing would.
    pub(super) fn what_helps(&self, moment: &Moment<'_>) -> Result<Option<String>, StateError> {
        let Moment { account, market, .. } = *moment;
        let now = market.block.timestamp;
        let all = sums(account, market, |token| moment.step.of(token).oracle)?;
        // Well above what counts as dust.
        let matters = (all.collateral / U256::from(500u64)).max(U256::from(500_000_000u64));
        let owed = |reserve: &&Reserve| {
            let owed = account.owed(reserve, now).and_then(|owed| reserve.debt_value(owed));
            owed.is_ok_and(|value| value.0 > matters)
        };
        for debt in market.reserves.iter().filter(owed) {
            let wallet = account.holding(debt.asset).wallet;
            if self.wallet.allows(&debt.symbol) && debt.debt_value(wallet)?.0 > matters {
                return Ok(Some(format!("{wallet} of {} in the wallet", debt.symbol)));
            }
            for held in &market.reserves {
                let sellable = self.sellable(held, account.supplied(held, now)?);
                if held.collateral_value(sellable)?.0 <= matters {
                    continue;
                }
                if held.asset == debt.asset || self.sale_helps(moment, (held, debt), sellable)? {
                    return Ok(Some(format!("selling {} for {}", held.symbol, debt.symbol)));
                }
            }
        }
        Ok(None)
    }

    /// Whether a hundredth of a debt can be repaid with a collateral within the bounds, and raises the health factor by oracle and
    /// by feed.
    fn sale_helps(
        &self,
        moment: &Moment<'_>,
        (held, debt): (&Reserve, &Reserve),
        sellable: U256,
    ) -> Result<bool, StateError> {
        let Moment { account, market, step, .. } = *moment;
        let feeds = feeds(step)?;
        let oracle = |token| step.of(token).oracle;
        let feed = |token| feeds.get(&token).copied().unwrap_or_else(|| oracle(token));
        let owed = account.owed(debt, market.block.timestamp)?;
        let part = mul_div_down(owed / U256::from(100u64), oracle(debt.asset).0, debt.unit()?)?;
        let sold = mul_div_down(part, held.unit()?, oracle(held.asset).0)?.min(sellable);
        if sold.is_zero() || held.virtual_balance < sold {
            return Ok(false);
        }
        let exclude = std::collections::BTreeSet::new();
        let search = Search { pools: moment.pools, hubs: &[WETH, USDC], gas: GasPrice::FREE, exclude: &exclude };
        let ranking = search.best_exact_in(held.asset, debt.asset, sold);
        let Some(quote) = ranking.best() else { return Ok(false) };
        let counts = match account.configuration.is_collateral(held.id) {
            true => U256::from(threshold(market, account, held)?.0),
            false => U256::ZERO,
        };
        let whole = U256::from(Bps::ONE.0);
        let kept = whole.saturating_sub(U256::from(SLACK));
        let limit = whole.saturating_sub(U256::from(widest(moment, held)?.0));
        let values = |price: &dyn Fn(Address) -> UsdE8| {
            let value_in = mul_div_down(sold, price(held.asset).0, held.unit()?)?;
            let value_out = mul_div_down(quote.amount_out, price(debt.asset).0, debt.unit()?)?;
            Ok::<_, StateError>((value_in, mul_div_down(value_out, kept, whole)?))
        };
        // What is fair is measured where the feed has moved to.
        let (value_in, value_out) = values(&feed)?;
        if value_out.saturating_mul(whole) < value_in.saturating_mul(limit) {
            return Ok(false);
        }
        for price in [&oracle as &dyn Fn(Address) -> UsdE8, &feed] {
            let (value_in, value_out) = values(price)?;
            let health = sums(account, market, price)?.health_factor().0;
            if mul_div_down(value_out, health, WAD)?.saturating_mul(whole) <= value_in.saturating_mul(counts) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// The widest bound that a trim of this pressure comes to.
fn widest(moment: &Moment<'_>, held: &Reserve) -> Result<Bps, StateError> {
    let urgent = moment.bounds.urgent.slippage_bps;
    match moment.pressure {
        Pressure::Urgent | Pressure::LastResort if moment.is_volatile => {
            let bonus = bonus(moment.account, moment.market, held)?.0.saturating_sub(Bps::ONE.0);
            Ok(Bps(bonus.saturating_sub(moment.bounds.last_resort.below_bonus_bps.0)).max(urgent))
        }
        _ => Ok(urgent),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenarios::paths::{Path, market::Venue};

    /// What is found when an account of 15 WETH, of which 10 are a loop's, has less of something.
    fn found(allowed: &mut Allowed, token: Address, sold: u64, spent: u64) -> Option<String> {
        let path = Path::wave(3_000, 0, 1, 1).expect("path");
        let venue = Venue::new(&path.account, &path.steps[0]).expect("venue");
        let market = venue.market(1, &path.steps[0], crate::units::Ray(crate::aave::math::RAY));
        let mut before = venue.open(&path.account);
        let holding = before.holdings.entry(token).or_default();
        (holding.scaled_supply, holding.wallet) = (U256::from(15u8) * WAD, U256::from(15u8) * WAD);
        let mut after = before.clone();
        let holding = after.holdings.entry(token).or_default();
        holding.scaled_supply -= U256::from(sold) * WAD;
        holding.wallet -= U256::from(spent) * WAD;
        allowed.count(&market, &before, &after).expect("counts")
    }

    fn allowed(sell: SellConfig, wallet: WalletUse) -> Allowed {
        Allowed { sell, wallet, claimed: BTreeMap::from([(WETH, U256::from(10u8) * WAD)]), indices: BTreeMap::new() }
    }

    #[test]
    fn a_sale_beyond_what_the_owner_allows_is_found_whatever_he_allows() {
        let mut loops = allowed(SellConfig::Loops, WalletUse::Nothing);
        assert_eq!((found(&mut loops, WETH, 6, 0), found(&mut loops, WETH, 4, 0)), (None, None));
        // The loop's ten are sold; five are the owner's deposit.
        assert!(found(&mut loops, WETH, 1, 0).is_some_and(|fault| fault.contains("WETH was sold")));
        let mut listed = allowed(SellConfig::Assets(vec!["cbBTC".to_owned()]), WalletUse::Nothing);
        assert!(found(&mut listed, WETH, 1, 0).is_some());
        assert_eq!(found(&mut allowed(SellConfig::All, WalletUse::Nothing), WETH, 15, 0), None);
    }

    #[test]
    fn what_a_loops_collateral_has_earned_may_be_sold_with_it() {
        let path = Path::wave(3_000, 0, 1, 1).expect("path");
        let venue = Venue::new(&path.account, &path.steps[0]).expect("venue");
        let mut market = venue.market(1, &path.steps[0], crate::units::Ray(crate::aave::math::RAY));
        let mut loops = allowed(SellConfig::Loops, WalletUse::Nothing);
        loops.earn(&market).expect("fits");
        for reserve in &mut market.reserves {
            reserve.liquidity_index.0 += reserve.liquidity_index.0 / U256::from(10u8);
        }
        loops.earn(&market).expect("fits");
        assert_eq!(loops.claimed[&WETH], U256::from(11u8) * WAD);
    }

    #[test]
    fn what_leaves_the_wallet_unasked_is_found() {
        let mut nothing = allowed(SellConfig::All, WalletUse::Nothing);
        assert!(found(&mut nothing, WETH, 0, 1).is_some_and(|fault| fault.contains("from the wallet")));
        let mut dollars = allowed(SellConfig::All, WalletUse::Assets(vec!["USDC".to_owned()]));
        assert!(found(&mut dollars, WETH, 0, 1).is_some());
        assert_eq!(found(&mut allowed(SellConfig::All, WalletUse::Everything), WETH, 0, 1), None);
    }
}
