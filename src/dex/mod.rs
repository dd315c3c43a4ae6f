//! Room `dex`; see the map in lib.rs.
