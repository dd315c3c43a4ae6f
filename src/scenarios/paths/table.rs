//! A report as tables.

use std::fmt;

use alloy::primitives::U256;

use super::{KindReport, Report};
use crate::plan::Quantity;

/// Rows of a table: what a row is called, and what it counts.
type Rows<'a> = Vec<(String, &'a KindReport)>;

fn outcomes(f: &mut fmt::Formatter<'_>, rows: &Rows<'_>) -> fmt::Result {
    writeln!(
        f,
        "| paths | all | touched | solvent | gapped later | announced, liquidated | without alert | sold outside | gave up | liquidated | left alone | took more | trims | reverted | human | lowest HF, solvent | equity kept | left alone | to liquidators | left alone |"
    )?;
    writeln!(
        f,
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
    )?;
    for (name, of) in rows {
        let usd = |raw: U256| Quantity::usd(raw).to_string();
        writeln!(
            f,
            "| {name} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |",
            of.paths,
            of.touched,
            of.solvent,
            of.gapped_later,
            of.missed,
            of.silent,
            of.sold_outside,
            of.gave_up,
            of.liquidated,
            of.liquidated_if_idle,
            of.took_more,
            of.trims,
            of.reverted,
            of.humans,
            Quantity::wad(of.worst.0),
            usd(of.equity),
            usd(of.equity_if_idle),
            usd(of.lost),
            usd(of.lost_if_idle),
        )?;
    }
    writeln!(f)
}

fn by_the_widest_words(f: &mut fmt::Formatter<'_>, rows: &Rows<'_>) -> fmt::Result {
    writeln!(
        f,
        "| paths | warned | liquidated | announced | overtaken | in part | not allowed | beyond help | fell again | pool alone |"
    )?;
    writeln!(f, "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")?;
    for (name, of) in rows {
        let parts = [of.overtaken, of.in_part, of.not_allowed, of.beyond_help, of.fell_again, of.pool_alone];
        let explained = parts.iter().sum();
        writeln!(
            f,
            "| {name} | {} | {} | {} | {} | {} | {} | {} | {} | {} |",
            of.warned,
            of.warned_liquidated,
            of.warned_liquidated.saturating_sub(explained),
            of.overtaken,
            of.in_part,
            of.not_allowed,
            of.beyond_help,
            of.fell_again,
            of.pool_alone,
        )?;
    }
    writeln!(f)
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kinds: Rows<'_> = self.kinds.iter().map(|(kind, of)| (kind.to_string(), of)).collect();
        let forms: Rows<'_> = self.forms.iter().map(|(form, of)| (form.to_string(), of)).collect();
        outcomes(f, &kinds)?;
        by_the_widest_words(f, &kinds)?;
        if forms.len() > 1 {
            outcomes(f, &forms)?;
            by_the_widest_words(f, &forms)?;
            let sizes: Vec<_> =
                self.sizes.iter().map(|(size, (paths, touched))| format!("{size}: {paths} ({touched})")).collect();
            writeln!(f, "collaterals × debts: paths (touched): {}", sizes.join(", "))?;
        }
        let blocks: Vec<_> = self.blocks_to_trim.iter().map(|(blocks, often)| format!("{blocks}: {often}")).collect();
        write!(f, "blocks from breach to trim: {}", blocks.join(", "))
    }
}
