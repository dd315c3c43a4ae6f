//! Both legs as plans: the loop's, and the perp's on the wallet that the loop leaves.

use alloy::primitives::U256;
use rust_decimal::Decimal;

use super::{LoopState, Sized, ask::Ask};
use crate::{
    actions::reverts::simulation_words,
    config::Urgency,
    dex::USDC,
    journal::IntentId,
    loops::{self, Funds, PlanError, Request, Settings, Target, WETH},
    perps::{
        Entry, Forecast, Level, LeverageE10, OpenForecast, OpenRequest, Outlook, PerpError, PerpRequest, PerpSettings,
        PerpSubject, Usdc,
    },
    plan::{Plan, Quantity, SimulationError, check, rehearse},
    trade::{TradeContext, TradeError},
    units::{Millis, to_decimal},
};

/// Both plans, and why one is missing.
pub(super) struct Legs {
    pub(super) loop_plan: Option<Plan>,
    pub(super) loop_refusals: Vec<String>,
    pub(super) perp: OpenRequest,
    pub(super) perp_plan: Option<Plan>,
    pub(super) perp_refusals: Vec<String>,
    pub(super) forecast: Option<OpenForecast>,
    /// Collateral put in, in smallest units; zero when the loop exists.
    pub(super) equity: U256,
    /// Gas of each leg, as simulated.
    pub(super) loop_gas: Option<u64>,
    /// See `loop_gas`.
    pub(super) perp_gas: Option<u64>,
    pub(super) notes: Vec<String>,
}

/// The perp's leg.
pub(super) struct PerpLeg {
    request: OpenRequest,
    plan: Option<Plan>,
    refusals: Vec<String>,
    pub(super) forecast: Option<OpenForecast>,
}

/// Plans the perp with what the wallet will hold after the loop's leg.
pub(super) async fn perp_leg(ask: &Ask<'_>, loop_: &LoopState, sized: &Sized) -> Result<PerpLeg, TradeError> {
    let request = open_request(ask, sized)?;
    let mut snapshot = sized.venue.snapshot.clone();
    let borrowed = Usdc::from_decimal(sized.borrowed()).unwrap_or_default();
    snapshot.usdc = Usdc(snapshot.usdc.0.saturating_add(borrowed.0));
    if let Funds::Native(paid) = equity(ask, loop_, sized)? {
        snapshot.native = snapshot.native.saturating_sub(paid);
    }
    let settings = PerpSettings {
        id: intent(ask, "perp", loop_),
        network: ask.desk.network.clone(),
        urgency: Urgency::Open,
        valid_for: ask.desk.settings.permit_ttl,
        gas_price: loop_.gas_price,
    };
    let plan = match ask.desk.venue()?.plan(&PerpRequest::Open(request.clone()), &snapshot, &settings).await {
        Ok(plan) => plan,
        Err(error) if is_refusal(&error) => {
            return Ok(PerpLeg { request, plan: None, refusals: vec![format!("perp: {error}")], forecast: None });
        }
        Err(error) => return Err(error.into()),
    };
    let subject: Option<PerpSubject> = plan.subject.read_perp().ok();
    let forecast = match subject.and_then(|subject| subject.forecast) {
        Some(Forecast::Open(forecast)) => Some(forecast),
        _ => None,
    };
    let refusals = broken(&plan, ask.desk, "perp");
    Ok(PerpLeg { request, plan: Some(plan), refusals, forecast })
}

fn open_request(ask: &Ask<'_>, sized: &Sized) -> Result<OpenRequest, TradeError> {
    let digits = |what, value| TradeError::Digits { what, value };
    let size = &sized.size;
    Ok(OpenRequest {
        pair: ask.signal.pair.clone(),
        side: ask.signal.side,
        margin: Usdc::from_decimal(size.margin).ok_or(digits("margin", size.margin))?,
        leverage: LeverageE10::from_decimal(size.perp_leverage).ok_or(digits("leverage", size.perp_leverage))?,
        entry: Entry::Market,
        // Distances, so that both stand where they should around the fill.
        stop: Some(Level::Distance(sized.levels.stop)),
        target: Some(Level::Distance(sized.levels.target)),
        slippage: ask.desk.settings.slippage,
        signal: Some(ask.signal.id.clone()),
        outlook: ask.signal.drift.zip(ask.signal.confidence).map(|(drift, confidence)| Outlook {
            drift,
            confidence,
            half_life: ask.signal.half_life_s,
        }),
    })
}

/// What the venue, the pair or the wallet does not allow; everything else is trouble of another kind.
const fn is_refusal(error: &PerpError) -> bool {
    !matches!(
        error,
        PerpError::UnknownVenue { .. }
            | PerpError::NoVenue(_)
            | PerpError::UnknownPair { .. }
            | PerpError::Prices(_)
            | PerpError::NoPriceService
            | PerpError::Read(_)
            | PerpError::Math(_)
    )
}

/// Plans the loop.
pub(super) fn loop_leg(ask: &Ask<'_>, loop_: &LoopState, sized: &Sized, perp: PerpLeg) -> Result<Legs, TradeError> {
    let funds = equity(ask, loop_, sized)?;
    let PerpLeg { request: perp, plan: perp_plan, refusals: perp_refusals, forecast } = perp;
    let mut legs = Legs {
        loop_plan: None,
        loop_refusals: Vec::new(),
        perp,
        perp_plan,
        perp_refusals,
        forecast,
        equity: match funds {
            Funds::Native(amount) | Funds::Collateral(amount) => amount,
            Funds::None | Funds::Debt(_) => U256::ZERO,
        },
        loop_gas: None,
        perp_gas: None,
        notes: Vec::new(),
    };
    if let Some(now) = loop_.now {
        legs.notes.push(format!(
            "the account's loop has {} USD of equity at {}x: it is adjusted, nothing is put in",
            now.equity.round_dp(2),
            now.leverage.round_dp(4)
        ));
    }
    let Some(request) = loop_request(loop_, sized, funds)? else { return Ok(legs) };
    let settings = settings(ask, loop_);
    match loops::plan(&request, &loop_.snapshot, &loop_.pair, &settings, &loop_.hubs) {
        Ok(plan) => {
            legs.loop_refusals = broken(&plan, ask.desk, "loop");
            legs.loop_plan = Some(plan);
        }
        Err(PlanError::AlreadyThere(target)) => legs.notes.push(format!("the loop is at {target} already")),
        Err(error @ (PlanError::Math(_) | PlanError::State(_) | PlanError::Encode(_) | PlanError::Stream(_))) => {
            return Err(error.into());
        }
        Err(error) => legs.loop_refusals.push(format!("loop: {error}")),
    }
    Ok(legs)
}

fn loop_request(loop_: &LoopState, sized: &Sized, funds: Funds) -> Result<Option<Request>, TradeError> {
    let leverage = sized.examined.loop_leverage;
    let target = (leverage > Decimal::ONE).then_some(Target::Leverage(leverage));
    let borrowed = sized.borrowed();
    if !borrowed.is_zero() {
        let debt = loop_.debt()?;
        let amount = LoopState::amount_of(debt, borrowed)?;
        // Where the debt is USDC itself, the margin is drawn to the unit.
        let exact = Usdc::from_decimal(borrowed).map(|usdc| usdc.0).filter(|_| debt.asset == USDC);
        let amount = exact.unwrap_or(amount);
        return Ok(Some(Request::Draw { funds, target, amount }));
    }
    Ok(target.map(|target| match loop_.now {
        Some(_) => Request::Adjust { target },
        None => Request::Open { funds, target },
    }))
}

/// The base capital in the collateral: wrapped where the wallet has enough of it, else ether.
fn equity(ask: &Ask<'_>, loop_: &LoopState, sized: &Sized) -> Result<Funds, TradeError> {
    let needs_loop = sized.examined.has_loop() || !sized.borrowed().is_zero();
    if loop_.now.is_some() || !needs_loop {
        return Ok(Funds::None);
    }
    let collateral = loop_.collateral()?;
    let amount = LoopState::amount_of(collateral, sized.size.base_capital)?;
    let wrapped = loop_.snapshot.account.holding(collateral.asset).wallet;
    let is_ether = collateral.asset == WETH && (ask.options.paper || wrapped < amount);
    Ok(if is_ether { Funds::Native(amount) } else { Funds::Collateral(amount) })
}

fn settings(ask: &Ask<'_>, loop_: &LoopState) -> Settings {
    let trade = &ask.desk.settings;
    Settings {
        id: intent(ask, "loop", loop_),
        network: ask.desk.network.clone(),
        urgency: None,
        bounds: trade.bounds,
        slippage: None,
        thresholds: loop_.thresholds,
        defaults: trade.thresholds,
        loops: loop_.loops.clone(),
        scope: loop_.scope,
        permit_ttl: trade.permit_ttl,
        fees: trade.fees,
        flash: None,
        gas_price: loop_.gas_price,
    }
}

/// A name for a plan that is only looked at; whoever carries it out gives it its own.
fn intent(ask: &Ask<'_>, leg: &str, loop_: &LoopState) -> String {
    let subject = format!("{} {leg} {} {}", ask.signal.id, loop_.snapshot.block.hash, ask.desk.account);
    IntentId::derive(Millis(ask.desk.clock.wall_millis()), subject.as_bytes()).to_string()
}

/// The bounds of a plan that do not hold.
fn broken(plan: &Plan, desk: &TradeContext, leg: &str) -> Vec<String> {
    match check(plan.clone(), &desk.network, plan.block.timestamp) {
        Ok(_) => Vec::new(),
        Err(refusal) => refusal.to_string().lines().map(|line| format!("{leg}: {line}")).collect(),
    }
}

impl Legs {
    /// Simulates both legs on the chain, for their gas and for what would revert. A perp whose margin is borrowed cannot go
    /// before the loop: it is simulated when the loop is there.
    pub(super) async fn rehearse(&mut self, ask: &Ask<'_>) -> Result<Vec<String>, TradeError> {
        let mut refusals = Vec::new();
        let is_after = self.loop_plan.as_ref().is_some_and(|plan| plan.kind == "loop draw");
        let perp = self.perp_plan.as_ref().filter(|_| !is_after);
        for (leg, plan) in [("loop", self.loop_plan.as_ref()), ("perp", perp)] {
            let Some(plan) = plan else { continue };
            let time = plan.block.next_timestamp();
            let gas = match rehearse(&ask.desk.endpoints, plan, plan.block, time).await {
                Ok(rehearsal) => rehearsal.steps.iter().map(|step| step.gas_used).sum(),
                Err(SimulationError::Read(error)) => return Err(error.into()),
                Err(error) => {
                    refusals.push(format!("{leg}: {}", simulation_words(&error)));
                    continue;
                }
            };
            match leg {
                "loop" => self.loop_gas = Some(gas),
                _ => self.perp_gas = Some(gas),
            }
        }
        Ok(refusals)
    }

    /// Native value that the perp's transactions carry: the venue's execution fee.
    pub(super) fn execution_fee(&self) -> U256 {
        let steps = self.perp_plan.iter().flat_map(|plan| &plan.steps);
        steps.fold(U256::ZERO, |sum, step| sum.saturating_add(step.value))
    }
}

/// Whole units of a quantity of a plan.
pub(super) fn usd(quantity: &Quantity) -> Decimal {
    let value = to_decimal(quantity.raw, quantity.decimals).unwrap_or(Decimal::MAX);
    if quantity.negative { -value } else { value }
}
