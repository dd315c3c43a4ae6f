//! Gas of every action by flash source: without permits (approvals made beforehand and not counted), what the permits add, and
//! as it was sent. The first account finds contracts that have approved nothing yet, the second finds their approvals standing.

use alloy::primitives::U256;
use eyre::{Result, eyre};
use trimtab::{
    chain::Reader,
    loops::{FlashChoice, Funds, Payout, Request, Share, Target, WETH, execute},
    plan::{check, rehearse, simulate},
    send::sign_permits,
};

use crate::{
    support::desk::{Desk, ether, milli},
    table,
};

const SOURCES: [(&str, FlashChoice); 3] =
    [("Morpho", FlashChoice::Morpho), ("Aave", FlashChoice::Aave), ("Uniswap", FlashChoice::Uniswap)];

/// A loop's life: its actions by name.
struct Life {
    funded: U256,
    actions: Vec<(&'static str, Request)>,
}

fn lives() -> [Life; 2] {
    let to = |thousandths| Target::Leverage(milli(thousandths));
    let ether_out = Payout::Collateral { unwrap: Some(WETH) };
    [
        Life {
            funded: U256::ZERO,
            actions: vec![
                ("open 3x with ETH", Request::Open { funds: Funds::Native(ether(1)), target: to(3000) }),
                ("adjust down to 2x", Request::Adjust { target: to(2000) }),
                ("adjust up to 2.5x", Request::Adjust { target: to(2500) }),
                ("close to ETH", Request::Close { share: Share::All, payout: ether_out }),
            ],
        },
        Life {
            funded: ether(1),
            actions: vec![
                ("open 3x with WETH", Request::Open { funds: Funds::Collateral(ether(1)), target: to(3000) }),
                ("close to WETH", Request::Close { share: Share::All, payout: Payout::Collateral { unwrap: None } }),
            ],
        },
    ]
}

pub async fn measure() -> Result<()> {
    let mut rows = Vec::new();
    for (source, choice) in SOURCES {
        for life in lives() {
            let desk = Desk::open().await?;
            let pair = desk.pair("WETH", "USDC").await?;
            for (account, use_of) in [(1, "first"), (2, "later")] {
                let mut trader = desk.trader(account).await?;
                if !life.funded.is_zero() {
                    desk.controls.fund(trader.address, U256::ZERO, &[(WETH, life.funded)]).await?;
                }
                for (name, request) in &life.actions {
                    let (snapshot, plan) = desk.plan(trader.address, &pair, request, Some(choice)).await?;
                    // Both at the same block and time: what an action costs depends on the second it is mined in.
                    let head = Reader::head(&desk.endpoints).await?;
                    let time = head.next_timestamp();
                    let bare = rehearse(&desk.endpoints, &plan, head, time).await?;
                    let bare: u64 = bare.steps.last().map(|step| step.gas_used).unwrap_or_default();
                    let number = plan.permits().count();
                    let bytes = plan.steps.last().map_or(0, |step| step.data.size());
                    let transactions = plan.steps.len();
                    let permits = sign_permits(trader.sender.signer(), &plan).await?;
                    let approved = check(plan, &desk.network(), snapshot.block.timestamp)?;
                    let exact = simulate(&desk.endpoints, approved.clone(), &permits, |_| false, head, time).await?;
                    let whole = exact.steps().last().map(|(_, gas)| gas).unwrap_or_default();
                    let report = execute(&mut trader.sender, &*desk.clock, approved).await?;
                    let last =
                        report.outcome.done.last().ok_or_else(|| eyre!("{name}: {:?}", report.outcome.ending))?;
                    rows.push(vec![
                        (*name).to_owned(),
                        source.to_owned(),
                        use_of.to_owned(),
                        bare.to_string(),
                        i64::try_from(whole)?.saturating_sub(i64::try_from(bare)?).to_string(),
                        number.to_string(),
                        whole.to_string(),
                        last.receipt.gas_used.to_string(),
                        transactions.to_string(),
                        bytes.to_string(),
                    ]);
                }
            }
        }
    }
    let head = ["action", "flash", "use", "no permits", "permits", "number", "together", "as sent", "txs", "call data"];
    table::print("Gas", &head, &rows);
    Ok(())
}
