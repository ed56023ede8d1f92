//! How far a rollout is, target by target and as a whole, and when it is likely to end (R4).

use super::{
    state::{Rollout, State},
    target::{BackState, Standing, StepState, Target, standing},
};
use crate::domain::id::TargetName;
use chrono::{DateTime, Duration, Utc};

/// How many targets stand how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub done: usize,
    pub need_a_person: usize,
    pub running: usize,
    pub want_sign_off: usize,
    pub on_hold: usize,
    pub waiting: usize,
    pub left_out: usize,
    /// Those on their way back too.
    pub rolled_back: usize,
}

/// How far one target is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetProgress {
    pub name: TargetName,
    pub group: String,
    /// Steps that are done or skipped.
    pub done: usize,
    pub all: usize,
    pub standing: Standing,
    /// What it does now, in some words.
    pub now: String,
    /// Until when it is held, where that is known.
    pub until: Option<DateTime<Utc>>,
}

/// How far it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    pub counts: Counts,
    pub targets: Vec<TargetProgress>,
    /// At the pace of what is done; `None` where nothing more is to come.
    pub expected_end: Option<DateTime<Utc>>,
    /// Whether that is behind the end of the window.
    pub late: bool,
    /// How many targets were done at which moment.
    pub pace: Vec<(DateTime<Utc>, usize)>,
}

/// How far this rollout is at this moment.
pub fn progress(r: &Rollout, now: DateTime<Utc>) -> Progress {
    let mut counts = Counts::default();
    let mut targets = Vec::with_capacity(r.targets.len());
    for t in &r.targets {
        let is = standing(r, t, now);
        let counted = match is {
            Standing::Done => &mut counts.done,
            Standing::NeedsPerson => &mut counts.need_a_person,
            Standing::Running => &mut counts.running,
            Standing::WantsSignOff => &mut counts.want_sign_off,
            Standing::OnHold => &mut counts.on_hold,
            Standing::Waiting => &mut counts.waiting,
            Standing::LeftOut => &mut counts.left_out,
            Standing::RollingBack | Standing::RolledBack => &mut counts.rolled_back,
        };
        *counted += 1;
        targets.push(TargetProgress {
            name: t.name.clone(),
            group: t.group.clone(),
            done: t.steps.iter().filter(|s| s.is_over()).count(),
            all: t.steps.len(),
            standing: is,
            now: words(r, t, is, now),
            until: t.hold.as_ref().filter(|_| is == Standing::OnHold).and_then(|h| h.until),
        });
    }
    let expected_end = expected_end(r, now);
    let over = r.state.name().is_live() && now >= r.window.until;
    let late = over || expected_end.is_some_and(|end| end > r.window.until);
    Progress { counts, targets, expected_end, late, pace: pace(r) }
}

/// What a target does now.
fn words(r: &Rollout, t: &Target, is: Standing, now: DateTime<Utc>) -> String {
    let label = t.step().map(|s| r.step_label(s)).unwrap_or_default();
    match is {
        Standing::Done => "Done".to_owned(),
        Standing::LeftOut => "Left out".to_owned(),
        Standing::RolledBack => "Rolled back".to_owned(),
        Standing::RollingBack => match t.rolled_back.as_ref().and_then(|b| b.left.first()) {
            Some(step) => format!("{} is taken back", r.step_label(*step)),
            None => "Rolling back".to_owned(),
        },
        Standing::OnHold => format!("{label}: on hold"),
        Standing::WantsSignOff => format!("{label} wants sign-off"),
        Standing::Waiting => "Waiting".to_owned(),
        Standing::Running => match running_for(t, now).zip(t.step()) {
            Some((ran, step)) => {
                let left = Duration::minutes(r.steps[step].minutes.into()) - ran;
                match left.num_minutes() {
                    left if left > 0 => format!("{label}, {left} min left"),
                    left if left < 0 => format!("{label}, {} min over its time", -left),
                    _ => format!("{label}, at its end"),
                }
            }
            None => label,
        },
        Standing::NeedsPerson => match (&t.rolled_back, t.step().map(|s| &t.steps[s])) {
            (Some(back), _) => match &back.state {
                BackState::Failed { why, .. } => format!("Its way back failed: {}", line(why)),
                _ => "To be taken back by hand".to_owned(),
            },
            (None, Some(StepState::Failed { why, .. })) => format!("{label} failed: {}", line(why)),
            (None, Some(StepState::Unknown { why, .. })) => format!("{label}, nobody knows how it went: {}", line(why)),
            _ => format!("{label}, by hand"),
        },
    }
}

/// The first line of what the engine said, not endless.
fn line(why: &str) -> String {
    why.lines().next().unwrap_or_default().chars().take(200).collect()
}

fn running_for(t: &Target, now: DateTime<Utc>) -> Option<Duration> {
    match t.step().map(|s| &t.steps[s]) {
        Some(StepState::Running { since, .. }) => Some(now - *since),
        _ => None,
    }
}

/// How many were done when, from the start on.
fn pace(r: &Rollout) -> Vec<(DateTime<Utc>, usize)> {
    let Some(started) = r.started else { return Vec::new() };
    let mut done: Vec<DateTime<Utc>> =
        r.targets.iter().filter(|t| t.left_out.is_none()).filter_map(Target::done_at).collect();
    done.sort_unstable();
    std::iter::once((started.at, 0)).chain(done.into_iter().enumerate().map(|(n, at)| (at, n + 1))).collect()
}

/// What a step is likely to take, in seconds: as long as in the middle of those that were measured; before the first, as
/// long as it may.
fn usual(r: &Rollout, step: usize) -> i64 {
    let took = |t: &Target| match &t.steps[step] {
        StepState::Done { took_seconds, .. } | StepState::WantsSignOff { took_seconds, .. } => *took_seconds,
        _ => None,
    };
    let mut measured: Vec<u64> = r.targets.iter().filter_map(took).collect();
    measured.sort_unstable();
    match measured.get(measured.len() / 2) {
        Some(seconds) => i64::try_from(*seconds).unwrap_or(i64::MAX / 1000).min(7 * 86_400),
        None => i64::from(r.steps[step].minutes) * 60,
    }
}

/// When it ends at the pace so far: what is left, by as many as are worked on at once, and never before the longest of
/// them could. What waits for a person is counted as if it went on now.
fn expected_end(r: &Rollout, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let begins = match &r.state {
        State::Planned => now.max(r.window.from),
        State::Finished { .. } | State::Abandoned { .. } => return None,
        State::Running { .. } | State::Paused { .. } | State::Stopped { .. } => now,
    };
    let usual: Vec<i64> = (0..r.steps.len()).map(|step| usual(r, step)).collect();
    let left: Vec<i64> = r
        .targets
        .iter()
        .filter(|t| !t.is_settled() && t.rolled_back.is_none())
        .map(|t| {
            let open = t.steps.iter().zip(&usual).filter(|(s, _)| !s.is_over());
            let all: i64 = open
                .map(|(s, usual)| match s {
                    StepState::WantsSignOff { .. } => 0,
                    _ => *usual,
                })
                .sum();
            all - running_for(t, now).map_or(0, |ran| ran.num_seconds().max(0).min(usual[t.step().unwrap_or_default()]))
        })
        .collect();
    let longest = left.iter().copied().max()?;
    let together = left.iter().sum::<i64>() / i64::from(r.at_once.max(1));
    Some(begins + Duration::seconds(together.max(longest).max(0)))
}

impl Rollout {
    /// Whether its window ends within this time, and it does not.
    pub fn window_ends_within(&self, time: Duration, now: DateTime<Utc>) -> bool {
        self.state.name().is_live() && now < self.window.until && self.window.until - now <= time
    }
}
