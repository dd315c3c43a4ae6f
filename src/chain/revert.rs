//! Revert data in words. Pure; each room contributes the errors it knows.

use std::{collections::HashMap, fmt};

use alloy::{
    dyn_abi::{DynSolValue, JsonAbiExt},
    json_abi,
    primitives::Bytes,
    sol_types::{PanicKind, Revert as ErrorString, SolError},
};

use crate::text::one_line;

/// A custom error: selector, signature (argument names may be given: `Foo(address user, uint256 amount)`), words.
pub type ErrorEntry = ([u8; 4], &'static str, &'static str);

/// The text of an `Error(string)`, and words for it.
pub type StringEntry = (&'static str, &'static str);

const ERROR_STRING: [u8; 4] = [0x08, 0xc3, 0x79, 0xa0];
const PANIC: [u8; 4] = [0x4e, 0x48, 0x7b, 0x71];

/// How deep errors inside errors are followed.
const DEEPEST: usize = 4;

/// The errors that are known, gathered from the rooms.
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct ErrorTable {
    // Contracts may share a selector by accident or by copying; the first entry that decodes wins.
    errors: HashMap<[u8; 4], Vec<ErrorEntry>>,
    strings: HashMap<&'static str, &'static str>,
}

/// What revert data says.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Revert {
    /// No data at all: a bare `require`, out of gas, or a call to something that is no contract.
    Empty,
    /// `Error(string)`.
    Message {
        /// The text.
        text: String,
        /// What it means, where known.
        words: Option<&'static str>,
    },
    /// `Panic(uint256)`.
    Panic {
        /// The compiler's code.
        code: u64,
        /// What it means.
        words: String,
    },
    /// A custom error that is known.
    Custom {
        /// Its name.
        name: String,
        /// Arguments as `name: value`.
        arguments: Vec<String>,
        /// What it means.
        words: &'static str,
        /// The error that it carries as a bytes argument.
        inner: Option<Box<Revert>>,
    },
    /// Anything else.
    Unknown(Bytes),
}

impl ErrorTable {
    /// A table that knows only what every contract can say.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a room's custom errors.
    pub fn with(mut self, errors: &[ErrorEntry]) -> Self {
        for entry in errors {
            self.errors.entry(entry.0).or_default().push(*entry);
        }
        self
    }

    /// Adds words for a room's error strings.
    pub fn with_strings(mut self, strings: &[StringEntry]) -> Self {
        self.strings.extend(strings.iter().copied());
        self
    }

    /// Reads revert data.
    #[must_use]
    pub fn decode(&self, data: &[u8]) -> Revert {
        self.decode_within(data, DEEPEST)
    }

    fn decode_within(&self, data: &[u8], depth: usize) -> Revert {
        if data.is_empty() {
            return Revert::Empty;
        }
        let known = match data.first_chunk::<4>() {
            Some(&ERROR_STRING) => self.message(data, depth),
            Some(&PANIC) => panic_words(data),
            Some(selector) => self.custom(selector, data, depth),
            None => None,
        };
        known.unwrap_or_else(|| Revert::Unknown(Bytes::copy_from_slice(data)))
    }

    fn message(&self, data: &[u8], depth: usize) -> Option<Revert> {
        let text = ErrorString::abi_decode(data).ok()?.reason;
        // Some contracts bubble up the bytes of an inner error as if they were a string.
        let inner = text.as_bytes();
        if depth > 0 && inner.len() >= 4 && text.chars().any(char::is_control) {
            let nested = self.decode_within(inner, depth - 1);
            if !matches!(nested, Revert::Unknown(_)) {
                return Some(nested);
            }
        }
        let words = self.strings.get(text.as_str()).copied();
        Some(Revert::Message { text, words })
    }

    fn custom(&self, selector: &[u8; 4], data: &[u8], depth: usize) -> Option<Revert> {
        self.errors.get(selector)?.iter().find_map(|(_, signature, words)| {
            let error = json_abi::Error::parse(signature).ok()?;
            let values = error.abi_decode_input(data.get(4..)?).ok()?;
            let carried = values.iter().filter_map(DynSolValue::as_bytes).filter(|bytes| bytes.len() >= 4);
            let inner = carried
                .filter(|_| depth > 0)
                .map(|bytes| self.decode_within(bytes, depth - 1))
                .find(|inner| !matches!(inner, Revert::Unknown(_)));
            let arguments = error.inputs.iter().zip(&values).map(|(input, value)| match input.name.as_str() {
                "" => written(value),
                name => format!("{name}: {}", written(value)),
            });
            Some(Revert::Custom {
                name: error.name.clone(),
                arguments: arguments.collect(),
                words,
                inner: inner.map(Box::new),
            })
        })
    }
}

fn panic_words(data: &[u8]) -> Option<Revert> {
    let code = alloy::sol_types::Panic::abi_decode(data).ok()?.code;
    let code: u64 = code.try_into().ok()?;
    let kind = u32::try_from(code).ok().and_then(PanicKind::from_number);
    let words = kind.map_or_else(|| "unknown panic".to_owned(), |kind| kind.as_str().to_owned());
    Some(Revert::Panic { code, words })
}

/// A value as people write it.
fn written(value: &DynSolValue) -> String {
    let list = |values: &[DynSolValue]| values.iter().map(written).collect::<Vec<_>>().join(", ");
    match value {
        DynSolValue::Bool(truth) => truth.to_string(),
        DynSolValue::Int(number, _) => number.to_string(),
        DynSolValue::Uint(number, _) => number.to_string(),
        DynSolValue::FixedBytes(word, size) => {
            Bytes::copy_from_slice(word.get(..*size).unwrap_or(word.as_slice())).to_string()
        }
        DynSolValue::Address(address) => address.to_string(),
        DynSolValue::Function(function) => function.to_string(),
        DynSolValue::Bytes(bytes) => Bytes::copy_from_slice(bytes).to_string(),
        DynSolValue::String(text) => one_line(&format!("{text:?}")).into_owned(),
        DynSolValue::Array(values) | DynSolValue::FixedArray(values) => format!("[{}]", list(values)),
        DynSolValue::Tuple(values) => format!("({})", list(values)),
        // Only the eip712 feature of the library has one more.
        other => format!("{other:?}"),
    }
}

impl fmt::Display for Revert {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => {
                f.write_str("reverted without data (a bare require, out of gas, or no contract at the address)")
            }
            Self::Message { text, words: Some(words) } => write!(f, "\"{}\": {words}", one_line(text)),
            Self::Message { text, words: None } => write!(f, "\"{}\"", one_line(text)),
            Self::Panic { code, words } => write!(f, "Panic(0x{code:02x}): {words}"),
            Self::Custom { name, arguments, words, inner } => {
                write!(f, "{name}({})", arguments.join(", "))?;
                if !words.is_empty() {
                    write!(f, ": {words}")?;
                }
                if let Some(inner) = inner {
                    write!(f, " [because of {inner}]")?;
                }
                Ok(())
            }
            Self::Unknown(data) if data.len() >= 4 => {
                let selector = Bytes::copy_from_slice(data.get(..4).unwrap_or_default());
                write!(f, "unknown error {selector}, data {data}")
            }
            Self::Unknown(data) => write!(f, "unknown data {data}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use alloy::{
        primitives::{Address, U256, keccak256},
        sol,
        sol_types::Panic,
    };
    use proptest::prelude::*;

    use super::*;

    sol! {
        error Plain();
        error TooHigh(address user, uint256 amount);
        error Carries(string what, bytes inner);
    }

    fn table() -> ErrorTable {
        ErrorTable::new()
            .with(&[
                (Plain::SELECTOR, "Plain()", "nothing to add"),
                (TooHigh::SELECTOR, "TooHigh(address user, uint256 amount)", "asks for more than there is"),
                (Carries::SELECTOR, "Carries(string what, bytes inner)", ""),
            ])
            .with_strings(&[("SPL", "the swap would pass its price limit")])
    }

    #[test]
    fn a_custom_error_is_named_with_its_arguments_and_words() {
        let data = TooHigh { user: Address::ZERO, amount: U256::from(7) }.abi_encode();
        let said = table().decode(&data).to_string();
        assert_eq!(said, format!("TooHigh(user: {}, amount: 7): asks for more than there is", Address::ZERO));
        assert_eq!(table().decode(&Plain {}.abi_encode()).to_string(), "Plain(): nothing to add");
    }

    #[test]
    fn strings_panics_and_silence_are_said_in_words() {
        let string = |text: &str| ErrorString::from(text.to_owned()).abi_encode();
        assert_eq!(table().decode(&string("SPL")).to_string(), "\"SPL\": the swap would pass its price limit");
        assert_eq!(table().decode(&string("no idea")).to_string(), "\"no idea\"");
        let panic = Panic { code: U256::from(0x11) }.abi_encode();
        assert!(table().decode(&panic).to_string().starts_with("Panic(0x11): "));
        assert_eq!(table().decode(&[]), Revert::Empty);
        assert!(table().decode(&[1, 2, 3, 4]).to_string().contains("0x01020304"));
    }

    #[test]
    fn an_error_inside_an_error_is_followed() {
        let inner = TooHigh { user: Address::ZERO, amount: U256::from(9) }.abi_encode();
        let middle = Carries { what: "callback".to_owned(), inner: inner.into() }.abi_encode();
        let outer = Carries { what: "flash".to_owned(), inner: middle.into() }.abi_encode();
        let said = table().decode(&outer).to_string();
        assert!(said.starts_with("Carries(what: \"flash\"") && said.contains("because of TooHigh"), "{said}");
    }

    #[test]
    fn two_rooms_may_know_the_same_selector() {
        let selector = TooHigh::SELECTOR;
        let table = ErrorTable::new().with(&[(selector, "Other(uint256,uint256,uint256)", "x")]);
        let data = TooHigh { user: Address::ZERO, amount: U256::from(1) }.abi_encode();
        assert!(matches!(table.decode(&data), Revert::Unknown(_)), "what does not decode is not claimed");
        let both = table.with(&[(selector, "TooHigh(address,uint256)", "y")]);
        assert!(matches!(both.decode(&data), Revert::Custom { name, .. } if name == "TooHigh"));
    }

    #[test]
    fn selectors_of_the_standard_errors_are_right() {
        assert_eq!(ERROR_STRING, keccak256("Error(string)")[..4]);
        assert_eq!(PANIC, keccak256("Panic(uint256)")[..4]);
    }

    proptest! {
        #[test]
        fn no_data_whatever_breaks_the_decoder(selector in prop::sample::select(vec![ERROR_STRING, PANIC, TooHigh::SELECTOR, Carries::SELECTOR]), rest in any::<Vec<u8>>()) {
            let data = [selector.as_slice(), &rest].concat();
            prop_assert!(!table().decode(&data).to_string().is_empty());
            prop_assert!(!table().decode(&rest).to_string().is_empty());
        }
    }
}
