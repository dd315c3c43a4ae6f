//! What the price feeds that a watch asks answer now, one line a feed.

use std::collections::BTreeMap;

use alloy::primitives::Address;

use super::Check;
use crate::loops::FeedReading;

/// A line for each feed, with its answer and Aave's for every token that is watched by it; a warning where one is out.
#[must_use]
pub fn feed_checks(readings: &[FeedReading]) -> Vec<Check> {
    if readings.is_empty() {
        let found = "none: what Aave's oracle answers next is not known beforehand";
        return vec![Check::warn("price feeds", found, "set watch.default_feeds = true, or name some in watch.feeds")];
    }
    let mut by_feed: BTreeMap<Address, Vec<&FeedReading>> = BTreeMap::new();
    for reading in readings {
        by_feed.entry(reading.feed).or_default().push(reading);
    }
    by_feed.into_values().map(|readings| line(&readings)).collect()
}

fn line(readings: &[&FeedReading]) -> Check {
    let name = |reading: &FeedReading| match reading.description.as_str() {
        "" => format!("price feed of {}", reading.symbol),
        description => format!("price feed {description}"),
    };
    let name = readings.first().map(|reading| name(reading)).unwrap_or_default();
    let feed = readings.first().map(|reading| reading.feed.to_string()).unwrap_or_default();
    let tokens: Vec<String> = readings.iter().map(|reading| reading.summary()).collect();
    let found = format!("{feed}: {}", tokens.join("; "));
    match readings.iter().find_map(|reading| reading.fix()) {
        Some(fix) => Check::warn(name, found, fix),
        None => Check::ok(name, found),
    }
}
