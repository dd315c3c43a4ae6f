//! `status`: an account's loops with their thresholds as prices, and what is around them.

use std::time::Duration;

use alloy::primitives::{Address, U256};
use schemars::JsonSchema;
use serde::Serialize;

use super::shared::{
    document::document,
    exit::{Exit, Outcome},
    gas_view::GasView,
    global::GlobalArgs,
    output::table,
    session::Session,
};
use crate::{
    aave::{AccountQuery, MarketQuery},
    chain::{Batch, Reader},
    journal::{DamagedRow, Intent, IntentFilter, IntentId, IntentState, JournalReader},
    loops::{AccountView, LoopView, Mark, MovingPrice, PriceMarks, ReserveView, carry_label, known_loops},
    perps::Interest,
    plan::Quantity,
    text,
    trade::is_paused,
    units::{Secs, Wad},
};

/// Show an account's loops and what is around them; `--from ADDRESS` is enough.
#[derive(Debug, clap::Args)]
pub(super) struct StatusArgs {}

/// An intent of which the journal does not know the end.
#[derive(Debug, Serialize, JsonSchema)]
struct OpenIntent {
    id: IntentId,
    kind: String,
    state: IntentState,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Status {
    network: String,
    /// Whether opening and adding risk is refused. So it is too while the governor's row in the journal cannot be read, which is
    /// in `damaged` then.
    paused: bool,
    /// The governor's row cannot be read.
    #[serde(skip)]
    governor_unread: bool,
    #[serde(flatten)]
    view: AccountView,
    gas: GasView,
    /// It acts, and has something to lose.
    #[serde(skip)]
    needs_gas: bool,
    unresolved: Vec<OpenIntent>,
    /// Absent where there is no perp venue that this program knows.
    perps: Option<super::perp::view::ListView>,
}

document!("status" / 2: Status);

pub(super) async fn run(global: &GlobalArgs, _: StatusArgs) -> Outcome {
    let session = Session::connect(global).await?;
    let account = session.account().await?;
    let list = session.reserves().await?;
    let block = Reader::head(&session.endpoints).await?;
    let mut batch = Batch::new();
    let market = MarketQuery::add(&list, &mut batch);
    let holder = AccountQuery::add(&list, account, None, &mut batch);
    let answers = session.endpoints.read(block, &batch).await?;
    let (market, state) = (market.decode(&answers, block)?, holder.decode(&answers)?);
    let reader = session.journal_reader(account)?;
    let known = reader.as_ref().map(known_loops).transpose()?.unwrap_or_default();
    let view = AccountView::new(&market, &state, &known, &session.config.thresholds)?;
    let reported = holder.reported(&answers)?;
    if reported != view.aave {
        let (ours, aaves) = (view.aave.health_factor, reported.health_factor);
        session
            .output
            .note(format!("warning: our health factor is {ours}, aave says {aaves}; trust aave and report it"));
    }
    let unresolved = reader.as_ref().map(unresolved).transpose()?.unwrap_or_default();
    let perps = perps(&session, account, reader.as_ref()).await?;
    let told = reader.as_ref().map_or(Some(false), paused);
    let (paused, governor_unread) = (told.unwrap_or(true), told.is_none());
    let gas = GasView::read(&session, state.native, &block).await?;
    // Whoever is only looked at needs no gas.
    let acts = reader.is_some() || session.has_key();
    let has_perps = perps.as_ref().is_some_and(|perps| !perps.is_empty());
    let needs_gas = acts && (has_perps || view.aave.health_factor.0 != U256::MAX);
    let status = Status {
        network: session.network().to_string(),
        paused,
        governor_unread,
        view,
        gas,
        needs_gas,
        unresolved,
        perps,
    };
    session.output.result(&status, || text(&status))
}

/// Perps of the account. A venue that is not known, or not there, is no reason to show no loops.
async fn perps(
    session: &Session,
    account: Address,
    reader: Option<&JournalReader>,
) -> Outcome<Option<super::perp::view::ListView>> {
    let venue = match session.perps().await {
        Ok(venue) => venue,
        Err(failure) if failure.exit == Exit::Configuration => {
            session.output.note(format!("note: perps are not shown: {:#}", failure.report));
            return Ok(None);
        }
        Err(failure) => return Err(failure),
    };
    let snapshot = match venue.snapshot(account, &Interest::default()).await {
        Ok(snapshot) => snapshot,
        Err(error) => {
            session.output.note(format!("note: perps are not shown: {error}"));
            return Ok(None);
        }
    };
    let orders = reader.map(JournalReader::open_orders).transpose()?.unwrap_or_default();
    let block = snapshot.block.number;
    Ok(Some(super::perp::view::ListView::new(session.network().to_string(), block, &snapshot, orders)))
}

/// Whether the account is paused; a row that does not tell is named with the other damaged ones and hides nothing else.
fn paused(reader: &JournalReader) -> Option<bool> {
    const TABLE: &str = "governor_state";
    match is_paused(reader) {
        Ok(paused) => Some(paused),
        Err(error) => {
            let damages = reader.damages();
            if !damages.all().iter().any(|row| row.table == TABLE) {
                damages.add(DamagedRow {
                    table: TABLE.to_owned(),
                    id: "0".to_owned(),
                    column: "state".to_owned(),
                    problem: error.to_string(),
                    may_be_open: false,
                });
            }
            None
        }
    }
}

fn unresolved(reader: &JournalReader) -> Outcome<Vec<OpenIntent>> {
    let states = IntentState::ALL
        .iter()
        .copied()
        .filter(|state| state.is_unresolved() || *state == IntentState::Mined)
        .collect();
    let intents = reader.intents(&IntentFilter { states, ..IntentFilter::default() })?;
    let open = |Intent { id, kind, state, .. }| OpenIntent { id, kind, state };
    Ok(intents.into_iter().map(open).collect())
}

fn text(status: &Status) -> String {
    let view = &status.view;
    let mut lines = vec![format!("{} on {} at block {}", view.account, status.network, view.block.number)];
    if status.governor_unread {
        lines.push(
            "whether it is paused cannot be read, so nothing that adds risk is sent: the governor's row in the journal is \
             damaged (`trimtab journal restore FILE` puts a backup in its place)"
                .to_owned(),
        );
    }
    if status.paused && !status.governor_unread {
        lines.push("PAUSED: nothing is opened and no risk is added until `trimtab resume`".to_owned());
    }
    if view.reserves.is_empty() {
        lines.push("no position: nothing is supplied to Aave and nothing is owed".to_owned());
    } else {
        lines.push(summary(view));
    }
    for pair in &view.loops {
        lines.extend([String::new(), loop_text(pair, view.aave.health_factor)]);
    }
    lines.extend(not_opened_here(view));
    for other in &view.prices {
        lines.extend([String::new(), prices_text(other, view.aave.health_factor)]);
    }
    if view.loops.len() + view.prices.len() > 1 {
        lines.push(
            "· the account has one health factor; each price assumes that the other prices stand still".to_owned(),
        );
    }
    if !view.reserves.is_empty() {
        lines.extend([String::new(), reserves_text(&view.reserves)]);
    }
    if let Some(perps) = status.perps.as_ref().filter(|perps| !perps.is_empty()) {
        lines.extend([String::new(), super::perp::view::perps_text(perps)]);
    }
    let held: Vec<String> = view.wallet.iter().map(ToString::to_string).collect();
    lines.extend([String::new(), format!("wallet: {}", held.join(", "))]);
    let warning = if status.needs_gas && !status.gas.is_well() { "warning: " } else { "" };
    lines.push(format!("gas: {warning}{}", status.gas.words()));
    lines.extend(view.vanished.iter().map(|known| {
        let position = &known.position;
        format!(
            "the journal has loop {} ({} against {}) that the chain does not show: was it closed elsewhere?",
            position.id, position.collateral, position.debt
        )
    }));
    lines.extend(status.unresolved.iter().map(|intent| {
        let kind = text::one_line(&intent.kind);
        format!("unresolved: {kind} {} is {}; run `trimtab journal reconcile`", intent.id, intent.state)
    }));
    lines.join("\n")
}

fn summary(view: &AccountView) -> String {
    let usd = |raw: U256| Quantity::usd(raw).to_string();
    let (collateral, debt) = (view.aave.collateral.0, view.aave.debt.0);
    let emode = match &view.emode {
        Some((id, label)) => format!("e-mode {id} ({label})"),
        None => "no e-mode".to_owned(),
    };
    format!(
        "health factor {}, leverage {}, {emode}\ncollateral {}, debt {}, equity {}; {} {}; can borrow {} more",
        Quantity::wad(view.aave.health_factor.0),
        view.leverage,
        usd(collateral),
        usd(debt),
        Quantity { negative: debt > collateral, ..Quantity::usd(collateral.abs_diff(debt)) },
        carry_label(view.reserves.iter().map(|reserve| reserve.symbol.as_str())),
        view.net_carry_per_day,
        usd(view.aave.available_borrows.0),
    )
}

fn loop_text(view: &LoopView, health_factor: Wad) -> String {
    let position = &view.journal.position;
    let owner = format!("{} in the journal as {}", position.origin, position.id);
    let valued = |amount: &Quantity, value: &Quantity| vec![amount.to_string(), value.to_string()];
    let mut figures = vec![
        [vec!["  collateral".to_owned()], valued(&view.collateral, &view.collateral_value)].concat(),
        [vec!["  debt".to_owned()], valued(&view.debt, &view.debt_value)].concat(),
    ];
    figures.push(vec!["  loan to value".to_owned(), view.ltv.to_string()]);
    let carry = carry_label(view.pair.split('/'));
    figures.push(vec![format!("  {carry}"), view.net_carry_per_day.to_string()]);
    let marks = marks_table(&view.moving, &view.price, &view.marks, health_factor);
    let growth = match view.limits.split_first() {
        Some((first, others)) => {
            let others: Vec<String> = others.iter().map(|limit| format!("{} {}", limit.name, limit.debt)).collect();
            format!("  next to bind: {} at {} more debt\n  then {}", first.name, first.debt, others.join(", "))
        }
        None => "  nothing limits more debt".to_owned(),
    };
    [format!("{} at {}, {owner}", view.pair, view.leverage), table(&[], &figures), marks, growth].join("\n")
}

/// What no loop of the journal has, if that is anything.
fn not_opened_here(view: &AccountView) -> Vec<String> {
    let joined = |all: &[Quantity]| all.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let (supplied, owed) = (&view.not_opened_here.supplied, &view.not_opened_here.owed);
    let what = match (supplied.is_empty(), owed.is_empty()) {
        (true, true) => return Vec::new(),
        (false, true) => format!("{} supplied", joined(supplied)),
        (true, false) => format!("{} owed", joined(owed)),
        (false, false) => format!("{} supplied, {} owed", joined(supplied), joined(owed)),
    };
    let adopt = if supplied.is_empty() || owed.is_empty() { "" } else { " (`trimtab loop adopt` takes a pair over)" };
    vec![String::new(), format!("not opened by this journal: {what}{adopt}")]
}

fn prices_text(view: &PriceMarks, health_factor: Wad) -> String {
    format!("{}\n{}", view.pair, marks_table(&view.moving, &view.price, &view.marks, health_factor))
}

fn marks_table(moving: &MovingPrice, price: &Quantity, marks: &[Mark], health_factor: Wad) -> String {
    let health_factor = Quantity::wad(health_factor.0).to_string();
    let now = vec!["  now".to_owned(), health_factor, moving.shown(price), String::new()];
    let marks: Vec<Vec<String>> = marks.iter().map(|mark| mark_row(moving, mark)).collect();
    table(&["", "health factor", "price", "from now"], &[vec![now], marks].concat())
}

fn mark_row(moving: &MovingPrice, mark: &Mark) -> Vec<String> {
    let name = format!("  {}", mark.name);
    let health_factor = mark.health_factor.to_string();
    let (Some(price), Some(distance)) = (&mark.price, &mark.distance) else {
        let passed = if mark.passed { "passed" } else { "" };
        return vec![name, health_factor, "at no price".to_owned(), passed.to_owned()];
    };
    let distance = match (mark.passed, distance.negative) {
        (true, true) => format!("passed ({} below)", Quantity { negative: false, ..distance.clone() }),
        (true, false) => format!("passed ({distance} above)"),
        (false, true) => distance.to_string(),
        (false, false) => format!("+{distance}"),
    };
    vec![name, health_factor, moving.shown(price), distance]
}

fn reserves_text(reserves: &[ReserveView]) -> String {
    let rows: Vec<Vec<String>> = reserves.iter().map(reserve_row).collect();
    table(&["reserve", "supplied", "earns (APR)", "owed", "pays (APR)", "price", "oracle", "answer's age"], &rows)
}

fn reserve_row(reserve: &ReserveView) -> Vec<String> {
    let rate = |amount: &Quantity, rate: &Quantity| if amount.raw.is_zero() { String::new() } else { rate.to_string() };
    let some = |amount: &Quantity, note: &str| {
        if amount.raw.is_zero() { "-".to_owned() } else { format!("{amount}{note}") }
    };
    vec![
        reserve.symbol.clone(),
        some(&reserve.supplied, if reserve.is_collateral { "" } else { " (no collateral)" }),
        rate(&reserve.supplied, &reserve.supply_rate),
        some(&reserve.owed, ""),
        rate(&reserve.owed, &reserve.borrow_rate),
        reserve.price.as_ref().map_or_else(|| "no answer".to_owned(), ToString::to_string),
        reserve.oracle.map_or_else(|| "-".to_owned(), |oracle| oracle.to_string()),
        reserve.oracle_age.map_or_else(|| "not told".to_owned(), age),
    ]
}

/// `3m 20s`.
pub(super) fn age(age: Secs) -> String {
    humantime::format_duration(Duration::from_secs(age.0)).to_string()
}
