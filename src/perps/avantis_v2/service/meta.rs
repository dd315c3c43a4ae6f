//! The venue's metadata, held against what is pinned (avantis-v2.md §3.1).

use alloy::primitives::{Address, U256, address};

use super::{VenueServiceError, VenueServices, json::Node};
use crate::{
    perps::avantis_v2::intent::{Domain, REFERRAL, ROUTER, Verifier},
    units::Millis,
};

const SERVICE: &str = "metadata";
/// What takes margin, and holds it.
const STORAGE: Address = address!("8a311D7048c35985aa31C131B9A13e03a5f7422d");
const USDC: Address = address!("833589fCD6eDb6E08f4c7C32D4f71b54bdA02913");
/// How long an intent is good where the service does not say.
const LIFETIME: Millis = Millis(120_000);

/// What the metadata says beside what is pinned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VenueMeta {
    /// What goes with an order that is a transaction of one's own, wei.
    pub execution_fee: U256,
    /// How long an intent is good.
    pub lifetime: Millis,
}

impl VenueServices {
    /// Reads the metadata, and refuses it where chain, contracts or domain are not those that are pinned.
    pub async fn meta(&self) -> Result<VenueMeta, VenueServiceError> {
        let answer = self.read_builder(SERVICE, "/v2/meta").await?;
        let root = Node::root(SERVICE, &answer);
        let data = enveloped(&root)?;
        pinned(&data.field("chainId")?, &data.field("chainId")?.whole()?.to_string(), "8453")?;
        let addresses = data.field("addresses")?;
        let same = |name: &str, contract: Address| match addresses.maybe(name) {
            None => Ok(()),
            Some(node) => pinned(&node, &node.address()?.to_string(), &contract.to_string()),
        };
        addresses.field("tradingRouter")?;
        same("tradingRouter", ROUTER)?;
        same("tradingStorage", STORAGE)?;
        same("usdc", USDC)?;
        same("referral", REFERRAL)?;
        if let Some(domain) = data.maybe("eip712").and_then(|eip712| eip712.maybe("trading")) {
            let read =
                Domain::read(domain.value(), "eip712.trading").map_err(|error| domain.wrong(error.to_string()))?;
            read.is(&Domain::on_base(Verifier::Router)).map_err(|error| domain.wrong(error.to_string()))?;
        }
        let defaults = data.maybe("defaults");
        let default = |name: &str| defaults.as_ref().and_then(|defaults| defaults.maybe(name));
        Ok(VenueMeta {
            execution_fee: default("executionFeeWei").map_or(Ok(U256::ZERO), |node| node.whole())?,
            lifetime: default("intentDeadlineMs").map_or(Ok(LIFETIME), |node| node.small().map(Millis))?,
        })
    }
}

fn pinned(node: &Node<'_>, found: &str, pinned: &str) -> Result<(), VenueServiceError> {
    if found == pinned {
        return Ok(());
    }
    Err(node.wrong(format!("{found} instead of {pinned}; nothing is signed for another")))
}

/// What is in `{"ok":true,"data":…}`, or the answer itself; `{"ok":false,…}` is a refusal.
fn enveloped<'a>(root: &Node<'a>) -> Result<Node<'a>, VenueServiceError> {
    match root.maybe("ok") {
        None => Ok(root.clone()),
        Some(ok) if ok.boolean()? => root.field("data"),
        Some(_) => {
            let error = root.field("error")?;
            let (code, message) = (error.field("code")?.text()?, error.maybe("message"));
            let message = message.and_then(|message| message.text().ok()).unwrap_or_default();
            Err(match code {
                "RATE_LIMITED" => VenueServiceError::RateLimited { service: SERVICE, wait: None },
                "GEO_RESTRICTED" => VenueServiceError::Geo { service: SERVICE, message: message.to_owned() },
                _ => {
                    VenueServiceError::Refused { service: SERVICE, status: 200, message: format!("{code}: {message}") }
                }
            })
        }
    }
}
