//! What is known of a device besides its state: what it is for, its releases, its preparation, the help log.

use super::gates::{form, offers};
use crate::{
    app::App,
    domain::{
        cycle::Help,
        lifecycle::{CommandKind, StateName},
        release::{TagNow, VerifiedTag},
    },
    service::{devices::DeviceView, readings::tagger},
    web::{
        gatebox::act_href,
        parts::{Action, Fact, Tag},
        words,
    },
};
use std::collections::BTreeMap;

/// What it is, as asked for.
pub fn facts(app: &App, v: &DeviceView) -> Vec<Fact> {
    let r = &v.device.request;
    let areas: Vec<&str> = r.areas.iter().map(|a| app.policy.area_name(a)).collect();
    let mut all = vec![
        Fact::name("Classes", &r.classes.join(", ")),
        Fact::words("Instruments", &r.instruments.join(", ")),
        Fact::words("Contributors", &v.people.names(&v.device.contributors)),
        Fact::words("CTRL contact", v.device.ctrl_contact.map_or("nobody yet", |c| v.people.name(c))),
        Fact::words("Help expected", r.level.words()),
        Fact::words("Done means", &r.done),
    ];
    if !areas.is_empty() {
        all.push(Fact::words("Critical areas", &areas.join(", ")));
    }
    all.push(Fact::name("Branch", &r.trunk));
    if let Some(reading) = &v.device.repository {
        let when = words::ago(reading.at, v.now);
        all.push(match &reading.reached {
            Ok(head) => Fact::words("Repository", &format!("reached {when}, at {}", head.short())),
            Err(why) => Fact::words("Repository", &format!("{when}: {why}")).with(Tag::bad("not reached")),
        });
    }
    all
}

/// H5, in one sentence: whether the framework there is supported.
pub fn framework(v: &DeviceView) -> Option<(bool, &'static str)> {
    let developed = v.device.state.is_developed() || v.device.state.name() == StateName::Accepted;
    match v.device.cycle.setup.framework_modified.filter(|_| developed)? {
        true => Some((false, "The framework itself is modified there: the whole service has no support.")),
        false => Some((true, "Only devices are developed there: the framework’s installation is supported.")),
    }
}

/// A line of the list of releases.
pub struct ReleaseView {
    pub tag: String,
    pub href: String,
    pub commit: String,
    pub when: String,
    pub about: String,
    pub state: Tag,
    /// Where nobody of CTRL made a tag of CTRL's device.
    pub stranger: Option<Tag>,
    pub actions: Vec<Action>,
}

/// Who made a tag: mostly one of whom the page speaks anyway, so that nobody is looked for among everybody.
fn made_by(app: &App, v: &DeviceView, of: &VerifiedTag) -> Option<String> {
    let author = of.tagger_email.as_deref().filter(|_| of.tagger.is_none());
    let near = author.and_then(|author| v.people.author(author, &app.author_key));
    near.map(str::to_owned).or_else(|| tagger(app, of))
}

/// G2: newest first, each with what has become of its tag.
pub fn releases(app: &App, v: &DeviceView) -> Vec<ReleaseView> {
    // One person makes many tags.
    let mut taggers: BTreeMap<[Option<&str>; 2], Option<String>> = BTreeMap::new();
    let all = v.device.releases.iter().rev().map(|r| {
        let state = match &r.tag_now {
            TagNow::Stands => Tag::good("verified"),
            TagNow::Moved { to, at } => {
                Tag::bad(&format!("the tag moved to {}, found {}", to.short(), words::day(app, *at, v.now)))
            }
            TagNow::Vanished { at } => Tag::bad(&format!("the tag vanished, found {}", words::day(app, *at, v.now))),
        };
        let look = v.may(CommandKind::CheckTag).then(|| {
            let next = format!("/devices/{}#releases", v.device.name());
            offers(v, CommandKind::CheckTag, &next).sending("tag", r.tag()).small().quiet().about(r.tag().as_str())
        });
        let made = [r.verified.tagger.as_deref(), r.verified.tagger_email.as_deref()];
        let by = taggers.entry(made).or_insert_with(|| made_by(app, v, &r.verified));
        let mut about = match (by, r.verified.annotated) {
            (Some(by), _) => format!("tagged by {by}, as the tag says"),
            (None, true) => "annotated tag".to_owned(),
            (None, false) => "light tag".to_owned(),
        };
        if let Some(said) = v.protections.get(r.tag().as_str()) {
            about = format!("{about}; {}", said.words());
        }
        ReleaseView {
            tag: r.tag().to_string(),
            href: crate::web::releases::href(v.device.name(), r.tag()),
            commit: r.commit().short().to_owned(),
            when: format!("verified {}", words::day(app, r.at, v.now)),
            about,
            state,
            stranger: v.tagged_by_strangers.contains(r.tag()).then(|| Tag::warn("tagged by nobody of CTRL")),
            actions: look.into_iter().collect(),
        }
    });
    all.collect()
}

/// An entry of the help log.
pub struct HelpView {
    pub kind: &'static str,
    /// What was asked, planned and given, a line each.
    pub lines: Vec<String>,
    pub state: Tag,
    pub actions: Vec<Action>,
}

/// H7: what was asked for and given, newest first. None of it is a promise.
pub fn help(app: &App, v: &DeviceView) -> Vec<HelpView> {
    let one = |h: &Help| {
        let day = |at| words::day(app, at, v.now);
        let mut lines = Vec::new();
        if let Some(a) = &h.asked {
            lines.push(format!("{} asked {}: {}", v.people.name(a.mark.by), day(a.mark.at), a.text));
        }
        if let Some((on, by)) = &h.scheduled {
            lines.push(format!("{} plans it for {on}.", v.people.name(by.by)));
        }
        if let Some(g) = &h.given {
            lines.push(format!("{} helped {}: {}", v.people.name(g.mark.by), day(g.mark.at), g.text));
        }
        let state = match (&h.given, &h.scheduled) {
            (Some(_), _) => Tag::good("given"),
            (None, Some((on, _))) => Tag::plain(&format!("planned for {on}")),
            (None, None) => Tag::plain("asked for"),
        };
        let act = |act: CommandKind| {
            let href = format!("{}?entry={}", act_href(v.device.name(), act), h.id);
            let about = h.asked.as_ref().map_or("", |a| &a.text);
            Action::link(crate::web::acts::label(act), &href).small().about(about)
        };
        let acts = [CommandKind::ScheduleHelp, CommandKind::LogHelp].into_iter();
        let actions = acts.filter(|a| h.given.is_none() && v.may(*a)).map(act).collect();
        HelpView { kind: h.kind.words(), lines, state, actions }
    };
    v.device.cycle.help.iter().rev().map(one).collect()
}

/// Who may develop there, and who is trained in what (H4, H6).
pub struct MemberView {
    pub name: String,
    pub access: Tag,
    /// What they are trained in and until when, or what is missing.
    pub training: Vec<Tag>,
    pub actions: Vec<Action>,
}

pub fn members(app: &App, v: &DeviceView) -> Vec<MemberView> {
    let one = |id| {
        let open = v.device.cycle.setup.access_of(id);
        let access = match open {
            Some(a) => Tag::plain(&format!("access since {}", words::day(app, a.granted.at, v.now))),
            None => Tag::plain("no access"),
        };
        let trained = v.people.get(id).map(|p| &p.trained);
        let topic = |t: &crate::domain::policy::Topic| match trained.and_then(|all| all.get(&t.id)) {
            Some(until) if *until > v.now => Tag::good(&format!("{} until {}", t.name, words::day(app, *until, v.now))),
            Some(until) => Tag::warn(&format!("{} ran out {}", t.name, words::day(app, *until, v.now))),
            None => Tag::warn(&format!("not trained in {}", t.name)),
        };
        let link = |act| {
            Action::link(crate::web::acts::label(act), &format!("{}?person={id}", act_href(v.device.name(), act)))
                .small()
                .about(v.people.name(id))
        };
        let mut acts = Vec::new();
        match open {
            Some(_) => acts.push(CommandKind::RevokeAccess),
            None => acts.push(CommandKind::GrantAccess),
        }
        acts.push(CommandKind::RecordTraining);
        MemberView {
            name: v.people.name(id).to_owned(),
            access,
            training: app.policy.training.topics.iter().map(topic).collect(),
            actions: acts.into_iter().filter(|a| v.may(*a)).map(link).collect(),
        }
    };
    v.device.developers().into_iter().map(one).collect()
}

/// The answers to whether "done" was reached (T10).
pub fn done(app: &App, v: &DeviceView) -> Vec<String> {
    let answers = v.device.done_answers.iter();
    answers
        .map(|a| {
            let verdict = if a.reached { "reached" } else { "not reached" };
            let m = &a.remark.mark;
            format!("{}, {}: {verdict}. {}", v.people.name(m.by), words::day(app, m.at, v.now), a.remark.text)
        })
        .collect()
}

/// What can be done from here where no step is next: hand-back and the rest of ownership.
pub fn onward(v: &DeviceView) -> Vec<Action> {
    use CommandKind::*;
    let acts = match v.device.state.name() {
        StateName::CtrlOwned => vec![HandBack, VerifyTag, Deploy],
        _ => Vec::new(),
    };
    acts.into_iter().filter(|a| v.may(*a)).map(|a| form(v, a)).collect()
}
