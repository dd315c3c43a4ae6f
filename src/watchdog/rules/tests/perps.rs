//! Perps under watch.

use super::*;
use crate::config::TopUpConfig;

fn with(block: u64, perp: PerpFacts) -> AccountFacts {
    AccountFacts { perps: vec![perp], ..at(block, hf(1_245)) }
}

#[test]
fn a_perp_that_lost_most_of_what_it_may_gets_a_nearer_stop_once() {
    let mut watch = Watch::new();
    assert_eq!(watch.sees(&with(1, perp())), (vec![], vec![]));
    // −0.8 × 4.7 = −3.76.
    let losing = PerpFacts { unrealised: dec!(-3.76), mark: dec!(2952), ..perp() };
    let almost = PerpFacts { unrealised: dec!(-3.7599), ..losing.clone() };
    assert_eq!(watch.sees(&with(2, almost)), (vec![], vec![]));
    let (rules, actions) = watch.sees(&with(3, losing.clone()));
    assert_eq!(rules, [Rule::LossGuard]);
    let stop = Action::TightenStop { perp: "perp-1".to_owned(), stop: dec!(2946) };
    assert_eq!(actions, std::slice::from_ref(&stop));
    // Until it is mined it comes again; after that never, however far it recovers: once is the default.
    assert_eq!(watch.sees(&with(4, losing.clone())).1, std::slice::from_ref(&stop));
    watch.memory.done(&stop, Secs(5));
    let tightened = PerpFacts { stop: Some(dec!(2946)), ..losing.clone() };
    assert_eq!(watch.sees(&with(6, tightened.clone())).1, []);
    watch.sees(&with(7, perp()));
    assert_eq!(watch.sees(&with(8, tightened)).1, []);
}

#[test]
fn a_guard_that_may_act_twice_waits_for_a_recovery_in_between() {
    let mut watch = Watch::new();
    watch.config.loss_guard.max = 2;
    let losing = PerpFacts { unrealised: dec!(-4), mark: dec!(2950), ..perp() };
    let (_, actions) = watch.sees(&with(1, losing.clone()));
    watch.memory.done(&actions[0], Secs(1));
    assert_eq!(watch.sees(&with(2, losing.clone())).1, []);
    // −0.5 × 4.7 = −2.35 is not yet a recovery.
    let half_way = PerpFacts { unrealised: dec!(-2.35), ..losing.clone() };
    watch.sees(&with(3, half_way));
    assert_eq!(watch.sees(&with(4, losing.clone())).1, []);
    watch.sees(&with(5, PerpFacts { unrealised: dec!(-2.34), ..losing.clone() }));
    assert_eq!(watch.sees(&with(6, losing.clone())).1.len(), 1);
    // The journal's count holds even when the memory is lost.
    let mut fresh = Watch::new();
    assert_eq!(fresh.sees(&with(1, PerpFacts { guard_uses: 1, ..losing })).1, []);
}

#[test]
fn a_shorts_stop_is_tightened_downwards_and_a_passed_stop_is_told_not_moved() {
    let short = PerpFacts {
        side: Side::Short,
        stop: Some(dec!(3060)),
        mark: dec!(3050),
        liquidation: dec!(3170),
        unrealised: dec!(-4),
        ..perp()
    };
    let (_, actions) = Watch::new().sees(&with(1, short.clone()));
    assert_eq!(actions, [Action::TightenStop { perp: "perp-1".to_owned(), stop: dec!(3055) }]);
    let passed = PerpFacts { mark: dec!(3061), ..short.clone() };
    let (rules, actions) = Watch::new().sees(&with(1, passed));
    assert_eq!((rules, actions), (vec![Rule::StopMissed, Rule::LossGuard], vec![]));
    // Without a stop the liquidation price stands for it.
    let bare = PerpFacts { stop: None, ..short };
    let (_, actions) = Watch::new().sees(&with(1, bare));
    assert_eq!(actions, [Action::TightenStop { perp: "perp-1".to_owned(), stop: dec!(3110) }]);
}

#[test]
fn a_perp_near_its_liquidation_is_told_and_topped_up_to_a_cap_when_wanted() {
    // 17 of 170 dollars are left: 10 %.
    let near = PerpFacts { mark: dec!(2847), stop: None, max_loss: dec!(15), ..perp() };
    let (rules, actions) = Watch::new().sees(&with(1, near.clone()));
    assert_eq!((rules, actions), (vec![Rule::LiquidationDistance], vec![]));
    let mut watch = Watch::new();
    watch.config.top_up = TopUpConfig { enabled: true, cap: dec!(8), ..watch.config.top_up };
    // From 10 % to 50 % of the distance: 40 % of the margin at entry.
    let top_up = Action::TopUpMargin { perp: "perp-1".to_owned(), amount: dec!(6) };
    assert_eq!(watch.sees(&with(1, near.clone())).1, std::slice::from_ref(&top_up));
    watch.memory.done(&top_up, Secs(2));
    let (_, actions) = watch.sees(&with(3, near.clone()));
    assert_eq!(actions, [Action::TopUpMargin { perp: "perp-1".to_owned(), amount: dec!(2) }]);
    watch.memory.done(&actions[0], Secs(4));
    assert_eq!(watch.sees(&with(5, near.clone())).1, []);
    // What the wallet does not have is not promised.
    let mut watch = Watch::new();
    watch.config.top_up = TopUpConfig { enabled: true, ..watch.config.top_up };
    let poor = AccountFacts { free_usdc: dec!(0.5), ..with(1, near) };
    let (firings, actions) = watch.tells(&poor);
    assert_eq!(actions, []);
    assert!(firings[0].reason.contains("0.5 are free"), "{}", firings[0].reason);
}

#[test]
fn a_market_that_closes_is_told_before_it_matters_and_each_step_of_it() {
    let mut watch = Watch::new();
    let closing = PerpFacts { status: MarketStatus::CloseOnly, ..perp() };
    assert_eq!(watch.sees(&with(1, closing.clone())).0, [Rule::MarketStatus]);
    assert_eq!(watch.sees(&with(2, closing)).0, []);
    let paused = PerpFacts { status: MarketStatus::Paused, ..perp() };
    let (firings, _) = watch.tells(&with(3, paused.clone()));
    assert_eq!(firings[0].severity, crate::journal::Severity::Alert);
    assert_eq!(watch.sees(&with(4, paused.clone())).0, []);
    assert_eq!(watch.sees(&with(5, perp())).0, []);
    assert_eq!(watch.sees(&with(6, paused)).0, [Rule::MarketStatus]);
}

#[test]
fn figures_that_do_not_fit_are_told_and_the_other_rules_go_on() {
    let absurd = PerpFacts { max_loss: Decimal::MAX, entry_distance: Decimal::ZERO, ..perp() };
    let mut watch = Watch::new();
    let facts = AccountFacts { perps: vec![absurd], ..at(1, hf(1_140)) };
    let (rules, actions) = watch.sees(&facts);
    assert!(rules.contains(&Rule::Unfit) && rules.contains(&Rule::Trigger), "{rules:?}");
    assert!(matches!(actions.as_slice(), [Action::Trim(_)]));
}
