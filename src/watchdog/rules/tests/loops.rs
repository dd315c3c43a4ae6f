//! Loops under watch.

use proptest::prelude::*;

use super::*;
use crate::config::{BoostConfig, CarryConfig, LoopExit};

fn trim(actions: &[Action]) -> &AccountTrim {
    match actions {
        [Action::Trim(trim), ..] => trim,
        other => panic!("no trim: {other:?}"),
    }
}

#[test]
fn a_falling_loop_is_warned_of_once_then_trimmed_then_trimmed_in_haste() {
    let mut watch = Watch::new();
    assert_eq!(watch.sees(&at(1, hf(1_245))), (vec![], vec![]));
    assert_eq!(watch.sees(&at(2, hf(1_179))).0, [Rule::Warn, Rule::Stress]);
    assert_eq!(watch.sees(&at(3, hf(1_178))), (vec![], vec![]));
    let (rules, actions) = watch.sees(&at(4, hf(1_149)));
    assert_eq!(rules, [Rule::Trigger]);
    assert_eq!((trim(&actions).target, trim(&actions).pressure), (hf(1_250), Pressure::Trim));
    assert!(!trim(&actions).ahead);
    let (rules, actions) = watch.sees(&at(5, hf(1_079)));
    assert_eq!((rules, trim(&actions).pressure), (vec![Rule::Urgent], Pressure::Urgent));
    let (rules, actions) = watch.sees(&at(6, hf(1_019)));
    assert_eq!((rules, trim(&actions).pressure), (vec![Rule::LastResort], Pressure::LastResort));
    let (rules, actions) = watch.sees(&at(7, hf(999)));
    assert_eq!((rules, trim(&actions).pressure), (vec![Rule::Liquidatable], Pressure::LastResort));
}

#[test]
fn a_reason_has_both_figures_and_what_follows() {
    let (firings, _) = Watch::new().tells(&at(1, hf(1_133)));
    let trigger = firings.iter().find(|firing| firing.rule == Rule::Trigger).expect("trigger");
    assert_eq!(trigger.reason, "WETH/USDC: health factor 1.133 is below trigger 1.15; the target is 1.25");
    assert_eq!(trigger.inputs["loops"][0]["pair"]["name"], "WETH/USDC");
    assert_eq!(trigger.inputs["health_factor"], "1.133");
}

#[test]
fn a_threshold_is_told_again_only_after_the_loop_had_left_it_behind() {
    let mut watch = Watch::new();
    assert_eq!(watch.sees(&at(1, hf(1_179))).0, [Rule::Warn, Rule::Stress]);
    for (block, health) in [(2, 1_181), (3, 1_179), (4, 1_184), (5, 1_179)] {
        assert_eq!(watch.sees(&at(block, hf(health))).0, [], "{health}");
    }
    watch.sees(&at(6, hf(1_210)));
    assert_eq!(watch.sees(&at(7, hf(1_179))).0, [Rule::Warn, Rule::Stress]);
}

#[test]
fn the_same_head_twice_is_acted_upon_once_and_the_next_one_again() {
    let mut watch = Watch::new();
    assert_eq!(watch.sees(&at(1, hf(1_140))).1.len(), 1);
    assert_eq!(watch.sees(&at(1, hf(1_140))), (vec![], vec![]));
    assert_eq!(watch.sees(&at(2, hf(1_140))).1.len(), 1);
}

#[test]
fn a_crossing_in_the_pool_keeps_a_trim_ready_and_the_first_head_that_crosses_acts() {
    let mut watch = Watch::new();
    let ahead = AccountFacts { at_pool: Some(hf(1_120)), ..at(1, hf(1_200)) };
    let (rules, actions) = watch.sees(&ahead);
    assert_eq!(rules, [Rule::Forward]);
    assert!(matches!(actions.as_slice(), [Action::Arm(_)]), "{actions:?}");
    assert!(watch.memory.is_armed());
    // However far the pool is away, only Aave's oracle or the feed behind it can make us sell.
    let shaken = AccountFacts { at_pool: Some(hf(900)), ..at(2, hf(1_200)) };
    assert!(matches!(watch.sees(&shaken).1.as_slice(), [Action::Arm(_)]));
    let crossed = AccountFacts { at_pool: Some(hf(1_120)), ..at(3, hf(1_130)) };
    assert!(matches!(watch.sees(&crossed).1.as_slice(), [Action::Trim(_)]));
    assert_eq!(watch.sees(&at(4, hf(1_250))).1, []);
    assert!(!watch.memory.is_armed());
}

#[test]
fn a_feed_that_shows_the_end_is_acted_upon_before_aaves_oracle_answers() {
    let mut watch = Watch::new();
    let mut facts = AccountFacts { at_feed: Some(hf(1_000)), ..at(1, hf(1_250)) };
    let (rules, actions) = watch.sees(&facts);
    assert_eq!(rules, [Rule::Forward]);
    let trim = trim(&actions);
    // 1.25 at a price a fifth lower is 1.5625 at the oracle's.
    assert_eq!((trim.target, trim.pressure), (Wad(hf(15_625).0 / U256::from(10u64)), Pressure::LastResort));
    assert!(trim.ahead);
    watch.config.act_on_feed = false;
    facts.block.hash = B256::repeat_byte(5);
    assert!(matches!(watch.sees(&facts).1.as_slice(), [Action::Arm(_)]));
}

#[test]
fn a_feed_below_the_trigger_is_acted_upon_as_aaves_oracle_would_be() {
    let mut watch = Watch::new();
    let ahead = AccountFacts { at_feed: Some(hf(1_149)), ..at(1, hf(1_200)) };
    let (firings, actions) = watch.tells(&ahead);
    assert!(firings[0].reason.ends_with("By the rules the feed alone calls for a trim"), "{}", firings[0].reason);
    assert_eq!((trim(&actions).pressure, trim(&actions).ahead), (Pressure::Trim, true));
    assert_eq!(watch.sees(&AccountFacts { at_feed: Some(hf(1_150)), ..at(2, hf(1_200)) }).1, []);
}

#[test]
fn a_feed_that_shows_an_account_beyond_help_is_told_and_aaves_crossing_is_trimmed_all_the_same() {
    let mut watch = Watch::new();
    let (firings, actions) = watch.tells(&AccountFacts { at_feed: Some(hf(700)), ..at(1, hf(1_200)) });
    let insolvent = firings.iter().find(|firing| firing.rule == Rule::Insolvent).expect("told");
    assert!(insolvent.reason.contains("the rules go by the oracle"), "{}", insolvent.reason);
    assert!(actions.iter().all(|action| !matches!(action, Action::Trim(_))), "{actions:?}");
    let crossed = AccountFacts { at_feed: Some(hf(700)), ..at(2, hf(1_140)) };
    let levels = Levels::of(&crossed);
    let (_, actions) = watch.sees(&crossed);
    let trim = trim(&actions);
    // At the oracle's own target and bounds.
    assert_eq!((trim.target, trim.pressure, trim.by_feed), (levels.target, Pressure::Trim, false));
}

#[test]
fn an_account_that_the_oracle_calls_insolvent_is_tried_all_the_same_and_told_with_the_command_that_closes_it() {
    // At 0.83, the liquidation threshold, the collateral is worth the debt by the oracle. The oracle may be wrong.
    let (firings, actions) = Watch::new().tells(&at(1, hf(830)));
    let insolvent = firings.iter().find(|firing| firing.rule == Rule::Insolvent).expect("told");
    let command = "`trimtab loop close --collateral WETH --debt USDC --broadcast`";
    assert!(insolvent.reason.contains(command), "{}", insolvent.reason);
    assert_eq!(trim(&actions).pressure, Pressure::LastResort);
    let (rules, actions) = Watch::new().sees(&at(1, hf(831)));
    assert!(!rules.contains(&Rule::Insolvent) && trim(&actions).pressure == Pressure::LastResort, "{rules:?}");
}

#[test]
fn a_trim_that_one_more_fall_would_overtake_begins_with_the_urgent_bounds() {
    // 1 % further down 1.092 is 1.081, above urgent 1.08, and 1.09 is 1.079.
    assert_eq!(trim(&Watch::new().sees(&at(1, hf(1_092))).1).pressure, Pressure::Trim);
    assert_eq!(trim(&Watch::new().sees(&at(1, hf(1_090))).1).pressure, Pressure::Urgent);
}

#[test]
fn a_memory_of_whole_numbers_is_read_and_takes_the_next_amounts_as_they_are() {
    let mut watch = Watch::new();
    watch.sees(&at(1, hf(1_245)));
    let mut kept = serde_json::to_value(&watch.memory).expect("memory as text");
    kept["held"] = serde_json::json!({ "WETH": ["0x1a055690d9db80000", "0x0"], "USDC": ["0x0", "0xdf8475800"] });
    watch.memory = serde_json::from_value(kept).expect("an earlier version's");
    let mut halved = at(2, hf(1_200));
    halved.holdings[0].supplied.raw >>= 1;
    halved.holdings[1].owed.raw >>= 1;
    assert_eq!(watch.sees(&halved).0, []);
    halved.holdings[0].supplied.raw >>= 1;
    halved.holdings[1].owed.raw >>= 1;
    assert_eq!(watch.sees(&halved).0, [Rule::Changed]);
}

#[test]
fn a_liquidation_is_told_at_the_first_head_after_it_and_our_own_trim_is_not() {
    let mut watch = Watch::new();
    watch.sees(&at(1, hf(1_245)));
    let mut halved = at(2, hf(1_200));
    halved.holdings[0].supplied.raw >>= 1;
    halved.holdings[1].owed.raw >>= 1;
    let (told, _) = watch.tells(&halved);
    let [told] = &told[..] else { panic!("{told:?}") };
    assert_eq!(told.rule, Rule::Changed);
    assert!(told.reason.contains("what is supplied fell from 30 WETH to 15 WETH"), "{}", told.reason);
    let after = serde_json::json!({ "value": "30000", "raw": "30000000000", "decimals": 6, "unit": "USDC" });
    assert_eq!(told.inputs["changes"][0]["symbol"], "USDC");
    assert_eq!(told.inputs["changes"][0]["after"], after);
    let (loops, holdings, debt_value) = (vec![], vec![], usd(0));
    let gone = AccountFacts { loops, holdings, debt_value, health_factor: Wad(U256::MAX), ..at(3, hf(1_200)) };
    assert_eq!(watch.sees(&gone).0, [Rule::Changed]);
    // A withdrawal or a repayment alone is no liquidation.
    let mut watch = Watch::new();
    watch.sees(&at(1, hf(1_245)));
    let mut repaid = at(2, hf(1_300));
    repaid.holdings[1].owed.raw >>= 1;
    assert_eq!(watch.sees(&repaid).0, []);

    let mut watch = Watch::new();
    let (_, actions) = watch.sees(&at(1, hf(1_140)));
    watch.memory.done(&actions[0], Secs(2));
    assert_eq!(watch.memory.last_trim(), Some(Secs(2)));
    halved.health_factor = hf(1_250);
    assert_eq!(watch.sees(&halved), (vec![], vec![]));
    // A trim may repay everything: its own report says so, and nobody was liquidated.
    watch.memory.done(&actions[0], Secs(3));
    assert_eq!(watch.sees(&AccountFacts { block: at(4, hf(1_000)).block, ..gone }).0, []);
}

#[test]
fn two_loops_are_one_account_with_one_alarm_and_one_trim_by_the_strictest_thresholds() {
    let mut facts = at(1, hf(1_160));
    facts.name = "WETH+cbBTC/USDC".to_owned();
    let mut second = weth_loop();
    second.pair.name = "cbBTC/USDC".to_owned();
    facts.loops.push(second);
    facts.thresholds.trigger = dec!(1.17);
    facts.thresholds.target = dec!(1.3);
    let (rules, actions) = Watch::new().sees(&facts);
    assert_eq!(rules, [Rule::Warn, Rule::Trigger, Rule::Stress]);
    assert_eq!((actions.len(), trim(&actions).target), (1, hf(1_300)));
    assert_eq!(trim(&actions).account, "WETH+cbBTC/USDC");
}

#[test]
fn debt_that_is_dust_raises_no_alarm_and_calls_for_nothing() {
    let dust = AccountFacts { debt_value: usd(0), loops: vec![], ..at(1, hf(1_010)) };
    assert_eq!(Watch::new().sees(&dust), (vec![], vec![]));
}

#[test]
fn a_boost_is_off_until_it_is_wanted_and_rests_after_a_trim() {
    let rich = |block| at(block, hf(1_500));
    assert_eq!(Watch::new().sees(&rich(1)), (vec![], vec![]));
    let mut watch = Watch::new();
    watch.config.boost.enabled = true;
    let (rules, actions) = watch.sees(&rich(1));
    assert_eq!(rules, [Rule::Boost]);
    assert!(matches!(actions.as_slice(), [Action::Boost { target, .. }] if *target == hf(1_300)), "{actions:?}");
    // The pool must agree, and every answer must be fresh.
    let doubted = AccountFacts { at_pool: Some(hf(1_400)), ..rich(2) };
    assert_eq!(watch.sees(&doubted).1, []);
    let mut old = rich(3);
    old.oracles[0].age = Some(Secs(1_501));
    assert_eq!(watch.sees(&old).1, []);
    // An account whose own target leaves no room is not boosted.
    let mut tight = rich(4);
    tight.thresholds.target = dec!(1.45);
    assert_eq!(watch.sees(&tight).1, []);
    let (_, actions) = watch.sees(&at(5, hf(1_140)));
    watch.memory.done(&actions[0], Secs(6));
    assert_eq!(watch.sees(&rich(7)).1, []);
    assert_eq!(watch.sees(&rich(6 + 43_200)).1.len(), 1);
}

#[test]
fn a_loop_is_left_at_the_users_price() {
    let mut watch = Watch::new();
    watch.config.exits = vec![LoopExit {
        pair: "weth/usdc".to_owned(),
        stop_loss: Some(dec!(2500)),
        take_profit: Some(dec!(4000)),
        leverage: None,
    }];
    let priced = |block, price| {
        let mut facts = at(block, hf(1_245));
        facts.loops[0].price = price;
        facts
    };
    assert_eq!(watch.sees(&priced(1, dec!(2500.01))), (vec![], vec![]));
    let (rules, actions) = watch.sees(&priced(2, dec!(2500)));
    assert_eq!(rules, [Rule::StopLoss]);
    assert!(matches!(actions.as_slice(), [Action::Exit { to: ExitTo::Closed, .. }]), "{actions:?}");
    assert_eq!(watch.sees(&priced(3, dec!(2499))).0, []);
    assert_eq!(watch.sees(&priced(4, dec!(4001))).0, [Rule::TakeProfit]);
    // At the leverage that was asked for, nothing more is done: 90,000 / 30,000 is 3x.
    watch.config.exits[0].leverage = Some(dec!(3));
    assert_eq!(watch.sees(&priced(5, dec!(4001))).1, []);
    watch.config.exits[0].leverage = Some(dec!(2));
    let (_, actions) = watch.sees(&priced(6, dec!(4001)));
    assert!(matches!(actions.as_slice(), [Action::Exit { to: ExitTo::Leverage(to), .. }] if *to == dec!(2)));
}

/// 60,000 USDC against 30,000 dollars of WETH, at a price of WETH.
fn short_at(block: u64, price: Decimal) -> AccountFacts {
    let mut facts = at(block, hf(1_560));
    let held = &mut facts.loops[0];
    held.pair.name = "USDC/WETH".to_owned();
    held.moving = MovingPrice::of_tokens(
        (held.pair.collateral, PairSide::of_symbol("USDC")),
        (held.pair.debt, PairSide::of_symbol("WETH")),
    );
    (held.collateral_value, held.debt_value, held.price) = (usd(60_000), usd(30_000), price);
    facts
}

#[test]
fn a_stop_loss_of_a_short_fires_when_its_asset_rises_to_it_and_not_at_once() {
    let mut watch = Watch::new();
    let exit =
        |stop_loss, take_profit| LoopExit { pair: "USDC/WETH".to_owned(), stop_loss, take_profit, leverage: None };
    watch.config.exits = vec![exit(Some(dec!(4000)), Some(dec!(2400)))];
    for (block, price) in [(1, dec!(3000)), (2, dec!(3999.99)), (3, dec!(2400.01))] {
        assert_eq!(watch.sees(&short_at(block, price)), (vec![], vec![]), "at {price}");
    }
    let (firings, actions) = watch.tells(&short_at(4, dec!(4000)));
    assert_eq!(firings.iter().map(|firing| firing.rule).collect::<Vec<_>>(), [Rule::StopLoss]);
    assert_eq!(firings[0].reason, "USDC/WETH: WETH 4,000 USD has reached stop-loss WETH 4,000 USD; closing the loop");
    assert!(matches!(actions.as_slice(), [Action::Exit { to: ExitTo::Closed, .. }]), "{actions:?}");
    assert_eq!(watch.sees(&short_at(5, dec!(3000))), (vec![], vec![]));
    assert_eq!(watch.sees(&short_at(6, dec!(2400))).0, [Rule::TakeProfit]);
}

#[test]
fn the_stress_of_a_short_is_told_as_a_rise() {
    let mut watch = Watch::new();
    let mut facts = short_at(1, dec!(3000));
    facts.at_stress = Some(hf(1_070));
    let (firings, _) = watch.tells(&facts);
    assert!(firings[0].reason.contains("a rise of WETH in USD by 10 % would bring"), "{}", firings[0].reason);
}

#[test]
fn interest_above_its_limits_is_told() {
    let mut watch = Watch::new();
    assert_eq!(watch.sees(&at(1, hf(1_245))).0, []);
    // 6 dollars a day on 30,000 of equity are 7.3 % a year.
    watch.config.carry = CarryConfig { max_borrow_rate: Some(dec!(0.049)), max_cost: Some(dec!(0.072)) };
    let (firings, actions) = watch.tells(&at(2, hf(1_245)));
    assert_eq!(firings.iter().map(|firing| firing.rule).collect::<Vec<_>>(), [Rule::BorrowRate, Rule::Carry]);
    assert!(firings[1].reason.contains("7.3 %") && firings[1].reason.contains("7.2 %"), "{}", firings[1].reason);
    assert_eq!(actions, []);
    assert_eq!(watch.sees(&at(3, hf(1_245))).0, []);
}

fn any_health() -> impl Strategy<Value = u64> {
    prop_oneof![700u64..2_000, 990u64..1_300]
}

proptest! {
    #[test]
    fn no_trim_aims_below_what_is_there_and_no_boost_below_the_opening_floor(
        health in any_health(), pool in any_health(), feed in any_health(), has_feed in any::<bool>(), floor in 0u32..30,
    ) {
        let mut watch = Watch::new();
        watch.config.boost = BoostConfig { enabled: true, ..watch.config.boost };
        let feed = has_feed.then_some(feed);
        let mut facts = AccountFacts { at_pool: Some(hf(pool)), at_feed: feed.map(hf), ..at(1, hf(health)) };
        facts.thresholds.headroom = Decimal::new(i64::from(floor), 2);
        let levels = Levels::of(&facts);
        let (rules, actions) = watch.sees(&facts);
        for action in &actions {
            match action {
                Action::Trim(trim) | Action::Arm(trim) => {
                    prop_assert!(trim.target > facts.health_factor || trim.target >= levels.target);
                }
                Action::Boost { target, .. } => prop_assert!(*target >= levels.floor && *target < facts.health_factor),
                other => prop_assert!(false, "{:?}", other),
            }
        }
        let believed = feed.filter(|feed| hf(*feed) > levels.insolvent);
        let worst = health.min(believed.unwrap_or(health));
        let trims = actions.iter().any(|action| matches!(action, Action::Trim(_)));
        prop_assert_eq!(trims, worst < 1_150);
        // Whatever shows a crossing is told at once.
        prop_assert!(health.min(pool).min(feed.unwrap_or(health)) >= 1_150 || !rules.is_empty());
    }

    #[test]
    fn no_feed_holds_back_a_trim_that_aaves_price_calls_for(
        health in any_health(), feed in 0u64..3_000, act_on_feed in any::<bool>(),
    ) {
        let trims = |at_feed: Option<Wad>| {
            let mut watch = Watch::new();
            watch.config.act_on_feed = act_on_feed;
            let facts = AccountFacts { at_feed, ..at(1, hf(health)) };
            let actions = watch.sees(&facts).1;
            actions.into_iter().find_map(|action| match action {
                Action::Trim(trim) => Some(trim),
                _ => None,
            })
        };
        if let Some(alone) = trims(None) {
            let with = trims(Some(hf(feed)));
            prop_assert!(with.is_some_and(|with| with.pressure >= alone.pressure && with.target >= alone.target));
        }
    }
}
