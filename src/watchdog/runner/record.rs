//! Loops taken over and thresholds changed for a command: written by the seat, in force from its next turn on, since every
//! turn reads the journal's loops.

use alloy::primitives::Address;

use super::{Seat, answer::no_key, give_way::Heads};
use crate::{
    loops::{LoopSnapshot, Pair, RecordError, adopt, change_thresholds},
    watchdog::ops::{AdoptWith, Answer, ChangeWith, Refused, Reply, ThresholdsAnswer},
};

impl Seat {
    /// Takes a loop over as it stands on the chain now.
    pub(super) async fn adopt(&mut self, with: &AdoptWith, heads: &Heads) -> Answer {
        let AdoptWith { collateral, debt, thresholds } = with;
        let seen = heads.borrow().clone();
        let seen = seen.ok_or_else(|| Refused::new(9, "the daemon has not read a block yet: try again"))?;
        let name = |token: &Address| token.to_string();
        let pair = Pair::find(&seen.list, &seen.observation.market, &name(collateral), &name(debt));
        let pair = pair.map_err(|error| Refused::new(2, error.to_string()))?;
        let snapshot = LoopSnapshot::read(&self.office.endpoints, &seen.list, &pair, self.account).await;
        let snapshot = snapshot.map_err(|error| Refused::new(6, error.to_string()))?;
        let stamp = self.now().await?;
        let sender = self.sender().ok_or_else(no_key)?;
        let adopted = adopt(sender.journal(), &snapshot, &pair, *thresholds, stamp).map_err(refused)?;
        tracing::warn!(account = %self.account, pair = %adopted.pair, trigger = %thresholds.trigger, "adopted");
        Ok(Reply::Adopted(adopted))
    }

    /// Stores other thresholds for a loop of the journal.
    pub(super) async fn change_thresholds(&self, with: &ChangeWith) -> Answer {
        let ChangeWith { collateral, debt, change } = with;
        let stamp = self.now().await?;
        let sender = self.sender().ok_or_else(no_key)?;
        let changed = change_thresholds(sender.journal(), (*collateral, *debt), change, stamp);
        let thresholds = changed.map_err(refused)?;
        tracing::warn!(account = %self.account, %collateral, %debt, ?thresholds, "other thresholds");
        Ok(Reply::Thresholds(ThresholdsAnswer { thresholds }))
    }
}

fn refused(error: RecordError) -> Refused {
    Refused::new(error.exit_code(), error.to_string())
}
