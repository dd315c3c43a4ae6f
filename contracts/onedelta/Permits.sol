// SPDX-License-Identifier: MIT
pragma solidity 0.8.27;

import {ICreditDelegation} from "abi/aave/ICreditDelegation.sol";
import {IDaiPermit} from "abi/token/IDaiPermit.sol";
import {IERC20Permit} from "abi/token/IERC20Permit.sol";
import {IPermit2} from "abi/token/IPermit2.sol";
import {PERMIT2} from "./Addresses.sol";
import {InvalidOperation, SafePermitBadLength} from "./Errors.sol";
import {Stream} from "./Stream.sol";

/// @title Permit ops: allowances by signature, from the caller to this contract.
/// @notice Header: 0x50, kind, target[20], length[2]. A time field holds the time plus one; zero is "for ever".
/// Signatures are EIP-2098: the top bit of the second word is v − 27.
abstract contract Permits {
    uint256 private constant TOKEN_PERMIT = 0;
    uint256 private constant AAVE_V3_CREDIT_PERMIT = 1;

    uint256 private constant HEADER = 24;
    uint256 private constant EIP2612_LENGTH = 100;
    uint256 private constant DAI_LENGTH = 72;
    uint256 private constant PERMIT2_LENGTH = 96;

    function _permit(address caller, uint256 op) internal returns (uint256 size) {
        uint256 kind = Stream.byteAt(op, 1);
        address target = Stream.addressAt(op, 2);
        uint256 length = Stream.uint16At(op, 22);
        uint256 data;
        unchecked {
            data = op + HEADER;
        }
        if (kind == TOKEN_PERMIT) _tokenPermit(caller, target, data, length);
        else if (kind == AAVE_V3_CREDIT_PERMIT) _creditPermit(caller, target, data, length);
        else revert InvalidOperation();
        return HEADER + length;
    }

    /// @dev A failure is ignored: whoever copies the signature and is first has set the very same allowance.
    function _tokenPermit(address caller, address token, uint256 data, uint256 length) private {
        address target = token;
        bytes memory request;
        if (length == EIP2612_LENGTH) {
            request = _eip2612(caller, data);
        } else if (length == DAI_LENGTH) {
            request = _dai(caller, data);
        } else if (length == PERMIT2_LENGTH) {
            target = PERMIT2;
            request = _permit2(caller, token, data);
        } else {
            revert SafePermitBadLength();
        }
        assembly ("memory-safe") {
            pop(call(gas(), target, 0, add(request, 0x20), mload(request), 0, 0))
        }
    }

    /// @dev value[32] deadline+1[4] r[32] vs[32]; a failure bubbles up.
    function _creditPermit(address caller, address debtToken, uint256 data, uint256 length) private {
        if (length != EIP2612_LENGTH) revert SafePermitBadLength();
        (uint8 v, bytes32 r, bytes32 s) = _signature(data, 36);
        ICreditDelegation(debtToken)
            .delegationWithSig(caller, address(this), Stream.wordAt(data, 0), _time(data, 32), v, r, s);
    }

    /// @dev value[32] deadline+1[4] r[32] vs[32]
    function _eip2612(address caller, uint256 data) private view returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = _signature(data, 36);
        return
            abi.encodeCall(
                IERC20Permit.permit, (caller, address(this), Stream.wordAt(data, 0), _time(data, 32), v, r, s)
            );
    }

    /// @dev nonce[4] expiry+1[4] r[32] vs[32]
    function _dai(address caller, uint256 data) private view returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = _signature(data, 8);
        return abi.encodeCall(
            IDaiPermit.permit, (caller, address(this), Stream.uint32At(data, 0), _time(data, 4), true, v, r, s)
        );
    }

    /// @dev amount[20] expiration+1[4] nonce[4] sigDeadline+1[4] r[32] vs[32]
    function _permit2(address caller, address token, uint256 data) private view returns (bytes memory) {
        IPermit2.Details memory details = IPermit2.Details({
            token: token,
            amount: uint160(Stream.addressAt(data, 0)),
            expiration: uint48(_time(data, 20)),
            nonce: uint48(Stream.uint32At(data, 24))
        });
        IPermit2.Single memory single =
            IPermit2.Single({details: details, spender: address(this), sigDeadline: _time(data, 28)});
        return abi.encodeCall(IPermit2.permit, (caller, single, Stream.bytesAt(data, 32, 64)));
    }

    function _time(uint256 data, uint256 offset) private pure returns (uint256) {
        unchecked {
            return Stream.uint32At(data, offset) - 1;
        }
    }

    function _signature(uint256 data, uint256 offset) private pure returns (uint8 v, bytes32 r, bytes32 s) {
        r = bytes32(Stream.wordAt(data, offset));
        uint256 vs = Stream.wordAt(data, offset + 32);
        v = uint8(27 + (vs >> 255));
        s = bytes32(vs & type(uint256).max >> 1);
    }
}
