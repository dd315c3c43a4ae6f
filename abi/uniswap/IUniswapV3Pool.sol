// SPDX-License-Identifier: MIT
pragma solidity ^0.8.0;

/// A pool of Uniswap v3.
interface IUniswapV3Pool {
    function slot0()
        external
        view
        returns (
            uint160 sqrtPriceX96,
            int24 tick,
            uint16 observationIndex,
            uint16 observationCardinality,
            uint16 observationCardinalityNext,
            uint8 feeProtocol,
            bool unlocked
        );
    function liquidity() external view returns (uint128);
    function fee() external view returns (uint24);
    function tickSpacing() external view returns (int24);
    function increaseObservationCardinalityNext(uint16 observations) external;
    function flash(address recipient, uint256 amount0, uint256 amount1, bytes calldata data) external;
}
