//! The watchdog: what it decides at every head, and in which order it tries to get it done.
//!
//! [`rules`] turns one account's facts at one block, the settings and what was seen before into firings and actions
//! (strategy.md §5). [`ladder`] names the next rung when one is impossible, [`protection`] makes each rung's plan. All three are
//! pure: no network, no file, no clock; `scenarios::paths` runs them against thousands of crashes. [`runner`] reads heads and carries out what was decided;
//! [`ops`] is what runs beside it: alerts, heartbeat, figures, socket, service manager, live table.
//!
//! Promises: no action for safety lowers the health factor it is judged by, no boost aims below the opening floor; a stale
//! head is never acted upon, an old oracle answer is; nothing that somebody else does with the key stops the watch.
//! Figures that cannot be computed are an alert, never a silent "all well".

pub mod ladder;
pub mod ops;
pub mod protection;
pub mod rules;
pub mod runner;
