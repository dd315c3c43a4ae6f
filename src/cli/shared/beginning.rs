//! What a command learns at its beginning and does not ask again: the newest block, Aave's reserves at it, the gas price.

use std::{sync::PoisonError, time::Duration};

use alloy::primitives::U256;

use super::{exit::Outcome, session::Session};
use crate::{
    aave::{Deployment, Market, ReserveList},
    chain::{BASE_CHAIN_ID, BlockRef, Reader},
};

/// How long the block that was told when the network was verified counts as the newest: as long as a head may be old.
const HEAD_COUNTS: Duration = Duration::from_secs(2);

/// How long a gas price counts: it compares routes and is shown; what is paid follows the market when it is signed.
const PRICE_COUNTS: Duration = Duration::from_secs(10);

impl Session {
    /// The block that the session began with while that is new, otherwise the newest.
    async fn recent_head(&self) -> Outcome<BlockRef> {
        if self.since(self.began.at) < HEAD_COUNTS {
            return Ok(self.endpoints.check_age(self.began.head)?);
        }
        Ok(Reader::head(&self.endpoints).await?)
    }

    /// Aave's reserves.
    pub(in crate::cli) async fn reserves(&self) -> Outcome<ReserveList> {
        let head = self.recent_head().await?;
        Ok(ReserveList::read(&self.endpoints, Deployment::BASE, BASE_CHAIN_ID, &head).await?)
    }

    /// Aave's reserves and their present state.
    pub(in crate::cli) async fn market(&self) -> Outcome<(ReserveList, Market)> {
        let head = self.recent_head().await?;
        Ok(ReserveList::read_with_market(&self.endpoints, Deployment::BASE, BASE_CHAIN_ID, &head).await?)
    }

    /// Wei per gas that an action would pay now: base fee and suggested tip, as far as we would pay it.
    pub(in crate::cli) async fn gas_price(&self) -> Outcome<U256> {
        let known = *self.began.price.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, price)) = known.filter(|(at, _)| self.since(*at) < PRICE_COUNTS) {
            return Ok(price);
        }
        let head = self.recent_head().await?;
        let price = self.endpoints.fee_market(&head).await?.price(&self.config.fees.open);
        *self.began.price.lock().unwrap_or_else(PoisonError::into_inner) = Some((self.clock.monotonic(), price));
        Ok(price)
    }

    fn since(&self, moment: Duration) -> Duration {
        self.clock.monotonic().saturating_sub(moment)
    }
}
