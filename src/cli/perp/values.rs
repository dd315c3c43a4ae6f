//! Values of the flags of the `perp` commands: directions, prices, levels.

use clap::ValueEnum;
use rust_decimal::Decimal;

use crate::{
    cli::loop_::args::decimal,
    perps::{Level, PriceE10, Side},
};

/// Direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum SideArg {
    /// Wins when the price rises.
    Long,
    /// Wins when the price falls.
    Short,
}

impl From<SideArg> for Side {
    fn from(side: SideArg) -> Self {
        match side {
            SideArg::Long => Self::Long,
            SideArg::Short => Self::Short,
        }
    }
}

/// A stop or target as typed: a price, a distance such as `4%`, or `none`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) enum LevelArg {
    None,
    At(Level),
}

pub(super) fn level(text: &str) -> Result<LevelArg, String> {
    if text.eq_ignore_ascii_case("none") {
        return Ok(LevelArg::None);
    }
    match text.strip_suffix('%') {
        Some(percent) => {
            let distance = decimal(percent)?.checked_div(Decimal::ONE_HUNDRED).ok_or("out of range")?;
            Ok(LevelArg::At(Level::Distance(distance)))
        }
        None => price(text).map(|price| LevelArg::At(Level::Price(price))),
    }
}

pub(super) fn price(text: &str) -> Result<PriceE10, String> {
    PriceE10::from_decimal(decimal(text)?).ok_or_else(|| "a price above zero with at most 10 decimals".to_owned())
}
