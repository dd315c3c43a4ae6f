//! The actions: what is light is done at once, of what is heavy the most pressing.

use super::{ActionReport, HeadSnapshot, WatchError, WatchedAccount, account::SignerAccess};
use crate::{
    config::Urgency,
    loops::{LoopSnapshot, MovingPrice, Pair, Payout, Request, Scope, Settings, Share, Target, execute, plan},
    plan::check,
    units::Wad,
    watchdog::{
        protection::decimal,
        rules::{AccountFacts, Action, ExitTo, PairKey},
    },
};

impl WatchedAccount {
    /// Does the most pressing of the actions; those that only concern us are done beside it.
    pub(super) async fn act(
        &mut self,
        actions: &[Action],
        seen: &HeadSnapshot,
        facts: &AccountFacts,
    ) -> Result<Option<ActionReport>, WatchError> {
        for action in actions {
            match action {
                // Every question already goes to the healthiest endpoint, and a head that is older than the limit is
                // refused; nothing is left to do here but to say so.
                Action::SwitchRpc => {
                    tracing::warn!(account = %self.account, "stale head: waiting for another endpoint")
                }
                // The sender takes the chain's nonce by itself; what was planned on the old one is not used any more.
                Action::ResyncNonce { nonce } => {
                    tracing::warn!(account = %self.account, nonce, "going on from the chain's nonce");
                    self.memory.expect_change();
                }
                Action::Arm(trim) => return Box::pin(self.arm(trim, seen)).await.map(Some),
                Action::Trim(trim) => return Box::pin(self.trim(trim, seen, facts)).await.map(Some),
                Action::Exit { pair, to } => {
                    let (request, urgency) = match to {
                        ExitTo::Closed => {
                            (Request::Close { share: Share::All, payout: payout(pair, seen) }, Urgency::Trim)
                        }
                        ExitTo::Leverage(leverage) => {
                            (Request::Adjust { target: Target::Leverage(*leverage) }, Urgency::Trim)
                        }
                    };
                    return Box::pin(self.ordinary(action, &request, pair, Some(urgency), (seen, facts)))
                        .await
                        .map(Some);
                }
                Action::Boost { pair, target } => {
                    let request = boost_to(*target);
                    return Box::pin(self.ordinary(action, &request, pair, None, (seen, facts))).await.map(Some);
                }
                Action::TightenStop { .. } | Action::TopUpMargin { .. } => {
                    return Box::pin(self.act_on_perp(action)).await.map(Some);
                }
            }
        }
        Ok(None)
    }

    /// A plan that protects nothing, or is in no haste: it is refused by the bounds of opening, and gives way to a trim.
    async fn ordinary(
        &mut self,
        action: &Action,
        request: &Request,
        key: &PairKey,
        urgency: Option<Urgency>,
        (seen, facts): (&HeadSnapshot, &AccountFacts),
    ) -> Result<ActionReport, WatchError> {
        let acted = |mined_in, words| ActionReport { action: action.clone(), attempts: Vec::new(), mined_in, words };
        let Some((pair, snapshot)) = self.find(key, seen) else {
            return Ok(acted(None, format!("{key} was not read at this head")));
        };
        let basis = self.basis(seen)?;
        let is_it = |known: &&crate::loops::KnownLoop| {
            known.position.collateral == key.collateral && known.position.debt == key.debt
        };
        let what = format!("{request:?} {key}");
        let base = basis.settings(&what, urgency, Scope::Loop, None);
        let own = basis.known.iter().find(is_it).and_then(|known| known.thresholds);
        let settings = Settings { thresholds: own.unwrap_or(facts.thresholds), ..base };
        let hubs = LoopSnapshot::hubs(&seen.list);
        let planned = match plan(request, &snapshot, &pair, &settings, &hubs) {
            Ok(planned) => planned,
            Err(error) => return Ok(acted(None, format!("{key}: not planned: {error}"))),
        };
        let approved = match check(planned, &self.office.network, snapshot.block.timestamp) {
            Ok(approved) => approved,
            Err(refusal) => return Ok(acted(None, format!("{key}: refused: {refusal}"))),
        };
        let headline = approved.get().headline.clone();
        let office = self.office.clone();
        let SignerAccess::Sender(sender) = &mut self.hands else {
            return Ok(acted(None, format!("{key}: this account is only watched: no key")));
        };
        if office.shadow {
            return Ok(acted(None, format!("{key}: shadow: would have sent `{headline}`")));
        }
        Ok(match Box::pin(execute(sender, &*office.clock, approved)).await {
            Ok(report) if report.outcome.is_mined() => {
                let block = report.outcome.done.last().map(|step| step.receipt.block_number);
                acted(block, format!("{key}: {headline}: mined"))
            }
            Ok(report) => acted(None, format!("{key}: {headline}: {}", (office.words)(&report.outcome))),
            Err(error) => acted(None, format!("{key}: {headline}: {error}")),
        })
    }

    fn find(&self, key: &PairKey, seen: &HeadSnapshot) -> Option<(Pair, LoopSnapshot)> {
        let pair = seen.observation.pair(key.collateral, key.debt)?;
        let snapshot = seen.observation.snapshot(self.account, &pair)?;
        Some((pair, snapshot))
    }
}

/// In what a loop that is left at a price is paid out.
fn payout(pair: &PairKey, seen: &HeadSnapshot) -> Payout {
    let market = &seen.observation.market;
    match (market.reserve(pair.collateral), market.reserve(pair.debt)) {
        (Ok(collateral), Ok(debt)) => MovingPrice::of(collateral, debt).payout(),
        _ => Payout::Debt,
    }
}

fn boost_to(target: Wad) -> Request {
    Request::Adjust { target: Target::HealthFactor(decimal(target)) }
}
