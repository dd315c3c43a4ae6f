// SPDX-License-Identifier: MIT
pragma solidity ^0.8.0;

/// Parameters of reserves and e-modes.
interface IPoolConfigurator {
    function updateFlashloanPremium(uint128 premium) external;
    function configureReserveAsCollateral(address asset, uint256 ltv, uint256 threshold, uint256 bonus) external;
    function setReserveBorrowing(address asset, bool on) external;
    function setReserveFactor(address asset, uint256 factor) external;
    function setLiquidationProtocolFee(address asset, uint256 fee) external;
    function setSupplyCap(address asset, uint256 cap) external;
    function setBorrowCap(address asset, uint256 cap) external;
    function setReserveFlashLoaning(address asset, bool on) external;
    function setReserveFreeze(address asset, bool on) external;
    function setReservePause(address asset, bool on) external;
    function setEModeCategory(uint8 id, uint16 ltv, uint16 threshold, uint16 bonus, string calldata label) external;
    function setAssetCollateralInEMode(address asset, uint8 id, bool on) external;
    function setAssetBorrowableInEMode(address asset, uint8 id, bool on) external;
}
