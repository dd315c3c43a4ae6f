// SPDX-License-Identifier: MIT
pragma solidity 0.8.27;

/// @title Stands between an Avantis proxy and its genuine implementation and forwards what it does not answer itself.
/// @notice The published artifacts come from builds a few commits apart, so a few calls do not match (avantis-v1.md §1).
/// Each shim widens one contract by the calls that its neighbours expect. It has no storage of its own. None of the
/// contracts behind a shim is ever paid.
abstract contract AvantisShim {
    address private immutable genuine;

    constructor(address genuine_) {
        genuine = genuine_;
    }

    fallback(bytes calldata call) external returns (bytes memory) {
        return _forward(call);
    }

    /// @dev Runs the genuine code on the proxy's storage; a revert passes through unchanged.
    function _forward(bytes memory call) internal returns (bytes memory) {
        (bool done, bytes memory answer) = genuine.delegatecall(call);
        if (!done) {
            assembly ("memory-safe") {
                revert(add(answer, 0x20), mload(answer))
            }
        }
        return answer;
    }
}
