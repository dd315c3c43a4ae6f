// SPDX-License-Identifier: MIT
pragma solidity ^0.8.0;

/// Lens that lists the initialised ticks of one word of the tick bitmap.
interface ITickLens {
    struct PopulatedTick {
        int24 tick;
        int128 liquidityNet;
        uint128 liquidityGross;
    }

    function getPopulatedTicksInWord(address pool, int16 tickBitmapIndex) external view returns (PopulatedTick[] memory);
}
