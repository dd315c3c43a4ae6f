//! Whether a feed's answer can be the price that Aave's oracle answers next. Pure.

use serde::Serialize;

use super::{FeedAnswer, FeedFault};
use crate::units::{Bps, Secs, UsdE8};

/// Least that a plausible answer is of Aave's price. A late oracle in a crash stands 10 to 30 % above the standard feed, and
/// falls of 40 % in one block are tried (docs/crash-paths.md); a wrong unit is off by a factor. Another token of a similar
/// price is told by the description.
pub const LEAST_SHARE: Bps = Bps(5_000);
/// Most that a plausible answer is of Aave's price.
pub const MOST_SHARE: Bps = Bps(20_000);
/// How far a block's time may lag behind the nodes that sign an answer.
const CLOCKS: Secs = Secs(60);
/// How much later than its answer an SVR feed may say that it was made: it is brought up to ten seconds after the standard
/// feed, and which of the two moments it tells is its own affair. Beyond that Aave's answer is the newer one.
const LATENESS: Secs = Secs(60);

/// Aave's answer, which a feed is held against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reference {
    /// The price.
    pub price: UsdE8,
    /// When it was made, where its source says so.
    pub updated_at: Option<Secs>,
}

/// Where a plausible feed stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FeedStanding {
    /// Its answer is as new as Aave's, within a minute, or newer: what Aave answers next.
    Ahead,
    /// Aave's answer is newer: it foretells nothing.
    Behind,
}

/// Holds an answer against Aave's. `oldest` is how old an answer may be that is older than Aave's, or of which that is not
/// known.
pub fn judge(
    answer: &FeedAnswer,
    reference: Reference,
    now: Secs,
    oldest: Secs,
) -> Result<(UsdE8, FeedStanding), FeedFault> {
    if answer.updated_at == Secs(0) || answer.answered_in < answer.round {
        return Err(FeedFault::Incomplete);
    }
    let ahead = answer.updated_at.0.saturating_sub(now.0);
    if ahead > CLOCKS.0 {
        return Err(FeedFault::Future { ahead });
    }
    let no_price = || FeedFault::NoPrice { answer: answer.answer.to_string(), decimals: answer.decimals };
    let price = answer.price().ok_or_else(no_price)?;
    if !is_near(price, reference.price) {
        return Err(FeedFault::Factor);
    }
    let age = Secs(now.0.saturating_sub(answer.updated_at.0));
    let is_ahead = reference.updated_at.map(|updated| answer.updated_at.plus(LATENESS) >= updated);
    match is_ahead {
        Some(true) => Ok((price, FeedStanding::Ahead)),
        _ if age > oldest => Err(FeedFault::Old { age, most: oldest }),
        Some(false) => Ok((price, FeedStanding::Behind)),
        None => Ok((price, FeedStanding::Ahead)),
    }
}

/// Whether a price is between half and double of another.
fn is_near(price: UsdE8, reference: UsdE8) -> bool {
    let scaled = price.0.saturating_mul(alloy::primitives::U256::from(Bps::ONE.0));
    let at = |share: Bps| reference.0.saturating_mul(alloy::primitives::U256::from(share.0));
    !reference.0.is_zero() && scaled >= at(LEAST_SHARE) && scaled <= at(MOST_SHARE)
}
