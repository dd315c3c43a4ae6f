//! Interfaces of the perpetuals venue as its recipe and its keeper use them (avantis-v1.md §2, §3, §8), read from
//! `abi/avantis_v1`.

// The events have the venue's arguments; the macro makes a constructor of each.
#![allow(clippy::too_many_arguments)]

use crate::abi::interfaces;

interfaces!(
    "abi/avantis_v1/IExecute.sol",
    "abi/avantis_v1/IInitialize0.sol",
    "abi/avantis_v1/IInitialize1.sol",
    "abi/avantis_v1/IInitialize2.sol",
    "abi/avantis_v1/IInitialize3.sol",
    "abi/avantis_v1/IPairInfos.sol",
    "abi/avantis_v1/IPairStorage.sol",
    "abi/avantis_v1/IPriceAggregator.sol",
    "abi/avantis_v1/IReferral.sol",
    "abi/avantis_v1/ITranche.sol",
    "abi/avantis_v1/IVaultManager.sol",
    "abi/avantis_v1/Venue.sol",
);
