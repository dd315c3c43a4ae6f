//! Actions in the journal that this program does not know: of a newer version, or of somebody's hand.

use rust_decimal::dec;
use trimtab::{
    chain::{Reader, SystemClock},
    journal::IntentState,
    loops::{Funds, Request, Target},
    plan::{Plan, check},
    send::perform,
};

use crate::trader::{Trader, ether};

#[tokio::test]
async fn an_included_action_that_nobody_knows_is_settled_by_nobody_and_named() {
    let trader = Trader::start().await;
    let pair = trader.pair("WETH", "USDC").await;
    let open = Request::Open { funds: Funds::Native(ether(1)), target: Target::Leverage(dec!(2)) };
    let plan = Plan { kind: "loop teleport".to_owned(), ..trader.plan(&pair, &open).await.expect("plan") };
    let id = plan.id.clone();
    let head = Reader::head(&trader.endpoints).await.expect("head");
    let approved = check(plan, trader.identity.id().as_str(), head.timestamp).expect("approved");
    let mut sender = trader.sender();
    let (_, outcome) = Box::pin(perform(&mut sender, &SystemClock::new(), approved)).await.expect("sent");
    assert!(outcome.is_mined(), "{outcome:?}");
    drop(sender);
    for _ in 0..2 {
        let ran = trader.program().run("journal reconcile --json").await;
        let document = ran.fails(7, &["1 still open"]).json();
        assert_eq!(document["left"][0]["intent"], id.as_str(), "{document}");
        assert_eq!(document["left"][0]["kind"], "loop teleport");
        assert_eq!(document["settled"].as_array().map(Vec::len), Some(0));
    }
    trader.program().run("journal reconcile").await.fails(7, &[]).shows(&["loop teleport", &id, "not settled"]);
    let sender = trader.sender();
    let reader = sender.journal().reader();
    assert_eq!(reader.intent(id.parse().expect("id")).expect("intent").state, IntentState::Mined);
    assert!(reader.loops().expect("loops").is_empty(), "no position was made of it");
    drop(sender);
    // It stands in nobody's way.
    trader.program().run("loop adjust --leverage 1.5 --include-existing --broadcast").await.succeeds();
}
