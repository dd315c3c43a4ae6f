//! The list of reserves and the market together, as a command begins with them.

use super::{Deployment, Market, MarketQuery, QueryError, ReserveList};
use crate::chain::{Batch, BlockRef, Reader};

impl ReserveList {
    /// [`Self::read`] with the market at that block: what of the list only permits need is read beside it.
    pub async fn read_with_market<R: Reader>(
        reader: &R,
        deployment: Deployment,
        chain_id: u64,
        block: &BlockRef,
    ) -> Result<(Self, Market), QueryError> {
        let list = Box::pin(Self::without_permits(reader, deployment, block)).await?;
        let mut with_permits = list.clone();
        let market = async {
            let mut batch = Batch::new();
            let query = MarketQuery::add(&list, &mut batch);
            query.decode(&reader.read(block, &batch).await?, *block)
        };
        let ((), market) = tokio::try_join!(with_permits.add_permits(reader, chain_id, block), market)?;
        Ok((with_permits, market))
    }
}
