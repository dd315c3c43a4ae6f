//! `watch --json`: what happens, one line each.

use std::collections::BTreeSet;

use alloy::primitives::Address;
use schemars::JsonSchema;
use serde::Serialize;
use tokio::sync::watch;

use crate::{
    cli::shared::{document::document, output::Output},
    watchdog::{
        rules::Firing,
        runner::{ActionReport, HeadOutcome, News},
    },
};

/// An account under watch.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Watched {
    pub(super) account: Address,
    /// Whether its key is here.
    pub(super) can_act: bool,
}

/// Something happened.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "event")]
pub(super) enum WatchEvent<'a> {
    /// The watch has begun.
    Watching { network: &'a str, shadow: bool, accounts: Vec<Watched> },
    /// Other rules fire for an account than before; none when all is well again.
    Firings { account: Address, block: u64, firings: &'a [Firing] },
    /// An action was tried.
    Acted { account: Address, block: u64, acted: &'a ActionReport },
    /// Opening and adding risk is refused from now on.
    Paused { account: Address },
    /// It is allowed again.
    Resumed { account: Address },
    /// The watch has ended as it was asked to.
    Ended,
}

document!("watch-event" / 2: WatchEvent<'_>);

/// Writes what is new until the daemon ends. Nobody there to read is no reason to stop watching.
pub(super) async fn tell(output: Output, accounts: Vec<Address>, mut news: watch::Receiver<News>) {
    let mut before = News::default();
    while news.changed().await.is_ok() {
        let now = news.borrow_and_update().clone();
        for event in events(&accounts, &before, &now) {
            let _ = output.event(&event);
        }
        before = now;
    }
}

fn events<'a>(accounts: &[Address], before: &News, now: &'a News) -> Vec<WatchEvent<'a>> {
    let mut events = Vec::new();
    for (index, (account, turn)) in accounts.iter().zip(&now.turns).enumerate() {
        let Some(turn) = turn else { continue };
        let known = before.turns.get(index).and_then(Option::as_ref);
        if rules(Some(turn)) != rules(known)
            && let Some(facts) = &turn.facts
        {
            events.push(WatchEvent::Firings { account: *account, block: facts.block.number, firings: &turn.firings });
        }
    }
    let newest = before.acted.first();
    let new: Vec<_> = now.acted.iter().take_while(|acted| Some(*acted) != newest).collect();
    let acted = |(block, account, acted): &'a (u64, Address, ActionReport)| WatchEvent::Acted {
        account: *account,
        block: *block,
        acted,
    };
    events.extend(new.into_iter().rev().map(acted));
    events.extend(now.paused.difference(&before.paused).map(|account| WatchEvent::Paused { account: *account }));
    events.extend(before.paused.difference(&now.paused).map(|account| WatchEvent::Resumed { account: *account }));
    events
}

/// Which rules fire, and about what; the figures in their reasons change at every block.
fn rules(turn: Option<&HeadOutcome>) -> BTreeSet<(String, &str)> {
    let firings = turn.map_or(&[][..], |turn| &turn.firings);
    firings.iter().map(|firing| (firing.rule.to_string(), firing.subject.as_str())).collect()
}
