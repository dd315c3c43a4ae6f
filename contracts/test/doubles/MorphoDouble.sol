// SPDX-License-Identifier: MIT
pragma solidity 0.8.27;

import {ReplicaToken} from "../../replica/ReplicaToken.sol";

interface IMorphoBorrower {
    function onMorphoFlashLoan(uint256 assets, bytes calldata data) external;
}

/// @title Morpho Blue reduced to its flash loan: no fee, calls back the borrower, pulls the amount.
contract MorphoDouble {
    function flashLoan(address token, uint256 assets, bytes calldata data) external {
        ReplicaToken(token).transfer(msg.sender, assets);
        IMorphoBorrower(msg.sender).onMorphoFlashLoan(assets, data);
        ReplicaToken(token).transferFrom(msg.sender, address(this), assets);
    }
}
