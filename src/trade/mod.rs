//! From a signal to a position: sized, governed, checked against chain and venue, and carried out.
//!
//! [`assess`] reads loop, venue and wallet and answers with everything a trade would be: sizes, both plans, all checks
//! with both figures, what it costs and what it can win and lose; nothing is sent. [`TradeContext`] is what every trade needs.
//! [`flatten`] closes everything; [`refuse_while_paused`] is what a pause refuses. The governor's state is kept in the journal ([`load_governor`]).
//! An [`Order`] is what a plan file and a command beside a daemon carry: what was asked, never what is to be signed.
//! Fails with [`TradeError`]; what chain, venue or rules do not allow is a refusal inside the [`Assessment`].

mod assess;
mod context;
mod error;
mod flatten;
mod governor;
mod open;
mod order;
mod pause;
pub mod saga;

pub use super::actions::reverts::{error_table, with_error_names};
pub use assess::{AssessOptions, Assessment, CapitalNeeded, Cost, OpenNotional, assess};
pub use context::{TradeContext, TradeSettings};
pub use error::TradeError;
pub use flatten::{ClosingLeg, FlattenAction, FlattenPlan, FlattenReport, Flattened, flatten, plan_flatten, plan_leg};
pub use governor::{account_equity, command_governor, load_governor, store_governor, stored_governor};
pub use open::{OpenTrade, OpenTrades};
pub use order::{
    Ask, LoopAsk, ORDER_SCHEMA, Order, OrderError, Planner, Predicted, PredictedCost, Prediction, Source, Which, hold,
};
pub use pause::{PauseError, is_paused, refuse_again_while_paused, refuse_while_paused};
