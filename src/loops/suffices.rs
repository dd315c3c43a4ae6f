//! Whether what may be sold is enough, counted by value.

use alloy::primitives::U256;

use crate::units::{Bps, WAD, mul_div_down, mul_div_up};

/// Whether what may be sold brings the account to a health factor when every sale costs `cost`, by value: the depth of the
/// pools is not in it. `collateral` and `debt` are the account's values at the prices in question.
#[must_use]
pub fn suffices(sellable: &[(U256, U256)], weighted: U256, debt: U256, target: U256, cost: Bps) -> bool {
    let kept = U256::from(Bps::ONE.0.saturating_sub(cost.0));
    let (mut weighted, mut debt) = (weighted, debt);
    for (value, threshold) in sellable {
        let wanted = debt.saturating_mul(target);
        if weighted.saturating_mul(WAD) >= wanted {
            return true;
        }
        // Sold as far as needed: r = (HF* D − S) / (HF* − g LT).
        let gross = mul_div_up(*threshold, U256::from(Bps::ONE.0), kept).unwrap_or(U256::MAX);
        let rest = target.saturating_sub(gross).max(U256::ONE);
        let needed = wanted.saturating_sub(weighted.saturating_mul(WAD)) / rest;
        let most = mul_div_down(*value, kept, U256::from(Bps::ONE.0)).unwrap_or_default().min(debt);
        // Roundings of the sale, each a unit of the eighth decimal.
        let repaid = needed.saturating_add(U256::from(8u8)).min(most);
        let sold = mul_div_up(repaid, U256::from(Bps::ONE.0), kept).unwrap_or(U256::MAX).min(*value);
        debt = debt.saturating_sub(repaid);
        weighted = weighted.saturating_sub(mul_div_up(sold, *threshold, WAD).unwrap_or(U256::MAX));
    }
    weighted.saturating_mul(WAD) >= debt.saturating_mul(target)
}

#[cfg(test)]
mod tests {
    use super::*;

    const USD: u64 = 100_000_000;

    fn usd(value: u64) -> U256 {
        U256::from(value) * U256::from(USD)
    }

    fn hundredths(value: u64) -> U256 {
        WAD / U256::from(100u8) * U256::from(value)
    }

    #[test]
    fn ether_alone_is_enough_in_the_worked_example_and_bitcoin_alone_is_not() {
        // strategy.md §5: 30 WETH at 2 550 (LT 0.83) and 0.05 cbBTC at 90 000 (LT 0.78) against 60 000 USDC.
        let (ether, bitcoin) = ((usd(76_500), hundredths(83)), (usd(4_500), hundredths(78)));
        let weighted =
            usd(76_500) * U256::from(83u8) / U256::from(100u8) + usd(4_500) * U256::from(78u8) / U256::from(100u8);
        let reaches = |sellable: &[(U256, U256)]| suffices(sellable, weighted, usd(60_000), hundredths(125), Bps(10));
        assert!(reaches(&[ether]));
        assert!(!reaches(&[bitcoin]));
        assert!(reaches(&[bitcoin, ether]));
        assert!(!reaches(&[]));
    }
}
