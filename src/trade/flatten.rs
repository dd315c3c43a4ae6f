//! Closing everything: limit orders taken back, perps closed, loops closed. One that fails does not keep the next.

use std::fmt;

use alloy::primitives::U256;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{TradeContext, TradeError};
use crate::{
    aave::{Market, MarketQuery, Projection},
    actions::{self, Done},
    chain::{Batch, Endpoints, Reader},
    config::{Thresholds, Urgency},
    journal::{IntentId, JournalReader, LoopPosition, PositionId},
    loops::{self, KnownLoop, LoopSnapshot, MovingPrice, Pair, Request, Scope, Settings, Share, class_of, known_loops},
    perps::{
        self, Interest, KeyError, OrderKind, OrderPatience, OrderRecord, PerpError, PerpRequest, PerpSettings,
        PerpVenue, Portion, PositionKey, VenueSnapshot,
    },
    plan::{Plan, check},
    send::Sender,
    units::Millis,
};

/// One thing to do.
#[derive(Debug, Clone, PartialEq)]
#[allow(clippy::large_enum_variant)]
pub enum FlattenAction {
    /// Take a limit order back: it would open a position.
    Limit(PositionKey),
    /// Close a perp.
    Perp(PositionKey),
    /// Close a loop.
    Loop(LoopPosition),
    /// Whatever there is at a venue that could not be read.
    Venue,
    /// A perp whose name in the journal is none; why.
    Unnamed(KeyError),
}

/// One thing to do, planned on the present state.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ClosingLeg {
    /// In words.
    pub what: String,
    /// The plan, or why there is none.
    pub plan: Result<Plan, String>,
    #[serde(skip)]
    action: FlattenAction,
}

/// Everything that flattening would do, in its order.
#[derive(Debug, Clone, Default, Serialize)]
pub struct FlattenPlan {
    /// What is closed.
    pub legs: Vec<ClosingLeg>,
    /// What stays though the venue shows it, because this journal did not open it; in words.
    pub left: Vec<String>,
}

/// What became of one thing.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Flattened {
    /// In words.
    pub what: String,
    /// The outcome in words, or the error.
    pub result: Result<String, String>,
    /// The exit code of it alone: 7 when it is not known how it ended.
    pub exit: u8,
}

impl fmt::Display for Flattened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.result {
            Ok(done) => write!(f, "{}: {done}", self.what),
            Err(error) => write!(f, "{}: NOT DONE: {error}", self.what),
        }
    }
}

/// Plans it: limit orders, perps, loops. Those of this journal only, or with `include_existing` every limit order and perp
/// that the venue shows; a loop is always one of the journal's.
pub async fn plan_flatten(
    desk: &TradeContext,
    reader: Option<&JournalReader>,
    include_existing: bool,
) -> Result<FlattenPlan, TradeError> {
    let own = match reader {
        Some(reader) => Own::read(desk, reader)?,
        None => Own::default(),
    };
    let mut all = FlattenPlan::default();
    let mut legs = Vec::new();
    let venue = match desk.venue() {
        Ok(venue) => venue.snapshot(desk.account, &Interest::default()).await,
        Err(error) => Err(error),
    };
    match venue {
        Ok(venue) => at_venue(&venue, &own, include_existing, &mut legs, &mut all.left),
        // Nothing is known to be there.
        Err(PerpError::NoneKnown) if own.perps.is_empty() && own.limits.is_empty() && !include_existing => {}
        // A venue that cannot be read keeps its own; the loops are closed all the same.
        Err(error) => {
            let what = "everything at the perp venue".to_owned();
            all.legs.push(ClosingLeg { what, plan: Err(error.to_string()), action: FlattenAction::Venue });
        }
    }
    legs.extend(own.unnamed.into_iter().map(|(id, error)| (format!("perp {id}"), FlattenAction::Unnamed(error))));
    let known = reader.map(known_loops).transpose()?.unwrap_or_default();
    for open in riskiest_first(desk, own.loops, &known).await {
        let name = |token| desk.reserves.listing(token).map_or_else(|| token.to_string(), |found| found.symbol.clone());
        legs.push((format!("loop {}/{}", name(open.collateral), name(open.debt)), FlattenAction::Loop(open)));
    }
    for (what, action) in legs {
        let plan = plan(desk, &action, &known).await.map_err(|error| error.to_string());
        all.legs.push(ClosingLeg { what, plan, action });
    }
    Ok(all)
}

/// The loops with the lowest health factor of their own first: each closing then lifts what stays, or leaves it where it is.
/// As they are where the account cannot be read, which each closing says for itself.
async fn riskiest_first(desk: &TradeContext, loops: Vec<LoopPosition>, known: &[KnownLoop]) -> Vec<LoopPosition> {
    if loops.len() < 2 {
        return loops;
    }
    let parts = match account(desk, &loops, known).await {
        Ok(parts) => parts,
        Err(error) => {
            tracing::warn!(account = %desk.account, %error, "loops are closed in the order in which they were opened");
            return loops;
        }
    };
    let standing = |open: &LoopPosition| {
        let part = parts.loop_of(open.collateral, open.debt).filter(|part| !part.debt_value.0.is_zero());
        let threshold = parts.supply(open.collateral).map_or(0, |supply| supply.threshold.0);
        part.map_or(U256::MAX, |part| {
            let counted = part.collateral_value.0.saturating_mul(U256::from(threshold));
            counted.saturating_mul(U256::from(1_000_000u64)) / part.debt_value.0
        })
    };
    let mut loops: Vec<_> = loops.into_iter().map(|open| (standing(&open), open)).collect();
    loops.sort_by_key(|(standing, _)| *standing);
    loops.into_iter().map(|(_, open)| open).collect()
}

/// The account as the journal's loops divide it.
async fn account(
    desk: &TradeContext,
    loops: &[LoopPosition],
    known: &[KnownLoop],
) -> Result<loops::AccountModel, TradeError> {
    let market = market(desk).await?;
    let any = loops.first().map(|open| (open.collateral.to_string(), open.debt.to_string())).unwrap_or_default();
    let pair = Pair::find(&desk.reserves, &market, &any.0, &any.1)?;
    let snapshot = LoopSnapshot::read(&desk.endpoints, &desk.reserves, &pair, desk.account).await?;
    let at = snapshot.inclusion();
    let projection = Projection::new(snapshot.market, snapshot.account, at);
    Ok(loops::AccountModel::new(&projection, known, &desk.settings.thresholds)?)
}

/// Limit orders and perps that the venue shows: to be closed, or left.
fn at_venue(
    venue: &VenueSnapshot,
    own: &Own,
    include_existing: bool,
    legs: &mut Vec<(String, FlattenAction)>,
    left: &mut Vec<String>,
) {
    for limit in &venue.limits {
        let what = format!("limit order {} on {}", limit.key, limit.pair);
        if include_existing || own.limits.contains(&limit.key) {
            legs.push((what, FlattenAction::Limit(limit.key)));
        } else {
            left.push(what);
        }
    }
    // A perp of the journal that has ended already is settled by the journal's own reconciliation.
    for perp in &venue.positions {
        let what = format!("{} {} {}", perp.side, perp.pair, perp.key);
        if include_existing || own.perps.contains(&perp.key) {
            legs.push((what, FlattenAction::Perp(perp.key)));
        } else {
            left.push(what);
        }
    }
}

/// What the journal has open.
#[derive(Debug, Default)]
struct Own {
    limits: Vec<PositionKey>,
    perps: Vec<PositionKey>,
    /// Perps that cannot be asked for at the venue.
    unnamed: Vec<(PositionId, KeyError)>,
    loops: Vec<LoopPosition>,
}

impl Own {
    fn read(desk: &TradeContext, reader: &JournalReader) -> Result<Self, TradeError> {
        // Without a venue everything that the journal has at any.
        let name = desk.venue().ok().map(PerpVenue::name);
        let is_ours = |venue: &str, paper: bool| name.is_none_or(|name| venue == name) && !paper;
        let orders = reader.open_orders()?.into_iter().filter(|order| is_ours(&order.venue, order.paper));
        let handles = orders.filter_map(|order| serde_json::from_value::<OrderRecord>(order.predicted).ok());
        let limits = handles.map(|kept| kept.handle).filter(|handle| handle.kind == OrderKind::LimitOpen);
        let perps = reader.open_perps()?.into_iter().filter(|perp| is_ours(&perp.entry.venue, perp.paper));
        let (mut named, mut unnamed) = (Vec::new(), Vec::new());
        for perp in perps {
            match PositionKey::recorded(&perp.entry) {
                Ok(key) => named.push(key),
                Err(error) => unnamed.push((perp.id, error)),
            }
        }
        Ok(Self {
            limits: limits.map(|handle| handle.key).collect(),
            perps: named,
            unnamed,
            loops: reader.open_loops()?.into_iter().filter(|open| !open.paper).collect(),
        })
    }
}

/// What became of everything.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct FlattenReport {
    /// Each thing that was to be closed.
    pub closed: Vec<Flattened>,
    /// What stays, in words.
    pub stays: Vec<String>,
}

impl FlattenReport {
    /// The exit code of the worst; 0 when there was nothing to close.
    #[must_use]
    pub fn exit(&self) -> u8 {
        self.closed.iter().map(|one| one.exit).max().unwrap_or(0)
    }
}

/// Carries it out, one after the other, each planned again on the state of its moment.
pub async fn flatten(
    desk: &TradeContext,
    sender: &mut Sender<Endpoints>,
    legs: &[ClosingLeg],
    patience: OrderPatience,
    mut tell: impl FnMut(&Flattened),
) -> Vec<Flattened> {
    let mut all = Vec::with_capacity(legs.len());
    for leg in legs {
        let done = Flattened::of(leg, Box::pin(carry_out(desk, sender, leg, patience)).await);
        tell(&done);
        all.push(done);
    }
    all
}

async fn carry_out(
    desk: &TradeContext,
    sender: &mut Sender<Endpoints>,
    leg: &ClosingLeg,
    patience: OrderPatience,
) -> Result<Done, (String, u8)> {
    // What the loops before this one have left.
    let known = known_loops(sender.journal().reader()).map_err(|error| (error.to_string(), 1))?;
    let plan = plan_leg(desk, leg, &known).await.map_err(|error| (error.to_string(), error.exit_code()))?;
    let at = plan.block.timestamp;
    let approved = check(plan, &desk.network, at).map_err(|refusal| (refusal.to_string(), 4))?;
    let done = actions::execute(sender, desk.venue.as_deref(), &*desk.clock, approved, patience).await;
    done.map_err(|error| (error.to_string(), error.exit_code()))
}

/// Plans one thing anew, on the state of this moment.
pub async fn plan_leg(desk: &TradeContext, leg: &ClosingLeg, known: &[KnownLoop]) -> Result<Plan, TradeError> {
    plan(desk, &leg.action, known).await
}

impl Flattened {
    /// What became of one thing: what was done, or why nothing was, with its exit code.
    #[must_use]
    pub fn of(leg: &ClosingLeg, done: Result<Done, (String, u8)>) -> Self {
        let what = leg.what.clone();
        let (result, exit) = match done {
            Ok(done) if done.exit_code() == 0 => (Ok(leg.words(&done)), 0),
            Ok(done) => (Err(leg.words(&done)), done.exit_code()),
            Err((reason, exit)) => (Err(reason), exit.max(1)),
        };
        Self { what, result, exit }
    }
}

impl ClosingLeg {
    /// What was done, in words.
    fn words(&self, done: &Done) -> String {
        match done.orders.as_slice() {
            [] if done.settlement.is_some() => match self.action {
                FlattenAction::Loop(_) => "closed".to_owned(),
                _ => "done".to_owned(),
            },
            [] => format!("{:?}", done.outcome.ending),
            [(_, perps::OrderState::Filled(fill)), ..] => {
                format!("closed at {}, {} USDC paid", fill.price, fill.paid)
            }
            [(order, state), ..] => format!("order {}: {state:?}", order.id),
        }
    }
}

async fn plan(desk: &TradeContext, action: &FlattenAction, known: &[KnownLoop]) -> Result<Plan, TradeError> {
    let market = market(desk).await?;
    let gas_price = desk.endpoints.fee_market(&market.block).await?.price(&desk.settings.fees.open);
    let subject = format!("flatten {action:?} {} {}", market.block.hash, desk.account);
    let id = IntentId::derive(Millis(desk.clock.wall_millis()), subject.as_bytes()).to_string();
    let request = match action {
        FlattenAction::Limit(order) => PerpRequest::Cancel { order: *order },
        FlattenAction::Perp(position) => PerpRequest::Close { position: *position, portion: Portion::All },
        FlattenAction::Loop(open) => return plan_loop(desk, &market, (open, known), (id, gas_price)).await,
        // Asked again, it says what is wrong, or that it can be read by now: then flattening once more closes it.
        FlattenAction::Unnamed(error) => return Err(PerpError::Refused(error.to_string()).into()),
        FlattenAction::Venue => {
            desk.venue()?.snapshot(desk.account, &Interest::default()).await?;
            return Err(PerpError::Refused("the venue can be read again: flatten once more".to_owned()).into());
        }
    };
    let venue = desk.venue()?.snapshot(desk.account, &Interest::default()).await?;
    let settings = PerpSettings {
        id,
        network: desk.network.clone(),
        urgency: Urgency::Open,
        valid_for: desk.settings.permit_ttl,
        gas_price,
    };
    Ok(desk.venue()?.plan(&request, &venue, &settings).await?)
}

async fn plan_loop(
    desk: &TradeContext,
    market: &Market,
    (open, known): (&LoopPosition, &[KnownLoop]),
    (id, gas_price): (String, U256),
) -> Result<Plan, TradeError> {
    let pair = Pair::find(&desk.reserves, market, &open.collateral.to_string(), &open.debt.to_string())?;
    let snapshot = LoopSnapshot::read(&desk.endpoints, &desk.reserves, &pair, desk.account).await?;
    let trade = &desk.settings;
    let stored = Thresholds::read(&open.terms.thresholds).ok();
    let settings = Settings {
        id,
        network: desk.network.clone(),
        urgency: None,
        bounds: trade.bounds,
        slippage: None,
        thresholds: stored.unwrap_or_else(|| trade.thresholds.of(class_of(None))),
        defaults: trade.thresholds,
        loops: known.to_vec(),
        scope: Scope::Loop,
        permit_ttl: trade.permit_ttl,
        fees: trade.fees,
        flash: None,
        gas_price,
    };
    let moving = MovingPrice::of(market.reserve(pair.collateral.token)?, market.reserve(pair.debt.token)?);
    let request = Request::Close { share: Share::All, payout: moving.payout() };
    let hubs = LoopSnapshot::hubs(&desk.reserves);
    Ok(loops::plan(&request, &snapshot, &pair, &settings, &hubs)?)
}

async fn market(desk: &TradeContext) -> Result<Market, TradeError> {
    let block = Reader::head(&desk.endpoints).await?;
    let mut batch = Batch::new();
    let query = MarketQuery::add(&desk.reserves, &mut batch);
    let answers = desk.endpoints.read(block, &batch).await?;
    Ok(query.decode(&answers, block)?)
}
