//! Rollouts: one release on its way to many targets, in waves, inside a window (R1 to R6). [`decide()`] judges a command,
//! [`evolve()`] applies what happened, [`next()`] says what may begin now. All of it is pure.

mod command;
mod compare;
mod decide;
mod event;
mod evolve;
mod facts;
mod gates;
mod legacy;
mod next;
mod plan;
mod progress;
mod state;
mod story;
mod target;
#[cfg(test)]
mod tests;

pub use command::{Answer, Command, CommandKind, Outcome};
pub use compare::{Variation, baseline, compare, not_reported};
pub use decide::{Who, decide, from, who};
pub use event::{Event, EventKind, Happened};
pub use evolve::evolve;
pub use facts::{Facts, Released};
pub use gates::{START_GATES, judge_start, unanswered};
pub use legacy::{Legacy, LegacyDue, Retirement, Side, legacy_due};
pub use next::{closed, next, next_among, next_back, why_not};
pub use plan::{Chosen, Laid, Place, Plan, Wanted, lay};
pub use progress::{Counts, Progress, TargetProgress, progress};
pub use state::{Answered, Rollout, State, StateName, Step, What, Window, Word};
pub use story::{Audience, audience, tell};
pub use target::{BackState, Found, Hold, RollBack, Standing, StepState, Target, standing};

/// The step whose facts are compared with the baseline (R5).
pub const CHECK: &str = "check";
