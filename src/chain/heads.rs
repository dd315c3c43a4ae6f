//! New heads as they come, and the parts of the next one where the sequencer announces them. Silence is reported, not hidden.

use std::time::Duration;

use tokio::{
    sync::watch,
    task::JoinSet,
    time::{Instant, sleep_until},
};

use super::{BlockRef, Endpoints, ReadError, follow::Follower, wire::Part};
use crate::config::PreConfirmed;

/// How heads are followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeadOptions {
    /// How often endpoints without subscriptions are asked.
    pub poll: Duration,
    /// Silence after which there is something to tell: three of Base's blocks (strategy.md §5).
    pub stale_after: Duration,
    /// Whether parts of the block under construction are told too.
    pub pre_confirmed: PreConfirmed,
}

impl Default for HeadOptions {
    fn default() -> Self {
        Self {
            poll: Duration::from_millis(500),
            stale_after: Duration::from_secs(6),
            pre_confirmed: PreConfirmed::default(),
        }
    }
}

/// The heads of the chain; only the newest is kept. Following ends when this is dropped.
#[derive(Debug)]
pub struct Heads {
    sealed: watch::Receiver<Option<BlockRef>>,
    parts: watch::Receiver<Option<Part>>,
    quiet_since: Instant,
    options: HeadOptions,
    // Aborted when dropped.
    _tasks: JoinSet<()>,
}

impl Heads {
    /// The next head that was not returned before: a sealed one, or a part of the block above it
    /// ([`BlockRef::pre_confirmed`]). [`ReadError::Stale`] when no sealed one came for [`HeadOptions::stale_after`]; ask
    /// again, following goes on. (A local chain that only mines on demand is silent and well.)
    pub async fn next(&mut self) -> Result<BlockRef, ReadError> {
        let gone = || ReadError::Unavailable("heads are not followed any more".to_owned());
        loop {
            tokio::select! {
                biased;
                changed = self.sealed.changed() => {
                    changed.map_err(|_| gone())?;
                    self.quiet_since = Instant::now();
                    return self.latest().ok_or_else(|| ReadError::Unavailable("no head".to_owned()));
                }
                changed = self.parts.changed() => {
                    changed.map_err(|_| gone())?;
                    let part = *self.parts.borrow_and_update();
                    let is_news = |part: &Part| self.latest().is_none_or(|sealed| part.block.number > sealed.number);
                    if let Some(part) = part.filter(is_news) {
                        return Ok(part.block);
                    }
                }
                () = sleep_until(self.quiet_since + self.options.stale_after) => {
                    self.quiet_since = Instant::now();
                    return Err(self.silence());
                }
            }
        }
    }

    /// The newest sealed head so far.
    #[must_use]
    pub fn latest(&self) -> Option<BlockRef> {
        *self.sealed.borrow()
    }

    fn silence(&self) -> ReadError {
        let last = self.latest().map_or_else(|| "no block at all".to_owned(), |head| format!("block {}", head.number));
        let silence = humantime::format_duration(self.options.stale_after);
        ReadError::Stale(format!("no new head for {silence}, the last was {last}"))
    }
}

impl Endpoints {
    /// Follows the heads from now on. Must be called inside a tokio runtime.
    #[must_use]
    pub fn heads(&self, options: HeadOptions) -> Heads {
        let (to_sealed, sealed) = watch::channel(None);
        let (to_parts, parts) = watch::channel(None);
        let mut tasks = JoinSet::new();
        let follower = Follower { endpoints: self.clone(), sealed: to_sealed, parts: to_parts, options };
        tasks.spawn(async move { follower.follow().await });
        Heads { sealed, parts, quiet_since: Instant::now(), options, _tasks: tasks }
    }
}
