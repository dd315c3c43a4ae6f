//! The functions that the recipe and the controls call; only these, written by hand.

use alloy::sol;

sol! {
    interface IPoolAddressesProvider {
        function setPriceOracle(address oracle) external;
        function setPoolImpl(address implementation) external;
        function setPoolConfiguratorImpl(address implementation) external;
        function setAddressAsProxy(bytes32 id, address implementation) external;
        function setACLAdmin(address admin) external;
        function setACLManager(address manager) external;
        function setPoolDataProvider(address provider) external;
        function getPool() external view returns (address);
        function getPoolConfigurator() external view returns (address);
        function getAddress(bytes32 id) external view returns (address);
    }

    interface IACLManager {
        function addPoolAdmin(address admin) external;
        function addEmergencyAdmin(address admin) external;
        function addRiskAdmin(address admin) external;
    }

    interface IEmissionManager {
        function setRewardsController(address controller) external;
    }

    interface IPoolConfigurator {
        function updateFlashloanPremium(uint128 premium) external;
        function configureReserveAsCollateral(address asset, uint256 ltv, uint256 threshold, uint256 bonus) external;
        function setReserveBorrowing(address asset, bool on) external;
        function setReserveFactor(address asset, uint256 factor) external;
        function setLiquidationProtocolFee(address asset, uint256 fee) external;
        function setSupplyCap(address asset, uint256 cap) external;
        function setBorrowCap(address asset, uint256 cap) external;
        function setReserveFlashLoaning(address asset, bool on) external;
        function setReserveFreeze(address asset, bool on) external;
        function setEModeCategory(uint8 id, uint16 ltv, uint16 threshold, uint16 bonus, string calldata label) external;
        function setAssetCollateralInEMode(address asset, uint8 id, bool on) external;
        function setAssetBorrowableInEMode(address asset, uint8 id, bool on) external;
    }

    interface IAavePool {
        struct Configuration { uint256 data; }
        function initReserve(address asset, address aToken, address variableDebtToken) external;
        function setConfiguration(address asset, Configuration calldata configuration) external;
        function supply(address asset, uint256 amount, address onBehalfOf, uint16 referral) external;
        function borrow(address asset, uint256 amount, uint256 mode, uint16 referral, address onBehalfOf) external;
        function setUserEMode(uint8 id) external;
        function setUserUseReserveAsCollateral(address asset, bool useAsCollateral) external;
        function getVirtualUnderlyingBalance(address asset) external view returns (uint128);
        function liquidationCall(address collateral, address debt, address user, uint256 debtToCover, bool receiveAToken)
            external;
        function getUserAccountData(address user) external view returns (
            uint256 collateral, uint256 debt, uint256 available, uint256 threshold, uint256 ltv, uint256 healthFactor
        );
        event LiquidationCall(
            address indexed collateral, address indexed debt, address indexed user, uint256 covered, uint256 seized,
            address liquidator, bool receiveAToken
        );
    }

    interface IRateStrategy {
        function setInterestRateParams(address asset, bytes calldata params) external;
    }

    interface IInitializableProxy {
        function initialize(address implementation, bytes calldata data) external payable;
    }

    interface IInitializableToken {
        function initialize(
            address pool, address underlying, uint8 decimals, string calldata name, string calldata symbol,
            bytes calldata params
        ) external;
    }

    interface IAaveOracle {
        function getSourceOfAsset(address asset) external view returns (address);
        function getAssetPrice(address asset) external view returns (uint256);
    }

    interface IERC20 {
        function balanceOf(address owner) external view returns (uint256);
        function allowance(address owner, address spender) external view returns (uint256);
        function approve(address spender, uint256 amount) external returns (bool);
        function transfer(address to, uint256 amount) external returns (bool);
    }

    interface IReplicaToken {
        function mint(address to, uint256 amount) external;
    }

    interface IWETH9 {
        function deposit() external payable;
    }

    interface IReplicaFeed {
        function set(int256 answer) external;
        function setLater(int256 answer, uint256 delay) external;
        function refresh() external;
        function latestAnswer() external view returns (int256);
        function description() external view returns (string memory);
    }

    interface IAtomicLiquidator {
        struct Update { address feed; int256 answer; }
        struct Prey { address user; address collateral; address debt; }
        function updateAndLiquidate(address pool, Update[] calldata updates, Prey[] calldata prey)
            external returns (uint256 taken);
    }

    interface IReplicaRatioFeed {
        function ratio() external view returns (uint256);
        function setRatio(uint256 ratio) external;
    }

    interface IUniswapV3Factory {
        function enableFeeAmount(uint24 fee, int24 tickSpacing) external;
        function getPool(address token0, address token1, uint24 fee) external view returns (address);
    }

    interface IUniswapV3Pool {
        function increaseObservationCardinalityNext(uint16 observations) external;
        function slot0() external view returns (
            uint160 sqrtPriceX96, int24 tick, uint16 observationIndex, uint16 observationCardinality,
            uint16 observationCardinalityNext, uint8 feeProtocol, bool unlocked
        );
        function liquidity() external view returns (uint128);
    }

    interface INonfungiblePositionManager {
        struct MintParams {
            address token0; address token1; uint24 fee; int24 tickLower; int24 tickUpper;
            uint256 amount0Desired; uint256 amount1Desired; uint256 amount0Min; uint256 amount1Min;
            address recipient; uint256 deadline;
        }
        function createAndInitializePoolIfNecessary(address token0, address token1, uint24 fee, uint160 sqrtPriceX96)
            external payable returns (address pool);
        function mint(MintParams calldata params) external payable
            returns (uint256 tokenId, uint128 liquidity, uint256 amount0, uint256 amount1);
        struct DecreaseParams {
            uint256 tokenId; uint128 liquidity; uint256 amount0Min; uint256 amount1Min; uint256 deadline;
        }
        struct IncreaseParams {
            uint256 tokenId; uint256 amount0Desired; uint256 amount1Desired; uint256 amount0Min; uint256 amount1Min;
            uint256 deadline;
        }
        function decreaseLiquidity(DecreaseParams calldata params) external payable
            returns (uint256 amount0, uint256 amount1);
        function increaseLiquidity(IncreaseParams calldata params) external payable
            returns (uint128 liquidity, uint256 amount0, uint256 amount1);
        function positions(uint256 tokenId) external view returns (
            uint96 nonce, address operator, address token0, address token1, uint24 fee, int24 tickLower,
            int24 tickUpper, uint128 liquidity, uint256 growth0, uint256 growth1, uint128 owed0, uint128 owed1
        );
    }

    interface ISwapRouter02 {
        struct ExactInputSingleParams {
            address tokenIn; address tokenOut; uint24 fee; address recipient;
            uint256 amountIn; uint256 amountOutMinimum; uint160 sqrtPriceLimitX96;
        }
        function exactInputSingle(ExactInputSingleParams calldata params) external payable returns (uint256 amountOut);
    }

    interface IMorpho {
        struct MarketParams { address loanToken; address collateralToken; address oracle; address irm; uint256 lltv; }
        function enableIrm(address irm) external;
        function enableLltv(uint256 lltv) external;
        function createMarket(MarketParams calldata params) external;
        function supply(
            MarketParams calldata params, uint256 assets, uint256 shares, address onBehalf, bytes calldata data
        ) external returns (uint256 assetsSupplied, uint256 sharesSupplied);
    }
}
