//! The pages people use.
pub mod assets;
pub mod layout;
pub mod parts;
pub mod styleguide;
pub mod theme;
