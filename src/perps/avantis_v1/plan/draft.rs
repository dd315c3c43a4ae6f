//! A plan in the making.

use alloy::{primitives::U256, sol_types::SolCall};

use super::{Context, Usdc, context::usdc};
use crate::{
    perps::{
        Forecast, PerpError, PerpRequest, PerpSubject,
        avantis_v1::{NAME, abi::IERC20},
    },
    plan::{Bound, CallData, Figure, Plan, PlanSubject, Quantity, SCHEMA, Step},
};

/// What an action adds to what every plan has.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) kind: &'static str,
    pub(super) headline: String,
    pub(super) notes: Vec<String>,
    pub(super) steps: Vec<Step>,
    pub(super) bounds: Vec<Bound>,
    pub(super) figures: Vec<Figure>,
    pub(super) costs: Vec<(String, Quantity)>,
    pub(super) forecast: Option<Forecast>,
    /// Whether a signed price is in the call data.
    pub(super) carries_price: bool,
}

impl Draft {
    /// Adds the call of the venue, and before it the exact allowance where it is short.
    pub(super) fn call<C: SolCall>(&mut self, ctx: &Context<'_>, purpose: String, value: U256, call: &C, takes: Usdc) {
        if ctx.snapshot.allowance < takes {
            let approve = IERC20::approveCall { spender: ctx.at.storage, amount: takes.0 };
            self.steps.push(Step {
                purpose: format!("allow the venue to take exactly {}", usdc(takes)),
                to: ctx.at.usdc,
                value: U256::ZERO,
                data: CallData::Fixed { data: approve.abi_encode().into() },
            });
            self.notes.push(
                "two transactions: the venue's allowance is short, and its USDC cannot travel in a permit".to_owned(),
            );
        }
        let data = CallData::Fixed { data: call.abi_encode().into() };
        self.steps.push(Step { purpose, to: ctx.at.trading, value, data });
        self.bounds.push(ctx.ether_bound(value));
    }

    pub(super) fn finish(self, ctx: &Context<'_>, request: &PerpRequest) -> Result<Plan, PerpError> {
        let subject = PerpSubject { venue: NAME.to_owned(), perp: request.clone(), forecast: self.forecast };
        let subject = PlanSubject::of_perp(&subject).map_err(|error| PerpError::Refused(error.to_string()))?;
        let settings = ctx.settings;
        Ok(Plan {
            schema: SCHEMA,
            id: settings.id.clone(),
            kind: self.kind.to_owned(),
            urgency: settings.urgency,
            network: settings.network.clone(),
            owner: ctx.snapshot.account,
            signer: ctx.snapshot.account,
            block: ctx.snapshot.block,
            valid_until: ctx.valid_until(self.carries_price),
            headline: self.headline,
            notes: self.notes,
            steps: self.steps,
            bounds: self.bounds,
            figures: self.figures,
            costs: self.costs,
            subject,
        })
    }
}
