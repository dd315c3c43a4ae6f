//! Stage: the perpetuals venue, Avantis v1.5, deployed and wired (avantis-v1.md §8). Pairs follow in their own stage.

use alloy::{
    primitives::{Address, Bytes, U256, hex, keccak256},
    sol_types::{SolCall, SolValue},
};

use super::{
    Deployer,
    addresses::{
        AVANTIS_CALLBACKS, AVANTIS_EXECUTE, AVANTIS_JUNIOR, AVANTIS_JUNIOR_VE, AVANTIS_MULTICALLS, AVANTIS_PAIR_INFOS,
        AVANTIS_PAIR_STORAGE, AVANTIS_PRICE_AGGREGATOR, AVANTIS_PROXY_ADMIN, AVANTIS_PYTH, AVANTIS_REFERRAL,
        AVANTIS_SENIOR, AVANTIS_SENIOR_VE, AVANTIS_STORAGE, AVANTIS_TRADING, AVANTIS_VAULT_MANAGER,
    },
};
use crate::localchain::{
    LocalChainError, Role,
    venue_abi::{
        IInitialize0, IInitialize1, IInitialize2, IInitialize3, IPairInfos, IPairStorage, IPriceAggregator, IReferral,
        ITrading, ITradingStorage, ITranche, IVaultManager,
    },
};

/// The published aggregator was compiled with its Pyth branch off (`… && false`); one byte turns it on
/// (avantis-v1.md §1, row 5).
const PYTH_OFF: [u8; 11] = hex!("8015611cc5575060005b15");
/// The same with `… && true`.
const PYTH_ON: [u8; 11] = hex!("8015611cc5575060015b15");
/// What liquidity providers have in the vault, whole USDC: senior first.
const SENIOR_USDC: &str = "1750000";
const JUNIOR_USDC: &str = "3250000";

/// Proxies and the contract behind each.
const PROXIES: [(&str, Address); 13] = [
    ("TradingStorage", AVANTIS_STORAGE),
    ("PairStorage", AVANTIS_PAIR_STORAGE),
    ("PairInfos", AVANTIS_PAIR_INFOS),
    ("Trading", AVANTIS_TRADING),
    ("Execute", AVANTIS_EXECUTE),
    ("TradingCallbacks", AVANTIS_CALLBACKS),
    ("PriceAggregator", AVANTIS_PRICE_AGGREGATOR),
    ("VaultManager", AVANTIS_VAULT_MANAGER),
    ("Tranche", AVANTIS_JUNIOR),
    ("Tranche", AVANTIS_SENIOR),
    ("VeTranche", AVANTIS_JUNIOR_VE),
    ("VeTranche", AVANTIS_SENIOR_VE),
    ("Referral", AVANTIS_REFERRAL),
];

pub(super) async fn stage(site: &Deployer<'_>) -> Result<(), LocalChainError> {
    site.place("ReplicaPyth", AVANTIS_PYTH, &[]).await?;
    site.place("AvantisProxyAdmin", AVANTIS_PROXY_ADMIN, &[]).await?;
    for (name, proxy) in PROXIES {
        let code = implementation(site, name).await?;
        let arguments = (code, AVANTIS_PROXY_ADMIN, Bytes::new()).abi_encode_params();
        site.place("AvantisTransparentUpgradeableProxy", proxy, &arguments).await?;
    }
    initialize(site).await?;
    wire(site).await?;
    let views = (AVANTIS_STORAGE, AVANTIS_PAIR_INFOS, AVANTIS_PAIR_STORAGE, AVANTIS_TRADING).abi_encode_params();
    for multicall in AVANTIS_MULTICALLS {
        site.place("AvantisMulticall", multicall, &views).await?;
    }
    Ok(())
}

/// The vault's liquidity. After the pairs, as in the team's own order.
pub(super) async fn fund(site: &Deployer<'_>) -> Result<(), LocalChainError> {
    let whale = Role::Whale.address();
    for (tranche, tokens) in [(AVANTIS_SENIOR, SENIOR_USDC), (AVANTIS_JUNIOR, JUNIOR_USDC)] {
        let assets = site.give_for(tranche, "USDC", whale, tokens).await?;
        site.act(whale, tranche, &ITranche::depositCall { assets, receiver: whale }).await?;
    }
    Ok(())
}

/// Calls a contract as the venue's governance.
pub(super) async fn govern<C: SolCall>(site: &Deployer<'_>, to: Address, call: &C) -> Result<(), LocalChainError> {
    site.act(Role::VenueGovernor.address(), to, call).await
}

/// Puts the code behind a proxy in place, once, and its shim before it where it has one. The addresses on Base are not
/// known and no client asks for them.
async fn implementation(site: &Deployer<'_>, name: &str) -> Result<Address, LocalChainError> {
    let kit_name = format!("Avantis{name}");
    let genuine = own_address(&kit_name);
    if site.node.code(genuine).await?.is_empty() {
        let code = site.kit.creation_code(&kit_name, &[], &[])?;
        let code = if name == "PriceAggregator" { with_pyth(&code)? } else { code };
        site.node.place(Role::Deployer.address(), genuine, &code).await?;
    }
    let arguments = match name {
        "PairStorage" | "TradingStorage" => genuine.abi_encode(),
        "VaultManager" => (genuine, AVANTIS_CALLBACKS).abi_encode_params(),
        _ => return Ok(genuine),
    };
    let shim_name = format!("{kit_name}Shim");
    let shim = own_address(&shim_name);
    site.place(&shim_name, shim, &arguments).await?;
    Ok(shim)
}

fn own_address(name: &str) -> Address {
    Address::from_word(keccak256(format!("trimtab replica implementation {name}")))
}

fn with_pyth(code: &Bytes) -> Result<Bytes, LocalChainError> {
    let mut places = code.windows(PYTH_OFF.len()).enumerate().filter(|(_, window)| *window == PYTH_OFF);
    let (Some((at, _)), None) = (places.next(), places.next()) else {
        return Err(LocalChainError::Mismatch {
            what: "AvantisPriceAggregator".to_owned(),
            wanted: "one switched-off Pyth branch".to_owned(),
            found: "none or several".to_owned(),
        });
    };
    let mut patched = code.to_vec();
    if let Some(part) = patched.get_mut(at..at + PYTH_ON.len()) {
        part.copy_from_slice(&PYTH_ON);
    }
    Ok(patched.into())
}

async fn initialize(site: &Deployer<'_>) -> Result<(), LocalChainError> {
    let gov = Role::VenueGovernor.address();
    let usdc = site.market.reserve("USDC")?.token;
    govern(site, AVANTIS_STORAGE, &IInitialize0::initializeCall {}).await?;
    let start = IPairStorage::initializeCall { tradingStorage: AVANTIS_STORAGE, firstOrderId: U256::from(1) };
    govern(site, AVANTIS_PAIR_STORAGE, &start).await?;
    let pairs = [
        (AVANTIS_PAIR_INFOS, AVANTIS_STORAGE, AVANTIS_PAIR_STORAGE),
        (AVANTIS_TRADING, AVANTIS_STORAGE, AVANTIS_PAIR_INFOS),
        (AVANTIS_CALLBACKS, AVANTIS_STORAGE, AVANTIS_PAIR_INFOS),
        (AVANTIS_VAULT_MANAGER, gov, AVANTIS_STORAGE),
        (AVANTIS_JUNIOR_VE, AVANTIS_JUNIOR, AVANTIS_VAULT_MANAGER),
        (AVANTIS_SENIOR_VE, AVANTIS_SENIOR, AVANTIS_VAULT_MANAGER),
    ];
    for (contract, first, second) in pairs {
        govern(site, contract, &IInitialize2::initializeCall { first, second }).await?;
    }
    for (contract, first) in [(AVANTIS_EXECUTE, AVANTIS_STORAGE), (AVANTIS_REFERRAL, gov)] {
        govern(site, contract, &IInitialize1::initializeCall { first }).await?;
    }
    let (first, second, third) = (AVANTIS_STORAGE, AVANTIS_PAIR_STORAGE, AVANTIS_EXECUTE);
    govern(site, AVANTIS_PRICE_AGGREGATOR, &IInitialize3::initializeCall { first, second, third }).await?;
    for (tranche, name, symbol) in [(AVANTIS_JUNIOR, "JUNIOR", "j"), (AVANTIS_SENIOR, "SENIOR", "s")] {
        let start = ITranche::initializeCall {
            asset: usdc,
            vaultManager: AVANTIS_VAULT_MANAGER,
            name: name.to_owned(),
            symbol: symbol.to_owned(),
        };
        govern(site, tranche, &start).await?;
    }
    Ok(())
}

async fn wire(site: &Deployer<'_>) -> Result<(), LocalChainError> {
    use {ITradingStorage as Storage, IVaultManager as Vault};
    let (gov, keeper) = (Role::VenueGovernor.address(), Role::VenueKeeper.address());
    let store = AVANTIS_STORAGE;
    let token = site.market.reserve("USDC")?.token;
    govern(site, store, &Storage::setPriceAggregatorCall { aggregator: AVANTIS_PRICE_AGGREGATOR }).await?;
    govern(site, store, &Storage::setVaultManagerCall { manager: AVANTIS_VAULT_MANAGER }).await?;
    govern(site, store, &Storage::setTradingCall { newTrading: AVANTIS_TRADING }).await?;
    govern(site, store, &Storage::setCallbacksCall { newCallbacks: AVANTIS_CALLBACKS }).await?;
    govern(site, store, &Storage::setUSDCCall { token }).await?;
    govern(site, store, &Storage::setReferralCall { referral: AVANTIS_REFERRAL }).await?;
    for trading in [AVANTIS_TRADING, AVANTIS_CALLBACKS, AVANTIS_VAULT_MANAGER, AVANTIS_STORAGE, AVANTIS_EXECUTE] {
        govern(site, store, &Storage::addTradingContractCall { newTrading: trading }).await?;
    }
    govern(site, store, &Storage::setDevCall { dev: Role::VenueDeveloper.address() }).await?;
    govern(site, store, &Storage::setGovTreasuryCall { treasury: Role::VenueTreasury.address() }).await?;
    let price = IPriceAggregator::setPythCall { newPyth: AVANTIS_PYTH };
    govern(site, AVANTIS_PRICE_AGGREGATOR, &price).await?;
    govern(site, AVANTIS_PAIR_INFOS, &IPairInfos::setManagerCall { manager: gov }).await?;
    govern(site, AVANTIS_PAIR_INFOS, &IPairInfos::setKeeperCall { keeper }).await?;
    let operator = ITrading::updateOperatorCall { operator: keeper, on: true };
    govern(site, AVANTIS_TRADING, &operator).await?;
    govern(site, AVANTIS_TRADING, &ITrading::setMarketExecFeeRecieverCall { receiver: keeper }).await?;
    govern(site, AVANTIS_VAULT_MANAGER, &Vault::setKeeperCall { keeper }).await?;
    govern(site, AVANTIS_VAULT_MANAGER, &Vault::setJuniorTrancheCall { tranche: AVANTIS_JUNIOR }).await?;
    govern(site, AVANTIS_VAULT_MANAGER, &Vault::setSeniorTrancheCall { tranche: AVANTIS_SENIOR }).await?;
    for trading in [AVANTIS_CALLBACKS, AVANTIS_STORAGE, AVANTIS_TRADING, AVANTIS_JUNIOR, AVANTIS_SENIOR] {
        govern(site, AVANTIS_VAULT_MANAGER, &Vault::addTradingContractCall { trading }).await?;
    }
    for (tranche, locks) in [(AVANTIS_JUNIOR, AVANTIS_JUNIOR_VE), (AVANTIS_SENIOR, AVANTIS_SENIOR_VE)] {
        govern(site, tranche, &ITranche::setVeTrancheCall { veTranche: locks }).await?;
    }
    let handler = IReferral::setHandlerCall { handler: AVANTIS_STORAGE, on: true };
    govern(site, AVANTIS_REFERRAL, &handler).await
}
