//! The check that approves a plan.

use alloy::primitives::Address;

use super::{Plan, bound::Bound};
use crate::units::Secs;

/// Why a plan was not approved.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// Bounds do not hold.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Bounds(Vec<Bound>),
    /// The plan is too old.
    #[error("the plan was valid until {valid_until}, chain time is {now}: plan again", valid_until = .valid_until.0, now = .now.0)]
    Expired {
        /// Its last moment.
        valid_until: Secs,
        /// Chain time now.
        now: Secs,
    },
    /// The plan is for somewhere or somebody else.
    #[error("the plan is for {field} {planned}, this is {here}")]
    Elsewhere {
        /// `network` or `account`.
        field: &'static str,
        /// What the plan says.
        planned: String,
        /// Where we are.
        here: String,
    },
    /// Somebody else would sign for the owner.
    #[error("the plan is about {owner} and would be signed by {signer}: no action acts for another account")]
    NotTheOwner {
        /// Whose position it is.
        owner: Address,
        /// Whose key.
        signer: Address,
    },
}

/// Something whose bounds were checked. Only [`check`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approved<T>(T);

impl<T> Approved<T> {
    /// What was approved.
    pub const fn get(&self) -> &T {
        &self.0
    }
}

/// Approves a plan whose bounds all hold at chain time `now` on `network`; pure.
pub fn check(plan: Plan, network: &str, now: Secs) -> Result<Approved<Plan>, Refusal> {
    if plan.network != network {
        return Err(Refusal::Elsewhere { field: "network", planned: plan.network, here: network.to_owned() });
    }
    // A guard or a delegate will sign for an owner; until then a plan that says so is somebody's text.
    if plan.signer != plan.owner {
        return Err(Refusal::NotTheOwner { owner: plan.owner, signer: plan.signer });
    }
    if now > plan.valid_until {
        return Err(Refusal::Expired { valid_until: plan.valid_until, now });
    }
    let broken: Vec<Bound> = plan.bounds.iter().filter(|bound| bound.blocking && !bound.holds()).cloned().collect();
    if broken.is_empty() { Ok(Approved(plan)) } else { Err(Refusal::Bounds(broken)) }
}
