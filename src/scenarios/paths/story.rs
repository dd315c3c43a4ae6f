//! A path told in words, for seeds that fail.

use alloy::primitives::{Address, U256};

use super::{Notice, Path, Shown, Step, assets, look::Look};
use crate::{plan::Quantity, units::Wad};

/// Lines, where anybody wants them.
#[derive(Debug)]
pub(super) struct Story(Option<Vec<String>>);

impl Story {
    pub(super) const fn untold() -> Self {
        Self(None)
    }

    pub(super) fn told(path: &Path) -> Self {
        let account = &path.account;
        let amount = |(token, amount): (Address, U256)| quantity(token, amount);
        let list = |parts: Vec<String>| if parts.is_empty() { "nothing".to_owned() } else { parts.join(", ") };
        let supplies = account.supplies.iter().map(|supply| {
            let backs = if supply.is_collateral { "" } else { " (no collateral)" };
            format!("{}{backs}", amount((supply.token, supply.amount)))
        });
        let loops = account.loops.iter().map(|known| {
            let terms = &known.position.terms;
            let held = amount((known.position.collateral, terms.collateral_principal));
            format!("{held} for {}", amount((known.position.debt, terms.debt_principal)))
        });
        Self(Some(vec![
            format!("seed {}, {}: {} blocks", path.seed, path.kind, path.steps.len()),
            format!("supplied: {}", list(supplies.collect())),
            format!("owed: {}", list(account.debts.iter().copied().map(amount).collect())),
            format!("wallet: {}", list(account.wallet.iter().copied().map(amount).collect())),
            format!("loops: {}", list(loops.collect())),
            format!("sell {}, wallet {:?}, e-mode {}", account.sell, account.use_wallet, account.emode),
        ]))
    }

    pub(super) fn lines(self) -> Vec<String> {
        self.0.unwrap_or_default()
    }

    pub(super) fn so_far(&self) -> &[String] {
        self.0.as_deref().unwrap_or_default()
    }

    pub(super) fn line(&mut self, text: impl FnOnce() -> String) {
        if let Some(lines) = &mut self.0 {
            lines.push(text());
        }
    }

    pub(super) fn look(&mut self, number: u64, step: &Step, look: &Look) {
        let (Some(_), Some(wanted)) = (&self.0, &look.wanted) else { return };
        let facts = &look.facts;
        let at = |health: Option<Wad>| health.map_or_else(|| "none".to_owned(), hf);
        let prices: Vec<String> = step
            .prices
            .iter()
            .filter_map(|(token, price)| Some(format!("{} {}", assets::of(*token)?.symbol, price.feed)))
            .collect();
        let (feed, pool) = (at(facts.at_feed), at(facts.at_pool));
        self.line(|| {
            format!(
                "head {number}: {} at {} (feed {feed}, pool {pool}); a {} trim to {}; {}",
                facts.name,
                hf(facts.health_factor),
                wanted.pressure,
                hf(wanted.target),
                prices.join(", ")
            )
        });
        for tried in &look.tried {
            self.line(|| format!("  impossible: {tried}"));
        }
        self.line(|| match &look.sent {
            Some(sent) => {
                let rung = sent.rung.as_ref().map_or_else(String::new, ToString::to_string);
                format!("  sent: {rung}: {}{}", sent.plan.headline, if sent.is_part { " (a part)" } else { "" })
            }
            None => "  nothing is sent, a human is told".to_owned(),
        });
    }

    pub(super) fn mined(&mut self, number: u64, shown: Shown) {
        let feed = shown.at_feed.map_or_else(String::new, hf);
        self.line(|| format!("  mined in block {number}: health factor {} (feed {feed})", hf(shown.now)));
    }

    pub(super) fn reverted(&mut self, reason: &str) {
        self.line(|| format!("  reverted: {reason}"));
    }

    pub(super) fn arrival(&mut self, token: Address, amount: U256) {
        self.line(|| format!("  a stranger supplies {}", quantity(token, amount)));
    }

    pub(super) fn fell(&mut self, number: u64, health_factor: Wad, notice: Notice) {
        self.line(|| format!("  block {number}: fell to {}, {notice:?}", hf(health_factor)));
    }

    pub(super) fn fault(&mut self, text: &str) {
        self.line(|| format!("  FAULT: {text}"));
    }
}

fn hf(value: Wad) -> String {
    Quantity::wad(value.0).to_string()
}

fn quantity(token: Address, amount: U256) -> String {
    assets::of(token).map_or_else(
        || format!("{amount} of {token}"),
        |listed| Quantity::new(amount, listed.decimals, listed.symbol).to_string(),
    )
}
