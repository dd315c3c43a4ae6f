//! Custom errors of composer and forwarder and what they mean (onedelta-composer.md §13).

/// Selector, signature, and the reason in words.
pub type ErrorEntry = ([u8; 4], &'static str, &'static str);

/// Custom errors of composer and call forwarder. Errors of Aave, tokens and routers bubble up unchanged and stand in
/// the tables of their rooms.
pub const ERRORS: &[ErrorEntry] = &[
    ([0x7d, 0xd3, 0x7f, 0x70], "Slippage()", "a swept balance is below its minimum: the swap gave less than planned"),
    ([0x39, 0x8d, 0x4d, 0x32], "InvalidOperation()", "the composer does not know an op, or an op list is empty"),
    ([0x81, 0x29, 0xbb, 0xcd], "InvalidCalldata()", "an op list does not end where its length says"),
    ([0xba, 0xfe, 0x1c, 0x53], "InvalidFlashLoan()", "the pool id of a flash loan is not accepted on this chain"),
    ([0x48, 0xf5, 0xc3, 0xed], "InvalidCaller()", "a flash callback came from a contract the composer does not know"),
    ([0xbf, 0xda, 0x1f, 0x28], "InvalidInitiator()", "a flash callback was not started by the composer"),
    ([0xb2, 0xc0, 0x27, 0x22], "BadPool()", "a flash pool is not the one its factory derives from tokens and fee"),
    ([0xf4, 0xb3, 0xb1, 0xbc], "NativeTransferFailed()", "the receiver did not take the native currency"),
    ([0xc3, 0x0d, 0x93, 0xce], "WrapFailed()", "wrapping native currency failed: was its value sent along?"),
    ([0x3e, 0x3f, 0x8f, 0x73], "ApproveFailed()", "a token refused the composer's approval"),
    ([0x68, 0x27, 0x58, 0x57], "SafePermitBadLength()", "permit data has a length the composer does not know"),
    ([0xee, 0x90, 0xc4, 0x68], "Forbidden()", "the forwarder refuses to call Permit2 or transferFrom"),
    ([0x53, 0x95, 0xd8, 0x54], "ReplaceOffsetOutOfBounds()", "the word to replace lies outside the calldata"),
];

#[cfg(test)]
mod tests {
    use alloy::primitives::keccak256;

    use super::*;

    #[test]
    fn every_selector_is_the_hash_of_its_signature() {
        for (selector, signature, _) in ERRORS {
            assert_eq!(keccak256(signature)[..4], *selector, "{signature}");
        }
    }
}
