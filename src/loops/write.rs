//! A drafted action written as a plan: steps, permits, bounds, figures, costs.

use alloy::{
    primitives::{Bytes, U256},
    sol,
    sol_types::SolCall,
};
use serde::{Deserialize, Serialize};

use super::{
    FlashSource, Pair, PlanError, Scope, Target,
    bounds::{bounds, gas_reserve, least_gas},
    context::Context,
    draft::{Draft, Flows, Grant, Prepare},
    figures::figures,
};
use crate::{
    aave::{self, PermitDomain},
    config::{Thresholds, Urgency},
    onedelta::{self, AllowList, COMPOSER, DELTA_COMPOSE},
    plan::{CallData, PermitKind, PermitRequest, Plan, Quantity, SCHEMA, Segment, Step},
    units::Secs,
};

sol! {
    function approve(address spender, uint256 value) external returns (bool);
    function approveDelegation(address delegatee, uint256 amount) external;
    function setUserEMode(uint8 categoryId) external;
    function setUserUseReserveAsCollateral(address asset, bool useAsCollateral) external;
}

/// What the journal keeps of a loop plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// Which part was asked for.
    pub scope: Scope,
    /// Its collateral, smallest unit.
    pub collateral: U256,
    /// Its debt, smallest unit.
    pub debt: U256,
    /// Nothing of it remains afterwards.
    pub ends: bool,
}

/// Writes the plan.
pub(super) fn write(ctx: &Context<'_>, draft: &Draft) -> Result<Plan, PlanError> {
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
        account,
        block: ctx.snapshot.block,
        valid_until,
        headline: draft.headline.clone(),
        notes,
        steps,
        bounds: bounds(ctx, draft)?,
        figures: figures(ctx, draft)?,
        costs: writer.costs()?,
        subject: serde_json::to_value(subject).unwrap_or_default(),
    })
}

/// The wallet holds what is put in, and keeps something for gas.
pub(super) fn funds_suffice(ctx: &Context<'_>, flows: &Flows) -> Result<(), PlanError> {
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
        for permit in self.permits(&mut steps)? {
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

    /// The permits of the stream; a token without permit gets an exact approval as a step of its own.
    fn permits(&self, steps: &mut Vec<Step>) -> Result<Vec<Signed>, PlanError> {
        let (ctx, draft) = (self.ctx, self.draft);
        let holding = |token| ctx.snapshot.account.holding(token);
        let mut permits = Vec::new();
        if let Some((token, amount)) = draft.pull {
            let asset = if token == ctx.pair.debt.token { &ctx.pair.debt } else { &ctx.pair.collateral };
            let held = holding(token);
            match (ctx.signable(asset.token_permit.as_ref()), held.wallet_nonce) {
                (Some(domain), Some(nonce)) => {
                    let grant = Grant { value: amount, leaves_rest: false };
                    permits.push(self.permit(PermitKind::Erc2612, domain, &asset.symbol, nonce, grant));
                }
                _ if held.wallet_allowance >= amount => {}
                _ => steps.push(Step {
                    purpose: format!(
                        "approve exactly {} ({})",
                        Quantity::new(amount, asset.decimals, asset.symbol.clone()),
                        no_permit(asset.token_permit.as_ref())
                    ),
                    to: token,
                    value: U256::ZERO,
                    data: fixed(approveCall { spender: COMPOSER, value: amount }.abi_encode()),
                }),
            }
        }
        if let Some(grant) = draft.a_token {
            let asset = &ctx.pair.collateral;
            match ctx.signable(asset.a_token_permit.as_ref()) {
                Some(domain) => {
                    let nonce = holding(asset.token).a_token_nonce;
                    permits.push(self.permit(PermitKind::Erc2612, domain, &format!("a{}", asset.symbol), nonce, grant));
                }
                None if grant.leaves_rest => return Err(PlanError::NoPermit(asset.a_token)),
                None => steps.push(Step {
                    purpose: format!("approve exactly {} of a{}", ctx.collateral_amount(grant.value), asset.symbol),
                    to: asset.a_token,
                    value: U256::ZERO,
                    data: fixed(approveCall { spender: COMPOSER, value: grant.value }.abi_encode()),
                }),
            }
        }
        if let Some(grant) = draft.delegation {
            let asset = &ctx.pair.debt;
            match ctx.signable(asset.debt_token_permit.as_ref()) {
                Some(domain) => {
                    let nonce = holding(asset.token).debt_token_nonce;
                    let symbol = format!("{} debt", asset.symbol);
                    permits.push(self.permit(PermitKind::CreditDelegation, domain, &symbol, nonce, grant));
                }
                None => steps.push(Step {
                    purpose: format!("delegate exactly {}", ctx.debt_amount(grant.value)),
                    to: asset.debt_token,
                    value: U256::ZERO,
                    data: fixed(approveDelegationCall { delegatee: COMPOSER, amount: grant.value }.abi_encode()),
                }),
            }
        }
        Ok(permits)
    }

    /// Says why a transaction allows what a permit would have.
    fn unsigned(&self) -> Option<String> {
        let (token, _) = self.draft.pull?;
        let pair = self.ctx.pair;
        let asset = if token == pair.debt.token { &pair.debt } else { &pair.collateral };
        let account = &self.ctx.snapshot.account;
        asset.token_permit.as_ref().filter(|permit| !account.signs(permit))?;
        let (symbol, code) = (&asset.symbol, account.code);
        Some(format!(
            "no permit of {symbol}: the account has {code}, and {symbol} asks that whether a signature is good"
        ))
    }

    fn permit(&self, kind: PermitKind, domain: &PermitDomain, symbol: &str, nonce: U256, grant: Grant) -> Signed {
        let request = PermitRequest {
            kind,
            token: domain.token,
            name: domain.name.clone(),
            version: domain.version.clone(),
            chain_id: domain.chain_id,
            owner: self.ctx.snapshot.account.address,
            spender: COMPOSER,
            value: grant.value,
            nonce,
            deadline: self.valid_until,
            symbol: symbol.to_owned(),
        };
        Signed { request, leaves_rest: grant.leaves_rest }
    }

    /// What the stream may touch.
    fn allow_list(&self) -> AllowList {
        let lender = match self.draft.loan.as_ref().map(|loan| loan.candidate.source) {
            Some(FlashSource::UniswapV3(key)) => Some(key),
            _ => None,
        };
        super::allow::allow_list(self.ctx.pair, lender)
    }

    fn notes(&self, steps: &[Step]) -> Vec<String> {
        let mut notes = Vec::new();
        notes.extend(self.unsigned());
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
            let fee = rust_decimal::Decimal::new(i64::from(hop.fee), 4).normalize();
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

struct Signed {
    request: PermitRequest,
    leaves_rest: bool,
}

fn segment(request: &PermitRequest) -> Segment {
    let kind = match request.kind {
        PermitKind::Erc2612 => onedelta::PermitKind::Token,
        PermitKind::CreditDelegation => onedelta::PermitKind::AaveCredit,
    };
    let header = Bytes::copy_from_slice(&onedelta::permit_header(kind, request.token));
    Segment::Permit { header, request: Box::new(request.clone()) }
}

/// Why there is none, in brackets behind the step that takes its place.
const fn no_permit(permit: Option<&PermitDomain>) -> &'static str {
    if permit.is_some() { "instead of a permit" } else { "no permit" }
}

fn fixed(data: Vec<u8>) -> CallData {
    CallData::Fixed { data: data.into() }
}
