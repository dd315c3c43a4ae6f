//! The five scenarios of strategy.md §10 on the replica: assessed, carried out to each end, compared with the arithmetic.

use rust_decimal::{Decimal, dec};

use super::{
    End, StoryError,
    cell::{Cell, CellResult},
    fixture::Arena,
};
use crate::{
    config::{Config, TableName},
    localchain::{Kit, ReplicaState},
    strategy::SCENARIOS,
};

/// The grid: every scenario under every table at each capital.
#[must_use]
pub fn grid(tables: &[TableName], bases: &[Decimal]) -> Vec<Cell> {
    let cells = SCENARIOS.iter().flat_map(|scenario| tables.iter().map(move |table| (scenario, *table)));
    let cell = |scenario, table, base| Cell { scenario, table, base, loop_before: None, cap: false };
    cells.flat_map(|(scenario, table)| bases.iter().map(move |base| cell(scenario, table, *base))).collect()
}

/// Assesses a cell, and carries out each of its ends on a replica of its own if it is feasible.
pub async fn play(kit: &Kit, state: &ReplicaState, config: &Config, cell: Cell) -> Result<CellResult, StoryError> {
    let folder = tempfile::tempdir().map_err(|error| StoryError::InVain(error.to_string()))?;
    let arena = Arena::set(kit, state, &folder.path().join("plan"), config, cell).await?;
    let assessment = arena.assess().await?;
    // One chain at a time.
    drop(arena);
    let mut executed = Vec::new();
    if assessment.is_feasible() {
        for end in End::ALL {
            let place = folder.path().join(format!("{end:?}"));
            let mut arena = Arena::set(kit, state, &place, config, cell).await?;
            executed.push(arena.carry_out(end).await?);
        }
    }
    let exposure =
        if assessment.loop_target > Decimal::ONE { cell.base * assessment.loop_target } else { Decimal::ZERO };
    Ok(CellResult {
        scenario: cell.scenario.number,
        table: cell.table,
        base: cell.base,
        shock: exposure * dec!(-0.1),
        assessment: Box::new(assessment),
        executed,
    })
}
