//! The same questions to a real node: the offline replica.

use std::{sync::Arc, time::Duration};

use crate::common::{Replica, TEST_KEYS};
use alloy::{
    consensus::TxEip1559,
    eips::{BlockId, BlockNumberOrTag},
    primitives::{Address, B256, Bytes, TxKind, U256, address, keccak256},
    sol,
    sol_types::SolCall,
};
use secrecy::SecretString;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
};
use trimtab::{
    chain::{
        Batch, CallRequest, Endpoints, ErrorTable, HeadOptions, IdentityError, L1FeeQuery, NetworkKind, ReadError,
        Reader, Rejection, SendOutcome, Signer, SigningGate, Simulation, SystemClock, Wallet, multicall3,
    },
    config::{FeesConfig, RpcConfig, WebSockets},
    units::Secs,
};

const USDC: Address = address!("833589fCD6eDb6E08f4c7C32D4f71b54bdA02913");
const PROVIDER: Address = address!("e20fCBdBfFC4Dd138cE8b2E6FBb6CB49777ad64D");
const UI_PROVIDER: Address = address!("0C6BC4a12039788be08F87e87Cff87FEDbd1D386");
const WETH: Address = address!("4200000000000000000000000000000000000006");

sol! {
    function transfer(address to, uint256 amount) external returns (bool);
    function deposit() external payable;
    function getCurrentBlockTimestamp() external view returns (uint256);
    function getBlockNumber() external view returns (uint256);
    function balanceOf(address account) external view returns (uint256);
    function getReservesList(address provider) external view returns (address[] memory);
}

fn connect(urls: &[&str]) -> Endpoints {
    let urls = urls.iter().map(|url| url.parse().expect("url")).collect();
    Endpoints::connect(&RpcConfig { urls, ..RpcConfig::default() }, Arc::new(SystemClock::new())).expect("endpoints")
}

async fn signer(endpoints: &Endpoints, index: usize) -> Signer {
    let (identity, _) = endpoints.verify_all(None).await.expect("replica");
    let wallet = Wallet::from_private_key(&SecretString::from(TEST_KEYS[index])).expect("key");
    SigningGate::new(&identity, false).admit(wallet).expect("a test key on a replica")
}

async fn mine(endpoints: &Endpoints) {
    endpoints.request_once::<_, serde_json::Value>("evm_mine", ()).await.expect("mined");
}

fn balance_of(batch: &mut Batch, account: Address) -> trimtab::chain::Slot<multicall3::IMulticall3::getEthBalanceCall> {
    batch.add(multicall3::ADDRESS, &multicall3::IMulticall3::getEthBalanceCall { addr: account })
}

#[tokio::test]
async fn two_replicas_are_two_networks() {
    let (one, two) = (Replica::start().await, Replica::start().await);
    let (identity, checkpoint) = connect(&[one.url()]).verify_all(None).await.expect("replica");
    assert!(!identity.is_live() && identity.id().as_str().starts_with("replica-"), "{identity}");
    let again = connect(&[one.url()]).verify_all(Some(checkpoint)).await.expect("the same");
    assert_eq!(again, (identity, checkpoint));
    let error = connect(&[one.url(), two.url()]).verify_all(None).await.expect_err("two");
    assert!(matches!(&error, IdentityError::Disagree { .. }), "{error}");
}

#[tokio::test]
async fn a_fork_is_not_the_chain_it_came_from() {
    let origin = Replica::start().await;
    let start = connect(&[origin.url()]).head().await.expect("head");
    let fork = Replica::fork_of(origin.url()).await;
    let (identity, _) = connect(&[fork.url()]).verify_all(None).await.expect("fork");
    let NetworkKind::Fork { of, .. } = identity.kind() else { panic!("{identity}") };
    assert_eq!((of.chain_id, of.block_number, of.block_hash), (8453, start.number, start.hash));
    assert!(identity.id().as_str().starts_with("fork-"), "{identity}");
    let error = connect(&[origin.url(), fork.url()]).verify_all(None).await.expect_err("two networks");
    assert!(matches!(&error, IdentityError::Disagree { .. }), "{error}");
}

#[tokio::test]
async fn a_snapshot_stays_at_its_block_while_the_chain_goes_on() {
    let replica = Replica::start().await;
    let endpoints = connect(&[replica.url()]);
    let signer = signer(&endpoints, 1).await;
    let head = endpoints.head().await.expect("head");
    let mut batch = Batch::new();
    let slot = balance_of(&mut batch, signer.address());
    let before = endpoints.read(head, &batch).await.expect("read").get(slot).expect("balance");
    send(&endpoints, &signer, Address::repeat_byte(9), U256::from(5), Bytes::new()).await;
    let pinned = endpoints.read(head, &batch).await.expect("read").get(slot).expect("balance");
    let now = endpoints.head().await.expect("head");
    let after = endpoints.read(now, &batch).await.expect("read").get(slot).expect("balance");
    assert_eq!(pinned, before);
    assert!(after < before, "{after} {before}");
    assert_eq!(endpoints.balance(signer.address(), BlockId::hash(head.hash)).await.expect("balance"), before);
    assert_eq!(endpoints.has_block(head.number, head.hash).await.expect("block"), Some(true));
    assert_eq!(endpoints.block_by_hash(head.hash).await.expect("block"), Some(head));
    let unknown = endpoints.read(keccak256("no block"), &batch).await.expect_err("no such block");
    assert!(matches!(unknown, ReadError::UnknownBlock(hash) if hash == keccak256("no block")), "{unknown}");
}

async fn send(endpoints: &Endpoints, signer: &Signer, to: Address, value: U256, input: Bytes) -> (B256, Bytes) {
    let head = endpoints.head().await.expect("head");
    let market = endpoints.fee_market(&head).await.expect("market");
    let fees = market.fees(market.suggested_tip, &FeesConfig::default().open, "").expect("fees");
    let transaction = TxEip1559 {
        chain_id: 8453,
        nonce: endpoints.nonce(signer.address(), BlockNumberOrTag::Pending).await.expect("nonce"),
        gas_limit: 100_000,
        max_fee_per_gas: fees.max_fee.to(),
        max_priority_fee_per_gas: fees.max_tip.to(),
        to: TxKind::Call(to),
        value,
        input,
        ..TxEip1559::default()
    };
    let signed = signer.sign_transaction(transaction).await.expect("signed");
    assert_eq!(endpoints.send_raw(&signed.raw).await, SendOutcome::Accepted);
    // While anvil mines, it answers for the old head from the new state; mined means known as mined.
    mined(endpoints, signed.hash).await;
    (signed.hash, signed.raw)
}

async fn mined(endpoints: &Endpoints, hash: B256) {
    let known = async {
        while endpoints.transaction(hash).await.expect("answer").is_none_or(|known| known.block_number.is_none()) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), known).await.expect("mined within the deadline");
}

#[tokio::test]
async fn a_signed_transaction_is_sent_mined_and_not_taken_twice() {
    let replica = Replica::start().await;
    let endpoints = connect(&[replica.url()]);
    let signer = signer(&endpoints, 2).await;
    let nonce = endpoints.nonce(signer.address(), BlockNumberOrTag::Latest).await.expect("nonce");
    let (hash, raw) = send(&endpoints, &signer, WETH, U256::from(7), depositCall {}.abi_encode().into()).await;
    let receipt = endpoints.receipt(hash).await.expect("receipt").expect("mined");
    assert!(receipt.success && receipt.gas_used > 21_000 && receipt.to == Some(WETH) && receipt.logs.len() == 1);
    let known = endpoints.transaction(hash).await.expect("transaction").expect("known");
    assert_eq!((known.from, known.nonce, known.block_number), (signer.address(), nonce, Some(receipt.block_number)));
    let again = endpoints.send_raw(&raw).await;
    assert!(
        matches!(again, SendOutcome::AlreadyKnown | SendOutcome::Rejected(Rejection::NonceTooLow(_))),
        "a mined transaction is not taken again: {again:?}"
    );
    let filter = alloy::rpc::types::Filter::new().address(WETH).at_block_hash(receipt.block_hash);
    let logs = endpoints.logs(&filter).await.expect("logs");
    assert_eq!(logs.iter().map(|log| log.transaction_hash).collect::<Vec<_>>(), [Some(hash)]);
    assert_eq!(endpoints.receipt(keccak256("nothing")).await.expect("answer"), None);
}

#[tokio::test]
async fn a_revert_is_told_in_words() {
    let replica = Replica::start().await;
    let endpoints = connect(&[replica.url()]);
    let head = endpoints.head().await.expect("head");
    let poor = Address::repeat_byte(0x77);
    let call = CallRequest::new(poor, USDC, transferCall { to: WETH, amount: U256::MAX }.abi_encode());
    let Err(ReadError::Reverted { target, data }) = endpoints.call(&call, BlockId::hash(head.hash)).await else {
        panic!("nobody has that much");
    };
    assert_eq!(target, USDC);
    let said = ErrorTable::new().decode(&data).to_string();
    assert!(said.to_lowercase().contains("balance"), "{said}");
    assert!(matches!(endpoints.estimate_gas(&call).await, Err(ReadError::Reverted { .. })));
}

#[tokio::test]
async fn a_simulation_runs_in_the_next_block_and_changes_nothing() {
    let replica = Replica::start().await;
    let endpoints = connect(&[replica.url()]);
    let head = endpoints.head().await.expect("head");
    let account = signer(&endpoints, 3).await.address();
    mine(&endpoints).await;
    let time = Secs(head.timestamp.0 + 3_600);
    let transfer = transferCall { to: USDC, amount: U256::from(7) }.abi_encode();
    let multicall = |data: Vec<u8>| CallRequest::new(account, multicall3::ADDRESS, data);
    let simulation = Simulation::after(head)
        .time(time)
        .call(CallRequest::new(account, WETH, transfer.clone()))
        .call(CallRequest::new(account, WETH, depositCall {}.abi_encode()).value(U256::from(7)))
        .call(CallRequest::new(account, WETH, transfer))
        .call(multicall(getCurrentBlockTimestampCall {}.abi_encode()))
        .call(multicall(getBlockNumberCall {}.abi_encode()));
    let calls = endpoints.simulate(&simulation).await.expect("simulated");
    assert_eq!(calls.iter().map(|call| call.success).collect::<Vec<_>>(), [false, true, true, true, true]);
    assert_eq!((calls[1].logs.len(), calls[1].logs[0].address), (1, WETH));
    assert!(calls[1].gas_used > 21_000);
    assert_eq!(U256::from_be_slice(&calls[3].returned), U256::from(time.0));
    assert_eq!(U256::from_be_slice(&calls[4].returned), U256::from(head.number + 1));
    assert_eq!(endpoints.head().await.expect("head").number, head.number + 1, "only the block that we mined");
}

#[tokio::test]
async fn the_cost_of_data_on_l1_is_part_of_the_snapshot() {
    let replica = Replica::start().await;
    let endpoints = connect(&[replica.url()]);
    let head = endpoints.head().await.expect("head");
    let mut batch = Batch::new();
    let short = L1FeeQuery::add(&mut batch, &Bytes::from(vec![7; 100]));
    let long = L1FeeQuery::add(&mut batch, &Bytes::from(vec![7; 1_000]));
    let answers = endpoints.read(head, &batch).await.expect("read");
    let (short, long) = (short.read(&answers).expect("fee"), long.read(&answers).expect("fee"));
    assert!(!short.is_zero() && short < long, "{short} {long}");
}

fn quick() -> HeadOptions {
    HeadOptions { poll: Duration::from_millis(20), stale_after: Duration::from_millis(500) }
}

/// The next head with this height or a later one, whatever silence there is before.
async fn reach(heads: &mut trimtab::chain::Heads, number: u64) {
    let reached = async {
        loop {
            if heads.next().await.is_ok_and(|head| head.number >= number) {
                return;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(30), reached).await.expect("the head within the deadline");
}

/// What Multicall3 answers, in a fraction of the bytes: calls that succeed, revert, have no contract and return a lot. More than
/// code can answer goes through Multicall3 itself.
#[tokio::test]
async fn a_packed_batch_answers_as_multicall3_does() {
    let replica = Replica::start().await;
    let endpoints = connect(&[replica.url()]);
    let head = endpoints.head().await.expect("head");
    let batch = |calls: usize| {
        let mut batch = Batch::new();
        for index in 0..calls {
            let holder = Address::left_padding_from(&(index + 0x1_0000).to_be_bytes());
            match index % 5 {
                0 => batch.add_encoded(
                    multicall3::ADDRESS,
                    multicall3::IMulticall3::getEthBalanceCall { addr: holder }.abi_encode().into(),
                ),
                1 => batch.add_encoded(USDC, transferCall { to: holder, amount: U256::MAX }.abi_encode().into()),
                2 => batch.add_encoded(holder, Bytes::from_static(b"nobody")),
                3 => batch.add_encoded(UI_PROVIDER, getReservesListCall { provider: PROVIDER }.abi_encode().into()),
                _ => batch.add_encoded(WETH, balanceOfCall { account: holder }.abi_encode().into()),
            };
        }
        batch
    };
    let bytes = || endpoints.traffic().iter().map(|(_, traffic)| traffic.bytes()).sum::<u64>();
    let large = (0..60).fold(Batch::new(), |mut batch, _| {
        let call = getReservesListCall { provider: PROVIDER };
        batch.add_encoded(UI_PROVIDER, call.abi_encode().into());
        batch
    });
    for batch in [1, 8, 9, 50, 100].map(batch).into_iter().chain([large]) {
        let calls = batch.len();
        let before = bytes();
        let expected = endpoints.read(head, &batch).await.expect("read");
        let between = bytes();
        let found = endpoints.read_packed(head, &batch).await.expect("packed");
        let asked = (between - before, bytes() - between);
        // What is more than a contract's size is asked twice.
        assert!(calls == 60 || asked.1 * 2 < asked.0, "{calls} calls: half the bytes, not {asked:?}");
        for position in 0..calls {
            let of = |answers: &trimtab::chain::Answers| match answers.encoded(position) {
                Ok(data) => Ok(data.clone()),
                Err(ReadError::Reverted { target, data }) => Err((target, data)),
                Err(other) => panic!("{other}"),
            };
            assert_eq!(of(&found), of(&expected), "{position} of {calls}");
        }
    }
}

#[tokio::test]
async fn heads_come_by_subscription_and_by_polling() {
    let replica = Replica::start().await;
    let http = connect(&[replica.url()]);
    let websocket = replica.url().replace("http://", "ws://");
    let start = http.head().await.expect("head").number;
    let (mut polled, ws) = (http.heads(quick()), connect(&[&websocket]));
    let mut subscribed = ws.heads(quick());
    for number in start..start + 3 {
        reach(&mut polled, number).await;
        reach(&mut subscribed, number).await;
        mine(&http).await;
    }
    assert_eq!(ws.head().await.expect("reads work over a websocket too").number, start + 3);
    reach(&mut polled, start + 3).await;
    let quiet = polled.next().await.expect_err("nobody mines");
    assert!(matches!(&quiet, ReadError::Stale(said) if said.contains(&(start + 3).to_string())), "{quiet}");
}

/// Nobody names the WebSocket, and polling would be too late.
#[tokio::test]
async fn heads_of_an_http_endpoint_come_over_the_websocket_that_goes_with_it() {
    let replica = Replica::start().await;
    let http = connect(&[replica.url()]);
    http.verify_all(None).await.expect("a network");
    let never = HeadOptions { poll: Duration::from_secs(3_600), stale_after: Duration::from_secs(30) };
    let mut heads = http.heads(never);
    let start = heads.next().await.expect("the first is asked for").number;
    let told = async {
        loop {
            // A subscription tells nothing of what was before it.
            mine(&http).await;
            let pause = Duration::from_millis(20);
            if tokio::time::timeout(pause, heads.next())
                .await
                .is_ok_and(|head| head.is_ok_and(|head| head.number > start))
            {
                return;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(30), told).await.expect("told");
    // Where only given WebSockets are wanted there is none.
    let rpc = RpcConfig {
        urls: vec![replica.url().parse().expect("url")],
        websockets: WebSockets::Given,
        ..RpcConfig::default()
    };
    let given = Endpoints::connect(&rpc, Arc::new(SystemClock::new())).expect("endpoints");
    let mut heads = given.heads(HeadOptions { stale_after: Duration::from_millis(300), ..never });
    heads.next().await.expect("the first is asked for");
    mine(&http).await;
    let silence = heads.next().await.expect_err("nobody tells");
    assert!(matches!(silence, ReadError::Stale(_)), "{silence}");
}

#[tokio::test]
async fn the_newest_head_wins_and_those_between_are_counted() {
    let replica = Replica::start().await;
    let http = connect(&[replica.url()]);
    let mut heads = http.heads(quick());
    let start = heads.next().await.expect("a head").number;
    for _ in 0..5 {
        mine(&http).await;
    }
    // Whoever is busy meanwhile.
    let seen = async {
        while heads.latest().is_none_or(|head| head.number < start + 5) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), seen).await.expect("within the deadline");
    assert_eq!(heads.next().await.expect("a head").number, start + 5);
    assert_eq!(heads.skipped(), 4);
}

/// Forwards connections to a node until told to be silent: it then stays connected and forwards nothing.
async fn muffler(node: &str) -> (String, watch::Sender<bool>) {
    let target = node.trim_start_matches("http://").to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("port");
    let url = format!("ws://{}", listener.local_addr().expect("address"));
    let (silence, silent) = watch::channel(false);
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let node = TcpStream::connect(&target).await.expect("node");
            let ((from_client, to_client), (from_node, to_node)) = (client.into_split(), node.into_split());
            tokio::spawn(forward(from_client, to_node, silent.clone()));
            tokio::spawn(forward(from_node, to_client, silent.clone()));
        }
    });
    (url, silence)
}

async fn forward(
    mut from: impl AsyncReadExt + Unpin,
    mut to: impl AsyncWriteExt + Unpin,
    silent: watch::Receiver<bool>,
) {
    let mut buffer = vec![0; 65_536];
    while let Ok(read) = from.read(&mut buffer).await {
        if read == 0 || (!*silent.borrow() && to.write_all(&buffer[..read]).await.is_err()) {
            return;
        }
    }
}

#[tokio::test]
async fn a_subscription_that_dies_silently_costs_no_head() {
    let replica = Replica::start().await;
    let direct = connect(&[replica.url()]);
    let (muffled, silence) = muffler(replica.url()).await;
    let start = direct.head().await.expect("head").number;
    let rpc = RpcConfig {
        urls: vec![muffled.parse().expect("url"), replica.url().parse().expect("url")],
        timeout: Duration::from_millis(500),
        ..RpcConfig::default()
    };
    let both = Endpoints::connect(&rpc, Arc::new(SystemClock::new())).expect("endpoints");
    let mut heads = both.heads(quick());
    reach(&mut heads, start).await;
    mine(&direct).await;
    reach(&mut heads, start + 1).await;
    silence.send_replace(true);
    mine(&direct).await;
    reach(&mut heads, start + 2).await;
    mine(&direct).await;
    reach(&mut heads, start + 3).await;
    silence.send_replace(false);
    mine(&direct).await;
    reach(&mut heads, start + 4).await;
}
