//! A plan that comes from a file is somebody's text: what its transactions touch is checked again before it is sent.

use alloy::{
    primitives::{Address, U256},
    sol_types::SolCall,
};

use super::{FlashSource, Pair, Subject, allow::allow_list, approvals::takes_back};
use crate::{
    aave,
    dex::Exchanges,
    onedelta::{self, COMPOSER, DELTA_COMPOSE},
    plan::{CallData, PermitRequest, Plan, PlanSubject, Segment, Step, SubjectError},
};
use crate::{
    aave::abi::IPool::{repayCall, repayWithATokensCall, setUserEModeCall, setUserUseReserveAsCollateralCall},
    abi::{ICreditDelegation::approveDelegationCall, IERC20::approveCall},
};

/// Why a plan file is not sent.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuditError {
    /// Not a plan of a loop action.
    #[error("the plan does not say which loop it acts on: {0}")]
    Subject(SubjectError),
    /// A transaction that no loop action makes.
    #[error("`{purpose}` calls {to} in a way that no loop action does")]
    Step {
        /// What the file says it is for.
        purpose: String,
        /// What it calls.
        to: Address,
    },
    /// A permit for somebody else, or of another token.
    #[error("the permit of {token} for {spender} is none that a loop action needs")]
    Permit {
        /// The token.
        token: Address,
        /// Who could spend.
        spender: Address,
    },
    /// The stream cannot be read.
    #[error("composer stream: {0}")]
    Decode(#[from] onedelta::DecodeError),
    /// The stream touches what it must not.
    #[error("composer stream refused: {0}")]
    Stream(#[from] onedelta::Refusal),
}

/// Refuses a plan whose transactions are not what a loop action on its pair would send; swaps on these exchanges only. A plan
/// without a loop may only take approvals back.
pub fn audit(plan: &Plan, exchanges: &Exchanges) -> Result<(), AuditError> {
    if plan.subject == PlanSubject::Approvals {
        let foreign = plan.steps.iter().find(|step| !takes_back(step));
        return match foreign {
            None => Ok(()),
            Some(step) => Err(AuditError::Step { purpose: step.purpose.clone(), to: step.to }),
        };
    }
    let subject: Subject = plan.subject.read_loop().map_err(AuditError::Subject)?;
    plan.steps.iter().try_for_each(|step| audit_step(plan, &subject.pair, exchanges, step))
}

fn audit_step(plan: &Plan, pair: &Pair, exchanges: &Exchanges, step: &Step) -> Result<(), AuditError> {
    let refused = || AuditError::Step { purpose: step.purpose.clone(), to: step.to };
    match &step.data {
        CallData::Fixed { data } => {
            let known = step.value.is_zero() && is_preparation(pair, plan.owner, step.to, data);
            if known { Ok(()) } else { Err(refused()) }
        }
        CallData::Stream { selector, segments } => {
            if step.to != COMPOSER || selector.0 != DELTA_COMPOSE {
                return Err(refused());
            }
            let mut stream = Vec::new();
            for segment in segments {
                match segment {
                    Segment::Ops { data } => stream.extend_from_slice(data),
                    Segment::Permit { header, request } => audit_permit(plan, pair, header, request)?,
                }
            }
            let ops = onedelta::decode(&stream)?;
            onedelta::check_with_value(
                &ops,
                &allow_list(pair, exchanges, FlashSource::in_stream(&ops)),
                plan.owner,
                step.value,
            )?;
            Ok(())
        }
    }
}

/// Entering or leaving an e-mode, using a supply as collateral or not, repaying with a supply of the same asset, exact approvals for the composer, and repaying the pool itself.
fn is_preparation(pair: &Pair, account: Address, to: Address, data: &[u8]) -> bool {
    if to == aave::Deployment::BASE.pool {
        let repays = |call: repayCall| call.asset == pair.debt.token && call.onBehalfOf == account;
        let repays_itself = |call: repayWithATokensCall| call.asset == pair.debt.token;
        return setUserEModeCall::abi_decode(data).is_ok()
            || setUserUseReserveAsCollateralCall::abi_decode(data).is_ok()
            || repayWithATokensCall::abi_decode(data).is_ok_and(repays_itself)
            || repayCall::abi_decode(data).is_ok_and(repays);
    }
    let assets = [&pair.collateral, &pair.debt];
    let pool = aave::Deployment::BASE.pool;
    let repays = approveCall::abi_decode(data).is_ok_and(|call| call.spender == pool && call.amount < U256::MAX);
    if repays && to == pair.debt.token {
        return true;
    }
    let approves = approveCall::abi_decode(data).is_ok_and(|call| call.spender == COMPOSER && call.amount < U256::MAX);
    let delegates =
        approveDelegationCall::abi_decode(data).is_ok_and(|call| call.delegatee == COMPOSER && call.amount < U256::MAX);
    assets
        .iter()
        .any(|asset| (approves && (to == asset.token || to == asset.a_token)) || (delegates && to == asset.debt_token))
}

fn audit_permit(plan: &Plan, pair: &Pair, header: &[u8], request: &PermitRequest) -> Result<(), AuditError> {
    let assets = [&pair.collateral, &pair.debt];
    let is_ours = assets.iter().any(|a| [a.token, a.a_token, a.debt_token].contains(&request.token));
    let kind = match request.kind {
        crate::plan::PermitKind::Erc2612 => onedelta::PermitKind::Token,
        crate::plan::PermitKind::CreditDelegation => onedelta::PermitKind::AaveCredit,
    };
    let header_fits = header == onedelta::permit_header(kind, request.token);
    if is_ours && header_fits && request.spender == COMPOSER && request.owner == plan.owner && request.value < U256::MAX
    {
        return Ok(());
    }
    Err(AuditError::Permit { token: request.token, spender: request.spender })
}
