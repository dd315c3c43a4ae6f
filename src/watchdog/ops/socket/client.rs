//! The command's side.

use std::{
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use serde_json::Value;
use tokio::{io::BufReader, net::UnixStream, time::timeout};

use super::{
    ask::{Ask, Ping},
    error::SocketError,
    message::{read_answer, typed},
    reply::Pong,
    request::Request,
    server::{Line, read_line, write_line},
};
use crate::config::SocketConfig;

/// How much longer than the daemon's own deadline we wait for its answer.
const GRACE: Duration = Duration::from_secs(5);

/// A connection to the daemon.
#[derive(Debug)]
pub struct DaemonClient {
    path: PathBuf,
    stream: BufReader<UnixStream>,
    line: Duration,
    answer: Duration,
}

impl DaemonClient {
    /// Connects; `None` where no daemon listens.
    pub async fn connect(path: &Path, config: &SocketConfig) -> Result<Option<Self>, SocketError> {
        let silent = |reason: String| SocketError::Silent { path: path.to_owned(), reason, asked: false };
        let stream = match timeout(config.timeout, UnixStream::connect(path)).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) => {
                return Ok(None);
            }
            Ok(Err(error)) => return Err(silent(error.to_string())),
            Err(_) => return Err(silent("it does not take connections".to_owned())),
        };
        // Whoever else took the place would hear what we ask, and could answer anything.
        let ours = rustix::process::getuid().as_raw();
        let theirs = stream.peer_cred().map_err(|error| silent(error.to_string()))?.uid();
        if theirs != ours && theirs != 0 && ours != 0 {
            return Err(silent(format!("it belongs to another user (uid {theirs})")));
        }
        let (line, answer) = (config.timeout, config.answer_timeout.saturating_add(GRACE));
        Ok(Some(Self { path: path.to_owned(), stream: BufReader::new(stream), line, answer }))
    }

    /// Asks, and waits for the answer. What the daemon did is done, even if its answer cannot be read.
    pub async fn ask<A: Ask>(&mut self, ask: A) -> Result<A::Answer, SocketError> {
        let request = ask.request();
        let value = self.ask_plainly(&request).await?;
        typed(value).map_err(|reason| SocketError::Answer { reason, asked: request.changes() })
    }

    /// The same for programs of others: the answer as JSON.
    pub async fn ask_plainly(&mut self, request: &Request) -> Result<Value, SocketError> {
        let silent = |reason: String, asked| SocketError::Silent { path: self.path.clone(), reason, asked };
        let unreadable = |reason: String, asked| SocketError::Answer { reason, asked };
        let line = request.line().map_err(|error| unreadable(error.to_string(), false))?;
        let written = write_line(&mut self.stream, line.into_bytes(), self.line).await;
        // Part of a line changes nothing: a request is carried out when its end has arrived.
        written.map_err(|error| silent(error.to_string(), false))?;
        let asked = request.changes();
        let answer = match timeout(self.answer, read_line(&mut self.stream)).await {
            Ok(Ok(Line::Whole(line))) => read_answer(&line).map_err(|reason| unreadable(reason, asked))?,
            Ok(Ok(Line::TooLong)) => return Err(unreadable("it is too long".to_owned(), asked)),
            Ok(Ok(Line::End)) => return Err(silent("it closed the connection".to_owned(), asked)),
            Ok(Err(error)) => return Err(silent(error.to_string(), asked)),
            Err(_) => return Err(silent("its time is over".to_owned(), asked)),
        };
        answer.map_err(SocketError::Refused)
    }

    /// Who is there.
    pub async fn ping(&mut self) -> Result<Pong, SocketError> {
        self.ask(Ping).await
    }
}
