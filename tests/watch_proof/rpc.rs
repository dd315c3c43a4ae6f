//! An endpoint that limits, fails, stalls, breaks off, lags and lies around a trim.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use serde_json::{Value, json};
use trimtab::chain::Reader;

use crate::{
    first_seed,
    post::{Post, health, impatient, is_at_target, looped, mine, price, sent_to_composer, unresolved},
    proxy::{Proxy, Verdict},
    seeds,
};

/// SplitMix64.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n
    }
}

/// What the script may know of the chain.
#[derive(Default)]
struct Known {
    bad: AtomicBool,
    head: AtomicU64,
    nonce: AtomicU64,
    faults: AtomicU64,
}

fn verdict(dice: &mut Dice, known: &Known, method: &str, params: &Value, one_in: u64) -> Verdict {
    if !known.bad.load(Ordering::SeqCst) || dice.below(one_in) != 0 {
        return Verdict::Pass;
    }
    known.faults.fetch_add(1, Ordering::SeqCst);
    let (head, nonce) = (known.head.load(Ordering::SeqCst), known.nonce.load(Ordering::SeqCst));
    let lie = match method {
        // A head of some blocks ago; of zero blocks ago it is the same head once more.
        "eth_getBlockByNumber" if params[0] == "latest" => {
            let old = head.saturating_sub(dice.below(4));
            Some(Verdict::Ask("eth_getBlockByNumber", json!([format!("0x{old:x}"), params[1]])))
        }
        // Behind, and ahead.
        "eth_getTransactionCount" => {
            let told = if dice.below(2) == 0 { nonce.saturating_sub(1) } else { nonce + 1 };
            Some(Verdict::Result(json!(format!("0x{told:x}"))))
        }
        "eth_getLogs" => Some(Verdict::Result(json!([]))),
        "eth_getTransactionReceipt" | "eth_getTransactionByHash" => Some(Verdict::Result(Value::Null)),
        "eth_sendRawTransaction" => Some(Verdict::LoseAnswer),
        _ => None,
    };
    match (dice.below(2), lie) {
        (0, Some(lie)) => lie,
        _ => match dice.below(5) {
            0 => Verdict::Status(429, dice.below(2)),
            1 => Verdict::Status(if dice.below(2) == 0 { 500 } else { 503 }, 0),
            2 => Verdict::Silence,
            3 => Verdict::HalfAnswer,
            _ => Verdict::Error(-32_005, "limit exceeded"),
        },
    }
}

/// Answers with how many faults there were, and how many looks until the loop was trimmed.
async fn run(seed: u64) -> (u64, u64) {
    let (trader, _) = looped().await;
    let known = Arc::new(Known::default());
    let opened = trader.replica.controls.head().await.expect("head").number;
    let nonce: u64 = trader.replica.nonce(trader.account).await.to();
    known.nonce.store(nonce, Ordering::SeqCst);
    let mut dice = Dice(seed);
    let one_in = [2, 4, 8, 16][usize::try_from(seed % 4).expect("small")];
    let shared = known.clone();
    let proxy =
        Proxy::before(trader.replica.url(), move |method, params| verdict(&mut dice, &shared, method, params, one_in));
    let mut post = Post::take(&proxy.url(), trader.journals.path(), impatient()).await;
    post.look().await;
    price(&trader.replica, ["2730", "2650", "2520"][usize::try_from(seed % 3).expect("small")]).await;
    let crossing = trader.replica.controls.head().await.expect("head");

    known.bad.store(true, Ordering::SeqCst);
    for _ in 0..6 {
        known.head.store(trader.replica.controls.head().await.expect("head").number, Ordering::SeqCst);
        known.nonce.store(trader.replica.nonce(trader.account).await.to(), Ordering::SeqCst);
        let _ = post.try_look().await;
        mine(&trader.replica, 1).await;
    }
    known.bad.store(false, Ordering::SeqCst);

    let mut looks = 0;
    while !is_at_target(health(&trader).await) {
        looks += 1;
        let told = post.try_look().await.map(|turn| turn.acted.map(|acted| acted.words));
        let said =
            || post.said().into_iter().map(|alert| format!("{}: {}", alert.kind, alert.text)).collect::<Vec<_>>();
        assert!(looks < 15, "seed {seed}: never trimmed: {told:?}\n{:#?}", said());
        mine(&trader.replica, 1).await;
    }
    // The head of the crossing once more, and the one before it: what was answered is not answered again.
    let sent = sent_to_composer(&trader.replica, trader.account, opened + 1).await;
    let before: u64 = trader.replica.nonce(trader.account).await.to();
    for head in [crossing, Reader::head(&post.endpoints).await.expect("head"), crossing] {
        let _ = post.look_at(head).await;
    }
    for _ in 0..3 {
        post.look().await;
        mine(&trader.replica, 1).await;
    }
    assert_eq!(trader.replica.nonce(trader.account).await.to::<u64>(), before, "seed {seed}: acted on a stale head");
    let through = sent.iter().filter(|(_, through)| *through).count();
    assert_eq!(through, 1, "seed {seed}: one crossing, one trim: {sent:?}");
    assert_eq!(unresolved(&trader), 0, "seed {seed}: forgotten");
    (known.faults.load(Ordering::SeqCst), looks)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_the_endpoint_does_the_loop_is_trimmed_once_when_it_answers_again() {
    let (mut faults, mut latest) = (0, 0);
    let first = first_seed();
    let count = seeds(20, 300);
    for seed in first..first + count {
        let (had, looks) = Box::pin(run(seed)).await;
        (faults, latest) = (faults + had, latest.max(looks));
    }
    println!("{count} runs, {faults} faults, trimmed at the latest {latest} looks after the last fault");
    assert!(faults > count * 5, "{faults} faults");
}
