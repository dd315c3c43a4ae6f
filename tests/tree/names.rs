//! A type's name means one thing in the whole program.

use std::collections::{BTreeMap, BTreeSet};

use crate::tree::Tree;

/// Names that still mean more than one thing.
const KNOWN: &[&str] = &[
    "Amount",
    "Ask",
    "AuditError",
    "Availability",
    "Bound",
    "Check",
    "Checkpoint",
    "Deployment",
    "Ending",
    "ErrorEntry",
    "ExecuteError",
    "FlashLoan",
    "FlashSource",
    "Form",
    "Funds",
    "KeyError",
    "Kind",
    "Levels",
    "Line",
    "Market",
    "Notice",
    "Order",
    "Opening",
    "OrderKind",
    "OrderState",
    "Origin",
    "Outcome",
    "PairTerms",
    "PermitKind",
    "PerpPosition",
    "Policies",
    "Quote",
    "Recorded",
    "Refusal",
    "Rejection",
    "Report",
    "Request",
    "Role",
    "Rule",
    "SimulatedCall",
    "Sources",
    "Stage",
    "Status",
    "Step",
    "Verdict",
];

#[test]
fn no_two_public_types_have_one_name() {
    let tree = Tree::read();
    let mut homes: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    // What a macro calls a type whose name it is given begins small.
    let types = tree.public_types().filter(|(_, name)| name.starts_with(char::is_uppercase));
    for (file, name) in types {
        homes.entry(name).or_default().insert(file);
    }
    assert!(homes.len() > 500, "only {} public types were found: is the reader broken?", homes.len());
    let twice: Vec<_> = homes.iter().filter(|(name, homes)| homes.len() > 1 && !KNOWN.contains(*name)).collect();
    let twice: Vec<_> = twice
        .iter()
        .map(|(name, homes)| format!("{name}: {}", homes.iter().copied().collect::<Vec<_>>().join(", ")))
        .collect();
    assert!(twice.is_empty(), "{} names:\n{}", twice.len(), twice.join("\n"));
    let gone: Vec<_> = KNOWN.iter().filter(|name| homes.get(*name).is_none_or(|homes| homes.len() < 2)).collect();
    assert!(gone.is_empty(), "these mean one thing now: take them off the list: {gone:?}");
}
