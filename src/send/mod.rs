//! Room `send`; see the map in lib.rs.
