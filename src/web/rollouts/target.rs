//! `/rollouts/{number}/targets/{target}`: a target in a rollout: its steps and their runs, what was found on it (R5), and
//! the legacy system beside it (R6).

use super::{
    asides::needs,
    href,
    legacy::{self, LegacyView},
    length, live,
    verbs::{Verbs, at, label, on},
};
use crate::{
    app::App,
    domain::{
        id::{PersonId, RunId, TargetName},
        rollout::{BackState, CommandKind, StepState, Target, TargetProgress, baseline, from},
    },
    service::rollouts::{self, Run, RunState, View},
    web::{
        layout::{Layout, Section},
        parts::{Action, Aside, Cell, Fact, Tag},
        problem::{Answer, Problem},
        visitor::Member,
        words,
    },
};
use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::{Path, Query},
    response::IntoResponse,
};
use chrono::{DateTime, Duration, Utc};
use serde::Deserialize;
use std::collections::BTreeSet;

/// How much of an output is shown at first: its end, in bytes.
const END: usize = 64 * 1024;

/// A step on it.
struct StepLine {
    label: String,
    cell: Cell,
    about: String,
    actions: Vec<Action>,
}

/// A run on it.
struct RunLine {
    title: String,
    state: Tag,
    about: String,
    /// Shows what it said, where the reader may read that.
    href: Option<String>,
    here: bool,
}

/// What a run said.
struct Said {
    title: String,
    text: String,
    /// Shows all of it, where this is its end alone.
    all: Option<String>,
}

/// Something that was found on it, beside what is to be.
struct Found {
    key: String,
    expected: String,
    found: String,
    differs: bool,
}

#[derive(Template, WebTemplate)]
#[template(path = "rollouts/target.html")]
struct TargetPage {
    layout: Layout,
    number: String,
    name: String,
    lead: String,
    now: String,
    actions: Vec<Action>,
    /// What it needs of somebody.
    needs: Vec<Aside>,
    steps: Vec<StepLine>,
    facts: Vec<Fact>,
    runs: Vec<RunLine>,
    said: Option<Said>,
    found: Vec<Found>,
    /// What the facts are compared with, or that none were reported.
    compared: String,
    legacy: Option<LegacyView>,
}

/// Whose output is read.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    run: Option<RunId>,
    /// Whether all of it is.
    #[serde(default)]
    all: Option<String>,
}

/// GET /rollouts/{number}/targets/{target}
pub(super) async fn show(
    member: Member,
    Path((number, name)): Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> Answer {
    let (app, caller) = (&member.visitor.app, member.caller());
    let view = rollouts::load(app, Some(&caller), &number).await?;
    let name = TargetName(name);
    let target = view.rollout.target(&name).ok_or_else(Problem::not_found)?;
    let of = view.progress.targets.iter().find(|p| p.name == name).ok_or_else(Problem::not_found)?;
    let runs = rollouts::runs(app, &number, Some(&name)).await?;
    let reads = member.me.profile.person.sees_origin();
    let shown = asked.run.or_else(|| runs.first().map(|run| run.id)).filter(|_| reads);
    let said = match shown {
        Some(run) => Some(rollouts::output(app, &caller, &number, run).await?).filter(|run| run.target == name),
        None => None,
    };
    let here = super::target_href(&number, &name);
    let verbs = Verbs { r: &view.rollout, back: here.clone() };
    let page = TargetPage {
        layout: member.layout(Section::Rollouts).await?,
        number: view.rollout.number.clone(),
        name: name.0.clone(),
        lead: lead(&view, target),
        now: live::shortly(live::now(app, &view, target, of), of.standing),
        actions: actions(&view, &verbs, target),
        needs: needs(&view, &verbs, target).into_iter().collect(),
        steps: steps(app, &view, &verbs, (target, of), member.id()),
        facts: facts(app, &view, target, reads),
        runs: runs.iter().map(|run| line(app, &view, run, &here, shown, reads)).collect(),
        said: said.map(|run| output(&view, run, &here, asked.all.is_some())),
        compared: compared(app, &view, target),
        found: found(&view, target),
        legacy: legacy::view(app, &view, &verbs, target),
    };
    Ok(page.into_response())
}

fn lead(v: &View, t: &Target) -> String {
    let wave = if t.wave == 0 { "the first wave".to_owned() } else { format!("wave {}", t.wave + 1) };
    let serves = match t.instrument.is_empty() || t.instrument == t.name.0 {
        true => String::new(),
        false => format!(", serves {}", t.instrument),
    };
    format!("{}, in {wave} of {}{serves}", t.group, v.rollout.title)
}

/// What CTRL can do with it as a whole.
fn actions(v: &View, verbs: &Verbs<'_>, t: &Target) -> Vec<Action> {
    use CommandKind::{Hold, LeaveOut, LetGo, RollBack};
    let may = |act: CommandKind| v.is_ctrl && from(act).contains(&v.rollout.state.name());
    let mut all = Vec::new();
    let rests = t.run().is_none() && t.left_out.is_none();
    if t.hold.is_some() && may(LetGo) {
        all.push(verbs.press(LetGo, label(LetGo), &on(&t.name)).icon("play"));
    } else if !t.is_settled() && may(Hold) {
        all.push(verbs.asks(Hold, &format!("Hold {}", t.name), &on(&t.name)).icon("pause"));
    }
    if rests && t.rolled_back.is_none() && t.has_begun() && may(RollBack) {
        all.push(verbs.asks(RollBack, &format!("Roll {} back", t.name), &on(&t.name)).icon("back"));
    }
    let is_back = |t: &Target| t.rolled_back.as_ref().is_none_or(|b| matches!(b.state, BackState::Done { .. }));
    if rests && !t.is_settled() && is_back(t) && may(LeaveOut) {
        all.push(verbs.asks(LeaveOut, &format!("Leave {} out", t.name), &on(&t.name)).danger());
    }
    all
}

/// As it took: `40 s`, `25 min`.
fn took(of: Duration) -> String {
    match of.num_seconds() {
        s @ 0..60 => format!("{s} s"),
        _ => length(of),
    }
}

fn steps(app: &App, v: &View, verbs: &Verbs<'_>, (t, p): (&Target, &TargetProgress), me: PersonId) -> Vec<StepLine> {
    let r = &v.rollout;
    let cells = live::cells(r, t, p.standing);
    let all = t.steps.iter().zip(&r.steps).zip(cells).enumerate();
    all.map(|(n, ((state, step), cell))| {
        let took = |seconds: &Option<u64>| match seconds {
            Some(s) => format!(", in {}", took(Duration::seconds(i64::try_from(*s).unwrap_or_default()))),
            None => String::new(),
        };
        let by = |by: &Option<PersonId>| match by {
            Some(by) => format!(" by {}", v.people.name(*by)),
            None => String::new(),
        };
        let at = |at: &DateTime<Utc>| words::near(app, *at, v.now);
        let about = match state {
            StepState::Waiting if step.playbook.is_none() => "By hand".to_owned(),
            StepState::Waiting => format!("At most {} min", step.minutes),
            StepState::Running { since, .. } => format!("Running since {}, at most {} min", at(since), step.minutes),
            StepState::WantsSignOff { since, took_seconds, by: who } => {
                let next = match *who == Some(me) {
                    true => "another member of CTRL signs it off",
                    false => "wants sign-off",
                };
                format!("Done {}{}{}, {next}", at(since), took(took_seconds), by(who))
            }
            StepState::Done { at: when, took_seconds, by: who } => {
                format!("Done {}{}{}", at(when), took(took_seconds), by(who))
            }
            StepState::Failed { at: when, .. } => format!("Failed {}", at(when)),
            StepState::Unknown { at: when, .. } => format!("Nobody knows how it went, {}", at(when)),
            StepState::Skipped { remark } => {
                format!("Skipped {} by {}: {}", at(&remark.mark.at), v.people.name(remark.mark.by), remark.text)
            }
            StepState::RolledBack => "Rolled back".to_owned(),
        };
        StepLine { label: step.label.clone(), cell, about, actions: step_actions(v, verbs, t, n, me) }
    })
    .collect()
}

/// What CTRL can do with a step that is not the one that is asked about above: to skip it before its turn, to sign it off.
fn step_actions(v: &View, verbs: &Verbs<'_>, t: &Target, n: usize, me: PersonId) -> Vec<Action> {
    use CommandKind::{SignOff, Skip};
    let out = t.left_out.is_some() || t.rolled_back.is_some();
    if out || !v.is_ctrl || !v.rollout.state.name().is_live() {
        return Vec::new();
    }
    let sends = at(&t.name, n);
    let about = format!("{} on {}", v.rollout.step_label(n), t.name);
    match &t.steps[n] {
        StepState::Waiting => vec![verbs.asks(Skip, "Skip", &sends).small().quiet().about(&about)],
        // Nobody signs off what they did by hand.
        StepState::WantsSignOff { by, .. } if *by == Some(me) => Vec::new(),
        StepState::WantsSignOff { .. } => vec![verbs.press(SignOff, label(SignOff), &sends).small().about(&about)],
        _ => Vec::new(),
    }
}

fn facts(app: &App, v: &View, t: &Target, reads: bool) -> Vec<Fact> {
    let mut all = Vec::new();
    if reads {
        all.push(Fact::name("Host", &t.host));
    }
    let said = |r: &crate::domain::cycle::Remark| {
        format!("{}, {}: {}", v.people.name(r.mark.by), words::near(app, r.mark.at, v.now), r.text)
    };
    if let Some(hold) = &t.hold {
        let until = hold.until.map(|at| format!(" (until {})", words::near(app, at, v.now))).unwrap_or_default();
        all.push(Fact::words("On hold", &format!("{}{until}", said(&hold.remark))));
    }
    all.extend(t.rolled_back.as_ref().map(|b| Fact::words("Rolled back", &said(&b.remark))));
    all.extend(t.left_out.as_ref().map(|r| Fact::words("Left out", &said(r))));
    if !t.scientists.is_empty() {
        all.push(Fact::words("Scientists", &v.people.names(&t.scientists)));
    }
    for a in v.rollout.answers.values().filter(|a| a.target == t.name) {
        all.push(Fact::words("Local change", &format!("{} ({})", a.what, a.ticket)));
    }
    all
}

fn run_title(v: &View, run: &Run) -> String {
    let step = v.rollout.step_label(run.step);
    let back = if run.undo { ", taken back" } else { "" };
    let again = if run.attempt > 1 { format!(", attempt {}", run.attempt) } else { String::new() };
    format!("{step}{back}{again}")
}

fn line(app: &App, v: &View, run: &Run, here: &str, shown: Option<RunId>, reads: bool) -> RunLine {
    let state = match run.state {
        RunState::Running => Tag { icon: "half", ..Tag::plain("running") },
        RunState::Done => Tag::good("done"),
        RunState::Failed => Tag { icon: "bad", ..Tag::bad("failed") },
        RunState::Unknown => Tag::warn("nobody knows how it went"),
    };
    let span = match run.ended {
        Some(ended) => format!(", took {}", took(ended - run.begun)),
        None => String::new(),
    };
    let tasks = match run.tasks_all {
        0 => String::new(),
        all => format!(" · {} of {all} tasks", run.tasks_done),
    };
    RunLine {
        title: run_title(v, run),
        state,
        about: format!("{}{span}{tasks}", words::moment(app, run.begun)),
        href: reads.then(|| format!("{here}?run={}#output", run.id)),
        here: shown == Some(run.id),
    }
}

/// What a run said: its end, unless all of it is asked for.
fn output(v: &View, run: Run, here: &str, all: bool) -> Said {
    let title = run_title(v, &run);
    if run.output.is_empty() {
        return Said { title, text: "It has not said anything.".to_owned(), all: None };
    }
    if all || run.output.len() <= END {
        return Said { title, text: run.output, all: None };
    }
    let from = run.output.ceil_char_boundary(run.output.len() - END);
    let text = format!("… what came before is not shown\n{}", &run.output[from..]);
    Said { title, text, all: Some(format!("{here}?run={}&all=yes#output", run.id)) }
}

fn compared(app: &App, v: &View, t: &Target) -> String {
    match (&t.facts, baseline(&v.rollout)) {
        (None, _) => "No check has reported anything of it.".to_owned(),
        (Some(f), Some((_, Some(of)))) if *of == t.name => {
            format!("Found {}. The other targets are compared with these facts.", words::moment(app, f.at))
        }
        (Some(f), Some((_, Some(of)))) => format!("Found {}, beside what was found on {of}.", words::moment(app, f.at)),
        (Some(f), Some((_, None))) => format!("Found {}, beside the baseline.", words::moment(app, f.at)),
        (Some(f), None) => format!("Found {}. There is nothing yet to compare it with.", words::moment(app, f.at)),
    }
}

/// What was found on it, and what is to be; what differs first.
fn found(v: &View, t: &Target) -> Vec<Found> {
    let Some(facts) = &t.facts else { return Vec::new() };
    let varies: BTreeSet<&str> = v.variations.iter().filter(|x| x.target == t.name).map(|x| x.key.as_str()).collect();
    let expected = baseline(&v.rollout).map(|(facts, _)| facts);
    let missing = v.variations.iter().filter(|x| x.target == t.name && x.found.is_none()).map(|x| &x.key);
    let mut all: Vec<Found> = facts
        .values
        .keys()
        .chain(missing)
        .map(|key| Found {
            key: key.clone(),
            expected: expected.and_then(|e| e.get(key)).cloned().unwrap_or_else(|| "–".to_owned()),
            found: facts.values.get(key).cloned().unwrap_or_else(|| "not found".to_owned()),
            differs: varies.contains(key.as_str()),
        })
        .collect();
    all.sort_by_key(|f| !f.differs);
    all
}

impl TargetPage {
    /// The page of the rollout.
    fn home(&self) -> String {
        href(&self.number)
    }
}
