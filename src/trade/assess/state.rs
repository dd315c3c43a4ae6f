//! Everything an assessment is made from.

use alloy::primitives::{Address, U256};
use rust_decimal::Decimal;

use super::AssessOptions;
use crate::{
    aave::{AccountState, Market, MarketQuery, Projection, Reserve, emode},
    chain::{Batch, Reader},
    config::Thresholds,
    dex::USDC,
    loops::{AccountModel, KnownLoop, LoopSnapshot, Pair, Scope, algebra::leverage_wad, class_of},
    perps::{Interest, PairTerms, PerpError, PriceE10, Side, Usdc, VenueSnapshot},
    strategy::GovernorState,
    trade::{OpenTrades, TradeContext, TradeError},
    units::{MathError, from_decimal, to_decimal},
};

/// The loop as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::trade) struct LoopNow {
    /// Collateral less debt, US dollars.
    pub(in crate::trade) equity: Decimal,
    /// Its leverage.
    pub(in crate::trade) leverage: Decimal,
}

/// The loop's side of the state: market, account, pools.
#[derive(Debug)]
pub(in crate::trade) struct LoopState {
    pub(in crate::trade) snapshot: LoopSnapshot,
    pub(in crate::trade) pair: Pair,
    pub(in crate::trade) hubs: Vec<Address>,
    pub(in crate::trade) thresholds: Thresholds,
    /// Loan-to-value and liquidation threshold in the e-mode that the loop is or will be in.
    pub(in crate::trade) ltv: Decimal,
    pub(in crate::trade) liquidation_threshold: Decimal,
    /// `None` without a loop of the pair.
    pub(in crate::trade) now: Option<LoopNow>,
    /// Of the whole account at Aave, US dollars.
    pub(in crate::trade) equity: Decimal,
    /// Which part of the account the trade may touch.
    pub(in crate::trade) scope: Scope,
    /// The journal's loops.
    pub(in crate::trade) loops: Vec<KnownLoop>,
    /// Wei per gas.
    pub(in crate::trade) gas_price: U256,
}

impl LoopState {
    /// Reads the strategy's pair at the newest block. In practice (`paper`) the account has nothing but money.
    pub(in crate::trade) async fn read(
        desk: &TradeContext,
        open: &OpenTrades,
        paper: bool,
        include_existing: bool,
    ) -> Result<Self, TradeError> {
        let market = market(desk).await?;
        let strategy = &desk.settings.strategy;
        let pair = Pair::find(&desk.reserves, &market, &strategy.collateral, &strategy.debt)?;
        let mut snapshot = LoopSnapshot::read(&desk.endpoints, &desk.reserves, &pair, desk.account).await?;
        if paper {
            let mut account = AccountState::empty(desk.account);
            account.native = U256::MAX >> 128;
            snapshot.account = account;
        }
        let fees = desk.endpoints.fee_market(&snapshot.block).await?;
        let (collateral, debt) =
            (snapshot.market.reserve(pair.collateral.token)?, snapshot.market.reserve(pair.debt.token)?);
        let scope = if include_existing { Scope::WithExisting } else { Scope::Loop };
        let then = Projection::new(snapshot.market.clone(), snapshot.account.clone(), snapshot.inclusion());
        let model = AccountModel::new(&then, &open.loops, &desk.settings.thresholds)?;
        let now = loop_now(&model, scope, collateral, debt)?;
        let equity = decimal(model.data.collateral.0, 8)? - decimal(model.data.debt.0, 8)?;
        // An existing loop stays in its e-mode; a new one enters the one that fits, where its other positions allow it.
        let entered = emode::fitting(&snapshot.market, collateral, debt)
            .filter(|category| now.is_none() && can_enter(&snapshot, category.id));
        let category = match entered {
            Some(category) => Some(category),
            None => snapshot.market.category(snapshot.account.emode)?,
        };
        let fitting = category.filter(|category| category.is_collateral(collateral.id));
        let class = class_of(fitting.map(|category| category.liquidation_threshold));
        let stored = open.known_loop.as_ref().and_then(|known| Thresholds::read(&known.terms.thresholds).ok());
        let ltv = snapshot.market.ltv_in(collateral, category).to_decimal();
        let liquidation_threshold = snapshot.market.liquidation_threshold_in(collateral, category).to_decimal();
        Ok(Self {
            ltv,
            liquidation_threshold,
            thresholds: stored.unwrap_or_else(|| desk.settings.thresholds.of(class)),
            now,
            equity,
            scope,
            loops: open.loops.clone(),
            gas_price: fees.price(&desk.settings.fees.open),
            hubs: LoopSnapshot::hubs(&desk.reserves),
            snapshot,
            pair,
        })
    }

    pub(in crate::trade) fn collateral(&self) -> Result<&Reserve, TradeError> {
        Ok(self.snapshot.market.reserve(self.pair.collateral.token)?)
    }

    pub(in crate::trade) fn debt(&self) -> Result<&Reserve, TradeError> {
        Ok(self.snapshot.market.reserve(self.pair.debt.token)?)
    }

    /// Free USDC of the wallet.
    pub(in crate::trade) fn usdc(&self) -> Result<Decimal, TradeError> {
        decimal(self.snapshot.account.holding(USDC).wallet, 6)
    }

    /// Ether of the wallet.
    pub(in crate::trade) fn ether(&self) -> Decimal {
        to_decimal(self.snapshot.account.native, 18).unwrap_or(Decimal::MAX)
    }

    /// US dollars of an amount of ether.
    pub(in crate::trade) fn ether_usd(&self, wei: U256) -> Option<Decimal> {
        let price = self.snapshot.market.reserve_by_symbol("WETH")?.price().ok()?.to_decimal()?;
        to_decimal(wei, 18)?.checked_mul(price)
    }

    /// An amount of US dollars in smallest units of a reserve's token, cut off.
    pub(in crate::trade) fn amount_of(reserve: &Reserve, usd: Decimal) -> Result<U256, TradeError> {
        let price = reserve.price()?.to_decimal().ok_or(MathError::Overflow)?;
        let amount = usd.checked_div(price).ok_or(MathError::DivisionByZero)?;
        Ok(from_decimal(amount, reserve.configuration.decimals()).ok_or(MathError::Overflow)?)
    }
}

async fn market(desk: &TradeContext) -> Result<Market, TradeError> {
    let block = Reader::head(&desk.endpoints).await?;
    let mut batch = Batch::new();
    let query = MarketQuery::add(&desk.reserves, &mut batch);
    let answers = desk.endpoints.read(block, &batch).await?;
    Ok(query.decode(&answers, block)?)
}

fn can_enter(snapshot: &LoopSnapshot, category: u8) -> bool {
    snapshot.account.emode == category
        || emode::can_switch(&snapshot.market, &snapshot.account, category, snapshot.inclusion()).is_ok()
}

/// The loop by its own share of the account. Dust that strangers supplied is no loop.
fn loop_now(
    model: &AccountModel,
    scope: Scope,
    collateral: &Reserve,
    debt: &Reserve,
) -> Result<Option<LoopNow>, TradeError> {
    let (supplied, owed) = scope.share(model, (collateral.asset, debt.asset));
    let is_known = model.loop_of(collateral.asset, debt.asset).is_some();
    let is_dust = collateral.collateral_value(supplied)? < model.dust_below();
    if supplied.is_zero() || (is_dust && owed.is_zero() && !is_known) {
        return Ok(None);
    }
    let value = collateral.collateral_value(supplied)?;
    let owed = debt.debt_value(owed)?;
    // Without equity there is no leverage that a decimal holds.
    let leverage = to_decimal(leverage_wad(value.0, owed.0), 18).unwrap_or(Decimal::MAX);
    let (value, owed) = (decimal(value.0, 8)?, decimal(owed.0, 8)?);
    Ok(Some(LoopNow { equity: value.checked_sub(owed).ok_or(MathError::Overflow)?, leverage }))
}

/// The venue's side.
#[derive(Debug)]
pub(in crate::trade) struct VenueState {
    pub(in crate::trade) snapshot: VenueSnapshot,
    pub(in crate::trade) terms: PairTerms,
    /// The oracle's price.
    pub(in crate::trade) mark: Decimal,
}

impl VenueState {
    /// Reads the venue for an open of a size.
    pub(in crate::trade) async fn read(
        desk: &TradeContext,
        (pair, side): (&str, Side),
        notional: Decimal,
        governor: &GovernorState,
        options: &AssessOptions,
    ) -> Result<Self, TradeError> {
        let interest = Interest {
            open: Some((pair.to_owned(), side, Usdc::from_decimal(notional).unwrap_or_default())),
            marks: vec![pair.to_owned()],
        };
        let mut snapshot = desk.venue()?.snapshot(desk.account, &interest).await?;
        if options.paper {
            snapshot.usdc = Usdc::from_decimal(governor.equity).unwrap_or_default();
            snapshot.native = U256::MAX >> 128;
        }
        let listed = || snapshot.pairs.iter().map(|pair| pair.name.as_str()).collect::<Vec<_>>().join(", ");
        let terms = snapshot.pair(pair).cloned();
        let terms = terms.ok_or_else(|| PerpError::UnknownPair { name: pair.to_owned(), listed: listed() })?;
        let mark = if terms.mark == PriceE10::ZERO {
            desk.venue()?.mark(desk.venue()?.key_on(&terms)).await?
        } else {
            terms.mark
        };
        Ok(Self { mark: decimal(mark.0, PriceE10::DECIMALS)?, snapshot, terms })
    }

    /// Free USDC.
    pub(in crate::trade) fn usdc(&self) -> Result<Decimal, TradeError> {
        decimal(self.snapshot.usdc.0, Usdc::DECIMALS)
    }
}

/// An integer amount as a decimal, or an error.
pub(in crate::trade) fn decimal(raw: U256, decimals: u8) -> Result<Decimal, TradeError> {
    Ok(to_decimal(raw, decimals).ok_or(MathError::Overflow)?)
}
