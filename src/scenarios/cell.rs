//! One scenario with one table, and what it came to.

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::Serialize;

use super::Executed;
use crate::{config::TableName, strategy::Scenario, trade::Assessment};

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
