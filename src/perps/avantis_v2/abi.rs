//! Interfaces of the venue's second version, as far as they are spoken (avantis-v2.md §2.3).
#![allow(missing_docs, clippy::pub_underscore_fields)]

alloy::sol! {
    #![sol(extra_derives(Debug, PartialEq, Eq, Hash))]
    "abi/avantis_v2/IIntents.sol"
}
