//! Networks are never mixed up, and a signature is only to be had for the network it is meant for.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use crate::chain_node::{Chain, Node, Reply, TestClock, endpoints};
use alloy::{
    consensus::{SignableTransaction, TxEip1559, TxEnvelope, transaction::SignerRecoverable},
    dyn_abi::TypedData,
    eips::eip2718::Decodable2718,
    primitives::{Address, B256, TxKind, U64, U256, keccak256},
    signers::local::PrivateKeySigner,
};
use clap::Parser;
use secrecy::SecretString;
use serde_json::json;
use trimtab::chain::{
    Checkpoint, IdentityError, NetworkIdentity, NetworkKind, ReadError, SigningError, SigningGate, Wallet, WalletArgs,
    WalletError,
};
use wiremock::ResponseTemplate;

const ANVIL_KEY: &str = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";

async fn verify(
    chains: &[&Chain],
    remembered: Option<Checkpoint>,
) -> Result<(NetworkIdentity, Checkpoint), IdentityError> {
    let mut nodes = Vec::new();
    for chain in chains {
        nodes.push(chain.node().await);
    }
    endpoints(&nodes.iter().collect::<Vec<_>>(), &Arc::default()).verify_all(remembered).await
}

async fn identity(chain: &Chain) -> NetworkIdentity {
    verify(&[chain], None).await.expect("network").0
}

#[tokio::test]
async fn live_replica_and_fork_are_told_apart_and_have_journals_of_their_own() {
    let live = identity(&Chain::live()).await;
    assert!(live.is_live());
    assert_eq!(live.id().as_str(), "base");

    let replica = identity(&Chain::replica("one")).await;
    let instance = keccak256("one");
    assert_eq!(replica.kind(), &NetworkKind::Replica { instance });
    assert_eq!(replica.id().as_str(), format!("replica-{}", &instance.to_string()[2..14]));
    assert_ne!(replica.id(), identity(&Chain::replica("two")).await.id());

    let fork = Chain { genesis: Chain::live().genesis, ..Chain::replica("f") };
    let node = Node::start(move |method, params| match method {
        "anvil_metadata" => Reply::Result(json!({
            "instanceId": keccak256("f"),
            "forkedNetwork": {"chainId": 8453, "forkBlockNumber": 99, "forkBlockHash": keccak256("99")},
        })),
        _ => fork.reply(method, params),
    })
    .await;
    let (fork, _) = endpoints(&[&node], &Arc::default()).verify_all(None).await.expect("fork");
    assert!(!fork.is_live(), "Base's own genesis does not make a fork Base");
    assert!(fork.id().as_str().starts_with("fork-"), "{}", fork.id());
}

#[tokio::test]
async fn another_chain_and_an_unknown_network_are_refused_with_exit_3() {
    let ethereum = Chain { chain_id: 1, ..Chain::live() };
    let error = verify(&[&ethereum], None).await.expect_err("ethereum");
    assert!(matches!(&error, IdentityError::WrongChain { found: 1, .. }), "{error}");
    assert_eq!(error.exit_code(), 3);
    let strangers = [
        Chain { genesis: keccak256("other"), ..Chain::live() },
        Chain { client: "HardhatNetwork/2.22", ..Chain::live() },
        // An anvil that hides its metadata is still an anvil.
        Chain { client: "anvil/v1.7.1", ..Chain::live() },
    ];
    for stranger in strangers {
        let error = verify(&[&stranger], None).await.expect_err(stranger.client);
        assert!(matches!(&error, IdentityError::UnknownNetwork { .. }), "{error}");
        assert_eq!(error.exit_code(), 3);
    }
}

#[tokio::test]
async fn endpoints_of_different_networks_are_never_mixed() {
    for (one, other) in [
        (Chain::replica("one"), Chain::live()),
        (Chain::replica("one"), Chain::replica("two")),
        (Chain::replica("one"), Chain { genesis: keccak256("other"), ..Chain::replica("one") }),
    ] {
        let error = verify(&[&one, &other], None).await.expect_err("two networks");
        assert!(matches!(&error, IdentityError::Disagree { .. }), "{error}");
        assert_eq!(error.exit_code(), 3);
    }
    let same_name_other_chain = Chain { salt: "elsewhere", ..Chain::live() };
    let error = verify(&[&Chain::live(), &same_name_other_chain], None).await.expect_err("two histories");
    assert!(matches!(&error, IdentityError::OtherCheckpoint { number: 20, .. }), "{error}");
}

#[tokio::test]
async fn the_chain_of_yesterday_is_recognised_by_its_checkpoint() {
    let live = Chain::live();
    let (_, checkpoint) = verify(&[&live], None).await.expect("first time");
    assert_eq!(checkpoint, Checkpoint { number: 20, hash: live.hash(20) });
    live.head.store(5_000, Ordering::SeqCst);
    assert_eq!(verify(&[&live], Some(checkpoint)).await.expect("the same chain").1, checkpoint);
    let other = Chain { salt: "other", ..Chain::live() };
    let error = verify(&[&other], Some(checkpoint)).await.expect_err("another chain");
    assert!(matches!(&error, IdentityError::OtherCheckpoint { found: Some(_), .. }), "{error}");
    live.head.store(10, Ordering::SeqCst);
    let error = verify(&[&live], Some(checkpoint)).await.expect_err("shorter than before");
    assert!(matches!(&error, IdentityError::OtherCheckpoint { found: None, .. }), "{error}");
}

#[tokio::test]
async fn an_endpoint_that_could_not_be_asked_is_not_used() {
    let live = Chain::live();
    let sound = live.node().await;
    let away = Node::always(|| Reply::Http(ResponseTemplate::new(503))).await;
    let endpoints = endpoints(&[&away, &sound], &TestClock::at_wall(live.head_time));
    endpoints.verify_all(None).await.expect("one is enough");
    let asked = away.count("eth_chainId");
    endpoints.request::<_, U64>("eth_chainId", ()).await.expect("chain id");
    assert_eq!(away.count("eth_chainId"), asked);
    assert!(endpoints.identity().is_some_and(|identity| identity.is_live()));
}

#[tokio::test]
async fn who_it_is_an_endpoint_is_asked_once_and_its_block_of_yesterday_as_often_as_it_counts() {
    let live = Chain::live();
    let node = live.node().await;
    let endpoints = endpoints(&[&node], &TestClock::at_wall(live.head_time));
    let (_, checkpoint) = endpoints.verify_all(None).await.expect("first time");
    endpoints.verify_checkpoint(checkpoint).await.expect("the same chain");
    let other = Checkpoint { hash: keccak256("other"), ..checkpoint };
    let error = endpoints.verify_checkpoint(other).await.expect_err("another chain");
    assert!(matches!(&error, IdentityError::OtherCheckpoint { number: 20, found: Some(_), .. }), "{error}");
    assert_eq!((node.count("eth_chainId"), node.count("web3_clientVersion")), (1, 1));
}

#[tokio::test]
async fn an_endpoint_that_was_away_is_asked_who_it_is_before_it_is_held_against_the_journal() {
    let live = Chain::live();
    let (sound, away) = (live.node().await, Arc::new(AtomicBool::new(true)));
    let (is_away, back) = (away.clone(), Chain { salt: "elsewhere", ..Chain::live() });
    let late = Node::start(move |method, params| match is_away.load(Ordering::SeqCst) {
        true => Reply::Http(ResponseTemplate::new(503)),
        false => back.reply(method, params),
    })
    .await;
    let endpoints = endpoints(&[&sound, &late], &TestClock::at_wall(live.head_time));
    let (_, checkpoint) = endpoints.verify_all(None).await.expect("one is enough");
    away.store(false, Ordering::SeqCst);
    let error = endpoints.verify_checkpoint(checkpoint).await.expect_err("another history");
    assert!(matches!(&error, IdentityError::OtherCheckpoint { number: 20, .. }), "{error}");
}

#[tokio::test]
async fn silence_about_being_an_anvil_does_not_make_a_chain_live() {
    let live = Chain::live();
    let node = Node::start(move |method, params| match method {
        "anvil_nodeInfo" => Reply::Http(ResponseTemplate::new(503)),
        _ => live.reply(method, params),
    })
    .await;
    let error = endpoints(&[&node], &Arc::default()).verify_all(None).await.expect_err("not known");
    assert!(matches!(&error, IdentityError::Read(ReadError::Unavailable(_))), "{error}");
    assert_eq!(error.exit_code(), 6);
}

fn generated() -> (Wallet, PrivateKeySigner) {
    let key = PrivateKeySigner::random();
    (Wallet::from_private_key(&SecretString::from(key.to_bytes().to_string())).expect("key"), key)
}

fn anvil_wallet() -> Wallet {
    Wallet::from_private_key(&SecretString::from(ANVIL_KEY)).expect("key")
}

fn transfer(chain_id: u64) -> TxEip1559 {
    TxEip1559 {
        chain_id,
        nonce: 4,
        gas_limit: 21_000,
        max_fee_per_gas: 10,
        max_priority_fee_per_gas: 1,
        to: TxKind::Call(Address::repeat_byte(9)),
        value: U256::from(5),
        ..TxEip1559::default()
    }
}

fn permit() -> TypedData {
    serde_json::from_value(json!({
        "types": {
            "EIP712Domain": [{"name": "name", "type": "string"}, {"name": "chainId", "type": "uint256"}],
            "Permit": [{"name": "owner", "type": "address"}, {"name": "value", "type": "uint256"}],
        },
        "primaryType": "Permit",
        "domain": {"name": "USD Coin", "chainId": 8453},
        "message": {"owner": Address::repeat_byte(1), "value": "7"},
    }))
    .expect("typed data")
}

#[tokio::test]
async fn a_real_key_signs_nothing_on_a_replica_unless_its_owner_says_so() {
    let replica = identity(&Chain::replica("one")).await;
    let (wallet, key) = generated();
    let error = SigningGate::new(&replica, false).admit(wallet).expect_err("a real key");
    assert!(
        matches!(&error, SigningError::RealKeyOnLocalChain { account, .. } if *account == key.address()),
        "{error}"
    );
    assert!(error.to_string().contains("--allow-real-key"));
    assert_eq!(error.exit_code(), 3);
    let (wallet, _) = generated();
    SigningGate::new(&replica, true).admit(wallet).expect("its owner said so");
    SigningGate::new(&replica, false).admit(anvil_wallet()).expect("a test key");
}

#[tokio::test]
async fn a_key_that_everybody_has_signs_nothing_on_the_live_chain() {
    let live = identity(&Chain::live()).await;
    let phrase = SecretString::from("test  test test test test test test test test test test junk");
    let deep = Wallet::from_mnemonic(&phrase, None, 4_321, None).expect("wallet");
    let odd = Wallet::from_mnemonic(&phrase, None, 0, Some("m/44'/60'/3'/0/0")).expect("wallet");
    for wallet in [anvil_wallet(), deep, odd] {
        let error = SigningGate::new(&live, true).admit(wallet).expect_err("public");
        assert!(matches!(error, SigningError::PublicKeyOnLiveChain { .. }), "{error}");
    }
}

#[tokio::test]
async fn what_is_signed_is_what_was_asked_for_by_the_account_of_the_key() {
    let live = identity(&Chain::live()).await;
    let (wallet, key) = generated();
    let signer = SigningGate::new(&live, false).admit(wallet).expect("a real key on a live chain");
    let signed = signer.sign_transaction(transfer(8453)).await.expect("signed");
    let decoded = TxEnvelope::decode_2718(&mut signed.raw.as_ref()).expect("envelope");
    assert_eq!(decoded.recover_signer().expect("signer"), key.address());
    assert_eq!((signed.hash, keccak256(&signed.raw)), (*decoded.tx_hash(), *decoded.tx_hash()));
    assert_eq!(decoded.signature_hash(), transfer(8453).signature_hash());

    let other = signer.sign_transaction(transfer(1)).await.expect_err("another chain");
    assert!(matches!(other, SigningError::OtherChain { transaction: 1, network: 8453 }), "{other}");

    let digest: B256 = permit().eip712_signing_hash().expect("digest");
    let by_data = signer.sign_typed_data(&permit()).await.expect("signed");
    assert_eq!(by_data, signer.sign_digest(&digest).expect("signed"));
    assert_eq!(by_data.recover_address_from_prehash(&digest).expect("signer"), key.address());
}

#[derive(Debug, Parser)]
struct Command {
    #[command(flatten)]
    wallet: WalletArgs,
}

fn wallet_args(arguments: &[&str]) -> WalletArgs {
    Command::try_parse_from([&["trimtab"], arguments].concat()).expect("arguments").wallet
}

#[tokio::test]
async fn wallets_are_opened_as_foundrys_users_open_them() {
    let anvil: Address = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266".parse().expect("address");
    let directory = tempfile::tempdir().expect("directory");
    let password = directory.path().join("password");
    std::fs::write(&password, "correct horse\n").expect("write");
    let phrase = directory.path().join("phrase");
    std::fs::write(&phrase, "test test test test test test test test test test test junk\n").expect("write");
    let keystore = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/foundry-keystore.json");
    let (password, phrase) = (password.display().to_string(), phrase.display().to_string());
    for arguments in [
        vec!["--private-key", ANVIL_KEY],
        vec!["--private-key", &ANVIL_KEY[2..]],
        vec!["--mnemonic", "test test test test test test test test test test test junk"],
        vec!["--mnemonic", &phrase, "--mnemonic-index", "0"],
        vec!["--mnemonic", &phrase, "--mnemonic-derivation-path", "m/44'/60'/0'/0/0"],
        vec!["--keystore", keystore, "--password-file", &password],
        vec![
            "--keystore",
            keystore,
            "--password",
            "correct horse",
            "--from",
            "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266",
        ],
    ] {
        let args = wallet_args(&arguments);
        assert!(args.has_key());
        let wallet = args.unlock().await.unwrap_or_else(|error| panic!("{arguments:?}: {error}"));
        assert_eq!((wallet.address(), wallet.is_public()), (anvil, true), "{arguments:?}");
    }
    let reader = wallet_args(&["--from", "0x0000000000000000000000000000000000000007"]);
    assert!(!reader.has_key());
    assert_eq!(reader.address().await.expect("reading needs no key"), Address::with_last_byte(7));
}

#[tokio::test]
async fn a_wallet_that_cannot_be_opened_says_why_and_not_what_it_read() {
    let keystore = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/foundry-keystore.json");
    let open = async |arguments: &[&str]| wallet_args(arguments).unlock().await.expect_err("no wallet");
    let wrong = open(&["--keystore", keystore, "--password", "wrong horse"]).await;
    assert!(matches!(&wrong, WalletError::Keystore { reason, .. } if reason == "wrong password"), "{wrong}");
    let missing = open(&["--keystore", "/nowhere/keystore"]).await;
    assert!(matches!(&missing, WalletError::NoKeystore { .. }) && missing.exit_code() == 3, "{missing}");
    let escape = open(&["--account", "../../etc/passwd"]).await;
    assert!(matches!(&escape, WalletError::NoKeystore { .. }), "{escape}");
    let other = open(&["--private-key", ANVIL_KEY, "--from", "0x0000000000000000000000000000000000000007"]).await;
    assert!(matches!(&other, WalletError::OtherAccount { .. }) && other.exit_code() == 2, "{other}");
    let none = open(&[]).await;
    assert!(matches!(&none, WalletError::None) && none.exit_code() == 2, "{none}");
    let dollar = open(&["--private-key", "CARGO_MANIFEST_DIR"]).await;
    assert!(dollar.to_string().contains("is its `$` missing"), "{dollar}");
    let phrase = open(&["--mnemonic", "secretword secretword secretword"]).await;
    assert!(!phrase.to_string().contains("secretword"), "{phrase}");
    let key = open(&["--private-key", "0xdeadbeefdeadbeef"]).await;
    assert!(!key.to_string().contains("deadbeef"), "{key}");
}

#[test]
fn secrets_are_in_no_debug_output_and_their_use_on_the_command_line_is_warned_of() {
    let args = wallet_args(&["--private-key", ANVIL_KEY, "--mnemonic", "alpha beta", "--unsafe-password", "hunter22"]);
    assert_eq!(args.warnings().len(), 3);
    let shown = format!("{args:?} {:?}", anvil_wallet());
    for secret in [&ANVIL_KEY[2..], "alpha", "hunter22"] {
        assert!(!shown.contains(secret), "{shown}");
    }
    assert!(wallet_args(&["--ledger"]).warnings().is_empty());
}
