//! Revert data in words: the error tables of all contracts that a trade meets.

use crate::{
    aave,
    chain::{ErrorTable, Revert},
    dex, onedelta,
    perps::venues,
    plan::{SimulationError, alone_words},
};

/// All errors that any contract on a trade's way can revert with.
pub fn error_table() -> ErrorTable {
    let table = ErrorTable::new().with(onedelta::ERRORS).with(aave::ERRORS).with_strings(dex::ERRORS);
    venues::with_errors(table)
}

/// A reason that somebody wrote down with the contract's bytes in it, the bytes by their error's name where that is known.
#[must_use]
pub fn with_error_names(reason: &str) -> String {
    let table = error_table();
    let named = |word: &str| {
        let data = word.strip_prefix("0x").filter(|digits| digits.len() >= 8)?;
        match table.decode(&alloy::hex::decode(data).ok()?) {
            Revert::Unknown(_) | Revert::Empty => None,
            known => Some(known.to_string()),
        }
    };
    let words = reason.split_inclusive(|letter: char| !letter.is_ascii_alphanumeric());
    words
        .map(|word| {
            let bare = word.trim_end_matches(|letter: char| !letter.is_ascii_alphanumeric());
            let rest = word.get(bare.len()..).unwrap_or_default();
            named(bare).map_or_else(|| word.to_owned(), |name| format!("{name}{rest}"))
        })
        .collect()
}

/// Why a simulation failed, the contract's error by its name.
pub(crate) fn simulation_words(error: &SimulationError) -> String {
    match error {
        SimulationError::Reverts { purpose, data, alone } => {
            format!("simulation: `{purpose}` would revert: {}{}", error_table().decode(data), alone_words(*alone))
        }
        other => format!("simulation: {other}"),
    }
}

#[cfg(test)]
mod tests {
    use alloy::{
        primitives::{U256, bytes},
        sol_types::{Panic, PanicKind, Revert as ErrorString, SolError},
    };

    use super::*;

    fn words(data: impl Into<alloy::primitives::Bytes>) -> String {
        simulation_words(&SimulationError::Reverts {
            purpose: "order the open".to_owned(),
            data: data.into(),
            alone: false,
        })
    }

    #[test]
    fn the_journal_names_a_contracts_error_instead_of_its_selector() {
        let said = with_error_names("on block 7 it would revert: 0x8baa579f; hash 0x01020304 stays");
        assert!(
            said.starts_with("on block 7 it would revert: InvalidSignature(): the permit was not signed"),
            "{said}"
        );
        assert!(said.ends_with("; hash 0x01020304 stays"), "{said}");
        for plain in ["", "0x", "nothing to name", "0xzz ∞ 0x8b"] {
            assert_eq!(with_error_names(plain), plain);
        }
    }

    #[test]
    fn a_refusal_names_the_contracts_error_instead_of_its_bytes() {
        let said = words(ErrorString::from("WRONG_TP").abi_encode());
        assert!(said.starts_with("simulation: `order the open` would revert: ") && said.contains("WRONG_TP"), "{said}");
        let overflow = words(Panic::from(PanicKind::UnderOverflow).abi_encode());
        assert!(!overflow.contains("0x4e487b71"), "{overflow}");
        let unknown = words(bytes!("01020304"));
        assert!(unknown.contains("01020304"), "what nobody knows stays as it is: {unknown}");
        let short = SimulationError::ShortAnswer(U256::ONE.to_string());
        assert_eq!(simulation_words(&short), format!("simulation: {short}"));
    }
}
