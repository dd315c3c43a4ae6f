//! Closing a loop, or a fraction of it.

use alloy::primitives::U256;
use rust_decimal::Decimal;

use super::{
    context::{Context, grown_at_most, pools_of},
    draft::{Draft, Flow, Flows, Grant},
    flash::Meanwhile,
    loan::Loan,
    payout::{CLOSE, Payout, Share},
    stream::{Streams, without_standing_approvals},
    swap::Swap,
};
use crate::{
    aave::{Amount as AaveAmount, Projection, Reserve},
    loops::PlanError,
    onedelta::{Amount, Op, SweepAmount},
    units::{Bps, UsdE8, WAD, from_decimal, mul_div_down, mul_div_up},
};

/// What a value in dollars can lose or gain by rounding in an action.
const ROUNDING: UsdE8 = UsdE8(U256::from_limbs([4, 0, 0, 0]));
/// What an amount can lose or gain by rounding in an action, smallest units.
const ROUNDED: U256 = U256::from_limbs([2, 0, 0, 0]);

/// Amounts of a closing.
struct Sizes {
    /// All debt of the asset is repaid, with the interest until then; otherwise exactly `repaid`.
    repays_all: bool,
    /// The whole supply leaves, with the interest until then; otherwise exactly `withdrawn`.
    withdraws_all: bool,
    /// Debt repaid as predicted, and the most it can be by the deadline.
    repaid: U256,
    repaid_at_most: U256,
    /// Collateral withdrawn as predicted, and the most it can be by the deadline.
    withdrawn: U256,
    withdrawn_at_most: U256,
    /// What the snapshot's block itself has, less rounding: the transaction may be mined before it was predicted.
    withdrawn_at_least: U256,
}

/// Plans a closing.
pub(in crate::loops) fn close(ctx: &Context<'_>, share: Share, payout: Payout) -> Result<Draft, PlanError> {
    let before = ctx.start();
    let pair = ctx.pair;
    let supplied = ctx.own_supply(&before)?;
    let owed = ctx.own_debt(&before)?;
    if supplied.is_zero() {
        return Err(PlanError::NoLoop(pair.name()));
    }
    ctx.require_open_to_lowering(!owed.is_zero())?;
    let sizes = Sizes::of(ctx, share, supplied, owed)?;
    let work = Closing { ctx, payout, sizes };
    let (loan, sources) = work.loan()?;
    let swap = work.swap(loan.as_ref())?;
    work.require_enough(loan.as_ref(), swap.as_ref())?;
    let after = work.after(&before, loan.as_ref())?;
    let ops = without_standing_approvals(work.ops(loan.as_ref(), swap.as_ref())?, pair, &ctx.snapshot.contracts);
    let what = match share {
        Share::All => "close".to_owned(),
        Share::Part(part) => format!("close {} %", (part * Decimal::ONE_HUNDRED).normalize()),
    };
    let into = match payout {
        Payout::Debt => pair.debt.symbol.clone(),
        Payout::Collateral { unwrap: Some(_) } => "ETH".to_owned(),
        Payout::Collateral { unwrap: None } => pair.collateral.symbol.clone(),
    };
    Ok(Draft {
        kind: CLOSE,
        headline: format!("{}: {what}, paid out in {into}", pair.name()),
        worst: after.clone(),
        flows: work.flows(loan.as_ref(), swap.as_ref()),
        a_token: Some(Grant { value: work.sizes.withdrawn_at_most, leaves_rest: work.sizes.withdraws_all }),
        ends: share == Share::All,
        before,
        after,
        prepare: Vec::new(),
        direct: None,
        ops,
        pull: None,
        delegation: None,
        loan,
        sources,
        swap,
        target: None,
        adds_risk: false,
        notes: Vec::new(),
        floor_hint: String::new(),
    })
}

impl Sizes {
    fn of(ctx: &Context<'_>, share: Share, supplied: U256, owed: U256) -> Result<Self, PlanError> {
        match share {
            Share::All => {
                let ttl = ctx.settings.permit_ttl;
                // What other loops owe and have of the same assets stays, so the exact part of this one goes.
                let (repays_all, withdraws_all) = (ctx.apart.debt.is_zero(), ctx.apart.collateral.is_zero());
                Ok(Self {
                    repays_all,
                    withdraws_all,
                    repaid: owed,
                    repaid_at_most: if owed.is_zero() || !repays_all {
                        owed
                    } else {
                        grown_at_most(owed, highest_rate(ctx.debt), ttl)?
                    },
                    withdrawn: supplied,
                    withdrawn_at_most: if withdraws_all {
                        grown_at_most(supplied, highest_rate(ctx.collateral), ttl)?
                    } else {
                        supplied
                    },
                    withdrawn_at_least: if withdraws_all {
                        ctx.snapshot
                            .account
                            .supplied(ctx.collateral, ctx.snapshot.block.timestamp)?
                            .saturating_sub(U256::from(10))
                    } else {
                        supplied
                    },
                })
            }
            Share::Part(part) => {
                let part = from_decimal(part, 18).filter(|part| !part.is_zero() && *part < WAD);
                let part = part.ok_or(PlanError::Fraction(Decimal::ZERO))?;
                // Rounding to whole units and to the oracle's cents must not lower the health factor.
                let spare = mul_div_up(ROUNDING.0, ctx.debt.unit()?, ctx.debt.price()?.0)?.saturating_add(ROUNDED);
                let repaid = mul_div_up(owed, part, WAD)?.saturating_add(spare).min(owed);
                let withdrawn = mul_div_down(supplied, part, WAD)?.saturating_sub(ROUNDED);
                Ok(Self {
                    repays_all: false,
                    withdraws_all: false,
                    repaid,
                    repaid_at_most: repaid,
                    withdrawn,
                    withdrawn_at_most: withdrawn,
                    withdrawn_at_least: withdrawn,
                })
            }
        }
    }
}

/// The highest yearly rate a reserve's curve knows: no interest can grow faster before the deadline.
pub(in crate::loops) fn highest_rate(reserve: &Reserve) -> Bps {
    let strategy = &reserve.strategy;
    Bps(strategy.base_rate.0.saturating_add(strategy.slope1.0).saturating_add(strategy.slope2.0))
}

struct Closing<'a> {
    ctx: &'a Context<'a>,
    payout: Payout,
    sizes: Sizes,
}

impl Closing<'_> {
    fn loan(&self) -> Result<(Option<Loan>, Vec<crate::loops::FlashCandidate>), PlanError> {
        let amount = self.sizes.repaid_at_most;
        if amount.is_zero() {
            return Ok((None, Vec::new()));
        }
        let route = match self.payout {
            Payout::Debt => self.ctx.sell(false, self.sizes.withdrawn, None),
            Payout::Collateral { .. } => self.ctx.buy_debt(amount, None),
        };
        let sources = self.ctx.flash_sources(
            amount,
            Meanwhile::Repays,
            &pools_of(&self.ctx.snapshot.pools, route.ok().as_ref()),
        )?;
        let loan = sources.first().map(|candidate| Loan::of(candidate, amount)).transpose()?;
        Ok((loan, sources))
    }

    fn swap(&self, loan: Option<&Loan>) -> Result<Option<Swap>, PlanError> {
        let locked = loan.and_then(|loan| loan.candidate.source.locked_pool());
        match self.payout {
            Payout::Debt => self.ctx.sell(false, self.sizes.withdrawn, locked).map(Some),
            Payout::Collateral { .. } => {
                let bought = self.to_buy(loan);
                if bought.is_zero() { Ok(None) } else { self.ctx.buy_debt(bought, locked).map(Some) }
            }
        }
    }

    /// The collateral must bring what repays the loan: where other collateral backs the debt too, it may not.
    fn require_enough(&self, loan: Option<&Loan>, swap: Option<&Swap>) -> Result<(), PlanError> {
        let (Some(loan), Some(swap)) = (loan, swap) else { return Ok(()) };
        let (ctx, pair) = (self.ctx, self.ctx.pair);
        let missing = match self.payout {
            Payout::Debt => {
                // What repaying leaves of the loan comes back by itself.
                let brings = swap.quote.amount_out.saturating_add(ctx.snapshot.contracts.composer[1]);
                let needed = self.sizes.repaid.saturating_add(loan.fee);
                (brings < needed).then(|| (ctx.debt_amount(needed), ctx.debt_amount(brings)))
            }
            Payout::Collateral { .. } => {
                let has = self.sizes.withdrawn.saturating_add(ctx.snapshot.contracts.composer[0]);
                let needed = swap.quote.amount_in;
                (needed > has).then(|| (ctx.collateral_amount(needed), ctx.collateral_amount(has)))
            }
        };
        let Some((needed, has)) = missing else { return Ok(()) };
        let supplies = ctx.model.supplies.iter();
        let others = supplies
            .filter(|supply| supply.is_collateral && !supply.is_dust && supply.asset != pair.collateral.token)
            .map(|supply| supply.symbol.clone())
            .collect();
        Err(PlanError::DebtNotCovered {
            pair: pair.name(),
            debt: Box::new(ctx.debt_amount(self.sizes.repaid)),
            needed: Box::new(needed),
            has: Box::new(has),
            others,
        })
    }

    /// The loan comes back as what repaying left of it, and what is bought: the debt at its largest, and the fee.
    fn to_buy(&self, loan: Option<&Loan>) -> U256 {
        loan.map_or(U256::ZERO, |loan| self.sizes.repaid_at_most.saturating_add(loan.fee))
    }

    fn after(&self, before: &Projection, loan: Option<&Loan>) -> Result<Projection, PlanError> {
        let pair = self.ctx.pair;
        let of = |all: bool, amount| if all { AaveAmount::All } else { AaveAmount::Exact(amount) };
        let repay = of(self.sizes.repays_all, self.sizes.repaid);
        let withdraw = of(self.sizes.withdraws_all, self.sizes.withdrawn);
        let mut after = before.clone();
        let taken = match loan {
            Some(loan) if loan.is_from_aave() => Some(after.flash_loan(pair.debt.token, loan.amount)?),
            _ => None,
        };
        if loan.is_some() {
            after.repay(pair.debt.token, repay)?;
        }
        let moved = after.transfer_a_token(pair.collateral.token, withdraw)?;
        after.withdraw_transferred(moved)?;
        if let Some(taken) = taken {
            after.repay_flash_loan(taken)?;
        }
        Ok(after)
    }

    fn flows(&self, loan: Option<&Loan>, swap: Option<&Swap>) -> Flows {
        let owed_back = loan.map_or(U256::ZERO, |loan| loan.amount.saturating_add(loan.fee));
        let kept = loan.map_or(U256::ZERO, |loan| loan.amount.saturating_sub(self.sizes.repaid));
        let left = |amount: U256, token: usize| {
            amount
                .saturating_add(self.ctx.snapshot.contracts.composer[token])
                .saturating_add(self.ctx.snapshot.contracts.forwarder[token])
        };
        let received = |receives, receives_at_worst| Flow { pays: U256::ZERO, receives, receives_at_worst };
        match (self.payout, swap) {
            (Payout::Debt, Some(swap)) => {
                let proceeds = |out: U256, kept: U256| left(out.saturating_add(kept).saturating_sub(owed_back), 1);
                // What repaying leaves of the loan melts with the interest until then.
                let debt = received(proceeds(swap.quote.amount_out, kept), proceeds(swap.limit, U256::ZERO));
                Flows { debt, ..Flows::default() }
            }
            (Payout::Debt, None) => Flows::default(),
            (Payout::Collateral { unwrap }, swap) => {
                let (sold, limit) = swap.map_or((U256::ZERO, U256::ZERO), |swap| (swap.quote.amount_in, swap.limit));
                let rest = |sold| left(self.sizes.withdrawn.saturating_sub(sold), 0);
                let flow = received(rest(sold), rest(limit));
                let surplus = left(kept, 1);
                let debt = received(surplus, left(U256::ZERO, 1));
                match unwrap {
                    Some(_) => Flows { native: flow, debt, ..Flows::default() },
                    None => Flows { collateral: flow, debt, ..Flows::default() },
                }
            }
        }
    }

    fn ops(&self, loan: Option<&Loan>, swap: Option<&Swap>) -> Result<Vec<Op>, PlanError> {
        let pair = self.ctx.pair;
        let streams = Streams {
            pair,
            exchanges: self.ctx.snapshot.pools.exchanges(),
            account: self.ctx.snapshot.account.address,
        };
        let of = |all: bool, amount| if all { Ok(Amount::Max) } else { Amount::exact(amount) };
        let mut inner = Vec::new();
        if loan.is_some() {
            inner.extend(streams.repay(of(self.sizes.repays_all, self.sizes.repaid)?));
        }
        inner.push(streams.withdraw(of(self.sizes.withdraws_all, self.sizes.withdrawn)?));
        match (self.payout, swap) {
            (Payout::Debt, Some(swap)) if self.sizes.withdraws_all => {
                inner.extend(streams.sell_everything(swap, self.sizes.withdrawn_at_least)?)
            }
            (Payout::Debt, Some(swap)) => inner.extend(streams.sell(swap)?),
            (Payout::Collateral { .. }, Some(swap)) => inner.extend(streams.buy(swap)?),
            (_, None) => {}
        }
        let mut ops = Vec::new();
        match loan {
            Some(loan) => {
                inner.extend(streams.return_loan(loan)?);
                ops.extend(streams.flash(loan, inner)?);
            }
            None => ops.extend(inner),
        }
        ops.push(streams.sweep(pair.debt.token, U256::ZERO)?);
        if let Payout::Collateral { unwrap } = self.payout {
            ops.push(streams.pay_collateral(SweepAmount::ALL, unwrap));
        }
        Ok(ops)
    }
}
