//! What a step is offered for: tip and fee by market and bid, within the limits, and within what the account has.

use alloy::primitives::{B256, U256};

use super::{
    ChainClient, GasShort, SendError, Sender, afford::Offer, bid::Manner, conflicts::Conflicts, fees::ceiling_key,
    gas::least_limit, gas_limit,
};
use crate::{
    chain::{BlockRef, Rejection},
    config::FeeLimits,
    plan::Plan,
    units::format_units,
};

/// The terms of a first offer.
pub(super) struct Terms {
    pub(super) offer: Offer,
    /// What it takes the place of.
    pub(super) replaces: Option<B256>,
    pub(super) limits: FeeLimits,
    /// The account's ether; `None` where nobody tells.
    ether: Option<U256>,
}

impl<W: ChainClient> Sender<W> {
    /// The terms for a step that used `gas` in simulation and sends `value` along, of an account that has `ether`.
    pub(super) async fn terms(
        &self,
        plan: &Plan,
        (value, gas): (U256, u64),
        ether: Option<U256>,
        manner: Manner,
        (rivals, head): (Option<&Conflicts>, BlockRef),
    ) -> Result<Terms, SendError> {
        let limits = self.fees.of(plan.urgency);
        let market = self.wire.fee_market(head).await?;
        let tip = manner.bid().tip(&market, plan.urgency, &limits, self.last_tip)?;
        let (fees, replaces) = match rivals {
            Some(rivals) => (rivals.beaten(&market, tip, plan.urgency, &limits)?, Some(rivals.newest.hash)),
            None => (market.fees(tip, &limits, ceiling_key(plan.urgency))?, None),
        };
        let wanted = Offer { fees, gas_limit: gas_limit(gas)? };
        // A balance that nobody tells is left to the node to judge.
        let Some(ether) = ether else { return Ok(Terms { offer: wanted, replaces, limits, ether: None }) };
        let within = |budget| wanted.within(budget, least_limit(gas), &market, replaces.is_some());
        let terms = |offer| Terms { offer, replaces, limits, ether: Some(ether) };
        match ether.checked_sub(value).and_then(within) {
            Some(offer) => Ok(terms(offer)),
            None => Err(SendError::GasShort(Box::new(terms(wanted).short(plan, value, None)))),
        }
    }
}

impl Terms {
    /// That the account cannot pay for them, with the endpoint's words where it was an endpoint that said so.
    pub(super) fn short(&self, plan: &Plan, value: U256, said: Option<String>) -> GasShort {
        let Offer { fees, gas_limit } = self.offer;
        GasShort { account: plan.signer, ether: self.ether, value, gas_limit, max_fee: fees.max_fee, said }
    }

    /// Why the endpoints refused them, with what was offered where that is what they refuse.
    pub(super) fn refused(&self, rejection: &Rejection) -> String {
        let gwei = |wei| format_units(wei, 9);
        let Offer { fees, gas_limit } = self.offer;
        match rejection {
            Rejection::FeeTooLow(said) | Rejection::ReplacementUnderpriced(said) => {
                let (fee, tip) = (gwei(fees.max_fee), gwei(fees.max_tip));
                format!("{said}; it offered up to {fee} gwei per gas, of it {tip} as tip")
            }
            Rejection::GasLimit(said) => format!("{said}; its gas limit is {gas_limit}"),
            other => other.to_string(),
        }
    }
}
