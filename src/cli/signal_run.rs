//! `signal run`, `signal resume`, `signal list`: signals traded as sagas.

use std::path::PathBuf;

use clap::Args;

use super::{
    exit::{Exit, Failure, Outcome},
    global::GlobalArgs,
    loops::confirm,
    session::Session,
    signal::{SizingArgs, read},
    signal_beside,
    signal_events::{Assessed, SignalList},
    signal_stay::{Until, stay},
    signal_view::assessment_text,
    trade::desk,
};
use crate::{
    chain::Endpoints,
    journal::{Journal, JournalReader, Saga},
    perps::{Interest, PerpVenue},
    send::Sender,
    strategy::Signal,
    trade::{
        Desk, assess, load_governor,
        saga::{Follow, Hand, Host, Progress, SagaReport, open_trades, report, resume_open_sagas, state_of},
    },
    units::{Millis, Secs},
    watchdog::ops::SignalResumeWith,
};

#[derive(Debug, Args)]
pub(super) struct RunArgs {
    /// The signal: a file with one JSON object, or `-` for standard input; with --follow a file that grows by lines.
    file: PathBuf,
    /// Trade it. Without this flag the trade is planned, checked, simulated and shown only.
    #[arg(long, conflicts_with = "paper")]
    broadcast: bool,
    /// Practise: live prices, no transactions, a journal and a governor of its own.
    #[arg(long)]
    paper: bool,
    /// Trade every new line of the file, until stopped.
    #[arg(long, conflicts_with = "detach")]
    follow: bool,
    /// End as soon as the perp is open; `trimtab signal resume` or the next run sees it through. Beside a daemon, which does
    /// that itself, end at once.
    #[arg(long)]
    detach: bool,
    #[command(flatten)]
    policies: PolicyArgs,
    #[command(flatten)]
    sizing: SizingArgs,
    /// Do not ask before sending (needed without a terminal).
    #[arg(long, short = 'y')]
    yes: bool,
}

/// What happens to the loop in the end, above the settings.
#[derive(Debug, Clone, Args)]
pub(super) struct PolicyArgs {
    /// The loop after the perp: restore, close or keep.
    #[arg(long, value_name = "POLICY")]
    after_perp: Option<String>,
    /// The loop when the perp is proven not to have opened: unwind or keep.
    #[arg(long, value_name = "POLICY")]
    on_perp_failure: Option<String>,
}

impl PolicyArgs {
    /// The global flags with these above the settings of file and environment.
    fn over(&self, mut global: GlobalArgs) -> GlobalArgs {
        let values = [
            ("strategy.after_perp", "--after-perp", self.after_perp.clone()),
            ("strategy.on_perp_failure", "--on-perp-failure", self.on_perp_failure.clone()),
        ];
        global.overrides.extend(values.into_iter().filter_map(|(key, flag, value)| Some((key, flag, value?))));
        global
    }
}

#[derive(Debug, Args)]
pub(super) struct ResumeArgs {
    /// Go on with what was begun on paper.
    #[arg(long)]
    paper: bool,
    /// Stay until everything is over.
    #[arg(long)]
    stay: bool,
    #[command(flatten)]
    sizing: SizingArgs,
    /// Do not ask before sending (needed without a terminal).
    #[arg(long, short = 'y')]
    yes: bool,
}

#[derive(Debug, Args)]
pub(super) struct ListArgs {
    /// At most so many, newest first.
    #[arg(long, default_value_t = 20, value_name = "N")]
    limit: u32,
}

pub(super) async fn run(global: &GlobalArgs, args: RunArgs) -> Outcome {
    let global = args.policies.over(args.sizing.over(global));
    let config = global.settings()?.config;
    if args.follow && args.file.as_os_str() == "-" {
        return Err(Failure::message(Exit::Usage, "--follow needs a file; standard input is one signal"));
    }
    if args.follow && !args.broadcast && !args.paper {
        return Err(Failure::message(
            Exit::Usage,
            "--follow needs --broadcast or --paper; `signal plan` shows one signal",
        ));
    }
    let text = if args.follow { String::new() } else { read(&args.file)? };
    // What is wrong with the signal itself is said before anybody is asked.
    let signal = if args.follow { None } else { Some(Signal::parse(&text, &config.strategy)?) };
    let order = args.sizing.order(text, &config.strategy, args.paper);
    let session = Session::connect(&global).await?;
    if let Some(signal) = &signal {
        signal.check_age(Millis(session.clock.wall_millis()), config.strategy.max_signal_age)?;
    }
    if (args.broadcast || args.paper)
        && let Some(daemon) = session.daemon(session.account().await?).await?
    {
        if args.broadcast {
            confirm(&session, args.yes)?;
        }
        if args.follow {
            return signal_beside::follow(&session, &args.file, &order).await;
        }
        return signal_beside::run(&session, daemon, order, args.detach).await;
    }
    let desk = desk(&session).await?;
    if let Some(signal) = signal.as_ref().filter(|_| !args.broadcast && !args.paper) {
        return dry_run(&session, &desk, signal, &args.sizing).await;
    }
    let mut hands = Hands::take(&session, args.paper, args.yes).await?;
    let follow = args.follow.then(|| Follow::new(&args.file));
    let mut host = Host::new(order.policies(), follow, order_timeout(&session));
    let until = match signal {
        None => Until::Stopped,
        Some(signal) => {
            // What earlier runs left open comes first: a second order is not placed beside an unanswered one.
            finish_earlier(&session, &desk, &mut hands.hand()).await?;
            let assessment = Box::pin(host.accept(&desk, &hands.hand(), &order)).await?;
            session.output.note_lines(assessment_text(&assessment, &desk.network, &config.strategy.collateral));
            if args.detach { Until::Open(signal.id) } else { Until::Over(signal.id) }
        }
    };
    stay(session.output, &desk, &mut hands, host, until).await
}

pub(super) async fn resume(global: &GlobalArgs, args: ResumeArgs) -> Outcome {
    let global = args.sizing.over(global);
    let session = Session::connect(&global).await?;
    let until = if args.stay { Until::Idle } else { Until::Once };
    let order = args.sizing.order(String::new(), &session.config.strategy, args.paper);
    if let Some(daemon) = session.daemon(session.account().await?).await? {
        if !args.paper {
            confirm(&session, args.yes)?;
        }
        // The daemon's signals keep the settings they came with, unless the user names others.
        let strategy = args.sizing.any().then_some(order.strategy);
        return signal_beside::resume(&session, daemon, SignalResumeWith { paper: args.paper, strategy }, until).await;
    }
    let desk = desk(&session).await?;
    let mut hands = Hands::take(&session, args.paper, args.yes).await?;
    // Each open saga keeps its own; these are for new signals only.
    let host = Host::new(order.policies(), None, order_timeout(&session));
    stay(session.output, &desk, &mut hands, host, until).await
}

/// How long an order may lie with the venue before it is called overdue.
pub(super) const fn order_timeout(session: &Session) -> Secs {
    Secs(session.config.perps.order_timeout.as_secs())
}

pub(super) async fn list(global: &GlobalArgs, args: &ListArgs) -> Outcome {
    let session = Session::connect(global).await?;
    let account = session.account().await?;
    let reports = match session.journal_reader(account)? {
        Some(reader) => reader.sagas(args.limit)?.iter().map(|saga| shown(&reader, saga)).collect::<Result<_, _>>()?,
        None => Vec::new(),
    };
    session.output.result(&SignalList { signals: &reports }, || {
        let lines: Vec<String> = reports.iter().map(SagaReport::words).collect();
        if lines.is_empty() { "no signal was taken yet".to_owned() } else { lines.join("\n") }
    })
}

pub(super) fn shown(reader: &JournalReader, saga: &Saga) -> Outcome<SagaReport> {
    Ok(report(reader, saga, &state_of(saga)?)?)
}

/// Shows the trade as `signal plan` does.
async fn dry_run(session: &Session, desk: &Desk, signal: &Signal, sizing: &SizingArgs) -> Outcome {
    let reader = session.journal_reader(desk.account)?;
    let perps = desk.venue()?.snapshot(desk.account, &Interest::default()).await?;
    let governor = load_governor(desk, reader.as_ref(), Some(&perps), false).await?;
    let open = match &reader {
        Some(reader) => open_trades(desk, reader, false, &signal.id)?,
        None => crate::trade::OpenTrades::default(),
    };
    let assessment = Box::pin(assess(desk, signal, &governor, &open, &sizing.options(false))).await?;
    let document = Assessed::new(&assessment);
    let collateral = &desk.settings.strategy.collateral;
    session.output.result(&document, || {
        let text = assessment_text(&assessment, &desk.network, collateral);
        format!("{text}\n\ndry run: nothing was sent; add --broadcast to trade it, --paper to practise")
    })?;
    if assessment.is_feasible() {
        return Ok(());
    }
    Err(Failure::after_result(Exit::Refused, format!("refused:\n  {}", assessment.refusals.join("\n  "))))
}

/// The sender, or practice's journal.
pub(super) enum Hands {
    Live(Box<Sender<Endpoints>>),
    Paper(Journal),
}

impl Hands {
    async fn take(session: &Session, paper: bool, yes: bool) -> Outcome<Self> {
        if paper {
            let account = session.account().await?;
            return Ok(Self::Paper(session.journal(account).await?));
        }
        let signer = session.signer().await?;
        confirm(session, yes)?;
        Ok(Self::Live(Box::new(session.sender(signer).await?)))
    }

    pub(super) fn hand(&mut self) -> Hand<'_> {
        match self {
            Self::Live(sender) => Hand::Live(sender),
            Self::Paper(journal) => Hand::Paper(journal),
        }
    }

    pub(super) fn reader(&self) -> &JournalReader {
        match self {
            Self::Live(sender) => sender.journal().reader(),
            Self::Paper(journal) => journal.reader(),
        }
    }
}

/// Goes on with what signals have open, before another command of the account sends something: the next command finishes
/// what a detached run began. What cannot go on now is said and does not keep the command.
pub(super) async fn finish_open(session: &Session, sender: &mut Sender<Endpoints>) {
    let finish = async {
        let open = sender.journal().reader().open_sagas()?;
        if open.iter().all(|saga| saga.paper) {
            return Ok(());
        }
        let desk = desk(session).await?;
        finish_earlier(session, &desk, &mut Hand::Live(sender)).await
    };
    if let Err(failure) = Box::pin(finish).await {
        session.output.note(format!("warning: open signals wait for `trimtab signal resume`: {}", failure.report));
    }
}

async fn finish_earlier(session: &Session, desk: &Desk, hand: &mut Hand<'_>) -> Outcome {
    for (id, progress) in resume_open_sagas(desk, hand).await? {
        match progress {
            Ok(Progress::Over(report)) => session.output.note_lines(report.words()),
            Ok(Progress::Waits { .. }) => {}
            Err(error) => session.output.note(format!("signal {id}: {error}")),
        }
    }
    Ok(())
}
