//! From an intent to its signature: what is refused before, and what is checked after.

use alloy::{
    dyn_abi::TypedData,
    primitives::{Address, B256, Bytes, Signature, keccak256},
};

use super::{
    compare::{BuiltIntent, BuiltMismatch},
    domain::{Domain, DomainMismatch, DomainPlace},
    kind::{IntentKind, SignerRule, VenueIntent},
    message::MessageError,
};
use crate::chain::{OfflineSigner, Signer, SigningError};

/// Why an intent is not signed.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum IntentError {
    /// A domain that is not the venue's.
    #[error(transparent)]
    Domain(#[from] DomainMismatch),
    /// A message that is not of its kind.
    #[error(transparent)]
    Message(#[from] MessageError),
    /// Somebody else built it otherwise than asked.
    #[error(transparent)]
    Built(#[from] BuiltMismatch),
    /// Only the trader may sign it.
    #[error("{kind} is signed by the trader only: the trader is {trader}, the key's account {signer}")]
    TraderOnly {
        /// Which kind.
        kind: IntentKind,
        /// Who it is for.
        trader: Address,
        /// Whose key it is.
        signer: Address,
    },
    /// The key does not sign.
    #[error(transparent)]
    Signing(#[from] SigningError),
    /// The signature is not the key's.
    #[error("the signature that came back is not {0}'s")]
    NotTheKeys(Address),
}

impl VenueIntent {
    /// What is signed.
    #[must_use]
    pub fn digest(&self, domain: &Domain) -> B256 {
        let parts = [&[0x19, 0x01], domain.separator().as_slice(), self.struct_hash().as_slice()].concat();
        keccak256(parts)
    }

    /// Whom it is for; `None` where it does not say.
    #[must_use]
    pub const fn trader(&self) -> Option<Address> {
        Some(match self {
            Self::OpenTradeReq(request) => request._t.trader,
            Self::OpenTradeCoinExposureReq(request) => request._t.trader,
            Self::CloseTradeReq(request) => request._trader,
            Self::CloseTradeCoinExposureReq(request) => request._trader,
            Self::IncreasePositionSizeReq(request) => request._updateInfo.trader,
            Self::IncreasePositionSizeWithCoinExposureReq(request) => request._updateInfo.trader,
            Self::UpdateTpSlReq(request) => request.trader,
            Self::TpSlReq(request) => request.trader,
            Self::CancelOffchainOrder(_) => return None,
            Self::TwapOpenOrder(request) => request.trader,
            Self::TwapCloseOrder(request) => request.trader,
            Self::TwapCancelReq(request) => request.trader,
            Self::RfqOpenOrder(request) => request.trader,
            Self::RfqCloseOrder(request) => request.trader,
            Self::DelegateReq(request) => request.trader,
            Self::RegisterCodeReq(request) => request._referrer,
            Self::SetTraderReferralCodeByUserReq(request) => request._referee,
        })
    }

    /// As a hardware wallet is shown it; every wallet computes the digest from this anew.
    pub fn typed_data(&self, domain: &Domain) -> Result<TypedData, MessageError> {
        Ok(TypedData {
            domain: domain.eip712(),
            resolver: self.resolver(),
            primary_type: self.kind().name().to_owned(),
            message: self.message()?,
        })
    }

    /// Ready to be signed by this account: the domain is pinned, and the account may sign this kind.
    pub fn for_signing(&self, domain: &Domain, signer: Address) -> Result<CheckedIntent, IntentError> {
        let kind = self.kind();
        let place = domain.place(kind.verifier())?;
        let trader = self.trader().filter(|trader| *trader != signer);
        if let (Some(trader), SignerRule::TraderOnly, DomainPlace::Base) = (trader, kind.signer_rule(), place) {
            return Err(IntentError::TraderOnly { kind, trader, signer });
        }
        Ok(CheckedIntent { intent: self.clone(), domain: domain.clone(), place, signer })
    }

    /// The same, where somebody else built it: what it holds must be what is asked here.
    pub fn for_signing_as_built(
        &self,
        domain: &Domain,
        signer: Address,
        built: &BuiltIntent,
    ) -> Result<CheckedIntent, IntentError> {
        built.is(self, domain)?;
        self.for_signing(domain, signer)
    }
}

/// An intent that may be signed by one account. Made by [`VenueIntent::for_signing`] only.
#[derive(Debug, Clone)]
pub struct CheckedIntent {
    intent: VenueIntent,
    domain: Domain,
    place: DomainPlace,
    signer: Address,
}

impl CheckedIntent {
    /// Where the signature will count.
    #[must_use]
    pub const fn place(&self) -> DomainPlace {
        self.place
    }

    /// Signs on a network that was identified.
    pub async fn sign(self, signer: &Signer) -> Result<SignedIntent, IntentError> {
        let digest = self.intent.digest(&self.domain);
        let signature = match signer.sign_digest(&digest) {
            Err(SigningError::DigestNotShown) => signer.sign_typed_data(&self.intent.typed_data(&self.domain)?).await?,
            signed => signed?,
        };
        self.signed(digest, signature)
    }

    /// Signs without a network; such keys are admitted by the domain's chain.
    pub fn sign_offline(self, signer: &OfflineSigner) -> Result<SignedIntent, IntentError> {
        if self.place == DomainPlace::Local {
            signer.allow_local(self.domain.chain_id)?;
        }
        let digest = self.intent.digest(&self.domain);
        let signature = signer.sign_digest(&digest)?;
        self.signed(digest, signature)
    }

    fn signed(self, digest: B256, signature: Signature) -> Result<SignedIntent, IntentError> {
        // The router takes v of 27 or 28 and the lower half of s (avantis-v2.md §2.5).
        let signature = signature.normalized_s();
        match signature.recover_address_from_prehash(&digest) {
            Ok(account) if account == self.signer => {}
            _ => return Err(IntentError::NotTheKeys(self.signer)),
        }
        Ok(SignedIntent { intent: self.intent, digest, signer: self.signer, signature })
    }
}

/// A signed intent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedIntent {
    /// What was signed.
    pub intent: VenueIntent,
    /// Its hash in its domain.
    pub digest: B256,
    /// Whose signature it is.
    pub signer: Address,
    signature: Signature,
}

impl SignedIntent {
    /// 65 bytes: r, s and v.
    #[must_use]
    pub fn signature(&self) -> Bytes {
        self.signature.as_bytes().into()
    }
}
