// SPDX-License-Identifier: MIT
pragma solidity 0.8.27;

import {AAVE_POOL, MORPHO} from "../onedelta/Addresses.sol";
import {CallForwarder} from "../onedelta/CallForwarder.sol";
import {Composer} from "../onedelta/Composer.sol";
import {ComposerProxy} from "../onedelta/ComposerProxy.sol";
import {RenouncedAdmin} from "../onedelta/RenouncedAdmin.sol";
import {ReplicaToken} from "../replica/ReplicaToken.sol";
import {AavePoolDouble} from "./doubles/AavePoolDouble.sol";
import {MorphoDouble} from "./doubles/MorphoDouble.sol";
import {WethDouble} from "./doubles/WethDouble.sol";
import {Test} from "./Test.sol";

/// @title A composer behind its proxy, a forwarder, a user, and the lenders it listens to at their addresses on Base.
abstract contract ComposerFixture is Test {
    address internal constant USER = address(0x1111);
    address internal constant MALLORY = address(0x6666);

    RenouncedAdmin internal admin;
    Composer internal composer;
    CallForwarder internal forwarder;
    ReplicaToken internal usdc;
    WethDouble internal weth;
    AavePoolDouble internal aave = AavePoolDouble(AAVE_POOL);
    MorphoDouble internal morpho = MorphoDouble(MORPHO);

    function setUp() public virtual {
        admin = new RenouncedAdmin();
        composer = Composer(payable(address(new ComposerProxy(address(new Composer()), address(admin)))));
        forwarder = new CallForwarder();
        usdc = new ReplicaToken("USD Coin", "USDC", 6);
        weth = new WethDouble();
        vm.etch(AAVE_POOL, address(new AavePoolDouble()).code);
        vm.etch(MORPHO, address(new MorphoDouble()).code);
        aave.list(address(usdc));
        aave.list(address(weth));
        usdc.mint(AAVE_POOL, 1e12);
        usdc.mint(MORPHO, 1e12);
        weth.mint(AAVE_POOL, 1e24);
    }

    function compose(bytes memory ops) internal {
        vm.prank(USER);
        composer.deltaCompose(ops);
    }

    /// @dev The user gives the composer an allowance over a fresh balance.
    function fund(ReplicaToken token, uint256 amount) internal {
        token.mint(USER, amount);
        vm.prank(USER);
        token.approve(address(composer), amount);
    }
}
