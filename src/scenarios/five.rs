//! The five scenarios of strategy.md §10 on the replica: assessed, carried out to each end, compared with the arithmetic.

use rust_decimal::{Decimal, dec};
use schemars::JsonSchema;
use serde::Serialize;

use super::{End, Executed, StoryError, arena::Arena};
use crate::{
    config::{Config, TableName},
    localchain::{Kit, ReplicaState},
    strategy::{SCENARIOS, Scenario},
    trade::Assessment,
};

/// One cell of the grid.
#[derive(Debug, Clone, Copy)]
pub struct Cell {
    /// Which scenario.
    pub scenario: &'static Scenario,
    /// Which table.
    pub table: TableName,
    /// Base capital, US dollars.
    pub base: Decimal,
    /// Leverage of a loop that is there before, with the base capital in it; none without.
    pub loop_before: Option<Decimal>,
    /// Leverage is lowered to what fits instead of refused.
    pub cap: bool,
}

/// What a cell came to.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CellResult {
    /// 1–5.
    pub scenario: u8,
    /// Table.
    pub table: TableName,
    /// Base capital.
    pub base: Decimal,
    /// The plan with all its checks; the arithmetic is in it whether it is feasible or not.
    pub assessment: Box<Assessment>,
    /// Result of the loop's exposure when ether falls by 10 %, before costs: arithmetic.
    pub shock: Decimal,
    /// What was carried out; none when a check refused.
    pub executed: Vec<Executed>,
}

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
