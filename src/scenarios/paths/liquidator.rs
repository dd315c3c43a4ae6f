//! A liquidator that takes every account it may, in the block in which it may, where it earns most.

use alloy::primitives::{Address, U256};

use crate::{
    aave::{AccountState, Market, Reserve, StateError, math::RAY},
    units::{Bps, MathError, WAD, Wad, mul_div_down, mul_div_up},
};

/// At or below this health factor all of a debt may be taken (base-replica.md §4).
const ALL_BELOW: Wad = Wad(U256::from_limbs([950_000_000_000_000_000, 0, 0, 0]));
/// Below this value of a collateral or a debt all of the debt may be taken.
const SMALL: U256 = U256::from_limbs([200_000_000_000, 0, 0, 0]);
/// Below this an account is tried: what is reckoned and what Aave reckons may differ by interest and rounding.
const NEARLY_ONE: Wad = Wad(U256::from_limbs([1_002_000_000_000_000_000, 0, 0, 0]));
/// Neither rest may be worth less than this, unless one of them is nothing.
const LEAST_LEFT: U256 = U256::from_limbs([100_000_000_000, 0, 0, 0]);

/// What one liquidation takes.
#[derive(Debug, Clone, Copy)]
struct Seizure {
    collateral: Address,
    debt: Address,
    seized: U256,
    covered: U256,
    /// Value of what is seized above what is paid, USD with 8 decimals.
    earned: U256,
}

/// Liquidates as often as anything is to be had: how often, and what it cost the owner, USD with 8 decimals.
pub(super) fn liquidate_all(account: &mut AccountState, market: &Market) -> Result<(u32, U256), StateError> {
    let (mut count, mut lost) = (0u32, U256::ZERO);
    // Each takes all that the close factor lets through; more rounds than there are pairs are not needed.
    for _ in 0..64 {
        let Some(seizure) = best(account, market)? else { break };
        take(account, market, &seizure)?;
        count = count.saturating_add(1);
        lost = lost.saturating_add(seizure.earned);
    }
    Ok((count, lost))
}

/// Collateral and debt of each liquidation that a liquidator makes, in its order: of an account that is healthy, though
/// hardly, the pairs that would earn most, so that rounding saves nobody; of any other nothing.
pub fn prey(account: &AccountState, market: &Market) -> Result<Vec<(Address, Address)>, StateError> {
    let (mut account, mut pairs) = (account.clone(), Vec::new());
    for _ in 0..64 {
        let Some(seizure) = best(&account, market)? else { break };
        let (collateral, debt) = (seizure.collateral, seizure.debt);
        take(&mut account, market, &seizure)?;
        // Each pair is tried twice: half of a debt, then the rest.
        if !pairs.contains(&(collateral, debt)) {
            pairs.push((collateral, debt));
        }
    }
    let data = account.at(market, market.block.timestamp)?;
    if pairs.is_empty() && data.health_factor < NEARLY_ONE {
        pairs.extend(best_of(&account, market)?.map(|seizure| (seizure.collateral, seizure.debt)));
    }
    Ok(pairs)
}

/// The pair that earns most, by Aave's close factor; `None` for a healthy account.
fn best(account: &AccountState, market: &Market) -> Result<Option<Seizure>, StateError> {
    let now = market.block.timestamp;
    let data = account.at(market, now)?;
    if data.health_factor >= Wad(WAD) { Ok(None) } else { best_of(account, market) }
}

/// The same without asking whether the account is healthy.
fn best_of(account: &AccountState, market: &Market) -> Result<Option<Seizure>, StateError> {
    let now = market.block.timestamp;
    let data = account.at(market, now)?;
    let mut best: Option<Seizure> = None;
    for collateral in market.reserves.iter().filter(|reserve| account.configuration.is_collateral(reserve.id)) {
        for debt in market.reserves.iter().filter(|reserve| account.configuration.is_borrowing(reserve.id)) {
            let seizure = seizure(account, market, (collateral, debt), data.debt.0, data.health_factor)?;
            let is_better = |best: &Seizure| seizure.earned > best.earned;
            if !seizure.seized.is_zero() && best.as_ref().is_none_or(is_better) {
                best = Some(seizure);
            }
        }
    }
    Ok(best)
}

fn seizure(
    account: &AccountState,
    market: &Market,
    (collateral, debt): (&Reserve, &Reserve),
    all_debt: U256,
    health_factor: Wad,
) -> Result<Seizure, StateError> {
    let now = market.block.timestamp;
    let (held, owed) = (account.supplied(collateral, now)?, account.owed(debt, now)?);
    let (held_value, owed_value) = (collateral.collateral_value(held)?.0, debt.debt_value(owed)?.0);
    let price = |reserve: &Reserve| reserve.price().map(|price| price.0);
    let takes_all = health_factor <= ALL_BELOW || held_value < SMALL || owed_value < SMALL;
    let most = mul_div_down(all_debt >> 1usize, debt.unit()?, price(debt)?)?;
    let mut covered = if takes_all { owed } else { owed.min(most) };
    let bonus = bonus(account, market, collateral)?;
    // In collateral, the bonus on top.
    let worth = |covered: U256| {
        let value = mul_div_down(covered, price(debt)?, debt.unit()?)?;
        let with_bonus = mul_div_down(value, U256::from(bonus.0), U256::from(Bps::ONE.0))?;
        Ok::<_, StateError>(mul_div_down(with_bonus, collateral.unit()?, price(collateral)?)?)
    };
    let mut seized = worth(covered)?;
    if seized > held {
        // The collateral does not reach: the debt is scaled down.
        seized = held;
        let value = mul_div_up(held, price(collateral)?, collateral.unit()?)?;
        let without = mul_div_up(value, U256::from(Bps::ONE.0), U256::from(bonus.0))?;
        covered = mul_div_up(without, debt.unit()?, price(debt)?)?.min(owed);
    }
    let rest = |left: U256, reserve: &Reserve| Ok::<_, StateError>(reserve.collateral_value(left)?.0);
    let (left, open) = (held.saturating_sub(seized), owed.saturating_sub(covered));
    let leaves_dust =
        !left.is_zero() && !open.is_zero() && (rest(left, collateral)? < LEAST_LEFT || rest(open, debt)? < LEAST_LEFT);
    if leaves_dust {
        // As much less as leaves enough of both.
        let spare = |value: U256| value.saturating_sub(LEAST_LEFT);
        let by_debt = mul_div_down(spare(owed_value), debt.unit()?, price(debt)?)?;
        let by_collateral = mul_div_down(spare(held_value), U256::from(Bps::ONE.0), U256::from(bonus.0))?;
        covered = covered.min(by_debt).min(mul_div_down(by_collateral, debt.unit()?, price(debt)?)?);
        seized = worth(covered)?.min(held);
    }
    let paid = mul_div_down(covered, price(debt)?, debt.unit()?)?;
    let earned = collateral.collateral_value(seized)?.0.saturating_sub(paid);
    Ok(Seizure { collateral: collateral.asset, debt: debt.asset, seized, covered, earned })
}

/// With the 100 % in it: the e-mode's where the collateral belongs to it.
pub(super) fn bonus(account: &AccountState, market: &Market, collateral: &Reserve) -> Result<Bps, StateError> {
    let category = market.category(account.emode)?.filter(|category| category.is_collateral(collateral.id));
    Ok(category
        .map_or_else(|| collateral.configuration.liquidation_bonus(), |category| category.liquidation_bonus)
        .max(Bps::ONE))
}

fn take(account: &mut AccountState, market: &Market, seizure: &Seizure) -> Result<(), StateError> {
    let now = market.block.timestamp;
    let (collateral, debt) = (market.reserve(seizure.collateral)?, market.reserve(seizure.debt)?);
    let left = account.supplied(collateral, now)?.saturating_sub(seizure.seized);
    let open = account.owed(debt, now)?.saturating_sub(seizure.covered);
    set(account, collateral, left, false)?;
    set(account, debt, open, true)?;
    // Without any collateral what is owed is the pool's loss.
    if !account.configuration.has_collateral() {
        for reserve in &market.reserves {
            set(account, reserve, U256::ZERO, true)?;
        }
    }
    Ok(())
}

fn set(account: &mut AccountState, reserve: &Reserve, amount: U256, is_debt: bool) -> Result<(), MathError> {
    let holding = account.holdings.entry(reserve.asset).or_default();
    match is_debt {
        true => {
            holding.scaled_debt = mul_div_up(amount, RAY, reserve.variable_borrow_index.0)?;
            account.configuration.set_borrowing(reserve.id, !amount.is_zero());
        }
        false => {
            holding.scaled_supply = mul_div_down(amount, RAY, reserve.liquidity_index.0)?;
            if amount.is_zero() {
                account.configuration.set_collateral(reserve.id, false);
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        dex::{USDC, WETH},
        scenarios::paths::{DrawnAccount, Path, market::Venue},
        units::{Ray, UsdE8},
    };

    const BITCOIN: Address = alloy::primitives::address!("cbB7C0000aB88B473b1f5aFd9ef808440eed33Bf");

    fn dollars(value: u64) -> UsdE8 {
        UsdE8(U256::from(value) * U256::from(100_000_000u64))
    }

    /// `ether` whole WETH against `debt` whole USDC, with ether at a price.
    fn account(ether: u64, debt: u64, price: u64) -> (AccountState, Market) {
        let path = Path::wave(3_000, 0, 1, 1).expect("path");
        let drawn = DrawnAccount::of_pair(
            U256::from(ether) * WAD,
            U256::from(debt) * U256::from(1_000_000u64),
            U256::ZERO,
            path.account.thresholds.volatile,
        );
        let mut step = path.steps[0].clone();
        let known = step.prices.get_mut(&WETH).expect("ether");
        (known.oracle, known.feed, known.pool) = (dollars(price), dollars(price), dollars(price));
        let venue = Venue::new(&drawn, &step).expect("venue");
        (venue.open(&drawn), venue.market(1, &step, Ray(RAY)))
    }

    fn liquidated(ether: u64, debt: u64, price: u64) -> (u32, U256, AccountState) {
        let (mut account, market) = account(ether, debt, price);
        let (count, lost) = liquidate_all(&mut account, &market).expect("fits");
        (count, lost, account)
    }

    fn owed(account: &AccountState) -> u64 {
        (account.holding(USDC).scaled_debt / U256::from(1_000_000u64)).saturating_to()
    }

    #[test]
    fn half_is_taken_above_095_all_of_it_below_and_nothing_from_a_healthy_account() {
        assert_eq!(liquidated(30, 60_000, 3_000).0, 0);
        // 30 × 2,400 × 0.83 / 60,000 = 0.996: half, and then it is healthy.
        let (count, lost, after) = liquidated(30, 60_000, 2_400);
        assert_eq!((count, lost, owed(&after)), (1, dollars(1_500).0, 30_000));
        // 30 × 2,250 × 0.83 / 60,000 = 0.934: all of it.
        let (count, lost, after) = liquidated(30, 60_000, 2_250);
        assert_eq!((count, lost, owed(&after)), (1, dollars(3_000).0, 0));
        assert!(after.holding(WETH).scaled_supply > U256::ZERO);
    }

    #[test]
    fn a_small_account_is_taken_whole_and_one_without_equity_is_emptied() {
        assert_eq!(owed(&liquidated(1, 1_900, 2_200).2), 0);
        let (_, _, bankrupt) = liquidated(30, 60_000, 1_800);
        assert_eq!((bankrupt.holding(WETH).scaled_supply, owed(&bankrupt)), (U256::ZERO, 0));
        assert!(bankrupt.configuration.is_empty());
    }

    #[test]
    fn of_several_collaterals_the_one_is_taken_that_earns_most() {
        let path = Path::generate(0).expect("path");
        let mut drawn = DrawnAccount::of_pair(
            U256::from(10u64) * WAD,
            U256::from(40_000_000_000u64),
            U256::ZERO,
            path.account.thresholds.volatile,
        );
        let bitcoin = crate::scenarios::paths::DrawnSupply {
            token: BITCOIN,
            amount: U256::from(25_000_000u64),
            is_collateral: true,
        };
        drawn.supplies.push(bitcoin);
        let mut step = Path::wave(3_000, 0, 1, 1).expect("path").steps[0].clone();
        let ninety = crate::scenarios::paths::AssetPrice {
            feed: dollars(90_000),
            oracle: dollars(90_000),
            pool: dollars(90_000),
        };
        step.prices.insert(BITCOIN, ninety);
        let ether = step.prices.get_mut(&WETH).expect("ether");
        ether.oracle = dollars(2_600);
        let venue = Venue::new(&drawn, &step).expect("venue");
        let (mut account, market) = (venue.open(&drawn), venue.market(1, &step, Ray(RAY)));
        // 26,000 × 0.83 + 22,500 × 0.78 = 39,130 against 40,000. Bitcoin's bonus is 7.5 %, ether's 5 %.
        let (count, _) = liquidate_all(&mut account, &market).expect("fits");
        assert_eq!((count, account.holding(WETH).scaled_supply), (1, U256::from(10u64) * WAD));
        assert!(account.holding(BITCOIN).scaled_supply < U256::from(25_000_000u64));
    }
}
