//! An account as its owner wants to see it: every loop with its thresholds as prices, and what is around them. Pure.

use alloy::primitives::{Address, U256};
use rust_decimal::Decimal;
use serde::Serialize;

use super::{
    Standing,
    algebra::{leverage_wad, ltv_wad},
    carry::{account_carry_per_day, net_carry_per_day},
    context::wad,
    growth::{GrowthLimit, growth_limits},
    marks::{class_in, standing},
    moving_price::{MovingPrice, distance},
};
use crate::{
    aave::{AccountData, AccountState, Market, Projection, Reserve, StateError},
    chain::BlockRef,
    config::{LoopClass, Thresholds, ThresholdsConfig},
    journal::LoopPosition,
    plan::Quantity,
    units::{Ray, Secs},
};

/// A loop of the journal with its thresholds read.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct KnownLoop {
    /// As recorded.
    pub position: LoopPosition,
    /// Its thresholds.
    #[serde(skip)]
    pub thresholds: Thresholds,
}

/// Everything about one account at one block.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AccountView {
    /// Whose it is.
    pub account: Address,
    /// The block; all figures are those of its timestamp.
    pub block: BlockRef,
    /// Aave's six figures.
    pub aave: AccountData,
    /// Number and label of the e-mode; `None` outside of any.
    pub emode: Option<(u8, String)>,
    /// Interest on everything over a day.
    pub net_carry_per_day: Quantity,
    /// Every collateral with every debt.
    pub loops: Vec<LoopView>,
    /// Reserves in which something is supplied or owed.
    pub reserves: Vec<ReserveView>,
    /// What the wallet holds: ether, then tokens.
    pub wallet: Vec<Quantity>,
    /// Loops of the journal that the chain does not show.
    pub vanished: Vec<KnownLoop>,
}

/// One collateral with one debt.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LoopView {
    /// `WETH/USDC`.
    pub pair: String,
    /// Collateral, with interest.
    pub collateral: Quantity,
    /// Debt, with interest.
    pub debt: Quantity,
    /// Its value.
    pub collateral_value: Quantity,
    /// Its value.
    pub debt_value: Quantity,
    /// `C / (C − D)` of the pair.
    pub leverage: Quantity,
    /// `D / C` of the pair, in per cent.
    pub ltv: Quantity,
    /// Which selects the default thresholds.
    pub class: LoopClass,
    /// The loop in the journal; `None` when it did not open it.
    pub journal: Option<KnownLoop>,
    /// Whose price the prices here are, in what, and which way the loop loses.
    pub moving: MovingPrice,
    /// That price now.
    pub price: Quantity,
    /// Warn, trigger, urgent, liquidation.
    pub marks: Vec<Mark>,
    /// Supply interest less borrow interest over a day.
    pub net_carry_per_day: Quantity,
    /// What limits more leverage, the first to bind in front.
    pub limits: Vec<GrowthLimit>,
}

/// A health factor as a price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mark {
    /// `warn`, `trigger`, `urgent` or `liquidation`.
    pub name: &'static str,
    /// The health factor it stands at.
    pub health_factor: Quantity,
    /// Symbol of the asset whose price it is.
    pub asset: String,
    /// Its price there, with the rest of the account as it is; `None` when no price leads there.
    pub price: Option<Quantity>,
    /// How the price must move from now, in per cent; a fall is negative.
    pub distance: Option<Quantity>,
    /// Whether the account's health factor is below it already.
    pub passed: bool,
}

/// One reserve that the account uses.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ReserveView {
    /// The token's symbol.
    pub symbol: String,
    /// Supplied, with interest.
    pub supplied: Quantity,
    /// Whether the supply backs debt.
    pub is_collateral: bool,
    /// Owed, with interest.
    pub owed: Quantity,
    /// What suppliers earn per year.
    pub supply_rate: Quantity,
    /// What borrowers pay per year.
    pub borrow_rate: Quantity,
    /// Aave's price; `None` when the oracle does not answer.
    pub price: Option<Quantity>,
    /// The contract that Aave's oracle asks.
    pub oracle: Option<Address>,
    /// How old its answer is, seconds; `None` where it does not say (capped-rate adapters).
    pub oracle_age: Option<Secs>,
}

impl AccountView {
    /// The account on the block that market and account were read at.
    pub fn new(
        market: &Market,
        account: &AccountState,
        known: Vec<KnownLoop>,
        defaults: &ThresholdsConfig,
    ) -> Result<Self, StateError> {
        let block = market.block;
        let projection = Projection::new(market.clone(), account.clone(), block.timestamp);
        let collaterals = used(&projection, |id| account.configuration.is_collateral(id));
        let debts = used(&projection, |id| account.configuration.is_borrowing(id));
        let mut loops = Vec::new();
        let mut vanished = known;
        for collateral in &collaterals {
            for debt in &debts {
                let at = vanished.iter().position(|known| is_of(known, collateral, debt));
                let journal = at.map(|at| vanished.remove(at));
                loops.push(loop_view(&projection, collateral, debt, journal, defaults)?);
            }
        }
        let in_use = market.reserves.iter().filter(|reserve| {
            let holding = account.holding(reserve.asset);
            !holding.scaled_supply.is_zero() || !holding.scaled_debt.is_zero()
        });
        let category = market.category(account.emode)?;
        Ok(Self {
            account: account.address,
            block,
            aave: projection.account_data()?,
            emode: category.map(|category| (category.id, category.label.clone())),
            net_carry_per_day: account_carry_per_day(&projection)?,
            loops,
            reserves: in_use.map(|reserve| reserve_view(&projection, reserve)).collect::<Result<_, _>>()?,
            wallet: wallet(market, account),
            vanished,
        })
    }
}

fn used(projection: &Projection, is_used: impl Fn(u16) -> bool) -> Vec<&Reserve> {
    projection.market().reserves.iter().filter(|reserve| is_used(reserve.id)).collect()
}

fn is_of(known: &KnownLoop, collateral: &Reserve, debt: &Reserve) -> bool {
    known.position.collateral == collateral.asset && known.position.debt == debt.asset
}

fn loop_view(
    projection: &Projection,
    collateral: &Reserve,
    debt: &Reserve,
    journal: Option<KnownLoop>,
    defaults: &ThresholdsConfig,
) -> Result<LoopView, StateError> {
    let class = class_in(projection, collateral)?;
    let thresholds = journal.as_ref().map_or_else(|| defaults.of(class), |known| known.thresholds);
    let Standing { collateral: value, debt: owed, .. } = standing(projection, collateral, debt)?;
    let moving = MovingPrice::of(collateral, debt);
    let price = moving.now(projection.market())?;
    let marks = marks(projection, &moving, &thresholds, &price)?;
    Ok(LoopView {
        pair: format!("{}/{}", collateral.symbol, debt.symbol),
        collateral: amount(collateral, projection.supplied(collateral.asset)?),
        debt: amount(debt, projection.owed(debt.asset)?),
        collateral_value: Quantity::usd(value),
        debt_value: Quantity::usd(owed),
        leverage: Quantity::new(leverage_wad(value, owed), 18, "x"),
        ltv: Quantity::new(ltv_wad(value, owed), 16, "%"),
        class,
        moving,
        price,
        marks,
        net_carry_per_day: net_carry_per_day(projection, collateral.asset, debt.asset)?,
        limits: growth_limits(projection, collateral, debt, wad(thresholds.opening_floor()))?,
        journal,
    })
}

fn marks(
    projection: &Projection,
    moving: &MovingPrice,
    thresholds: &Thresholds,
    now: &Quantity,
) -> Result<Vec<Mark>, StateError> {
    let present = projection.account_data()?.health_factor.0;
    let levels = [
        ("warn", thresholds.warn),
        ("trigger", thresholds.trigger),
        ("urgent", thresholds.urgent),
        ("liquidation", Decimal::ONE),
    ];
    let mark = |(name, level): (&'static str, Decimal)| {
        let health_factor = wad(level);
        let price = moving.at_health_factor(projection, health_factor)?;
        let distance = price.as_ref().map(|price| distance(now, price)).transpose()?;
        let (asset, passed) = (moving.pair.symbol.clone(), present < health_factor);
        Ok(Mark { name, health_factor: Quantity::wad(health_factor), asset, price, distance, passed })
    };
    levels.into_iter().map(mark).collect()
}

fn reserve_view(projection: &Projection, reserve: &Reserve) -> Result<ReserveView, StateError> {
    let yearly = |rate: Ray| Quantity::new(rate.0 / U256::from(10u64).pow(U256::from(21u64)), 4, "%");
    Ok(ReserveView {
        symbol: reserve.symbol.clone(),
        supplied: amount(reserve, projection.supplied(reserve.asset)?),
        is_collateral: projection.account().configuration.is_collateral(reserve.id),
        owed: amount(reserve, projection.owed(reserve.asset)?),
        supply_rate: yearly(reserve.liquidity_rate),
        borrow_rate: yearly(reserve.variable_borrow_rate),
        price: reserve.price.map(|price| Quantity::usd(price.value.0)),
        oracle: reserve.price.map(|price| price.source),
        oracle_age: reserve.price.and_then(|price| price.age(projection.at())),
    })
}

fn wallet(market: &Market, account: &AccountState) -> Vec<Quantity> {
    let tokens = market.reserves.iter().map(|reserve| amount(reserve, account.holding(reserve.asset).wallet));
    let held = tokens.filter(|balance| !balance.raw.is_zero());
    std::iter::once(Quantity::new(account.native, 18, "ETH")).chain(held).collect()
}

fn amount(reserve: &Reserve, raw: U256) -> Quantity {
    Quantity::new(raw, reserve.configuration.decimals(), reserve.symbol.clone())
}
