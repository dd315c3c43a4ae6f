//! The daemon that trims loops before anybody can liquidate them.
//!
//! [`ops`] is what runs beside the rules: alerts, heartbeat, figures, socket, service manager, live table.

pub mod ops;
