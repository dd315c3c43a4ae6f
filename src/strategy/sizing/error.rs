//! Why there is no size.

/// What keeps a signal from being sized.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SizingError {
    /// The tables scale to a capital that only the user knows.
    #[error("`strategy.base_capital` is not set; set it to the loop equity in US dollars that the table is scaled to")]
    NoBaseCapital,
    /// The naive table, live and unforced.
    #[error(
        "the table `matrix` is for comparison: its 10x and 5x loops cannot be opened on Aave; choose option-c, or force it"
    )]
    NaiveTable,
    /// No row fits; a valid table's last row always does.
    #[error("no tier of the table takes this signal; its last tier must have no condition")]
    NoTier,
    /// Nothing to size from.
    #[error("the free balance is 0 USDC, and kelly-notional sizes from it")]
    NoBalance,
    /// The size rounds to nothing.
    #[error("the margin comes to less than 0.000001 USDC")]
    TooSmall,
    /// A figure that does not fit the arithmetic.
    #[error("the size cannot be computed from these figures: they are too large or zero")]
    Unfit,
}

impl SizingError {
    /// The process's exit code.
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::NoBaseCapital | Self::NoTier => 3,
            _ => 4,
        }
    }
}
