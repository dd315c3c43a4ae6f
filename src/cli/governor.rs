//! `pause` and `resume`: the kill switch.

use clap::Args;

use super::{exit::Outcome, global::GlobalArgs, session::Session, trade::desk_with};
use crate::{
    perps::{Interest, PerpVenue, VenueSnapshot},
    strategy::Command,
    trade::{command_governor, load_governor, stored_governor},
};

/// Flags of the kill switch.
#[derive(Debug, Clone, Args)]
pub(super) struct GovernorArgs {
    /// That of paper trading.
    #[arg(long)]
    paper: bool,
}

pub(super) async fn run(global: &GlobalArgs, args: &GovernorArgs, command: Command) -> Outcome {
    let session = Session::connect(global).await?;
    let account = session.account().await?;
    let journal = session.journal(account).await?;
    let stamp = session.stamp().await?;
    let state = match stored_governor(journal.reader(), args.paper)? {
        Some(state) => state,
        None => {
            let desk = desk_with(&session, ()).await?;
            let perps = perps(&session).await;
            load_governor(&desk, None, perps.as_ref(), args.paper).await?
        }
    };
    let after = command_governor(&journal, args.paper, &state, command, stamp)?;
    let words = match command {
        Command::Resume if state.paused => "resumed: signals are traded again",
        Command::Resume => "resumed: it was not paused",
        _ if state.paused => "paused: it was paused already",
        _ => "paused: nothing is opened until `trimtab resume`; what is open stays open",
    };
    tracing::info!(%account, paper = args.paper, ?command, was_paused = state.paused, "governor");
    session.output.result(&serde_json::json!({ "governor": after, "paper": args.paper }), || words.to_owned())
}

/// The account at the venue; `None` when it cannot be read, which must not keep anybody from pausing.
async fn perps(session: &Session) -> Option<VenueSnapshot> {
    let venue = session.perps().await.ok()?;
    let account = session.account().await.ok()?;
    venue.snapshot(account, &Interest::default()).await.ok()
}
