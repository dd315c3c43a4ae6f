// SPDX-License-Identifier: MIT
pragma solidity ^0.8.0;

/// Parameters of pairs.
interface IPairStorage {
    struct Feed {
        uint256 maxOpenDeviationP;
        uint256 maxCloseDeviationP;
        bytes32 feedId;
    }

    struct BackupFeed {
        uint256 maxDeviationP;
        address feedId;
    }

    struct Leverages {
        uint256 minLeverage;
        uint256 maxLeverage;
        uint256 pnlMinLeverage;
        uint256 pnlMaxLeverage;
    }

    struct Values {
        int256 maxGainP;
        int256 maxSlP;
        uint256 maxLongOiP;
        uint256 maxShortOiP;
        uint256 groupOpenInterestPecentage;
        uint256 maxWalletOI;
        bool isUSDCAligned;
    }

    struct Pair {
        Feed feed;
        BackupFeed backupFeed;
        uint256 spreadP;
        uint256 pnlSpreadP;
        Leverages leverages;
        uint256 priceImpactMultiplier;
        int256 skewImpactMultiplier;
        uint256 groupIndex;
        uint256 feeIndex;
        Values values;
    }

    struct Group {
        string name;
        uint256 maxOpenInterestP;
        bool isSpreadDynamic;
    }

    struct PnlFees {
        uint256 numTiers;
        uint256[] tierP;
        uint256[] feesP;
    }

    struct Fee {
        uint256 openFeeP;
        uint256 closeFeeP;
        uint256 limitOrderFeeP;
        uint256 minLevPosUSDC;
        PnlFees pnlFees;
    }

    struct SkewFee {
        int256[2][10] eqParams;
    }

    struct PairParams {
        uint256 posSpreadCap;
        uint256 negSpreadCap;
        uint256 param1;
        uint256 param2;
        uint256 param3;
        uint256 param4;
        uint256 param5;
        uint256 param6;
        uint256 param7;
        uint256 param8;
    }

    function pairsCount() external view returns (uint256);
    function currentOrderId() external view returns (uint256);
    function pairFeed(uint256 pairIndex) external view returns (Feed memory);
    function pairsBackend(uint256 pairIndex)
        external
        view
        returns (Pair memory pair, Group memory group, Fee memory fee);
    function pairData(uint256 pairIndex) external view returns (string memory from, string memory to, uint256 numTiers);
    function getSkewParams(uint256 pairIndex) external view returns (SkewFee memory);
    function spreadCaps(uint256 pairIndex) external view returns (uint256 favour, uint256 adverse);
    function lossProtectionMultiplier(uint256 pairIndex, uint256 tier) external view returns (uint256);
    function groupMaxOI(uint256 pairIndex) external view returns (uint256);
    function groupOI(uint256 pairIndex) external view returns (uint256);
    function pairMaxOI(uint256 pairIndex) external view returns (uint256);
    function pairMaxLongOI(uint256 pairIndex) external view returns (uint256);
    function pairMaxShortOI(uint256 pairIndex) external view returns (uint256);
    function maxWalletOI(uint256 pairIndex) external view returns (uint256);
    function blockOILimit(uint256 pairIndex) external view returns (uint256);

    function initialize(address tradingStorage, uint256 firstOrderId) external;
    function addGroup(Group calldata group) external;
    function addFee(Fee calldata fee) external;
    function addPair(Pair calldata pair) external;
    function addSkewOpenFees(SkewFee calldata fee) external;
    function setPairData(
        uint256 pairIndex,
        string calldata from,
        string calldata to,
        uint256 numTiers,
        uint256[] calldata tierThresholds,
        uint256[] calldata timer
    ) external;
    function updateLossProtectionMultiplier(
        uint256 pairIndex,
        uint256[] calldata tier,
        uint256[] calldata multiplierPercent
    ) external;
    function setBlockOILImits(uint256[] calldata pairIndex, uint256[] calldata limits) external;
    function updatePairParams(uint256 pairIndex, PairParams calldata params) external;
}
