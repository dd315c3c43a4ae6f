//! The watch in a process of its own: this test binary started once more, for one test that only then does something.

use std::{
    path::Path,
    process::{Command, Output},
};

use crate::{
    post::{Post, impatient},
    trader::Trader,
};

const URL: &str = "TRIMTAB_TEST_POST_URL";
const JOURNALS: &str = "TRIMTAB_TEST_POST_JOURNALS";
/// Heads that a child looks at.
const LOOKS: usize = 3;

/// A command that watches a trader's loop for a few heads. What it said is on stdout, a line each.
pub(crate) fn watch(trader: &Trader) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("this binary"));
    arm(&mut command, trader.replica.url(), trader.journals.path());
    command
}

fn arm(command: &mut Command, url: &str, journals: &Path) {
    command.args(["--exact", "child::at_the_post", "--ignored", "--nocapture", "--test-threads", "1"]);
    command.env(URL, url).env(JOURNALS, journals).env_remove("RUST_BACKTRACE");
}

/// The same through a shell that sets limits first.
pub(crate) fn watch_after(trader: &Trader, shell: &str) -> Command {
    let program = std::env::current_exe().expect("this binary");
    let mut command = Command::new("bash");
    command.args(["-c", &format!("{shell}; exec \"$0\" \"$@\"")]).arg(program);
    arm(&mut command, trader.replica.url(), trader.journals.path());
    command
}

pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[tokio::test]
#[ignore = "runs in a process that the stories start"]
async fn at_the_post() {
    let (Ok(url), Some(journals)) = (std::env::var(URL), std::env::var_os(JOURNALS)) else { return };
    #[cfg(feature = "failpoints")]
    let _armed = {
        std::panic::set_hook(Box::new(|panic| {
            eprintln!("{panic}");
            let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
        }));
        fail::FailScenario::setup()
    };
    let mut post = Post::take(&url, Path::new(&journals), impatient()).await;
    if let Err(error) = post.seats[0].catch_up().await {
        println!("catching up: {error}");
    }
    for _ in 0..LOOKS {
        match post.try_look().await {
            Ok(turn) => println!("acted: {:?}", turn.acted.map(|acted| acted.words)),
            Err(error) => println!("failed: {error}"),
        }
        for alert in post.said() {
            println!("alert {}: {}", alert.kind, alert.text);
        }
    }
}
