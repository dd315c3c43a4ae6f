//! A price service that says what it was told to say, with the genuine update beside it.
#![allow(dead_code, unreachable_pub, missing_docs, clippy::expect_used, clippy::panic)]

use rust_decimal::Decimal;
use serde_json::{Value, json};
use trimtab::perps::avantis_v1::PriceService;
use wiremock::{Mock, MockServer, ResponseTemplate, matchers::path};

/// The service.
pub struct Liar(MockServer);

impl Liar {
    /// One that says so many times the honest service's price of a pair.
    pub async fn times(honest: &str, pair: u64, factor: Decimal) -> Self {
        let place = format!("/v2/pairs/{pair}/price-update-data");
        let url = format!("{}{place}", honest.trim_end_matches('/'));
        let client = alloy::transports::http::reqwest::Client::new();
        let text = client.get(url).send().await.expect("an answer").text().await.expect("text");
        let honest: Value = serde_json::from_str(&text).expect("json");
        let price: Decimal = honest["pro"]["price"].as_str().expect("a price").parse().expect("a number");
        let entry = json!({
            "price": (price * factor).normalize().to_string(), "priceUpdateData": honest["pro"]["priceUpdateData"],
        });
        let server = MockServer::start().await;
        let answer = ResponseTemplate::new(200).set_body_json(json!({ "pro": entry, "core": entry }));
        Mock::given(path(place)).respond_with(answer).mount(&server).await;
        Self(server)
    }

    pub fn url(&self) -> String {
        self.0.uri()
    }

    pub fn service(&self) -> PriceService {
        let patience = std::time::Duration::from_secs(5);
        PriceService::new(Some(self.url().parse().expect("url")), patience).expect("client")
    }
}
