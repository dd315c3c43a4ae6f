//! Perp venues that stall, fail or lie while ether falls: the loop is trimmed in the next block, as if there were no perps.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use alloy::primitives::{Address, U256};
use rust_decimal::{Decimal, dec};
use serde_json::{Value, json};
use trimtab::{
    journal::OrderKind,
    localchain::{Behaviour, PriceChange, PriceScope},
    loops::{Funds, Request, Target},
};

use crate::{
    handed::waiting,
    kit::{Daemon, STORAGE, health, is_at_target, program, until},
    story::Story,
    trader::{Erc20, USDC, ether, units},
};

const PERP: &str = "perp open --pair ETH/USD --side long --margin 100 --leverage 3 --broadcast --json";
/// Longer than any test: what waits for the price service waits for ever.
const FOR_EVER: &str = "10m";

/// A price service that takes questions and never answers, or answers all with the same bytes.
struct Prices {
    url: String,
    asked: Arc<AtomicUsize>,
}

impl Prices {
    fn silent() -> Self {
        Self::answering(None)
    }

    fn answering(body: Option<&'static str>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("address"));
        let asked = Arc::new(AtomicUsize::new(0));
        let count = asked.clone();
        thread::spawn(move || {
            let mut held: Vec<TcpStream> = Vec::new();
            for mut stream in listener.incoming().flatten() {
                count.fetch_add(1, Ordering::SeqCst);
                if let Some(body) = body {
                    let _ = stream.read(&mut [0; 4096]);
                    let length = body.len();
                    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n");
                    let _ = stream.write_all(format!("{head}{body}").as_bytes());
                } else {
                    held.push(stream);
                }
            }
        });
        Self { url, asked }
    }

    async fn is_asked(&self) {
        until("the price service is asked", || async { self.asked.load(Ordering::SeqCst) > 0 }).await;
    }
}

impl Story {
    /// A loop of one ether at 3x beside 9 000 USDC, and a keeper that does nothing more.
    async fn looped(behaviour: Behaviour) -> Self {
        let story = Self::start(behaviour).await;
        let pair = story.trader.pair("WETH", "USDC").await;
        let open = Request::Open { funds: Funds::Native(ether(1)), target: Target::Leverage(dec!(3)) };
        story.trader.act(&pair, &open).await;
        story
    }

    /// The same with a perp of the journal.
    async fn with_perp() -> Self {
        let story = Self::looped(Behaviour::faithful()).await;
        story.command().run(PERP).await.succeeds();
        story.keeper.behave(Behaviour::stopped());
        story
    }

    /// A daemon that asks these prices, and waits for ever for each.
    async fn watched_with(&self, prices: &str) -> Daemon {
        let program = program(&self.trader).env("TRIMTAB_RPC_TIMEOUT", FOR_EVER);
        Daemon::start(program, &format!("watch --price-url {prices}")).await
    }

    /// Ether falls in one block, and the trim is in the next one.
    async fn is_trimmed_in_the_next_block(&self) {
        let replica = &self.trader.replica;
        let before = replica.controls.head().await.expect("head").number;
        self.price("2730").await;
        until("trimmed", || async { is_at_target(health(&self.trader).await) }).await;
        // The node's head may be a moment behind its state.
        until("the trim in a block", || async { !self.own_blocks(before).await.is_empty() }).await;
        assert_eq!(self.own_blocks(before).await, [before + 2], "the fall is in {}", before + 1);
    }

    /// Blocks after one that hold something of the account's, once for each.
    async fn own_blocks(&self, before: u64) -> Vec<u64> {
        let replica = &self.trader.replica;
        let mut ours = Vec::new();
        for number in before + 1..=replica.controls.head().await.expect("head").number {
            let block = json!([format!("0x{number:x}"), true]);
            let block: Value = replica.request("eth_getBlockByNumber", block).await.expect("a block");
            // The control of the price may have sent something of its own before it.
            let all = block["transactions"].as_array().expect("transactions");
            let senders = all.iter().filter_map(|one| one["from"].as_str()?.parse::<Address>().ok());
            ours.extend(senders.filter(|from| *from == self.trader.account).map(|_| number));
        }
        ours
    }
}

#[tokio::test]
async fn a_price_service_that_stalls_while_ether_falls_does_not_delay_the_trim() {
    let story = Story::with_perp().await;
    let prices = Prices::silent();
    let daemon = story.watched_with(&prices.url).await;
    prices.is_asked().await;
    story.is_trimmed_in_the_next_block().await;
    daemon.stop().await.succeeds();
}

#[tokio::test]
async fn one_look_trims_before_it_asks_for_the_price_of_any_perp() {
    let story = Story::with_perp().await;
    let prices = Prices::silent();
    story.price("2730").await;
    let once = program(&story.trader).env("TRIMTAB_RPC_TIMEOUT", FOR_EVER);
    let once = once.spawn(&format!("watch --once --price-url {}", prices.url));
    prices.is_asked().await;
    assert!(is_at_target(health(&story.trader).await), "the loop first");
    drop(once);
}

#[tokio::test]
async fn a_price_service_that_lies_changes_nothing_about_the_trim() {
    for body in [
        r#"{"pro":{"price":"1","priceUpdateData":"0x01"}}"#,
        r#"{"pro":{"price":"79228162514264337593543950335","priceUpdateData":"0x01"}}"#,
        "not even json",
    ] {
        let story = Story::with_perp().await;
        let prices = Prices::answering(Some(body));
        let daemon = story.watched_with(&prices.url).await;
        prices.is_asked().await;
        story.is_trimmed_in_the_next_block().await;
        daemon.stop().await.succeeds();
    }
}

#[tokio::test]
async fn a_keeper_that_lets_a_handed_order_lie_does_not_delay_the_trim_and_the_command_hears_of_its_fill() {
    let story = Story::looped(Behaviour::stopped()).await;
    let daemon = story.watched_with(story.keeper.price_url()).await;
    let open = story.command().spawn(PERP);
    until("the order in the journal", || async { story.reader().open_orders().expect("orders").len() == 1 }).await;
    story.is_trimmed_in_the_next_block().await;
    story.keeper.behave(Behaviour::faithful());
    let filled = open.end().await;
    let document = filled.succeeds().json();
    assert_eq!(document["orders"][0][1]["state"], json!("filled"), "{document:#}");
    assert_eq!(story.reader().open_perps().expect("perps").len(), 1);
    daemon.stop().await.succeeds();
}

#[tokio::test]
async fn a_handed_perp_plan_that_waits_for_a_price_does_not_delay_the_trim() {
    let story = Story::looped(Behaviour::stopped()).await;
    let prices = Prices::silent();
    let daemon = story.watched_with(&prices.url).await;
    let open = story.command().spawn(PERP);
    prices.is_asked().await;
    story.is_trimmed_in_the_next_block().await;
    assert!(story.reader().open_orders().expect("orders").is_empty());
    daemon.stop().await.succeeds();
    open.end().await.fails(7, &["the daemon is ending"]);
}

#[tokio::test]
async fn everything_is_closed_though_a_trim_goes_between_and_the_keeper_is_late() {
    let story = Story::with_perp().await;
    let daemon = story.watched_with(story.keeper.price_url()).await;
    let flatten = story.command().spawn("flatten --broadcast --json");
    until("the close is ordered", || async {
        let orders = story.reader().open_orders().expect("orders");
        orders.iter().any(|order| order.kind == OrderKind::Close)
    })
    .await;
    story.is_trimmed_in_the_next_block().await;
    story.keeper.behave(Behaviour::faithful());
    let document = flatten.end().await.succeeds().json();
    assert_eq!(document["closed"].as_array().map(Vec::len), Some(2), "{document:#}");
    let pair = story.trader.pair("WETH", "USDC").await;
    assert_eq!((story.positions().await, story.trader.debt(&pair).await), (0, U256::ZERO));
    daemon.stop().await.succeeds();
}

#[tokio::test]
async fn an_order_in_the_pool_gives_its_place_to_a_trim_and_the_command_hears_that_nothing_was_ordered() {
    let story = Story::looped(Behaviour::stopped()).await;
    order_gives_way(&story, "2730", dec!(1.25)).await;
}

/// The sender is called away by the loop's own thresholds, not by those of its class.
#[tokio::test]
async fn an_order_in_the_pool_gives_its_place_to_a_trim_at_the_loops_own_trigger() {
    let story = Story::looped(Behaviour::stopped()).await;
    story.command().run("loop adjust --leverage 2 --broadcast").await.succeeds();
    story.command().run("loop adjust --warn 1.62 --trigger 1.6 --target 1.7").await.succeeds();
    order_gives_way(&story, "2800", dec!(1.7)).await;
}

/// The price falls while an order waits in the pool.
async fn order_gives_way(story: &Story, dollars: &str, target: Decimal) {
    let daemon = story.watched_with(story.keeper.price_url()).await;
    let node = async |method: &'static str, params: Value| -> Value {
        story.trader.replica.request(method, params).await.unwrap_or_else(|error| panic!("{method}: {error}"))
    };
    let before = story.trader.balance(USDC, story.trader.account).await;
    // The allowance is there already: what waits is the order itself.
    let allow = Erc20::approveCall { spender: STORAGE, value: units(100, 6) };
    story.trader.replica.send(story.trader.account, USDC, &allow).await;
    node("evm_setAutomine", json!([false])).await;
    let open = story.command().spawn(PERP);
    until("the order in the pool", || async { !waiting(&story.trader).await.is_empty() }).await;
    let ordered = waiting(&story.trader).await;
    // The oracle falls in a block whose base fee is above the order's.
    node("anvil_setNextBlockBaseFeePerGas", json!(["0x3938700"])).await;
    let change = PriceChange::parse("ETH", dollars).expect("price");
    story.trader.replica.controls.price(&change, PriceScope::FeedOnly).await.expect("moved");
    until("something else in its place", || async { waiting(&story.trader).await != ordered }).await;
    until("trimmed", || async {
        node("evm_mine", json!([])).await;
        (health(&story.trader).await - target).abs() < dec!(0.002)
    })
    .await;
    node("evm_setAutomine", json!([true])).await;
    story.keeper.behave(Behaviour::faithful());
    // What it was planned on is gone with the trim's gas.
    open.end().await.fails(4, &["a trim went first", "not what was planned"]);
    assert_eq!(before, story.trader.balance(USDC, story.trader.account).await, "nothing was ordered");
    assert_eq!((story.positions().await, story.reader().open_orders().expect("orders").len()), (0, 0));
    daemon.stop().await.succeeds();
}

/// A trim that is due at every head and cannot be paid for: who puts collateral in is not called away for it.
#[tokio::test]
async fn a_deposit_goes_through_while_a_trim_is_due_that_cannot_be_done() {
    let story = Story::looped(Behaviour::stopped()).await;
    let ceilings = ["trim", "urgent"].map(|class| {
        format!("[fees.{class}]\nmax_fee_gwei = 0.000001\nmax_tip_gwei = 0.000001\nmin_tip_gwei = 0.000001\n")
    });
    std::fs::write(story.trader.journals.path().join("trimtab.toml"), ceilings.concat()).expect("written");
    let daemon = story.watched_with(story.keeper.price_url()).await;
    story.price("2730").await;
    let replica = &story.trader.replica;
    let heads = async {
        loop {
            let _: Value = replica.request("evm_mine", json!([])).await.expect("a block");
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    let before = health(&story.trader).await;
    assert!(before < dec!(1.15), "{before}");
    let deposit = story.command().run("loop deposit --equity 1 --broadcast --json");
    let ran = tokio::select! {
        ran = deposit => ran,
        () = heads => panic!("heads come for ever"),
    };
    ran.succeeds();
    assert!(health(&story.trader).await > before, "it helped");
    daemon.stop().await.succeeds();
}

/// Nobody reads what it says, as behind a pager or a manager that stands still: the pipe is full, and the watch goes on.
#[tokio::test]
async fn logs_that_nobody_reads_delay_no_trim() {
    let story = Story::looped(Behaviour::stopped()).await;
    let program = program(&story.trader).env("TRIMTAB_LOG", "trace");
    let daemon = Daemon::start(program, "watch").await;
    let replica = &story.trader.replica;
    // Each head is some dozen lines: far more than a pipe takes.
    for _ in 0..300 {
        let _: Value = replica.request("evm_mine", json!([])).await.expect("a block");
    }
    story.is_trimmed_in_the_next_block().await;
    daemon.stop().await.succeeds();
}
