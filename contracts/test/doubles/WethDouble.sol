// SPDX-License-Identifier: MIT
pragma solidity 0.8.27;

import {ReplicaToken} from "../../replica/ReplicaToken.sol";

/// @title Wrapped native token that pays out with the 2300 gas WETH9 pays out with.
contract WethDouble is ReplicaToken("Wrapped Ether", "WETH", 18) {
    receive() external payable {
        deposit();
    }

    function deposit() public payable {
        balanceOf[msg.sender] += msg.value;
    }

    function withdraw(uint256 amount) external {
        balanceOf[msg.sender] -= amount;
        payable(msg.sender).transfer(amount);
    }
}
