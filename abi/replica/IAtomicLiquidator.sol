// SPDX-License-Identifier: MIT
pragma solidity ^0.8.0;

/// Brings prices to Aave's oracle and liquidates in the same transaction.
interface IAtomicLiquidator {
    struct Update {
        address feed;
        int256 answer;
    }

    struct Prey {
        address user;
        address collateral;
        address debt;
    }

    function updateAndLiquidate(address pool, Update[] calldata updates, Prey[] calldata prey)
        external
        returns (uint256);
}
