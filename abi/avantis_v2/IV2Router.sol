// SPDX-License-Identifier: MIT
pragma solidity ^0.8.0;

/// @title What clients call at the venue's router, version 2 (docs/reference/avantis-v2.md), its events and errors.
/// @dev Structs stand inside, because version 1 has structs of the same names. Units: USDC 1e6, prices, leverages,
/// percentages and coin sizes 1e10.
interface IV2Router {
    /// A position, or what is asked for. As stored, `initialPosToken` is the collateral and `positionSizeUSDC` a time.
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

    /// What is added to a position.
    struct UpdatePositionSize {
        address trader;
        uint256 pairIndex;
        uint256 index;
        uint256 openPrice;
        uint256 initialPosToken;
        uint256 leverage;
    }

    /// The spread that the operator brings along. The last two fields have no known name.
    struct SpreadParams {
        int256 spreadP;
        uint256 bookDepth;
        int256 impactParam;
        bool byPass;
        int256 maxSpreadP;
        bool unknown0;
        int256 unknown1;
    }

    /// Only the first field's index is known of version 1; of version 2 none was observed.
    event MarketOrderInitiated(
        address indexed trader,
        uint256 pairIndex,
        bool open,
        uint256 orderId,
        uint256 timestamp,
        bool isBuy,
        bool isPnl,
        uint256 initialPosToken,
        uint256 minLeverage,
        uint256 maxLeverage,
        uint256 coinExposure,
        bool isCoinExposureFixed,
        uint256 wantedPrice
    );
    /// Emitted by TradingCallbacks.
    event MarketExecuted(
        uint256 orderId,
        Trade t,
        bool open,
        uint256 price,
        uint256 positionSizeUSDC,
        int256 percentProfit,
        uint256 usdcSentToTrader,
        bool isPnl,
        uint256 coinExposure,
        bool isCoinExposureFixed
    );

    error HighSlippage();
    error InvalidDeadline();
    error InvalidNonce();
    error OnlyBatchedFlowAllowed();
    error PnlOrderNotAllowed();
    error PositionMismatch();
    error WrongSl();
    error WrongTp();

    function openTrade(Trade calldata t, uint8 orderType, uint256 slippageP) external payable;
    function openTradeWithCoinExposure(
        Trade calldata t,
        uint8 orderType,
        uint256 coinExposure,
        uint256 minLeverage,
        uint256 maxLeverage,
        uint256 slippageP
    ) external payable;
    function closeTradeMarket(uint256 pairIndex, uint256 index, uint256 amount, uint256 wantedPrice) external payable;
    function closeTradeMarketWithCoinExposure(
        uint256 pairIndex,
        uint256 index,
        uint256 coinExposure,
        uint256 wantedPrice
    ) external payable;
    function increasePositionSize(UpdatePositionSize calldata update, uint256 slippageP) external payable;
    function increasePositionSizeWithCoinExposure(
        UpdatePositionSize calldata update,
        uint256 coinExposure,
        uint256 minLeverage,
        uint256 maxLeverage,
        uint256 slippageP
    ) external payable;
    function updateMargin(
        uint256 pairIndex,
        uint256 index,
        uint8 updateType,
        uint256 amount,
        bytes[] calldata priceUpdateData,
        uint8 priceSourcing
    ) external payable;
    function cancelOpenLimitOrder(uint256 pairIndex, uint256 index) external;
    function updateOpenLimitOrder(
        uint256 pairIndex,
        uint256 index,
        uint256 price,
        uint256 slippageP,
        uint256 tp,
        uint256 sl
    ) external;
    function delegatedAction(address trader, bytes calldata call) external payable;
    function setDelegate(address delegate, uint256 expiry) external;
    function removeDelegate(address delegate) external;
    function setDelegateWithSig(bytes calldata signature, bytes calldata encodedIntent) external;
    function nonceBitmap(address signer, uint256 word) external view returns (uint256);
    function multipleDelegations(address trader, address delegate) external view returns (bool enabled, uint256 expiry);
    function executeMarketOrderBatched(
        uint8 orderType,
        bytes calldata signature,
        bytes calldata encodedIntent,
        bytes[] calldata priceUpdateData,
        uint8 priceSourcing,
        SpreadParams calldata spread
    ) external payable;
    function executePositionUpdateBatched(
        uint8 orderType,
        bytes calldata signature,
        bytes calldata encodedIntent,
        bytes[] calldata priceUpdateData,
        uint8 priceSourcing,
        SpreadParams calldata spread
    ) external payable;
}
