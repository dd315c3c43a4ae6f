//! The replica as these tests use it: snapshots through the library, actions by impersonated accounts.

use std::{sync::Arc, time::Duration};

use alloy::{
    primitives::{Address, B256, Bytes, U256, address},
    providers::{Provider, ProviderBuilder, RootProvider},
    rpc::types::TransactionRequest,
    sol,
    sol_types::SolCall,
};
use serde_json::{Value, json};
use trimtab::{
    aave::{
        AccountData, AccountQuery, AccountState, Deployment, Market, MarketQuery, Projection, ReserveList, abi::IPool,
    },
    abi::IERC20,
    chain::{BASE_CHAIN_ID, Batch, Endpoints, Reader, SystemClock},
    config::RpcConfig,
    units::Secs,
};

sol! {
    interface IOracleAdmin {
        function setAssetSources(address[] assets, address[] sources) external;
    }
    interface IConfigurator {
        function setReserveFlashLoaning(address asset, bool enabled) external;
        function setReserveBorrowing(address asset, bool enabled) external;
        function setReservePause(address asset, bool paused) external;
        function setReserveFreeze(address asset, bool freeze) external;
        function setBorrowCap(address asset, uint256 cap) external;
    }
}

pub(crate) const POOL: Address = Deployment::BASE.pool;
/// Pool admin on Base (base-replica.md §1.1).
const EXECUTOR: Address = address!("9390B1735def18560c509E2d0bc090E9d6BA257a");
const CONFIGURATOR: Address = address!("5731a04B1E775f0fdd454Bf70f3335886e9A96be");
const DEADLINE: Duration = Duration::from_secs(60);
const GAS: u64 = 4_000_000;

/// Answers every call with the word in its first storage slot: a price source without `latestRoundData`.
const SLOT_ZERO_SOURCE: &str = "0x5f545f5260205ff3";
/// Answers every call with one: a flash loan receiver that always agrees.
const AGREEABLE_RECEIVER: &str = "0x60015f5260205ff3";

/// Everything that a snapshot holds for one account.
#[derive(Debug)]
pub(crate) struct Seen {
    pub market: Market,
    pub account: AccountState,
    pub reported: AccountData,
}

pub(crate) struct World {
    provider: RootProvider,
    reader: Endpoints,
    pub list: ReserveList,
}

/// What an administrator can switch.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Configured {
    FlashLoans(Address, bool),
    Borrowing(Address, bool),
    Paused(Address, bool),
    Frozen(Address, bool),
    BorrowCap(Address, u64),
}

/// What became of a call.
#[derive(Debug)]
pub(crate) enum Outcome {
    Done,
    Reverted(Bytes),
}

impl World {
    pub(crate) async fn open(url: &str) -> Self {
        let provider = ProviderBuilder::default().connect_http(url.parse().expect("url"));
        let settings = RpcConfig { urls: vec![url.parse().expect("url")], ..RpcConfig::default() };
        let reader = Endpoints::connect(&settings, Arc::new(SystemClock::new())).expect("endpoints");
        let list = read_list(&reader).await;
        let world = Self { provider, reader, list };
        world.ask("anvil_autoImpersonateAccount", json!([true])).await;
        world
    }

    /// Reads the reserve list again.
    pub(crate) async fn reload(&mut self) {
        self.list = read_list(&self.reader).await;
    }

    async fn ask(&self, method: &'static str, parameters: Value) -> Value {
        let request = self.provider.raw_request::<_, Value>(method.into(), parameters);
        tokio::time::timeout(DEADLINE, request).await.expect("deadline").expect(method)
    }

    pub(crate) async fn see(&self, who: Address, spender: Option<Address>) -> Seen {
        let block = self.reader.head().await.expect("head");
        let mut batch = Batch::new();
        let market = MarketQuery::add(&self.list, &mut batch);
        let account = AccountQuery::add(&self.list, who, spender, &mut batch);
        let answers = self.reader.read(block, &batch).await.expect("snapshot");
        Seen {
            market: market.decode(&answers, block).expect("market"),
            account: account.decode(&answers).expect("account"),
            reported: account.reported(&answers).expect("account data"),
        }
    }

    /// A new account with gas, whose tokens the pool may take.
    pub(crate) async fn newcomer(&self, number: u64) -> Address {
        let who = Address::left_padding_from(&(0x7000_0000_0000_0000u64 + number).to_be_bytes());
        self.ask("anvil_setBalance", json!([who, U256::from(10u8).pow(U256::from(20u8))])).await;
        who
    }

    pub(crate) async fn give(&self, who: Address, asset: Address, amount: U256) {
        self.ask("anvil_dealERC20", json!([who, asset, amount])).await;
    }

    pub(crate) async fn let_pool_take(&self, who: Address, asset: Address) {
        let approve = IERC20::approveCall { spender: POOL, amount: U256::MAX };
        assert!(self.send(who, asset, &approve, None).await, "approve");
    }

    /// Sends at a moment, or at the next second; tells whether it went through.
    pub(crate) async fn send<C: SolCall>(&self, from: Address, to: Address, call: &C, at: Option<Secs>) -> bool {
        if let Some(at) = at {
            self.ask("evm_setNextBlockTimestamp", json!([at.0])).await;
        }
        let transaction = json!({
            "from": from, "to": to, "gas": format!("{GAS:#x}"), "data": Bytes::from(call.abi_encode()),
        });
        let receipt = self.ask("eth_sendTransactionSync", json!([transaction])).await;
        receipt["status"] == "0x1"
    }

    /// Mines an empty block at a moment.
    pub(crate) async fn mine_at(&self, at: Secs) {
        self.ask("evm_setNextBlockTimestamp", json!([at.0])).await;
        self.ask("anvil_mine", json!([1])).await;
    }

    /// Tries a call on the newest block.
    pub(crate) async fn attempt<C: SolCall>(&self, from: Address, to: Address, call: &C) -> Outcome {
        let request = TransactionRequest::default().from(from).to(to).input(call.abi_encode().into()).gas_limit(GAS);
        match tokio::time::timeout(DEADLINE, async { self.provider.call(request).await }).await.expect("deadline") {
            Ok(_) => Outcome::Done,
            Err(error) => {
                let payload = error.as_error_resp().expect("an answer of the node");
                Outcome::Reverted(payload.as_revert_data().unwrap_or_default())
            }
        }
    }

    /// Puts a price source in place that needs no knowledge of the replica's feeds, starting at today's price.
    pub(crate) async fn take_over_price(&self, asset: Address, price: U256) -> Address {
        let source = Address::left_padding_from(&asset.as_slice()[..8]);
        self.ask("anvil_setCode", json!([source, SLOT_ZERO_SOURCE])).await;
        self.set_price(source, price).await;
        self.ask("anvil_setBalance", json!([EXECUTOR, U256::from(10u8).pow(U256::from(20u8))])).await;
        let call = IOracleAdmin::setAssetSourcesCall { assets: vec![asset], sources: vec![source] };
        assert!(self.send(EXECUTOR, Deployment::BASE.oracle, &call, None).await, "set source");
        source
    }

    pub(crate) async fn set_price(&self, source: Address, price: U256) {
        self.ask("anvil_setStorageAt", json!([source, B256::ZERO, B256::from(price)])).await;
    }

    pub(crate) async fn configure(&self, what: Configured) {
        self.ask("anvil_setBalance", json!([EXECUTOR, U256::from(10u8).pow(U256::from(20u8))])).await;
        let done = match what {
            Configured::FlashLoans(asset, enabled) => {
                let call = IConfigurator::setReserveFlashLoaningCall { asset, enabled };
                self.send(EXECUTOR, CONFIGURATOR, &call, None).await
            }
            Configured::Borrowing(asset, enabled) => {
                let call = IConfigurator::setReserveBorrowingCall { asset, enabled };
                self.send(EXECUTOR, CONFIGURATOR, &call, None).await
            }
            Configured::Paused(asset, paused) => {
                let call = IConfigurator::setReservePauseCall { asset, paused };
                self.send(EXECUTOR, CONFIGURATOR, &call, None).await
            }
            Configured::Frozen(asset, freeze) => {
                let call = IConfigurator::setReserveFreezeCall { asset, freeze };
                self.send(EXECUTOR, CONFIGURATOR, &call, None).await
            }
            Configured::BorrowCap(asset, cap) => {
                let call = IConfigurator::setBorrowCapCall { asset, cap: U256::from(cap) };
                self.send(EXECUTOR, CONFIGURATOR, &call, None).await
            }
        };
        assert!(done, "{what:?}");
    }

    /// The account as it is at the newest block, ready for actions.
    pub(crate) async fn now(&self, who: Address) -> Projection {
        let seen = self.see(who, None).await;
        let at = seen.market.block.timestamp;
        Projection::new(seen.market, seen.account, at)
    }

    pub(crate) async fn bookmark(&self) -> Value {
        self.ask("evm_snapshot", json!([])).await
    }

    pub(crate) async fn turn_back(&self, bookmark: Value) {
        assert_eq!(self.ask("evm_revert", json!([bookmark])).await, true, "revert");
    }

    /// A contract that accepts flash loans of the asset and lets the pool take them back.
    pub(crate) async fn flash_receiver(&self, asset: Address, purse: U256) -> Address {
        let receiver = Address::repeat_byte(0xf1);
        self.ask("anvil_setBalance", json!([receiver, U256::from(10u8).pow(U256::from(20u8))])).await;
        self.ask("anvil_setCode", json!([receiver, AGREEABLE_RECEIVER])).await;
        self.give(receiver, asset, purse).await;
        self.let_pool_take(receiver, asset).await;
        receiver
    }

    /// Supply and debt indices of every reserve as the pool computes them at the newest block.
    pub(crate) async fn indices(&self) -> (Secs, Vec<(Address, U256, U256)>) {
        let block = self.reader.head().await.expect("head");
        let mut batch = Batch::new();
        let slots: Vec<_> = self
            .list
            .listings
            .iter()
            .map(|listing| {
                let asset = listing.asset;
                let income = batch.add(POOL, &IPool::getReserveNormalizedIncomeCall { asset });
                let debt = batch.add(POOL, &IPool::getReserveNormalizedVariableDebtCall { asset });
                (asset, income, debt)
            })
            .collect();
        let answers = self.reader.read(block, &batch).await.expect("indices");
        let value =
            |(asset, income, debt)| (asset, answers.get(income).expect("income"), answers.get(debt).expect("debt"));
        (block.timestamp, slots.into_iter().map(value).collect())
    }
}

async fn read_list(reader: &Endpoints) -> ReserveList {
    let block = reader.head().await.expect("head");
    ReserveList::read(reader, Deployment::BASE, BASE_CHAIN_ID, &block).await.expect("reserve list")
}
