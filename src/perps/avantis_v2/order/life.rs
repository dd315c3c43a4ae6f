//! The state machine of one signed order.

use serde::{Deserialize, Serialize};

use super::{MarketEvent, MarketNews, MarketOutcome};
use crate::units::{Millis, Secs};

/// Not an outcome: the connection's time was up, the order goes on.
const STREAM_TIMEOUT: &str = "STREAM_TIMEOUT";

/// How far an order has come. What is journalled: with the signed bytes it is all that a restart needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "phase")]
pub enum OrderPhase {
    /// Signed and recorded; never posted.
    Recorded,
    /// Posted so many times; whether the service has it is not known.
    Posted {
        /// How often.
        times: u32,
    },
    /// The service has it.
    Accepted {
        /// Its name there.
        tracking: String,
        /// Highest number of an event that was seen.
        seen: Option<u64>,
    },
    /// It ended.
    Ended {
        /// How.
        outcome: MarketOutcome,
    },
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LifeInput {
    /// The program began, or began again.
    Begun,
    /// An event of the stream or of the replay.
    Event(MarketEvent),
    /// The stream ended, broke, or was silent too long; or the post had no answer, or one that says nothing (5xx, 429, HTML).
    Lost,
    /// The service refused the post before any event (4xx).
    Refused {
        /// Why.
        reason: String,
    },
    /// The replay answered, with the events before this or with none.
    Polled,
    /// The service does not know the order's name (404), or does not answer.
    PollFailed,
    /// What the chain says at its newest block.
    Chain {
        /// Whether the nonce is used.
        used: bool,
        /// The block's time.
        time: Secs,
    },
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LifeAction {
    /// Record [`OrderPhase::Posted`], then post the recorded bytes: the same, whichever time it is.
    Post,
    /// Go on reading the stream.
    Listen,
    /// Ask what has happened since an event, after a pause.
    Poll {
        /// The order's name.
        tracking: String,
        /// Only events after this.
        after: Option<u64>,
    },
    /// Read nonce and time on chain, after a pause.
    ReadChain,
    /// It is over.
    Done(MarketOutcome),
}

/// One signed order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderLife {
    /// How far it has come.
    pub phase: OrderPhase,
    /// The intent's deadline.
    pub deadline: Millis,
}

impl OrderLife {
    /// A recorded order.
    #[must_use]
    pub const fn recorded(deadline: Millis) -> Self {
        Self { phase: OrderPhase::Recorded, deadline }
    }

    /// Whether a nonce of this deadline can still be executed in a block after one of this time (avantis-v2.md §2.5): the
    /// deadline's whole seconds are not before the block's. The next block has at least the same time.
    const fn is_past(&self, time: Secs) -> bool {
        self.deadline.0 / 1_000 < time.0
    }

    /// Takes what happened; says what to do next. The phase is to be recorded before that is done.
    pub fn take(&mut self, input: LifeInput) -> LifeAction {
        match (&mut self.phase, input) {
            (OrderPhase::Ended { outcome }, _) => return LifeAction::Done(outcome.clone()),
            (OrderPhase::Recorded, LifeInput::Begun) => return self.post(),
            // Nothing is known of what was not posted: events of elsewhere are no answer to it.
            (OrderPhase::Recorded, LifeInput::Chain { used, time }) => return self.of_chain(used, time),
            (OrderPhase::Recorded, _) => return LifeAction::ReadChain,
            (OrderPhase::Posted { .. } | OrderPhase::Accepted { .. }, LifeInput::Event(event)) => self.hear(event),
            // The first post only: a second may be refused because the first was taken.
            (OrderPhase::Posted { times: 1 }, LifeInput::Refused { reason }) => {
                self.end(MarketOutcome::Rejected { reason });
            }
            (OrderPhase::Posted { .. } | OrderPhase::Accepted { .. }, LifeInput::Chain { used, time }) => {
                return self.of_chain(used, time);
            }
            // After a restart a post may be on its way: it counts as one whose answer was lost.
            (OrderPhase::Posted { .. }, LifeInput::Begun | LifeInput::Lost | LifeInput::Refused { .. }) => {
                return LifeAction::ReadChain;
            }
            (OrderPhase::Posted { .. }, LifeInput::Polled | LifeInput::PollFailed) => return LifeAction::ReadChain,
            (OrderPhase::Accepted { .. }, LifeInput::PollFailed) => return LifeAction::ReadChain,
            (
                OrderPhase::Accepted { .. },
                LifeInput::Begun | LifeInput::Lost | LifeInput::Refused { .. } | LifeInput::Polled,
            ) => return self.poll(),
        }
        match &self.phase {
            OrderPhase::Ended { outcome } => LifeAction::Done(outcome.clone()),
            _ => LifeAction::Listen,
        }
    }

    fn end(&mut self, outcome: MarketOutcome) {
        self.phase = OrderPhase::Ended { outcome };
    }

    fn post(&mut self) -> LifeAction {
        let times = match self.phase {
            OrderPhase::Posted { times } => times.saturating_add(1),
            _ => 1,
        };
        self.phase = OrderPhase::Posted { times };
        LifeAction::Post
    }

    fn poll(&self) -> LifeAction {
        match &self.phase {
            OrderPhase::Accepted { tracking, seen } => LifeAction::Poll { tracking: tracking.clone(), after: *seen },
            _ => LifeAction::ReadChain,
        }
    }

    /// Used: it was executed, though nobody said so. Unused and past its deadline: it never will be. Otherwise what was not
    /// accepted is posted again, and what was is asked for.
    fn of_chain(&mut self, used: bool, time: Secs) -> LifeAction {
        let accepted = matches!(self.phase, OrderPhase::Accepted { .. });
        if used {
            self.end(MarketOutcome::Executed);
            return LifeAction::Done(MarketOutcome::Executed);
        }
        if self.is_past(time) {
            self.end(MarketOutcome::Expired);
            return LifeAction::Done(MarketOutcome::Expired);
        }
        if accepted { self.poll() } else { self.post() }
    }

    fn hear(&mut self, event: MarketEvent) {
        let number = event.seq;
        if let (OrderPhase::Accepted { seen, .. }, Some(number)) = (&mut self.phase, number) {
            *seen = Some(seen.map_or(number, |seen| seen.max(number)));
        }
        match event.news {
            MarketNews::Accepted { tracking } => {
                if matches!(self.phase, OrderPhase::Posted { .. }) {
                    self.phase = OrderPhase::Accepted { tracking, seen: number };
                }
            }
            MarketNews::Filled(fill) => self.end(MarketOutcome::Filled(fill)),
            MarketNews::Cancelled { reason, .. } => self.end(MarketOutcome::Cancelled { reason }),
            MarketNews::Error { code, message } => self.fail(number, code.as_deref(), message),
            MarketNews::AttemptFailed { .. } | MarketNews::Initiated | MarketNews::Other(_) => {}
        }
    }

    fn fail(&mut self, number: Option<u64>, code: Option<&str>, message: String) {
        if code == Some(STREAM_TIMEOUT) {
            return;
        }
        let reason = match code {
            Some(code) if message.is_empty() => code.to_owned(),
            Some(code) => format!("{code}: {message}"),
            None => message,
        };
        match (&self.phase, number) {
            // An error of a second post, such as a nonce that is in the queue already, says nothing of the first.
            (OrderPhase::Posted { times }, None) if *times > 1 => {}
            (OrderPhase::Posted { .. }, None) => self.end(MarketOutcome::Rejected { reason }),
            _ => self.end(MarketOutcome::Failed { reason }),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const DEADLINE: Millis = Millis(1_000_999);

    fn event(seq: Option<u64>, name: &str, payload: &serde_json::Value) -> LifeInput {
        LifeInput::Event(MarketEvent::read(seq, name, payload).expect("an event"))
    }

    fn accepted() -> OrderLife {
        let mut life = OrderLife::recorded(DEADLINE);
        assert_eq!(life.take(LifeInput::Begun), LifeAction::Post);
        let heard = life.take(event(Some(0), "MarketOrderAccepted", &json!({ "trackingId": "t1" })));
        assert_eq!(heard, LifeAction::Listen);
        life
    }

    #[test]
    fn the_usual_stream_ends_with_a_fill() {
        let mut life = accepted();
        assert_eq!(life.take(event(Some(1), "MarketOrderInitiated", &json!({}))), LifeAction::Listen);
        let done = life.take(event(Some(2), "MarketOrderExecuted", &json!({ "orderId": "9" })));
        assert!(matches!(done, LifeAction::Done(MarketOutcome::Filled(_))), "{done:?}");
        // The first end counts.
        assert_eq!(life.take(event(Some(3), "MarketOrderCanceled", &json!({}))), done);
    }

    #[test]
    fn a_connection_lost_before_acceptance_is_settled_by_the_chain_with_the_same_bytes() {
        let mut life = OrderLife::recorded(DEADLINE);
        assert_eq!(life.take(LifeInput::Begun), LifeAction::Post);
        assert_eq!(life.take(LifeInput::Lost), LifeAction::ReadChain);
        assert_eq!(life.take(LifeInput::Chain { used: false, time: Secs(1_000) }), LifeAction::Post, "still good");
        assert_eq!(life.phase, OrderPhase::Posted { times: 2 });
        // Refused because the first is in the queue, or because it is late: nobody knows.
        assert_eq!(life.take(LifeInput::Refused { reason: "InvalidNonce".to_owned() }), LifeAction::ReadChain);
        let used = life.clone().take(LifeInput::Chain { used: true, time: Secs(1) });
        assert_eq!(used, LifeAction::Done(MarketOutcome::Executed));
        let late = life.take(LifeInput::Chain { used: false, time: Secs(1_001) });
        assert_eq!(late, LifeAction::Done(MarketOutcome::Expired));
    }

    #[test]
    fn a_lost_connection_after_acceptance_is_polled_and_never_posted_again() {
        let mut life = accepted();
        let poll = LifeAction::Poll { tracking: "t1".to_owned(), after: Some(0) };
        assert_eq!(life.take(LifeInput::Lost), poll);
        assert_eq!(life.take(LifeInput::Polled), poll, "nothing yet");
        assert_eq!(life.take(LifeInput::PollFailed), LifeAction::ReadChain);
        assert_eq!(life.take(LifeInput::Chain { used: false, time: Secs(1_000) }), poll);
        assert_eq!(
            life.take(LifeInput::Chain { used: false, time: Secs(1_001) }),
            LifeAction::Done(MarketOutcome::Expired)
        );
    }

    #[test]
    fn a_restart_goes_on_from_what_was_recorded() {
        let resumed = |life: &OrderLife| -> OrderLife {
            serde_json::from_value(serde_json::to_value(life).expect("json")).expect("read")
        };
        let recorded = OrderLife::recorded(DEADLINE);
        assert_eq!(resumed(&recorded).take(LifeInput::Begun), LifeAction::Post);
        let mut posted = recorded;
        posted.take(LifeInput::Begun);
        assert_eq!(resumed(&posted).take(LifeInput::Begun), LifeAction::ReadChain, "it may have been taken");
        let again = resumed(&accepted()).take(LifeInput::Begun);
        assert_eq!(again, LifeAction::Poll { tracking: "t1".to_owned(), after: Some(0) });
    }

    #[test]
    fn the_end_of_the_streams_time_is_no_outcome_and_other_errors_are() {
        let mut life = accepted();
        let timeout = event(None, "Error", &json!({ "code": "STREAM_TIMEOUT" }));
        assert_eq!(life.take(timeout), LifeAction::Listen);
        assert!(matches!(life.phase, OrderPhase::Accepted { .. }));
        let spread = event(Some(4), "Error", &json!({ "code": "SPREAD_BLOCKED", "message": "closed" }));
        let failed = MarketOutcome::Failed { reason: "SPREAD_BLOCKED: closed".to_owned() };
        assert_eq!(life.take(spread), LifeAction::Done(failed));
        let mut first = OrderLife::recorded(DEADLINE);
        first.take(LifeInput::Begun);
        let never = first.take(event(None, "Error", &json!({ "code": "ENQUEUE_FAILED" })));
        assert_eq!(never, LifeAction::Done(MarketOutcome::Rejected { reason: "ENQUEUE_FAILED".to_owned() }));
    }
}
