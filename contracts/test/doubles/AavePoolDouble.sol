// SPDX-License-Identifier: MIT
pragma solidity 0.8.27;

import {ReplicaToken} from "../../replica/ReplicaToken.sol";

interface IAaveReceiver {
    function executeOperation(address asset, uint256 amount, uint256 premium, address initiator, bytes calldata params)
        external
        returns (bool);
}

/// @title Aave pool reduced to the flow of tokens: one aToken and one debt token per asset, no interest, no risk.
contract AavePoolDouble {
    error BorrowNotDelegated(address borrower, address delegatee);

    mapping(address => ReplicaToken) public aTokenOf;
    mapping(address => ReplicaToken) public debtTokenOf;
    mapping(address => mapping(address => bool)) public delegated;

    function list(address asset) external {
        aTokenOf[asset] = new ReplicaToken("aToken", "a", 18);
        debtTokenOf[asset] = new ReplicaToken("debt token", "v", 18);
    }

    function delegate(address delegatee) external {
        delegated[msg.sender][delegatee] = true;
    }

    function supply(address asset, uint256 amount, address onBehalfOf, uint16) external {
        ReplicaToken(asset).transferFrom(msg.sender, address(this), amount);
        aTokenOf[asset].mint(onBehalfOf, amount);
    }

    function borrow(address asset, uint256 amount, uint256, uint16, address onBehalfOf) external {
        if (msg.sender != onBehalfOf && !delegated[onBehalfOf][msg.sender]) {
            revert BorrowNotDelegated(onBehalfOf, msg.sender);
        }
        debtTokenOf[asset].mint(onBehalfOf, amount);
        ReplicaToken(asset).transfer(msg.sender, amount);
    }

    function repay(address asset, uint256 amount, uint256, address) external returns (uint256) {
        ReplicaToken(asset).transferFrom(msg.sender, address(this), amount);
        return amount;
    }

    function withdraw(address asset, uint256 amount, address to) external returns (uint256) {
        require(aTokenOf[asset].balanceOf(msg.sender) >= amount, "not enough aTokens");
        ReplicaToken(asset).transfer(to, amount);
        return amount;
    }

    /// @dev Premium 5 bps, rounded up.
    function flashLoanSimple(address receiver, address asset, uint256 amount, bytes calldata params, uint16) external {
        uint256 premium = (amount * 5 + 9_999) / 10_000;
        ReplicaToken(asset).transfer(receiver, amount);
        require(IAaveReceiver(receiver).executeOperation(asset, amount, premium, msg.sender, params), "refused");
        ReplicaToken(asset).transferFrom(receiver, address(this), amount + premium);
    }
}
