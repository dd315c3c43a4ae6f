// SPDX-License-Identifier: MIT
pragma solidity 0.8.27;

/// @title Stand-in of the OP-stack GasPriceOracle predeploy (0x420000000000000000000000000000000000000F).
/// @notice Prices L1 data by the Fjord rule: a line fitted to the FastLZ size, times a weighted L1 gas price. The size
/// used here is the uncompressed one, so a fee is never below what the genuine predeploy would ask for the same prices.
contract ReplicaGasPriceOracle {
    /// @dev Bytes a signature adds to an unsigned transaction.
    uint256 private constant SIGNATURE = 68;
    /// @dev Fjord's line: size = 836 500 · flz − 42 585 600, at least 100 bytes; scaled by 1e6.
    uint256 private constant SLOPE = 836_500;
    uint256 private constant INTERCEPT = 42_585_600;
    uint256 private constant MIN_SIZE = 100e6;

    uint256 public l1BaseFee = 1 gwei;
    uint256 public blobBaseFee = 1;
    /// @notice Base mainnet's weights of the two L1 prices, 1e6.
    uint32 public baseFeeScalar = 2269;
    uint32 public blobBaseFeeScalar = 1_055_762;

    /// @notice New L1 prices in wei per gas and wei per blob gas. Open to everybody.
    function set(uint256 l1BaseFee_, uint256 blobBaseFee_) external {
        l1BaseFee = l1BaseFee_;
        blobBaseFee = blobBaseFee_;
    }

    function version() external pure returns (string memory) {
        return "1.4.0";
    }

    function isEcotone() external pure returns (bool) {
        return true;
    }

    function isFjord() external pure returns (bool) {
        return true;
    }

    function isIsthmus() external pure returns (bool) {
        return true;
    }

    function decimals() external pure returns (uint256) {
        return 6;
    }

    function baseFee() external view returns (uint256) {
        return block.basefee;
    }

    function gasPrice() external view returns (uint256) {
        return block.basefee;
    }

    /// @notice L1 data fee in wei of an RLP-encoded unsigned transaction.
    function getL1Fee(bytes calldata transaction) external view returns (uint256) {
        return _fee(transaction.length + SIGNATURE);
    }

    /// @notice L1 data fee in wei no transaction of this unsigned size exceeds.
    function getL1FeeUpperBound(uint256 unsignedSize) external view returns (uint256) {
        uint256 size = unsignedSize + SIGNATURE;
        return _fee(size + size / 255 + 16);
    }

    /// @notice L1 gas of an RLP-encoded unsigned transaction.
    function getL1GasUsed(bytes calldata transaction) external pure returns (uint256) {
        return _size(transaction.length + SIGNATURE) * 16 / 1e6;
    }

    /// @notice Operator fee in wei: none on Base.
    function getOperatorFee(uint256) external pure returns (uint256) {
        return 0;
    }

    function _fee(uint256 bytes_) private view returns (uint256) {
        uint256 price = uint256(baseFeeScalar) * 16 * l1BaseFee + uint256(blobBaseFeeScalar) * blobBaseFee;
        return _size(bytes_) * price / 1e12;
    }

    function _size(uint256 bytes_) private pure returns (uint256) {
        uint256 scaled = SLOPE * bytes_;
        return scaled < INTERCEPT + MIN_SIZE ? MIN_SIZE : scaled - INTERCEPT;
    }
}
