//! What the journal is told about a loop without a transaction: that it is ours from now on, and its thresholds.

use alloy::primitives::Address;
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{KnownLoop, LoopSnapshot, Pair, account::AccountModel};
use crate::{
    aave::{Projection, StateError},
    config::{Thresholds, ThresholdsConfig, UnfitThresholds},
    journal::{Journal, JournalError, JournalReader, LoopPosition, LoopTerms, NewLoop, PositionId, Stamp},
};

/// The journal's open loops, practice left out. Thresholds that cannot be read or make no sense together are not believed:
/// then those of the loop's class hold.
pub fn known_loops(reader: &JournalReader) -> Result<Vec<KnownLoop>, JournalError> {
    let known = |position: LoopPosition| {
        let thresholds = Thresholds::read(&position.terms.thresholds).ok();
        if thresholds.is_none() {
            tracing::warn!(loop_id = %position.id, "the journal's thresholds of this loop make no sense; its class's hold");
        }
        KnownLoop { position, thresholds }
    };
    Ok(reader.open_loops()?.into_iter().filter(|position| !position.paper).map(known).collect())
}

/// Thresholds that differ from those so far, as health factors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ThresholdChange {
    /// Alert below this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warn: Option<Decimal>,
    /// Trim below this …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trigger: Option<Decimal>,
    /// … to this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Decimal>,
    /// Trim at urgent bounds below this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub urgent: Option<Decimal>,
}

/// A loop that was taken over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Adopted {
    /// Its name, such as `WETH/USDC`.
    #[serde(rename = "adopted")]
    pub pair: String,
    /// Its name in the journal.
    pub id: PositionId,
    /// What is ours of it from now on, in smallest units, and its thresholds.
    pub terms: LoopTerms,
}

/// Why the journal was not told.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// The collateral backs no debt.
    #[error(
        "the account's {0} is supplied and not enabled as collateral: enable it first with \
         `trimtab loop collateral --enable {0} --broadcast`"
    )]
    NotCollateral(String),
    /// Nothing to take over.
    #[error("the account has no {0} loop")]
    NoLoop(String),
    /// It is there already.
    #[error("the journal already has the {0} loop")]
    Known(String),
    /// The journal does not have the loop whose thresholds are to change.
    #[error("the journal has no open {0} loop; `loop adopt` takes one over")]
    NotOurs(String),
    /// Thresholds that make no sense together.
    #[error("--{0}")]
    Thresholds(#[from] UnfitThresholds),
    /// Thresholds that cannot be written as JSON.
    #[error("thresholds: {0}")]
    Stored(#[from] serde_json::Error),
    /// Aave's figures.
    #[error(transparent)]
    State(#[from] StateError),
    /// The journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

impl RecordError {
    /// The process's exit code (docs/commands.md, Exit codes).
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::NoLoop(_) | Self::Known(_) | Self::NotOurs(_) | Self::NotCollateral(_) => 4,
            Self::Thresholds(_) => 2,
            Self::Stored(_) | Self::State(_) => 1,
            Self::Journal(error) => error.exit_code(),
        }
    }
}

impl ThresholdChange {
    /// Whether nothing differs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The thresholds with what differs in its place, if they make sense together.
    pub fn over(&self, base: Thresholds) -> Result<Thresholds, RecordError> {
        let all = Thresholds {
            warn: self.warn.unwrap_or(base.warn),
            trigger: self.trigger.unwrap_or(base.trigger),
            target: self.target.unwrap_or(base.target),
            urgent: self.urgent.unwrap_or(base.urgent),
            ..base
        };
        Ok(all.checked()?)
    }
}

/// Takes over what no loop of the journal has of the pair's two assets, as it stands in the snapshot. Refused when that is
/// not both collateral and debt, or the journal has the loop.
pub fn adopt(
    journal: &Journal,
    snapshot: &LoopSnapshot,
    pair: &Pair,
    thresholds: Thresholds,
    at: Stamp,
) -> Result<Adopted, RecordError> {
    let thresholds = thresholds.checked()?;
    let (account, market) = (&snapshot.account, &snapshot.market);
    if journal.reader().open_loop_of(pair.collateral.token, pair.debt.token, false)?.is_some() {
        return Err(RecordError::Known(pair.name()));
    }
    let then = snapshot.block.next_timestamp();
    let known = known_loops(journal.reader())?;
    let projection = Projection::new(market.clone(), account.clone(), then);
    let model = AccountModel::new(&projection, &known, &ThresholdsConfig::default())?;
    let supply = model.supply(pair.collateral.token).filter(|supply| !supply.unclaimed.is_zero());
    let debt = model.debt(pair.debt.token).filter(|debt| !debt.unclaimed.is_zero());
    let (Some(supply), Some(debt)) = (supply, debt) else { return Err(RecordError::NoLoop(pair.name())) };
    if !supply.is_collateral {
        return Err(RecordError::NotCollateral(supply.symbol.clone()));
    }
    let terms = LoopTerms {
        e_mode: account.emode,
        thresholds: serde_json::to_value(thresholds)?,
        collateral_principal: supply.unclaimed,
        debt_principal: debt.unclaimed,
        collateral_index: Some(market.reserve(supply.asset)?.normalized_income(then)?.0),
        debt_index: Some(market.reserve(debt.asset)?.normalized_debt(then)?.0),
    };
    let new = NewLoop {
        id: PositionId::derive(at.wall, pair.name().as_bytes()),
        paper: false,
        collateral: pair.collateral.token,
        debt: pair.debt.token,
        terms: terms.clone(),
    };
    journal.adopt_loop(&new, at)?;
    Ok(Adopted { pair: pair.name(), id: new.id, terms })
}

/// Stores thresholds for a loop that the journal has open; what is not named in the change stays as it is stored, or as its
/// class has it where what is stored makes no sense. They hold from the watch's next head on.
pub fn change_thresholds(
    journal: &Journal,
    (collateral, debt): (Address, Address),
    change: &ThresholdChange,
    class: Thresholds,
    at: Stamp,
) -> Result<Thresholds, RecordError> {
    let position = journal.reader().open_loop_of(collateral, debt, false)?;
    let position = position.ok_or_else(|| RecordError::NotOurs(format!("{collateral}/{debt}")))?;
    let thresholds = change.over(Thresholds::read(&position.terms.thresholds).unwrap_or(class))?;
    let stored = serde_json::to_value(thresholds)?;
    journal.update_loop(position.id, &LoopTerms { thresholds: stored, ..position.terms }, at)?;
    Ok(thresholds)
}

#[cfg(test)]
mod tests {
    use rust_decimal::dec;

    use super::*;
    use crate::config::{LoopClass, ThresholdsConfig};

    #[test]
    fn what_is_not_named_stays_and_what_makes_no_sense_is_refused_with_both_figures() {
        let base = ThresholdsConfig::default().of(LoopClass::Volatile);
        let change = ThresholdChange { trigger: Some(dec!(1.17)), ..ThresholdChange::default() };
        let after = change.over(base).expect("sensible");
        assert_eq!((after.trigger, after.warn, after.headroom), (dec!(1.17), base.warn, base.headroom));
        let wrong = ThresholdChange { trigger: Some(dec!(1.3)), ..ThresholdChange::default() };
        let refused = wrong.over(base).expect_err("above warn");
        assert_eq!(refused.exit_code(), 2);
        assert!(refused.to_string().contains("warn 1.18 must not be below trigger 1.3"), "{refused}");
    }

    #[test]
    fn a_change_reads_back_as_it_was_written_and_unknown_thresholds_are_refused() {
        let change = ThresholdChange { target: Some(dec!(1.30)), ..ThresholdChange::default() };
        let text = serde_json::to_string(&change).expect("text");
        assert_eq!(text, "{\"target\":\"1.30\"}");
        assert_eq!(serde_json::from_str::<ThresholdChange>(&text).expect("read"), change);
        assert!(serde_json::from_str::<ThresholdChange>("{\"headroom\":\"0.1\"}").is_err());
    }
}
