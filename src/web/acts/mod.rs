//! The acts on a device, each with its own small form.

mod labels;

pub use labels::label;
