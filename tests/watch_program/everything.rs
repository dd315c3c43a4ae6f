//! Every command that sends or records something, alone and beside a daemon: the same exit codes and the same `--json`.

use std::collections::BTreeMap;

use alloy::primitives::U256;
use serde_json::{Value, json};
use trimtab::{localchain::Behaviour, onedelta::COMPOSER};

use crate::{
    records::elsewhere,
    story::Story,
    trader::{Erc20, USDC},
};

const OPEN: &str = "perp open --pair ETH/USD --side long --margin 100 --leverage 10";

/// What a command answered: its code, and the names in its document with what kind of value each has.
#[derive(Debug, PartialEq, Eq)]
struct Said {
    command: String,
    code: Option<i32>,
    shape: BTreeMap<String, &'static str>,
}

/// One account's day, every command of it.
struct Day {
    story: Story,
    is_watched: bool,
    said: Vec<Said>,
}

impl Day {
    async fn run(&mut self, words: &str) -> Value {
        let ran = self.story.command().run(words).await;
        // A day's worth of figures is too long to be compared by eye: what fails says itself.
        assert_eq!(ran.code, Some(0), "{words} (beside a daemon: {}): {ran:#?}", self.is_watched);
        let sends = words.contains("--broadcast");
        let is_handed = ran.stderr.contains("handed to the daemon");
        assert_eq!(is_handed, sends && self.is_watched, "{words}: {}", ran.stderr);
        let document = ran.json();
        assert_eq!(document["schema"], json!(1), "{words}");
        // A file's name differs from day to day.
        let command = words.split_whitespace().filter(|word| !word.contains('/') || word.contains("USD"));
        let command = command.collect::<Vec<_>>().join(" ");
        let mut shape = shape(&document);
        if words.starts_with("signal") {
            // How far a trade has come by then differs: a daemon sees it through without the command.
            shape.retain(|path, _| [".signal", ".pair", ".side", ".paper", ".schema"].contains(&path.as_str()));
        }
        self.said.push(Said { command, code: ran.code, shape });
        document
    }

    async fn loops(&mut self) {
        let plan = self.story.trader.journals.path().join("loop.json").display().to_string();
        let settled = self.run("loop open --equity 1 --leverage 2 --broadcast --json").await;
        assert_eq!(settled["transactions"].as_array().map(Vec::len), Some(1), "{settled:#}");
        self.run("loop adjust --leverage 2.5 --broadcast --json").await;
        self.run("loop deposit --equity 0.1 --broadcast --json").await;
        self.run("loop withdraw --equity 0.05 --broadcast --json").await;
        self.run("loop adjust --warn 1.2 --trigger 1.16 --json").await;
        let drill = self.run("watch drill --broadcast --json").await;
        assert_eq!(drill["passed"], json!(true), "{drill:#}");
        self.run(&format!("loop adjust --leverage 2 --plan-out {plan} --json")).await;
        self.run(&format!("send {plan} --broadcast --json")).await;
        let (trader, endless) = (&self.story.trader, Erc20::approveCall { spender: COMPOSER, value: U256::MAX });
        trader.replica.send(trader.account, USDC, &endless).await;
        self.run("approvals revoke --all --broadcast --json").await;
    }

    async fn perps(&mut self) {
        let plan = self.story.trader.journals.path().join("perp.json").display().to_string();
        let opened = self.run(&format!("{OPEN} --sl 2900 --broadcast --json")).await;
        assert_eq!(opened["orders"][0][1]["state"], json!("filled"), "{opened:#}");
        assert!(!opened["fills"].as_array().expect("fills").is_empty(), "{opened:#}");
        self.run("perp tpsl 0:0 --sl 2950 --broadcast --json").await;
        self.run("perp margin add 50 --pair ETH/USD --broadcast --json").await;
        self.run("perp margin remove 20 --pair ETH/USD --broadcast --json").await;
        self.run("perp close 0:0 --fraction 0.4 --broadcast --json").await;
        let closed = self.run("perp close 0:0 --broadcast --json").await;
        assert_eq!(closed["orders"][0][1]["state"], json!("filled"), "{closed:#}");
        self.run(&format!("{OPEN} --plan-out {plan} --json")).await;
        self.run(&format!("send {plan} --broadcast --json")).await;
        let limit = self.run(&format!("{OPEN} --limit 2500 --broadcast --json")).await;
        assert_eq!(limit["orders"][0][1]["state"], json!("initiated"), "{limit:#}");
        let key = &limit["orders"][0][0]["key"];
        self.run(&format!("perp cancel {}:{} --broadcast --json", key["pair_index"], key["index"])).await;
        let listed = self.run("perp list --json").await;
        assert_eq!(listed["positions"].as_array().map(Vec::len), Some(1), "{listed:#}");
        self.run("journal reconcile --json").await;
    }

    async fn rest(&mut self) {
        let file = self.story.file("signal.json", &json!({ "score": 40 })).display().to_string();
        let taken = self.run(&format!("signal run {file} --broadcast --detach --json --base-capital 3000")).await;
        assert_eq!(taken["signal"], json!("s-1"), "{taken:#}");
        self.run("signal resume --json").await;
        self.run("loop close --broadcast --json").await;
        elsewhere(&self.story.trader).await;
        self.run("loop adopt --json").await;
        let paused = self.run("pause --json").await;
        assert_eq!(paused["governor"]["paused"], json!(true));
        self.run("resume --json").await;
        let flat = self.run("flatten --broadcast --json").await;
        assert_eq!(flat["closed"].as_array().map(Vec::len), Some(3), "{flat:#}");
        self.run("resume --json").await;
    }
}

/// The names in a document, as paths, with the kinds of their values; of a list its first element stands for all.
fn shape(document: &Value) -> BTreeMap<String, &'static str> {
    let mut found = BTreeMap::new();
    let mut open = vec![(String::new(), document)];
    while let Some((path, value)) = open.pop() {
        let kind = match value {
            Value::Null => "null",
            Value::Bool(_) => "bool",
            Value::Number(_) => "number",
            Value::String(_) => "text",
            Value::Array(list) => {
                open.extend(list.first().map(|first| (format!("{path}[]"), first)));
                "list"
            }
            Value::Object(fields) => {
                open.extend(fields.iter().map(|(name, field)| (format!("{path}.{name}"), field)));
                "object"
            }
        };
        found.insert(path, kind);
    }
    found
}

async fn day(is_watched: bool) -> Vec<Said> {
    let story = Story::start(Behaviour::faithful()).await;
    let daemon = if is_watched { Some(story.daemon("").await) } else { None };
    let mut day = Day { story, is_watched, said: Vec::new() };
    Box::pin(day.loops()).await;
    Box::pin(day.perps()).await;
    Box::pin(day.rest()).await;
    if let Some(daemon) = daemon {
        daemon.stop().await.succeeds();
    }
    day.said
}

#[tokio::test]
async fn every_sending_command_answers_beside_a_daemon_as_it_does_alone() {
    let (alone, beside) = (Box::pin(day(false)).await, Box::pin(day(true)).await);
    assert_eq!(alone.len(), beside.len());
    for (alone, beside) in alone.into_iter().zip(beside) {
        assert_eq!(alone, beside);
    }
}
