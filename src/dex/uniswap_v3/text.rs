//! Integers of 128 bits as decimal text: JSON readers lose digits of numbers that long.

use std::{fmt::Display, str::FromStr};

use serde::{Deserialize, Deserializer, Serializer, de::Error};

pub(in crate::dex) fn serialize<T: Display, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

pub(in crate::dex) fn deserialize<'de, T: FromStr<Err: Display>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
}

/// The same for the values of a map of ticks.
pub(in crate::dex) mod ticks {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(in crate::dex) fn serialize<S: Serializer>(
        ticks: &BTreeMap<i32, i128>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_map(ticks.iter().map(|(tick, net)| (tick, net.to_string())))
    }

    pub(in crate::dex) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<BTreeMap<i32, i128>, D::Error> {
        let texts = BTreeMap::<i32, String>::deserialize(deserializer)?;
        texts.into_iter().map(|(tick, net)| Ok((tick, net.parse().map_err(D::Error::custom)?))).collect()
    }
}
