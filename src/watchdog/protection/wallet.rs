//! What the wallet may be used for.

use alloy::primitives::{Address, U256};

use super::{
    Means,
    terms::{decimal, key},
};
use crate::{
    config::WalletUse,
    loops::{AccountModel, Asset, LoopSnapshot, Pair, Target, WETH, what_a_human_must_do},
    plan::Quantity,
    watchdog::{ladder::WalletOption, rules::AccountTrim},
};

/// Ether that stays in the wallet for gas, wei: 0.01.
const GAS_KEPT: U256 = U256::from_limbs([10_000_000_000_000_000, 0, 0, 0]);

impl Means<'_> {
    /// Each debt that matters, and each collateral, once.
    pub(super) fn wallet_options(&self, trim: &AccountTrim) -> Vec<WalletOption> {
        let (observation, allowed) = (self.basis.observation, &self.basis.watch.use_wallet);
        let target = Target::HealthFactor(decimal(trim.target));
        let mut all: Vec<WalletOption> = Vec::new();
        for (collateral, debt) in pairs_of(&self.model) {
            let Some(pair) = observation.pair(collateral, debt) else { continue };
            let Some(snapshot) = observation.snapshot(self.basis.account, &pair) else { continue };
            let is_new_debt = !all.iter().any(|option| option.pair.debt == debt && !option.debt.raw.is_zero());
            let is_new_supply =
                !all.iter().any(|option| option.pair.collateral == collateral && !option.collateral.raw.is_zero());
            let of = |symbol: &str, amount: U256, is_new: bool| {
                if allowed.allows(symbol) && is_new { amount } else { U256::ZERO }
            };
            let (wrapped, from_ether) = wrapped_or_native(&pair, &snapshot);
            let name = if from_ether { "ETH" } else { pair.collateral.symbol.as_str() };
            let owed = of(&pair.debt.symbol, snapshot.account.holding(debt).wallet, is_new_debt);
            let added = of(name, wrapped, is_new_supply);
            // The wallet's own money is asked for what is needed and no more; that takes a search, so not where there is none.
            let has_any = !owed.is_zero() || !added.is_zero();
            let task = if has_any { what_a_human_must_do(&snapshot, &pair, target).ok() } else { None };
            let needed = |amount: Option<&Quantity>, has: U256| amount.map_or(has, |needed| needed.raw.min(has));
            let owed = needed(task.as_ref().and_then(|task| task.repay.as_ref()), owed);
            let added = needed(task.as_ref().and_then(|task| task.add.as_ref()), added);
            let quantity = |raw, asset: &Asset| Quantity::new(raw, asset.decimals, asset.symbol.clone());
            let barred = match allowed {
                WalletUse::Nothing => Some("watch.use_wallet leaves the wallet alone".to_owned()),
                WalletUse::Assets(_) if !allowed.allows(&pair.debt.symbol) && !allowed.allows(name) => {
                    Some(format!("watch.use_wallet names neither {} nor {name}", pair.debt.symbol))
                }
                _ => None,
            };
            all.push(WalletOption {
                debt: quantity(owed, &pair.debt),
                collateral: quantity(added, &pair.collateral),
                pair: key(&pair),
                barred,
            });
        }
        all
    }
}

/// Each collateral that matters with each debt that matters.
fn pairs_of(model: &AccountModel) -> Vec<(Address, Address)> {
    let debts: Vec<Address> = model.owed().map(|debt| debt.asset).collect();
    model.collaterals().flat_map(|supply| debts.iter().map(move |debt| (supply.asset, *debt))).collect()
}

/// Collateral of the wallet: the token, or ether less what gas needs where there is none of the token; and whether it is
/// ether.
fn wrapped_or_native(pair: &Pair, snapshot: &LoopSnapshot) -> (U256, bool) {
    let held = snapshot.account.holding(pair.collateral.token).wallet;
    if pair.collateral.token != WETH || !held.is_zero() {
        return (held, false);
    }
    (snapshot.account.native.saturating_sub(GAS_KEPT), true)
}
