// SPDX-License-Identifier: MIT
pragma solidity 0.8.27;

import {ComposerProxy} from "../onedelta/ComposerProxy.sol";
import {ComposerFixture} from "./ComposerFixture.sol";

contract ComposerProxyTest is ComposerFixture {
    bytes32 private constant IMPLEMENTATION = bytes32(uint256(keccak256("eip1967.proxy.implementation")) - 1);
    bytes32 private constant ADMIN = bytes32(uint256(keccak256("eip1967.proxy.admin")) - 1);

    function test_slotsTellLogicAndAdmin() external {
        ComposerProxy proxy = new ComposerProxy(address(0x1234), address(admin));
        assertEq(vm.load(address(proxy), IMPLEMENTATION), bytes32(uint256(0x1234)));
        assertEq(vm.load(address(proxy), ADMIN), bytes32(uint256(uint160(address(admin)))));
    }

    function test_adminHasNoOwner() external view {
        assertEq(admin.owner(), address(0));
    }

    function test_adminIsNeverForwarded() external {
        vm.expectRevert(ComposerProxy.ProxyDeniedAdminAccess.selector);
        vm.prank(address(admin));
        composer.deltaCompose(hex"40");
        (bool success,) =
            address(composer).call(abi.encodeWithSignature("upgradeToAndCall(address,bytes)", address(0x1234), ""));
        assertTrue(!success, "nobody upgrades");
    }
}
