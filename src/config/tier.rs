//! Rows of a sizing table: which score in which volatility gets which leverage and margin (strategy.md §3).

use std::{fmt, str::FromStr};

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

use super::values;

/// How much the market moves, as the signal's author sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Volatility {
    /// Calm.
    Low,
    /// Neither; what a signal without the field means.
    #[default]
    Normal,
    /// Wild.
    High,
}

impl Volatility {
    /// As signals and settings spell it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Normal => "normal",
            Self::High => "high",
        }
    }
}

impl fmt::Display for Volatility {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A share written exactly: `1/3`, or `0.25`. Kept as it is, so that a third of 30 is 10 and not 9.999….
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fraction {
    numerator: Decimal,
    denominator: Decimal,
}

impl Fraction {
    /// `numerator / denominator` of whole numbers; a denominator of 0 counts as 1.
    #[must_use]
    pub fn new(numerator: u32, denominator: u32) -> Self {
        Self { numerator: numerator.into(), denominator: denominator.max(1).into() }
    }

    /// This share of an amount; the division comes last. `None` when it does not fit.
    #[must_use]
    pub fn of(self, amount: Decimal) -> Option<Decimal> {
        amount.checked_mul(self.numerator)?.checked_div(self.denominator)
    }
}

impl FromStr for Fraction {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (over, under) = text.split_once('/').unwrap_or((text, "1"));
        let part = |part: &str| part.trim().parse::<Decimal>().map_err(|_| ());
        let (numerator, denominator) = (part(over)?, part(under)?);
        if denominator <= Decimal::ZERO {
            return Err(());
        }
        Ok(Self { numerator, denominator })
    }
}

impl fmt::Display for Fraction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.numerator)?;
        if self.denominator == Decimal::ONE { Ok(()) } else { write!(f, "/{}", self.denominator) }
    }
}

impl Serialize for Fraction {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Fraction {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = values::decimal_or_text(deserializer)?;
        text.parse().map_err(|()| D::Error::custom("expected a share such as \"1/3\" or 0.25"))
    }
}

/// One row. A signal takes the first row whose conditions it meets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tier {
    /// What people call it.
    pub name: String,
    /// Least score, 0–100; the last row has none.
    #[serde(default, with = "values::optional_decimal", skip_serializing_if = "Option::is_none")]
    pub score: Option<Decimal>,
    /// Only in this volatility.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub volatility: Option<Volatility>,
    /// Leverage of the loop; 1 is no loop.
    #[serde(with = "values::decimal")]
    pub loop_leverage: Decimal,
    /// Margin of the perp as a share of the base capital.
    pub margin: Fraction,
    /// Leverage of the perp.
    #[serde(with = "values::decimal")]
    pub perp_leverage: Decimal,
}

impl Tier {
    /// Whether a signal takes this row when none above fits.
    #[must_use]
    pub fn takes(&self, score: Decimal, volatility: Volatility) -> bool {
        self.score.is_none_or(|least| score >= least) && self.volatility.is_none_or(|only| only == volatility)
    }
}

/// What is wrong with the rows of a custom table.
pub(super) fn problem(tiers: &[Tier]) -> Option<String> {
    let most = Decimal::from(1_000);
    let mut above: Option<Decimal> = None;
    for (index, tier) in tiers.iter().enumerate() {
        let name = &tier.name;
        let Tier { loop_leverage, perp_leverage, margin, .. } = tier;
        if *loop_leverage < Decimal::ONE || *loop_leverage > most {
            return Some(format!("tier `{name}`: loop_leverage {loop_leverage} must be 1 to {most}"));
        }
        if *perp_leverage < Decimal::ONE || *perp_leverage > most {
            return Some(format!("tier `{name}`: perp_leverage {perp_leverage} must be 1 to {most}"));
        }
        if margin.numerator <= Decimal::ZERO || margin.of(Decimal::ONE).is_none_or(|share| share > most) {
            return Some(format!("tier `{name}`: margin {margin} of the base capital must be above 0, at most {most}"));
        }
        let is_last = index + 1 == tiers.len();
        match tier.score {
            None if is_last && tier.volatility.is_none() => {}
            _ if is_last => return Some(format!("the last tier, `{name}`, must have no condition")),
            None => return Some(format!("tier `{name}` needs a least score; only the last tier has none")),
            Some(score) if score < Decimal::ZERO || score > Decimal::ONE_HUNDRED => {
                return Some(format!("tier `{name}`: score {score} is not 0 to 100"));
            }
            // Equal scores are a row with a volatility above a row without.
            Some(score) if above.is_some_and(|above| score > above) => {
                let above = above.unwrap_or_default();
                return Some(format!("tier `{name}`: score {score} is above the {above} of the tier before it"));
            }
            Some(score) => above = Some(score),
        }
    }
    None
}
