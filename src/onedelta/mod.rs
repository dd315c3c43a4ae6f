//! The 1delta composer and its call forwarder on Base: typed ops ↔ bytes, what a stream may touch, and its words.
//!
//! Promises: [`decode`] then [`encode`] gives the same bytes; what the contract would misread (a computed zero that
//! means "everything", an amount cut to its low bits, a length beyond its field) does not encode; a stream that
//! leaves funds behind or names an address outside the [`AllowList`] is refused before it is signed.
//! Fails with [`EncodeError`], [`DecodeError`] (with the byte offset) or [`Refusal`] (with the op); never panics.
//! Bytes follow the current, swap-free composer generation (onedelta-composer.md §0); legacy swaps are refused by name.

mod allow;
mod amount;
mod bytes;
mod calldata;
mod check;
mod deployment;
mod error;
mod error_table;
mod explain;
mod flash;
mod forwarder;
mod forwarder_check;
mod ledger;
mod lending;
mod names;
mod op;
mod permit;
mod refusal;
mod singleton;
mod stream;
mod swap;
mod transfer;
mod verify;

#[cfg(test)]
mod arbitrary;
#[cfg(test)]
mod check_stories;
#[cfg(test)]
mod explain_stories;
#[cfg(test)]
mod roundtrip;

pub use allow::{AllowList, FlashSource, ReserveTokens};
pub use amount::{Amount, Exact, MAX_112, NativeValue, SweepAmount};
pub use calldata::{
    DELTA_FORWARD_COMPOSE, decode_calldata, decode_forwarder_calldata, delta_compose_calldata, wrap_stream,
};
pub use check::{check, check_with_value};
pub use deployment::DELTA_COMPOSE;
pub use deployment::{
    BALANCER_V3_VAULT, CALL_FORWARDER, CALL_FORWARDER_OLD, COMPOSER, EIP1967_ADMIN_SLOT, EIP1967_IMPLEMENTATION_SLOT,
    Generation, LOGIC_CODE_HASH, LOGIC_CODE_HASH_WITHOUT_METADATA, LogicRelease, MORPHO_BLUE, MORPHO_MIDNIGHT, PERMIT2,
    PROBE_ANSWER, PROBE_CALLDATA, PROXY_ADMIN, RELEASES, UNISWAP_V4_POOL_MANAGER, generation_of, release_of,
};
pub use error::{DecodeError, DecodeReason, EncodeError};
pub use error_table::{ERRORS, ErrorEntry};
pub use explain::{Line, explain, explain_forwarder, explain_router};
pub use flash::{FlashLoan, FlashProvider, MidnightLeg};
pub use forwarder::{FailurePath, ForwarderOp, OnFailure, Replace};
pub use lending::{AAVE_V3_LENDER, Lending};
pub use names::{Names, NoNames};
pub use op::Op;
pub use permit::{
    CompactPermit, Deadline, Permit, PermitBody, PermitKind, UnixSeconds, compact_permit_body, permit_header,
};
pub use refusal::{Refusal, RefusalReason};
pub use singleton::Singleton;
pub use stream::{MAX_DEPTH, decode, decode_forwarder, encode, encode_forwarder, encoded_len};
pub use swap::{SwapVenue, approve_then_deposit, approve_then_flash, approve_then_repay};
pub use transfer::Transfer;
pub use verify::{ComposerAdmin, ComposerRefusal, ComposerState};
