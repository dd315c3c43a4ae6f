//! Room `plan`; see the map in lib.rs.
