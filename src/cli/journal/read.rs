//! `journal`: what this program did, and what became of it.

use clap::{Args, Subcommand};
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    keep as journal_keep,
    keep::{BackupArgs, ExportArgs, PruneArgs, RestoreArgs},
};
use crate::{
    actions::{Reconciled, settle_at_venue, settle_included},
    cli::shared::{
        document::document,
        exit::{Exit, Failure, Outcome},
        global::GlobalArgs,
        journal_reader::reader,
        outcome_view::ending_words,
        output::table,
        plan_view::settlement_text,
        session::Session,
    },
    journal::{Intent, IntentFilter, IntentId, Journal, Migrated, TransactionRecord},
    plan::Plan,
    send::{Settlement, reconcile},
    text::one_line,
    trade::{refuse_again_while_paused, with_error_names},
    watchdog::ops::{ReconcileAnswer, ReconcileWith},
};

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum JournalCommand {
    /// List intents, the newest last.
    List(ListArgs),
    /// Show one intent with its plan, transactions and outcome.
    Show(ShowArgs),
    /// Write everything as JSON lines.
    Export(ExportArgs),
    /// Ask the chain what became of everything that is not settled.
    Reconcile(ReconcileArgs),
    /// Copy the journal into one file while others use it, and check the copy.
    Backup(BackupArgs),
    /// Put a backup in the journal's place; the journal that was there is kept beside it.
    Restore(RestoreArgs),
    /// Take away ended intents and samples before a date; what is open or accounted for stays.
    Prune(PruneArgs),
}

#[derive(Debug, Args)]
pub(in crate::cli) struct ListArgs {
    /// At most so many, the newest.
    #[arg(long, default_value_t = 20)]
    limit: u32,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct ShowArgs {
    /// The intent's id.
    id: IntentId,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct ReconcileArgs {
    /// Send the signed bytes of this intent again, as they are.
    #[arg(long, value_name = "ID", conflicts_with = "take_back")]
    resend: Option<IntentId>,
    /// Take this intent back: use its nonce up with an empty transfer.
    #[arg(long, value_name = "ID")]
    take_back: Option<IntentId>,
    /// Mark a row that cannot be read as ended, once the chain has used its nonce; it keeps signing refused until then.
    #[arg(long, value_name = "ID", conflicts_with_all = ["resend", "take_back"])]
    set_aside: Option<String>,
}

/// Intents, the newest last.
#[derive(Debug, Serialize, JsonSchema)]
struct List<'a> {
    intents: &'a [Intent],
}

/// One intent.
#[derive(Debug, Serialize, JsonSchema)]
struct Show<'a> {
    intent: &'a Intent,
    transactions: &'a [TransactionRecord],
}

/// What was brought up to date.
#[derive(Debug, Serialize, JsonSchema)]
struct ReconcileDocument<'a> {
    #[serde(flatten)]
    done: &'a Reconciled,
    /// Tables of an older program that were brought up to date.
    #[serde(skip_serializing_if = "Option::is_none")]
    migrated: Option<&'a Migrated>,
}

document!("journal-list": List<'_>, "journal-show": Show<'_>, "journal-reconcile" / 2: ReconcileDocument<'_>);

pub(in crate::cli) async fn run(global: &GlobalArgs, command: JournalCommand) -> Outcome {
    let session = Session::connect(global).await?;
    match command {
        JournalCommand::List(args) => list(&session, &args).await,
        JournalCommand::Show(args) => show(&session, args.id).await,
        JournalCommand::Export(args) => journal_keep::export(&session, args).await,
        JournalCommand::Backup(args) => journal_keep::backup(&session, &args).await,
        JournalCommand::Restore(args) => journal_keep::restore(&session, &args).await,
        JournalCommand::Prune(args) => journal_keep::prune(&session, &args).await,
        JournalCommand::Reconcile(args) => reconcile_all(session, args).await,
    }
}

async fn list(session: &Session, args: &ListArgs) -> Outcome {
    let filter = IntentFilter { limit: Some(args.limit), ..IntentFilter::default() };
    let intents = reader(session).await?.intents(&filter)?;
    session.output.result(&List { intents: &intents }, || {
        let rows: Vec<Vec<String>> = intents.iter().map(row).collect();
        if rows.is_empty() { "nothing yet".to_owned() } else { table(&["id", "what", "state", "when"], &rows) }
    })
}

fn row(intent: &Intent) -> Vec<String> {
    let when = super::keep::time(intent.created.wall);
    let state = match &intent.reason {
        Some(reason) => format!("{} ({})", intent.state, with_error_names(reason)),
        None => intent.state.to_string(),
    };
    vec![intent.id.to_string(), intent.kind.clone(), state, when]
}

async fn show(session: &Session, id: IntentId) -> Outcome {
    let reader = reader(session).await?;
    let intent = reader.intent(id)?;
    let transactions = reader.transactions(id)?;
    session.output.result(&Show { intent: &intent, transactions: &transactions }, || {
        let mut lines = vec![one_line(&row(&intent).join("  ")).into_owned()];
        if let Ok(plan) = serde_json::from_value::<Plan>(intent.plan.clone()) {
            lines.push(crate::cli::shared::plan_view::plan_text(&plan, None));
        }
        for record in &transactions {
            let hash = record.hash.map_or_else(|| "not signed".to_owned(), |hash| hash.to_string());
            lines.push(format!(
                "step {} nonce {}: {hash} {}",
                record.step.saturating_add(1),
                record.nonce,
                record.state
            ));
        }
        let actual = intent.actual.clone().and_then(|value| serde_json::from_value::<Settlement>(value).ok());
        lines.extend(actual.as_ref().map(settlement_text));
        lines.join("\n")
    })
}

async fn reconcile_all(session: Session, args: ReconcileArgs) -> Outcome {
    let ReconcileArgs { resend, take_back, set_aside } = args;
    let account = session.account().await?;
    let migrated = session.bring_up_to_date(account)?;
    if let Some(migrated) = &migrated {
        session.output.note(migrated.words());
    }
    if let Some(id) = set_aside {
        return journal_keep::set_aside(&session, account, &id).await;
    }
    if let Some(answer) = session.ask_daemon(account, ReconcileWith { resend, take_back }).await? {
        let ReconcileAnswer { ending, reconciled, failed } = answer;
        ending.iter().for_each(|ending| session.output.note(ending));
        let told = told(&session, &reconciled, migrated.as_ref());
        let failed = failed.map(|failed| Failure::after_result(Exit::from_code(failed.exit), failed.message));
        return failed.map_or(told, Err);
    }
    let mut done = Reconciled::default();
    let settled;
    if let Some(id) = resend.or(take_back) {
        let signer = session.signer().await?;
        let mut sender = session.sender(signer).await?;
        if resend.is_some() {
            refuse_again_while_paused(sender.journal().reader(), id)?;
        }
        let outcome = if resend.is_some() { sender.resend(id).await? } else { sender.take_back(id).await? };
        session.output.note(ending_words(&outcome));
        settled = settle_mined(&session, sender.journal(), &mut done).await;
    } else {
        let journal = session.journal(account).await?;
        done.findings = reconcile(&journal, &session.endpoints, &*session.clock).await?;
        settled = settle_mined(&session, &journal, &mut done).await;
    }
    // What was done is shown, whatever could not be.
    let told = told(&session, &done, migrated.as_ref());
    settled.and(told)
}

/// Compares what is included but not yet compared; the venue is asked only where perps are concerned.
async fn settle_mined(session: &Session, journal: &Journal, done: &mut Reconciled) -> Outcome {
    let (endpoints, clock) = (&session.endpoints, &*session.clock);
    let included = settle_included(journal, endpoints, clock, done).await;
    if matches!(included, Ok(false)) {
        return Ok(());
    }
    // Loops that cannot be settled are no reason to leave the perps.
    let venue = session.perps().await?;
    settle_at_venue(journal, endpoints, &*venue, clock, done).await?;
    included?;
    Ok(())
}

/// Says what was found and settled, and what is still open.
fn told(session: &Session, done: &Reconciled, migrated: Option<&Migrated>) -> Outcome {
    let Reconciled { findings, settled, orders, ended, left } = done;
    session.output.result(&ReconcileDocument { done, migrated }, || {
        let line = |text: &str| one_line(text).into_owned();
        let mut lines: Vec<String> = findings.iter().map(|finding| line(&finding.words())).collect();
        for (id, settlement) in settled {
            lines.push(format!("{id} settled {}", settlement_text(settlement)));
        }
        lines.extend(left.iter().map(|left| line(&left.words())));
        lines.extend(ended.iter().map(|ended| line(ended)));
        lines.extend(orders.iter().map(|(order, state)| crate::cli::perp::view::order_line(order, state)));
        if lines.is_empty() { "nothing is open: all is settled".to_owned() } else { lines.join("\n") }
    })?;
    let open = done.open();
    if open > 0 {
        let hint = match done.is_waiting_for_word() {
            true => "; --resend ID sends the same bytes again, --take-back ID uses the nonce up",
            false => "",
        };
        return Err(Failure::after_result(Exit::Unknown, format!("{open} still open{hint}")));
    }
    Ok(())
}
