//! After the chain has spoken: predicted beside actual, and the journal's loops brought up to date.

use std::collections::BTreeMap;

use alloy::primitives::{Address, U256};

use super::{
    KnownLoop, Scope, Subject,
    account::{Claim, claims_on, reduced},
    algebra::leverage_wad,
    known_loops,
    write::Part,
};
use crate::{
    aave::{Deployment, abi::IPool},
    chain::{Batch, Reader},
    journal::{IntentId, Journal, LoopPosition, LoopTerms, NewLoop, PositionId, Stamp},
    plan::{Deviation, Figure, Plan},
    send::{SettleError, Settlement, measure, record},
    units::{MathError, Ray},
};

/// What is left of a loop after it was closed by exact amounts is interest of the last seconds and rounding: at most a
/// millionth of what it was, and 10 units.
const REST: (u64, u64) = (1_000_000, 10);

/// Settles an intent whose transactions are all included: reads the outcome at the last one's block, records it beside the
/// prediction, and opens, changes or closes the loops that it moved.
pub async fn settle<R: Reader>(
    journal: &Journal,
    reader: &R,
    id: IntentId,
    stamp: Stamp,
) -> Result<Settlement, SettleError> {
    let (plan, mut settlement) = measure(journal, reader, id).await?;
    // A plan of another room is not settled here: what it placed would never be followed.
    let subject: Subject =
        serde_json::from_value(plan.subject.clone()).map_err(|error| SettleError::Plan(id, error))?;
    settlement.figures.extend(leverage(&plan, &settlement.figures));
    let indices = Indices::read(journal, reader, id, &subject).await?;
    let known = known_loops(journal.reader())?;
    let update = Update { journal, plan: &plan, subject: &subject, settlement: &settlement, indices, known, id, stamp };
    update.run()?;
    record(journal, id, &settlement, stamp)?;
    Ok(settlement)
}

/// Leverage is not read but follows from collateral and debt: the prediction is scaled by what they turned out to be.
fn leverage(plan: &Plan, outcomes: &[Deviation]) -> Option<Deviation> {
    let figure = plan.figure("leverage")?;
    let of = |name: &str| outcomes.iter().find(|outcome| outcome.name == name);
    let (collateral, debt) = (of("collateral")?, of("debt")?);
    let value = value_of(plan, figure)?;
    let scaled = |worth: U256, outcome: &Deviation| {
        if outcome.predicted.raw.is_zero() {
            return Some(U256::ZERO);
        }
        crate::units::mul_div_down(worth, outcome.actual.raw, outcome.predicted.raw).ok()
    };
    let actual = leverage_wad(scaled(value.0, collateral)?, scaled(value.1, debt)?);
    Some(figure.compare(actual))
}

/// Collateral and debt in a common unit, from the predicted leverage: `C : D = L : L − 1`.
fn value_of(plan: &Plan, figure: &Figure) -> Option<(U256, U256)> {
    let leverage = figure.after.raw;
    let one = crate::units::WAD;
    let equity = leverage.checked_sub(one)?;
    plan.figure("collateral")?;
    let scale = U256::from(1_000_000_000u64);
    Some((leverage.checked_mul(scale)?, equity.checked_mul(scale)?))
}

/// Aave's indices of the pair's two assets at the block of the outcome.
struct Indices {
    supply: Ray,
    debt: Ray,
}

impl Indices {
    async fn read<R: Reader>(
        journal: &Journal,
        reader: &R,
        id: IntentId,
        subject: &Subject,
    ) -> Result<Self, SettleError> {
        let records = journal.reader().transactions(id)?;
        let included = records.iter().filter_map(|record| record.inclusion.as_ref());
        let last = included.max_by_key(|inclusion| inclusion.block_number).ok_or(SettleError::NotIncluded(id))?;
        let (pool, pair) = (Deployment::BASE.pool, &subject.pair);
        let mut batch = Batch::new();
        let supply = batch.add(pool, &IPool::getReserveNormalizedIncomeCall { asset: pair.collateral.token });
        let debt = batch.add(pool, &IPool::getReserveNormalizedVariableDebtCall { asset: pair.debt.token });
        let answers = reader.read(last.block_hash, &batch).await?;
        Ok(Self { supply: Ray(answers.get(supply)?), debt: Ray(answers.get(debt)?) })
    }
}

/// One side of the account: the pair's collateral, or its debt.
struct Side {
    asset: Address,
    is_debt: bool,
    index: Ray,
    /// The account's amount without the plan, and as it turned out.
    before: U256,
    after: U256,
    /// What the plan is about, without it.
    own: U256,
}

struct Update<'a> {
    journal: &'a Journal,
    plan: &'a Plan,
    subject: &'a Subject,
    settlement: &'a Settlement,
    indices: Indices,
    known: Vec<KnownLoop>,
    id: IntentId,
    stamp: Stamp,
}

impl Update<'_> {
    fn run(&self) -> Result<(), SettleError> {
        let part = self.subject.part;
        match part.map(|part| part.scope) {
            Some(Scope::Account { .. }) => self.account(),
            // A supply that is used as collateral or not is no loop.
            _ if self.subject.pair.is_same_asset() => Ok(()),
            _ => self.own_loop(part),
        }
    }

    fn side(&self, is_debt: bool) -> Side {
        let (pair, name) = (&self.subject.pair, if is_debt { "debt" } else { "collateral" });
        let before = self.plan.figure(name).map_or(U256::ZERO, |figure| figure.before.raw);
        let part = self.subject.part;
        let own = part.map(|part| if is_debt { part.debt } else { part.collateral });
        Side {
            asset: if is_debt { pair.debt.token } else { pair.collateral.token },
            is_debt,
            index: if is_debt { self.indices.debt } else { self.indices.supply },
            before,
            after: self.settlement.actual(name),
            // Plans of earlier versions were about the whole pair.
            own: own.unwrap_or(before),
        }
    }

    /// A plan about one loop: the loop has what it had, and what the account has more or less of.
    fn own_loop(&self, part: Option<Part>) -> Result<(), SettleError> {
        let (supply, debt) = (self.side(false), self.side(true));
        let terms = self.terms(supply.own_after(), debt.own_after())?;
        let ends = part.is_some_and(|part| part.ends) && supply.is_spent() && debt.is_spent();
        let pair = &self.subject.pair;
        let open = self.journal.reader().open_loop_of(pair.collateral.token, pair.debt.token, false)?;
        match open {
            Some(position) if ends || terms.collateral_principal.is_zero() => self.close(&position),
            Some(position) => Ok(self.journal.update_loop(position.id, &terms, self.stamp)?),
            None if ends || terms.collateral_principal.is_zero() => Ok(()),
            None => {
                let new = NewLoop {
                    id: PositionId::derive(self.stamp.wall, self.id.to_string().as_bytes()),
                    paper: false,
                    collateral: pair.collateral.token,
                    debt: pair.debt.token,
                    terms,
                };
                Ok(self.journal.open_loop(&new, self.id, self.stamp)?)
            }
        }
    }

    /// A plan about the account: what was sold and repaid is taken from the pair's own loop first, then from the others that
    /// have the same assets. Nothing is opened by it.
    fn account(&self) -> Result<(), SettleError> {
        let pair = &self.subject.pair;
        let is_own = |known: &&KnownLoop| {
            known.position.collateral == pair.collateral.token && known.position.debt == pair.debt.token
        };
        let own = self.known.iter().find(is_own).map(|known| known.position.id);
        let mut changed: BTreeMap<PositionId, LoopTerms> = BTreeMap::new();
        for side in [self.side(false), self.side(true)] {
            for claim in self.claims_after(&side, own)? {
                let Some(known) = self.known.iter().find(|known| known.position.id == claim.id) else { continue };
                let terms = changed.entry(claim.id).or_insert_with(|| known.position.terms.clone());
                if side.is_debt {
                    (terms.debt_principal, terms.debt_index) = (claim.amount, Some(side.index.0));
                } else {
                    (terms.collateral_principal, terms.collateral_index) = (claim.amount, Some(side.index.0));
                }
            }
        }
        for (id, terms) in changed {
            let Some(known) = self.known.iter().find(|known| known.position.id == id) else { continue };
            if terms.collateral_principal.is_zero() {
                self.close(&known.position)?;
            } else {
                self.journal.update_loop(id, &terms, self.stamp)?;
            }
        }
        Ok(())
    }

    fn claims_after(&self, side: &Side, own: Option<PositionId>) -> Result<Vec<Claim>, MathError> {
        let claims = claims_on(&self.known, side.asset, side.is_debt, side.index)?;
        if side.after <= side.before {
            return reduced(&claims, own, side.before.saturating_sub(side.after));
        }
        // Collateral from the wallet belongs to the pair's own loop, if there is one.
        let added = side.after.saturating_sub(side.before);
        let added_to = |claim: Claim| {
            let amount = if Some(claim.id) == own { claim.amount.saturating_add(added) } else { claim.amount };
            Claim { amount, ..claim }
        };
        Ok(claims.into_iter().map(added_to).collect())
    }

    fn terms(&self, collateral: U256, debt: U256) -> Result<LoopTerms, SettleError> {
        Ok(LoopTerms {
            e_mode: self.subject.emode,
            thresholds: serde_json::to_value(self.subject.thresholds)
                .map_err(|error| SettleError::Plan(self.id, error))?,
            collateral_principal: collateral,
            debt_principal: debt,
            collateral_index: Some(self.indices.supply.0),
            debt_index: Some(self.indices.debt.0),
        })
    }

    fn close(&self, position: &LoopPosition) -> Result<(), SettleError> {
        let realised = serde_json::json!({ "closed_by": self.plan.kind, "figures": self.settlement.figures });
        Ok(self.journal.close_position(position.id, Some(self.id), &realised, self.stamp)?)
    }
}

impl Side {
    /// What the plan's part has of it afterwards.
    fn own_after(&self) -> U256 {
        if self.own == self.before {
            return self.after;
        }
        let moved = match self.after >= self.before {
            true => self.own.saturating_add(self.after.saturating_sub(self.before)),
            false => self.own.saturating_sub(self.before.saturating_sub(self.after)),
        };
        moved.min(self.after)
    }

    /// Whether nothing of the plan's part is left but rounding and interest of the last seconds.
    fn is_spent(&self) -> bool {
        let rest = (self.own / U256::from(REST.0)).saturating_add(U256::from(REST.1));
        self.own_after() <= rest
    }
}
