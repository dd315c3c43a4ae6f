//! Revert data in words: the error tables of all contracts that a trade meets.

use crate::{aave, chain::ErrorTable, dex, onedelta, perps, plan::SimulationError};

/// All errors that any contract on a trade's way can revert with.
pub fn error_table() -> ErrorTable {
    ErrorTable::new()
        .with(onedelta::ERRORS)
        .with(aave::ERRORS)
        .with(perps::avantis_v1::ERRORS)
        .with_strings(dex::ERRORS)
        .with_strings(perps::avantis_v1::STRINGS)
}

/// Why a simulation failed, the contract's error by its name.
pub(super) fn simulation_words(error: &SimulationError) -> String {
    match error {
        SimulationError::Reverts { purpose, data } => {
            format!("simulation: `{purpose}` would revert: {}", error_table().decode(data))
        }
        other => format!("simulation: {other}"),
    }
}

#[cfg(test)]
mod tests {
    use alloy::{
        primitives::{U256, bytes},
        sol_types::{Panic, PanicKind, Revert, SolError},
    };

    use super::*;

    fn words(data: impl Into<alloy::primitives::Bytes>) -> String {
        simulation_words(&SimulationError::Reverts { purpose: "order the open".to_owned(), data: data.into() })
    }

    #[test]
    fn a_refusal_names_the_contracts_error_instead_of_its_bytes() {
        let said = words(Revert::from("WRONG_TP").abi_encode());
        assert!(said.starts_with("simulation: `order the open` would revert: ") && said.contains("WRONG_TP"), "{said}");
        let overflow = words(Panic::from(PanicKind::UnderOverflow).abi_encode());
        assert!(!overflow.contains("0x4e487b71"), "{overflow}");
        let unknown = words(bytes!("01020304"));
        assert!(unknown.contains("01020304"), "what nobody knows stays as it is: {unknown}");
        let short = SimulationError::ShortAnswer(U256::ONE.to_string());
        assert_eq!(simulation_words(&short), format!("simulation: {short}"));
    }
}
