//! How far predictions are from what the chain shows afterwards, over random loops: opened, adjusted and closed.

use std::collections::BTreeMap;

use alloy::primitives::{U256, keccak256};
use eyre::Result;
use rust_decimal::Decimal;
use trimtab::{
    chain::Reader,
    localchain::{FeedAge, PriceChange, PriceScope},
    loops::{FlashChoice, Funds, Pair, Payout, Request, Share, Target, WETH, execute},
    plan::check,
    send::Ending,
    units::Secs,
};

use crate::{
    support::desk::{Desk, Trader, milli},
    table,
};

/// Loops.
const CASES: u64 = 60;

/// Pairs with the range of leverage that their opening floor permits (thousandths), and equity (hundredths of a unit).
const PAIRS: [(&str, &str, [i64; 2], [u64; 2]); 3] = [
    ("WETH", "USDC", [1200, 3000], [10, 5_000]),
    ("cbBTC", "USDC", [1200, 2800], [1, 100]),
    ("cbETH", "WETH", [1500, 8000], [10, 2_000]),
];

/// The replica's prices when it starts.
const PRICES: [(&str, &str); 3] = [("ETH", "3000"), ("BTC", "90000"), ("cbETH", "1.125")];

/// Numbers that look random and are the same every time.
struct Numbers(U256);

impl Numbers {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = keccak256(self.0.to_be_bytes::<32>()).into();
        (self.0 % U256::from(bound.max(1))).to()
    }

    fn between(&mut self, [low, high]: [u64; 2]) -> u64 {
        low + self.below(high - low + 1)
    }

    fn leverage(&mut self, [low, high]: [i64; 2]) -> Decimal {
        let width = u64::try_from(high - low).unwrap_or_default();
        milli(low + i64::try_from(self.below(width + 1)).unwrap_or_default())
    }
}

/// Differences by figure, in parts per billion of what was predicted.
#[derive(Default)]
struct Differences {
    by_figure: BTreeMap<String, Vec<U256>>,
    done: u64,
    refused: BTreeMap<String, u64>,
    transactions: u64,
}

impl Differences {
    fn refuse(&mut self, reason: &dyn std::fmt::Display) {
        // Without its figures, so that the same reason counts as one.
        let words: String = reason.to_string().chars().filter(|c| !c.is_ascii_digit()).take(400).collect();
        *self.refused.entry(words).or_default() += 1;
    }
}

pub async fn measure() -> Result<()> {
    let desk = Desk::open().await?;
    let mut numbers = Numbers(U256::from(7u64));
    let mut differences = Differences::default();
    let mut pairs = Vec::new();
    for (collateral, debt, ..) in PAIRS {
        pairs.push(desk.pair(collateral, debt).await?);
    }
    let mut traders = Vec::new();
    for index in 1..=9 {
        traders.push(desk.trader(index).await?);
    }
    for case in 0..CASES {
        let index = usize::try_from(case)?;
        let which = index % PAIRS.len();
        let (Some(pair), Some((_, _, leverage, equity))) = (pairs.get(which), PAIRS.get(which)) else { continue };
        let count = traders.len();
        let Some(trader) = traders.get_mut(index % count) else { continue };
        let hundredths = numbers.between(*equity);
        let units = U256::from(hundredths) * U256::from(10u64).pow(U256::from(pair.collateral.decimals - 2));
        desk.controls.fund(trader.address, U256::ZERO, &[(pair.collateral.token, units)]).await?;
        let sources = [None, Some(FlashChoice::Aave), Some(FlashChoice::Morpho), Some(FlashChoice::Uniswap)];
        let mut source = || sources.get(usize::try_from(numbers.below(4)).unwrap_or_default()).copied().flatten();
        let (first, second, third) = (source(), source(), source());
        let open = Target::Leverage(numbers.leverage(*leverage));
        let adjusted = Target::Leverage(numbers.leverage(*leverage));
        let to_debt = numbers.below(2) == 0;
        let unwrap = (pair.collateral.token == WETH).then_some(WETH);
        let payout = if to_debt { Payout::Debt } else { Payout::Collateral { unwrap } };
        let actions = [
            (Request::Open { funds: Funds::Collateral(units), target: open }, first),
            (Request::Adjust { target: adjusted }, second),
            (Request::Close { share: Share::All, payout }, third),
        ];
        for (request, flash) in actions {
            let done = act(&desk, trader, pair, &request, flash, &mut differences).await?;
            // What one source cannot do the best one may.
            let done = done || (flash.is_some() && act(&desk, trader, pair, &request, None, &mut differences).await?);
            if !done {
                break;
            }
            // Interest accrues, as it would; the feeds stay fresh.
            let pause = Secs(numbers.below(3600));
            desk.controls.warp(pause.plus(Secs(1)), FeedAge::Refreshed).await?;
        }
        // Nobody else trades here: put the pools back to where the oracle is.
        for (asset, price) in PRICES {
            desk.controls.price(&PriceChange::parse(asset, price)?, PriceScope::Everything).await?;
        }
    }
    show(&differences);
    Ok(())
}

/// Whether it was carried out.
async fn act(
    desk: &Desk,
    trader: &mut Trader,
    pair: &Pair,
    request: &Request,
    flash: Option<FlashChoice>,
    differences: &mut Differences,
) -> Result<bool> {
    let plan = match desk.plan(trader.address, pair, request, flash).await {
        Ok((_, plan)) => plan,
        Err(refused) => {
            differences.refuse(&refused);
            return Ok(false);
        }
    };
    let head = Reader::head(&desk.endpoints).await?;
    let changes: BTreeMap<String, U256> =
        plan.figures.iter().map(|f| (f.name.clone(), f.before.raw.abs_diff(f.after.raw))).collect();
    let approved = match check(plan, &desk.network(), head.timestamp) {
        Ok(approved) => approved,
        Err(refused) => {
            differences.refuse(&refused);
            return Ok(false);
        }
    };
    let report = execute(&mut trader.sender, &*desk.clock, approved).await?;
    differences.transactions += u64::try_from(report.outcome.done.len())?;
    let Some(settlement) = report.settlement.filter(|_| matches!(report.outcome.ending, Ending::Mined)) else {
        differences.refuse(&format!("{:?}", report.outcome.ending));
        return Ok(false);
    };
    differences.done += 1;
    let closing = matches!(request, Request::Close { .. });
    let paid_in = match request {
        Request::Close { payout: Payout::Debt, .. } => "wallet_debt",
        Request::Close { payout: Payout::Collateral { unwrap: Some(_) }, .. } => "wallet_native",
        _ => "wallet_collateral",
    };
    for figure in &settlement.figures {
        let name = match figure.name.as_str() {
            name @ ("collateral" | "debt" | "health_factor" | "leverage") if !closing => name.to_owned(),
            name if closing && name == paid_in => "proceeds of a close".to_owned(),
            "wallet_debt" if closing => "a close's rest in the debt asset".to_owned(),
            "collateral" | "debt" | "composer_0" | "composer_1" | "forwarder_0" | "forwarder_1"
            | "a_token_allowance" | "delegation" | "allowance" => "what must be nothing".to_owned(),
            _ => continue,
        };
        // What a close pays is measured against what it pays, not against what lay in the wallet before.
        let base = if closing { changes.get(&figure.name).copied().unwrap_or_default() } else { figure.predicted.raw };
        let share = if name == "what must be nothing" {
            figure.difference
        } else {
            let scaled = figure.difference.saturating_mul(U256::from(1_000_000_000u64));
            match scaled.checked_div(base) {
                Some(share) => share,
                None => continue,
            }
        };
        differences.by_figure.entry(name).or_default().push(share);
    }
    Ok(true)
}

fn show(differences: &Differences) {
    let rows: Vec<Vec<String>> = differences
        .by_figure
        .iter()
        .map(|(name, all)| {
            let exact = all.iter().filter(|difference| difference.is_zero()).count();
            let greatest = all.iter().max().copied().unwrap_or_default();
            vec![
                name.clone(),
                all.len().to_string(),
                exact.to_string(),
                table::quantile(all, 50).to_string(),
                table::quantile(all, 99).to_string(),
                greatest.to_string(),
            ]
        })
        .collect();
    table::print(
        "Prediction error, parts per billion (what must be nothing: smallest units)",
        &["figure", "cases", "none", "p50", "p99", "greatest"],
        &rows,
    );
    println!("\n{} actions in {} transactions", differences.done, differences.transactions);
    for (reason, count) in &differences.refused {
        println!("not carried out, {count} times: {reason}");
    }
}
