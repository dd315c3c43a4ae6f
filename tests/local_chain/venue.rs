//! The perpetuals venue on the replica: its genuine contracts, the local keeper and the price service.

use crate::common;

use std::time::{Duration, Instant};

use alloy::{
    primitives::{Address, Bytes, U256, address},
    sol,
    sol_types::{SolCall, SolEvent},
    transports::http::reqwest,
};
use common::{Replica, account};
use serde_json::{Value, json};
use trimtab::{
    localchain::{Behaviour, Keeper, KeeperOptions, LocalChainError, PriceChange, PriceScope, token},
    units::{Millis, Secs},
};

sol! {
    struct Trade {
        address trader; uint256 pairIndex; uint256 index; uint256 initialPosToken; uint256 positionSizeUSDC;
        uint256 openPrice; bool buy; uint256 leverage; uint256 tp; uint256 sl; uint256 timestamp;
    }
    struct TradeInfo {
        uint256 openInterestUSDC; uint256 tpLastUpdated; uint256 slLastUpdated; bool beingMarketClosed;
        uint256 lossProtection;
    }
    struct Order {
        address trader; uint256 pairIndex; uint256 index; uint256 positionSize; bool buy; uint256 leverage;
        uint256 tp; uint256 sl; uint256 price; uint256 slippageP; uint256 block; uint256 executionFee;
    }
    struct Position { Trade trade; TradeInfo info; uint256 rolloverFee; uint256 liquidationPrice; }
    struct Limit { Order order; uint256 liquidationPrice; }

    interface ITrading {
        event MarketOrderInitiated(
            address indexed trader, uint256 pairIndex, bool open, uint256 orderId, uint256 timestamp, bool isBuy
        );
        function openTrade(Trade calldata t, uint8 orderType, uint256 slippageP) external payable returns (uint256 id);
        function closeTradeMarket(uint256 pairIndex, uint256 index, uint256 amount)
            external payable returns (uint256 id);
        function cancelOpenLimitOrder(uint256 pairIndex, uint256 index) external;
        function updateTpAndSl(
            uint256 pairIndex, uint256 index, uint256 newSl, uint256 newTp, bytes[] calldata updates
        ) external payable;
        function updateMargin(
            uint256 pairIndex, uint256 index, uint8 kind, uint256 amount, bytes[] calldata updates
        ) external payable returns (uint256 id);
    }
    interface IPendingOrders {
        function getPendingOrderIds(address trader) external view returns (uint256[] memory ids);
    }
    interface IViews {
        function getPositions(address trader)
            external view returns (Position[] memory positions, Limit[] memory limits);
    }
    interface IPairs {
        function pairsCount() external view returns (uint256 count);
        function pairMinLeverage(uint256 pairIndex, bool isPnl) external view returns (uint256 leverage);
        function pairMaxLeverage(uint256 pairIndex, bool isPnl) external view returns (uint256 leverage);
        function pairMinLevPosUSDC(uint256 pairIndex) external view returns (uint256 notional);
        function pairSpreadP(uint256 pairIndex, bool isPnl) external view returns (uint256 spread);
    }
    interface IVault { function totalAssets() external view returns (uint256 assets); }
    interface IERC20 {
        function balanceOf(address owner) external view returns (uint256 balance);
        function approve(address spender, uint256 amount) external returns (bool done);
    }
}

const TRADING: Address = address!("44914408af82bC9983bbb330e3578E1105e11d4e");
const STORAGE: Address = address!("8a311D7048c35985aa31C131B9A13e03a5f7422d");
const PAIRS: Address = address!("5db3772136e5557EFE028Db05EE95C84D76faEC4");
const VIEWS: Address = address!("7A829c5C97A2Bf8BeFB4b01d96A282E4763848d8");
const JUNIOR: Address = address!("944766f715b51967E56aFdE5f0Aa76cEaCc9E7f9");
const SENIOR: Address = address!("83084cB182162473d6FEFfCd3Aa48BA55a7B66F7");

const ETH: u64 = 0;
const SOL: u64 = 2;
const MARKET: u8 = 0;
/// What these contracts execute as a limit order (avantis-v1.md §6).
const LIMIT: u8 = 1;
const DEADLINE: Duration = Duration::from_secs(20);

/// A replica with a keeper and a trader who has 10 000 USDC and gave the venue its allowance.
struct Desk {
    keeper: Keeper,
    replica: Replica,
    trader: Address,
    usdc: Address,
}

/// What a trader asks for.
#[derive(Clone, Copy)]
struct Ask {
    pair: u64,
    margin: u64,
    buy: bool,
    leverage: u64,
    price: u64,
    tp: u64,
    sl: u64,
    order_type: u8,
}

impl Ask {
    /// 100 USDC, ten times, on ether at 3000.
    const fn eth(buy: bool) -> Self {
        Self { pair: ETH, margin: 100, buy, leverage: 10, price: 3000, tp: 0, sl: 0, order_type: MARKET }
    }
}

impl Desk {
    async fn open(behaviour: Behaviour) -> Self {
        Self::on(Replica::start().await, behaviour).await
    }

    async fn on(replica: Replica, behaviour: Behaviour) -> Self {
        let options = KeeperOptions { price_port: 0, behaviour };
        let keeper = Keeper::start(replica.url(), &replica.kit, options).await.expect("keeper");
        let (trader, (usdc, _)) = (account(3), token("USDC").expect("USDC"));
        replica.controls.fund(trader, U256::ZERO, &[(usdc, usd(10_000))]).await.expect("funds");
        replica.send(trader, usdc, &IERC20::approveCall { spender: STORAGE, amount: U256::MAX }).await;
        Self { keeper, replica, trader, usdc }
    }

    /// Places an order; gives its id if it is a market order.
    async fn place(&self, ask: Ask) -> Option<U256> {
        let t = Trade {
            trader: self.trader,
            pairIndex: U256::from(ask.pair),
            index: U256::ZERO,
            initialPosToken: U256::ZERO,
            positionSizeUSDC: usd(ask.margin),
            openPrice: e10(ask.price),
            buy: ask.buy,
            leverage: e10(ask.leverage),
            tp: e10(ask.tp),
            sl: e10(ask.sl),
            timestamp: U256::ZERO,
        };
        let call = ITrading::openTradeCall { t, orderType: ask.order_type, slippageP: e10(1) };
        let receipt = self.replica.send(self.trader, TRADING, &call).await;
        receipt
            .inner
            .inner
            .logs()
            .iter()
            .find_map(|log| ITrading::MarketOrderInitiated::decode_log(&log.inner).ok().map(|event| event.data.orderId))
    }

    /// Places a market order and waits for its position.
    async fn filled(&self, ask: Ask) -> Position {
        self.place(ask).await.expect("a market order");
        self.until("a position", async || self.positions().await.pop()).await
    }

    async fn views(&self) -> (Vec<Position>, Vec<Limit>) {
        // While anvil stores a block it answers with the new state and the old height, on which the venue's rollover
        // underflows.
        let call = IViews::getPositionsCall { trader: self.trader };
        let views = self.first("views", &async || self.replica.try_ask(VIEWS, &call).await.ok()).await;
        (
            views.positions.into_iter().filter(|position| !position.trade.leverage.is_zero()).collect(),
            views.limits.into_iter().filter(|limit| !limit.order.leverage.is_zero()).collect(),
        )
    }

    async fn positions(&self) -> Vec<Position> {
        self.views().await.0
    }

    async fn limits(&self) -> Vec<Limit> {
        self.views().await.1
    }

    async fn pending(&self) -> Vec<U256> {
        self.replica.ask(STORAGE, &IPendingOrders::getPendingOrderIdsCall { trader: self.trader }).await
    }

    async fn balance(&self) -> U256 {
        self.replica.ask(self.usdc, &IERC20::balanceOfCall { owner: self.trader }).await
    }

    async fn price(&self, asset: &str, dollars: &str) {
        let change = PriceChange::parse(asset, dollars).expect("price");
        self.replica.controls.price(&change, PriceScope::Everything).await.expect("price moved");
    }

    /// Waits until the condition holds, and then for whatever was just being mined: anvil shows a block's changes
    /// account by account while it writes them, so the first sight of one may be half of it.
    async fn until<T>(&self, what: &str, condition: impl AsyncFn() -> Option<T>) -> T {
        self.first(what, &condition).await;
        self.mine(1).await;
        self.first(what, &condition).await
    }

    async fn first<T>(&self, what: &str, condition: &impl AsyncFn() -> Option<T>) -> T {
        let began = Instant::now();
        loop {
            if let Some(found) = condition().await {
                return found;
            }
            assert!(began.elapsed() < DEADLINE, "no {what} within {DEADLINE:?}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    async fn until_flat(&self) {
        self.until("end of the position", async || self.positions().await.is_empty().then_some(())).await;
    }

    async fn ask_price_service(&self, path: &str) -> (u16, Value) {
        let http = reqwest::Client::builder().no_proxy().build().expect("client");
        let answer = http.get(format!("{}{path}", self.keeper.price_url())).send().await.expect("an answer");
        let status = answer.status().as_u16();
        (status, serde_json::from_str(&answer.text().await.expect("text")).expect("json"))
    }

    /// The update that the price service gives for a pair.
    async fn price_update(&self, pair: u64) -> Bytes {
        let (status, body) = self.ask_price_service(&format!("/v2/pairs/{pair}/price-update-data")).await;
        assert_eq!(status, 200, "{body}");
        body["pro"]["priceUpdateData"].as_str().expect("an update").parse().expect("hex")
    }

    async fn send_with_price<C: SolCall>(&self, call: &C) {
        let data = call.abi_encode().into();
        self.replica.send_data(self.trader, TRADING, data, U256::from(1)).await;
    }

    async fn mine(&self, blocks: u64) {
        for _ in 0..blocks {
            let _: Value = self.replica.request("evm_mine", json!([])).await.expect("a block");
        }
    }
}

fn usd(dollars: u64) -> U256 {
    U256::from(dollars) * U256::from(1_000_000)
}

fn e10(figure: u64) -> U256 {
    U256::from(figure) * U256::from(10_000_000_000u64)
}

/// The worked example of avantis-v1.md §5, to the last unit.
#[tokio::test]
async fn a_long_is_filled_at_the_feeds_price_and_closed_in_two_halves_as_the_reference_computes() {
    let desk = Desk::open(Behaviour::faithful()).await;
    let position = desk.filled(Ask::eth(true)).await;
    assert_eq!(position.trade.initialPosToken, U256::from(99_550_000), "collateral after the opening fee");
    assert_eq!(position.trade.openPrice, U256::from(30_003_010_379_670u64));
    assert_eq!(position.trade.tp / U256::from(100_000_000), U256::from(1_050_105), "the cap of the profit");
    assert_eq!(position.liquidationPrice / U256::from(1_000_000), U256::from(27_452_754));

    desk.price("ETH", "3150").await;
    for left in [1, 0] {
        let before = desk.balance().await;
        let call = ITrading::closeTradeMarketCall {
            pairIndex: U256::from(ETH),
            index: U256::ZERO,
            amount: U256::from(49_775_000),
        };
        desk.replica.send(desk.trader, TRADING, &call).await;
        desk.until("a closed half", async || {
            let (positions, pending) = (desk.positions().await, desk.pending().await);
            (positions.len() == left && pending.is_empty()).then_some(())
        })
        .await;
        assert_eq!(desk.balance().await - before, U256::from(74_374_897));
    }
}

#[tokio::test]
async fn a_short_reaches_its_target_and_is_paid() {
    let desk = Desk::open(Behaviour::faithful()).await;
    desk.filled(Ask { tp: 2800, ..Ask::eth(false) }).await;
    let before = desk.balance().await;
    desk.price("ETH", "2801").await;
    desk.price("ETH", "2799").await;
    desk.until_flat().await;
    let paid = desk.balance().await - before;
    assert!(paid > usd(160) && paid < usd(170), "two thirds of 99.55 more: {paid}");
}

#[tokio::test]
async fn a_stop_ends_the_loss_at_its_price_even_through_a_gap() {
    let desk = Desk::open(Behaviour::faithful()).await;
    desk.filled(Ask { sl: 2900, ..Ask::eth(true) }).await;
    let before = desk.balance().await;
    desk.price("ETH", "2850").await;
    desk.until_flat().await;
    let paid = desk.balance().await - before;
    assert!(paid > usd(65) && paid < usd(67), "a third of 99.55 lost, not half: {paid}");
}

#[tokio::test]
async fn without_a_stop_the_position_is_liquidated_and_nothing_is_paid() {
    let desk = Desk::open(Behaviour::faithful()).await;
    desk.filled(Ask::eth(true)).await;
    let before = desk.balance().await;
    desk.price("ETH", "2740").await;
    desk.until_flat().await;
    assert_eq!(desk.balance().await, before);
}

#[tokio::test]
async fn a_limit_order_waits_for_its_price() {
    let desk = Desk::open(Behaviour::faithful()).await;
    assert_eq!(desk.place(Ask { price: 2900, order_type: LIMIT, ..Ask::eth(true) }).await, None);
    desk.price("ETH", "2901").await;
    // Another market order, filled after the move, shows that the keeper has looked at this price.
    desk.filled(Ask { pair: SOL, price: 150, ..Ask::eth(true) }).await;
    assert_eq!(desk.limits().await.len(), 1);
    desk.price("ETH", "2890").await;
    desk.until("an opened limit order", async || (desk.positions().await.len() == 2).then_some(())).await;
    assert!(desk.limits().await.is_empty());
}

#[tokio::test]
async fn a_limit_order_can_be_taken_back_in_full() {
    let desk = Desk::open(Behaviour::faithful()).await;
    let before = desk.balance().await;
    desk.place(Ask { price: 2900, order_type: LIMIT, ..Ask::eth(true) }).await;
    assert_eq!(before - desk.balance().await, usd(100));
    desk.mine(2).await;
    let cancel = ITrading::cancelOpenLimitOrderCall { pairIndex: U256::from(ETH), index: U256::ZERO };
    desk.replica.send(desk.trader, TRADING, &cancel).await;
    assert_eq!(desk.balance().await, before);
    assert!(desk.limits().await.is_empty());
}

#[tokio::test]
async fn margin_and_levels_change_with_a_price_from_the_service() {
    let desk = Desk::open(Behaviour::faithful()).await;
    let opened = desk.filled(Ask::eth(true)).await;
    desk.mine(2).await;
    let levels = ITrading::updateTpAndSlCall {
        pairIndex: U256::from(ETH),
        index: U256::ZERO,
        newSl: e10(2900),
        newTp: e10(3300),
        updates: vec![desk.price_update(ETH).await],
    };
    desk.send_with_price(&levels).await;
    let leveled = desk.positions().await.pop().expect("position");
    assert_eq!((leveled.trade.sl, leveled.trade.tp), (e10(2900), e10(3300)));
    desk.mine(2).await;
    let margin = ITrading::updateMarginCall {
        pairIndex: U256::from(ETH),
        index: U256::ZERO,
        kind: 0,
        amount: usd(50),
        updates: vec![desk.price_update(ETH).await],
    };
    desk.send_with_price(&margin).await;
    let deposited = desk.positions().await.pop().expect("position");
    let added = deposited.trade.initialPosToken - opened.trade.initialPosToken;
    assert!(added > usd(49) && added <= usd(50), "fifty less rollover: {added}");
    assert!(deposited.trade.leverage < opened.trade.leverage);
}

#[tokio::test]
async fn the_price_service_answers_in_the_venues_shape() {
    let desk = Desk::open(Behaviour::faithful()).await;
    desk.price("SOL", "151.25").await;
    let (status, body) = desk.ask_price_service("/v2/pairs/2/price-update-data").await;
    assert_eq!((status, &body["pro"]["price"], &body["core"]["price"]), (200, &json!("151.25"), &json!("151.25")));
    let (status, body) = desk.ask_price_service("/v2/pairs/99/price-update-data").await;
    assert_eq!((status, &body), (404, &json!({ "error": "no pair 99" })));
}

#[tokio::test]
async fn a_fill_beyond_the_slippage_is_cancelled_and_refunded() {
    let desk = Desk::open(Behaviour::filling_at(U256::from(3100_0000_0000u64))).await;
    let before = desk.balance().await;
    desk.place(Ask::eth(true)).await.expect("a market order");
    desk.until("an answered order", async || desk.pending().await.is_empty().then_some(())).await;
    assert_eq!(desk.balance().await, before);
    assert!(desk.positions().await.is_empty());
}

#[tokio::test]
async fn a_refusing_keeper_refunds_and_fills_again_when_told_to() {
    let desk = Desk::open(Behaviour::refusing()).await;
    let before = desk.balance().await;
    desk.place(Ask::eth(true)).await.expect("a market order");
    desk.until("a refund", async || desk.pending().await.is_empty().then_some(())).await;
    assert_eq!((desk.balance().await, desk.positions().await.len()), (before, 0));
    desk.keeper.behave(Behaviour::faithful());
    desk.filled(Ask::eth(true)).await;
}

#[tokio::test]
async fn a_stopped_keeper_leaves_orders_until_it_works_again() {
    let desk = Desk::open(Behaviour::stopped()).await;
    let id = desk.place(Ask::eth(true)).await.expect("a market order");
    desk.mine(5).await;
    assert_eq!(desk.pending().await, [id]);
    desk.keeper.behave(Behaviour::faithful());
    desk.until("a fill", async || desk.positions().await.pop()).await;
}

#[tokio::test]
async fn a_slow_keeper_leaves_an_order_pending_until_its_delay_is_over() {
    let desk = Desk::open(Behaviour::delayed(Millis(3_600_000))).await;
    let id = desk.place(Ask::eth(true)).await.expect("a market order");
    desk.mine(5).await;
    assert_eq!(desk.pending().await, [id]);
    desk.keeper.behave(Behaviour::delayed(Millis(1)));
    desk.until("a fill", async || desk.positions().await.pop()).await;
}

#[tokio::test]
async fn five_orders_in_a_row_are_filled_one_by_one() {
    let desk = Desk::open(Behaviour::stopped()).await;
    for _ in 0..5 {
        desk.place(Ask::eth(true)).await.expect("a market order");
    }
    desk.keeper.behave(Behaviour::faithful());
    desk.until("five positions", async || (desk.positions().await.len() == 5).then_some(())).await;
}

#[tokio::test]
async fn after_a_day_without_blocks_prices_are_still_fresh() {
    let desk = Desk::open(Behaviour::faithful()).await;
    desk.filled(Ask::eth(true)).await;
    desk.replica.controls.warp(Secs(86_400), Default::default()).await.expect("a day");
    desk.place(Ask { pair: SOL, price: 150, ..Ask::eth(false) }).await.expect("a market order");
    desk.until("two positions", async || (desk.positions().await.len() == 2).then_some(())).await;
}

#[tokio::test]
async fn pairs_have_the_leverages_spreads_and_minimum_of_base() {
    let replica = Replica::start().await;
    assert_eq!(replica.ask(PAIRS, &IPairs::pairsCountCall {}).await, U256::from(8));
    // Index, most leverage, spread in 1e-4 percent (avantis-v2.md §5.1).
    for (pair, most, spread) in [(0, 50, 100), (1, 50, 0), (2, 25, 200), (4, 20, 2500), (7, 5, 10_000)] {
        let pair_index = U256::from(pair);
        let least = replica.ask(PAIRS, &IPairs::pairMinLeverageCall { pairIndex: pair_index, isPnl: false }).await;
        let found = replica.ask(PAIRS, &IPairs::pairMaxLeverageCall { pairIndex: pair_index, isPnl: false }).await;
        assert_eq!((least, found), (e10(1), e10(most)), "leverage of {pair}");
        let found = replica.ask(PAIRS, &IPairs::pairMinLevPosUSDCCall { pairIndex: pair_index }).await;
        assert_eq!(found, usd(100), "least notional of {pair}");
        let found = replica.ask(PAIRS, &IPairs::pairSpreadPCall { pairIndex: pair_index, isPnl: false }).await;
        assert_eq!(found, U256::from(spread) * U256::from(1_000_000), "spread of {pair}");
    }
    let vault = [JUNIOR, SENIOR].map(|tranche| replica.ask(tranche, &IVault::totalAssetsCall {}));
    let [junior, senior] = vault;
    assert_eq!((junior.await, senior.await), (usd(3_250_000), usd(1_750_000)));
}

#[tokio::test]
async fn the_keeper_works_on_a_fork_too_and_refuses_where_there_is_no_venue() {
    let below = Replica::start().await;
    let fork = Replica::fork_of(below.url()).await;
    let desk = Desk::on(fork, Behaviour::faithful()).await;
    desk.filled(Ask::eth(true)).await;

    let bare = Replica::start().await;
    let _: Value = bare.request("anvil_setCode", (TRADING, Bytes::new())).await.expect("no code");
    let refused = Keeper::start(bare.url(), &bare.kit, KeeperOptions::default()).await.expect_err("no venue");
    assert!(matches!(refused, LocalChainError::NoVenue { .. }), "{refused}");
}

#[tokio::test]
async fn the_keeper_ends_with_its_chain() {
    let Desk { mut keeper, replica, .. } = Desk::open(Behaviour::faithful()).await;
    drop(replica);
    tokio::time::timeout(DEADLINE, keeper.chain_ended()).await.expect("the keeper noticed");
}

#[tokio::test]
async fn a_replica_started_by_command_has_a_keeper_that_ends_with_it() {
    let (cache, _kit) = common::own_cache();
    let trimtab = |arguments: &[&str]| {
        let mut command = assert_cmd::Command::cargo_bin("trimtab").expect("the program");
        let output = command.env("TRIMTAB_CACHE", cache.path()).arg("--json").args(arguments).output().expect("output");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice::<Value>(&output.stdout).expect("json")
    };
    let started = trimtab(&["replica", "start", "--port", "0", "--price-port", "0"]);
    let prices = started["keeper"]["price_url"].as_str().expect("a price service").to_owned();
    let http = reqwest::Client::builder().no_proxy().build().expect("client");
    let answer = http.get(format!("{prices}/v2/pairs/1/price-update-data")).send().await.expect("an answer");
    let text = answer.text().await.expect("text");
    assert_eq!(serde_json::from_str::<Value>(&text).expect("json")["core"]["price"], json!("90000"));
    trimtab(&["replica", "stop"]);
    assert!(http.get(&prices).send().await.is_err(), "the keeper is still there");
}
