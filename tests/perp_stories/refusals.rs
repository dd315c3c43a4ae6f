//! What is refused before anything is sent, with both figures and the fix.

use alloy::primitives::U256;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use trimtab::{
    localchain::Behaviour,
    perps::{
        Change, Entry, Level, LeverageE10, MarginChange, OpenRequest, PercentE10, PerpError, PerpRequest, Portion,
        PositionKey, PriceE10, Side, Usdc,
        avantis_v1::{AvantisV1, Deployment},
    },
    plan::check,
};

use crate::desk::{Desk, TRADING, e10, eth, usd};

fn price(dollars: u64) -> PriceE10 {
    PriceE10(e10(dollars))
}

#[tokio::test]
async fn every_bad_open_is_refused_with_its_field_and_the_fix() {
    let desk = Desk::open(Behaviour::faithful()).await;
    let long = || eth(Side::Long);
    let table: Vec<(OpenRequest, u8, &str)> = vec![
        (OpenRequest { pair: "DOG/USD".to_owned(), ..long() }, 2, "DOG/USD is not listed; listed are ETH/USD"),
        (OpenRequest { margin: Usdc::ZERO, ..long() }, 2, "margin: must be above zero"),
        (OpenRequest { margin: usd(9), ..long() }, 4, "give at least 10 USDC"),
        (OpenRequest { leverage: LeverageE10(e10(51)), ..long() }, 4, "51x is outside ETH/USD's range of 1x to 50x"),
        (OpenRequest { leverage: LeverageE10(U256::ZERO), ..long() }, 4, "outside ETH/USD's range"),
        (OpenRequest { slippage: PercentE10(U256::ZERO), ..long() }, 2, "at 0 the venue cancels"),
        (OpenRequest { slippage: PercentE10(e10(80)), ..long() }, 2, "not below the venue's 80 %"),
        (OpenRequest { target: Some(Level::Price(price(2900))), ..long() }, 4, "tp: 2900 is on the wrong side"),
        (OpenRequest { stop: Some(Level::Price(price(3100))), ..long() }, 4, "sl: 3100 is on the wrong side"),
        (
            OpenRequest { target: Some(Level::Price(price(3100))), ..eth(Side::Short) },
            4,
            "tp: 3100 is on the wrong side",
        ),
        (OpenRequest { stop: Some(Level::Price(price(2900))), ..eth(Side::Short) }, 4, "sl: 2900 is on the wrong side"),
        (
            OpenRequest { stop: Some(Level::Price(price(2700))), ..long() },
            2,
            "sl: 2700 is deeper than the venue keeps (80 %",
        ),
        (OpenRequest { target: Some(Level::Price(price(20_000))), ..long() }, 2, "beyond the most profit"),
        (OpenRequest { stop: Some(Level::Distance(Decimal::ZERO)), ..long() }, 2, "sl: a distance above zero"),
        (OpenRequest { entry: Entry::Limit(price(3100)), ..long() }, 2, "waits below the mark 3000"),
        (OpenRequest { entry: Entry::Limit(price(2900)), ..eth(Side::Short) }, 2, "waits above the mark 3000"),
    ];
    for (request, code, words) in table {
        let error = desk.plan(&PerpRequest::Open(request.clone())).await.expect_err("refused");
        assert!(error.to_string().contains(words), "`{words}` is not in `{error}` ({request:?})");
        assert_eq!(error.exit_code(), code, "{error}");
    }
}

#[tokio::test]
async fn too_little_usdc_or_ether_and_too_large_a_notional_break_a_bound_with_both_figures() {
    let desk = Desk::open(Behaviour::faithful()).await;
    let refused = async |request: OpenRequest| {
        let plan = desk.plan(&PerpRequest::Open(request)).await.expect("planned");
        let (network, now) = (plan.network.clone(), plan.block.timestamp);
        check(plan, &network, now).expect_err("refused").to_string()
    };
    let words = refused(OpenRequest { margin: usd(10_001), leverage: LeverageE10(e10(2)), ..eth(Side::Long) }).await;
    assert!(words.contains("USDC in the wallet 10,000 USDC is below the limit 10,001 USDC"), "{words}");
    let words = refused(OpenRequest { margin: usd(60_000), leverage: LeverageE10(e10(40)), ..eth(Side::Long) }).await;
    assert!(words.contains("ordered notional 2,400,000 USDC is above the limit 2,000,000 USDC"), "{words}");
    let dust = U256::from(1_000_000_000u64);
    let _: Value =
        desk.trader.replica.request("anvil_setBalance", json!([desk.trader.account, dust])).await.expect("anvil");
    let words = refused(eth(Side::Long)).await;
    assert!(words.contains("ether in the wallet"), "{words}");
}

#[tokio::test]
async fn every_bad_change_of_a_position_is_refused_with_its_field_and_the_fix() {
    let desk = Desk::open(Behaviour::faithful()).await;
    desk.act(PerpRequest::Open(eth(Side::Long))).await;
    desk.mine(2).await;
    let key = desk.position().await.key;
    let nowhere = PositionKey::of_pair_and_slot(3, 4);
    let part = |share| PerpRequest::Close { position: key, portion: Portion::Part(share) };
    let levels = |stop, target| PerpRequest::Levels { position: key, stop, target };
    let to = |dollars| Change::To(Level::Price(price(dollars)));
    let margin = |change| PerpRequest::Margin { position: key, change };
    let table = vec![
        (PerpRequest::Close { position: nowhere, portion: Portion::All }, 2, "there is no position 3:4"),
        (part(Decimal::ZERO), 2, "is not above 0 and below 1"),
        (part(Decimal::TWO), 2, "is not above 0 and below 1"),
        (part(Decimal::new(-5, 1)), 2, "is not above 0 and below 1"),
        (part(Decimal::new(95, 2)), 4, "below the pair's minimum of 100 USDC"),
        (part(Decimal::new(1, 12)), 2, "is nothing"),
        (levels(Change::Keep, Change::Keep), 2, "give --tp or --sl"),
        (levels(Change::Keep, to(2990)), 4, "tp: 2990 is on the wrong side"),
        (levels(to(3010), Change::Keep), 4, "sl: 3010 is on the wrong side"),
        (levels(to(2700), Change::Keep), 2, "deeper than the venue keeps"),
        (margin(MarginChange::Add(Usdc::ZERO)), 2, "must be above zero"),
        (margin(MarginChange::Remove(usd(200))), 2, "is not less than the margin"),
        (margin(MarginChange::Remove(usd(90))), 4, "outside ETH/USD's range"),
        (margin(MarginChange::Add(usd(950))), 4, "outside ETH/USD's range"),
        (PerpRequest::Cancel { order: "nonsense".parse().expect("a name") }, 2, "there is no limit order nonsense"),
        (PerpRequest::Close { position: "0:x".parse().expect("a name"), portion: Portion::All }, 2, "such as 0:1"),
        (PerpRequest::Cancel { order: key }, 2, "there is no limit order 0:0"),
    ];
    for (request, code, words) in table {
        let error = desk.plan(&request).await.expect_err("refused");
        assert!(error.to_string().contains(words), "`{words}` is not in `{error}` ({request:?})");
        assert_eq!(error.exit_code(), code, "{error}");
    }
}

#[tokio::test]
async fn a_change_within_the_venues_timelock_is_refused_with_the_block_from_which_it_goes() {
    let desk = Desk::open(Behaviour::faithful()).await;
    desk.act(PerpRequest::Open(eth(Side::Long))).await;
    let position = desk.position().await;
    let levels = PerpRequest::Levels {
        position: position.key,
        stop: Change::Keep,
        target: Change::To(Level::Price(price(3300))),
    };
    let plan = desk.plan(&levels).await.expect("planned");
    let (network, now) = (plan.network.clone(), plan.block.timestamp);
    let words = check(plan, &network, now).expect_err("refused").to_string();
    assert!(words.contains(&format!("below the limit {}", position.changeable_from)), "{words}");
    while desk.snapshot().await.block.number + 1 < position.changeable_from {
        desk.mine(1).await;
    }
    desk.act(levels).await;
}

#[tokio::test]
async fn unknown_code_at_the_venues_address_is_refused_before_anything_is_read_from_it() {
    let desk = Desk::open(Behaviour::faithful()).await;
    let replica = &desk.trader.replica;
    let recognise = async || {
        let refused = AvantisV1::recognise(&desk.trader.endpoints, Desk::prices(&desk.keeper)).await;
        refused.map(drop).expect_err("refused")
    };
    let slot = "0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc".parse().expect("slot");
    let implementation = alloy::primitives::Address::from_word(replica.storage(TRADING, slot).await);
    let genuine = replica.code(implementation).await;
    let mut changed = genuine.to_vec();
    changed.push(0);
    for (address, code) in [
        (implementation, alloy::primitives::Bytes::from(changed)),
        (implementation, alloy::primitives::Bytes::new()),
        (Deployment::BASE.callbacks, alloy::primitives::Bytes::from(vec![0xfe])),
        (TRADING, alloy::primitives::Bytes::from(vec![0xfe])),
    ] {
        let _: Value = replica.request("anvil_setCode", json!([address, code])).await.expect("anvil");
        let refused = recognise().await;
        assert!(matches!(refused, PerpError::UnknownVenue { .. }), "{refused}");
        assert_eq!(refused.exit_code(), 3);
        assert!(refused.to_string().contains("nothing is written to it"), "{refused}");
        if address == implementation {
            let _: Value = replica.request("anvil_setCode", json!([address, genuine])).await.expect("anvil");
        }
    }
    let empty = alloy::primitives::Bytes::new();
    let _: Value = replica.request("anvil_setCode", json!([TRADING, empty])).await.expect("anvil");
    assert!(matches!(recognise().await, PerpError::NoVenue(_)));
}
