//! `simulate scenarios`: arithmetic and chain side by side.

use serde_json::Value;

use crate::trader::Program;

async fn simulate(words: &str) -> Value {
    let journals = tempfile::tempdir().expect("temporary directory");
    Program::new(journals.path()).run(&format!("simulate scenarios --json {words}")).await.succeeds().json()
}

#[tokio::test]
async fn a_scenario_at_both_capitals_is_refused_or_comes_out_as_computed() {
    let document = simulate("--scenario 3 --table option-c").await;
    let cells = document["cells"].as_array().expect("cells");
    assert_eq!(cells.len(), 2);
    for cell in cells {
        let ends = cell["executed"].as_array().expect("executed");
        assert_eq!(ends.len(), 3, "{cell:#}");
        let ended: Vec<&str> = ends.iter().filter_map(|end| end["ended_by"].as_str()).collect();
        // Ether falling by 10 % is a win of a short on ether.
        assert_eq!(ended, ["target", "stop", "target"]);
    }
    let refused = simulate("--scenario 2 --table option-c --base 3000").await;
    let refusals = refused["cells"][0]["assessment"]["refusals"].to_string();
    assert!(refusals.contains("leverage 15 is outside the 1 to 5 of OP/USD"), "{refusals}");
    assert_eq!(refused["cells"][0]["executed"], serde_json::json!([]));
}

#[tokio::test]
async fn the_whole_grid_comes_out_as_computed() {
    if std::env::var_os("TRIMTAB_LONG").is_none() {
        eprintln!("skipped: takes minutes; TRIMTAB_LONG=1 runs it");
        return;
    }
    let document = simulate("").await;
    assert_eq!(document["apart"], 0, "{document:#}");
    assert_eq!(document["cells"].as_array().map(Vec::len), Some(60));
}
