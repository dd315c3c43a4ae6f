//! What the tests call, and the events they read (avantis-v1.md §3, §4).
#![allow(clippy::too_many_arguments)]

use alloy::{
    primitives::{Address, address},
    sol,
};

sol! {
    #[derive(Debug)]
    struct Trade {
        address trader; uint256 pairIndex; uint256 index; uint256 initialPosToken; uint256 positionSizeUSDC;
        uint256 openPrice; bool buy; uint256 leverage; uint256 tp; uint256 sl; uint256 timestamp;
    }
    #[derive(Debug)]
    struct TradeInfo {
        uint256 openInterestUSDC; uint256 tpLastUpdated; uint256 slLastUpdated; bool beingMarketClosed;
        uint256 lossProtection;
    }
    struct PythPrice { int64 price; uint64 conf; int32 expo; uint256 publishTime; }
    struct PythPriceFeed { bytes32 id; PythPrice price; PythPrice emaPrice; }

    interface ITrading {
        event MarketOrderInitiated(
            address indexed trader, uint256 pairIndex, bool open, uint256 orderId, uint256 timestamp, bool isBuy
        );
        function openTrade(Trade calldata t, uint8 orderType, uint256 slippageP) external payable returns (uint256 id);
        function closeTradeMarket(uint256 pairIndex, uint256 index, uint256 amount)
            external payable returns (uint256 id);
        function updateMargin(
            uint256 pairIndex, uint256 index, uint8 kind, uint256 amount, bytes[] calldata updates
        ) external payable returns (uint256 id);
        function executeMarketOrders(uint256[] calldata ids, bytes[] calldata updates) external payable;
        function executeLimitOrder(
            uint8 orderType, address trader, uint256 pairIndex, uint256 index, bytes[] calldata updates
        ) external payable;
    }
    interface ICallbacks {
        function liqFeeP() external view returns (uint256 fee);
        function liqTotalFeeP() external view returns (uint256 fee);
        #[derive(Debug)]
        event MarketExecuted(
            uint256 orderId, Trade t, bool open, uint256 price, uint256 positionSizeUSDC, int256 percentProfit,
            uint256 usdcSentToTrader, bool isPnl
        );
        #[derive(Debug)]
        event LimitExecuted(
            uint256 orderId, uint256 limitIndex, Trade t, uint8 orderType, uint256 price, uint256 positionSizeUSDC,
            int256 percentProfit, uint256 usdcSentToTrader, bool isPnl
        );
    }
    interface IInfos {
        #[derive(Debug)]
        event FeesCharged(
            bool buy, uint256 collateral, uint256 leverage, int256 percentProfit, uint256 r, uint256 closingFee,
            uint256 lossProtection
        );
        function getTradePriceImpact(uint256 price, uint256 pairIndex, bool long, uint256 notional, bool isPnl)
            external view returns (uint256 executed);
        function getPriceImpactSpread(uint256 pairIndex, bool long, uint256 notional, bool isPnl)
            external view returns (int256 spread);
        function getSkewImpactSpread(uint256 pairIndex, bool long, uint256 notional, bool isPnl)
            external view returns (int256 spread);
        function getTradeLiquidationPrice(
            address trader, uint256 pairIndex, uint256 index, uint256 openPrice, bool long, uint256 collateral,
            uint256 leverage
        ) external view returns (uint256 price);
        function getTradeRolloverFee(
            address trader, uint256 pairIndex, uint256 index, bool long, uint256 collateral, uint256 leverage
        ) external view returns (uint256 fee);
        function getTradeValue(Trade calldata t, uint256 collateral, int256 percentProfit, uint256 closingFee)
            external view returns (uint256 amount, int256 pnl, uint256 fees);
        function getPendingAccRolloverFees(uint256 pairIndex) external view returns (uint256 long, uint256 short);
        function pairRolloverFees(uint256 pairIndex)
            external view returns (uint256 long, uint256 short, uint256 updated);
        function tradeInitialAccFees(address trader, uint256 pairIndex, uint256 index)
            external view returns (uint256 rollover, bool openedAfterUpdate);
        function getOnePercentDepthAbove(uint256 pairIndex) external view returns (uint256 depth);
        function getOnePercentDepthBelow(uint256 pairIndex) external view returns (uint256 depth);
        function getRolloverFeePerBlockP(uint256 pairIndex) external view returns (uint256 base);
        function setRolloverFeePerBlockP(uint256 pairIndex, uint256 value) external;
        function liqThreshold() external view returns (uint256 threshold);
        function lossProtectionTier(Trade calldata t, bool isPnl) external view returns (uint256 tier);
        function lossProtectionNumTiers(uint256 pairIndex) external view returns (uint256 count);
        function longSkewConfig(uint256 pairIndex, uint256 tier) external view returns (uint256 share);
        function shortSkewConfig(uint256 pairIndex, uint256 tier) external view returns (uint256 share);
    }
    interface IPairs {
        struct Feed { uint256 maxOpenDeviationP; uint256 maxCloseDeviationP; bytes32 feedId; }
        struct BackupFeed { uint256 maxDeviationP; address feedId; }
        struct Leverages { uint256 minLeverage; uint256 maxLeverage; uint256 pnlMinLeverage; uint256 pnlMaxLeverage; }
        struct Values {
            int256 maxGainP; int256 maxSlP; uint256 maxLongOiP; uint256 maxShortOiP;
            uint256 groupOpenInterestPecentage; uint256 maxWalletOI; bool isUSDCAligned;
        }
        struct SkewFee { int256[2][10] eqParams; }
        function pairs(uint256 pairIndex) external view returns (
            Feed memory feed, BackupFeed memory backupFeed, uint256 spreadP, uint256 pnlSpreadP,
            Leverages memory leverages, uint256 priceImpactMultiplier, int256 skewImpactMultiplier, uint256 groupIndex,
            uint256 feeIndex, Values memory values
        );
        function spreadCaps(uint256 pairIndex) external view returns (uint256 favour, uint256 adverse);
        function pairCloseFeeP(uint256 pairIndex) external view returns (uint256 fee);
        function pairLimitOrderFeeP(uint256 pairIndex) external view returns (uint256 fee);
        function pairOpenFeeP(uint256 pairIndex, uint256 notional, bool buy) external view returns (uint256 fee);
        function getSkewParams(uint256 pairIndex) external view returns (SkewFee memory fee);
        function udpateSkewOpenFees(uint256 pairIndex, SkewFee calldata fee) external;
        function lossProtectionMultiplier(uint256 pairIndex, uint256 tier) external view returns (uint256 share);
        function pairMaxOI(uint256 pairIndex) external view returns (uint256 most);
        function groupMaxOI(uint256 pairIndex) external view returns (uint256 most);
        function groupOI(uint256 pairIndex) external view returns (uint256 interest);
        function currentPercentProfit(
            uint256 openPrice, uint256 currentPrice, bool buy, uint256 leverage, uint256 pairIndex
        ) external view returns (int256 profit);
        function correctTp(uint256 openPrice, uint256 leverage, uint256 tp, bool buy, uint256 pairIndex)
            external view returns (uint256 stored);
        function correctSl(uint256 openPrice, uint256 leverage, uint256 sl, bool buy, uint256 pairIndex)
            external view returns (uint256 stored);
    }
    interface IStorage {
        function openInterestUSDC(uint256 pairIndex, uint256 side) external view returns (uint256 interest);
        function openTrades(address trader, uint256 pairIndex, uint256 index) external view returns (Trade memory t);
        function openTradesInfo(address trader, uint256 pairIndex, uint256 index)
            external view returns (TradeInfo memory info);
    }
    interface IERC20 {
        function balanceOf(address owner) external view returns (uint256 balance);
        function approve(address spender, uint256 amount) external returns (bool done);
    }
}

pub(crate) const TRADING: Address = address!("44914408af82bC9983bbb330e3578E1105e11d4e");
pub(crate) const STORAGE: Address = address!("8a311D7048c35985aa31C131B9A13e03a5f7422d");
pub(crate) const PAIRS: Address = address!("5db3772136e5557EFE028Db05EE95C84D76faEC4");
pub(crate) const INFOS: Address = address!("81F22d0Cc22977c91bEfE648C9fddf1f2bd977e5");
pub(crate) const CALLBACKS: Address = address!("0C16ff40065Cc3Ab4bc55B60E447504AFB9C7970");
