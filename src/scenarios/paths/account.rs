//! The account that has to live through a path.

use alloy::primitives::{Address, U256};
use rust_decimal::Decimal;

use super::assets::{self, Listed};
use crate::{
    config::{SellConfig, Thresholds, ThresholdsConfig, WalletUse},
    journal::{LoopPosition, LoopTerms, Origin, PositionId, Stamp},
    loops::KnownLoop,
    units::{Bps, MathError, Millis, mul_div_down, mul_div_up},
};

/// Two dollars, 8 decimals: nothing that is drawn on purpose is worth less.
const DUST: U256 = U256::from_limbs([200_000_000, 0, 0, 0]);

/// What is supplied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DrawnSupply {
    /// Token.
    pub token: Address,
    /// Smallest unit.
    pub amount: U256,
    /// Whether it backs debt.
    pub is_collateral: bool,
}

/// An account where a path begins, and what its owner allows.
#[derive(Debug, Clone, PartialEq)]
pub struct DrawnAccount {
    /// Supplies, dust included.
    pub supplies: Vec<DrawnSupply>,
    /// Debts, smallest unit.
    pub debts: Vec<(Address, U256)>,
    /// Tokens in the wallet, smallest unit.
    pub wallet: Vec<(Address, U256)>,
    /// Aave's e-mode, 0 for none.
    pub emode: u8,
    /// What the journal opened or adopted of it.
    pub loops: Vec<KnownLoop>,
    /// Thresholds of what has none of its own.
    pub thresholds: ThresholdsConfig,
    /// What may be sold.
    pub sell: SellConfig,
    /// What of the wallet may be used.
    pub use_wallet: WalletUse,
}

/// A part of an account that the journal knows, as it is drawn.
#[derive(Debug, Clone, Copy)]
pub(super) struct DrawnLoop {
    pub(super) collateral: (Address, U256),
    pub(super) debt: (Address, U256),
}

impl DrawnAccount {
    /// A loop of WETH against USDC in an account that has nothing else and whose owner allows all.
    pub(super) fn of_pair(collateral: U256, debt: U256, wallet: U256, thresholds: Thresholds) -> Self {
        let (ether, dollar) = (assets::ALL[assets::ETHER].token, assets::ALL[assets::DOLLAR].token);
        Self {
            supplies: vec![DrawnSupply { token: ether, amount: collateral, is_collateral: true }],
            debts: vec![(dollar, debt)],
            wallet: vec![(dollar, wallet)],
            emode: 0,
            loops: vec![DrawnLoop { collateral: (ether, collateral), debt: (dollar, debt) }.known(
                0,
                0,
                Some(thresholds),
            )],
            thresholds: ThresholdsConfig { volatile: thresholds, ..ThresholdsConfig::default() },
            sell: SellConfig::All,
            use_wallet: WalletUse::Everything,
        }
    }

    /// Collateral, debt and the wallet's part of the debt asset of an account that has one of each.
    #[must_use]
    pub fn pair(&self) -> Option<(U256, U256, U256)> {
        let ([supply], [(debt, owed)]) = (self.supplies.as_slice(), self.debts.as_slice()) else { return None };
        let wallet = self.wallet.iter().find(|(token, _)| token == debt).map_or(U256::ZERO, |(_, amount)| *amount);
        Some((supply.amount, *owed, wallet))
    }

    /// How many collaterals and how many debts there are, dust left out.
    #[must_use]
    pub fn size(&self) -> (usize, usize) {
        let matters = |token: Address, amount: U256| {
            assets::of(token).and_then(|listed| value(listed, amount).ok()).is_some_and(|value| value > DUST)
        };
        let held = self.supplies.iter().filter(|supply| supply.is_collateral && matters(supply.token, supply.amount));
        (held.count(), self.debts.iter().filter(|(token, amount)| matters(*token, *amount)).count())
    }

    /// Every token that it has or owes.
    pub(super) fn tokens(&self) -> impl Iterator<Item = Address> {
        let supplied = self.supplies.iter().map(|supply| supply.token);
        supplied.chain(self.debts.iter().chain(&self.wallet).map(|(token, _)| *token))
    }

    /// Values of collateral and debt where paths begin, USD with 8 decimals.
    pub fn values(&self) -> Result<(U256, U256), MathError> {
        let add = |sum: U256, (token, amount): (Address, U256)| {
            let value = assets::of(token).map_or(Ok(U256::ZERO), |listed| value(listed, amount))?;
            Ok::<_, MathError>(sum.saturating_add(value))
        };
        let backing = self.supplies.iter().filter(|supply| supply.is_collateral);
        let collateral = backing.map(|supply| (supply.token, supply.amount)).try_fold(U256::ZERO, add)?;
        Ok((collateral, self.debts.iter().copied().try_fold(U256::ZERO, add)?))
    }

    /// Leverage where the path begins, thousandths.
    #[must_use]
    pub fn leverage(&self) -> u64 {
        let Ok((collateral, debt)) = self.values() else { return 0 };
        let equity = collateral.saturating_sub(debt).max(U256::ONE);
        (collateral.saturating_mul(U256::from(1_000u64)) / equity).saturating_to()
    }
}

impl DrawnLoop {
    /// As the journal has it.
    pub(super) fn known(&self, number: u64, emode: u8, thresholds: Option<Thresholds>) -> KnownLoop {
        let terms = LoopTerms {
            e_mode: emode,
            thresholds: serde_json::Value::Null,
            collateral_principal: self.collateral.1,
            debt_principal: self.debt.1,
            collateral_index: Some(crate::aave::math::RAY),
            debt_index: Some(crate::aave::math::RAY),
        };
        let position = LoopPosition {
            id: PositionId::derive(Millis(number), &number.to_be_bytes()),
            origin: Origin::Opened,
            paper: false,
            collateral: self.collateral.0,
            debt: self.debt.0,
            terms,
            opened_by: None,
            closed_by: None,
            realised: None,
            opened: Stamp::default(),
            updated: Stamp::default(),
            closed: None,
        };
        KnownLoop { position, thresholds }
    }
}

/// What an amount is worth where paths begin, USD with 8 decimals.
pub(super) fn value(listed: &Listed, amount: U256) -> Result<U256, MathError> {
    mul_div_down(amount, listed.start().0, listed.unit())
}

/// The amount of a value where paths begin, rounded up.
pub(super) fn amount_of(listed: &Listed, value: U256) -> Result<U256, MathError> {
    mul_div_up(value, listed.unit(), listed.start().0)
}

/// Thresholds and a shock between one and the health factor where an account opens: warn at three fifths of the room, trigger
/// at half, …
pub(super) fn thresholds_within(opened: Decimal) -> Thresholds {
    let room = opened.saturating_sub(Decimal::ONE);
    let at =
        |hundredths: i64| Decimal::ONE.saturating_add(room.saturating_mul(Decimal::new(hundredths, 2))).round_dp(6);
    let (urgent, trigger) = (at(25), at(50));
    Thresholds {
        warn: at(60),
        trigger,
        target: at(95),
        urgent,
        headroom: at(80).saturating_sub(trigger),
        stress: room.saturating_mul(Decimal::new(25, 2)).round_dp(6),
    }
}

/// Up to this leverage, in thousandths, loops of WETH against USDC open with the default thresholds.
const DEFAULT_UP_TO: u64 = 3_050;
/// Liquidation threshold of WETH on Base (base-replica.md §2).
const THRESHOLD: Bps = Bps(8_300);

/// The default thresholds up to 3.05x; above, those that fit between one and where the loop opens: HF = LT × L / (L − 1).
pub(super) fn thresholds_for(leverage: u64) -> Thresholds {
    if leverage <= DEFAULT_UP_TO {
        return ThresholdsConfig::default().volatile;
    }
    let leverage = Decimal::from(leverage);
    thresholds_within(THRESHOLD.to_decimal().saturating_mul(leverage) / leverage.saturating_sub(Decimal::ONE_THOUSAND))
}
