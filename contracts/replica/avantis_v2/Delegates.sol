// SPDX-License-Identifier: MIT
pragma solidity 0.8.27;

import {IV2Router} from "abi/avantis_v2/IV2Router.sol";
import {IV2StandIn} from "abi/avantis_v2/IV2StandIn.sol";
import {IntentHash} from "./IntentHash.sol";
import {DelegateReq} from "./Intents.sol";

/// @title Who may act for whom: delegates with an expiry, and the nonces of signers.
/// @notice docs/reference/avantis-v2.md. A delegate trades; it can neither take money out nor make
/// delegates, as no payout has a receiver other than the trader.
abstract contract Delegates {
    struct Delegation {
        bool enabled;
        uint256 expiry;
    }

    /// Hashes of the two texts that a signed delegation may contain, the newer first.
    bytes32 private constant TERMS = 0x81c8986ee81f48014013a6a4dc8ca017ca18fb73c9e5964f4cb030a4136307e1;
    bytes32 private constant OLDER_TERMS = 0xc80225834052618851327af8ffa7838ac9779181337dbc032164ade2b3945f7b;

    mapping(address => mapping(uint256 => uint256)) public nonceBitmap;
    mapping(address => mapping(address => Delegation)) public multipleDelegations;
    /// Whom the caller acts for while a delegated action runs.
    address private actingFor;

    /// @notice Lets a delegate act for the caller until a time in seconds.
    function setDelegate(address delegate, uint256 expiry) external {
        _setDelegate(msg.sender, delegate, expiry);
    }

    /// @notice Ends a delegation; intents that the delegate has signed and nobody has executed end with it.
    function removeDelegate(address delegate) external {
        delete multipleDelegations[msg.sender][delegate];
        emit IV2StandIn.DelegateRemoved(msg.sender, delegate);
    }

    /// @notice The same as `setDelegate` by the trader's signature; anybody may bring it.
    function setDelegateWithSig(bytes calldata signature, bytes calldata encodedIntent) external {
        DelegateReq memory req = abi.decode(encodedIntent, (DelegateReq));
        bytes32 terms = keccak256(bytes(req.tnc));
        if (terms != TERMS && terms != OLDER_TERMS) revert IV2StandIn.WrongTerms();
        bytes32 structHash = keccak256(
            abi.encode(IntentHash.DELEGATE, req.trader, req.delegate, req.expiry, req.deadline, terms, req.nonce)
        );
        if (IntentHash.signerOf(structHash, signature) != req.trader) revert IV2StandIn.InvalidSignature();
        _use(req.trader, req.nonce, req.deadline);
        _setDelegate(req.trader, req.delegate, req.expiry);
    }

    /// @notice Does for a trader what the call says: the order functions only.
    /// @dev A delegation has ended when its expiry is now; a signed intent of the delegate's still counts then.
    function delegatedAction(address trader, bytes calldata call) external payable {
        Delegation memory delegation = multipleDelegations[trader][msg.sender];
        if (!delegation.enabled || delegation.expiry <= block.timestamp) revert IV2StandIn.DelegateNotAllowed();
        if (call.length < 4 || actingFor != address(0) || !_isDelegable(bytes4(call[:4]))) {
            revert IV2StandIn.ActionNotDelegable();
        }
        actingFor = trader;
        (bool done, bytes memory answer) = address(this).delegatecall(call);
        actingFor = address(0);
        if (!done) {
            assembly ("memory-safe") {
                revert(add(answer, 32), mload(answer))
            }
        }
    }

    /// @dev The trader who acts: the caller, or whom it acts for.
    function _trader() internal view returns (address) {
        return actingFor == address(0) ? msg.sender : actingFor;
    }

    /// @dev Checks a trader's or its delegate's signature and uses the nonce up.
    function _accept(bytes32 structHash, bytes calldata signature, address trader, uint256 nonce, uint256 deadline)
        internal
    {
        address signer = IntentHash.signerOf(structHash, signature);
        if (signer != trader) {
            Delegation memory delegation = multipleDelegations[trader][signer];
            if (!delegation.enabled || delegation.expiry < block.timestamp) revert IV2StandIn.DelegateNotAllowed();
        }
        _use(signer, nonce, deadline);
    }

    function _isDelegable(bytes4 selector) internal pure virtual returns (bool);

    /// @dev The deadline is in milliseconds.
    function _use(address signer, uint256 nonce, uint256 deadline) private {
        if (deadline / 1000 < block.timestamp) revert IV2Router.InvalidDeadline();
        uint256 bit = 1 << (nonce & 255);
        uint256 word = nonceBitmap[signer][nonce >> 8];
        if (word & bit != 0) revert IV2Router.InvalidNonce();
        nonceBitmap[signer][nonce >> 8] = word | bit;
    }

    function _setDelegate(address trader, address delegate, uint256 expiry) private {
        if (expiry <= block.timestamp || delegate == address(0) || delegate == trader) revert IV2StandIn.WrongExpiry();
        multipleDelegations[trader][delegate] = Delegation(true, expiry);
        emit IV2StandIn.DelegateSet(trader, delegate, expiry);
    }
}
