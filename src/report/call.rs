//! Calls of tokens and of Aave that are not composer streams, as sentences.

use alloy::{
    primitives::{Address, U256},
    sol_types::SolCall,
};

use crate::{
    aave::abi::IPool,
    abi::{ICreditDelegation, IERC20},
    onedelta::Names,
    perps::venues,
    units::{format_units, group_thousands},
};

/// The function's name and what it does; `None` for functions we do not know. `to` is the contract called, where it
/// is known: an amount has decimals only with its token.
pub(super) fn call_words(data: &[u8], to: Option<Address>, names: &dyn Names) -> Option<(&'static str, String)> {
    let selector: [u8; 4] = data.get(..4)?.try_into().ok()?;
    let words = Words { names, to };
    match selector {
        IERC20::approveCall::SELECTOR => {
            let call = IERC20::approveCall::abi_decode(data).ok()?;
            let what = words.own(call.amount);
            Some(("approve", format!("{} may pull {what} of the caller", words.who(call.spender))))
        }
        IERC20::transferCall::SELECTOR => {
            let call = IERC20::transferCall::abi_decode(data).ok()?;
            Some(("transfer", format!("{} to {}", words.own(call.amount), words.who(call.to))))
        }
        ICreditDelegation::approveDelegationCall::SELECTOR => {
            let call = ICreditDelegation::approveDelegationCall::abi_decode(data).ok()?;
            let what = words.own(call.amount);
            Some(("approveDelegation", format!("{} may borrow {what} for the caller", words.who(call.delegatee))))
        }
        _ => pool_words(selector, data, &words).or_else(|| venue_words(data)),
    }
}

fn venue_words(data: &[u8]) -> Option<(&'static str, String)> {
    Some(("PERP", venues::explain(data)?.join("; ")))
}

fn pool_words(selector: [u8; 4], data: &[u8], words: &Words<'_>) -> Option<(&'static str, String)> {
    match selector {
        IPool::supplyCall::SELECTOR => {
            let call = IPool::supplyCall::abi_decode(data).ok()?;
            let what = words.amount(call.amount, call.asset);
            Some(("supply", format!("{what} for {}", words.who(call.onBehalfOf))))
        }
        IPool::borrowCall::SELECTOR => {
            let call = IPool::borrowCall::abi_decode(data).ok()?;
            let what = words.amount(call.amount, call.asset);
            Some(("borrow", format!("{what} for {}", words.who(call.onBehalfOf))))
        }
        IPool::repayCall::SELECTOR => {
            let call = IPool::repayCall::abi_decode(data).ok()?;
            let what = words.all_or(call.amount, call.asset, "the whole debt of");
            Some(("repay", format!("{what} for {}", words.who(call.onBehalfOf))))
        }
        IPool::withdrawCall::SELECTOR => {
            let call = IPool::withdrawCall::abi_decode(data).ok()?;
            let what = words.all_or(call.amount, call.asset, "all");
            Some(("withdraw", format!("{what} to {}", words.who(call.to))))
        }
        IPool::setUserEModeCall::SELECTOR => {
            let call = IPool::setUserEModeCall::abi_decode(data).ok()?;
            let what = if call.categoryId == 0 {
                "leave e-mode".to_owned()
            } else {
                format!("enter e-mode {}", call.categoryId)
            };
            Some(("setUserEMode", what))
        }
        IPool::setUserUseReserveAsCollateralCall::SELECTOR => {
            let call = IPool::setUserUseReserveAsCollateralCall::abi_decode(data).ok()?;
            let (symbol, not) = (words.who(call.asset), if call.useAsCollateral { "" } else { " no longer" });
            Some(("setUserUseReserveAsCollateral", format!("{symbol} backs debt{not}")))
        }
        _ => None,
    }
}

struct Words<'a> {
    names: &'a dyn Names,
    to: Option<Address>,
}

impl Words<'_> {
    fn who(&self, address: Address) -> String {
        self.names.address(address).unwrap_or_else(|| address.to_checksum(None))
    }

    /// An amount of the token that is called.
    fn own(&self, raw: U256) -> String {
        match (raw == U256::MAX, self.to) {
            (true, Some(token)) => format!("any amount of {}", self.who(token)),
            (true, None) => "any amount of the token called".to_owned(),
            (false, Some(token)) => self.amount(raw, token),
            (false, None) => format!("{raw} units of the token called"),
        }
    }

    fn amount(&self, raw: U256, token: Address) -> String {
        match self.names.token(token) {
            Some((symbol, decimals)) => format!("{} {symbol}", group_thousands(&format_units(raw, decimals))),
            None => format!("{raw} units of {}", self.who(token)),
        }
    }

    fn all_or(&self, raw: U256, token: Address, all: &str) -> String {
        if raw == U256::MAX { format!("{all} {}", self.who(token)) } else { self.amount(raw, token) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::onedelta::NoNames;

    #[test]
    fn an_amount_without_its_token_is_said_in_units_not_guessed() {
        let spender = Address::repeat_byte(2);
        let data = IERC20::approveCall { spender, amount: U256::from(5_000_000u64) }.abi_encode();
        let (name, words) = call_words(&data, None, &NoNames).expect("known");
        assert_eq!(name, "approve");
        assert_eq!(words, format!("{spender} may pull 5000000 units of the token called of the caller"));
        let endless = IERC20::approveCall { spender, amount: U256::MAX }.abi_encode();
        let (_, words) = call_words(&endless, Some(Address::ZERO), &NoNames).expect("known");
        assert!(words.contains("any amount of"), "{words}");
    }

    #[test]
    fn pool_calls_are_told_with_their_asset() {
        let asset = Address::repeat_byte(3);
        let to = Address::repeat_byte(4);
        let data = IPool::withdrawCall { asset, amount: U256::MAX, to }.abi_encode();
        let expected = format!("all {asset} to {to}");
        assert_eq!(call_words(&data, None, &NoNames), Some(("withdraw", expected)));
        let data = IPool::setUserEModeCall { categoryId: 9 }.abi_encode();
        assert_eq!(call_words(&data, None, &NoNames), Some(("setUserEMode", "enter e-mode 9".to_owned())));
        assert_eq!(call_words(&[1, 2, 3, 4], None, &NoNames), None);
        assert_eq!(call_words(&data[..20], None, &NoNames), None);
    }
}
