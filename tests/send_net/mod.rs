//! A chain in memory for the sender's tests: blocks, a pool, and a network that loses, delays and refuses, all from one
//! seed. It notes every transaction that it is handed.
#![allow(dead_code, unreachable_pub, missing_docs, clippy::expect_used, clippy::unwrap_used, clippy::panic)]

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use alloy::{
    consensus::{Transaction as _, TxEnvelope},
    eips::{BlockNumberOrTag, Decodable2718},
    primitives::{Address, B256, Bytes, U256, address, keccak256},
    sol_types::SolValue,
};
use secrecy::SecretString;
use serde_json::{Value, json};
use tempfile::TempDir;
use trimtab::{
    chain::{
        BlockRef, Clock, Endpoints, FeeMarket, PaidTips, ReadError, Receipt, Rejection, SendOutcome, Signer,
        SigningGate, SystemClock, Wallet,
    },
    config::{RpcConfig, Urgency},
    journal::{IntentId, Journal, RawTx, Recorded},
    plan::{
        Approved, CallData, CallOutcome, Plan, SCHEMA, SignedPermits, Simulated, SimulatedCall, Simulator, Step, check,
        simulate,
    },
    send::{BlockContent, ChainClient, Included, ResubmitPolicy, Sender},
    units::{Millis, Secs},
};
use wiremock::{Mock, MockServer, Request, ResponseTemplate, matchers::method};

/// Anvil's first test account and its public key.
pub const ACCOUNT: Address = address!("f39Fd6e51aad88F6F4ce6aB8827279cffFb92266");
const KEY: &str = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
/// Whom the plans call.
pub const TARGET: Address = address!("B7ea94340e65CC68d1274aE483dfBE593fD6f21e");
/// The network's name in plans and journal.
pub const NETWORK: &str = "replica-test";

/// When the chain began, a whole second.
const GENESIS: u64 = 1_790_000_000_000;

/// A time of the chain: so many seconds after its beginning.
pub fn after_genesis(seconds: u64) -> Secs {
    Secs(GENESIS / 1_000 + seconds)
}

/// Blocks as Base makes them, so far as they share a second: five of 200 ms.
pub const BLOCKS_A_SECOND: u64 = 5;

/// Asks without a pause, and gives up after forty blocks.
pub fn impatient() -> ResubmitPolicy {
    ResubmitPolicy { poll: Duration::ZERO, chain_time: Secs(8), ..ResubmitPolicy::default() }
}

/// A clock that goes on 50 ms whenever somebody looks at it.
#[derive(Debug, Default)]
pub struct TickingClock(AtomicU64);

impl Clock for TickingClock {
    fn wall_millis(&self) -> u64 {
        GENESIS + self.0.fetch_add(50, Ordering::Relaxed)
    }

    fn monotonic(&self) -> Duration {
        Duration::from_millis(self.0.fetch_add(50, Ordering::Relaxed))
    }
}

/// What was handed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handed {
    pub hash: B256,
    pub nonce: u64,
    pub to: Address,
    pub input: Bytes,
    pub max_fee: u128,
    pub tip: u128,
}

#[derive(Debug, Clone)]
struct Pooled {
    handed: Handed,
    tip: u128,
}

#[derive(Debug, Clone)]
struct Block {
    hash: B256,
    /// Sender's nonce, hash, success.
    transactions: Vec<(u64, B256, bool)>,
}

/// The chain's state and the dice.
#[derive(Debug)]
pub struct Inner {
    seed: u64,
    /// How often, in a hundred, something goes wrong; 0 is a perfect network.
    pub faults: u64,
    /// Whether a block includes what waits; off: the pool is stuck.
    pub includes: bool,
    /// Fee below which a block includes nothing.
    pub least_fee: u128,
    /// Whether each look at the head finds a new block.
    pub advances: bool,
    /// From this height on, actions revert.
    pub reverts_from: Option<u64>,
    /// Whether simulations show a coming revert only once something was handed in: the market moves behind our back.
    pub reverts_late: bool,
    /// Calls with these data revert, in blocks and in simulations: the market has moved past their bounds.
    pub spoiled: BTreeSet<Bytes>,
    /// From this height on, whatever was handed in until then reverts.
    pub spoils_at: Option<u64>,
    /// In the block of this height somebody else uses the account's next nonce.
    pub foreign_at: Option<u64>,
    /// What every hand-in is answered with, instead of being looked at.
    pub answer: Option<SendOutcome>,
    /// Whether an answer given instead is a lie, the transaction being taken.
    pub answer_lies: bool,
    /// Blocks by which what is said about nonces is late.
    pub nonce_lag: usize,
    /// So many times more, the account's nonce is said to be one higher than it is.
    pub nonce_lies: u64,
    /// Whether receipts are invented, of the newest block, for what was handed in and is in none.
    pub invents_receipts: bool,
    /// What other endpoints say against every receipt.
    pub contradiction: Option<String>,
    /// Permits: nonce and allowance of whoever is asked.
    pub permit: (u64, U256),
    /// What the account has, wei.
    pub ether: U256,
    /// What recent blocks took as tips.
    pub paid: PaidTips,
    blocks: Vec<Block>,
    pool: BTreeMap<u64, Pooled>,
    /// Everything handed in, in order, repeats too.
    pub handed: Vec<Handed>,
    /// Hashes handed in that the journal did not hold at that moment.
    pub unrecorded: Vec<B256>,
    /// Whether blocks tell their milliseconds: not every endpoint does.
    tells_millis: bool,
    journal: Option<PathBuf>,
}

/// A handle on the chain.
#[derive(Debug, Clone)]
pub struct Net(Arc<Mutex<Inner>>);

impl Net {
    /// A perfect network, as random as `seed` once faults are switched on.
    pub fn new(seed: u64) -> Self {
        let genesis = Block { hash: keccak256(seed.to_be_bytes()), transactions: Vec::new() };
        Self(Arc::new(Mutex::new(Inner {
            seed,
            faults: 0,
            includes: true,
            least_fee: 0,
            advances: true,
            reverts_from: None,
            reverts_late: false,
            spoiled: BTreeSet::new(),
            spoils_at: None,
            foreign_at: None,
            answer: None,
            answer_lies: false,
            nonce_lag: 0,
            nonce_lies: 0,
            invents_receipts: false,
            contradiction: None,
            permit: (0, U256::ZERO),
            ether: U256::from(10u64).pow(U256::from(18)),
            paid: PaidTips::default(),
            blocks: vec![genesis],
            pool: BTreeMap::new(),
            handed: Vec::new(),
            unrecorded: Vec::new(),
            tells_millis: seed.is_multiple_of(2),
            journal: None,
        })))
    }

    /// The state, to look at or change.
    pub fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().expect("no test panics with the lock")
    }

    /// Height of the newest block.
    pub fn height(&self) -> u64 {
        self.inner().height()
    }

    /// Mines so many blocks.
    pub fn mine(&self, blocks: usize) {
        (0..blocks).for_each(|_| self.inner().mine());
    }

    /// Others in the place of so many of the newest blocks, which hold nothing. The pool gets back what was in the old ones,
    /// or nobody knows it any more.
    pub fn reorganise(&self, depth: usize, keeps: bool) {
        let mut inner = self.inner();
        let left = inner.blocks.len().saturating_sub(depth).max(1);
        let gone: Vec<B256> =
            inner.blocks.drain(left..).flat_map(|block| block.transactions).map(|(_, hash, _)| hash).collect();
        for number in 0..depth {
            let hash = keccak256((inner.roll(), number as u64, "another").abi_encode());
            inner.blocks.push(Block { hash, transactions: Vec::new() });
        }
        let back: Vec<Handed> = inner.handed.iter().filter(|handed| gone.contains(&handed.hash)).cloned().collect();
        for handed in back.into_iter().filter(|_| keeps) {
            inner.pool.insert(handed.nonce, Pooled { tip: handed.tip, handed });
        }
    }

    /// Takes the newest block away, and what was in it with it.
    pub fn pop_block(&self) {
        self.inner().blocks.pop();
    }

    /// Whether a block holds the transaction, and whether it succeeded.
    pub fn included(&self, hash: B256) -> Option<bool> {
        self.inner().find(hash).map(|(_, success)| success)
    }

    /// The transactions handed in, each once, in order of their first time.
    pub fn distinct(&self) -> Vec<Handed> {
        let mut seen = Vec::new();
        for handed in &self.inner().handed {
            if !seen.contains(handed) {
                seen.push(handed.clone());
            }
        }
        seen
    }
}

impl Inner {
    /// splitmix64.
    fn roll(&mut self) -> u64 {
        self.seed = self.seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.seed;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn chance(&mut self, hundredths: u64) -> bool {
        hundredths > 0 && self.roll() % 100 < hundredths
    }

    fn fails(&mut self) -> Result<(), ReadError> {
        // Before anything is handed in a fault only ends the run; the interesting ones come afterwards.
        let faults = if self.pool.is_empty() { self.faults / 8 } else { self.faults };
        if self.chance(faults) { Err(ReadError::Unavailable("test fault".to_owned())) } else { Ok(()) }
    }

    fn height(&self) -> u64 {
        self.blocks.len() as u64 - 1
    }

    fn block_ref(&self, number: u64) -> Option<BlockRef> {
        let block = self.blocks.get(usize::try_from(number).ok()?)?;
        let millis = GENESIS + number * 1_000 / BLOCKS_A_SECOND;
        let (timestamp, timestamp_ms) = (Secs(millis / 1_000), self.tells_millis.then_some(Millis(millis)));
        Some(BlockRef { number, hash: block.hash, timestamp, base_fee: U256::from(100_000_000), timestamp_ms })
    }

    fn next_nonce(&self, blocks: usize) -> u64 {
        self.blocks.iter().take(blocks).map(|block| block.transactions.len() as u64).sum()
    }

    fn find(&self, hash: B256) -> Option<(u64, bool)> {
        self.blocks.iter().enumerate().find_map(|(number, block)| {
            let (_, _, success) = block.transactions.iter().find(|(_, other, _)| *other == hash)?;
            Some((number as u64, *success))
        })
    }

    fn mine(&mut self) {
        let number = self.height() + 1;
        let mut transactions = Vec::new();
        let nonce = self.next_nonce(usize::MAX);
        let faults = self.faults;
        if self.spoils_at.take_if(|at| *at <= number).is_some() {
            self.spoiled.extend(self.handed.iter().map(|handed| handed.input.clone()));
        }
        if self.chance(faults / 4) {
            self.pool.clear();
        }
        if self.foreign_at.take_if(|at| *at <= number).is_some() {
            transactions.push((nonce, keccak256(number.to_be_bytes()), true));
        } else if let Some(pooled) = self.pool.get(&nonce).cloned() {
            let is_taken = self.includes && pooled.handed.max_fee >= self.least_fee && !self.chance(faults);
            if is_taken {
                let is_late = self.reverts_from.is_some_and(|from| number >= from);
                let reverts = pooled.handed.to != ACCOUNT && (is_late || self.spoiled.contains(&pooled.handed.input));
                transactions.push((nonce, pooled.handed.hash, !reverts));
            }
        }
        let next = nonce + transactions.len() as u64;
        self.pool.retain(|waiting, _| *waiting >= next);
        let hash = keccak256((self.seed, number, transactions.len() as u64).abi_encode());
        self.blocks.push(Block { hash, transactions });
    }

    fn take(&mut self, handed: &Handed, tip: u128) -> SendOutcome {
        if self.find(handed.hash).is_some() || handed.nonce < self.next_nonce(usize::MAX) {
            return SendOutcome::Rejected(Rejection::NonceTooLow("nonce too low".to_owned()));
        }
        match self.pool.get(&handed.nonce) {
            Some(old) if old.handed.hash == handed.hash => return SendOutcome::AlreadyKnown,
            Some(old) if handed.max_fee * 10 < old.handed.max_fee * 11 || tip * 10 < old.tip * 11 => {
                let words = "replacement transaction underpriced".to_owned();
                return SendOutcome::Rejected(Rejection::ReplacementUnderpriced(words));
            }
            _ => {}
        }
        self.pool.insert(handed.nonce, Pooled { handed: handed.clone(), tip });
        SendOutcome::Accepted
    }

    fn hand_in(&mut self, raw: &RawTx) -> SendOutcome {
        let envelope = TxEnvelope::decode_2718_exact(raw.bytes()).expect("a signed transaction");
        let handed = Handed {
            hash: raw.hash(),
            nonce: envelope.nonce(),
            to: envelope.to().expect("a call"),
            input: envelope.input().clone(),
            max_fee: envelope.max_fee_per_gas(),
            tip: envelope.max_priority_fee_per_gas().unwrap_or_default(),
        };
        let tip = handed.tip;
        self.handed.push(handed.clone());
        let recorded = self.journal.as_ref().map(|dir| {
            let reader = Journal::read(dir, NETWORK, ACCOUNT).expect("readable while written");
            reader.transaction(handed.hash).is_ok_and(|record| record.state.is_pending())
        });
        if recorded == Some(false) {
            self.unrecorded.push(handed.hash);
        }
        if let Some(answer) = self.answer.clone() {
            if self.answer_lies {
                let _ = self.take(&handed, tip);
            }
            return answer;
        }
        let faults = self.faults;
        if self.chance(faults / 2) {
            return SendOutcome::Ambiguous("lost on the way there".to_owned());
        }
        if self.chance(faults / 4) {
            return SendOutcome::Rejected(Rejection::Other("pool is full".to_owned()));
        }
        let outcome = self.take(&handed, tip);
        if self.chance(faults / 2) { SendOutcome::Ambiguous("lost on the way back".to_owned()) } else { outcome }
    }

    fn simulated(&self, at: BlockRef, call: &SimulatedCall) -> CallOutcome {
        if call.to != TARGET && call.to != ACCOUNT {
            // A token: first its nonces, then its allowance.
            let (nonce, allowance) = self.permit;
            let is_nonce = call.data.starts_with(&[0x7e, 0xce, 0xbe, 0x00]);
            let word = if is_nonce { U256::from(nonce) } else { allowance };
            return CallOutcome { success: true, output: word.abi_encode().into(), gas_used: 30_000, alone: false };
        }
        let is_shown = !self.reverts_late || !self.handed.is_empty();
        let is_late = is_shown && self.reverts_from.is_some_and(|from| at.number + 1 >= from);
        let reverts = call.to == TARGET && (is_late || self.spoiled.contains(&call.data));
        let output = if reverts { Bytes::from_static(&[0xde, 0xad, 0xbe, 0xef]) } else { Bytes::new() };
        CallOutcome { success: !reverts, output, gas_used: 100_000, alone: false }
    }
}

impl Simulator for Net {
    async fn simulate(
        &self,
        at: BlockRef,
        _time: Secs,
        calls: &[SimulatedCall],
    ) -> Result<Vec<CallOutcome>, ReadError> {
        let mut inner = self.inner();
        inner.fails()?;
        Ok(calls.iter().map(|call| inner.simulated(at, call)).collect())
    }
}

impl ChainClient for Net {
    async fn head(&self) -> Result<BlockRef, ReadError> {
        let mut inner = self.inner();
        inner.fails()?;
        if inner.advances {
            inner.mine();
        }
        inner.block_ref(inner.height()).ok_or_else(|| ReadError::Unavailable("no block".to_owned()))
    }

    async fn fee_market(&self, head: BlockRef) -> Result<FeeMarket, ReadError> {
        let mut inner = self.inner();
        inner.fails()?;
        Ok(FeeMarket { base_fee: head.base_fee, suggested_tip: U256::from(10_000_000), paid: inner.paid })
    }

    async fn balance(&self, _account: Address) -> Result<U256, ReadError> {
        let inner = self.inner();
        // Now and then nobody tells, without a throw of the dice of its own.
        if inner.faults > 0 && inner.seed.is_multiple_of(3) {
            return Err(ReadError::Unavailable("test fault".to_owned()));
        }
        Ok(inner.ether)
    }

    async fn send_raw(&self, transaction: &Recorded<RawTx>) -> SendOutcome {
        self.inner().hand_in(transaction.get())
    }

    async fn receipt(&self, hash: B256) -> Result<Option<Receipt>, ReadError> {
        let mut inner = self.inner();
        inner.fails()?;
        let faults = inner.faults;
        if inner.chance(faults) {
            return Ok(None);
        }
        let invented = (inner.height(), true);
        let invented =
            Some(invented).filter(|_| inner.invents_receipts && inner.handed.iter().any(|it| it.hash == hash));
        let Some((block_number, success)) = inner.find(hash).or(invented) else { return Ok(None) };
        Ok(inner.block_ref(block_number).map(|block| Receipt {
            transaction: hash,
            block_number,
            block_hash: block.hash,
            from: ACCOUNT,
            to: Some(TARGET),
            success,
            gas_used: 100_000,
            effective_gas_price: U256::from(110_000_000),
            l1_fee: None,
            logs: Vec::new(),
        }))
    }

    async fn is_known(&self, hash: B256) -> Result<bool, ReadError> {
        let mut inner = self.inner();
        inner.fails()?;
        Ok(inner.find(hash).is_some() || inner.pool.values().any(|pooled| pooled.handed.hash == hash))
    }

    async fn nonce(&self, _account: Address, at: BlockNumberOrTag) -> Result<u64, ReadError> {
        let mut inner = self.inner();
        inner.fails()?;
        let faults = inner.faults;
        let lag = if inner.chance(faults) { 1 } else { inner.nonce_lag };
        let all = inner.blocks.len().saturating_sub(lag);
        Ok(match at {
            BlockNumberOrTag::Number(number) => inner.next_nonce(usize::try_from(number).expect("small") + 1),
            BlockNumberOrTag::Pending => {
                let latest = inner.next_nonce(all);
                (latest..).find(|nonce| !inner.pool.contains_key(nonce)).unwrap_or(latest)
            }
            _ => {
                let lie = u64::from(inner.nonce_lies > 0);
                inner.nonce_lies -= lie;
                inner.next_nonce(all) + lie
            }
        })
    }

    async fn contradiction(&self, _receipt: &Receipt) -> Option<String> {
        self.inner().contradiction.clone()
    }

    async fn block(&self, number: u64) -> Result<Option<BlockContent>, ReadError> {
        let mut inner = self.inner();
        inner.fails()?;
        let Some(block) = inner.block_ref(number) else { return Ok(None) };
        let content = inner.blocks[usize::try_from(number).expect("small")].transactions.iter();
        let transactions =
            content.map(|(nonce, hash, _)| Included { from: ACCOUNT, nonce: *nonce, hash: *hash }).collect();
        Ok(Some(BlockContent { block, transactions }))
    }
}

/// A signer admitted by the gate of a node that calls itself an anvil replica.
pub async fn signer() -> Signer {
    let node = MockServer::start().await;
    let answer = |request: &Request| {
        let call: Value = request.body_json().expect("json");
        let hash = B256::repeat_byte(7);
        let result = match call["method"].as_str().expect("method") {
            "eth_chainId" => json!("0x2105"),
            "eth_blockNumber" => json!("0x1"),
            "web3_clientVersion" => json!("anvil/v1.7.1"),
            "anvil_nodeInfo" => json!({}),
            "anvil_metadata" => json!({"instanceId": hash}),
            "eth_getBlockByNumber" => json!({"number": "0x0", "hash": hash, "timestamp": "0x1"}),
            other => panic!("unexpected {other}"),
        };
        ResponseTemplate::new(200).set_body_json(json!({"jsonrpc": "2.0", "id": call["id"], "result": result}))
    };
    Mock::given(method("POST")).respond_with(answer).mount(&node).await;
    let rpc = RpcConfig { urls: vec![node.uri().parse().expect("url")], ..RpcConfig::default() };
    let endpoints = Endpoints::connect(&rpc, Arc::new(SystemClock::new())).expect("endpoints");
    let (identity, _) = endpoints.verify_all(None).await.expect("a replica");
    let wallet = Wallet::from_private_key(&SecretString::from(KEY)).expect("key");
    SigningGate::new(&identity, false).admit(wallet).expect("a public key on a replica")
}

/// A sender on a net, with a journal in a directory of its own.
pub struct Bench {
    pub net: Net,
    pub sender: Sender<Net>,
    pub clock: Arc<TickingClock>,
    pub dir: TempDir,
    plans: u64,
}

impl Bench {
    /// With a perfect network.
    pub async fn new(seed: u64) -> Self {
        let net = Net::new(seed);
        let dir = tempfile::tempdir().expect("directory");
        net.inner().journal = Some(dir.path().to_owned());
        let journal = Journal::open(dir.path(), NETWORK, ACCOUNT).expect("journal");
        let clock = Arc::new(TickingClock::default());
        let sender = Sender::new(net.clone(), journal, signer().await, clock.clone()).with_patience(impatient());
        Self { net, sender, clock, dir, plans: 0 }
    }

    /// With another sender on the same network; its plans are numbered from `plans` on.
    pub fn of(net: Net, sender: Sender<Net>, clock: Arc<TickingClock>, dir: TempDir, plans: u64) -> Self {
        Self { net, sender, clock, dir, plans }
    }

    /// A plan of so many steps, each calling the target with data of its own.
    pub fn plan(&mut self, steps: u8) -> Plan {
        self.plans += 1;
        let id = IntentId::derive(Millis(GENESIS + self.plans), &self.plans.to_be_bytes());
        let step = |index: u8| Step {
            purpose: format!("step {index}"),
            to: TARGET,
            value: U256::ZERO,
            data: CallData::Fixed { data: Bytes::from(vec![index, u8::try_from(self.plans).expect("few")]) },
        };
        Plan {
            schema: SCHEMA,
            id: id.to_string(),
            kind: "test".to_owned(),
            urgency: Urgency::Trim,
            network: NETWORK.to_owned(),
            owner: ACCOUNT,
            signer: ACCOUNT,
            block: self.net.inner().block_ref(0).expect("genesis"),
            valid_until: after_genesis(100_000),
            headline: "a test".to_owned(),
            notes: Vec::new(),
            steps: (0..steps).map(step).collect(),
            bounds: Vec::new(),
            figures: Vec::new(),
            costs: Vec::new(),
            subject: trimtab::plan::PlanSubject::Approvals,
        }
    }

    /// A plan of one step that protects nothing.
    pub fn boost(&mut self) -> Plan {
        Plan { urgency: Urgency::Open, ..self.plan(1) }
    }

    /// The plan, approved and simulated on the newest block of a network that answers.
    pub async fn ready(&self, plan: Plan, permits: &SignedPermits) -> Simulated<Approved<Plan>> {
        let faults = std::mem::take(&mut self.net.inner().faults);
        let head = self.net.head().await.expect("head");
        let approved = check(plan, NETWORK, head.timestamp).expect("no bounds");
        let time = head.next_timestamp();
        let ready = simulate(&self.net, approved, permits, |_| false, head, time).await.expect("simulated");
        self.net.inner().faults = faults;
        ready
    }
}
