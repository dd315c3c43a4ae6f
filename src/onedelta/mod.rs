//! Room `onedelta`; see the map in lib.rs.
