// SPDX-License-Identifier: MIT
pragma solidity 0.8.27;

/// @title Proxy in front of the composer, with the EIP-1967 slots a client reads.
/// @notice Transparent: its admin is never forwarded. The admin here has no owner and can do nothing, so the logic stays.
contract ComposerProxy {
    /// @dev keccak256("eip1967.proxy.implementation") − 1
    bytes32 private constant IMPLEMENTATION_SLOT = 0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc;
    /// @dev keccak256("eip1967.proxy.admin") − 1
    bytes32 private constant ADMIN_SLOT = 0xb53127684a568b3173ae13b9f8a6016e243e63b6e8ee1178d6a717850b5d6103;

    address private immutable admin;

    event Upgraded(address indexed implementation);
    event AdminChanged(address previousAdmin, address newAdmin);

    /// @dev The admin called.
    error ProxyDeniedAdminAccess();

    constructor(address logic, address admin_) {
        admin = admin_;
        assembly ("memory-safe") {
            sstore(IMPLEMENTATION_SLOT, logic)
            sstore(ADMIN_SLOT, admin_)
        }
        emit Upgraded(logic);
        emit AdminChanged(address(0), admin_);
    }

    receive() external payable {
        _delegate();
    }

    /// @notice Runs the logic on this contract's storage.
    fallback() external payable {
        _delegate();
    }

    function _delegate() private {
        if (msg.sender == admin) revert ProxyDeniedAdminAccess();
        assembly {
            calldatacopy(0, 0, calldatasize())
            let success := delegatecall(gas(), sload(IMPLEMENTATION_SLOT), 0, calldatasize(), 0, 0)
            returndatacopy(0, 0, returndatasize())
            if success { return(0, returndatasize()) }
            revert(0, returndatasize())
        }
    }
}
