//! What of a rollout's page changes while it is open: the whole of it but its frame (R4).

use super::{
    asides, href, pace, shades, state, target_href,
    verbs::{Verbs, label},
};
use crate::{
    app::App,
    domain::{
        id::PersonId,
        lifecycle::{Gate, Turn as Whose},
        rollout::{CommandKind, Rollout, Standing, State, StateName, StepState, Target, TargetProgress, closed},
    },
    service::rollouts::{LINES, View},
    web::{
        gatebox,
        parts::{
            Action, Aside, Banner, Bar, Cell, GateBox, Matrix, Pace, Shade, Side, Stat, Summary, SummarySection, Tag,
            TargetGroup, TargetRow, Tone, Turn, plural,
        },
        words,
    },
};
use askama::{Template, filters::HtmlSafe};
use sha2::{Digest, Sha256};

/// A line of its story.
pub(super) struct Line {
    pub when: String,
    pub who: String,
    pub what: String,
}

/// The page below its crumbs.
#[derive(Template)]
#[template(path = "rollouts/live.html")]
pub(super) struct Live {
    title: String,
    state: Tag,
    lead: String,
    actions: Vec<Action>,
    banners: Vec<Banner>,
    /// The plan to be checked, and the gates before its start, while it is planned.
    plan: Option<SummarySection>,
    gates: Option<GateBox>,
    stats: Vec<Stat>,
    bar: Bar,
    /// When it ends, how that lies to the window, whether it is late.
    end: Option<(String, String, bool)>,
    matrix: Matrix,
    /// Id, title and what there is.
    asides: Vec<(&'static str, &'static str, Vec<Aside>)>,
    consistency: Option<asides::Consistency>,
    pace: Option<Pace>,
    /// Which of what happened stands here.
    told: String,
    story: Vec<Line>,
}

// It escapes what it shows.
impl HtmlSafe for Live {}

impl Live {
    /// What it is known by: another one wherever anything of it is different.
    pub(super) fn mark(&self) -> askama::Result<String> {
        let digest = format!("{:x}", Sha256::digest(self.render()?));
        Ok(digest.chars().take(20).collect())
    }
}

/// A rollout as its reader sees it now.
pub(super) fn live(app: &App, v: &View, me: PersonId) -> Live {
    let r = &v.rollout;
    let verbs = Verbs { r, back: href(&r.number) };
    let counts = shades(&v.progress.counts);
    let planned = r.state.name() == StateName::Planned;
    let start = (planned && v.is_ctrl)
        .then(|| verbs.press(CommandKind::Start, label(CommandKind::Start), &Vec::new()).primary());
    Live {
        title: r.title.clone(),
        state: state(r.state.name()),
        lead: lead(app, v),
        actions: if v.is_ctrl { actions(&verbs) } else { Vec::new() },
        banners: banners(v),
        plan: planned.then(|| plan(app, v)),
        gates: planned.then(|| start_box(v, &v.gates, me, start)),
        stats: stats(&counts, r.targets.len()),
        bar: Bar::new("all", &counts),
        end: pace::ends(app, v),
        matrix: matrix(app, v),
        asides: asides::asides(app, v, &verbs, me),
        consistency: asides::consistency(v, &verbs),
        pace: pace::pace(app, v),
        told: match v.story.len() == LINES as usize {
            true => format!("the newest {LINES}, newest first"),
            false => "newest first".to_owned(),
        },
        story: v
            .story
            .iter()
            .map(|l| Line { when: words::moment(app, l.at), who: l.who.clone(), what: l.what.clone() })
            .collect(),
    }
}

/// `Started 09:00 by Lena Brandt · Karabo 3.2.1 · 30 targets, 8 steps, 8 at a time · window closes 22:00`.
fn lead(app: &App, v: &View) -> String {
    let r = &v.rollout;
    let at = |at| words::near(app, at, v.now);
    let begun = match r.started {
        Some(m) => format!("Started {} by {}", at(m.at), v.people.name(m.by)),
        None => format!("Planned {} by {}", at(r.planned.at), v.people.name(r.planned.by)),
    };
    let window = match (r.state.name(), r.window.until > v.now) {
        (StateName::Planned, _) => format!("window {} to {}", at(r.window.from), at(r.window.until)),
        (_, true) => format!("window closes {}", at(r.window.until)),
        (_, false) => format!("window closed {}", at(r.window.until)),
    };
    let many =
        format!("{}, {}, {} at a time", plural(r.targets.len(), "target"), plural(r.steps.len(), "step"), r.at_once);
    format!("{begun} · {} · {many} · {window}", r.what.words())
}

/// What CTRL can do with the whole of it.
fn actions(verbs: &Verbs<'_>) -> Vec<Action> {
    use CommandKind::{Abandon, Pause, Prolong, Resume, Stop};
    let none = Vec::new();
    let asks = |act| verbs.asks(act, label(act), &none);
    let amend = || Action::link(label(CommandKind::Amend), &format!("{}/amend", verbs.back)).icon("pencil");
    let stop = || asks(Stop).danger().icon("shut");
    match verbs.r.state.name() {
        StateName::Planned => vec![asks(Abandon).quiet(), amend()],
        StateName::Running => vec![asks(Abandon).quiet(), asks(Prolong).quiet(), asks(Pause).icon("pause"), stop()],
        StateName::Paused => vec![
            asks(Abandon).quiet(),
            asks(Prolong).quiet(),
            verbs.press(Resume, label(Resume), &none).icon("play").primary(),
            stop(),
        ],
        StateName::Stopped => vec![
            asks(Abandon).quiet(),
            asks(Prolong).quiet(),
            asks(Pause).icon("pause"),
            verbs.press(Resume, label(Resume), &none).icon("play").primary(),
        ],
        StateName::Finished | StateName::Abandoned => Vec::new(),
    }
}

/// What there is to know before anything else.
fn banners(v: &View) -> Vec<Banner> {
    let r = &v.rollout;
    let who = |by: Option<PersonId>, did: &str| match by {
        Some(by) => format!("{} {did}.", v.people.name(by)),
        None => format!("Custody {did} by itself."),
    };
    let mut all = Vec::new();
    match &r.state {
        State::Paused { why } => {
            let text = format!("{} Nothing new begins; what runs goes on.", sentence(&why.text));
            all.push(Banner::new(Tone::Warn, &who(why.by, "paused it"), &text));
        }
        State::Stopped { why } => {
            let text = format!(
                "{} What ran was interrupted: look at those targets, then resume. To have some rolled back, pause it.",
                sentence(&why.text)
            );
            all.push(Banner::new(Tone::Bad, &who(why.by, "stopped it"), &text));
        }
        State::Abandoned { why } => {
            all.push(Banner::new(Tone::Info, &who(why.by, "gave it up"), &sentence(&why.text)));
        }
        State::Running { .. } => match closed(r, v.now) {
            Some(why) => all.push(Banner::new(Tone::Warn, "Nothing begins now.", &why)),
            None if v.progress.late => {
                let text = "Prolong the window, or leave targets out, before it closes.";
                all.push(Banner::new(Tone::Warn, "At this pace it does not end inside its window.", text));
            }
            None => {}
        },
        State::Planned | State::Finished { .. } => {}
    }
    all
}

/// With a full stop, where whoever wrote it left it out.
fn sentence(text: &str) -> String {
    let text = text.trim();
    if text.ends_with(['.', '!', '?', '…']) { text.to_owned() } else { format!("{text}.") }
}

/// The answers to be checked before it starts.
fn plan(app: &App, v: &View) -> SummarySection {
    let r = &v.rollout;
    let names = |of: &dyn Fn(&Target) -> bool| -> String {
        let all: Vec<&str> = r.targets.iter().filter(|t| of(t)).map(|t| t.name.0.as_str()).collect();
        if all.is_empty() { "none".to_owned() } else { all.join(", ") }
    };
    let steps: Vec<String> = r
        .steps
        .iter()
        .map(|s| match (s.playbook.is_some(), s.sign_off) {
            (true, false) => s.label.clone(),
            (true, true) => format!("{} (signed off)", s.label),
            (false, _) => format!("{} (by hand)", s.label),
        })
        .collect();
    let baseline = match r.baseline.len() {
        0 => "what the check finds on the first target".to_owned(),
        n => plural(n, "fact"),
    };
    let mut answers = vec![
        Summary::new("Release", &r.what.words()),
        Summary::new("Kind", &r.label),
        Summary::new("Steps", &steps.join(", ")),
        Summary::new(
            "Window",
            &format!("{} to {}", words::moment(app, r.window.from), words::moment(app, r.window.until)),
        ),
        Summary::new("At once", &plural(r.at_once as usize, "target")),
        Summary::new("Pauses after", &format!("{} that failed", plural(r.stop_after_failed as usize, "target"))),
        Summary::new("Goes first", &names(&|t| t.wave == 0)),
        Summary::new("Then", &names(&|t| t.wave > 0)),
        Summary::new("Compared with", &baseline),
    ];
    let named = r.targets.iter().filter(|t| !t.scientists.is_empty());
    let named: Vec<String> = named.map(|t| format!("{} for {}", v.people.names(&t.scientists), t.name)).collect();
    if !named.is_empty() {
        answers.push(Summary::new("Scientists", &named.join("; ")));
    }
    let amend = format!("{}/amend", href(&r.number));
    if v.is_ctrl {
        answers = answers.into_iter().map(|a| a.change(&amend)).collect();
    }
    SummarySection { title: "Check the plan".to_owned(), answers }
}

/// The gates before the start, as their reader sees them.
pub(super) fn start_box(v: &View, gates: &[Gate], me: PersonId, step: Option<Action>) -> GateBox {
    let turn = |g: &Gate| match g.turn {
        Whose::Ctrl if v.is_ctrl => Turn::You(Side::Ctrl),
        _ => gatebox::turn_of(g, &v.people, Some(me)),
    };
    GateBox {
        id: "start".to_owned(),
        what: "The rollout".to_owned(),
        verb: "start".to_owned(),
        gates: gates.iter().map(|g| gatebox::gate(g, "", turn(g), |_| false)).collect(),
        mover: if v.is_ctrl { Turn::You(Side::Ctrl) } else { Turn::Side(Side::Ctrl) },
        step,
        locked: None,
        also: Vec::new(),
    }
}

fn stats(counts: &[(Shade, usize)], all: usize) -> Vec<Stat> {
    // What nobody has to know of unless it is there.
    let is_rare = |shade| matches!(shade, Shade::RolledBack | Shade::LeftOut);
    let shown = counts.iter().filter(|(shade, n)| *n > 0 || !is_rare(*shade));
    shown
        .map(|(shade, n)| Stat {
            shade: *shade,
            count: if *shade == Shade::Done { format!("{n} of {all}") } else { n.to_string() },
            words: shade.words(*n),
        })
        .collect()
}

fn shade(of: Standing) -> Shade {
    match of {
        Standing::Done => Shade::Done,
        Standing::NeedsPerson => Shade::NeedsPerson,
        Standing::Running => Shade::Running,
        Standing::WantsSignOff => Shade::SignOff,
        Standing::OnHold => Shade::OnHold,
        Standing::Waiting => Shade::Waiting,
        Standing::LeftOut => Shade::LeftOut,
        Standing::RollingBack | Standing::RolledBack => Shade::RolledBack,
    }
}

/// A step on a target, as its cell.
pub(super) fn cell(label: &str, of: &StepState, is_held: bool) -> Cell {
    let (class, icon, word) = match of {
        StepState::Waiting if is_held => ("halt", "pause", "on hold"),
        StepState::Waiting => ("", "minus", "waiting"),
        StepState::Running { .. } => ("run", "half", "running"),
        StepState::WantsSignOff { .. } => ("sign", "user", "wants sign-off"),
        StepState::Done { .. } => ("done", "check", "done"),
        StepState::Failed { .. } => ("fail", "x", "failed"),
        StepState::Unknown { .. } => ("fail", "alert", "nobody knows how it went"),
        StepState::Skipped { .. } => ("", "arrow", "skipped"),
        StepState::RolledBack => ("rb", "back", "rolled back"),
    };
    Cell { class, icon, label: format!("{label}: {word}") }
}

/// The cells of a target.
pub(super) fn cells(r: &Rollout, t: &Target, standing: Standing) -> Vec<Cell> {
    let here = t.step().filter(|_| standing == Standing::OnHold);
    let steps = t.steps.iter().zip(&r.steps).enumerate();
    steps.map(|(n, (state, step))| cell(&step.label, state, here == Some(n))).collect()
}

fn matrix(app: &App, v: &View) -> Matrix {
    let r = &v.rollout;
    let mut groups: Vec<TargetGroup> = Vec::new();
    for (t, p) in r.targets.iter().zip(&v.progress.targets) {
        let row = TargetRow {
            name: t.name.0.clone(),
            href: target_href(&r.number, &t.name),
            shade: shade(p.standing),
            done: p.done,
            all: p.all,
            cells: cells(r, t, p.standing),
            now: shortly(now(app, v, t, p), p.standing),
        };
        match groups.iter_mut().find(|g| g.title == t.group) {
            Some(group) => group.rows.push(row),
            None => groups.push(TargetGroup { title: t.group.clone(), rows: vec![row] }),
        }
    }
    Matrix { steps: r.steps.iter().map(|s| s.label.clone()).collect(), groups }
}

/// Why it failed stands where somebody is asked to do something about it.
pub(super) fn shortly(now: String, standing: Standing) -> String {
    match now.split_once(": ") {
        Some((what, _)) if standing == Standing::NeedsPerson => what.to_owned(),
        _ => now,
    }
}

/// What a target does now, with until when it is held, and which wave it waits for.
pub(super) fn now(app: &App, v: &View, t: &Target, p: &TargetProgress) -> String {
    match (p.standing, p.until) {
        (Standing::OnHold, Some(until)) => format!("{} until {}", p.now, words::near(app, until, v.now)),
        (Standing::Waiting, _) if !t.has_begun() && !v.rollout.wave_is_open(t.wave) => {
            format!("{}, wave {}", p.now, t.wave + 1)
        }
        _ => p.now.clone(),
    }
}
