//! Where things are on Base, besides what `market.json` lists (base-replica.md §1; the real values).

use alloy::primitives::{Address, address};

/// Multicall3.
pub(crate) const MULTICALL3: Address = crate::chain::multicall3::ADDRESS;
/// WETH9 predeploy.
pub(crate) const WETH: Address = address!("4200000000000000000000000000000000000006");
/// GasPriceOracle predeploy.
pub(crate) const GAS_PRICE_ORACLE: Address = address!("420000000000000000000000000000000000000F");

/// Aave's PoolAddressesProvider.
pub(crate) const PROVIDER: Address = address!("e20fCBdBfFC4Dd138cE8b2E6FBb6CB49777ad64D");
/// Aave's Pool: CREATE(provider, nonce 1).
pub(crate) const POOL: Address = address!("A238Dd80C259a72e81d7e4664a9801593F98d1c5");
/// Aave's PoolConfigurator: CREATE(provider, nonce 2).
pub(crate) const CONFIGURATOR: Address = address!("5731a04B1E775f0fdd454Bf70f3335886e9A96be");
/// Aave's RewardsController: CREATE(provider, nonce 3).
pub(crate) const REWARDS: Address = address!("f9cc4F0D883F1a1eb2c253bdb46c254Ca51E1F44");
/// Pool implementation of v3.6.
pub(crate) const POOL_IMPL: Address = address!("Db578D67A83E94DE73c9e0C14280f804F6C1c3e4");
/// PoolConfigurator implementation of v3.6.
pub(crate) const CONFIGURATOR_IMPL: Address = address!("6fDdde45f777a4E461B0721a578B169b44579623");
/// RewardsController implementation; the real address is not known, no client asks for it.
pub(crate) const REWARDS_IMPL: Address = address!("00000000000000000000000000000000c0ff1602");
/// EmissionManager.
pub(crate) const EMISSION_MANAGER: Address = address!("6533A273F3aC84Df91DCD654D6EBAbA73687e246");
/// AaveOracle.
pub(crate) const AAVE_ORACLE: Address = address!("2Cc0Fc26eD4563A5ce5e8bdcfe1A2878676Ae156");
/// ACLManager.
pub(crate) const ACL_MANAGER: Address = address!("43955b0899Ab7232E3a454cf84AedD22Ad46FD33");
/// AaveProtocolDataProvider.
pub(crate) const DATA_PROVIDER: Address = address!("0F43731EB8d45A581f4a36DD74F5f358bc90C73A");
/// UiPoolDataProviderV3.
pub(crate) const UI_POOL_DATA_PROVIDER: Address = address!("0C6BC4a12039788be08F87e87Cff87FEDbd1D386");
/// UiIncentiveDataProviderV3.
pub(crate) const UI_INCENTIVE_DATA_PROVIDER: Address = address!("91E04cf78e53aEBe609e8a7f2003e7EECD743F2B");
/// WalletBalanceProvider.
pub(crate) const WALLET_BALANCE_PROVIDER: Address = address!("5779b29B0a34577d927E8D511B595ef9abbFAE82");
/// WrappedTokenGatewayV3.
pub(crate) const WETH_GATEWAY: Address = address!("a0d9C1E9E48Ca30c8d8C3B5D69FF5dc1f6DFfC24");
/// L2Encoder.
pub(crate) const L2_ENCODER: Address = address!("39e97c588B2907Fb67F44fea256Ae3BA064207C5");
/// DefaultReserveInterestRateStrategyV2, shared by all reserves.
pub(crate) const RATE_STRATEGY: Address = address!("86AB1C62A8bf868E1b3E1ab87d587Aba6fbCbDC5");
/// ATokenInstance.
pub(crate) const A_TOKEN_IMPL: Address = address!("273E4B97C3f5280AFf4949Aa19a27fF54968458D");
/// VariableDebtTokenInstance.
pub(crate) const V_TOKEN_IMPL: Address = address!("7354Dc700A1A2ab9622f2292B60Ca1ceD5B204D0");
/// Governance's executor: owner of the provider, ACL admin, pool admin.
pub(crate) const EXECUTOR: Address = address!("9390B1735def18560c509E2d0bc090E9d6BA257a");
/// Emergency admin.
pub(crate) const EMERGENCY_ADMIN: Address = address!("56C1a4b54921DEA9A344967a8693C7E661D72968");
/// Risk steward.
pub(crate) const RISK_STEWARD: Address = address!("494bcfd3937aBdebEF3D2c2eae1CE8A2Fb629032");
/// Treasury (collector); codeless in the replica.
pub(crate) const TREASURY: Address = address!("BA9424d650A4F5c80a0dA641254d1AcCE2A37057");
/// Libraries that the pool and the configurator are linked with. The configurator's is not known: no client asks for it.
pub(crate) const LIBRARIES: [(&str, Address); 6] = [
    ("BorrowLogic", address!("52Da0ce88202D1542543598D1e1e27F0d344726A")),
    ("LiquidationLogic", address!("96D5686812e33Ab509ECCDb38C89d15607B2a413")),
    ("PoolLogic", address!("D70593841C57cbaA04957cc3EAcE95708e48853b")),
    ("SupplyLogic", address!("584C7d8c4cb05304FE5Ac7fbc97f20A10Fb07564")),
    ("ConfiguratorLogic", address!("00000000000000000000000000000000c0ff1601")),
    ("FlashLoanLogic", address!("6D414cd0d5eAf8C43200ac0c325A7E2Ad83B8be6")),
];

/// UniswapV3Factory.
pub(crate) const UNISWAP_FACTORY: Address = address!("33128a8fC17869897dcE68Ed026d694621f6FDfD");
/// Uniswap v2 factory, which the router only remembers; codeless in the replica.
pub(crate) const UNISWAP_V2_FACTORY: Address = address!("8909Dc15e40173Ff4699343b6eB8132c65e18eC6");
/// SwapRouter02.
pub(crate) const SWAP_ROUTER: Address = address!("2626664c2603336E57B271c5C0b26F421741e481");
/// QuoterV2.
pub(crate) const QUOTER: Address = address!("3d4e44Eb1374240CE5F1B871ab261CD16335B76a");
/// NonfungiblePositionManager.
pub(crate) const POSITION_MANAGER: Address = address!("03a520b32C04BF3bEEf7BEb72E919cf822Ed34f1");
/// TickLens.
pub(crate) const TICK_LENS: Address = address!("0CdeE061c75D43c82520eD998C23ac2991c9ac6d");

/// Morpho Blue.
pub(crate) const MORPHO: Address = address!("BBBBBbbBBb9cC5e90e3b3Af64bdAF62C37EEFFCb");

/// 1delta composer: the proxy that users call (onedelta-composer.md §1).
pub(crate) const COMPOSER: Address = address!("B7ea94340e65CC68d1274aE483dfBE593fD6f21e");
/// 1delta composer: the logic behind the proxy.
pub(crate) const COMPOSER_LOGIC: Address = address!("176eEfc681A25660B5415E308d08df917ACb9e71");
/// 1delta composer: admin of the proxy.
pub(crate) const COMPOSER_ADMIN: Address = address!("983B147a98bEAD1d4986B4c4c74c1984d0811Eb5");
/// 1delta call forwarder.
pub(crate) const CALL_FORWARDER: Address = address!("fCa11b85ac641f1ba215259566d579A45519e506");

/// Avantis: where traders place orders (avantis-v1.md §2, as are all of these).
pub(crate) const AVANTIS_TRADING: Address = address!("44914408af82bC9983bbb330e3578E1105e11d4e");
/// Avantis: positions and orders; spends the trader's USDC.
pub(crate) const AVANTIS_STORAGE: Address = address!("8a311D7048c35985aa31C131B9A13e03a5f7422d");
/// Avantis: parameters of pairs, and the counter of order ids.
pub(crate) const AVANTIS_PAIR_STORAGE: Address = address!("5db3772136e5557EFE028Db05EE95C84D76faEC4");
/// Avantis: price impact, rollover, liquidation prices.
pub(crate) const AVANTIS_PAIR_INFOS: Address = address!("81F22d0Cc22977c91bEfE648C9fddf1f2bd977e5");
/// Avantis: takes prices in.
pub(crate) const AVANTIS_PRICE_AGGREGATOR: Address = address!("64e2625621970F8cfA17B294670d61CB883dA511");
/// Avantis: discounts.
pub(crate) const AVANTIS_REFERRAL: Address = address!("1A110bBA13A1f16cCa4b79758BD39290f29De82D");
/// Avantis: fills, closes, liquidations.
pub(crate) const AVANTIS_CALLBACKS: Address = address!("0C16ff40065Cc3Ab4bc55B60E447504AFB9C7970");
/// Avantis: rewards of keepers, types of open limit orders.
pub(crate) const AVANTIS_EXECUTE: Address = address!("dbDd7B8a8747904f53eb7AEF655a6FF81e2c306a");
/// Avantis: pays and receives USDC.
pub(crate) const AVANTIS_VAULT_MANAGER: Address = address!("e9fB8C70aF1b99F2Baaa07Aa926FCf3d237348DD");
/// Avantis: the liquidity that loses first.
pub(crate) const AVANTIS_JUNIOR: Address = address!("944766f715b51967E56aFdE5f0Aa76cEaCc9E7f9");
/// Avantis: the liquidity that loses last.
pub(crate) const AVANTIS_SENIOR: Address = address!("83084cB182162473d6FEFfCd3Aa48BA55a7B66F7");
/// Avantis: locks of junior liquidity.
pub(crate) const AVANTIS_JUNIOR_VE: Address = address!("7BF094c44B3cFF8C95e06a76557443F5408efB05");
/// Avantis: locks of senior liquidity.
pub(crate) const AVANTIS_SENIOR_VE: Address = address!("6914110eFe4E61cFa0F28dE5f6606bAa33D21693");
/// Avantis: admin of its proxies.
pub(crate) const AVANTIS_PROXY_ADMIN: Address = address!("2D898e46a20eBFc1424d4BBF69bacD92dc1ae8bb");
/// Pyth.
pub(crate) const AVANTIS_PYTH: Address = address!("8250f4aF4B972684F7b336503E2D6dFeDeB1487a");
/// Avantis: views for clients, where its SDK of 0.8.10 and that of 0.8.17 look for them.
pub(crate) const AVANTIS_MULTICALLS: [Address; 2] =
    [address!("7A829c5C97A2Bf8BeFB4b01d96A282E4763848d8"), address!("A7cFc43872F4D7B0E6141ee8c36f1F7FEe5d099e")];
