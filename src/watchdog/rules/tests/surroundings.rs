//! Heads, oracles and nonces under watch.

use super::*;

#[test]
fn a_stale_head_is_not_acted_upon_and_another_endpoint_is_asked() {
    let mut watch = Watch::new();
    let fresh = AccountFacts { head_age: Duration::from_millis(1_999), ..at(1, hf(1_140)) };
    assert!(matches!(watch.sees(&fresh).1.as_slice(), [Action::Trim(_)]));
    let stale = AccountFacts { head_age: Duration::from_secs(2), ..at(2, hf(1_050)) };
    assert_eq!(watch.sees(&stale), (vec![Rule::StaleHead], vec![Action::SwitchRpc]));
    assert_eq!(watch.sees(&stale), (vec![], vec![Action::SwitchRpc]));
    assert!(matches!(watch.sees(&at(3, hf(1_140))).1.as_slice(), [Action::Trim(_)]));
}

#[test]
fn an_old_oracle_answer_is_told_and_acted_upon() {
    let mut facts = at(1, hf(1_140));
    facts.oracles[0].age = Some(Secs(1_501));
    let mut watch = Watch::new();
    let (rules, actions) = watch.sees(&facts);
    assert_eq!(rules, [Rule::OldOracle, Rule::Warn, Rule::Trigger, Rule::Stress]);
    assert!(matches!(actions.as_slice(), [Action::Trim(_)]));
    facts.block = at(2, hf(1_140)).block;
    assert_eq!(watch.sees(&facts).0, []);
    facts.oracles[0].age = None;
    assert_eq!(watch.sees(&facts).0, []);
}

#[test]
fn a_nonce_used_elsewhere_is_taken_over_and_the_watch_goes_on() {
    let mut watch = Watch::new();
    let moved = |block, expected, on_chain| AccountFacts {
        nonce: Some(NonceFacts { expected, on_chain }),
        ..at(block, hf(1_140))
    };
    let (rules, actions) = watch.sees(&moved(1, 4, 6));
    assert!(rules.contains(&Rule::NonceMoved), "{rules:?}");
    assert!(matches!(actions.as_slice(), [Action::ResyncNonce { nonce: 6 }, Action::Trim(_)]), "{actions:?}");
    let (rules, actions) = watch.sees(&moved(2, 4, 6));
    assert_eq!((rules, actions.len()), (vec![], 2));
    // An endpoint that lags behind is no news.
    let (rules, actions) = watch.sees(&moved(3, 6, 5));
    assert_eq!((rules, actions.len()), (vec![], 1));
}

#[test]
fn what_is_gone_is_forgotten_so_that_it_is_told_when_it_comes_back() {
    let mut watch = Watch::new();
    assert_eq!(watch.sees(&at(1, hf(1_179))).0, [Rule::Warn, Rule::Stress]);
    watch.memory.expect_change();
    let (loops, holdings, debt_value) = (vec![], vec![], usd(0));
    let closed = AccountFacts {
        loops,
        holdings,
        debt_value,
        health_factor: Wad(U256::MAX),
        at_stress: None,
        ..at(2, hf(1_000))
    };
    assert_eq!(watch.sees(&closed), (vec![], vec![]));
    assert_eq!(watch.sees(&at(3, hf(1_179))).0, [Rule::Warn, Rule::Stress]);
}
