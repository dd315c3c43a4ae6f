//! Reserves, tokens and pools with the parameters that they have on Base (base-replica.md §2).

use std::collections::BTreeSet;

use alloy::primitives::{Address, B256, U256};

use super::assets::{EMODE, EMODE_THRESHOLD, Follows, Listed};
use crate::{
    aave::{
        Deployment as Aave, EModeCategory, Market, PermitDomain, Price, RateStrategy, Reserve, ReserveConfiguration,
        math::RAY,
    },
    chain::BlockRef,
    dex::{Deployment, PoolKey, USDC, WETH},
    loops::Asset,
    units::{Bps, Ray, Secs},
};

/// Whole tokens in every reserve, and lent out of it.
const IN_RESERVE: u64 = 1_000_000_000;
/// When paths begin.
pub(super) const BEGIN: u64 = 1_000_000;

pub(super) fn market(listed: &[(u16, &Listed)]) -> Market {
    let block =
        BlockRef { number: 0, hash: B256::ZERO, timestamp: Secs(BEGIN), base_fee: U256::ZERO, timestamp_ms: None };
    let in_emode = |(number, listed): &(u16, &Listed)| match listed.follows {
        Follows::Ether | Follows::EtherByRatio => 1u128 << *number,
        _ => 0,
    };
    let borrowable = |(number, listed): &(u16, &Listed)| if listed.token == WETH { 1u128 << *number } else { 0 };
    let emode = EModeCategory {
        id: EMODE,
        label: "ETH correlated".to_owned(),
        ltv: Bps(9_000),
        liquidation_threshold: Bps(u32::try_from(EMODE_THRESHOLD).unwrap_or_default()),
        liquidation_bonus: Bps(10_200),
        collateral_bitmap: listed.iter().map(in_emode).sum(),
        borrowable_bitmap: listed.iter().map(borrowable).sum(),
        ltv_zero_bitmap: 0,
        isolated: false,
    };
    Market {
        block,
        revision: 10,
        pool: Aave::BASE.pool,
        reserves: listed.iter().map(|(number, listed)| reserve(*number, listed)).collect(),
        categories: vec![emode],
        flash_loan_premium: Bps(5),
        borrowing_allowed: true,
        list_outdated: false,
    }
}

fn reserve(id: u16, listed: &Listed) -> Reserve {
    // Parameters, then the flags active, borrowing, flash loans, and the reserve factor.
    let fields = [
        (listed.ltv, 0usize),
        (listed.threshold, 16),
        (listed.bonus, 32),
        (u64::from(listed.decimals), 48),
        (1, 56),
        (1, 58),
        (1, 63),
        (1_000, 64),
    ];
    let word = fields.iter().fold(U256::ZERO, |word, (value, at)| word | (U256::from(*value) << *at));
    let whole = listed.unit().saturating_mul(U256::from(IN_RESERVE));
    Reserve {
        id,
        asset: listed.token,
        symbol: listed.symbol.to_owned(),
        a_token: receipt(listed, 1),
        debt_token: receipt(listed, 2),
        configuration: ReserveConfiguration(word),
        liquidity_index: Ray(RAY),
        variable_borrow_index: Ray(RAY),
        liquidity_rate: Ray(U256::ZERO),
        variable_borrow_rate: Ray(U256::ZERO),
        last_update: Secs(BEGIN),
        accrued_to_treasury: U256::ZERO,
        virtual_balance: whole,
        deficit: U256::ZERO,
        scaled_supply: whole.saturating_add(whole),
        scaled_debt: whole,
        price: Some(Price { value: listed.start(), source: listed.token, updated_at: None }),
        strategy: RateStrategy { optimal_usage: Bps(9_000), base_rate: Bps(0), slope1: Bps(500), slope2: Bps(1_000) },
    }
}

pub(super) fn asset(listed: &Listed) -> Asset {
    Asset {
        token: listed.token,
        symbol: listed.symbol.to_owned(),
        decimals: listed.decimals,
        a_token: receipt(listed, 1),
        debt_token: receipt(listed, 2),
        // Wrapped ether has no permit.
        token_permit: (listed.token != WETH).then(|| permit(listed.token)),
        a_token_permit: Some(permit(receipt(listed, 1))),
        debt_token_permit: Some(permit(receipt(listed, 2))),
    }
}

fn permit(token: Address) -> PermitDomain {
    PermitDomain { name: "token".to_owned(), version: "1".to_owned(), chain_id: 8_453, token, asks_code: false }
}

/// An address for a receipt token: the asset's with another first byte.
fn receipt(listed: &Listed, kind: u8) -> Address {
    let mut bytes = listed.token.into_array();
    bytes[0] = bytes[0].wrapping_add(kind.wrapping_mul(64));
    Address::from(bytes)
}

/// Every asset against dollars and against ether, in one fee tier.
pub(super) fn pool_keys(listed: &[&Listed]) -> Vec<(PoolKey, Address)> {
    let mut keys = BTreeSet::new();
    for asset in listed {
        for hub in listed.iter().filter(|hub| [WETH, USDC].contains(&hub.token) && hub.token != asset.token) {
            let is_tight = asset.is_volatile() == hub.is_volatile() && !matches!(asset.follows, Follows::Market(_));
            keys.extend(PoolKey::new(asset.token, hub.token, if is_tight { 100 } else { 500 }).ok());
        }
    }
    keys.into_iter().map(|key| (key, key.address(&Deployment::BASE))).collect()
}
