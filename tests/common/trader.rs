//! A user with a wallet on a replica of its own: plans and acts through the library, or runs the program.
#![allow(dead_code, unreachable_pub, missing_docs, clippy::expect_used, clippy::panic)]

use std::{
    process::Output,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use alloy::{
    primitives::{Address, U256, address},
    sol,
    sol_types::SolCall,
};
use secrecy::SecretString;
use serde_json::Value;
use tempfile::TempDir;
use trimtab::{
    aave::{Deployment, ReserveList},
    chain::{BASE_CHAIN_ID, Clock, Endpoints, NetworkIdentity, Reader, SigningGate, SystemClock, Wallet},
    config::{BoundsConfig, FeesConfig, LoopClass, RpcConfig, ThresholdsConfig},
    journal::{IntentId, Journal},
    loops::{KnownLoop, LoopSnapshot, Pair, PlanError, Report, Request, Scope, Settings, execute, known_loops, plan},
    onedelta::{CALL_FORWARDER, COMPOSER},
    plan::{Plan, Refusal, check},
    send::{ExecuteError, Sender, Settlement},
    units::{Millis, Secs},
};

use crate::common::{Replica, TEST_KEYS, account};

#[path = "documents.rs"]
mod documents;

sol! {
    interface Erc20 {
        function balanceOf(address account) external view returns (uint256);
        function allowance(address owner, address spender) external view returns (uint256);
        function approve(address spender, uint256 value) external returns (bool);
        function transfer(address to, uint256 value) external returns (bool);
    }
    interface DebtToken {
        function borrowAllowance(address fromUser, address toUser) external view returns (uint256);
        function delegationWithSig(address delegator, address delegatee, uint256 value, uint256 deadline, uint8 v, bytes32 r, bytes32 s) external;
    }
    interface Pool {
        function supply(address asset, uint256 amount, address onBehalfOf, uint16 referral) external;
        function borrow(address asset, uint256 amount, uint256 mode, uint16 referral, address onBehalfOf) external;
        function setUserUseReserveAsCollateral(address asset, bool useAsCollateral) external;
        function getUserAccountData(address user) external view
            returns (uint256 collateral, uint256 debt, uint256 available, uint256 threshold, uint256 ltv, uint256 healthFactor);
    }
    interface Configurator {
        function setReserveFreeze(address asset, bool on) external;
        function setReservePause(address asset, bool on) external;
        function setBorrowCap(address asset, uint256 cap) external;
        function setSupplyCap(address asset, uint256 cap) external;
        function configureReserveAsCollateral(address asset, uint256 ltv, uint256 threshold, uint256 bonus) external;
    }
}

pub const WETH: Address = address!("4200000000000000000000000000000000000006");
pub const USDC: Address = address!("833589fCD6eDb6E08f4c7C32D4f71b54bdA02913");
pub const CBETH: Address = address!("2Ae3F1Ec7F1F5012CFEab0185bfc7aa3cf0DEc22");
pub const CBBTC: Address = address!("cbB7C0000aB88B473b1f5aFd9ef808440eed33Bf");
pub const POOL: Address = address!("A238Dd80C259a72e81d7e4664a9801593F98d1c5");
pub const MORPHO: Address = address!("BBBBBbbBBb9cC5e90e3b3Af64bdAF62C37EEFFCb");
const CONFIGURATOR: Address = address!("5731a04B1E775f0fdd454Bf70f3335886e9A96be");
const EXECUTOR: Address = address!("9390B1735def18560c509E2d0bc090E9d6BA257a");

/// Where the code lies that [`Trader::delegates_to`] delegates to.
pub const DELEGATE: Address = Address::repeat_byte(0x7d);

/// Whole tokens in smallest units.
pub fn units(tokens: u64, decimals: u8) -> U256 {
    U256::from(tokens) * U256::from(10).pow(U256::from(decimals))
}

pub fn ether(tokens: u64) -> U256 {
    units(tokens, 18)
}

pub fn milli_ether(thousandths: u64) -> U256 {
    units(thousandths, 15)
}

/// How an attempt ended that did not go through.
#[derive(Debug)]
pub enum Failed {
    Plan(PlanError),
    Check(Refusal),
    Execute(ExecuteError),
}

/// The user.
#[derive(Debug)]
pub struct Trader {
    pub replica: Replica,
    pub account: Address,
    pub index: usize,
    pub endpoints: Endpoints,
    pub identity: NetworkIdentity,
    pub list: ReserveList,
    /// Chosen for each plan; defaults as the program's.
    pub permit_ttl: Secs,
    pub journals: TempDir,
    clock: Arc<dyn Clock>,
    made: AtomicU64,
}

impl Trader {
    /// Test account 1 on a new replica.
    pub async fn start() -> Self {
        Self::on(Replica::start().await).await
    }

    pub async fn on(replica: Replica) -> Self {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
        let rpc = RpcConfig { urls: vec![replica.url().parse().expect("url")], ..RpcConfig::default() };
        let endpoints = Endpoints::connect(&rpc, clock.clone()).expect("endpoints");
        let (identity, _) = endpoints.verify_all(None).await.expect("a replica");
        let head = Reader::head(&endpoints).await.expect("head");
        let list = ReserveList::read(&endpoints, Deployment::BASE, BASE_CHAIN_ID, &head).await.expect("reserves");
        let journals = tempfile::tempdir().expect("temporary directory");
        let index = 1;
        Self {
            account: account(index),
            index,
            endpoints,
            identity,
            list,
            permit_ttl: Secs::HOUR,
            journals,
            clock,
            made: AtomicU64::new(0),
            replica,
        }
    }

    pub async fn pair(&self, collateral: &str, debt: &str) -> Pair {
        // Any pair tells the market; this one is always there.
        let head = Reader::head(&self.endpoints).await.expect("head");
        let mut batch = trimtab::chain::Batch::new();
        let query = trimtab::aave::MarketQuery::add(&self.list, &mut batch);
        let answers = self.endpoints.read(head, &batch).await.expect("answers");
        let market = query.decode(&answers, head).expect("market");
        Pair::find(&self.list, &market, collateral, debt).expect("pair")
    }

    pub async fn snapshot(&self, pair: &Pair) -> LoopSnapshot {
        LoopSnapshot::read(&self.endpoints, &self.list, pair, self.account).await.expect("snapshot")
    }

    /// The journal's loops; none where there is no journal yet.
    pub fn loops(&self) -> Vec<KnownLoop> {
        match Journal::read(self.journals.path(), self.identity.id().as_str(), self.account) {
            Ok(reader) => known_loops(&reader).expect("loops"),
            Err(_) => Vec::new(),
        }
    }

    /// As the program's defaults.
    pub fn settings(&self, class: LoopClass) -> Settings {
        let number = self.made.fetch_add(1, Ordering::SeqCst);
        Settings {
            id: IntentId::derive(Millis(self.clock.wall_millis()), number.to_string().as_bytes()).to_string(),
            network: self.identity.id().as_str().to_owned(),
            urgency: None,
            fees: FeesConfig::default(),
            bounds: BoundsConfig::default(),
            slippage: None,
            thresholds: ThresholdsConfig::default().of(class),
            defaults: ThresholdsConfig::default(),
            loops: self.loops(),
            scope: Scope::WithExisting,
            permit_ttl: self.permit_ttl,
            flash: None,
            gas_price: U256::from(60_000_000u64),
        }
    }

    pub async fn plan_with(&self, pair: &Pair, request: &Request, settings: &Settings) -> Result<Plan, PlanError> {
        let snapshot = self.snapshot(pair).await;
        plan(request, &snapshot, pair, settings, &LoopSnapshot::hubs(&self.list))
    }

    /// Plans for a volatile pair.
    pub async fn plan(&self, pair: &Pair, request: &Request) -> Result<Plan, PlanError> {
        self.plan_with(pair, request, &self.settings(LoopClass::Volatile)).await
    }

    /// A sender with the user's key and journal.
    pub fn sender(&self) -> Sender<Endpoints> {
        let journal =
            Journal::open(self.journals.path(), self.identity.id().as_str(), self.account).expect("a free journal");
        let key = SecretString::from(TEST_KEYS[self.index].to_owned());
        let wallet = Wallet::from_private_key(&key).expect("key");
        let signer = SigningGate::new(&self.identity, false).admit(wallet).expect("a test key");
        Sender::new(self.endpoints.clone(), journal, signer, self.clock.clone())
    }

    /// Checks, signs, simulates, sends and settles.
    pub async fn execute(&self, plan: Plan) -> Result<Report, Failed> {
        let head = Reader::head(&self.endpoints).await.expect("head");
        let approved = check(plan, self.identity.id().as_str(), head.timestamp).map_err(Failed::Check)?;
        execute(&mut self.sender(), &*self.clock, approved).await.map_err(Failed::Execute)
    }

    pub async fn act_with(&self, pair: &Pair, request: &Request, settings: &Settings) -> (Plan, Settlement) {
        let plan = self.plan_with(pair, request, settings).await.unwrap_or_else(|error| panic!("{request:?}: {error}"));
        let report = self.execute(plan.clone()).await.unwrap_or_else(|failed| panic!("{request:?}: {failed:?}"));
        let settlement = report.settlement.unwrap_or_else(|| panic!("{request:?}: {:?}", report.outcome));
        (plan, settlement)
    }

    /// Everything, for a volatile pair.
    pub async fn act(&self, pair: &Pair, request: &Request) -> (Plan, Settlement) {
        self.act_with(pair, request, &self.settings(LoopClass::Volatile)).await
    }

    pub async fn balance(&self, token: Address, of: Address) -> U256 {
        self.replica.ask(token, &Erc20::balanceOfCall { account: of }).await
    }

    pub async fn give(&self, token: Address, amount: U256) {
        self.replica.controls.fund(self.account, U256::ZERO, &[(token, amount)]).await.expect("funds");
    }

    pub async fn health_factor(&self) -> U256 {
        self.replica.ask(POOL, &Pool::getUserAccountDataCall { user: self.account }).await.healthFactor
    }

    /// What is left where nothing may be: balances of composer and forwarder, allowances of the account.
    pub async fn left_behind(&self, pair: &Pair) -> Vec<(String, U256)> {
        let mut left = Vec::new();
        for asset in [&pair.collateral, &pair.debt] {
            for (who, address) in [("composer", COMPOSER), ("forwarder", CALL_FORWARDER)] {
                left.push((format!("{} in {who}", asset.symbol), self.balance(asset.token, address).await));
            }
            for token in [asset.token, asset.a_token] {
                let allowance = Erc20::allowanceCall { owner: self.account, spender: COMPOSER };
                left.push((format!("allowance of {token}"), self.replica.ask(token, &allowance).await));
            }
            let delegated = DebtToken::borrowAllowanceCall { fromUser: self.account, toUser: COMPOSER };
            left.push((
                format!("delegation of {}", asset.symbol),
                self.replica.ask(asset.debt_token, &delegated).await,
            ));
        }
        for (who, address) in [("composer", COMPOSER), ("forwarder", CALL_FORWARDER)] {
            left.push((format!("ether in {who}"), self.replica.balance(address).await));
        }
        left.retain(|(_, amount)| !amount.is_zero());
        left
    }

    pub async fn assert_nothing_left(&self, pair: &Pair) {
        assert_eq!(self.left_behind(pair).await, Vec::new(), "left behind");
    }

    pub async fn collateral(&self, pair: &Pair) -> U256 {
        self.balance(pair.collateral.a_token, self.account).await
    }

    pub async fn debt(&self, pair: &Pair) -> U256 {
        self.balance(pair.debt.debt_token, self.account).await
    }

    /// What Aave's governance does.
    pub async fn govern<C: SolCall>(&self, call: &C) {
        let ready = [
            ("anvil_impersonateAccount", serde_json::json!([EXECUTOR])),
            ("anvil_setBalance", serde_json::json!([EXECUTOR, ether(10)])),
        ];
        for (method, params) in ready {
            let _: Value = self.replica.request(method, params).await.expect("anvil");
        }
        self.replica.send(EXECUTOR, CONFIGURATOR, call).await;
    }

    /// Somebody else supplies ether and borrows dollars.
    pub async fn somebody_borrows(&self, index: usize, supplied: U256, dollars: u64) {
        let who = account(index);
        self.replica.controls.fund(who, U256::ZERO, &[(WETH, supplied)]).await.expect("funds");
        self.replica.send(who, WETH, &Erc20::approveCall { spender: POOL, value: supplied }).await;
        let supply = Pool::supplyCall { asset: WETH, amount: supplied, onBehalfOf: who, referral: 0 };
        self.replica.send(who, POOL, &supply).await;
        let (amount, mode) = (units(dollars, 6), U256::from(2));
        let borrow = Pool::borrowCall { asset: USDC, amount, mode, referral: 0, onBehalfOf: who };
        self.replica.send(who, POOL, &borrow).await;
    }

    /// The account has delegated to this code (EIP-7702), which lies at [`DELEGATE`].
    pub async fn delegates_to(&self, code: &[u8]) {
        let own = [&[0xef, 1, 0][..], DELEGATE.as_slice()].concat();
        for (address, code) in [(DELEGATE, code.to_vec()), (self.account, own)] {
            let code = alloy::primitives::Bytes::from(code);
            let _: Value = self.replica.request("anvil_setCode", (address, code)).await.expect("anvil");
        }
    }

    /// The wallet has this much ether and no more.
    pub async fn has_ether(&self, wei: U256) {
        let _: Value = self.replica.request("anvil_setBalance", (self.account, wei)).await.expect("anvil");
    }

    /// Morpho Blue has no dollars to lend.
    pub async fn empty_morpho(&self) {
        let params = serde_json::json!([MORPHO, USDC, "0x0"]);
        let _: Value = self.replica.request("anvil_dealERC20", params).await.expect("anvil");
    }

    /// Somebody borrows all ether that the reserve has: nothing can leave it.
    pub async fn lend_out_ether(&self, pair: &Pair) {
        for asset in [WETH, USDC] {
            self.govern(&Configurator::setBorrowCapCall { asset, cap: U256::ZERO }).await;
            self.govern(&Configurator::setSupplyCapCall { asset, cap: U256::ZERO }).await;
        }
        let (who, amount) = (account(5), units(400_000_000, 6));
        self.replica.controls.fund(who, U256::ZERO, &[(USDC, amount)]).await.expect("funds");
        self.replica.send(who, USDC, &Erc20::approveCall { spender: POOL, value: amount }).await;
        let supply = Pool::supplyCall { asset: USDC, amount, onBehalfOf: who, referral: 0 };
        self.replica.send(who, POOL, &supply).await;
        let amount = self.snapshot(pair).await.market.reserve(WETH).expect("reserve").virtual_balance;
        let borrow = Pool::borrowCall { asset: WETH, amount, mode: U256::from(2), referral: 0, onBehalfOf: who };
        self.replica.send(who, POOL, &borrow).await;
    }

    /// The program with this user's wallet, node and journal, and nothing else of the environment.
    pub fn program(&self) -> Program {
        Program::new(self.journals.path()).args(["--rpc-url", self.replica.url()]).wallet(self.index)
    }
}

/// One run of the program.
#[derive(Debug)]
pub struct Program(tokio::process::Command);

/// What came of it.
#[derive(Debug)]
pub struct Ran {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Program {
    pub fn new(journals: &std::path::Path) -> Self {
        let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_trimtab"));
        for (name, _) in std::env::vars().filter(|(name, _)| {
            ["TRIMTAB_", "ETH_", "FAILPOINTS", "RUST_LOG", "FOUNDRY_DIR"].iter().any(|prefix| name.starts_with(prefix))
                && name != "TRIMTAB_CACHE"
        }) {
            command.env_remove(name);
        }
        command.current_dir(journals).env("TRIMTAB_JOURNAL_DIR", journals).kill_on_drop(true);
        Self(command)
    }

    #[must_use]
    pub fn wallet(self, index: usize) -> Self {
        self.args(["--private-key", TEST_KEYS[index]])
    }

    #[must_use]
    pub fn args<'a>(mut self, args: impl IntoIterator<Item = &'a str>) -> Self {
        self.0.args(args);
        self
    }

    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.0.env(name, value);
        self
    }

    /// Runs it to its end with these arguments, split at spaces.
    pub async fn run(self, words: &str) -> Ran {
        let Output { status, stdout, stderr } =
            self.args(words.split_whitespace()).0.output().await.expect("the program starts");
        let text = |bytes| String::from_utf8(bytes).expect("text");
        Ran { code: status.code(), stdout: text(stdout), stderr: text(stderr) }
    }
}

/// The program while it runs.
#[derive(Debug)]
pub struct Running(tokio::process::Child);

impl Program {
    /// Starts it and lets it run.
    pub fn spawn(self, words: &str) -> Running {
        let mut command = self.args(words.split_whitespace()).0;
        command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
        Running(command.spawn().expect("the program starts"))
    }
}

impl Running {
    /// Asks it to end as Ctrl-C does, and waits for its end.
    pub async fn interrupt(self) -> Ran {
        self.signal("INT").await;
        self.end().await
    }

    /// Sends it a signal of the system.
    pub async fn signal(&self, name: &str) {
        let id = self.0.id().expect("it runs").to_string();
        let sent = tokio::process::Command::new("kill").args([&format!("-{name}"), &id]).status().await.expect("kill");
        assert!(sent.success());
    }

    /// Waits until it has ended by itself.
    pub async fn ended(&mut self) {
        self.0.wait().await.expect("its end");
    }

    /// Waits for its end.
    pub async fn end(self) -> Ran {
        let Output { status, stdout, stderr } = self.0.wait_with_output().await.expect("its end");
        let text = |bytes| String::from_utf8(bytes).expect("text");
        Ran { code: status.code(), stdout: text(stdout), stderr: text(stderr) }
    }
}

impl Ran {
    /// It must have ended so, and said all of this on stderr.
    #[track_caller]
    pub fn fails(&self, code: i32, words: &[&str]) -> &Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        for word in words {
            assert!(self.stderr.contains(word), "`{word}` is not in {self:#?}");
        }
        assert!(!self.stderr.contains("panicked"), "{self:#?}");
        self
    }

    #[track_caller]
    pub fn succeeds(&self) -> &Self {
        assert_eq!(self.code, Some(0), "{self:#?}");
        self
    }

    #[track_caller]
    pub fn shows(&self, words: &[&str]) -> &Self {
        for word in words {
            assert!(self.stdout.contains(word), "`{word}` is not in {self:#?}");
        }
        self
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        let document = serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:#?}"));
        documents::has_its_schema(&document);
        document
    }

    /// One document a line, each by its schema.
    #[track_caller]
    pub fn events(&self) -> Vec<Value> {
        let event = |line: &str| {
            let document = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {self:#?}"));
            documents::has_its_schema(&document);
            document
        };
        self.stdout.lines().map(event).collect()
    }
}
