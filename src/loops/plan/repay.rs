//! Debt repaid from the wallet: nothing leaves Aave, so it works where its reserves are lent out and no loan is to be had.

use alloy::{
    primitives::{Address, U256},
    sol_types::SolCall,
};
use serde::{Deserialize, Serialize};

use super::{
    close::highest_rate,
    context::{Context, grown_at_most},
    draft::{Draft, Flow, Flows},
    stream::{Streams, without_standing_approvals},
};
use crate::{
    aave::{self, Amount as AaveAmount, Refusal, abi::IPool::repayCall},
    abi::IERC20::approveCall,
    loops::{PlanError, WETH},
    onedelta::{Amount, Op},
    plan::{CallData, Step},
};

/// Aave's only interest rate mode: variable.
const VARIABLE: u64 = 2;

/// How the wallet pays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Via {
    /// In the debt token through the composer: one transaction where the token has a permit.
    Composer,
    /// In ether through the composer, for a debt in wrapped ether: one transaction.
    Ether,
    /// In the debt token straight to the pool, approved exactly first: two transactions, for when the composer fails.
    Pool,
}

/// Plans a repayment of at most `amount`.
pub(in crate::loops) fn repay_from_wallet(ctx: &Context<'_>, amount: U256, via: Via) -> Result<Draft, PlanError> {
    let (pair, before) = (ctx.pair, ctx.start());
    let owed = ctx.own_debt(&before)?;
    let is_all = ctx.apart.debt.is_zero();
    if owed.is_zero() {
        return Err(Refusal::NoDebt(pair.debt.symbol.clone()).into());
    }
    if via == Via::Ether && pair.debt.token != WETH {
        return Err(PlanError::NotEther(pair.debt.symbol.clone()));
    }
    let all = is_all && amount >= owed;
    let repaid = amount.min(owed);
    // For all of it a little more is brought along: the debt grows until a block has it, and the rest comes back.
    let brought = match (all, via) {
        (true, Via::Composer | Via::Ether) => {
            amount.min(grown_at_most(owed, highest_rate(ctx.debt), ctx.settings.permit_ttl)?)
        }
        _ => repaid,
    };
    let mut after = before.clone();
    after.repay(pair.debt.token, if all { AaveAmount::All } else { AaveAmount::Exact(repaid) })?;
    let (ops, direct) = match via {
        Via::Pool => (Vec::new(), Some(straight(ctx, repaid))),
        Via::Composer | Via::Ether => (stream(ctx, brought, all, via)?, None),
    };
    let left = ctx.snapshot.contracts.composer[1];
    let rest = brought.saturating_sub(repaid).saturating_add(if direct.is_none() { left } else { U256::ZERO });
    let in_ether = via == Via::Ether;
    let pays = |is_paid: bool| if is_paid { brought } else { U256::ZERO };
    let flows = Flows {
        native: Flow { pays: pays(in_ether), ..Flow::default() },
        debt: Flow { pays: pays(!in_ether), receives: rest, receives_at_worst: U256::ZERO },
        ..Flows::default()
    };
    let source = if in_ether { "ether of the wallet" } else { "the wallet" };
    Ok(Draft {
        kind: "loop repay",
        headline: format!("{}: repay {} from {source}", pair.name(), ctx.debt_amount(repaid)),
        worst: after.clone(),
        before,
        after,
        prepare: Vec::new(),
        pull: (via == Via::Composer).then_some((pair.debt.token, brought)),
        direct,
        ops,
        delegation: None,
        a_token: None,
        loan: None,
        sources: Vec::new(),
        swap: None,
        flows,
        target: None,
        adds_risk: false,
        ends: false,
        notes: Vec::new(),
        floor_hint: String::new(),
    })
}

fn stream(ctx: &Context<'_>, brought: U256, all: bool, via: Via) -> Result<Vec<Op>, PlanError> {
    let token = ctx.pair.debt.token;
    let streams =
        Streams { pair: ctx.pair, exchanges: ctx.snapshot.pools.exchanges(), account: ctx.snapshot.account.address };
    let mut ops = vec![match via {
        Via::Ether => streams.wrap(token, brought)?,
        Via::Composer | Via::Pool => streams.pull(token, brought)?,
    }];
    ops.extend(streams.repay(if all { Amount::Max } else { Amount::exact(brought)? }));
    ops.push(streams.sweep(token, U256::ZERO)?);
    Ok(without_standing_approvals(ops, ctx.pair, &ctx.snapshot.contracts))
}

fn straight(ctx: &Context<'_>, amount: U256) -> Vec<Step> {
    let (pool, token) = (aave::Deployment::BASE.pool, ctx.pair.debt.token);
    let step = |purpose: String, to: Address, data: Vec<u8>| Step {
        purpose,
        to,
        value: U256::ZERO,
        data: CallData::Fixed { data: data.into() },
    };
    let quantity = ctx.debt_amount(amount);
    let account = ctx.snapshot.account.address;
    let repay =
        repayCall { asset: token, amount, interestRateMode: U256::from(VARIABLE), onBehalfOf: account }.abi_encode();
    vec![
        step(
            format!("approve exactly {quantity} for aave's pool"),
            token,
            approveCall { spender: pool, amount }.abi_encode(),
        ),
        step(format!("repay {quantity} to aave's pool"), pool, repay),
    ]
}
