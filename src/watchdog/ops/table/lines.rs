//! The table where there is no terminal: a line for what changed.

use std::{
    collections::HashMap,
    io::{self, Write},
};

use super::{
    figures::{loop_price, perp, price},
    row::{AccountRow, DecisionRow, LoopRow},
};
use crate::{text, units::health_factor};

/// One line per loop, perp and account without any.
#[must_use]
pub fn plain_lines(accounts: &[AccountRow]) -> Vec<String> {
    subjects(accounts).into_iter().map(|(_, line)| line).collect()
}

/// Writes lines that differ from the last ones about the same thing, and decisions that are new.
#[derive(Debug)]
pub(super) struct Lines<W> {
    out: W,
    said: HashMap<String, String>,
    last: Option<DecisionRow>,
}

impl<W: Write> Lines<W> {
    pub(super) fn new(out: W) -> Self {
        Self { out, said: HashMap::new(), last: None }
    }

    pub(super) fn show(&mut self, accounts: &[AccountRow], decisions: &[DecisionRow]) -> io::Result<()> {
        let now = subjects(accounts);
        for (subject, line) in &now {
            if self.said.get(subject) != Some(line) {
                writeln!(self.out, "{}", text::one_line(line))?;
            }
        }
        self.said = now.into_iter().collect();
        let known = self.last.as_ref().and_then(|last| decisions.iter().rposition(|row| row == last));
        for row in decisions.iter().skip(known.map_or(0, |at| at + 1)) {
            writeln!(self.out, "{}", text::one_line(&row.line()))?;
        }
        self.last = decisions.last().cloned().or_else(|| self.last.take());
        self.out.flush()
    }
}

fn subjects(accounts: &[AccountRow]) -> Vec<(String, String)> {
    accounts
        .iter()
        .flat_map(|account| {
            let name = &account.account;
            let note = if account.note.is_empty() { String::new() } else { format!(" ({})", account.note) };
            let loops =
                account.loops.iter().map(move |row| (format!("{name} loop {}", row.pair), loop_line(name, row)));
            let perps = account.perps.iter().enumerate().map(move |(index, row)| {
                (format!("{name} perp {} {index}", row.pair), format!("{name}  {}", perp(row)))
            });
            let mut lines: Vec<(String, String)> = loops.chain(perps).collect();
            if lines.is_empty() {
                lines.push((name.clone(), format!("{name}  no loop")));
            }
            if let Some((_, first)) = lines.first_mut() {
                first.push_str(&note);
            }
            lines
        })
        .collect()
}

fn loop_line(account: &str, row: &LoopRow) -> String {
    let LoopRow { pair, health_factor: health, marks, of, price: now, trim_price, liquidation_price, .. } = row;
    format!(
        "{account}  {pair}  HF {}  trimmed below {} to {}  price {}  trim at {}  liquidation at {}",
        health_factor(*health, &[marks.trigger, marks.target]),
        marks.trigger,
        marks.target,
        loop_price(*now, of),
        price(*trim_price),
        price(*liquidation_price)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::watchdog::ops::table::tests::{accounts, decisions};

    #[test]
    fn without_a_terminal_only_what_changed_is_written() {
        let mut written = Vec::new();
        let mut lines = Lines::new(&mut written);
        let (mut accounts, decisions) = (accounts(), decisions());
        lines.show(&accounts, &decisions[..1]).expect("written");
        lines.show(&accounts, &decisions[..1]).expect("written");
        accounts[2].loops[0].health_factor = Some("1.2441".parse().expect("number"));
        lines.show(&accounts, &decisions).expect("written");
        lines.show(&accounts, &decisions[1..]).expect("the oldest was forgotten");
        insta::assert_snapshot!(String::from_utf8(written).expect("text"));
    }
}
