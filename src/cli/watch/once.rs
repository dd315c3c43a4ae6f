//! `watch --once`: one look at everybody, for cron and timers.

use schemars::JsonSchema;
use serde::Serialize;

use super::{args::WatchArgs, setup::Manned};
use crate::{
    chain::Reader,
    cli::shared::{
        document::document,
        exit::{Exit, Failure, Outcome},
        global::GlobalArgs,
    },
    plan::Quantity,
    watchdog::{
        rules::Action,
        runner::{ActionReport, HeadOutcome},
    },
};

#[derive(Debug, Serialize, JsonSchema)]
struct Look {
    network: String,
    block: u64,
    shadow: bool,
    acted: bool,
    accounts: Vec<Account>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Account {
    account: String,
    can_act: bool,
    turn: HeadOutcome,
}

document!("watch-once" / 2: Look);

pub(super) async fn run(global: &GlobalArgs, args: &WatchArgs) -> Outcome {
    let mut post = Manned::take(global, args).await?.open(args.shadow).await?;
    let seen = post.first_look().await?;
    post.check(&seen).await?;
    let head = Reader::head(&post.session.endpoints).await?;
    let turns = post.watch.round(head, &mut post.seats).await;
    post.farewell().await;
    let accounts: Vec<Account> = turns?
        .into_iter()
        .zip(&post.seats)
        .map(|(turn, seat)| Account { account: seat.account().to_string(), can_act: seat.can_act(), turn })
        .collect();
    let done = |account: &Account| account.turn.acted.as_ref().is_some_and(|acted| acted.mined_in.is_some());
    let look = Look {
        network: post.session.network().to_string(),
        block: head.number,
        shadow: args.shadow,
        acted: accounts.iter().any(done),
        accounts,
    };
    post.session.output.result(&look, || look.words())?;
    if look.acted {
        return Err(Failure::after_result(Exit::Acted, "it acted"));
    }
    match look.accounts.iter().filter(|account| account.can_act && !args.shadow).find_map(Account::left_undone) {
        Some(words) => Err(Failure::after_result(Exit::Refused, format!("not done: {words}"))),
        None => Ok(()),
    }
}

impl Look {
    fn words(&self) -> String {
        let head = format!("{} at block {}", self.network, self.block);
        std::iter::once(head).chain(self.accounts.iter().map(Account::words)).collect::<Vec<_>>().join("\n")
    }
}

impl Account {
    fn words(&self) -> String {
        let note = if self.can_act { "" } else { " (no key: only looked at)" };
        let Some(facts) = &self.turn.facts else {
            return format!("{}{note}: far from any threshold", self.account);
        };
        let mut lines = vec![match facts.debt_value.0.is_zero() {
            true => format!("{}{note}: owes nothing", self.account),
            false => format!("{}{note}: health factor {}", self.account, Quantity::wad(facts.health_factor.0)),
        }];
        lines.extend(self.turn.firings.iter().map(|firing| format!("  {}: {}", firing.rule, firing.reason)));
        match &self.turn.acted {
            Some(acted) => lines.push(format!("  {}", acted.words)),
            None => lines.push("  nothing to do".to_owned()),
        }
        lines.join("\n")
    }

    /// What was wanted and did not happen.
    fn left_undone(&self) -> Option<&str> {
        let ActionReport { action, mined_in, words, .. } = self.turn.acted.as_ref()?;
        let is_work = !matches!(action, Action::Arm(_) | Action::SwitchRpc | Action::ResyncNonce { .. });
        (is_work && mined_in.is_none()).then_some(words)
    }
}
