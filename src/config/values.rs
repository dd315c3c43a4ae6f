//! How values are written in files, flags and variables: durations as `10s`, decimals exactly as typed.

use serde::{Deserialize, Deserializer, de::Error};

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

/// Amounts of data: `"4GB"`, `"500 MB"`, or a whole number of bytes; written as bytes.
pub(super) mod bytes {
    use bytesize::ByteSize;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    #[derive(Deserialize)]
    #[serde(untagged)]
    pub(super) enum Form {
        Bytes(u64),
        Text(String),
    }

    impl Form {
        pub(super) fn read<E: Error>(self) -> Result<ByteSize, E> {
            match self {
                Self::Bytes(bytes) => Ok(ByteSize::b(bytes)),
                Self::Text(text) => text.parse().map_err(|_| E::custom(EXPECTED)),
            }
        }
    }

    pub(in crate::config) fn serialize<S: Serializer>(value: &ByteSize, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(value.as_u64())
    }

    pub(in crate::config) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ByteSize, D::Error> {
        Form::deserialize(deserializer).map_err(|_| D::Error::custom(EXPECTED))?.read()
    }

    pub(super) const EXPECTED: &str = "expected an amount of data such as \"4GB\" or a whole number of bytes";
}

/// The same where it may be unset.
pub(super) mod optional_bytes {
    use bytesize::ByteSize;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    use super::bytes::{EXPECTED, Form};

    pub(in crate::config) fn serialize<S: Serializer>(
        value: &Option<ByteSize>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match value {
            Some(value) => super::bytes::serialize(value, serializer),
            None => serializer.serialize_none(),
        }
    }

    pub(in crate::config) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<ByteSize>, D::Error> {
        let form = Option::<Form>::deserialize(deserializer).map_err(|_| D::Error::custom(EXPECTED))?;
        form.map(Form::read).transpose()
    }
}

/// Decimals: a string or a number, read as it was typed.
pub(super) mod decimal {
    use rust_decimal::Decimal;
    use serde::{Deserializer, Serializer, de::Error};

    pub(in crate::config) fn serialize<S: Serializer>(value: &Decimal, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(value)
    }

    pub(in crate::config) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Decimal, D::Error> {
        let text = super::decimal_or_text(deserializer)?;
        text.trim().parse().map_err(|_| D::Error::custom(super::EXPECTED_DECIMAL))
    }
}

/// Decimals that may be unset.
pub(super) mod optional_decimal {
    use rust_decimal::Decimal;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(in crate::config) fn serialize<S: Serializer>(
        value: &Option<Decimal>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match value {
            Some(value) => serializer.collect_str(value),
            None => serializer.serialize_none(),
        }
    }

    pub(in crate::config) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Decimal>, D::Error> {
        #[derive(Deserialize)]
        struct Typed(#[serde(with = "super::decimal")] Decimal);
        Ok(Option::<Typed>::deserialize(deserializer)?.map(|typed| typed.0))
    }
}

/// Texts: a list, or one text with commas, as variables are written.
pub(super) fn list<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Form {
        List(Vec<String>),
        Text(String),
    }
    let form = Form::deserialize(deserializer).map_err(|_| D::Error::custom("expected a list of texts"))?;
    let texts = match form {
        Form::List(texts) => texts,
        Form::Text(text) => text.split(',').map(str::to_owned).collect(),
    };
    Ok(texts.iter().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()).collect())
}

const EXPECTED_DECIMAL: &str = "expected a plain decimal number such as 1.15";

/// A number or a text, as it was typed.
pub(super) fn decimal_or_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Form {
        Whole(i64),
        // TOML has no decimal type; the shortest text of its float is what the user typed.
        Fraction(f64),
        Text(String),
    }
    Ok(match Form::deserialize(deserializer).map_err(|_| D::Error::custom(EXPECTED_DECIMAL))? {
        Form::Whole(whole) => whole.to_string(),
        Form::Fraction(fraction) => fraction.to_string(),
        Form::Text(text) => text,
    })
}
