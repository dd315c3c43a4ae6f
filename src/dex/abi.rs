//! The part of Uniswap's interfaces that is called.

use alloy::sol;

sol! {
    /// A pool of Uniswap v3.
    #[derive(Debug)]
    interface IUniswapV3Pool {
        function slot0() external view returns (
            uint160 sqrtPriceX96, int24 tick, uint16 observationIndex, uint16 observationCardinality,
            uint16 observationCardinalityNext, uint8 feeProtocol, bool unlocked
        );
        function liquidity() external view returns (uint128);
        function fee() external view returns (uint24);
        function tickSpacing() external view returns (int24);
    }

    /// Lens that lists the initialised ticks of one word of the tick bitmap.
    #[derive(Debug)]
    interface ITickLens {
        struct PopulatedTick { int24 tick; int128 liquidityNet; uint128 liquidityGross; }
        function getPopulatedTicksInWord(address pool, int16 tickBitmapIndex)
            external view returns (PopulatedTick[] memory populatedTicks);
    }

    /// What is asked of a token here.
    #[derive(Debug)]
    interface IBalance {
        function balanceOf(address account) external view returns (uint256);
    }

    /// SwapRouter02: swaps without a deadline.
    #[derive(Debug)]
    interface ISwapRouter02 {
        struct ExactInputSingleParams {
            address tokenIn; address tokenOut; uint24 fee; address recipient;
            uint256 amountIn; uint256 amountOutMinimum; uint160 sqrtPriceLimitX96;
        }
        struct ExactOutputSingleParams {
            address tokenIn; address tokenOut; uint24 fee; address recipient;
            uint256 amountOut; uint256 amountInMaximum; uint160 sqrtPriceLimitX96;
        }
        struct ExactInputParams { bytes path; address recipient; uint256 amountIn; uint256 amountOutMinimum; }
        struct ExactOutputParams { bytes path; address recipient; uint256 amountOut; uint256 amountInMaximum; }
        function exactInputSingle(ExactInputSingleParams calldata params) external payable returns (uint256 amountOut);
        function exactOutputSingle(ExactOutputSingleParams calldata params) external payable returns (uint256 amountIn);
        function exactInput(ExactInputParams calldata params) external payable returns (uint256 amountOut);
        function exactOutput(ExactOutputParams calldata params) external payable returns (uint256 amountIn);
    }
}
