//! Stage: Aave's reserves and e-modes.
//!
//! The configurator's own listing is not used: on Base a stable debt token sat between the two tokens of ids 0 to 6, so
//! its creation order cannot give their addresses (base-replica.md §3.7). The token proxies are placed, and the steps
//! of the listing sent as the configurator.

use alloy::{
    primitives::{Bytes, U256},
    sol_types::{SolCall, SolValue},
};

use super::{
    Deployer,
    addresses::{A_TOKEN_IMPL, CONFIGURATOR, POOL, RATE_STRATEGY, V_TOKEN_IMPL},
};
use crate::localchain::{
    LocalChainError,
    abi::{IInitializableProxy, IInitializableToken, IPool, IPoolConfigurator, IRateStrategy},
    market::{EMode, Reserve},
};

/// Bits of a reserve's configuration word: decimals, active, and the bit of deprecated virtual accounting.
const DECIMALS_BIT: usize = 48;
const ACTIVE_BIT: usize = 56;
const VIRTUAL_ACCOUNTING_BIT: usize = 252;
/// The configurator's nonce after all listings, beyond any it used for a reserve.
const CONFIGURATOR_NONCE: u64 = 40;

pub(super) async fn stage(site: &Deployer<'_>) -> Result<(), LocalChainError> {
    for reserve in &site.market.reserves {
        tokens(site, reserve).await?;
        list(site, reserve).await?;
        configure(site, reserve).await?;
    }
    for emode in &site.market.emodes {
        category(site, emode).await?;
    }
    site.node.set_nonce(CONFIGURATOR, CONFIGURATOR_NONCE).await
}

/// Freezes what governance froze. Last of all, because nothing can be supplied afterwards; it also zeroes base LTVs.
pub(super) async fn freeze(site: &Deployer<'_>) -> Result<(), LocalChainError> {
    for reserve in site.market.reserves.iter().filter(|reserve| reserve.frozen) {
        site.govern(CONFIGURATOR, &IPoolConfigurator::setReserveFreezeCall { asset: reserve.token, on: true }).await?;
    }
    Ok(())
}

/// Both tokens of a reserve. Their EIP-712 domains are fixed in `initialize`, so the proxies are in place before it.
async fn tokens(site: &Deployer<'_>, reserve: &Reserve) -> Result<(), LocalChainError> {
    let symbol = &reserve.symbol;
    let tokens = [
        (reserve.a_token, A_TOKEN_IMPL, format!("Aave Base {symbol}"), format!("aBas{symbol}")),
        (
            reserve.v_token,
            V_TOKEN_IMPL,
            format!("Aave Base Variable Debt {symbol}"),
            format!("variableDebtBas{symbol}"),
        ),
    ];
    for (at, implementation, name, symbol) in tokens {
        site.place("InitializableImmutableAdminUpgradeabilityProxy", at, &CONFIGURATOR.abi_encode()).await?;
        let initialize = IInitializableToken::initializeCall {
            pool: POOL,
            underlying: reserve.token,
            decimals: reserve.decimals,
            name,
            symbol,
            params: Bytes::new(),
        };
        let data = initialize.abi_encode().into();
        site.act(CONFIGURATOR, at, &IInitializableProxy::initializeCall { implementation, data }).await?;
    }
    Ok(())
}

/// What the configurator does when it lists a reserve.
async fn list(site: &Deployer<'_>, reserve: &Reserve) -> Result<(), LocalChainError> {
    let asset = reserve.token;
    let init = IPool::initReserveCall { asset, aToken: reserve.a_token, variableDebtToken: reserve.v_token };
    site.act(CONFIGURATOR, POOL, &init).await?;
    let data = (U256::from(reserve.decimals) << DECIMALS_BIT)
        | (U256::from(1) << ACTIVE_BIT)
        | (U256::from(1) << VIRTUAL_ACCOUNTING_BIT);
    let configuration = IPool::Configuration { data };
    site.act(CONFIGURATOR, POOL, &IPool::setConfigurationCall { asset, configuration }).await?;
    let rates = reserve.rates;
    let words = [u32::from(rates.optimal_usage), rates.base, rates.slope1, rates.slope2].map(U256::from);
    let params = words.abi_encode().into();
    site.act(CONFIGURATOR, RATE_STRATEGY, &IRateStrategy::setInterestRateParamsCall { asset, params }).await
}

async fn configure(site: &Deployer<'_>, reserve: &Reserve) -> Result<(), LocalChainError> {
    let asset = reserve.token;
    if reserve.liquidation_threshold > 0 {
        let collateral = IPoolConfigurator::configureReserveAsCollateralCall {
            asset,
            ltv: U256::from(reserve.ltv),
            threshold: U256::from(reserve.liquidation_threshold),
            bonus: U256::from(reserve.liquidation_bonus),
        };
        site.govern(CONFIGURATOR, &collateral).await?;
    }
    if reserve.borrowable {
        site.govern(CONFIGURATOR, &IPoolConfigurator::setReserveBorrowingCall { asset, on: true }).await?;
    }
    let factor = U256::from(reserve.reserve_factor);
    site.govern(CONFIGURATOR, &IPoolConfigurator::setReserveFactorCall { asset, factor }).await?;
    if reserve.liquidation_fee > 0 {
        let fee = U256::from(reserve.liquidation_fee);
        site.govern(CONFIGURATOR, &IPoolConfigurator::setLiquidationProtocolFeeCall { asset, fee }).await?;
    }
    let cap = U256::from(reserve.supply_cap);
    site.govern(CONFIGURATOR, &IPoolConfigurator::setSupplyCapCall { asset, cap }).await?;
    let cap = U256::from(reserve.borrow_cap);
    site.govern(CONFIGURATOR, &IPoolConfigurator::setBorrowCapCall { asset, cap }).await?;
    site.govern(CONFIGURATOR, &IPoolConfigurator::setReserveFlashLoaningCall { asset, on: true }).await
}

async fn category(site: &Deployer<'_>, emode: &EMode) -> Result<(), LocalChainError> {
    let id = emode.id;
    let set = IPoolConfigurator::setEModeCategoryCall {
        id,
        ltv: emode.ltv,
        threshold: emode.liquidation_threshold,
        bonus: emode.liquidation_bonus,
        label: emode.label.clone(),
    };
    site.govern(CONFIGURATOR, &set).await?;
    for symbol in &emode.collateral {
        let asset = site.market.reserve(symbol)?.token;
        site.govern(CONFIGURATOR, &IPoolConfigurator::setAssetCollateralInEModeCall { asset, id, on: true }).await?;
    }
    for symbol in &emode.borrowable {
        let asset = site.market.reserve(symbol)?.token;
        site.govern(CONFIGURATOR, &IPoolConfigurator::setAssetBorrowableInEModeCall { asset, id, on: true }).await?;
    }
    Ok(())
}
