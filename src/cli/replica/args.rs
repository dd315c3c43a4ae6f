//! Flags that several commands of a local chain share.

use std::time::Duration;

use clap::Args;

use crate::localchain::Mining;

/// Where the price service listens unless told otherwise.
pub(in crate::cli) const PRICE_PORT: u16 = 8645;

/// When a local chain makes its blocks.
#[derive(Debug, Clone, Copy, Args)]
pub(in crate::cli) struct MiningArgs {
    /// Time between blocks, such as 200ms or 2s; blocks of one second share its timestamp.
    #[arg(long, value_name = "DURATION", default_value = "200ms", value_parser = block_time)]
    block_time: Duration,
    /// Make a block for each transaction, and none in between.
    #[arg(long, conflicts_with = "block_time")]
    manual: bool,
}

impl MiningArgs {
    pub(in crate::cli) const fn mining(self) -> Mining {
        if self.manual { Mining::Manual } else { Mining::Every(self.block_time) }
    }
}

/// 10 milliseconds to an hour.
fn block_time(text: &str) -> Result<Duration, String> {
    let (shortest, longest) = (Duration::from_millis(10), Duration::from_secs(3_600));
    let time = humantime::parse_duration(text).map_err(|_| "expected a duration such as 200ms or 2s".to_owned())?;
    if (shortest..=longest).contains(&time) { Ok(time) } else { Err("expected 10ms to 1h".to_owned()) }
}
