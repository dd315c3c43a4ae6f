//! Leverage loops on Aave v3: from a request and a snapshot to a plan.
//!
//! [`plan`] is pure: it solves the loan that meets a target by replaying swap and contract arithmetic exactly, ranks flash
//! sources and routes, writes one composer stream with permits in it, and bounds and predicts the outcome. The state a
//! plan predicts is that of the block its transaction is expected in. Every rung of the watchdog's ladder is a request
//! too: a protective plan never lowers the health factor, and an urgent one loses no more than a liquidation would.
//! Fails with [`PlanError`], which says what to change and by how much.

mod account;
mod accounts_reader;
mod ahead;
pub mod algebra;
mod allow;
mod approvals;
mod audit;
mod carry;
mod class;
mod deviation;
mod error;
mod execute;
mod feeds;
mod grants;
mod headroom;
mod in_force;
mod judged;
mod known_loop;
mod manual_action;
mod moving_price;
mod pair;
mod pairs;
mod payable;
mod plan;
mod price_level;
mod protect;
mod record;
mod sales;
mod scope;
mod settle;
mod snapshot;
mod stress;
mod suffices;
mod target;
mod threshold_prices;
mod view;

pub use crate::dex::WETH;
pub use account::{AccountDebt, AccountModel, AccountSupply, LoopPart, Sell, SideChange, UnknownAsset, terms_after};
pub use accounts_reader::{AccountsReader, Observation, PairReading};
pub use ahead::Ahead;
pub use approvals::{Approval, ApprovalKind, ApprovalsQuery, Revocation};
pub use audit::{AuditError, audit};
pub(crate) use carry::carry_per_day;
pub use carry::{carry_label, net_carry_per_day};
pub use class::class_of;
pub use error::PlanError;
pub use execute::{Report, execute, execute_protective};
pub use feeds::{
    FeedAnswer, FeedBook, FeedFault, FeedReading, FeedStanding, FeedVerdict, LEAST_SHARE, MOST_SHARE, Reference,
    UnknownFeed, judge,
};
pub use headroom::GrowthLimit;
pub use in_force::{class_thresholds, thresholds_in_force};
pub use known_loop::KnownLoop;
pub use manual_action::{HumanTask, what_a_human_must_do};
pub use moving_price::{MovingPrice, distance};
pub use pair::{Asset, Pair, PairError};
pub use pairs::{
    Obstacle, ObstacleKind, Opening, PairTerms, PairVerdict, PairsSnapshot, SizeAsked, allowed_pairs, judge_pairs,
};
pub use plan::context::Settings;
pub use plan::increase::Funds;
pub use plan::payout::{Payout, Share};
pub use plan::planner::{plan, plan_ahead};
pub use plan::repay::Via;
pub use plan::request::Request;
pub use plan::write::Subject;
pub use plan::{
    flash::{FlashCandidate, FlashNeed, Meanwhile, rank},
    flash_source::{FlashChoice, FlashSource},
};
pub use protect::{
    combinations, protect,
    sale::{Combination, Protection, Sale},
};
pub use record::{Adopted, RecordError, ThresholdChange, adopt, change_thresholds, known_loops};
pub use scope::Scope;
pub use settle::settle;
pub use snapshot::{Contracts, LoopSnapshot};
pub use stress::{SwapCost, stressed};
pub use suffices::suffices;
pub use target::{PairState, Target, TargetError};
pub use view::{AccountView, LoopView, Mark, PriceMarks, ReserveView, Unclaimed};
