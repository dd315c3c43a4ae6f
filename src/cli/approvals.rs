//! `approvals`: what composer and forwarder may still do, and taking it back.

use std::collections::BTreeSet;

use clap::{ArgGroup, Args, Subcommand};
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    loop_::run::send_approved,
    shared::{
        document::document,
        exit::{Exit, Failure, Outcome},
        global::GlobalArgs,
        order::{Onward, intent_id, planner, prepare},
        output::table,
        session::Session,
    },
};
use crate::{
    loops::{Approval, ApprovalKind},
    trade::{Ask, Order, Which},
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

#[derive(Debug, Serialize, JsonSchema)]
struct Listed<'a> {
    account: alloy::primitives::Address,
    block: u64,
    approvals: &'a [Approval],
}

/// There was nothing to take back.
#[derive(Debug, Serialize, JsonSchema)]
struct Nothing<'a> {
    sent: bool,
    /// What is in force.
    approvals: &'a [Approval],
}

document!("approvals": Listed<'_>, "approvals-revoke": Nothing<'_>);

pub(super) async fn run(global: &GlobalArgs, command: ApprovalsCommand) -> Outcome {
    // Taking approvals back must work whatever has become of the composer: it is not asked.
    let session = Session::connect(global).await?;
    match command {
        ApprovalsCommand::List => list(&session).await,
        ApprovalsCommand::Revoke(args) => revoke(session, &args).await,
    }
}

async fn list(session: &Session) -> Outcome {
    let (list, network) = (session.reserves().await?, session.network());
    let (block, approvals) = planner(session, &list, network.as_str(), None).await?.approvals().await?;
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
    let (list, price) = tokio::join!(session.reserves(), session.gas_price());
    let (list, _, network) = (list?, price?, session.network());
    let planner = planner(&session, &list, network.as_str(), None).await?;
    let (block, approvals) = planner.approvals().await?;
    let which = if args.all { Which::All } else { Which::Of(args.token.clone()) };
    if !approvals.iter().any(|approval| which.includes(&approval.symbol)) {
        return nothing_to_do(&session, args, &approvals);
    }
    let id = intent_id(&session, &format!("approvals revoke {which:?} {}", planner.account), block);
    let plan = planner.of_revocation(&which, block, &approvals, id);
    let order = Order::of(&plan, Ask::Revoke(which))?;
    let onward = Onward { broadcast: args.broadcast, file: None, at: block.next_timestamp() };
    match prepare(&session, &plan, &order, onward).await? {
        Some(approved) => send_approved(session, (approved, &order), args.yes).await,
        None => Ok(()),
    }
}

fn nothing_to_do(session: &Session, args: &RevokeArgs, approvals: &[Approval]) -> Outcome {
    if !args.all && !approvals.is_empty() {
        let have: BTreeSet<&str> = approvals.iter().map(|approval| approval.symbol.as_str()).collect();
        let have: Vec<&str> = have.into_iter().collect();
        let message =
            format!("no approval of {} is in force; there are approvals of {}", args.token.join(", "), have.join(", "));
        return Err(Failure::message(Exit::Usage, message));
    }
    let done = Nothing { sent: false, approvals };
    session.output.result(&done, || "nothing to take back: no approval is in force".to_owned())
}
