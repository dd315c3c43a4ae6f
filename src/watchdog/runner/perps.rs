//! The perps of a seat: what the rules see of them, and what they want done.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::{Acted, Seat, WatchError, seat::Hands};
use crate::{
    chain::BlockRef,
    config::Urgency,
    journal::{self, IntentId, PositionId},
    perps::{
        self, Availability, Change, Level, MarginChange, OpenForecast, PerpPosition, PerpRequest, PerpSettings,
        PerpVenue, PositionKey, PriceE10, Usdc, VenueSnapshot,
    },
    plan::check,
    units::{Millis, Secs, to_decimal},
    watchdog::rules::{Action, MarketStatus, PerpFacts},
};

/// How long a plan on the venue is valid; its price update ages faster.
const VALID_FOR: Secs = Secs(30);

/// What a seat knows of its perps from the last look.
#[derive(Debug, Default)]
pub(super) struct PerpBook {
    snapshot: Option<VenueSnapshot>,
    keys: BTreeMap<String, PositionKey>,
    /// Margin added by this watch, by the position's name.
    topped_up: BTreeMap<String, Decimal>,
}

impl Seat {
    /// The journal's open perps as the rules see them; none where there is no venue. A venue that does not answer leaves the
    /// last look: the loop must not wait for it.
    pub(super) async fn perp_facts(&mut self, _block: BlockRef) -> Vec<PerpFacts> {
        let office = self.office.clone();
        let Some(venue) = &office.venue else { return Vec::new() };
        let Some(open) = self.journal_reader().and_then(|reader| reader.open_perps().ok()) else { return Vec::new() };
        let ours: Vec<journal::PerpPosition> =
            open.into_iter().filter(|position| !position.paper && position.entry.venue == venue.name()).collect();
        if ours.is_empty() {
            self.perps.snapshot = None;
            return Vec::new();
        }
        match venue.snapshot(self.account, &perps::Interest::default()).await {
            Ok(snapshot) => self.perps.snapshot = Some(snapshot),
            Err(error) => tracing::warn!(account = %self.account, %error, "the perp venue does not answer"),
        }
        let Some(snapshot) = &self.perps.snapshot else { return Vec::new() };
        let mut facts = Vec::new();
        let mut keys = BTreeMap::new();
        for position in &ours {
            let entry = &position.entry;
            let key = PositionKey { pair_index: entry.pair_index.into(), index: entry.trade_index.into() };
            // What the venue no longer shows has ended; `resume` closes it in the journal.
            let Some(held) = snapshot.position(key) else { continue };
            let id = position.id.to_string();
            let topped_up = self.perps.topped_up.get(&id).copied().unwrap_or_default();
            facts.extend(seen(position, held, snapshot, topped_up));
            keys.insert(id, key);
        }
        self.perps.keys = keys;
        facts
    }

    /// Moves a stop nearer, or adds margin.
    pub(super) async fn act_on_perp(&mut self, action: &Action) -> Result<Acted, WatchError> {
        let acted = |mined_in, words| Acted { action: action.clone(), attempts: Vec::new(), mined_in, words };
        let office = self.office.clone();
        let (perp, request) = match action {
            Action::TightenStop { perp, stop } => {
                let to = PriceE10::from_decimal(stop.round_dp(10)).map(|stop| Change::To(Level::Price(stop)));
                (perp, to.map(|stop| (stop, None)))
            }
            Action::TopUpMargin { perp, amount } => {
                let amount = Usdc::from_decimal(amount.round_dp(6));
                (perp, amount.map(|amount| (Change::Keep, Some(amount))))
            }
            _ => return Ok(acted(None, "not an action on a perp".to_owned())),
        };
        let (Some(venue), Some(key), Some((stop, margin)), Some(snapshot)) =
            (&office.venue, self.perps.keys.get(perp).copied(), request, self.perps.snapshot.clone())
        else {
            return Ok(acted(None, format!("perp {perp} was not read at this head")));
        };
        let request = match margin {
            Some(amount) => PerpRequest::Margin { position: key, change: MarginChange::Add(amount) },
            None => PerpRequest::Levels { position: key, stop, target: Change::Keep },
        };
        let now = Millis(office.clock.wall_millis());
        let settings = PerpSettings {
            id: IntentId::derive(now, format!("{request:?} {} {}", snapshot.block.hash, self.account).as_bytes())
                .to_string(),
            network: office.network.clone(),
            urgency: Urgency::Trim,
            valid_for: VALID_FOR,
            gas_price: snapshot.block.base_fee,
        };
        let planned = match venue.plan(&request, &snapshot, &settings).await {
            Ok(planned) => planned,
            Err(error) => return Ok(acted(None, format!("perp {perp}: not planned: {error}"))),
        };
        let headline = planned.headline.clone();
        let approved = match check(planned, &office.network, snapshot.block.timestamp) {
            Ok(approved) => approved,
            Err(refusal) => return Ok(acted(None, format!("perp {perp}: refused: {refusal}"))),
        };
        let Hands::Sender(sender) = &mut self.hands else {
            return Ok(acted(None, format!("perp {perp}: this account is only watched: no key")));
        };
        if office.shadow {
            return Ok(acted(None, format!("perp {perp}: shadow: would have sent `{headline}`")));
        }
        let execution = perps::execute(sender, venue, &*office.clock, approved, office.order_patience());
        let result = Box::pin(execution).await;
        Ok(match result {
            Ok(report) if report.outcome.is_mined() => {
                if let Action::TopUpMargin { perp, amount } = action {
                    let sum = self.perps.topped_up.entry(perp.clone()).or_default();
                    *sum = sum.saturating_add(*amount);
                }
                self.count_guard(action);
                let block = report.outcome.done.last().map(|step| step.receipt.block_number);
                acted(block, format!("perp {perp}: {headline}: mined"))
            }
            Ok(report) => acted(None, format!("perp {perp}: {headline}: {:?}", report.outcome.ending)),
            Err(error) => acted(None, format!("perp {perp}: {headline}: {error}")),
        })
    }

    /// Counts a use of the loss guard with the position, so that it survives a restart.
    fn count_guard(&self, action: &Action) {
        let (Action::TightenStop { perp, .. }, Hands::Sender(sender)) = (action, &self.hands) else { return };
        let Ok(id) = perp.parse::<PositionId>() else { return };
        let journal = sender.journal();
        let Ok(Some(position)) = journal.reader().perp(id) else { return };
        let terms = journal::PerpTerms { guard_uses: position.terms.guard_uses.saturating_add(1), ..position.terms };
        let at = journal::Stamp { wall: Millis(self.office.clock.wall_millis()), ..position.updated };
        if let Err(error) = journal.update_perp(id, &terms, at) {
            tracing::error!(%error, "the use of the loss guard could not be counted");
        }
    }
}

/// A position as the rules see it; `None` when a figure does not fit a decimal.
fn seen(
    position: &journal::PerpPosition,
    held: &PerpPosition,
    snapshot: &VenueSnapshot,
    topped_up: Decimal,
) -> Option<PerpFacts> {
    let price = |price: PriceE10| price.to_decimal();
    let entry = price(held.entry)?;
    let forecast: Option<OpenForecast> = serde_json::from_value(position.entry.predicted.clone()).ok();
    let margin = to_decimal(position.entry.margin, 6)?;
    let pnl = held.pnl.to_decimal()?;
    let collateral = held.collateral.to_decimal()?;
    let liquidation = price(held.liquidation)?;
    // Without a stop, or without what was predicted, all of the margin can be lost.
    let kept = forecast.as_ref().filter(|forecast| forecast.stop != PriceE10::ZERO);
    let at_stop = kept.and_then(|forecast| forecast.paid_at_stop.to_decimal()).unwrap_or_default();
    let first_liquidation = forecast.as_ref().and_then(|forecast| price(forecast.liquidation)).unwrap_or(liquidation);
    let availability = snapshot.pair_at(held.key.pair_index).map_or(Availability::Open, |pair| pair.availability);
    Some(PerpFacts {
        id: position.id.to_string(),
        market: held.pair.clone(),
        status: match availability {
            Availability::Open => MarketStatus::Open,
            Availability::Paused => MarketStatus::Paused,
            _ => MarketStatus::CloseOnly,
        },
        side: held.side,
        entry,
        mark: price(held.mark).filter(|mark| !mark.is_zero())?,
        stop: price(held.stop).filter(|stop| !stop.is_zero()),
        margin: collateral,
        entry_margin: to_decimal(position.terms.collateral, 6).unwrap_or(collateral),
        notional: held.notional.to_decimal()?,
        unrealised: if held.is_loss { -pnl } else { pnl },
        max_loss: margin.checked_sub(at_stop)?,
        liquidation,
        entry_distance: (first_liquidation - entry).abs(),
        guard_uses: position.terms.guard_uses,
        topped_up,
    })
}
