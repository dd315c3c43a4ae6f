//! Tables and quantiles, in integers.

use std::time::Duration;

use comfy_table::{CellAlignment, Table, presets};

/// Prints a table; every column but the first is of figures.
pub fn print(title: &str, head: &[&str], rows: &[Vec<String>]) {
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN).set_header(head.to_vec()).add_rows(rows.to_vec());
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    println!("\n{title}\n\n{table}");
}

/// The value below which `percent` of all lie.
pub fn quantile<T: Ord + Copy + Default>(values: &[T], percent: usize) -> T {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    let index = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
    sorted.get(index).copied().unwrap_or_default()
}

/// Milliseconds with two decimals.
pub fn millis(duration: Duration) -> String {
    let micros = duration.as_micros();
    format!("{}.{:02} ms", micros / 1000, micros % 1000 / 10)
}

/// p50, p99 and the greatest of some durations.
pub fn spread(name: &str, durations: &[Duration]) -> Vec<String> {
    let greatest = durations.iter().max().copied().unwrap_or_default();
    let shown = [quantile(durations, 50), quantile(durations, 99), greatest].map(millis);
    [vec![name.to_owned(), durations.len().to_string()], shown.to_vec()].concat()
}
