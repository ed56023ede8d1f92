//! The questions of the first four sections, filled with what was typed.

use crate::{
    domain::{
        policy::Policy,
        request::{LevelOfSupport, Section},
    },
    service::drafts::{Answers, NO_AREA, Problem},
    web::parts::{Choice, Field, Kind, Width},
};
use strum::IntoEnumIterator;

/// Puts each problem to its field.
pub fn with_problems(mut fields: Vec<Field>, problems: &[Problem]) -> Vec<Field> {
    for field in &mut fields {
        if let Some(p) = problems.iter().find(|p| p.field == field.name) {
            field.error = Some(p.say.trim_end_matches('.').to_owned());
        }
    }
    fields
}

/// What a section is for, under its title.
pub fn intro(section: Section) -> &'static str {
    match section {
        Section::Device => "What it is called, where it serves, and where its code is.",
        Section::Scope => "Written down before any work, so that both sides mean the same.",
        Section::Support => "CTRL helps as best it can; none of this is a promise.",
        Section::Risks => "A device with reduced support must not harm services that others rely on.",
        Section::Contacts => {
            "The DOC calls these people, in this order, while the device has reduced support. Operators see the numbers \
             on the board."
        }
    }
}

/// The questions of a section; the contacts have a form of their own.
pub fn of(section: Section, a: &Answers, policy: &Policy) -> Vec<Field> {
    match section {
        Section::Device => device(a, policy),
        Section::Scope => scope(a),
        Section::Support => support(a),
        Section::Risks => risks(a, policy),
        Section::Contacts => Vec::new(),
    }
}

fn device(a: &Answers, policy: &Policy) -> Vec<Field> {
    let listed = &policy.facility.instruments;
    let instruments = if listed.is_empty() {
        Field::area("instruments", "Instruments")
            .hint("One to a line, like SCS.")
            .rows(2)
            .value(a.instruments.join("\n"))
    } else {
        let mut f = Field::checks("instruments", "Instruments", listed.iter().map(|i| Choice::new(i, i)).collect());
        f.values.clone_from(&a.instruments);
        f.hint("Where it is to be used.")
    };
    vec![
        Field::new(Kind::Name, "name", "Name of the package")
            .hint("Letters, digits, - and _, like beamConditionCheck. It stays for the device’s whole life.")
            .value(&a.name)
            .width(Width::W30)
            .max(80),
        Field::area("classes", "Device classes")
            .hint("One to a line, like BeamConditionCheck. What is seen running is recognised by them.")
            .value(&a.classes)
            .rows(2),
        Field::area("summary", "What does it do?")
            .hint("A sentence for an operator who does not know it.")
            .value(&a.summary)
            .rows(2)
            .max(4000),
        Field::text("group", "Your group").hint("Like SCS.").value(&a.group).width(Width::W20).max(200),
        instruments,
        Field::new(Kind::Name, "repository", "Repository")
            .hint(&repository_hint(policy))
            .value(&a.repository)
            .max(1024),
        Field::new(Kind::Name, "trunk", "Branch that releases are tagged on")
            .hint("Like main.")
            .value(&a.trunk)
            .width(Width::W20)
            .max(100),
        Field::new(Kind::Name, "folder", "Folder in the repository")
            .hint("Where the repository holds more than this device.")
            .value(&a.folder)
            .width(Width::W30)
            .max(200)
            .optional(),
    ]
}

/// Which addresses are taken here, so that nobody has to be refused to learn it (A16).
fn repository_hint(policy: &Policy) -> String {
    let r = &policy.repositories;
    let mut said = match r.hosts.split_last() {
        Some((last, [])) => format!("Read here: repositories on {last}"),
        Some((last, rest)) => format!("Read here: repositories on {} or {last}", rest.join(", ")),
        None => "Read here: repositories in the folders that the policy names".to_owned(),
    };
    let by: Vec<&str> = r.protocols.iter().map(String::as_str).filter(|p| *p != "http-loopback").collect();
    if !by.is_empty() {
        said += &format!(", by {}", by.join(" or "));
    }
    match policy.repository_rules().example() {
        Some(example) => format!("{said}. For example {example}"),
        None => format!("{said}."),
    }
}

fn scope(a: &Answers) -> Vec<Field> {
    let area = |name: &str, label: &str, hint: &str, value: &str| {
        Field::area(name, label).hint(hint).value(value).rows(3).max(4000)
    };
    vec![
        area("why", "Why is it needed?", "One or two sentences.", &a.why),
        area(
            "done",
            "When is it done?",
            "What must be true then, so that it can be checked some weeks after the transfer.",
            &a.done,
        ),
        area(
            "assumptions",
            "What do you assume?",
            "Beam modes, other devices, people. Or write that you assume nothing.",
            &a.assumptions,
        ),
        area("hardware", "Which hardware does it drive?", "Or write none.", &a.hardware).rows(2),
        area(
            "connectivity",
            "What must it reach over the network?",
            "Other devices, hosts and ports. Or write none.",
            &a.connectivity,
        )
        .rows(2),
        area("special", "Other requirements", "Data rates, memory, timing.", &a.special).rows(2).optional(),
    ]
}

fn support(a: &Answers) -> Vec<Field> {
    let about = |level| match level {
        LevelOfSupport::PairProgramming => "CTRL and you write parts of it together.",
        LevelOfSupport::RecurrentReview => {
            "CTRL looks at it every few weeks, so that the final review brings no surprise."
        }
        LevelOfSupport::FinalReviewOnly => "You work alone; CTRL sees it once, before it is taken over.",
    };
    let choices = LevelOfSupport::iter().map(|l| Choice::new(l.into(), l.words()).hint(about(l))).collect();
    let mut field = Field::radio("level", "How much help do you expect while it is developed?", choices)
        .hint("CTRL says in the discussion what it can give.");
    field.values = vec![a.level.clone()];
    vec![field]
}

fn risks(a: &Answers, policy: &Policy) -> Vec<Field> {
    let mut fields = Vec::new();
    if !policy.areas.critical.is_empty() {
        let none = Choice::new(NO_AREA, "None of these");
        let choices = policy.areas.critical.iter().map(|c| Choice::new(&c.id, &c.name)).chain([none]).collect();
        let mut areas = Field::checks("areas", "Does it touch one of these critical areas?", choices).hint(&format!(
            "Reading counts too. Each needs the sign-off of the area’s experts, and {} approvals in the review.",
            policy.transfer.approvals_critical
        ));
        areas.values.clone_from(&a.areas);
        fields.push(areas);
    }
    fields.push(
        Field::area("failures", "If it fails, what happens to services that have nothing to do with it?")
            .hint("Think of a full disk, a flood of messages, a wrong value written to hardware.")
            .value(&a.failures)
            .max(4000),
    );
    fields
}
