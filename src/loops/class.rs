//! The class of a loop's pair, which selects its thresholds (strategy.md §1, §5).

use crate::{config::LoopClass, units::Bps};

/// From this liquidation threshold on, Aave itself treats a pair in e-mode as one asset and its derivative.
const CORRELATED_FROM: Bps = Bps(9_000);

/// The class of a pair whose collateral has the liquidation threshold `e_mode_threshold` in the account's e-mode
/// (`None` outside e-modes, or when the e-mode is not for it).
#[must_use]
pub fn class_of(e_mode_threshold: Option<Bps>) -> LoopClass {
    match e_mode_threshold {
        Some(threshold) if threshold >= CORRELATED_FROM => LoopClass::Correlated,
        _ => LoopClass::Volatile,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_is_correlated_only_where_aave_treats_it_so() {
        assert_eq!(class_of(None), LoopClass::Volatile);
        assert_eq!(class_of(Some(Bps(8_300))), LoopClass::Volatile);
        assert_eq!(class_of(Some(Bps(9_500))), LoopClass::Correlated);
    }
}
