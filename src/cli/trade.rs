//! What commands that trade start with: the venue, and the desk.

use std::time::Duration;

use super::{exit::Outcome, session::Session};
use crate::{
    config::RpcUrl,
    perps::avantis_v1::{AvantisV1, PriceService},
    trade::{Desk, TradeSettings},
};

/// How long the price service may take to answer.
const PRICE_DEADLINE: Duration = Duration::from_secs(5);

/// The venue of the session's network, recognised by its code; a price service that the command names goes before that of
/// the settings.
pub(super) async fn venue(session: &Session, price_url: Option<&RpcUrl>) -> Outcome<AvantisV1> {
    match price_url {
        Some(url) => {
            let prices = PriceService::new(Some(url.clone()), PRICE_DEADLINE)?;
            Ok(AvantisV1::recognise(&session.endpoints, prices).await?)
        }
        None => session.perps().await,
    }
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
