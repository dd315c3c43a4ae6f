// SPDX-License-Identifier: MIT
pragma solidity 0.8.27;

import {IAaveReceiver} from "./AavePoolDouble.sol";
import {IMorphoBorrower} from "./MorphoDouble.sol";
import {IUniswapV3Borrower} from "./UniswapV3PoolDouble.sol";

/// @title Calls every flash callback of its caller with data of its own making.
contract HostilePool {
    bytes private forged;

    function forge(bytes calldata data) external {
        forged = data;
    }

    function flashLoanSimple(address receiver, address asset, uint256 amount, bytes calldata, uint16) external {
        IAaveReceiver(receiver).executeOperation(asset, amount, 0, msg.sender, forged);
    }

    function flashLoan(address, uint256 assets, bytes calldata) external {
        IMorphoBorrower(msg.sender).onMorphoFlashLoan(assets, forged);
    }

    function flash(address, uint256, uint256, bytes calldata) external {
        IUniswapV3Borrower(msg.sender).uniswapV3FlashCallback(0, 0, forged);
    }
}
