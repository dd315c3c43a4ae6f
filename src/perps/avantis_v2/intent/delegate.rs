//! Letting another key trade: the request, and the terms that it accepts.

use alloy::primitives::{Address, B256, U256, b256};

use super::{kind::VenueIntent, terms::Validity};
use crate::{perps::avantis_v2::abi::IIntents::DelegateReq, units::Secs};

/// Which terms of service a request accepts. The contract takes these two texts and no others; each declares in which
/// countries the signer does not live (avantis-v2.md §2.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TermsOfService {
    /// The venue's under its new name.
    Veranta,
    /// The venue's under its first name.
    Avantis,
}

impl TermsOfService {
    /// To the last letter.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Veranta => {
                "I accept the Veranta Terms of Service: https://www.veranta.xyz/docs/tos. I confirm that I am not a \
                 resident of any of the following countries/regions: Belarus, Cuba, Iran, North Korea, Russia, Syria, \
                 Crimea, United Kingdom, United States of America."
            }
            Self::Avantis => {
                "I accept the Avantis Terms of Service: https://www.avantisfi.com/docs/tos.I confirm that I am not a \
                 resident of any of the following countries/regions: Belarus, Cuba, Iran, North Korea, Russia, Syria, \
                 Crimea, United Kingdom, United States of America."
            }
        }
    }

    /// The hash that the contract compares.
    #[must_use]
    pub const fn hash(self) -> B256 {
        match self {
            Self::Veranta => b256!("81c8986ee81f48014013a6a4dc8ca017ca18fb73c9e5964f4cb030a4136307e1"),
            Self::Avantis => b256!("c80225834052618851327af8ffa7838ac9779181337dbc032164ade2b3945f7b"),
        }
    }
}

/// A key that may trade for the trader until it expires.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DelegateTerms {
    /// Who allows it.
    pub trader: Address,
    /// Whose key it is.
    pub delegate: Address,
    /// Until when: seconds of chain time, where the deadline of the request is in milliseconds.
    pub expiry: Secs,
    /// What the trader accepts and declares.
    pub terms: TermsOfService,
}

impl DelegateTerms {
    /// The intent.
    #[must_use]
    pub fn intent(&self, valid: Validity) -> VenueIntent {
        DelegateReq {
            trader: self.trader,
            delegate: self.delegate,
            expiry: U256::from(self.expiry.0),
            deadline: U256::from(valid.deadline.0),
            tnc: self.terms.text().to_owned(),
            nonce: valid.nonce.0,
        }
        .into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_texts_are_those_that_the_contract_compares() {
        for terms in [TermsOfService::Veranta, TermsOfService::Avantis] {
            assert_eq!(alloy::primitives::keccak256(terms.text()), terms.hash());
        }
    }
}
