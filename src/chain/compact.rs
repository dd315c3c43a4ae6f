//! A batch as one deployless call: a hundred bytes of code ask everything and return the answers, packed.
//!
//! `Multicall3.aggregate3` pads each call and each answer to words: 224 bytes there and 160 back for one `balanceOf`. Packed it
//! is 39 and 36. The code runs as a contract creation that `eth_call` imagines, so nothing has to be deployed; what it returns
//! is held to the size of a contract (EIP-170), and what it is given to that of creation code (EIP-3860): it is for small
//! questions that are asked often. Endpoints that refuse such calls are asked through Multicall3.
//!
//! After the code: the number of targets in one byte, the targets, and for each call one byte for its target, two for the
//! length of its data, and the data. Back, for each call: one byte for success, three for a length, and what was returned.

use alloy::primitives::{Address, Bytes, hex};

/// The code. In words: copy what follows the code to memory at 0; read the number of targets; for each call load target and
/// length, `STATICCALL` it, append success, size and what was returned behind the input; return what was appended.
const CODE: [u8; 106] = hex!(
    // end: copy the input, its size stays on the stack as the place of the output; the first call is behind the targets
    "606a380380606a5f39805f5160f81c6014026001015b"
    // while there are calls; else return the output
    "8281106022575081900390f35b"
    // length and target of the call
    "80518060e81c61ffff169060f81c6014026001015160601c"
    // the call, with at most 20 million gas: none can burn what the others need
    "5f5f8385600301846301312d00fa9050"
    // success and size
    "60f81b3d60e01b178352"
    // what was returned
    "3d5f846004013e"
    // behind both
    "916004013d019101600301601556"
);

/// Most creation code (EIP-3860).
const MOST_BYTES: usize = 49_152;

/// The creation code that makes these calls; `None` when it would be too large or they are too different.
pub(super) fn pack(calls: &[(Address, Bytes)]) -> Option<Bytes> {
    let mut targets: Vec<Address> = Vec::new();
    let mut packed = Vec::new();
    for (target, data) in calls {
        let index = match targets.iter().position(|known| known == target) {
            Some(index) => index,
            None => {
                targets.push(*target);
                targets.len() - 1
            }
        };
        packed.push(u8::try_from(index).ok()?);
        packed.extend(u16::try_from(data.len()).ok()?.to_be_bytes());
        packed.extend_from_slice(data);
    }
    let mut code = CODE.to_vec();
    code.push(u8::try_from(targets.len()).ok()?);
    targets.iter().for_each(|target| code.extend_from_slice(target.as_slice()));
    code.extend(packed);
    (code.len() <= MOST_BYTES).then(|| code.into())
}

/// Success and data of each call; `None` when it is not what this code returns for so many.
pub(super) fn unpack(mut returned: &[u8], calls: usize) -> Option<Vec<(bool, Bytes)>> {
    let mut results = Vec::with_capacity(calls);
    for _ in 0..calls {
        let ([success, a, b, c], rest) = returned.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_be_bytes([0, *a, *b, *c])).ok()?;
        let (data, rest) = rest.split_at_checked(length)?;
        results.push((*success == 1, Bytes::copy_from_slice(data)));
        returned = rest;
    }
    returned.is_empty().then_some(results)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_packed_with_each_target_once() {
        let (one, two) = (Address::repeat_byte(1), Address::repeat_byte(2));
        let calls = [(one, Bytes::from_static(b"ab")), (two, Bytes::new()), (one, Bytes::from_static(b"c"))];
        let packed = pack(&calls).expect("small");
        let expected = [&[2u8][..], one.as_slice(), two.as_slice(), b"\0\0\x02ab", b"\x01\0\0", b"\0\0\x01c"].concat();
        assert_eq!(packed.get(CODE.len()..), Some(expected.as_slice()));
        let large = vec![(one, Bytes::from(vec![0; 40_000])); 2];
        assert_eq!(pack(&large), None);
        let many: Vec<_> =
            (0..300u16).map(|index| (Address::left_padding_from(&index.to_be_bytes()), Bytes::new())).collect();
        assert_eq!(pack(&many), None, "more targets than a byte counts");
    }

    #[test]
    fn what_is_not_an_answer_to_so_many_calls_is_none() {
        let returned = [&[1u8, 0, 0, 2][..], b"ab", &[0, 0, 0, 0]].concat();
        let expected = vec![(true, Bytes::from_static(b"ab")), (false, Bytes::new())];
        assert_eq!(unpack(&returned, 2), Some(expected));
        assert_eq!((unpack(&returned, 1), unpack(&returned, 3), unpack(&returned[..5], 2)), (None, None, None));
        assert_eq!(unpack(&[1, 255, 255, 255], 1), None);
    }
}
