// SPDX-License-Identifier: MIT
pragma solidity 0.8.27;

import {Vm} from "./Vm.sol";

/// @title What every test starts from: cheat codes and assertions.
abstract contract Test {
    Vm internal constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    error Differs(uint256 got, uint256 want);
    error NotTrue(string claim);

    function assertEq(uint256 got, uint256 want) internal pure {
        if (got != want) revert Differs(got, want);
    }

    function assertEq(address got, address want) internal pure {
        assertEq(uint160(got), uint160(want));
    }

    function assertEq(bytes32 got, bytes32 want) internal pure {
        assertEq(uint256(got), uint256(want));
    }

    function assertTrue(bool claim, string memory what) internal pure {
        if (!claim) revert NotTrue(what);
    }
}
