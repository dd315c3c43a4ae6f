//! Prices that a protective action is judged by beside those of Aave's oracle.

use alloy::primitives::U256;

use super::{PlanError, plan::context::Context};
use crate::{
    aave::Projection,
    plan::{Bound, Quantity, Rule},
};

impl Context<'_> {
    /// The account's health factor at the prices that the action is judged by beside the oracle's, where there are any.
    pub(super) fn judged(&self, projection: &Projection) -> Result<Option<U256>, PlanError> {
        let Some(prices) = self.judged_at else { return Ok(None) };
        let mut market = projection.market().clone();
        for reserve in &mut market.reserves {
            if let (Some(price), Some(value)) = (&mut reserve.price, prices.get(&reserve.asset)) {
                price.value = *value;
            }
        }
        Ok(Some(projection.account().at(&market, projection.at())?.health_factor.0))
    }

    /// That it is not lower there at the worst fill; `None` where nothing but the oracle judges.
    pub(super) fn not_lower_where_judged(
        &self,
        before: &Projection,
        worst: &Projection,
    ) -> Result<Option<Bound>, PlanError> {
        let (Some(limit), Some(actual)) = (self.judged(before)?, self.judged(worst)?) else { return Ok(None) };
        Ok(Some(Bound {
            name: "health factor at the feeds behind the oracle, at the worst fill".into(),
            rule: Rule::AtLeast,
            actual: Quantity::wad(actual),
            limit: Quantity::wad(limit),
            blocking: true,
            hint: "at the prices that the oracle answers next the swap costs more than it helps".into(),
        }))
    }
}
