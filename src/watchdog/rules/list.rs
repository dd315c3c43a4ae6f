//! The rules, in order: what comes first is the more pressing. A further rule is a file with its function, and its line here.

use super::{LoopFacts, PerpFacts, round::Round};

/// A rule about an account as a whole.
pub(super) type AccountRule = fn(&mut Round<'_>);
/// A rule about each of its loops.
pub(super) type LoopRule = fn(&mut Round<'_>, &LoopFacts);
/// A rule about each of its perps.
pub(super) type PerpRule = fn(&mut Round<'_>, &PerpFacts);

/// Before the loops'.
pub(super) const OF_ACCOUNT: [AccountRule; 5] = [
    |round| round.changes(),
    |round| round.nonce(),
    |round| round.gas(),
    |round| round.oracle_age(),
    |round| round.health(),
];

/// On each loop in turn.
pub(super) const OF_LOOPS: [LoopRule; 2] = [|round, held| round.interest(held), |round, held| round.price_exit(held)];

/// When nothing above called for an action.
pub(super) const AT_LEISURE: [AccountRule; 1] = [|round| round.boost()];

/// On each perp in turn.
pub(super) const OF_PERPS: [PerpRule; 4] = [
    |round, perp| round.market_status(perp),
    |round, perp| round.stop_missed(perp),
    |round, perp| round.loss_guard(perp),
    |round, perp| round.liquidation_distance(perp),
];
