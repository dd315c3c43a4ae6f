// SPDX-License-Identifier: MIT
pragma solidity ^0.8.0;

/// The GasPriceOracle predeploy of Base.
interface IGasPriceOracle {
    /// L1 data fee, wei, of an unsigned RLP-encoded transaction; the signature is added by the contract.
    function getL1Fee(bytes memory data) external view returns (uint256);
}
