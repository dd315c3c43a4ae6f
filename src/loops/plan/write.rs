//! A drafted action written as a plan: steps, permits, bounds, figures, costs.

use alloy::{primitives::U256, sol_types::SolCall};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    bounds::{bounds, gas_reserve, least_gas},
    context::Context,
    draft::{Draft, Flows, Prepare},
    figures::figures,
};
use crate::{
    aave,
    aave::abi::IPool::{setUserEModeCall, setUserUseReserveAsCollateralCall},
    config::{Thresholds, Urgency},
    loops::{
        Pair, PlanError, Scope, Target,
        grants::{Grants, fixed, segment},
    },
    onedelta::{self, AllowList, COMPOSER, DELTA_COMPOSE},
    plan::{CallData, PermitRequest, Plan, PlanSubject, Quantity, SCHEMA, Segment, Step},
    units::{Raw, Secs},
};

/// What the journal keeps of a loop plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Subject {
    /// The pair.
    pub pair: Pair,
    /// The account's e-mode afterwards.
    pub emode: u8,
    /// Thresholds of the loop.
    pub thresholds: Thresholds,
    /// What was aimed at.
    pub target: Option<Target>,
    /// Which part of the account it is about; absent in plans of earlier versions, which knew loops of whole pairs only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<Part>,
}

/// The part of the account that a plan is about, as it stands without the plan when that is expected to be carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// Which part was asked for.
    pub scope: Scope,
    /// Its collateral, smallest unit.
    #[serde(with = "Raw")]
    pub collateral: U256,
    /// Its debt, smallest unit.
    #[serde(with = "Raw")]
    pub debt: U256,
    /// Nothing of it remains afterwards.
    pub ends: bool,
}

/// Writes the plan.
pub(in crate::loops) fn write(ctx: &Context<'_>, draft: &Draft) -> Result<Plan, PlanError> {
    let account = ctx.snapshot.account.address;
    let valid_until = ctx.snapshot.block.timestamp.plus(ctx.settings.permit_ttl);
    let writer = Writer { ctx, draft, valid_until };
    let steps = writer.steps()?;
    let mut notes = draft.notes.clone();
    notes.extend(ctx.widened.clone());
    notes.extend(writer.notes(&steps));
    let subject = Subject {
        pair: ctx.pair.clone(),
        emode: draft.after.account().emode,
        thresholds: ctx.settings.thresholds,
        target: draft.target,
        part: Some(Part {
            scope: ctx.settings.scope,
            collateral: ctx.own_supply(&draft.before)?,
            debt: ctx.own_debt(&draft.before)?,
            ends: draft.ends,
        }),
    };
    Ok(Plan {
        schema: SCHEMA,
        id: ctx.settings.id.clone(),
        kind: draft.kind.to_owned(),
        urgency: ctx.urgency,
        network: ctx.settings.network.clone(),
        owner: account,
        signer: account,
        block: ctx.snapshot.block,
        valid_until,
        headline: draft.headline.clone(),
        notes,
        steps,
        bounds: bounds(ctx, draft)?,
        figures: figures(ctx, draft)?,
        costs: writer.costs()?,
        subject: PlanSubject::of_loop(&subject).map_err(|error| PlanError::Write(error.to_string()))?,
    })
}

/// The wallet holds what is put in, and keeps something for gas.
pub(in crate::loops) fn funds_suffice(ctx: &Context<'_>, flows: &Flows) -> Result<(), PlanError> {
    let account = &ctx.snapshot.account;
    let short = |needed: Quantity, available: U256| {
        if needed.raw > available {
            let available = Quantity { raw: available, ..needed.clone() };
            return Err(PlanError::EquityShort { needed: Box::new(needed), available: Box::new(available) });
        }
        Ok(())
    };
    let held = |token| account.holding(token).wallet;
    short(ctx.collateral_amount(flows.collateral.pays), held(ctx.pair.collateral.token))?;
    short(ctx.debt_amount(flows.debt.pays), held(ctx.pair.debt.token))?;
    let needed = Quantity::new(flows.native.pays, 18, "ETH");
    short(needed.clone(), account.native)?;
    let left = account.native.saturating_sub(needed.raw);
    let reserve = match ctx.urgency {
        Urgency::Open => gas_reserve(ctx.settings.gas_price),
        // The sender offers what there is, and says with figures when it is too little.
        Urgency::Trim | Urgency::Urgent | Urgency::LastResort => least_gas(ctx.snapshot.block.base_fee),
    };
    if left < reserve {
        let ether = |raw| Box::new(Quantity::new(raw, 18, "ETH"));
        return Err(PlanError::NoGasLeft { needed: Box::new(needed), left: ether(left), reserve: ether(reserve) });
    }
    Ok(())
}

struct Writer<'a> {
    ctx: &'a Context<'a>,
    draft: &'a Draft,
    valid_until: Secs,
}

impl Writer<'_> {
    fn steps(&self) -> Result<Vec<Step>, PlanError> {
        let (ctx, draft) = (self.ctx, self.draft);
        let mut steps = Vec::new();
        for prepare in &draft.prepare {
            steps.push(self.preparation(*prepare)?);
        }
        if let Some(direct) = &draft.direct {
            steps.extend(direct.iter().cloned());
            return Ok(steps);
        }
        let mut segments = Vec::new();
        let mut last = Vec::new();
        for permit in self.grants().permits(&mut steps)? {
            segments.push(segment(&permit.request));
            if permit.leaves_rest {
                let nonce = permit.request.nonce.saturating_add(U256::ONE);
                last.push(segment(&PermitRequest { value: U256::ZERO, nonce, ..permit.request }));
            }
        }
        onedelta::check(&draft.ops, &self.allow_list(), ctx.snapshot.account.address)?;
        segments.push(Segment::Ops { data: onedelta::encode(&draft.ops)? });
        segments.extend(last);
        steps.push(Step {
            purpose: draft.headline.clone(),
            to: COMPOSER,
            value: draft.flows.native.pays,
            data: CallData::Stream { selector: DELTA_COMPOSE.into(), segments },
        });
        Ok(steps)
    }

    fn preparation(&self, prepare: Prepare) -> Result<Step, PlanError> {
        let market = &self.ctx.snapshot.market;
        let (purpose, data) = match prepare {
            Prepare::EMode(category) => {
                let purpose = match market.category(category)? {
                    Some(entered) => format!("enter e-mode {category} ({})", entered.label),
                    None => format!("leave e-mode {}", self.ctx.snapshot.account.emode),
                };
                (purpose, setUserEModeCall { categoryId: category }.abi_encode())
            }
            Prepare::Collateral { asset, enabled } => {
                let symbol = &market.reserve(asset)?.symbol;
                let purpose = match enabled {
                    true => format!("enable the {symbol} supply as collateral"),
                    false => format!("stop using the {symbol} supply as collateral"),
                };
                (purpose, setUserUseReserveAsCollateralCall { asset, useAsCollateral: enabled }.abi_encode())
            }
        };
        let to = aave::Deployment::BASE.pool;
        Ok(Step { purpose, to, value: U256::ZERO, data: fixed(data) })
    }

    const fn grants(&self) -> Grants<'_> {
        Grants { ctx: self.ctx, draft: self.draft, valid_until: self.valid_until }
    }

    /// What the stream may touch.
    fn allow_list(&self) -> AllowList {
        let lender = self.draft.loan.as_ref().map(|loan| loan.candidate.source);
        crate::loops::allow::allow_list(self.ctx.pair, self.ctx.snapshot.pools.exchanges(), lender)
    }

    fn notes(&self, steps: &[Step]) -> Vec<String> {
        let mut notes = Vec::new();
        notes.extend(self.grants().unsigned());
        if steps.len() > 1 {
            let extra: Vec<&str> = steps.iter().rev().skip(1).rev().map(|step| step.purpose.as_str()).collect();
            notes.push(format!("{} transactions: first {}", steps.len(), extra.join(", then ")));
        }
        for (index, candidate) in self.draft.sources.iter().enumerate() {
            let role = if index == 0 { "flash loan from" } else { "other source:" };
            notes.push(format!("{role} {candidate}"));
        }
        if let Some(swap) = &self.draft.swap {
            let quote = &swap.quote;
            let impact = rust_decimal::Decimal::new(i64::from(quote.price_impact_pips), 4).normalize();
            let fee = rust_decimal::Decimal::new(i64::from(quote.fee_pips), 4).normalize();
            notes.push(format!("swap through {}: fee {fee} %, price impact {impact} %", self.route_name()));
        }
        notes
    }

    fn route_name(&self) -> String {
        let Some(swap) = &self.draft.swap else { return String::new() };
        let market = &self.ctx.snapshot.market;
        let symbol = |token| market.reserve(token).map_or_else(|_| token.to_string(), |r| r.symbol.clone());
        let mut name = symbol(swap.quote.route.token_in());
        for hop in swap.quote.route.hops() {
            let fee = rust_decimal::Decimal::new(i64::from(hop.pool.fee()), 4).normalize();
            name.push_str(&format!(" –{fee} %→ {}", symbol(hop.token_out)));
        }
        name
    }

    fn costs(&self) -> Result<Vec<(String, Quantity)>, PlanError> {
        let mut costs = Vec::new();
        if let Some(swap) = &self.draft.swap {
            costs.push((
                "swap against the oracle".to_owned(),
                Quantity::usd(swap.value_in.saturating_sub(swap.value_out)),
            ));
        }
        if let Some(loan) = &self.draft.loan {
            costs.push(("flash loan fee".to_owned(), Quantity::usd(self.ctx.debt.debt_value(loan.fee)?.0)));
        }
        Ok(costs)
    }
}
