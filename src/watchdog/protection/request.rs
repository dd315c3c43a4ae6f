//! Which plan a rung of the ladder is.

use alloy::primitives::U256;

use super::{
    Means,
    terms::{choice, decimal, urgency},
};
use crate::{
    loops::{Ahead, Combination, FlashChoice, Funds, PlanError, Request, Target, Via, WETH, plan_ahead},
    plan::Plan,
    units::{Bps, Wad},
    watchdog::{
        ladder::{Rung, Situation},
        rules::{AccountTrim, Pressure},
    },
};

/// How far above 1 the health factor stays while collateral is out without a loan.
const UNWIND_MARGIN: Bps = Bps(100);

/// A rung as it is planned.
#[derive(Debug, Clone)]
pub struct RungRequest {
    /// The two assets, and what their plan is made from.
    pub one: Combination,
    /// What is asked.
    pub request: Request,
    /// Whose bounds.
    pub bound: Pressure,
    /// Who is to lend.
    pub flash: Option<FlashChoice>,
}

impl Means<'_> {
    /// What a rung asks for; `None` for a human, and where its pair was not read.
    #[must_use]
    pub fn request(&self, rung: &Rung, trim: &AccountTrim) -> Option<RungRequest> {
        let to = |wad: Wad| Target::HealthFactor(decimal(wad));
        let key = rung.pair()?;
        let from_wallet = || {
            let pair = self.basis.observation.pair(key.collateral, key.debt)?;
            let snapshot = self.basis.observation.snapshot(self.basis.account, &pair)?;
            Some(Combination { pair, snapshot, sell_at_most: U256::ZERO, ahead: Ahead::default() })
        };
        let one = self.combination(key).cloned().or_else(from_wallet)?;
        let (request, bound, flash) = match rung {
            Rung::Flash { source, bound, repay, .. } => {
                (selling(trim, &one, repay.as_ref().map(|repay| repay.raw)), *bound, Some(choice(source)))
            }
            Rung::RepayWithSupply { .. } => {
                (Request::Trim { target: to(trim.target), at_most: None }, trim.pressure, None)
            }
            Rung::Slice { goal, bound, .. } => (Request::Trim { target: to(*goal), at_most: None }, *bound, None),
            Rung::RepayFromWallet { at_most, .. } => {
                (Request::Repay { amount: at_most.raw, via: Via::Composer }, trim.pressure, None)
            }
            Rung::WithdrawAndSwap { bound, .. } => {
                (Request::Unwind { target: to(trim.target), margin: UNWIND_MARGIN }, *bound, None)
            }
            Rung::AddCollateral { at_most, .. } => {
                let wrapped = one.snapshot.account.holding(WETH).wallet;
                let funds = if one.pair.collateral.token == WETH && wrapped.is_zero() {
                    Funds::Native(at_most.raw)
                } else {
                    Funds::Collateral(at_most.raw)
                };
                (Request::Deposit { funds, keep_leverage: false }, trim.pressure, None)
            }
            Rung::AskHuman => return None,
        };
        Some(RungRequest { one, request, bound, flash })
    }

    /// The request that sells one of the combinations in their order, before any ladder.
    #[must_use]
    pub fn selling(&self, trim: &AccountTrim, one: &Combination, repay: Option<U256>) -> RungRequest {
        RungRequest { one: one.clone(), request: selling(trim, one, repay), bound: trim.pressure, flash: None }
    }

    /// The plan, about the account: it sells no more than the owner allows.
    pub fn plan(&self, asked: &RungRequest) -> Result<Plan, PlanError> {
        let RungRequest { one, request, bound, flash } = asked;
        let what = format!("{request:?} {}", one.pair.name());
        let settings = self.settings(&what, urgency(*bound), one.sell_at_most, *flash);
        plan_ahead(request, &one.snapshot, &one.pair, &settings, &self.basis.hubs, &one.ahead)
    }
}

/// To the target, or a part of the way.
fn selling(trim: &AccountTrim, one: &Combination, repay: Option<U256>) -> Request {
    let target = Target::HealthFactor(decimal(trim.target));
    match repay {
        Some(at_most) => Request::Trim { target, at_most: Some(at_most) },
        None if one.pair.is_same_asset() => Request::Trim { target, at_most: None },
        None => Request::Adjust { target },
    }
}

impl Situation {
    /// Whether something is left to be done after a rung was mined: it was a part by plan, or all that there was of one of
    /// several.
    #[must_use]
    pub fn is_part(&self, rung: &Rung) -> bool {
        match rung {
            Rung::Flash { repay, .. } => repay.is_some(),
            Rung::RepayWithSupply { .. } => true,
            Rung::Slice { .. } | Rung::WithdrawAndSwap { .. } => self.sales.len() > 1,
            _ => false,
        }
    }
}
