//! The custom errors of Aave v3.6, and the one that v3.7 renamed.

use crate::chain::ErrorEntry;

/// Selector, signature, and what it means in words (empty where only an administrator meets it).
/// Sources: the contracts' `Errors` library; words after base-replica.md §6.
pub const ERRORS: &[ErrorEntry] = &[
    ([0xbb, 0x5b, 0xfb, 0xae], "AclAdminCannotBeZero()", ""),
    ([0x19, 0xe2, 0xf6, 0x92], "AddressesProviderAlreadyAdded()", ""),
    ([0x74, 0x98, 0xeb, 0xd0], "AddressesProviderNotRegistered()", ""),
    (
        [0x30, 0xd1, 0xee, 0xb9],
        "AssetNotBorrowableInIsolation()",
        "the asset cannot be borrowed in isolation mode (v3.6)",
    ),
    ([0xb7, 0x7e, 0x1e, 0x0f], "AssetNotListed()", "the asset is not a reserve of the market"),
    ([0x77, 0xa6, 0xa8, 0x96], "BorrowCapExceeded()", "the reserve's borrow cap would be exceeded"),
    ([0x53, 0x58, 0x77, 0x45], "BorrowingNotEnabled()", "the asset cannot be borrowed outside an e-mode"),
    ([0x54, 0xb3, 0x9c, 0xe2], "CallerMustBePool()", "only the pool may call this"),
    ([0x93, 0xb9, 0xef, 0x1f], "CallerNotAToken()", "only the aToken may call this"),
    ([0x3a, 0x38, 0x50, 0x3c], "CallerNotAssetListingOrPoolAdmin()", ""),
    ([0xcd, 0xd3, 0x6a, 0x97], "CallerNotPoolAdmin()", "only a pool administrator may do this"),
    ([0x44, 0xff, 0x88, 0x5f], "CallerNotPoolConfigurator()", "only the pool configurator may do this"),
    ([0x93, 0x4f, 0x60, 0x50], "CallerNotPoolOrEmergencyAdmin()", ""),
    ([0xab, 0xd8, 0x02, 0x24], "CallerNotPositionManager()", "the caller is not a position manager of the account"),
    ([0x66, 0xe5, 0x74, 0xd7], "CallerNotRiskOrPoolAdmin()", ""),
    ([0x80, 0x3d, 0xdb, 0x7b], "CallerNotRiskOrPoolOrEmergencyAdmin()", ""),
    ([0xc4, 0x5a, 0x7c, 0xdd], "CallerNotUmbrella()", ""),
    ([0x97, 0x9b, 0x5c, 0xe8], "CollateralCannotBeLiquidated()", "the account does not use this asset as collateral"),
    (
        [0x91, 0x1c, 0xeb, 0x81],
        "CollateralCannotCoverNewBorrow()",
        "the debt would exceed the collateral's loan to value",
    ),
    (
        [0xe2, 0x47, 0x34, 0xc2],
        "DebtCeilingExceeded()",
        "the isolated collateral's debt ceiling would be exceeded (v3.6)",
    ),
    ([0x49, 0x5f, 0x40, 0x41], "DebtCeilingNotZero()", ""),
    ([0x92, 0x84, 0x21, 0x13], "EModeCategoryReserved()", ""),
    (
        [0xfb, 0x8f, 0x41, 0xb2],
        "ERC20InsufficientAllowance(address,uint256,uint256)",
        "the token allowance is too small",
    ),
    ([0x58, 0x0f, 0x2f, 0x14], "FlashloanDisabled()", "flash loans of this asset are switched off"),
    ([0x74, 0x2d, 0x1c, 0x72], "FlashloanPremiumInvalid()", ""),
    ([0x66, 0x79, 0x99, 0x6d], "HealthFactorLowerThanLiquidationThreshold()", "the health factor would end below 1"),
    ([0x93, 0x0b, 0xb7, 0x71], "HealthFactorNotBelowThreshold()", "the account is healthy and cannot be liquidated"),
    ([0xc1, 0xd8, 0x88, 0x72], "InconsistentEModeCategory()", "that e-mode does not exist"),
    (
        [0x03, 0x9e, 0xbb, 0x30],
        "InconsistentFlashloanParams()",
        "the flash loan's lists differ in length or name an asset twice",
    ),
    ([0x0d, 0x10, 0xf6, 0x3b], "InconsistentParamsLength()", ""),
    (
        [0x1c, 0xb1, 0x9e, 0xf3],
        "InsufficientBorrowAllowance(address,uint256,uint256)",
        "the credit delegation to the borrower is too small",
    ),
    ([0x3b, 0x17, 0x5b, 0x87], "InvalidAddressesProvider()", ""),
    ([0xf7, 0x71, 0x76, 0x57], "InvalidAddressesProviderId()", ""),
    (
        [0x2c, 0x52, 0x11, 0xc6],
        "InvalidAmount()",
        "the amount is 0, rounds to nothing, or exceeds the reserve's supply",
    ),
    ([0xa7, 0xe9, 0xb5, 0xb6], "InvalidBorrowCap()", ""),
    ([0x20, 0x75, 0xcc, 0x10], "InvalidBurnAmount()", "the amount is so small that it rounds to nothing"),
    (
        [0xd2, 0xf9, 0x3f, 0x12],
        "InvalidCollateralInEmode(address,uint256)",
        "a collateral of the account has a loan to value of 0 in that e-mode",
    ),
    ([0x2a, 0x67, 0xd7, 0xf9], "InvalidDebtCeiling()", ""),
    (
        [0x2c, 0x90, 0x66, 0x31],
        "InvalidDebtInEmode(address,uint256)",
        "a debt of the account is not borrowable in that e-mode",
    ),
    ([0xd2, 0x55, 0x98, 0xa0], "InvalidDecimals()", ""),
    ([0xec, 0x1d, 0xd8, 0xd5], "InvalidEmodeCategoryParams()", ""),
    ([0xfb, 0x2a, 0x67, 0x52], "InvalidExpiration()", "the permit's deadline has passed"),
    ([0xfb, 0x37, 0x39, 0x1e], "InvalidFlashloanExecutorReturn()", "the flash loan's receiver did not confirm"),
    ([0x99, 0x0c, 0x16, 0x56], "InvalidFreezeState()", ""),
    ([0xd7, 0xc4, 0x3e, 0x0f], "InvalidGracePeriod()", ""),
    ([0x17, 0xc5, 0xa7, 0x8e], "InvalidInterestRateModeSelected()", "the interest rate mode must be 2 (variable)"),
    ([0x54, 0x19, 0x8c, 0x1c], "InvalidLiquidationBonus()", ""),
    ([0x23, 0x9e, 0xac, 0xb9], "InvalidLiquidationProtocolFee()", ""),
    ([0x3e, 0x51, 0xd2, 0xc0], "InvalidLiquidationThreshold()", ""),
    ([0x64, 0x96, 0x41, 0xc2], "InvalidLtv()", ""),
    ([0x24, 0x81, 0x22, 0x47], "InvalidLtvzeroState()", ""),
    ([0xee, 0x69, 0xf6, 0xc0], "InvalidMaxRate()", ""),
    ([0xcc, 0xfa, 0xd0, 0x18], "InvalidMintAmount()", "the amount is so small that it rounds to nothing"),
    ([0x35, 0xa8, 0xae, 0xe7], "InvalidOptimalUsageRatio()", ""),
    ([0x37, 0x37, 0x92, 0xd2], "InvalidReserveFactor()", ""),
    ([0x85, 0xe9, 0x8b, 0xeb], "InvalidReserveIndex()", ""),
    ([0x32, 0xd6, 0xd3, 0xef], "InvalidReserveParams()", ""),
    (
        [0x8b, 0xaa, 0x57, 0x9f],
        "InvalidSignature()",
        "the permit was not signed by the owner for this nonce, amount and spender",
    ),
    ([0xc0, 0xd7, 0x6d, 0x92], "InvalidSupplyCap()", ""),
    ([0x9e, 0x3e, 0x60, 0x60], "LiquidationGraceSentinelCheckFailed()", "liquidations are in their grace period"),
    (
        [0x5b, 0x26, 0x3d, 0xf7],
        "LtvValidationFailed()",
        "a collateral with a loan to value of 0 is in the way: withdraw it first",
    ),
    (
        [0xd0, 0x39, 0xd0, 0x3d],
        "MustBeEmodeCollateral(address,uint256)",
        "the asset is not a collateral of that e-mode",
    ),
    (
        [0xb6, 0x29, 0xb0, 0xe4],
        "MustNotLeaveDust()",
        "a partial liquidation would leave a debt or collateral below 1000 usd",
    ),
    ([0xf0, 0x78, 0x8f, 0xb2], "NoDebtOfSelectedType()", "the account has no debt in this asset"),
    (
        [0xcd, 0x37, 0x79, 0xc3],
        "NoExplicitAmountToRepayOnBehalf()",
        "repaying for somebody else needs an explicit amount",
    ),
    ([0x92, 0x3a, 0x94, 0x66], "NoMoreReservesAllowed()", ""),
    ([0x57, 0xdb, 0x5b, 0xba], "NotBorrowableInEMode()", "the asset cannot be borrowed in the account's e-mode"),
    ([0x6f, 0x7c, 0x43, 0xf1], "NotContract()", ""),
    ([0x47, 0xbc, 0x4b, 0x2c], "NotEnoughAvailableUserBalance()", "the withdrawal exceeds the account's balance"),
    ([0x29, 0xa2, 0x70, 0xf5], "OperationNotSupported()", "debt tokens cannot be transferred or approved"),
    ([0x4c, 0x2b, 0x89, 0xeb], "PoolAddressesDoNotMatch()", ""),
    (
        [0x91, 0x03, 0x70, 0x09],
        "PriceOracleSentinelCheckFailed()",
        "the oracle sentinel bars this after sequencer downtime (v3.6)",
    ),
    ([0xae, 0xcc, 0x20, 0x85], "ReserveAlreadyAdded()", ""),
    ([0xd7, 0x1b, 0x1f, 0xd1], "ReserveAlreadyInitialized()", ""),
    ([0x4f, 0x9d, 0x99, 0x9f], "ReserveDebtNotZero()", "the reserve still has debt"),
    ([0x6d, 0x30, 0x58, 0x15], "ReserveFrozen()", "the reserve is frozen: only repaying and withdrawing are possible"),
    ([0x90, 0xcd, 0x6f, 0x24], "ReserveInactive()", "the reserve is inactive"),
    ([0x79, 0x99, 0x52, 0x8e], "ReserveLiquidityNotZero()", ""),
    ([0x94, 0x46, 0x8f, 0x03], "ReserveNotInDeficit()", ""),
    ([0xd3, 0x7f, 0x5f, 0x1c], "ReservePaused()", "the reserve is paused"),
    ([0x44, 0x51, 0x1a, 0xf1], "SelfLiquidation()", "an account cannot liquidate itself"),
    ([0xc2, 0x7f, 0x9a, 0xbe], "SiloedBorrowingViolation()", "a siloed asset can only be borrowed alone (v3.6)"),
    ([0xd3, 0x3c, 0x15, 0x28], "Slope2MustBeGteSlope1()", ""),
    ([0x36, 0x53, 0x73, 0x2b], "SpecifiedCurrencyNotBorrowedByUser()", "the account has no debt in this asset"),
    ([0xf5, 0x8f, 0x73, 0x3a], "SupplyCapExceeded()", "the reserve's supply cap would be exceeded"),
    ([0x18, 0xd2, 0xba, 0xdf], "SupplyToAToken()", "supplies cannot be credited to the aToken itself"),
    ([0x5f, 0xe1, 0x03, 0x77], "UnderlyingBalanceZero()", "nothing is supplied that could become collateral"),
    ([0xbf, 0x9c, 0xb8, 0xbb], "UnderlyingCannotBeRescued()", ""),
    ([0xc2, 0x6e, 0x71, 0xfb], "UnderlyingClaimableRightsNotZero()", ""),
    ([0x16, 0xf1, 0xef, 0x81], "UserCannotHaveDebt()", "the account must not have debt for this"),
    (
        [0x21, 0xe5, 0xc4, 0xae],
        "UserHasAssetWithZeroLtv()",
        "the asset cannot become collateral: its loan to value is 0 (v3.7)",
    ),
    (
        [0x0c, 0xaf, 0xc0, 0x72],
        "UserInIsolationModeOrLtvZero()",
        "the asset cannot become collateral: its loan to value is 0, or the account is in isolation mode",
    ),
    ([0xdd, 0x04, 0xd5, 0x93], "VariableDebtSupplyNotZero()", ""),
    ([0xdb, 0xc4, 0x27, 0x3c], "WithdrawToAToken()", "withdrawals cannot go to the aToken itself"),
    ([0x3b, 0xf9, 0x5b, 0xa7], "ZeroAddressNotValid()", "the zero address is not valid here"),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use alloy::primitives::keccak256;

    use super::ERRORS;

    #[test]
    fn every_selector_is_its_signatures_and_stands_once() {
        let mut seen = BTreeSet::new();
        for (selector, signature, _) in ERRORS {
            assert_eq!(selector, &keccak256(signature)[..4], "{signature}");
            assert!(seen.insert(selector), "{signature} stands twice");
        }
    }

    #[test]
    fn the_errors_a_user_meets_are_explained() {
        for selector in ["911ceb81", "6679996d", "77a6a896", "f58f733a", "6d305815", "d37f5f1c", "1cb19ef3", "21e5c4ae"]
        {
            let found = ERRORS.iter().find(|(bytes, ..)| alloy::hex::encode(bytes) == selector);
            assert!(found.is_some_and(|(_, _, words)| !words.is_empty()), "{selector}");
        }
    }
}
