//! Interfaces of the perpetuals venue as its recipe and its keeper use them, written from avantis-v1.md §2, §3, §8.

use alloy::sol;

sol! {
    #[derive(Debug)]
    struct Trade {
        address trader; uint256 pairIndex; uint256 index; uint256 initialPosToken; uint256 positionSizeUSDC;
        uint256 openPrice; bool buy; uint256 leverage; uint256 tp; uint256 sl; uint256 timestamp;
    }

    #[derive(Debug)]
    struct OpenLimitOrder {
        address trader; uint256 pairIndex; uint256 index; uint256 positionSize; bool buy; uint256 leverage;
        uint256 tp; uint256 sl; uint256 price; uint256 slippageP; uint256 block; uint256 executionFee;
    }

    #[derive(Debug)]
    struct PendingMarketOrder { Trade trade; uint256 block; uint256 wantedPrice; uint256 slippageP; }

    /// What every initializer without arguments looks like.
    interface IAvantisInitialize0 { function initialize() external; }
    /// With one contract.
    interface IAvantisInitialize1 { function initialize(address first) external; }
    /// With two contracts.
    interface IAvantisInitialize2 { function initialize(address first, address second) external; }
    /// With three contracts.
    interface IAvantisInitialize3 { function initialize(address first, address second, address third) external; }

    interface IAvantisTradingStorage {
        function setPriceAggregator(address aggregator) external;
        function setVaultManager(address manager) external;
        function setTrading(address trading) external;
        function setCallbacks(address callbacks) external;
        function setUSDC(address token) external;
        function setReferral(address referral) external;
        function addTradingContract(address trading) external;
        function setDev(address dev) external;
        function setGovTreasury(address treasury) external;
        function getOpenLimitOrders() external view returns (OpenLimitOrder[] memory orders);
        function reqIDpendingMarketOrder(uint256 orderId) external view returns (PendingMarketOrder memory order);
        function pairTradersArray(uint256 pairIndex) external view returns (address[] memory traders);
        function openTrades(address trader, uint256 pairIndex, uint256 index) external view returns (Trade memory trade);
        function hasOpenLimitOrder(address trader, uint256 pairIndex, uint256 index) external view returns (bool has);
    }

    interface IAvantisPairStorage {
        struct Feed { uint256 maxOpenDeviationP; uint256 maxCloseDeviationP; bytes32 feedId; }
        struct BackupFeed { uint256 maxDeviationP; address feedId; }
        struct Leverages { uint256 minLeverage; uint256 maxLeverage; uint256 pnlMinLeverage; uint256 pnlMaxLeverage; }
        struct Values {
            int256 maxGainP; int256 maxSlP; uint256 maxLongOiP; uint256 maxShortOiP;
            uint256 groupOpenInterestPecentage; uint256 maxWalletOI; bool isUSDCAligned;
        }
        struct Pair {
            Feed feed; BackupFeed backupFeed; uint256 spreadP; uint256 pnlSpreadP; Leverages leverages;
            uint256 priceImpactMultiplier; int256 skewImpactMultiplier; uint256 groupIndex; uint256 feeIndex;
            Values values;
        }
        struct Group { string name; uint256 maxOpenInterestP; bool isSpreadDynamic; }
        struct PnlFees { uint256 numTiers; uint256[] tierP; uint256[] feesP; }
        struct Fee {
            uint256 openFeeP; uint256 closeFeeP; uint256 limitOrderFeeP; uint256 minLevPosUSDC; PnlFees pnlFees;
        }
        struct SkewFee { int256[2][10] eqParams; }
        struct PairParams {
            uint256 posSpreadCap; uint256 negSpreadCap; uint256 param1; uint256 param2; uint256 param3;
            uint256 param4; uint256 param5; uint256 param6; uint256 param7; uint256 param8;
        }
        function initialize(address tradingStorage, uint256 currentOrderId) external;
        function addGroup(Group calldata group) external;
        function addFee(Fee calldata fee) external;
        function addPair(Pair calldata pair) external;
        function addSkewOpenFees(SkewFee calldata fee) external;
        function setPairData(
            uint256 pairIndex, string calldata from, string calldata to, uint256 numTiers,
            uint256[] calldata tierThresholds, uint256[] calldata timer
        ) external;
        function updateLossProtectionMultiplier(
            uint256 pairIndex, uint256[] calldata tier, uint256[] calldata multiplierPercent
        ) external;
        function setBlockOILImits(uint256[] calldata pairIndex, uint256[] calldata limits) external;
        function updatePairParams(uint256 pairIndex, PairParams calldata params) external;
        function currentOrderId() external view returns (uint256 id);
        function pairsCount() external view returns (uint256 count);
        function pairFeed(uint256 pairIndex) external view returns (Feed memory feed);
    }

    interface IAvantisPairInfos {
        struct PairParams {
            uint256 onePercentDepthAbove; uint256 onePercentDepthBelow; uint256 rolloverFeePerBlockP;
        }
        function setManager(address manager) external;
        function setKeeper(address keeper) external;
        function setPairParams(uint256 pairIndex, PairParams calldata value) external;
        function setLossProtectionConfig(
            uint256 pairIndex, uint256[] calldata longSkew, uint256[] calldata shortSkew
        ) external;
        function getTradeLiquidationPrice(
            address trader, uint256 pairIndex, uint256 index, uint256 openPrice, bool long, uint256 collateral,
            uint256 leverage
        ) external view returns (uint256 price);
    }

    interface IAvantisPriceAggregator {
        function setPyth(address pyth) external;
        function pyth() external view returns (address pyth);
    }

    interface IAvantisTrading {
        function updateOperator(address operator, bool on) external;
        function setMarketExecFeeReciever(address receiver) external;
        function isOperator(address who) external view returns (bool is);
        function executeMarketOrders(uint256[] calldata orderIds, bytes[] calldata priceUpdateData) external payable;
        function executeLimitOrder(
            uint8 orderType, address trader, uint256 pairIndex, uint256 index, bytes[] calldata priceUpdateData
        ) external payable;
        function cancelPendingMarketOrder(uint256 id) external;
    }

    interface IAvantisExecute {
        function openLimitOrderTypes(address trader, uint256 pairIndex, uint256 index)
            external view returns (uint8 orderType);
    }

    interface IAvantisVaultManager {
        function setKeeper(address keeper) external;
        function setJuniorTranche(address tranche) external;
        function setSeniorTranche(address tranche) external;
        function addTradingContract(address trading) external;
    }

    interface IAvantisTranche {
        function initialize(address asset, address vaultManager, string calldata name, string calldata symbol) external;
        function setVeTranche(address veTranche) external;
        function deposit(uint256 assets, address receiver) external returns (uint256 shares);
    }

    interface IAvantisReferral {
        function setHandler(address handler, bool on) external;
    }

    /// Pyth's price, as an update carries it.
    struct PythPrice { int64 price; uint64 conf; int32 expo; uint256 publishTime; }
    /// One update.
    struct PythPriceFeed { bytes32 id; PythPrice price; PythPrice emaPrice; }

    interface IPyth {
        function getUpdateFee(bytes[] calldata updates) external view returns (uint256 fee);
    }
}
