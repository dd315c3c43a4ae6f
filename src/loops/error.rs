//! Why there is no plan.

use alloy::primitives::Address;

use super::{FlashCandidate, PairError, Target, TargetError, plan::flash};
use crate::{
    aave::{Refusal, StateError, TokenAmount},
    onedelta,
    plan::{Bound, Quantity},
    units::{AmountError, MathError},
};

/// Why an action cannot be planned; nothing was sent.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// The assets are no pair.
    #[error(transparent)]
    Pair(#[from] PairError),
    /// The target is no target.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// An amount is no amount.
    #[error("{field}: {reason}")]
    Amount {
        /// Flag without dashes.
        field: &'static str,
        /// What is wrong with it.
        reason: AmountError,
    },
    /// An amount of nothing.
    #[error("{0} is zero: give an amount above 0")]
    Zero(&'static str),
    /// A share outside (0, 1].
    #[error("fraction {0} must be above 0 and at most 1")]
    Fraction(rust_decimal::Decimal),
    /// Neither target nor anything else to do.
    #[error("no target: give --leverage, --health-factor or --ltv")]
    NoTarget,
    /// There is no such loop.
    #[error("the account has no {0} loop")]
    NoLoop(String),
    /// There is one already.
    #[error(
        "the account already has a {pair} loop at leverage {leverage}: use `loop adjust`, `loop deposit` or `loop close`"
    )]
    LoopExists {
        /// Pair.
        pair: String,
        /// Its leverage.
        leverage: Box<Quantity>,
    },
    /// There is one already, from another program or another journal.
    #[error(
        "the account already has a {pair} loop at leverage {leverage} that this journal did not open: \
         take it over with `loop adopt`, or add --include-existing to adjust or close it"
    )]
    LoopElsewhere {
        /// Pair.
        pair: String,
        /// Its leverage.
        leverage: Box<Quantity>,
    },
    /// Amounts that the journal did not open.
    #[error(
        "the account has {collateral} supplied and {debt} owed that this journal did not open: \
         add --include-existing to act on them, or take them over with `loop adopt`"
    )]
    Existing {
        /// Collateral of the pair.
        collateral: Box<Quantity>,
        /// Debt of the pair.
        debt: Box<Quantity>,
    },
    /// The collateral is supplied and not used as collateral, by the owner's will as it seems.
    #[error(
        "{supplied} is supplied and not enabled as collateral, so more of it would back no debt: enable it first with \
         `trimtab loop collateral --enable {symbol} --broadcast`"
    )]
    NotCollateral {
        /// Its symbol.
        symbol: String,
        /// How much there is.
        supplied: Box<Quantity>,
    },
    /// More would have to be sold than the action is about, or the owner allows.
    #[error("{needed} would have to be sold, and {own} may be")]
    NotOwn {
        /// What the action needs.
        needed: Box<Quantity>,
        /// What it may use.
        own: Box<Quantity>,
    },
    /// The wallet does not hold what is to be put in.
    #[error("equity of {needed} is more than the wallet's {available}")]
    EquityShort {
        /// Needed.
        needed: Box<Quantity>,
        /// In the wallet.
        available: Box<Quantity>,
    },
    /// Nothing would be left for gas.
    #[error("{}", no_gas_words(needed, left, reserve))]
    NoGasLeft {
        /// Needed.
        needed: Box<Quantity>,
        /// What would be left.
        left: Box<Quantity>,
        /// What must be left.
        reserve: Box<Quantity>,
    },
    /// The market does not allow the target.
    #[error("{target} cannot be reached: {reason}; the highest leverage that fits is {highest}")]
    Unreachable {
        /// What was asked.
        target: Target,
        /// What stands in the way.
        reason: String,
        /// What could be had.
        highest: Box<Quantity>,
    },
    /// The loop is already there.
    #[error("the loop is already at {0}")]
    AlreadyThere(Target),
    /// An amount cannot be drawn by a transaction that repays.
    #[error("the loop carries more than {0}: lower it first (`loop adjust`), or take the margin from the wallet")]
    DrawWhileLowering(Target),
    /// More equity asked for than can be spared.
    #[error("{asked} cannot be taken out: {reason}; at most {most} can, or repay as well with --keep-leverage")]
    EquityTooLarge {
        /// What was asked.
        asked: Box<Quantity>,
        /// Why not.
        reason: String,
        /// The most that leaves the opening floor.
        most: Box<Quantity>,
    },
    /// The loop's collateral does not bring what repays its debt.
    #[error("{}", not_covered_words(pair, debt, needed, has, others))]
    DebtNotCovered {
        /// Pair.
        pair: String,
        /// Debt that closing would repay.
        debt: Box<Quantity>,
        /// What that takes, with the loan's fee, in the debt asset or the collateral.
        needed: Box<Quantity>,
        /// What there is of it.
        has: Box<Quantity>,
        /// Other collateral of the account, which backs the debt too.
        others: Vec<String>,
    },
    /// No pool between the two tokens can take the swap.
    #[error("no route from {from} to {to} for {amount}: {cause}")]
    NoRoute {
        /// Sold token.
        from: String,
        /// Bought token.
        to: String,
        /// How much.
        amount: Box<Quantity>,
        /// What stands in the way of most of the pools that exist, in one clause.
        cause: String,
        /// Each candidate with its reason.
        reasons: Vec<String>,
    },
    /// The collateral's reserve is lent out: what is needed cannot leave it.
    #[error(
        "{needed} would have to leave aave's reserve of {symbol}, which has {available} to give: \
         repay from the wallet, add collateral, or act in smaller steps"
    )]
    NoLiquidity {
        /// The collateral.
        symbol: String,
        /// What can leave the reserve.
        available: Box<Quantity>,
        /// What would have to.
        needed: Box<Quantity>,
    },
    /// Collateral cannot leave without a loan: the health factor has no room for it.
    #[error(
        "health factor {health_factor} leaves no room to withdraw collateral: it must stay above {least} in between"
    )]
    NoRoom {
        /// Now.
        health_factor: Box<Quantity>,
        /// The least in between.
        least: Box<Quantity>,
    },
    /// Only the wrapped token can be paid in ether.
    #[error("{0} is not wrapped ether: repay it in the token itself")]
    NotEther(String),
    /// It is as it should be.
    #[error("{symbol} is {} as collateral already", if *.enabled { "enabled" } else { "not used" })]
    CollateralAlready {
        /// Which.
        symbol: String,
        /// What was asked for.
        enabled: bool,
    },
    /// One asset is used as collateral, not a pair.
    #[error("{0} are two assets: one supply at a time is used as collateral")]
    TwoAssets(String),
    /// No flash loan source has what is needed.
    #[error("no flash loan of {amount}: {}", flash::closest(candidates))]
    NoFlash {
        /// How much.
        amount: Box<Quantity>,
        /// Each candidate with its reason.
        candidates: Vec<FlashCandidate>,
    },
    /// Bounds that do not hold, found while planning.
    #[error("{0}")]
    Bound(Box<Bound>),
    /// Aave would not do it.
    #[error("{0}")]
    Aave(Box<Refusal>),
    /// The snapshot does not tell.
    #[error(transparent)]
    State(#[from] StateError),
    /// Call data that the composer would misread.
    #[error("composer stream: {0}")]
    Encode(#[from] onedelta::EncodeError),
    /// What a plan keeps of its loop cannot be written down.
    #[error("the plan cannot be written: {0}")]
    Write(String),
    /// A stream that touches what it must not.
    #[error("composer stream refused: {0}")]
    Stream(#[from] onedelta::Refusal),
    /// A token has no permit and cannot be approved exactly.
    #[error("{0} has no permit that can be signed")]
    NoPermit(Address),
    /// Arithmetic on the edge of its type.
    #[error(transparent)]
    Math(#[from] MathError),
}

impl PlanError {
    /// Whether the wallet's ether does not pay for an action that takes none of it along.
    #[must_use]
    pub fn lacks_gas(&self) -> bool {
        matches!(self, Self::NoGasLeft { needed, .. } if needed.raw.is_zero())
    }

    /// What was tried, one line each, where the message itself tells only what comes closest.
    #[must_use]
    pub fn details(&self) -> Vec<String> {
        match self {
            Self::NoRoute { reasons, .. } => reasons.clone(),
            Self::NoFlash { candidates, .. } => candidates.iter().map(ToString::to_string).collect(),
            _ => Vec::new(),
        }
    }

    /// The same, as [`PlanError::NoLiquidity`] where the collateral's reserve is what lacks the tokens.
    pub(super) fn naming_reserve(self, collateral: &str) -> Self {
        let Self::Aave(refusal) = &self else { return self };
        let Refusal::LiquidityShort { available, asked } = &**refusal else { return self };
        if available.symbol != collateral {
            return self;
        }
        let quantity = |of: &TokenAmount| Box::new(Quantity::new(of.amount, of.decimals, of.symbol.clone()));
        Self::NoLiquidity { symbol: collateral.to_owned(), available: quantity(available), needed: quantity(asked) }
    }
}

/// Ether that is short by itself, or because the action takes it.
fn no_gas_words(needed: &Quantity, left: &Quantity, reserve: &Quantity) -> String {
    if needed.raw.is_zero() {
        return format!(
            "not enough ether for gas: the wallet has {left} and should have {reserve} or more; send ether to it"
        );
    }
    format!("equity of {needed} leaves {left} for gas; keep at least {reserve}")
}

/// What closing takes and what there is; with other collateral, why that can be.
fn not_covered_words(pair: &str, debt: &Quantity, needed: &Quantity, has: &Quantity, others: &[String]) -> String {
    let why = match others {
        [] => "the loop is worth less than it owes".to_owned(),
        others => format!("its debt is shared with the account's {}", others.join(", ")),
    };
    format!(
        "closing {pair} repays {debt}, which takes {needed}, and its collateral makes {has}: {why}; \
         repay the rest from the wallet first with `trimtab loop repay`"
    )
}

impl From<Refusal> for PlanError {
    fn from(refusal: Refusal) -> Self {
        Self::Aave(Box::new(refusal))
    }
}
