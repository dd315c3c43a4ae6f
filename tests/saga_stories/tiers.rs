//! Two signals at a time: the loop stands at the highest tier that is open.

use rust_decimal::{Decimal, dec};
use serde_json::json;
use trimtab::localchain::{Behaviour, PriceChange, PriceScope};

use crate::story::{POLICIES, Story};

#[tokio::test]
async fn the_loop_follows_the_highest_tier_open_and_goes_when_the_last_has_ended() {
    let story = Story::start(Behaviour::faithful()).await;
    let mut sender = story.trader.sender();
    // Strong: 2x; its perp is on bitcoin, so that the other's end is not its own.
    let mark = bitcoin(&story).await;
    let strong = story.parse(&json!({ "id": "btc", "pair": "BTC/USD", "entry": mark, "score": 75 })).expect("signal");
    story.accept(&mut sender, &strong, POLICIES).await.expect("taken");
    story.until_open(&mut sender, "btc").await;
    assert_eq!(story.leverage().await, dec!(2));
    // Very strong: 3x.
    story.accept(&mut sender, &story.signal("eth", 95, "low"), POLICIES).await.expect("taken");
    story.until_open(&mut sender, "eth").await;
    assert_eq!(story.leverage().await, dec!(3));
    assert_eq!(story.positions().await, 2);
    // The very strong one ends: back to 2x, since the strong one still holds it.
    story.price("3125").await;
    let report = story.until_over(&mut sender, "eth").await;
    assert_eq!(report.outcome.as_deref(), Some("traded"));
    assert_eq!(story.leverage().await, dec!(2));
    // The last one ends: to what it was before both.
    let higher = PriceChange::parse("BTC", &(mark.parse::<Decimal>().expect("number") * dec!(1.05)).to_string());
    story.trader.replica.controls.price(&higher.expect("price"), PriceScope::Everything).await.expect("moved");
    story.until_over(&mut sender, "btc").await;
    assert_eq!(story.leverage().await, Decimal::ZERO);
}

#[tokio::test]
async fn a_weak_signal_leaves_the_loop_alone() {
    let story = Story::start(Behaviour::faithful()).await;
    let mut sender = story.trader.sender();
    story.accept(&mut sender, &story.signal("weak", 40, "normal"), POLICIES).await.expect("taken");
    story.until_open(&mut sender, "weak").await;
    assert_eq!(story.leverage().await, Decimal::ZERO);
    story.price("3200").await;
    let report = story.until_over(&mut sender, "weak").await;
    assert_eq!(report.legs.len(), 1, "{report:#?}");
}

async fn bitcoin(story: &Story) -> String {
    use trimtab::perps::Interest;
    let interest = Interest { open: None, marks: vec!["BTC/USD".to_owned()] };
    let snapshot =
        story.desk.venue().expect("a venue").snapshot(story.desk.account, &interest).await.expect("snapshot");
    let mark = snapshot.pair("BTC/USD").expect("listed").mark;
    mark.to_decimal().expect("a price").normalize().to_string()
}
