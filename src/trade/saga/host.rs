//! One round of a process that hosts signals: new lines are taken, every open saga goes on as far as it goes.

use std::{
    borrow::Cow,
    collections::{BTreeMap, VecDeque},
};

use super::{
    Executor, Follow, Line, Phase, Policies, Progress, SagaError, SagaReport, SignalOrder, Wait, accept, advance,
    others::state_of, record::event, run::unresolved,
};
use crate::{
    config::StrategyConfig,
    journal::{JournalError, Severity},
    strategy::Signal,
    trade::{Assessment, TradeContext, TradeError},
    units::Secs,
};

/// Takes signals and sees their trades through, round by round.
#[derive(Debug)]
pub struct Host {
    policies: Policies,
    follow: Option<Follow>,
    /// Lines that were read and not taken yet: a round that is dropped leaves them to the next one.
    lines: VecDeque<Line>,
    /// What was not told yet, for the same reason.
    untold: Vec<Notice>,
    /// Settings that signals came with, by id; for as long as the process runs.
    own: BTreeMap<String, StrategyConfig>,
    /// How long an order may lie before it is told to be overdue.
    order_timeout: Secs,
}

/// Something that a round has to say.
#[derive(Debug)]
#[non_exhaustive]
pub enum Notice {
    /// A signal was taken.
    Taken {
        /// The signal.
        id: String,
    },
    /// A line or a signal was not taken.
    Skipped {
        /// The line, from 1.
        line: u64,
        /// Why.
        reason: String,
    },
    /// A saga is over.
    Over(Box<SagaReport>),
    /// A saga waits.
    Waits {
        /// The signal.
        id: String,
        /// How far it is.
        phase: Phase,
        /// What for.
        wait: Wait,
    },
    /// An order that the venue should have answered.
    Overdue {
        /// The signal.
        id: String,
        /// What is missing.
        reason: String,
    },
    /// A saga cannot go on now.
    Stuck {
        /// The signal.
        id: String,
        /// Why.
        error: SagaError,
    },
}

impl Host {
    /// A host that follows a file, or only sees open sagas through.
    #[must_use]
    pub const fn new(policies: Policies, follow: Option<Follow>, order_timeout: Secs) -> Self {
        Self { policies, follow, lines: VecDeque::new(), untold: Vec::new(), own: BTreeMap::new(), order_timeout }
    }

    /// Takes a signal that a command hands over, with the settings it came with. Nothing is signed; the next round goes on.
    pub async fn accept(
        &mut self,
        desk: &TradeContext,
        hand: &Executor<'_>,
        order: &SignalOrder,
    ) -> Result<Assessment, SagaError> {
        let signal = order.read()?;
        let own = with_own(desk, Some(&order.strategy));
        let assessment = Box::pin(accept(&own, hand, &signal, order.policies())).await?;
        self.own.insert(signal.id, order.strategy.clone());
        Ok(assessment)
    }

    /// Goes on with the open signals of a hand with these settings instead of those they have.
    pub fn resettle(&mut self, hand: &Executor<'_>, strategy: &StrategyConfig) -> Result<(), SagaError> {
        if let Some((key, reason)) = strategy.problem() {
            return Err(TradeError::Setting { key, reason }.into());
        }
        for saga in hand.reader().open_sagas()?.into_iter().filter(|saga| saga.paper == hand.is_paper()) {
            self.own.insert(saga.id, strategy.clone());
        }
        Ok(())
    }

    /// Every open signal of a hand goes on as far as it goes; no new line is taken.
    pub async fn go_on(&mut self, desk: &TradeContext, hand: &mut Executor<'_>) -> Result<Vec<Notice>, SagaError> {
        self.see_through(desk, hand).await?;
        Ok(std::mem::take(&mut self.untold))
    }

    /// One round. Nothing of a single signal ends it; an error does that concerns the journal or the file itself. It may be
    /// dropped at any wait: the next round goes on, and loses nothing.
    pub async fn round(&mut self, desk: &TradeContext, hand: &mut Executor<'_>) -> Result<Vec<Notice>, SagaError> {
        self.see_through(desk, hand).await?;
        if let Some(follow) = &mut self.follow {
            let lines = follow
                .poll()
                .map_err(|error| SagaError::File(format!("{}: {error}", crate::text::path(follow.path()))))?;
            self.lines.extend(lines);
        }
        while let Some(line) = self.lines.front().cloned() {
            let number = line.number;
            let taken = self.take(desk, hand, line).await;
            match taken {
                Ok(id) => {
                    self.lines.pop_front();
                    self.untold.push(Notice::Taken { id });
                    self.see_through(desk, hand).await?;
                }
                // Read again after a restart: that is how it should be.
                Err(SagaError::Journal(JournalError::DuplicateSignal(id))) => {
                    self.lines.pop_front();
                    tracing::debug!(line = number, %id, "taken before");
                }
                Err(error) if error.exit_code() == 9 => return Err(error),
                Err(error) => {
                    let reason = format!("line {number}: {error}");
                    event(
                        hand.journal(),
                        (Severity::Warning, "signal-skipped"),
                        reason.clone(),
                        None,
                        desk.stamp().await?,
                    )?;
                    self.lines.pop_front();
                    self.untold.push(Notice::Skipped { line: number, reason });
                }
            }
        }
        Ok(std::mem::take(&mut self.untold))
    }

    async fn take(&self, desk: &TradeContext, hand: &Executor<'_>, line: Line) -> Result<String, SagaError> {
        let text = line.text.map_err(|why| SagaError::File(why.to_owned()))?;
        let signal = Signal::parse(&text, &desk.settings.strategy)?;
        accept(desk, hand, &signal, self.policies).await?;
        Ok(signal.id)
    }

    async fn see_through(&mut self, desk: &TradeContext, hand: &mut Executor<'_>) -> Result<(), SagaError> {
        let paper = hand.is_paper();
        let open = hand.reader().open_sagas()?;
        for id in open.into_iter().filter(|saga| saga.paper == paper).map(|saga| saga.id) {
            let own = with_own(desk, self.own.get(&id));
            match Box::pin(advance(&own, hand, &id)).await {
                Ok(Progress::Over(report)) => {
                    self.own.remove(&id);
                    self.untold.push(Notice::Over(report));
                }
                Ok(Progress::Waits { phase, wait }) => {
                    if let Some(reason) = self.overdue(desk, hand, &id, wait).await? {
                        self.untold.push(Notice::Overdue { id: id.clone(), reason });
                    }
                    self.untold.push(Notice::Waits { id, phase, wait });
                }
                Err(error) if error.exit_code() == 9 => return Err(error),
                Err(error) => self.untold.push(Notice::Stuck { id, error }),
            }
        }
        Ok(())
    }

    /// An order that the venue lets lie; the journal is told once.
    async fn overdue(
        &self,
        desk: &TradeContext,
        hand: &Executor<'_>,
        id: &str,
        wait: Wait,
    ) -> Result<Option<String>, SagaError> {
        if !matches!(wait, Wait::Keeper | Wait::Unresolved) {
            return Ok(None);
        }
        let Some(saga) = hand.reader().saga(id)? else { return Ok(None) };
        let mut state = state_of(&saga)?;
        let Some(order) = state.order.clone() else { return Ok(None) };
        let now = desk.stamp().await?.block_time;
        let age = now.0.saturating_sub(order.placed.0);
        if age < self.order_timeout.0 {
            return Ok(None);
        }
        let reason = format!(
            "order {} has no answer after {age} s; nothing is unwound and nothing further is ordered before it has one",
            order.id
        );
        if !state.warned {
            unresolved(desk, hand, &mut state, reason.clone()).await?;
        }
        Ok(Some(reason))
    }
}

/// The desk with the settings that a signal came with.
fn with_own<'desk>(desk: &'desk TradeContext, own: Option<&StrategyConfig>) -> Cow<'desk, TradeContext> {
    match own {
        Some(strategy) if *strategy != desk.settings.strategy => {
            let mut desk = desk.clone();
            desk.settings.strategy = strategy.clone();
            Cow::Owned(desk)
        }
        _ => Cow::Borrowed(desk),
    }
}
