//! `watch drill`: the trim that nobody needs yet, there and back, and the alert that nobody waits for.

use std::{sync::Arc, time::Duration};

use alloy::primitives::{Address, U256};
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

use super::{drill_args::DrillArgs, emergency::emergency, keys::session_of_one, setup::origin};
use crate::{
    aave::{Projection, ReserveList},
    chain::Reader,
    cli::shared::{
        deliver::deliver,
        document::document,
        exit::{Exit, Failure, Outcome},
        global::GlobalArgs,
        loop_state::{own_loops, read_market},
        order::{intent_id, planner},
        plan_view::{plan_text, settlement_text, simulation_text},
        rehearsal::rehearse_with_gas,
        session::Session,
    },
    journal::{DRILL_PASSED, Event, Severity},
    loops::{
        AccountModel, KnownLoop, LoopSnapshot, Pair, Request, Scope, Subject, Target, ThresholdChange,
        thresholds_in_force,
    },
    plan::{Approved, Plan, Quantity, Rehearsal, check},
    send::Settlement,
    trade::{Ask, LoopAsk, Order, PauseError, is_paused},
    units::{Millis, WAD, from_decimal, to_decimal},
    watchdog::{
        ops::{Alerts, ChannelTest, Delivered, DrilledWith, Metrics},
        runner::Emergency,
    },
};

/// The share of the debt that is repaid and borrowed again: one in so many.
const SHARE: u64 = 100;
/// How long the channels may take for the test alert.
const ALERT_DEADLINE: Duration = Duration::from_secs(30);

#[derive(Debug, Serialize, JsonSchema)]
struct Drill {
    network: String,
    pair: String,
    passed: bool,
    sent: bool,
    /// What an emergency would do, as it was simulated before.
    emergency: Option<Emergency>,
    trim: Option<Settlement>,
    back: Option<Settlement>,
    alerts: Vec<ChannelTest>,
}

/// What a drill would do.
#[derive(Debug, Serialize, JsonSchema)]
struct DrillDryRun<'a> {
    emergency: Option<&'a Emergency>,
    plan: &'a Plan,
    simulation: &'a Rehearsal,
    /// Leverage that it goes back to.
    back_to: Decimal,
    sent: bool,
}

document!("drill-dry-run": DrillDryRun<'_>, "drill": Drill);

pub(super) async fn run(global: &GlobalArgs, args: DrillArgs) -> Outcome {
    let session = session_of_one(global, Session::connect(global).await?).await?;
    session.trust_composer().await?;
    let field = Field::new(&session, &args).await?;
    let output = session.output;
    let emergency = field.emergency.as_ref();
    for line in emergency.map(Emergency::words).unwrap_or_default() {
        output.note(line);
    }
    // The very plan that an emergency would use, in the account as it is.
    if let Some(Err(reason)) = emergency.map(|emergency| &emergency.first) {
        return Err(Failure::message(Exit::Refused, format!("{reason}; the drill has not passed")));
    }
    refuse_when_paused(&session, field.account)?;
    let (there, before) = field.there().await?;
    let name = field.pair.name();
    if !args.broadcast {
        let (emergency, plan, simulation) = (field.emergency.as_ref(), &there.plan, &there.rehearsal);
        let document = DrillDryRun { emergency, plan, simulation, back_to: before, sent: false };
        return output.result(&document, || {
            format!(
                "{}\n\nthen back to leverage {before}x, planned on what the first leaves\n\ndry run: nothing was sent, no \
                 alert either; add --broadcast to do it",
                there.shown
            )
        });
    }
    output.note_lines(&there.shown);
    let trim = field.send((there.approved, &there.order), args.yes).await?;
    output.note_lines(settlement_text(&trim));
    let back = field.back(before).await.map_err(|failure| stays(failure, &name, before))?;
    output.note_lines(&back.shown);
    // The user's word was given for the whole of it.
    let back = field.send((back.approved, &back.order), true).await.map_err(|failure| stays(failure, &name, before))?;
    let alerts = test_alerts(&session).await?;
    let failed: Vec<String> = alerts
        .iter()
        .filter_map(|test| test.failure.as_ref().map(|reason| format!("{}: {reason}", test.channel)))
        .collect();
    let drill = Drill {
        network: session.network().to_string(),
        pair: name,
        passed: failed.is_empty(),
        sent: true,
        emergency: field.emergency.clone(),
        trim: Some(trim),
        back: Some(back),
        alerts,
    };
    if drill.passed {
        record(&session, field.account, &drill).await?;
    }
    output.result(&drill, || drill.words())?;
    if drill.passed {
        return Ok(());
    }
    let message = format!("the trim works, the alerts do not: {}; the drill has not passed", failed.join("; "));
    Err(Failure::after_result(Exit::Configuration, message))
}

/// The way back borrows: a drill that could only go one way is not begun.
fn refuse_when_paused(session: &Session, account: Address) -> Outcome {
    match session.journal_reader(account)? {
        Some(reader) if is_paused(&reader)? => {
            Err(PauseError::Paused("borrows again what it repays for practice").into())
        }
        _ => Ok(()),
    }
}

/// A failure after the first half: the loop is safer than before, and stays so.
fn stays(failure: Failure, name: &str, before: Decimal) -> Failure {
    let report = failure.report.wrap_err(format!(
        "{name} was trimmed by 1 % of its debt and not brought back to {before}x; `trimtab loop adjust` can; the drill has \
         not passed"
    ));
    Failure { report, ..failure }
}

/// A plan that was checked and simulated.
struct Ready {
    plan: Plan,
    order: Order,
    approved: Approved<Plan>,
    rehearsal: Rehearsal,
    shown: String,
}

/// The loop that the drill is done on.
struct Field<'a> {
    session: &'a Session,
    list: ReserveList,
    pair: Pair,
    account: Address,
    include_existing: bool,
    emergency: Option<Emergency>,
}

impl<'a> Field<'a> {
    async fn new(session: &'a Session, args: &DrillArgs) -> Outcome<Self> {
        let (list, market) = session.market().await?;
        let account = session.account().await?;
        let emergency = Box::pin(emergency(session, account)).await?;
        let chosen = Self::of_emergency(session, account, emergency.as_ref())?;
        let name = |given: &Option<String>, chosen: Option<Address>, otherwise: &str| {
            given.clone().or_else(|| chosen.map(|token| token.to_string())).unwrap_or_else(|| otherwise.to_owned())
        };
        let collateral = name(&args.collateral, chosen.map(|tokens| tokens.0), "WETH");
        let debt = name(&args.debt, chosen.map(|tokens| tokens.1), "USDC");
        let pair = Pair::find(&list, &market, &collateral, &debt)?;
        Ok(Self { session, list, pair, account, include_existing: args.include_existing, emergency })
    }

    /// The loop that an emergency would trim first; where that sells for another loop's debt, the journal's first loop.
    fn of_emergency(
        session: &Session,
        account: Address,
        emergency: Option<&Emergency>,
    ) -> Outcome<Option<(Address, Address)>> {
        let loops = own_loops(session, account)?;
        let of = |known: &KnownLoop| (known.position.collateral, known.position.debt);
        let plan = emergency.and_then(|emergency| emergency.first.as_ref().ok());
        let subject = plan.and_then(|plan| plan.subject.read_loop::<Subject>().ok());
        let pair = subject.map(|subject| (subject.pair.collateral.token, subject.pair.debt.token));
        let own = loops.iter().map(of).find(|tokens| Some(*tokens) == pair);
        Ok(own.or_else(|| loops.first().map(of)))
    }

    /// The trim, and the leverage before it.
    async fn there(&self) -> Outcome<(Ready, Decimal)> {
        let snapshot = self.snapshot().await?;
        let (owed, leverage) = self.standing(&snapshot)?;
        let data = snapshot.account.at(&snapshot.market, snapshot.block.timestamp)?;
        let (loops, config) = (own_loops(self.session, self.account)?, &self.session.config);
        let (thresholds, _) = thresholds_in_force(&loops, &config.thresholds, &snapshot.market, &self.pair)?;
        let floor = thresholds.opening_floor();
        let now = data.health_factor.to_decimal().unwrap_or(Decimal::MAX);
        // What could not be borrowed again is not repaid for practice.
        if from_decimal(floor, 18).is_some_and(|floor| data.health_factor.0 < floor) {
            let message = format!(
                "health factor {} is below {floor}, the floor for borrowing: the loop could not be brought back after the \
                 drill; deposit or deleverage first",
                now.round_dp(4)
            );
            return Err(Failure::message(Exit::Refused, message));
        }
        // Twice the way that a hundredth of the debt goes: the amount is what limits it.
        let target = Target::HealthFactor((now * Decimal::new(11, 1)).round_dp(6));
        let request = Request::Trim { target, at_most: Some(owed / U256::from(SHARE)) };
        Ok((self.ready(request).await?, leverage))
    }

    /// The way back, on what the trim has left.
    async fn back(&self, leverage: Decimal) -> Outcome<Ready> {
        self.ready(Request::Adjust { target: Target::Leverage(leverage) }).await
    }

    const fn scope(&self) -> Scope {
        if self.include_existing { Scope::WithExisting } else { Scope::Loop }
    }

    async fn snapshot(&self) -> Outcome<LoopSnapshot> {
        Ok(LoopSnapshot::read(&self.session.endpoints, &self.list, &self.pair, self.account).await?)
    }

    /// The debt, and the leverage rounded down: going back never asks for more than there was.
    fn standing(&self, snapshot: &LoopSnapshot) -> Outcome<(U256, Decimal)> {
        let now = Projection::new(snapshot.market.clone(), snapshot.account.clone(), snapshot.block.timestamp);
        let loops = own_loops(self.session, self.account)?;
        let model = AccountModel::new(&now, &loops, &self.session.config.thresholds)?;
        let tokens = (self.pair.collateral.token, self.pair.debt.token);
        let (supplied, owed) = self.scope().share(&model, tokens);
        let collateral = snapshot.market.reserve(tokens.0)?.collateral_value(supplied)?.0;
        let equity = collateral.saturating_sub(snapshot.market.reserve(tokens.1)?.debt_value(owed)?.0);
        if owed.is_zero() || equity.is_zero() {
            let message = format!("there is no {} loop to drill on; open a small one first", self.pair.name());
            return Err(Failure::message(Exit::Refused, message));
        }
        let wad = collateral.saturating_mul(WAD) / equity;
        let leverage = to_decimal(wad, 18).unwrap_or(Decimal::ONE);
        Ok((owed, leverage.round_dp_with_strategy(4, rust_decimal::RoundingStrategy::ToZero)))
    }

    async fn ready(&self, request: Request) -> Outcome<Ready> {
        let session = self.session;
        let (network, market) = (session.network(), read_market(session, &self.list).await?);
        let planner = planner(session, &self.list, network.as_str(), None).await?;
        let ask = LoopAsk {
            collateral: self.pair.collateral.token,
            debt: self.pair.debt.token,
            existing: self.include_existing,
            request,
            slippage_bps: None,
            flash: None,
            thresholds: ThresholdChange::default(),
        };
        let id = intent_id(session, &format!("drill {ask:?} {}", self.account), market.block);
        let (plan, snapshot) = planner.of_loop(&ask, &market, &self.pair, id).await?;
        let order = Order::of(&plan, Ask::Loop(ask))?;
        let approved = match check(plan.clone(), network.as_str(), snapshot.block.timestamp) {
            Ok(approved) => approved,
            Err(refusal) => {
                session.output.note_lines(plan_text(&plan, None));
                return Err(refusal.into());
            }
        };
        let (rehearsal, gas) = rehearse_with_gas(session, &plan, snapshot.inclusion(), planner.gas_price).await?;
        let shown = format!("{}\n\n{}", plan_text(&plan, Some(&gas)), simulation_text(&rehearsal));
        Ok(Ready { plan, order, approved, rehearsal, shown })
    }

    async fn send(&self, sent: (Approved<Plan>, &Order), yes: bool) -> Outcome<Settlement> {
        match deliver(self.session, sent, yes).await? {
            Delivered { exit: 0, settlement: Some(settlement), .. } => Ok(settlement),
            Delivered { exit, ending, .. } => Err(Failure::message(Exit::from_code(exit), ending)),
        }
    }
}

/// Sends the test alert through every channel that is set up.
async fn test_alerts(session: &Session) -> Outcome<Vec<ChannelTest>> {
    let meters = Arc::new(Metrics::new().map_err(|error| Failure::message(Exit::Bug, error))?);
    let alerts = Alerts::start(&session.config.alerts, origin(session), session.clock.clone(), meters)?;
    if alerts.channels().next().is_none() {
        session
            .output
            .note("warning: no alert channel is set up (docs/watchdog.md, Alerts): only the log will tell you");
    }
    Ok(alerts.test(ALERT_DEADLINE).await)
}

/// Writes into the journal that it passed; the daemon does it where it holds the journal.
async fn record(session: &Session, account: Address, drill: &Drill) -> Outcome {
    let figures = json!({
        "network": drill.network, "pair": drill.pair, "alerts": drill.alerts,
        "trim": drill.trim.as_ref().map(|leg| &leg.transactions),
        "back": drill.back.as_ref().map(|leg| &leg.transactions),
    });
    let with = DrilledWith { figures: figures.clone() };
    if session.ask_daemon(account, with).await?.is_some() {
        return Ok(());
    }
    let head = Reader::head(&session.endpoints).await?;
    let journal = session.journal(account).await?;
    let at = crate::journal::Stamp { block_time: head.timestamp, wall: Millis(session.clock.wall_millis()) };
    Ok(journal.append_event(&Event {
        severity: Severity::Info,
        kind: DRILL_PASSED.to_owned(),
        reason: format!("a drill has passed on {}", drill.network),
        figures,
        intent: None,
        position: None,
        saga: None,
        at,
    })?)
}

impl Drill {
    fn words(&self) -> String {
        let mut lines = vec![format!("{} on {}: trimmed by 1 % of the debt and brought back", self.pair, self.network)];
        let legs = [("trim", &self.trim), ("back", &self.back)];
        for (name, leg) in legs.into_iter().filter_map(|(name, leg)| Some((name, leg.as_ref()?))) {
            lines.push(format!("\n{name}, {}", settlement_text(leg)));
        }
        let costs = legs.iter().filter_map(|(_, leg)| Some(leg.as_ref()?.gas_cost.raw));
        let cost = costs.fold(U256::ZERO, |sum, cost| sum.saturating_add(cost));
        lines.push(format!("\ngas of both: {}", Quantity::new(cost, 18, "ETH")));
        for test in &self.alerts {
            lines.push(match &test.failure {
                None => format!("test alert: {} took it", test.channel),
                Some(reason) => format!("test alert: {} FAILED: {reason}", test.channel),
            });
        }
        lines.push(if self.passed { "the drill has passed".to_owned() } else { "the drill has NOT passed".to_owned() });
        lines.join("\n")
    }
}
