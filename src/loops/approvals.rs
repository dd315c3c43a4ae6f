//! What composer and forwarder may still do with an account's tokens, and the plan that takes it back.

use alloy::{
    primitives::{Address, Bytes, U256},
    sol_types::SolCall,
};
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    aave::{Listing, Market, QueryError, ReserveList},
    abi::{ICreditDelegation, IERC20},
    chain::{Answers, Batch, BlockRef, Slot},
    config::Urgency,
    onedelta::{CALL_FORWARDER, CALL_FORWARDER_OLD, COMPOSER},
    perps::venues,
    plan::{CallData, Figure, Plan, PlanSubject, Quantity, ReadBack, SCHEMA, Step},
    units::Secs,
};

/// Who is asked about. The forwarder runs calls that anybody hands it: it must never be allowed anything.
const OURS: [(Address, &str); 3] =
    [(COMPOSER, "composer"), (CALL_FORWARDER, "forwarder"), (CALL_FORWARDER_OLD, "old forwarder")];

fn spenders() -> impl Iterator<Item = (Address, &'static str)> {
    OURS.into_iter().chain(venues::SPENDERS)
}

/// From here on an allowance is no amount any more: more than any token's supply.
const ENDLESS_BITS: usize = 128;

/// What an approval lets its spender do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ApprovalKind {
    /// Pull tokens from the wallet.
    Token,
    /// Pull aTokens: withdraw collateral.
    AToken,
    /// Borrow in the account's name.
    Delegation,
}

/// One approval in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Approval {
    /// Who may.
    pub spender: Address,
    /// `composer`, `forwarder` or `perp venue`.
    pub spender_name: &'static str,
    /// What it may do.
    pub kind: ApprovalKind,
    /// The reserve's symbol.
    pub symbol: String,
    /// The token, aToken or debt token that keeps the approval.
    pub token: Address,
    /// How much.
    pub amount: Quantity,
    /// Whether it is more than there can be.
    pub unlimited: bool,
}

impl Approval {
    /// Whether it is one that the composer never needs, such as any of the forwarder.
    #[must_use]
    pub fn is_dangerous(&self) -> bool {
        self.spender != COMPOSER && venues::SPENDERS.iter().all(|(venue, _)| *venue != self.spender)
    }

    /// The amount for people.
    #[must_use]
    pub fn amount_text(&self) -> String {
        if self.unlimited { format!("UNLIMITED {}", self.amount.unit) } else { self.amount.to_string() }
    }

    fn label(&self) -> String {
        match self.kind {
            ApprovalKind::Token => format!("{} that the {} may pull", self.symbol, self.spender_name),
            ApprovalKind::AToken => format!("a{} that the {} may pull", self.symbol, self.spender_name),
            ApprovalKind::Delegation => format!("{} that the {} may borrow", self.symbol, self.spender_name),
        }
    }

    fn revocation(&self) -> Bytes {
        match self.kind {
            ApprovalKind::Token | ApprovalKind::AToken => {
                IERC20::approveCall { spender: self.spender, amount: U256::ZERO }.abi_encode().into()
            }
            ApprovalKind::Delegation => {
                ICreditDelegation::approveDelegationCall { delegatee: self.spender, amount: U256::ZERO }
                    .abi_encode()
                    .into()
            }
        }
    }

    fn question(&self, owner: Address) -> Bytes {
        match self.kind {
            ApprovalKind::Token | ApprovalKind::AToken => {
                IERC20::allowanceCall { owner, spender: self.spender }.abi_encode().into()
            }
            ApprovalKind::Delegation => {
                ICreditDelegation::borrowAllowanceCall { fromUser: owner, toUser: self.spender }.abi_encode().into()
            }
        }
    }
}

/// Where a batch has the answers that make the list of approvals.
#[derive(Debug)]
pub struct ApprovalsQuery<'list> {
    slots: Vec<ApprovalSlots<'list>>,
}

#[derive(Debug)]
struct ApprovalSlots<'list> {
    listing: &'list Listing,
    spender: (Address, &'static str),
    token: Slot<IERC20::allowanceCall>,
    a_token: Slot<IERC20::allowanceCall>,
    debt_token: Slot<ICreditDelegation::borrowAllowanceCall>,
}

impl<'list> ApprovalsQuery<'list> {
    /// Adds the calls for every reserve and spender.
    pub fn add(list: &'list ReserveList, owner: Address, batch: &mut Batch) -> Self {
        let mut slots = Vec::new();
        for spender in spenders() {
            let (address, _) = spender;
            slots.extend(list.listings.iter().map(|listing| ApprovalSlots {
                listing,
                spender,
                token: batch.add(listing.asset, &IERC20::allowanceCall { owner, spender: address }),
                a_token: batch.add(listing.a_token, &IERC20::allowanceCall { owner, spender: address }),
                debt_token: batch.add(
                    listing.debt_token,
                    &ICreditDelegation::borrowAllowanceCall { fromUser: owner, toUser: address },
                ),
            }));
        }
        Self { slots }
    }

    /// The approvals that are not zero.
    pub fn decode(&self, answers: &Answers, market: &Market) -> Result<Vec<Approval>, QueryError> {
        let mut approvals = Vec::new();
        for slots in &self.slots {
            let listing = slots.listing;
            for (kind, token, raw) in [
                (ApprovalKind::Token, listing.asset, answers.get(slots.token)?),
                (ApprovalKind::AToken, listing.a_token, answers.get(slots.a_token)?),
                (ApprovalKind::Delegation, listing.debt_token, answers.get(slots.debt_token)?),
            ] {
                if raw.is_zero() {
                    continue;
                }
                let decimals = market.reserve(listing.asset).map_or(0, |reserve| reserve.configuration.decimals());
                approvals.push(Approval {
                    spender: slots.spender.0,
                    spender_name: slots.spender.1,
                    kind,
                    symbol: listing.symbol.clone(),
                    token,
                    amount: Quantity::new(raw, decimals, listing.symbol.clone()),
                    unlimited: raw >> ENDLESS_BITS != U256::ZERO,
                });
            }
        }
        Ok(approvals)
    }
}

/// For whom, where and until when approvals are taken back.
#[derive(Debug, Clone)]
pub struct Revocation {
    /// Identifies the intent.
    pub id: String,
    /// The network's name.
    pub network: String,
    /// Whose approvals.
    pub account: Address,
    /// The block that the approvals were read at.
    pub block: BlockRef,
    /// Not sent after this moment of chain time.
    pub valid_until: Secs,
}

impl Revocation {
    /// A plan that sets these approvals to zero, one transaction each; the figures are read back afterwards.
    #[must_use]
    pub fn plan(self, approvals: &[Approval]) -> Plan {
        let count = approvals.len();
        let plural = if count == 1 { "approval" } else { "approvals" };
        Plan {
            schema: SCHEMA,
            id: self.id,
            kind: "approvals revoke".to_owned(),
            urgency: Urgency::Open,
            network: self.network,
            owner: self.account,
            signer: self.account,
            block: self.block,
            valid_until: self.valid_until,
            headline: format!("take back {count} {plural}"),
            notes: Vec::new(),
            steps: approvals.iter().map(step).collect(),
            bounds: Vec::new(),
            figures: approvals.iter().enumerate().map(|(index, one)| figure(index, one, self.account)).collect(),
            costs: Vec::new(),
            subject: PlanSubject::Approvals,
        }
    }
}

fn step(approval: &Approval) -> Step {
    Step {
        purpose: format!("no more {}", approval.label()),
        to: approval.token,
        value: U256::ZERO,
        data: CallData::Fixed { data: approval.revocation() },
    }
}

/// Whether a transaction does nothing but set an approval of somebody whom we know to zero.
pub(super) fn takes_back(step: &Step) -> bool {
    let CallData::Fixed { data } = &step.data else { return false };
    let known = |spender| spenders().any(|(address, _)| address == spender);
    let pulls = IERC20::approveCall::abi_decode(data).is_ok_and(|call| known(call.spender) && call.amount.is_zero());
    let borrows = ICreditDelegation::approveDelegationCall::abi_decode(data)
        .is_ok_and(|call| known(call.delegatee) && call.amount.is_zero());
    step.value.is_zero() && (pulls || borrows)
}

fn figure(index: usize, approval: &Approval, owner: Address) -> Figure {
    // `Quantity` shows the largest number as "unlimited".
    let raw = if approval.unlimited { U256::MAX } else { approval.amount.raw };
    Figure {
        name: format!("allowance_{index}"),
        label: approval.label(),
        before: Quantity { raw, ..approval.amount.clone() },
        after: Quantity { raw: U256::ZERO, ..approval.amount.clone() },
        read: Some(ReadBack { to: approval.token, data: approval.question(owner), word: 0, pays_gas: false }),
        tolerance: U256::ZERO,
        at_least: false,
        detail: false,
    }
}

#[cfg(test)]
mod tests {
    use alloy::primitives::B256;

    use super::*;

    fn approval(kind: ApprovalKind, raw: U256) -> Approval {
        Approval {
            spender: COMPOSER,
            spender_name: "composer",
            kind,
            symbol: "USDC".to_owned(),
            token: Address::repeat_byte(5),
            amount: Quantity::new(raw, 6, "USDC"),
            unlimited: raw >> ENDLESS_BITS != U256::ZERO,
        }
    }

    #[test]
    fn each_approval_is_set_to_zero_where_it_is_kept_and_read_back_there() {
        let block =
            BlockRef { number: 1, hash: B256::ZERO, timestamp: Secs(10), base_fee: U256::ZERO, timestamp_ms: None };
        let revocation = Revocation {
            id: "id".to_owned(),
            network: "base".to_owned(),
            account: Address::repeat_byte(7),
            block,
            valid_until: Secs(20),
        };
        let approvals =
            [approval(ApprovalKind::Token, U256::MAX), approval(ApprovalKind::Delegation, U256::from(5_000_000u64))];
        let plan = revocation.plan(&approvals);
        assert_eq!(plan.steps.len(), 2);
        let data = |index: usize| match &plan.steps[index].data {
            CallData::Fixed { data } => data.clone(),
            CallData::Stream { .. } => panic!("no stream here"),
        };
        let call = IERC20::approveCall::abi_decode(&data(0)).expect("an approval");
        assert_eq!((call.spender, call.amount), (COMPOSER, U256::ZERO));
        let call = ICreditDelegation::approveDelegationCall::abi_decode(&data(1)).expect("a delegation");
        assert_eq!((call.delegatee, call.amount), (COMPOSER, U256::ZERO));
        assert!(plan.figures.iter().all(|figure| figure.after.raw.is_zero() && figure.read.is_some()));
        assert_eq!(plan.figures[0].before.to_string(), "unlimited");
        assert_eq!(plan.figures[1].before.to_string(), "5 USDC");
    }

    #[test]
    fn an_endless_approval_and_one_of_the_forwarder_stand_out() {
        let endless = approval(ApprovalKind::AToken, U256::MAX - U256::from(1_000_000u64));
        assert_eq!(endless.amount_text(), "UNLIMITED USDC");
        assert!(!endless.is_dangerous());
        assert!(Approval { spender: CALL_FORWARDER, ..endless }.is_dangerous());
    }
}
