//! Settings of earlier versions that are still accepted and mean nothing any more.

use figment::value::{Dict, Value};

use super::Origin;

/// Keys, and what became of what they set.
const RETIRED: [(&str, &str); 3] = [
    (
        "rpc.pre_confirmed",
        "Base retired flashblocks on 5 November 2026: a canonical block comes every 200 ms, and the watch reads each",
    ),
    ("watch.stale_blocks", "blocks come every 200 ms now; set watch.stale_after, a duration, instead"),
    ("watch.boost.pause_blocks", "blocks come every 200 ms now; set watch.boost.pause, a duration, instead"),
];

/// The keys.
pub(super) fn keys() -> impl Iterator<Item = &'static str> {
    RETIRED.iter().map(|(key, _)| *key)
}

/// Takes retired settings out, and says of each what happened.
pub(super) fn take(values: &mut Dict, origin: &Origin) -> Vec<String> {
    let mut said = Vec::new();
    for (key, reason) in RETIRED {
        if remove(values, key) {
            said.push(format!("{key} ({origin}) has no effect and can be removed: {reason}"));
        }
    }
    said
}

fn remove(values: &mut Dict, key: &str) -> bool {
    match key.split_once('.') {
        None => values.remove(key).is_some(),
        Some((section, rest)) => match values.get_mut(section) {
            Some(Value::Dict(_, inner)) => remove(inner, rest),
            _ => false,
        },
    }
}
