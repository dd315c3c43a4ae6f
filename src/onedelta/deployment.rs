//! Where the composer lives on Base and how to tell its generations apart (onedelta-composer.md §0, §1).

use alloy::primitives::{Address, B256, address, b256};
use serde::Serialize;

/// Composer proxy: the contract to call and to approve.
pub const COMPOSER: Address = address!("0xB7ea94340e65CC68d1274aE483dfBE593fD6f21e");
/// Admin of the composer's proxy; whether its owner is renounced must be read on chain.
pub const PROXY_ADMIN: Address = address!("0x983B147a98bEAD1d4986B4c4c74c1984d0811Eb5");
/// Call forwarder, current; the CREATE2 address of known code.
pub const CALL_FORWARDER: Address = address!("0xfCa11b85ac641f1ba215259566d579A45519e506");
/// Call forwarder without the replace ops, the SDK's default.
pub const CALL_FORWARDER_OLD: Address = address!("0xfCa1154C643C32638AEe9a43eeE7f377f515c801");
/// Permit2, which the forwarder refuses to call.
pub const PERMIT2: Address = address!("0x000000000022D473030F116dDEE9F6B43aC78BA3");
/// Morpho Blue, hard-coded in the composer's callback.
pub const MORPHO_BLUE: Address = address!("0xBBBBBbbBBb9cC5e90e3b3Af64bdAF62C37EEFFCb");
/// Morpho Midnight, hard-coded in the composer's callback.
pub const MORPHO_MIDNIGHT: Address = address!("0xAdedD8ab6dE832766Fedf0FaC4992E5C4D3EA18A");
/// Uniswap v4 PoolManager, hard-coded in the composer's callback.
pub const UNISWAP_V4_POOL_MANAGER: Address = address!("0x498581fF718922c3f8e6A244956aF099B2652b2b");
/// Balancer V3 vault, hard-coded in the composer's callback.
pub const BALANCER_V3_VAULT: Address = address!("0xbA1333333333a1BA1108E8412f11850A5C319bA9");

/// EIP-1967 storage slot of a proxy's implementation.
pub const EIP1967_IMPLEMENTATION_SLOT: B256 =
    b256!("0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc");
/// EIP-1967 storage slot of a proxy's admin.
pub const EIP1967_ADMIN_SLOT: B256 = b256!("0xb53127684a568b3173ae13b9f8a6016e243e63b6e8ee1178d6a717850b5d6103");

/// keccak256 of the current logic's runtime code (22 396 bytes), built from source.
pub const LOGIC_CODE_HASH: B256 = b256!("0x845172ec959fae11034c82bdb03173084634ce31a2f00d0497349554ce98b7c4");
/// keccak256 of the same without its CBOR metadata (22 343 bytes).
pub const LOGIC_CODE_HASH_WITHOUT_METADATA: B256 =
    b256!("0x1143df927199ca651dd891d8904e953033eb4055e07154dc5f0f05986e21d4ea");

/// Composer generations; their calldata differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Generation {
    /// Without swaps, the one this codec writes for.
    Current,
    /// With swaps (0x10) and swap callbacks, before 2026-05.
    Legacy,
}

/// One deployed logic contract of the composer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogicRelease {
    /// The implementation.
    pub address: Address,
    /// When the project recorded it (ISO date).
    pub recorded: &'static str,
    /// What its calldata is like.
    pub generation: Generation,
}

/// Known implementations, newest first.
pub const RELEASES: &[LogicRelease] = &[
    LogicRelease {
        address: address!("0x176eEfc681A25660B5415E308d08df917ACb9e71"),
        recorded: "2026-07-22",
        generation: Generation::Current,
    },
    LogicRelease {
        address: address!("0xeaC918F73Ba5b11D21D31a72BD00ca4A22865C3f"),
        recorded: "2026-07-22",
        generation: Generation::Current,
    },
    LogicRelease {
        address: address!("0x46e617Eb5905cf2ea0B817cc1e133f3ef170A8D7"),
        recorded: "2026-05-06",
        generation: Generation::Current,
    },
    LogicRelease {
        address: address!("0x4039aD23E3d362D80Bd2Fb7A59d71a79198dF515"),
        recorded: "2026-02-23",
        generation: Generation::Legacy,
    },
];

/// The known release at an implementation address.
#[must_use]
pub fn release_of(implementation: Address) -> Option<&'static LogicRelease> {
    RELEASES.iter().find(|release| release.address == implementation)
}

/// Calldata of `deltaCompose(0x10)`, to be `eth_call`ed from anywhere: only a legacy composer knows the op.
pub const PROBE_CALLDATA: [u8; 100] = {
    let mut data = [0; 100];
    let [a, b, c, d] = super::DELTA_COMPOSE;
    (data[0], data[1], data[2], data[3]) = (a, b, c, d);
    data[35] = 0x20;
    data[67] = 1;
    data[68] = 0x10;
    data
};

/// What a current composer reverts the probe with: `InvalidOperation()`.
pub const PROBE_ANSWER: [u8; 4] = [0x39, 0x8d, 0x4d, 0x32];

/// Which generation reverts the probe with this data. Anything but `InvalidOperation()` is not the current one; that
/// includes an address without code, so check for code first.
#[must_use]
pub fn generation_of(probe_revert: &[u8]) -> Generation {
    if probe_revert == PROBE_ANSWER { Generation::Current } else { Generation::Legacy }
}

/// Selector of `deltaCompose(bytes)` on the composer.
pub const DELTA_COMPOSE: [u8; 4] = [0x17, 0xd7, 0x30, 0x91];

#[cfg(test)]
mod tests {
    use alloy::primitives::{U256, keccak256};

    use super::*;
    use crate::onedelta::{DecodeReason, decode_calldata};

    #[test]
    fn slots_are_the_hashes_of_their_names_minus_one() {
        let slot = |name: &str| B256::from(U256::from_be_bytes(keccak256(name).0) - U256::from(1));
        assert_eq!(slot("eip1967.proxy.implementation"), EIP1967_IMPLEMENTATION_SLOT);
        assert_eq!(slot("eip1967.proxy.admin"), EIP1967_ADMIN_SLOT);
    }

    #[test]
    fn the_probe_is_a_legacy_swap_byte_in_canonical_calldata() {
        let error = decode_calldata(&PROBE_CALLDATA).expect_err("legacy");
        assert_eq!((error.offset, error.reason), (0, DecodeReason::LegacySwap));
        assert_eq!(keccak256("InvalidOperation()")[..4], PROBE_ANSWER);
        assert_eq!(generation_of(&PROBE_ANSWER), Generation::Current);
        assert_eq!(generation_of(&[]), Generation::Legacy);
    }

    #[test]
    fn a_logic_nobody_recorded_is_unknown() {
        assert_eq!(release_of(RELEASES[0].address).map(|release| release.generation), Some(Generation::Current));
        assert_eq!(release_of(COMPOSER), None);
    }
}
