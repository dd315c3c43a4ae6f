//! What may be sold to protect the account: the owner's choice.

use alloy::primitives::{Address, U256};

use super::AccountModel;
use crate::{aave::Market, config::SellConfig};

/// What may be sold, with tokens found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sell {
    /// The collateral of the journal's loops.
    Loops,
    /// Every supply.
    All,
    /// These tokens, in this order.
    Assets(Vec<Address>),
}

/// A name in `watch.sell` that is no reserve of Aave.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("watch.sell names `{name}`, which is not a reserve of aave on base; it has {known}")]
pub struct UnknownAsset {
    /// What the settings say.
    pub name: String,
    /// All symbols.
    pub known: String,
}

impl Sell {
    /// The owner's choice with its tokens looked up.
    pub fn find(config: &SellConfig, market: &Market) -> Result<Self, UnknownAsset> {
        let names = match config {
            SellConfig::Loops => return Ok(Self::Loops),
            SellConfig::All => return Ok(Self::All),
            SellConfig::Assets(names) => names,
        };
        let find = |name: &String| {
            // Ether is held as WETH on Aave.
            let wanted = if name.eq_ignore_ascii_case("eth") { "WETH" } else { name };
            let by_address = wanted.parse::<Address>().ok().and_then(|token| market.reserve(token).ok());
            let reserve = by_address.or_else(|| market.reserve_by_symbol(wanted));
            reserve.map(|reserve| reserve.asset).ok_or_else(|| {
                let known = market.reserves.iter().map(|reserve| reserve.symbol.as_str()).collect::<Vec<_>>();
                UnknownAsset { name: name.clone(), known: known.join(", ") }
            })
        };
        names.iter().map(find).collect::<Result<_, _>>().map(Self::Assets)
    }

    /// Whether the order of the assets is the owner's, and not that of their costs.
    #[must_use]
    pub const fn is_in_order(&self) -> bool {
        matches!(self, Self::Assets(_))
    }
}

impl AccountModel {
    /// How much of each supply may be sold, in the owner's order where there is one. Dust is not sold.
    #[must_use]
    pub fn sellable(&self, sell: &Sell) -> Vec<(Address, U256)> {
        let supplies = || self.supplies.iter().filter(|supply| !supply.is_dust);
        match sell {
            Sell::All => supplies().map(|supply| (supply.asset, supply.amount)).collect(),
            Sell::Assets(assets) => {
                let of = |asset: &Address| supplies().find(|supply| supply.asset == *asset);
                assets.iter().filter_map(of).map(|supply| (supply.asset, supply.amount)).collect()
            }
            Sell::Loops => supplies()
                .map(|supply| (supply.asset, supply.amount.saturating_sub(supply.unclaimed)))
                .filter(|(_, amount)| !amount.is_zero())
                .collect(),
        }
    }
}
