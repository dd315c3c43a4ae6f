//! What every plan is made from, and the checks that several of them share.

use alloy::primitives::U256;

use super::{Fresh, PerpPosition, PerpSettings, PositionKey, Usdc, VenueSnapshot, detail_of};
use crate::{
    config::ExecutionFee,
    perps::{
        Availability, Level, PerpError, PriceE10, Side,
        avantis_v1::{Deployment, Detail, PairDetail, PriceUpdate},
    },
    plan::{Bound, Quantity, Rule},
    units::{Secs, from_decimal},
};

/// Gas that a keeper is paid for, and what is added to it (avantis-v1.md §3: 1.1 × 850 000 × gas price + 5 gwei).
const EXECUTION_GAS: u64 = 850_000;
const EXECUTION_TENTHS: u64 = 11;
const EXECUTION_FLOOR: u64 = 5_000_000_000;
/// Gas of our own transaction, approval included, above any that was measured (§4).
const OWN_GAS: u64 = 900_000;
/// A price is taken in for 30 s (§6); a plan that carries one must be in a block before that.
const PRICE_LIFE: Secs = Secs(24);

/// What every plan is made from.
#[derive(Debug, Clone, Copy)]
pub(in crate::perps::avantis_v1) struct Context<'a> {
    pub(super) at: &'a Deployment,
    pub(super) snapshot: &'a VenueSnapshot,
    pub(super) detail: &'a Detail,
    pub(super) settings: &'a PerpSettings,
    pub(super) fee: ExecutionFee,
}

impl<'a> Context<'a> {
    pub(in crate::perps::avantis_v1) fn new(
        at: &'a Deployment,
        snapshot: &'a VenueSnapshot,
        settings: &'a PerpSettings,
        fee: ExecutionFee,
    ) -> Result<Self, PerpError> {
        Ok(Self { at, snapshot, detail: detail_of(snapshot)?, settings, fee })
    }

    pub(super) fn price<'f>(&self, fresh: &'f Fresh) -> Result<&'f PriceUpdate, PerpError> {
        fresh.price.as_ref().ok_or(PerpError::NoPriceService)
    }

    pub(super) fn position(&self, key: PositionKey) -> Result<&'a PerpPosition, PerpError> {
        self.snapshot.position(key).ok_or_else(|| PerpError::NotFound {
            what: "position",
            key: key.to_string(),
            account: self.snapshot.account,
        })
    }

    pub(super) fn pair(&self, index: u64) -> Result<&'a PairDetail, PerpError> {
        self.detail.pair(index).ok_or_else(|| PerpError::Refused(format!("pair {index} is not in the snapshot")))
    }

    /// Refuses what a paused venue would.
    pub(super) fn require_running(&self) -> Result<(), PerpError> {
        let is_paused = self.snapshot.pairs.iter().any(|pair| pair.availability == Availability::Paused);
        if is_paused {
            let words = "the venue is paused: nothing can be opened, changed or closed there until it goes on";
            return Err(PerpError::Refused(words.to_owned()));
        }
        Ok(())
    }

    /// Refuses another market order when as many wait as the venue takes.
    pub(super) fn require_free_order(&self) -> Result<(), PerpError> {
        let (waiting, most) = (self.snapshot.pending.len(), self.snapshot.most_pending);
        if waiting < most {
            return Ok(());
        }
        Err(PerpError::Refused(format!(
            "{waiting} market orders wait for the venue's keeper, which is all it takes ({most}): wait until one is \
             executed or cancelled"
        )))
    }

    /// Refuses a change of a position that is being closed.
    pub(super) fn require_not_closing(position: &PerpPosition) -> Result<(), PerpError> {
        if position.closing {
            let words = format!("a close of {} {} waits for the venue's keeper already", position.pair, position.key);
            return Err(PerpError::Refused(words));
        }
        Ok(())
    }

    /// What the keeper is given for an execution, wei.
    pub(super) fn execution_fee(&self) -> U256 {
        execution_fee(self.fee, self.settings.gas_price)
    }

    /// The last moment of a plan, earlier for one that carries a price.
    pub(super) fn valid_until(&self, carries_price: bool) -> Secs {
        let life = if carries_price { self.settings.valid_for.min(PRICE_LIFE) } else { self.settings.valid_for };
        self.snapshot.block.timestamp.plus(life)
    }

    /// Ether for the value sent and for gas.
    pub(super) fn ether_bound(&self, value: U256) -> Bound {
        let gas = self.settings.gas_price.saturating_mul(U256::from(OWN_GAS));
        Bound {
            name: "ether in the wallet".to_owned(),
            rule: Rule::AtLeast,
            actual: Quantity::new(self.snapshot.native, 18, "ETH"),
            limit: Quantity::new(value.saturating_add(gas), 18, "ETH"),
            blocking: true,
            hint: "it pays gas and the keeper's execution fee".to_owned(),
        }
    }

    /// USDC that the action takes from the wallet.
    pub(super) fn usdc_bound(&self, needed: Usdc) -> Bound {
        Bound {
            name: "USDC in the wallet".to_owned(),
            rule: Rule::AtLeast,
            actual: usdc(self.snapshot.usdc),
            limit: usdc(needed),
            blocking: true,
            hint: "put in less, or fund the wallet".to_owned(),
        }
    }

    /// The venue refuses a change within so many blocks of the last one; ours can be in the next block at the earliest.
    pub(super) fn timelock_bound(&self, changeable_from: u64) -> Bound {
        Bound {
            name: "next block".to_owned(),
            rule: Rule::AtLeast,
            actual: Quantity::new(U256::from(self.snapshot.block.number.saturating_add(1)), 0, ""),
            limit: Quantity::new(U256::from(changeable_from), 0, ""),
            blocking: true,
            hint: format!("the venue takes one change in {} blocks; try again in a moment", self.detail.timelock),
        }
    }

    /// A level as a price; a distance counts from `from`, towards a win or a loss of the side.
    pub(in crate::perps::avantis_v1) fn level(
        level: Level,
        from: PriceE10,
        side: Side,
        wins: bool,
    ) -> Result<PriceE10, PerpError> {
        let field = if wins { "tp" } else { "sl" };
        let bad = |reason: &str| PerpError::Field { field, reason: reason.to_owned() };
        let distance = match level {
            Level::Price(price) if price > PriceE10::ZERO => return Ok(price),
            Level::Price(_) => return Err(bad("a price above zero is needed")),
            Level::Distance(distance) => distance,
        };
        if from_decimal(distance, 18).is_none_or(|share| share.is_zero()) {
            return Err(bad("a distance above zero is needed, such as 4%"));
        }
        let price = level.price(from, side.is_long() == wins).filter(|price| *price > PriceE10::ZERO);
        price.ok_or_else(|| bad("so far away there is no price any more"))
    }
}

/// What the keeper is given for an execution at this price of gas, wei.
pub(in crate::perps::avantis_v1) fn execution_fee(policy: ExecutionFee, gas_price: U256) -> U256 {
    match policy {
        ExecutionFee::Auto => {
            let gas = U256::from(EXECUTION_GAS * EXECUTION_TENTHS);
            (gas_price.saturating_mul(gas) / U256::from(10)).saturating_add(U256::from(EXECUTION_FLOOR))
        }
        ExecutionFee::Wei(wei) => wei,
    }
}

pub(super) fn usdc(amount: Usdc) -> Quantity {
    Quantity::new(amount.0, Usdc::DECIMALS, "USDC")
}

pub(super) fn price(price: PriceE10) -> Quantity {
    Quantity::new(price.0, PriceE10::DECIMALS, "")
}
