//! The venue's price service: the oracle's price and the signed update that carries it (avantis-v2.md §3.3).

use std::{str::FromStr, time::Duration};

use alloy::{
    primitives::{Bytes, U256},
    transports::http::reqwest::Client,
};
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::time::timeout;

use crate::{
    config::RpcUrl,
    http::{self, HttpError},
    perps::{PerpError, PriceE10},
    text,
    units::from_decimal,
};

/// An update is a few kilobytes.
const MOST_BYTES: usize = 256 * 1024;
/// What taking in an update of the first kind costs, wei.
pub(super) const PRO_FEE: u64 = 1;
/// What taking in an update of the second kind costs, wei.
pub(super) const CORE_FEE: u64 = 15_000_000_000_000;

/// Asks the price service. Cheap to clone.
#[derive(Debug, Clone)]
pub struct PriceService {
    service: Option<(RpcUrl, Client)>,
    deadline: Duration,
}

/// A price with what makes the contract believe it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceUpdate {
    /// The oracle's price.
    pub price: PriceE10,
    /// What goes into `priceUpdateData`.
    pub data: Bytes,
    /// What the oracle takes for it, wei.
    pub fee: U256,
}

/// The sources, bare or in an envelope.
#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow, default)]
    data: Option<Sources<'a>>,
    #[serde(borrow, default)]
    pro: Option<Source<'a>>,
    #[serde(borrow, default)]
    core: Option<Source<'a>>,
}

#[derive(Deserialize)]
struct Sources<'a> {
    #[serde(borrow, default)]
    pro: Option<Source<'a>>,
    #[serde(borrow, default)]
    core: Option<Source<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Source<'a> {
    /// A number or a text; its digits are taken as they are.
    #[serde(borrow)]
    price: &'a RawValue,
    price_update_data: Bytes,
}

impl PriceService {
    /// A service at this URL; without one every question is answered by [`PerpError::NoPriceService`].
    pub fn new(url: Option<RpcUrl>, deadline: Duration) -> Result<Self, PerpError> {
        let service = url.map(|url| Ok((http::client(url.expose(), deadline)?, url)));
        let service = service.transpose().map_err(|error: HttpError| PerpError::Prices(error.to_string()))?;
        Ok(Self { service: service.map(|(client, url)| (url, client)), deadline })
    }

    /// Whether there is one.
    #[must_use]
    pub const fn is_known(&self) -> bool {
        self.service.is_some()
    }

    /// Where it is, without what may be secret; `None` where there is none.
    #[must_use]
    pub fn shown_url(&self) -> Option<String> {
        self.service.as_ref().map(|(url, _)| url.to_string())
    }

    /// The price of a pair now, with its update.
    pub async fn update(&self, pair_index: u64) -> Result<PriceUpdate, PerpError> {
        let (url, client) = self.service.as_ref().ok_or(PerpError::NoPriceService)?;
        let failed = |why: String| PerpError::Prices(format!("{url}: pair {pair_index}: {}", url.scrub(&why)));
        let answer = timeout(self.deadline, fetch(client, url, pair_index))
            .await
            .map_err(|_| failed(format!("no answer within {:?}", self.deadline)))?
            .map_err(failed)?;
        read(&answer).map_err(failed)
    }
}

async fn fetch(client: &Client, url: &RpcUrl, pair_index: u64) -> Result<Vec<u8>, String> {
    let mut place = url.expose().clone();
    place.path_segments_mut().map_err(|()| "not a base URL".to_owned())?.pop_if_empty().extend([
        "v2",
        "pairs",
        &pair_index.to_string(),
        "price-update-data",
    ]);
    let response = client.get(place).send().await.map_err(|error| http::causes(&error.without_url()))?;
    let status = response.status();
    let body = http::body(response, MOST_BYTES).await.map_err(|error| error.to_string())?;
    if status.is_success() {
        return Ok(body);
    }
    let said: String = String::from_utf8_lossy(&body).chars().take(200).collect();
    Err(format!("status {}: {}", status.as_u16(), text::one_line(&said)))
}

fn read(answer: &[u8]) -> Result<PriceUpdate, String> {
    let answer: Answer<'_> =
        serde_json::from_slice(answer).map_err(|error| format!("answer not understood: {error}"))?;
    let Answer { data, pro, core } = answer;
    let sources = data.unwrap_or(Sources { pro, core });
    let (source, fee) = match (sources.pro, sources.core) {
        (Some(pro), _) => (pro, PRO_FEE),
        (None, Some(core)) => (core, CORE_FEE),
        (None, None) => return Err("its answer has neither `pro` nor `core`".to_owned()),
    };
    let text = source.price.get().trim_matches('"');
    let price = Decimal::from_str(text).ok().and_then(|price| from_decimal(price, PriceE10::DECIMALS)).map(PriceE10);
    let price = price.filter(|price| *price > PriceE10::ZERO).ok_or_else(|| format!("`{text}` is no price"))?;
    if source.price_update_data.is_empty() {
        return Err("its update is empty".to_owned());
    }
    Ok(PriceUpdate { price, data: source.price_update_data, fee: U256::from(fee) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn update(text: &str) -> Result<PriceUpdate, String> {
        read(text.as_bytes())
    }

    #[test]
    fn the_better_source_is_preferred_and_an_envelope_is_opened() {
        let both =
            r#"{"pro":{"price":"2567.98","priceUpdateData":"0x01"},"core":{"price":1,"priceUpdateData":"0x02"}}"#;
        let wanted = PriceUpdate {
            price: PriceE10(U256::from(25_679_800_000_000u64)),
            data: Bytes::from(vec![1]),
            fee: U256::from(PRO_FEE),
        };
        assert_eq!(update(both), Ok(wanted.clone()));
        assert_eq!(update(&format!(r#"{{"data":{both}}}"#)), Ok(wanted));
        let core = update(r#"{"pro":null,"core":{"price":0.1,"priceUpdateData":"0x02"}}"#).expect("an update");
        assert_eq!((core.price, core.fee), (PriceE10(U256::from(1_000_000_000)), U256::from(CORE_FEE)));
    }

    #[test]
    fn what_is_no_price_is_refused() {
        for text in [
            "",
            "{}",
            r#"{"pro":{"price":"-1","priceUpdateData":"0x01"}}"#,
            r#"{"pro":{"price":"0","priceUpdateData":"0x01"}}"#,
            r#"{"pro":{"price":"many","priceUpdateData":"0x01"}}"#,
            r#"{"pro":{"price":"1","priceUpdateData":"0x"}}"#,
            r#"{"pro":{"price":"1"}}"#,
        ] {
            assert!(update(text).is_err(), "{text}");
        }
    }
}
