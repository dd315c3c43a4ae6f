//! A plan file whose text was changed by somebody.

use alloy::{
    primitives::{Address, Bytes, U256},
    sol,
    sol_types::SolCall,
};
use rust_decimal::Decimal;
use trimtab::{
    localchain::Behaviour,
    perps::{
        Change, Entry, Forecast, Interest, Level, MarginChange, OpenRequest, PerpRequest, PerpSubject, PerpVenue,
        Portion, PositionKey, PriceE10, Side, VenueSnapshot,
    },
    plan::{CallData, Plan, Step},
};

use crate::desk::{Desk, e10, eth, usd};

sol! {
    function updateTpAndSl(
        uint256 pairIndex, uint256 index, uint256 newSl, uint256 newTp, bytes[] calldata priceUpdateData
    ) external payable;
    function updateMargin(
        uint256 pairIndex, uint256 index, uint8 updateType, uint256 amount, bytes[] calldata priceUpdateData
    ) external payable returns (uint256 id);
}

const OPEN: &[&str] = &[
    "trader",
    "pairIndex",
    "index",
    "initialPosToken",
    "positionSizeUSDC",
    "openPrice",
    "buy",
    "leverage",
    "tp",
    "sl",
    "timestamp",
    "orderType",
    "slippageP",
];
const CLOSE: &[&str] = &["pairIndex", "index", "amount"];
const MARGIN: &[&str] = &["pairIndex", "index", "updateType", "amount"];
const LEVELS: &[&str] = &["pairIndex", "index", "newSl", "newTp"];
const CANCEL: &[&str] = &["pairIndex", "index"];
const APPROVAL: &[&str] = &["spender", "amount"];

fn data(step: &Step) -> &Bytes {
    match &step.data {
        CallData::Fixed { data } => data,
        CallData::Stream { .. } => panic!("the venue is called with complete data"),
    }
}

fn with_data(plan: &Plan, step: usize, data: Vec<u8>) -> Plan {
    let mut changed = plan.clone();
    changed.steps[step].data = CallData::Fixed { data: data.into() };
    changed
}

/// The same call with the last bit of one argument turned.
fn turned(plan: &Plan, step: usize, word: usize) -> Plan {
    let mut bytes = data(&plan.steps[step]).to_vec();
    bytes[4 + 32 * word + 31] ^= 1;
    with_data(plan, step, bytes)
}

struct Office {
    desk: Desk,
    snapshot: VenueSnapshot,
    gas_price: U256,
}

impl Office {
    #[track_caller]
    fn passes(&self, plan: &Plan) {
        self.desk.venue.audit(plan, &self.snapshot, self.gas_price).expect("as it was written");
    }

    #[track_caller]
    fn refuses(&self, plan: &Plan, field: &str) {
        let refused = self.desk.venue.audit(plan, &self.snapshot, self.gas_price);
        let words = refused.expect_err(&format!("{field} was changed in `{}`", plan.headline)).to_string();
        assert!(words.contains(&format!("{field} is ")), "`{field}` is not named: {words}");
    }

    /// Every argument, the contract, the value, and what hangs on behind.
    #[track_caller]
    fn refuses_each(&self, plan: &Plan, step: usize, fields: &[&str]) {
        for (word, field) in fields.iter().enumerate() {
            self.refuses(&turned(plan, step, word), field);
        }
        let mut changed = plan.clone();
        changed.steps[step].to = Address::repeat_byte(0x11);
        self.refuses(&changed, "contract");
        let mut changed = plan.clone();
        changed.steps[step].value += U256::ONE;
        self.refuses(&changed, "value");
        let longer = [data(&plan.steps[step]).to_vec(), vec![0; 32]].concat();
        let refused = self.desk.venue.audit(&with_data(plan, step, longer), &self.snapshot, self.gas_price);
        let words = refused.expect_err("something behind the arguments").to_string();
        assert!(words.contains("in a way that this perp action does not"), "{words}");
    }
}

fn at(dollars: u64) -> Level {
    Level::Price(PriceE10(e10(dollars)))
}

fn subject(plan: &Plan) -> PerpSubject {
    plan.subject.read_perp().expect("subject")
}

fn about(plan: &Plan, change: impl FnOnce(&mut PerpSubject)) -> Plan {
    let mut subject = subject(plan);
    change(&mut subject);
    Plan { subject: trimtab::plan::PlanSubject::of_perp(&subject).expect("text"), ..plan.clone() }
}

/// A desk with a position that has a stop, and a limit order.
async fn office() -> (Office, PositionKey, PositionKey) {
    let desk = Desk::open(Behaviour::faithful()).await;
    Box::pin(desk.act(PerpRequest::Open(OpenRequest { stop: Some(at(2900)), ..eth(Side::Long) }))).await;
    let limit = OpenRequest { entry: Entry::Limit(PriceE10(e10(2800))), ..eth(Side::Long) };
    let (_, report) = Box::pin(desk.act(PerpRequest::Open(limit))).await;
    desk.mine(2).await;
    let interest = Interest { marks: vec!["ETH/USD".to_owned()], ..Interest::default() };
    let snapshot = desk.venue.snapshot(desk.trader.account, &interest).await.expect("snapshot");
    let (position, order) = (snapshot.positions[0].key, report.orders[0].0.key);
    let gas_price = desk.settings().gas_price;
    (Office { desk, snapshot, gas_price }, position, order)
}

#[tokio::test]
async fn each_single_argument_that_was_changed_in_a_plan_file_is_refused_by_its_name() {
    let (office, position, order) = Box::pin(office()).await;
    let plan = async |request: PerpRequest| {
        let plan = Box::pin(office.desk.plan(&request)).await.expect("plan");
        office.passes(&plan);
        plan
    };
    let market =
        OpenRequest { stop: Some(at(2900)), target: Some(Level::Distance(Decimal::new(4, 2))), ..eth(Side::Long) };
    let limit = OpenRequest { entry: Entry::Limit(PriceE10(e10(3100))), ..eth(Side::Short) };
    for open in [market, limit] {
        let open = plan(PerpRequest::Open(open)).await;
        assert_eq!(open.steps.len(), 2);
        office.refuses_each(&open, 0, APPROVAL);
        office.refuses_each(&open, 1, OPEN);
    }
    for portion in [Portion::All, Portion::Part(Decimal::new(3, 1))] {
        office.refuses_each(&plan(PerpRequest::Close { position, portion }).await, 0, CLOSE);
    }
    let add = plan(PerpRequest::Margin { position, change: MarginChange::Add(usd(20)) }).await;
    office.refuses_each(&add, 0, APPROVAL);
    office.refuses_each(&add, 1, MARGIN);
    let remove = plan(PerpRequest::Margin { position, change: MarginChange::Remove(usd(20)) }).await;
    office.refuses_each(&remove, 0, MARGIN);
    let call = updateMarginCall::abi_decode(data(&remove.steps[0])).expect("call");
    let without = updateMarginCall { priceUpdateData: Vec::new(), ..call };
    office.refuses(&with_data(&remove, 0, without.abi_encode()), "priceUpdateData");
    for (stop, target) in
        [(Change::To(at(2950)), Change::Keep), (Change::Keep, Change::To(at(3200))), (Change::Remove, Change::Remove)]
    {
        let levels = plan(PerpRequest::Levels { position, stop, target }).await;
        office.refuses_each(&levels, 0, LEVELS);
        let call = updateTpAndSlCall::abi_decode(data(&levels.steps[0])).expect("call");
        let other = match call.priceUpdateData.len() {
            0 => vec![Bytes::from(vec![1])],
            _ => Vec::new(),
        };
        let changed = updateTpAndSlCall { priceUpdateData: other, ..call };
        office.refuses(&with_data(&levels, 0, changed.abi_encode()), "priceUpdateData");
    }
    office.refuses_each(&plan(PerpRequest::Cancel { order }).await, 0, CANCEL);
}

#[tokio::test]
async fn a_plan_file_changed_in_several_places_at_once_is_held_against_the_venue() {
    let (office, position, _) = Box::pin(office()).await;
    let open = office.desk.plan(&PerpRequest::Open(eth(Side::Long))).await.expect("plan");
    let of = |subject: &mut PerpSubject, change: &dyn Fn(&mut OpenRequest)| {
        if let PerpRequest::Open(open) = &mut subject.perp {
            change(open);
        }
    };
    office.refuses(&about(&open, |it| of(it, &|open| open.pair = "BTC/USD".to_owned())), "pairIndex");
    office.refuses(&about(&open, |it| of(it, &|open| open.margin = usd(99))), "amount");
    office.refuses(&about(&open, |it| of(it, &|open| open.side = Side::Short)), "buy");

    // A price far above the mark would let the keeper fill anywhere up to it.
    let mut dear = about(&open, |subject| {
        if let Some(Forecast::Open(forecast)) = &mut subject.forecast {
            forecast.mark = PriceE10(e10(4000));
            forecast.entry = PriceE10(e10(4000));
        }
    });
    let mut bytes = data(&dear.steps[1]).to_vec();
    bytes[4 + 32 * 5..4 + 32 * 6].copy_from_slice(&e10(4000).to_be_bytes::<32>());
    dear = with_data(&dear, 1, bytes);
    office.refuses(&dear, "openPrice");

    // A fee that the plan shows is still held against what it should be.
    let mut generous = open.clone();
    let ether = U256::from(10).pow(U256::from(18));
    generous.steps[1].value = ether;
    for (_, amount) in generous.costs.iter_mut().filter(|(name, _)| name.contains("execution fee")) {
        amount.raw = ether;
    }
    office.refuses(&generous, "value");

    let mut third = open.clone();
    third.steps.insert(0, open.steps[0].clone());
    let words = office.desk.venue.audit(&third, &office.snapshot, office.gas_price).expect_err("three").to_string();
    assert!(words.contains("in a way that this perp action does not"), "{words}");
    let close = office.desk.plan(&PerpRequest::Close { position, portion: Portion::All }).await.expect("plan");
    let mut allowing = close.clone();
    allowing.steps.insert(0, open.steps[0].clone());
    let words = office.desk.venue.audit(&allowing, &office.snapshot, office.gas_price).expect_err("allows").to_string();
    assert!(words.contains("in a way that this perp action does not"), "{words}");
}
