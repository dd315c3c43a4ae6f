//! Room `aave`; see the map in lib.rs.
