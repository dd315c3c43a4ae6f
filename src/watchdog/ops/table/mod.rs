//! The live table of `watch --tui`: a pure frame, and the terminal around it.

mod figures;
mod frame;
mod lines;
mod risk;
mod row;
mod view;

pub use lines::plain_lines;
pub use risk::Risk;
pub use row::{AccountRow, DecisionRow, LoopRow, Marks, PerpRow, WatchView};
pub use view::{LiveView, ViewEvent};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{PairPrice, PairSide};

    fn of(collateral: &str, debt: &str) -> PairPrice {
        PairPrice::of(PairSide::of_symbol(collateral), PairSide::of_symbol(debt))
    }

    pub(super) fn accounts() -> Vec<AccountRow> {
        let number = |text: &str| text.parse().expect("number");
        let volatile = Marks { trigger: number("1.15"), target: number("1.25") };
        let weth = LoopRow {
            pair: "WETH/USDC".to_owned(),
            health_factor: Some(number("1.2451")),
            marks: volatile,
            of: of("WETH", "USDC"),
            price: Some(number("2500")),
            trim_price: Some(number("2309.0917")),
            liquidation_price: Some(number("2007.9107")),
            distance: Some(number("-0.07636")),
        };
        let cbeth = LoopRow {
            pair: "cbETH/WETH".to_owned(),
            health_factor: Some(number("1.0219")),
            marks: Marks { trigger: number("1.025"), target: number("1.045") },
            of: of("cbETH", "WETH"),
            price: Some(number("1.10213456")),
            trim_price: Some(number("1.1054")),
            liquidation_price: Some(number("1.0785")),
            distance: Some(number("0.00297")),
        };
        let perp = PerpRow {
            pair: "ETH/USD".to_owned(),
            is_long: true,
            leverage: number("20"),
            margin: number("15"),
            pnl: number("-3.204"),
            liquidation_price: Some(number("2393.75")),
        };
        let free = LoopRow {
            pair: "cbBTC/USDC".to_owned(),
            health_factor: None,
            marks: volatile,
            of: of("cbBTC", "USDC"),
            price: Some(number("65000")),
            trim_price: None,
            liquidation_price: None,
            distance: None,
        };
        let short = LoopRow {
            pair: "USDC/WETH".to_owned(),
            health_factor: Some(number("1.872")),
            marks: volatile,
            of: of("USDC", "WETH"),
            price: Some(number("2500")),
            trim_price: Some(number("4069.5652")),
            liquidation_price: Some(number("4680")),
            distance: Some(number("0.62783")),
        };
        let row = |account: &str, note: &str, loops, perps| AccountRow {
            account: account.to_owned(),
            note: note.to_owned(),
            can_act: note.is_empty(),
            loops,
            perps,
            ..AccountRow::default()
        };
        let money = |debt: &str, equity: &str| (Some(number(debt)), Some(number(equity)));
        let mut rows = vec![
            row("0x3c44…93bc", "", vec![], vec![]),
            row("0x7099…79c8", "read-only: no key", vec![free, short], vec![]),
            row("0xf39f…2266", "", vec![weth, cbeth], vec![perp]),
        ];
        (rows[2].debt, rows[2].equity) = money("59861.56", "29930.78");
        (rows[1].debt, rows[1].equity) = money("1234567", "800000");
        (rows[2].risk, rows[2].gas_trims) = (Risk::Trigger, Some(number("12.5")));
        rows[0].paused = true;
        rows
    }

    pub(super) fn decisions() -> Vec<DecisionRow> {
        let row = |block, action: &str, reason: &str| DecisionRow {
            block,
            account: "0xf39f…2266".to_owned(),
            action: action.to_owned(),
            reason: reason.to_owned(),
        };
        vec![
            row(31_234_560, "warn WETH/USDC", "health factor 1.171 is below 1.18"),
            row(31_234_567, "trim cbETH/WETH", "health factor 1.021 is below 1.025; repays 3.2 WETH to reach 1.045"),
        ]
    }
}
