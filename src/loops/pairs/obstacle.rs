//! Why a pair cannot be looped.

use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    aave::{EModeCategory, Market, Refusal, Reserve},
    loops::PlanError,
    plan,
    text::one_line,
};

/// The kinds of causes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ObstacleKind {
    /// A reserve is not in use.
    Inactive,
    /// A reserve is paused.
    Paused,
    /// A reserve is frozen.
    Frozen,
    /// The collateral backs no borrow, in no e-mode and outside.
    LtvZero,
    /// The debt asset cannot be borrowed, in no e-mode and outside.
    NotBorrowable,
    /// Each would do by itself, but no e-mode has both, nor is it so outside.
    EModeForbids,
    /// Aave's oracle has no price.
    NoPrice,
    /// The supply cap leaves too little room.
    SupplyCap,
    /// The borrow cap leaves too little room.
    BorrowCap,
    /// The reserve has too little to lend.
    NoLiquidity,
    /// Aave refuses it for another reason.
    AaveRefuses,
    /// No pool can take the swap.
    NoRoute,
    /// Nobody lends what is needed in between.
    NoFlashLoan,
    /// A bound does not hold, such as what the swap may cost.
    Bound,
    /// The planner says why.
    Plan,
}

/// The cause, in one sentence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Obstacle {
    /// Its kind.
    pub kind: ObstacleKind,
    /// The sentence.
    pub message: String,
}

impl Obstacle {
    pub(super) fn new(kind: ObstacleKind, message: impl AsRef<str>) -> Self {
        Self { kind, message: one_line(message.as_ref()).into_owned() }
    }

    /// What Aave says.
    pub(super) fn of_aave(refusal: &Refusal) -> Self {
        let kind = match refusal {
            Refusal::Inactive(_) => ObstacleKind::Inactive,
            Refusal::Paused(_) => ObstacleKind::Paused,
            Refusal::Frozen(_) => ObstacleKind::Frozen,
            Refusal::SupplyCapExceeded { .. } => ObstacleKind::SupplyCap,
            Refusal::BorrowCapExceeded { .. } => ObstacleKind::BorrowCap,
            Refusal::LiquidityShort { .. } => ObstacleKind::NoLiquidity,
            _ => ObstacleKind::AaveRefuses,
        };
        Self::new(kind, refusal.to_string())
    }

    /// What the planner says.
    pub(super) fn of_plan(error: &PlanError) -> Self {
        let kind = match error {
            PlanError::Aave(refusal) => return Self::of_aave(refusal),
            PlanError::NoRoute { .. } => ObstacleKind::NoRoute,
            PlanError::NoFlash { .. } => ObstacleKind::NoFlashLoan,
            PlanError::NoLiquidity { .. } => ObstacleKind::NoLiquidity,
            PlanError::Bound(_) => ObstacleKind::Bound,
            _ => ObstacleKind::Plan,
        };
        Self::new(kind, error.to_string())
    }

    /// The first bound that does not hold.
    pub(super) fn of_check(refusal: &plan::Refusal) -> Self {
        let message = match refusal {
            plan::Refusal::Bounds(bounds) => bounds.first().map(ToString::to_string),
            _ => None,
        };
        Self::new(ObstacleKind::Bound, message.unwrap_or_else(|| refusal.to_string()))
    }

    /// Why no category and no state outside of any lets the collateral back the debt; both reserves are open.
    pub(super) fn of_categories(market: &Market, collateral: &Reserve, debt: &Reserve) -> Self {
        let everywhere = || std::iter::once(None).chain(market.categories.iter().map(Some));
        let (collateral_name, debt_name) = (&collateral.symbol, &debt.symbol);
        let backs: Vec<_> = everywhere().filter(|one| market.ltv_in(collateral, *one).0 > 0).collect();
        let lends: Vec<_> = everywhere().filter(|one| market.is_borrowable_in(debt, *one)).collect();
        if backs.is_empty() {
            let message =
                format!("{collateral_name} backs no borrow: its loan to value is 0 outside e-modes and in each");
            return Self::new(ObstacleKind::LtvZero, message);
        }
        if lends.is_empty() {
            let message = format!("{debt_name} cannot be borrowed, neither outside e-modes nor in any");
            return Self::new(ObstacleKind::NotBorrowable, message);
        }
        // A category that is not the collateral's leaves it its own values, where it is not isolated: what binds is who lends.
        let own: Vec<_> =
            backs.iter().copied().filter(|one| one.is_none_or(|one| one.is_collateral(collateral.id))).collect();
        let message = format!(
            "{collateral_name} backs a borrow {}, and {debt_name} can be borrowed {} only",
            places(&own),
            places(&lends)
        );
        Self::new(ObstacleKind::EModeForbids, message)
    }
}

/// `outside e-modes and in e-mode 4 (LBTC_cbBTC)`.
fn places(of: &[Option<&EModeCategory>]) -> String {
    let named: Vec<_> = of
        .iter()
        .map(|one| match one {
            None => "outside e-modes".to_owned(),
            Some(category) => format!("in e-mode {} ({})", category.id, category.label),
        })
        .collect();
    match named.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
        None => "nowhere".to_owned(),
    }
}
