//! The offline replica of Base: what a user and every other test may rely on.

use crate::common::{Replica, account, kit, own_cache};
use alloy::{
    primitives::{Address, B256, Bytes, I256, U160, U256, address, aliases::U24, b256, keccak256},
    sol,
    sol_types::{SolCall, SolValue},
};
use indicatif::ProgressBar;
use serde_json::{Value, json};
use trimtab::{
    localchain::{
        Anvil, ComposerSource, Controls, FeedAge, ForkOptions, LocalChainError, LocalKind, Mining, PerpsVersion,
        PriceChange, PriceScope, ReplicaState, Role, rebuild_account_hash, start_replica, status, stop,
    },
    units::Secs,
};
use wiremock::{Mock, MockServer, ResponseTemplate, matchers};

sol! {
    interface Pool {
        function getReservesList() external view returns (address[] memory);
        function supply(address asset, uint256 amount, address onBehalfOf, uint16 referral) external;
        function borrow(address asset, uint256 amount, uint256 mode, uint16 referral, address onBehalfOf) external;
        function liquidationCall(address collateral, address debt, address user, uint256 amount, bool aToken) external;
        function getUserAccountData(address user) external view returns (
            uint256 collateral, uint256 debt, uint256 available, uint256 threshold, uint256 ltv, uint256 healthFactor
        );
        function getReserveNormalizedVariableDebt(address asset) external view returns (uint256);
        function FLASHLOAN_PREMIUM_TOTAL() external view returns (uint128);
        function POOL_REVISION() external view returns (uint256);
    }
    interface UiPoolDataProvider {
        struct EMode { uint16 ltv; uint16 threshold; uint16 bonus; uint128 collaterals; string label; uint128 borrowables; uint128 ltvZero; }
        struct EModeCategory { uint8 id; EMode emode; }
        function getReservesList(address provider) external view returns (address[] memory);
        function getEModes(address provider) external view returns (EModeCategory[] memory);
    }
    interface DataProvider {
        struct TokenData { string symbol; address tokenAddress; }
        function getAllReservesTokens() external view returns (TokenData[] memory);
        function getReserveTokensAddresses(address asset) external view returns (address, address, address);
        function getATokenTotalSupply(address asset) external view returns (uint256);
        function getTotalDebt(address asset) external view returns (uint256);
    }
    interface SwapRouter {
        struct Params {
            address tokenIn; address tokenOut; uint24 fee; address recipient;
            uint256 amountIn; uint256 amountOutMinimum; uint160 sqrtPriceLimitX96;
        }
        function exactInputSingle(Params calldata params) external payable returns (uint256 amountOut);
    }
    interface Oracle { function getAssetPrice(address asset) external view returns (uint256); }
    interface Feed {
        function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80);
        function description() external view returns (string memory);
    }
    interface Token {
        function balanceOf(address owner) external view returns (uint256);
        function approve(address spender, uint256 amount) external returns (bool);
        function transfer(address to, uint256 amount) external returns (bool);
        function totalSupply() external view returns (uint256);
        function DOMAIN_SEPARATOR() external view returns (bytes32);
        function symbol() external view returns (string memory);
        function decimals() external view returns (uint8);
    }
    interface UniswapPool {
        function slot0() external view returns (uint160 sqrtPrice, int24 tick, uint16, uint16, uint16, uint8, bool);
        function liquidity() external view returns (uint128);
    }
    #[derive(Debug)]
    interface Composer { function deltaCompose(bytes calldata ops) external payable; }
    interface Morpho {
        function market(bytes32 id) external view returns (
            uint128 totalSupplyAssets, uint128, uint128 totalBorrowAssets, uint128, uint128, uint128
        );
    }
    interface GasPriceOracle { function getL1Fee(bytes calldata data) external view returns (uint256); }
}

const POOL: Address = address!("A238Dd80C259a72e81d7e4664a9801593F98d1c5");
const PROVIDER: Address = address!("e20fCBdBfFC4Dd138cE8b2E6FBb6CB49777ad64D");
const DATA_PROVIDER: Address = address!("0F43731EB8d45A581f4a36DD74F5f358bc90C73A");
const UI_DATA_PROVIDER: Address = address!("0C6BC4a12039788be08F87e87Cff87FEDbd1D386");
const ORACLE: Address = address!("2Cc0Fc26eD4563A5ce5e8bdcfe1A2878676Ae156");
/// The feeds that Aave's SVR feeds for ether and bitcoin follow on Base.
const STANDARD_ETHER: Address = address!("71041dddad3595F9CEd3DcCFBe3D1F4b0a16Bb70");
const STANDARD_BITCOIN: Address = address!("64c911996D3c6aC71f9b455B1E8E7266BcbD848F");
const WETH_FEED: Address = address!("9dA00D23465282005DB222a441a663eE7B9dfCc8");
const WETH: Address = address!("4200000000000000000000000000000000000006");
const USDC: Address = address!("833589fCD6eDb6E08f4c7C32D4f71b54bdA02913");
const CBETH: Address = address!("2Ae3F1Ec7F1F5012CFEab0185bfc7aa3cf0DEc22");
const CBBTC: Address = address!("cbB7C0000aB88B473b1f5aFd9ef808440eed33Bf");
const A_WETH: Address = address!("D4a0e0b9149BCee3C920d2E00b5dE09138fd8bb7");
const WETH_USDC: Address = address!("d0b53D9277642d899DF5C87A3966A349A798F224");
const CBETH_WETH: Address = address!("10648BA41B8565907Cfa1496765fA4D95390aa0d");
const MORPHO: Address = address!("BBBBBbbBBb9cC5e90e3b3Af64bdAF62C37EEFFCb");
const COMPOSER: Address = address!("B7ea94340e65CC68d1274aE483dfBE593fD6f21e");
const COMPOSER_LOGIC: Address = address!("176eEfc681A25660B5415E308d08df917ACb9e71");
const FORWARDER: Address = address!("fCa11b85ac641f1ba215259566d579A45519e506");
const SWAP_ROUTER: Address = address!("2626664c2603336E57B271c5C0b26F421741e481");
const IMPLEMENTATION_SLOT: B256 = b256!("360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc");
const ADMIN_SLOT: B256 = b256!("b53127684a568b3173ae13b9f8a6016e243e63b6e8ee1178d6a717850b5d6103");

/// A whole number of tokens in units.
/// As a feed answers.
fn dollars(whole: i64) -> I256 {
    I256::try_from(whole * 100_000_000).expect("fits")
}

fn units(tokens: u64, decimals: u8) -> U256 {
    U256::from(tokens) * U256::from(10).pow(U256::from(decimals))
}

fn price(asset: &str, value: &str) -> PriceChange {
    PriceChange::parse(asset, value).expect("a price")
}

async fn balance(replica: &Replica, token: Address, owner: Address) -> U256 {
    replica.ask(token, &Token::balanceOfCall { owner }).await
}

async fn oracle_price(replica: &Replica, asset: Address) -> U256 {
    replica.ask(ORACLE, &Oracle::getAssetPriceCall { asset }).await
}

async fn pool_price(replica: &Replica, pool: Address) -> (U256, i32) {
    let slot0 = replica.ask(pool, &UniswapPool::slot0Call {}).await;
    (U256::from(slot0.sqrtPrice), slot0.tick.as_i32())
}

/// Supplies 10 WETH and borrows this much USDC.
async fn open_position(replica: &Replica, who: Address, usdc: u64) {
    let amount = units(10, 18);
    replica.controls.fund(who, U256::ZERO, &[(WETH, amount)]).await.expect("funds");
    replica.send(who, WETH, &Token::approveCall { spender: POOL, amount }).await;
    replica.send(who, POOL, &Pool::supplyCall { asset: WETH, amount, onBehalfOf: who, referral: 0 }).await;
    let mode = U256::from(2);
    let amount = units(usdc, 6);
    replica.send(who, POOL, &Pool::borrowCall { asset: USDC, amount, mode, referral: 0, onBehalfOf: who }).await;
}

#[tokio::test]
async fn everything_a_user_needs_is_at_its_real_base_address() {
    let replica = Replica::start().await;
    let named = [
        ("Multicall3", address!("cA11bde05977b3631167028862bE2a173976CA11")),
        ("WETH", WETH),
        ("GasPriceOracle", address!("420000000000000000000000000000000000000F")),
        ("PoolAddressesProvider", PROVIDER),
        ("Pool", POOL),
        ("PoolConfigurator", address!("5731a04B1E775f0fdd454Bf70f3335886e9A96be")),
        ("RewardsController", address!("f9cc4F0D883F1a1eb2c253bdb46c254Ca51E1F44")),
        ("AaveOracle", ORACLE),
        ("ACLManager", address!("43955b0899Ab7232E3a454cf84AedD22Ad46FD33")),
        ("AaveProtocolDataProvider", DATA_PROVIDER),
        ("UiPoolDataProviderV3", UI_DATA_PROVIDER),
        ("UniswapV3Factory", address!("33128a8fC17869897dcE68Ed026d694621f6FDfD")),
        ("SwapRouter02", address!("2626664c2603336E57B271c5C0b26F421741e481")),
        ("QuoterV2", address!("3d4e44Eb1374240CE5F1B871ab261CD16335B76a")),
        ("NonfungiblePositionManager", address!("03a520b32C04BF3bEEf7BEb72E919cf822Ed34f1")),
        ("WETH/USDC 0.05 %", WETH_USDC),
        ("WETH/USDC 0.30 %", address!("6c561B446416E1A00E8E93E221854d6eA4171372")),
        ("cbETH/WETH 0.05 %", CBETH_WETH),
        ("wstETH/WETH 0.01 %", address!("20E068D76f9E90b90604500B84c7e19dCB923e7e")),
        ("weETH/WETH 0.05 %", address!("33dfD66802CC936a58a0B25B5E4F792c1CA2312E")),
        ("cbBTC/WETH 0.05 %", address!("7AeA2E8A3843516afa07293a10Ac8E49906dabD1")),
        ("cbBTC/USDC 0.05 %", address!("fBB6Eed8e7aa03B138556eeDaF5D271A5E1e43ef")),
        ("cbETH/USDC 0.05 %", address!("FdebEDc97D56EDd31AbdcB887570546B257964f2")),
        ("Morpho Blue", MORPHO),
        ("composer", COMPOSER),
        ("composer logic", COMPOSER_LOGIC),
        ("call forwarder", FORWARDER),
    ];
    for (name, at) in named {
        assert!(!replica.code(at).await.is_empty(), "no code for {name} at {at}");
    }
    let chain: U256 = replica.request("eth_chainId", ()).await.expect("chain id");
    assert_eq!(chain, U256::from(8453));
    assert_eq!(replica.controls.kind(), LocalKind::Replica);
}

#[tokio::test]
async fn aave_answers_with_fifteen_reserves_and_e_modes_and_rates_above_zero() {
    let replica = Replica::start().await;
    assert_eq!(replica.ask(POOL, &Pool::getReservesListCall {}).await.len(), 15);
    let all = replica.ask(DATA_PROVIDER, &DataProvider::getAllReservesTokensCall {}).await;
    assert_eq!(all.len(), 15);
    assert_eq!((all[0].symbol.as_str(), all[0].tokenAddress), ("WETH", WETH));
    assert_eq!((all[4].symbol.as_str(), all[4].tokenAddress), ("USDC", USDC));
    let tokens = replica.ask(DATA_PROVIDER, &DataProvider::getReserveTokensAddressesCall { asset: WETH }).await;
    assert_eq!(tokens._0, A_WETH);
    let provider = PROVIDER;
    assert_eq!(replica.ask(UI_DATA_PROVIDER, &UiPoolDataProvider::getReservesListCall { provider }).await.len(), 15);
    let emodes = replica.ask(UI_DATA_PROVIDER, &UiPoolDataProvider::getEModesCall { provider }).await;
    assert_eq!(emodes.len(), 15);
    assert_eq!((emodes[8].id, emodes[8].emode.ltv, emodes[8].emode.threshold), (9, 9300, 9500));
    for (asset, percent) in [(USDC, 72), (WETH, 38)] {
        let supplied = replica.ask(DATA_PROVIDER, &DataProvider::getATokenTotalSupplyCall { asset }).await;
        let borrowed = replica.ask(DATA_PROVIDER, &DataProvider::getTotalDebtCall { asset }).await;
        assert_eq!(borrowed * U256::from(100) / supplied, U256::from(percent), "usage of {asset}");
    }
    assert_eq!(replica.ask(POOL, &Pool::FLASHLOAN_PREMIUM_TOTALCall {}).await, 5);
    assert_eq!(replica.ask(POOL, &Pool::POOL_REVISIONCall {}).await, U256::from(10));
}

#[tokio::test]
async fn permits_exist_exactly_where_base_has_them() {
    let replica = Replica::start().await;
    // keccak256("EIP712Domain(…)") over ("USD Coin", "2", 8453, USDC), as USDC on Base answers.
    let usdc = replica.ask(USDC, &Token::DOMAIN_SEPARATORCall {}).await;
    let domain = alloy::sol_types::eip712_domain! {
        name: "USD Coin", version: "2", chain_id: 8453, verifying_contract: USDC,
    };
    assert_eq!(usdc, domain.separator());
    assert!(replica.try_ask(CBBTC, &Token::DOMAIN_SEPARATORCall {}).await.is_ok());
    assert!(replica.try_ask(WETH, &Token::DOMAIN_SEPARATORCall {}).await.is_err());
    assert!(replica.try_ask(CBETH, &Token::DOMAIN_SEPARATORCall {}).await.is_err());
    assert_eq!(replica.ask(CBBTC, &Token::decimalsCall {}).await, 8);
    assert_eq!(replica.ask(CBETH, &Token::symbolCall {}).await, "cbETH");
}

#[tokio::test]
async fn the_ten_test_accounts_are_untouched_and_the_roles_are_others() {
    let replica = Replica::start().await;
    for index in 0..10 {
        let who = account(index);
        assert_eq!(replica.nonce(who).await, U256::ZERO, "{who}");
        assert_eq!(replica.balance(who).await, units(10_000, 18), "{who}");
        assert!(Role::ALL.iter().all(|role| role.address() != who));
    }
    assert!(replica.balance(Role::Whale.address()).await > U256::ZERO);
}

#[tokio::test]
async fn morpho_lends_fifty_million_dollars_and_twenty_thousand_ether_for_one_transaction() {
    let replica = Replica::start().await;
    assert_eq!(balance(&replica, USDC, MORPHO).await, units(50_000_000, 6));
    assert_eq!(balance(&replica, WETH, MORPHO).await, units(20_000, 18));
    // The books agree with the balance: the tokens lie in idle markets, nothing was merely sent there.
    for (token, amount) in [(USDC, units(50_000_000, 6)), (WETH, units(20_000, 18))] {
        let id = keccak256((token, Address::ZERO, Address::ZERO, Address::ZERO, U256::ZERO).abi_encode_params());
        let market = replica.ask(MORPHO, &Morpho::marketCall { id }).await;
        assert_eq!(U256::from(market.totalSupplyAssets), amount);
    }
    let oracle = address!("420000000000000000000000000000000000000F");
    let fee = replica.ask(oracle, &GasPriceOracle::getL1FeeCall { data: vec![1; 500].into() }).await;
    assert!(fee > U256::ZERO);
}

#[tokio::test]
async fn a_price_moves_feed_and_pools_in_one_block_and_to_the_tick() {
    let replica = Replica::start().await;
    let head = replica.controls.head().await.expect("head");
    let report = replica.controls.price(&price("ETH", "2500"), PriceScope::Everything).await.expect("price");
    assert_eq!(report.block.number, head.number + 1);
    assert_eq!(replica.controls.head().await.expect("head"), report.block);
    assert_eq!(oracle_price(&replica, WETH).await, units(2500, 8));
    // cbETH is 1.125 ETH and follows by itself.
    assert_eq!(oracle_price(&replica, CBETH).await, units(28_125, 7));
    // floor(sqrt(2500e6 / 1e18) * 2^96) and the tick below it.
    let (sqrt, tick) = pool_price(&replica, WETH_USDC).await;
    assert_eq!(sqrt, U256::from(5u8) * U256::from(2).pow(U256::from(96)) / U256::from(100_000));
    assert_eq!(tick, -198_080);
    let mut names: Vec<_> = report.pools.iter().map(|pool| pool.name.as_str()).collect();
    names.sort_unstable();
    assert!(names.contains(&"WETH/USDC/500") && names.contains(&"WETH/USDC/3000"), "{names:?}");
    assert!(names.contains(&"WETH/cbBTC/500") && names.contains(&"cbETH/USDC/500"), "{names:?}");
    let feed = replica.ask(WETH_FEED, &Feed::latestRoundDataCall {}).await;
    assert_eq!(feed._3, U256::from(report.block.timestamp.0), "the feed is as old as the block");
    // And back again, through the same pools.
    replica.controls.price(&price("ETH", "3000"), PriceScope::Everything).await.expect("price");
    assert_eq!(pool_price(&replica, WETH_USDC).await.0.to_string(), "4339505179874779489431521");
}

#[tokio::test]
async fn the_standard_feed_moves_first_and_aaves_oracle_when_its_delay_is_over() {
    let replica = Replica::start().await;
    let standard = |feed: Address| replica.ask(feed, &Feed::latestRoundDataCall {});
    let (ether, bitcoin) = (standard(STANDARD_ETHER), standard(STANDARD_BITCOIN));
    assert_eq!((ether.await._1, bitcoin.await._1), (dollars(3_000), dollars(90_000)));
    let (everything, delay) = (PriceScope::Everything, Secs(30));
    let report = replica.controls.price_before_oracle(&price("ETH", "2500"), everything, delay).await.expect("price");
    let follows = report.block.timestamp.plus(delay);
    assert_eq!(report.oracle_follows_at, Some(follows));
    assert_eq!((standard(STANDARD_ETHER).await._1, report.standard_feeds.len()), (dollars(2_500), 1));
    assert_eq!(
        (oracle_price(&replica, WETH).await, oracle_price(&replica, CBETH).await),
        (units(3_000, 8), units(3_375, 8))
    );
    assert_eq!(pool_price(&replica, WETH_USDC).await.1, -198_080, "pools do not wait for Aave");
    // A second move before the first has arrived comes after it.
    replica.next_block_at(follows.0 - 10).await;
    replica.controls.price_before_oracle(&price("ETH", "2400"), everything, delay).await.expect("price");
    replica.next_block_at(follows.0).await;
    let _: Value = replica.request("evm_mine", ()).await.expect("block");
    assert_eq!(oracle_price(&replica, WETH).await, units(2_500, 8));
    // As old as the standard feed's answer was, not as its arrival.
    let asked = replica.ask(WETH_FEED, &Feed::latestRoundDataCall {}).await;
    assert_eq!(asked._3, U256::from(report.block.timestamp.0));
    replica.controls.warp(Secs(60), FeedAge::Refreshed).await.expect("warp");
    assert_eq!(
        (oracle_price(&replica, WETH).await, standard(STANDARD_ETHER).await._1),
        (units(2_400, 8), dollars(2_400))
    );
    // Without a delay both move in one block.
    replica.controls.price(&price("BTC", "80000"), everything).await.expect("price");
    assert_eq!(
        (oracle_price(&replica, CBBTC).await, standard(STANDARD_BITCOIN).await._1),
        (units(80_000, 8), dollars(80_000))
    );
    for (asset, value, scope) in
        [("cbETH", "1.1", everything), ("AAVE", "150", everything), ("ETH", "2000", PriceScope::PoolsOnly)]
    {
        let refused = replica.controls.price_before_oracle(&price(asset, value), scope, delay).await;
        assert!(matches!(refused, Err(LocalChainError::BadAmount(_))), "{asset}: {refused:?}");
    }
}

#[tokio::test]
async fn a_liquidator_brings_the_price_to_aave_and_liquidates_in_one_transaction() {
    let replica = Replica::start().await;
    let owner = account(1);
    open_position(&replica, owner, 20_000).await;
    let delay = Secs(3_600);
    let health = || async { replica.ask(POOL, &Pool::getUserAccountDataCall { user: owner }).await.healthFactor };
    replica.controls.price_before_oracle(&price("ETH", "2800"), PriceScope::Everything, delay).await.expect("price");
    let passed_over = replica.controls.liquidate(owner).await.expect("an update");
    assert!(passed_over.taken.is_empty() && passed_over.prices.len() == 1, "{passed_over:?}");
    assert_eq!(oracle_price(&replica, WETH).await, units(2_800, 8));
    // Nobody sees a head at which Aave shows that it can be liquidated.
    replica.controls.price_before_oracle(&price("ETH", "2380"), PriceScope::Everything, delay).await.expect("price");
    assert!(health().await > units(1, 18));
    let head = replica.controls.head().await.expect("head");
    let report = replica.controls.liquidate(owner).await.expect("a liquidation");
    assert_eq!(report.block.number, head.number + 1);
    let taken = report.taken.first().expect("something was taken");
    assert_eq!((taken.debt.as_str(), taken.collateral.as_str()), ("USDC", "WETH"));
    assert!(taken.covered > units(5_000, 6) && taken.seized > units(2, 18), "{report:?}");
    assert_eq!(oracle_price(&replica, WETH).await, units(2_380, 8));
}

#[tokio::test]
async fn feed_and_pools_can_be_moved_apart() {
    let replica = Replica::start().await;
    let before = pool_price(&replica, WETH_USDC).await;
    let report = replica.controls.price(&price("ETH", "2900"), PriceScope::FeedOnly).await.expect("feed");
    assert!(report.pools.is_empty());
    assert_eq!(pool_price(&replica, WETH_USDC).await, before);
    assert_eq!(oracle_price(&replica, WETH).await, units(2900, 8));
    let report = replica.controls.price(&price("ETH", "2800"), PriceScope::PoolsOnly).await.expect("pools");
    assert!(report.prices.is_empty());
    assert_eq!(oracle_price(&replica, WETH).await, units(2900, 8));
    assert!(pool_price(&replica, WETH_USDC).await.1 < before.1);
}

/// The trader's swap comes second in its block, behind one that goes further.
#[tokio::test]
async fn a_price_moves_though_somebody_else_swaps_in_the_same_block() {
    let replica = Replica::start().await;
    let who = account(3);
    let amount = units(100_000_000, 6);
    replica.controls.fund(who, U256::ZERO, &[(USDC, amount)]).await.expect("funds");
    replica.send(who, USDC, &Token::approveCall { spender: SWAP_ROUTER, amount }).await;
    let _: Value = replica.request("evm_setAutomine", [false]).await.expect("automine off");
    let params = SwapRouter::Params {
        tokenIn: USDC,
        tokenOut: WETH,
        fee: U24::from(500),
        recipient: who,
        amountIn: amount,
        amountOutMinimum: U256::ZERO,
        sqrtPriceLimitX96: U160::ZERO,
    };
    let data = Bytes::from(SwapRouter::exactInputSingleCall { params }.abi_encode());
    let ahead = json!([{
        "from": who, "to": SWAP_ROUTER, "data": data, "gas": U256::from(15_000_000), "gasPrice": units(50, 9)
    }]);
    let hash: B256 = replica.request("eth_sendTransaction", ahead).await.expect("sent");
    replica.controls.price(&price("ETH", "3100"), PriceScope::Everything).await.expect("price");
    assert!(replica.receipt(hash).await.inner.inner.status(), "the other swap went through");
    assert_eq!(oracle_price(&replica, WETH).await, units(3100, 8));
    // floor(sqrt(3100e6 / 1e18) * 2^96)
    assert_eq!(pool_price(&replica, WETH_USDC).await.0.to_string(), "4411237397794264072369543");
}

#[tokio::test]
async fn a_staked_token_is_priced_in_what_it_stands_for() {
    let replica = Replica::start().await;
    let report = replica.controls.price(&price("cbETH", "1.10"), PriceScope::Everything).await.expect("ratio");
    assert_eq!(oracle_price(&replica, CBETH).await, units(3300, 8));
    assert_eq!(oracle_price(&replica, WETH).await, units(3000, 8));
    let names: Vec<_> = report.pools.iter().map(|pool| pool.name.as_str()).collect();
    assert_eq!(names, ["cbETH/WETH/500", "cbETH/USDC/500"]);
    // cbETH in WETH at 1.10: log(1.1) / log(1.0001) = 953.15
    assert_eq!(pool_price(&replica, CBETH_WETH).await.1, 953);
}

#[tokio::test]
async fn after_a_price_drop_somebody_else_can_liquidate() {
    let replica = Replica::start().await;
    let (owner, liquidator) = (account(1), account(2));
    open_position(&replica, owner, 20_000).await;
    let healthy = replica.ask(POOL, &Pool::getUserAccountDataCall { user: owner }).await;
    assert!(healthy.healthFactor > units(1, 18));
    replica.controls.price(&price("ETH", "2380"), PriceScope::Everything).await.expect("price");
    let shaky = replica.ask(POOL, &Pool::getUserAccountDataCall { user: owner }).await;
    assert!(shaky.healthFactor < units(1, 18));
    let funds = units(100_000, 6);
    replica.controls.fund(liquidator, U256::ZERO, &[(USDC, funds)]).await.expect("funds");
    replica.send(liquidator, USDC, &Token::approveCall { spender: POOL, amount: U256::MAX }).await;
    let call =
        Pool::liquidationCallCall { collateral: WETH, debt: USDC, user: owner, amount: U256::MAX, aToken: false };
    replica.send(liquidator, POOL, &call).await;
    let paid = funds - balance(&replica, USDC, liquidator).await;
    let got = balance(&replica, WETH, liquidator).await;
    // Half of the debt may be paid; the bonus of 5 % less the protocol's tenth of it is 4.5 %.
    assert_eq!(paid / units(1, 6), U256::from(10_000));
    let ratio = got * U256::from(2380) * U256::from(10_000) / (paid * U256::from(10).pow(U256::from(12)));
    assert_eq!(ratio, U256::from(10_449), "1.045, rounded down");
}

#[tokio::test]
async fn time_passes_by_exactly_what_was_asked_and_interest_with_it() {
    let replica = Replica::start().await;
    let before = replica.controls.head().await.expect("head");
    let index = replica.ask(POOL, &Pool::getReserveNormalizedVariableDebtCall { asset: USDC }).await;
    let after = replica.controls.warp(Secs(86_400), FeedAge::Grows).await.expect("warp");
    assert_eq!(after.timestamp, before.timestamp.plus(Secs(86_400)));
    assert_eq!(after.number, before.number + 1);
    let grown = replica.ask(POOL, &Pool::getReserveNormalizedVariableDebtCall { asset: USDC }).await;
    // 4 % a year, on a day: 1.0959e-4 of the index.
    let millionths = (grown - index) * U256::from(10).pow(U256::from(8)) / index;
    assert!(millionths > U256::from(10_900) && millionths < U256::from(11_000), "{millionths}");
    let age = |at: U256| after.timestamp.0 - at.to::<u64>();
    let feed = replica.ask(WETH_FEED, &Feed::latestRoundDataCall {}).await;
    assert!(age(feed._3) >= 86_400, "the feed grows old");
    let fresh = replica.controls.warp(Secs(3600), FeedAge::Refreshed).await.expect("warp");
    let feed = replica.ask(WETH_FEED, &Feed::latestRoundDataCall {}).await;
    assert_eq!(feed._3, U256::from(fresh.timestamp.0));
    assert_eq!(oracle_price(&replica, WETH).await, units(3000, 8));
    let none = replica.controls.warp(Secs(0), FeedAge::Grows).await;
    assert!(matches!(none, Err(LocalChainError::BadAmount(_))), "{none:?}");
}

#[tokio::test]
async fn the_faucet_gives_without_touching_the_nonce_and_never_gives_atokens() {
    let replica = Replica::start().await;
    let who = account(3);
    let supply = replica.ask(USDC, &Token::totalSupplyCall {}).await;
    let tokens = [(USDC, units(1000, 6)), (WETH, units(2, 18)), (CBETH, units(3, 18))];
    for times in 1..=2u64 {
        replica.controls.fund(who, units(10, 18), &tokens).await.expect("funds");
        for (token, amount) in tokens {
            assert_eq!(balance(&replica, token, who).await, amount * U256::from(times));
        }
        assert_eq!(replica.balance(who).await, units(10_000 + 10 * times, 18));
    }
    assert_eq!(replica.nonce(who).await, U256::ZERO);
    assert_eq!(replica.ask(USDC, &Token::totalSupplyCall {}).await, supply + units(2000, 6));
    let refused = replica.controls.fund(who, U256::ZERO, &[(A_WETH, U256::from(1))]).await;
    assert!(matches!(refused, Err(LocalChainError::AaveToken { .. })), "{refused:?}");
}

#[tokio::test]
async fn controls_leave_interval_mining_as_they_found_it() {
    let replica = Replica::start().await;
    let _: Value = replica.request("evm_setAutomine", [false]).await.expect("automine off");
    replica.controls.price(&price("ETH", "2990"), PriceScope::Everything).await.expect("price");
    assert!(!replica.request::<_, bool>("anvil_getAutomine", ()).await.expect("automine"));
    let _: Value = replica.request("evm_setIntervalMining", [3600]).await.expect("interval");
    replica.controls.price(&price("ETH", "3010"), PriceScope::Everything).await.expect("price");
    let interval: Option<u64> = replica.request("anvil_getIntervalMining", ()).await.expect("interval");
    assert_eq!(interval, Some(3600));
}

/// Base's cadence: a block every 200 ms, about five of a second with one timestamp; controls come into one of them.
#[tokio::test]
async fn a_replica_at_bases_cadence_goes_on_by_itself_and_takes_controls_whole() {
    let replica = Replica::at_cadence().await;
    let who = account(4);
    replica.controls.fund(who, units(1, 18), &[(USDC, units(7, 6))]).await.expect("funds");
    let report = replica.controls.price(&price("ETH", "2500"), PriceScope::Everything).await.expect("price");
    assert_eq!(oracle_price(&replica, WETH).await, units(2500, 8));
    assert_eq!(pool_price(&replica, WETH_USDC).await.1, -198_080);
    assert_eq!(balance(&replica, USDC, who).await, units(7, 6));
    let later = async {
        loop {
            let head = replica.controls.head().await.expect("head");
            if head.number >= report.block.number + 12 {
                return head;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    let head =
        tokio::time::timeout(std::time::Duration::from_secs(30), later).await.expect("blocks go on after a control");
    let mut seconds = std::collections::BTreeMap::<U256, u32>::new();
    for number in report.block.number..head.number {
        let block: Value =
            replica.request("eth_getBlockByNumber", (format!("0x{number:x}"), false)).await.expect("a block");
        *seconds.entry(serde_json::from_value(block["timestamp"].clone()).expect("a time")).or_default() += 1;
    }
    assert!(seconds.values().any(|blocks| *blocks >= 3), "blocks of one second share its timestamp: {seconds:?}");
    let before = replica.controls.head().await.expect("head");
    let after = replica.controls.warp(Secs(86_400), FeedAge::Refreshed).await.expect("warp");
    let passed = after.timestamp.0 - before.timestamp.0;
    assert!((86_400..86_410).contains(&passed), "a day, and what went by itself: {passed}");
}

#[tokio::test]
async fn a_node_that_is_not_a_local_anvil_on_base_is_refused() {
    let live = MockServer::start().await;
    Mock::given(matchers::method("POST"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({
            "jsonrpc": "2.0", "id": 0, "result": "op-reth/v1.9.0"
        })))
        .mount(&live)
        .await;
    let refused = Controls::connect(&live.uri(), &kit()).await;
    assert!(matches!(refused, Err(LocalChainError::NotLocal { .. })), "{refused:?}");
    assert_eq!(live.received_requests().await.expect("requests").len(), 1, "nothing was changed there");
}

#[tokio::test]
async fn two_builds_give_the_same_accounts_and_two_askers_share_one() {
    let (_dir, kit) = own_cache();
    let bars = [ProgressBar::hidden(), ProgressBar::hidden()];
    let (one, other) = tokio::join!(
        ReplicaState::ensure(&kit, ComposerSource::StandIn, &bars[0]),
        ReplicaState::ensure(&kit, ComposerSource::StandIn, &bars[1]),
    );
    let state = one.expect("state");
    assert_eq!(state, other.expect("state"));
    assert_eq!(bars.iter().filter(|bar| bar.length().is_some_and(|stages| stages > 1)).count(), 1, "one of them built");
    let rebuilt = rebuild_account_hash(&kit, ComposerSource::StandIn, PerpsVersion::V1).await.expect("build");
    assert_eq!(state.account_hash(), rebuilt);
}

#[tokio::test]
async fn a_chain_without_the_composer_or_another_chain_is_named() {
    let live = Replica::start().await;
    let _: Value = live.request("anvil_setCode", (FORWARDER, Bytes::new())).await.expect("code");
    let (_dir, kit) = own_cache();
    let hidden = ProgressBar::hidden();
    let refused = ReplicaState::ensure(&kit, ComposerSource::From(live.url()), &hidden).await;
    assert!(matches!(refused, Err(LocalChainError::NoRemoteCode { at: FORWARDER, .. })), "{refused:?}");
    let mainnet = MockServer::start().await;
    Mock::given(matchers::method("POST"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({ "jsonrpc": "2.0", "id": 0, "result": "0x1" })))
        .mount(&mainnet)
        .await;
    let refused = ReplicaState::ensure(&kit, ComposerSource::From(&mainnet.uri()), &hidden).await;
    assert!(matches!(refused, Err(LocalChainError::WrongChain { found: 1, .. })), "{refused:?}");
    let refused = Anvil::fork(&kit, &ForkOptions::latest(mainnet.uri()), 0).await;
    assert!(matches!(refused, Err(LocalChainError::WrongChain { found: 1, .. })), "{refused:?}");
}

#[tokio::test]
async fn an_asset_that_shares_a_feed_moves_all_that_hang_on_it() {
    let replica = Replica::start().await;
    let report = replica.controls.price(&price("tBTC", "80000"), PriceScope::Everything).await.expect("price");
    assert_eq!(oracle_price(&replica, CBBTC).await, units(80_000, 8));
    let moved: Vec<_> = report.prices.iter().map(|price| price.asset.as_str()).collect();
    assert_eq!(moved, ["cbBTC", "LBTC", "tBTC"]);
    let pools: Vec<_> = report.pools.iter().map(|pool| pool.name.as_str()).collect();
    // LBTC follows by its ratio, so the pool of the two bitcoins stays where it is.
    assert_eq!(pools, ["WETH/cbBTC/500", "USDC/cbBTC/500", "USDC/LBTC/3000"]);
}

#[tokio::test]
async fn a_replica_ends_with_the_test_that_started_it() {
    let replica = Replica::start().await;
    let url = replica.url().to_owned();
    assert!(Controls::connect(&url, &kit()).await.is_ok());
    drop(replica);
    let gone = Controls::connect(&url, &kit()).await;
    assert!(matches!(gone, Err(LocalChainError::Rpc { .. })), "{gone:?}");
}

#[tokio::test]
async fn the_composer_can_be_taken_from_a_live_rpc() {
    let live = Replica::start().await;
    // A chain whose composer differs from our stand-in in every part: other addresses, other code.
    let (logic, admin) = (account(8), account(9));
    let marked = |code: Bytes| Bytes::from([code.as_ref(), &[0xfe]].concat());
    for (from, to) in [(COMPOSER_LOGIC, logic), (FORWARDER, FORWARDER), (COMPOSER, COMPOSER)] {
        let _: Value = live.request("anvil_setCode", (to, marked(live.code(from).await))).await.expect("code");
    }
    for (slot, value) in [(IMPLEMENTATION_SLOT, logic), (ADMIN_SLOT, admin)] {
        let slot = U256::from_be_bytes(slot.0);
        let _: Value = live.request("anvil_setStorageAt", (COMPOSER, slot, value.into_word())).await.expect("slot");
    }
    let (_dir, kit) = own_cache();
    let hidden = ProgressBar::hidden();
    let state = ReplicaState::ensure(&kit, ComposerSource::From(live.url()), &hidden).await.expect("state");
    assert_eq!(state.composer(), "genuine");
    let remembered = ReplicaState::ensure(&kit, ComposerSource::Remembered, &hidden).await.expect("state");
    assert_eq!(remembered, state, "later starts use it too");
    let anvil = Anvil::replica(&kit, &state, 0).await.expect("anvil");
    let replica = Replica::on(anvil, kit.clone()).await;
    for at in [COMPOSER, logic, FORWARDER] {
        assert_eq!(replica.code(at).await, live.code(at).await, "{at}");
    }
    assert!(replica.code(COMPOSER_LOGIC).await.is_empty(), "our logic is not there");
    assert_eq!(replica.storage(COMPOSER, IMPLEMENTATION_SLOT).await, logic.into_word());
    assert_eq!(replica.storage(COMPOSER, ADMIN_SLOT).await, admin.into_word());
    answers_as_the_current_generation(&replica).await;
}

/// `deltaCompose(0x10)`: legacy code swaps, current code knows no such operation.
async fn answers_as_the_current_generation(replica: &Replica) {
    let probe = Composer::deltaComposeCall { ops: vec![0x10].into() };
    let error = replica.try_ask(COMPOSER, &probe).await.expect_err("no such operation");
    let data = error.as_error_resp().and_then(|response| response.data.as_ref()).map(ToString::to_string);
    assert_eq!(data.as_deref(), Some("\"0x398d4d32\""), "{error}");
}

#[tokio::test]
async fn the_stand_in_answers_the_generation_probe() {
    let replica = Replica::start().await;
    answers_as_the_current_generation(&replica).await;
    assert_eq!(replica.storage(COMPOSER, IMPLEMENTATION_SLOT).await, COMPOSER_LOGIC.into_word());
}

#[tokio::test]
async fn a_fork_has_the_same_controls_as_the_replica() {
    let live = Replica::start().await;
    // As on the live chain, the fork meets feeds and a token that are not ours.
    let stranger = live.code(WETH_FEED).await;
    let stranger = Bytes::from([stranger.as_ref(), &[0xfe]].concat());
    for feed in [WETH_FEED, STANDARD_ETHER] {
        let _: Value = live.request("anvil_setCode", (feed, stranger.clone())).await.expect("code");
    }
    let cbeth_feed = address!("B6E9fbba669763BD811B10A761110C449824b5BB");
    let adapter = Bytes::from([live.code(cbeth_feed).await.as_ref(), &[0xfe]].concat());
    let _: Value = live.request("anvil_setCode", (cbeth_feed, adapter)).await.expect("code");
    let token = Bytes::from([live.code(USDC).await.as_ref(), &[0xfe]].concat());
    let _: Value = live.request("anvil_setCode", (USDC, token)).await.expect("code");
    let _: Value = live.request("evm_mine", ()).await.expect("block");

    let fork = Replica::fork_of(live.url()).await;
    assert_eq!(fork.controls.kind(), LocalKind::Fork);
    let report = fork.controls.price(&price("ETH", "2500"), PriceScope::Everything).await.expect("price");
    assert_eq!(oracle_price(&fork, WETH).await, units(2500, 8));
    assert_eq!(oracle_price(&fork, CBETH).await, units(28_125, 7));
    assert_eq!(pool_price(&fork, WETH_USDC).await.1, -198_080);
    assert!(report.pools.len() >= 4);
    // The standard feed is taken over as well, and says what it is as before.
    let standard = fork.ask(STANDARD_ETHER, &Feed::latestRoundDataCall {}).await;
    let words = fork.ask(STANDARD_ETHER, &Feed::descriptionCall {}).await;
    assert_eq!((standard._1, words.as_str()), (dollars(2_500), "ETH / USD"));
    assert_eq!(oracle_price(&live, WETH).await, units(3000, 8), "the forked chain knows nothing of it");
    let who = account(4);
    let tokens = [(USDC, units(1000, 6)), (WETH, units(2, 18)), (CBETH, units(3, 18))];
    fork.controls.fund(who, units(1, 18), &tokens).await.expect("funds");
    for (token, amount) in tokens {
        assert_eq!(balance(&fork, token, who).await, amount);
    }
    fork.send(who, USDC, &Token::transferCall { to: account(5), amount: units(1, 6) }).await;
    let before = fork.controls.head().await.expect("head");
    let after = fork.controls.warp(Secs(86_400), FeedAge::Refreshed).await.expect("warp");
    assert_eq!(after.timestamp, before.timestamp.plus(Secs(86_400)));
}

#[tokio::test]
async fn a_replica_started_once_is_found_by_later_commands_until_it_is_stopped() {
    let (_dir, kit) = own_cache();
    let cache = kit.cache();
    assert_eq!(status(cache, LocalKind::Replica).await.expect("status"), None);
    let state = ReplicaState::ensure(&kit, ComposerSource::StandIn, &ProgressBar::hidden()).await.expect("state");
    let started = start_replica(&kit, &state, 0, Mining::Manual).await.expect("start");
    let found = status(cache, LocalKind::Replica).await.expect("status").expect("it runs");
    assert_eq!(found.instance, started);
    assert_eq!(found.head.timestamp, state.timestamp());
    let second = start_replica(&kit, &state, 0, Mining::default()).await;
    assert!(matches!(second, Err(LocalChainError::AlreadyRunning { .. })), "{second:?}");
    Controls::connect(&started.url, &kit).await.expect("controls find it");
    let stopped = stop(cache, LocalKind::Replica).await.expect("stop");
    assert_eq!(stopped.as_ref(), Some(&started));
    assert_eq!(status(cache, LocalKind::Replica).await.expect("status"), None);
    assert_eq!(stop(cache, LocalKind::Replica).await.expect("stop"), None);
}

#[tokio::test]
async fn a_port_in_use_is_said_so() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = taken.local_addr().expect("address").port();
    let kit = kit();
    let state = ReplicaState::ensure(&kit, ComposerSource::Remembered, &ProgressBar::hidden()).await.expect("state");
    let error = Anvil::replica(&kit, &state, port).await.expect_err("the port is taken");
    assert!(matches!(error, LocalChainError::AnvilEnded { .. }), "{error:?}");
    assert!(error.to_string().contains("in use"), "{error}");
}
