//! The built-in tables (strategy.md §3), rows from the top.

use rust_decimal::Decimal;

use crate::config::{Fraction, StrategyConfig, TableName, Tier, Volatility};

/// The rows of the chosen table; none for the tables that size without rows.
#[must_use]
pub fn tiers(settings: &StrategyConfig) -> Vec<Tier> {
    let base = (1, 1);
    match settings.table {
        TableName::OptionA => vec![
            row("very-strong", Some(90), (5, 0), base, 3),
            row("strong", Some(70), (3, 0), base, 5),
            row("good", Some(60), (2, 0), base, 7),
            row("weak", None, (1, 0), base, 10),
        ],
        TableName::OptionB => vec![
            row("very-strong", Some(90), (5, 0), (5, 3), 15),
            row("strong", Some(70), (3, 0), base, 15),
            row("good", Some(60), (2, 0), (2, 3), 15),
            row("weak", None, (1, 0), (1, 3), 15),
        ],
        TableName::OptionC => vec![
            Tier { volatility: Some(Volatility::Low), ..row("very-strong", Some(90), (3, 0), (1, 2), 15) },
            row("strong", Some(70), (2, 0), (1, 3), 15),
            row("good", Some(60), (15, 1), (1, 4), 15),
            row("weak", None, (1, 0), (1, 5), 15),
        ],
        TableName::Matrix => vec![
            row("very-strong", Some(90), (10, 0), base, 15),
            row("strong", Some(70), (5, 0), base, 15),
            row("good", Some(60), (3, 0), base, 15),
            row("medium", Some(50), (2, 0), base, 15),
            row("weak", None, (1, 0), base, 15),
        ],
        TableName::KellyNotional | TableName::FixedRisk => Vec::new(),
        TableName::Custom => settings.custom.clone(),
    }
}

fn row(name: &str, score: Option<i64>, loop_leverage: (i64, u32), margin: (u32, u32), perp_leverage: i64) -> Tier {
    Tier {
        name: name.to_owned(),
        score: score.map(Decimal::from),
        volatility: None,
        loop_leverage: Decimal::new(loop_leverage.0, loop_leverage.1),
        margin: Fraction::new(margin.0, margin.1),
        perp_leverage: Decimal::from(perp_leverage),
    }
}
