//! One account at one moment.

use alloy::primitives::{Address, U256};
use serde::Serialize;

use super::{
    super::{KnownLoop, class_of},
    claims::{Claim, claims_on, divide},
};
use crate::{
    aave::{AccountData, Projection, Reserve, StateError},
    config::{LoopClass, Thresholds, ThresholdsConfig},
    units::{Bps, UsdE8, mul_div_down},
};

/// One US dollar, 8 decimals: below it an amount is dust.
const DUST_VALUE: U256 = U256::from_limbs([100_000_000, 0, 0, 0]);
/// One in so many parts of the account's collateral is dust: 0.1 %.
const DUST_SHARE: U256 = U256::from_limbs([1_000, 0, 0, 0]);

/// A supply of the account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AccountSupply {
    /// Token.
    pub asset: Address,
    /// Its symbol.
    pub symbol: String,
    /// With interest, smallest unit.
    pub amount: U256,
    /// US dollars; zero where Aave has no price.
    pub value: UsdE8,
    /// Whether it backs debt.
    pub is_collateral: bool,
    /// Liquidation threshold that it counts with; 0 where it backs no debt.
    pub threshold: Bps,
    /// What can be borrowed against it; 0 bars withdrawing any other collateral (base-replica.md §4).
    pub ltv: Bps,
    /// Too small to matter.
    pub is_dust: bool,
    /// What no loop of the journal has.
    pub unclaimed: U256,
}

/// A debt of the account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AccountDebt {
    /// Token.
    pub asset: Address,
    /// Its symbol.
    pub symbol: String,
    /// With interest, smallest unit.
    pub amount: U256,
    /// US dollars.
    pub value: UsdE8,
    /// Too small to matter.
    pub is_dust: bool,
    /// What no loop of the journal has.
    pub unclaimed: U256,
}

/// A loop of the journal as a part of the account.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LoopPart {
    /// As recorded.
    pub known: KnownLoop,
    /// `WETH/USDC`.
    pub name: String,
    /// Its class, in the account's e-mode.
    pub class: LoopClass,
    /// Those given with it, or those of its class where the journal's make no sense.
    pub thresholds: Thresholds,
    /// Its own share of the collateral, smallest unit.
    pub collateral: U256,
    /// Its own share of the debt, smallest unit.
    pub debt: U256,
    /// Value of its collateral.
    pub collateral_value: UsdE8,
    /// Value of its debt.
    pub debt_value: UsdE8,
}

/// An account at one moment: supplies, debts, and loops as parts of them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AccountModel {
    /// Whose it is.
    pub address: Address,
    /// Aave's six figures.
    pub data: AccountData,
    /// What is supplied, in the order of Aave's reserves.
    pub supplies: Vec<AccountSupply>,
    /// What is owed, in the order of Aave's reserves.
    pub debts: Vec<AccountDebt>,
    /// Loops of the journal that have any collateral, oldest first.
    pub loops: Vec<LoopPart>,
    /// Loops of the journal of whose collateral nothing is there.
    pub vanished: Vec<KnownLoop>,
    /// Correlated only when every collateral is correlated with every debt.
    pub class: LoopClass,
    /// The strictest of its loops' thresholds, and of its class's where a debt belongs to no loop.
    pub thresholds: Thresholds,
}

impl AccountDebt {
    /// Whether what no loop has of it is worth as much as this or more.
    #[must_use]
    pub fn has_unclaimed(&self, least: UsdE8) -> bool {
        // In proportion, so that no price is asked for again.
        let part = mul_div_down(self.value.0, self.unclaimed, self.amount.max(U256::ONE));
        part.unwrap_or(U256::MAX) >= least.0
    }
}

impl AccountSupply {
    /// Whether what no loop has of it is worth as much as this or more.
    #[must_use]
    pub fn has_unclaimed(&self, least: UsdE8) -> bool {
        let part = mul_div_down(self.value.0, self.unclaimed, self.amount.max(U256::ONE));
        part.unwrap_or(U256::MAX) >= least.0
    }
}

impl AccountModel {
    /// The account in a projection, at its moment.
    pub fn new(projection: &Projection, known: &[KnownLoop], defaults: &ThresholdsConfig) -> Result<Self, StateError> {
        let data = projection.account_data()?;
        let dust = dust_below(data.collateral);
        let (mut supplies, mut debts, mut shares) = (Vec::new(), Vec::new(), Vec::new());
        for reserve in &projection.market().reserves {
            let holding = projection.account().holding(reserve.asset);
            if !holding.scaled_supply.is_zero() {
                let (supply, claims) = supply(projection, reserve, known, dust)?;
                supplies.push(supply);
                shares.extend(claims.into_iter().map(|share| (false, share)));
            }
            if !holding.scaled_debt.is_zero() {
                let (debt, claims) = debt(projection, reserve, known, dust)?;
                debts.push(debt);
                shares.extend(claims.into_iter().map(|share| (true, share)));
            }
        }
        let class = account_class(projection, &supplies)?;
        let (loops, vanished) = parts(projection, known, &shares, defaults)?;
        let thresholds = thresholds(&loops, &debts, dust, defaults.of(class));
        Ok(Self { address: projection.account().address, data, supplies, debts, loops, vanished, class, thresholds })
    }

    /// The supply of an asset.
    #[must_use]
    pub fn supply(&self, asset: Address) -> Option<&AccountSupply> {
        self.supplies.iter().find(|supply| supply.asset == asset)
    }

    /// The debt of an asset.
    #[must_use]
    pub fn debt(&self, asset: Address) -> Option<&AccountDebt> {
        self.debts.iter().find(|debt| debt.asset == asset)
    }

    /// The journal's loop of a pair.
    #[must_use]
    pub fn loop_of(&self, collateral: Address, debt: Address) -> Option<&LoopPart> {
        let is_it = |part: &&LoopPart| part.known.position.collateral == collateral && part.known.position.debt == debt;
        self.loops.iter().find(is_it)
    }

    /// Collateral that backs debt and matters.
    pub fn collaterals(&self) -> impl Iterator<Item = &AccountSupply> {
        self.supplies.iter().filter(|supply| supply.is_collateral && !supply.is_dust)
    }

    /// Debts that matter.
    pub fn owed(&self) -> impl Iterator<Item = &AccountDebt> {
        self.debts.iter().filter(|debt| !debt.is_dust)
    }

    /// What the account is called: its collaterals and its debts, `WETH+cbBTC/USDC`.
    #[must_use]
    pub fn name(&self) -> String {
        let joined = |symbols: Vec<&str>| symbols.join("+");
        let collaterals = joined(self.collaterals().map(|supply| supply.symbol.as_str()).collect());
        let debts = joined(self.owed().map(|debt| debt.symbol.as_str()).collect());
        match (collaterals.is_empty(), debts.is_empty()) {
            (true, true) => "account".to_owned(),
            (false, true) => collaterals,
            _ => format!("{collaterals}/{debts}"),
        }
    }

    /// The value below which an amount of this account is dust.
    #[must_use]
    pub fn dust_below(&self) -> UsdE8 {
        dust_below(self.data.collateral)
    }
}

/// Less than 1 USD, or than 0.1 % of the account's collateral, is dust (strategy.md §5).
fn dust_below(collateral: UsdE8) -> UsdE8 {
    UsdE8(DUST_VALUE.max(collateral.0 / DUST_SHARE))
}

type Shares = Vec<(Claim, U256)>;

fn supply(
    projection: &Projection,
    reserve: &Reserve,
    known: &[KnownLoop],
    dust: UsdE8,
) -> Result<(AccountSupply, Shares), StateError> {
    let (market, account) = (projection.market(), projection.account());
    let amount = projection.supplied(reserve.asset)?;
    // A reserve without price that backs debt has failed the account's own figures already.
    let value = if reserve.price.is_some() { reserve.collateral_value(amount)? } else { UsdE8(U256::ZERO) };
    let is_collateral = account.configuration.is_collateral(reserve.id);
    let category = market.category(account.emode)?;
    let (unclaimed, shares) =
        shared(amount, reserve, &claims_on(known, reserve.asset, false, reserve.normalized_income(projection.at())?)?)?;
    let supply = AccountSupply {
        asset: reserve.asset,
        symbol: reserve.symbol.clone(),
        amount,
        value,
        is_collateral,
        threshold: if is_collateral { market.liquidation_threshold_in(reserve, category) } else { Bps(0) },
        ltv: market.ltv_in(reserve, category),
        is_dust: value < dust,
        unclaimed,
    };
    Ok((supply, shares))
}

fn debt(
    projection: &Projection,
    reserve: &Reserve,
    known: &[KnownLoop],
    dust: UsdE8,
) -> Result<(AccountDebt, Shares), StateError> {
    let amount = projection.owed(reserve.asset)?;
    let value = reserve.debt_value(amount)?;
    let (unclaimed, shares) =
        shared(amount, reserve, &claims_on(known, reserve.asset, true, reserve.normalized_debt(projection.at())?)?)?;
    let (asset, symbol) = (reserve.asset, reserve.symbol.clone());
    Ok((AccountDebt { asset, symbol, amount, value, is_dust: value < dust, unclaimed }, shares))
}

/// What is left of an amount, and each loop's share of it.
fn shared(amount: U256, reserve: &Reserve, claims: &[Claim]) -> Result<(U256, Shares), StateError> {
    let spare = match reserve.price {
        Some(price) => mul_div_down(DUST_VALUE, reserve.unit()?, price.value.0.max(U256::ONE))?,
        None => U256::ZERO,
    };
    let shares = divide(amount, claims, spare)?;
    let taken = shares.iter().fold(U256::ZERO, |sum, share| sum.saturating_add(*share));
    Ok((amount.saturating_sub(taken), claims.iter().copied().zip(shares).collect()))
}

/// Correlated when every collateral that matters is of the account's e-mode of one asset and its derivatives: in such a
/// mode nothing else than its own assets can be borrowed.
fn account_class(projection: &Projection, supplies: &[AccountSupply]) -> Result<LoopClass, StateError> {
    let mut class = None;
    for supply in supplies.iter().filter(|supply| supply.is_collateral && !supply.is_dust) {
        let own = class_in(projection, projection.market().reserve(supply.asset)?)?;
        if own == LoopClass::Volatile {
            return Ok(LoopClass::Volatile);
        }
        class = Some(own);
    }
    Ok(class.unwrap_or(LoopClass::Volatile))
}

/// The class that collateral has in the account's e-mode.
fn class_in(projection: &Projection, collateral: &Reserve) -> Result<LoopClass, StateError> {
    let category = projection.market().category(projection.account().emode)?;
    let own = category.filter(|category| category.is_collateral(collateral.id));
    Ok(class_of(own.map(|category| category.liquidation_threshold)))
}

fn parts(
    projection: &Projection,
    known: &[KnownLoop],
    shares: &[(bool, (Claim, U256))],
    defaults: &ThresholdsConfig,
) -> Result<(Vec<LoopPart>, Vec<KnownLoop>), StateError> {
    let market = projection.market();
    let (mut parts, mut vanished) = (Vec::new(), Vec::new());
    for known in known {
        let position = &known.position;
        let share = |of_debt: bool| {
            let mut own = shares.iter().filter(|(is_debt, (claim, _))| *is_debt == of_debt && claim.id == position.id);
            own.next().map_or(U256::ZERO, |(_, (_, share))| *share)
        };
        let (collateral, debt) = (share(false), share(true));
        if collateral.is_zero() {
            vanished.push(known.clone());
            continue;
        }
        let (supplied, owed) = (market.reserve(position.collateral)?, market.reserve(position.debt)?);
        let class = class_in(projection, supplied)?;
        parts.push(LoopPart {
            name: format!("{}/{}", supplied.symbol, owed.symbol),
            class,
            thresholds: known.thresholds.unwrap_or_else(|| defaults.of(class)),
            collateral,
            debt,
            collateral_value: supplied.collateral_value(collateral)?,
            debt_value: owed.debt_value(debt)?,
            known: known.clone(),
        });
    }
    Ok((parts, vanished))
}

/// Thresholds are given with a loop, and the strictest of an account's loops holds for the account. A debt that no loop has
/// brings those of the account's class; collateral that no loop has only makes an account safer.
fn thresholds(loops: &[LoopPart], debts: &[AccountDebt], dust: UsdE8, of_class: Thresholds) -> Thresholds {
    let owing = loops.iter().filter(|part| part.debt_value >= dust).map(|part| part.thresholds);
    let foreign = debts.iter().any(|debt| debt.has_unclaimed(dust)).then_some(of_class);
    owing.chain(foreign).reduce(Thresholds::strictest).unwrap_or(of_class)
}
