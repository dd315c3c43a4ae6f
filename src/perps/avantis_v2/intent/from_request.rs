//! Intents of our own orders: what a request asks, with the facts that it leaves to the venue.

use alloy::primitives::Address;
use rust_decimal::Decimal;

use super::{
    kind::VenueIntent,
    scale::TermsError,
    terms::{CloseSize, CloseTerms, LevelTerms, OpenTerms, OpenType, PositionRef, Validity},
};
use crate::{
    perps::{Change, Entry, Level, PerpRequest, Portion, PositionKey, PriceE10, Side, Usdc},
    units::Secs,
};

/// What an order does not say and its intent needs. Who knows more of a position than is asked for may say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RequestFacts {
    /// The venue's number of the pair that is opened.
    pub pair: Option<u64>,
    /// The reference price of an open, or the price wanted of a close.
    pub price: Option<PriceE10>,
    /// The position's time stamp on the chain.
    pub opened: Option<Secs>,
    /// The position's collateral.
    pub collateral: Option<Usdc>,
    /// The position's entry price and direction, where a level is a distance from it.
    pub entry: Option<(PriceE10, Side)>,
    /// The position's target now, where it stays.
    pub target: Option<PriceE10>,
    /// The position's stop now, where it stays; zero for none.
    pub stop: Option<PriceE10>,
}

/// Pairs that have kept their numbers (avantis-v2.md §5.1).
const PAIRS: [(&str, u64); 5] = [("ETH/USD", 0), ("BTC/USD", 1), ("SOL/USD", 2), ("ARB/USD", 4), ("OP/USD", 7)];

fn known<T>(field: &'static str, fact: Option<T>, why: &str) -> Result<T, TermsError> {
    fact.ok_or_else(|| TermsError { field, reason: format!("needed: {why}") })
}

fn refused(field: &'static str, reason: impl Into<String>) -> TermsError {
    TermsError { field, reason: reason.into() }
}

fn decimal(field: &'static str, value: Option<Decimal>) -> Result<Decimal, TermsError> {
    value.ok_or_else(|| refused(field, "too large to be sent"))
}

impl VenueIntent {
    /// The intent of a request for a trader.
    pub fn of_request(
        request: &PerpRequest,
        trader: Address,
        facts: &RequestFacts,
        valid: Validity,
    ) -> Result<Self, TermsError> {
        match request {
            PerpRequest::Open(open) => {
                if let Entry::Limit(_) = open.entry {
                    return Err(by_transaction("a limit order is placed"));
                }
                let number = PAIRS.iter().find(|(name, _)| name.eq_ignore_ascii_case(&open.pair));
                let number = facts.pair.or_else(|| number.map(|(_, number)| *number));
                let price = known("price", facts.price, "the reference price that slippage is counted from")?;
                let level = |field, level: Option<Level>, is_above: bool| match level {
                    None => Ok(Decimal::ZERO),
                    Some(level) => {
                        let at = level.price(price, is_above);
                        decimal(field, at.and_then(PriceE10::to_decimal))
                    }
                };
                OpenTerms {
                    trader,
                    pair: known("pair-index", number, &format!("the venue's number of {}", open.pair))?,
                    side: open.side,
                    open_type: OpenType::Market,
                    collateral: decimal("margin", open.margin.to_decimal())?,
                    leverage: decimal("leverage", open.leverage.to_decimal())?,
                    price: decimal("price", price.to_decimal())?,
                    target: level("target", open.target, open.side.is_long())?,
                    stop: level("stop", open.stop, !open.side.is_long())?,
                    slippage: decimal("slippage", open.slippage.to_decimal())?,
                    coins: None,
                }
                .intent(valid)
            }
            PerpRequest::Close { position, portion } => {
                let collateral =
                    known("collateral", facts.collateral, "the position's collateral, of which so much is closed")?;
                let collateral = decimal("collateral", collateral.to_decimal())?;
                let amount = match portion {
                    Portion::All => collateral,
                    Portion::Part(share) => decimal("collateral", collateral.checked_mul(*share))?,
                };
                let price = known("price", facts.price, "the price that is wanted")?;
                CloseTerms {
                    position: place(trader, *position)?,
                    opened: known("open-timestamp", facts.opened, "the position's time stamp, read right before")?,
                    size: CloseSize::Collateral(amount),
                    price: decimal("price", price.to_decimal())?,
                }
                .intent(valid)
            }
            PerpRequest::Levels { position, stop, target } => {
                let level = |field, change: &Change, now: Option<PriceE10>, is_target: bool| match change {
                    Change::Remove => Ok(PriceE10::ZERO),
                    Change::Keep => known(field, now, "it stays, and is signed again as it is"),
                    Change::To(Level::Price(price)) => Ok(*price),
                    Change::To(distance) => {
                        let (entry, side) = known("entry", facts.entry, "the level is a distance from it")?;
                        let at = distance.price(entry, side.is_long() == is_target);
                        at.ok_or_else(|| refused(field, "too far from the entry"))
                    }
                };
                let terms = LevelTerms {
                    position: place(trader, *position)?,
                    target: level("target", target, facts.target, true)?,
                    stop: level("stop", stop, facts.stop, false)?,
                };
                Ok(terms.intent(valid))
            }
            PerpRequest::Margin { .. } => Err(by_transaction("margin is put in or taken out")),
            PerpRequest::Cancel { .. } => Err(by_transaction("a limit order is taken back")),
        }
    }
}

fn by_transaction(what: &str) -> TermsError {
    refused("order", format!("{what} by a transaction of one's own; the venue takes no signed order for it"))
}

/// Pair and slot of a position's name.
fn place(trader: Address, key: PositionKey) -> Result<PositionRef, TermsError> {
    let parts = key.as_str().split_once(':').and_then(|(pair, index)| Some((pair.parse().ok()?, index.parse().ok()?)));
    let (pair, index) = parts.ok_or_else(|| refused("position", format!("{key} is no pair and slot, such as 0:1")))?;
    Ok(PositionRef { trader, pair, index })
}

/// Whether a request moves the target, which names the path that the intent is sent to.
#[must_use]
pub const fn moves_target(request: &PerpRequest) -> bool {
    matches!(request, PerpRequest::Levels { target: Change::Remove | Change::To(_), .. })
}

#[cfg(test)]
mod tests {
    use alloy::primitives::U256;
    use rust_decimal::dec;

    use super::*;
    use crate::{
        perps::{LeverageE10, MarginChange, OpenRequest, PercentE10, avantis_v2::intent::IntentNonce},
        units::Millis,
    };

    const TRADER: Address = Address::repeat_byte(7);

    fn valid() -> Validity {
        Validity { nonce: IntentNonce(U256::from(9u8)), deadline: Millis(1_796_000_000_123) }
    }

    fn price(text: &str) -> PriceE10 {
        PriceE10::from_decimal(text.parse().expect("decimal")).expect("price")
    }

    fn open() -> OpenRequest {
        OpenRequest {
            pair: "eth/usd".to_owned(),
            side: Side::Short,
            margin: Usdc(U256::from(250_000_000u64)),
            leverage: LeverageE10::from_decimal(dec!(5)).expect("leverage"),
            entry: Entry::Market,
            stop: Some(Level::Distance(dec!(0.1))),
            target: Some(Level::Price(price("2000"))),
            slippage: PercentE10::from_decimal(dec!(1)).expect("percent"),
            signal: None,
            outlook: None,
        }
    }

    fn fields(intent: &VenueIntent) -> String {
        let fields = intent.fields().expect("fields");
        fields.iter().map(|field| format!("{}={}", field.path, field.value)).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn an_open_becomes_an_open_with_levels_on_their_sides() {
        let facts = RequestFacts { price: Some(price("2500")), ..RequestFacts::default() };
        let intent = VenueIntent::of_request(&PerpRequest::Open(open()), TRADER, &facts, valid()).expect("intent");
        let told = fields(&intent);
        for part in [
            "_t.pairIndex=0 ",
            "_t.positionSizeUSDC=250000000 ",
            "_t.openPrice=25000000000000 ",
            "_t.buy=false ",
            "_t.leverage=50000000000 ",
            "_t.tp=20000000000000 ",
            "_t.sl=27500000000000 ",
            "_type=0 _slippageP=10000000000 _deadline=1796000000123 _nonce=9",
        ] {
            assert!(told.contains(part), "{part} in {told}");
        }
    }

    #[test]
    fn a_part_is_cut_off_at_the_last_digit_of_the_token() {
        let request =
            PerpRequest::Close { position: "0:3".parse().expect("key"), portion: Portion::Part(dec!(0.3333333)) };
        let facts = RequestFacts {
            price: Some(price("2500")),
            opened: Some(Secs(1_791_439_572)),
            collateral: Some(Usdc(U256::from(1_000_000u64))),
            ..RequestFacts::default()
        };
        let intent = VenueIntent::of_request(&request, TRADER, &facts, valid()).expect("intent");
        assert!(fields(&intent).contains("_index=3 _openTimestamp=1791439572 _amount=333333 "), "{}", fields(&intent));
    }

    #[test]
    fn a_level_that_stays_is_signed_again_as_it_is() {
        let request = PerpRequest::Levels {
            position: "1:0".parse().expect("key"),
            stop: Change::To(Level::Distance(dec!(0.02))),
            target: Change::Keep,
        };
        let facts = RequestFacts {
            entry: Some((price("100"), Side::Long)),
            target: Some(price("123.4567891234")),
            ..RequestFacts::default()
        };
        let intent = VenueIntent::of_request(&request, TRADER, &facts, valid()).expect("intent");
        assert!(fields(&intent).contains("_newTp=1234567891234 _newSl=980000000000 "), "{}", fields(&intent));
        assert!(!moves_target(&request));
        let unknown = RequestFacts { target: None, ..facts };
        let told = VenueIntent::of_request(&request, TRADER, &unknown, valid()).expect_err("refused").to_string();
        assert!(told.starts_with("target: needed"), "{told}");
    }

    #[test]
    fn what_is_missing_or_has_no_intent_is_named() {
        let told = |request: PerpRequest, facts: RequestFacts| {
            VenueIntent::of_request(&request, TRADER, &facts, valid()).expect_err("refused").to_string()
        };
        let none = RequestFacts::default();
        assert!(told(PerpRequest::Open(open()), none).starts_with("price: needed"));
        let priced = RequestFacts { price: Some(price("1")), ..none };
        let other = OpenRequest { pair: "XYZ/USD".to_owned(), ..open() };
        assert!(
            told(PerpRequest::Open(other), priced).starts_with("pair-index: needed: the venue's number of XYZ/USD")
        );
        let limit = OpenRequest { entry: Entry::Limit(price("1")), ..open() };
        assert!(told(PerpRequest::Open(limit), priced).contains("by a transaction of one's own"));
        let key: PositionKey = "0:0".parse().expect("key");
        let margin = PerpRequest::Margin { position: key, change: MarginChange::Add(Usdc(U256::ONE)) };
        assert!(told(margin, priced).contains("by a transaction of one's own"));
        assert!(told(PerpRequest::Cancel { order: key }, priced).contains("a limit order is taken back"));
        let close = PerpRequest::Close { position: key, portion: Portion::All };
        assert!(told(close, priced).starts_with("collateral: needed"));
    }
}
