//! The journal by user story: what it remembers, whom it lets write, and what it refuses.

mod crash;
mod kit;
mod life;
mod lock;
mod model;
mod nonces;
mod records;
