//! The sender on a real node: killed at every step, and with the chain reorganised under it.

use std::{path::Path, sync::Arc, time::Duration};

use crate::common::{Replica, TEST_KEYS, account};
use alloy::{
    eips::BlockNumberOrTag,
    primitives::{Address, Bytes, U256, address},
    sol_types::SolCall,
};
use secrecy::SecretString;
use serde_json::Value;
use trimtab::abi::{IERC20::balanceOfCall, IWETH9::depositCall};
use trimtab::{
    chain::{Clock, Endpoints, SigningGate, SystemClock, Wallet},
    config::{RpcConfig, Urgency},
    journal::{IntentId, Journal},
    plan::{CallData, Plan, SCHEMA, SignedPermits, Step, check, simulate},
    send::{Bid, ChainClient, Ending, Outcome, ResubmitPolicy, SendError, Sender, Verdict, reconcile},
    units::Millis,
};

const WETH: Address = address!("4200000000000000000000000000000000000006");
const NETWORK: &str = "replica-test";
const WEI: u64 = 1_000_000;

fn endpoints(url: &str) -> Endpoints {
    let rpc = RpcConfig { urls: vec![url.parse().expect("url")], ..RpcConfig::default() };
    Endpoints::connect(&rpc, Arc::new(SystemClock::new())).expect("endpoints")
}

fn intent() -> IntentId {
    IntentId::derive(Millis(1_790_000_000_000), b"wrap")
}

/// The intent of what takes its nonce.
#[cfg(feature = "failpoints")]
fn protective() -> IntentId {
    IntentId::derive(Millis(1_790_000_000_001), b"wrap twice as much")
}

async fn sender(url: &str, dir: &Path, index: usize) -> Sender<Endpoints> {
    let wire = endpoints(url);
    let (identity, _) = wire.verify_all(None).await.expect("a replica");
    let wallet = Wallet::from_private_key(&SecretString::from(TEST_KEYS[index])).expect("key");
    let signer = SigningGate::new(&identity, false).admit(wallet).expect("a test key");
    let journal = Journal::open(dir, NETWORK, account(index)).expect("journal");
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    // Nothing is raised here that can wait: a slow machine must not make other bytes of it.
    let patience = ResubmitPolicy {
        poll: Duration::from_millis(20),
        raise_after: trimtab::units::Secs(600),
        ..ResubmitPolicy::default()
    };
    Sender::new(wire, journal, signer, clock).with_patience(patience)
}

/// Wraps a little ether, in as many steps.
async fn wrap(sender: &mut Sender<Endpoints>, steps: usize) -> Result<Outcome, SendError> {
    wrap_as(sender, (intent(), Urgency::Urgent, WEI), steps, false).await
}

async fn wrap_as(
    sender: &mut Sender<Endpoints>,
    (id, urgency, wei): (IntentId, Urgency, u64),
    steps: usize,
    replaces: bool,
) -> Result<Outcome, SendError> {
    let head = sender.wire().head().await.expect("head");
    let step = |index: usize| Step {
        purpose: format!("wrap, part {index}"),
        to: WETH,
        value: U256::from(wei),
        data: CallData::Fixed { data: Bytes::from(depositCall {}.abi_encode()) },
    };
    let plan = Plan {
        schema: SCHEMA,
        id: id.to_string(),
        kind: "wrap".to_owned(),
        urgency,
        network: NETWORK.to_owned(),
        owner: sender.account(),
        signer: sender.account(),
        block: head,
        valid_until: head.timestamp.plus(trimtab::units::Secs::HOUR),
        headline: "wrap ether".to_owned(),
        notes: Vec::new(),
        steps: (0..steps).map(step).collect(),
        bounds: Vec::new(),
        figures: Vec::new(),
        costs: Vec::new(),
        subject: trimtab::plan::PlanSubject::Approvals,
    };
    let approved = check(plan, NETWORK, head.timestamp).expect("no bounds");
    let time = head.next_timestamp();
    let permits = SignedPermits::new();
    let ready = simulate(sender.wire(), approved, &permits, |_| false, head, time).await.expect("goes through");
    if replaces {
        return sender.execute_protective(ready, &permits, Bid::FIRST).await;
    }
    sender.execute(ready, &permits).await
}

/// What the account has wrapped, and how many transactions it has made.
async fn wrapped(replica: &Replica, index: usize) -> (U256, u64) {
    let owner = account(index);
    let balance = replica.ask(WETH, &balanceOfCall { owner }).await;
    let nonce = endpoints(replica.url()).nonce(owner, BlockNumberOrTag::Latest).await.expect("nonce");
    (balance, nonce)
}

#[tokio::test]
async fn two_steps_are_simulated_signed_and_mined_one_after_the_other() {
    let replica = Replica::start().await;
    let dir = tempfile::tempdir().expect("directory");
    let (before, nonce) = wrapped(&replica, 0).await;
    let mut sender = sender(replica.url(), dir.path(), 0).await;
    let outcome = wrap(&mut sender, 2).await.expect("signed");
    assert!(outcome.is_mined(), "{outcome:?}");
    assert_eq!(wrapped(&replica, 0).await, (before + U256::from(2 * WEI), nonce + 2));
    for mined in &outcome.done {
        let record = sender.journal().reader().transaction(mined.receipt.transaction).expect("recorded");
        assert!(record.gas_limit.expect("signed") > mined.receipt.gas_used);
        assert_eq!(record.inclusion.expect("included").block_hash, mined.receipt.block_hash);
    }
}

#[tokio::test]
async fn what_a_reorg_takes_out_is_reopened_and_the_identical_bytes_bring_it_back() {
    let replica = Replica::start().await;
    for depth in 1..=15u64 {
        let index = usize::try_from(depth % 10).expect("small");
        let dir = tempfile::tempdir().expect("directory");
        // The saved state is older than this moment: what comes back must not look as if it had waited since then.
        let _: Value = replica.request("evm_mine", [(); 0]).await.expect("mined");
        let (before, nonce) = wrapped(&replica, index).await;
        let mut sender = sender(replica.url(), dir.path(), index).await;
        let outcome = wrap_as(&mut sender, (intent(), Urgency::Open, WEI), 1, false).await.expect("signed");
        let hash = outcome.done.first().expect("mined").receipt.transaction;
        let _: Value = replica.request("anvil_mine", [depth - 1]).await.expect("mined");
        let _: Value = replica.request("evm_setAutomine", [false]).await.expect("off");
        let _: Value = replica.request("anvil_reorg", (depth, Vec::<Value>::new())).await.expect("reorganised");
        assert_eq!(wrapped(&replica, index).await, (before, nonce), "depth {depth}: gone from the chain");

        let clock = SystemClock::new();
        let found = reconcile(sender.journal(), sender.wire(), &clock).await.expect("reconciled");
        assert!(found[0].reorganised && found[0].is_open(), "depth {depth}: {found:?}");
        let refused = wrap(&mut sender, 1).await;
        assert!(matches!(&refused, Err(error) if error.exit_code() == 7), "depth {depth}: {refused:?}");

        let _: Value = replica.request("evm_setAutomine", [true]).await.expect("on");
        let outcome = sender.resend(intent()).await.expect("sent");
        assert!(matches!(outcome.ending, Ending::Mined), "depth {depth}: {outcome:?}");
        assert_eq!(outcome.done[0].receipt.transaction, hash, "depth {depth}: the identical bytes");
        assert_eq!(wrapped(&replica, index).await, (before + U256::from(WEI), nonce + 1), "depth {depth}: once");
    }
}

#[cfg(feature = "failpoints")]
mod killed {
    use std::{
        env,
        io::{BufRead, BufReader, Write},
        process::{Command, Stdio},
    };

    use trimtab::journal::IntentState;

    use super::*;

    /// Set for the child: where it stops, the node, the journal and the account.
    const CHILD: &str = "TRIMTAB_TEST_SEND_CRASH";

    const FIRST: &str = "replica::killed::killed_anywhere_nothing_is_sent_twice_and_the_journal_knows";
    const REPLACING: &str =
        "replica::killed::killed_while_a_trim_takes_a_nonce_over_one_of_the_two_happens_and_the_journal_knows_which";

    fn kill_at(test: &str, point: &str, url: &str, dir: &Path, index: usize) {
        let mut child = Command::new(env::current_exe().expect("this test"))
            .args(["--exact", test, "--nocapture"])
            .env(CHILD, format!("{point} {url} {index} {}", dir.display()))
            .stdout(Stdio::piped())
            .spawn()
            .expect("starts");
        let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let told = format!("stopped at {point}");
        lines.map(|line| line.expect("text")).find(|line| line.ends_with(&told)).expect("gets there");
        child.kill().expect("kill -9");
        child.wait().expect("gone");
    }

    /// The child's part: wraps ether, stops at one point and waits to be killed.
    async fn act(order: &str, replaces: bool) -> ! {
        let mut parts = order.splitn(4, ' ').map(str::to_owned);
        let mut next = || parts.next().expect("four parts");
        let (point, url, index, dir) = (next(), next(), next(), next());
        let told = format!("stopped at {point}");
        fail::cfg_callback(point.clone(), move || {
            println!("{told}");
            std::io::stdout().flush().expect("told");
            loop {
                std::thread::park();
            }
        })
        .expect("a fail-point");
        let mut sender = sender(&url, Path::new(&dir), index.parse().expect("a number")).await;
        let outcome = if replaces {
            wrap_as(&mut sender, (protective(), Urgency::Trim, 2 * WEI), 1, true).await
        } else {
            wrap(&mut sender, 1).await
        };
        panic!("never came to {point}: {outcome:?}");
    }

    #[tokio::test]
    async fn killed_anywhere_nothing_is_sent_twice_and_the_journal_knows() {
        if let Ok(order) = env::var(CHILD) {
            act(&order, false).await;
        }
        let replica = Replica::start().await;
        let points = [
            ("journal-after-leased", Found::NotSigned),
            ("journal-before-signed", Found::NotSigned),
            ("journal-after-signed", Found::NotSeen),
            ("send-before-broadcast", Found::NotSeen),
            ("send-after-broadcast", Found::Mined),
            ("journal-after-sent", Found::Mined),
            ("journal-before-included", Found::Mined),
            ("journal-after-included", Found::Nothing),
        ];
        for (index, (point, expected)) in points.into_iter().enumerate() {
            let dir = tempfile::tempdir().expect("directory");
            let (before, nonce) = wrapped(&replica, index).await;
            kill_at(FIRST, point, replica.url(), dir.path(), index);

            let mut sender = sender(replica.url(), dir.path(), index).await;
            let clock = SystemClock::new();
            let found = reconcile(sender.journal(), sender.wire(), &clock).await.expect("reconciled");
            assert_eq!(Found::of(found.first().map(|finding| &finding.verdict)), expected, "{point}: {found:?}");
            let again = reconcile(sender.journal(), sender.wire(), &clock).await.expect("reconciled again");
            let is_open = expected == Found::NotSeen;
            assert_eq!(again.len(), usize::from(is_open), "{point}: {again:?}");

            let sent_before = wrapped(&replica, index).await.1 - nonce;
            assert_eq!(sent_before, u64::from(matches!(expected, Found::Mined | Found::Nothing)), "{point}");
            if is_open {
                let outcome = sender.resend(intent()).await.expect("sent");
                assert!(outcome.is_mined(), "{point}: {outcome:?}");
            }
            let done = u64::from(expected != Found::NotSigned);
            let after = wrapped(&replica, index).await;
            assert_eq!(after, (before + U256::from(WEI * done), nonce + done), "{point}: at most once");
        }
    }

    #[tokio::test]
    async fn killed_while_a_trim_takes_a_nonce_over_one_of_the_two_happens_and_the_journal_knows_which() {
        if let Ok(order) = env::var(CHILD) {
            act(&order, true).await;
        }
        let replica = Replica::start().await;
        let points = [
            ("journal-after-leased", 1),
            ("journal-before-signed", 1),
            ("journal-after-signed", 1),
            ("send-before-broadcast", 1),
            ("send-after-broadcast", 2),
        ];
        for (index, (point, times)) in points.into_iter().enumerate() {
            let dir = tempfile::tempdir().expect("directory");
            let (before, nonce) = wrapped(&replica, index).await;
            let _: Value = replica.request("evm_setAutomine", [false]).await.expect("off");
            let mut first = sender(replica.url(), dir.path(), index).await;
            let interrupt = first.interrupt();
            let calls_away = async {
                while replica.request::<_, Value>("txpool_status", ()).await.expect("status")["pending"] == "0x0" {
                    tokio::task::yield_now().await;
                }
                interrupt.raise();
            };
            let boost = wrap_as(&mut first, (intent(), Urgency::Open, WEI), 1, false);
            let (outcome, ()) = tokio::join!(boost, calls_away);
            let outcome = outcome.expect("signed");
            assert!(matches!(outcome.ending, Ending::Unknown { .. }), "{point}: {outcome:?}");
            drop(first);
            kill_at(REPLACING, point, replica.url(), dir.path(), index);

            let _: Value = replica.request("evm_setAutomine", [true]).await.expect("on");
            let _: Value = replica.request("anvil_mine", [1]).await.expect("mined");
            let done = wrapped(&replica, index).await;
            assert_eq!(done, (before + U256::from(WEI * times), nonce + 1), "{point}: one of the two, once");
            let sender = sender(replica.url(), dir.path(), index).await;
            let clock = SystemClock::new();
            let found = reconcile(sender.journal(), sender.wire(), &clock).await.expect("reconciled");
            assert!(found.iter().all(|finding| !finding.is_open()), "{point}: {found:?}");
            let reader = sender.journal().reader();
            let state = |id| reader.intent(id).expect("recorded").state;
            let expected = if times == 1 {
                [IntentState::Mined, IntentState::Failed]
            } else {
                [IntentState::Failed, IntentState::Mined]
            };
            assert_eq!([state(intent()), state(protective())], expected, "{point}: {found:?}");
            let again = reconcile(sender.journal(), sender.wire(), &clock).await.expect("reconciled again");
            assert_eq!(again, [], "{point}");
        }
    }

    #[derive(Debug, PartialEq, Eq)]
    enum Found {
        Nothing,
        NotSigned,
        NotSeen,
        Mined,
        Other,
    }

    impl Found {
        fn of(verdict: Option<&Verdict>) -> Self {
            match verdict {
                None => Self::Nothing,
                Some(Verdict::NotSigned { done: 0 }) => Self::NotSigned,
                Some(Verdict::NotSeen { .. }) => Self::NotSeen,
                Some(Verdict::Mined { .. }) => Self::Mined,
                Some(_) => Self::Other,
            }
        }
    }
}
