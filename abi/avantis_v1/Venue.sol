// SPDX-License-Identifier: MIT
pragma solidity ^0.8.0;

// These interfaces share structs, so they stand in one file: the program reads each file by itself, without imports.
// Units are those of docs/reference/avantis-v1.md §3.

/// A position, or what is asked for.
struct Trade {
    address trader;
    uint256 pairIndex;
    uint256 index;
    uint256 initialPosToken;
    uint256 positionSizeUSDC;
    uint256 openPrice;
    bool buy;
    uint256 leverage;
    uint256 tp;
    uint256 sl;
    uint256 timestamp;
}

/// What goes with a position.
struct TradeInfo {
    uint256 openInterestUSDC;
    uint256 tpLastUpdated;
    uint256 slLastUpdated;
    bool beingMarketClosed;
    uint256 lossProtection;
}

/// A limit order that waits.
struct OpenLimitOrder {
    address trader;
    uint256 pairIndex;
    uint256 index;
    uint256 positionSize;
    bool buy;
    uint256 leverage;
    uint256 tp;
    uint256 sl;
    uint256 price;
    uint256 slippageP;
    uint256 block;
    uint256 executionFee;
}

/// A market order that waits.
struct PendingMarketOrder {
    Trade trade;
    uint256 block;
    uint256 wantedPrice;
    uint256 slippageP;
}

/// A position with what the venue computes of it.
struct PositionView {
    Trade trade;
    TradeInfo info;
    uint256 rolloverFee;
    uint256 liquidationPrice;
}

/// A limit order with what the venue computes of it.
struct LimitView {
    OpenLimitOrder order;
    uint256 liquidationPrice;
}

/// Where traders and keepers send transactions.
interface ITrading {
    event MarketOrderInitiated(
        address indexed trader, uint256 pairIndex, bool open, uint256 orderId, uint256 timestamp, bool isBuy
    );
    event OpenLimitPlaced(
        address indexed trader,
        uint256 pairIndex,
        uint256 index,
        bool isBuy,
        uint256 openPrice,
        uint256 executionFee,
        uint8 orderType,
        uint256 slippageP,
        uint256 collateral
    );
    event OpenLimitCanceled(
        address indexed trader, uint256 pairIndex, uint256 index, uint256 timestamp, uint256 collateral
    );

    function openTrade(Trade calldata t, uint8 orderType, uint256 slippageP) external payable returns (uint256);
    function closeTradeMarket(uint256 pairIndex, uint256 index, uint256 amount) external payable returns (uint256);
    function cancelOpenLimitOrder(uint256 pairIndex, uint256 index) external;
    function updateOpenLimitOrder(
        uint256 pairIndex,
        uint256 index,
        uint256 price,
        uint256 slippageP,
        uint256 tp,
        uint256 sl
    ) external;
    function updateTpAndSl(
        uint256 pairIndex,
        uint256 index,
        uint256 newSl,
        uint256 newTp,
        bytes[] calldata priceUpdateData
    ) external payable;
    function updateMargin(
        uint256 pairIndex,
        uint256 index,
        uint8 updateType,
        uint256 amount,
        bytes[] calldata priceUpdateData
    ) external payable returns (uint256);
    function executeMarketOrders(uint256[] calldata orderIds, bytes[] calldata priceUpdateData) external payable;
    function executeLimitOrder(
        uint8 orderType,
        address trader,
        uint256 pairIndex,
        uint256 index,
        bytes[] calldata priceUpdateData
    ) external payable;
    function cancelPendingMarketOrder(uint256 id) external;
    function delegatedAction(address trader, bytes calldata data) external payable returns (bytes memory);
    function setDelegate(address delegate) external;
    function removeDelegate() external;

    function paused() external view returns (bool);
    function limitOrdersTimelock() external view returns (uint256);
    function _MAX_SLIPPAGE() external view returns (uint256);
    function storageT() external view returns (address);
    function nonceBitmap(address trader, uint256 word) external view returns (uint256);
    function multipleDelegations(address trader, address delegate) external view returns (bool allowed, uint256 expiry);
    function isOperator(address who) external view returns (bool);

    function updateOperator(address operator, bool on) external;
    function setMarketExecFeeReciever(address receiver) external;
}

/// Positions, orders, open interest; holds USDC of orders that wait and takes it from the trader.
interface ITradingStorage {
    function trading() external view returns (address);
    function callbacks() external view returns (address);
    function usdc() external view returns (address);
    function openTrades(address trader, uint256 pairIndex, uint256 index) external view returns (Trade memory);
    function openTradesInfo(address trader, uint256 pairIndex, uint256 index) external view returns (TradeInfo memory);
    function openTradesCount(address trader, uint256 pairIndex) external view returns (uint256);
    function openLimitOrdersCount(address trader, uint256 pairIndex) external view returns (uint256);
    function pendingMarketOpenCount(address trader, uint256 pairIndex) external view returns (uint256);
    function pendingOrderIdsCount(address trader) external view returns (uint256);
    function getPendingOrderIds(address trader) external view returns (uint256[] memory);
    function reqIDpendingMarketOrder(uint256 orderId) external view returns (PendingMarketOrder memory);
    function hasOpenLimitOrder(address trader, uint256 pairIndex, uint256 index) external view returns (bool);
    function getOpenLimitOrders() external view returns (OpenLimitOrder[] memory);
    function pairTradersArray(uint256 pairIndex) external view returns (address[] memory);
    function maxPendingMarketOrders() external view returns (uint256);
    function maxTradesPerPair() external view returns (uint256);
    function maxOpenInterest() external view returns (uint256);
    function totalOI() external view returns (uint256);
    function walletOI(address trader) external view returns (uint256);
    function pairLongOI(uint256 pairIndex) external view returns (uint256);
    function pairShortOI(uint256 pairIndex) external view returns (uint256);
    function withinExposureLimits(address trader, uint256 pairIndex, uint256 notional, bool buy)
        external
        view
        returns (bool);

    function setPriceAggregator(address aggregator) external;
    function setVaultManager(address manager) external;
    function setTrading(address newTrading) external;
    function setCallbacks(address newCallbacks) external;
    function setUSDC(address token) external;
    function setReferral(address referral) external;
    function addTradingContract(address newTrading) external;
    function setDev(address dev) external;
    function setGovTreasury(address treasury) external;
}

/// Views over everything of a trader.
interface IViews {
    function getPositions(address trader)
        external
        view
        returns (PositionView[] memory positions, LimitView[] memory limits);
}

/// What the keeper's executions come to.
interface ICallbacks {
    event MarketExecuted(
        uint256 orderId,
        Trade t,
        bool open,
        uint256 price,
        uint256 positionSizeUSDC,
        int256 percentProfit,
        uint256 usdcSentToTrader,
        bool isPnl
    );
    event LimitExecuted(
        uint256 orderId,
        uint256 limitIndex,
        Trade t,
        uint8 orderType,
        uint256 price,
        uint256 positionSizeUSDC,
        int256 percentProfit,
        uint256 usdcSentToTrader,
        bool isPnl
    );
    event MarketOpenCanceled(uint256 orderId, address indexed trader, uint256 pairIndex);
}
