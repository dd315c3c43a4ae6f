// SPDX-License-Identifier: MIT
pragma solidity ^0.8.0;

/// @title What the stand-in of the venue's version 2 has of its own: the genuine contracts have none of it.
/// @dev Only the local venue and its tests use it. How the genuine contracts show positions, how their operator fills
/// orders of the direct mode, and what most of their errors are called is not known. Units: USDC 1e6; prices,
/// leverages, percentages and coin sizes 1e10; times unix seconds.
interface IV2StandIn {
    /// A position with what the stand-in computes of it now. All zero where there is none.
    struct Position {
        address trader;
        uint256 pairIndex;
        uint256 index;
        bool buy;
        bool isPnl;
        /// A close is waiting for the operator.
        bool closing;
        uint256 collateral;
        uint256 leverage;
        uint256 openPrice;
        uint256 tp;
        uint256 sl;
        /// What intents that close are bound to.
        uint256 timestamp;
        uint256 coinExposure;
        /// Accrued by now.
        uint256 rolloverFee;
        /// Accrued by now; negative where the position receives.
        int256 fundingFee;
        uint256 liquidationPrice;
    }

    /// A limit or stop-limit order that waits.
    struct LimitOrder {
        address trader;
        uint256 pairIndex;
        uint256 index;
        bool buy;
        uint8 orderType;
        uint256 collateral;
        uint256 leverage;
        uint256 price;
        uint256 slippageP;
        uint256 tp;
        uint256 sl;
        uint256 timestamp;
        uint256 blockNumber;
    }

    /// A market order of the direct mode that waits for the operator. `kind`: 0 open, 1 close, 2 increase.
    struct Order {
        uint8 kind;
        address trader;
        uint256 pairIndex;
        uint256 index;
        bool buy;
        bool isPnl;
        bool isCoinExposureFixed;
        uint256 collateral;
        uint256 leverage;
        uint256 minLeverage;
        uint256 maxLeverage;
        uint256 coinExposure;
        uint256 wantedPrice;
        uint256 slippageP;
        uint256 tp;
        uint256 sl;
        uint256 timestamp;
    }

    /// What a price update holds, ABI encoded. Nobody signs it.
    struct PriceUpdate {
        uint256 feedId;
        uint256 price;
        uint256 publishTime;
    }

    /// A pair's fees, percent.
    struct Fees {
        uint256 openMakerP;
        uint256 openTakerP;
        uint256 closeMakerP;
        uint256 closeTakerP;
    }

    /// A pair's parameters. Plain percent: `maxGainP`, `maxSlP`, `maxLongP`, `maxShortP`. Rates are percent an hour.
    struct Pair {
        string from;
        uint256 feedId;
        uint256 groupIndex;
        bool listed;
        bool closeOnly;
        bool isOpen;
        bool isPnl;
        uint256 minLeverage;
        uint256 maxLeverage;
        uint256 minPosition;
        uint256 spreadP;
        Fees fees;
        uint256 maxGainP;
        uint256 maxSlP;
        uint256 maxLongP;
        uint256 maxShortP;
        uint256 maxOpenInterest;
        uint256 maxWalletOpenInterest;
        uint256 marginLong;
        uint256 marginShort;
        int256 fundingLong;
        int256 fundingShort;
    }

    /// Open interest of a pair: USDC and coins.
    struct Exposure {
        uint256 long;
        uint256 short;
        uint256 coinLong;
        uint256 coinShort;
    }

    struct PairState {
        Pair pair;
        Exposure exposure;
        uint256 closeToleranceP;
    }

    /// `open` tells an opening order from a closing one; an increase is neither opened nor closed by its refusal.
    event MarketOrderCanceled(
        uint256 indexed orderId, address indexed trader, uint256 pairIndex, bool open, bytes4 reason
    );
    event IncreasePositionRequested(
        uint256 indexed orderId,
        address indexed trader,
        uint256 pairIndex,
        uint256 index,
        bool isBuy,
        bool isPnl,
        uint256 addedCollateral,
        uint256 coinExposure,
        bool isCoinExposureFixed
    );
    event PositionSizeIncreased(
        uint256 indexed orderId,
        address indexed trader,
        uint256 pairIndex,
        uint256 index,
        bool isPnl,
        uint256 coinExposureAdded,
        bool isCoinExposureFixed,
        uint256 price
    );
    /// A trigger ended a position or a part of it, or opened one. Types: 0 take profit, 1 stop loss, 2 liquidation,
    /// 3 open, 4 partial take profit, 5 partial stop loss.
    event TriggerExecuted(
        address indexed trader,
        uint256 pairIndex,
        uint256 index,
        uint8 triggerType,
        uint256 price,
        uint256 collateral,
        int256 percentProfit,
        uint256 usdcSentToTrader
    );
    event MarginUpdated(
        address indexed trader, uint256 pairIndex, uint256 index, uint8 updateType, uint256 amount, int256 feesSettled
    );
    event TpSlUpdated(address indexed trader, uint256 pairIndex, uint256 index, uint256 tp, uint256 sl);
    event LimitOrderPlaced(address indexed trader, uint256 pairIndex, uint256 index);
    event LimitOrderUpdated(address indexed trader, uint256 pairIndex, uint256 index);
    event LimitOrderCanceled(address indexed trader, uint256 pairIndex, uint256 index);
    event DelegateSet(address indexed trader, address indexed delegate, uint256 expiry);
    event DelegateRemoved(address indexed trader, address indexed delegate);

    error ActionNotDelegable();
    error AlreadyClosing();
    error AmountTooLarge();
    error BelowMinimumPosition();
    error DelegateNotAllowed();
    error ExposureLimit();
    error InvalidSignature();
    error MarketClosed();
    error NoOrder();
    error NotDue();
    error NotGovernor();
    error NotOperator();
    error NotVenue();
    error OracleFeeMissing();
    error PairCloseOnly();
    error PairNotListed();
    error StalePrice();
    error TooManyTrades();
    error UnknownOrderType();
    error WithdrawTooMuch();
    error WrongExpiry();
    error WrongLength();
    error WrongLeverage();
    error WrongPriceFeed();
    error WrongTerms();
    error WrongTrader();

    /// At the router, as all that changes something.
    function getPosition(address trader, uint256 pairIndex, uint256 index) external view returns (Position memory);
    /// At Multicall, as the next two: all positions that are open.
    function allPositions() external view returns (Position[] memory);
    /// All limit orders that wait.
    function allLimitOrders() external view returns (LimitOrder[] memory);
    /// The direct mode's market orders that wait.
    function allOrders() external view returns (uint256[] memory ids, Order[] memory orders);
    /// At PairStorage, as the next three.
    function setPair(uint256 pairIndex, Pair calldata pair) external;
    function setProfitShares(uint256 pairIndex, uint256[2][] calldata tiers) external;
    function state(uint256 pairIndex) external view returns (PairState memory);
    function setCloseTolerance(uint256 percent) external;
    function isOperator(address who) external view returns (bool);
    function setOperator(address who, bool on) external;
    function executeMarketOrder(uint256 orderId, bytes[] calldata priceUpdateData, uint8 priceSourcing, int256 spreadP)
        external
        payable;
    function executeTrigger(
        uint8 triggerType,
        address trader,
        uint256 pairIndex,
        uint256 index,
        bytes[] calldata priceUpdateData,
        uint8 priceSourcing,
        int256 spreadP
    ) external payable;
}
