//! Which nonce comes next, from what the chain says and what the journal says. Pure.

/// Decision about the next nonce.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NextNonce {
    /// Chain and journal agree, or the journal knows none.
    Use(u64),
    /// The chain has more than we sent: somebody else used the key. Go on from the chain's, after a fresh look at the
    /// state, which is not the one that was simulated.
    Foreign {
        /// Next by our journal.
        journal: u64,
        /// Next by the chain.
        chain: u64,
    },
    /// The chain knows fewer than we have seen mined: an endpoint lags behind, or a reorg took a block back. Wait.
    Behind {
        /// Next by our journal.
        journal: u64,
        /// Next by the chain.
        chain: u64,
    },
}

impl NextNonce {
    /// Decides from the account's nonce at the newest block, the nonce counting transactions that wait in the pool, and
    /// the nonce after the highest one that the journal knows to be used up (`None` for a new journal).
    ///
    /// Behind and ahead are different things (field-lessons.md K4): the first passes, the second does not.
    #[must_use]
    pub fn decide(latest: u64, pending: u64, journal: Option<u64>) -> Self {
        let chain = latest.max(pending);
        match journal {
            None => Self::Use(chain),
            Some(journal) if chain < journal => Self::Behind { journal, chain },
            Some(journal) if chain > journal => Self::Foreign { journal, chain },
            Some(journal) => Self::Use(journal),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lagging_endpoint_and_a_second_user_of_the_key_are_told_apart() {
        assert_eq!(NextNonce::decide(4, 4, None), NextNonce::Use(4));
        assert_eq!(NextNonce::decide(4, 6, None), NextNonce::Use(6));
        assert_eq!(NextNonce::decide(4, 4, Some(4)), NextNonce::Use(4));
        assert_eq!(NextNonce::decide(4, 5, Some(5)), NextNonce::Use(5));
        assert_eq!(NextNonce::decide(4, 4, Some(5)), NextNonce::Behind { journal: 5, chain: 4 });
        assert_eq!(NextNonce::decide(4, 6, Some(4)), NextNonce::Foreign { journal: 4, chain: 6 });
        // A node that does not count its pool is not behind its own newest block.
        assert_eq!(NextNonce::decide(6, 4, Some(6)), NextNonce::Use(6));
    }
}
