//! A plan, its rehearsal and its outcome as text.

use alloy::primitives::U256;
use schemars::JsonSchema;
use serde::Serialize;

use super::{document::document, output::table};
use crate::{
    plan::{Bound, Deviation, Figure, Plan, Quantity, Rehearsal},
    send::Settlement,
    text::one_line,
};

/// What gas costs, as far as a rehearsal tells.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(in crate::cli) struct GasView {
    /// Gas of all steps.
    pub(in crate::cli) gas: u64,
    /// L2 gas at the present price.
    pub(in crate::cli) l2: Quantity,
    /// L1 data fee.
    pub(in crate::cli) l1: Quantity,
}

/// A dry run, for `--json`.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::cli) struct DryRun<'a> {
    pub(in crate::cli) plan: &'a Plan,
    pub(in crate::cli) simulation: &'a Rehearsal,
    pub(in crate::cli) gas: &'a GasView,
    pub(in crate::cli) sent: bool,
}

document!("dry-run": DryRun<'_>, "settlement": Settlement);

/// One line of text that was read from somewhere.
fn line(text: &str) -> String {
    one_line(text).into_owned()
}

/// The plan for people.
pub(in crate::cli) fn plan_text(plan: &Plan, gas: Option<&GasView>) -> String {
    let mut lines = vec![
        line(&format!("{} — {}", plan.kind, plan.headline)),
        line(&format!("on {} for {} from block {}", plan.network, plan.owner, plan.block.number)),
        String::new(),
    ];
    let rows: Vec<Vec<String>> = plan.figures.iter().filter(|figure| is_shown(figure)).map(row).collect();
    lines.push(table(&["", "before", "after"], &rows));
    lines.push(String::new());
    let mut costs: Vec<Vec<String>> =
        plan.costs.iter().map(|(name, cost)| vec![format!("cost: {name}"), cost.to_string()]).collect();
    if let Some(gas) = gas {
        costs.push(vec![
            format!("cost: gas ({} units)", crate::units::group_thousands(&gas.gas.to_string())),
            gas.l2.to_string(),
        ]);
        costs.push(vec!["cost: L1 data fee".to_owned(), gas.l1.to_string()]);
    }
    if !costs.is_empty() {
        lines.push(table(&[], &costs));
        lines.push(String::new());
    }
    lines.extend(plan.notes.iter().map(|note| line(&format!("· {note}"))));
    for (index, step) in plan.steps.iter().enumerate() {
        let permits: Vec<String> =
            step.data.permits().filter(|p| !p.value.is_zero()).map(|permit| permit.symbol.clone()).collect();
        let with =
            if permits.is_empty() { String::new() } else { format!(", with permits for {}", permits.join(", ")) };
        lines.push(line(&format!("· transaction {} of {}: {}{with}", index + 1, plan.steps.len(), step.purpose)));
    }
    lines.push(String::new());
    lines.extend(plan.bounds.iter().map(bound_line));
    lines.join("\n")
}

fn bound_line(bound: &Bound) -> String {
    let mark = match (bound.holds(), bound.blocking) {
        (true, _) => "ok      ",
        (false, true) => "REFUSED ",
        (false, false) => "note    ",
    };
    line(&format!("{mark}{bound}"))
}

fn is_shown(figure: &Figure) -> bool {
    let moved = figure.before != figure.after || !figure.before.raw.is_zero();
    !figure.detail && moved
}

fn row(figure: &Figure) -> Vec<String> {
    let show = |quantity: &Quantity| match figure.name.as_str() {
        "trim_price" | "liquidation_price" if quantity.raw.is_zero() => "none".to_owned(),
        _ => quantity.to_string(),
    };
    vec![figure.label.clone(), show(&figure.before), show(&figure.after)]
}

/// What the simulation showed beside the prediction, in a line.
pub(in crate::cli) fn simulation_text(rehearsal: &Rehearsal) -> String {
    let off: Vec<&Deviation> = rehearsal.outcome.iter().filter(|deviation| !deviation.within).collect();
    if off.is_empty() {
        let worst = rehearsal.outcome.iter().filter(|d| is_material(d)).filter_map(|d| d.ppm).max().unwrap_or_default();
        let unsigned = untried(rehearsal);
        return format!("simulated: goes through; largest difference from the prediction {worst} ppm{unsigned}");
    }
    let list: Vec<String> =
        off.iter().map(|d| format!("{} {} instead of {}", d.label, d.actual, d.predicted)).collect();
    line(&format!("simulated: OFF PLAN: {}", list.join("; ")))
}

/// What a dry run leaves to the simulation that comes before sending.
fn untried(rehearsal: &Rehearsal) -> String {
    if rehearsal.unsigned.is_empty() {
        return String::new();
    }
    let names = rehearsal.unsigned.join(", ");
    format!(
        "\nnot tried: the signatures of the permits for {names}, made with --broadcast and simulated before anything is sent; \
         approvals stood in for them, and the tokens were asked whether they take this account's"
    )
}

/// Predicted beside actual.
pub(in crate::cli) fn settlement_text(settlement: &Settlement) -> String {
    let rows: Vec<Vec<String>> = settlement.figures.iter().filter(|d| is_material(d)).map(deviation_row).collect();
    let hashes: Vec<String> = settlement.transactions.iter().map(ToString::to_string).collect();
    let mut lines = vec![
        format!("in block {}: {}", settlement.block, hashes.join(", ")),
        format!("gas {} for {}", crate::units::group_thousands(&settlement.gas_used.to_string()), settlement.gas_cost),
    ];
    if !rows.is_empty() {
        lines.extend([String::new(), table(&["", "predicted", "actual", "difference"], &rows)]);
    }
    let left: Vec<String> = settlement
        .figures
        .iter()
        .filter(|d| is_check(d) && !d.within)
        .map(|d| format!("{}: {}", d.label, d.actual))
        .collect();
    lines.push(String::new());
    lines.push(if left.is_empty() {
        "nothing left behind in composer, forwarder or allowances".to_owned()
    } else {
        line(&format!("LEFT BEHIND: {}", left.join("; ")))
    });
    lines.join("\n")
}

fn is_material(deviation: &Deviation) -> bool {
    let is_nothing = deviation.predicted.raw.is_zero() && deviation.actual.raw.is_zero();
    !is_check(deviation) && !is_nothing
}

/// Whether it is about what must be nothing afterwards.
fn is_check(deviation: &Deviation) -> bool {
    deviation.name.starts_with("composer")
        || deviation.name.starts_with("forwarder")
        || deviation.name.contains("allowance")
        || deviation.name == "delegation"
}

pub(in crate::cli) fn deviation_row(deviation: &Deviation) -> Vec<String> {
    let difference = match deviation.ppm {
        _ if deviation.difference.is_zero() => "none".to_owned(),
        Some(ppm) if ppm > U256::ZERO => format!("{ppm} ppm"),
        Some(_) => "< 1 ppm".to_owned(),
        None => Quantity { raw: deviation.difference, ..deviation.actual.clone() }.to_string(),
    };
    vec![deviation.label.clone(), deviation.predicted.to_string(), deviation.actual.to_string(), difference]
}
