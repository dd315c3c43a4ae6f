// SPDX-License-Identifier: BUSL-1.1
pragma solidity 0.8.19;

// What the replica deploys of Morpho Blue.
import {Morpho} from "morpho-blue/Morpho.sol";
import {IrmMock} from "morpho-blue/mocks/IrmMock.sol";
