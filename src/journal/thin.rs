//! Thinning of samples: the older, the fewer are kept. Done a little at a time by whoever adds samples.

use rusqlite::{OptionalExtension, Transaction};

use super::{Journal, JournalError, column::Int, error::Fault};
use crate::units::Millis;

const MINUTE: u64 = 60 * 1_000;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// From which age on how much time lies between two samples: all of the last day, then one a minute for a week, one a
/// quarter of an hour for a quarter of a year, one an hour after.
const STEPS: [Step; 3] = [
    Step { age: DAY, spacing: MINUTE },
    Step { age: 7 * DAY, spacing: 15 * MINUTE },
    Step { age: 91 * DAY, spacing: HOUR },
];

/// Most time that one call looks at, in spacings of its step: half an hour of samples at their densest is 900 rows.
const SPACINGS: u64 = 30;

struct Step {
    /// Milliseconds.
    age: u64,
    /// Milliseconds.
    spacing: u64,
}

impl Journal {
    /// Thins samples that have grown old, at most a few hundred rows per step; call it again and again. Of each stretch
    /// of time the sample with the lowest health factor stays. Tells how many are gone.
    pub fn thin_samples(&self, now: Millis) -> Result<usize, JournalError> {
        let (mut gone, mut finer) = (0usize, u64::MAX);
        for step in &STEPS {
            // What is younger stays, only whole stretches are looked at, and the finer step goes first.
            let end = floor(now.0.saturating_sub(step.age).min(finer), step.spacing);
            // Most calls find nothing to do, and write nothing.
            let Some(from) = self.reader().query(|db| Ok(next(db, step, end)?))? else { continue };
            let to = end.min(from.saturating_add(SPACINGS.saturating_mul(step.spacing)));
            gone = gone.saturating_add(self.write(|tx| thin(tx, step, from, to))?);
            finer = finer.min(to);
        }
        Ok(gone)
    }
}

/// Where this step goes on: the stretch of the oldest sample that it has not looked at.
fn next(db: &rusqlite::Connection, step: &Step, end: u64) -> rusqlite::Result<Option<u64>> {
    let sql = "SELECT ms FROM samples WHERE ms < ?2
        AND ms >= coalesce((SELECT up_to_ms FROM thinned WHERE spacing_ms = ?1), 0) ORDER BY ms LIMIT 1";
    let mut statement = db.prepare_cached(sql)?;
    let oldest = statement.query_row((Int(step.spacing), Int(end)), |row| row.get::<_, Int>(0)).optional()?;
    Ok(oldest.map(|Int(ms)| floor(ms, step.spacing)))
}

fn thin(tx: &Transaction<'_>, step: &Step, from: u64, to: u64) -> Result<usize, Fault> {
    // The lowest health factor of each stretch: the longest digits are the highest, none is without debt.
    let gone = tx.execute(
        "DELETE FROM samples WHERE ms >= ?1 AND ms < ?2 AND id NOT IN (
            SELECT id FROM (SELECT id, row_number() OVER (PARTITION BY ms / ?3
                ORDER BY health_factor IS NULL, length(health_factor), health_factor, id) AS place
             FROM samples WHERE ms >= ?1 AND ms < ?2) WHERE place = 1)",
        (Int(from), Int(to), Int(step.spacing)),
    )?;
    tx.execute(
        "INSERT INTO thinned (spacing_ms, up_to_ms) VALUES (?1, ?2)
         ON CONFLICT (spacing_ms) DO UPDATE SET up_to_ms = excluded.up_to_ms",
        (Int(step.spacing), Int(to)),
    )?;
    Ok(gone)
}

const fn floor(ms: u64, spacing: u64) -> u64 {
    match ms.checked_rem(spacing) {
        Some(rest) => ms - rest,
        None => ms,
    }
}
