//! From a request and a snapshot to a plan, one file per kind of request. Pure.

pub(super) mod bounds;
pub(super) mod close;
pub(super) mod context;
pub(super) mod decrease;
pub(super) mod draft;
pub(super) mod figures;
pub(super) mod flash;
pub(super) mod flash_source;
pub(super) mod increase;
pub(super) mod loan;
pub(super) mod loss;
pub(super) mod payout;
pub(super) mod planner;
pub(super) mod repay;
pub(super) mod request;
pub(super) mod same_asset;
pub(super) mod solve;
pub(super) mod stream;
pub(super) mod swap;
pub(super) mod trim;
pub(super) mod unwind;
pub(super) mod write;
