//! A plan that comes from a file is somebody's text: what its transactions touch is checked again before it is sent.

use alloy::{
    primitives::{Address, U256},
    sol_types::SolCall,
};

use super::{
    Deployment, NAME,
    abi::{IERC20, ITrading, LIMIT, MARKET},
};
use crate::{
    perps::{PerpRequest, PerpSubject},
    plan::{CallData, Plan, Step},
};

/// Why a plan file is not sent.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuditError {
    /// Not a plan of a perp action.
    #[error("the plan does not say which perp action it is: {0}")]
    Subject(serde_json::Error),
    /// Of another adapter.
    #[error("the plan is for the venue {0}, which this program does not write to")]
    Venue(String),
    /// A transaction that the action does not make.
    #[error("`{purpose}` calls {to} in a way that this perp action does not")]
    Step {
        /// What the file says it is for.
        purpose: String,
        /// What it calls.
        to: Address,
    },
}

/// Refuses a plan whose transactions are not what its perp action would send: one call of the venue's Trading contract
/// that does what the subject says, and at most one exact approval of USDC for its storage before it.
pub fn audit(plan: &Plan) -> Result<(), AuditError> {
    let subject: PerpSubject = serde_json::from_value(plan.subject.clone()).map_err(AuditError::Subject)?;
    if subject.venue != NAME {
        return Err(AuditError::Venue(subject.venue));
    }
    let refused = |step: &Step| AuditError::Step { purpose: step.purpose.clone(), to: step.to };
    let (approvals, last) = match plan.steps.as_slice() {
        [last] => (&[][..], last),
        [approval, last] => (std::slice::from_ref(approval), last),
        steps => {
            let what = steps.first().map(refused);
            let none = AuditError::Step { purpose: "nothing".to_owned(), to: Address::ZERO };
            return Err(what.unwrap_or(none));
        }
    };
    if let Some(approval) = approvals.iter().find(|step| !is_exact_approval(step)) {
        return Err(refused(approval));
    }
    if fits(&subject.perp, plan.account, last) { Ok(()) } else { Err(refused(last)) }
}

fn fixed(step: &Step) -> Option<&[u8]> {
    match &step.data {
        CallData::Fixed { data } => Some(data),
        CallData::Stream { .. } => None,
    }
}

fn is_exact_approval(step: &Step) -> bool {
    let at = Deployment::BASE;
    let call = fixed(step).and_then(|data| IERC20::approveCall::abi_decode(data).ok());
    let is_ours = call.is_some_and(|call| call.spender == at.storage && call.amount >> 128 == U256::ZERO);
    is_ours && step.to == at.usdc && step.value.is_zero()
}

/// Whether the call does what the subject says.
fn fits(request: &PerpRequest, account: Address, step: &Step) -> bool {
    let Some(data) = fixed(step).filter(|_| step.to == Deployment::BASE.trading) else { return false };
    let same = |pair: U256, index: U256, key: &crate::perps::PositionKey| {
        pair == U256::from(key.pair_index) && index == U256::from(key.index)
    };
    match request {
        PerpRequest::Open(open) => ITrading::openTradeCall::abi_decode(data).is_ok_and(|call| {
            call.t.trader == account
                && [MARKET, LIMIT].contains(&call.orderType)
                && call.t.positionSizeUSDC == open.margin.0
                && call.t.leverage == open.leverage.0
                && call.t.buy == open.side.is_long()
                && call.slippageP == open.slippage.0
        }),
        PerpRequest::Close { position, .. } => ITrading::closeTradeMarketCall::abi_decode(data)
            .is_ok_and(|call| same(call.pairIndex, call.index, position)),
        PerpRequest::Margin { position, .. } => {
            ITrading::updateMarginCall::abi_decode(data).is_ok_and(|call| same(call.pairIndex, call.index, position))
        }
        PerpRequest::Levels { position, .. } => {
            ITrading::updateTpAndSlCall::abi_decode(data).is_ok_and(|call| same(call.pairIndex, call.index, position))
        }
        PerpRequest::Cancel { order } => ITrading::cancelOpenLimitOrderCall::abi_decode(data)
            .is_ok_and(|call| same(call.pairIndex, call.index, order)),
        PerpRequest::Increase { .. } => false,
    }
}
