//! The daemon's side.

use std::{fmt::Debug, future::Future, io, path::Path, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{UnixListener, UnixStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    task::JoinHandle,
    time::{sleep, timeout},
};
use tracing::{debug, info, warn};

use super::{
    error::SocketError,
    message::{Answer, answer_line},
    place::{Place, bind},
    refused::Refused,
    reply::{Pong, Reply},
    request::Request,
};
use crate::config::SocketConfig;

/// Longest line, bytes; a plan has tens of thousands.
pub(super) const LONGEST_LINE: u64 = 4 * 1024 * 1024;
/// Pause after a failed accept, such as too many open files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What the daemon does when it is asked.
pub trait Requests: Debug + Send + Sync + 'static {
    /// Answers anything but a ping. Runs in a task of its own that is never cut off: the client may have gone.
    fn answer(&self, request: Request) -> impl Future<Output = Answer> + Send;
}

/// The listening daemon. Dropping it removes the socket; answers under way are finished.
#[derive(Debug)]
pub struct DaemonSocket {
    place: Arc<Place>,
    task: JoinHandle<()>,
}

#[derive(Debug, Clone, Copy)]
struct Limits {
    line: Duration,
    answer: Duration,
}

impl DaemonSocket {
    /// Listens at a path. Must be called inside a runtime, by the holder of the journal's lock.
    pub fn listen<R: Requests>(path: &Path, config: &SocketConfig, requests: Arc<R>) -> Result<Self, SocketError> {
        let (listener, place) = bind(path)?;
        let limits = Limits { line: config.timeout, answer: config.answer_timeout };
        let room = usize::try_from(config.max_clients).unwrap_or(usize::MAX).min(Semaphore::MAX_PERMITS);
        let task = tokio::spawn(accept(listener, Arc::new(Semaphore::new(room)), limits, requests));
        info!(path = %crate::text::path(path), "commands reach this daemon here");
        Ok(Self { place: Arc::new(place), task })
    }

    /// Where it listens.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.place.path()
    }
}

impl Drop for DaemonSocket {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept<R: Requests>(listener: UnixListener, room: Arc<Semaphore>, limits: Limits, requests: Arc<R>) {
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                warn!(%error, "a command could not reach the daemon");
                sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        if !is_own(&stream) {
            warn!("somebody else's process asked the daemon; it was not answered");
            continue;
        }
        let permit = room.clone().try_acquire_owned().ok();
        tokio::spawn(serve(stream, permit, limits, requests.clone()));
    }
}

/// The file's mode keeps others out; this also holds where modes do not.
fn is_own(stream: &UnixStream) -> bool {
    let own = rustix::process::geteuid().as_raw();
    stream.peer_cred().is_ok_and(|peer| peer.uid() == own || peer.uid() == 0)
}

async fn serve<R: Requests>(
    stream: UnixStream,
    permit: Option<OwnedSemaphorePermit>,
    limits: Limits,
    requests: Arc<R>,
) {
    let (reader, mut writer) = stream.into_split();
    if permit.is_none() {
        let full = Refused::new(9, "too many commands ask the daemon at once; try again, or raise socket.max_clients");
        let _ = write_line(&mut writer, answer_line(Err(full)), limits.line).await;
        return;
    }
    let mut reader = BufReader::new(reader);
    loop {
        let (answer, goes_on) = match timeout(limits.line, read_line(&mut reader)).await {
            // It said all it wanted, or nothing for a while.
            Ok(Ok(Line::End)) | Err(_) => return,
            Ok(Ok(Line::Whole(line))) => (answer(&line, limits.answer, &requests).await, true),
            Ok(Ok(Line::TooLong)) => {
                (Err(Refused::new(2, format!("a request has at most {LONGEST_LINE} bytes"))), false)
            }
            Ok(Err(error)) => {
                debug!(%error, "a command went away while asking");
                return;
            }
        };
        let written = write_line(&mut writer, answer_line(answer), limits.line).await;
        if !goes_on || written.is_err() {
            return;
        }
    }
}

async fn answer<R: Requests>(line: &[u8], limit: Duration, requests: &Arc<R>) -> Answer {
    let request = Request::read(line)?;
    if request == Request::Ping {
        return Ok(Reply::Pong(Pong { pid: std::process::id(), version: env!("CARGO_PKG_VERSION").to_owned() }));
    }
    let (name, changes) = (request.name(), request.changes());
    debug!(request = name, "a command asks");
    let own = requests.clone();
    let work = tokio::spawn(async move { own.answer(request).await });
    match timeout(limit, work).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) => {
            warn!(%error, request = name, "answering failed");
            let exit = if changes { 7 } else { 1 };
            Err(Refused::new(exit, format!("the daemon failed while it worked on {name}; look into its log")))
        }
        Err(_) => {
            let limit = humantime::format_duration(limit);
            let message = format!("{name} is not done after {limit} and goes on: look with `trimtab journal list`");
            Err(Refused::new(if changes { 7 } else { 6 }, message))
        }
    }
}

pub(super) enum Line {
    Whole(Vec<u8>),
    TooLong,
    End,
}

/// The next line without its end; a line that was cut off by the end of the stream is none.
pub(super) async fn read_line(reader: &mut (impl AsyncBufReadExt + Unpin)) -> io::Result<Line> {
    let mut line = Vec::new();
    reader.take(LONGEST_LINE).read_until(b'\n', &mut line).await?;
    Ok(match line.pop() {
        Some(b'\n') => Line::Whole(line),
        Some(_) if line.len() as u64 + 1 >= LONGEST_LINE => Line::TooLong,
        _ => Line::End,
    })
}

pub(super) async fn write_line(
    writer: &mut (impl AsyncWriteExt + Unpin),
    mut line: Vec<u8>,
    limit: Duration,
) -> io::Result<()> {
    line.push(b'\n');
    match timeout(limit, async { writer.write_all(&line).await.and(writer.flush().await) }).await {
        Ok(written) => written,
        Err(_) => Err(io::ErrorKind::TimedOut.into()),
    }
}
