// SPDX-License-Identifier: MIT
pragma solidity 0.8.27;

// What the replica deploys of Aave v3.6; compiling this file compiles exactly that.
import {ACLManager} from "aave-v3-origin/contracts/protocol/configuration/ACLManager.sol";
import {PoolAddressesProvider} from "aave-v3-origin/contracts/protocol/configuration/PoolAddressesProvider.sol";
import {ATokenInstance} from "aave-v3-origin/contracts/instances/ATokenInstance.sol";
import {L2PoolInstance} from "aave-v3-origin/contracts/instances/L2PoolInstance.sol";
import {PoolConfiguratorInstance} from "aave-v3-origin/contracts/instances/PoolConfiguratorInstance.sol";
import {VariableDebtTokenInstance} from "aave-v3-origin/contracts/instances/VariableDebtTokenInstance.sol";
import {AaveOracle} from "aave-v3-origin/contracts/misc/AaveOracle.sol";
import {
    DefaultReserveInterestRateStrategyV2
} from "aave-v3-origin/contracts/misc/DefaultReserveInterestRateStrategyV2.sol";
import {AaveProtocolDataProvider} from "aave-v3-origin/contracts/helpers/AaveProtocolDataProvider.sol";
import {L2Encoder} from "aave-v3-origin/contracts/helpers/L2Encoder.sol";
import {UiIncentiveDataProviderV3} from "aave-v3-origin/contracts/helpers/UiIncentiveDataProviderV3.sol";
import {UiPoolDataProviderV3} from "aave-v3-origin/contracts/helpers/UiPoolDataProviderV3.sol";
import {WalletBalanceProvider} from "aave-v3-origin/contracts/helpers/WalletBalanceProvider.sol";
import {WrappedTokenGatewayV3} from "aave-v3-origin/contracts/helpers/WrappedTokenGatewayV3.sol";
import {EmissionManager} from "aave-v3-origin/contracts/rewards/EmissionManager.sol";
import {RewardsController} from "aave-v3-origin/contracts/rewards/RewardsController.sol";
import {WETH9} from "aave-v3-origin/contracts/dependencies/weth/WETH9.sol";
