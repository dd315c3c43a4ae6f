//! What the journal is told of a loop without a transaction: that it is ours, and its thresholds. A daemon that holds the
//! journal writes it.

use schemars::JsonSchema;
use serde::Serialize;

use super::args::AdoptArgs;
use crate::{
    aave::Market,
    cli::shared::{document::document, exit::Outcome, session::Session},
    config::Thresholds,
    loops::{Adopted, LoopSnapshot, Pair, ThresholdChange, change_thresholds, class_thresholds},
    plan::Quantity,
    watchdog::ops::{AdoptWith, ChangeWith, ThresholdsAnswer},
};

/// Thresholds in force for a loop.
#[derive(Debug, Serialize, JsonSchema)]
struct Stored<'a> {
    thresholds: &'a Thresholds,
}

document!("thresholds": Stored<'_>, "adoption": Adopted);

/// Stores thresholds for an open loop; nothing is sent.
pub(in crate::cli) async fn store_thresholds(
    session: &Session,
    (market, pair): (&Market, &Pair),
    change: ThresholdChange,
) -> Outcome {
    let (account, tokens) = (session.account().await?, (pair.collateral.token, pair.debt.token));
    let ask = ChangeWith { collateral: tokens.0, debt: tokens.1, change };
    let thresholds = match session.ask_daemon(account, ask).await? {
        Some(ThresholdsAnswer { thresholds }) => thresholds,
        None => {
            let class = class_thresholds(&session.config.thresholds, market, pair)?;
            let journal = session.journal(account).await?;
            change_thresholds(&journal, tokens, &change, class, session.stamp().await?)?
        }
    };
    let Thresholds { warn, trigger, target, urgent, .. } = thresholds;
    session.output.result(&Stored { thresholds: &thresholds }, || {
        format!("{}: warn {warn}, trigger {trigger}, target {target}, urgent {urgent}; nothing was sent", pair.name())
    })
}

/// Takes a loop over as it stands on the chain now.
pub(in crate::cli) async fn adopt(session: Session, args: AdoptArgs) -> Outcome {
    let (list, market) = session.market().await?;
    let account = session.account().await?;
    let pair = Pair::find(&list, &market, &args.pair.collateral, &args.pair.debt)?;
    let thresholds = args.thresholds.change().over(class_thresholds(&session.config.thresholds, &market, &pair)?)?;
    let (collateral, debt) = (pair.collateral.token, pair.debt.token);
    let ask = AdoptWith { collateral, debt, thresholds };
    let adopted: Adopted = match session.ask_daemon(account, ask).await? {
        Some(adopted) => adopted,
        None => {
            let snapshot = LoopSnapshot::read(&session.endpoints, &list, &pair, account).await?;
            let journal = session.journal(account).await?;
            crate::loops::adopt(&journal, &snapshot, &pair, thresholds, session.stamp().await?)?
        }
    };
    let quantity = |raw, asset: &crate::loops::Asset| Quantity::new(raw, asset.decimals, asset.symbol.clone());
    session.output.result(&adopted, || {
        let supplied = quantity(adopted.terms.collateral_principal, &pair.collateral);
        let owed = quantity(adopted.terms.debt_principal, &pair.debt);
        format!("adopted {}: {supplied} against {owed}", adopted.pair)
    })
}
