//! An account's perps, read in a task of their own: the venue and its price service may stall, fail or lie without a loop
//! noticing.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use alloy::primitives::Address;
use rust_decimal::Decimal;
use tokio::{
    sync::{Notify, watch},
    time::timeout,
};

use super::WatchContext;
use crate::{
    journal::{self, Event, Journal, JournalReader, PerpPosition as Recorded, PositionId, Severity},
    perps::{
        Availability, Ending, ExecuteError, Forecast, Interest, Looked, OpenForecast, OpenedRecord, PerpPosition,
        PerpVenue, PositionKey, PriceE10, Venue, VenueSnapshot, ended_event, resume_from, settle_endings,
    },
    units::{Millis, to_decimal},
    watchdog::{
        ops::Alert,
        rules::{MarketStatus, PerpFacts},
    },
};

/// Time between two looks, while the journal has anything at the venue.
const EVERY: Duration = Duration::from_secs(2);
/// How long one look at prices and positions may take; the price service has a deadline of its own within it.
const READ_DEADLINE: Duration = Duration::from_secs(30);
/// How long bringing orders and ends up to date may take: a search through events is longer than a read.
const UPDATE_DEADLINE: Duration = Duration::from_secs(60);
/// A reading that is older is not acted upon.
pub(super) const MAX_AGE: Duration = Duration::from_secs(60);

/// What was read of an account's perps.
#[derive(Debug, Clone, Default)]
pub(super) struct PerpReading {
    /// When, by the monotonic clock.
    pub(super) at: Duration,
    /// The block.
    pub(super) block: u64,
    /// Positions that the journal has open.
    pub(super) open: BTreeSet<String>,
    /// Those of them whose figures were read; margin that the watch has added is for the reader's owner to fill in.
    pub(super) facts: Vec<PerpFacts>,
    /// Their names at the venue.
    pub(super) keys: BTreeMap<String, PositionKey>,
}

/// The journal of the account: for whoever may write, or only to look on.
#[derive(Debug, Clone)]
pub(super) enum Records {
    Writes(Arc<Journal>),
    Reads(Arc<JournalReader>),
}

impl Records {
    fn reader(&self) -> &JournalReader {
        match self {
            Self::Writes(journal) => journal.reader(),
            Self::Reads(reader) => reader,
        }
    }
}

/// Reads the perps of one account again and again, and brings its orders and ends up to date.
#[derive(Debug)]
pub(super) struct PerpReader {
    office: Arc<WatchContext>,
    account: Address,
    venue: Venue,
    records: Records,
    looked: Looked,
    /// What is wrong was told, and is not over.
    told: Option<String>,
}

impl PerpReader {
    pub(super) fn new(office: Arc<WatchContext>, account: Address, venue: Venue, records: Records) -> Self {
        Self { office, account, venue, records, looked: Looked::default(), told: None }
    }

    /// Goes on for as long as anybody takes the readings; looks at once when it is woken.
    pub(super) async fn run(mut self, readings: watch::Sender<Option<Arc<PerpReading>>>, wake: Arc<Notify>) {
        while !readings.is_closed() {
            if let Some(reading) = self.look().await {
                readings.send_replace(Some(Arc::new(reading)));
            }
            tokio::select! {
                () = tokio::time::sleep(EVERY) => {}
                () = wake.notified() => {}
                () = readings.closed() => {}
            }
        }
    }

    /// One look: what is to be recorded is recorded, and the positions are read; `None` when they could not be. Neither
    /// waits for the other.
    pub(super) async fn look(&mut self) -> Option<PerpReading> {
        let ((), reading) = {
            let Self { office, account, venue, records, looked, .. } = &mut *self;
            let venue = &**venue;
            let update = async {
                let Records::Writes(journal) = &*records else { return };
                let up = up_to_date(office, *account, venue, journal, looked);
                match timeout(UPDATE_DEADLINE, Box::pin(up)).await {
                    Ok(Ok(())) => {}
                    Ok(Err(error)) => tracing::warn!(%account, %error, "perps could not be brought up to date"),
                    Err(_) => {
                        tracing::warn!(%account, "perps could not be brought up to date within {UPDATE_DEADLINE:?}")
                    }
                }
            };
            let read = async {
                let read = read(office, *account, venue, records.reader());
                timeout(READ_DEADLINE, Box::pin(read)).await.unwrap_or_else(|_| {
                    Err(format!("the venue did not answer within {}", humantime::format_duration(READ_DEADLINE)))
                })
            };
            tokio::join!(update, read)
        };
        self.tell(reading)
    }

    /// Says once that perps cannot be read, until they can be.
    fn tell(&mut self, reading: Result<PerpReading, String>) -> Option<PerpReading> {
        let (reading, problem) = match reading {
            Ok(reading) => {
                let missing = reading.open.len().saturating_sub(reading.facts.len());
                let problem = format!("{missing} of {} open perps have no price", reading.open.len());
                (Some(reading), (missing > 0).then_some(problem))
            }
            Err(reason) => (None, Some(reason)),
        };
        match &problem {
            Some(reason) if self.told.is_none() => {
                let text = format!("{reason}; their rules wait until they can be read, loops are watched as ever");
                self.office.meters.rpc_error("perps", "failed");
                tracing::warn!(account = %self.account, "{text}");
                self.office.alerts.raise(Alert::new(Severity::Warning, "perps-unread", "perps", text).of(self.account));
            }
            None if self.told.is_some() => tracing::info!(account = %self.account, "perps can be read again"),
            _ => {}
        }
        self.told = problem;
        reading
    }
}

/// Orders and ends since the last look, in the journal and told.
async fn up_to_date(
    office: &WatchContext,
    account: Address,
    venue: &dyn PerpVenue,
    journal: &Journal,
    looked: &mut Looked,
) -> Result<(), ExecuteError> {
    let (endpoints, clock) = (&office.endpoints, &*office.clock);
    let resumed = Box::pin(resume_from(journal, endpoints, venue, clock, looked)).await;
    let tell = |position: &Recorded, ending: &Ending| tell_ending(office, account, journal, position, ending);
    Box::pin(settle_endings(journal, endpoints, venue, clock, tell)).await?;
    resumed.map(drop)
}

/// A position's end, told and recorded. A signal's trade tells of its own.
fn tell_ending(office: &WatchContext, account: Address, journal: &Journal, position: &Recorded, ending: &Ending) {
    let event = ended_event(position, ending, Millis(office.clock.wall_millis()));
    tracing::warn!(%account, "{}", event.reason);
    if let Err(error) = journal.append_event(&event) {
        tracing::error!(%account, %error, "the end of a perp could not be written down");
    }
    let signal = position.entry.signal.as_deref();
    let is_followed = signal
        .is_some_and(|signal| journal.reader().saga(signal).ok().flatten().is_some_and(|saga| saga.outcome.is_none()));
    if !is_followed {
        let Event { severity, kind, reason, figures, .. } = event;
        let alert = Alert::new(severity, kind, position.entry.pair.clone(), reason);
        office.alerts.raise(alert.of(account).with_figures(figures));
    }
}

/// The journal's open perps as the rules see them. Asks nobody where there are none.
async fn read(
    office: &WatchContext,
    account: Address,
    venue: &dyn PerpVenue,
    records: &JournalReader,
) -> Result<PerpReading, String> {
    let open = records.open_perps().map_err(|error| error.to_string())?;
    let ours: Vec<Recorded> =
        open.into_iter().filter(|position| !position.paper && position.entry.venue == venue.name()).collect();
    let mut reading = PerpReading { at: office.clock.monotonic(), ..PerpReading::default() };
    if ours.is_empty() {
        return Ok(reading);
    }
    let snapshot = venue.snapshot(account, &Interest::default()).await.map_err(|error| error.to_string())?;
    reading.block = snapshot.block.number;
    for position in &ours {
        let key = match PositionKey::recorded(&position.entry) {
            Ok(key) => key,
            Err(error) => {
                tracing::warn!(perp = %position.id, %error, "not watched");
                continue;
            }
        };
        // What the venue no longer shows has ended, and is closed in the journal once its end is found.
        let Some(held) = snapshot.position(key) else { continue };
        let id = position.id.to_string();
        reading.open.insert(id.clone());
        if let Some(facts) = seen(position, held, &snapshot) {
            reading.facts.push(facts);
            reading.keys.insert(id, key);
        }
    }
    Ok(reading)
}

/// Whether the journal still has a perp open.
pub(super) fn is_open(records: &JournalReader, perp: &str) -> bool {
    let id = perp.parse::<PositionId>();
    id.is_ok_and(|id| records.perp(id).ok().flatten().is_some_and(|perp| perp.closed.is_none()))
}

/// A position as the rules see it; `None` when a figure does not fit a decimal, or the mark is not known.
fn seen(position: &Recorded, held: &PerpPosition, snapshot: &VenueSnapshot) -> Option<PerpFacts> {
    let price = |price: PriceE10| price.to_decimal();
    let entry = price(held.entry)?;
    let forecast = forecast_of(&position.entry);
    let margin = to_decimal(position.entry.margin, 6)?;
    let pnl = held.pnl.to_decimal()?;
    let collateral = held.collateral.to_decimal()?;
    let liquidation = price(held.liquidation)?;
    // Without a stop, or without what was predicted, all of the margin can be lost.
    let kept = forecast.as_ref().filter(|forecast| forecast.stop != PriceE10::ZERO);
    let at_stop = kept.and_then(|forecast| forecast.paid_at_stop.to_decimal()).unwrap_or_default();
    let first_liquidation = forecast.as_ref().and_then(|forecast| price(forecast.liquidation)).unwrap_or(liquidation);
    let availability = snapshot.pair(&held.pair).map_or(Availability::Open, |pair| pair.availability);
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
        topped_up: Decimal::ZERO,
    })
}

/// What was predicted of the open: with the order that opened it, or alone.
fn forecast_of(entry: &journal::PerpEntry) -> Option<OpenForecast> {
    if let Ok(record) = serde_json::from_value::<OpenedRecord>(entry.predicted.clone()) {
        return match record.subject.forecast {
            Some(Forecast::Open(forecast)) => Some(forecast),
            _ => None,
        };
    }
    serde_json::from_value(entry.predicted.clone()).ok()
}
