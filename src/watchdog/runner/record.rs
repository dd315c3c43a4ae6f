//! Loops taken over and thresholds changed for a command: written by the seat, in force from its next turn on, since every
//! turn reads the journal's loops.

use alloy::primitives::Address;

use super::{HeadSnapshot, WatchedAccount, give_way::Heads, no_key::no_key};
use crate::{
    loops::{LoopSnapshot, Pair, RecordError, adopt, change_thresholds, class_thresholds},
    watchdog::ops::{AdoptWith, Answer, ChangeWith, Refused, Reply, ThresholdsAnswer},
};

impl WatchedAccount {
    /// Takes a loop over as it stands on the chain now.
    pub(super) async fn adopt(&mut self, with: &AdoptWith, heads: &Heads) -> Answer {
        let AdoptWith { collateral, debt, thresholds } = with;
        let (seen, pair) = pair_seen(heads, (collateral, debt))?;
        let snapshot = LoopSnapshot::read(&self.office.endpoints, &seen.list, &pair, self.account).await;
        let snapshot = snapshot.map_err(|error| Refused::new(6, error.to_string()))?;
        let stamp = self.now().await?;
        let sender = self.sender().ok_or_else(no_key)?;
        let adopted = adopt(sender.journal(), &snapshot, &pair, *thresholds, stamp).map_err(refused)?;
        tracing::warn!(account = %self.account, pair = %adopted.pair, trigger = %thresholds.trigger, "adopted");
        Ok(Reply::Adopted(adopted))
    }

    /// Stores other thresholds for a loop of the journal.
    pub(super) async fn change_thresholds(&self, with: &ChangeWith, heads: &Heads) -> Answer {
        let ChangeWith { collateral, debt, change } = with;
        let (seen, pair) = pair_seen(heads, (collateral, debt))?;
        let class = class_thresholds(&self.office.rulebook().thresholds, &seen.observation.market, &pair);
        let class = class.map_err(|error| refused(error.into()))?;
        let stamp = self.now().await?;
        let sender = self.sender().ok_or_else(no_key)?;
        let changed = change_thresholds(sender.journal(), (*collateral, *debt), change, class, stamp);
        let thresholds = changed.map_err(refused)?;
        tracing::warn!(account = %self.account, %collateral, %debt, ?thresholds, "other thresholds");
        Ok(Reply::Thresholds(ThresholdsAnswer { thresholds }))
    }
}

/// What was seen last, and the pair of two of its reserves.
fn pair_seen(heads: &Heads, (collateral, debt): (&Address, &Address)) -> Result<(HeadSnapshot, Pair), Refused> {
    let seen = heads.borrow().clone();
    let seen = seen.ok_or_else(|| Refused::new(9, "the daemon has not read a block yet: try again"))?;
    let pair = Pair::find(&seen.list, &seen.observation.market, &collateral.to_string(), &debt.to_string());
    let pair = pair.map_err(|error| Refused::new(2, error.to_string()))?;
    Ok((seen, pair))
}

fn refused(error: RecordError) -> Refused {
    Refused::new(error.exit_code(), error.to_string())
}
