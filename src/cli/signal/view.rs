//! An assessment as text.

use rust_decimal::Decimal;

use crate::{
    cli::shared::output::table,
    perps::OpenForecast,
    strategy::Outcome,
    trade::Assessment,
    units::{group_thousands, rounded},
};

/// The assessment for people.
pub(in crate::cli) fn assessment_text(assessment: &Assessment, network: &str, collateral: &str) -> String {
    let Assessment { signal, size, block, .. } = assessment;
    let tier = size.tier.as_deref().map_or_else(String::new, |tier| format!(", tier {tier}"));
    let mut lines = vec![
        format!(
            "signal {} — {} {}, score {}, volatility {}: table {}{tier}",
            signal.id, signal.side, signal.pair, signal.score, signal.volatility, size.table
        ),
        format!("on {network} from block {}", block.number),
        String::new(),
    ];
    lines.push(table(&[], &legs(assessment, collateral)));
    lines.push(String::new());
    lines.push(table(&[], &money(assessment)));
    lines.push(String::new());
    if let Some(outcome) = &assessment.outcome {
        lines.push(table(&["", "gross", "net", "price"], &ends(assessment, outcome)));
        lines.push(ratios(outcome));
        lines.push(String::new());
    }
    lines.extend(assessment.feasibility.checks.iter().map(ToString::to_string));
    lines.push(open_notional(assessment));
    if let Some(share) = &assessment.loop_share {
        lines.push(share.line(collateral));
    }
    lines.extend(assessment.notes.iter().map(|note| format!("· {note}")));
    lines.push(String::new());
    lines.push(if assessment.is_feasible() {
        "feasible; nothing was sent".to_owned()
    } else {
        format!("NOT FEASIBLE: {} refused; nothing was sent", assessment.refusals.len())
    });
    lines.join("\n")
}

fn legs(assessment: &Assessment, collateral: &str) -> Vec<Vec<String>> {
    let Assessment { size, signal, capital, loop_target, .. } = assessment;
    let now = assessment.loop_now.map_or_else(|| "none".to_owned(), |now| format!("{}x", rounded(now, 4)));
    let target = if assessment.loop_plan.is_none() && *loop_target <= Decimal::ONE {
        "no loop is opened".to_owned()
    } else if capital.loop_equity.is_zero() {
        format!("{now} now, to {loop_target}x")
    } else {
        format!("{now} now, to {loop_target}x with {} USD of {collateral}", usd(capital.loop_equity))
    };
    let notional = size.ordered_notional().unwrap_or_default();
    let mut rows = vec![
        vec!["loop".to_owned(), target],
        vec![
            "perp".to_owned(),
            format!(
                "{} {}, margin {} x {} = {} USDC",
                signal.side,
                signal.pair,
                usd(size.margin),
                size.perp_leverage.normalize(),
                usd(notional)
            ),
        ],
        vec![
            "mark".to_owned(),
            format!(
                "{}, {} % from the signal's entry {}",
                assessment.mark.normalize(),
                rounded(assessment.entry_deviation.saturating_mul(Decimal::ONE_HUNDRED), 3),
                signal.entry.normalize()
            ),
        ],
    ];
    if let Some(OpenForecast { entry, spread, liquidation, .. }) = &assessment.forecast {
        let text = format!("{entry} expected (spread {spread} %), liquidation {liquidation}");
        rows.push(vec!["entry".to_owned(), text]);
    }
    rows
}

fn money(assessment: &Assessment) -> Vec<Vec<String>> {
    let capital = &assessment.capital;
    let mut rows = Vec::new();
    let mut row = |name: String, value: Decimal| {
        if !value.is_zero() {
            rows.push(vec![name, format!("{} USD", usd(value))]);
        }
    };
    row("capital: loop equity".to_owned(), capital.loop_equity);
    row("capital: margin".to_owned(), capital.margin);
    row("capital: gas and execution fees".to_owned(), capital.gas);
    row("capital: total".to_owned(), capital.total);
    row("borrowed: margin".to_owned(), capital.borrowed);
    for cost in &assessment.costs {
        row(format!("cost of the {}: {}", cost.leg, cost.name), cost.usd);
    }
    rows
}

fn ends(assessment: &Assessment, outcome: &Outcome) -> Vec<Vec<String>> {
    let price = |at: fn(&OpenForecast) -> String| assessment.forecast.as_ref().map_or_else(String::new, at);
    vec![
        vec![
            "target".to_owned(),
            usd(outcome.win.gross),
            usd(outcome.win.net),
            price(|forecast| forecast.target.to_string()),
        ],
        vec![
            "stop".to_owned(),
            usd(outcome.loss.gross),
            usd(outcome.loss.net),
            price(|forecast| forecast.stop.to_string()),
        ],
    ]
}

fn ratios(outcome: &Outcome) -> String {
    let reward =
        outcome.reward_risk().map_or_else(|| "without limit".to_owned(), |ratio| rounded(ratio, 2).to_string());
    let rate = match outcome.break_even() {
        Some(rate) if rate <= Decimal::ONE => format!("{} %", rounded(rate.saturating_mul(Decimal::ONE_HUNDRED), 2)),
        _ => "none: even a win costs money".to_owned(),
    };
    let liquidated = if outcome.liquidated_first { "; the venue liquidates before the stop" } else { "" };
    format!("reward/risk {reward} net; break-even win rate {rate}{liquidated}")
}

fn open_notional(assessment: &Assessment) -> String {
    let notional = assessment.open_notional;
    let (open, cap) = (usd(notional.notional), usd(notional.cap));
    if notional.binds {
        return format!("notional over open positions: {open} USDC, cap {cap} USDC");
    }
    format!("notional over open positions: {open} USDC; the cap is off for tables (it would be {cap} USDC)")
}

/// Dollars with up to six digits, grouped.
fn usd(value: Decimal) -> String {
    group_thousands(&rounded(value, 6).to_string())
}
