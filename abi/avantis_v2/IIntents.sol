// SPDX-License-Identifier: MIT
pragma solidity ^0.8.0;

/// Structs of the venue's signed orders (avantis-v2.md §2.3). Names and order of the fields are part of the hash.
interface IIntents {
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

    struct UpdatePositionSize {
        address trader;
        uint256 pairIndex;
        uint256 index;
        uint256 openPrice;
        uint256 initialPosToken;
        uint256 leverage;
    }

    struct OpenTradeReq {
        Trade _t;
        uint8 _type;
        uint256 _slippageP;
        uint256 _deadline;
        uint256 _nonce;
    }

    struct OpenTradeCoinExposureReq {
        Trade _t;
        uint8 _type;
        uint256 _coinExposure;
        uint256 _minLeverage;
        uint256 _maxLeverage;
        uint256 _slippageP;
        uint256 _deadline;
        uint256 _nonce;
    }

    struct CloseTradeReq {
        address _trader;
        uint256 _pairIndex;
        uint256 _index;
        uint256 _openTimestamp;
        uint256 _amount;
        uint256 _wantedPrice;
        uint256 _deadline;
        uint256 _nonce;
    }

    struct CloseTradeCoinExposureReq {
        address _trader;
        uint256 _pairIndex;
        uint256 _index;
        uint256 _openTimestamp;
        uint256 _coinExposure;
        uint256 _wantedPrice;
        uint256 _deadline;
        uint256 _nonce;
    }

    struct IncreasePositionSizeReq {
        UpdatePositionSize _updateInfo;
        uint256 _slippageP;
        uint256 _deadline;
        uint256 _nonce;
    }

    struct IncreasePositionSizeWithCoinExposureReq {
        UpdatePositionSize _updateInfo;
        uint256 _coinExposure;
        uint256 _minLeverage;
        uint256 _maxLeverage;
        uint256 _slippageP;
        uint256 _deadline;
        uint256 _nonce;
    }

    struct UpdateTpSlReq {
        address trader;
        uint256 _pairIndex;
        uint256 _index;
        uint256 _newTp;
        uint256 _newSl;
        uint256 _deadline;
        uint256 _nonce;
    }

    struct TpSlReq {
        address trader;
        uint256 pairIndex;
        uint256 index;
        uint8 triggerType;
        uint256 coinSize;
        bool buy;
        uint256 price;
        int256 percentage;
        uint256 timestamp;
        uint256 signTimestamp;
        uint8 orderType;
        uint256 nonce;
    }

    struct CancelOffchainOrder {
        string entityId;
    }

    struct TwapOpenOrder {
        address trader;
        uint256 pairIndex;
        uint256 collateral;
        bool buy;
        bool isCoin;
        uint256 coinSize;
        uint256 defaultLeverage;
        uint256 maxLeverage;
        uint256 runTime;
        uint256 nonce;
        uint256 deadline;
        uint256 __reserved1;
    }

    struct TwapCloseOrder {
        address trader;
        uint256 pairIndex;
        uint256 index;
        uint256 coinSizeToClose;
        uint256 runTime;
        uint256 nonce;
        uint256 deadline;
        uint256 __reserved1;
    }

    struct TwapCancelReq {
        address trader;
        uint256 twapId;
        uint256 nonce;
        uint256 deadline;
    }

    struct RfqOpenOrder {
        address trader;
        uint256 pairIndex;
        uint256 collateral;
        bool buy;
        bool isCoin;
        uint256 coinSize;
        uint256 defaultLeverage;
        uint256 maxLeverage;
        uint256 wantedPrice;
        uint256 maxSlippageP;
        uint256 nonce;
        uint256 deadline;
    }

    struct RfqCloseOrder {
        address trader;
        uint256 pairIndex;
        uint256 index;
        uint256 coinSizeToClose;
        uint256 wantedPrice;
        uint256 maxSlippageP;
        uint256 nonce;
        uint256 deadline;
    }

    struct DelegateReq {
        address trader;
        address delegate;
        uint256 expiry;
        uint256 deadline;
        string tnc;
        uint256 nonce;
    }

    /// What is sent of a DelegateReq: the same fields, two of them changed about.
    struct DelegateIntent {
        address trader;
        address delegate;
        uint256 expiry;
        string tnc;
        uint256 deadline;
        uint256 nonce;
    }

    struct RegisterCodeReq {
        bytes32 _code;
        address _referrer;
        uint256 _deadline;
        uint256 _nonce;
    }

    struct SetTraderReferralCodeByUserReq {
        bytes32 _code;
        address _referee;
        uint256 _deadline;
        uint256 _nonce;
    }
}
