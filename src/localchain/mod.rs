//! Room `localchain`; see the map in lib.rs.
