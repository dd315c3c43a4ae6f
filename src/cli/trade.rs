//! What commands that trade start with: the venue, and the desk.

use super::{exit::Outcome, session::Session};
use crate::{
    aave::ReserveList,
    perps::avantis_v1::AvantisV1,
    trade::{Desk, TradeSettings},
};

/// Everything a trade of the session's account needs.
pub(super) async fn desk(session: &Session) -> Outcome<Desk<AvantisV1>> {
    let (composer, venue, reserves) = tokio::join!(session.trust_composer(), session.perps(), session.reserves());
    composer?;
    desk_of(session, venue?, reserves?).await
}

/// The same with any venue, or none.
pub(super) async fn desk_with<V>(session: &Session, venue: V) -> Outcome<Desk<V>> {
    desk_of(session, venue, session.reserves().await?).await
}

async fn desk_of<V>(session: &Session, venue: V, reserves: ReserveList) -> Outcome<Desk<V>> {
    Ok(Desk {
        endpoints: session.endpoints.clone(),
        reserves,
        venue,
        account: session.account().await?,
        settings: TradeSettings::from(&session.config),
        clock: session.clock.clone(),
        network: session.network().as_str().to_owned(),
        live: session.identity.is_live(),
    })
}
