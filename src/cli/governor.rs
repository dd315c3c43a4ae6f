//! `pause` and `resume`: the kill switch.

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;

use super::shared::{document::document, exit::Outcome, global::GlobalArgs, session::Session, trade::desk_with};
use crate::{
    perps::{Interest, VenueSnapshot},
    strategy::{Command, GovernorState},
    trade::{command_governor, load_governor, stored_governor},
    watchdog::ops::{Governed, PaperWith, Pause, Resume},
};

/// Flags of the kill switch.
#[derive(Debug, Clone, Args)]
pub(super) struct GovernorArgs {
    /// That of paper trading.
    #[arg(long)]
    paper: bool,
}

/// Whether opening is allowed, and what the caps go by.
#[derive(Debug, Serialize, JsonSchema)]
struct Shown<'a> {
    governor: &'a GovernorState,
    /// Of paper trading.
    paper: bool,
}

document!("governor": Shown<'_>);

pub(super) async fn run(global: &GlobalArgs, args: &GovernorArgs, command: Command) -> Outcome {
    let session = Session::connect(global).await?;
    let account = session.account().await?;
    let with = PaperWith { paper: args.paper };
    let answer = match command {
        Command::Resume => session.ask_daemon(account, Resume(with)).await?,
        _ => session.ask_daemon(account, Pause(with)).await?,
    };
    if let Some(Governed { governor, was_paused }) = answer {
        let document = Shown { governor: &governor, paper: args.paper };
        return session.output.result(&document, || words(command, was_paused).to_owned());
    }
    let journal = session.journal(account).await?;
    let stamp = session.stamp().await?;
    let state = match stored_governor(journal.reader(), args.paper)? {
        Some(state) => state,
        None => {
            let desk = desk_with(&session, None).await?;
            let perps = perps(&session).await;
            load_governor(&desk, None, perps.as_ref(), args.paper).await?
        }
    };
    let after = command_governor(&journal, args.paper, &state, command, stamp)?;
    tracing::info!(%account, paper = args.paper, ?command, was_paused = state.paused, "governor");
    session.output.result(&Shown { governor: &after, paper: args.paper }, || words(command, state.paused).to_owned())
}

const fn words(command: Command, was_paused: bool) -> &'static str {
    match (command, was_paused) {
        (Command::Resume, true) => "resumed: opening and adding risk is allowed again",
        (Command::Resume, false) => "resumed: it was not paused",
        (_, true) => "paused: it was paused already",
        (_, false) => {
            "paused: nothing is opened until `trimtab resume`, and no risk is added; what is open stays, and lowering risk \
             is always allowed"
        }
    }
}

/// The account at the venue; `None` when it cannot be read, which must not keep anybody from pausing.
async fn perps(session: &Session) -> Option<VenueSnapshot> {
    let venue = session.perps().await.ok()?;
    let account = session.account().await.ok()?;
    venue.snapshot(account, &Interest::default()).await.ok()
}
