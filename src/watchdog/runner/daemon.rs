//! The watch going on by itself: a task per seat, heads as they come, the system's signals, commands through the socket.

use std::{sync::Arc, time::Duration};

use alloy::primitives::Address;
use tokio::sync::{mpsc, oneshot, watch};

use super::{
    Watch, WatchContext, WatchError, WatchSettings, WatchedAccount,
    budget::{Budget, Verdict},
    news::News,
    task::{QUEUE, SeatDesk},
    work::Work,
};
use crate::{
    chain::{BlockRef, Endpoints, HeadOptions, ReadError},
    config::RpcConfig,
    journal::Severity,
    trade::saga::Host,
    watchdog::ops::{
        Alert, Answer, DaemonSignal, DaemonStatus, Pulse, Readiness, Refused, Reloaded, Reply, Request, Requests,
        ServiceNotify, Signals, Stage, Stopping, WatchedStatus,
    },
};

/// How the daemon runs.
#[derive(Debug, Clone)]
pub struct DaemonOptions {
    /// How heads are followed.
    pub heads: HeadOptions,
    /// What it keeps to while nothing is near.
    pub rpc: RpcConfig,
    /// The chain makes no blocks by itself: silence is not an alarm.
    pub quiet_chain: bool,
    /// How long a stop waits for an action under way.
    pub grace: Duration,
}

impl Default for DaemonOptions {
    fn default() -> Self {
        Self {
            heads: HeadOptions::default(),
            rpc: RpcConfig::default(),
            quiet_chain: false,
            grace: Duration::from_secs(30),
        }
    }
}

/// Everything that endpoints were asked and have answered.
fn bytes(endpoints: &Endpoints) -> u64 {
    endpoints.traffic().iter().map(|(_, traffic)| traffic.bytes()).sum()
}

/// Until a head that could not be read is read again, when no newer one has come.
const READ_AGAIN: Duration = Duration::from_millis(500);

/// The daemon.
#[derive(Debug)]
pub struct Daemon {
    office: Arc<WatchContext>,
    watch: Watch,
    desks: Vec<SeatDesk>,
    pulse: Arc<Pulse>,
    notify: Arc<ServiceNotify>,
    options: DaemonOptions,
    asked: mpsc::Receiver<Asked>,
    ask: mpsc::Sender<Asked>,
    news: watch::Sender<News>,
}

/// A command for the daemon.
#[derive(Debug)]
struct Asked {
    /// Whose; `None` is the only one that can act.
    account: Option<Address>,
    request: Request,
    answer: oneshot::Sender<Answer>,
}

/// Commands reach the daemon through this.
#[derive(Debug)]
pub struct DaemonDesk {
    ask: mpsc::Sender<Asked>,
    account: Option<Address>,
}

impl Requests for DaemonDesk {
    async fn answer(&self, request: Request) -> Answer {
        let gone = || Refused::new(9, "the daemon is ending");
        let (answer, answered) = oneshot::channel();
        let account = self.account;
        let changes = request.changes();
        self.ask.send(Asked { account, request, answer }).await.map_err(|_| gone())?;
        // What it had begun goes on, or is found in the journal by the next daemon.
        let cut_off = || Refused::new(7, "the daemon is ending; it may have begun: look with `trimtab journal list`");
        answered.await.map_err(|_| if changes { cut_off() } else { gone() })?
    }
}

impl Daemon {
    /// Takes the seats over, each into a task of its own.
    #[must_use]
    pub fn new(
        office: Arc<WatchContext>,
        watch: Watch,
        seats: Vec<WatchedAccount>,
        pulse: Arc<Pulse>,
        notify: Arc<ServiceNotify>,
        options: DaemonOptions,
    ) -> Self {
        let (ask, asked) = mpsc::channel(QUEUE);
        let (news, _) = watch::channel(News { turns: vec![None; seats.len()], ..News::default() });
        let desks = seats
            .into_iter()
            .enumerate()
            .map(|(index, seat)| SeatDesk::open(index, seat, news.clone(), office.clone(), pulse.clone()))
            .collect();
        Self { office, watch, desks, pulse, notify, options, asked, ask, news }
    }

    /// Where commands come in; give it to the socket.
    #[must_use]
    pub fn desk(&self) -> DaemonDesk {
        DaemonDesk { ask: self.ask.clone(), account: None }
    }

    /// The same for the socket beside one account's journal.
    #[must_use]
    pub fn desk_of(&self, account: Address) -> DaemonDesk {
        DaemonDesk { ask: self.ask.clone(), account: Some(account) }
    }

    /// Hosts signals at a seat that can act.
    #[must_use]
    pub fn hosting(self, account: Address, host: Host) -> Self {
        if let Some(desk) = self.desks.iter().find(|desk| desk.account == account && desk.can_act) {
            // The seat's task has just begun: its queue has room.
            let _ = desk.work.try_send(Work::Host(Box::new(host)));
        }
        self
    }

    /// The newest turns, as they come.
    #[must_use]
    pub fn news(&self) -> watch::Receiver<News> {
        self.news.subscribe()
    }

    /// Watches until the system or a command says stop. `reload` reads the settings again.
    pub async fn run(
        mut self,
        mut signals: Signals,
        reload: impl Fn() -> Result<WatchSettings, String> + Send,
    ) -> Result<(), WatchError> {
        let endpoints: Endpoints = self.office.endpoints.clone();
        let mut budget = Budget::new(&self.options.rpc, self.office.clock.monotonic(), bytes(&endpoints));
        let poll = self.options.heads.poll.max(budget.least_gap());
        let mut heads = endpoints.heads(HeadOptions { poll, ..self.options.heads });
        self.pulse.set(Readiness::Endpoints, true);
        self.pulse.set(Readiness::Journal, true);
        let mut unread: Option<(BlockRef, Duration)> = None;
        loop {
            tokio::select! {
                biased;
                signal = signals.next() => match signal {
                    Some(DaemonSignal::Reload) => self.reload(&reload),
                    Some(_) | None => break,
                },
                asked = self.asked.recv() => {
                    let Some(Asked { account, request, answer }) = asked else { break };
                    if matches!(request, Request::Stop) {
                        let _ = answer.send(Ok(Reply::Stopping(Stopping { stopping: true })));
                        break;
                    }
                    self.command(account, request, answer, &reload);
                },
                head = heads.next() => {
                    self.office.meters.skipped(heads.skipped());
                    for (endpoint, traffic) in endpoints.traffic() {
                        self.office.meters.traffic(&endpoint, traffic);
                    }
                    if self.affords(&mut budget, &endpoints) {
                        unread = self.on_head(head).await;
                    }
                }
                Some((head, first_seen)) = async {
                    let unread = unread?;
                    tokio::time::sleep(READ_AGAIN).await;
                    Some(unread)
                } => unread = self.read(head, first_seen).await,
            }
            self.pulse.turned();
        }
        self.notify.stopping();
        self.end().await;
        Ok(())
    }

    /// Whether a head is read: while nothing is near a trigger only as the budget allows.
    fn affords(&self, budget: &mut Budget, endpoints: &Endpoints) -> bool {
        let now = self.office.clock.monotonic();
        if self.watch.is_calm() {
            match budget.judges(now, bytes(endpoints)) {
                Verdict::Read => {}
                verdict => {
                    self.office.meters.saved();
                    if let Verdict::SkipsNow(words) = verdict {
                        self.office.alerts.raise(Alert::new(Severity::Warning, "budget", "rpc", words));
                    }
                    return false;
                }
            }
        }
        budget.reads(now);
        true
    }

    /// What is to be read again.
    async fn on_head(&mut self, head: Result<BlockRef, ReadError>) -> Option<(BlockRef, Duration)> {
        match head {
            Ok(head) => self.read(head, self.office.clock.monotonic()).await,
            Err(ReadError::Stale(_)) if self.options.quiet_chain => None,
            Err(error) => {
                self.office.meters.rpc_error("heads", "stale");
                let text = format!("{error}; the watch does not act before a new head comes");
                self.office.alerts.raise(Alert::new(Severity::Alert, "stale-head", "heads", text));
                None
            }
        }
    }

    /// Reads a head and gives it to every seat; the head itself when it is to be read again.
    async fn read(&mut self, head: BlockRef, first_seen: Duration) -> Option<(BlockRef, Duration)> {
        match self.watch.read(head, first_seen).await {
            Ok(seen) => {
                let took = self.office.clock.monotonic().saturating_sub(first_seen);
                self.office.meters.latency(Stage::Decision, took);
                let accounts = self.desks.len();
                for desk in &self.desks {
                    desk.seen.send_replace(Some(seen.clone()));
                }
                self.office.meters.evaluated(head.number, accounts);
                self.pulse.evaluated(head.number);
                self.pulse.set(Readiness::Snapshot, true);
                self.notify.ready();
                None
            }
            Err(error) => {
                self.office.meters.rpc_error("snapshot", "failed");
                tracing::warn!(head = head.number, %error, "this head could not be read");
                Some((head, first_seen))
            }
        }
    }

    fn reload(&self, reload: &impl Fn() -> Result<WatchSettings, String>) {
        match reload() {
            Ok(rulebook) => {
                self.take(rulebook);
                tracing::info!("settings were read again");
                self.notify.status("settings were read again");
            }
            Err(reason) => {
                self.notify.status("settings could not be read again, the old ones hold");
                let text = format!("settings could not be read again, the old ones hold: {reason}");
                self.office.alerts.raise(Alert::new(Severity::Alert, "reload", "settings", text));
            }
        }
    }

    /// Goes on by other settings. Whom it watches stays the same: keys are opened and journals locked at the start alone.
    fn take(&self, mut rulebook: WatchSettings) {
        let now = self.office.rulebook();
        if (&now.watch.keys, &now.watch.accounts) != (&rulebook.watch.keys, &rulebook.watch.accounts) {
            let text = "watch.keys or watch.accounts are not what they were at the start: whom it watches changes only when it \
                        is started again";
            self.office.alerts.raise(Alert::new(Severity::Warning, "reload", "settings", text));
        }
        rulebook.watch.keys.clone_from(&now.watch.keys);
        rulebook.watch.accounts.clone_from(&now.watch.accounts);
        self.office.replace_rulebook(rulebook);
    }

    fn command(
        &self,
        account: Option<Address>,
        request: Request,
        answer: oneshot::Sender<Answer>,
        reload: &impl Fn() -> Result<WatchSettings, String>,
    ) {
        let result = match request {
            Request::Reload => match reload() {
                Ok(rulebook) => {
                    self.take(rulebook);
                    Ok(Reply::Reloaded(Reloaded { reloaded: true }))
                }
                Err(reason) => Err(Refused::new(3, reason)),
            },
            Request::Status => Ok(Reply::Status(self.status())),
            // An order names its account.
            Request::Submit(with) => return self.to_seat(Some(with.order.account), Request::Submit(with), answer),
            other => return self.to_seat(account, other, answer),
        };
        let _ = answer.send(result);
    }

    /// Hands a request to the task that watches an account, which answers when it is done.
    fn to_seat(&self, account: Option<Address>, request: Request, answer: oneshot::Sender<Answer>) {
        let mut able = self.desks.iter().filter(|desk| desk.can_act && account.is_none_or(|own| own == desk.account));
        let refused = match (able.next(), able.next(), account) {
            (Some(desk), None, _) => match desk.work.try_reserve() {
                Ok(place) => {
                    place.send(Work::Asked(Box::new(request), answer));
                    return;
                }
                Err(_) => Refused::new(9, "the daemon is busy with other commands"),
            },
            (_, _, Some(account)) => Refused::new(4, format!("the daemon has no key for {account}")),
            (None, _, None) => Refused::new(4, "the daemon has no key: it only looks on"),
            (Some(_), Some(_), None) => Refused::new(2, "the daemon acts for several accounts; ask beside a journal"),
        };
        let _ = answer.send(Err(refused));
    }

    fn status(&self) -> DaemonStatus {
        let news = self.news.borrow();
        let seats = self.desks.iter().zip(&news.turns);
        let watched = seats.map(|(desk, turn)| WatchedStatus {
            account: desk.account,
            can_act: desk.can_act,
            paused: news.paused.contains(&desk.account),
            turn: serde_json::to_value(turn).unwrap_or_default(),
        });
        DaemonStatus {
            head: self.pulse.head().map(|(head, _)| head),
            shadow: self.office.shadow,
            accounts: watched.collect(),
        }
    }

    /// Lets every seat finish what it is doing.
    async fn end(self) {
        for desk in &self.desks {
            let _ = desk.work.try_send(Work::Stop);
        }
        for desk in self.desks {
            if tokio::time::timeout(self.options.grace, desk.task).await.is_err() {
                let text = "an action was still under way at the end; the journal has it and the next start goes on";
                tracing::warn!(account = %desk.account, "{text}");
            }
        }
    }
}
