//! Stories of people sending signals.

use proptest::prelude::*;
use rust_decimal::{Decimal, dec};
use serde_json::{Value, json};

use super::*;
use crate::{
    config::{StrategyConfig, Volatility},
    units::{Millis, Secs},
};

const AT: u64 = 1_790_856_000_000;

fn minimal() -> Value {
    json!({ "id": "a-1", "pair": "ETH/USD", "side": "long", "score": 95, "entry": 2000, "at": "2026-10-01T12:00:00Z" })
}

fn with(field: &str, value: Value) -> String {
    let mut signal = minimal();
    signal[field] = value;
    signal.to_string()
}

fn parse(text: &str) -> Result<Signal, SignalError> {
    Signal::parse(text, &StrategyConfig::default())
}

#[test]
fn a_signal_with_the_least_fields_gets_the_defaults() {
    let signal = parse(&minimal().to_string()).expect("signal");
    assert_eq!((signal.stop, signal.target), (dec!(1960), dec!(2080)));
    assert_eq!((signal.volatility, signal.kind, signal.at), (Volatility::Normal, Kind::Primary, Millis(AT)));
    assert_eq!(signal.levels(), Ok(Levels { stop: dec!(0.02), target: dec!(0.04) }));
    let short = parse(&with("side", json!("short"))).expect("short");
    assert_eq!((short.stop, short.target), (dec!(2040), dec!(1920)));
}

#[test]
fn every_field_is_read_exactly_as_written() {
    let text = r#"{"id":"perfect","pair":"ARB/USD","side":"short","score":"95.5","volatility":"low","entry":0.0958,
        "stop":0.0979,"target":"0.0918","drift":-1.2e-3,"confidence":0.45,"half_life_s":600,"kind":"secondary",
        "features":{"rsi":[1,2]},"at":"2026-10-01T14:00:00.250+02:00"}"#;
    let signal = parse(text).expect("signal");
    assert_eq!((signal.entry, signal.stop, signal.target), (dec!(0.0958), dec!(0.0979), dec!(0.0918)));
    assert_eq!((signal.score, signal.drift, signal.confidence), (dec!(95.5), Some(dec!(-0.0012)), Some(dec!(0.45))));
    assert_eq!((signal.half_life_s, signal.kind, signal.at), (Some(Secs(600)), Kind::Secondary, Millis(AT + 250)));
    assert_eq!(signal.features.expect("features")["rsi"], json!([1, 2]));
}

#[test]
fn a_field_that_means_nothing_is_named_with_the_one_that_was_meant() {
    let said = parse(&with("scroe", json!(3))).expect_err("unknown").to_string();
    assert_eq!(said, "unknown field `scroe` in the signal; did you mean `score`?");
    let said = parse(&with("magnification", json!(3))).expect_err("unknown").to_string();
    assert!(said.contains("there are: id, pair"), "{said}");
    let twice = r#"{"id":"a","id":"b"}"#;
    assert_eq!(parse(twice), Err(SignalError::RepeatedField("id".to_owned())));
}

#[test]
fn a_value_out_of_range_is_refused_by_its_name() {
    for (field, value) in [
        ("id", json!("")),
        ("id", json!("x".repeat(129))),
        ("id", json!("a\u{7}b")),
        ("id", json!(7)),
        ("pair", json!("eth/usd")),
        ("pair", json!("ETHUSD")),
        ("pair", json!("ETH/USD/X")),
        ("pair", json!("/USD")),
        ("side", json!("buy")),
        ("score", json!(101)),
        ("score", json!(-1)),
        ("score", json!("high")),
        ("score", json!([1])),
        ("volatility", json!("medium")),
        ("entry", json!(0)),
        ("entry", json!(-5)),
        ("entry", json!("1e30")),
        ("stop", json!("NaN")),
        ("target", json!(2_000_000_000)),
        ("drift", json!(1.5)),
        ("confidence", json!(1.01)),
        ("half_life_s", json!(0)),
        ("half_life_s", json!(-3)),
        ("half_life_s", json!(1.5)),
        ("kind", json!("third")),
        ("features", json!([1])),
        ("at", json!("yesterday")),
        ("at", json!(1_790_856_000)),
        ("at", json!("2026-10-01T12:00:00")),
        ("at", json!("2026-10-01T12:00:00+25:00")),
        ("at", json!("1960-10-01T12:00:00Z")),
    ] {
        match parse(&with(field, value.clone())) {
            Err(SignalError::Invalid { field: named, .. }) => assert_eq!(named, field, "{value}"),
            other => panic!("{field} = {value}: {other:?}"),
        }
    }
    for field in ["id", "pair", "side", "score", "entry", "at"] {
        assert_eq!(parse(&with(field, Value::Null)), Err(SignalError::MissingField(field)));
        let mut signal = minimal();
        signal.as_object_mut().expect("object").remove(field);
        assert_eq!(parse(&signal.to_string()), Err(SignalError::MissingField(field)));
    }
}

#[test]
fn a_stop_that_wins_or_a_target_that_loses_is_refused() {
    for (side, field, price) in [
        ("long", "stop", 2001),
        ("long", "stop", 2000),
        ("long", "target", 1999),
        ("long", "target", 2000),
        ("short", "stop", 1999),
        ("short", "target", 2001),
    ] {
        let mut signal = minimal();
        signal["side"] = json!(side);
        signal[field] = json!(price);
        let error = parse(&signal.to_string()).expect_err("wrong side");
        assert!(matches!(error, SignalError::WrongSide { field: named, .. } if named == field), "{error}");
        assert!(error.to_string().contains("wrong side of the entry 2000"), "{error}");
    }
}

#[test]
fn text_that_is_no_object_is_refused_without_a_panic() {
    for text in ["", "[]", "7", "{", "{}{}", "null", "{\"id\":\"\u{1b}[31m", "\u{feff}{}"] {
        assert!(parse(text).is_err(), "{text}");
    }
    assert!(matches!(parse(&with("features", json!({ "x": "y".repeat(70_000) }))), Err(SignalError::TooLong { .. })));
}

#[test]
fn an_old_signal_is_refused_and_so_is_one_that_would_never_age() {
    let signal = parse(&minimal().to_string()).expect("signal");
    let most = Secs(60);
    assert_eq!(signal.check_age(Millis(AT + 60_000), most), Ok(()));
    assert_eq!(signal.check_age(Millis(AT + 60_001), most), Err(SignalError::Stale { age: Secs(61), most }));
    assert_eq!(signal.check_age(Millis(AT - 60_000), most), Ok(()));
    let error = signal.check_age(Millis(AT - 90_000), most).expect_err("ahead");
    assert_eq!((error.clone(), error.exit_code()), (SignalError::Ahead { ahead: Secs(90), most }, 4));
}

#[test]
fn a_market_that_left_the_entry_is_not_chased() {
    let signal = parse(&minimal().to_string()).expect("signal");
    assert_eq!(signal.check_entry(dec!(2010), dec!(0.005)), Ok(dec!(0.005)));
    let error = signal.check_entry(dec!(1989), dec!(0.005)).expect_err("too far");
    assert_eq!(
        error.to_string(),
        "the mark 1989 is 0.55 % from the entry 2000, at most 0.5 % is traded (`strategy.max_entry_deviation`)"
    );
    assert!(signal.check_entry(Decimal::ZERO, dec!(2)).is_err());
}

proptest! {
    #[test]
    fn stop_and_target_keep_their_distance_wherever_the_fill_is(
        entry in 1u64..10_000_000, stop in 1u64..5_000, target in 1u64..9_000, fill in 1u64..10_000_000, long: bool,
    ) {
        let (side, share) = (if long { Side::Long } else { Side::Short }, |bps: u64| Decimal::new(i64::try_from(bps).expect("small"), 4));
        let levels = Levels { stop: share(stop), target: share(target) };
        for price in [Decimal::from(entry), Decimal::from(fill)] {
            let (stop, target) = levels.around(side, price).expect("fits");
            prop_assert_eq!(side.opposite().gain(price, stop), Some(levels.stop));
            prop_assert_eq!(side.gain(price, target), Some(levels.target));
        }
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "\\PC{0,80}", field in 0usize..14, value in "\\PC{0,20}") {
        let _ = parse(&text);
        let fields = ["id", "pair", "side", "score", "volatility", "entry", "stop", "target", "drift", "confidence",
            "half_life_s", "kind", "features", "at"];
        let _ = parse(&with(fields[field], json!(value)));
    }
}
