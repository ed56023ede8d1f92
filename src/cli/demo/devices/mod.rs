//! The sample devices: a plan for each, and its life up to today.

mod early;
mod ended;
mod owned;
mod reduced;
mod review;
mod troubled;

use super::life::{Life, Plan};

/// A device's plan, and how it lived.
pub type Sample = (Plan, fn(&mut Life<'_>));

/// All of them.
pub fn all() -> Vec<Sample> {
    [early::samples(), reduced::samples(), troubled::samples(), review::samples(), owned::samples(), ended::samples()]
        .concat()
}

/// The login of whoever left the house: they cannot sign in any more.
pub const GONE: &str = "viktor";
