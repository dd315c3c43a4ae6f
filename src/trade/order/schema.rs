//! The version of the order's form.

/// Version of the order's form. Version 1 were whole plans.
pub const ORDER_SCHEMA: u32 = 2;
