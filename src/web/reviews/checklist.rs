//! The checklist with its evidence, the timeline, and whose approvals count (T2, T3, T4).

use crate::{
    app::App,
    domain::{
        due::in_words,
        lifecycle::{CommandKind, Who},
        review::{Evidence, ItemState, Review},
    },
    service::devices::DeviceView,
    web::{
        devices::offers,
        gatebox::act_href,
        parts::{Action, Tag},
        words,
    },
};

/// A line of a list: what, how it stands, why, and what can be done.
pub struct Line {
    pub title: String,
    pub state: Tag,
    pub text: Vec<String>,
    pub link: Option<String>,
    pub actions: Vec<Action>,
}

/// Wrong, without a tag of git being meant.
fn wrong(label: &str) -> Tag {
    Tag { icon: "bad", ..Tag::bad(label) }
}

/// T3: every requirement, with the evidence that decides; evidence for another commit is stale.
pub fn items(app: &App, v: &DeviceView, review: &Review) -> Vec<Line> {
    let told = |e: &Evidence| {
        let m = &e.remark.mark;
        let by = format!("{}, {}, for {}", v.people.name(m.by), words::day(app, m.at, v.now), e.commit.short());
        if e.remark.text.is_empty() { vec![by] } else { vec![e.remark.text.clone(), by] }
    };
    let list = app.policy.transfer.checklist.iter().map(|item| {
        let (state, evidence) = match review.item(&item.id) {
            ItemState::Missing => (Tag::plain("no evidence yet"), None),
            ItemState::Stale(e) => (Tag::warn("stale: for another commit"), Some(e)),
            ItemState::Failed(e) => (wrong("failed"), Some(e)),
            ItemState::Met(e) => (Tag::good("met"), Some(e)),
        };
        let give = v.may(CommandKind::GiveEvidence) && review.commit.is_some();
        let href = format!("{}?item={}", act_href(v.device.name(), CommandKind::GiveEvidence), item.id);
        Line {
            title: item.name.clone(),
            state,
            text: evidence.map_or_else(|| vec![item.evidence.clone()], told),
            link: evidence.map(|e| e.link.clone()).filter(|l| l.starts_with("https://") || l.starts_with("http://")),
            actions: give
                .then(|| Action::link("Add evidence", &href).small().about(&format!("for {}", item.name)))
                .into_iter()
                .collect(),
        }
    });
    list.collect()
}

/// T4: each approval, and why it counts or not.
pub fn approvals(app: &App, v: &DeviceView) -> Vec<Line> {
    let one = |(a, stands): &(crate::domain::review::Approval, Result<(), &'static str>)| Line {
        title: v.people.name(a.mark.by).to_owned(),
        state: match stands {
            Ok(()) => Tag::good("counts"),
            Err(why) => wrong(&format!("does not count: {why}")),
        },
        text: vec![format!("{}, approved {}", words::moment(app, a.mark.at), a.commit.short())],
        link: None,
        actions: (v.me == Some(a.mark.by) && v.may(CommandKind::WithdrawApproval))
            .then(|| {
                let act = CommandKind::WithdrawApproval;
                Action::link(crate::web::acts::label(act), &act_href(v.device.name(), act)).small()
            })
            .into_iter()
            .collect(),
    };
    v.approvals.iter().map(one).collect()
}

/// T2: the milestones; late ones say so.
pub fn milestones(app: &App, v: &DeviceView, review: &Review) -> Vec<Line> {
    let Some(t) = &review.timeline else { return Vec::new() };
    let name = v.device.name();
    let one = |(m, n): (&crate::domain::review::Milestone, u32)| {
        let state = match m.reached {
            Some(mark) => Tag::good(&format!("reached {}", words::day(app, mark.at, v.now))),
            None if m.due < v.today => Tag::warn(&format!("late, was due {}", in_words(m.due))),
            None => Tag::plain(&format!("due {}", in_words(m.due))),
        };
        let reach = (m.reached.is_none() && t.agreed() && v.may(CommandKind::ReachMilestone)).then(|| {
            let next = format!("/devices/{name}/review#timeline");
            offers(v, CommandKind::ReachMilestone, &next).sending("milestone", n).small().about(&m.name)
        });
        Line { title: m.name.clone(), state, text: Vec::new(), link: None, actions: reach.into_iter().collect() }
    };
    t.milestones.iter().zip(1..).map(one).collect()
}

/// T2: which sides agreed, and who has to.
pub fn agreement(v: &DeviceView, review: &Review) -> (Vec<Tag>, Vec<Action>) {
    let Some(t) = &review.timeline else { return (Vec::new(), link(v, CommandKind::ProposeTimeline)) };
    let side = |mark: Option<crate::domain::cycle::Mark>, who: &str| match mark {
        Some(m) => Tag::good(&format!("{who} agreed: {}", v.people.name(m.by))),
        None => Tag::warn(&format!("{who} has yet to agree")),
    };
    let tags = vec![side(t.by_contributor, "Contributor"), side(t.by_ctrl, "CTRL")];
    let mine = if v.is(Who::Contributor) { t.by_contributor } else { t.by_ctrl };
    let mut actions = Vec::new();
    if mine.is_none() && v.may(CommandKind::AgreeTimeline) {
        let next = format!("/devices/{}/review#timeline", v.device.name());
        actions.push(offers(v, CommandKind::AgreeTimeline, &next).small().primary());
    }
    actions.extend(link(v, CommandKind::ProposeTimeline));
    (tags, actions)
}

/// A link to an act's form, where the reader may do it.
pub fn link(v: &DeviceView, act: CommandKind) -> Vec<Action> {
    let offer = || Action::link(crate::web::acts::label(act), &act_href(v.device.name(), act)).small();
    v.may(act).then(offer).into_iter().collect()
}
