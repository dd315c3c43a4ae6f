//! Perp positions, orders and what came of an action, as text and for `--json`.

use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    cli::shared::{document::document, output::table, plan_view::settlement_text},
    journal::Order,
    perps::{LimitOrder, OrderHandle, OrderState, PendingOrder, PerpPosition, PriceE10, Side, Usdc, VenueSnapshot},
    plan::{Deviation, Quantity},
    send::Settlement,
    text::one_line,
    units::mul_div_down,
};
use alloy::primitives::{Address, U256};

/// `perp list`.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::cli) struct ListView {
    network: String,
    block: u64,
    account: Address,
    positions: Vec<PositionRow>,
    waiting: Vec<PendingOrder>,
    limits: Vec<LimitOrder>,
    /// Orders of the journal whose end is not known.
    unresolved: Vec<Order>,
    wallet_usdc: Usdc,
}

#[derive(Debug, Serialize, JsonSchema)]
struct PositionRow {
    id: String,
    #[serde(flatten)]
    position: PerpPosition,
    /// From the mark to the liquidation, of the mark.
    liquidation_distance: Option<Quantity>,
    /// What a close at the mark would pay, less the margin in it.
    pnl_net: Option<Quantity>,
}

document!("perp-list" / 2: ListView, "perp-settlement" / 2: ReportView<'_>);

impl ListView {
    pub(in crate::cli) fn new(network: String, block: u64, snapshot: &VenueSnapshot, unresolved: Vec<Order>) -> Self {
        Self {
            network,
            block,
            account: snapshot.account,
            positions: snapshot.positions.iter().cloned().map(PositionRow::new).collect(),
            waiting: snapshot.pending.clone(),
            limits: snapshot.limits.clone(),
            unresolved,
            wallet_usdc: snapshot.usdc,
        }
    }
}

impl ListView {
    /// Whether there is nothing to show.
    pub(in crate::cli) const fn is_empty(&self) -> bool {
        self.positions.is_empty() && self.waiting.is_empty() && self.limits.is_empty() && self.unresolved.is_empty()
    }
}

impl PositionRow {
    fn new(position: PerpPosition) -> Self {
        let has_mark = position.mark > PriceE10::ZERO;
        let pnl = Quantity { negative: position.is_loss, ..usdc(position.pnl) };
        Self {
            id: position.key.to_string(),
            liquidation_distance: has_mark.then(|| distance(&position)).flatten(),
            pnl_net: has_mark.then_some(pnl),
            position,
        }
    }

    fn cells(&self) -> Vec<String> {
        let position = &self.position;
        let none = || "no price".to_owned();
        let level = |level: PriceE10| if level == PriceE10::ZERO { "none".to_owned() } else { price(level) };
        let mark = if position.mark == PriceE10::ZERO { none() } else { price(position.mark) };
        let closing = if position.closing { " (closing)" } else { "" };
        vec![
            format!("{}{closing}", self.id),
            format!("{} {}", position.side, position.pair),
            usdc(position.collateral).to_string(),
            Quantity::new(position.leverage.0, 10, "x").to_string(),
            price(position.entry),
            mark,
            self.pnl_net.as_ref().map_or_else(none, ToString::to_string),
            price(position.liquidation),
            self.liquidation_distance.as_ref().map_or_else(none, ToString::to_string),
            level(position.stop),
            level(position.target),
        ]
    }
}

/// How far the mark is from the liquidation, per cent of the mark; negative once it is beyond.
fn distance(position: &PerpPosition) -> Option<Quantity> {
    let (mark, liquidation) = (position.mark.0, position.liquidation.0);
    let share = mul_div_down(mark.abs_diff(liquidation), U256::from(1_000_000u64), mark).ok()?;
    let is_beyond = match position.side {
        Side::Long => mark < liquidation,
        Side::Short => mark > liquidation,
    };
    Some(Quantity { negative: is_beyond, ..Quantity::new(share, 4, "%") })
}

fn usdc(amount: Usdc) -> Quantity {
    Quantity::new(amount.0, Usdc::DECIMALS, "USDC")
}

fn price(price: PriceE10) -> String {
    Quantity::new(price.0, PriceE10::DECIMALS, "").to_string()
}

pub(in crate::cli) fn list_text(view: &ListView) -> String {
    [
        format!("{} on {} at block {}", view.account, view.network, view.block),
        perps_text(view),
        format!("wallet: {}", usdc(view.wallet_usdc)),
    ]
    .join("\n")
}

/// Positions and orders, without account and wallet.
pub(in crate::cli) fn perps_text(view: &ListView) -> String {
    let mut lines = Vec::new();
    if view.positions.is_empty() {
        lines.push("no perp is open".to_owned());
    } else {
        let head = [
            "id",
            "position",
            "margin",
            "leverage",
            "entry",
            "mark",
            "result net of costs",
            "liquidation",
            "away",
            "stop",
            "target",
        ];
        let rows: Vec<Vec<String>> = view.positions.iter().map(PositionRow::cells).collect();
        lines.push(table(&head, &rows));
    }
    lines.extend(view.waiting.iter().map(|order| {
        let (kind, amount) = (format!("{:?}", order.kind).to_lowercase(), usdc(order.amount));
        format!("order {}: {kind} of {amount} on {} waits for the venue's keeper", order.id, order.pair)
    }));
    lines.extend(view.limits.iter().map(|order| {
        format!(
            "limit order {}: {} {} with {} at {}x, waits for {}",
            order.key,
            order.side,
            order.pair,
            usdc(order.margin),
            order.leverage,
            price(order.price),
        )
    }));
    lines.extend(
        view.unresolved.iter().map(|order| format!("the journal follows order {} ({})", order.id, order.state)),
    );
    lines.join("\n")
}

/// What came of an action, for `--json`.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::cli) struct ReportView<'a> {
    #[serde(flatten)]
    settlement: &'a Settlement,
    orders: &'a [(OrderHandle, OrderState)],
    fills: &'a [Deviation],
}

pub(in crate::cli) const fn report_view<'a>(
    settlement: &'a Settlement,
    orders: &'a [(OrderHandle, OrderState)],
    fills: &'a [Deviation],
) -> ReportView<'a> {
    ReportView { settlement, orders, fills }
}

pub(in crate::cli) fn report_text(
    settlement: &Settlement,
    orders: &[(OrderHandle, OrderState)],
    fills: &[Deviation],
) -> String {
    let mut lines = vec![settlement_text(settlement)];
    lines.extend(orders.iter().map(|(order, state)| order_line(order, state)));
    if !fills.is_empty() {
        let rows: Vec<Vec<String>> = fills.iter().map(crate::cli::shared::plan_view::deviation_row).collect();
        lines.push(table(&["fill", "predicted", "actual", "difference"], &rows));
    }
    lines.join("\n")
}

/// Where an order stands, in a line.
pub(in crate::cli) fn order_line(order: &OrderHandle, state: &OrderState) -> String {
    let what = match state {
        OrderState::Initiated => "waits".to_owned(),
        OrderState::Filled(fill) if fill.paid > Usdc::ZERO || fill.left == Usdc::ZERO => {
            format!("closed {} at {}: {} paid", usdc(fill.collateral), price(fill.price), usdc(fill.paid))
        }
        OrderState::Filled(fill) => format!("filled at {}: position {}", price(fill.price), fill.key),
        OrderState::Cancelled { refund, reason, .. } => {
            let back =
                refund.map_or_else(|| "nothing came back".to_owned(), |back| format!("{} came back", usdc(back)));
            format!("cancelled, {back}: {reason}")
        }
        OrderState::Unknown { reason } => format!("is not known: {reason}"),
    };
    one_line(&format!("order {} {what}", order.id)).into_owned()
}
