//! Every command that changes something, in every situation: alone and beside a daemon, in an account with one loop and in one
//! with three, an own deposit and a stranger's dust, while paused, in words and as JSON.
//!
//! `rows` is the table: the commands in the order of a day, what each does to risk, and how it ends. `tree` holds it against
//! the program's own commands, so that none is forgotten. A `World` is one account in one situation; it runs the whole day on
//! a replica of its own.

mod answer;
mod crowd;
mod days;
#[cfg(feature = "failpoints")]
mod left;
mod rows;
mod tree;
mod world;
