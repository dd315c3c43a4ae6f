//! The `perp` commands: ask, plan, check, show, and send with `--broadcast`.

use alloy::primitives::U256;
use rust_decimal::Decimal;

use super::{
    args::{CancelArgs, CloseArgs, MarginArgs, MarginCommand, OpenArgs, PerpCommand, SendingArgs, TpslArgs, WhichArgs},
    values::LevelArg,
    view::{ListView, list_text, report_text, report_view},
};
use crate::{
    actions::{Reconciled, settle_at_venue},
    chain::Reader,
    cli::shared::{
        deliver::deliver,
        exit::{Exit, Failure, Outcome},
        global::GlobalArgs,
        order::{Onward, intent_id, planner, prepare},
        perp_blocks::{next_state, waits_for_blocks},
        session::Session,
    },
    config::BoundsConfig,
    perps::{
        Change, Entry, Interest, LeverageE10, MarginChange, OpenRequest, PercentE10, PerpError, PerpRequest, PerpVenue,
        Portion, PositionKey, Usdc, Venue, VenueSnapshot,
    },
    plan::{Approved, Plan},
    trade::{Ask, Order},
    units::{Bps, Secs, parse_units},
    watchdog::ops::{Delivered, ReconcileAnswer, ReconcileWith},
};

/// One basis point in per cent of 1e10.
const BASIS_POINT: u64 = 100_000_000;

pub(in crate::cli) async fn run(global: &GlobalArgs, command: PerpCommand) -> Outcome {
    if let PerpCommand::Intent(args) = command {
        return super::intent::run(global, *args).await;
    }
    let mut session = Session::connect(global).await?;
    session.unchecked_price = matches!(&command, PerpCommand::Open(args) if args.unchecked_price);
    let venue = session.perps().await?;
    match command {
        // Offline: above.
        PerpCommand::Intent(_) => Ok(()),
        PerpCommand::List => list(&session, &*venue).await,
        PerpCommand::Open(args) => {
            let request = open_request(&session, &args)?;
            let interest = venue.interest(&PerpRequest::Open(request.clone()))?;
            act(session, venue, &args.sending, &interest, |_| Ok(PerpRequest::Open(request.clone()))).await
        }
        PerpCommand::Close(args) => close(session, venue, args).await,
        PerpCommand::Tpsl(args) => tpsl(session, venue, args).await,
        PerpCommand::Margin(command) => margin(session, venue, command).await,
        PerpCommand::Cancel(CancelArgs { id, sending }) => {
            act(session, venue, &sending, &Interest::default(), |_| Ok(PerpRequest::Cancel { order: id })).await
        }
    }
}

fn open_request(session: &Session, args: &OpenArgs) -> Outcome<OpenRequest> {
    let field = |field, reason: &str| PerpError::Field { field, reason: reason.to_owned() };
    let leverage = LeverageE10::from_decimal(args.leverage);
    let slippage = args.slippage_bps.unwrap_or(session.config.perps.slippage_bps.0);
    BoundsConfig::slippage_within_ceiling(Bps(slippage), false)
        .map_err(|wide| field("slippage-bps", &wide.reason()))?;
    let level = |arg: Option<LevelArg>| match arg {
        Some(LevelArg::At(level)) => Some(level),
        Some(LevelArg::None) | None => None,
    };
    Ok(OpenRequest {
        pair: args.pair.clone(),
        side: args.side.into(),
        margin: usdc("margin", &args.margin)?,
        leverage: leverage.ok_or_else(|| field("leverage", "a number above zero with at most 10 decimals"))?,
        entry: args.limit.map_or(Entry::Market, Entry::Limit),
        stop: level(args.sl),
        target: level(args.tp),
        slippage: PercentE10(U256::from(slippage).saturating_mul(U256::from(BASIS_POINT))),
        signal: None,
        outlook: None,
    })
}

fn usdc(field: &'static str, text: &str) -> Outcome<Usdc> {
    let amount = parse_units(text, Usdc::DECIMALS);
    Ok(Usdc(amount.map_err(|error| PerpError::Field { field, reason: error.to_string() })?))
}

async fn close(session: Session, venue: Venue, args: CloseArgs) -> Outcome {
    let portion = match args.fraction {
        None => Portion::All,
        Some(share) if share == Decimal::ONE => Portion::All,
        Some(share) => Portion::Part(share),
    };
    let (which, sending) = (args.which, args.sending);
    act(session, venue, &sending, &Interest::default(), |snapshot| {
        Ok(PerpRequest::Close { position: find(snapshot, &which)?, portion })
    })
    .await
}

async fn tpsl(session: Session, venue: Venue, args: TpslArgs) -> Outcome {
    let change = |arg: Option<LevelArg>| match arg {
        None => Change::Keep,
        Some(LevelArg::None) => Change::Remove,
        Some(LevelArg::At(level)) => Change::To(level),
    };
    let (stop, target) = (change(args.sl), change(args.tp));
    let (which, sending) = (args.which, args.sending);
    act(session, venue, &sending, &Interest::default(), |snapshot| {
        Ok(PerpRequest::Levels { position: find(snapshot, &which)?, stop, target })
    })
    .await
}

async fn margin(session: Session, venue: Venue, command: MarginCommand) -> Outcome {
    let (MarginCommand::Add(MarginArgs { amount, which, sending })
    | MarginCommand::Remove(MarginArgs { amount, which, sending })) = &command;
    let amount = usdc("amount", amount)?;
    let change = match &command {
        MarginCommand::Add(_) => MarginChange::Add(amount),
        MarginCommand::Remove(_) => MarginChange::Remove(amount),
    };
    act(session, venue, sending, &Interest::default(), |snapshot| {
        Ok(PerpRequest::Margin { position: find(snapshot, which)?, change })
    })
    .await
}

fn find(snapshot: &VenueSnapshot, which: &WhichArgs) -> Outcome<PositionKey> {
    if let Some(id) = which.id {
        return Ok(id);
    }
    let pair = which.pair.clone().unwrap_or_default();
    let fitting: Vec<PositionKey> = snapshot
        .positions
        .iter()
        .filter(|position| position.pair.eq_ignore_ascii_case(&pair))
        .map(|position| position.key)
        .collect();
    match fitting[..] {
        [only] => Ok(only),
        [] => Err(PerpError::NotFound { what: "position of", key: pair, account: snapshot.account }.into()),
        _ => {
            let ids: Vec<String> = fitting.iter().map(ToString::to_string).collect();
            let message = format!("there are several positions of {pair}: give one of {}", ids.join(", "));
            Err(Failure::message(Exit::Usage, message))
        }
    }
}

/// Plans, checks, rehearses, shows; writes the plan or sends it.
async fn act(
    session: Session,
    venue: Venue,
    sending: &SendingArgs,
    interest: &Interest,
    request: impl Fn(&VenueSnapshot) -> Outcome<PerpRequest>,
) -> Outcome {
    let account = session.account().await?;
    // Side by side; the price is kept for the plan.
    let (snapshot, list, price) =
        tokio::join!(venue.snapshot(account, interest), session.reserves(), session.gas_price());
    let (mut snapshot, _) = (snapshot?, price?);
    let request = request(&snapshot)?;
    let waits = waits_for_blocks(&request);
    if waits {
        let next = next_state(&session, sending.broadcast).await?;
        if sending.broadcast {
            snapshot = venue.snapshot(account, interest).await?;
        } else {
            snapshot.block = next;
        }
    }
    let (list, network) = (list?, session.network());
    let planner = planner(&session, &list, network.as_str(), Some(&*venue)).await?;
    let id = intent_id(&session, &format!("{request:?} {account}"), snapshot.block);
    let plan = planner.of_perp(&*venue, &request, &snapshot, id).await?;
    let order = Order::of(&plan, Ask::Perp(request))?;
    if sending.plan_out.is_some() {
        order.ask.check(planner.perp_slippage)?;
    }
    let now = if waits && !sending.broadcast { next_state(&session, false).await?.timestamp } else { Secs(0) };
    let at = snapshot.block.next_timestamp().max(now);
    let onward = Onward { broadcast: sending.broadcast, file: sending.plan_out.as_deref(), at };
    match prepare(&session, &plan, &order, onward).await? {
        Some(approved) => send_approved(session, (approved, &order), sending.yes).await,
        None => Ok(()),
    }
}

/// Sends a checked plan, follows its orders, and shows what came of it.
pub(in crate::cli) async fn send_approved(session: Session, sent: (Approved<Plan>, &Order), yes: bool) -> Outcome {
    let output = session.output;
    let delivered = deliver(&session, sent, yes).await?;
    let exit = Exit::from_code(delivered.exit);
    let Delivered { settlement: Some(settlement), orders, fills, .. } = &delivered else {
        return Err(Failure::message(exit, delivered.ending));
    };
    output.result(&report_view(settlement, orders, fills), || report_text(settlement, orders, fills))?;
    match exit {
        Exit::Done => Ok(()),
        Exit::Unknown => {
            let message = "the order is with the venue and its end is not known yet; nothing new is ordered before it \
                           is: look again with `trimtab journal reconcile`";
            Err(Failure::after_result(exit, message))
        }
        _ => Err(Failure::after_result(exit, "the order was cancelled")),
    }
}

async fn list(session: &Session, venue: &dyn PerpVenue) -> Outcome {
    let account = session.account().await?;
    // What the journal still has open is brought up to date on the way, unless another process is at it.
    if let Some(reader) = session.journal_reader(account)?
        && (!reader.open_orders()?.is_empty() || !reader.open_perps()?.is_empty())
    {
        match bring_up_to_date(session, venue).await {
            Ok(()) => {}
            Err(failure) if failure.exit == Exit::Journal => {
                session.output.note(format!("note: {:#}; what is listed is the chain's word alone", failure.report));
            }
            Err(failure) => return Err(failure),
        }
    }
    let snapshot = venue.snapshot(account, &Interest::default()).await?;
    let unresolved = match session.journal_reader(account)? {
        Some(reader) => reader.open_orders()?,
        None => Vec::new(),
    };
    let block = Reader::head(&session.endpoints).await?.number;
    let view = ListView::new(session.network().to_string(), block, &snapshot, unresolved);
    session.output.result(&view, || list_text(&view))
}

/// Brings the journal's perp orders and positions up to date with the chain; a daemon does it where one holds the journal.
async fn bring_up_to_date(session: &Session, venue: &dyn PerpVenue) -> Outcome {
    let account = session.account().await?;
    let done = match session.ask_daemon(account, ReconcileWith::default()).await? {
        Some(ReconcileAnswer { reconciled, failed, .. }) => {
            if let Some(failed) = failed {
                session.output.note(format!("note: not all is up to date: {}", failed.message));
            }
            reconciled
        }
        None => {
            let journal = session.journal(account).await?;
            let mut done = Reconciled::default();
            settle_at_venue(&journal, &session.endpoints, venue, &*session.clock, &mut done).await?;
            done
        }
    };
    done.ended.iter().for_each(|ended| session.output.note(ended));
    Ok(())
}
