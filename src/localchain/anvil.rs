//! The anvil process: found, its version checked, started, awaited, ended.

use std::{
    env,
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use tokio::time::Instant;

use super::{
    Kit, LocalChainError,
    cache::{make_dir, unique},
    node::Node,
};

/// The version everything is proved with (field-lessons.md F1: others cannot even fork OP chains).
pub const ANVIL_VERSION: &str = "1.7.1";

/// Base.
pub(crate) const CHAIN_ID: u64 = 8453;

/// How long a start may take. A replica needs a twentieth of a second, a fork its endpoint's patience.
const START_DEADLINE: Duration = Duration::from_secs(30);

/// How often the log is looked at while waiting.
const POLL: Duration = Duration::from_millis(4);

/// The line in anvil's log that says where it listens.
const LISTENING: &str = "Listening on ";

/// A running anvil that ends with this value.
#[derive(Debug)]
pub struct Anvil {
    child: Option<Child>,
    url: String,
    log: PathBuf,
}

/// An anvil that runs on its own.
#[derive(Debug)]
pub(crate) struct Detached {
    /// Its process id.
    pub(crate) pid: u32,
    /// Where it listens.
    pub(crate) url: String,
    /// Its log file.
    pub(crate) log: PathBuf,
}

impl Anvil {
    /// Starts anvil with these arguments (chain id and port are added) and waits until it listens. Port 0 takes any
    /// free one.
    pub(crate) async fn start(kit: &Kit, port: u16, arguments: &[String]) -> Result<Self, LocalChainError> {
        Self::spawn(kit, port, arguments, false).await
    }

    /// The same, but it runs on after this program has ended, whatever ends it.
    pub(crate) async fn start_detached(
        kit: &Kit,
        port: u16,
        arguments: &[String],
    ) -> Result<Detached, LocalChainError> {
        let mut anvil = Self::spawn(kit, port, arguments, true).await?;
        let pid = anvil.child.take().map_or(0, |child| child.id());
        Ok(Detached { pid, url: std::mem::take(&mut anvil.url), log: std::mem::take(&mut anvil.log) })
    }

    async fn spawn(kit: &Kit, port: u16, arguments: &[String], detached: bool) -> Result<Self, LocalChainError> {
        let binary = kit.binary("anvil");
        check_version(&binary)?;
        // A log that nobody asks for later is the system's to clean up, should we not come to it.
        let logs = if detached { kit.cache().run() } else { env::temp_dir() };
        make_dir(&logs)?;
        let log = logs.join(format!("trimtab-anvil-{}.log", unique()));
        let output = File::create(&log).map_err(LocalChainError::io(&log))?;
        let errors = output.try_clone().map_err(LocalChainError::io(&log))?;
        let mut command = Command::new(&binary);
        command
            .args(["--chain-id", &CHAIN_ID.to_string(), "--host", "127.0.0.1", "--port", &port.to_string()])
            .arg("--cache-path")
            .arg(states_beside(&log))
            .args(arguments)
            .envs(direct_to_this_machine())
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(errors);
        if detached {
            own_group(&mut command);
        }
        let child = command.spawn().map_err(LocalChainError::io(&binary))?;
        let mut anvil = Self { child: Some(child), url: String::new(), log };
        anvil.url = anvil.listening().await?;
        // From here on a line per request would only fill the disk.
        Node::new(&anvil.url)?
            .request::<serde_json::Value>("anvil_setLoggingEnabled", serde_json::json!([false]))
            .await?;
        Ok(anvil)
    }

    /// Where it listens.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    async fn listening(&mut self) -> Result<String, LocalChainError> {
        let began = Instant::now();
        loop {
            let text = fs::read_to_string(&self.log).unwrap_or_default();
            let line = text.lines().find_map(|line| line.strip_prefix(LISTENING));
            // A line without its end may still be growing.
            if let Some(at) = line
                && text.ends_with('\n')
            {
                return Ok(format!("http://{}", at.trim()));
            }
            if let Some(child) = self.child.as_mut()
                && let Ok(Some(status)) = child.try_wait()
            {
                return Err(LocalChainError::AnvilEnded { status: status.to_string(), log: last_lines(&text) });
            }
            if began.elapsed() > START_DEADLINE {
                return Err(LocalChainError::NotReady { waited: START_DEADLINE, log: last_lines(&text) });
            }
            tokio::time::sleep(POLL).await;
        }
    }
}

impl Drop for Anvil {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            // Both fail only when it has ended already.
            let _ = child.kill();
            let _ = child.wait();
            remove_traces(&self.log);
        }
    }
}

/// Where anvil puts old states; by default it leaves gigabytes of them in the user's home when it is ended from outside.
fn states_beside(log: &Path) -> PathBuf {
    log.with_extension("states")
}

/// Removes the log and the old states of an anvil that has ended.
pub(super) fn remove_traces(log: &Path) {
    let _ = fs::remove_file(log);
    let _ = fs::remove_dir_all(states_beside(log));
}

/// A node that forks from a chain on this machine must not look for it behind the proxy of the environment.
fn direct_to_this_machine() -> [(&'static str, String); 2] {
    ["NO_PROXY", "no_proxy"].map(|name| {
        let others = ["NO_PROXY", "no_proxy"].iter().find_map(|name| env::var(name).ok()).unwrap_or_default();
        let all = [others.as_str(), "localhost", "127.0.0.1", "::1"];
        (name, all.into_iter().filter(|host| !host.is_empty()).collect::<Vec<_>>().join(","))
    })
}

/// Keeps a Ctrl-C at the terminal from ending the node together with the command that started it.
pub(crate) fn own_group(command: &mut Command) {
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
}

/// Runs `anvil --version` and compares.
impl Kit {
    /// Whether the kit's anvil is there and is the version that everything is proved with.
    pub fn check_anvil(&self) -> Result<(), LocalChainError> {
        check_version(&self.binary("anvil"))
    }
}

fn check_version(binary: &Path) -> Result<(), LocalChainError> {
    if !binary.is_file() {
        return Err(LocalChainError::KitMissing(binary.to_owned()));
    }
    let output = Command::new(binary).arg("--version").output().map_err(LocalChainError::io(binary))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let found = version_in(&text).unwrap_or("of unknown version");
    if found == ANVIL_VERSION {
        return Ok(());
    }
    Err(LocalChainError::WrongAnvil { path: binary.to_owned(), found: found.to_owned(), wanted: ANVIL_VERSION })
}

/// `anvil Version: 1.7.1-v1.7.1` or `anvil Version: 1.7.1` → `1.7.1`; a nightly keeps its suffix.
fn version_in(text: &str) -> Option<&str> {
    let version = text.lines().next()?.split_whitespace().last()?;
    Some(version.split_once("-v").map_or(version, |(plain, _)| plain))
}

fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    lines.get(lines.len().saturating_sub(5)..).unwrap_or_default().join(" | ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nightly_is_not_taken_for_the_pinned_version() {
        assert_eq!(version_in("anvil Version: 1.7.1\nCommit SHA: 4072e"), Some("1.7.1"));
        assert_eq!(version_in("anvil Version: 1.7.1-v1.7.1\n"), Some("1.7.1"));
        assert_eq!(version_in("anvil Version: 1.7.1-nightly\n"), Some("1.7.1-nightly"));
        assert_eq!(version_in(""), None);
    }
}
