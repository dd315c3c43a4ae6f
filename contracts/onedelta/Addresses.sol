// SPDX-License-Identifier: MIT
pragma solidity 0.8.27;

// The contracts on Base whose callbacks the composer accepts, and Permit2.
address constant AAVE_POOL = 0xA238Dd80C259a72e81d7e4664a9801593F98d1c5;
address constant MORPHO = 0xBBBBBbbBBb9cC5e90e3b3Af64bdAF62C37EEFFCb;
address constant UNISWAP_V3_FACTORY = 0x33128a8fC17869897dcE68Ed026d694621f6FDfD;
bytes32 constant UNISWAP_V3_POOL_INIT_CODE_HASH = 0xe34f199b19b2b4f47f68442619d555527d244f78a3297ea89325f843f87b8b54;
address constant PERMIT2 = 0x000000000022D473030F116dDEE9F6B43aC78BA3;
