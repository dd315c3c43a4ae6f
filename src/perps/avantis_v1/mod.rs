//! Avantis v1.5 (avantis-v1.md).

pub mod math;

/// What the adapter's plans need beyond the neutral snapshot.
#[derive(Debug, Clone, Default)]
pub struct Detail {}
