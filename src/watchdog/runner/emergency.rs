//! What would be done in an emergency, tried on the account as it is: at the start, and in the drill.

use alloy::primitives::{Address, U256};
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::Serialize;

use super::{HeadSnapshot, WatchError, WatchedAccount};
use crate::{
    aave::{Market, Projection},
    loops::{AccountModel, KnownLoop, suffices},
    plan::{Plan, Quantity},
    units::{Bps, UsdE8, WAD, Wad, from_decimal, mul_div_down},
    watchdog::{
        protection::Means,
        rules::{AccountTrim, Pressure},
    },
};

/// Moves of what is volatile against the account that the start and the drill tell of, hundredths.
const FALLS: [u32; 3] = [10, 20, 30];
/// What a sale is taken to cost when it is only counted by value: the bound of a trim.
const COST: Bps = Bps(100);

/// A fall, and whether what may be sold is enough to answer it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FallAnswer {
    /// By how much what is volatile moves against the account, per cent.
    pub percent: u32,
    /// The health factor then.
    pub health_factor: Quantity,
    /// Whether the account could be liquidated before anything is done, if it came in one block.
    pub liquidatable: bool,
    /// Whether what may be sold brings the account to its target then, by value at a cost of 1 %.
    pub suffices: bool,
}

/// What an emergency would do.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Emergency {
    /// What the account is called.
    pub name: String,
    /// What may be sold, with amounts.
    pub may_sell: Vec<Quantity>,
    /// The setting that says so.
    pub sell: String,
    /// The first plan that would be sent, which goes through in simulation; or why there is none.
    #[serde(skip)]
    pub first: Result<Box<Plan>, String>,
    /// Answers to falls.
    pub falls: Vec<FallAnswer>,
}

impl Emergency {
    /// Lines for people: what may be sold, what that is enough for, and what would be done first.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        let mut lines = self.permissions();
        lines.push(match &self.first {
            Ok(plan) => format!("{}: a trim goes through in simulation now: {}", self.name, plan.headline),
            Err(reason) => format!("{}: {reason}", self.name),
        });
        lines
    }

    /// What may be sold, and whether that is enough for falls.
    #[must_use]
    pub fn permissions(&self) -> Vec<String> {
        let may_sell = match self.may_sell.is_empty() {
            true => "nothing".to_owned(),
            false => self.may_sell.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        };
        let mut lines = vec![format!("{}: may sell {may_sell} (watch.sell = {})", self.name, self.sell)];
        lines.extend(self.falls.iter().map(|fall| {
            let enough = if fall.suffices { "what may be sold is enough" } else { "what may be sold is NOT enough" };
            let late = if fall.liquidatable { "; in one block, it could be liquidated first" } else { "" };
            format!(
                "{}: a move of {} % against it: health factor {}, {enough}{late}",
                self.name, fall.percent, fall.health_factor
            )
        }));
        lines
    }
}

impl WatchedAccount {
    /// Plans and simulates, on the present state and signing nothing, the very trim that an emergency would do, towards a
    /// slightly better health factor. `None` for an account that owes nothing, or is far from any threshold.
    pub async fn rehearse_emergency(&mut self, seen: &HeadSnapshot) -> Result<Option<Emergency>, WatchError> {
        if !seen.observation.near.contains_key(&self.account) {
            return Ok(None);
        }
        let facts = self.loop_facts(&seen.observation, std::time::Duration::ZERO)?;
        if facts.debt_value.0.is_zero() {
            return Ok(None);
        }
        // A hundredth more than there is.
        let target = facts.health_factor.0.saturating_add(facts.health_factor.0 / U256::from(100u8));
        let trim = AccountTrim {
            account: facts.name.clone(),
            target: Wad(target),
            pressure: Pressure::Trim,
            by_feed: false,
            ahead: false,
        };
        let Some(means) = self.means(&trim, &[], seen)? else { return Ok(None) };
        let first = Box::pin(self.rehearse(&trim, seen)).await?.map(Box::new);
        let goal = from_decimal(facts.thresholds.target, 18).unwrap_or(U256::MAX);
        let falls = FALLS.into_iter().filter_map(|percent| self.fall(&means, seen, percent, goal)).collect();
        let may_sell = means.model.sellable(&means.sell).into_iter().filter_map(|(asset, amount)| {
            let reserve = seen.observation.market.reserve(asset).ok()?;
            Some(Quantity::new(amount, reserve.configuration.decimals(), reserve.symbol.clone()))
        });
        Ok(Some(Emergency {
            name: facts.name,
            may_sell: may_sell.collect(),
            sell: self.office.rulebook().watch.sell.to_string(),
            first,
            falls,
        }))
    }

    /// The account after everything volatile moved against it: falling where its volatile collateral is worth more than its
    /// volatile debt, rising otherwise.
    fn fall(&self, means: &Means<'_>, seen: &HeadSnapshot, percent: u32, goal: U256) -> Option<FallAnswer> {
        let account = seen.observation.near.get(&self.account)?;
        let market = moved(&seen.observation.market, &means.model, percent)?;
        let at = market.block.timestamp;
        let rulebook = self.office.rulebook();
        let known: &[KnownLoop] = means.known();
        let projection = Projection::new(market, account.clone(), at);
        let model = AccountModel::new(&projection, known, &rulebook.thresholds).ok()?;
        let (debt, health_factor) = (model.data.debt.0, model.data.health_factor);
        let weighted = mul_div_down(debt, health_factor.0, WAD).ok()?;
        let sellable: Vec<(U256, U256)> = model
            .sellable(&means.sell)
            .into_iter()
            .filter_map(|(asset, amount)| {
                let supply = model.supply(asset)?;
                let value = mul_div_down(supply.value.0, amount, supply.amount.max(U256::ONE)).ok()?;
                Some((value, from_decimal(supply.threshold.to_decimal(), 18)?))
            })
            .collect();
        Some(FallAnswer {
            percent,
            health_factor: Quantity::wad(health_factor.0),
            liquidatable: health_factor.0 < WAD,
            suffices: suffices(&sellable, weighted, debt, goal, COST),
        })
    }
}

/// The market after everything volatile moved against an account by some per cent.
fn moved(market: &Market, model: &AccountModel, percent: u32) -> Option<Market> {
    let is_volatile = |asset: Address| market.reserve(asset).is_ok_and(|reserve| !reserve.is_currency_coin());
    let sum = |sum: U256, value: UsdE8| sum.saturating_add(value.0);
    let long = model.collaterals().filter(|held| is_volatile(held.asset)).map(|held| held.value).fold(U256::ZERO, sum);
    let short = model.owed().filter(|held| is_volatile(held.asset)).map(|held| held.value).fold(U256::ZERO, sum);
    let share = Decimal::new(i64::from(percent), 2);
    let factor = if long >= short { Decimal::ONE - share } else { Decimal::ONE + share };
    let factor = from_decimal(factor, 18)?;
    let mut market = market.clone();
    for reserve in market.reserves.iter_mut().filter(|reserve| !reserve.is_currency_coin()) {
        if let Some(price) = &mut reserve.price {
            price.value.0 = mul_div_down(price.value.0, factor, WAD).ok()?;
        }
    }
    Some(market)
}
