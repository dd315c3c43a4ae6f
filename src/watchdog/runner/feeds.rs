//! Price feeds that are out, told once when they go and once when they are back.

use std::collections::{BTreeMap, BTreeSet};

use alloy::primitives::Address;
use serde_json::json;

use crate::{
    config::FeedOrigin,
    journal::Severity,
    loops::{FeedFault, FeedReading, FeedVerdict, Observation},
    watchdog::ops::Alert,
};

/// Feeds that were out at the last head, as it was told: the feed and the token's symbol.
#[derive(Debug, Default)]
pub(super) struct FeedAlerts {
    out: BTreeSet<(Address, String)>,
}

impl FeedAlerts {
    /// What is to be told of the feeds at a head. A standard feed is of interest where an account holds its token, a named
    /// one in any case.
    pub(super) fn of(&mut self, seen: &Observation) -> Vec<Alert> {
        let held = held(seen);
        let is_held = |reading: &FeedReading| held.contains(&reading.token);
        let matter = |reading: &&FeedReading| reading.origin == FeedOrigin::Named || is_held(reading);
        let (mut gone, mut back) = (BTreeMap::<_, Vec<&FeedReading>>::new(), BTreeMap::<_, Vec<&FeedReading>>::new());
        for reading in seen.feed_readings.iter().filter(matter) {
            let key = (reading.feed, reading.symbol.clone());
            match reading.fault() {
                // Nothing was learned of it.
                Some(FeedFault::Unheard) => {}
                Some(_) if self.out.insert(key) => gone.entry(reading.feed).or_default().push(reading),
                None if self.out.remove(&(reading.feed, reading.symbol.clone())) => {
                    back.entry(reading.feed).or_default().push(reading);
                }
                _ => {}
            }
        }
        let gone = gone.into_values().map(|readings| {
            let severity =
                if readings.iter().any(|reading| is_held(reading)) { Severity::Alert } else { Severity::Warning };
            dropped(severity, &readings, seen)
        });
        gone.chain(back.into_values().map(|readings| returned(&readings))).collect()
    }
}

/// Tokens that an account which was read in full has as collateral or debt.
fn held(seen: &Observation) -> BTreeSet<Address> {
    let uses = |id| {
        seen.near
            .values()
            .any(|account| account.configuration.is_collateral(id) || account.configuration.is_borrowing(id))
    };
    seen.market.reserves.iter().filter(|reserve| uses(reserve.id)).map(|reserve| reserve.asset).collect()
}

fn dropped(severity: Severity, readings: &[&FeedReading], seen: &Observation) -> Alert {
    let words: Vec<String> = readings.iter().map(ToString::to_string).collect();
    let is_replaced = |reading: &&FeedReading| {
        let used = |other: &&FeedReading| other.token == reading.token && other.verdict == FeedVerdict::Used;
        seen.feed_readings.iter().any(|other| used(&other))
    };
    let instead = if readings.iter().all(is_replaced) {
        "another feed of the token is used instead"
    } else {
        "the rules go by Aave's oracle and the pools"
    };
    let fix = readings.iter().find_map(|reading| reading.fix()).unwrap_or_default();
    let text = format!("price feed of {}. Until it agrees again {instead}; {fix}", words.join("; "));
    Alert::new(severity, "feed-dropped", subject(readings), text).with_figures(figures(readings))
}

fn returned(readings: &[&FeedReading]) -> Alert {
    let words: Vec<String> = readings.iter().map(ToString::to_string).collect();
    let text = format!("price feed of {}. It agrees with Aave again and is used", words.join("; "));
    Alert::new(Severity::Info, "feed-back", subject(readings), text).with_figures(figures(readings))
}

fn subject(readings: &[&FeedReading]) -> String {
    readings.iter().map(|reading| reading.symbol.as_str()).collect::<Vec<_>>().join(", ")
}

/// Prices as decimal text, as people and programs read them.
fn figures(readings: &[&FeedReading]) -> serde_json::Value {
    let figure = |reading: &&FeedReading| {
        json!({
            "token": reading.symbol, "feed": reading.feed, "origin": reading.origin, "description": reading.description,
            "answer": reading.answer.map(|price| price.to_string()),
            "oracle": reading.oracle.map(|price| price.to_string()),
            "verdict": reading.verdict,
        })
    };
    readings.iter().map(figure).collect()
}
