//! How much the watch asks while nothing is near a trigger: bytes a day and questions a second.
//!
//! A budget saves questions about heads that nothing depends on. Near a trigger every head is read, whatever was spent.

use std::time::Duration;

use crate::config::RpcConfig;

/// The longest that a head of a calm account waits: what is asked less often could not be acted upon in time.
const SLOWEST: Duration = Duration::from_secs(1);

/// Part of a day's bytes that may be spent at once: ten minutes' worth. A start and a busy hour take more than their share.
const AT_ONCE: u128 = 144;

/// Questions that a head costs: itself where heads are polled, and what it changed.
const QUESTIONS: u32 = 2;

/// What may be spent, and what was.
#[derive(Debug)]
pub(super) struct Budget {
    bytes_per_day: Option<u64>,
    least_gap: Duration,
    began: Duration,
    bytes_before: u64,
    last_read: Option<Duration>,
    is_over: bool,
}

/// What a budget says about a head that nothing depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is read.
    Read,
    /// The next one will do.
    Skip,
    /// The next one will do, for the first time since there was enough: in words.
    SkipsNow(String),
}

impl Budget {
    pub(super) fn new(rpc: &RpcConfig, now: Duration, bytes: u64) -> Self {
        let per_second = rpc.max_requests_per_second.map(|most| Duration::from_secs(u64::from(QUESTIONS)) / most.get());
        Self {
            bytes_per_day: rpc.max_bytes_per_day.map(|most| most.as_u64()),
            least_gap: per_second.unwrap_or_default().min(SLOWEST),
            began: now,
            bytes_before: bytes,
            last_read: None,
            is_over: false,
        }
    }

    /// How far polled heads are apart at least.
    pub(super) const fn least_gap(&self) -> Duration {
        self.least_gap
    }

    /// Whether a head that nothing depends on is read now; `bytes` is what all endpoints were asked and have answered.
    pub(super) fn judges(&mut self, now: Duration, bytes: u64) -> Verdict {
        let since = self.last_read.map_or(SLOWEST, |last| now.saturating_sub(last));
        let is_over = self.is_spent(now, bytes);
        let was_over = std::mem::replace(&mut self.is_over, is_over);
        let gap = if self.is_over { SLOWEST } else { self.least_gap };
        if self.is_over && !was_over {
            return Verdict::SkipsNow(self.words(now, bytes));
        }
        if since < gap { Verdict::Skip } else { Verdict::Read }
    }

    /// A head is read, for whatever reason.
    pub(super) const fn reads(&mut self, now: Duration) {
        self.last_read = Some(now);
    }

    fn is_spent(&self, now: Duration, bytes: u64) -> bool {
        let Some(most) = self.bytes_per_day else { return false };
        let spent = u128::from(bytes.saturating_sub(self.bytes_before));
        let elapsed = now.saturating_sub(self.began).as_millis();
        spent > u128::from(most).saturating_mul(elapsed) / DAY.as_millis() + u128::from(most) / AT_ONCE
    }

    fn words(&self, now: Duration, bytes: u64) -> String {
        let spent = bytesize::ByteSize::b(bytes.saturating_sub(self.bytes_before));
        let most = bytesize::ByteSize::b(self.bytes_per_day.unwrap_or_default());
        let elapsed = humantime::format_duration(Duration::from_secs(now.saturating_sub(self.began).as_secs()));
        format!(
            "{} in {elapsed} is more than rpc.max_bytes_per_day = {} allows: while nothing is near a trigger, heads are \
             read once a second; near one every head is read all the same",
            spent.display().si(),
            most.display().si(),
        )
    }
}

const DAY: Duration = Duration::from_secs(86_400);

#[cfg(test)]
mod tests {
    use bytesize::ByteSize;
    use std::num::NonZeroU32;

    use super::*;

    fn budget(bytes: Option<u64>, requests: Option<u32>) -> Budget {
        let rpc = RpcConfig {
            max_bytes_per_day: bytes.map(ByteSize::b),
            max_requests_per_second: requests.and_then(NonZeroU32::new),
            ..RpcConfig::default()
        };
        Budget::new(&rpc, Duration::from_secs(100), 5_000)
    }

    /// Heads that are read in so many seconds of five heads each, at a cost.
    fn read(budget: &mut Budget, seconds: u64, cost: u64) -> (u64, u64, usize) {
        let (mut heads, mut bytes, mut told) = (0, 5_000, 0);
        for tick in 0..seconds * 5 {
            let now = Duration::from_secs(100) + Duration::from_millis(200) * u32::try_from(tick).expect("small");
            match budget.judges(now, bytes) {
                Verdict::Read => {
                    budget.reads(now);
                    (heads, bytes) = (heads + 1, bytes + cost);
                }
                Verdict::Skip => {}
                Verdict::SkipsNow(_) => told += 1,
            }
        }
        (heads, bytes - 5_000, told)
    }

    #[test]
    fn without_limits_every_head_is_read() {
        assert_eq!(read(&mut budget(None, None), 60, 3_000), (300, 900_000, 0));
    }

    #[test]
    fn bytes_a_day_are_kept_and_no_second_goes_by_unread() {
        // 864 MB a day are 10 kB a second: 3 heads of 3 kB.
        let (heads, bytes, told) = read(&mut budget(Some(864_000_000), None), 3_600, 3_000);
        let allowed = 10_000 * 3_600 + 864_000_000 / 144;
        assert!(bytes > allowed * 95 / 100 && bytes <= allowed + 6_000, "{bytes} of {allowed}");
        assert!(heads > 3_600 && told > 0);
        // What cannot be kept to is once a second all the same.
        let (heads, _, told) = read(&mut budget(Some(8_640), None), 3_600, 3_000);
        assert!((3_590..=3_610).contains(&heads) && told == 1, "{heads} {told}");
    }

    #[test]
    fn questions_a_second_are_kept() {
        let heads = |most| read(&mut budget(None, Some(most)), 60, 3_000).0;
        // Two questions a head.
        assert_eq!((heads(10), heads(5), heads(2), heads(1)), (300, 150, 60, 60));
    }
}
