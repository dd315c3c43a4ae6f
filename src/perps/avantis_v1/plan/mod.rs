//! From a request and a snapshot to a plan: pure once price and quote are there.

mod cancel;
mod close;
mod context;
mod draft;
mod figures;
mod levels;
mod margin;
mod open;

use super::{
    AvantisV1, PriceUpdate, Quote,
    detail::detail_of,
    math::notional,
    positions::name_of,
    reference::{Strictness, judge},
    slot::Slot,
};
use crate::{
    perps::{
        MarginChange, OpenRequest, PairTerms, PerpError, PerpPosition, PerpRequest, PerpSettings, PositionKey, Usdc,
        VenueSnapshot,
    },
    plan::Plan,
};
use draft::Draft;

pub(super) use close::share_of;
pub(super) use context::{Context, execution_fee};

/// The name under which a plan shows what the keeper is given.
pub(super) const EXECUTION_FEE: &str = "keeper's execution fee";
/// The name under which a plan shows what the oracle takes for an update.
pub(super) const ORACLE_FEE: &str = "oracle's fee";

/// What a plan needs from outside beyond the snapshot.
#[derive(Debug, Clone, Default)]
pub(super) struct Fresh {
    /// The pair's price and what proves it.
    pub(super) price: Option<PriceUpdate>,
    /// The venue's word on an open of the requested size.
    pub(super) quote: Option<Quote>,
    /// How the price stands against the chain's.
    pub(super) notes: Vec<String>,
}

impl AvantisV1 {
    /// Asks what the request needs, then plans it.
    pub(super) async fn draft_plan(
        &self,
        request: &PerpRequest,
        snapshot: &VenueSnapshot,
        settings: &PerpSettings,
    ) -> Result<Plan, PerpError> {
        let fresh = self.fresh(request, snapshot).await?;
        let mut plan = plan(&Context::new(&self.at, snapshot, settings, self.fee)?, request, &fresh)?;
        plan.notes.extend(fresh.notes);
        Ok(plan)
    }

    async fn fresh(&self, request: &PerpRequest, snapshot: &VenueSnapshot) -> Result<Fresh, PerpError> {
        match request {
            PerpRequest::Open(open) => {
                let pair = pair_of(snapshot, open)?;
                let ordered = notional(open.margin, open.leverage)?;
                let quote = match detail_of(snapshot)?.quote(pair.index, open.side, ordered) {
                    Some(quote) => quote.clone(),
                    None => self.quote_at(snapshot.block, snapshot.account, (pair.index, open.side, ordered)).await?,
                };
                let fresh = self.price_held(snapshot, pair.index, Strictness::Confirmed).await?;
                Ok(Fresh { quote: Some(quote), ..fresh })
            }
            PerpRequest::Close { position, .. } => {
                // A position can be closed without a price; only the forecast needs one.
                match self.price_held(snapshot, Slot::of(*position)?.pair, Strictness::Told).await {
                    Ok(fresh) => Ok(fresh),
                    Err(PerpError::Prices(_) | PerpError::NoPriceService) => Ok(Fresh::default()),
                    Err(error) => Err(error),
                }
            }
            PerpRequest::Margin { position, change } => {
                let strictness = match change {
                    MarginChange::Add(_) => Strictness::Told,
                    MarginChange::Remove(_) => Strictness::Confirmed,
                };
                self.price_held(snapshot, Slot::of(*position)?.pair, strictness).await
            }
            PerpRequest::Levels { position, .. } => {
                self.price_held(snapshot, Slot::of(*position)?.pair, Strictness::NotContradicted).await
            }
            PerpRequest::Cancel { .. } => Ok(Fresh::default()),
        }
    }

    /// The price service's price of a pair, held against the chain's. Levels and limits are checked against it afterwards, and so
    /// against the chain.
    async fn price_held(
        &self,
        snapshot: &VenueSnapshot,
        pair_index: u64,
        strictness: Strictness,
    ) -> Result<Fresh, PerpError> {
        let (price, chain) = tokio::join!(self.prices.update(pair_index), self.chain_prices(snapshot, pair_index));
        let price = price?;
        let chain = match chain {
            // What is only told keeps nothing from being done.
            Err(_) if strictness == Strictness::Told => Vec::new(),
            other => other?,
        };
        let name = name_of(&snapshot.pairs, pair_index);
        let note = judge((&name, price.price), &chain, &self.check, strictness)?;
        Ok(Fresh { price: Some(price), quote: None, notes: vec![note] })
    }
}

/// Plans a request. Pure.
pub(super) fn plan(ctx: &Context<'_>, request: &PerpRequest, fresh: &Fresh) -> Result<Plan, PerpError> {
    let draft = match request {
        PerpRequest::Open(open) => {
            let (price, quote) = (ctx.price(fresh)?, fresh.quote.as_ref());
            let quote = quote.ok_or_else(|| PerpError::Refused("the venue was not asked for its spread".to_owned()))?;
            open::draft(ctx, open, price.price, quote)?
        }
        PerpRequest::Close { position, portion } => {
            let price = fresh.price.as_ref().map(|update| update.price);
            close::draft(ctx, ctx.position(*position)?, *portion, price)?
        }
        PerpRequest::Margin { position, change } => {
            margin::draft(ctx, ctx.position(*position)?, *change, ctx.price(fresh)?)?
        }
        PerpRequest::Levels { position, stop, target } => {
            levels::draft(ctx, ctx.position(*position)?, *stop, *target, ctx.price(fresh)?)?
        }
        PerpRequest::Cancel { order } => cancel::draft(ctx, *order)?,
    };
    draft.finish(ctx, request)
}

/// The pair of an open request.
fn pair_of<'a>(snapshot: &'a VenueSnapshot, request: &OpenRequest) -> Result<&'a PairTerms, PerpError> {
    snapshot.pair(&request.pair).ok_or_else(|| {
        let listed: Vec<&str> = snapshot.pairs.iter().map(|pair| pair.name.as_str()).collect();
        PerpError::UnknownPair { name: request.pair.clone(), listed: listed.join(", ") }
    })
}
