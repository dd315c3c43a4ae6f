//! What the task of an account does besides watching.

use tokio::sync::oneshot;

use super::carried::Carried;
use crate::{
    plan::Plan,
    strategy::{Command, GovernorState},
    trade::saga::Host,
    watchdog::ops::{Answer, Refused, Request},
};

/// What a seat does besides watching.
#[derive(Debug)]
pub(super) enum Work {
    Asked(Box<Request>, oneshot::Sender<Answer>),
    Host(Box<Host>),
    Stop,
    /// Of the tasks beside it: to sign what they follow.
    CarryOut(Box<Plan>, oneshot::Sender<Result<Carried, Refused>>),
    /// To use the kill switch.
    Govern {
        command: Command,
        paper: bool,
        /// The state where none is stored yet.
        fresh: Box<GovernorState>,
        answer: oneshot::Sender<Answer>,
    },
    /// A signal's command that gave way to a trim so many times.
    Again(Box<Request>, oneshot::Sender<Answer>, u32),
}
