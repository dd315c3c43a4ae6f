//! A price path, and the account that has to live through it.

use std::collections::BTreeSet;

use alloy::primitives::{Address, U256};

use super::{
    DrawnAccount, Form, Kind,
    account::thresholds_for,
    assets::{self, Follows, Listed},
    draw::Drawing,
    rng::Rng,
    step::{AssetPrice, Step},
    track::{MILLION, Point, START, Track},
};
use crate::units::{MathError, UsdE8, mul_div_down, mul_div_up};

/// An account and what happens to it.
#[derive(Debug, Clone)]
pub struct Path {
    /// Repeats it.
    pub seed: u64,
    /// What it is mostly made of.
    pub kind: Kind,
    /// What kind of account it has.
    pub form: Form,
    /// The account at the first step.
    pub account: DrawnAccount,
    /// Block by block; the first is where the account stands when the watch begins.
    pub steps: Vec<Step>,
}

/// How an account's assets follow the track.
#[derive(Debug, Clone, Copy)]
pub(super) struct Following {
    /// The market rises where the track falls.
    pub(super) is_inverted: bool,
    /// Only ratios of staked ether move, a tenth as far.
    pub(super) is_ratio: bool,
    /// By how many blocks the oracle answers late.
    pub(super) delay: usize,
}

impl Path {
    /// The path of a seed, with an account drawn from all that Aave lists.
    pub fn generate(seed: u64) -> Result<Self, MathError> {
        Self::drawn(seed, &assets::EVERYTHING)
    }

    /// The same with an account drawn from what the replica has pools for: WETH, cbBTC, wstETH, cbETH and USDC, with at most a
    /// hundred thousand dollars of equity. Dust may be of anything that Aave lists.
    pub fn with_pools(seed: u64) -> Result<Self, MathError> {
        Self::drawn(seed, &assets::WITH_POOLS)
    }

    fn drawn(seed: u64, choice: &assets::Choice) -> Result<Self, MathError> {
        let mut dice = Rng::new(seed);
        let kind = Kind::ALL[usize::try_from(seed % 7).unwrap_or_default()];
        let drawing = Drawing::draw(&mut dice, choice)?;
        // Half of the feeds answer at once, the others up to five blocks (a second) late.
        let delay = if dice.one_in(2) { 0 } else { usize::try_from(dice.between(1, 5)).unwrap_or(1) };
        let following = Following { is_inverted: drawing.is_short, is_ratio: drawing.form == Form::Correlated, delay };
        let points = drawn_track(dice.split(), kind);
        let mut steps = steps(&points, &drawing.tokens(), following)?;
        drawing.trouble(&mut dice, kind, &mut steps);
        Ok(Self { seed, kind, form: drawing.form, account: drawing.account, steps })
    }

    /// The path of a seed, with a loop of WETH against USDC and nothing else.
    pub fn of_pair(seed: u64) -> Result<Self, MathError> {
        let mut dice = Rng::new(seed);
        let kind = Kind::ALL[usize::try_from(seed % 7).unwrap_or_default()];
        let leverage = if dice.one_in(5) { dice.between(3_051, 4_500) } else { dice.between(1_500, 3_050) };
        // From 100 dollars to a million: each power of ten as often as the next.
        let power = 10u64.pow(u32::try_from(dice.between(2, 5)).unwrap_or(2));
        let equity = dice.between(power, power * 10);
        let (collateral, debt) = opened(equity, leverage)?;
        // A third keeps something in the wallet, up to a fifth of the debt.
        let share = if dice.one_in(3) { dice.between(1, 20) } else { 0 };
        let wallet = debt.saturating_mul(U256::from(share)) / U256::from(100u64);
        let delay = if dice.one_in(2) { 0 } else { usize::try_from(dice.between(1, 5)).unwrap_or(1) };
        let account = DrawnAccount::of_pair(collateral, debt, wallet, thresholds_for(leverage));
        let following = Following { is_inverted: false, is_ratio: false, delay };
        let steps = steps(&drawn_track(dice, kind), &account.tokens().collect(), following)?;
        Ok(Self { seed, kind, form: Form::Pair, account, steps })
    }

    /// A loop of WETH against USDC on a wave around the start price: `amplitude` in parts per million, `period` in blocks.
    pub fn wave(leverage: u64, amplitude: u64, period: u64, blocks: u64) -> Result<Self, MathError> {
        let (collateral, debt) = opened(10_000, leverage)?;
        let account = DrawnAccount::of_pair(collateral, debt, U256::ZERO, thresholds_for(leverage));
        Self::along(account, 0, (0..blocks).map(|block| wave(block, period, amplitude)))
    }

    /// An account while the market goes along a track, in parts per million of where it begins; the oracle answers this many
    /// blocks late.
    pub(super) fn along(
        account: DrawnAccount,
        delay: usize,
        track: impl IntoIterator<Item = u64>,
    ) -> Result<Self, MathError> {
        let points = Track::of(track.into_iter().map(|at| START.saturating_mul(at) / MILLION));
        let following = Following { is_inverted: false, is_ratio: false, delay };
        let hubs = [assets::ALL[assets::ETHER].token, assets::ALL[assets::DOLLAR].token];
        let steps = steps(&points, &account.tokens().chain(hubs).collect(), following)?;
        Ok(Self { seed: 0, kind: Kind::Spike, form: Form::Pair, account, steps })
    }
}

fn drawn_track(dice: Rng, kind: Kind) -> Vec<Point> {
    let mut track = Track::new(dice);
    track.quiet(3, 10);
    track.play(kind);
    track.quiet(8, 20);
    track.points().to_vec()
}

/// WETH and USDC of a loop of an equity (whole dollars) at a leverage (thousandths) and the start price.
pub(super) fn opened(equity: u64, leverage: u64) -> Result<(U256, U256), MathError> {
    let value = U256::from(equity).saturating_mul(U256::from(leverage));
    let wei = U256::from(10u64).pow(U256::from(18u64 + 8));
    let collateral = mul_div_up(value, wei, U256::from(START).saturating_mul(U256::from(1_000u64)))?;
    let debt = U256::from(equity).saturating_mul(U256::from(leverage.saturating_sub(1_000)));
    Ok((collateral, debt.saturating_mul(U256::from(1_000u64))))
}

fn steps(points: &[Point], tokens: &BTreeSet<Address>, following: Following) -> Result<Vec<Step>, MathError> {
    let listed: Vec<&Listed> = tokens.iter().filter_map(|token| assets::of(*token)).collect();
    let step = |(at, point): (usize, &Point)| {
        let late = points.get(at.saturating_sub(following.delay)).map_or(point.price, |late| late.price);
        let prices = listed.iter().map(|listed| {
            let feed = following.price(listed, point.price)?;
            let price = AssetPrice {
                feed,
                oracle: following.price(listed, late)?,
                pool: following.in_pool(listed, feed, point.pool)?,
            };
            Ok((listed.token, price))
        });
        Ok(Step {
            prices: prices.collect::<Result<_, MathError>>()?,
            depth: point.depth,
            growth: point.growth,
            best_source_empty: point.empty,
            is_price_first: false,
            lent_out: None,
            arrivals: Vec::new(),
        })
    };
    points.iter().enumerate().map(step).collect()
}

impl Following {
    /// The price of an asset when the track is here.
    fn price(self, listed: &Listed, track: u64) -> Result<UsdE8, MathError> {
        let (start, track) = (U256::from(START), U256::from(track.max(1)));
        // The track against its start, in billionths.
        let billion = U256::from(1_000_000_000u64);
        let moved =
            if self.is_inverted { mul_div_down(billion, start, track)? } else { mul_div_down(billion, track, start)? };
        let tenths = match listed.follows {
            Follows::Currency => return Ok(listed.start()),
            Follows::EtherByRatio if self.is_ratio => 1,
            _ if self.is_ratio => return Ok(listed.start()),
            // Not by way of billionths: ether is the track.
            Follows::Ether | Follows::EtherByRatio => {
                let (up, down) = if self.is_inverted { (start, track) } else { (track, start) };
                return Ok(UsdE8(mul_div_down(listed.start().0, up, down)?));
            }
            Follows::Market(tenths) => tenths,
        };
        let (rise, fall) = (moved.saturating_sub(billion), billion.saturating_sub(moved));
        let part = |of: U256| of.saturating_mul(U256::from(tenths)) / U256::from(10u64);
        // Nothing falls below a twentieth.
        let moved = billion.saturating_add(part(rise)).saturating_sub(part(fall)).max(billion / U256::from(20u64));
        Ok(UsdE8(mul_div_down(listed.start().0, moved, billion)?.max(U256::ONE)))
    }

    /// The pools' price: as far from the feed as the track has it, to the same side of the market.
    fn in_pool(self, listed: &Listed, feed: UsdE8, pool: u64) -> Result<UsdE8, MathError> {
        if !listed.is_volatile() || (self.is_ratio && listed.follows != Follows::EtherByRatio) {
            return Ok(feed);
        }
        let away = if self.is_inverted { (2 * MILLION).saturating_sub(pool) } else { pool };
        // Ratios stand a quarter as far away.
        let away = if self.is_ratio { (3 * MILLION).saturating_add(away) / 4 } else { away };
        Ok(UsdE8(mul_div_down(feed.0, U256::from(away), U256::from(MILLION))?))
    }
}

/// One million times `1 + amplitude × sin`, by Bhaskara's fraction for the sine of a half-turn.
fn wave(block: u64, period: u64, amplitude: u64) -> u64 {
    let degrees = block % period * 360 / period;
    let half = degrees % 180;
    let product = half * (180 - half);
    let height = amplitude * 4 * product / (40_500 - product);
    if degrees < 180 { MILLION + height } else { MILLION.saturating_sub(height) }
}
