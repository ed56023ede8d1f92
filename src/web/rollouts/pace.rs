//! How fast a rollout goes, and how its end lies to its window (R4).

use super::{end, length};
use crate::{
    app::App,
    domain::rollout::State,
    service::rollouts::View,
    web::{
        parts::{Moments, Pace},
        words,
    },
};

/// When it ends, or ended, and how that lies to its window.
pub(super) fn ends(app: &App, v: &View) -> Option<(String, String, bool)> {
    let r = &v.rollout;
    if let State::Finished { at } = r.state {
        let late = at > r.window.until;
        let side = if late { "after" } else { "before" };
        let words = format!("ended, {} {side} the window’s end", length(r.window.until - at));
        return Some((words::near(app, at, v.now), words, late));
    }
    end(app, r, &v.progress, v.now)
}

/// How many were done when; nothing before it has started.
pub(super) fn pace(app: &App, v: &View) -> Option<Pace> {
    let (r, p) = (&v.rollout, &v.progress);
    let started = r.started?.at;
    let over = match &r.state {
        State::Finished { at } => Some(*at),
        State::Abandoned { why } => Some(why.at),
        _ => None,
    };
    let now = over.unwrap_or(v.now);
    let all = r.targets.iter().filter(|t| t.left_out.is_none()).count();
    let done: Vec<(i64, usize)> = p.pace.iter().map(|(at, n)| (at.timestamp(), *n)).collect();
    let at = Moments {
        from: started.timestamp(),
        now: now.timestamp(),
        until: r.window.until.timestamp(),
        end: p.expected_end.map(|end| end.timestamp()),
    };
    let near = |at| words::near(app, at, v.now);
    let is_done = p.pace.last().map_or(0, |(_, n)| *n);
    let so_far = format!("{is_done} of {all} done after {}.", length(now - started));
    let then = match (over, p.expected_end) {
        (None, Some(end)) => format!(" At this pace the last one is done at {}.", near(end)),
        _ => String::new(),
    };
    let side = if r.window.until > v.now { "closes" } else { "closed" };
    let pace = Pace::new(&done, all, at);
    Some(Pace {
        says: format!("{so_far}{then} The window {side} {}.", near(r.window.until)),
        from: near(started),
        now: pace.has_room().then(|| near(now)),
        until: format!("{} window {side}", near(r.window.until)),
        ..pace
    })
}
