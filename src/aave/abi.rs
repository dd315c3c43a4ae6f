//! The parts of Aave's interfaces that we call (v3.6 and v3.7 agree on all of them but the ones marked).

use alloy::sol;

sol! {
    /// Registry of the market's contracts.
    #[derive(Debug)]
    interface IPoolAddressesProvider {
        function getPool() external view returns (address pool);
        function getPriceOracle() external view returns (address oracle);
        function getPriceOracleSentinel() external view returns (address sentinel);
    }

    /// Gate on borrowing after sequencer downtime (v3.6; gone in v3.7).
    #[derive(Debug)]
    interface IPriceOracleSentinel {
        function isBorrowAllowed() external view returns (bool allowed);
    }

    /// The lending pool.
    #[derive(Debug)]
    interface IPool {
        struct ReserveData {
            uint256 configuration;
            uint128 liquidityIndex;
            uint128 currentLiquidityRate;
            uint128 variableBorrowIndex;
            uint128 currentVariableBorrowRate;
            uint128 currentStableBorrowRate;
            uint40 lastUpdateTimestamp;
            uint16 id;
            address aTokenAddress;
            address stableDebtTokenAddress;
            address variableDebtTokenAddress;
            address interestRateStrategyAddress;
            uint128 accruedToTreasury;
            uint128 unbacked;
            uint128 isolationModeTotalDebt;
        }
        struct CollateralConfig { uint16 ltv; uint16 liquidationThreshold; uint16 liquidationBonus; }

        function POOL_REVISION() external view returns (uint256 revision);
        function FLASHLOAN_PREMIUM_TOTAL() external view returns (uint128 bps);
        function getReservesList() external view returns (address[] memory assets);
        function getReserveData(address asset) external view returns (ReserveData memory data);
        function getVirtualUnderlyingBalance(address asset) external view returns (uint128 balance);
        function getReserveDeficit(address asset) external view returns (uint256 deficit);
        function getReserveNormalizedIncome(address asset) external view returns (uint256 index);
        function getReserveNormalizedVariableDebt(address asset) external view returns (uint256 index);
        function getEModeCategoryCollateralConfig(uint8 id) external view returns (CollateralConfig memory config);
        function getEModeCategoryCollateralBitmap(uint8 id) external view returns (uint128 bitmap);
        function getEModeCategoryBorrowableBitmap(uint8 id) external view returns (uint128 bitmap);
        function getEModeCategoryLtvzeroBitmap(uint8 id) external view returns (uint128 bitmap);
        /// v3.7 only.
        function getIsEModeCategoryIsolated(uint8 id) external view returns (bool isolated);
        function getEModeCategoryLabel(uint8 id) external view returns (string memory label);
        function getUserConfiguration(address user) external view returns (uint256 bitmap);
        function getUserEMode(address user) external view returns (uint256 category);
        function getUserAccountData(address user) external view returns (
            uint256 totalCollateralBase, uint256 totalDebtBase, uint256 availableBorrowsBase,
            uint256 currentLiquidationThreshold, uint256 ltv, uint256 healthFactor
        );

        function supply(address asset, uint256 amount, address onBehalfOf, uint16 referralCode) external;
        function borrow(
            address asset, uint256 amount, uint256 interestRateMode, uint16 referralCode, address onBehalfOf
        ) external;
        function repay(
            address asset, uint256 amount, uint256 interestRateMode, address onBehalfOf
        ) external returns (uint256 paid);
        function withdraw(address asset, uint256 amount, address to) external returns (uint256 withdrawn);
        function setUserEMode(uint8 category) external;
        function setUserUseReserveAsCollateral(address asset, bool useAsCollateral) external;
        function flashLoanSimple(
            address receiver, address asset, uint256 amount, bytes calldata params, uint16 referralCode
        ) external;
    }

    /// Prices in US dollars with 8 decimals.
    #[derive(Debug)]
    interface IAaveOracle {
        function getAssetPrice(address asset) external view returns (uint256 price);
        function getSourceOfAsset(address asset) external view returns (address source);
        function BASE_CURRENCY_UNIT() external view returns (uint256 unit);
    }

    /// What the oracle asks; adapters need not answer `latestRoundData`.
    #[derive(Debug)]
    interface IPriceFeed {
        function latestAnswer() external view returns (int256 answer);
        function latestRoundData() external view returns (
            uint80 roundId, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound
        );
    }

    /// The one interest rate strategy that all reserves of a v3.4+ pool share.
    #[derive(Debug)]
    interface IRateStrategy {
        struct InterestRateData {
            uint16 optimalUsageRatio;
            uint32 baseVariableBorrowRate;
            uint32 variableRateSlope1;
            uint32 variableRateSlope2;
        }
        function getInterestRateDataBps(address reserve) external view returns (InterestRateData memory data);
    }

    /// aTokens and variable debt tokens: balances before interest.
    #[derive(Debug)]
    interface IScaledToken {
        function scaledBalanceOf(address user) external view returns (uint256 balance);
        function scaledTotalSupply() external view returns (uint256 supply);
    }

    /// Credit delegation of variable debt tokens.
    #[derive(Debug)]
    interface IDebtToken {
        function borrowAllowance(address fromUser, address toUser) external view returns (uint256 amount);
        function approveDelegation(address delegatee, uint256 amount) external;
    }

    /// ERC-20 with the permit extension (which not every token has).
    #[derive(Debug)]
    interface IToken {
        function name() external view returns (string memory name);
        function symbol() external view returns (string memory symbol);
        function version() external view returns (string memory version);
        function balanceOf(address user) external view returns (uint256 balance);
        function allowance(address owner, address spender) external view returns (uint256 amount);
        function nonces(address owner) external view returns (uint256 nonce);
        function DOMAIN_SEPARATOR() external view returns (bytes32 separator);
        function approve(address spender, uint256 amount) external returns (bool ok);
        function transfer(address to, uint256 amount) external returns (bool ok);
    }
}
