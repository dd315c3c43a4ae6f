//! `loop pairs`: which pairs can be looped on this network now, and why the others cannot.

use alloy::primitives::{Address, U256};
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::Serialize;

use super::args::PairsArgs;
use crate::{
    cli::shared::{
        document::document,
        exit::{Exit, Failure, Outcome},
        output::table,
        session::Session,
    },
    config::ThresholdsConfig,
    dex::Route,
    loops::{
        Obstacle, Opening, PairTerms, PairVerdict, PairsSnapshot, Scope, Settings, SizeAsked, TargetError,
        allowed_pairs, judge_pairs,
    },
    plan::Quantity,
    units::{UsdE8, from_decimal},
};

/// An e-mode.
#[derive(Debug, Serialize, JsonSchema)]
struct EMode {
    id: u8,
    label: String,
}

/// What Aave and the opening floor allow.
#[derive(Debug, Serialize, JsonSchema)]
struct Terms {
    /// The e-mode that a loop enters; `null` outside of any.
    e_mode: Option<EMode>,
    /// Most that Aave lends against the collateral.
    max_ltv: Quantity,
    liquidation_threshold: Quantity,
    /// Where that ends.
    max_leverage: Quantity,
    /// Where `loop open` ends: there, or at the opening floor of the thresholds.
    opens_to: Quantity,
}

/// What opening it would be at the size asked.
#[derive(Debug, Serialize, JsonSchema)]
struct OpeningView {
    /// As asked, or the most that the pair can have.
    leverage: Quantity,
    /// Interest earned less interest paid in a year, of the equity; what the tokens yield by themselves is not in it.
    net_apr: Quantity,
    /// The pools in the order of the swap.
    route: Vec<Pool>,
    /// Their fees, of the swap.
    fee: Quantity,
    /// How far the swap moves their prices.
    price_impact: Quantity,
    /// What the swap loses against Aave's oracle, both in it; zero for a gain.
    cost: Quantity,
    /// Who lends in between.
    flash: String,
    flash_fee: Quantity,
}

/// A pool of a route.
#[derive(Debug, Serialize, JsonSchema)]
struct Pool {
    token_in: Address,
    token_out: Address,
    fee: Quantity,
}

/// A pair.
#[derive(Debug, Serialize, JsonSchema)]
struct PairView {
    collateral: String,
    debt: String,
    /// Whether it can be opened now at this size.
    works: bool,
    /// `null` where Aave allows no such loop.
    terms: Option<Terms>,
    /// `null` where it does not work.
    opening: Option<OpeningView>,
    /// Why it does not work; `null` where it does.
    reason: Option<Obstacle>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct PairsView {
    network: String,
    /// The block that it was read at.
    block: u64,
    equity: Quantity,
    leverage: Quantity,
    /// How many pairs work.
    working: usize,
    /// How many do not; they are listed with `--all`.
    impossible: usize,
    pairs: Vec<PairView>,
}

document!("loop-pairs": PairsView);

pub(in crate::cli) async fn pairs(session: Session, args: PairsArgs) -> Outcome {
    let equity = from_decimal(args.equity, 8).filter(|equity| !equity.is_zero());
    let equity = equity.ok_or_else(|| Failure::message(Exit::Usage, "--equity must be above 0 dollars"))?;
    let target = crate::loops::Target::Leverage(args.leverage).validate();
    target.map_err(|error: TargetError| Failure::message(Exit::Usage, format!("--leverage: {error}")))?;
    let (market, price) = tokio::join!(session.market(), session.gas_price());
    let ((list, market), gas_price) = (market?, price?);
    let allowed = allowed_pairs(&market);
    let snapshot = PairsSnapshot::read(&session.endpoints, &list, &allowed, market.block).await?;
    let settings = settings(&session, gas_price);
    let size = SizeAsked { equity: UsdE8(equity), leverage: args.leverage };
    let verdicts = judge_pairs(&snapshot, &list, size, &settings);
    let working = verdicts.iter().filter(|verdict| verdict.works()).count();
    let view = PairsView {
        network: session.network().to_string(),
        block: snapshot.block.number,
        equity: Quantity::usd(equity),
        leverage: times(args.leverage),
        working,
        impossible: verdicts.len().saturating_sub(working),
        pairs: verdicts.into_iter().filter(|verdict| args.all || verdict.works()).map(PairView::of).collect(),
    };
    session.output.result(&view, || text(&view))
}

/// Those of a new loop by the configuration; pairs have thresholds of their class.
fn settings(session: &Session, gas_price: U256) -> Settings {
    let config = &session.config;
    let defaults: ThresholdsConfig = config.thresholds;
    Settings {
        id: "pairs".to_owned(),
        network: session.network().as_str().to_owned(),
        urgency: None,
        bounds: config.bounds,
        slippage: None,
        thresholds: defaults.volatile,
        defaults,
        loops: Vec::new(),
        scope: Scope::Loop,
        permit_ttl: config.permit_ttl,
        fees: config.fees,
        flash: None,
        gas_price,
    }
}

fn times(leverage: Decimal) -> Quantity {
    Quantity::new(from_decimal(leverage, 18).unwrap_or(U256::MAX), 18, "x")
}

/// Hundredths of a basis point as per cent.
fn pips(pips: u32) -> Quantity {
    Quantity::new(U256::from(pips), 4, "%")
}

impl PairView {
    fn of(verdict: PairVerdict) -> Self {
        let works = verdict.works();
        let (opening, reason) = match verdict.opening {
            Ok(opening) => (Some(OpeningView::of(&opening)), None),
            Err(obstacle) => (None, Some(obstacle)),
        };
        let (collateral, debt) = (verdict.collateral, verdict.debt);
        Self { collateral, debt, works, terms: verdict.terms.map(Terms::of), opening, reason }
    }

    fn name(&self) -> String {
        format!("{}/{}", self.collateral, self.debt)
    }
}

impl Terms {
    fn of(terms: PairTerms) -> Self {
        Self {
            e_mode: terms.category.map(|(id, label)| EMode { id, label }),
            max_ltv: Quantity::bps(u64::from(terms.ltv.0)),
            liquidation_threshold: Quantity::bps(u64::from(terms.liquidation_threshold.0)),
            max_leverage: Quantity::new(terms.max_leverage, 18, "x"),
            opens_to: Quantity::new(terms.opens_to, 18, "x"),
        }
    }
}

impl OpeningView {
    fn of(opening: &Opening) -> Self {
        Self {
            leverage: times(opening.leverage),
            net_apr: opening.net_apr.clone(),
            route: pools(&opening.route),
            fee: pips(opening.fee_pips),
            price_impact: pips(opening.price_impact_pips),
            cost: Quantity::bps(u64::from(opening.cost.0)),
            flash: opening.flash.source.to_string(),
            flash_fee: pips(opening.flash.fee_pips),
        }
    }
}

fn pools(route: &Route) -> Vec<Pool> {
    let pool = |(token_in, hop): (Address, &crate::dex::Hop)| Pool {
        token_in,
        token_out: hop.token_out,
        fee: pips(hop.pool.fee()),
    };
    route.tokens_in().zip(route.hops()).map(pool).collect()
}

fn text(view: &PairsView) -> String {
    let mut lines = vec![format!(
        "{} of {} pairs work on {} at block {}, for an equity of {}:",
        view.working,
        view.working.saturating_add(view.impossible),
        view.network,
        view.block,
        view.equity
    )];
    let working: Vec<&PairView> = view.pairs.iter().filter(|pair| pair.works).collect();
    let rows: Vec<Vec<String>> = working.iter().filter_map(|pair| row(pair)).collect();
    lines.push(table(&["", "e-mode", "LTV", "opens to", "at", "net APR", "fee", "impact", "hops"], &rows));
    lines.push(
        "net APR is Aave's interest only; what staked and wrapped tokens yield by themselves is not in it".to_owned(),
    );
    let impossible: Vec<String> = view
        .pairs
        .iter()
        .filter_map(|pair| Some(format!("{}: {}", pair.name(), pair.reason.as_ref()?.message)))
        .collect();
    if !impossible.is_empty() {
        lines.push(format!("\n{} do not:", impossible.len()));
        lines.extend(impossible);
    } else if view.impossible > 0 {
        lines.push(format!("{} do not; --all says why", view.impossible));
    }
    lines.join("\n")
}

fn row(pair: &PairView) -> Option<Vec<String>> {
    let (terms, opening) = (pair.terms.as_ref()?, pair.opening.as_ref()?);
    let e_mode = terms.e_mode.as_ref().map_or_else(|| "-".to_owned(), |e_mode| e_mode.id.to_string());
    Some(vec![
        pair.name(),
        e_mode,
        terms.max_ltv.to_string(),
        short(&terms.opens_to),
        short(&opening.leverage),
        opening.net_apr.to_string(),
        opening.fee.to_string(),
        opening.price_impact.to_string(),
        opening.route.len().to_string(),
    ])
}

/// Two digits are enough for a leverage in a table.
fn short(leverage: &Quantity) -> String {
    leverage
        .to_decimal()
        .map_or_else(|| leverage.to_string(), |value| format!("{}x", value.trunc_with_scale(2).normalize()))
}
