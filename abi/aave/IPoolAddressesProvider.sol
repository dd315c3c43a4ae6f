// SPDX-License-Identifier: MIT
pragma solidity ^0.8.0;

/// Registry of the market's contracts. The setters are its owner's, and on Base governance's.
interface IPoolAddressesProvider {
    function getPool() external view returns (address);
    function getPoolConfigurator() external view returns (address);
    function getPriceOracle() external view returns (address);
    function getPriceOracleSentinel() external view returns (address);
    function getAddress(bytes32 id) external view returns (address);

    function setPriceOracle(address oracle) external;
    function setPoolImpl(address implementation) external;
    function setPoolConfiguratorImpl(address implementation) external;
    function setAddressAsProxy(bytes32 id, address implementation) external;
    function setACLAdmin(address admin) external;
    function setACLManager(address manager) external;
    function setPoolDataProvider(address provider) external;
}
