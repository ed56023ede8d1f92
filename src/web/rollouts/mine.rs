//! What of rollouts and local changes waits for somebody, for their own page (E4).

use super::{href, target_href};
use crate::{
    domain::{
        due::in_words,
        person::Role,
        rollout::{LegacyDue, Rollout, Standing, StateName, StepState, legacy_due, standing},
    },
    service::{
        local_changes,
        rollouts::{self, Sides, Which},
    },
    web::{
        parts::{Action, plural},
        problem::Problem,
        visitor::Member,
    },
};
use chrono::{DateTime, Utc};

/// A sentence, the icon before it, and what to do.
pub struct Waits {
    pub icon: &'static str,
    pub text: String,
    pub action: Action,
}

/// What waits for this person: a fixed number of queries.
pub async fn waits(member: &Member) -> Result<Vec<Waits>, Problem> {
    let app = &member.visitor.app;
    let states = vec![StateName::Running, StateName::Paused, StateName::Stopped, StateName::Finished];
    let page = rollouts::list(app, &Which { states, before: None }).await?;
    let sides = rollouts::sides(app, &member.caller()).await?;
    let mut all: Vec<Waits> = page.rollouts.iter().flat_map(|r| of_rollout(member, &sides, r, page.now)).collect();
    let ctrl = member.has(&Role::Ctrl);
    for c in local_changes::list_overdue(app, None).await?.changes {
        if c.recorded.by == member.id() || ctrl {
            let text = format!(
                "The local change {} on `{}` was to be there until {}: end it, or give it another day",
                c.ticket,
                c.target,
                in_words(c.until)
            );
            let action =
                Action::link("See local changes", "/local-changes").small().about(&format!("for {}", c.ticket));
            all.push(Waits { icon: "clock", text, action });
        }
    }
    Ok(all)
}

fn of_rollout(member: &Member, sides: &Sides, r: &Rollout, now: DateTime<Utc>) -> Vec<Waits> {
    let (me, ctrl) = (member.id(), member.has(&Role::Ctrl));
    let mut all = Vec::new();
    let live = r.state.name().is_live();
    let open = |label: &str| Action::link(label, &href(&r.number)).small().about(&r.number);
    if live && ctrl {
        let wants = r.targets.iter().filter(|t| standing(r, t, now) == Standing::WantsSignOff);
        // What somebody did by hand another one signs off.
        let is_own = |s: &StepState| matches!(s, StepState::WantsSignOff { by, .. } if *by == Some(me));
        let wants = wants.filter(|t| t.step().is_some_and(|step| !is_own(&t.steps[step]))).count();
        if wants > 0 {
            let wait = if wants == 1 { "waits" } else { "wait" };
            let text = format!("{} of {}, {}, {wait} for a sign-off", plural(wants, "target"), r.number, r.title);
            all.push(Waits { icon: "user", text, action: open("Sign off") });
        }
    }
    if live && r.planned.by == me {
        let failed = r.targets.iter().filter(|t| standing(r, t, now) == Standing::NeedsPerson).count();
        if failed > 0 {
            let need = if failed == 1 { "needs" } else { "need" };
            let text = format!("{} of {}, {}, {need} a person", plural(failed, "target"), r.number, r.title);
            all.push(Waits { icon: "alert", text, action: open("See what they need") });
        }
    }
    for t in r.targets.iter().filter(|t| t.left_out.is_none()) {
        let side = sides.of(t);
        let due = legacy_due(t, &member.visitor.app.policy, now);
        if due.iter().any(|d| matches!(d, LegacyDue::NotAgreed(whose) if Some(*whose) == side)) {
            let day = t.legacy.as_ref().and_then(|l| l.retirement.as_ref()).map(|d| in_words(d.date));
            let text = format!("Agree on when the legacy system of `{}` goes: {}", t.name, day.unwrap_or_default());
            let action = Action::link("Read and agree", &target_href(&r.number, &t.name)).small();
            all.push(Waits { icon: "users", text, action: action.about(&format!("for {}", t.name)) });
        }
    }
    all
}
