//! Perps on the venue's genuine contracts: gas of each action and of the keeper's fills, how far fills are from what was
//! forecast, from the wish to the order's signed bytes, and how fast orders are followed.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use alloy::{
    primitives::{Address, B256, Bytes, U64, U256, address, keccak256},
    sol_types::SolCall,
};
use eyre::{Result, eyre};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use trimtab::abi::IERC20::approveCall;
use trimtab::{
    chain::Reader,
    config::Urgency,
    journal::IntentId,
    localchain::{Behaviour, Keeper, KeeperOptions, PriceChange, PriceScope},
    perps::{
        Change, Entry, Interest, Level, LeverageE10, MarginChange, OpenRequest, OrderPatience, OrderState, PercentE10,
        PerpRequest, PerpSettings, PerpVenue, Portion, PositionKey, PriceE10, Report, Side, Usdc, VenueSnapshot,
        avantis_v1::{AvantisV1, Deployment, PriceService},
        execute,
    },
    plan::{Deviation, Plan, check},
    send::ChainClient,
    units::{Millis, Secs},
};

use crate::{
    stopwatch::Stopwatch,
    support::desk::{Desk, Trader, replica_state},
    table,
};

const USDC: Address = address!("833589fCD6eDb6E08f4c7C32D4f71b54bdA02913");
/// Random positions, each opened and closed.
const CASES: u64 = 120;
/// Orders placed for the latency.
const PLACED: usize = 40;
/// Looks at an order.
const LOOKS: u32 = 200;
/// What the replica's prices are at the start, in dollars, and the most leverage of the random cases.
const PAIRS: [(&str, &str, u64, u64); 3] =
    [("ETH", "ETH/USD", 3_000, 25), ("BTC", "BTC/USD", 90_000, 25), ("SOL", "SOL/USD", 150, 20)];

/// A desk with the venue and a keeper that behaves.
pub struct Pit {
    pub desk: Desk,
    pub venue: AvantisV1,
    keeper: Keeper,
}

impl Pit {
    pub async fn open() -> Result<Self> {
        let desk = Desk::open().await?;
        let (kit, _) = replica_state().await?;
        let options = KeeperOptions { price_port: 0, behaviour: Behaviour::faithful() };
        let keeper = Keeper::start(desk.url(), &kit, options).await?;
        let prices = PriceService::new(Some(keeper.price_url().parse()?), Duration::from_secs(5))?;
        let venue = AvantisV1::recognise(&desk.endpoints, prices).await?;
        Ok(Self { desk, venue, keeper })
    }

    pub async fn fund(&self, who: Address, dollars: u64) -> Result<()> {
        Ok(self.desk.controls.fund(who, U256::ZERO, &[(USDC, usd(dollars).0)]).await?)
    }

    pub async fn snapshot(&self, who: Address, interest: &Interest) -> Result<VenueSnapshot> {
        Ok(self.venue.snapshot(who, interest).await?)
    }

    pub async fn plan(&self, snapshot: &VenueSnapshot, request: &PerpRequest) -> Result<Plan> {
        let subject = format!("{request:?} {} {}", snapshot.block.hash, snapshot.account);
        let settings = PerpSettings {
            id: IntentId::derive(Millis(self.desk.clock.wall_millis()), subject.as_bytes()).to_string(),
            network: self.desk.network(),
            urgency: Urgency::Open,
            valid_for: Secs(300),
            gas_price: snapshot.block.base_fee,
        };
        Ok(self.venue.plan(request, snapshot, &settings).await?)
    }

    pub async fn act<W: ChainClient + Reader>(
        &self,
        trader: &mut Trader<W>,
        request: &PerpRequest,
    ) -> Result<(Plan, Report)> {
        let snapshot = self.snapshot(trader.address, &Interest::default()).await?;
        let plan = self.plan(&snapshot, request).await?;
        let approved = check(plan.clone(), &self.desk.network(), snapshot.block.timestamp)?;
        let patience = OrderPatience { timeout: Duration::from_secs(20), poll: Duration::from_millis(5) };
        let report = execute(&mut trader.sender, &self.venue, &*self.desk.clock, approved, patience).await?;
        if report.exit_code() == 0 { Ok((plan, report)) } else { Err(eyre!("{}: {report:?}", plan.headline)) }
    }

    /// An allowance of the venue given by other means than a plan.
    pub async fn allow(&self, who: Address, amount: Usdc) -> Result<()> {
        let call = approveCall { spender: Deployment::BASE.storage, amount: amount.0 };
        let data = Bytes::from(call.abi_encode());
        let transaction = json!([{ "from": who, "to": USDC, "data": data }]);
        let _: Value = self.desk.endpoints.request_once("anvil_impersonateAccount", json!([who])).await?;
        let _: Value = self.desk.endpoints.request_once("eth_sendTransaction", transaction).await?;
        Ok(())
    }

    async fn mine(&self, blocks: u64) -> Result<()> {
        for _ in 0..blocks {
            let _: Value = self.desk.endpoints.request_once("evm_mine", json!([])).await?;
        }
        Ok(())
    }

    async fn price(&self, asset: &str, dollars: &str) -> Result<()> {
        let change = PriceChange::parse(asset, dollars)?;
        self.desk.controls.price(&change, PriceScope::Everything).await?;
        Ok(())
    }

    /// The first position of an account.
    async fn position(&self, who: Address) -> Result<PositionKey> {
        let snapshot = self.snapshot(who, &Interest::default()).await?;
        let position = snapshot.positions.first().map(|position| position.key);
        position.ok_or_else(|| eyre!("no position"))
    }
}

pub fn usd(dollars: u64) -> Usdc {
    Usdc(U256::from(dollars) * U256::from(1_000_000u64))
}

fn e10(figure: u64) -> U256 {
    U256::from(figure) * U256::from(10_000_000_000u64)
}

/// An open at the market with one per cent of slippage, without levels.
pub fn market(pair: &str, side: Side, margin: Usdc, leverage: u64) -> OpenRequest {
    OpenRequest {
        pair: pair.to_owned(),
        side,
        margin,
        leverage: LeverageE10(e10(leverage)),
        entry: Entry::Market,
        stop: None,
        target: None,
        slippage: PercentE10(e10(1)),
        signal: None,
        outlook: None,
    }
}

pub async fn measure() -> Result<()> {
    gas().await?;
    prediction().await?;
    speed().await
}

/// Gas of a transaction by its receipt.
async fn gas_of(pit: &Pit, transaction: B256) -> Result<u64> {
    let receipt: Value = pit.desk.endpoints.request_once("eth_getTransactionReceipt", json!([transaction])).await?;
    let gas: U64 = serde_json::from_value(receipt["gasUsed"].clone())?;
    Ok(gas.to())
}

async fn gas() -> Result<()> {
    let pit = Pit::open().await?;
    let mut trader = pit.desk.trader(1).await?;
    pit.fund(trader.address, 10_000).await?;
    let mut rows = Vec::new();
    let with_levels = OpenRequest {
        stop: Some(Level::Distance(Decimal::new(2, 2))),
        target: Some(Level::Distance(Decimal::new(4, 2))),
        ..market("ETH/USD", Side::Long, usd(100), 10)
    };
    let mut note = async |name: &str, report: &Report| -> Result<()> {
        let mined = report.outcome.done.iter().map(|step| step.receipt.gas_used.to_string());
        let mut mined: Vec<String> = mined.collect();
        let own = mined.pop().unwrap_or_default();
        let filled = match report.orders.first() {
            Some((_, OrderState::Filled(fill))) => gas_of(&pit, fill.transaction).await?.to_string(),
            _ => String::new(),
        };
        rows.push(vec![name.to_owned(), mined.join(", "), own, filled]);
        Ok(())
    };
    let (_, report) = pit.act(&mut trader, &PerpRequest::Open(with_levels.clone())).await?;
    note("open at the market, with stop and target", &report).await?;
    let (_, report) = pit.act(&mut trader, &PerpRequest::Open(with_levels)).await?;
    note("open a second one", &report).await?;
    pit.mine(2).await?;
    let position = pit.position(trader.address).await?;
    let stop = Change::To(Level::Price(PriceE10(e10(2_950))));
    let target = Change::To(Level::Price(PriceE10(e10(3_200))));
    let (add, remove) = (MarginChange::Add(usd(50)), MarginChange::Remove(usd(60)));
    for (name, request) in [
        ("move the stop", PerpRequest::Levels { position, stop, target: Change::Keep }),
        ("move the target", PerpRequest::Levels { position, stop: Change::Keep, target }),
        ("put margin in", PerpRequest::Margin { position, change: add }),
        ("take margin out", PerpRequest::Margin { position, change: remove }),
        ("close a third", PerpRequest::Close { position, portion: Portion::Part(Decimal::new(3, 1)) }),
        ("close the rest", PerpRequest::Close { position, portion: Portion::All }),
    ] {
        let (_, report) = pit.act(&mut trader, &request).await?;
        note(name, &report).await?;
        pit.mine(2).await?;
    }
    let limit =
        OpenRequest { entry: Entry::Limit(PriceE10(e10(2_800))), ..market("ETH/USD", Side::Long, usd(100), 10) };
    let (_, report) = pit.act(&mut trader, &PerpRequest::Open(limit)).await?;
    note("place a limit order", &report).await?;
    pit.mine(2).await?;
    let order = report.orders.first().map(|(order, _)| order.key).ok_or_else(|| eyre!("no order"))?;
    let (_, report) = pit.act(&mut trader, &PerpRequest::Cancel { order }).await?;
    note("take it back", &report).await?;
    table::print("Gas of perp actions", &["action", "approval before", "ours", "keeper's fill"], &rows);
    Ok(())
}

/// Numbers that look random and are the same every time.
struct Numbers(U256);

impl Numbers {
    fn between(&mut self, low: u64, high: u64) -> u64 {
        self.0 = keccak256(self.0.to_be_bytes::<32>()).into();
        low + (self.0 % U256::from(high - low + 1)).to::<u64>()
    }
}

async fn prediction() -> Result<()> {
    let pit = Pit::open().await?;
    let mut trader = pit.desk.trader(1).await?;
    pit.fund(trader.address, 1_000_000).await?;
    let mut numbers = Numbers(U256::from(11u64));
    let mut differences: BTreeMap<String, Vec<U256>> = BTreeMap::new();
    let mut note = |fills: &[Deviation]| {
        for fill in fills {
            differences.entry(fill.name.clone()).or_default().push(fill.difference);
        }
    };
    for case in 0..CASES {
        let Some((asset, pair, dollars, most)) = PAIRS.get(usize::try_from(case)? % PAIRS.len()) else { continue };
        // Dollars with two decimals, within one and a half per cent of where the replica starts.
        let at = |numbers: &mut Numbers| {
            let cents = dollars * numbers.between(98_500, 101_500) / 1_000;
            Decimal::new(i64::try_from(cents).unwrap_or_default(), 2).to_string()
        };
        pit.price(asset, &at(&mut numbers)).await?;
        let side = if numbers.between(0, 1) == 0 { Side::Long } else { Side::Short };
        let margin = Usdc(U256::from(numbers.between(100_000_000, 3_000_000_000)));
        let open = market(pair, side, margin, numbers.between(2, *most));
        let (_, report) = pit.act(&mut trader, &PerpRequest::Open(open)).await?;
        note(&report.fills);
        let position = pit.position(trader.address).await?;
        pit.mine(numbers.between(0, 5)).await?;
        pit.price(asset, &at(&mut numbers)).await?;
        if case % 2 == 0 {
            let share = Decimal::new(i64::try_from(numbers.between(10, 30))?, 2);
            let part = PerpRequest::Close { position, portion: Portion::Part(share) };
            // What would be left may be too small for the venue; then it is closed as a whole.
            if let Ok((_, report)) = pit.act(&mut trader, &part).await {
                note(&report.fills);
            }
        }
        let whole = PerpRequest::Close { position, portion: Portion::All };
        let (_, report) = pit.act(&mut trader, &whole).await?;
        note(&report.fills);
    }
    let rows: Vec<Vec<String>> = differences
        .iter()
        .map(|(name, all)| {
            let exact = all.iter().filter(|difference| difference.is_zero()).count();
            let greatest = all.iter().max().copied().unwrap_or_default();
            let shown = [U256::from(all.len()), U256::from(exact), table::quantile(all, 99), greatest];
            [vec![name.clone()], shown.map(|figure| figure.to_string()).to_vec()].concat()
        })
        .collect();
    let title = "Prediction error of fills, smallest units (prices 1e-10 USD, amounts 1e-6 USDC)";
    table::print(title, &["figure", "cases", "exact", "p99", "greatest"], &rows);
    Ok(())
}

async fn speed() -> Result<()> {
    let pit = Pit::open().await?;
    let mut trader = pit.desk.trader_on(Stopwatch::new(pit.desk.endpoints.clone()), 1).await?;
    pit.fund(trader.address, 100_000).await?;
    let (mut read, mut planned, mut sent, mut whole) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut followed = None;
    for _ in 0..PLACED {
        let open = market("ETH/USD", Side::Long, usd(100), 10);
        let interest = Interest { open: Some((open.pair.clone(), open.side, usd(1_000))), ..Interest::default() };
        trader.sender.wire().reset();
        let began = Instant::now();
        let snapshot = pit.snapshot(trader.address, &interest).await?;
        let known = Instant::now();
        let plan = pit.plan(&snapshot, &PerpRequest::Open(open)).await?;
        let last = plan.steps.len();
        let approved = check(plan, &pit.desk.network(), snapshot.block.timestamp)?;
        let ready = Instant::now();
        let patience = OrderPatience { timeout: Duration::from_secs(20), poll: Duration::from_millis(5) };
        let report = execute(&mut trader.sender, &pit.venue, &*pit.desk.clock, approved, patience).await?;
        let signed = trader.sender.wire().signed().ok_or_else(|| eyre!("nothing was signed"))?;
        if last != 2 {
            return Err(eyre!("the approval is part of what is measured"));
        }
        read.push(known.duration_since(began));
        planned.push(ready.duration_since(known));
        sent.push(signed.duration_since(ready));
        whole.push(signed.duration_since(began));
        followed = report.orders.first().map(|(order, _)| order.clone());
        let position = pit.position(trader.address).await?;
        pit.act(&mut trader, &PerpRequest::Close { position, portion: Portion::All }).await?;
    }
    let rows = [
        table::spread("read venue, positions, quote, wallet", &read),
        table::spread("price, plan, check", &planned),
        table::spread("simulate, journal, sign; approval included and order's own", &sent),
        table::spread("perp open to the order's signed bytes", &whole),
    ];
    table::print("From the wish to the order", &["", "runs", "p50", "p99", "greatest"], &rows);

    let filled = followed.ok_or_else(|| eyre!("no order"))?;
    let began = Instant::now();
    for _ in 0..LOOKS {
        pit.venue.track(trader.address, &filled, None).await?;
    }
    let ended = began.elapsed();
    pit.keeper.behave(Behaviour::stopped());
    let snapshot = pit.snapshot(trader.address, &Interest::default()).await?;
    let plan = pit.plan(&snapshot, &PerpRequest::Open(market("ETH/USD", Side::Long, usd(100), 10))).await?;
    let approved = check(plan, &pit.desk.network(), snapshot.block.timestamp)?;
    let patience = OrderPatience { timeout: Duration::ZERO, poll: Duration::from_millis(5) };
    let report = execute(&mut trader.sender, &pit.venue, &*pit.desk.clock, approved, patience).await?;
    let waiting = report.orders.first().map(|(order, _)| order.clone()).ok_or_else(|| eyre!("no order"))?;
    let began = Instant::now();
    for _ in 0..LOOKS {
        pit.venue.track(trader.address, &waiting, None).await?;
    }
    let waited = began.elapsed();
    let per_second = |time: Duration| (u128::from(LOOKS) * 1_000_000 / time.as_micros().max(1)).to_string();
    let rows = [
        vec!["that waits".to_owned(), per_second(waited)],
        vec!["that has ended (events, receipt, block)".to_owned(), per_second(ended)],
    ];
    table::print("Orders looked at per second, one after the other", &["order", "per second"], &rows);
    Ok(())
}
