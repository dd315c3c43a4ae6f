//! Room `loops`; see the map in lib.rs.
