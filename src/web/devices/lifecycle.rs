//! The drawing of a device's life: its boxes and ways come from the table of the process.

use crate::{
    app::App,
    domain::lifecycle::{
        StateName as S,
        table::{Leads, RULES, next_step, rule},
    },
    service::devices::{CHANGES, DeviceView},
    web::{
        gatebox::of_state,
        parts::{Edge, Lifecycle, Spot, Stage, Standing, Step, plural},
        words,
    },
};

/// The box that a state stands in: what is asked for and what is accepted share one.
fn spot(state: S) -> Spot {
    match state {
        S::Draft | S::Requested | S::Accepted => Spot::Requested,
        S::ReducedSupport => Spot::Reduced,
        S::UnderReview => Spot::Review,
        S::CtrlOwned => Spot::Owned,
        S::Declined | S::Withdrawn | S::Retired => Spot::Ended,
    }
}

/// The way between two boxes, where the drawing has one.
fn edge(from: Spot, to: Spot) -> Option<Edge> {
    match (from, to) {
        (Spot::Requested, Spot::Reduced) => Some(Edge::Start),
        (Spot::Reduced, Spot::Review) => Some(Edge::Ask),
        (Spot::Review, Spot::Owned) => Some(Edge::Own),
        (Spot::Owned, Spot::Reduced) => Some(Edge::HandBack),
        (_, Spot::Ended) => Some(Edge::End),
        _ => None,
    }
}

/// The next box on the way, by the table: a step within a box is passed over.
fn next_spot(state: S) -> Option<Spot> {
    let mut at = state;
    while let Some(step) = next_step(at) {
        let Leads::To(to) = rule(step).leads else { return None };
        if spot(to) != spot(state) {
            return Some(spot(to));
        }
        at = to;
    }
    None
}

/// Whether the table knows a way from one box to the other.
fn is_a_way(from: Spot, to: Spot) -> bool {
    RULES.iter().any(|r| matches!(r.leads, Leads::To(s) if spot(s) == to) && r.from.iter().any(|s| spot(*s) == from))
}

pub fn draw(app: &App, v: &DeviceView) -> Lifecycle {
    let state = v.device.state.name();
    let here = spot(state);
    let next = next_spot(state).filter(|to| is_a_way(here, *to));
    let been: Vec<_> = v.states().collect();
    let day = |at| words::day(app, at, v.now);
    // When it was last in a box: from its first state there to whatever came after.
    let stay = |of: Spot| {
        let last = been.iter().rposition(|(_, s)| spot(*s) == of)?;
        let first = been[..=last].iter().rposition(|(_, s)| spot(*s) != of).map_or(0, |i| i + 1);
        Some((been[first].0, been.get(last + 1).map(|(at, _)| *at)))
    };
    let boxes = [
        (Spot::Requested, S::Requested),
        (Spot::Reduced, S::ReducedSupport),
        (Spot::Review, S::UnderReview),
        (Spot::Owned, S::CtrlOwned),
    ];
    let mut stages: Vec<Stage> = boxes
        .into_iter()
        .map(|(of, shown)| {
            if of == here {
                let since = v.device.state.since().unwrap_or(v.now);
                let line = format!("You are here · {}", words::so_far(since, v.now));
                return Stage::new(of, of_state(state), Standing::Here, &line);
            }
            if Some(of) == next {
                return Stage::new(of, of_state(shown), Standing::Next, &next_line(v));
            }
            match stay(of) {
                Some((from, Some(to))) => {
                    Stage::new(of, of_state(shown), Standing::Past, &format!("{} – {}", day(from), day(to)))
                }
                _ if here == Spot::Ended => Stage::new(of, of_state(shown), Standing::Later, "Not reached"),
                // It was imported into a later state, or has gone through more than is looked at.
                _ if boxes.iter().take_while(|(b, _)| *b != here).any(|(b, _)| *b == of) => {
                    let line = if (v.changes.len() as u64) < CHANGES { "Not on record" } else { "Earlier" };
                    Stage::new(of, of_state(shown), Standing::Later, line)
                }
                _ if of == Spot::Owned => Stage::new(of, of_state(shown), Standing::Later, "CTRL-owned"),
                _ => Stage::new(of, of_state(shown), Standing::Later, "Later"),
            }
        })
        .collect();
    if here == Spot::Ended {
        let since = v.device.state.since().unwrap_or(v.now);
        let line = format!("{}, reason on record", day(since));
        stages.push(Stage::new(Spot::Ended, of_state(state), Standing::Here, &line));
    }
    let mut steps: Vec<(Edge, Step)> = Vec::new();
    for pair in been.windows(2) {
        if let Some(e) = edge(spot(pair[0].1), spot(pair[1].1)) {
            steps.retain(|(known, _)| *known != e);
            steps.push((e, Step::Gone));
        }
    }
    if let Some(e) = next.and_then(|to| edge(here, to)) {
        steps.retain(|(known, _)| *known != e);
        steps.push((e, Step::Next));
    }
    Lifecycle { id: "lc".to_owned(), stages, steps }
}

/// `Next · 3 gates open`; where the step before is still within this box, that step comes first.
fn next_line(v: &DeviceView) -> String {
    match &v.step {
        Some((step, gates)) => {
            let inside = matches!(rule(*step).leads, Leads::To(to) if spot(to) == spot(v.device.state.name()));
            let open = gates.iter().filter(|g| !g.met).count();
            match (inside, open) {
                (true, _) => "Once it is accepted".to_owned(),
                (false, 0) => "Next · every gate met".to_owned(),
                (false, n) => format!("Next · {} open", plural(n, "gate")),
            }
        }
        None => "Next".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use strum::IntoEnumIterator;

    /// Every way that is drawn is one of the table, and each live state but the last has a box to go on to.
    #[test]
    fn the_drawing_follows_the_table() {
        let all = [Spot::Requested, Spot::Reduced, Spot::Review, Spot::Owned];
        for from in all {
            for to in all {
                if edge(from, to).is_some() {
                    assert!(is_a_way(from, to), "{from:?} to {to:?}");
                }
            }
        }
        for state in S::iter() {
            let ends = state.is_end() || state == S::CtrlOwned;
            assert_eq!(next_spot(state).is_none(), ends, "{state}");
        }
        assert_eq!(next_spot(S::Requested), Some(Spot::Reduced));
    }
}
