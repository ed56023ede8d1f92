//! The review page, put together.

use super::{
    Shown,
    checklist::{self, Line},
    findings, panel,
    panel::Panel,
};
use crate::{
    app::App,
    domain::{
        due::in_words,
        lifecycle::{CommandKind, Who},
        review::{FindingState, Ground, Review},
    },
    service::{devices::DeviceView, readings::authors},
    web::{
        gatebox,
        layout::Layout,
        parts::{Action, Chip, Fact, Finding, GateState, GateView, Pips, Side, Status, Tag, plural},
        words,
    },
};
use askama::Template;
use askama_web::WebTemplate;

#[derive(Template, WebTemplate)]
#[template(path = "reviews/show.html")]
pub struct ReviewPage {
    pub layout: Layout,
    pub name: String,
    pub commit: Option<String>,
    pub chip: Chip,
    pub holder: String,
    pub group: String,
    pub line: String,
    /// The verdict on top, and who has what.
    pub verdict: String,
    pub summary: String,
    pub blocked: bool,
    pub pips: Pips,
    pub pips_label: String,
    pub findings: Vec<Finding>,
    /// Label, address, whether it is the one shown.
    pub tabs: Vec<(String, String, bool)>,
    pub raise: Vec<Action>,
    pub items: Vec<Line>,
    pub panel: Option<Panel>,
    pub gates: Vec<GateView>,
    pub gate_pips: Pips,
    pub reviewed: Vec<Fact>,
    pub propose: Vec<Action>,
    pub approvals: Vec<Line>,
    pub needed: String,
    pub milestones: Vec<Line>,
    pub agreement: Vec<Tag>,
    pub timeline_actions: Vec<Action>,
    /// By whom and when, and the text.
    pub overview: Option<(String, String)>,
    pub overview_actions: Vec<Action>,
    pub joined: String,
    pub join: Vec<Action>,
    pub task: Vec<Fact>,
    pub task_actions: Vec<Action>,
}

impl ReviewPage {
    /// Nothing where the device is not under review.
    pub fn of(app: &App, layout: Layout, v: &DeviceView, shown: Shown) -> Option<Self> {
        let review = v.device.review()?;
        let name = v.device.name();
        let (verdict, summary, blocked) = verdict(v, review);
        let gates: Vec<GateView> = v.step.as_ref().map_or_else(Vec::new, |(_, gates)| {
            gates.iter().map(|g| gatebox::gate(g, name, gatebox::turn_of(g, &v.people, v.me), |_| false)).collect()
        });
        let met = gates.iter().filter(|g| g.state == GateState::Met).count();
        let (agreement, timeline_actions) = checklist::agreement(v, review);
        let needed = app.policy.approvals_needed(!v.device.request.areas.is_empty());
        let has = v.approvals.iter().filter(|(_, stands)| stands.is_ok()).count();
        Some(Self {
            name: name.to_owned(),
            commit: review.commit().map(|c| c.short().to_owned()),
            chip: Chip::of(Status::UnderReview).big(),
            holder: v.device.contributors.iter().next().map_or("nobody", |c| v.people.name(*c)).to_owned(),
            group: v.device.request.group.clone(),
            line: line(app, v, review),
            verdict,
            summary,
            blocked,
            pips: pips(v, review),
            pips_label: format!(
                "{} of {} closed",
                review.findings.len() - review.open_findings().count(),
                plural(review.findings.len(), "finding")
            ),
            findings: findings::list(app, v, review, shown),
            tabs: tabs(name, review, shown),
            raise: checklist::link(v, CommandKind::RaiseFinding),
            items: checklist::items(app, v, review),
            panel: panel::of(app, v, review),
            gate_pips: Pips::counts(met, 0, 0, gates.len() - met).small(),
            gates,
            reviewed: reviewed(app, v, review),
            propose: checklist::link(v, CommandKind::ProposeCommit),
            approvals: checklist::approvals(app, v),
            needed: format!("{has} of {needed}"),
            milestones: checklist::milestones(app, v, review),
            agreement,
            timeline_actions,
            overview: review.overview.as_ref().map(|o| {
                let by = format!("{}, {}", v.people.name(o.mark.by), words::day(app, o.mark.at, v.now));
                (by, o.text.clone())
            }),
            overview_actions: checklist::link(v, CommandKind::RecordOverview),
            joined: if review.joined.is_empty() {
                "No second contributor has joined. It is not required, and its absence goes on record.".to_owned()
            } else {
                format!("{} joined the review.", v.people.names(&review.joined))
            },
            join: match v.me {
                Some(me) if v.may(CommandKind::JoinReview) && !review.joined.contains(&me) => {
                    checklist::link(v, CommandKind::JoinReview)
                }
                _ => Vec::new(),
            },
            task: task(v, review),
            task_actions: match &review.taken_over {
                Some(t) if t.task_done.is_none() => checklist::link(v, CommandKind::ReportTask),
                _ => Vec::new(),
            },
            layout,
        })
    }
}

fn line(app: &App, v: &DeviceView, review: &Review) -> String {
    let mut parts = Vec::new();
    let reviewers: std::collections::BTreeSet<_> =
        review.findings.iter().map(|f| f.raised.mark.by).chain(review.approvals.iter().map(|a| a.mark.by)).collect();
    if !reviewers.is_empty() {
        parts.push(format!("reviewed by {}", v.people.names(&reviewers)));
    }
    if let Some(since) = v.device.state.since() {
        parts.push(format!("opened {}", words::day(app, since, v.now)));
    }
    if let Some(last) = review.timeline.as_ref().and_then(|t| t.milestones.last()) {
        parts.push(format!("to end {}", in_words(last.due)));
    }
    parts.join(" · ")
}

/// What holds it up, in a sentence, and who has how much to do.
fn verdict(v: &DeviceView, review: &Review) -> (String, String, bool) {
    let count = |state| review.findings.iter().filter(|f| f.state == state).count();
    let (open, answered) = (count(FindingState::Open), count(FindingState::Answered));
    let mine = review.findings.iter().filter(|f| findings::is_mine(v, f)).count();
    let mut summary = Vec::new();
    if mine > 0 {
        let what = if v.is(Who::Contributor) { "answer" } else { "verify" };
        summary.push(format!("You have {mine} to {what}."));
    }
    if open > 0 && !v.is(Who::Contributor) {
        summary.push(format!("{} for the contributor to follow up.", plural(open, "finding")));
    }
    if answered > 0 && mine != answered {
        summary.push(format!("{} for the reviewers to verify.", plural(answered, "answer")));
    }
    let left = open + answered;
    let verdict = if review.commit.is_none() {
        "No commit is under review yet".to_owned()
    } else if left > 0 && v.is(Who::Reviewer) {
        format!("You cannot approve yet: {} left", plural(left, "finding"))
    } else if left > 0 {
        format!("It cannot be approved yet: {} left", plural(left, "finding"))
    } else {
        match v.step.as_ref().map_or(0, |(_, gates)| gates.iter().filter(|g| !g.met).count()) {
            0 => "Every gate is met: CTRL can take ownership".to_owned(),
            n => format!("No finding is open; {} before ownership passes", plural(n, "gate")),
        }
    };
    if summary.is_empty() {
        summary.push(match review.commit {
            None => "A contributor proposes the commit that is to be reviewed.".to_owned(),
            Some(_) if left == 0 => "A reviewer who has no part in it approves the commit.".to_owned(),
            Some(_) => String::new(),
        });
    }
    (verdict, summary.join(" "), left > 0 || review.commit.is_none())
}

fn pips(v: &DeviceView, review: &Review) -> Pips {
    let done = review.findings.iter().filter(|f| f.state == FindingState::Accepted).count();
    let mine = review.findings.iter().filter(|f| findings::is_mine(v, f)).count();
    Pips::counts(done, 0, mine, review.findings.len() - done - mine)
}

fn tabs(name: &str, review: &Review, shown: Shown) -> Vec<(String, String, bool)> {
    let open = review.open_findings().count();
    let all = review.findings.len();
    [
        (Shown::Open, "open", "Open", open),
        (Shown::Closed, "closed", "Closed", all - open),
        (Shown::All, "all", "All", all),
    ]
    .into_iter()
    .map(|(which, word, label, n)| {
        (format!("{label} {n}"), format!("/devices/{name}/review?findings={word}"), which == shown)
    })
    .collect()
}

/// The commit under review, with everybody who wrote it: none of them approves it.
fn reviewed(app: &App, v: &DeviceView, review: &Review) -> Vec<Fact> {
    let Some(p) = &review.commit else { return Vec::new() };
    let authors: Vec<String> = authors(app, &v.people, &p.facts).into_iter().collect();
    let release = v.device.release_of(&p.facts.commit);
    vec![
        Fact::name("Commit", p.facts.commit.as_str()),
        Fact::words("Subject", &p.facts.subject),
        Fact::words("Written by", &authors.join(", ")),
        Fact::words("Proposed", &format!("{}, {}", v.people.name(p.mark.by), words::day(app, p.mark.at, v.now))),
        match release {
            Some(r) => Fact::name("Tag", r.tag().as_str()).with(Tag::good("verified")),
            None => Fact::tag("Tag", Tag::plain("not tagged and verified yet")),
        },
    ]
}

fn task(v: &DeviceView, review: &Review) -> Vec<Fact> {
    let Some(t) = &review.taken_over else { return Vec::new() };
    let by = format!("{}: {}", v.people.name(t.reason.mark.by), t.reason.text);
    match &t.ground {
        Ground::Orphaned {} => vec![Fact::words("Ground", "Its authors are gone"), Fact::words("Why", &by)],
        Ground::NeededElsewhere { instrument, task } => {
            let report = t.task_done.as_ref();
            vec![
                Fact::words("Ground", &format!("{instrument} needs it")),
                Fact::words("Why", &by),
                Fact::words("Author’s task", task),
                Fact::words("Report", report.map_or("not reported yet", |r| &r.text)),
            ]
        }
    }
}

impl ReviewPage {
    pub fn side(&self) -> Side {
        Side::Contributor
    }
}
