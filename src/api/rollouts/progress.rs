//! How far a rollout is, as it is sent (R4).

use crate::domain::rollout::{Counts, Progress, Rollout, closed};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

/// How many targets stand how.
#[derive(Serialize, ToSchema)]
#[schema(as = RolloutCounts)]
struct CountsDto {
    done: usize,
    need_a_person: usize,
    running: usize,
    want_sign_off: usize,
    on_hold: usize,
    waiting: usize,
    left_out: usize,
    /// Those on their way back too.
    rolled_back: usize,
}

impl From<Counts> for CountsDto {
    fn from(c: Counts) -> Self {
        let Counts { done, need_a_person, running, want_sign_off, on_hold, waiting, left_out, rolled_back } = c;
        Self { done, need_a_person, running, want_sign_off, on_hold, waiting, left_out, rolled_back }
    }
}

/// So many targets were done at this moment.
#[derive(Serialize, ToSchema)]
#[schema(as = RolloutPace)]
struct PaceDto {
    at: DateTime<Utc>,
    done: usize,
}

/// How far it is.
#[derive(Serialize, ToSchema)]
#[schema(as = RolloutProgress)]
pub struct ProgressDto {
    counts: CountsDto,
    /// Why no step begins anywhere now; none where steps may begin.
    closed: Option<String>,
    /// At the pace of what is done; none where nothing more is to come.
    expected_end: Option<DateTime<Utc>>,
    /// Whether that is behind the end of the window.
    late: bool,
    /// From its start on.
    pace: Vec<PaceDto>,
}

impl ProgressDto {
    pub fn new(r: &Rollout, progress: Progress, now: DateTime<Utc>) -> Self {
        Self {
            counts: progress.counts.into(),
            closed: closed(r, now),
            expected_end: progress.expected_end,
            late: progress.late,
            pace: progress.pace.into_iter().map(|(at, done)| PaceDto { at, done }).collect(),
        }
    }
}
