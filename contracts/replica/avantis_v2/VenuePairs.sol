// SPDX-License-Identifier: MIT
pragma solidity 0.8.27;

import {IV2StandIn} from "abi/avantis_v2/IV2StandIn.sol";
import {IVenuePairs} from "./VenueTypes.sol";

/// @title The stand-in's pairs: parameters, open interest, and what accrues on it. It stands where PairStorage stands.
/// @notice Ours, from docs/reference/avantis-v2.md; the genuine contract's source is private.
/// @dev Rollover and funding accrue by the second at constant rates a side. An index is percent 1e10 times seconds, so
/// nothing is rounded before a position's fee is computed.
contract VenuePairs is IVenuePairs {
    /// Accrual of one pair.
    struct Accrual {
        uint256 at;
        uint256 rolloverLong;
        uint256 rolloverShort;
        int256 fundingLong;
        int256 fundingShort;
    }

    address private immutable governor;
    address private immutable callbacks;

    /// How far from the wanted price a close may be filled, percent 1e10. The genuine figure is not known.
    uint256 public closeToleranceP = 1e10;
    uint256[] private listedPairs;
    mapping(uint256 => IV2StandIn.Pair) private pairs;
    mapping(uint256 => IV2StandIn.Exposure) private exposures;
    mapping(uint256 => Accrual) private accruals;
    /// Profit in percent up to which a share of it is kept, and the share, both percent 1e10.
    mapping(uint256 => uint256[2][]) private shares;

    modifier onlyGovernor() {
        if (msg.sender != governor) revert IV2StandIn.NotGovernor();
        _;
    }

    constructor(address governor_, address callbacks_) {
        governor = governor_;
        callbacks = callbacks_;
    }

    /// @notice Lists a pair or changes it. What accrued until now accrued at the old rates.
    function setPair(uint256 pairIndex, IV2StandIn.Pair calldata pair) external onlyGovernor {
        _accrue(pairIndex);
        if (bytes(pairs[pairIndex].from).length == 0) listedPairs.push(pairIndex);
        pairs[pairIndex] = pair;
    }

    /// @notice Sets the tiers of the share of profit that a pair without fees keeps.
    function setProfitShares(uint256 pairIndex, uint256[2][] calldata tiers) external onlyGovernor {
        delete shares[pairIndex];
        for (uint256 i = 0; i < tiers.length; i++) {
            shares[pairIndex].push(tiers[i]);
        }
    }

    /// @notice Sets how far from the wanted price a close may be filled.
    function setCloseTolerance(uint256 percent) external onlyGovernor {
        closeToleranceP = percent;
    }

    /// @inheritdoc IVenuePairs
    function change(uint256 pairIndex, bool buy, int256 usdc, int256 coins) external {
        if (msg.sender != callbacks) revert IV2StandIn.NotVenue();
        IV2StandIn.Exposure storage exposure = exposures[pairIndex];
        if (buy) {
            exposure.long = uint256(int256(exposure.long) + usdc);
            exposure.coinLong = uint256(int256(exposure.coinLong) + coins);
        } else {
            exposure.short = uint256(int256(exposure.short) + usdc);
            exposure.coinShort = uint256(int256(exposure.coinShort) + coins);
        }
    }

    /// @inheritdoc IVenuePairs
    function feedId(uint256 pairIndex) external view returns (uint256) {
        return pairs[pairIndex].feedId;
    }

    /// @inheritdoc IVenuePairs
    function state(uint256 pairIndex) external view returns (IV2StandIn.PairState memory) {
        return IV2StandIn.PairState(pairs[pairIndex], exposures[pairIndex], closeToleranceP);
    }

    /// @notice Indexes of all pairs, in the order of their listing.
    function allPairs() external view returns (uint256[] memory) {
        return listedPairs;
    }

    /// @inheritdoc IVenuePairs
    function indexes(uint256 pairIndex, bool buy) external view returns (uint256 rollover, int256 funding) {
        Accrual memory now_ = _now(pairIndex);
        return buy ? (now_.rolloverLong, now_.fundingLong) : (now_.rolloverShort, now_.fundingShort);
    }

    /// @inheritdoc IVenuePairs
    function profitShareP(uint256 pairIndex, uint256 profitP) external view returns (uint256 share) {
        uint256[2][] storage tiers = shares[pairIndex];
        for (uint256 i = 0; i < tiers.length; i++) {
            share = tiers[i][1];
            if (profitP <= tiers[i][0]) break;
        }
    }

    function _accrue(uint256 pairIndex) private {
        accruals[pairIndex] = _now(pairIndex);
    }

    function _now(uint256 pairIndex) private view returns (Accrual memory accrual) {
        accrual = accruals[pairIndex];
        IV2StandIn.Pair storage pair = pairs[pairIndex];
        uint256 passed = accrual.at == 0 ? 0 : block.timestamp - accrual.at;
        accrual.at = block.timestamp;
        accrual.rolloverLong += pair.marginLong * passed;
        accrual.rolloverShort += pair.marginShort * passed;
        accrual.fundingLong += pair.fundingLong * int256(passed);
        accrual.fundingShort += pair.fundingShort * int256(passed);
    }
}
