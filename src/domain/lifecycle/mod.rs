//! The heart: [`decide`] judges a command, [`evolve`] applies what happened. Both are pure.

pub mod command;
pub mod decide;
pub mod event;
pub mod evolve;
pub mod facts;
pub mod gates;
pub mod state;
pub mod table;
#[cfg(test)]
mod tests;
pub mod waiting;

pub use command::{Command, CommandKind};
pub use decide::decide;
pub use event::{Event, Happened};
pub use evolve::evolve;
pub use facts::{Actor, Facts, Readings};
pub use gates::{Gate, GateId, Turn};
pub use state::{State, StateName};
pub use table::{RULES, Rule, Who, rule};
