//! Stage: Aave v3.6 up to the token implementations; its reserves follow in their own stage.

use alloy::{
    primitives::{Address, U256, keccak256},
    sol_types::SolValue,
};

use super::{
    Deployer,
    addresses::{
        A_TOKEN_IMPL, AAVE_ORACLE, ACL_MANAGER, CONFIGURATOR, CONFIGURATOR_IMPL, DATA_PROVIDER, EMERGENCY_ADMIN,
        EMISSION_MANAGER, EXECUTOR, L2_ENCODER, LIBRARIES, POOL, POOL_IMPL, PROVIDER, RATE_STRATEGY, REWARDS,
        REWARDS_IMPL, RISK_STEWARD, TREASURY, UI_INCENTIVE_DATA_PROVIDER, UI_POOL_DATA_PROVIDER, V_TOKEN_IMPL,
        WALLET_BALANCE_PROVIDER, WETH, WETH_GATEWAY,
    },
};
use crate::localchain::{
    LocalChainError,
    abi::{IACLManager, IEmissionManager, IPoolAddressesProvider, IPoolConfigurator},
};

/// Unit of the oracle's dollar prices.
const BASE_CURRENCY_UNIT: u64 = 100_000_000;
/// Flash loan premium in basis points (base-replica.md §2).
const FLASH_PREMIUM: u128 = 5;
/// The provider's name for the rewards controller.
const REWARDS_ID: &str = "INCENTIVES_CONTROLLER";

pub(super) async fn stage(site: &Deployer<'_>) -> Result<(), LocalChainError> {
    site.place("PoolAddressesProvider", PROVIDER, &("Aave Base Market".to_owned(), EXECUTOR).abi_encode_params())
        .await?;
    for (library, at) in LIBRARIES {
        site.place(library, at, &[]).await?;
    }
    site.place("DefaultReserveInterestRateStrategyV2", RATE_STRATEGY, &PROVIDER.abi_encode()).await?;
    oracle(site).await?;
    proxies(site).await?;
    roles(site).await?;
    site.place("AaveProtocolDataProvider", DATA_PROVIDER, &PROVIDER.abi_encode()).await?;
    // The configurator's collateral checks ask the data provider.
    site.govern(PROVIDER, &IPoolAddressesProvider::setPoolDataProviderCall { provider: DATA_PROVIDER }).await?;
    site.place("ATokenInstance", A_TOKEN_IMPL, &(POOL, REWARDS, TREASURY).abi_encode_params()).await?;
    site.place("VariableDebtTokenInstance", V_TOKEN_IMPL, &(POOL, REWARDS).abi_encode_params()).await?;
    site.govern(CONFIGURATOR, &IPoolConfigurator::updateFlashloanPremiumCall { premium: FLASH_PREMIUM }).await?;
    readers(site).await
}

async fn oracle(site: &Deployer<'_>) -> Result<(), LocalChainError> {
    let tokens: Vec<Address> = site.market.reserves.iter().map(|reserve| reserve.token).collect();
    let feeds: Vec<Address> = site.market.reserves.iter().map(|reserve| reserve.feed).collect();
    let unit = U256::from(BASE_CURRENCY_UNIT);
    let arguments = (PROVIDER, tokens, feeds, Address::ZERO, Address::ZERO, unit).abi_encode_params();
    site.place("AaveOracle", AAVE_ORACLE, &arguments).await?;
    site.govern(PROVIDER, &IPoolAddressesProvider::setPriceOracleCall { oracle: AAVE_ORACLE }).await
}

/// Lets the provider create its three proxies with the nonces it had on Base, so that they land where they are there.
async fn proxies(site: &Deployer<'_>) -> Result<(), LocalChainError> {
    site.place("L2PoolInstance", POOL_IMPL, &(PROVIDER, RATE_STRATEGY).abi_encode_params()).await?;
    site.place("PoolConfiguratorInstance", CONFIGURATOR_IMPL, &[]).await?;
    site.place("EmissionManager", EMISSION_MANAGER, &EXECUTOR.abi_encode()).await?;
    site.place("RewardsController", REWARDS_IMPL, &EMISSION_MANAGER.abi_encode()).await?;
    site.node.set_nonce(PROVIDER, 1).await?;
    site.govern(PROVIDER, &IPoolAddressesProvider::setPoolImplCall { implementation: POOL_IMPL }).await?;
    let configurator = IPoolAddressesProvider::setPoolConfiguratorImplCall { implementation: CONFIGURATOR_IMPL };
    site.govern(PROVIDER, &configurator).await?;
    let id = keccak256(REWARDS_ID);
    site.govern(PROVIDER, &IPoolAddressesProvider::setAddressAsProxyCall { id, implementation: REWARDS_IMPL }).await?;
    site.govern(EMISSION_MANAGER, &IEmissionManager::setRewardsControllerCall { controller: REWARDS }).await?;
    let found = [
        ("Pool", POOL, site.node.ask(PROVIDER, &IPoolAddressesProvider::getPoolCall {}).await?),
        (
            "PoolConfigurator",
            CONFIGURATOR,
            site.node.ask(PROVIDER, &IPoolAddressesProvider::getPoolConfiguratorCall {}).await?,
        ),
        ("RewardsController", REWARDS, site.node.ask(PROVIDER, &IPoolAddressesProvider::getAddressCall { id }).await?),
    ];
    for (what, wanted, found) in found {
        if wanted != found {
            return Err(LocalChainError::Mismatch {
                what: format!("address of the {what}"),
                wanted: wanted.to_string(),
                found: found.to_string(),
            });
        }
    }
    Ok(())
}

/// The ACL admin must be set before ACLManager's constructor asks for it.
async fn roles(site: &Deployer<'_>) -> Result<(), LocalChainError> {
    site.govern(PROVIDER, &IPoolAddressesProvider::setACLAdminCall { admin: EXECUTOR }).await?;
    site.place("ACLManager", ACL_MANAGER, &PROVIDER.abi_encode()).await?;
    site.govern(PROVIDER, &IPoolAddressesProvider::setACLManagerCall { manager: ACL_MANAGER }).await?;
    site.govern(ACL_MANAGER, &IACLManager::addPoolAdminCall { admin: EXECUTOR }).await?;
    site.govern(ACL_MANAGER, &IACLManager::addEmergencyAdminCall { admin: EMERGENCY_ADMIN }).await?;
    site.govern(ACL_MANAGER, &IACLManager::addRiskAdminCall { admin: RISK_STEWARD }).await
}

async fn readers(site: &Deployer<'_>) -> Result<(), LocalChainError> {
    let ether_feed = site.market.reserve("WETH")?.feed;
    site.place("UiPoolDataProviderV3", UI_POOL_DATA_PROVIDER, &(ether_feed, ether_feed).abi_encode_params()).await?;
    site.place("UiIncentiveDataProviderV3", UI_INCENTIVE_DATA_PROVIDER, &[]).await?;
    site.place("WalletBalanceProvider", WALLET_BALANCE_PROVIDER, &[]).await?;
    site.place("WrappedTokenGatewayV3", WETH_GATEWAY, &(WETH, EXECUTOR, POOL).abi_encode_params()).await?;
    site.place("L2Encoder", L2_ENCODER, &POOL.abi_encode()).await
}
