//! The pages people use.
