//! What commands that trade start with: the venue, and the desk.

use std::time::Duration;

use super::{
    exit::{Exit, Failure, Outcome},
    session::Session,
};
use crate::{
    config::RpcUrl,
    localchain::{self, Cache, LocalKind},
    perps::avantis_v1::{AvantisV1, PriceService},
    trade::{Desk, TradeSettings},
};

/// How long the price service may take to answer.
const PRICE_DEADLINE: Duration = Duration::from_secs(5);

/// The venue of the session's network, recognised by its code.
pub(super) async fn venue(session: &Session, price_url: Option<&RpcUrl>) -> Outcome<AvantisV1> {
    let url = match price_url {
        Some(url) => Some(url.clone()),
        None => price_url_of_keeper(session).await?,
    };
    session.recognise(PriceService::new(url, PRICE_DEADLINE)?).await
}

/// The price service of the keeper that runs beside the local chain this session talks to.
async fn price_url_of_keeper(session: &Session) -> Outcome<Option<RpcUrl>> {
    if session.identity.is_live() {
        return Ok(None);
    }
    let cache = Cache::find()?;
    for kind in [LocalKind::Replica, LocalKind::Fork] {
        let Some(status) = localchain::status(&cache, kind).await? else { continue };
        let here = status.instance.url.parse::<RpcUrl>().ok();
        let Some(keeper) =
            status.instance.keeper.filter(|_| here.is_some_and(|u| session.config.rpc.urls.contains(&u)))
        else {
            continue;
        };
        return Ok(Some(keeper.price_url.parse().map_err(|error| Failure::message(Exit::Bug, error))?));
    }
    Ok(None)
}

/// Everything a trade of the session's account needs.
pub(super) async fn desk(session: &Session, price_url: Option<&RpcUrl>) -> Outcome<Desk<AvantisV1>> {
    session.trust_composer().await?;
    let venue = venue(session, price_url).await?;
    desk_with(session, venue).await
}

/// The same with any venue, or none.
pub(super) async fn desk_with<V>(session: &Session, venue: V) -> Outcome<Desk<V>> {
    Ok(Desk {
        endpoints: session.endpoints.clone(),
        reserves: session.reserves().await?,
        venue,
        account: session.account().await?,
        settings: TradeSettings::from(&session.config),
        clock: session.clock.clone(),
        network: session.network().as_str().to_owned(),
        live: session.identity.is_live(),
    })
}
