//! Stage: the 1delta composer and its call forwarder; our stand-ins, or the genuine code from a live RPC.

use alloy::{
    primitives::{Address, B256, Bytes, U256, b256, keccak256},
    sol_types::SolValue,
};
use serde::{Deserialize, Serialize};

use super::{
    Deployer,
    addresses::{CALL_FORWARDER, COMPOSER, COMPOSER_ADMIN, COMPOSER_LOGIC},
};
use crate::localchain::{LocalChainError, anvil::CHAIN_ID, node::Node};

/// EIP-1967 slot of a proxy's implementation.
const IMPLEMENTATION_SLOT: B256 = b256!("360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc");
/// EIP-1967 slot of a proxy's admin.
const ADMIN_SLOT: B256 = b256!("b53127684a568b3173ae13b9f8a6016e243e63b6e8ee1178d6a717850b5d6103");

/// What stands at the composer's addresses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Composer {
    /// Our contracts, written from the specification.
    StandIn,
    /// The contracts of Base.
    Genuine(Box<GenuineComposer>),
}

/// The composer's code as a live chain has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GenuineComposer {
    proxy: Bytes,
    implementation: Address,
    implementation_code: Bytes,
    admin: Address,
    admin_code: Bytes,
    forwarder: Bytes,
}

impl Composer {
    /// `stand-in` or `genuine`.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::StandIn => "stand-in",
            Self::Genuine(_) => "genuine",
        }
    }

    /// Tells one composer from another.
    pub(crate) fn fingerprint(&self) -> String {
        match self {
            Self::StandIn => self.name().to_owned(),
            Self::Genuine(code) => {
                let mut all = code.implementation.to_vec();
                all.extend_from_slice(code.admin.as_slice());
                for part in [&code.proxy, &code.implementation_code, &code.admin_code, &code.forwarder] {
                    all.extend_from_slice(keccak256(part).as_slice());
                }
                keccak256(all).to_string()
            }
        }
    }
}

/// Reads the composer from a live RPC: the proxy, the implementation and the admin that its slots name, the forwarder.
pub(crate) async fn fetch_composer(url: &str) -> Result<Composer, LocalChainError> {
    let node = Node::new(url)?;
    let found = node.chain_id().await?;
    if found != CHAIN_ID {
        return Err(LocalChainError::WrongChain { url: node.shown_url(), found });
    }
    let implementation = Address::from_word(node.storage(COMPOSER, IMPLEMENTATION_SLOT.into()).await?);
    let admin = Address::from_word(node.storage(COMPOSER, ADMIN_SLOT.into()).await?);
    Ok(Composer::Genuine(Box::new(GenuineComposer {
        proxy: code_of(&node, "composer proxy", COMPOSER).await?,
        implementation,
        implementation_code: code_of(&node, "composer implementation", implementation).await?,
        admin,
        // An admin without code (renounced to nobody, or a plain account) is as good.
        admin_code: node.code(admin).await?,
        forwarder: code_of(&node, "call forwarder", CALL_FORWARDER).await?,
    })))
}

async fn code_of(node: &Node, what: &'static str, at: Address) -> Result<Bytes, LocalChainError> {
    let code = node.code(at).await?;
    if code.is_empty() {
        return Err(LocalChainError::NoRemoteCode { url: node.shown_url(), what, at });
    }
    Ok(code)
}

pub(super) async fn stage(site: &Deployer<'_>, composer: &Composer) -> Result<(), LocalChainError> {
    match composer {
        Composer::StandIn => stand_in(site).await,
        Composer::Genuine(code) => genuine(site, code).await,
    }
}

async fn stand_in(site: &Deployer<'_>) -> Result<(), LocalChainError> {
    site.place("Composer", COMPOSER_LOGIC, &[]).await?;
    site.place("RenouncedAdmin", COMPOSER_ADMIN, &[]).await?;
    let arguments = (COMPOSER_LOGIC, COMPOSER_ADMIN).abi_encode_params();
    site.place("ComposerProxy", COMPOSER, &arguments).await?;
    site.place("CallForwarder", CALL_FORWARDER, &[]).await
}

/// Runtime code carries its immutables, so it can be put in place as it is; of storage the proxy needs its two slots.
async fn genuine(site: &Deployer<'_>, code: &GenuineComposer) -> Result<(), LocalChainError> {
    site.node.set_code(COMPOSER, &code.proxy).await?;
    site.node.set_code(code.implementation, &code.implementation_code).await?;
    if !code.admin_code.is_empty() {
        site.node.set_code(code.admin, &code.admin_code).await?;
    }
    site.node.set_code(CALL_FORWARDER, &code.forwarder).await?;
    for (slot, address) in [(IMPLEMENTATION_SLOT, code.implementation), (ADMIN_SLOT, code.admin)] {
        site.node.set_storage(COMPOSER, U256::from_be_bytes(slot.0), address.into_word()).await?;
    }
    // As a deployed contract's, so that creations from it would land where they do on Base.
    for contract in [COMPOSER, code.implementation, CALL_FORWARDER] {
        site.node.set_nonce(contract, 1).await?;
    }
    Ok(())
}
