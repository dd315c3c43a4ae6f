//! A trim by way of the ladder: rung after rung on one head, until one is done, unknown, or a human's; and head after head
//! in one go while a part of it is left, or the chain has overtaken it.

use std::{collections::BTreeSet, time::Duration};

use super::{ActionReport, HeadSnapshot, WatchError, WatchedAccount, account::SignerAccess};
use crate::{
    chain::{BlockRef, Reader},
    journal::Severity,
    loops::{LoopSnapshot, Target, execute_protective, what_a_human_must_do},
    plan::{Plan, Quantity, SimulationError, check, rehearse},
    send::{Bid, Class, Ending, ExecuteError, Outcome, SendError, Settlement},
    watchdog::{
        ladder::{Attempt, Next, Rung, RungOutcome, Tried, next},
        ops::{Alert, Stage},
        protection::{Means, Pursuit, decimal},
        rules::{AccountFacts, AccountTrim, Action, PairKey},
    },
};

/// What is written down of a person's task that was told at the head before.
const AS_BEFORE: &str = "still the same as at the head before";

/// How a rung ended, and whether the ladder may go on from the same head.
pub(super) enum Step {
    /// As the ladder wants to know it; the block when it was mined.
    Ended(RungOutcome, Option<u64>),
    /// It reverted, or would revert now: the head is no longer what it was planned on.
    Overtaken(String),
    /// The chain does not answer, or nothing can be signed: the next head begins anew.
    Leave(String),
}

/// How a ladder ended on one head.
enum Ladder {
    /// It is over.
    Ended(Option<u64>, String),
    /// A part of the trim was mined in this block, by a sale of these; the rest is planned on what it has left.
    Partly(u64, Option<PairKey>, String),
    /// The chain was faster.
    Overtaken(String),
}

impl WatchedAccount {
    /// Trims the account, on the head that was read and, while a part is left or the chain was faster, on the heads after it.
    pub(super) async fn trim(
        &mut self,
        wanted: &AccountTrim,
        seen: &HeadSnapshot,
        facts: &AccountFacts,
    ) -> Result<ActionReport, WatchError> {
        let action = Action::Trim(wanted.clone());
        let mut attempts = Vec::new();
        let (mut mined, mut all_words): (Option<u64>, Vec<String>) = (None, Vec::new());
        let mut pursuit = Pursuit::new(wanted.clone(), facts.last_resort.is_some());
        let mut later: Option<(HeadSnapshot, AccountFacts)> = None;
        loop {
            let (seen, facts) = later.as_ref().map_or((seen, facts), |(seen, facts)| (seen, facts));
            let goes_on = match Box::pin(self.ladder(&pursuit, seen, facts, &mut attempts)).await? {
                Ladder::Ended(block, words) => {
                    all_words.push(words);
                    mined = block.or(mined);
                    false
                }
                Ladder::Partly(block, sold, words) => {
                    all_words.push(words);
                    mined = Some(block);
                    pursuit.partly(sold.as_ref())
                }
                Ladder::Overtaken(words) => {
                    all_words.push(words);
                    pursuit.was_overtaken()
                }
            };
            if !goes_on {
                break;
            }
            let again = Box::pin(self.look_again(mined)).await?;
            let Some((seen, facts)) = again else { break };
            if !pursuit.goes_on(&facts, self.office.rulebook().watch.act_on_feed) {
                break;
            }
            later = Some((seen, facts));
        }
        self.course.ends(mined.is_some());
        Ok(ActionReport { action, attempts, mined_in: mined, words: all_words.join("; then ") })
    }

    /// The account at the newest head, not older than the block that holds our last action; `None` when it cannot be read.
    async fn look_again(&mut self, mined: Option<u64>) -> Result<Option<(HeadSnapshot, AccountFacts)>, WatchError> {
        let head = match Reader::head(&self.office.endpoints).await {
            Ok(head) if mined.is_none_or(|block| head.number >= block) => head,
            _ => return Ok(None),
        };
        let Some(seen) = Box::pin(self.read_at(head, self.office.clock.monotonic())).await? else { return Ok(None) };
        let facts = self.loop_facts(&seen.observation, Duration::ZERO)?;
        Ok(Some((seen, facts)))
    }

    /// The account in full at a head, by this seat itself; `None` when it cannot be read.
    pub(super) async fn read_at(
        &self,
        head: BlockRef,
        first_seen: Duration,
    ) -> Result<Option<HeadSnapshot>, WatchError> {
        let Some(mut survey) = self.office.survey() else { return Ok(None) };
        let accounts = BTreeSet::from([self.account]);
        let list = std::sync::Arc::new(survey.list().clone());
        let read = Box::pin(survey.read(&self.office.endpoints, head, &[self.account], &accounts)).await;
        let observation = match read {
            Ok(observation) => observation,
            Err(error) => {
                tracing::warn!(account = %self.account, block = head.number, %error, "not read in full at this head");
                return Ok(None);
            }
        };
        Ok(Some(HeadSnapshot { observation: std::sync::Arc::new(observation), first_seen, list }))
    }

    /// Rung after rung on one head.
    async fn ladder(
        &mut self,
        pursuit: &Pursuit,
        seen: &HeadSnapshot,
        facts: &AccountFacts,
        attempts: &mut Vec<Attempt>,
    ) -> Result<Ladder, WatchError> {
        let trim = &pursuit.trim;
        let name = &trim.account;
        let Some(means) = self.means(trim, pursuit.sold(), seen)? else {
            return Ok(Ladder::Ended(None, format!("{name} was not read at this head")));
        };
        let situation = means.situation(trim, facts.health_factor);
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
                    return Ok(Ladder::Ended(
                        None,
                        format!("{name}: {rung} has no known outcome yet; nothing else is tried"),
                    ));
                }
                Next::Done(rung) => return Ok(Ladder::Ended(None, format!("{name}: {rung} was done before"))),
            };
            let about = rung.pair().map_or(name.as_str(), |pair| pair.name.as_str()).to_owned();
            if rung == Rung::AskHuman && !pursuit.is_first() {
                // A part is done and the account is safer than it was; what is left is for the next heads.
                return Ok(Ladder::Ended(None, format!("{name}: nothing more can be done towards the target now")));
            }
            let is_new = self.course.takes(&rung);
            let inputs = if is_new {
                tracing::info!(account = %self.account, pair = %about, "{reason}");
                serde_json::json!({ "situation": situation, "rung": rung })
            } else {
                tracing::debug!(account = %self.account, pair = %about, "{reason}");
                serde_json::json!({ "rung": rung })
            };
            self.journal_event(facts, Severity::Info, "ladder", &reason, inputs);
            let step = Box::pin(self.try_rung((&rung, is_new), pursuit, &means, (seen, facts))).await?;
            let (ended, mined_in) = match step {
                Step::Ended(outcome, mined_in) => (outcome, mined_in),
                Step::Leave(words) => {
                    attempts.extend(tried.attempts().iter().cloned());
                    return Ok(Ladder::Ended(None, format!("{about}: {rung}: {words}")));
                }
                Step::Overtaken(reason) if pursuit.may_be_overtaken() => {
                    tried.record(rung.clone(), RungOutcome::Impossible(reason.clone()));
                    attempts.extend(tried.attempts().iter().cloned());
                    return Ok(Ladder::Overtaken(format!("{about}: {rung}: {reason}")));
                }
                Step::Overtaken(reason) => (RungOutcome::Impossible(reason), None),
            };
            tried.record(rung.clone(), ended.clone());
            let (words, goes_on) = match (&ended, mined_in) {
                (RungOutcome::Impossible(_), _) => continue,
                (RungOutcome::Unknown, _) => (format!("{about}: {rung}: outcome unknown, it is followed"), false),
                (RungOutcome::Done, Some(block)) => {
                    let (from, to) = (Quantity::wad(facts.health_factor.0), Quantity::wad(trim.target.0));
                    let came = self.came_of.take().map(|came| format!("{came}; ")).unwrap_or_default();
                    let words =
                        format!("{about}: {rung}: {came}mined in block {block}; health factor was {from}, target {to}");
                    (words, situation.is_part(&rung))
                }
                (RungOutcome::Done, None) => (format!("{about}: {rung}"), false),
            };
            attempts.extend(tried.attempts().iter().cloned());
            return Ok(match mined_in {
                Some(block) if goes_on => Ladder::Partly(block, rung.pair().cloned(), words),
                _ => Ladder::Ended(mined_in, words),
            });
        }
    }

    /// Plans, checks and rehearses a trim without signing anything, so that what would stand in its way is known before it
    /// is needed.
    pub(super) async fn arm(&mut self, trim: &AccountTrim, seen: &HeadSnapshot) -> Result<ActionReport, WatchError> {
        let words = match Box::pin(self.rehearse(trim, seen)).await? {
            Ok(_) => format!("{}: armed; a trim is planned and goes through in simulation", trim.account),
            Err(reason) => format!("{}: armed, but {reason}", trim.account),
        };
        Ok(ActionReport { action: Action::Arm(trim.clone()), attempts: Vec::new(), mined_in: None, words })
    }

    /// The same: the plan that would be sent first, or what would stand in a trim's way, in words.
    pub(super) async fn rehearse(
        &self,
        trim: &AccountTrim,
        seen: &HeadSnapshot,
    ) -> Result<Result<Plan, String>, WatchError> {
        let Some(means) = self.means(trim, &[], seen)? else {
            return Ok(Err("the account was not read at this head".to_owned()));
        };
        let mut first = None;
        for (one, repay) in means.in_order() {
            let planned = match means.plan(&means.selling(trim, one, repay)) {
                Ok(planned) => planned,
                Err(error) => {
                    first = first
                        .or_else(|| Some(format!("{}: a trim would not be possible now: {error}", one.pair.name())));
                    continue;
                }
            };
            let (block, then) = (one.snapshot.block, one.snapshot.inclusion());
            match Box::pin(rehearse(&self.office.endpoints, &planned, block, then)).await {
                Ok(_) => return Ok(Ok(planned)),
                Err(error) => {
                    first = first.or_else(|| Some(format!("{}: a trim would fail now: {error}", one.pair.name())));
                }
            }
        }
        Ok(Err(first.unwrap_or_else(|| nothing_to_sell(&means))))
    }

    async fn try_rung(
        &mut self,
        (rung, is_new): (&Rung, bool),
        pursuit: &Pursuit,
        means: &Means<'_>,
        (seen, facts): (&HeadSnapshot, &AccountFacts),
    ) -> Result<Step, WatchError> {
        let Some(key) = rung.pair() else {
            self.ask_human(&pursuit.trim, means, (seen, facts), is_new);
            return Ok(Step::Ended(RungOutcome::Done, None));
        };
        let Some(asked) = means.request(rung, &pursuit.trim) else {
            return Ok(Step::Ended(RungOutcome::Impossible(format!("{key} was not read at this head")), None));
        };
        let planned = match means.plan(&asked) {
            Ok(planned) => planned,
            // Without a sum of its own in it, no other rung can be paid for either.
            Err(error) if error.lacks_gas() => return Ok(Step::Leave(error.to_string())),
            Err(error) => return Ok(Step::Ended(RungOutcome::Impossible(error.to_string()), None)),
        };
        Box::pin(self.carry_out(planned, &asked.one.snapshot, seen, pursuit.times_overtaken())).await
    }

    /// Checks, signs, simulates and sends a protective plan; each time that the chain was faster it bids higher.
    async fn carry_out(
        &mut self,
        planned: Plan,
        snapshot: &LoopSnapshot,
        seen: &HeadSnapshot,
        overtaken: u32,
    ) -> Result<Step, WatchError> {
        let office = self.office.clone();
        let approved = match check(planned, &office.network, snapshot.block.timestamp) {
            Ok(approved) => approved,
            Err(refusal) => return Ok(Step::Ended(RungOutcome::Impossible(refusal.to_string()), None)),
        };
        let SignerAccess::Sender(sender) = &mut self.hands else {
            return Ok(Step::Leave("this account is only watched: no key".to_owned()));
        };
        if office.shadow {
            let headline = &approved.get().headline;
            return Ok(Step::Leave(format!("shadow: would have sent `{headline}`")));
        }
        let planned = approved.get().clone();
        let result = Box::pin(execute_protective(sender, &*office.clock, approved, Bid { attempt: overtaken })).await;
        let took = office.clock.monotonic().saturating_sub(seen.first_seen);
        office.meters.latency(Stage::Mined, took);
        self.is_behind |= matches!(&result, Err(ExecuteError::Send(SendError::NonceBehind { .. })));
        let step = match result {
            Ok(report) => {
                self.came_of = report.settlement.as_ref().map(|settled| came_of(&planned, settled));
                ended(&report.outcome)
            }
            // It went through on the head that it was planned on, and would fail on a newer one: the chain was faster.
            Err(ExecuteError::Send(SendError::Simulation(error))) if !matches!(error, SimulationError::Read(_)) => {
                Step::Overtaken(format!("simulation: {error}"))
            }
            Err(error) => {
                if let ExecuteError::Send(SendError::Journal(unwritten)) = &error {
                    self.not_written(unwritten);
                }
                failed(&error)
            }
        };
        if matches!(step, Step::Ended(RungOutcome::Done, Some(_))) {
            self.memory.foresee(&planned);
        }
        Ok(step)
    }

    fn ask_human(
        &self,
        trim: &AccountTrim,
        means: &Means<'_>,
        (seen, facts): (&HeadSnapshot, &AccountFacts),
        is_new: bool,
    ) {
        let target = Target::HealthFactor(decimal(trim.target));
        let now = Quantity::wad(facts.health_factor.0);
        let pairs = seen.observation.pairs(self.account);
        let tasks = pairs.iter().filter(|pair| !pair.is_same_asset()).filter_map(|pair| {
            let snapshot = seen.observation.snapshot(self.account, pair)?;
            what_a_human_must_do(&snapshot, pair, target).ok()
        });
        let tasks: Vec<_> = tasks.collect();
        let mut words: Vec<String> = tasks.iter().map(crate::loops::HumanTask::words).collect();
        if words.is_empty() {
            words.push(format!("{} is at health factor {now} and what would help cannot be computed", trim.account));
        }
        if means.combinations.is_empty() {
            words.push(nothing_to_sell(means));
        }
        let text = words.join(" Or: ");
        let figures = serde_json::json!(tasks);
        let alert = Alert::new(Severity::Alert, "human-needed", trim.account.clone(), text.clone());
        self.office.alerts.raise(alert.of(self.account).with_figures(figures.clone()));
        let (text, figures) = if is_new { (text, figures) } else { (AS_BEFORE.to_owned(), serde_json::json!({})) };
        self.journal_event(facts, Severity::Alert, "human-needed", &text, figures);
    }
}

/// What an action came to as the chain shows it: the debt repaid, the new health factor, and what it cost.
fn came_of(plan: &Plan, settled: &Settlement) -> String {
    let actual = |name: &str| settled.figures.iter().find(|figure| figure.name == name).map(|figure| &figure.actual);
    let before = plan.figures.iter().find(|figure| figure.name == "debt").map(|figure| &figure.before);
    let mut parts = Vec::new();
    if let (Some(before), Some(after)) = (before, actual("debt")) {
        let repaid = Quantity { raw: before.raw.saturating_sub(after.raw), ..before.clone() };
        parts.push(format!("repaid {repaid}"));
    }
    parts.extend(actual("health_factor").map(|health| format!("health factor now {health}")));
    let costs = plan.costs.iter().filter(|(_, cost)| !cost.raw.is_zero()).map(|(name, cost)| format!("{name} {cost}"));
    let costs: Vec<String> = costs.chain([format!("gas {}", settled.gas_cost)]).collect();
    parts.push(format!("cost: {}", costs.join(" and ")));
    parts.join(", ")
}

fn nothing_to_sell(means: &Means<'_>) -> String {
    let foreign: Vec<&str> = means.model.collaterals().map(|supply| supply.symbol.as_str()).collect();
    let what = if foreign.is_empty() { "no collateral".to_owned() } else { foreign.join(", ") };
    match means.sell {
        crate::loops::Sell::Loops => format!(
            "The account has {what} that no loop of this journal has, and watch.sell lets only loops be sold: `trimtab loop \
             adopt` takes a position over, watch.sell = \"all\" or a list of tokens allows more"
        ),
        _ => format!("watch.sell allows none of what the account has ({what})"),
    }
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
        Ending::NotTaken { reason } => {
            Step::Leave(format!("no endpoint takes it: {reason}; the next head tries again"))
        }
        Ending::Outdated { reason, .. } => {
            Step::Overtaken(format!("it waits and would fail by now ({reason}); what is planned next takes its place"))
        }
        Ending::Stopped(error) => failed_to_send(error),
        Ending::Reverted { receipt, .. } => Step::Overtaken(format!("it reverted in block {}", receipt.block_number)),
        Ending::Rejected { reason } => {
            Step::Ended(RungOutcome::Impossible(format!("the endpoints refused it: {reason}")), None)
        }
        Ending::Cancelled { reason, .. } => Step::Overtaken(format!("it was taken back: {reason}")),
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
