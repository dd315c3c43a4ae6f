//! What the venue's indexer knows of a trader (avantis-v2.md §3.4). It lags: what decides is read on chain.

use alloy::primitives::Address;

use super::{VenueServiceError, VenueServices, json::Node};
use crate::{
    perps::{LeverageE10, PriceE10, Side, Usdc, UsdcDelta},
    units::Secs,
};

const SERVICE: &str = "positions";

/// Positions and limit orders of a trader.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TraderPositions {
    /// Open positions.
    pub positions: Vec<TraderPosition>,
    /// Limit orders that wait.
    pub limits: Vec<TraderLimitOrder>,
}

/// A position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraderPosition {
    /// The venue's number of the pair.
    pub pair: u64,
    /// Which of the trader's on it.
    pub index: u64,
    /// Direction.
    pub side: Side,
    /// Collateral after the opening fee.
    pub collateral: Usdc,
    /// Leverage.
    pub leverage: LeverageE10,
    /// Entry.
    pub entry: PriceE10,
    /// Target; zero where it was not told.
    pub target: PriceE10,
    /// Stop; zero for none.
    pub stop: PriceE10,
    /// Where it is liquidated, as the service has it.
    pub liquidation: Option<PriceE10>,
    /// Rollover accrued.
    pub rollover: Usdc,
    /// Funding accrued; negative is received.
    pub funding: UsdcDelta,
    /// Its time stamp.
    pub opened: Option<Secs>,
    /// It is on a pair with a profit share.
    pub is_upside: bool,
}

/// A limit order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraderLimitOrder {
    /// The venue's number of the pair.
    pub pair: u64,
    /// Which of the trader's on it.
    pub index: u64,
    /// Direction.
    pub side: Side,
    /// Offered collateral.
    pub collateral: Option<Usdc>,
    /// Leverage.
    pub leverage: Option<LeverageE10>,
    /// The price that it waits for.
    pub price: Option<PriceE10>,
}

impl VenueServices {
    /// Positions and limit orders of a trader. An answer with somebody else's in it is refused.
    pub async fn positions(&self, trader: Address) -> Result<TraderPositions, VenueServiceError> {
        let answer =
            self.read_gateway(SERVICE, &format!("/core/user-data?trader={}", trader.to_checksum(None))).await?;
        let root = Node::root(SERVICE, &answer);
        if !answer.is_object() {
            return Err(root.wrong("an object is expected"));
        }
        let list = |name: &str| root.maybe(name).map_or_else(|| Ok(Vec::new()), |node| node.list());
        Ok(TraderPositions {
            positions: list("positions")?.iter().map(|node| position(node, trader)).collect::<Result<_, _>>()?,
            limits: list("limitOrders")?.iter().map(|node| limit(node, trader)).collect::<Result<_, _>>()?,
        })
    }
}

fn whose(node: &Node<'_>, trader: Address) -> Result<(), VenueServiceError> {
    let owner = node.field("trader")?;
    if owner.address()? == trader {
        return Ok(());
    }
    Err(owner.wrong(format!("{trader} was asked for")))
}

fn side(node: &Node<'_>) -> Result<Side, VenueServiceError> {
    Ok(if node.field("buy")?.boolean()? { Side::Long } else { Side::Short })
}

fn position(node: &Node<'_>, trader: Address) -> Result<TraderPosition, VenueServiceError> {
    whose(node, trader)?;
    let or_zero = |name: &str| node.maybe(name).map_or_else(|| Ok(alloy::primitives::U256::ZERO), |node| node.whole());
    let funding = node.maybe("unrealisedFundingFee").map(|node| node.signed()).transpose()?;
    Ok(TraderPosition {
        pair: node.field("pairIndex")?.small()?,
        index: node.field("index")?.small()?,
        side: side(node)?,
        collateral: Usdc(node.field("collateral")?.whole()?),
        leverage: LeverageE10(node.field("leverage")?.whole()?),
        entry: PriceE10(node.field("openPrice")?.whole()?),
        target: PriceE10(or_zero("tp")?),
        stop: PriceE10(or_zero("sl")?),
        liquidation: node.maybe("liquidationPrice").map(|node| node.whole().map(PriceE10)).transpose()?,
        rollover: Usdc(or_zero("rolloverFee")?),
        funding: UsdcDelta(funding.unwrap_or_default()),
        opened: node.maybe("openedAt").map(|node| node.small().map(Secs)).transpose()?,
        is_upside: node.maybe("isPnl").map_or(Ok(false), |node| node.boolean())?,
    })
}

fn limit(node: &Node<'_>, trader: Address) -> Result<TraderLimitOrder, VenueServiceError> {
    whose(node, trader)?;
    let amount = |name: &str| node.maybe(name).map(|node| node.whole()).transpose();
    Ok(TraderLimitOrder {
        pair: node.field("pairIndex")?.small()?,
        index: node.field("index")?.small()?,
        side: side(node)?,
        collateral: amount("collateral")?.map(Usdc),
        leverage: amount("leverage")?.map(LeverageE10),
        price: amount("price")?.map(PriceE10),
    })
}
