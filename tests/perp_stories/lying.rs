//! A price service that lies: nothing is opened at a price that the chain contradicts or does not confirm.

use std::sync::Arc;

use rust_decimal::{Decimal, dec};
use trimtab::{
    localchain::{Behaviour, FeedAge},
    perps::{
        Change, Entry, Level, LeverageE10, MarginChange, OpenRequest, PerpError, PerpRequest, PerpVenue, Portion,
        PriceE10, Side, Venue, avantis_v1::AvantisV1,
    },
    plan::Plan,
    units::Secs,
};

use crate::{
    desk::{Desk, e10, eth, usd},
    liar::Liar,
};

const DOUBLE_AND_HALF: [Decimal; 2] = [dec!(2), dec!(0.5)];
/// The pair that Aave does not price.
const SOL: u64 = 2;

/// What would be done with this venue.
async fn plan(desk: &Desk, venue: &dyn PerpVenue, request: &PerpRequest) -> Result<Plan, PerpError> {
    let snapshot = desk.snapshot().await;
    Box::pin(venue.plan(request, &snapshot, &desk.settings())).await
}

async fn lying(desk: &Desk, pair: u64, factor: Decimal) -> Venue {
    let liar = Liar::times(desk.keeper.price_url(), pair, factor).await;
    let venue = AvantisV1::recognise(&desk.trader.endpoints, liar.service()).await.expect("the known venue");
    // It answers as long as the venue is asked.
    std::mem::forget(liar);
    Arc::new(venue)
}

/// Two hours in which no feed says anything.
async fn grow_old(desk: &Desk) {
    desk.trader.replica.controls.warp(Secs(7_200), FeedAge::Grows).await.expect("time");
}

fn on(pair: &str, side: Side) -> OpenRequest {
    OpenRequest { pair: pair.to_owned(), leverage: LeverageE10(e10(5)), ..eth(side) }
}

#[tokio::test]
async fn a_perp_is_not_opened_at_double_or_half_the_price_and_both_prices_are_named() {
    let desk = Desk::open(Behaviour::faithful()).await;
    for factor in DOUBLE_AND_HALF {
        let venue = lying(&desk, 0, factor).await;
        let service = (dec!(3000) * factor).normalize();
        let limit = |price: Decimal| Entry::Limit(PriceE10::from_decimal(price).expect("a price"));
        for request in [
            eth(Side::Long),
            eth(Side::Short),
            OpenRequest { entry: limit(service - dec!(10)), ..eth(Side::Long) },
            OpenRequest { stop: Some(Level::Distance(dec!(0.02))), ..eth(Side::Long) },
        ] {
            let error = plan(&desk, &*venue, &PerpRequest::Open(request)).await.expect_err("refused");
            let words = error.to_string();
            for word in [service.to_string().as_str(), "3000", "Aave's oracle", "perps.max_price_deviation_bps"] {
                assert!(words.contains(word), "`{word}` is not in {words}");
            }
            assert_eq!(error.exit_code(), 4);
        }
    }
}

#[tokio::test]
async fn a_lying_price_keeps_no_position_from_being_closed_and_moves_none_of_its_levels() {
    let desk = Desk::open(Behaviour::faithful()).await;
    desk.act(PerpRequest::Open(eth(Side::Long))).await;
    let position = desk.position().await.key;
    desk.mine(3).await;
    for factor in DOUBLE_AND_HALF {
        let venue = lying(&desk, 0, factor).await;
        let stop = Change::To(Level::Price(PriceE10(e10(1_400))));
        let levels = PerpRequest::Levels { position, stop, target: Change::Keep };
        let less = PerpRequest::Margin { position, change: MarginChange::Remove(usd(1)) };
        for request in [levels, less] {
            let error = plan(&desk, &*venue, &request).await.expect_err("refused").to_string();
            assert!(error.contains("Aave's oracle on chain says 3000"), "{error}");
        }
        let close = PerpRequest::Close { position, portion: Portion::All };
        let more = PerpRequest::Margin { position, change: MarginChange::Add(usd(10)) };
        for request in [close, more] {
            let plan = plan(&desk, &*venue, &request).await.expect("never stopped");
            assert!(plan.notes.iter().any(|note| note.contains("WRONG PRICE")), "{:?}", plan.notes);
        }
    }
}

#[tokio::test]
async fn where_the_chain_says_nothing_a_perp_is_opened_only_by_leave_and_what_was_filled_is_a_reference_afterwards() {
    let desk = Desk::open(Behaviour::faithful()).await;
    let open = PerpRequest::Open(on("SOL/USD", Side::Long));
    let known = desk.plan(&open).await.expect("the venue's own feed knows it");
    assert!(known.notes.iter().any(|note| note.contains("by the venue's backup feed")), "{:?}", known.notes);
    grow_old(&desk).await;
    let error = desk.plan(&open).await.expect_err("refused");
    assert_eq!(error.exit_code(), 4);
    let words = error.to_string();
    for word in ["SOL/USD", "150", "perps.oracle_ttl", "--unchecked-price", "perps.unchecked_prices"] {
        assert!(words.contains(word), "`{word}` is not in {words}");
    }
    let trusting = desk.venue.clone().with_unchecked_prices();
    let allowed = plan(&desk, &*trusting, &open).await.expect("by leave");
    assert!(allowed.notes.iter().any(|note| note.contains("not checked")), "{:?}", allowed.notes);
    desk.execute(allowed, crate::desk::quick()).await.expect("filled");
    // The keeper brought a price along that is on chain now.
    let checked = desk.plan(&open).await.expect("confirmed");
    assert!(checked.notes.iter().any(|note| note.contains("by Pyth's contract")), "{:?}", checked.notes);
    for venue in [lying(&desk, SOL, dec!(2)).await, lying(&desk, SOL, dec!(0.5)).await.with_unchecked_prices()] {
        let error = plan(&desk, &*venue, &open).await.expect_err("refused").to_string();
        assert!(error.contains("Pyth's contract on chain says 150"), "{error}");
    }
}

#[tokio::test]
async fn the_program_refuses_a_lying_service_and_tells_a_checked_one() {
    let desk = Desk::open(Behaviour::faithful()).await;
    let open = "perp open --side long --margin 100 --leverage 5 --pair";
    let liar = Liar::times(desk.keeper.price_url(), 0, dec!(2)).await;
    let run = async |words: String, url: &str| desk.trader.program().run(&format!("{words} --price-url {url}")).await;
    let honest = desk.keeper.price_url();
    let nonce = desk.trader.replica.nonce(desk.trader.account).await;
    let refused = run(format!("{open} ETH/USD --broadcast --unchecked-price"), &liar.url()).await;
    refused.fails(4, &["the price service says that ETH/USD is at 6000", "Aave's oracle on chain says 3000"]);
    assert_eq!(desk.trader.replica.nonce(desk.trader.account).await, nonce);
    grow_old(&desk).await;
    run(format!("{open} ETH/USD"), honest).await.succeeds().shows(&["3000 by Aave's oracle"]);
    run(format!("{open} SOL/USD"), honest).await.fails(4, &["--unchecked-price"]);
    run(format!("{open} SOL/USD --unchecked-price"), honest).await.succeeds().shows(&["price of SOL/USD not checked"]);
    // What a file asks is planned anew: it has no say in this, whoever sends it has.
    run(format!("{open} SOL/USD --unchecked-price --plan-out sol.json"), honest).await.succeeds();
    let file = std::fs::read_to_string(desk.trader.journals.path().join("sol.json")).expect("written");
    assert!(!file.contains("unchecked"), "{file}");
    // Addresses and hashes are hex, amounts are not.
    let bare = |text: &&str| text.starts_with("0x") && ![42, 66].contains(&text.len());
    assert_eq!(file.split('"').find(bare), None, "{file}");
    run("send sol.json".to_owned(), honest).await.fails(4, &["nothing on chain confirms", "--unchecked-price"]);
    run("send sol.json --unchecked-price".to_owned(), honest).await.succeeds().shows(&["price of SOL/USD not checked"]);
    let always = desk.trader.program().env("TRIMTAB_PERPS_UNCHECKED_PRICES", "true");
    always.run(&format!("{open} SOL/USD --price-url {honest}")).await.succeeds();
    let half = desk.trader.program().env("TRIMTAB_PERPS_MAX_PRICE_DEVIATION_BPS", "5000");
    half.run(&format!("{open} ETH/USD --price-url {honest}")).await.fails(3, &["perps.max_price_deviation_bps"]);
}
