//! One signal: what it says, and the rules that need no market.

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    Levels, Side, SignalError,
    fields::{Fields, invalid},
};
use crate::{
    config::{StrategyConfig, Volatility},
    strategy::exact::x,
    text::is_unsafe,
    units::{Millis, Secs},
};

const FIELDS: [&str; 14] = [
    "id",
    "pair",
    "side",
    "score",
    "volatility",
    "entry",
    "stop",
    "target",
    "drift",
    "confidence",
    "half_life_s",
    "kind",
    "features",
    "at",
];

/// Highest price that is read, US dollars; keeps every product of a plan within a decimal.
const MOST_PRICE: Decimal = Decimal::from_parts(1_000_000_000, 0, 0, false, 0);

/// How much weight a signal's author gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The usual one.
    #[default]
    Primary,
    /// One that the governor may refuse or make smaller.
    Secondary,
}

/// One signal, checked in itself. Deserialised only from what was checked before: the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Signal {
    /// Its name; traded once.
    pub id: String,
    /// Such as `ETH/USD`.
    pub pair: String,
    /// Direction.
    pub side: Side,
    /// 0–100.
    pub score: Decimal,
    /// Low, normal or high.
    pub volatility: Volatility,
    /// Price the author saw.
    pub entry: Decimal,
    /// Price of the stop, given or from the settings.
    pub stop: Decimal,
    /// Price of the target, given or from the settings.
    pub target: Decimal,
    /// Expected relative move at entry (strategy.md §7).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drift: Option<Decimal>,
    /// 0–1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confidence: Option<Decimal>,
    /// Half-life of the forecast.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub half_life_s: Option<Secs>,
    /// Primary or secondary.
    pub kind: Kind,
    /// Stored and reported, never read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub features: Option<Map<String, Value>>,
    /// When it was made, by the wall clock.
    pub at: Millis,
}

impl Signal {
    /// Reads one JSON object. Stop and target that are not given stand at the distances of the settings.
    pub fn parse(text: &str, settings: &StrategyConfig) -> Result<Self, SignalError> {
        let fields = Fields::read(text, &FIELDS)?;
        let side: Side = required("side", fields.typed("side", "\"long\" or \"short\"")?)?;
        let price = |field| {
            fields.decimal(field, "a price above 0, at most 1000000000", |price| {
                price > Decimal::ZERO && price <= MOST_PRICE
            })
        };
        let entry = required("entry", price("entry")?)?;
        let default = |side: Side, distance| side.better_by(entry, distance).ok_or(SignalError::Unfit(entry, distance));
        let stop = price("stop")?.map_or_else(|| default(side.opposite(), settings.stop_distance), Ok)?;
        let target = price("target")?.map_or_else(|| default(side, settings.target_distance), Ok)?;
        let wrong = |field, price| SignalError::WrongSide { field, price, entry, side };
        if side.gain(entry, stop).is_none_or(|gain| gain >= Decimal::ZERO) {
            return Err(wrong("stop", stop));
        }
        if side.gain(entry, target).is_none_or(|gain| gain <= Decimal::ZERO) {
            return Err(wrong("target", target));
        }
        let within = |low: i64, high: i64| move |value| value >= Decimal::from(low) && value <= Decimal::from(high);
        Ok(Self {
            id: id(&fields)?,
            pair: pair(&fields)?,
            side,
            score: required("score", fields.decimal("score", "a number from 0 to 100", within(0, 100))?)?,
            volatility: fields.typed("volatility", "\"low\", \"normal\" or \"high\"")?.unwrap_or_default(),
            entry,
            stop,
            target,
            drift: fields.decimal("drift", "a relative move from -1 to 1", within(-1, 1))?,
            confidence: fields.decimal("confidence", "a number from 0 to 1", within(0, 1))?,
            half_life_s: half_life(&fields)?,
            kind: fields.typed("kind", "\"primary\" or \"secondary\"")?.unwrap_or_default(),
            features: fields.typed("features", "an object")?,
            at: moment(&fields)?,
        })
    }

    /// Distances of stop and target from the entry.
    pub fn levels(&self) -> Result<Levels, SignalError> {
        let gain = |side: Side, price| side.gain(self.entry, price).ok_or(SignalError::Unfit(self.entry, price));
        Ok(Levels { stop: gain(self.side.opposite(), self.stop)?, target: gain(self.side, self.target)? })
    }

    /// Refuses a signal that is too old by the wall clock, or dated so far ahead that it would not age.
    pub fn check_age(&self, now: Millis, most: Secs) -> Result<(), SignalError> {
        let limit = most.0.saturating_mul(1_000);
        let age = now.0.saturating_sub(self.at.0);
        let ahead = self.at.0.saturating_sub(now.0);
        let seconds = |millis: u64| Secs(millis.div_ceil(1_000));
        if age > limit {
            return Err(SignalError::Stale { age: seconds(age), most });
        }
        if ahead > limit {
            return Err(SignalError::Ahead { ahead: seconds(ahead), most });
        }
        Ok(())
    }

    /// Refuses when the market has left the signal's entry; else how far it is away, as a share.
    pub fn check_entry(&self, mark: Decimal, most: Decimal) -> Result<Decimal, SignalError> {
        let entry = self.entry;
        let deviation = ((x(mark) - entry) / entry).get().ok_or(SignalError::Unfit(mark, entry))?.abs();
        if mark <= Decimal::ZERO || deviation > most {
            return Err(SignalError::EntryDeviation { mark, entry, deviation, most });
        }
        Ok(deviation)
    }
}

fn required<T>(field: &'static str, value: Option<T>) -> Result<T, SignalError> {
    value.ok_or(SignalError::MissingField(field))
}

fn id(fields: &Fields) -> Result<String, SignalError> {
    text(fields, "id", "a text of 1 to 128 letters without control characters", |id| {
        !id.trim().is_empty()
            && id.chars().count() <= 128
            && !id.chars().any(|letter| letter.is_control() || is_unsafe(letter))
    })
}

fn pair(fields: &Fields) -> Result<String, SignalError> {
    text(fields, "pair", "a pair such as \"ETH/USD\"", |pair| {
        let symbol = |symbol: &str| {
            (1..=16).contains(&symbol.len())
                && symbol.bytes().all(|letter| letter.is_ascii_uppercase() || letter.is_ascii_digit())
        };
        pair.split_once('/').is_some_and(|(base, quote)| symbol(base) && symbol(quote))
    })
}

fn text(
    fields: &Fields,
    field: &'static str,
    expected: &'static str,
    allowed: impl Fn(&str) -> bool,
) -> Result<String, SignalError> {
    let value: String = required(field, fields.typed(field, expected)?)?;
    match fields.raw(field) {
        Some(raw) if !allowed(&value) => Err(invalid(field, raw, expected)),
        _ => Ok(value),
    }
}

fn half_life(fields: &Fields) -> Result<Option<Secs>, SignalError> {
    const EXPECTED: &str = "a whole number of seconds above 0";
    let seconds: Option<u64> = fields.typed("half_life_s", EXPECTED)?;
    match (seconds, fields.raw("half_life_s")) {
        (Some(0), Some(raw)) => Err(invalid("half_life_s", raw, EXPECTED)),
        (seconds, _) => Ok(seconds.map(Secs)),
    }
}

/// RFC 3339, in UTC (`Z`) or with an offset such as `+02:00`.
fn moment(fields: &Fields) -> Result<Millis, SignalError> {
    const EXPECTED: &str = "a time such as \"2026-10-01T12:00:00Z\" (RFC 3339)";
    let text: String = required("at", fields.typed("at", EXPECTED)?)?;
    let read = || {
        let (local, offset) = split_offset(&text)?;
        let time = humantime::parse_rfc3339(&format!("{local}Z")).ok()?;
        let local = time.duration_since(std::time::UNIX_EPOCH).ok()?.as_millis();
        u64::try_from(i128::try_from(local).ok()?.checked_sub(i128::from(offset))?).ok()
    };
    match (read(), fields.raw("at")) {
        (Some(millis), _) => Ok(Millis(millis)),
        (None, Some(raw)) => Err(invalid("at", raw, EXPECTED)),
        (None, None) => Err(SignalError::MissingField("at")),
    }
}

/// The local time and its offset from UTC in milliseconds.
fn split_offset(text: &str) -> Option<(&str, i64)> {
    if let Some(local) = text.strip_suffix(['Z', 'z']) {
        return Some((local, 0));
    }
    let (local, offset) = text.split_at_checked(text.len().checked_sub(6)?)?;
    let (sign, clock) = match offset.split_at_checked(1)? {
        ("+", clock) => (1, clock),
        ("-", clock) => (-1, clock),
        _ => return None,
    };
    let (hours, minutes) = clock.split_once(':')?;
    let number = |digits: &str, below: i64| {
        let whole = digits.len() == 2 && digits.bytes().all(|digit| digit.is_ascii_digit());
        digits.parse::<i64>().ok().filter(|number| whole && *number < below)
    };
    Some((local, sign * (number(hours, 24)? * 60 + number(minutes, 60)?) * 60_000))
}
