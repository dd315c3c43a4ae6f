//! What one look and the daemon both need: office, seats, the first reading, and the checks on it.

use std::{sync::Arc, time::Duration};

use alloy::primitives::{Address, U256};

use super::{accounts::places, args::WatchArgs, checks};
use crate::{
    chain::Reader,
    cli::{
        shared::{
            exit::{Exit, Failure, Outcome},
            global::GlobalArgs,
            outcome_view::ending_words,
            session::Session,
        },
        signal::view::assessment_text,
    },
    journal::Severity,
    loops::{AccountsReader, FeedBook},
    trade::TradeSettings,
    units::Wad,
    watchdog::{
        ops::{Alert, AlertSink, Alerts, Metrics},
        runner::{HeadSnapshot, SignerAccess, TradeSetup, Watch, WatchContext, WatchSettings, WatchedAccount},
    },
};

/// Accounts without a key are read in full below this health factor, times 1e18.
const NEAR: Wad = Wad(U256::from_limbs([2_000_000_000_000_000_000, 0, 0, 0]));
/// How long the last alerts may take.
const FAREWELL: Duration = Duration::from_secs(15);

/// Everything of a watch but what keeps it going.
pub(super) struct Post {
    pub(super) session: Session,
    pub(super) office: Arc<WatchContext>,
    pub(super) meters: Arc<Metrics>,
    pub(super) alerts: Alerts,
    pub(super) watch: Watch,
    pub(super) seats: Vec<WatchedAccount>,
}

/// Accounts whose journals are ours, and the watch to be.
pub(super) struct Manned {
    pub(super) session: Session,
    pub(super) meters: Arc<Metrics>,
    places: Vec<(Address, SignerAccess)>,
}

impl Manned {
    /// Connects, checks network and deployments, takes the journals.
    pub(super) async fn take(global: &GlobalArgs, args: &WatchArgs) -> Outcome<Self> {
        let session = Session::connect(global).await?;
        tracing::info!(check = "network", "{}", session.identity);
        let places = places(global, &session, args).await?;
        checks::secret_files(&session);
        checks::deployments(&session).await?;
        let meters = Metrics::new().map_err(|error| Failure::message(Exit::Bug, error))?;
        Ok(Self { session, meters: Arc::new(meters), places })
    }

    /// The accounts that can act.
    pub(super) fn acting(&self) -> Vec<Address> {
        let acts = |hands: &SignerAccess| matches!(hands, SignerAccess::Sender(_));
        self.places.iter().filter(|(_, hands)| acts(hands)).map(|(account, _)| *account).collect()
    }

    /// Opens the office and seats everybody.
    pub(super) async fn open(self, shadow: bool) -> Outcome<Post> {
        let Self { session, meters, places } = self;
        let config = &session.config;
        let alerts = Alerts::start(&config.alerts, origin(&session), session.clock.clone(), meters.clone())?;
        let venue = match session.perps().await {
            Ok(venue) => Some(venue),
            Err(failure) => {
                tracing::warn!(check = "perp venue", "perps are not watched: {:#}", failure.report);
                None
            }
        };
        let reserves = session.reserves().await?;
        let feeds =
            FeedBook::new(&config.watch, &reserves).map_err(|error| Failure::message(Exit::Configuration, error))?;
        let survey = AccountsReader::new(reserves.clone(), NEAR).with_feeds(feeds);
        let trade = TradeSetup {
            settings: TradeSettings::from(config),
            reserves,
            live: session.identity.is_live(),
            words: assessment_text,
        };
        let office = WatchContext::new(
            session.endpoints.clone(),
            session.network().as_str().to_owned(),
            session.clock.clone(),
            Arc::new(alerts.clone()),
            meters.clone(),
            WatchSettings::from(config),
        );
        let office = office.with_venue(venue).with_trade(trade).with_words(ending_words).in_shadow(shadow);
        let office = Arc::new(office);
        let seats: Vec<WatchedAccount> =
            places.into_iter().map(|(account, hands)| WatchedAccount::new(office.clone(), account, hands)).collect();
        let watch = Watch::over(office.clone(), survey, &seats);
        Ok(Post { session, office, meters, alerts, watch, seats })
    }
}

impl Post {
    /// Settles what earlier runs left open, and reads everybody for the first time.
    pub(super) async fn first_look(&mut self) -> Outcome<HeadSnapshot> {
        for seat in &mut self.seats {
            seat.catch_up().await?;
        }
        let head = Reader::head(&self.session.endpoints).await?;
        Ok(self.watch.read(head, self.session.clock.monotonic()).await?)
    }

    /// What is checked on the first reading: nobody too rich without a drill, and a trim would go through now.
    pub(super) async fn check(&mut self, seen: &HeadSnapshot) -> Outcome {
        for reading in &seen.observation.feed_readings {
            tracing::info!(check = "feeds", origin = %reading.origin, "{reading}");
        }
        let acting: Vec<Address> =
            self.seats.iter().filter(|seat| seat.can_act()).map(WatchedAccount::account).collect();
        if !self.office.shadow
            && let Err(failure) = checks::require_drill(&self.session, &acting, seen)
        {
            let text = format!("{:#}", failure.report);
            self.alerts.raise(Alert::new(Severity::Alert, "not-watching", "watch", text));
            self.alerts.drain(FAREWELL).await;
            return Err(failure);
        }
        checks::exits(&self.session, &self.alerts, &acting, seen)?;
        // What others pay for their place, which a trim's cost is reckoned with.
        let _ = self.session.endpoints.fee_market(&seen.observation.block).await;
        for seat in self.seats.iter_mut().filter(|seat| seat.can_act()) {
            let account = seat.account();
            if let Some(gas) = seat.gas(seen) {
                tracing::info!(%account, check = "gas", "{}", gas.words());
            }
            let Some(emergency) = Box::pin(seat.rehearse_emergency(seen)).await? else { continue };
            for line in emergency.permissions() {
                tracing::info!(%account, check = "protection", "{line}");
            }
            if let Ok(plan) = &emergency.first {
                let name = &emergency.name;
                tracing::info!(%account, check = "permits", "{name}: a trim goes through in simulation now: {}", plan.headline);
            }
            if let Err(reason) = &emergency.first {
                let text = format!("start-up check: {}: {reason}", emergency.name);
                self.alerts.raise(Alert::new(Severity::Alert, "trim-check", emergency.name.clone(), text).of(account));
            }
        }
        Ok(())
    }

    /// Waits for the last alerts.
    pub(super) async fn farewell(&self) {
        if !self.alerts.drain(FAREWELL).await {
            tracing::warn!("some alerts could not be delivered before the end");
        }
    }
}

/// Who speaks in alerts: network and host.
pub(super) fn origin(session: &Session) -> String {
    let host = std::env::var("HOSTNAME").ok().filter(|host| !host.is_empty());
    let network = session.identity.to_string();
    host.map_or_else(|| network.clone(), |host| format!("{network} · {host}"))
}
