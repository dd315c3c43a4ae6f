//! Room `journal`; see the map in lib.rs.
