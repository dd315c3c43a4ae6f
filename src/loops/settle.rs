//! After the chain has spoken: predicted beside actual, and the journal's loops brought up to date.

use alloy::primitives::U256;
use serde_json::Value;

use super::{
    KnownLoop, Scope, SideChange, Subject, algebra::leverage_wad, known_loops, plan::write::Part, terms_after,
};
use crate::{
    aave::{Deployment, abi::IPool},
    chain::{Batch, Reader},
    config::Thresholds,
    journal::{IntentId, Journal, LoopPosition, LoopTerms, NewLoop, PositionId, Stamp},
    plan::{Deviation, Figure, Plan},
    send::{SettleError, Settlement, measure, record},
    units::Ray,
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
    let subject: Subject = plan.subject.read_loop().map_err(|error| SettleError::Subject(id, error))?;
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
    // Of nothing there is none; what others of the account have is not this loop's.
    if collateral.predicted.raw.is_zero() {
        return None;
    }
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
    change: SideChange,
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
            change: SideChange {
                asset: if is_debt { pair.debt.token } else { pair.collateral.token },
                is_debt,
                index: if is_debt { self.indices.debt } else { self.indices.supply },
                before,
                after: self.settlement.actual(name),
            },
            // Plans of earlier versions were about the whole pair.
            own: own.unwrap_or(before),
        }
    }

    /// A plan about one loop: the loop has what it had, and what the account has more or less of.
    fn own_loop(&self, part: Option<Part>) -> Result<(), SettleError> {
        let (supply, debt) = (self.side(false), self.side(true));
        let ends = part.is_some_and(|part| part.ends) && supply.is_spent() && debt.is_spent();
        let pair = &self.subject.pair;
        let open = self.journal.reader().open_loop_of(pair.collateral.token, pair.debt.token, false)?;
        let thresholds = to_store(&self.subject.thresholds, open.as_ref().map(|open| &open.terms.thresholds));
        let terms = self.terms(thresholds, supply.own_after(), debt.own_after());
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

    /// A plan about the account: its loops have less, and nothing is opened by it.
    fn account(&self) -> Result<(), SettleError> {
        let pair = (self.subject.pair.collateral.token, self.subject.pair.debt.token);
        let sides = [self.side(false), self.side(true)].map(|side| side.change);
        for (id, terms) in terms_after(&self.known, pair, sides)? {
            let Some(known) = self.known.iter().find(|known| known.position.id == id) else { continue };
            if terms.collateral_principal.is_zero() {
                self.close(&known.position)?;
            } else {
                self.journal.update_loop(id, &terms, self.stamp)?;
            }
        }
        Ok(())
    }

    const fn terms(&self, thresholds: Value, collateral: U256, debt: U256) -> LoopTerms {
        LoopTerms {
            e_mode: self.subject.emode,
            thresholds,
            collateral_principal: collateral,
            debt_principal: debt,
            collateral_index: Some(self.indices.supply.0),
            debt_index: Some(self.indices.debt.0),
        }
    }

    fn close(&self, position: &LoopPosition) -> Result<(), SettleError> {
        let realised = serde_json::json!({ "closed_by": self.plan.kind, "figures": self.settlement.figures });
        Ok(self.journal.close_position(position.id, Some(self.id), &realised, self.stamp)?)
    }
}

/// The thresholds that a loop has from now on: the plan's if they make sense together, else those that it has. Without
/// either it has none of its own, and those of its class hold.
fn to_store(planned: &Thresholds, present: Option<&Value>) -> Value {
    let stored = planned.checked().map_err(|unfit| unfit.to_string());
    let stored = stored.and_then(|fit| serde_json::to_value(fit).map_err(|error| error.to_string()));
    stored.unwrap_or_else(|unfit| {
        tracing::warn!(unfit, "thresholds of a plan make no sense and are not stored");
        present.cloned().unwrap_or_default()
    })
}

impl Side {
    /// What the plan's part has of it afterwards.
    fn own_after(&self) -> U256 {
        let SideChange { before, after, .. } = self.change;
        if self.own == before {
            return after;
        }
        let moved = match after >= before {
            true => self.own.saturating_add(after.saturating_sub(before)),
            false => self.own.saturating_sub(before.saturating_sub(after)),
        };
        moved.min(after)
    }

    /// Whether nothing of the plan's part is left but rounding and interest of the last seconds.
    fn is_spent(&self) -> bool {
        let rest = (self.own / U256::from(REST.0)).saturating_add(U256::from(REST.1));
        self.own_after() <= rest
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::config::ThresholdsConfig;

    #[test]
    fn thresholds_that_make_no_sense_are_never_stored_and_keep_nothing_from_being_settled() {
        let fit = ThresholdsConfig::default().volatile;
        let stored = serde_json::to_value(fit).expect("JSON");
        let before = json!({ "before": true });
        assert_eq!(to_store(&fit, Some(&before)), stored);
        let unfit = Thresholds { trigger: rust_decimal::dec!(1.001), ..fit };
        assert_eq!(to_store(&unfit, Some(&stored)), stored);
        assert_eq!(to_store(&unfit, None), Value::Null);
        assert!(Thresholds::read(&Value::Null).is_err(), "those of its class hold");
    }
}
