//! The demo: a loop's life on the offline replica of Base, a signal traded to its target, and a crash that the watchdog
//! meets.

use alloy::primitives::U256;
use rust_decimal::{Decimal, dec};
use schemars::JsonSchema;
use serde::Serialize;

use super::{Floor, Stage, StoryError};
use crate::{
    config::AfterPerp,
    localchain::{Kit, PriceChange, PriceReport, PriceScope},
    loops::{Funds, Payout, Request, Share, Target, WETH},
    plan::{Plan, Rehearsal},
    send::Settlement,
    trade::{Assessment, saga::SagaReport},
    watchdog::runner::HeadOutcome,
};

/// One thing that happens in the story.
#[derive(Debug, Serialize, JsonSchema)]
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
    /// What a signal would be.
    Assessed {
        /// Sizes, checks, costs, both ends.
        assessment: &'a Assessment,
    },
    /// What came of a signal.
    Traded {
        /// Predicted beside actual.
        report: &'a SagaReport,
    },
    /// What the watchdog saw at a head, decided and did.
    Watched {
        /// Its turn.
        turn: &'a HeadOutcome,
    },
}

/// Ten ether, in wei.
const EQUITY: U256 = U256::from_limbs([10_000_000_000_000_000_000, 0, 0, 0]);
/// Loop equity that the signals are scaled to, US dollars.
const BASE: Decimal = dec!(3_000);
/// The trader's dollars: two margins and room for fees.
const DOLLARS: u64 = 4_000;

/// Tells the whole story: a loop, a signal, a crash.
pub async fn demo(mut stage: Stage, kit: &Kit, mut tell: impl FnMut(Beat<'_>)) -> Result<(), StoryError> {
    Box::pin(loop_story(&mut stage, &mut tell)).await?;
    tell(Beat::Chapter { title: "ETH is back at 3,000 USD; a keeper serves the perp venue" });
    let mut floor = Floor::open(stage, kit, DOLLARS).await?;
    let report = floor.price("3000").await?;
    tell(Beat::PriceMoved { report: &report });
    Box::pin(signal_story(&mut floor, &mut tell)).await?;
    Box::pin(crash_story(floor, &mut tell)).await
}

/// Opens a 3x WETH/USDC loop with 10 ETH, lets ether fall by 5 %, lowers the loop to 2x, closes it.
pub async fn loop_story(stage: &mut Stage, tell: &mut impl FnMut(Beat<'_>)) -> Result<(), StoryError> {
    let lever = |times: u32| Target::Leverage(Decimal::from(times));
    tell(Beat::Chapter { title: "open a 3x WETH/USDC loop with 10 ETH, in one transaction" });
    step(stage, &Request::Open { funds: Funds::Native(EQUITY), target: lever(3) }, tell).await?;

    tell(Beat::Chapter { title: "how it stands" });
    standing(stage, tell).await?;

    tell(Beat::Chapter { title: "ETH falls 5 %: 3,000 to 2,850 USD, feed and pools in one block" });
    let report = stage.controls.price(&PriceChange::parse("ETH", "2850")?, PriceScope::Everything).await?;
    tell(Beat::PriceMoved { report: &report });
    standing(stage, tell).await?;

    tell(Beat::Chapter { title: "lower the loop to 2x, in one transaction" });
    step(stage, &Request::Adjust { target: lever(2) }, tell).await?;

    tell(Beat::Chapter { title: "close it: repay everything, get ETH back" });
    close(stage, tell).await
}

/// A signal with score 95 in low volatility: what it would be at 30 USD of base capital, then traded at 3,000 to its target.
async fn signal_story(floor: &mut Floor, tell: &mut impl FnMut(Beat<'_>)) -> Result<(), StoryError> {
    let signal = floor.signal("demo-1", "3000")?;
    tell(Beat::Chapter { title: "a signal: long ETH/USD, score 95, low volatility. At a base capital of 30 USD:" });
    tell(Beat::Assessed { assessment: &floor.assess(&signal, dec!(30)).await? });

    tell(Beat::Chapter { title: "at a base capital of 3,000 USD" });
    tell(Beat::Assessed { assessment: &floor.assess(&signal, BASE).await? });

    tell(Beat::Chapter { title: "trade it: loop to 3x, then the perp with stop and target; ETH rises to the target" });
    let signal = floor.signal("demo-1", "3000")?;
    floor.trade(&signal, BASE, AfterPerp::Restore).await?;
    let report = floor.price("3125").await?;
    tell(Beat::PriceMoved { report: &report });
    let report = floor.over(&signal.id).await?;
    tell(Beat::Traded { report: &report });
    Ok(())
}

/// A second signal whose loop is kept: ether falls 9 % in one block, the perp ends at its stop, the watchdog trims the loop.
async fn crash_story(mut floor: Floor, tell: &mut impl FnMut(Beat<'_>)) -> Result<(), StoryError> {
    tell(Beat::Chapter { title: "a second signal, its loop is kept afterwards" });
    let signal = floor.signal("demo-2", "3125")?;
    floor.trade(&signal, BASE, AfterPerp::Keep).await?;
    standing(floor.stage(), tell).await?;

    tell(Beat::Chapter { title: "ETH falls 9 % in one block; the watchdog looks at that block" });
    let report = floor.price("2843.75").await?;
    tell(Beat::PriceMoved { report: &report });
    standing(floor.stage(), tell).await?;
    let (back, turn) = floor.watch().await?;
    let mut floor = back;
    tell(Beat::Watched { turn: &turn });
    standing(floor.stage(), tell).await?;

    tell(Beat::Chapter { title: "the perp ended at its stop" });
    let report = floor.over(&signal.id).await?;
    tell(Beat::Traded { report: &report });

    tell(Beat::Chapter { title: "ETH recovers; everything is closed" });
    let report = floor.price("3125").await?;
    tell(Beat::PriceMoved { report: &report });
    close(floor.stage(), tell).await
}

async fn close(stage: &mut Stage, tell: &mut impl FnMut(Beat<'_>)) -> Result<(), StoryError> {
    let payout = Payout::Collateral { unwrap: Some(WETH) };
    step(stage, &Request::Close { share: Share::All, payout }, tell).await
}

async fn standing(stage: &Stage, tell: &mut impl FnMut(Beat<'_>)) -> Result<(), StoryError> {
    let close = Request::Close { share: Share::All, payout: Payout::Debt };
    let (plan, _) = Box::pin(stage.plan("WETH", "USDC", &close)).await?;
    tell(Beat::Standing { plan: &plan });
    Ok(())
}

async fn step(stage: &mut Stage, request: &Request, tell: &mut impl FnMut(Beat<'_>)) -> Result<(), StoryError> {
    let (plan, snapshot) = Box::pin(stage.plan("WETH", "USDC", request)).await?;
    tell(Beat::Planned { plan: &plan });
    let (simulation, settlement) = Box::pin(stage.act(plan, &snapshot)).await?;
    tell(Beat::Done { simulation: &simulation, settlement: &settlement });
    Ok(())
}
