//! Where the loan comes from.

use std::collections::BTreeSet;

use alloy::primitives::U256;
use rust_decimal::dec;
use trimtab::{
    config::LoopClass,
    loops::{FlashChoice, FlashNeed, FlashSource, Funds, Meanwhile, Payout, PlanError, Request, Share, Target, rank},
};

use crate::{
    open::{as_predicted, is_close, leverage},
    trader::{Configurator, MORPHO, Trader, USDC, WETH, ether, units},
};

#[tokio::test]
async fn every_flash_source_opens_trims_and_closes_and_costs_what_it_says() {
    for (choice, name, free) in [
        (FlashChoice::Morpho, "flash loan from Morpho Blue", true),
        (FlashChoice::Aave, "flash loan from Aave v3", false),
        (FlashChoice::Uniswap, "flash loan from Uniswap v3 pool", false),
    ] {
        let trader = Trader::start().await;
        let pair = trader.pair("WETH", "USDC").await;
        let settings = || trimtab::loops::Settings { flash: Some(choice), ..trader.settings(LoopClass::Volatile) };
        for request in [
            Request::Open { funds: Funds::Native(ether(10)), target: Target::Leverage(dec!(2.5)) },
            Request::Adjust { target: Target::Leverage(dec!(2)) },
            Request::Withdraw {
                collateral: ether(1),
                debt: Default::default(),
                unwrap: Some(WETH),
                keep_leverage: true,
            },
            Request::Close { share: Share::Part(dec!(0.5)), payout: Payout::Debt },
            Request::Adjust { target: Target::Leverage(dec!(2.2)) },
            Request::Close { share: Share::All, payout: Payout::Collateral { unwrap: Some(WETH) } },
        ] {
            let (plan, settlement) = trader.act_with(&pair, &request, &settings()).await;
            assert!(plan.notes.iter().any(|note| note.starts_with(name)), "{name}: {:?}", plan.notes);
            let fee = plan.costs.iter().find(|(what, _)| what == "flash loan fee").expect("said");
            assert_eq!(fee.1.raw.is_zero(), free, "{name}: {fee:?}");
            as_predicted(&plan, &settlement);
            trader.assert_nothing_left(&pair).await;
            if let Request::Open { target: Target::Leverage(target), .. } = request {
                assert!(is_close(leverage(&trader, &pair).await, target));
            }
        }
    }
}

#[tokio::test]
async fn the_cheapest_source_is_taken_and_the_others_are_named_with_their_reasons() {
    let trader = Trader::start().await;
    let pair = trader.pair("WETH", "USDC").await;
    let request = Request::Open { funds: Funds::Native(ether(10)), target: Target::Leverage(dec!(2)) };
    let plan = trader.plan(&pair, &request).await.expect("plan");
    let said = plan.notes.join("\n");
    let rank = |name: &str| said.find(name).unwrap_or_else(|| panic!("{name} is not in {said}"));
    assert!(rank("flash loan from Morpho Blue: fee 0 %") < rank("other source: Aave v3: fee 0.05 %"), "{said}");
    assert!(said.contains("not used: the swap goes through it, and a lending pool is locked"), "{said}");

    // Morpho has nothing left to lend: the next one is taken, and that is said.
    let _: serde_json::Value =
        trader.replica.request("anvil_dealERC20", serde_json::json!([MORPHO, USDC, "0x0"])).await.expect("anvil");
    let plan = trader.plan(&pair, &request).await.expect("plan");
    let said = plan.notes.join("\n");
    assert!(said.contains("flash loan from Aave v3"), "{said}");
    assert!(said.contains("Morpho Blue: fee 0 %, can lend 0 USDC (not used:"), "{said}");
    let (plan, settlement) = trader.act(&pair, &request).await;
    as_predicted(&plan, &settlement);

    // Asked for by name, it is refused, with what it can lend and that others were left out.
    let only = trimtab::loops::Settings { flash: Some(FlashChoice::Morpho), ..trader.settings(LoopClass::Volatile) };
    let adjust = Request::Adjust { target: Target::Leverage(dec!(2.5)) };
    let refused = trader.plan_with(&pair, &adjust, &only).await.expect_err("nothing to lend");
    assert!(matches!(refused, PlanError::NoFlash { .. }), "{refused}");
    let said = refused.to_string();
    assert!(said.contains("Morpho Blue can lend 0 USDC") && said.contains("left out by --flash"), "{said}");
}

#[tokio::test]
async fn a_paused_reserve_is_never_taken_as_a_source_even_where_it_is_the_only_one_with_enough() {
    let trader = Trader::start().await;
    let pair = trader.pair("WETH", "USDC").await;
    // More than Morpho Blue and every pool hold.
    let amount = units(55_000_000, 6);
    let swapped_in = BTreeSet::new();
    let ranked = async |meanwhile, choice| {
        let snapshot = trader.snapshot(&pair).await;
        rank(&snapshot, &pair, FlashNeed { amount, meanwhile, choice, swapped_in: &swapped_in }).expect("ranked")
    };
    let open = ranked(Meanwhile::Repays, None).await;
    assert_eq!((open[0].source, &open[0].rejected), (FlashSource::AaveV3, &None), "{open:?}");

    trader.govern(&Configurator::setReservePauseCall { asset: USDC, on: true }).await;
    for meanwhile in [Meanwhile::Borrows, Meanwhile::Repays] {
        for choice in [None, Some(FlashChoice::Aave)] {
            let ranked = ranked(meanwhile, choice).await;
            assert!(ranked.iter().all(|candidate| candidate.rejected.is_some()), "{ranked:?}");
            let aave = ranked.iter().find(|candidate| candidate.source == FlashSource::AaveV3).expect("named");
            assert_eq!(aave.rejected.as_deref(), Some("aave reserve USDC is paused"));
        }
    }
    let request = Request::Open { funds: Funds::Native(ether(1)), target: Target::Leverage(dec!(2)) };
    let refused = trader.plan(&pair, &request).await.expect_err("paused").to_string();
    assert!(refused.contains("aave reserve USDC is paused"), "{refused}");

    // Another pair's loan does not come from it either: only the debt asset's own reserve is asked.
    let other = trader.pair("USDC", "WETH").await;
    let snapshot = trader.snapshot(&other).await;
    let need = FlashNeed { amount: ether(1), meanwhile: Meanwhile::Repays, choice: None, swapped_in: &swapped_in };
    let ranked = rank(&snapshot, &other, need).expect("ranked");
    assert!(ranked.iter().all(|candidate| candidate.liquidity.unit == "WETH"), "{ranked:?}");
    assert!(amount > U256::ZERO && ranked[0].rejected.is_none(), "{ranked:?}");
}
