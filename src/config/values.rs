//! How values are written in files, flags and variables: durations as `10s`, decimals exactly as typed.

/// Durations: `"10s"`, `"1m 30s"`, or a whole number of seconds.
pub(super) mod duration {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(in crate::config) fn serialize<S: Serializer>(value: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&humantime::format_duration(*value))
    }

    pub(in crate::config) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Seconds(u64),
            Text(String),
        }
        let form = Form::deserialize(deserializer).map_err(|_| D::Error::custom(EXPECTED))?;
        match form {
            Form::Seconds(seconds) => Ok(Duration::from_secs(seconds)),
            Form::Text(text) => humantime::parse_duration(&text).map_err(|_| D::Error::custom(EXPECTED)),
        }
    }

    const EXPECTED: &str = "expected a duration such as \"10s\" or a whole number of seconds";
}

/// Decimals: a string or a number, read as it was typed.
pub(super) mod decimal {
    use rust_decimal::Decimal;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(in crate::config) fn serialize<S: Serializer>(value: &Decimal, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(value)
    }

    pub(in crate::config) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Decimal, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Whole(i64),
            // TOML has no decimal type; the shortest text of its float is what the user typed.
            Fraction(f64),
            Text(String),
        }
        let form = Form::deserialize(deserializer).map_err(|_| D::Error::custom(EXPECTED))?;
        let text = match form {
            Form::Whole(whole) => return Ok(Decimal::from(whole)),
            Form::Fraction(fraction) => fraction.to_string(),
            Form::Text(text) => text,
        };
        text.trim().parse().map_err(|_| D::Error::custom(EXPECTED))
    }

    const EXPECTED: &str = "expected a plain decimal number such as 1.15";
}
