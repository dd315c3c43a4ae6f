//! Flash sources that are empty, and reserves that are lent out.

use rust_decimal::dec;
use trimtab::{
    config::Urgency,
    loops::{FlashChoice, Funds, PlanError, Request, Settings, Target, Via, what_a_human_must_do},
    units::{Bps, mul_div_down},
};

use crate::{
    is_close, looped, raises_health,
    trader::{USDC, WETH, ether, units},
    urgent, wad,
};

#[tokio::test]
async fn a_trim_goes_on_from_one_empty_flash_source_to_the_next() {
    let (trader, pair) = looped().await;
    let source = async |target, name: &str| {
        let request = Request::Adjust { target: Target::HealthFactor(target) };
        let (plan, _) = trader.act_with(&pair, &request, &urgent(&trader, Urgency::Trim)).await;
        assert!(plan.notes.iter().any(|note| note.starts_with(name)), "{name}: {:?}", plan.notes);
        raises_health(&plan);
        assert!(is_close(trader.health_factor().await, target));
        trader.assert_nothing_left(&pair).await;
    };
    source(dec!(1.3), "flash loan from Morpho Blue").await;
    trader.empty_morpho().await;
    source(dec!(1.4), "flash loan from Aave v3").await;
    let free = trader.snapshot(&pair).await.market.reserve(USDC).expect("reserve").virtual_balance / units(1, 6);
    trader.somebody_borrows(5, ether(60_000), free.to::<u64>() - 1_000).await;
    source(dec!(1.5), "flash loan from Uniswap v3 pool").await;

    // Only the source that is empty: nothing; only the one that has a little: that little.
    let only = |flash| Settings { flash: Some(flash), ..urgent(&trader, Urgency::Urgent) };
    let trim = Request::Trim { target: Target::HealthFactor(dec!(1.8)), at_most: None };
    let none = trader.plan_with(&pair, &trim, &only(FlashChoice::Morpho)).await;
    assert!(matches!(none, Err(PlanError::NoFlash { .. })), "{none:?}");
    let debt = trader.debt(&pair).await;
    let (plan, _) = trader.act_with(&pair, &trim, &only(FlashChoice::Aave)).await;
    assert!(plan.headline.ends_with("as far as it goes"), "{}", plan.headline);
    let repaid = debt - trader.debt(&pair).await;
    assert!(repaid > units(900, 6) && repaid < units(10_000, 6), "{repaid}");
}

#[tokio::test]
async fn without_free_collateral_in_the_reserve_only_the_wallet_helps_and_that_is_said_with_figures() {
    let (trader, pair) = looped().await;
    trader.lend_out_ether(&pair).await;
    let target = Target::HealthFactor(dec!(1.4));
    for request in [
        Request::Adjust { target },
        Request::Trim { target, at_most: None },
        Request::Unwind { target, margin: Bps(100) },
    ] {
        for urgency in [Urgency::Trim, Urgency::LastResort] {
            let refused = trader.plan_with(&pair, &request, &urgent(&trader, urgency)).await;
            let Err(error @ PlanError::NoLiquidity { .. }) = refused else { panic!("{request:?}: {refused:?}") };
            assert!(error.to_string().contains("which has 0 WETH to give"), "{error}");
        }
    }

    let snapshot = trader.snapshot(&pair).await;
    let task = what_a_human_must_do(&snapshot, &pair, target).expect("figures");
    assert!(task.can_leave.raw.is_zero(), "{task:?}");
    let (repay, add) = (task.repay.clone().expect("enough"), task.add.clone().expect("enough"));
    let words = task.words();
    assert!(words.contains(&format!("repay {repay} or add {add}")), "{words}");
    assert!(words.contains("0 WETH can leave aave's reserve"), "{words}");
    // r = D − C × LT / HF*, and the same gap in collateral: 60 000 × (1 − 1.245 / 1.4).
    let expected = mul_div_down(units(60_000, 6), wad(dec!(0.155)), wad(dec!(1.4))).expect("small");
    assert!(repay.raw.abs_diff(expected) < units(60, 6), "{repay}");

    let before = trader.health_factor().await;
    let (plan, _) = trader.act_with(&pair, &deposit(Funds::Native(ether(1))), &urgent(&trader, Urgency::Urgent)).await;
    assert_eq!((plan.urgency, plan.steps.len()), (Urgency::Urgent, 1));
    raises_health(&plan);
    let after_one = trader.health_factor().await;
    assert!(after_one > before);
    trader.give(WETH, ether(1)).await;
    let (plan, _) =
        trader.act_with(&pair, &deposit(Funds::Collateral(ether(1))), &urgent(&trader, Urgency::Urgent)).await;
    raises_health(&plan);
    assert!(trader.health_factor().await > after_one);

    // Doing what the figures say brings it there.
    let task = what_a_human_must_do(&trader.snapshot(&pair).await, &pair, target).expect("figures");
    let amount = task.repay.expect("enough").raw;
    trader.give(USDC, amount).await;
    let (plan, _) =
        trader.act_with(&pair, &Request::Repay { amount, via: Via::Composer }, &urgent(&trader, Urgency::Urgent)).await;
    raises_health(&plan);
    assert!(is_close(trader.health_factor().await, dec!(1.4)));
    trader.assert_nothing_left(&pair).await;
}

fn deposit(funds: Funds) -> Request {
    Request::Deposit { funds, keep_leverage: false }
}

#[tokio::test]
async fn a_loop_is_unwound_without_any_loan_and_stays_above_one_in_between() {
    let (trader, pair) = looped().await;
    trader.empty_morpho().await;
    let target = Target::HealthFactor(dec!(1.8));
    let request = Request::Unwind { target, margin: Bps(100) };
    let mut steps = 0;
    loop {
        let plan = match trader.plan_with(&pair, &request, &urgent(&trader, Urgency::Trim)).await {
            Ok(plan) => plan,
            Err(PlanError::AlreadyThere(_)) => break,
            Err(error) => panic!("{error}"),
        };
        assert!(plan.notes.iter().all(|note| !note.contains("flash loan")), "{:?}", plan.notes);
        assert_eq!(plan.steps.len(), 1);
        raises_health(&plan);
        // While the collateral is out and the debt still there: C × HF / C, with all of the collateral that leaves.
        let collateral = plan.figure("collateral").expect("figure");
        let health = plan.figure("health_factor").expect("figure").before.raw;
        let between = mul_div_down(health, collateral.after.raw, collateral.before.raw).expect("small");
        assert!(between >= wad(dec!(1.0099)), "{between}");
        let before = trader.health_factor().await;
        assert!(trader.execute(plan).await.expect("sent").outcome.is_mined());
        assert!(trader.health_factor().await > before);
        trader.assert_nothing_left(&pair).await;
        steps += 1;
        assert!(steps < 10, "never there");
    }
    assert!(steps > 1 && trader.health_factor().await >= wad(dec!(1.799)), "{steps}");
    assert!(is_close(trader.health_factor().await, dec!(1.8)));
}

#[tokio::test]
async fn a_loop_without_room_is_not_unwound_without_a_loan() {
    let (trader, pair) = looped().await;
    let request = Request::Unwind { target: Target::HealthFactor(dec!(1.4)), margin: Bps(3_000) };
    let refused = trader.plan_with(&pair, &request, &urgent(&trader, Urgency::Trim)).await.expect_err("no room");
    assert!(matches!(refused, PlanError::NoRoom { .. }) && refused.to_string().contains("1.3"), "{refused}");
}
