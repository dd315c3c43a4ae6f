//! Targets and stops, of whole positions and of parts: what is signed goes where its path says (avantis-v2.md §3.6).

use super::{VenueServiceError, VenueServices, json::Node};
use crate::perps::avantis_v2::intent::IntentRequest;

const SERVICE: &str = "triggers";

impl VenueServices {
    /// Sends a signed update, trigger or cancellation; what comes back is the trigger's name where there is one. Acceptance is no
    /// execution: the position tells.
    pub async fn send_levels(&self, request: &IntentRequest) -> Result<Option<String>, VenueServiceError> {
        let answer = self.change(SERVICE, request.method, &request.path, request.body.clone()).await;
        let answer = match answer {
            // Accepted, in words: only the status counts.
            Err(VenueServiceError::NotJson { .. }) => return Ok(None),
            other => other?,
        };
        let root = Node::root(SERVICE, &answer);
        let renewed = root.maybe("result").and_then(|result| result.maybe("newEntityId"));
        let name = renewed.or_else(|| root.maybe("entityId"));
        name.map(|name| name.text().map(str::to_owned)).transpose()
    }
}
