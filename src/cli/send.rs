//! `send`: an order from a file, planned anew.

use std::path::PathBuf;

use clap::Args;

use super::{
    loop_::run::send_approved,
    shared::{
        exit::{Exit, Failure, Outcome},
        global::GlobalArgs,
        order::{Onward, planner, prepare},
        perp_blocks::{next_state, waits_for_blocks},
        session::Session,
    },
};
use crate::{
    actions::audit,
    chain::Reader,
    trade::{Ask, Order, Source},
};

#[derive(Debug, Args)]
pub(super) struct SendArgs {
    /// The plan file.
    plan: PathBuf,
    /// Send it; without this flag it is checked and simulated on the present state only.
    #[arg(long)]
    broadcast: bool,
    /// Take the price service's word where nothing on chain says what a perp's pair costs; a plan file cannot ask for it. A
    /// price that the chain contradicts is refused all the same.
    #[arg(long)]
    unchecked_price: bool,
    /// Do not ask before sending.
    #[arg(long, short = 'y')]
    yes: bool,
}

pub(super) async fn run(global: &GlobalArgs, args: SendArgs) -> Outcome {
    let order = read(&args.plan)?;
    let mut session = Session::connect(global).await?;
    session.unchecked_price = args.unchecked_price;
    let account = session.account().await?;
    if account != order.account {
        let message = format!("the plan is for {}, the wallet is {account}", order.account);
        return Err(Failure::message(Exit::Configuration, message));
    }
    if let Some(reader) = session.journal_reader(account)? {
        order.is_new(&reader)?;
    }
    let venue = async {
        Outcome::Ok(match &order.ask {
            Ask::Perp(_) => Some(session.perps().await?),
            Ask::Loop(_) => {
                session.trust_composer().await?;
                None
            }
            // As the command itself: taking approvals back works whatever has become of the composer.
            Ask::Revoke(_) => None,
        })
    };
    // Side by side; the price is kept for the plan.
    let (venue, list, price) = tokio::join!(venue, session.reserves(), session.gas_price());
    let (venue, list, _) = (venue?, list?, price?);
    let waits = matches!(&order.ask, Ask::Perp(request) if waits_for_blocks(request));
    let head = match waits {
        true => next_state(&session, args.broadcast).await?,
        false => Reader::head(&session.endpoints).await?,
    };
    let network = session.network();
    let planner = planner(&session, &list, network.as_str(), venue.as_deref()).await?;
    let plan = planner.carry(&order, Source::File, (waits && !args.broadcast).then_some(head)).await?;
    audit(&plan, venue.as_deref(), planner.gas_price).await?;
    let at = plan.block.next_timestamp().max(head.timestamp);
    let onward = Onward { broadcast: args.broadcast, file: None, at };
    let Some(approved) = prepare(&session, &plan, &order, onward).await? else { return Ok(()) };
    match order.ask {
        Ask::Perp(_) => super::perp::run::send_approved(session, (approved, &order), args.yes).await,
        Ask::Loop(_) | Ask::Revoke(_) => send_approved(session, (approved, &order), args.yes).await,
    }
}

fn read(path: &PathBuf) -> Outcome<Order> {
    let bad = |reason: String| format!("plan file {}: {reason}", crate::text::path(path));
    let text = std::fs::read_to_string(path).map_err(|error| Failure::message(Exit::Usage, bad(error.to_string())))?;
    Order::read(&text).map_err(|error| Failure::message(Exit::from_code(error.exit_code()), bad(error.to_string())))
}
