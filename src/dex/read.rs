//! Pools read by themselves, in two batches.

use alloy::primitives::B256;

use super::{Pools, Reach, exchanges::Exchanges, pool_id::PoolId};
use crate::chain::{Batch, ReadError, Reader};

/// Reads pools in two batches pinned to one block. The reader puts the deadlines.
pub async fn read_pools<R: Reader>(
    reader: &R,
    at: impl Into<B256> + Send,
    exchanges: &Exchanges,
    pools: impl IntoIterator<Item = PoolId> + Send,
    reach: &Reach,
) -> Result<Pools, ReadError> {
    let at = at.into();
    let mut batch = Batch::new();
    let probes = exchanges.probe(&mut batch, pools);
    let answers = reader.read(at, &batch).await?;

    let mut found = Pools::of(exchanges.clone());
    let mut batch = Batch::new();
    let mut queries = Vec::new();
    for (pool, probe) in probes {
        match probe.decode(&answers) {
            Ok(hint) => queries.push(hint.ask(&mut batch, reach)),
            Err(absence) => found.insert(pool, Err(absence)),
        }
    }
    if queries.is_empty() {
        return Ok(found);
    }
    let answers = reader.read(at, &batch).await?;
    for query in queries {
        found.insert(query.id(), query.decode(&answers)?);
    }
    Ok(found)
}
