//! Variables that others set.

use crate::{common::Replica, trader::Program};

#[tokio::test]
async fn a_kubernetes_service_called_trimtab_does_not_end_the_start() {
    let home = tempfile::tempdir().expect("directory");
    let service = [
        ("TRIMTAB_SERVICE_HOST", "10.0.0.11"),
        ("TRIMTAB_SERVICE_PORT", "9477"),
        ("TRIMTAB_SERVICE_PORT_METRICS", "9477"),
        ("TRIMTAB_PORT", "tcp://10.0.0.11:9477"),
        ("TRIMTAB_PORT_9477_TCP", "tcp://10.0.0.11:9477"),
        ("TRIMTAB_PORT_9477_TCP_PROTO", "tcp"),
        ("TRIMTAB_PORT_9477_TCP_PORT", "9477"),
        ("TRIMTAB_PORT_9477_TCP_ADDR", "10.0.0.11"),
        ("TRIMTAB_METRICS_PORT", "tcp://10.0.0.12:9477"),
        ("TRIMTAB_REPLICA_SERVICE_HOST", "10.0.0.13"),
    ];
    let program = service.iter().fold(Program::new(home.path()), |program, (name, value)| program.env(name, value));
    program.run("config show").await.succeeds();
    let slip = Program::new(home.path()).env("TRIMTAB_PORT", "9477").run("config show").await;
    slip.fails(3, &["TRIMTAB_PORT"]);
}

#[tokio::test]
async fn host_names_for_the_figures_are_a_list_or_a_text_with_commas() {
    let home = tempfile::tempdir().expect("directory");
    for text in ["prometheus.internal,trimtab", "[\"prometheus.internal\", \"trimtab\"]"] {
        let shown = Program::new(home.path()).env("TRIMTAB_METRICS_HOSTS", text).run("config show").await;
        shown.succeeds().shows(&["metrics_hosts", "prometheus.internal, trimtab"]);
    }
}

#[tokio::test]
async fn a_name_for_an_address_is_told_to_be_one() {
    let home = tempfile::tempdir().expect("directory");
    let run = |words: &'static str| Program::new(home.path()).run(words);
    for words in ["status --from vitalik.eth", "replica fund vitalik.eth --eth 1", "replica liquidate vitalik.eth"] {
        run(words).await.fails(2, &["names are not looked up here", "40 hex digits"]);
    }
    run("status --from 0x12").await.fails(2, &["expected an address: 0x and 40 hex digits"]);
}

#[tokio::test]
async fn a_status_without_a_wallet_tells_of_from() {
    let (replica, home) = (Replica::start().await, tempfile::tempdir().expect("directory"));
    let status = Program::new(home.path()).run(&format!("status --rpc-url {}", replica.url())).await;
    status.fails(2, &["--from ADDRESS", "--account NAME"]);
}

#[tokio::test]
async fn an_order_is_cancelled_by_the_name_under_which_it_is_printed() {
    let (replica, home) = (Replica::start().await, tempfile::tempdir().expect("directory"));
    for name in ["limit:1:0", "1:0"] {
        let cancel = Program::new(home.path()).wallet(1).args(["--rpc-url", replica.url()]);
        cancel.run(&format!("perp cancel {name}")).await.fails(2, &["there is no limit order 1:0"]);
    }
}
