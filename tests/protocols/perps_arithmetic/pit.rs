//! The venue on a replica, a trader with money, and the keeper's hand to fill orders at any price.

use alloy::{
    network::AnyTransactionReceipt,
    primitives::{Address, B256, Bytes, U256},
    sol_types::{SolCall, SolEvent, SolValue},
};
use serde_json::{Value, json};
use trimtab::{
    localchain::{Role, token},
    perps::{LeverageE10, MarginChange, PriceE10, Side, Usdc},
};

use super::{
    abi::{
        ICallbacks, IERC20, IInfos, IPairs, IStorage, ITrading, PAIRS, PythPrice, PythPriceFeed, STORAGE, TRADING,
        Trade, TradeInfo,
    },
    dice::Dice,
    terms::Terms,
};
use crate::common::{Replica, account};

/// Dollars per unit that prices are drawn around (1e10), by pair.
const AROUND: [u64; 8] = [
    30_000_000_000_000,
    900_000_000_000_000,
    1_500_000_000_000,
    6_000_000_000_000,
    5_000_000_000,
    2_000_000_000,
    300_000_000_000,
    10_000_000_000,
];
/// The venue has ether and bitcoin in a group of their own, with room for more.
const LARGE_PAIRS: u64 = 2;
/// Half of the price may be lost to the spread before an order is refused.
const SLIPPAGE: u64 = 500_000_000_000;
/// Prices in updates have 8 decimals, at the venue 10.
const UPDATE_SCALE: u64 = 100;
const MARKET: u8 = 0;
const E10: u64 = 10_000_000_000;

/// What executes a level.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Trigger {
    Target = 0,
    Stop = 1,
    Liquidation = 2,
}

/// An order to open.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ask {
    pub side: Side,
    pub offered: Usdc,
    pub leverage: LeverageE10,
    pub oracle: PriceE10,
    pub target: PriceE10,
    pub stop: PriceE10,
}

/// What a close or an executed level came to.
#[derive(Debug)]
pub(crate) struct Closed {
    pub fees: IInfos::FeesCharged,
    pub percent_profit: alloy::primitives::I256,
    pub price: PriceE10,
    pub sent: Usdc,
    pub received: Usdc,
}

pub(crate) struct Pit {
    pub replica: Replica,
    pub trader: Address,
    pub crowd: Address,
    pub terms: Vec<Terms>,
    pub dice: Dice,
    usdc: Address,
    keeper: Address,
}

impl Pit {
    /// A venue that is empty but for a trader and a crowd with plenty of USDC; rollover and opening fees drawn by chance,
    /// so that they are worth comparing.
    pub(crate) async fn open(seed: u64) -> Self {
        let replica = Replica::start().await;
        let (trader, crowd, keeper) = (account(3), account(4), Role::VenueKeeper.address());
        let (usdc, _) = token("USDC").expect("USDC");
        for who in [trader, crowd] {
            let funds = [(usdc, U256::from(10_000_000_000_000u64))];
            replica.controls.fund(who, U256::ZERO, &funds).await.expect("funds");
            replica.send(who, usdc, &IERC20::approveCall { spender: STORAGE, amount: U256::MAX }).await;
        }
        let governor = Role::VenueGovernor.address();
        for who in [keeper, governor] {
            let _: Value = replica.request("anvil_impersonateAccount", [who]).await.expect("leave to act");
            let ether = U256::from(10).pow(U256::from(24));
            let _: Value = replica.request("anvil_setBalance", (who, ether)).await.expect("gas");
        }
        let mut dice = Dice(seed);
        for pair in 0..AROUND.len() as u64 {
            let value = U256::from(dice.between(50_000, 25_000_000));
            let rollover = IInfos::setRolloverFeePerBlockPCall { pairIndex: U256::from(pair), value };
            replica.send(governor, super::abi::INFOS, &rollover).await;
            let row = |dice: &mut Dice| [dice.between(0, 5), dice.between(300, 700)].map(to_signed);
            let fee = IPairs::SkewFee { eqParams: std::array::from_fn(|_| row(&mut dice)) };
            let rows = IPairs::udpateSkewOpenFeesCall { pairIndex: U256::from(pair), fee };
            replica.send(governor, PAIRS, &rows).await;
        }
        let mut terms = Vec::new();
        for pair in 0..AROUND.len() as u64 {
            terms.push(Terms::read(&replica, pair).await);
        }
        Self { replica, trader, crowd, terms, dice, usdc, keeper }
    }

    /// Lets the crowd open positions on both sides of every pair, so that no book is balanced.
    pub(crate) async fn crowded(mut self) -> Self {
        for pair in 0..self.terms.len() as u64 {
            for side in [Side::Long, Side::Short] {
                let notional = self.dice.between(1_000, if pair < LARGE_PAIRS { 150_000 } else { 15_000 });
                self.crowd_in(pair, side, notional).await;
            }
        }
        self
    }

    /// Lets the crowd open one position of so many dollars of notional.
    pub(crate) async fn crowd_in(&mut self, pair: u64, side: Side, dollars: u64) {
        let ask = Ask {
            side,
            offered: Usdc(U256::from(dollars * 1_000_000 / 5)),
            leverage: LeverageE10(U256::from(5 * E10)),
            oracle: PriceE10(U256::from(AROUND[usize::try_from(pair).expect("index")])),
            target: PriceE10::ZERO,
            stop: PriceE10::ZERO,
        };
        self.enter(self.crowd, pair, &ask).await;
    }

    pub(crate) fn any_pair(&mut self) -> u64 {
        self.dice.between(0, self.terms.len() as u64)
    }

    pub(crate) fn any_side(&mut self) -> Side {
        *self.dice.pick(&[Side::Long, Side::Short])
    }

    pub(crate) fn terms_of(&self, pair: u64) -> &Terms {
        &self.terms[usize::try_from(pair).expect("index")]
    }

    /// A price that an update can carry, between half and twice the usual.
    pub(crate) fn any_price(&mut self, pair: u64) -> PriceE10 {
        let around = AROUND[usize::try_from(pair).expect("index")];
        PriceE10(U256::from(self.dice.between(around / 2, around * 2) / UPDATE_SCALE * UPDATE_SCALE))
    }

    /// An order of any leverage that the pair takes and 100 to 40 000 USDC of notional (more on large pairs), without
    /// levels.
    pub(crate) fn any_ask(&mut self, pair: u64) -> Ask {
        let [least, most] = self.terms_of(pair).leverages.map(|bound| bound.0.to::<u64>());
        let leverage = self.dice.between(least, most + 1);
        let notional =
            self.dice.between(101_000_000, if pair < LARGE_PAIRS { 200_000_000_000 } else { 15_000_000_000 });
        let offered = u128::from(notional) * u128::from(E10) / u128::from(leverage);
        Ask {
            side: self.any_side(),
            offered: Usdc(U256::from(offered.max(2_000_000))),
            leverage: LeverageE10(U256::from(leverage)),
            oracle: self.any_price(pair),
            target: PriceE10::ZERO,
            stop: PriceE10::ZERO,
        }
    }

    /// A price at which the position has won (or lost) up to so much of its collateral, in plain per cent.
    pub(crate) fn moved(&mut self, trade: &Trade, won: [u64; 2], is_win: bool) -> PriceE10 {
        let per_mille = U256::from(self.dice.between(won[0] * 1000, won[1] * 1000 + 1));
        let change = trade.openPrice * per_mille * U256::from(E10) / trade.leverage / U256::from(100_000);
        let price = if is_win == trade.buy { trade.openPrice + change } else { trade.openPrice.saturating_sub(change) };
        let scale = U256::from(UPDATE_SCALE);
        PriceE10((price / scale).max(U256::ONE) * scale)
    }

    /// Opens as the trader; the stored position, or nothing when the venue cancelled.
    pub(crate) async fn fill(&self, pair: u64, ask: &Ask) -> Option<ICallbacks::MarketExecuted> {
        self.enter(self.trader, pair, ask).await
    }

    async fn enter(&self, trader: Address, pair: u64, ask: &Ask) -> Option<ICallbacks::MarketExecuted> {
        let t = Trade {
            trader,
            pairIndex: U256::from(pair),
            index: U256::ZERO,
            initialPosToken: U256::ZERO,
            positionSizeUSDC: ask.offered.0,
            openPrice: ask.oracle.0,
            buy: ask.side.is_long(),
            leverage: ask.leverage.0,
            tp: ask.target.0,
            sl: ask.stop.0,
            timestamp: U256::ZERO,
        };
        let call = ITrading::openTradeCall { t, orderType: MARKET, slippageP: U256::from(SLIPPAGE) };
        let placed = self.replica.send(trader, TRADING, &call).await;
        self.execute(&placed, pair, ask.oracle).await.and_then(|receipt| event(&receipt))
    }

    /// Closes a part of the trader's position at a price.
    pub(crate) async fn close(&self, pair: u64, index: U256, amount: Usdc, price: PriceE10) -> Closed {
        let before = self.balance().await;
        let call = ITrading::closeTradeMarketCall { pairIndex: U256::from(pair), index, amount: amount.0 };
        let placed = self.replica.send(self.trader, TRADING, &call).await;
        let receipt = self.execute(&placed, pair, price).await.expect("an executed close");
        let done: ICallbacks::MarketExecuted = event(&receipt).expect("a close");
        Closed {
            fees: event(&receipt).expect("fees"),
            percent_profit: done.percentProfit,
            price: PriceE10(done.price),
            sent: Usdc(done.usdcSentToTrader),
            received: Usdc(self.balance().await - before),
        }
    }

    /// Executes a level of the trader's position at an oracle price.
    pub(crate) async fn trigger(&self, trigger: Trigger, pair: u64, index: U256, oracle: PriceE10) -> Closed {
        let before = self.balance().await;
        let call = ITrading::executeLimitOrderCall {
            orderType: trigger as u8,
            trader: self.trader,
            pairIndex: U256::from(pair),
            index,
            updates: vec![self.update(pair, oracle).await],
        };
        let receipt = self.replica.send_data(self.keeper, TRADING, call.abi_encode().into(), U256::ONE).await;
        let done: ICallbacks::LimitExecuted = event(&receipt).expect("an executed level");
        Closed {
            fees: event(&receipt).expect("fees"),
            percent_profit: done.percentProfit,
            price: PriceE10(done.price),
            sent: Usdc(done.usdcSentToTrader),
            received: Usdc(self.balance().await - before),
        }
    }

    /// Changes the margin of the trader's position with a price; tells the block.
    pub(crate) async fn margin(&self, pair: u64, index: U256, change: MarginChange, price: PriceE10) -> u64 {
        let (kind, amount) = match change {
            MarginChange::Add(amount) => (0, amount.0),
            MarginChange::Remove(amount) => (1, amount.0),
        };
        let updates = vec![self.update(pair, price).await];
        let call = ITrading::updateMarginCall { pairIndex: U256::from(pair), index, kind, amount, updates };
        let receipt = self.replica.send_data(self.trader, TRADING, call.abi_encode().into(), U256::ONE).await;
        receipt.inner.block_number.expect("mined")
    }

    /// The trader's position as stored; without leverage when there is none.
    pub(crate) async fn position(&self, pair: u64, index: U256) -> (Trade, TradeInfo) {
        let (trader, pair_index) = (self.trader, U256::from(pair));
        let trade = IStorage::openTradesCall { trader, pairIndex: pair_index, index };
        let info = IStorage::openTradesInfoCall { trader, pairIndex: pair_index, index };
        (self.replica.ask(STORAGE, &trade).await, self.replica.ask(STORAGE, &info).await)
    }

    pub(crate) async fn balance(&self) -> U256 {
        self.replica.ask(self.usdc, &IERC20::balanceOfCall { owner: self.trader }).await
    }

    /// Asks a contract as another contract of the venue.
    pub(crate) async fn ask_as<C: SolCall>(&self, from: Address, to: Address, call: &C) -> C::Return {
        let request = json!([{ "from": from, "to": to, "data": Bytes::from(call.abi_encode()) }, "latest"]);
        let answer: Bytes = self.replica.request("eth_call", request).await.expect("an answer");
        C::abi_decode_returns(&answer).expect("an answer of the function's type")
    }

    pub(crate) async fn height(&self) -> u64 {
        let block: U256 = self.replica.request("eth_blockNumber", ()).await.expect("height");
        block.to()
    }

    pub(crate) async fn mine(&self, blocks: u64) {
        let _: Value = self.replica.request("anvil_mine", [U256::from(blocks)]).await.expect("blocks");
    }

    /// Lets the keeper execute the market order that a transaction placed.
    async fn execute(
        &self,
        placed: &AnyTransactionReceipt,
        pair: u64,
        price: PriceE10,
    ) -> Option<AnyTransactionReceipt> {
        let id = event::<ITrading::MarketOrderInitiated>(placed).expect("an order").orderId;
        let call = ITrading::executeMarketOrdersCall { ids: vec![id], updates: vec![self.update(pair, price).await] };
        let receipt = self.replica.send_data(self.keeper, TRADING, call.abi_encode().into(), U256::ONE).await;
        event::<ICallbacks::MarketExecuted>(&receipt).map(|_| receipt)
    }

    async fn update(&self, pair: u64, price: PriceE10) -> Bytes {
        let block: Value =
            self.replica.request("eth_getBlockByNumber", json!(["pending", false])).await.expect("block");
        let time: U256 = block["timestamp"].as_str().expect("time").parse().expect("hex");
        let scaled = price.0 / U256::from(UPDATE_SCALE);
        assert_eq!(scaled * U256::from(UPDATE_SCALE), price.0, "an update has 8 decimals");
        // Answer and time of the feed that the price is held against, without a block of their own.
        let backup = self.terms_of(pair).backup;
        for (slot, word) in [(0u8, scaled), (1, time)] {
            let write = json!([backup, U256::from(slot), B256::from(word)]);
            let _: Value = self.replica.request("anvil_setStorageAt", write).await.expect("anvil");
        }
        let price = PythPrice { price: scaled.to(), conf: 0, expo: -8, publishTime: time };
        PythPriceFeed { id: self.terms_of(pair).feed, price: price.clone(), emaPrice: price }.abi_encode().into()
    }
}

fn to_signed(value: u64) -> alloy::primitives::I256 {
    alloy::primitives::I256::from_raw(U256::from(value))
}

fn event<E: SolEvent>(receipt: &AnyTransactionReceipt) -> Option<E> {
    receipt.inner.inner.logs().iter().find_map(|log| E::decode_log(&log.inner).ok().map(|log| log.data))
}
