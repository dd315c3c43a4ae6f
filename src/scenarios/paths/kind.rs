//! Kinds of paths.

use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;

/// What a path is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Falls of 5 to 40 % in one block.
    Gap,
    /// A slow fall.
    Bleed,
    /// A fall and a recovery.
    Spike,
    /// Interest that takes in hours what it else takes in years.
    Interest,
    /// A pool without depth while the price falls.
    Dry,
    /// A pool away from the oracle while the price falls.
    PoolOff,
    /// Several of them.
    Mixed,
}

impl Kind {
    /// Every one.
    pub const ALL: [Self; 7] =
        [Self::Gap, Self::Bleed, Self::Spike, Self::Interest, Self::Dry, Self::PoolOff, Self::Mixed];
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Gap => "gap",
            Self::Bleed => "bleed",
            Self::Spike => "spike",
            Self::Interest => "interest",
            Self::Dry => "dry",
            Self::PoolOff => "pool-off",
            Self::Mixed => "mixed",
        })
    }
}

/// What kind of account a path has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// WETH against USDC and nothing else.
    Pair,
    /// One collateral and one debt of any other assets.
    OtherPair,
    /// Several collaterals, or several debts.
    Several,
    /// What is owed moves more than what is held.
    Short,
    /// What is staked of ether against ether.
    Correlated,
    /// The same, with other collateral beside it.
    CorrelatedBeside,
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Pair => "WETH/USDC",
            Self::OtherPair => "another pair",
            Self::Several => "several",
            Self::Short => "short",
            Self::Correlated => "correlated",
            Self::CorrelatedBeside => "correlated beside volatile",
        })
    }
}
