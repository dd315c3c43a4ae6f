//! Names for addresses in explanations.
