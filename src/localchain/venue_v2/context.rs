//! What the routes and the work share.

use std::sync::Arc;

use tokio::sync::{Mutex, watch};

use super::{faults::Faults, link::Link, partial_trigger::PartialTrigger, relays::Relays, tracking::Tracking};
use crate::localchain::keeper::Behaviour;

/// What the routes and the work share; cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Context {
    pub(super) link: Link,
    pub(super) behaviour: watch::Sender<Behaviour>,
    pub(super) faults: watch::Sender<Faults>,
    pub(super) tracking: Arc<Tracking>,
    pub(super) triggers: Arc<Mutex<Vec<PartialTrigger>>>,
    pub(super) relays: Arc<Relays>,
}
