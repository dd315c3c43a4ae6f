//! The user's word before something is sent.

use std::io::{IsTerminal, Write};

use super::{
    exit::{Exit, Failure, Outcome},
    session::Session,
};

pub(in crate::cli) fn confirm(session: &Session, yes: bool) -> Outcome {
    if yes || !session.identity.is_live() {
        return Ok(());
    }
    if !std::io::stdin().is_terminal() {
        return Err(Failure::message(Exit::Usage, "sending on the live chain without a terminal needs --yes"));
    }
    let mut stderr = std::io::stderr();
    let _ = write!(stderr, "send this on Base? [y/N] ").and_then(|()| stderr.flush());
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).map_err(|error| Failure::new(Exit::Usage, error))?;
    if matches!(answer.trim(), "y" | "Y" | "yes") {
        return Ok(());
    }
    Err(Failure::message(Exit::Refused, "not sent: not confirmed"))
}
