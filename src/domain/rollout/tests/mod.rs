//! The machine, written down a second time by hand.

mod back;
mod given;
mod plans;
mod rules;
mod table;
mod walk;
