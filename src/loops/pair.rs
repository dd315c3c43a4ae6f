//! A loop's two assets.

use alloy::primitives::Address;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::aave::{Market, PermitDomain, ReserveList};

/// One asset of a loop, with everything an action on it needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Asset {
    /// The token.
    pub token: Address,
    /// Its symbol.
    pub symbol: String,
    /// Its decimals.
    pub decimals: u8,
    /// Its aToken.
    pub a_token: Address,
    /// Its variable debt token.
    pub debt_token: Address,
    /// How the token's permit is signed; `None` when it has none.
    pub token_permit: Option<PermitDomain>,
    /// How the aToken's permit is signed.
    pub a_token_permit: Option<PermitDomain>,
    /// How a delegation of the debt token is signed.
    pub debt_token_permit: Option<PermitDomain>,
}

/// Collateral and debt of a loop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Pair {
    /// What is supplied.
    pub collateral: Asset,
    /// What is borrowed.
    pub debt: Asset,
}

/// Why two names are not a pair.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PairError {
    /// Not a reserve.
    #[error("`{name}` is not a reserve of aave on base; it has {known}")]
    Unknown {
        /// What was given.
        name: String,
        /// All symbols.
        known: String,
    },
    /// Both are the same.
    #[error("collateral and debt are both {0}; a loop needs two assets")]
    Same(String),
}

impl Pair {
    /// The pair of two assets given by symbol or address.
    pub fn find(list: &ReserveList, market: &Market, collateral: &str, debt: &str) -> Result<Self, PairError> {
        let pair = Self { collateral: asset(list, market, collateral)?, debt: asset(list, market, debt)? };
        if pair.collateral.token == pair.debt.token {
            return Err(PairError::Same(pair.collateral.symbol));
        }
        Ok(pair)
    }

    /// A collateral and a debt of an account by their tokens; they may be the same asset, which repays without a swap.
    #[must_use]
    pub fn of(list: &ReserveList, market: &Market, collateral: Address, debt: Address) -> Option<Self> {
        let find = |token: Address| asset(list, market, &token.to_string()).ok();
        Some(Self { collateral: find(collateral)?, debt: find(debt)? })
    }

    /// Whether collateral and debt are the same asset.
    #[must_use]
    pub fn is_same_asset(&self) -> bool {
        self.collateral.token == self.debt.token
    }

    /// `WETH/USDC`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}/{}", self.collateral.symbol, self.debt.symbol)
    }
}

fn asset(list: &ReserveList, market: &Market, name: &str) -> Result<Asset, PairError> {
    // Ether is held as WETH on Aave.
    let wanted = if name.eq_ignore_ascii_case("eth") { "WETH" } else { name };
    let reserve = match wanted.parse::<Address>() {
        Ok(address) => market.reserve(address).ok(),
        Err(_) => market.reserve_by_symbol(wanted),
    };
    let listing = reserve.and_then(|reserve| list.listing(reserve.asset));
    let (Some(reserve), Some(listing)) = (reserve, listing) else {
        let known = market.reserves.iter().map(|reserve| reserve.symbol.as_str()).collect::<Vec<_>>().join(", ");
        return Err(PairError::Unknown { name: name.to_owned(), known });
    };
    Ok(Asset {
        token: reserve.asset,
        symbol: reserve.symbol.clone(),
        decimals: reserve.configuration.decimals(),
        a_token: reserve.a_token,
        debt_token: reserve.debt_token,
        token_permit: listing.token_permit.clone(),
        a_token_permit: listing.a_token_permit.clone(),
        debt_token_permit: listing.debt_token_permit.clone(),
    })
}
