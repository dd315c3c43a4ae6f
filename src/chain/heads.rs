//! New heads as they come. Silence is reported, not hidden.

use tokio::{
    sync::watch,
    task::JoinSet,
    time::{Instant, timeout_at},
};

use super::{BlockRef, Endpoints, ReadError, follow::Follower, head_options::HeadOptions};

/// The heads of the chain; only the newest is kept. Following ends when this is dropped.
#[derive(Debug)]
pub struct Heads {
    heads: watch::Receiver<Option<BlockRef>>,
    returned: Option<u64>,
    skipped: u64,
    quiet_since: Instant,
    options: HeadOptions,
    // Aborted when dropped.
    _tasks: JoinSet<()>,
}

impl Heads {
    /// The newest head, once it is one that was not returned before. [`ReadError::Stale`] when none came for
    /// [`HeadOptions::stale_after`]; ask again, following goes on. (A local chain that only mines on demand is silent and
    /// well.)
    pub async fn next(&mut self) -> Result<BlockRef, ReadError> {
        let changed = timeout_at(self.quiet_since + self.options.stale_after, self.heads.changed()).await;
        self.quiet_since = Instant::now();
        match changed {
            Ok(Ok(())) => {
                let head = *self.heads.borrow_and_update();
                let head = head.ok_or_else(|| ReadError::Unavailable("no head".to_owned()))?;
                let expected = self.returned.map_or(head.number, |last| last.saturating_add(1));
                self.skipped = self.skipped.saturating_add(head.number.saturating_sub(expected));
                self.returned = Some(head.number);
                Ok(head)
            }
            Ok(Err(_)) => Err(ReadError::Unavailable("heads are not followed any more".to_owned())),
            Err(_) => Err(self.silence()),
        }
    }

    /// The newest head so far.
    #[must_use]
    pub fn latest(&self) -> Option<BlockRef> {
        *self.heads.borrow()
    }

    /// How many blocks lay between heads that were returned: they came while somebody was busy with an older one, or between
    /// two polls.
    #[must_use]
    pub const fn skipped(&self) -> u64 {
        self.skipped
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
        let (to_heads, heads) = watch::channel(None);
        let mut tasks = JoinSet::new();
        let follower = Follower { endpoints: self.clone(), heads: to_heads, options };
        tasks.spawn(async move { follower.follow().await });
        Heads { heads, returned: None, skipped: 0, quiet_since: Instant::now(), options, _tasks: tasks }
    }
}
