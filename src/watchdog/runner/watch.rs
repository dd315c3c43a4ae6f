//! All seats at one head.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use alloy::primitives::Address;

use super::{HeadOutcome, WatchContext, WatchError, WatchedAccount, feeds::FeedAlerts, head_snapshot::HeadSnapshot};
use crate::{aave::ReserveList, chain::BlockRef, loops::AccountsReader};

/// Reads for all seats and gives each its turn.
#[derive(Debug)]
pub struct Watch {
    office: Arc<WatchContext>,
    survey: AccountsReader,
    list: Arc<ReserveList>,
    accounts: Vec<Address>,
    always: BTreeSet<Address>,
    feeds: FeedAlerts,
}

impl Watch {
    /// A watch over these seats' accounts; those that can act are read in full however healthy they are.
    #[must_use]
    pub fn over(office: Arc<WatchContext>, survey: AccountsReader, seats: &[WatchedAccount]) -> Self {
        office.lend_survey(&survey);
        let accounts = seats.iter().map(WatchedAccount::account).collect();
        let always = seats.iter().filter(|seat| seat.can_act()).map(WatchedAccount::account).collect();
        let list = Arc::new(survey.list().clone());
        Self { office, survey, list, accounts, always, feeds: FeedAlerts::default() }
    }

    /// Whether nothing is due on any of its accounts, nor near.
    pub(super) fn is_calm(&self) -> bool {
        self.office.calm.all(&self.accounts)
    }

    /// Reads all accounts at a head.
    pub async fn read(&mut self, head: BlockRef, first_seen: Duration) -> Result<HeadSnapshot, WatchError> {
        let calm = self.is_calm();
        let look = self.survey.look(&self.office.endpoints, head, &self.accounts, &self.always, calm);
        let observation = look.await?;
        self.office.meters.rpc_calls(u64::try_from(observation.calls).unwrap_or(u64::MAX));
        for alert in self.feeds.of(&observation) {
            self.office.alerts.raise(alert);
        }
        Ok(HeadSnapshot { observation: Arc::new(observation), first_seen, list: self.list.clone() })
    }

    /// Reads a head and gives every seat its turn, one after the other: for one look, and for stories that must be the same
    /// each time.
    pub async fn round(
        &mut self,
        head: BlockRef,
        seats: &mut [WatchedAccount],
    ) -> Result<Vec<HeadOutcome>, WatchError> {
        let first_seen = self.office.clock.monotonic();
        let seen = self.read(head, first_seen).await?;
        let mut turns = Vec::with_capacity(seats.len());
        for seat in seats.iter_mut() {
            let mut turn = Box::pin(seat.turn(&seen)).await?;
            Box::pin(seat.finish(&mut turn, &seen)).await?;
            turns.push(turn);
        }
        // Perps when every loop is done.
        for (seat, turn) in seats.iter_mut().zip(&mut turns) {
            Box::pin(seat.look_at_perps(turn)).await?;
        }
        self.office.meters.evaluated(head.number, turns.len());
        Ok(turns)
    }
}
