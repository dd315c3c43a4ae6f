//! The demo: a loop's life on the offline replica of Base.

use alloy::primitives::U256;
use rust_decimal::Decimal;
use serde::Serialize;

use super::{Stage, StoryError};
use crate::{
    localchain::{PriceChange, PriceReport, PriceScope},
    loops::{Funds, Payout, Request, Share, Target, WETH},
    plan::{Plan, Rehearsal},
    send::Settlement,
};

/// One thing that happens in the story.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case", tag = "beat")]
pub enum Beat<'a> {
    /// What comes next, in words.
    Chapter {
        /// The words.
        title: &'a str,
    },
    /// A plan, checked.
    Planned {
        /// The plan.
        plan: &'a Plan,
    },
    /// The plan was simulated, sent and mined.
    Done {
        /// What the simulation showed.
        simulation: &'a Rehearsal,
        /// Prediction beside outcome.
        settlement: &'a Settlement,
    },
    /// A price moved, feed and pools in one block.
    PriceMoved {
        /// From where to where.
        report: &'a PriceReport,
    },
    /// How the loop stands: the figures before a next action.
    Standing {
        /// A plan that starts from there.
        plan: &'a Plan,
    },
}

/// Ten ether, in wei.
const EQUITY: U256 = U256::from_limbs([10_000_000_000_000_000_000, 0, 0, 0]);

/// Opens a 3x WETH/USDC loop with 10 ETH, lets ether fall by 5 %, lowers the loop to 2x, closes it.
pub async fn demo(stage: &mut Stage, mut tell: impl FnMut(Beat<'_>)) -> Result<(), StoryError> {
    let lever = |times: u32| Target::Leverage(Decimal::from(times));
    tell(Beat::Chapter { title: "open a 3x WETH/USDC loop with 10 ETH, in one transaction" });
    step(stage, &Request::Open { funds: Funds::Native(EQUITY), target: lever(3) }, &mut tell).await?;

    tell(Beat::Chapter { title: "how it stands" });
    standing(stage, &mut tell).await?;

    tell(Beat::Chapter { title: "ETH falls 5 %: 3,000 to 2,850 USD, feed and pools in one block" });
    let report = stage.controls.price(&PriceChange::parse("ETH", "2850")?, PriceScope::Everything).await?;
    tell(Beat::PriceMoved { report: &report });
    standing(stage, &mut tell).await?;

    tell(Beat::Chapter { title: "lower the loop to 2x, in one transaction" });
    step(stage, &Request::Adjust { target: lever(2) }, &mut tell).await?;

    tell(Beat::Chapter { title: "close it: repay everything, get ETH back" });
    let payout = Payout::Collateral { unwrap: Some(WETH) };
    step(stage, &Request::Close { share: Share::All, payout }, &mut tell).await
}

async fn standing(stage: &Stage, tell: &mut impl FnMut(Beat<'_>)) -> Result<(), StoryError> {
    let close = Request::Close { share: Share::All, payout: Payout::Debt };
    let (plan, _) = stage.plan("WETH", "USDC", &close).await?;
    tell(Beat::Standing { plan: &plan });
    Ok(())
}

async fn step(stage: &mut Stage, request: &Request, tell: &mut impl FnMut(Beat<'_>)) -> Result<(), StoryError> {
    let (plan, snapshot) = stage.plan("WETH", "USDC", request).await?;
    tell(Beat::Planned { plan: &plan });
    let (simulation, settlement) = stage.act(plan, &snapshot).await?;
    tell(Beat::Done { simulation: &simulation, settlement: &settlement });
    Ok(())
}
