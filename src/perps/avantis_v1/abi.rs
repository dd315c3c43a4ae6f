//! The venue's interfaces as a client uses them, written from avantis-v1.md §2–§4.

// The events have the venue's arguments; the macro makes a constructor of each.
#![allow(clippy::too_many_arguments)]

use alloy::sol;

sol! {
    /// A position, or what is asked for.
    #[derive(Debug, Default)]
    struct Trade {
        address trader; uint256 pairIndex; uint256 index; uint256 initialPosToken; uint256 positionSizeUSDC;
        uint256 openPrice; bool buy; uint256 leverage; uint256 tp; uint256 sl; uint256 timestamp;
    }

    /// What goes with a position.
    #[derive(Debug)]
    struct TradeInfo {
        uint256 openInterestUSDC; uint256 tpLastUpdated; uint256 slLastUpdated; bool beingMarketClosed;
        uint256 lossProtection;
    }

    /// A limit order that waits.
    #[derive(Debug)]
    struct OpenLimitOrder {
        address trader; uint256 pairIndex; uint256 index; uint256 positionSize; bool buy; uint256 leverage;
        uint256 tp; uint256 sl; uint256 price; uint256 slippageP; uint256 block; uint256 executionFee;
    }

    /// A market order that waits.
    #[derive(Debug)]
    struct PendingMarketOrder { Trade trade; uint256 block; uint256 wantedPrice; uint256 slippageP; }

    /// A position with what the venue computes of it.
    #[derive(Debug)]
    struct PositionView { Trade trade; TradeInfo info; uint256 rolloverFee; uint256 liquidationPrice; }
    /// A limit order with what the venue computes of it.
    #[derive(Debug)]
    struct LimitView { OpenLimitOrder order; uint256 liquidationPrice; }

    /// Where traders and keepers send transactions.
    #[derive(Debug)]
    interface ITrading {
        event MarketOrderInitiated(
            address indexed trader, uint256 pairIndex, bool open, uint256 orderId, uint256 timestamp, bool isBuy
        );
        event OpenLimitPlaced(
            address indexed trader, uint256 pairIndex, uint256 index, bool isBuy, uint256 openPrice,
            uint256 executionFee, uint8 orderType, uint256 slippageP, uint256 collateral
        );
        event OpenLimitCanceled(
            address indexed trader, uint256 pairIndex, uint256 index, uint256 timestamp, uint256 collateral
        );
        function openTrade(Trade calldata t, uint8 orderType, uint256 slippageP) external payable returns (uint256 id);
        function closeTradeMarket(uint256 pairIndex, uint256 index, uint256 amount)
            external payable returns (uint256 id);
        function cancelOpenLimitOrder(uint256 pairIndex, uint256 index) external;
        function updateOpenLimitOrder(
            uint256 pairIndex, uint256 index, uint256 price, uint256 slippageP, uint256 tp, uint256 sl
        ) external;
        function updateTpAndSl(
            uint256 pairIndex, uint256 index, uint256 newSl, uint256 newTp, bytes[] calldata priceUpdateData
        ) external payable;
        function updateMargin(
            uint256 pairIndex, uint256 index, uint8 updateType, uint256 amount, bytes[] calldata priceUpdateData
        ) external payable returns (uint256 id);
        function executeMarketOrders(uint256[] calldata orderIds, bytes[] calldata priceUpdateData) external payable;
        function executeLimitOrder(
            uint8 orderType, address trader, uint256 pairIndex, uint256 index, bytes[] calldata priceUpdateData
        ) external payable;
        function cancelPendingMarketOrder(uint256 id) external;
        function delegatedAction(address trader, bytes calldata data) external payable returns (bytes memory answer);
        function setDelegate(address delegate) external;
        function removeDelegate() external;
        function paused() external view returns (bool is);
        function limitOrdersTimelock() external view returns (uint256 blocks);
        function _MAX_SLIPPAGE() external view returns (uint256 percent);
        function storageT() external view returns (address storage_);
        function nonceBitmap(address trader, uint256 word) external view returns (uint256 used);
        function multipleDelegations(address trader, address delegate)
            external view returns (bool is, uint256 expiry);
    }

    /// Positions, orders, open interest; holds USDC of orders that wait and takes it from the trader.
    #[derive(Debug)]
    interface ITradingStorage {
        function trading() external view returns (address trading);
        function callbacks() external view returns (address callbacks);
        function usdc() external view returns (address token);
        function openTrades(address trader, uint256 pairIndex, uint256 index) external view returns (Trade memory trade);
        function openTradesInfo(address trader, uint256 pairIndex, uint256 index)
            external view returns (TradeInfo memory info);
        function openTradesCount(address trader, uint256 pairIndex) external view returns (uint256 count);
        function openLimitOrdersCount(address trader, uint256 pairIndex) external view returns (uint256 count);
        function pendingMarketOpenCount(address trader, uint256 pairIndex) external view returns (uint256 count);
        function pendingOrderIdsCount(address trader) external view returns (uint256 count);
        function getPendingOrderIds(address trader) external view returns (uint256[] memory ids);
        function reqIDpendingMarketOrder(uint256 orderId) external view returns (PendingMarketOrder memory order);
        function hasOpenLimitOrder(address trader, uint256 pairIndex, uint256 index) external view returns (bool has);
        function maxPendingMarketOrders() external view returns (uint256 most);
        function maxTradesPerPair() external view returns (uint256 most);
        function maxOpenInterest() external view returns (uint256 notional);
        function totalOI() external view returns (uint256 notional);
        function walletOI(address trader) external view returns (uint256 notional);
        function pairLongOI(uint256 pairIndex) external view returns (uint256 notional);
        function pairShortOI(uint256 pairIndex) external view returns (uint256 notional);
        function withinExposureLimits(address trader, uint256 pairIndex, uint256 notional, bool buy)
            external view returns (bool within);
    }

    /// Takes prices in.
    #[derive(Debug)]
    interface IPriceAggregator {
        function pyth() external view returns (address pyth);
    }

    /// Parameters of pairs.
    #[derive(Debug)]
    interface IPairStorage {
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
        function pairsCount() external view returns (uint256 count);
        function pairsBackend(uint256 pairIndex)
            external view returns (Pair memory pair, Group memory group, Fee memory fee);
        function pairData(uint256 pairIndex)
            external view returns (string memory from, string memory to, uint256 numTiers);
        function getSkewParams(uint256 pairIndex) external view returns (SkewFee memory fee);
        function spreadCaps(uint256 pairIndex) external view returns (uint256 favour, uint256 adverse);
        function lossProtectionMultiplier(uint256 pairIndex, uint256 tier) external view returns (uint256 percent);
        function groupMaxOI(uint256 pairIndex) external view returns (uint256 notional);
        function groupOI(uint256 pairIndex) external view returns (uint256 notional);
        function pairMaxOI(uint256 pairIndex) external view returns (uint256 notional);
        function pairMaxLongOI(uint256 pairIndex) external view returns (uint256 notional);
        function pairMaxShortOI(uint256 pairIndex) external view returns (uint256 notional);
        function maxWalletOI(uint256 pairIndex) external view returns (uint256 notional);
        function blockOILimit(uint256 pairIndex) external view returns (uint256 notional);
    }

    /// Spread, rollover and liquidation.
    #[derive(Debug)]
    interface IPairInfos {
        function liqThreshold() external view returns (uint256 percent);
        function getRolloverFeePerBlockP(uint256 pairIndex) external view returns (uint256 base);
        function pairRolloverFees(uint256 pairIndex)
            external view returns (uint256 long, uint256 short, uint256 updated);
        function getOnePercentDepthAbove(uint256 pairIndex) external view returns (uint256 notional);
        function getOnePercentDepthBelow(uint256 pairIndex) external view returns (uint256 notional);
        function lossProtectionNumTiers(uint256 pairIndex) external view returns (uint256 tiers);
        function longSkewConfig(uint256 pairIndex, uint256 tier) external view returns (uint256 percent);
        function shortSkewConfig(uint256 pairIndex, uint256 tier) external view returns (uint256 percent);
        function getSkewImpactSpread(uint256 pairIndex, bool buy, uint256 notional, bool isPnl)
            external view returns (int256 percent);
        function getTradePriceImpact(uint256 price, uint256 pairIndex, bool long, uint256 notional, bool isPnl)
            external view returns (uint256 executed);
    }

    /// Views over everything of a trader.
    #[derive(Debug)]
    interface IViews {
        function getPositions(address trader)
            external view returns (PositionView[] memory positions, LimitView[] memory limits);
    }

    /// What the keeper's executions come to.
    #[derive(Debug)]
    interface ICallbacks {
        event MarketExecuted(
            uint256 orderId, Trade t, bool open, uint256 price, uint256 positionSizeUSDC, int256 percentProfit,
            uint256 usdcSentToTrader, bool isPnl
        );
        event LimitExecuted(
            uint256 orderId, uint256 limitIndex, Trade t, uint8 orderType, uint256 price, uint256 positionSizeUSDC,
            int256 percentProfit, uint256 usdcSentToTrader, bool isPnl
        );
        event MarketOpenCanceled(uint256 orderId, address indexed trader, uint256 pairIndex);
    }

    /// The price that an execution was given.
    #[derive(Debug)]
    interface IAggregator {
        event PriceReceived(uint256 orderId, uint256 pairIndex, uint256 price);
    }

    /// USDC.
    #[derive(Debug)]
    interface IERC20 {
        event Transfer(address indexed from, address indexed to, uint256 value);
        function balanceOf(address owner) external view returns (uint256 balance);
        function allowance(address owner, address spender) external view returns (uint256 amount);
        function approve(address spender, uint256 amount) external returns (bool done);
    }
}

/// Type of an open: at the market.
pub(super) const MARKET: u8 = 0;
/// Type of an open that these contracts execute as a limit order. The team's SDKs name 1 a stop and 2 a limit; on the
/// published byte code it is the other way round (avantis-v1.md §6, probe table).
pub(super) const LIMIT: u8 = 1;
/// `updateMargin`: put in, take out.
pub(super) const DEPOSIT: u8 = 0;
pub(super) const WITHDRAW: u8 = 1;
/// `LimitExecuted.orderType`: target, stop, liquidation, open.
pub(super) const TARGET: u8 = 0;
pub(super) const STOP: u8 = 1;
pub(super) const LIQUIDATION: u8 = 2;
pub(super) const OPENED: u8 = 3;
