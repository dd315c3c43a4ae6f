//! Room `scenarios`; see the map in lib.rs.
