//! PERMIT (0x50): allowances that travel in the stream (onedelta-composer.md §5). Owner = caller, spender = composer.

use alloy::primitives::{Address, B256, Signature, U256, aliases::U160};
use serde::{Deserialize, Serialize};

use super::{
    DecodeError, DecodeReason, EncodeError,
    bytes::{Cursor, Writer},
};

pub(super) const PERMIT: u8 = 0x50;

/// A moment after which a permit is void, as its 32-bit field says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "Option<u32>", try_from = "Option<u32>")]
pub enum Deadline {
    /// Unix seconds, at most 2^32−2; written plus one.
    At(UnixSeconds),
    /// The maximum of the token's field (written 0).
    Never,
}

/// Seconds since 1970 that a compact permit can say; made by [`Deadline::at`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixSeconds(u32);

impl UnixSeconds {
    /// The seconds.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl Deadline {
    /// A deadline in unix seconds; refuses what the field cannot say.
    pub fn at(seconds: u64) -> Result<Self, EncodeError> {
        match u32::try_from(seconds) {
            Ok(narrow) if narrow < u32::MAX => Ok(Self::At(UnixSeconds(narrow))),
            _ => Err(EncodeError::DeadlineTooLate(seconds)),
        }
    }

    /// The deadline that has to be signed: seconds, or 2^256−1 for never.
    #[must_use]
    pub fn to_sign(self) -> U256 {
        match self {
            Self::At(seconds) => U256::from(seconds.get()),
            Self::Never => U256::MAX,
        }
    }

    const fn field(self) -> u32 {
        match self {
            Self::At(UnixSeconds(seconds)) => seconds.saturating_add(1),
            Self::Never => 0,
        }
    }

    const fn from_field(field: u32) -> Self {
        match field.checked_sub(1) {
            Some(seconds) => Self::At(UnixSeconds(seconds)),
            None => Self::Never,
        }
    }
}

impl From<Deadline> for Option<u32> {
    fn from(deadline: Deadline) -> Self {
        match deadline {
            Deadline::At(seconds) => Some(seconds.get()),
            Deadline::Never => None,
        }
    }
}

impl TryFrom<Option<u32>> for Deadline {
    type Error = EncodeError;

    fn try_from(seconds: Option<u32>) -> Result<Self, EncodeError> {
        seconds.map_or(Ok(Self::Never), |seconds| Self::at(u64::from(seconds)))
    }
}

/// A permit of value and deadline: EIP-2612 `permit` or Aave's `delegationWithSig`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompactPermit {
    /// Allowance or delegation.
    pub value: U256,
    /// Until when it may be used.
    pub deadline: Deadline,
    /// Signature r.
    pub r: B256,
    /// Signature s with the y parity in its top bit (EIP-2098).
    pub vs: B256,
}

impl CompactPermit {
    /// Bytes of the packed body.
    pub const LENGTH: usize = 100;

    /// Compacts a signature; refuses an s in the upper half.
    pub fn new(value: U256, deadline: Deadline, signature: &Signature) -> Result<Self, EncodeError> {
        let mut s = signature.s();
        if s.bit(255) {
            return Err(EncodeError::HighS);
        }
        s.set_bit(255, signature.v());
        Ok(Self { value, deadline, r: B256::from(signature.r()), vs: B256::from(s) })
    }

    fn write(&self, writer: &mut Writer) {
        writer.u256(self.value).u32(self.deadline.field()).raw(self.r.as_slice()).raw(self.vs.as_slice());
    }

    fn read(cursor: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        let value = cursor.u256()?;
        let deadline = Deadline::from_field(cursor.u32()?);
        Ok(Self { value, deadline, r: cursor.b256()?, vs: cursor.b256()? })
    }
}

/// The packed 100 bytes of a compact permit: value, deadline plus one (0 = never), r, vs.
#[must_use]
pub fn compact_permit_body(value: U256, deadline: Deadline, r: B256, vs: B256) -> [u8; CompactPermit::LENGTH] {
    let mut body = [0; CompactPermit::LENGTH];
    body[..32].copy_from_slice(&value.to_be_bytes::<32>());
    body[32..36].copy_from_slice(&deadline.field().to_be_bytes());
    body[36..68].copy_from_slice(r.as_slice());
    body[68..].copy_from_slice(vs.as_slice());
    body
}

/// Kinds of permit with a compact body of 100 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PermitKind {
    /// EIP-2612 on a token (also an aToken). A failing call is ignored; a missing allowance fails later.
    Token = 0,
    /// `delegationWithSig` on a variable debt token. A failing call reverts the transaction, so a front-run one does.
    AaveCredit = 1,
    /// Morpho or Comet.
    AllowCredit = 2,
}

/// The 24 bytes before a compact permit body.
#[must_use]
pub fn permit_header(kind: PermitKind, target: Address) -> [u8; 24] {
    let mut header = [0; 24];
    header[0] = PERMIT;
    header[1] = kind as u8;
    header[2..22].copy_from_slice(target.as_slice());
    header[23] = CompactPermit::LENGTH as u8;
    header
}

/// An allowance granted by signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Permit {
    /// Token, or variable debt token for a credit delegation.
    pub target: Address,
    /// What was signed.
    pub body: PermitBody,
}

/// The forms of signed allowances the composer knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PermitBody {
    /// EIP-2612, 100 bytes.
    Erc2612(CompactPermit),
    /// DAI's permit, 72 bytes: all or nothing.
    Dai {
        /// The owner's nonce.
        nonce: u32,
        /// Until when it may be used.
        expiry: Deadline,
        /// Signature r.
        r: B256,
        /// Signature s and parity.
        vs: B256,
    },
    /// Permit2's PermitSingle, 96 bytes.
    Permit2 {
        /// Allowance.
        amount: U160,
        /// Until when the allowance lasts.
        expiration: Deadline,
        /// Permit2's nonce for (owner, token, spender).
        nonce: u32,
        /// Until when the signature may be used.
        sig_deadline: Deadline,
        /// Signature r.
        r: B256,
        /// Signature s and parity.
        vs: B256,
    },
    /// Aave credit delegation, 100 bytes.
    CreditDelegation(CompactPermit),
    /// Morpho or Comet authorisation, 100 bytes; `value` holds flags and nonce.
    AllowCredit(CompactPermit),
}

impl Permit {
    /// A token's EIP-2612 permit.
    #[must_use]
    pub const fn token(token: Address, permit: CompactPermit) -> Self {
        Self { target: token, body: PermitBody::Erc2612(permit) }
    }

    /// A credit delegation on a variable debt token.
    #[must_use]
    pub const fn credit_delegation(debt_token: Address, permit: CompactPermit) -> Self {
        Self { target: debt_token, body: PermitBody::CreditDelegation(permit) }
    }

    const fn kind(&self) -> PermitKind {
        match self.body {
            PermitBody::Erc2612(_) | PermitBody::Dai { .. } | PermitBody::Permit2 { .. } => PermitKind::Token,
            PermitBody::CreditDelegation(_) => PermitKind::AaveCredit,
            PermitBody::AllowCredit(_) => PermitKind::AllowCredit,
        }
    }

    const fn body_len(&self) -> u8 {
        match self.body {
            PermitBody::Dai { .. } => 72,
            PermitBody::Permit2 { .. } => 96,
            _ => CompactPermit::LENGTH as u8,
        }
    }

    pub(super) const fn encoded_len(&self) -> usize {
        24 + self.body_len() as usize
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        writer.u8(PERMIT).u8(self.kind() as u8).address(self.target).u16(u16::from(self.body_len()));
        match &self.body {
            PermitBody::Erc2612(permit) | PermitBody::CreditDelegation(permit) | PermitBody::AllowCredit(permit) => {
                permit.write(writer);
            }
            PermitBody::Dai { nonce, expiry, r, vs } => {
                writer.u32(*nonce).u32(expiry.field()).raw(r.as_slice()).raw(vs.as_slice());
            }
            PermitBody::Permit2 { amount, expiration, nonce, sig_deadline, r, vs } => {
                writer.raw(&amount.to_be_bytes::<20>()).u32(expiration.field()).u32(*nonce);
                writer.u32(sig_deadline.field()).raw(r.as_slice()).raw(vs.as_slice());
            }
        }
    }

    /// Reads what follows the byte `50`.
    pub(super) fn read(cursor: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        cursor.reading("PERMIT");
        let at_kind = cursor.offset();
        let kind = cursor.u8()?;
        if kind > 2 {
            return Err(DecodeError::new(at_kind, DecodeReason::UnknownSubOp { group: "PERMIT", sub: kind }));
        }
        let target = cursor.address()?;
        let at_length = cursor.offset();
        let length = usize::from(cursor.u16()?);
        let wrong_length = DecodeError::new(at_length, DecodeReason::PermitLength(length));
        let body = match (kind, length) {
            (0, CompactPermit::LENGTH) => PermitBody::Erc2612(CompactPermit::read(cursor)?),
            (1, CompactPermit::LENGTH) => PermitBody::CreditDelegation(CompactPermit::read(cursor)?),
            (2, CompactPermit::LENGTH) => PermitBody::AllowCredit(CompactPermit::read(cursor)?),
            (0, 72) => PermitBody::Dai {
                nonce: cursor.u32()?,
                expiry: Deadline::from_field(cursor.u32()?),
                r: cursor.b256()?,
                vs: cursor.b256()?,
            },
            (0, 96) => PermitBody::Permit2 {
                amount: U160::from_be_slice(cursor.take(20)?),
                expiration: Deadline::from_field(cursor.u32()?),
                nonce: cursor.u32()?,
                sig_deadline: Deadline::from_field(cursor.u32()?),
                r: cursor.b256()?,
                vs: cursor.b256()?,
            },
            _ => return Err(wrong_length),
        };
        Ok(Self { target, body })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_is_written_plus_one_and_never_is_zero() {
        assert_eq!(Deadline::at(0).expect("fits").field(), 1);
        assert_eq!(Deadline::at(4_294_967_294).expect("fits").field(), u32::MAX);
        assert_eq!(Deadline::at(4_294_967_295), Err(EncodeError::DeadlineTooLate(4_294_967_295)));
        assert_eq!(Deadline::Never.field(), 0);
        assert_eq!(Deadline::from_field(0).to_sign(), U256::MAX);
        assert_eq!(Deadline::from_field(1).to_sign(), U256::ZERO);
    }

    #[test]
    fn header_and_body_make_the_same_bytes_as_the_typed_op() {
        let (r, vs) = (B256::repeat_byte(1), B256::repeat_byte(2));
        let deadline = Deadline::at(1_900_000_000).expect("fits");
        let permit = CompactPermit { value: U256::from(7), deadline, r, vs };
        let target = Address::repeat_byte(9);
        let kinds = [
            (PermitKind::Token, PermitBody::Erc2612(permit)),
            (PermitKind::AaveCredit, PermitBody::CreditDelegation(permit)),
            (PermitKind::AllowCredit, PermitBody::AllowCredit(permit)),
        ];
        for (kind, body) in kinds {
            let mut writer = Writer::default();
            Permit { target, body }.write(&mut writer);
            let by_hand =
                [&permit_header(kind, target)[..], &compact_permit_body(U256::from(7), deadline, r, vs)].concat();
            assert_eq!(writer.into_bytes(), by_hand);
        }
    }

    #[test]
    fn a_signature_with_high_s_is_refused() {
        let high = Signature::new(U256::from(1), U256::MAX, false);
        assert_eq!(CompactPermit::new(U256::ZERO, Deadline::Never, &high), Err(EncodeError::HighS));
        let odd = Signature::new(U256::from(1), U256::from(2), true);
        let permit = CompactPermit::new(U256::ZERO, Deadline::Never, &odd).expect("low s");
        assert_eq!(permit.vs.0[0], 0x80);
    }
}
