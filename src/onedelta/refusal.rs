//! Why a stream that would encode is not signed.

use alloy::primitives::Address;

/// A refused op, and where it stands in the packed stream.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{op} at byte {offset}: {reason}")]
#[non_exhaustive]
pub struct Refusal {
    /// Byte offset of the op, nested streams counted through.
    pub offset: usize,
    /// The op's name.
    pub op: &'static str,
    /// What is wrong with it.
    pub reason: RefusalReason,
}

/// What is wrong with an op.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RefusalReason {
    /// An address the deployment does not know in this place.
    #[error("{role} {address} is not on the allow-list")]
    NotAllowed {
        /// What the address stands for.
        role: &'static str,
        /// The address.
        address: Address,
    },
    /// The aToken or debt token belongs to another asset.
    #[error("{role} {given} does not belong to {asset}; it should be {expected}")]
    WrongReserveToken {
        /// `aToken` or `debt token`.
        role: &'static str,
        /// What stands in the op.
        given: Address,
        /// The underlying asset.
        asset: Address,
        /// What should stand there.
        expected: Address,
    },
    /// Supplying or repaying for somebody else.
    #[error("acts for {0}, who is not the caller")]
    NotForCaller(Address),
    /// Tokens would go to a stranger.
    #[error("receiver {0} is neither composer, forwarder, caller nor a flash lender")]
    Receiver(Address),
    /// An approval to the forwarder is free for all.
    #[error("approves the call forwarder {0}, whose allowances anybody can use; push tokens into it instead")]
    ApprovesForwarder(Address),
    /// Something stays in a contract anybody can empty.
    #[error("{asset} may stay in {holder}, which anybody can empty; end the stream by sweeping it")]
    LeftBehind {
        /// Token, zero = native.
        asset: Address,
        /// Composer or forwarder.
        holder: Address,
    },
    /// A swap without a bound.
    #[error("the swap has no minimum: give the router or the sweep behind it one above zero")]
    NoMinimum,
    /// Calldata that sells what the router holds, not what was pushed.
    #[error("the router is told to sell its own balance (amount 0)")]
    SellsRouterBalance,
    /// Native currency handed to a router may stay there.
    #[error("sends native currency to a router, where what is not spent stays")]
    NativeToRouter,
    /// A try call that skips the sweeps behind it.
    #[error("leaves the forwarder's stream on failure and skips the sweeps behind it")]
    LeavesOnFailure,
    /// The forwarder's "caller" is the composer, which approves nobody.
    #[error("pulls from the composer inside the forwarder; push tokens by a sweep instead")]
    PullsInForwarder,
    /// Native currency hands control to its receiver: it goes last.
    #[error("runs after native currency went to the caller; send native currency last")]
    AfterNative,
    /// An op no plan of ours has.
    #[error("no plan has such an op")]
    NotPlanned,
}
