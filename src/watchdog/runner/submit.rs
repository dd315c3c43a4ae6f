//! A plan that is carried out for a command: checked on the state of its moment, signed by the seat; a trim goes before it.

use super::{WatchedAccount, account::SignerAccess, carried::Carried, give_way::Heads, no_key::no_key};
use crate::{
    actions::{self, PlanKind},
    chain::Reader,
    plan::{Plan, check},
    trade::refuse_while_paused,
    watchdog::ops::Refused,
};

impl WatchedAccount {
    /// Checks, simulates and sends a plan. When a trim is due meanwhile, the plan gives way: at the perp venue wherever it
    /// stands, elsewhere as soon as the sender can be called away.
    pub(super) async fn submit(&mut self, plan: Plan, heads: &Heads) -> Result<Carried, Refused> {
        let office = self.office.clone();
        office.sends()?;
        let kind = PlanKind::of(&plan).map_err(|error| Refused::new(4, error.to_string()))?;
        let head = Reader::head(&office.endpoints).await.map_err(|error| Refused::new(6, error.to_string()))?;
        let reader = self.journal_reader().ok_or_else(no_key)?;
        refuse_while_paused(reader, &plan).map_err(|error| Refused::new(error.exit_code(), error.to_string()))?;
        let helps = actions::added_risk(&plan, &kind).is_none();
        let approved = check(plan, &office.network, head.timestamp)
            .map_err(|refusal| Refused::new(4, format!("refused: {refusal}")))?;
        let is_perp = matches!(kind, PlanKind::Perp(_));
        if !is_perp {
            self.memory.expect_change();
        }
        let lookout = self.lookout(heads)?;
        let SignerAccess::Sender(sender) = &mut self.hands else { return Err(no_key()) };
        let sending = actions::send(sender, office.venue.as_deref(), &*office.clock, approved);
        let sending = Box::pin(sending);
        let carried = match (is_perp, helps) {
            (true, _) => lookout.instead(sending).await.map_or(Ok(Carried::GaveWay), Carried::of),
            (false, true) => Carried::of(lookout.beside_help(sending).await),
            (false, false) => Carried::of(lookout.beside(sending).await),
        };
        self.gave_way |= matches!(carried, Ok(Carried::GaveWay));
        // Whatever it did to a loop, older heads do not show it.
        if !is_perp && let Ok(head) = Reader::head(&office.endpoints).await {
            self.acted_in = Some(head.number);
        }
        carried
    }
}
