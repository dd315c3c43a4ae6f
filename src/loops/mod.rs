//! Leverage loops on Aave v3: arithmetic and planning (pure), flash sources and routes ranked, execution.

pub mod algebra;
mod class;
mod target;

pub use class::class_of;
pub use target::{Standing, Target, TargetError};
