//! Several replicas at a time.

use std::path::Path;

use serde_json::Value;

use crate::{
    common::own_cache,
    trader::{Program, Ran},
};

async fn run(cache: &Path, words: &str) -> Ran {
    Program::new(cache).env("TRIMTAB_CACHE", cache.to_str().expect("text")).run(words).await
}

async fn block(cache: &Path, words: &str) -> Value {
    run(cache, words).await.succeeds().json()["replicas"].clone()
}

#[tokio::test]
async fn two_replicas_run_beside_each_other_and_are_chosen_by_name() {
    let (home, _kit) = own_cache();
    let cache = home.path();
    let start = |name: &str| format!("replica start --name {name} --port 0 --price-port 0 --manual --no-keeper");
    for name in ["calm", "storm"] {
        run(cache, &start(name)).await.succeeds().shows(&["replica", name, &format!("--replica {name}")]);
    }
    run(cache, &start("calm")).await.fails(3, &["already running"]);

    let listed = run(cache, "replica status").await;
    listed.succeeds().shows(&[
        "replica: not running",
        "replica calm: http://127.0.0.1:",
        "replica storm: http",
        "pid",
        "block",
    ]);
    let listed = block(cache, "replica status --json").await;
    assert_eq!((&listed[0]["name"], &listed[1]["name"]), (&"calm".into(), &"storm".into()), "{listed}");
    assert_ne!(listed[0]["url"], listed[1]["url"]);

    // Which of two is not guessed.
    let somebody = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
    run(cache, &format!("status --from {somebody}")).await.fails(3, &["calm, storm", "--replica NAME"]);
    let fund = format!("--replica storm replica fund {somebody} --usdc 777");
    run(cache, &fund).await.succeeds();
    let seen = run(cache, &format!("status --from {somebody} --replica storm")).await;
    seen.succeeds().shows(&["777 USDC"]);
    assert!(seen.stderr.contains("using the running replica storm"), "{seen:#?}");
    let other = run(cache, &format!("status --from {somebody} --replica=calm")).await;
    assert!(!other.succeeds().stdout.contains("777 USDC"), "{other:#?}");
    let by_variable = Program::new(cache).env("TRIMTAB_CACHE", cache.to_str().expect("text"));
    let by_variable = by_variable.env("TRIMTAB_REPLICA", "storm").env("ETH_RPC_URL", "http://127.0.0.1:1");
    by_variable.run(&format!("status --from {somebody}")).await.succeeds().shows(&["777 USDC"]);

    // What does not run, or is no name, is said.
    run(cache, "status --replica").await.fails(3, &["replica default does not run", "calm, storm"]);
    run(cache, "status --replica gone").await.fails(3, &["replica gone does not run", "--name gone"]);
    run(cache, "status --replica ../x").await.fails(2, &["a replica's name"]);
    run(cache, "replica start --name A/B").await.fails(2, &["a replica's name"]);
    run(cache, "status --replica calm --rpc-url http://127.0.0.1:1").await.fails(2, &["cannot be used with"]);

    run(cache, "replica stop").await.succeeds().shows(&["no replica was running", "calm, storm", "--name NAME"]);
    run(cache, "replica stop --name calm").await.succeeds().shows(&["stopped the replica calm"]);
    // The only one left needs no name.
    run(cache, &format!("status --from {somebody}")).await.succeeds().shows(&["777 USDC"]);
    run(cache, "replica stop --all").await.succeeds().shows(&["stopped the replica storm"]);
    run(cache, "replica stop --all").await.succeeds().shows(&["no replica was running"]);
}
