//! The program itself as a daemon, beside a chain that makes a block every 200 ms.

use std::{process::Stdio, time::Duration};

use eyre::{Result, eyre};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    process::{Child, Command},
};

/// A block of Base.
pub const BLOCK: Duration = Duration::from_millis(200);

/// A running daemon; killed with this.
#[derive(Debug)]
pub struct Daemon {
    child: Child,
    port: u16,
}

/// What it has asked and seen so far.
#[derive(Debug, Clone, Copy)]
pub struct Figures {
    pub requests: u64,
    pub bytes: u64,
    pub heads: u64,
}

impl Daemon {
    /// Starts it at an address with these arguments, and settings from the environment.
    pub async fn start(
        url: &str,
        journals: &std::path::Path,
        arguments: &[String],
        settings: &[(&str, &str)],
    ) -> Result<Self> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_trimtab"));
        // A setting of its own, to the program.
        command.env_remove("TRIMTAB_BENCH_SECONDS").env("HOME", journals).current_dir(journals);
        command.args(["watch", "--rpc-url", url, "--journal-dir"]).arg(journals).args(arguments);
        command.env("TRIMTAB_METRICS_LISTEN", "127.0.0.1:0").envs(settings.iter().copied());
        command.stdin(Stdio::null()).stderr(Stdio::piped()).stdout(Stdio::null()).kill_on_drop(true);
        let mut child = command.spawn()?;
        let mut said = String::new();
        let mut stderr = child.stderr.take().ok_or_else(|| eyre!("no stderr"))?;
        let port = loop {
            let mut part = [0; 4_096];
            let length = stderr.read(&mut part).await?;
            if length == 0 {
                return Err(eyre!("the daemon ended: {said}"));
            }
            said.push_str(&String::from_utf8_lossy(part.get(..length).unwrap_or_default()));
            let shown = said.split("http://127.0.0.1:").filter_map(|rest| rest.split_once("/metrics")).next();
            if let Some((port, _)) = shown {
                break port.parse::<u16>()?;
            }
        };
        tokio::spawn(async move { while stderr.read(&mut [0; 4_096]).await.is_ok_and(|length| length > 0) {} });
        Ok(Self { child, port })
    }

    /// What its metrics say.
    pub async fn figures(&self) -> Result<Figures> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).await?;
        stream.write_all(b"GET /metrics HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await?;
        let mut text = String::new();
        stream.read_to_string(&mut text).await?;
        let sum = |name: &str| -> u64 {
            let lines = text.lines().filter(|line| line.starts_with(name));
            lines.filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).sum()
        };
        Ok(Figures {
            requests: sum("trimtab_rpc_requests_total"),
            bytes: sum("trimtab_rpc_bytes_total"),
            heads: sum("trimtab_heads_evaluated_total"),
        })
    }

    pub async fn end(mut self) -> Result<()> {
        self.child.kill().await?;
        Ok(())
    }
}
