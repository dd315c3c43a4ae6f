// SPDX-License-Identifier: MIT
pragma solidity 0.8.27;

import {IV2Router} from "abi/avantis_v2/IV2Router.sol";

// The intents as they are encoded; names are the venue's (docs/reference/avantis-v2.md).

struct OpenTradeReq {
    IV2Router.Trade _t;
    uint8 _type;
    uint256 _slippageP;
    uint256 _deadline;
    uint256 _nonce;
}

struct OpenTradeCoinExposureReq {
    IV2Router.Trade _t;
    uint8 _type;
    uint256 _coinExposure;
    uint256 _minLeverage;
    uint256 _maxLeverage;
    uint256 _slippageP;
    uint256 _deadline;
    uint256 _nonce;
}

/// @dev Both closing kinds: `_size` is USDC of collateral in the one, coins in the other.
struct CloseReq {
    address _trader;
    uint256 _pairIndex;
    uint256 _index;
    uint256 _openTimestamp;
    uint256 _size;
    uint256 _wantedPrice;
    uint256 _deadline;
    uint256 _nonce;
}

struct IncreasePositionSizeReq {
    IV2Router.UpdatePositionSize _updateInfo;
    uint256 _slippageP;
    uint256 _deadline;
    uint256 _nonce;
}

struct IncreasePositionSizeWithCoinExposureReq {
    IV2Router.UpdatePositionSize _updateInfo;
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

/// @dev Encoded in another order than hashed, and the only one with a field of more than a word.
struct DelegateReq {
    address trader;
    address delegate;
    uint256 expiry;
    string tnc;
    uint256 deadline;
    uint256 nonce;
}
