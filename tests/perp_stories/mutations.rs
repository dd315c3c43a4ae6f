//! Every leaf of every kind of perp plan file, changed.

use std::collections::BTreeMap;

use alloy::primitives::U256;
use rust_decimal::dec;
use trimtab::{
    config::{BoundsConfig, FeesConfig, ThresholdsConfig},
    localchain::Behaviour,
    perps::{
        Change, Entry, Level, MarginChange, PercentE10, PerpRequest, Portion, PositionKey, PriceE10, Side,
        VenueSnapshot,
    },
    plan::Plan,
    trade::{Ask, Order, Planner},
    units::Secs,
};

use crate::{
    desk::{Desk, e10, eth, usd},
    mutate::{Harmless, judge},
};

#[tokio::test]
async fn every_leaf_of_every_kind_of_perp_plan_may_be_changed_and_nothing_harmful_is_accepted() {
    let desk = Desk::open(Behaviour::faithful()).await;
    let open = eth(Side::Long);
    let mut table = BTreeMap::new();
    let (stop, limit) = (Some(Level::Distance(dec!(0.03))), Entry::Limit(PriceE10(e10(2_500))));
    add(
        &mut table,
        all_mutations(&desk, PerpRequest::Open(trimtab::perps::OpenRequest { stop, ..open.clone() })).await,
    );
    desk.act(PerpRequest::Open(open.clone())).await;
    desk.act(PerpRequest::Open(trimtab::perps::OpenRequest { entry: limit, ..open.clone() })).await;
    desk.mine(3).await;
    let position = desk.position().await.key;
    for request in [
        PerpRequest::Close { position, portion: Portion::All },
        PerpRequest::Close { position, portion: Portion::Part(dec!(0.5)) },
        PerpRequest::Margin { position, change: MarginChange::Add(usd(20)) },
        PerpRequest::Margin { position, change: MarginChange::Remove(usd(20)) },
        PerpRequest::Levels { position, stop: Change::To(Level::Price(PriceE10(e10(2_950)))), target: Change::Keep },
        PerpRequest::Cancel { order: PositionKey::of_pair_and_slot(0, 0) },
    ] {
        add(&mut table, all_mutations(&desk, request).await);
    }
    println!("mutations of plans of perps: {table:?}");
    let count = |why| table.get(&why).copied().unwrap_or_default();
    assert!(count(Harmless::Refused) > count(Harmless::SamePlan) + count(Harmless::AsksOtherwise), "{table:?}");
}

fn add(table: &mut BTreeMap<Harmless, usize>, more: BTreeMap<Harmless, usize>) {
    more.into_iter().for_each(|(why, count)| *table.entry(why).or_default() += count);
}

async fn all_mutations(desk: &Desk, request: PerpRequest) -> BTreeMap<Harmless, usize> {
    let trader = &desk.trader;
    let network = trader.identity.id();
    let gas_price = U256::from(60_000_000u64);
    let planner = Planner {
        endpoints: &trader.endpoints,
        reserves: &trader.list,
        venue: Some(&desk.venue),
        network: network.as_str(),
        account: trader.account,
        bounds: BoundsConfig::default(),
        fees: FeesConfig::default(),
        thresholds: ThresholdsConfig::default(),
        loops: trader.loops(),
        permit_ttl: Secs::HOUR,
        perp_ttl: Secs(120),
        perp_slippage: PercentE10(e10(1)),
        gas_price,
    };
    use trimtab::perps::PerpVenue;
    let needed = desk.venue.interest(&request).expect("interest");
    let snapshot = desk.venue.snapshot(trader.account, &needed).await.expect("snapshot");
    let id = desk.settings().id;
    let plan = planner.of_perp(&desk.venue, &request, &snapshot, id).await.expect("a plan");
    let marks = vec!["ETH/USD".to_owned()];
    let now = trimtab::perps::Interest { marks, ..needed };
    let now: VenueSnapshot = desk.venue.snapshot(trader.account, &now).await.expect("snapshot");
    let audit = |plan: &Plan| desk.venue.audit(plan, &now, gas_price).map_err(|error| error.to_string());
    let order = Order::of(&plan, Ask::Perp(request)).expect("an order");
    let table = judge(&planner, &order, audit).await;
    println!("{}: {table:?}", plan.kind);
    table
}
