//! The journal by user story: what it remembers, whom it lets write, and what it refuses.
#![allow(clippy::expect_used, clippy::panic)]

#[cfg(test)]
mod crash;
#[cfg(test)]
mod damaged;
#[cfg(test)]
mod keep;
#[cfg(test)]
mod kit;
#[cfg(test)]
mod life;
#[cfg(test)]
mod lock;
#[cfg(test)]
mod model;
#[cfg(test)]
mod nonces;
#[cfg(test)]
mod orders;
#[cfg(test)]
mod perps;
#[cfg(test)]
mod records;
#[cfg(test)]
mod sagas;
#[cfg(test)]
mod upgrade;
