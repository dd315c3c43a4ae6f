//! What besides prices changes on a path: depth, free loans, lent-out reserves, interest.

use alloy::primitives::{Address, U256, address};

use super::pace::Pace;
use crate::{
    chain::BlockRef,
    dex::{USDC, WETH},
    localchain::{Course, LocalChainError, Opening},
    scenarios::{StoryError, paths::Step},
    units::{WAD, mul_div_up},
};

/// Depth of a pool on a quiet day in a path, hundredths of the debt: there the replica's pools stay as they are.
const DEEP: u64 = 20_000;
/// Who borrows so much that interest jumps: another test account, ether supplied and dollars borrowed.
const BORROWER: Address = address!("90F79bf6EB2c4f870365E785982E1f101E93b906");
const SQUEEZE: (u64, u64) = (40_000, 60_000_000);

/// As they are now.
#[derive(Debug)]
pub(super) struct Surroundings {
    /// Dollars with 6 decimals around the price of ether, and what the path's account owes, in the same unit.
    full_depth: U256,
    first_debt: U256,
    depth: u64,
    squeezed: bool,
}

impl Surroundings {
    pub(super) const fn quiet(full_depth: U256, first_debt: U256) -> Self {
        Self { full_depth, first_debt, depth: DEEP, squeezed: false }
    }

    /// They become those of a step; the newest head afterwards.
    pub(super) async fn become_those_of(
        &mut self,
        step: &Step,
        course: &mut Course,
        pace: &mut Pace,
    ) -> Result<BlockRef, StoryError> {
        course.empty_morpho(step.best_source_empty).await?;
        course.lend_out(step.lent_out).await?;
        let head = course.controls().head().await?;
        if step.growth > 1 && !self.squeezed {
            self.squeezed = true;
            let (ether, dollars) = (
                WAD.saturating_mul(U256::from(SQUEEZE.0)),
                U256::from(1_000_000u64).saturating_mul(U256::from(SQUEEZE.1)),
            );
            let opening =
                Opening { supplies: &[(WETH, ether, true)], debts: &[(USDC, dollars)], wallet: &[], emode: 0 };
            course.open(BORROWER, &opening, pace.next(head)).await?;
        }
        if step.depth != self.depth {
            self.depth = step.depth;
            let at = pace.next(course.controls().head().await?);
            self.deepen(course, at).await?;
        }
        Ok(course.controls().head().await?)
    }

    async fn deepen(&self, course: &mut Course, at: crate::units::Secs) -> Result<(), StoryError> {
        if self.depth >= DEEP {
            return Ok(course.refill(at).await?);
        }
        let wanted = self.first_debt.saturating_mul(U256::from(self.depth)) / U256::from(100u64);
        let kept = mul_div_up(wanted, U256::from(1_000_000u64), self.full_depth.max(U256::ONE))?;
        let thinned: Result<(), LocalChainError> = course.thin(u64::try_from(kept).unwrap_or(u64::MAX), at).await;
        Ok(thinned?)
    }
}
