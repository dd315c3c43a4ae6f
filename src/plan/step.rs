//! One transaction of a plan, and how its call data is completed with signed permits.

use std::collections::HashMap;

use alloy::{
    primitives::{Address, B256, Bytes, FixedBytes, Signature, U256},
    sol_types::{SolCall, SolValue},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::abi::{ICreditDelegation::approveDelegationCall, IERC20::approveCall};
use crate::units::Ether;

use super::{PermitKind, PermitRequest};

/// One transaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Why, for people: `enter e-mode 9 (cbETH/WETH)`.
    pub purpose: String,
    /// Contract called.
    pub to: Address,
    /// Native value, wei.
    #[serde(with = "Ether")]
    pub value: U256,
    /// What it is called with.
    pub data: CallData,
}

/// Call data, finished or waiting for signatures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "form")]
pub enum CallData {
    /// Complete.
    Fixed {
        /// The bytes.
        #[schemars(with = "String")]
        data: Bytes,
    },
    /// A function with one `bytes` argument, put together from parts of which some are permits.
    Stream {
        /// Its selector.
        #[schemars(with = "String")]
        selector: FixedBytes<4>,
        /// The parts of the argument in order.
        segments: Vec<Segment>,
    },
}

/// A part of a stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "part")]
pub enum Segment {
    /// Operations as they are.
    Ops {
        /// The bytes.
        #[schemars(with = "String")]
        data: Bytes,
    },
    /// A permit: the op's header, then the compact signed body.
    Permit {
        /// Header of the permit op.
        #[schemars(with = "String")]
        header: Bytes,
        /// What is signed; value 0 takes back what an earlier permit may have left.
        request: Box<PermitRequest>,
    },
}

/// Signatures by the digest they sign.
pub type SignedPermits = HashMap<B256, Signature>;

/// A step with complete call data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadyStep {
    /// Why, for people.
    pub purpose: String,
    /// Contract called.
    pub to: Address,
    /// Native value, wei.
    pub value: U256,
    /// Complete call data.
    pub data: Bytes,
}

/// Why call data could not be completed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FillError {
    /// A permit of the plan was not signed.
    #[error("the permit for {0} is not signed")]
    Unsigned(String),
    /// A deadline beyond what the compact form holds.
    #[error("the permit deadline {0} does not fit 32 bits")]
    Deadline(u64),
}

impl CallData {
    /// The permits in it, in order.
    pub fn permits(&self) -> impl Iterator<Item = &PermitRequest> {
        let segments = match self {
            Self::Fixed { .. } => &[][..],
            Self::Stream { segments, .. } => segments,
        };
        segments.iter().filter_map(|segment| match segment {
            Segment::Permit { request, .. } => Some(&**request),
            Segment::Ops { .. } => None,
        })
    }

    /// Bytes of the complete call data.
    #[must_use]
    pub fn size(&self) -> usize {
        match self {
            Self::Fixed { data } => data.len(),
            Self::Stream { segments, .. } => {
                let argument: usize = segments
                    .iter()
                    .map(|segment| match segment {
                        Segment::Ops { data } => data.len(),
                        Segment::Permit { header, .. } => header.len() + PermitRequest::COMPACT_LENGTH,
                    })
                    .sum();
                4 + 64 + argument.next_multiple_of(32)
            }
        }
    }

    /// The call data with each permit filled in from `signed`, except those that `omit` names (an allowance that is
    /// already in force, such as after somebody front-ran the delegation with its own signature).
    pub fn fill(&self, signed: &SignedPermits, omit: impl Fn(&PermitRequest) -> bool) -> Result<Bytes, FillError> {
        let (selector, segments) = match self {
            Self::Fixed { data } => return Ok(data.clone()),
            Self::Stream { selector, segments } => (selector, segments),
        };
        let mut argument = Vec::new();
        for segment in segments {
            match segment {
                Segment::Ops { data } => argument.extend_from_slice(data),
                Segment::Permit { request, .. } if omit(request) => {}
                Segment::Permit { header, request } => {
                    let signature =
                        signed.get(&request.digest()).ok_or_else(|| FillError::Unsigned(request.symbol.clone()))?;
                    let body = request.compact(signature).ok_or(FillError::Deadline(request.deadline.0))?;
                    argument.extend_from_slice(header);
                    argument.extend_from_slice(&body);
                }
            }
        }
        Ok([selector.as_slice(), &(Bytes::from(argument),).abi_encode_params()].concat().into())
    }
}

impl Step {
    /// The step as the account would do it without signatures: plain approvals, the stream without its permits, then
    /// approvals of zero for what the stream's last permits would take back. For dry runs.
    #[must_use]
    pub fn rehearsal(&self) -> Vec<ReadyStep> {
        let approval = |request: &PermitRequest| {
            let data = match request.kind {
                PermitKind::Erc2612 => approveCall { spender: request.spender, amount: request.value }.abi_encode(),
                PermitKind::CreditDelegation => {
                    approveDelegationCall { delegatee: request.spender, amount: request.value }.abi_encode()
                }
            };
            let purpose = format!("allow {} {}", request.value, request.symbol);
            ReadyStep { purpose, to: request.token, value: U256::ZERO, data: data.into() }
        };
        let (grants, returns): (Vec<_>, Vec<_>) = self.data.permits().partition(|request| !request.value.is_zero());
        let bare = self.data.fill(&SignedPermits::new(), |_| true).unwrap_or_default();
        let own = ReadyStep { purpose: self.purpose.clone(), to: self.to, value: self.value, data: bare };
        grants.into_iter().map(approval).chain([own]).chain(returns.into_iter().map(approval)).collect()
    }

    /// The step ready to be sent.
    pub fn ready(&self, signed: &SignedPermits, omit: impl Fn(&PermitRequest) -> bool) -> Result<ReadyStep, FillError> {
        let data = self.data.fill(signed, omit)?;
        Ok(ReadyStep { purpose: self.purpose.clone(), to: self.to, value: self.value, data })
    }
}
