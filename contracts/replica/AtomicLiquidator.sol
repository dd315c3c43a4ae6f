// SPDX-License-Identifier: MIT
pragma solidity 0.8.27;

import {IPool} from "abi/aave/IPool.sol";
import {IReplicaFeed} from "abi/replica/IReplicaFeed.sol";
import {IERC20} from "abi/token/IERC20.sol";

/// @title Brings prices to Aave's oracle and liquidates in the same transaction.
/// @notice As the winner of an SVR auction does on Base: the oracle's update and the liquidation travel together, so that
/// nobody can act between them. The caller lends what it has of the debt asset (an allowance is needed) and gets back
/// what is left and what was taken. Holds nothing afterwards. For local chains: the feeds must let anybody set them.
contract AtomicLiquidator {
    /// @dev Aave may allow only half of a debt at a time: half first, then the rest, if that is allowed still.
    uint256 private constant ATTEMPTS = 2;

    /// @notice A feed's new answer.
    struct Update {
        address feed;
        int256 answer;
    }

    /// @notice An account, and which collateral is taken for which debt.
    struct Prey {
        address user;
        address collateral;
        address debt;
    }

    /// @notice A token refused a transfer or an approval.
    error TokenRefused(address token);

    /// @notice Sets the feeds, then liquidates whoever can be. Who cannot be is passed over; the feeds stay set.
    /// @return taken Liquidations that went through.
    function updateAndLiquidate(address pool, Update[] calldata updates, Prey[] calldata prey)
        external
        returns (uint256 taken)
    {
        for (uint256 i = 0; i < updates.length; i++) {
            IReplicaFeed(updates[i].feed).set(updates[i].answer);
        }
        for (uint256 i = 0; i < prey.length; i++) {
            taken += _liquidate(pool, prey[i]);
        }
    }

    function _liquidate(address pool, Prey calldata prey) private returns (uint256 taken) {
        IERC20 debt = IERC20(prey.debt);
        uint256 lent = debt.balanceOf(msg.sender);
        _require(debt.transferFrom(msg.sender, address(this), lent), prey.debt);
        _require(debt.approve(pool, lent), prey.debt);
        while (taken < ATTEMPTS) {
            try IPool(pool).liquidationCall(prey.collateral, prey.debt, prey.user, type(uint256).max, false) {
                taken++;
            } catch {
                break;
            }
        }
        _require(debt.approve(pool, 0), prey.debt);
        _giveBack(prey.debt);
        if (prey.collateral != prey.debt) _giveBack(prey.collateral);
    }

    function _giveBack(address token) private {
        uint256 held = IERC20(token).balanceOf(address(this));
        if (held != 0) _require(IERC20(token).transfer(msg.sender, held), token);
    }

    function _require(bool done, address token) private pure {
        if (!done) revert TokenRefused(token);
    }
}
