//! The commands in README and docs do what the pages say: those in `sh` and `console` blocks are run in order, each page on
//! a replica of its own, by a shell.
//!
//! Not run is a block whose paragraph before it says "on Base": it needs a live network or a machine of its own. In
//! `console` blocks lines after `$` are commands, the rest is what they print; a command that prints `error: …` must fail.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use super::root;
use crate::common;

const MNEMONIC: &str = "test test test test test test test test test test test junk";

fn pages() -> Vec<PathBuf> {
    let docs = fs::read_dir(root().join("docs")).expect("docs");
    let mut pages: Vec<PathBuf> = docs.map(|entry| entry.expect("entry").path()).collect();
    pages.retain(|path| path.extension().is_some_and(|extension| extension == "md"));
    pages.push(root().join("README.md"));
    pages.sort();
    pages
}

/// A fenced block.
#[derive(Debug)]
struct Block {
    language: String,
    /// Line of the page that it begins at.
    at: usize,
    /// The paragraph before it.
    before: String,
    lines: Vec<String>,
}

fn blocks(text: &str) -> Vec<Block> {
    let (mut blocks, mut before, mut open): (Vec<Block>, String, Option<Block>) = (Vec::new(), String::new(), None);
    let mut fresh = true;
    for (number, line) in text.lines().enumerate() {
        let fence = line.trim_start().strip_prefix("```");
        match (&mut open, fence) {
            (None, Some(language)) => {
                let (language, before) = (language.to_owned(), std::mem::take(&mut before));
                open = Some(Block { language, at: number + 1, before, lines: Vec::new() });
            }
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some(block), None) => block.lines.push(line.trim_start().to_owned()),
            (None, None) if line.trim().is_empty() => fresh = true,
            (None, None) => {
                if std::mem::take(&mut fresh) {
                    before.clear();
                }
                before.push_str(line);
                before.push(' ');
            }
        }
    }
    blocks
}

impl Block {
    fn is_run(&self) -> bool {
        matches!(self.language.as_str(), "sh" | "console") && !self.before.contains("n Base")
    }

    /// Commands with whether they must fail.
    fn commands(&self) -> Vec<(String, bool)> {
        if self.language == "sh" {
            return vec![(self.lines.join("\n"), false)];
        }
        let mut commands: Vec<(String, bool)> = Vec::new();
        for line in &self.lines {
            match (line.strip_prefix("$ "), commands.last_mut()) {
                (Some(command), _) => commands.push((command.to_owned(), false)),
                (None, Some((_, fails))) => *fails |= line.starts_with("error: "),
                (None, None) => {}
            }
        }
        commands
    }
}

/// The page as a script. The replica runs already; make is for another test; whoever names no wallet is test account 0.
fn script(page: &Path) -> Option<String> {
    let mut script = String::new();
    for block in blocks(&fs::read_to_string(page).expect("page")).iter().filter(|block| block.is_run()) {
        for (command, fails) in block.commands() {
            let lines = command.lines().filter(|line| !line.starts_with("make ") && !line.contains("target/debug"));
            let command = lines.collect::<Vec<_>>().join("\n");
            let at = block.at;
            let _ = match fails {
                true => writeln!(script, "if {command}\nthen echo '^ line {at}: it did not fail' >&2; exit 1; fi"),
                false => writeln!(script, "at={at}\n{command}"),
            };
        }
    }
    (!script.trim().is_empty()).then_some(script)
}

const PRELUDE: &str = r#"
set -euo pipefail
trap 'echo "^ block at line $at" >&2' ERR
at=0
trimtab() {
  case " $* " in
    *" replica start "*) return 0 ;;
    *" replica "*|*" decode "*|*" config "*|*" --mnemonic "*|*" --from "*) "$PROGRAM" "$@" ;;
    *) "$PROGRAM" "$@" --mnemonic "$MNEMONIC" ;;
  esac
}
"#;

/// A replica with a keeper, as a user starts it, in a cache of its own; ended when dropped.
struct Place {
    cache: tempfile::TempDir,
    home: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let (cache, kit) = common::own_cache();
        // The state that this machine has built already.
        let built = common::kit().cache().states();
        if built.is_dir() {
            std::os::unix::fs::symlink(built, kit.cache().states()).expect("link");
        }
        let place = Self { cache, home: tempfile::tempdir().expect("directory") };
        place.run("replica start --port 0 --price-port 0");
        place
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        let ours = |name: &str| ["TRIMTAB_", "ETH_", "BASE_"].iter().any(|prefix| name.starts_with(prefix));
        std::env::vars().filter(|(name, _)| ours(name)).for_each(|(name, _)| {
            command.env_remove(name);
        });
        command.current_dir(self.home.path()).env("TRIMTAB_CACHE", self.cache.path());
        command.env("TRIMTAB_JOURNAL_DIR", self.home.path().join("journals"));
        command.env("PROGRAM", env!("CARGO_BIN_EXE_trimtab")).env("MNEMONIC", MNEMONIC);
        command
    }

    fn run(&self, words: &str) {
        let ran = self.command(env!("CARGO_BIN_EXE_trimtab")).args(words.split(' ')).output().expect("output");
        assert!(ran.status.success(), "{words}: {}", String::from_utf8_lossy(&ran.stderr));
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = self.command(env!("CARGO_BIN_EXE_trimtab")).args(["replica", "stop"]).output();
    }
}

fn examples_of(page: &str) {
    let path = root().join(page);
    let script = script(&path).expect("examples");
    let place = Place::new();
    let ran = place.command("bash").args(["-c", &format!("{PRELUDE}{script}")]).output().expect("output");
    let said = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{page}: {said}\n{script}");
}

/// Pages with examples that are run; a test for each follows.
const RUN: [&str; 6] =
    ["README.md", "docs/avantis.md", "docs/commands.md", "docs/journal.md", "docs/perps.md", "docs/signals.md"];

#[test]
fn every_command_that_docs_show_is_run_or_says_that_it_is_for_base() {
    for page in pages() {
        let name = page.strip_prefix(root()).expect("below").display().to_string();
        for block in blocks(&fs::read_to_string(&page).expect("page")) {
            let shows = block.lines.iter().any(|line| line.trim_start_matches("$ ").starts_with("trimtab "));
            let is_marked = block.before.contains("n Base");
            assert!(!shows || block.is_run() || is_marked, "{name}:{}: neither sh nor console, nor on Base", block.at);
        }
        assert_eq!(script(&page).is_some(), RUN.contains(&name.as_str()), "{name}: add it to RUN, and its test");
    }
}

macro_rules! examples {
    ($($test:ident: $page:literal,)+) => {
        $(#[test]
        fn $test() {
            assert!(RUN.contains(&$page));
            examples_of($page);
        })+
    };
}

examples! {
    examples_of_the_readme_run: "README.md",
    examples_of_perps_v2_run: "docs/avantis.md",
    examples_of_the_commands_run: "docs/commands.md",
    examples_of_the_journal_run: "docs/journal.md",
    examples_of_perps_run: "docs/perps.md",
    examples_of_signals_run: "docs/signals.md",
}
