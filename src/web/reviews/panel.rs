//! The reader's decision: a locked answer stays in sight with its reason (A3, A4, T4, T5).

use crate::{
    app::App,
    domain::{
        lifecycle::{CommandKind, Who},
        review::Review,
    },
    service::devices::DeviceView,
    web::{
        acts,
        devices::offers,
        gatebox::act_href,
        parts::{Action, plural},
    },
};

/// What a reader can decide here.
pub struct Panel {
    /// Approve this very commit, at this revision.
    pub approve: Option<Action>,
    /// Why approving is locked.
    pub locked: Option<String>,
    /// The other ways: ask for changes, return to development, take ownership, withdraw.
    pub ways: Vec<(Action, String)>,
}

/// Only for those who decide: reviewers, and either side's way back.
pub fn of(app: &App, v: &DeviceView, review: &Review) -> Option<Panel> {
    let name = v.device.name();
    let mut ways = Vec::new();
    if v.may(CommandKind::RaiseFinding) {
        let ask = Action::link("Ask for changes", &act_href(name, CommandKind::RaiseFinding)).icon("plus");
        ways.push((ask, "Add a finding: the contributor is told, and it stays under review.".to_owned()));
    }
    if v.may(CommandKind::TakeOwnership) {
        let open = v.step.as_ref().map_or(0, |(_, gates)| gates.iter().filter(|g| !g.met).count());
        if open == 0 {
            let take = offers(v, CommandKind::TakeOwnership, &format!("/devices/{name}")).primary();
            ways.push((take, "Every gate is met: CTRL owns it from then on.".to_owned()));
        }
    }
    if v.may(CommandKind::ReturnToDevelopment) {
        let back = Action::link(
            acts::label(CommandKind::ReturnToDevelopment),
            &act_href(name, CommandKind::ReturnToDevelopment),
        );
        ways.push((back.danger(), "The review ends without a transfer. Say why.".to_owned()));
    }
    let reviewer = v.is(Who::Reviewer);
    if !reviewer && ways.is_empty() {
        return None;
    }
    let locked = reviewer.then(|| why_locked(app, v, review)).flatten();
    let approve = reviewer.then(|| {
        let commit = review.commit().map(ToString::to_string).unwrap_or_default();
        let button = offers(v, CommandKind::Approve, &format!("/devices/{name}/review")).sending("commit", commit);
        button.primary().icon("check")
    });
    Some(Panel { approve, locked, ways })
}

/// What keeps this reviewer from approving now.
fn why_locked(app: &App, v: &DeviceView, review: &Review) -> Option<String> {
    let Some(proposed) = &review.commit else {
        return Some("Opens when a contributor has proposed a commit.".to_owned());
    };
    if v.me.and_then(|me| v.people.get(me)).is_some_and(|p| p.wrote(&proposed.facts.authors, &app.author_key)) {
        return Some("You wrote part of this commit: a reviewer who did not decides on it.".to_owned());
    }
    let counts =
        |(a, stands): &(crate::domain::review::Approval, Result<(), &str>)| Some(a.mark.by) == v.me && stands.is_ok();
    if v.approvals.iter().any(counts) {
        return Some("You approved this commit.".to_owned());
    }
    match review.open_findings().count() {
        0 => None,
        n => Some(format!("Opens when no finding is open: {} left.", plural(n, "finding"))),
    }
}
