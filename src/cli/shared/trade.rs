//! What commands that trade start with: the venue, and the desk.

use super::{
    exit::{Exit, Outcome},
    session::Session,
};
use crate::{
    aave::ReserveList,
    perps::Venue,
    trade::{TradeContext, TradeSettings},
};

/// Everything a trade of the session's account needs.
pub(in crate::cli) async fn desk(session: &Session) -> Outcome<TradeContext> {
    let (composer, venue, reserves) = tokio::join!(session.trust_composer(), session.perps(), session.reserves());
    composer?;
    desk_of(session, Some(venue?), reserves?).await
}

/// The same where what closes is asked for: a venue that this program does not know keeps nobody from closing loops.
pub(in crate::cli) async fn desk_as_far_as_known(session: &Session) -> Outcome<TradeContext> {
    let (composer, venue, reserves) = tokio::join!(session.trust_composer(), session.perps(), session.reserves());
    composer?;
    let venue = match venue {
        Ok(venue) => Some(venue),
        Err(failure) if failure.exit == Exit::Configuration => {
            session.output.note(format!("warning: {}; loops are closed all the same", failure.report));
            None
        }
        Err(failure) => return Err(failure),
    };
    desk_of(session, venue, reserves?).await
}

/// The same with any venue, or none.
pub(in crate::cli) async fn desk_with(session: &Session, venue: Option<Venue>) -> Outcome<TradeContext> {
    desk_of(session, venue, session.reserves().await?).await
}

async fn desk_of(session: &Session, venue: Option<Venue>, reserves: ReserveList) -> Outcome<TradeContext> {
    Ok(TradeContext {
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
