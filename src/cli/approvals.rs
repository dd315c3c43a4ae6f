//! `approvals`: what composer and forwarder may still do, and taking it back.

use std::collections::BTreeSet;

use clap::{ArgGroup, Args, Subcommand};
use serde::Serialize;

use super::{
    exit::{Exit, Failure, Outcome},
    global::GlobalArgs,
    loops::{gas_view, send_approved},
    output::table,
    plan_view::{DryRun, plan_text, simulation_text},
    session::Session,
};
use crate::{
    aave::MarketQuery,
    chain::{Batch, BlockRef, Reader},
    journal::IntentId,
    loops::{Approval, ApprovalKind, ApprovalsQuery, Revocation},
    plan::{check, rehearse},
    units::Millis,
};

#[derive(Debug, Subcommand)]
pub(super) enum ApprovalsCommand {
    /// List what composer and forwarder may still do with the account's tokens.
    List,
    /// Set approvals to zero, one transaction each; shown first and sent only with --broadcast.
    Revoke(RevokeArgs),
}

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("which").args(["all", "token"]).required(true)))]
pub(super) struct RevokeArgs {
    /// Everything that is listed.
    #[arg(long)]
    all: bool,
    /// Only this asset's: token, aToken and delegation; repeatable.
    #[arg(long, value_name = "SYMBOL")]
    token: Vec<String>,
    /// Send it. Without this flag it is planned, simulated and shown only.
    #[arg(long)]
    broadcast: bool,
    /// Do not ask before sending (needed without a terminal).
    #[arg(long, short = 'y')]
    yes: bool,
}

#[derive(Debug, Serialize)]
struct Listed<'a> {
    account: alloy::primitives::Address,
    block: u64,
    approvals: &'a [Approval],
}

pub(super) async fn run(global: &GlobalArgs, command: ApprovalsCommand) -> Outcome {
    // Taking approvals back must work whatever has become of the composer: it is not asked.
    let session = Session::connect(global).await?;
    match command {
        ApprovalsCommand::List => list(&session).await,
        ApprovalsCommand::Revoke(args) => revoke(session, &args).await,
    }
}

async fn read(session: &Session) -> Outcome<(BlockRef, Vec<Approval>)> {
    let account = session.account().await?;
    let list = session.reserves().await?;
    let block = Reader::head(&session.endpoints).await?;
    let mut batch = Batch::new();
    let market = MarketQuery::add(&list, &mut batch);
    let approvals = ApprovalsQuery::add(&list, account, &mut batch);
    let answers = session.endpoints.read(block, &batch).await?;
    let market = market.decode(&answers, block)?;
    Ok((block, approvals.decode(&answers, &market)?))
}

async fn list(session: &Session) -> Outcome {
    let (block, approvals) = read(session).await?;
    let listed = Listed { account: session.account().await?, block: block.number, approvals: &approvals };
    session.output.result(&listed, || text(&approvals))
}

fn text(approvals: &[Approval]) -> String {
    if approvals.is_empty() {
        return "nothing: neither composer nor forwarder may move or borrow anything of Aave's assets, nor the perp venue take any".to_owned();
    }
    let rows: Vec<Vec<String>> = approvals.iter().map(row).collect();
    let mut lines = vec![table(&["who", "may", "amount"], &rows)];
    if approvals.iter().any(Approval::is_dangerous) {
        lines.push(
            "DANGER: the forwarder runs calls for anybody and never needs an approval; take it back now".to_owned(),
        );
    }
    lines.push("take back with `trimtab approvals revoke --all` or `--token SYMBOL`".to_owned());
    lines.join("\n")
}

fn row(approval: &Approval) -> Vec<String> {
    let may = match approval.kind {
        ApprovalKind::Token => "pull tokens",
        ApprovalKind::AToken => "pull aTokens (withdraw collateral)",
        ApprovalKind::Delegation => "borrow for the account",
    };
    vec![approval.spender_name.to_owned(), may.to_owned(), approval.amount_text()]
}

async fn revoke(session: Session, args: &RevokeArgs) -> Outcome {
    let (block, approvals) = read(&session).await?;
    let account = session.account().await?;
    let wanted: Vec<Approval> = approvals.iter().filter(|approval| args.wants(approval)).cloned().collect();
    if wanted.is_empty() {
        return nothing_to_do(&session, args, &approvals);
    }
    let network = session.network();
    let subject = format!("approvals revoke {wanted:?} {} {account}", block.hash);
    let plan = Revocation {
        id: IntentId::derive(Millis(session.clock.wall_millis()), subject.as_bytes()).to_string(),
        network: network.as_str().to_owned(),
        account,
        block,
        valid_until: block.timestamp.plus(session.config.permit_ttl),
    }
    .plan(&wanted);
    let approved = check(plan.clone(), network.as_str(), block.timestamp)?;
    let rehearsal = rehearse(&session.endpoints, &plan, block, block.next_timestamp()).await?;
    let gas = gas_view(&session, &plan, &rehearsal, session.gas_price().await?).await?;
    let shown = format!("{}\n{}", plan_text(&plan, Some(&gas)), simulation_text(&rehearsal));
    if !args.broadcast {
        let dry = DryRun { plan: &plan, simulation: &rehearsal, gas: &gas, sent: false };
        return session
            .output
            .result(&dry, || format!("{shown}\n\ndry run: nothing was sent; add --broadcast to send it"));
    }
    session.output.note(&shown);
    send_approved(session, approved, args.yes).await
}

fn nothing_to_do(session: &Session, args: &RevokeArgs, approvals: &[Approval]) -> Outcome {
    if !args.all && !approvals.is_empty() {
        let have: BTreeSet<&str> = approvals.iter().map(|approval| approval.symbol.as_str()).collect();
        let have: Vec<&str> = have.into_iter().collect();
        let message =
            format!("no approval of {} is in force; there are approvals of {}", args.token.join(", "), have.join(", "));
        return Err(Failure::message(Exit::Usage, message));
    }
    let done = serde_json::json!({ "sent": false, "approvals": approvals });
    session.output.result(&done, || "nothing to take back: no approval is in force".to_owned())
}

impl RevokeArgs {
    fn wants(&self, approval: &Approval) -> bool {
        self.all || self.token.iter().any(|symbol| symbol.eq_ignore_ascii_case(&approval.symbol))
    }
}
