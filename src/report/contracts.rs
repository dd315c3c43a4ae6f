//! The contracts that an action needs: are they there, and are they what they were.

use alloy::{
    eips::BlockId,
    primitives::{Address, keccak256},
};

use super::Check;
use crate::{
    aave::{Deployment, Market, MarketQuery, QueryError, ReserveList},
    chain::{
        BASE_CHAIN_ID, Batch, BlockRef, Endpoints, GAS_PRICE_ORACLE, NetworkIdentity, ReadError, Reader, multicall3,
    },
    dex::Exchanges,
    onedelta::{
        CALL_FORWARDER, COMPOSER, ComposerAdmin, ComposerState, LOGIC_CODE_HASH, LOGIC_CODE_HASH_WITHOUT_METADATA,
        MORPHO_BLUE, PROXY_ADMIN,
    },
};

/// Checks composer, forwarder, Aave, flash loan sources and router at a block.
pub async fn contract_checks(
    endpoints: &Endpoints,
    identity: &NetworkIdentity,
    block: &BlockRef,
) -> Result<Vec<Check>, ReadError> {
    let at = BlockId::hash(block.hash);
    let mut checks = vec![code(endpoints, at, "Multicall3", multicall3::ADDRESS, None).await?];
    if checks.iter().all(|check| check.fix.is_empty()) {
        checks.extend(aave(endpoints, block).await?);
    }
    checks.extend(composer(endpoints, identity, at).await?);
    let exchanges = Exchanges::default();
    let others = [
        ("Morpho Blue", MORPHO_BLUE, Some("flash loans come from Aave or Uniswap, for a fee")),
        ("GasPriceOracle", GAS_PRICE_ORACLE, Some("costs are shown without the L1 fee")),
    ];
    let forwarder = ("call forwarder", CALL_FORWARDER, None);
    let of_exchanges = exchanges.iter().flat_map(|exchange| exchange.contracts());
    for (name, address, without) in std::iter::once(forwarder).chain(of_exchanges).chain(others) {
        checks.push(code(endpoints, at, name, address, without).await?);
    }
    Ok(checks)
}

/// Whether there is code; `without` says what is lost, for a contract that can be done without.
async fn code(
    endpoints: &Endpoints,
    at: BlockId,
    name: &str,
    address: Address,
    without: Option<&str>,
) -> Result<Check, ReadError> {
    let found = endpoints.code(address, at).await?;
    Ok(match without {
        _ if !found.is_empty() => Check::ok(name, format!("{} bytes of code at {address}", found.len())),
        Some(lost) => Check::warn(name, format!("no code at {address}"), lost),
        None => Check::fail(name, format!("no code at {address}"), "is this base, or a replica of it?"),
    })
}

async fn aave(endpoints: &Endpoints, block: &BlockRef) -> Result<Vec<Check>, ReadError> {
    let name = "Aave";
    let fix = "this program knows Aave v3 on Base as of its release; look for a newer one";
    let list = match ReserveList::read(endpoints, Deployment::BASE, BASE_CHAIN_ID, block).await {
        Ok(list) => list,
        Err(QueryError::Read(error @ (ReadError::Reverted { .. } | ReadError::Malformed(_)))) => {
            return Ok(vec![Check::fail(name, error.to_string(), fix)]);
        }
        Err(QueryError::Read(error)) => return Err(error),
        Err(error) => return Ok(vec![Check::fail(name, error.to_string(), fix)]),
    };
    let found = format!(
        "pool {} is the PoolAddressesProvider's, revision {}, {} reserves, {} e-modes",
        list.deployment.pool,
        list.revision,
        list.listings.len(),
        list.categories.len()
    );
    let mut batch = Batch::new();
    let query = MarketQuery::add(&list, &mut batch);
    let answers = endpoints.read(block, &batch).await?;
    let prices = match query.decode(&answers, *block) {
        Ok(market) => prices(&market),
        Err(error) => Check::fail("Aave prices", error.to_string(), fix),
    };
    Ok(vec![Check::ok(name, found), prices])
}

fn prices(market: &Market) -> Check {
    let name = "Aave prices";
    let silent: Vec<&str> =
        market.reserves.iter().filter(|reserve| reserve.price.is_none()).map(|r| r.symbol.as_str()).collect();
    if !silent.is_empty() {
        return Check::warn(name, format!("no price of {}", silent.join(", ")), "loops with these cannot be planned");
    }
    if !market.borrowing_allowed {
        return Check::warn(name, "the oracle sentinel bars borrowing", "wait until the sequencer was up for a while");
    }
    let ages = market.reserves.iter().filter_map(|reserve| {
        let age = reserve.price?.age(market.block.timestamp)?;
        Some((age, reserve.symbol.as_str()))
    });
    match ages.max() {
        Some((age, symbol)) => {
            let age = humantime::format_duration(std::time::Duration::from_secs(age.0));
            Check::ok(
                name,
                format!("all {} reserves; the oldest answer is that of {symbol}, {age}", market.reserves.len()),
            )
        }
        None => Check::ok(name, format!("all {} reserves; no source tells its age", market.reserves.len())),
    }
}

async fn composer(endpoints: &Endpoints, identity: &NetworkIdentity, at: BlockId) -> Result<Vec<Check>, ReadError> {
    let state = ComposerState::read(endpoints, at).await?;
    let fix = "do not send anything through it; look for a newer version of this program";
    let name = "1delta composer";
    if let Err(refusal) = state.require_current() {
        return Ok(vec![Check::fail(name, refusal.to_string(), fix)]);
    }
    let probe = match state.release() {
        Some(release) => Check::ok(
            name,
            format!(
                "{COMPOSER} is of the current generation, implementation {} of {}",
                state.implementation, release.recorded
            ),
        ),
        None => Check::warn(
            name,
            format!(
                "{COMPOSER} is of the current generation, but nobody recorded its implementation {}",
                state.implementation
            ),
            "see who published it before sending anything; simulations still show what it does",
        ),
    };
    let logic = logic(endpoints, identity, at, state.implementation).await?;
    let admin = ComposerAdmin::read(endpoints, at).await?;
    Ok(vec![probe, logic, ownership(&admin)])
}

/// Whether the code behind the proxy is the one built from source. Local chains have a stand-in.
async fn logic(
    endpoints: &Endpoints,
    identity: &NetworkIdentity,
    at: BlockId,
    implementation: Address,
) -> Result<Check, ReadError> {
    let code = endpoints.code(implementation, at).await?;
    let name = "composer code";
    let is_known = keccak256(&code) == LOGIC_CODE_HASH
        || without_metadata(&code).is_some_and(|code| keccak256(code) == LOGIC_CODE_HASH_WITHOUT_METADATA);
    Ok(if is_known {
        Check::ok(name, "byte for byte what its published source builds")
    } else if identity.is_live() {
        let found = format!("{} bytes that are not what the published source builds", code.len());
        Check::warn(name, found, "another compiler run explains it, or other code: see who published it")
    } else {
        Check::ok(name, format!("{} bytes; not Base's own, as on any replica with the stand-in", code.len()))
    })
}

/// The code before its CBOR metadata, whose length is in the last two bytes.
fn without_metadata(code: &[u8]) -> Option<&[u8]> {
    let length = code.last_chunk::<2>().map(|bytes| usize::from(u16::from_be_bytes(*bytes)))?;
    code.get(..code.len().checked_sub(length.checked_add(2)?)?)
}

fn ownership(admin: &ComposerAdmin) -> Check {
    let name = "composer admin";
    if admin.is_renounced() {
        return Check::ok(name, "renounced: nobody can replace the composer's code");
    }
    let stranger = if admin.admin == PROXY_ADMIN { "" } else { ", which is not the recorded one" };
    let owner =
        admin.owner.map_or_else(|| "does not say who owns it".to_owned(), |owner| format!("is owned by {owner}"));
    Check::warn(
        name,
        format!("{}{stranger} {owner}: its owner can replace the composer's code", admin.admin),
        "leave no approvals behind (`trimtab approvals list`)",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Verdict;

    #[test]
    fn metadata_is_cut_by_its_own_length_and_nothing_else_is() {
        assert_eq!(without_metadata(&[1, 2, 3, 0xa1, 0xa2, 0, 2]), Some(&[1, 2, 3][..]));
        assert_eq!(without_metadata(&[1, 0xff, 0xff]), None);
        assert_eq!(without_metadata(&[1]), None);
    }

    #[test]
    fn an_owned_composer_is_told_of_with_its_owner() {
        let owner = Address::repeat_byte(7);
        let check = ownership(&ComposerAdmin { admin: Address::repeat_byte(6), owner: Some(owner) });
        assert_eq!(check.verdict, Verdict::Warn);
        assert!(check.found.contains(&owner.to_string()) && check.found.contains("not the recorded one"), "{check:?}");
        let renounced = ComposerAdmin { admin: PROXY_ADMIN, owner: Some(Address::ZERO) };
        assert_eq!(ownership(&renounced).verdict, Verdict::Ok);
    }
}
