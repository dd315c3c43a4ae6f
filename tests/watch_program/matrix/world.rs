//! One account in one situation.

use alloy::primitives::U256;
use serde_json::{Value, json};
use trimtab::{localchain::Behaviour, onedelta::COMPOSER};

use super::{
    answer::{Answer, Form},
    crowd::{Others, gather, stop_using_the_deposit},
    rows::{Before, Ends, Risk, Row, perp, rows},
};
use crate::{
    kit::Daemon,
    records::elsewhere,
    story::Story,
    trader::{Erc20, Ran, USDC, ether},
};

/// What every refusal of a pause says.
const WAY_OUT: [&str; 2] = ["paused", "`trimtab resume`"];

const PAUSED: Ends = Ends::Refused(4, WAY_OUT[0]);

/// Where the commands are run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Situation {
    pub(super) watched: bool,
    pub(super) crowded: bool,
    pub(super) paused: bool,
    pub(super) form: Form,
}

/// The account, and how it is spoken to.
pub(super) struct World {
    story: Story,
    daemon: Option<Daemon>,
    at: Situation,
    paused: bool,
    answers: Vec<Answer>,
}

/// The whole day in a situation.
pub(super) async fn day(at: Situation) -> Vec<Answer> {
    let mut world = World::begin(at).await;
    for row in rows() {
        Box::pin(world.run(row)).await;
    }
    if let Some(daemon) = world.daemon {
        daemon.stop().await.succeeds();
    }
    world.answers
}

impl World {
    async fn begin(at: Situation) -> Self {
        let story = Story::start(Behaviour::faithful()).await;
        if at.crowded {
            gather(&story.trader).await;
        }
        let daemon = if at.watched { Some(story.daemon("").await) } else { None };
        let mut world = Self { story, daemon, at, paused: false, answers: Vec::new() };
        if at.paused {
            for row in rows().filter(|row| row.opens) {
                world.prepare(&format!("{} {}", row.command, row.args)).await;
            }
            let staked = world.story.trader.pair("wstETH", "USDC").await.collateral.token;
            world.story.trader.give(staked, ether(1)).await;
            world.prepare("pause").await;
            world.paused = true;
        }
        world
    }

    /// What has to go well before a row is tried.
    async fn prepare(&self, words: &str) -> Value {
        let ran = self.story.command().run(&format!("{words} --json")).await;
        assert_eq!(ran.code, Some(0), "{words} in {:?}: {ran:#?}", self.at);
        ran.json()
    }

    async fn run(&mut self, row: &Row) {
        self.before(row).await;
        let command = format!("{} {}", row.command, if self.at.paused { row.while_paused } else { row.args });
        let words = self.filled(&command).await;
        let ends = self.ends(row);
        let nonce = self.story.trader.replica.nonce(self.story.trader.account).await;
        let others = if self.at.crowded { Some(Others::read(&self.story.trader).await) } else { None };
        if ends != Ends::Works && self.paused {
            // What is refused changes nothing, so that it can be asked for in both forms.
            let other = if self.at.form == Form::Json { Form::Words } else { Form::Json };
            let ran = self.ask(&words, other).await;
            self.is_as_expected(&command, &ran, other, (row, ends));
        }
        let ran = self.ask(&words, self.at.form).await;
        self.is_as_expected(&command, &ran, self.at.form, (row, ends));
        if ends != Ends::Works {
            let after = self.story.trader.replica.nonce(self.story.trader.account).await;
            assert_eq!(after, nonce, "{command} in {:?}: refused, and something was signed", self.at);
        }
        if let Some(before) = others {
            let after = Others::read(&self.story.trader).await;
            match row.command {
                "flatten" => after.keep_the_deposit(&command),
                _ => after.are_untouched(&before, &command),
            }
        }
        match row.command {
            "pause" | "flatten" => self.paused = true,
            "resume" => self.paused = false,
            _ => {}
        }
        let mut answer = Answer::new(command, &ran, self.at.form);
        if row.command.starts_with("signal") || ends != Ends::Works {
            // How far a trade has come by then differs: a daemon sees it through without the command.
            answer.form.clear();
        }
        self.answers.push(answer);
    }

    async fn ask(&self, words: &str, form: Form) -> Ran {
        let json = if form == Form::Json { " --json" } else { "" };
        self.story.command().run(&format!("{words}{json}")).await
    }

    fn ends(&self, row: &Row) -> Ends {
        let ends = if self.at.crowded { row.crowded } else { row.quiet };
        // What cannot be planned at all is refused for that reason.
        if self.paused && row.risk == Risk::Adds && ends == Ends::Works { PAUSED } else { ends }
    }

    /// Its exit code, who sent it, and that its answer has the form that was asked for.
    fn is_as_expected(&self, command: &str, ran: &Ran, form: Form, (row, ends): (&Row, Ends)) {
        let at = self.at;
        let said = |words: &str| assert!(ran.stderr.contains(words), "{command} in {at:?}: `{words}`? {ran:#?}");
        assert!(!ran.stderr.contains("panicked"), "{command} in {at:?}: {ran:#?}");
        let code = match ends {
            Ends::Works => 0,
            Ends::Refused(code, words) => {
                said("error: ");
                said(words);
                if ends == PAUSED {
                    WAY_OUT.into_iter().for_each(said);
                }
                code
            }
        };
        assert_eq!(ran.code, Some(code), "{command} in {at:?}: {ran:#?}");
        if ends == Ends::Works {
            let is_handed = ran.stderr.contains("handed to the daemon");
            assert_eq!(is_handed, row.sends() && at.watched, "{command} in {at:?}: {ran:#?}");
        }
        match form {
            Form::Json => {
                let document = ran.json();
                let exit = if ends == Ends::Works { Value::Null } else { json!(code) };
                assert_eq!(document["error"]["exit"], exit, "{command} in {at:?}: {document:#}");
            }
            Form::Words => {
                assert_eq!(ran.stdout.trim().is_empty(), ends != Ends::Works, "{command} in {at:?}: {ran:#?}");
                assert!(!ran.stdout.trim_start().starts_with('{'), "{command} in {at:?}: {ran:#?}");
            }
        }
    }

    async fn before(&self, row: &Row) {
        let trader = &self.story.trader;
        match row.before {
            Before::Nothing => {}
            Before::Approval => {
                let endless = Erc20::approveCall { spender: COMPOSER, value: U256::MAX };
                trader.replica.send(trader.account, USDC, &endless).await;
            }
            Before::Disabled if self.at.crowded => stop_using_the_deposit(trader).await,
            Before::Disabled => {}
            Before::Elsewhere => elsewhere(trader).await,
            Before::Plan(command) => {
                let words = self.filled(command).await;
                self.prepare(&format!("{words} --plan-out {}", self.plan())).await;
            }
        }
    }

    fn plan(&self) -> String {
        self.story.trader.journals.path().join("plan.json").display().to_string()
    }

    /// The command with everything in it that is known only now.
    async fn filled(&self, words: &str) -> String {
        let mut words = words.replace("{perp}", perp()).replace("{plan}", &self.plan());
        if words.contains("{signal}") {
            let file = self.story.file("signal.json", &json!({ "score": 40 }));
            words = words.replace("{signal}", &file.display().to_string());
        }
        if words.contains("{settled}") {
            let intents = self.prepare("journal list").await;
            let id = intents["intents"].as_array().and_then(|all| all.last()).map(|intent| intent["id"].clone());
            words = words.replace("{settled}", id.expect("an intent").as_str().expect("an id"));
        }
        for (name, list) in [("{position}", "positions"), ("{limit}", "limits")] {
            if words.contains(name) {
                let listed = self.prepare("perp list").await;
                let key = &listed[list][0]["key"];
                let key = key.as_str().unwrap_or_else(|| panic!("no {list} for {words}: {listed:#}"));
                words = words.replace(name, key);
            }
        }
        words
    }
}
