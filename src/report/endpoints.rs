//! Each endpoint by itself: does it answer, which network is it on, is it up to date, do all agree.

use std::sync::Arc;

use tokio::task::JoinSet;

use super::Check;
use crate::{
    chain::{BLOCKS_BEHIND, BlockRef, Clock, Endpoints, IdentityError, NetworkIdentity, ReadError, Reader},
    config::{RpcConfig, RpcUrl},
    text,
    units::Secs,
};

/// What the endpoints said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointReport {
    /// One check for each endpoint, and one for their agreement where there are several.
    pub checks: Vec<Check>,
    /// Whether at least one answered.
    pub any_reachable: bool,
}

/// What one endpoint said of itself.
type Word = Result<(NetworkIdentity, BlockRef), IdentityError>;

/// Asks every endpoint, once and side by side.
pub async fn endpoint_checks(rpc: &RpcConfig, clock: &Arc<dyn Clock>) -> EndpointReport {
    let mut asked = JoinSet::new();
    for (index, url) in rpc.urls.iter().cloned().enumerate() {
        let alone = RpcConfig { urls: vec![url.clone()], retries: 0, ..rpc.clone() };
        let clock = clock.clone();
        asked.spawn(async move { (index, url, hear(&alone, clock).await) });
    }
    let mut words: Vec<(usize, RpcUrl, Word)> = Vec::new();
    while let Some(joined) = asked.join_next().await {
        words.extend(joined.ok());
    }
    words.sort_by_key(|(index, ..)| *index);
    let any_reachable = words.iter().any(|(_, _, word)| !matches!(word, Err(IdentityError::Read(_))));
    let mut checks: Vec<Check> =
        words.iter().map(|(_, url, word)| endpoint(&url.to_string(), word, any_reachable, clock.wall())).collect();
    checks.extend(agreement(words.iter().filter_map(|(_, url, word)| Some((url.to_string(), word.as_ref().ok()?)))));
    EndpointReport { checks, any_reachable }
}

async fn hear(rpc: &RpcConfig, clock: Arc<dyn Clock>) -> Word {
    let endpoints = Endpoints::connect(rpc, clock)
        .map_err(|error| IdentityError::Read(ReadError::Unavailable(error.to_string())))?;
    let (identity, _) = endpoints.verify_all(None).await?;
    let head = Reader::head(&endpoints).await?;
    Ok((identity, head))
}

fn endpoint(url: &str, word: &Word, any_reachable: bool, wall: Secs) -> Check {
    let name = format!("endpoint {url}");
    match word {
        Ok((identity, head)) => {
            let age = wall.0.saturating_sub(head.timestamp.0);
            let age = if identity.is_live() { format!(", {age} s old") } else { String::new() };
            Check::ok(
                name,
                format!("{} ({}), block {}{age}", identity.id(), text::one_line(identity.client()), head.number),
            )
        }
        Err(IdentityError::Read(error)) if any_reachable => {
            Check::warn(name, error.to_string(), "it is not used while it is away; the others are")
        }
        Err(IdentityError::Read(error)) => {
            Check::fail(name, error.to_string(), "check the URL and the network, or add another endpoint with -r")
        }
        Err(error) => Check::fail(name, error.to_string(), "use an endpoint of Base, or `trimtab replica start`"),
    }
}

/// Whether all that answered are on one network, at about the same height.
fn agreement<'a>(words: impl Iterator<Item = (String, &'a (NetworkIdentity, BlockRef))>) -> Option<Check> {
    let words: Vec<_> = words.collect();
    let ((first, (one, _)), others) = words.split_first()?;
    if others.is_empty() {
        return None;
    }
    let name = "endpoints agree";
    if let Some((other, (two, _))) = others.iter().find(|(_, (two, _))| two.kind() != one.kind()) {
        let found = format!("{first} is on {}, {other} on {}", one.id(), two.id());
        return Some(Check::fail(name, found, "give endpoints of one network only"));
    }
    let heights = words.iter().map(|(url, (_, head))| (head.number, url));
    let (low, high) = (heights.clone().min()?, heights.max()?);
    let behind = high.0.saturating_sub(low.0);
    if behind > BLOCKS_BEHIND {
        let found = format!("{} is {behind} blocks behind {}", low.1, high.1);
        return Some(Check::warn(name, found, "it is not used until it has caught up"));
    }
    Some(Check::ok(name, format!("{} of them on {}, within {behind} blocks", words.len(), one.id())))
}
