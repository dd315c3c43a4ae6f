//! The venue's signed orders: each kind with its struct, type hash and encoding.

use std::fmt;

use alloy::{
    primitives::{B256, Bytes},
    sol_types::{SolStruct, SolValue},
};
use serde::{Deserialize, Serialize};

use super::domain::Verifier;
use crate::perps::avantis_v2::abi::IIntents::{self, DelegateIntent};

macro_rules! intents {
    ($($(#[$doc:meta])* $kind:ident),+ $(,)?) => {
        /// What can be signed for the venue (avantis-v2.md §2.3), named as the venue names it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
        #[allow(clippy::enum_variant_names)]
        pub enum IntentKind {
            $($(#[$doc])* $kind),+
        }

        /// One signed order's content.
        #[derive(Debug, Clone, PartialEq, Eq)]
        #[allow(clippy::enum_variant_names, clippy::large_enum_variant)]
        pub enum VenueIntent {
            $($(#[$doc])* $kind(IIntents::$kind)),+
        }

        $(impl From<IIntents::$kind> for VenueIntent {
            fn from(request: IIntents::$kind) -> Self {
                Self::$kind(request)
            }
        })+

        impl IntentKind {
            /// Every kind.
            pub const ALL: [Self; [$(stringify!($kind)),+].len()] = [$(Self::$kind),+];

            /// As it stands in typed data.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$kind => stringify!($kind)),+
                }
            }

            /// Name, fields and the structs inside, as EIP-712 writes them.
            #[must_use]
            pub fn encode_type(self) -> String {
                match self {
                    $(Self::$kind => IIntents::$kind::eip712_encode_type().into_owned()),+
                }
            }

            /// The contents of ABI words in the order of the typed data.
            pub(super) fn decode_words(self, words: &[u8]) -> alloy::sol_types::Result<VenueIntent> {
                Ok(match self {
                    $(Self::$kind => VenueIntent::$kind(IIntents::$kind::abi_decode(words)?)),+
                })
            }
        }

        impl VenueIntent {
            /// Which it is.
            #[must_use]
            pub const fn kind(&self) -> IntentKind {
                match self {
                    $(Self::$kind(_) => IntentKind::$kind),+
                }
            }

            /// EIP-712's hash of type and contents.
            #[must_use]
            pub fn struct_hash(&self) -> B256 {
                match self {
                    $(Self::$kind(request) => request.eip712_hash_struct()),+
                }
            }

            /// ABI words in the order of the typed data.
            pub(super) fn words(&self) -> Vec<u8> {
                match self {
                    $(Self::$kind(request) => request.abi_encode()),+
                }
            }

            /// What a hardware wallet shows.
            pub(super) fn resolver(&self) -> alloy::dyn_abi::Resolver {
                match self {
                    $(Self::$kind(_) => alloy::dyn_abi::Resolver::from_struct::<IIntents::$kind>()),+
                }
            }
        }
    };
}

intents! {
    /// Opens a position of so much collateral.
    OpenTradeReq,
    /// Opens a position of so many coins.
    OpenTradeCoinExposureReq,
    /// Closes so much of a position's collateral.
    CloseTradeReq,
    /// Closes so many coins of a position.
    CloseTradeCoinExposureReq,
    /// Adds collateral at a leverage to a position.
    IncreasePositionSizeReq,
    /// Adds coins to a position.
    IncreasePositionSizeWithCoinExposureReq,
    /// Moves a position's target and stop.
    UpdateTpSlReq,
    /// A target or stop of a part of a position.
    TpSlReq,
    /// Takes such a target or stop back.
    CancelOffchainOrder,
    /// Opens a position bit by bit.
    TwapOpenOrder,
    /// Closes a position bit by bit.
    TwapCloseOrder,
    /// Ends such an order.
    TwapCancelReq,
    /// Opens at a dealer's price; the venue does not offer it yet.
    RfqOpenOrder,
    /// Closes at a dealer's price; the venue does not offer it yet.
    RfqCloseOrder,
    /// Lets another key trade for the account.
    DelegateReq,
    /// Registers a referral code.
    RegisterCodeReq,
    /// Uses a referral code.
    SetTraderReferralCodeByUserReq,
}

/// Who may sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SignerRule {
    /// The trader, or a key that the venue knows as the trader's delegate.
    TraderOrDelegate,
    /// The trader only.
    TraderOnly,
}

impl IntentKind {
    /// Hash of [`Self::encode_type`].
    #[must_use]
    pub fn type_hash(self) -> B256 {
        alloy::primitives::keccak256(self.encode_type())
    }

    /// The kind of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Which contract verifies it (avantis-v2.md §1.3).
    #[must_use]
    pub const fn verifier(self) -> Verifier {
        match self {
            Self::RegisterCodeReq | Self::SetTraderReferralCodeByUserReq => Verifier::Referral,
            _ => Verifier::Router,
        }
    }

    /// Who may sign it (avantis-v2.md §2.5).
    #[must_use]
    pub const fn signer_rule(self) -> SignerRule {
        match self {
            Self::DelegateReq | Self::RegisterCodeReq | Self::SetTraderReferralCodeByUserReq => SignerRule::TraderOnly,
            _ => SignerRule::TraderOrDelegate,
        }
    }
}

impl fmt::Display for IntentKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl VenueIntent {
    /// What is sent as `userIntent` (avantis-v2.md §2.4); `None` for what never comes to the chain.
    #[must_use]
    pub fn encoded(&self) -> Option<Bytes> {
        match self {
            Self::CancelOffchainOrder(_) => None,
            Self::DelegateReq(request) => {
                let IIntents::DelegateReq { trader, delegate, expiry, deadline, tnc, nonce } = request.clone();
                Some(DelegateIntent { trader, delegate, expiry, tnc, deadline, nonce }.abi_encode().into())
            }
            _ => Some(self.words().into()),
        }
    }
}
