//! Why the pool would refuse an action, with the figures it would not tell.

use std::fmt;

use alloy::primitives::{Address, U256};
use serde::{Deserialize, Serialize};

use super::{error::StateError, reserve::Reserve};
use crate::units::{Bps, UsdE8, Wad, format_units};

/// An amount with its token, for messages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenAmount {
    /// Smallest units.
    pub amount: U256,
    /// Digits behind the point.
    pub decimals: u8,
    /// The token's symbol.
    pub symbol: String,
}

impl TokenAmount {
    pub(super) fn of(reserve: &Reserve, amount: U256) -> Box<Self> {
        Box::new(Self { amount, decimals: reserve.configuration.decimals(), symbol: reserve.symbol.clone() })
    }
}

impl fmt::Display for TokenAmount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", format_units(self.amount, self.decimals), self.symbol)
    }
}

/// Why an action would revert.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The snapshot does not allow to tell.
    #[error(transparent)]
    State(#[from] StateError),
    /// Nothing, or so little to supply that it rounds to nothing.
    #[error("{0} is too small an amount for aave")]
    AmountTooSmall(Box<TokenAmount>),
    /// So little to repay that it rounds to nothing.
    #[error("repaying {0} rounds to nothing")]
    RoundsToNothing(Box<TokenAmount>),
    /// The reserve is not in use.
    #[error("aave reserve {0} is inactive")]
    Inactive(String),
    /// The reserve is paused.
    #[error("aave reserve {0} is paused: nothing can be supplied, borrowed, repaid or withdrawn until it is resumed")]
    Paused(String),
    /// The reserve is frozen.
    #[error("aave reserve {0} is frozen: only repaying and withdrawing are possible")]
    Frozen(String),
    /// The supply would exceed its cap.
    #[error("supply cap of {cap} exceeded: {after} after the action, room for {room}")]
    SupplyCapExceeded {
        /// The cap.
        cap: Box<TokenAmount>,
        /// All supplied after the action.
        after: Box<TokenAmount>,
        /// What could still be supplied.
        room: Box<TokenAmount>,
    },
    /// The debt would exceed its cap.
    #[error("borrow cap of {cap} exceeded: {after} after the action, room for {room}")]
    BorrowCapExceeded {
        /// The cap.
        cap: Box<TokenAmount>,
        /// All borrowed after the action.
        after: Box<TokenAmount>,
        /// What could still be borrowed.
        room: Box<TokenAmount>,
    },
    /// The asset cannot be borrowed outside e-mode.
    #[error("{0} cannot be borrowed outside an e-mode")]
    BorrowingDisabled(String),
    /// The asset cannot be borrowed in the account's e-mode.
    #[error(
        "{symbol} cannot be borrowed in e-mode {category} ({label}), which the account is in: \
         borrow what that e-mode allows, or use an account outside it"
    )]
    NotBorrowableInEMode {
        /// Asset.
        symbol: String,
        /// The account's category.
        category: u8,
        /// Its name on Aave.
        label: String,
    },
    /// New borrows are barred after sequencer downtime.
    #[error("aave's oracle sentinel bars new borrows after sequencer downtime")]
    SentinelBarsBorrowing,
    /// The reserve has not got the tokens.
    #[error("aave has {available} to give, {asked} asked")]
    LiquidityShort {
        /// Tokens that can leave the reserve.
        available: Box<TokenAmount>,
        /// What was asked.
        asked: Box<TokenAmount>,
    },
    /// The collateral has LTV 0.
    #[error("the collateral backs no new borrow: its loan to value is 0")]
    NothingToBorrowAgainst,
    /// A collateral of LTV 0 has to be withdrawn before any other.
    #[error("{blocking} has a loan to value of 0 and must be withdrawn before {symbol}")]
    LtvZeroCollateralFirst {
        /// What was to be withdrawn.
        symbol: String,
        /// What has to go first.
        blocking: String,
    },
    /// The debt would exceed the LTV.
    #[error(
        "collateral of {collateral} usd at a loan to value of {ltv} does not cover a debt of {debt} usd; \
         at most {maximum} can be borrowed"
    )]
    CollateralCannotCoverNewBorrow {
        /// Collateral value.
        collateral: UsdE8,
        /// Mean LTV.
        ltv: Bps,
        /// Debt value after the action.
        debt: UsdE8,
        /// The largest amount that goes through.
        maximum: Box<TokenAmount>,
    },
    /// The account could be liquidated after the action.
    #[error("health factor after the action is {0}, below 1")]
    HealthFactorBelowOne(Wad),
    /// More than the account has.
    #[error("{asked} asked, the account has {balance}")]
    BalanceShort {
        /// What the account has.
        balance: Box<TokenAmount>,
        /// What was asked.
        asked: Box<TokenAmount>,
    },
    /// Nothing of it is supplied.
    #[error("the account has supplied no {0}")]
    NoSupply(String),
    /// It cannot back debt: its LTV is 0 here, or the account is in isolation mode.
    #[error(
        "{0} cannot be used as collateral: its loan to value is 0 in the account's e-mode, or the account is in isolation mode"
    )]
    BacksNoDebt(String),
    /// Nothing to repay.
    #[error("the account owes no {0}")]
    NoDebt(String),
    /// Flash loans of the asset are switched off.
    #[error("flash loans of {0} are disabled on aave")]
    FlashLoanDisabled(String),
    /// The e-mode does not exist.
    #[error("e-mode {0} does not exist")]
    NoSuchCategory(u8),
    /// A debt of the account is not borrowable in the e-mode.
    #[error("e-mode {category} does not allow the account's debt in {symbol}")]
    DebtNotInCategory {
        /// Debt.
        symbol: String,
        /// Category that was asked for.
        category: u8,
    },
    /// A collateral of the account would have LTV 0 in the e-mode.
    #[error("{symbol}, which the account uses as collateral, has a loan to value of 0 in e-mode {category}")]
    CollateralNotInCategory {
        /// Collateral.
        symbol: String,
        /// Category that was asked for.
        category: u8,
    },
    /// Isolation mode and siloed borrowing (v3.6) are not modelled; no Base reserve uses them.
    #[error("{0} is in isolation or siloed mode, which is not supported")]
    IsolationUnsupported(String),
    /// The spender may not borrow that much in the account's name.
    #[error("{spender} may borrow {allowed} for the account, {asked} asked")]
    DelegationShort {
        /// Who borrows.
        spender: Address,
        /// What it may.
        allowed: Box<TokenAmount>,
        /// What was asked.
        asked: Box<TokenAmount>,
    },
    /// The spender may not move that much of the account's aTokens.
    #[error("{spender} may move {allowed} of the account's supply, {asked} asked")]
    AllowanceShort {
        /// Who moves.
        spender: Address,
        /// What it may.
        allowed: Box<TokenAmount>,
        /// What was asked.
        asked: Box<TokenAmount>,
    },
}

impl Refusal {
    /// The error that the contracts revert with when the account itself acts; `None` where they revert otherwise or not at all.
    #[must_use]
    pub fn contract_error(&self) -> Option<&'static str> {
        Some(match self {
            Self::AmountTooSmall(_) => "InvalidAmount()",
            Self::RoundsToNothing(_) => "InvalidBurnAmount()",
            Self::Inactive(_) => "ReserveInactive()",
            Self::Paused(_) => "ReservePaused()",
            Self::Frozen(_) => "ReserveFrozen()",
            Self::SupplyCapExceeded { .. } => "SupplyCapExceeded()",
            Self::BorrowCapExceeded { .. } => "BorrowCapExceeded()",
            Self::BorrowingDisabled(_) => "BorrowingNotEnabled()",
            Self::NotBorrowableInEMode { .. } => "NotBorrowableInEMode()",
            Self::SentinelBarsBorrowing => "PriceOracleSentinelCheckFailed()",
            Self::NothingToBorrowAgainst | Self::LtvZeroCollateralFirst { .. } => "LtvValidationFailed()",
            Self::CollateralCannotCoverNewBorrow { .. } => "CollateralCannotCoverNewBorrow()",
            Self::HealthFactorBelowOne(_) => "HealthFactorLowerThanLiquidationThreshold()",
            Self::BalanceShort { .. } => "NotEnoughAvailableUserBalance()",
            Self::NoDebt(_) => "NoDebtOfSelectedType()",
            Self::NoSupply(_) => "UnderlyingBalanceZero()",
            Self::BacksNoDebt(_) => "UserInIsolationModeOrLtvZero()",
            Self::FlashLoanDisabled(_) => "FlashloanDisabled()",
            Self::NoSuchCategory(_) => "InconsistentEModeCategory()",
            Self::DebtNotInCategory { .. } => "InvalidDebtInEmode(address,uint256)",
            Self::CollateralNotInCategory { .. } => "InvalidCollateralInEmode(address,uint256)",
            Self::DelegationShort { .. } => "InsufficientBorrowAllowance(address,uint256,uint256)",
            Self::AllowanceShort { .. } => "ERC20InsufficientAllowance(address,uint256,uint256)",
            Self::State(_) | Self::LiquidityShort { .. } | Self::IsolationUnsupported(_) => return None,
        })
    }
}
