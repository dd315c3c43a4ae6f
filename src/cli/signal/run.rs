//! `signal run`, `signal resume`, `signal list`: signals traded as sagas.

use super::{
    args::{ListArgs, ResumeArgs, RunArgs, SizingArgs, read},
    events::{Assessed, SignalList},
    follow::{Until, stay},
    via_daemon as signal_beside,
    view::assessment_text,
};
use crate::{
    cli::shared::{
        exit::{Exit, Failure, Outcome},
        global::GlobalArgs,
        open_signals::{Hands, finish_earlier, order_timeout, shown},
        prompt::confirm,
        session::Session,
        trade::desk,
    },
    perps::Interest,
    strategy::Signal,
    trade::{
        TradeContext, assess, load_governor,
        saga::{Follow, Host, SagaReport, open_trades},
    },
    units::Millis,
    watchdog::ops::SignalResumeWith,
};

pub(in crate::cli) async fn run(global: &GlobalArgs, args: RunArgs) -> Outcome {
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

pub(in crate::cli) async fn resume(global: &GlobalArgs, args: ResumeArgs) -> Outcome {
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

pub(in crate::cli) async fn list(global: &GlobalArgs, args: &ListArgs) -> Outcome {
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

/// Shows the trade as `signal plan` does.
async fn dry_run(session: &Session, desk: &TradeContext, signal: &Signal, sizing: &SizingArgs) -> Outcome {
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
