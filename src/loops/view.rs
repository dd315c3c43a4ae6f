//! An account as its owner wants to see it: what it has and owes, one health factor, the journal's loops with the prices at
//! which the account's thresholds are crossed, and what is around them. Pure.

use alloy::primitives::{Address, U256};
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    account::{AccountDebt, AccountModel, AccountSupply, LoopPart},
    algebra::{leverage_wad, ltv_wad},
    carry::{account_carry_per_day, carry_per_day},
    headroom::{GrowthLimit, growth_limits},
    known_loop::KnownLoop,
    moving_price::{MovingPrice, distance},
    plan::context::wad,
};
use crate::{
    aave::{AccountData, AccountState, Market, Projection, Reserve, StateError},
    chain::BlockRef,
    config::{LoopClass, Thresholds, ThresholdsConfig},
    plan::Quantity,
    units::{Ray, Secs},
};

/// Everything about one account at one block.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct AccountView {
    /// Whose it is.
    pub account: Address,
    /// The block; all figures are those of its timestamp.
    pub block: BlockRef,
    /// Aave's six figures.
    pub aave: AccountData,
    /// Number and label of the e-mode; `None` outside of any.
    pub emode: Option<(u8, String)>,
    /// `C / (C − D)` of the account.
    pub leverage: Quantity,
    /// `D / C` of the account, in per cent.
    pub ltv: Quantity,
    /// Selects the default thresholds: correlated only when every collateral is correlated with every debt.
    pub class: LoopClass,
    /// The account's thresholds in force: the strictest of its loops'.
    pub thresholds: Thresholds,
    /// Interest on everything over a day.
    pub net_carry_per_day: Quantity,
    /// Loops of the journal, each with its own share of collateral and debt.
    pub loops: Vec<LoopView>,
    /// What no loop of the journal has.
    pub not_opened_here: Unclaimed,
    /// For each collateral and debt that matter: the prices at which the account's thresholds are crossed, where no loop
    /// shows them.
    pub prices: Vec<PriceMarks>,
    /// Reserves in which something is supplied or owed.
    pub reserves: Vec<ReserveView>,
    /// What the wallet holds: ether, then tokens.
    pub wallet: Vec<Quantity>,
    /// Loops of the journal that the chain does not show.
    pub vanished: Vec<KnownLoop>,
}

/// Supplies and debts that no loop of the journal has.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub struct Unclaimed {
    /// Supplied.
    pub supplied: Vec<Quantity>,
    /// Owed.
    pub owed: Vec<Quantity>,
}

/// One loop of the journal.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct LoopView {
    /// `WETH/USDC`.
    pub pair: String,
    /// Its share of the collateral, with interest.
    pub collateral: Quantity,
    /// Its share of the debt, with interest.
    pub debt: Quantity,
    /// Its value.
    pub collateral_value: Quantity,
    /// Its value.
    pub debt_value: Quantity,
    /// `C / (C − D)` of the loop.
    pub leverage: Quantity,
    /// `D / C` of the loop, in per cent.
    pub ltv: Quantity,
    /// Which selects the default thresholds.
    pub class: LoopClass,
    /// The thresholds given with it.
    pub thresholds: Thresholds,
    /// The loop in the journal.
    pub journal: KnownLoop,
    /// Whose price the prices here are, in what, and which way the loop loses.
    pub moving: MovingPrice,
    /// That price now.
    pub price: Quantity,
    /// Warn, trigger, urgent and liquidation of the account, as this price.
    pub marks: Vec<Mark>,
    /// Supply interest less borrow interest over a day.
    pub net_carry_per_day: Quantity,
    /// What limits more leverage, the first to bind in front.
    pub limits: Vec<GrowthLimit>,
}

/// A pair of the account's assets that is no loop, with the prices at which the account's thresholds are crossed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PriceMarks {
    /// `WETH/USDC`.
    pub pair: String,
    /// Whose price the prices here are, in what, and which way the account loses by it.
    pub moving: MovingPrice,
    /// That price now.
    pub price: Quantity,
    /// Warn, trigger, urgent and liquidation of the account.
    pub marks: Vec<Mark>,
}

/// A health factor as a price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
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
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
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
        known: &[KnownLoop],
        defaults: &ThresholdsConfig,
    ) -> Result<Self, StateError> {
        let block = market.block;
        let projection = Projection::new(market.clone(), account.clone(), block.timestamp);
        let model = AccountModel::new(&projection, known, defaults)?;
        let loops = model.loops.iter().map(|part| loop_view(&projection, &model, part)).collect::<Result<_, _>>()?;
        let in_use = market.reserves.iter().filter(|reserve| {
            let holding = account.holding(reserve.asset);
            !holding.scaled_supply.is_zero() || !holding.scaled_debt.is_zero()
        });
        let category = market.category(account.emode)?;
        let (collateral, debt) = (model.data.collateral.0, model.data.debt.0);
        Ok(Self {
            account: account.address,
            block,
            aave: model.data,
            emode: category.map(|category| (category.id, category.label.clone())),
            leverage: Quantity::new(leverage_wad(collateral, debt), 18, "x"),
            ltv: Quantity::new(ltv_wad(collateral, debt), 16, "%"),
            class: model.class,
            thresholds: model.thresholds,
            net_carry_per_day: account_carry_per_day(&projection)?,
            loops,
            not_opened_here: unclaimed(market, &model)?,
            prices: other_prices(&projection, &model)?,
            reserves: in_use.map(|reserve| reserve_view(&projection, reserve)).collect::<Result<_, _>>()?,
            wallet: wallet(market, account),
            vanished: model.vanished,
        })
    }
}

fn loop_view(projection: &Projection, model: &AccountModel, part: &LoopPart) -> Result<LoopView, StateError> {
    let market = projection.market();
    let position = &part.known.position;
    let (collateral, debt) = (market.reserve(position.collateral)?, market.reserve(position.debt)?);
    let (value, owed) = (part.collateral_value.0, part.debt_value.0);
    let moving = MovingPrice::of(collateral, debt);
    let price = moving.now(market)?;
    Ok(LoopView {
        pair: part.name.clone(),
        collateral: amount(collateral, part.collateral),
        debt: amount(debt, part.debt),
        collateral_value: Quantity::usd(value),
        debt_value: Quantity::usd(owed),
        leverage: Quantity::new(leverage_wad(value, owed), 18, "x"),
        ltv: Quantity::new(ltv_wad(value, owed), 16, "%"),
        class: part.class,
        thresholds: part.thresholds,
        marks: marks(projection, &moving, &model.thresholds, &price)?,
        moving,
        price,
        net_carry_per_day: carry_per_day((collateral, part.collateral_value), (debt, part.debt_value))?,
        limits: growth_limits(projection, collateral, debt, wad(model.thresholds.opening_floor()))?,
        journal: part.known.clone(),
    })
}

/// What of the account is in no loop; rounding and dust of less than a dollar is left out where a loop claims the asset.
fn unclaimed(market: &Market, model: &AccountModel) -> Result<Unclaimed, StateError> {
    let mut all = Unclaimed::default();
    for AccountSupply { asset, unclaimed, .. } in &model.supplies {
        if !unclaimed.is_zero() {
            all.supplied.push(amount(market.reserve(*asset)?, *unclaimed));
        }
    }
    for AccountDebt { asset, unclaimed, .. } in &model.debts {
        if !unclaimed.is_zero() {
            all.owed.push(amount(market.reserve(*asset)?, *unclaimed));
        }
    }
    Ok(all)
}

/// Prices of collateral and debt that no loop shows: one row for each collateral that matters, against the debt that weighs
/// most, where the account owes and no loop of that collateral is known.
fn other_prices(projection: &Projection, model: &AccountModel) -> Result<Vec<PriceMarks>, StateError> {
    let market = projection.market();
    let Some(most_owed) = model.owed().max_by_key(|debt| (debt.value, debt.asset)) else { return Ok(Vec::new()) };
    let debt = market.reserve(most_owed.asset)?;
    let mut rows = Vec::new();
    for supply in model.collaterals().filter(|supply| supply.asset != debt.asset) {
        if model.loops.iter().any(|part| part.known.position.collateral == supply.asset) {
            continue;
        }
        let collateral = market.reserve(supply.asset)?;
        let moving = MovingPrice::of(collateral, debt);
        let price = moving.now(market)?;
        rows.push(PriceMarks {
            pair: format!("{}/{}", collateral.symbol, debt.symbol),
            marks: marks(projection, &moving, &model.thresholds, &price)?,
            moving,
            price,
        });
    }
    Ok(rows)
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
