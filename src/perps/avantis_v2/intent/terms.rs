//! Intents from what people say: decimals, sides, lifetimes. Nothing here reads a clock or draws a number.

use alloy::primitives::{Address, U256};
use rust_decimal::Decimal;

use super::{
    kind::VenueIntent,
    nonce::IntentNonce,
    scale::{TermsError, e10, signed_e10, usdc},
};
use crate::{
    perps::{
        PriceE10, Side,
        avantis_v2::abi::IIntents::{
            CancelOffchainOrder, CloseTradeCoinExposureReq, CloseTradeReq, IncreasePositionSizeReq,
            IncreasePositionSizeWithCoinExposureReq, OpenTradeCoinExposureReq, OpenTradeReq, TpSlReq, Trade,
            TwapCancelReq, TwapCloseOrder, TwapOpenOrder, UpdatePositionSize, UpdateTpSlReq,
        },
    },
    units::{Millis, Secs},
};

/// What makes a signature good once and for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    /// Used once.
    pub nonce: IntentNonce,
    /// By the wall clock; the chain compares its whole seconds with the block's time (avantis-v2.md §2.5).
    pub deadline: Millis,
}

/// A position by trader, pair and slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PositionRef {
    /// Whose.
    pub trader: Address,
    /// The venue's number of the pair.
    pub pair: u64,
    /// Which of the trader's positions on it.
    pub index: u64,
}

/// A size in coins, and the leverages between which the fill may come out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CoinSize {
    /// How many.
    pub coins: Decimal,
    /// Least leverage.
    pub least_leverage: Decimal,
    /// Most leverage.
    pub most_leverage: Decimal,
}

/// How an open is carried out, as the contract numbers it (avantis-v2.md §2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum OpenType {
    /// At the market.
    Market = 0,
    /// When the price has risen (long) or fallen (short) to it.
    StopLimit = 1,
    /// When the price has become so good.
    Limit = 2,
    /// At the market, on a pair that takes a share of the profit instead of fees.
    MarketUpside = 3,
}

/// A position to be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenTerms {
    /// For whom.
    pub trader: Address,
    /// The venue's number of the pair.
    pub pair: u64,
    /// Direction.
    pub side: Side,
    /// At the market or not.
    pub open_type: OpenType,
    /// USDC offered; the opening fee comes out of it.
    pub collateral: Decimal,
    /// Leverage of it.
    pub leverage: Decimal,
    /// The reference price, which slippage is counted from.
    pub price: Decimal,
    /// Target; 0 for the venue's most.
    pub target: Decimal,
    /// Stop; 0 for none.
    pub stop: Decimal,
    /// Most that the fill may be worse, per cent.
    pub slippage: Decimal,
    /// Sized in coins instead.
    pub coins: Option<CoinSize>,
}

impl OpenTerms {
    /// As it is signed, and as the contract's own call takes it.
    pub fn trade(&self) -> Result<Trade, TermsError> {
        Ok(Trade {
            trader: self.trader,
            pairIndex: U256::from(self.pair),
            index: U256::ZERO,
            initialPosToken: U256::ZERO,
            // Stands for the collateral until the order is registered (avantis-v2.md §2.3).
            positionSizeUSDC: usdc("collateral", self.collateral)?,
            openPrice: e10("price", self.price)?,
            buy: self.side.is_long(),
            leverage: e10("leverage", self.leverage)?,
            tp: e10("target", self.target)?,
            sl: e10("stop", self.stop)?,
            timestamp: U256::ZERO,
        })
    }

    /// The intent.
    pub fn intent(&self, valid: Validity) -> Result<VenueIntent, TermsError> {
        let (trade, slippage) = (self.trade()?, e10("slippage", self.slippage)?);
        let (deadline, nonce) = (U256::from(valid.deadline.0), valid.nonce.0);
        Ok(match self.coins {
            None => OpenTradeReq {
                _t: trade,
                _type: self.open_type as u8,
                _slippageP: slippage,
                _deadline: deadline,
                _nonce: nonce,
            }
            .into(),
            Some(size) => OpenTradeCoinExposureReq {
                _t: trade,
                _type: self.open_type as u8,
                _coinExposure: e10("coins", size.coins)?,
                _minLeverage: e10("least leverage", size.least_leverage)?,
                _maxLeverage: e10("most leverage", size.most_leverage)?,
                _slippageP: slippage,
                _deadline: deadline,
                _nonce: nonce,
            }
            .into(),
        })
    }
}

/// How much is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloseSize {
    /// USDC of the collateral; all of it closes the position.
    Collateral(Decimal),
    /// Coins.
    Coins(Decimal),
}

/// A position to be closed, in whole or in part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CloseTerms {
    /// Which.
    pub position: PositionRef,
    /// The position's time stamp: an intent for a position that has changed since is refused (avantis-v2.md §2.5).
    pub opened: Secs,
    /// How much.
    pub size: CloseSize,
    /// The price wanted.
    pub price: Decimal,
}

impl CloseTerms {
    /// The intent.
    pub fn intent(&self, valid: Validity) -> Result<VenueIntent, TermsError> {
        let PositionRef { trader, pair, index } = self.position;
        let (pair, index) = (U256::from(pair), U256::from(index));
        let (opened, price) = (U256::from(self.opened.0), e10("price", self.price)?);
        let (deadline, nonce) = (U256::from(valid.deadline.0), valid.nonce.0);
        Ok(match self.size {
            CloseSize::Collateral(amount) => CloseTradeReq {
                _trader: trader,
                _pairIndex: pair,
                _index: index,
                _openTimestamp: opened,
                _amount: usdc("amount", amount)?,
                _wantedPrice: price,
                _deadline: deadline,
                _nonce: nonce,
            }
            .into(),
            CloseSize::Coins(coins) => CloseTradeCoinExposureReq {
                _trader: trader,
                _pairIndex: pair,
                _index: index,
                _openTimestamp: opened,
                _coinExposure: e10("coins", coins)?,
                _wantedPrice: price,
                _deadline: deadline,
                _nonce: nonce,
            }
            .into(),
        })
    }
}

/// An addition to a position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IncreaseTerms {
    /// Which.
    pub position: PositionRef,
    /// USDC added.
    pub collateral: Decimal,
    /// Leverage of the addition.
    pub leverage: Decimal,
    /// The reference price of the addition.
    pub price: Decimal,
    /// Most that the fill may be worse, per cent.
    pub slippage: Decimal,
    /// Sized in coins instead.
    pub coins: Option<CoinSize>,
}

impl IncreaseTerms {
    /// The intent.
    pub fn intent(&self, valid: Validity) -> Result<VenueIntent, TermsError> {
        let update = UpdatePositionSize {
            trader: self.position.trader,
            pairIndex: U256::from(self.position.pair),
            index: U256::from(self.position.index),
            openPrice: e10("price", self.price)?,
            initialPosToken: usdc("collateral", self.collateral)?,
            leverage: e10("leverage", self.leverage)?,
        };
        let slippage = e10("slippage", self.slippage)?;
        let (deadline, nonce) = (U256::from(valid.deadline.0), valid.nonce.0);
        Ok(match self.coins {
            None => IncreasePositionSizeReq {
                _updateInfo: update,
                _slippageP: slippage,
                _deadline: deadline,
                _nonce: nonce,
            }
            .into(),
            Some(size) => IncreasePositionSizeWithCoinExposureReq {
                _updateInfo: update,
                _coinExposure: e10("coins", size.coins)?,
                _minLeverage: e10("least leverage", size.least_leverage)?,
                _maxLeverage: e10("most leverage", size.most_leverage)?,
                _slippageP: slippage,
                _deadline: deadline,
                _nonce: nonce,
            }
            .into(),
        })
    }
}

/// Target and stop of a position, both: one that is to stay is signed again as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LevelTerms {
    /// Which.
    pub position: PositionRef,
    /// Target; 0 for the venue's most.
    pub target: PriceE10,
    /// Stop; 0 for none.
    pub stop: PriceE10,
}

impl LevelTerms {
    /// The intent.
    #[must_use]
    pub fn intent(&self, valid: Validity) -> VenueIntent {
        UpdateTpSlReq {
            trader: self.position.trader,
            _pairIndex: U256::from(self.position.pair),
            _index: U256::from(self.position.index),
            _newTp: self.target.0,
            _newSl: self.stop.0,
            _deadline: U256::from(valid.deadline.0),
            _nonce: valid.nonce.0,
        }
        .into()
    }
}

/// Where a partial target or stop is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TriggerAt {
    /// At a price.
    Price(Decimal),
    /// At a result of so many per cent of the collateral.
    Percent(Decimal),
}

/// Whether a partial trigger takes a profit or stops a loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum TriggerType {
    /// A profit.
    TakeProfit = 4,
    /// A loss.
    StopLoss = 5,
}

/// A target or stop of a part of a position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TriggerTerms {
    /// Which position.
    pub position: PositionRef,
    /// The position's direction.
    pub side: Side,
    /// Target or stop.
    pub trigger_type: TriggerType,
    /// Where.
    pub at: TriggerAt,
    /// Coins that it closes.
    pub coins: Decimal,
    /// The position's time stamp.
    pub opened: Secs,
    /// When it is signed; not later than the service's now.
    pub signed: Millis,
    /// Used once.
    pub nonce: IntentNonce,
}

impl TriggerTerms {
    /// The intent.
    pub fn intent(&self) -> Result<VenueIntent, TermsError> {
        let (trigger_type, price, percentage) = match self.at {
            TriggerAt::Price(price) => (0, price, Decimal::ZERO),
            TriggerAt::Percent(percentage) => (1, Decimal::ZERO, percentage),
        };
        Ok(TpSlReq {
            trader: self.position.trader,
            pairIndex: U256::from(self.position.pair),
            index: U256::from(self.position.index),
            triggerType: trigger_type,
            coinSize: e10("coins", self.coins)?,
            buy: self.side.is_long(),
            price: e10("price", price)?,
            percentage: signed_e10("percentage", percentage)?,
            timestamp: U256::from(self.opened.0),
            signTimestamp: U256::from(self.signed.0),
            orderType: self.trigger_type as u8,
            nonce: self.nonce.0,
        }
        .into())
    }
}

/// A position to be opened bit by bit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TwapOpenTerms {
    /// For whom.
    pub trader: Address,
    /// The venue's number of the pair.
    pub pair: u64,
    /// Direction.
    pub side: Side,
    /// USDC offered.
    pub collateral: Decimal,
    /// Sized in coins instead.
    pub coins: Option<Decimal>,
    /// Leverage.
    pub leverage: Decimal,
    /// Most leverage.
    pub most_leverage: Decimal,
    /// Over how long.
    pub run_time: Secs,
}

impl TwapOpenTerms {
    /// The intent.
    pub fn intent(&self, valid: Validity) -> Result<VenueIntent, TermsError> {
        Ok(TwapOpenOrder {
            trader: self.trader,
            pairIndex: U256::from(self.pair),
            collateral: usdc("collateral", self.collateral)?,
            buy: self.side.is_long(),
            isCoin: self.coins.is_some(),
            coinSize: e10("coins", self.coins.unwrap_or_default())?,
            defaultLeverage: e10("leverage", self.leverage)?,
            maxLeverage: e10("most leverage", self.most_leverage)?,
            runTime: U256::from(self.run_time.0),
            nonce: valid.nonce.0,
            deadline: U256::from(valid.deadline.0),
            __reserved1: U256::ZERO,
        }
        .into())
    }
}

/// A position to be closed bit by bit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TwapCloseTerms {
    /// Which.
    pub position: PositionRef,
    /// Coins to be closed.
    pub coins: Decimal,
    /// Over how long.
    pub run_time: Secs,
}

impl TwapCloseTerms {
    /// The intent.
    pub fn intent(&self, valid: Validity) -> Result<VenueIntent, TermsError> {
        Ok(TwapCloseOrder {
            trader: self.position.trader,
            pairIndex: U256::from(self.position.pair),
            index: U256::from(self.position.index),
            coinSizeToClose: e10("coins", self.coins)?,
            runTime: U256::from(self.run_time.0),
            nonce: valid.nonce.0,
            deadline: U256::from(valid.deadline.0),
            __reserved1: U256::ZERO,
        }
        .into())
    }
}

/// Ends a TWAP order.
#[must_use]
pub fn twap_cancel(trader: Address, twap: U256, valid: Validity) -> VenueIntent {
    TwapCancelReq { trader, twapId: twap, nonce: valid.nonce.0, deadline: U256::from(valid.deadline.0) }.into()
}

/// Takes a partial target or stop back.
#[must_use]
pub fn trigger_cancel(entity: &str) -> VenueIntent {
    CancelOffchainOrder { entityId: entity.to_owned() }.into()
}
