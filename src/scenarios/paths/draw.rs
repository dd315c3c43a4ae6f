//! Accounts as they are drawn: one to four collaterals, one to three debts, long, short and correlated, with deposits, dust,
//! parts that no journal knows, and owners who allow more or less.

use std::collections::BTreeSet;

use alloy::primitives::{Address, U256};
use rust_decimal::Decimal;

use super::{
    DrawnAccount, DrawnSupply, Form, Kind, Step,
    account::{DrawnLoop, amount_of, thresholds_within, value},
    assets::{self, ALL, Choice, DOLLAR, EMODE, EMODE_THRESHOLD, ETHER, Follows, Number},
    rng::Rng,
    shape::{Shape, draw_deposit},
    track::DEEP,
};
use crate::{
    config::{SellConfig, ThresholdsConfig, WalletUse},
    units::{MathError, mul_div_down},
};

/// Health factors between which accounts open, thousandths: by the default thresholds of their class, or by their own.
const VOLATILE: (u64, u64) = (1_231, 2_200);
const CORRELATED: (u64, u64) = (1_036, 1_150);
const OWN_THRESHOLDS: (u64, u64) = (1_080, 1_230);

/// A drawn account, and what its path needs to know of it.
#[derive(Debug)]
pub(super) struct Drawing {
    pub(super) account: DrawnAccount,
    /// It loses when the market rises.
    pub(super) is_short: bool,
    pub(super) form: Form,
    /// What strangers supply on its owner's behalf during the path.
    strangers: Vec<Number>,
}

impl Drawing {
    pub(super) fn draw(dice: &mut Rng, of: &Choice) -> Result<Self, MathError> {
        let shape = Shape::draw(dice, of);
        let deposit = draw_deposit(&shape, dice, of);
        // A deposit counts as collateral like everything else.
        let backing = deposit.filter(|(_, is_collateral)| *is_collateral).map(|(asset, _)| asset);
        let counted: Vec<Number> = shape.collaterals.iter().copied().chain(backing).collect();
        let is_correlated =
            shape.emode == EMODE && counted.iter().all(|asset| shape.threshold(*asset) == EMODE_THRESHOLD);
        let has_own = !is_correlated && dice.one_in(5);
        let (least, most) = match (is_correlated, has_own) {
            (true, _) => CORRELATED,
            (false, true) => OWN_THRESHOLDS,
            (false, false) => VOLATILE,
        };
        // Two thirds open just above the floor: there a path has something to do.
        let near = least.saturating_add(120).min(most);
        let up_to = if dice.one_in(3) { most } else { near };
        let health = dice.between(least, up_to);
        // From 100 dollars on: each power of ten as often as the next.
        let power = 10u64.pow(u32::try_from(dice.between(2, of.powers)).unwrap_or(2));
        let equity = dice.between(power, power.saturating_mul(10)).saturating_mul(100_000_000);
        let weights: Vec<u64> = counted.iter().map(|_| dice.between(2, 10)).collect();
        let all: u64 = weights.iter().sum();
        let weighted: u64 =
            counted.iter().zip(&weights).map(|(asset, weight)| shape.threshold(*asset).saturating_mul(*weight)).sum();
        // C = E × HF / (HF − LT), D = C − E.
        let (top, threshold) = (health.saturating_mul(10), weighted / all);
        let collateral =
            mul_div_down(U256::from(equity), U256::from(top), U256::from(top.saturating_sub(threshold).max(1)))?;
        let debt = collateral.saturating_sub(U256::from(equity));
        let mut supplies = Vec::new();
        for (asset, weight) in counted.iter().zip(&weights) {
            let part = mul_div_down(collateral, U256::from(*weight), U256::from(all))?;
            let amount = amount_of(&ALL[*asset], part)?;
            supplies.push(DrawnSupply { token: ALL[*asset].token, amount, is_collateral: true });
        }
        let debts = split(&shape.debts, debt, dice)?;
        let thresholds = has_own.then(|| thresholds_within(Decimal::new(i64::try_from(health).unwrap_or_default(), 3)));
        let defaults = ThresholdsConfig::default();
        let loops = draw_loops(&shape, &supplies, &debts, dice);
        let known = (0u64..).zip(loops).map(|(number, part)| part.known(number, shape.emode, thresholds)).collect();
        let mut account = DrawnAccount {
            sell: draw_sell(&supplies, dice),
            use_wallet: draw_wallet_use(&debts, dice),
            wallet: draw_wallet(&supplies, &debts, dice)?,
            supplies,
            debts,
            emode: shape.emode,
            loops: known,
            thresholds: ThresholdsConfig { volatile: thresholds.unwrap_or(defaults.volatile), ..defaults },
        };
        if let Some((asset, false)) = deposit {
            let part = collateral.saturating_mul(U256::from(dice.between(2, 40))) / U256::from(100u64);
            let amount = amount_of(&ALL[asset], part)?;
            account.supplies.push(DrawnSupply { token: ALL[asset].token, amount, is_collateral: false });
        }
        if dice.one_in(4) {
            let (token, amount) = dust(dice.count(0, 7), dice)?;
            account.receive(token, amount);
        }
        let strangers =
            if dice.one_in(2) { (0..dice.count(1, 4)).map(|_| dice.count(0, 7)).collect() } else { Vec::new() };
        let is_short = is_short(&account)?;
        let form = match (shape.emode == EMODE, counted.as_slice(), shape.debts.as_slice()) {
            (true, ..) if is_correlated => Form::Correlated,
            (true, ..) => Form::CorrelatedBeside,
            _ if is_short => Form::Short,
            (_, [ETHER], [DOLLAR]) => Form::Pair,
            (_, [_], [_]) => Form::OtherPair,
            _ => Form::Several,
        };
        Ok(Self { is_short, form, account, strangers })
    }

    /// Every token whose price the path needs.
    pub(super) fn tokens(&self) -> BTreeSet<Address> {
        let strangers = self.strangers.iter().map(|asset| ALL[*asset].token);
        self.account.tokens().chain(strangers).chain([ALL[ETHER].token, ALL[DOLLAR].token]).collect()
    }

    /// What besides prices happens: the order in the block, what strangers supply, a reserve that is lent out.
    pub(super) fn trouble(&self, dice: &mut Rng, kind: Kind, steps: &mut [Step]) {
        if dice.one_in(2) {
            for step in steps.iter_mut() {
                step.is_price_first = dice.one_in(3);
            }
        }
        let last = steps.len().saturating_sub(1) as u64;
        for asset in &self.strangers {
            let at = dice.count(1, last.max(1));
            if let (Some(step), Ok(arrival)) = (steps.get_mut(at), dust(*asset, dice)) {
                step.arrivals.push(arrival);
            }
        }
        if matches!(kind, Kind::Dry | Kind::Mixed) && dice.one_in(3) {
            let collateral = dice.some_of(&self.account.supplies, 1);
            let from = dice.count(1, last.max(1));
            for (at, step) in steps.iter_mut().enumerate() {
                let is_dry = step.depth < DEEP || (from..from.saturating_add(20)).contains(&at);
                step.lent_out = collateral.first().map(|supply| supply.token).filter(|_| is_dry);
            }
        }
    }
}

impl DrawnAccount {
    /// A supply on the owner's behalf: the first of an asset backs debt where anything can be borrowed against it.
    fn receive(&mut self, token: Address, amount: U256) {
        if let Some(supply) = self.supplies.iter_mut().find(|supply| supply.token == token) {
            supply.amount = supply.amount.saturating_add(amount);
            return;
        }
        let is_collateral = assets::of(token).is_some_and(|listed| listed.ltv > 0);
        self.supplies.push(DrawnSupply { token, amount, is_collateral });
    }
}

/// A value in parts of drawn sizes.
fn split(of: &[Number], value: U256, dice: &mut Rng) -> Result<Vec<(Address, U256)>, MathError> {
    let weights: Vec<u64> = of.iter().map(|_| dice.between(2, 10)).collect();
    let all: u64 = weights.iter().sum();
    let part = |(asset, weight): (&Number, &u64)| {
        let listed = &ALL[*asset];
        let part = mul_div_down(value, U256::from(*weight), U256::from(all))?;
        Ok((listed.token, mul_div_down(part, listed.unit(), listed.start().0)?))
    };
    of.iter().zip(&weights).map(part).collect()
}

/// Which parts the journal opened or adopted: all, some, half of each, or none.
fn draw_loops(shape: &Shape, supplies: &[DrawnSupply], debts: &[(Address, U256)], dice: &mut Rng) -> Vec<DrawnLoop> {
    let (held, owed) = (shape.collaterals.len(), debts.len());
    let count = held.max(owed);
    let adopted = dice.between(0, 9);
    let users = |of: usize, at: usize| (0..count).filter(|other| other % of == at % of).count() as u64;
    let mut loops = Vec::new();
    for at in 0..count {
        let (Some(supply), Some((debt, amount))) = (supplies.get(at % held), debts.get(at % owed)) else { continue };
        let is_known = match adopted {
            0..=5 | 8 => true,
            6 | 7 => dice.one_in(2),
            _ => false,
        };
        if !is_known || supply.token == *debt {
            continue;
        }
        let share = if adopted == 8 { 2 } else { 1 };
        let part = |amount: U256, users: u64| amount / U256::from(users.saturating_mul(share).max(1));
        loops.push(DrawnLoop {
            collateral: (supply.token, part(supply.amount, users(held, at))),
            debt: (*debt, part(*amount, users(owed, at))),
        });
    }
    loops
}

fn draw_sell(supplies: &[DrawnSupply], dice: &mut Rng) -> SellConfig {
    match dice.between(0, 9) {
        0..=4 => SellConfig::Loops,
        5 | 6 => SellConfig::All,
        _ => {
            let held: Vec<&str> =
                supplies.iter().filter_map(|supply| assets::of(supply.token)).map(|listed| listed.symbol).collect();
            let count = dice.count(1, held.len().max(1) as u64);
            SellConfig::Assets(dice.some_of(&held, count).into_iter().map(str::to_owned).collect())
        }
    }
}

fn draw_wallet_use(debts: &[(Address, U256)], dice: &mut Rng) -> WalletUse {
    match dice.between(0, 4) {
        0..=2 => WalletUse::Nothing,
        3 => WalletUse::Everything,
        _ => {
            let owed: Vec<&str> =
                debts.iter().filter_map(|(token, _)| assets::of(*token)).map(|listed| listed.symbol).collect();
            WalletUse::Assets(dice.some_of(&owed, 1).into_iter().map(str::to_owned).collect())
        }
    }
}

/// A third keeps up to a fifth of each debt in the wallet, a sixth up to a tenth of a collateral.
fn draw_wallet(
    supplies: &[DrawnSupply],
    debts: &[(Address, U256)],
    dice: &mut Rng,
) -> Result<Vec<(Address, U256)>, MathError> {
    let mut wallet = Vec::new();
    if dice.one_in(3) {
        for (token, amount) in debts {
            wallet.push((*token, mul_div_down(*amount, U256::from(dice.between(1, 20)), U256::from(100u64))?));
        }
    }
    if dice.one_in(6) {
        for supply in dice.some_of(supplies, 1) {
            let amount = mul_div_down(supply.amount, U256::from(dice.between(1, 10)), U256::from(100u64))?;
            if wallet.iter().all(|(token, _)| *token != supply.token) {
                wallet.push((supply.token, amount));
            }
        }
    }
    Ok(wallet)
}

/// What a stranger supplies: next to nothing, or up to 90 cents.
fn dust(asset: Number, dice: &mut Rng) -> Result<(Address, U256), MathError> {
    let listed = &ALL[asset.min(ALL.len() - 1)];
    let amount = match dice.one_in(2) {
        true => U256::from(dice.between(10, 1_000)),
        false => amount_of(listed, U256::from(dice.between(1, 90).saturating_mul(1_000_000)))?,
    };
    Ok((listed.token, amount))
}

/// Whether what is owed of what moves is worth more than what is held of it.
fn is_short(account: &DrawnAccount) -> Result<bool, MathError> {
    let moved = |(token, amount): (Address, U256)| {
        let Some(listed) = assets::of(token) else { return Ok(U256::ZERO) };
        let tenths = match listed.follows {
            Follows::Currency => 0,
            Follows::Ether | Follows::EtherByRatio => 10,
            Follows::Market(tenths) => tenths,
        };
        Ok::<_, MathError>(value(listed, amount)?.saturating_mul(U256::from(tenths)))
    };
    let (mut long, mut short) = (U256::ZERO, U256::ZERO);
    for supply in account.supplies.iter().filter(|supply| supply.is_collateral) {
        long = long.saturating_add(moved((supply.token, supply.amount))?);
    }
    for debt in &account.debts {
        short = short.saturating_add(moved(*debt)?);
    }
    Ok(short > long)
}
