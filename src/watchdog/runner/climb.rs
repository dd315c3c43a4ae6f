//! A trim by way of the ladder: rung after rung on one head, until one is done, unknown, or a human's.

use alloy::primitives::U256;

use super::{Acted, Seat, Seen, WatchError, seat::Hands};
use crate::{
    config::{LoopClass, Urgency},
    journal::{IntentId, Severity},
    loops::{
        FlashChoice, FlashNeed, FlashSource, Funds, LoopSnapshot, Meanwhile, Ownership, Pair, PlanError, Request,
        Settings, Target, Via, WETH, execute_protective, plan_ahead, rank, what_a_human_must_do,
    },
    plan::{Plan, Quantity, check, rehearse},
    send::{Bid, Class, Ending, ExecuteError, Outcome, SendError},
    units::{Bps, Millis, Wad, to_decimal},
    watchdog::{
        ladder::{Attempt, Next, Rung, RungOutcome, Situation, Tried, next},
        ops::{Alert, Stage},
        rules::{AccountFacts, Action, LoopFacts, PairKey, PairTrim, Pressure},
    },
};

/// How far above 1 the health factor stays while collateral is out without a loan.
const UNWIND_MARGIN: Bps = Bps(100);

/// Ether that stays in the wallet for gas, wei: 0.01.
const GAS_KEPT: U256 = U256::from_limbs([10_000_000_000_000_000, 0, 0, 0]);

/// How a rung ended, and whether the ladder may go on from the same head.
pub(super) enum Step {
    /// As the ladder wants to know it; the block when it was mined.
    Ended(RungOutcome, Option<u64>),
    /// The head is no longer what was planned on, or the chain does not answer: the next head begins anew.
    Leave(String),
}

impl Seat {
    /// Climbs the ladder on the head that was read.
    pub(super) async fn climb(
        &mut self,
        trim: &PairTrim,
        seen: &Seen,
        facts: &AccountFacts,
    ) -> Result<Acted, WatchError> {
        let action = Action::Trim(trim.clone());
        let missing = |words: String| Acted { action: action.clone(), attempts: Vec::new(), mined_in: None, words };
        let pair = seen.observation.pairs(self.account).into_iter().find(|pair| pair.name() == trim.pair.name);
        let snapshot = pair.as_ref().and_then(|pair| seen.observation.snapshot(self.account, pair));
        let held = facts.loops.iter().find(|held| held.pair == trim.pair);
        let (Some(pair), Some(snapshot), Some(held)) = (pair, snapshot, held) else {
            return Ok(missing(format!("{} was not read at this head", trim.pair)));
        };
        let situation = situation(trim, &pair, &snapshot, held, facts.health_factor);
        let mut tried = Tried::nothing();
        loop {
            let (rung, reason) = match next(&situation, &tried) {
                Next::Try { rung, reason, skipped } => {
                    for Attempt { rung, outcome } in skipped {
                        tried.record(rung, outcome);
                    }
                    (rung, reason)
                }
                Next::Wait(rung) => {
                    let words = format!("{}: {rung} has no known outcome yet; nothing else is tried", trim.pair);
                    return Ok(Acted { action, attempts: tried.attempts().to_vec(), mined_in: None, words });
                }
                Next::Done(rung) => {
                    let words = format!("{}: {rung} was done before", trim.pair);
                    return Ok(Acted { action, attempts: tried.attempts().to_vec(), mined_in: None, words });
                }
            };
            tracing::info!(account = %self.account, pair = %trim.pair, "{reason}");
            let inputs = serde_json::json!({ "situation": situation, "rung": rung });
            self.journal_event(facts, Severity::Info, "ladder", &reason, inputs);
            let (ended, mined_in) = match Box::pin(self.try_rung(&rung, trim, &pair, &snapshot, seen, facts)).await? {
                Step::Ended(outcome, mined_in) => (outcome, mined_in),
                Step::Leave(words) => {
                    let words = format!("{}: {rung}: {words}", trim.pair);
                    return Ok(Acted { action, attempts: tried.attempts().to_vec(), mined_in: None, words });
                }
            };
            tried.record(rung.clone(), ended.clone());
            let words = match (&ended, mined_in) {
                (RungOutcome::Impossible(_), _) => continue,
                (RungOutcome::Unknown, _) => format!("{}: {rung}: outcome unknown, it is followed", trim.pair),
                (RungOutcome::Done, Some(block)) => {
                    let (from, to) = (Quantity::wad(facts.health_factor.0), Quantity::wad(trim.target.0));
                    format!("{}: {rung}: mined in block {block}; health factor was {from}, target {to}", trim.pair)
                }
                (RungOutcome::Done, None) => format!("{}: {rung}", trim.pair),
            };
            return Ok(Acted { action, attempts: tried.attempts().to_vec(), mined_in, words });
        }
    }

    /// Plans, checks and rehearses a trim without signing anything, so that what would stand in its way is known before it
    /// is needed.
    pub(super) async fn arm(&mut self, trim: &PairTrim, seen: &Seen) -> Result<Acted, WatchError> {
        let words = match self.rehearse(trim, seen).await? {
            Ok(()) => format!("{}: armed; a trim is planned and goes through in simulation", trim.pair),
            Err(reason) => format!("{}: armed, but {reason}", trim.pair),
        };
        Ok(Acted { action: Action::Arm(trim.clone()), attempts: Vec::new(), mined_in: None, words })
    }

    /// The same; the error says in words what would stand in a trim's way.
    pub(super) async fn rehearse(&self, trim: &PairTrim, seen: &Seen) -> Result<Result<(), String>, WatchError> {
        let pair = seen.observation.pairs(self.account).into_iter().find(|pair| pair.name() == trim.pair.name);
        let snapshot = pair.as_ref().and_then(|pair| seen.observation.snapshot(self.account, pair));
        let (Some(pair), Some(snapshot)) = (pair, snapshot) else {
            return Ok(Err("the loop was not read at this head".to_owned()));
        };
        let request = Request::Adjust { target: Target::HealthFactor(decimal(trim.target)) };
        let planned = match self.plan(&request, &pair, &snapshot, (trim.pressure, trim.feed_gap), None, seen).await? {
            Ok(planned) => planned,
            Err(error) => return Ok(Err(format!("a trim would not be possible now: {error}"))),
        };
        let rehearsed = rehearse(&self.office.endpoints, &planned, snapshot.block, snapshot.inclusion()).await;
        Ok(rehearsed.map(drop).map_err(|error| format!("a trim would fail now: {error}")))
    }

    /// Plans and simulates a small trim of every loop on the present state, permits included, and signs nothing: by pair,
    /// with what would stand in its way.
    pub async fn rehearse_trims(&mut self, seen: &Seen) -> Result<Vec<(PairKey, Result<(), String>)>, WatchError> {
        /// A hundredth more than there is.
        const STEP: Bps = Bps(10_100);
        if !seen.observation.near.contains_key(&self.account) {
            return Ok(Vec::new());
        }
        let facts = self.facts(&seen.observation, std::time::Duration::ZERO).await?;
        let mut rehearsed = Vec::new();
        for held in facts.loops.iter().filter(|held| !held.debt.is_zero()) {
            let target = facts.health_factor.0.saturating_mul(U256::from(STEP.0)) / U256::from(Bps::ONE.0);
            let trim = PairTrim {
                pair: held.pair.clone(),
                target: Wad(target),
                pressure: Pressure::Trim,
                feed_gap: held.feed_gap,
                ahead: false,
            };
            rehearsed.push((held.pair.clone(), self.rehearse(&trim, seen).await?));
        }
        Ok(rehearsed)
    }

    async fn try_rung(
        &mut self,
        rung: &Rung,
        trim: &PairTrim,
        pair: &Pair,
        snapshot: &LoopSnapshot,
        seen: &Seen,
        facts: &AccountFacts,
    ) -> Result<Step, WatchError> {
        let to = |wad: Wad| Target::HealthFactor(decimal(wad));
        let (request, bound, flash) = match rung {
            Rung::Flash { source, bound } => {
                (Request::Adjust { target: to(trim.target) }, *bound, Some(choice(source)))
            }
            Rung::Slice { goal, bound } => (Request::Trim { target: to(*goal), at_most: None }, *bound, None),
            Rung::RepayFromWallet { at_most } => {
                (Request::Repay { amount: *at_most, via: Via::Composer }, trim.pressure, None)
            }
            Rung::WithdrawAndSwap { bound } => {
                (Request::Unwind { target: to(trim.target), margin: UNWIND_MARGIN }, *bound, None)
            }
            Rung::AddCollateral { at_most } => {
                let funds = if pair.collateral.token == WETH && snapshot.account.holding(WETH).wallet.is_zero() {
                    Funds::Native(*at_most)
                } else {
                    Funds::Collateral(*at_most)
                };
                (Request::Deposit { funds, keep_leverage: false }, trim.pressure, None)
            }
            Rung::AskHuman => {
                self.ask_human(trim, pair, snapshot, facts);
                return Ok(Step::Ended(RungOutcome::Done, None));
            }
        };
        let planned = match self.plan(&request, pair, snapshot, (bound, trim.feed_gap), flash, seen).await? {
            Ok(planned) => planned,
            // Without a sum of its own in it, no other rung can be paid for either.
            Err(error) if error.lacks_gas() => return Ok(Step::Leave(error.to_string())),
            Err(error) => return Ok(Step::Ended(RungOutcome::Impossible(error.to_string()), None)),
        };
        Box::pin(self.carry_out(planned, snapshot, seen)).await
    }

    /// A plan of this seat at the bounds of a pressure, where the feed behind the oracle is this much lower already.
    pub(super) async fn plan(
        &self,
        request: &Request,
        pair: &Pair,
        snapshot: &LoopSnapshot,
        (pressure, feed_gap): (Pressure, Bps),
        flash: Option<FlashChoice>,
        seen: &Seen,
    ) -> Result<Result<Plan, PlanError>, WatchError> {
        let urgency = match pressure {
            Pressure::Trim => Urgency::Trim,
            Pressure::Urgent => Urgency::Urgent,
            Pressure::LastResort => Urgency::LastResort,
        };
        let settings = self.settings(request, pair, snapshot, Some(urgency), flash, seen).await?;
        let hubs = LoopSnapshot::hubs(&seen.list);
        Ok(plan_ahead(request, snapshot, pair, &settings, &hubs, Ownership::Known, feed_gap))
    }

    pub(super) async fn settings(
        &self,
        request: &Request,
        pair: &Pair,
        snapshot: &LoopSnapshot,
        urgency: Option<Urgency>,
        flash: Option<FlashChoice>,
        seen: &Seen,
    ) -> Result<Settings, WatchError> {
        let rulebook = self.office.rulebook();
        let known = self.known_loops()?;
        let is_it = |known: &&crate::loops::KnownLoop| {
            known.position.collateral == pair.collateral.token && known.position.debt == pair.debt.token
        };
        let class = seen.class_of(pair, snapshot);
        let thresholds =
            known.iter().find(is_it).map_or_else(|| rulebook.thresholds.of(class), |known| known.thresholds);
        let subject = format!("{request:?} {urgency:?} {flash:?} {} {}", snapshot.block.hash, self.account);
        Ok(Settings {
            id: IntentId::derive(Millis(self.office.clock.wall_millis()), subject.as_bytes()).to_string(),
            network: self.office.network.clone(),
            urgency,
            bounds: rulebook.bounds,
            fees: rulebook.fees,
            slippage: None,
            thresholds,
            permit_ttl: rulebook.permit_ttl,
            flash,
            gas_price: self.gas_price(&seen.observation).await?,
        })
    }

    /// Checks, signs, simulates and sends a protective plan.
    async fn carry_out(&mut self, planned: Plan, snapshot: &LoopSnapshot, seen: &Seen) -> Result<Step, WatchError> {
        let office = self.office.clone();
        let approved = match check(planned, &office.network, snapshot.block.timestamp) {
            Ok(approved) => approved,
            Err(refusal) => return Ok(Step::Ended(RungOutcome::Impossible(refusal.to_string()), None)),
        };
        let Hands::Sender(sender) = &mut self.hands else {
            return Ok(Step::Leave("this account is only watched: no key".to_owned()));
        };
        if office.shadow {
            let headline = &approved.get().headline;
            return Ok(Step::Leave(format!("shadow: would have sent `{headline}`")));
        }
        let result = Box::pin(execute_protective(sender, &*office.clock, approved, Bid::FIRST)).await;
        let took = office.clock.monotonic().saturating_sub(seen.first_seen);
        office.meters.latency(Stage::Mined, took);
        self.is_behind |= matches!(&result, Err(ExecuteError::Send(SendError::NonceBehind { .. })));
        Ok(match result {
            Ok(report) => ended(&report.outcome),
            Err(error) => failed(&error),
        })
    }

    fn ask_human(&self, trim: &PairTrim, pair: &Pair, snapshot: &LoopSnapshot, facts: &AccountFacts) {
        let target = Target::HealthFactor(decimal(trim.target));
        let (text, figures) = match what_a_human_must_do(snapshot, pair, target) {
            Ok(task) => (task.words(), serde_json::json!(task)),
            Err(error) => {
                let now = Quantity::wad(facts.health_factor.0);
                (
                    format!("{} is at health factor {now} and what would help cannot be computed: {error}", trim.pair),
                    serde_json::Value::Null,
                )
            }
        };
        let alert = Alert::new(Severity::Alert, "human-needed", trim.pair.name.clone(), text.clone());
        self.office.alerts.raise(alert.of(self.account).with_figures(figures.clone()));
        self.journal_event(facts, Severity::Alert, "human-needed", &text, figures);
    }
}

/// What there is to trim with.
fn situation(trim: &PairTrim, pair: &Pair, snapshot: &LoopSnapshot, held: &LoopFacts, health_factor: Wad) -> Situation {
    let account = &snapshot.account;
    // A twentieth of the debt is enough to tell which sources can be asked at all; each plan ranks them for its own amount.
    let need = FlashNeed {
        amount: held.debt / U256::from(20u64),
        meanwhile: Meanwhile::Repays,
        choice: None,
        swapped_in: &std::collections::BTreeSet::new(),
    };
    let mut kinds = Vec::new();
    for candidate in rank(snapshot, pair, need).unwrap_or_default() {
        // A plan asks for a kind of source, so one of each kind is one rung.
        if candidate.rejected.is_none() && !kinds.iter().any(|kind| choice(kind) == choice(&candidate.source)) {
            kinds.push(candidate.source);
        }
    }
    let free =
        snapshot.market.reserve(pair.collateral.token).map(|reserve| reserve.virtual_balance).unwrap_or_default();
    // The wallet's own money is asked for what is needed and no more; ether stays back for gas.
    let task = what_a_human_must_do(snapshot, pair, Target::HealthFactor(decimal(trim.target))).ok();
    let needed = |amount: Option<&Quantity>, has: U256| amount.map_or(has, |needed| needed.raw.min(has));
    let collateral_held = wrapped_or_native(pair, snapshot);
    let wallet_debt =
        needed(task.as_ref().and_then(|task| task.repay.as_ref()), account.holding(pair.debt.token).wallet);
    let wallet_collateral = needed(task.as_ref().and_then(|task| task.add.as_ref()), collateral_held);
    let quantity = |raw: U256, asset: &crate::loops::Asset| Quantity::new(raw, asset.decimals, asset.symbol.clone());
    Situation {
        class: held.class,
        pressure: trim.pressure,
        health_factor,
        target: trim.target,
        flash_sources: kinds,
        free_collateral: Quantity::new(free, pair.collateral.decimals, pair.collateral.symbol.clone()),
        wallet_debt: quantity(wallet_debt, &pair.debt),
        wallet_collateral: quantity(wallet_collateral, &pair.collateral),
    }
}

/// Collateral of the wallet: the token, or ether less what gas needs where there is none of the token.
fn wrapped_or_native(pair: &Pair, snapshot: &LoopSnapshot) -> U256 {
    let held = snapshot.account.holding(pair.collateral.token).wallet;
    if pair.collateral.token != WETH || !held.is_zero() {
        return held;
    }
    snapshot.account.native.saturating_sub(GAS_KEPT)
}

const fn choice(source: &FlashSource) -> FlashChoice {
    match source {
        FlashSource::MorphoBlue => FlashChoice::Morpho,
        FlashSource::AaveV3 => FlashChoice::Aave,
        FlashSource::UniswapV3(_) => FlashChoice::Uniswap,
    }
}

/// A health factor as a target, to six digits upwards: never less than what was asked for.
pub(super) fn decimal(wad: Wad) -> rust_decimal::Decimal {
    to_decimal(wad.0, 18).unwrap_or_default().round_dp_with_strategy(6, rust_decimal::RoundingStrategy::AwayFromZero)
}

fn ended(outcome: &Outcome) -> Step {
    match &outcome.ending {
        Ending::Mined => Step::Ended(RungOutcome::Done, outcome.done.last().map(|step| step.receipt.block_number)),
        Ending::Unknown { .. } => Step::Ended(RungOutcome::Unknown, None),
        Ending::Superseded { nonce, by, .. } => {
            Step::Leave(format!("nonce {nonce} was used by {by} meanwhile; the next head decides on what it did"))
        }
        // Another rung would be refused for the same.
        Ending::Unpaid(short) => Step::Leave(short.to_string()),
        Ending::Outdated { reason, .. } => {
            Step::Leave(format!("it waits and would fail by now ({reason}); what the next head plans takes its place"))
        }
        Ending::Stopped(error) => failed_to_send(error),
        Ending::Reverted { receipt, .. } => {
            Step::Ended(RungOutcome::Impossible(format!("it reverted in block {}", receipt.block_number)), None)
        }
        Ending::Rejected { reason } => {
            Step::Ended(RungOutcome::Impossible(format!("the endpoints refused it: {reason}")), None)
        }
        Ending::Cancelled { reason, .. } => {
            Step::Ended(RungOutcome::Impossible(format!("it was taken back: {reason}")), None)
        }
    }
}

fn failed(error: &ExecuteError) -> Step {
    match error {
        ExecuteError::Simulation(error) => Step::Ended(RungOutcome::Impossible(format!("simulation: {error}")), None),
        ExecuteError::Send(error) => failed_to_send(error),
        // It went through; the next head shows what it did, and the journal is brought up to date then.
        ExecuteError::Settle(error) => {
            Step::Leave(format!("it went through, its outcome is not recorded yet: {error}"))
        }
        other => Step::Leave(other.to_string()),
    }
}

fn failed_to_send(error: &SendError) -> Step {
    match error.class() {
        Class::Ambiguous => Step::Ended(RungOutcome::Unknown, None),
        Class::Definite => Step::Ended(RungOutcome::Impossible(error.to_string()), None),
        _ => Step::Leave(error.to_string()),
    }
}

/// The class of a pair, in the account's e-mode.
impl Seen {
    pub(super) fn class_of(&self, pair: &Pair, snapshot: &LoopSnapshot) -> LoopClass {
        let market = &self.observation.market;
        let category = market.category(snapshot.account.emode).ok().flatten();
        let collateral = market.reserve(pair.collateral.token).ok();
        let own = category.filter(|category| collateral.is_some_and(|reserve| category.is_collateral(reserve.id)));
        crate::loops::class_of(own.map(|category| category.liquidation_threshold))
    }
}
