// SPDX-License-Identifier: MIT
pragma solidity ^0.8.0;

/// Multicall3: many questions in one call.
interface IMulticall3 {
    struct Call3 {
        address target;
        bool allowFailure;
        bytes callData;
    }

    struct Result {
        bool success;
        bytes returnData;
    }

    function aggregate3(Call3[] calldata calls) external payable returns (Result[] memory returnData);
    function getEthBalance(address addr) external view returns (uint256);
    function getBlockNumber() external view returns (uint256);
    function getCurrentBlockTimestamp() external view returns (uint256);
}
