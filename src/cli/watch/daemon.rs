//! The daemon: journals, checks, socket, service, alerts; then the watch, until it is told to stop.

use std::{sync::Arc, time::Duration};

use alloy::primitives::Address;
use tokio::{
    sync::watch,
    time::{MissedTickBehavior, interval},
};

use super::{
    args::WatchArgs,
    events::{WatchEvent, Watched, tell},
    rows::{account_rows, decision_rows},
    setup::{Manned, Post},
};
use crate::{
    chain::HeadOptions,
    cli::shared::{
        exit::{Exit, Failure, Outcome},
        global::GlobalArgs,
        open_signals::order_timeout,
        session::Session,
    },
    trade::saga::{Follow, Host, Policies},
    watchdog::{
        ops::{
            DaemonSocket, Heartbeat, LiveView, OpsService, Pulse, Request, Requests, ServiceNotify, Signals, ViewEvent,
            WatchView, socket_path,
        },
        runner::{Daemon, DaemonDesk, DaemonOptions, News, WatchError, WatchSettings},
    },
};

/// The loop counts as stuck after this many of its intervals (as `/healthz` does).
const STUCK_AFTER: u32 = 4;
/// How long an action under way may take at the end; systemd waits a minute.
const GRACE: Duration = Duration::from_secs(45);

pub(super) async fn run(global: &GlobalArgs, args: &WatchArgs) -> Outcome {
    let manned = Manned::take(global, args).await?;
    let acting = manned.acting();
    if args.signals.is_some() && acting.len() != 1 {
        let message = format!("--signals needs exactly one account with a key; there are {}", acting.len());
        return Err(Failure::message(Exit::Usage, message));
    }
    let heads = HeadOptions { stale_after: manned.session.config.watch.stale_after, ..HeadOptions::default() };
    let pulse = Arc::new(Pulse::new(manned.session.clock.clone()));
    let (metrics, hosts) = (manned.session.config.metrics, manned.session.config.metrics_hosts.clone());
    let meters = manned.meters.clone();
    let service = OpsService::start_for(&metrics, &hosts, heads.stale_after, pulse.clone(), meters).await?;
    if let Some(service) = &service {
        tracing::info!(check = "metrics", "http://{}/metrics", service.address());
    }
    let mut post = manned.open(args.shadow).await?;
    if args.signals.is_some() && post.office.venue.is_none() {
        return Err(Failure::message(Exit::Configuration, "--signals: no perp venue is known here; see the warning"));
    }
    let alerts = &post.session.config.alerts;
    let heartbeat = Heartbeat::start(&alerts.heartbeat, alerts.timeout, pulse.clone(), post.meters.clone())?;
    let notify = Arc::new(ServiceNotify::from_process());
    let keep_alive = notify.keep_alive(pulse.clone(), heads.stale_after.saturating_mul(STUCK_AFTER));
    let seen = post.first_look().await?;
    post.check(&seen).await?;

    let signals = Signals::listen().map_err(WatchError::Signals)?;
    let farewell = post.alerts.clone();
    let Post { session, office, watch, seats, .. } = post;
    let trades = office.venue.is_some();
    let everybody: Vec<(Address, bool)> = seats.iter().map(|seat| (seat.account(), seat.can_act())).collect();
    let options = DaemonOptions {
        heads,
        rpc: session.config.rpc.clone(),
        quiet_chain: !session.identity.is_live(),
        grace: GRACE,
    };
    let lively = Lively {
        network: session.identity.to_string(),
        shadow: args.shadow,
        stale_after: options.heads.stale_after,
        everybody: everybody.clone(),
        pulse: pulse.clone(),
    };
    let mut daemon = Daemon::new(office, watch, seats, pulse, notify.clone(), options);
    // Whoever holds the journal sees open trades through, with or without new signals; in shadow only those of practice.
    if trades {
        for account in &acting {
            daemon = daemon.hosting(*account, host(args, &session));
        }
    }
    let sockets = listen(&session, &daemon, &acting)?;
    let title = session.identity.to_string();
    let words = format!("{} accounts on {title}{}", everybody.len(), if args.shadow { ", shadow" } else { "" });
    notify.status(&format!("watching {words}"));
    tracing::info!("watching {words}");

    let output = session.output.streaming();
    if !args.tui {
        let accounts = everybody.iter().map(|(account, can_act)| Watched { account: *account, can_act: *can_act });
        output.event(&WatchEvent::Watching { network: &title, shadow: args.shadow, accounts: accounts.collect() })?;
    }

    let (news, desk) = (daemon.news(), daemon.desk());
    let settings = global.clone();
    let reload = move || match settings.settings() {
        Ok(loaded) => Ok(WatchSettings::from(&loaded.config)),
        Err(failure) => Err(format!("{:#}", failure.report)),
    };
    let running = tokio::spawn(daemon.run(signals, reload));
    let ended = if args.tui {
        show(&lively, news, desk, running).await
    } else {
        let accounts = everybody.iter().map(|(account, _)| *account).collect();
        let events = output.json.then(|| tokio::spawn(tell(output, accounts, news)));
        let ended = running.await.map_err(|error| Failure::message(Exit::Bug, format!("the watch ended: {error}")));
        // Whoever tells ends with the news.
        if let Some(events) = events {
            let _ = events.await;
        }
        ended
    };
    drop((sockets, service, heartbeat, keep_alive));
    farewell.drain(GRACE / 3).await;
    ended??;
    if !args.tui {
        output.event(&WatchEvent::Ended)?;
    }
    tracing::info!("the watch has ended");
    Ok(())
}

/// What goes on with open trades, and takes new lines of the file where there is one.
fn host(args: &WatchArgs, session: &Session) -> Host {
    let strategy = &session.config.strategy;
    Host::new(Policies::of(strategy), args.signals.as_deref().map(Follow::new), order_timeout(session))
}

/// A socket beside each journal that is ours; one for all, where a path is set.
fn listen(session: &Session, daemon: &Daemon, acting: &[Address]) -> Outcome<Vec<DaemonSocket>> {
    let config = &session.config.socket;
    let mut sockets = Vec::new();
    for account in acting {
        let Some(reader) = session.journal_reader(*account)? else { continue };
        let path = socket_path(config, reader.path());
        if config.path.is_some() {
            return Ok(vec![DaemonSocket::listen(&path, config, Arc::new(daemon.desk()))?]);
        }
        sockets.push(DaemonSocket::listen(&path, config, Arc::new(daemon.desk_of(*account)))?);
    }
    Ok(sockets)
}

type Running = tokio::task::JoinHandle<Result<(), WatchError>>;

/// What the live table shows beside the news.
struct Lively {
    network: String,
    shadow: bool,
    stale_after: Duration,
    everybody: Vec<(Address, bool)>,
    pulse: Arc<Pulse>,
}

impl Lively {
    fn view(&self, news: &News) -> WatchView {
        WatchView {
            network: self.network.clone(),
            shadow: self.shadow,
            head: self.pulse.head(),
            stale_after: self.stale_after,
            accounts: account_rows(&self.everybody, news),
            decisions: decision_rows(news),
        }
    }
}

/// The live table, until the user or the daemon ends it.
async fn show(
    lively: &Lively,
    mut news: watch::Receiver<News>,
    desk: DaemonDesk,
    mut running: Running,
) -> Outcome<Result<(), WatchError>> {
    let gone = |error| Failure::message(Exit::Bug, format!("the watch ended: {error}"));
    let mut view = LiveView::open().map_err(|error| Failure::message(Exit::Bug, format!("terminal: {error}")))?;
    // The age of the head goes on when nothing else does.
    let mut seconds = interval(Duration::from_secs(1));
    seconds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let now = lively.view(&news.borrow_and_update());
        // A terminal that is gone does not end the watch.
        if let Err(error) = view.show(&now) {
            tracing::warn!(%error, "the table cannot be shown any more");
            return running.await.map_err(gone);
        }
        tokio::select! {
            ended = &mut running => return ended.map_err(gone),
            changed = news.changed() => if changed.is_err() {
                return running.await.map_err(gone);
            },
            event = view.event() => if event == ViewEvent::Quit {
                let _ = desk.answer(Request::Stop).await;
                return running.await.map_err(gone);
            },
            _ = seconds.tick() => {}
        }
    }
}
