//! The watch of the simulation: the program's rules, protection, ladder and plans, on one head after the other.

use alloy::primitives::U256;

use super::{
    DrawnAccount,
    look::{Climbed, Head, Look, Sent},
    market::{OWNER, feeds},
};
use crate::{
    aave::{AccountState, Market, StateError},
    config::{BoundsConfig, FeesConfig, WatchConfig},
    dex::{USDC, WETH},
    loops::{KnownLoop, Request, Scope, Settings, SideChange, Target, plan, terms_after},
    plan::check,
    units::{Millis, Secs},
    watchdog::{
        protection::{Basis, Pursuit, decimal},
        rules::{AccountFacts, Action, Memory, PairKey, Sources, evaluate},
    },
};

/// The network's name: plans are for nowhere else.
pub(super) const NETWORK: &str = "crash-path";

/// A watch.
#[derive(Debug)]
pub(super) struct Watcher<'a> {
    watch: WatchConfig,
    bounds: &'a BoundsConfig,
    drawn: &'a DrawnAccount,
    memory: Memory,
    pursuit: Option<Pursuit>,
    known: Vec<KnownLoop>,
}

impl<'a> Watcher<'a> {
    pub(super) fn new(drawn: &'a DrawnAccount, watch: &WatchConfig, bounds: &'a BoundsConfig) -> Self {
        let watch = WatchConfig { sell: drawn.sell.clone(), use_wallet: drawn.use_wallet.clone(), ..watch.clone() };
        Self { watch, bounds, drawn, memory: Memory::default(), pursuit: None, known: drawn.loops.clone() }
    }

    /// Reads a head, decides, and plans what is to be sent.
    pub(super) fn look(&mut self, head: &Head<'_>) -> Result<Look, StateError> {
        let facts = self.facts(head)?;
        let mut pursuit = self.pursuit.take();
        if let Some(pursuit) = pursuit.take_if(|pursuit| pursuit.goes_on(&facts, self.watch.act_on_feed)) {
            let (wanted, is_first_part) = (Some(pursuit.trim.clone()), pursuit.is_first());
            let climbed = self.climb(head, &facts, &pursuit)?;
            self.pursuit = climbed.sent.is_some().then_some(pursuit);
            if climbed.sent.is_some() {
                let Climbed { sent, tried, collaterals } = climbed;
                return Ok(Look { facts, evaluation: None, wanted, sent, tried, collaterals, is_first_part });
            }
        }
        let evaluation = evaluate(&facts, &self.watch, &self.memory);
        self.memory = evaluation.memory.clone();
        let nothing = Climbed { sent: None, tried: Vec::new(), collaterals: Vec::new() };
        let (wanted, climbed) = match evaluation.actions.first() {
            Some(Action::Trim(trim)) => {
                let pursuit = Pursuit::new(trim.clone(), facts.last_resort.is_some());
                let climbed = self.climb(head, &facts, &pursuit)?;
                self.pursuit = climbed.sent.is_some().then_some(pursuit);
                (Some(trim.clone()), climbed)
            }
            Some(action @ Action::Boost { pair, target }) => {
                let request = Request::Adjust { target: Target::HealthFactor(decimal(*target)) };
                let sent = self.ordinary(head, &facts, action, pair, &request)?;
                (None, Climbed { sent, ..nothing })
            }
            _ => (None, nothing),
        };
        let Climbed { sent, tried, collaterals } = climbed;
        Ok(Look { facts, evaluation: Some(evaluation), wanted, sent, tried, collaterals, is_first_part: true })
    }

    fn facts(&self, head: &Head<'_>) -> Result<AccountFacts, StateError> {
        let sources = Sources {
            market: head.market,
            account: head.account,
            pools: &head.venue.pools(head.step, false)?,
            feeds: &feeds(head.step)?,
            known: &self.known,
            thresholds: &self.drawn.thresholds,
            bounds: self.bounds,
            watch: &self.watch,
        };
        AccountFacts::read(&sources, std::time::Duration::ZERO)
    }

    pub(super) fn basis<'o>(&self, observation: &'o crate::loops::Observation) -> Basis<'o> {
        Basis {
            account: OWNER,
            observation,
            hubs: vec![WETH, USDC],
            known: self.known.clone(),
            watch: self.watch.clone(),
            bounds: *self.bounds,
            fees: FeesConfig::default(),
            thresholds: self.drawn.thresholds,
            permit_ttl: Secs::HOUR,
            network: NETWORK.to_owned(),
            gas_price: U256::from(1_000_000u64),
            wall: Millis(0),
        }
    }

    /// A plan that protects nothing: it is made about the journal's loop and refused by the bounds of opening.
    fn ordinary(
        &self,
        head: &Head<'_>,
        facts: &AccountFacts,
        action: &Action,
        key: &PairKey,
        request: &Request,
    ) -> Result<Option<Sent>, StateError> {
        let observation = head.venue.observation(head.market, head.step, head.account)?;
        let basis = self.basis(&observation);
        let Some(pair) = observation.pair(key.collateral, key.debt) else { return Ok(None) };
        let Some(snapshot) = observation.snapshot(OWNER, &pair) else { return Ok(None) };
        let settings = Settings { thresholds: facts.thresholds, ..basis.settings("ordinary", None, Scope::Loop, None) };
        let Ok(planned) = plan(request, &snapshot, &pair, &settings, &basis.hubs) else { return Ok(None) };
        let approved = check(planned, NETWORK, head.market.block.timestamp).ok();
        Ok(approved.map(|approved| Sent {
            plan: approved.get().clone(),
            action: action.clone(),
            pair: key.clone(),
            rung: None,
            is_part: false,
        }))
    }

    /// A transaction of ours was mined: journal and memory are brought up to date, and a trim goes on if a part is left.
    pub(super) fn mined(
        &mut self,
        sent: &Sent,
        market: &Market,
        (before, after): (&AccountState, &AccountState),
    ) -> Result<(), StateError> {
        if sent.rung.is_some() {
            self.memory.foresee(&sent.plan);
        }
        let now = market.block.timestamp;
        self.memory.done(&sent.action, now);
        let (supply, debt) = (market.reserve(sent.pair.collateral)?, market.reserve(sent.pair.debt)?);
        let sides = [
            SideChange {
                asset: supply.asset,
                is_debt: false,
                index: supply.liquidity_index,
                before: before.supplied(supply, now)?,
                after: after.supplied(supply, now)?,
            },
            SideChange {
                asset: debt.asset,
                is_debt: true,
                index: debt.variable_borrow_index,
                before: before.owed(debt, now)?,
                after: after.owed(debt, now)?,
            },
        ];
        let changed = terms_after(&self.known, (sent.pair.collateral, sent.pair.debt), sides)?;
        for (id, terms) in changed {
            for known in self.known.iter_mut().filter(|known| known.position.id == id) {
                known.position.terms = terms.clone();
            }
        }
        self.known.retain(|known| !known.position.terms.collateral_principal.is_zero());
        self.pursuit = self
            .pursuit
            .take()
            .filter(|_| sent.is_part)
            .and_then(|mut pursuit| pursuit.partly(Some(&sent.pair)).then_some(pursuit));
        Ok(())
    }

    /// A transaction of ours reverted: the chain was faster.
    pub(super) fn reverted(&mut self) {
        self.pursuit = self.pursuit.take().filter(Pursuit::may_be_overtaken).and_then(|mut pursuit| {
            let goes_on = pursuit.was_overtaken();
            goes_on.then_some(pursuit)
        });
    }
}
