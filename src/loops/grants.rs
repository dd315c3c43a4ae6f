//! What a stream is allowed: permits in it, and transactions before it where a token takes no permit of the account.

use alloy::{
    primitives::{Bytes, U256},
    sol_types::SolCall,
};

use super::{
    PlanError,
    plan::{
        context::Context,
        draft::{Draft, Grant},
    },
};
use crate::{
    aave::PermitDomain,
    abi::{ICreditDelegation::approveDelegationCall, IERC20::approveCall},
    onedelta::{self, COMPOSER},
    plan::{CallData, PermitKind, PermitRequest, Quantity, Segment, Step},
    units::Secs,
};

/// The allowances of a draft.
pub(super) struct Grants<'a> {
    pub(super) ctx: &'a Context<'a>,
    pub(super) draft: &'a Draft,
    pub(super) valid_until: Secs,
}

/// A permit of the stream.
pub(super) struct Signed {
    pub(super) request: PermitRequest,
    /// What it leaves is set to zero at the stream's end.
    pub(super) leaves_rest: bool,
}

impl Grants<'_> {
    /// The permits of the stream; a token without permit gets an exact approval as a step of its own.
    pub(super) fn permits(&self, steps: &mut Vec<Step>) -> Result<Vec<Signed>, PlanError> {
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
                    data: fixed(approveCall { spender: COMPOSER, amount }.abi_encode()),
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
                    data: fixed(approveCall { spender: COMPOSER, amount: grant.value }.abi_encode()),
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
    pub(super) fn unsigned(&self) -> Option<String> {
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
}

/// A permit as a part of the stream.
pub(super) fn segment(request: &PermitRequest) -> Segment {
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

/// Call data that needs no signature.
pub(super) fn fixed(data: Vec<u8>) -> CallData {
    CallData::Fixed { data: data.into() }
}
