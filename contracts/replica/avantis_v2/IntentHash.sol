// SPDX-License-Identifier: MIT
pragma solidity 0.8.27;

import {IV2StandIn} from "abi/avantis_v2/IV2StandIn.sol";

/// @title Signed intents: their types, hashes and signers (docs/reference/avantis-v2.md).
/// @notice A trading intent is the ABI encoding of a struct whose fields all have one word, so its hash is that of its
/// type and these words, where a nested struct's words are replaced by its own hash.
library IntentHash {
    bytes32 internal constant TRADE = keccak256(
        "Trade(address trader,uint256 pairIndex,uint256 index,uint256 initialPosToken,uint256 positionSizeUSDC,uint256 openPrice,bool buy,uint256 leverage,uint256 tp,uint256 sl,uint256 timestamp)"
    );
    bytes32 internal constant UPDATE = keccak256(
        "UpdatePositionSize(address trader,uint256 pairIndex,uint256 index,uint256 openPrice,uint256 initialPosToken,uint256 leverage)"
    );
    bytes32 internal constant OPEN = keccak256(
        "OpenTradeReq(Trade _t,uint8 _type,uint256 _slippageP,uint256 _deadline,uint256 _nonce)Trade(address trader,uint256 pairIndex,uint256 index,uint256 initialPosToken,uint256 positionSizeUSDC,uint256 openPrice,bool buy,uint256 leverage,uint256 tp,uint256 sl,uint256 timestamp)"
    );
    bytes32 internal constant OPEN_COIN = keccak256(
        "OpenTradeCoinExposureReq(Trade _t,uint8 _type,uint256 _coinExposure,uint256 _minLeverage,uint256 _maxLeverage,uint256 _slippageP,uint256 _deadline,uint256 _nonce)Trade(address trader,uint256 pairIndex,uint256 index,uint256 initialPosToken,uint256 positionSizeUSDC,uint256 openPrice,bool buy,uint256 leverage,uint256 tp,uint256 sl,uint256 timestamp)"
    );
    bytes32 internal constant CLOSE = keccak256(
        "CloseTradeReq(address _trader,uint256 _pairIndex,uint256 _index,uint256 _openTimestamp,uint256 _amount,uint256 _wantedPrice,uint256 _deadline,uint256 _nonce)"
    );
    bytes32 internal constant CLOSE_COIN = keccak256(
        "CloseTradeCoinExposureReq(address _trader,uint256 _pairIndex,uint256 _index,uint256 _openTimestamp,uint256 _coinExposure,uint256 _wantedPrice,uint256 _deadline,uint256 _nonce)"
    );
    bytes32 internal constant INCREASE = keccak256(
        "IncreasePositionSizeReq(UpdatePositionSize _updateInfo,uint256 _slippageP,uint256 _deadline,uint256 _nonce)UpdatePositionSize(address trader,uint256 pairIndex,uint256 index,uint256 openPrice,uint256 initialPosToken,uint256 leverage)"
    );
    bytes32 internal constant INCREASE_COIN = keccak256(
        "IncreasePositionSizeWithCoinExposureReq(UpdatePositionSize _updateInfo,uint256 _coinExposure,uint256 _minLeverage,uint256 _maxLeverage,uint256 _slippageP,uint256 _deadline,uint256 _nonce)UpdatePositionSize(address trader,uint256 pairIndex,uint256 index,uint256 openPrice,uint256 initialPosToken,uint256 leverage)"
    );
    bytes32 internal constant UPDATE_TP_SL = keccak256(
        "UpdateTpSlReq(address trader,uint256 _pairIndex,uint256 _index,uint256 _newTp,uint256 _newSl,uint256 _deadline,uint256 _nonce)"
    );
    bytes32 internal constant TP_SL = keccak256(
        "TpSlReq(address trader,uint256 pairIndex,uint256 index,uint8 triggerType,uint256 coinSize,bool buy,uint256 price,int256 percentage,uint256 timestamp,uint256 signTimestamp,uint8 orderType,uint256 nonce)"
    );
    bytes32 internal constant DELEGATE = keccak256(
        "DelegateReq(address trader,address delegate,uint256 expiry,uint256 deadline,string tnc,uint256 nonce)"
    );
    bytes32 private constant DOMAIN =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
    /// The middle of the curve's order: no higher `s` is taken.
    uint256 private constant HALF = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0;

    /// @notice Hash of an intent without a nested struct.
    function flat(bytes32 kind, bytes calldata intent, uint256 words) internal pure returns (bytes32) {
        if (intent.length != 32 * words) revert IV2StandIn.WrongLength();
        return keccak256(bytes.concat(kind, intent));
    }

    /// @notice Hash of an intent that begins with a nested struct of so many words.
    function nested(bytes32 kind, bytes32 inner, uint256 innerWords, bytes calldata intent, uint256 words)
        internal
        pure
        returns (bytes32)
    {
        if (intent.length != 32 * words) revert IV2StandIn.WrongLength();
        uint256 split = 32 * innerWords;
        bytes32 first = keccak256(bytes.concat(inner, intent[:split]));
        return keccak256(bytes.concat(kind, first, intent[split:]));
    }

    /// @notice The domain of this contract on this chain. The venue kept its old name in it.
    function domainSeparator() internal view returns (bytes32) {
        return keccak256(abi.encode(DOMAIN, keccak256("AvantisTrading"), keccak256("1"), block.chainid, address(this)));
    }

    /// @notice Who signed: 65 bytes, `v` of 27 or 28, low `s`.
    function signerOf(bytes32 structHash, bytes calldata signature) internal view returns (address signer) {
        if (signature.length != 65) revert IV2StandIn.InvalidSignature();
        bytes32 r = bytes32(signature[:32]);
        bytes32 s = bytes32(signature[32:64]);
        uint8 v = uint8(signature[64]);
        if ((v != 27 && v != 28) || uint256(s) > HALF) revert IV2StandIn.InvalidSignature();
        signer = ecrecover(keccak256(abi.encodePacked("\x19\x01", domainSeparator(), structHash)), v, r, s);
        if (signer == address(0)) revert IV2StandIn.InvalidSignature();
    }
}
