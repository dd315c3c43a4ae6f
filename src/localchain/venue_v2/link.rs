//! The services' connection: the node, the stand-in on it, its prices, and what the operator sends.

use std::{sync::Arc, time::Duration};

use alloy::{
    primitives::{Address, B256, Bytes, U64, U256},
    sol_types::{SolCall, SolError, SolValue},
};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::{
    sync::Mutex,
    time::{Instant, sleep},
};

use super::{
    abi::{
        IV2Router::{self, SpreadParams},
        IV2StandIn::{self, LimitOrder, Order, PairState, Position, PriceUpdate},
    },
    pairs::{Listing, Listings},
};
use crate::{
    localchain::{
        LocalChainError, Role,
        abi::IReplicaFeed,
        anvil::CHAIN_ID,
        genesis::{AVANTIS_MULTICALLS, AVANTIS_PAIR_STORAGE, AVANTIS_TRADING},
        node::{Call, Node},
    },
    units::Secs,
};

/// Gas of one transaction of the operator's.
const OPERATOR_GAS: u64 = 5_000_000;
/// From a feed's 8 decimals to the venue's 10.
const PRICE_SCALE: u64 = 100;
/// How long a transaction may take to be mined, and how often its receipt is asked for.
const MINED_WITHIN: Duration = Duration::from_secs(20);
const RECEIPT_POLL: Duration = Duration::from_millis(5);

/// A node with the stand-in on it.
#[derive(Debug, Clone)]
pub(super) struct Link {
    pub(super) node: Node,
    /// What anvil calls this run of itself.
    pub(super) instance: B256,
    /// One transaction of the operator's at a time.
    turn: Arc<Mutex<()>>,
}

/// Why the stand-in did not do something.
#[derive(Debug)]
pub(super) enum Refusal {
    /// The contract refuses; the name of its error.
    Contract(String),
    /// Something else failed.
    Failed(LocalChainError),
}

impl From<LocalChainError> for Refusal {
    fn from(error: LocalChainError) -> Self {
        Self::Failed(error)
    }
}

impl Refusal {
    /// The code that the service gives it.
    pub(super) fn code(&self) -> String {
        match self {
            Self::Contract(name) => name.clone(),
            Self::Failed(_) => "SUBMISSION_FAILED".to_owned(),
        }
    }
}

/// A mined transaction with its logs.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Mined {
    pub(super) transaction_hash: B256,
    status: U64,
    pub(super) logs: Vec<alloy::rpc::types::Log>,
}

impl Mined {
    pub(super) fn succeeded(&self) -> bool {
        self.status == U64::from(1)
    }
}

#[derive(Deserialize, Debug)]
struct Time {
    timestamp: U64,
}

impl Link {
    /// Whether the stand-in of the second version is on this node.
    pub(super) async fn is_there(node: &Node) -> bool {
        node.ask(views(), &IV2StandIn::allOrdersCall {}).await.is_ok()
    }

    /// Connects to a local chain with the stand-in on it.
    pub(super) async fn connect(node: Node) -> Result<Self, LocalChainError> {
        let client = node.client_version().await?;
        if !client.starts_with("anvil/") {
            return Err(LocalChainError::NotLocal { url: node.shown_url(), client });
        }
        let found = node.chain_id().await?;
        if found != CHAIN_ID {
            return Err(LocalChainError::WrongChain { url: node.shown_url(), found });
        }
        let operator = Role::VenueKeeper.address();
        if !node.ask(AVANTIS_TRADING, &IV2StandIn::isOperatorCall { who: operator }).await? {
            let why = "its router does not know the local operator".to_owned();
            return Err(LocalChainError::NoVenue { url: node.shown_url(), why });
        }
        let instance = node.metadata().await?.instance_id;
        let link = Self { node, instance, turn: Arc::default() };
        link.equip(operator).await?;
        Ok(link)
    }

    /// Ether for gas, and leave to act without a key.
    pub(super) async fn equip(&self, who: Address) -> Result<(), LocalChainError> {
        let ether = U256::from(10).pow(U256::from(18));
        if self.node.balance(who).await? < ether {
            self.node.set_balance(who, ether.saturating_mul(U256::from(1_000))).await?;
        }
        self.node.impersonate(who, true).await
    }

    /// Dollars that a pair's feed says, 1e10.
    pub(super) async fn price(&self, pair: &Listing) -> Result<U256, LocalChainError> {
        let answer = self.node.ask(pair.feed()?, &IReplicaFeed::latestAnswerCall {}).await?;
        Ok(answer.into_raw().saturating_mul(U256::from(PRICE_SCALE)))
    }

    /// Time of the block that comes next.
    pub(super) async fn now(&self) -> Result<Secs, LocalChainError> {
        let block: Time = self.node.request("eth_getBlockByNumber", json!(["pending", false])).await?;
        Ok(Secs(block.timestamp.to()))
    }

    /// A price as the stand-in takes it, as of the next block.
    pub(super) async fn update(&self, pair: &Listing, price: U256) -> Result<Bytes, LocalChainError> {
        let time = U256::from(self.now().await?.0);
        Ok(PriceUpdate { feedId: U256::from(pair.lazer_feed), price, publishTime: time }.abi_encode().into())
    }

    /// Carries a signed order or update out; the price is the feed's unless another is given.
    pub(super) async fn bring(&self, kind: Signed, intent: &Intent, price: Option<U256>) -> Result<Mined, Refusal> {
        let pair = intent.pair()?;
        let price = match price {
            Some(price) => price,
            None => self.price(pair).await?,
        };
        let (signature, encoded) = (intent.signature.clone(), intent.encoded.clone());
        let (order_type, spread) = (intent.order_type, flat(pair.spread));
        let updates = vec![self.update(pair, price).await?];
        let call = match kind {
            Signed::Order => self.operator(&IV2Router::executeMarketOrderBatchedCall {
                orderType: order_type,
                signature,
                encodedIntent: encoded,
                priceUpdateData: updates,
                priceSourcing: 1,
                spread,
            }),
            Signed::Update => self.operator(&IV2Router::executePositionUpdateBatchedCall {
                orderType: order_type,
                signature,
                encodedIntent: encoded,
                priceUpdateData: updates,
                priceSourcing: 1,
                spread,
            }),
        };
        self.carry_out(&call).await
    }

    /// Fills a market order of the direct mode, or lets it be refunded.
    pub(super) async fn fill(&self, id: U256, pair: &Listing, price: U256) -> Result<Mined, Refusal> {
        let updates = vec![self.update(pair, price).await?];
        let call = self.operator(&IV2StandIn::executeMarketOrderCall {
            orderId: id,
            priceUpdateData: updates,
            priceSourcing: 1,
            spreadP: spread(pair.spread),
        });
        self.carry_out(&call).await
    }

    /// Carries out a trigger that is due.
    pub(super) async fn trigger(
        &self,
        trigger_type: u8,
        (trader, index): (Address, U256),
        pair: &Listing,
        price: U256,
    ) -> Result<Mined, Refusal> {
        let updates = vec![self.update(pair, price).await?];
        let call = self.operator(&IV2StandIn::executeTriggerCall {
            triggerType: trigger_type,
            trader,
            pairIndex: U256::from(pair.index),
            index,
            priceUpdateData: updates,
            priceSourcing: 1,
            spreadP: spread(pair.spread),
        });
        self.carry_out(&call).await
    }

    /// Asks first and sends then, so that a refusal costs nothing and has its name.
    pub(super) async fn carry_out(&self, call: &Call) -> Result<Mined, Refusal> {
        let _turn = self.turn.lock().await;
        self.would_pass(call).await?;
        let hash = self.node.queue(call).await?;
        let began = Instant::now();
        loop {
            let mined: Option<Mined> = self.node.request("eth_getTransactionReceipt", json!([hash])).await?;
            match mined {
                Some(mined) if mined.succeeded() => return Ok(mined),
                Some(_) => {
                    self.would_pass(call).await?;
                    return Err(Refusal::Failed(self.node.why_reverted(call).await));
                }
                None if began.elapsed() > MINED_WITHIN => {
                    let (method, url) = ("eth_sendTransaction".to_owned(), self.node.shown_url());
                    return Err(LocalChainError::Timeout { method, url, waited: MINED_WITHIN }.into());
                }
                None => sleep(RECEIPT_POLL).await,
            }
        }
    }

    async fn would_pass(&self, call: &Call) -> Result<(), Refusal> {
        match self.node.request::<Bytes>("eth_call", json!([call.request(), "pending"])).await {
            Ok(_) => Ok(()),
            Err(LocalChainError::Rpc { why, .. }) => Err(Refusal::Contract(error_name(&why))),
            Err(error) => Err(error.into()),
        }
    }

    /// A transaction of the operator's.
    pub(super) fn operator<C: SolCall>(&self, call: &C) -> Call {
        Call { gas: OPERATOR_GAS, ..Call::new(Role::VenueKeeper.address(), AVANTIS_TRADING, call) }
    }

    /// All open positions.
    pub(super) async fn positions(&self) -> Result<Vec<Position>, LocalChainError> {
        self.node.ask(views(), &IV2StandIn::allPositionsCall {}).await
    }

    /// All limit orders that wait.
    pub(super) async fn limit_orders(&self) -> Result<Vec<LimitOrder>, LocalChainError> {
        self.node.ask(views(), &IV2StandIn::allLimitOrdersCall {}).await
    }

    /// All market orders of the direct mode that wait.
    pub(super) async fn orders(&self) -> Result<Vec<(U256, Order)>, LocalChainError> {
        let answer = self.node.ask(views(), &IV2StandIn::allOrdersCall {}).await?;
        Ok(answer.ids.into_iter().zip(answer.orders).collect())
    }

    /// One position; its leverage is zero where there is none.
    pub(super) async fn position(&self, trader: Address, pair: U256, index: U256) -> Result<Position, LocalChainError> {
        self.node.ask(AVANTIS_TRADING, &IV2StandIn::getPositionCall { trader, pairIndex: pair, index }).await
    }

    /// A pair as the stand-in keeps it.
    pub(super) async fn pair(&self, index: u64) -> Result<PairState, LocalChainError> {
        self.node.ask(AVANTIS_PAIR_STORAGE, &IV2StandIn::stateCall { pairIndex: U256::from(index) }).await
    }
}

/// Which of the two entry points a signed intent goes to.
#[derive(Debug, Clone, Copy)]
pub(super) enum Signed {
    /// A market order.
    Order,
    /// A change of a position's take profit and stop loss, or a partial trigger.
    Update,
}

/// A signed intent.
#[derive(Debug, Clone)]
pub(super) struct Intent {
    pub(super) order_type: u8,
    pub(super) encoded: Bytes,
    pub(super) signature: Bytes,
}

impl Intent {
    /// One of its words; all intents that are brought begin with the trader and the pair.
    pub(super) fn word(&self, index: usize) -> U256 {
        let from = index.saturating_mul(32);
        self.encoded.get(from..from.saturating_add(32)).map_or(U256::ZERO, U256::from_be_slice)
    }

    fn pair(&self) -> Result<&'static Listing, Refusal> {
        let index = self.word(1).saturating_to::<u64>();
        Listings::get()?.pair(index).ok_or_else(|| Refusal::Contract("PairNotListed".to_owned()))
    }
}

/// Where the views of our own are.
pub(super) fn views() -> Address {
    let [_, views] = AVANTIS_MULTICALLS;
    views
}

fn flat(percent: u64) -> SpreadParams {
    let none = alloy::primitives::I256::ZERO;
    SpreadParams {
        spreadP: spread(percent),
        bookDepth: U256::ZERO,
        impactParam: none,
        byPass: true,
        maxSpreadP: none,
        unknown0: false,
        unknown1: none,
    }
}

fn spread(percent: u64) -> alloy::primitives::I256 {
    alloy::primitives::I256::from_raw(U256::from(percent))
}

/// The name of the stand-in's error in a node's words.
fn error_name(why: &str) -> String {
    macro_rules! known {
        ($($module:ident :: $name:ident),+ $(,)?) => {
            [$(($module::$name::SELECTOR, stringify!($name))),+]
        };
    }
    let known = known![
        IV2Router::HighSlippage,
        IV2Router::InvalidDeadline,
        IV2Router::InvalidNonce,
        IV2Router::OnlyBatchedFlowAllowed,
        IV2Router::PnlOrderNotAllowed,
        IV2Router::PositionMismatch,
        IV2Router::WrongSl,
        IV2Router::WrongTp,
        IV2StandIn::AlreadyClosing,
        IV2StandIn::AmountTooLarge,
        IV2StandIn::BelowMinimumPosition,
        IV2StandIn::DelegateNotAllowed,
        IV2StandIn::ExposureLimit,
        IV2StandIn::InvalidSignature,
        IV2StandIn::MarketClosed,
        IV2StandIn::NoOrder,
        IV2StandIn::NotDue,
        IV2StandIn::PairCloseOnly,
        IV2StandIn::PairNotListed,
        IV2StandIn::StalePrice,
        IV2StandIn::TooManyTrades,
        IV2StandIn::UnknownOrderType,
        IV2StandIn::WithdrawTooMuch,
        IV2StandIn::WrongLength,
        IV2StandIn::WrongLeverage,
        IV2StandIn::WrongPriceFeed,
        IV2StandIn::WrongTrader,
    ];
    let named = known.iter().find(|(selector, _)| why.contains(&alloy::primitives::hex::encode(selector)));
    named.map_or_else(|| words_of(why), |(_, name)| (*name).to_owned())
}

/// What a node says after the usual words, such as the token's reason.
fn words_of(why: &str) -> String {
    let text = why.rsplit_once("reverted: ").map_or(why, |(_, reason)| reason);
    text.split(", data").next().unwrap_or(text).to_owned()
}

/// A log's fields as the services show them: integers as decimal text.
pub(super) fn text(number: impl std::fmt::Display) -> Value {
    Value::String(number.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_called_by_its_name() {
        assert_eq!(error_name("execution reverted: custom error 0x756688fe, data: \"0x756688fe\""), "InvalidNonce");
        assert_eq!(
            error_name("execution reverted: ERC20: transfer amount exceeds allowance, data: \"0x08c379a0\""),
            "ERC20: transfer amount exceeds allowance"
        );
    }
}
