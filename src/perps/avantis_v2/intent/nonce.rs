//! Nonces of signed orders: any 256-bit number that the signer has not used.

use std::fmt;

use alloy::primitives::{B256, U256};

/// A nonce. The router keeps a bitmap of used ones for each signer: a word of 256 for each number above the lowest eight bits
/// (avantis-v2.md §2.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct IntentNonce(pub U256);

impl IntentNonce {
    /// Of the system's randomness: two are never the same, so nothing is counted and nothing waits for another.
    #[must_use]
    pub fn random() -> Self {
        Self(B256::random().into())
    }

    /// Which word of the bitmap it stands in.
    #[must_use]
    pub fn word(self) -> U256 {
        self.0 >> 8
    }

    /// Whether its bit is set in that word.
    #[must_use]
    pub fn is_used(self, word: U256) -> bool {
        word.bit(usize::from(self.0.byte(0)))
    }
}

impl fmt::Display for IntentNonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_is_one_bit_of_one_word() {
        let nonce = IntentNonce(U256::from(0x1_05u64));
        assert_eq!(nonce.word(), U256::ONE);
        assert!(nonce.is_used(U256::from(1u64 << 5)));
        assert!(!nonce.is_used(U256::from(1u64 << 4)));
        let last = IntentNonce(U256::MAX);
        assert!(last.is_used(U256::ONE << 255) && !last.is_used(U256::ONE));
    }

    #[test]
    fn no_two_nonces_are_the_same() {
        let mut drawn: Vec<U256> = (0..1000).map(|_| IntentNonce::random().0).collect();
        drawn.sort_unstable();
        drawn.dedup();
        assert_eq!(drawn.len(), 1000);
        assert!(drawn.iter().any(|nonce| nonce.bit_len() > 250), "all 256 bits are drawn");
    }
}
