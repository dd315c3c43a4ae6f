//! `simulate scenarios`: arithmetic and chain side by side.

use rust_decimal::{Decimal, dec};
use serde_json::{Value, json};

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
        for end in ends {
            assert_eq!((&end["computed"], &end["difference"]), (&end["paid"], &json!("0")), "{end:#}");
            // Collateral, debt, leverage and health factor of the open and of the close.
            assert!(end["loop_gap"]["compared"].as_u64() >= Some(6), "{end:#}");
        }
    }
    let refused = simulate("--scenario 2 --table option-c --base 3000").await;
    let refusals = refused["cells"][0]["assessment"]["refusals"].to_string();
    assert!(refusals.contains("leverage 15 is outside the 1 to 5 of OP/USD"), "{refusals}");
    assert_eq!(refused["cells"][0]["executed"], serde_json::json!([]));
}

#[tokio::test]
async fn a_loop_that_was_there_before_the_signal_is_brought_back_to_its_leverage_after_every_end() {
    let document = simulate("--scenario 3 --table option-b --base 3000 --existing-loop 1.25").await;
    let cell = &document["cells"][0];
    let leverage = |value: &Value| value.as_str().expect("text").parse::<Decimal>().expect("number");
    assert!((leverage(&cell["assessment"]["loop_now"]) - dec!(1.25)).abs() < dec!(0.001), "{cell:#}");
    assert!(leverage(&cell["assessment"]["loop_target"]) > dec!(1.25));
    let ends = cell["executed"].as_array().expect("executed");
    assert_eq!((ends.len(), &document["apart"]), (3, &json!(0)), "{cell:#}");
    for end in ends {
        assert!((leverage(&end["loop_left"]) - dec!(1.25)).abs() < dec!(0.001), "{end:#}");
    }
}

#[tokio::test]
async fn a_cell_whose_loop_is_too_high_for_aave_is_carried_out_lower_when_capped() {
    let capped = simulate("--scenario 1 --table option-a --base 3000 --cap").await;
    let cell = &capped["cells"][0];
    let leverage: Decimal = cell["assessment"]["loop_target"].as_str().expect("text").parse().expect("number");
    assert!(leverage > dec!(3) && leverage < dec!(3.1), "the table asks for 5, the floor takes 3.07: {leverage}");
    assert_eq!((cell["executed"].as_array().map(Vec::len), &capped["apart"]), (Some(3), &json!(0)), "{cell:#}");
}

#[tokio::test]
async fn the_whole_grid_comes_out_as_computed() {
    if std::env::var_os("TRIMTAB_LONG").is_none() {
        eprintln!("skipped: takes minutes; TRIMTAB_LONG=1 runs it");
        return;
    }
    let document = simulate("").await;
    assert_eq!(document["apart"], 0, "{document:#}");
    let cells = document["cells"].as_array().expect("cells");
    assert_eq!(cells.len(), 60);
    // A check refuses the others: leverage above the venue's or Aave's, less than the pair's minimum, a stop behind the
    // liquidation, too wide a spread.
    let executed = cells.iter().filter(|cell| cell["executed"].as_array().is_some_and(|ends| ends.len() == 3));
    assert_eq!(executed.count(), 23);
}
