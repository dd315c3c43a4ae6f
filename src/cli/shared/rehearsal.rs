//! What a plan would do and what its gas would cost.

use alloy::primitives::{Bytes, U256};

use super::{exit::Outcome, plan_view::GasView, session::Session};
use crate::{
    chain::{Batch, L1FeeQuery, Reader},
    plan::{Plan, Quantity, Rehearsal, rehearse},
    units::Secs,
};

/// What a plan does and takes in gas on the state that it was planned on, side by side with what its call data costs on L1.
pub(in crate::cli) async fn rehearse_with_gas(
    session: &Session,
    plan: &Plan,
    at: Secs,
    price: U256,
) -> Outcome<(Rehearsal, GasView)> {
    let mut batch = Batch::new();
    let bytes: usize = plan.steps.iter().map(|step| step.data.size()).sum();
    // Call data with permits is mostly non-zero bytes.
    let sample = Bytes::from(vec![0xffu8; bytes]);
    let query = L1FeeQuery::add(&mut batch, &sample);
    let (rehearsal, answers) =
        tokio::join!(rehearse(&session.endpoints, plan, plan.block, at), session.endpoints.read(plan.block, &batch));
    let (rehearsal, answers) = (rehearsal?, answers?);
    let gas: u64 = rehearsal.steps.iter().map(|step| step.gas_used).sum();
    let (l1, l2) = (query.read(&answers)?, price.saturating_mul(U256::from(gas)));
    Ok((rehearsal, GasView { gas, l2: Quantity::new(l2, 18, "ETH"), l1: Quantity::new(l1, 18, "ETH") }))
}
