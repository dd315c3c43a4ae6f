//! What is left to a person when nothing automatic is possible, with exact figures for the alert.

use alloy::primitives::U256;
use serde::Serialize;

use super::{LoopSnapshot, Pair, PairState, PlanError, Target, plan::solve::smallest, threshold_prices::standing};
use crate::{
    aave::{Amount, Projection, Refusal},
    plan::Quantity,
};

/// How often the supply is doubled in search of enough collateral.
const DOUBLINGS: usize = 24;

/// What a person must do to bring a loop to a target; either of the two is enough.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HumanTask {
    /// `WETH/USDC`.
    pub pair: String,
    /// Where it is to be.
    pub target: String,
    /// The account's health factor at the next block.
    pub health_factor: Quantity,
    /// Debt to repay; `None` when not even all of it is enough.
    pub repay: Option<Quantity>,
    /// Collateral to add; `None` when none is enough.
    pub add: Option<Quantity>,
    /// Why Aave would not take that collateral, if so.
    pub add_refused: Option<String>,
    /// Collateral that can leave its reserve now, for anybody.
    pub can_leave: Quantity,
    /// Debt asset in the wallet.
    pub wallet_debt: Quantity,
    /// Collateral in the wallet.
    pub wallet_collateral: Quantity,
    /// Ether in the wallet, gas included.
    pub native: Quantity,
}

impl HumanTask {
    /// One paragraph for the alert.
    #[must_use]
    pub fn words(&self) -> String {
        let ways: Vec<String> = [("repay", &self.repay), ("add", &self.add)]
            .iter()
            .filter_map(|(verb, amount)| amount.as_ref().map(|amount| format!("{verb} {amount}")))
            .collect();
        let ways = if ways.is_empty() { "nothing brings it there".to_owned() } else { ways.join(" or ") };
        let refused = self.add_refused.as_ref().map_or_else(String::new, |why| format!(" (aave takes no more: {why})"));
        format!(
            "{} is at health factor {}. To reach {}: {ways}{refused}. The wallet has {}, {} and {}; {} can leave aave's reserve now.",
            self.pair,
            self.health_factor,
            self.target,
            self.wallet_debt,
            self.wallet_collateral,
            self.native,
            self.can_leave,
        )
    }
}

/// The figures, at the block after the snapshot's. Pure.
pub fn what_a_human_must_do(snapshot: &LoopSnapshot, pair: &Pair, target: Target) -> Result<HumanTask, PlanError> {
    let target = target.validate()?;
    let base = Projection::new(snapshot.market.clone(), snapshot.account.clone(), snapshot.inclusion());
    let collateral = snapshot.market.reserve(pair.collateral.token)?;
    let debt = snapshot.market.reserve(pair.debt.token)?;
    let stands = |projection: &Projection| standing(projection, collateral, debt);
    let is_met = |projection: &Projection| stands(projection).is_ok_and(|standing| target.is_within(&standing));
    let owed = base.owed(pair.debt.token)?;
    let repay = smallest(U256::ZERO, owed, |amount| {
        let mut after = base.clone();
        (amount.is_zero() || after.repay(pair.debt.token, Amount::Exact(amount)).is_ok()) && is_met(&after)
    });
    let PairState { health_factor, .. } = stands(&base)?;
    let (add, add_refused) = to_add(&base, pair, is_met)?;
    let in_collateral = |raw| Quantity::new(raw, pair.collateral.decimals, pair.collateral.symbol.clone());
    let in_debt = |raw| Quantity::new(raw, pair.debt.decimals, pair.debt.symbol.clone());
    Ok(HumanTask {
        pair: pair.name(),
        target: target.to_string(),
        health_factor: Quantity::wad(health_factor),
        repay: repay.map(in_debt),
        add: add.map(in_collateral),
        add_refused: add_refused.map(|refusal| refusal.to_string()),
        can_leave: in_collateral(collateral.virtual_balance),
        wallet_debt: in_debt(snapshot.account.holding(pair.debt.token).wallet),
        wallet_collateral: in_collateral(snapshot.account.holding(pair.collateral.token).wallet),
        native: Quantity::new(snapshot.account.native, 18, "ETH"),
    })
}

/// The least collateral that is enough, and why Aave would refuse it. Caps and freezes are left out of the search: the
/// figure is what is missing, wherever it may be put.
fn to_add(
    base: &Projection,
    pair: &Pair,
    is_met: impl Fn(&Projection) -> bool,
) -> Result<(Option<U256>, Option<Refusal>), PlanError> {
    let token = pair.collateral.token;
    let mut market = base.market().clone();
    for reserve in market.reserves.iter_mut().filter(|reserve| reserve.asset == token) {
        reserve.configuration = reserve.configuration.open_for_supply();
    }
    let open = Projection::new(market, base.account().clone(), base.at());
    let with = |amount: U256| {
        let mut after = open.clone();
        (amount.is_zero() || after.supply(token, amount).is_ok()) && is_met(&after)
    };
    let mut high = (base.supplied(token)? >> 6usize).max(U256::from(1_000_000u64));
    for _ in 0..DOUBLINGS {
        if with(high) {
            let least = smallest(U256::ZERO, high, with);
            let refused =
                least.filter(|amount| !amount.is_zero()).and_then(|amount| base.clone().supply(token, amount).err());
            return Ok((least, refused));
        }
        high = high.saturating_mul(U256::from(2u8));
    }
    Ok((None, None))
}
