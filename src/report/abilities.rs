//! What the program needs of an endpoint beside plain questions, tried on it: each with the method's name.

use std::sync::Arc;

use alloy::{
    eips::BlockNumberOrTag,
    primitives::{Address, Bytes},
    rpc::types::Filter,
    sol_types::SolCall,
};
use tokio::task::JoinSet;

use super::Check;
use crate::{
    chain::{Batch, BlockRef, CallRequest, Clock, Endpoints, ReadError, Reader, Simulation, multicall3},
    config::{RpcConfig, RpcUrl},
};

/// Data of a call, bytes: what a snapshot of an account with many reserves and pools takes, with room.
const BODY: usize = 128 * 1_024;

/// Blocks of events: what is asked for at once when the end of a perp is looked for.
const LOG_BLOCKS: u64 = 2_000;

/// Nobody's address, and nobody's code.
const NOBODY: Address = Address::repeat_byte(0xee);

/// What is tried, in the order that it is told in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ability {
    Multicall,
    Pinned,
    Simulation,
    Code,
    Logs,
    Body,
}

impl Ability {
    const ALL: [Self; 6] = [Self::Multicall, Self::Pinned, Self::Simulation, Self::Code, Self::Logs, Self::Body];

    const fn name(self) -> &'static str {
        match self {
            Self::Multicall => "Multicall3 by eth_call",
            Self::Pinned => "eth_call at a block's hash (EIP-1898)",
            Self::Simulation => "eth_simulateV1",
            Self::Code => "eth_call of code that is not deployed",
            Self::Logs => "eth_getLogs over 2,000 blocks",
            Self::Body => "eth_call with 128 kB of data",
        }
    }

    /// What follows when it is missing: whether anything stops, and what.
    const fn without(self) -> (bool, &'static str) {
        match self {
            Self::Multicall => (true, "nothing can be read; use another endpoint"),
            Self::Pinned => (true, "no snapshot is of one block without it; use another endpoint"),
            Self::Simulation => (
                true,
                "each transaction is tried by itself with eth_call and eth_estimateGas: those that need one before them are refused; use another endpoint",
            ),
            Self::Code => (false, "Multicall3 is asked instead: more bytes a day (docs/watchdog.md)"),
            Self::Logs => (false, "smaller ranges are asked for: ends of perps are found more slowly"),
            Self::Body => (true, "accounts with many assets cannot be read at once; use another endpoint"),
        }
    }

    async fn try_on(self, endpoints: &Endpoints, head: BlockRef) -> Result<(), ReadError> {
        let call = multicall3::IMulticall3::getBlockNumberCall {};
        let request = CallRequest::new(NOBODY, multicall3::ADDRESS, call.abi_encode());
        match self {
            Self::Multicall | Self::Code => {
                let mut batch = Batch::new();
                let slot = batch.add(multicall3::ADDRESS, &call);
                let answers = match self {
                    Self::Multicall => endpoints.read(head.hash, &batch).await?,
                    _ => endpoints.read_code(head.hash, &batch).await?,
                };
                answers.get(slot).map(|_| ())
            }
            Self::Pinned => endpoints.call(&request, alloy::eips::BlockId::from(head.hash)).await.map(|_| ()),
            Self::Simulation => endpoints.simulate_natively(&Simulation::after(head).call(request)).await.map(|_| ()),
            Self::Logs => {
                let from = head.number.saturating_sub(LOG_BLOCKS - 1);
                let filter =
                    Filter::new().address(NOBODY).from_block(from).to_block(BlockNumberOrTag::Number(head.number));
                endpoints.logs_at_once(&filter).await.map(|_| ())
            }
            Self::Body => {
                let request = CallRequest::new(NOBODY, NOBODY, Bytes::from(vec![0; BODY]));
                endpoints.call(&request, alloy::eips::BlockId::from(head.hash)).await.map(|_| ())
            }
        }
    }
}

/// Tries everything on every endpoint that answers at all, side by side. What one of several lacks is a warning: the others are
/// asked.
pub async fn ability_checks(rpc: &RpcConfig, clock: &Arc<dyn Clock>) -> Vec<Check> {
    let mut asked = JoinSet::new();
    for (index, url) in rpc.urls.iter().cloned().enumerate() {
        let alone = RpcConfig { urls: vec![url.clone()], retries: 0, ..rpc.clone() };
        let clock = clock.clone();
        asked.spawn(async move { (index, url, missing(&alone, clock).await) });
    }
    let mut found = asked.join_all().await;
    found.sort_by_key(|(index, ..)| *index);
    let answering: Vec<_> = found.into_iter().filter_map(|(_, url, missing)| Some((url, missing?))).collect();
    answering.iter().map(|(url, missing)| check(url, missing, &answering)).collect()
}

type Missing = Vec<(Ability, String)>;

/// `None` for an endpoint that does not answer.
async fn missing(rpc: &RpcConfig, clock: Arc<dyn Clock>) -> Option<Missing> {
    let endpoints = Endpoints::connect(rpc, clock).ok()?;
    let head = Reader::head(&endpoints).await.ok()?;
    let mut tried = JoinSet::new();
    for ability in Ability::ALL {
        let endpoints = endpoints.clone();
        tried.spawn(async move { (ability, ability.try_on(&endpoints, head).await) });
    }
    let tried = tried.join_all().await;
    let why = |of: Ability| {
        let (_, ended) = tried.iter().find(|(ability, _)| *ability == of)?;
        ended.as_ref().err().map(|error| (of, error.to_string()))
    };
    Some(Ability::ALL.into_iter().filter_map(why).collect())
}

fn check(url: &RpcUrl, missing: &Missing, all: &[(RpcUrl, Missing)]) -> Check {
    let name = format!("abilities of {url}");
    if missing.is_empty() {
        let able: Vec<&str> = Ability::ALL.into_iter().map(Ability::name).collect();
        return Check::ok(name, able.join(", "));
    }
    let found = missing.iter().map(|(ability, why)| format!("no {}: {why}", ability.name())).collect::<Vec<_>>();
    let fixes = missing.iter().map(|(ability, _)| ability.without().1).collect::<Vec<_>>();
    // Somebody must have what stops everything.
    let stops = missing.iter().any(|(ability, _)| {
        let lacks = |(_, missing): &(RpcUrl, Missing)| missing.iter().any(|(other, _)| other == ability);
        ability.without().0 && all.iter().all(lacks)
    });
    let (found, fix) = (found.join("; "), fixes.join("; "));
    if stops { Check::fail(name, found, fix) } else { Check::warn(name, found, fix) }
}
