// SPDX-License-Identifier: MIT
pragma solidity 0.8.27;

import {UNISWAP_V3_FACTORY, UNISWAP_V3_POOL_INIT_CODE_HASH} from "../onedelta/Addresses.sol";
import {
    BadPool,
    InvalidCaller,
    InvalidCalldata,
    InvalidFlashLoan,
    InvalidInitiator,
    InvalidOperation
} from "../onedelta/Errors.sol";
import {ReplicaToken} from "../replica/ReplicaToken.sol";
import {ComposerFixture} from "./ComposerFixture.sol";
import {HostilePool} from "./doubles/HostilePool.sol";
import {UniswapV3PoolDouble} from "./doubles/UniswapV3PoolDouble.sol";
import {Ops} from "./Ops.sol";

contract FlashLoansTest is ComposerFixture {
    uint16 private constant FEE = 500;

    HostilePool private hostile;
    ReplicaToken private token0;
    ReplicaToken private token1;
    UniswapV3PoolDouble private pool;

    function setUp() public override {
        super.setUp();
        hostile = new HostilePool();
        (token0, token1) = address(usdc) < address(weth) ? (usdc, ReplicaToken(weth)) : (ReplicaToken(weth), usdc);
        bytes32 salt = keccak256(abi.encode(address(token0), address(token1), uint256(FEE)));
        bytes memory seed = abi.encodePacked(hex"ff", UNISWAP_V3_FACTORY, salt, UNISWAP_V3_POOL_INIT_CODE_HASH);
        pool = UniswapV3PoolDouble(address(uint160(uint256(keccak256(seed)))));
        vm.etch(address(pool), address(new UniswapV3PoolDouble()).code);
        pool.set(address(token0), address(token1), FEE);
        token0.mint(address(pool), 1e12);
        token1.mint(address(pool), 1e12);
    }

    // Aave

    function test_aaveLoanRunsTheOpsForTheCallerAndIsPulledBackWithItsPremium() external {
        fund(usdc, 1);
        bytes memory inner = abi.encodePacked(
            Ops.transferFrom(address(usdc), address(composer), 1),
            Ops.sweep(address(usdc), address(composer), Ops.VALIDATE, 2_001)
        );
        compose(_aaveLoan(2_000, inner));
        assertEq(usdc.balanceOf(address(composer)), 0);
        assertEq(usdc.balanceOf(address(aave)), 1e12 + 1);
    }

    function test_aaveLoanThatCannotPayThePremiumReverts() external {
        vm.expectRevert(bytes("ERC20: transfer amount exceeds balance"));
        compose(_aaveLoan(2_000, Ops.sweep(address(usdc), USER, Ops.AMOUNT, 0)));
    }

    function test_aaveLoanTakenByAStrangerInOurNameIsRefused() external {
        fund(usdc, 10);
        bytes memory forged = abi.encodePacked(USER, hex"00", Ops.transferFrom(address(usdc), MALLORY, 10));
        vm.expectRevert(InvalidInitiator.selector);
        vm.prank(MALLORY);
        aave.flashLoanSimple(address(composer), address(usdc), 1, forged, 0);
    }

    function test_aaveCallbackByAStrangerIsRefused() external {
        fund(usdc, 10);
        bytes memory forged = abi.encodePacked(USER, hex"00", Ops.transferFrom(address(usdc), MALLORY, 10));
        vm.expectRevert(InvalidCaller.selector);
        vm.prank(MALLORY);
        composer.executeOperation(address(usdc), 1, 0, address(composer), forged);
    }

    function test_aaveCallbackByAHostilePoolIsRefused() external {
        fund(usdc, 10);
        hostile.forge(abi.encodePacked(USER, hex"00", Ops.transferFrom(address(usdc), MALLORY, 10)));
        vm.expectRevert(InvalidCaller.selector);
        vm.prank(MALLORY);
        composer.deltaCompose(Ops.aaveFlash(address(usdc), address(hostile), 1, 0, hex"40"));
    }

    function test_aaveLoanWithAnotherPoolIdIsRefused() external {
        bytes memory inner = Ops.sweep(address(usdc), USER, Ops.AMOUNT, 0);
        for (uint8 id = 1; id < 255; id++) {
            vm.expectRevert(InvalidFlashLoan.selector);
            compose(Ops.aaveFlash(address(usdc), address(aave), 1, id, inner));
        }
    }

    function test_aaveLoanWithoutOpsIsRefused() external {
        vm.expectRevert(InvalidOperation.selector);
        compose(Ops.aaveFlash(address(usdc), address(aave), 1, 0, ""));
    }

    function test_aaveLoanWithoutPoolIdIsRefused() external {
        vm.expectRevert(InvalidOperation.selector);
        compose(abi.encodePacked(hex"6002", address(usdc), address(aave), uint128(1), uint16(0)));
    }

    function test_innerOpsMustEndWhereTheyEnd() external {
        bytes memory inner = Ops.sweep(address(usdc), USER, Ops.AMOUNT, 0);
        assembly {
            mstore(inner, sub(mload(inner), 1))
        }
        vm.expectRevert(InvalidCalldata.selector);
        compose(Ops.aaveFlash(address(usdc), address(aave), 1, 0, inner));
        vm.expectRevert(InvalidCalldata.selector);
        compose(Ops.morphoFlash(address(usdc), address(morpho), 1, 0, inner));
        vm.expectRevert(InvalidCalldata.selector);
        compose(Ops.v3Flash(_v3(1, 0), inner));
    }

    // Morpho

    function test_morphoLoanRunsTheOpsForTheCallerAndIsPulledBackWithoutFee() external {
        bytes memory inner = Ops.sweep(address(usdc), address(composer), Ops.VALIDATE, 2_000);
        compose(
            abi.encodePacked(
                Ops.approve(address(usdc), address(morpho)),
                Ops.morphoFlash(address(usdc), address(morpho), 2_000, 0, inner)
            )
        );
        assertEq(usdc.balanceOf(address(composer)), 0);
        assertEq(usdc.balanceOf(address(morpho)), 1e12);
    }

    function test_morphoLoanActsForItsCallerInside() external {
        fund(usdc, 10);
        compose(
            abi.encodePacked(
                Ops.approve(address(usdc), address(morpho)),
                Ops.morphoFlash(address(usdc), address(morpho), 5, 0, Ops.transferFrom(address(usdc), MALLORY, 10))
            )
        );
        assertEq(usdc.balanceOf(MALLORY), 10);
    }

    function test_morphoAmountCountsTheLow112BitsOnly() external {
        bytes memory inner = Ops.sweep(address(usdc), address(composer), Ops.VALIDATE, 7);
        compose(
            abi.encodePacked(
                Ops.approve(address(usdc), address(morpho)),
                Ops.morphoFlash(address(usdc), address(morpho), (1 << 112) | 7, 0, inner)
            )
        );
        assertEq(usdc.balanceOf(address(morpho)), 1e12);
    }

    function test_morphoCallbackByAStrangerIsRefused() external {
        fund(usdc, 10);
        bytes memory forged = abi.encodePacked(USER, hex"00", Ops.transferFrom(address(usdc), MALLORY, 10));
        vm.expectRevert(InvalidCaller.selector);
        vm.prank(MALLORY);
        composer.onMorphoFlashLoan(1, forged);
    }

    function test_morphoCallbackByAHostilePoolIsRefused() external {
        fund(usdc, 10);
        hostile.forge(abi.encodePacked(USER, hex"00", Ops.transferFrom(address(usdc), MALLORY, 10)));
        vm.expectRevert(InvalidCaller.selector);
        vm.prank(MALLORY);
        composer.deltaCompose(Ops.morphoFlash(address(usdc), address(hostile), 1, 0, hex"40"));
    }

    function test_morphoLoanWithAnotherPoolIdIsRefused() external {
        vm.expectRevert(InvalidFlashLoan.selector);
        compose(Ops.morphoFlash(address(usdc), address(morpho), 1, 1, hex"40"));
    }

    function test_morphoLoanWithoutOpsIsRefused() external {
        vm.expectRevert(InvalidOperation.selector);
        compose(Ops.morphoFlash(address(usdc), address(morpho), 1, 0, ""));
        vm.expectRevert(InvalidOperation.selector);
        compose(abi.encodePacked(hex"6000", address(usdc), address(morpho), uint128(1), uint16(0)));
    }

    // Uniswap v3

    function test_v3LoanIsSentBackByItsOwnOps() external {
        token0.mint(address(composer), 1);
        bytes memory inner = Ops.sweep(address(token0), address(pool), Ops.AMOUNT, 2_001);
        compose(Ops.v3Flash(_v3(2_000, 0), inner));
        assertEq(token0.balanceOf(address(pool)), 1e12 + 1);
        assertEq(token0.balanceOf(address(composer)), 0);
    }

    function test_v3LoanTakesItsTokensInAnyOrder() external {
        token1.mint(address(composer), 1);
        Ops.V3Flash memory f = _v3(0, 1_000);
        (f.tokenA, f.tokenB) = (f.tokenB, f.tokenA);
        compose(Ops.v3Flash(f, Ops.sweep(address(token1), address(pool), Ops.AMOUNT, 1_001)));
        assertEq(token1.balanceOf(address(pool)), 1e12 + 1);
    }

    function test_v3LoanActsForItsCallerInside() external {
        fund(token0, 2_001);
        compose(
            Ops.v3Flash(
                _v3(2_000, 0),
                abi.encodePacked(
                    Ops.transferFrom(address(token0), address(pool), 1),
                    Ops.sweep(address(token0), address(pool), Ops.AMOUNT, 2_000)
                )
            )
        );
        assertEq(token0.balanceOf(USER), 2_000);
    }

    function test_v3LoanThatIsNotPaidBackReverts() external {
        vm.expectRevert(bytes("F0"));
        compose(Ops.v3Flash(_v3(2_000, 0), Ops.sweep(address(token0), address(pool), Ops.AMOUNT, 2_000)));
    }

    function test_v3CallbackByAStrangerIsRefused() external {
        fund(usdc, 10);
        bytes memory steal = Ops.transferFrom(address(usdc), MALLORY, 10);
        vm.expectRevert(BadPool.selector);
        vm.prank(MALLORY);
        composer.uniswapV3FlashCallback(0, 0, _v3Data(USER, 0, FEE, steal));
    }

    function test_v3CallbackByAHostilePoolIsRefused() external {
        fund(usdc, 10);
        hostile.forge(_v3Data(USER, 0, FEE, Ops.transferFrom(address(usdc), MALLORY, 10)));
        Ops.V3Flash memory f = _v3(1, 0);
        f.pool = address(hostile);
        vm.expectRevert(BadPool.selector);
        vm.prank(MALLORY);
        composer.deltaCompose(Ops.v3Flash(f, hex"40"));
    }

    function test_v3LoanWithAnotherFeeIsRefused() external {
        Ops.V3Flash memory f = _v3(1, 0);
        f.fee = 3_000;
        vm.expectRevert(BadPool.selector);
        compose(Ops.v3Flash(f, hex"40"));
    }

    function test_v3LoanFromAnUnknownForkIsRefused() external {
        for (uint8 fork = 1; fork < 255; fork++) {
            Ops.V3Flash memory f = _v3(1, 0);
            f.forkId = fork;
            vm.expectRevert(BadPool.selector);
            compose(Ops.v3Flash(f, hex"40"));
        }
    }

    function test_v3CallbackWithTooLittleDataIsRefused() external {
        vm.expectRevert(BadPool.selector);
        vm.prank(address(pool));
        composer.uniswapV3FlashCallback(0, 0, new bytes(62));
    }

    function test_v3LoanWithoutOpsIsRefused() external {
        vm.expectRevert(InvalidOperation.selector);
        compose(Ops.v3Flash(_v3(1, 0), ""));
    }

    function test_unknownFlashLoansAreRefused() external {
        for (uint8 kind = 3; kind < 255; kind++) {
            vm.expectRevert(InvalidOperation.selector);
            compose(abi.encodePacked(hex"60", kind, new bytes(200)));
        }
    }

    function _aaveLoan(uint128 amount, bytes memory inner) private view returns (bytes memory) {
        return abi.encodePacked(
            Ops.approve(address(usdc), address(aave)), Ops.aaveFlash(address(usdc), address(aave), amount, 0, inner)
        );
    }

    function _v3(uint128 amount0, uint128 amount1) private view returns (Ops.V3Flash memory) {
        return Ops.V3Flash(0, address(pool), address(token0), address(token1), FEE, amount0, amount1);
    }

    function _v3Data(address caller, uint8 fork, uint16 fee, bytes memory ops) private view returns (bytes memory) {
        return abi.encodePacked(caller, fork, address(token0), address(token1), fee, ops);
    }
}
