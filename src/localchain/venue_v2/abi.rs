//! Interfaces of the venue's second version as its recipe and the local services use them, read from `abi/avantis_v2`.

// The events have the venue's arguments; the macro makes a constructor of each.
#![allow(clippy::too_many_arguments)]

use crate::abi::interfaces;

interfaces!("abi/avantis_v2/IV2Router.sol", "abi/avantis_v2/IV2StandIn.sol");
