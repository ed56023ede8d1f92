//! The form of a plan: its questions, and what was meant by the answers (R1, R2).

use super::typed::{Reader, lines, typed_at};
use crate::{
    app::App,
    domain::{
        id::{PersonId, TargetName},
        person::{People, Person, Role},
        rollout::{Chosen, Plan, Rollout, Wanted, What, Window},
        tag::{TagName, TagRule},
    },
    service::FieldProblem,
    web::{
        acts::Typed,
        parts::{Choice, Field, Kind, Width},
    },
};
use std::collections::{BTreeMap, BTreeSet};

/// Answers of which there are several.
pub const MANY: [&str; 2] = ["target", "first"];

/// What a new plan begins with.
pub fn of_policy(app: &App) -> Typed {
    let policy = &app.policy.rollouts;
    let pairs = [("at_once", policy.at_once.to_string()), ("stop_after", policy.stop_after_failed.to_string())];
    Typed(pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

/// What stands on record, as it would be typed.
pub fn of_rollout(app: &App, r: &Rollout, people: &People) -> Typed {
    let (of, [framework, version, device, tag]) = match &r.what {
        What::Framework { name, version } => ("framework", [name.as_str(), version.as_str(), "", ""]),
        What::Device { name, release, .. } => ("device", ["", "", name.as_str(), release.tag.as_str()]),
    };
    let mut pairs = vec![
        ("title", r.title.clone()),
        ("kind", r.kind.clone()),
        ("of", of.to_owned()),
        ("framework", framework.to_owned()),
        ("version", version.to_owned()),
        ("device", device.to_owned()),
        ("tag", tag.to_owned()),
        ("from", typed_at(app, r.window.from)),
        ("until", typed_at(app, r.window.until)),
        ("at_once", r.at_once.to_string()),
        ("stop_after", r.stop_after_failed.to_string()),
        ("scientists", scientists_lines(r, people)),
        ("baseline", lines(&r.baseline)),
    ];
    pairs.extend(r.targets.iter().map(|t| ("target", t.name.0.clone())));
    let several = r.targets.iter().any(|t| t.wave > 0);
    pairs.extend(r.targets.iter().filter(|t| several && t.wave == 0).map(|t| ("first", t.name.0.clone())));
    Typed(pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

fn scientists_lines(r: &Rollout, people: &People) -> String {
    let named = r.targets.iter().filter(|t| !t.scientists.is_empty()).map(|t| {
        let names: Vec<&str> = t.scientists.iter().map(|p| people.name(*p)).collect();
        format!("{}: {}", t.name, names.join(", "))
    });
    named.collect::<Vec<_>>().join("\n")
}

/// The questions that stand above the targets.
pub fn fields(app: &App) -> Vec<Field> {
    let policy = &app.policy.rollouts;
    let kinds = policy.kinds.iter().map(|k| {
        let steps: Vec<&str> = k.steps.iter().map(|s| s.label.as_str()).collect();
        let legacy = if k.legacy { ". A legacy system stays for a while, and its way back is kept tried." } else { "" };
        Choice::new(&k.name, &k.label).hint(&format!("{}{legacy}", steps.join(", ")))
    });
    let of = vec![
        Choice::new("framework", "A version of a framework").hint("Name it and its version below."),
        Choice::new("device", "A release of a device").hint("CTRL owns the device, and its tag is verified."),
    ];
    let name = |name: &str, label: &str| Field::new(Kind::Name, name, label).width(Width::W30).max(200).optional();
    let known: Vec<String> = app.policy.frameworks.known.iter().map(|f| f.name.clone()).collect();
    let framework = match known.is_empty() {
        true => "Like Karabo. Where a framework is rolled out.".to_owned(),
        false => format!("One of the policy’s: {}. Where a framework is rolled out.", known.join(", ")),
    };
    let zone = app.policy.facility.time_zone.name();
    let moment = |name: &str, label: &str| Field::new(Kind::DateTime, name, label).width(Width::W30);
    let number = |name: &str, label: &str| Field::new(Kind::Number, name, label).width(Width::W10).max(3);
    vec![
        Field::text("title", "What is it called?").hint("Like winter shutdown.").max(120),
        Field::radio("kind", "Which steps?", kinds.collect()),
        Field::radio("of", "What is rolled out?", of),
        name("framework", "Framework").hint(&framework),
        name("version", "Its version").hint("Like 3.1.2."),
        name("device", "Device").hint("Its whole name. Where a device is rolled out."),
        name("tag", "Its tag").hint("Like 2.4.1."),
        moment("from", "When does its window open?")
            .hint(&format!("No step begins before. The facility’s clock, {zone}.")),
        moment("until", "When does it close?").hint("No step begins after, unless somebody prolongs it."),
        number("at_once", "How many targets at once?").hint(&format!("At most {}, by the policy.", policy.at_once)),
        number("stop_after", "After how many failed targets does it pause?")
            .hint("Failed, unknown or rolled back. Somebody decides then."),
    ]
}

/// The questions under the targets.
pub fn more_fields() -> Vec<Field> {
    vec![
        Field::area("scientists", "Scientists who agree on a legacy system’s retirement")
            .hint("Where one stays: a line for each target, like SPB: Noor El-Amin, Ilse Hartmann. Contributors of the instrument’s devices are of their side without being named.")
            .rows(3)
            .optional(),
        Field::area("baseline", "What the check is to find")
            .hint("A line for each fact, like version = 3.1.2. Left empty, the first target that is done is what the others are compared with.")
            .rows(3)
            .optional(),
    ]
}

/// The plan, or everything that has to change in the form. Only the shape is judged here: the rules are the domain's.
pub fn read(app: &App, typed: &Typed, before: Option<&Rollout>, people: &People) -> Result<Plan, Vec<FieldProblem>> {
    let mut r = Reader::new(app, typed);
    let title = r.text("title", "Give it a title, like winter shutdown");
    let kind = r.text("kind", "Choose a kind");
    let what = wanted(&mut r, &app.policy.tag_rule());
    let window = Window {
        from: r.at("from", "Enter a day and a time, like 14 December 2026, 09:00"),
        until: r.at("until", "Enter a day and a time, like 14 December 2026, 22:00"),
    };
    let at_once = r.number("at_once", "Enter a number, like 8");
    let stop_after_failed = r.number("stop_after", "Enter a number, like 2");
    let named = scientists(&mut r, before, people);
    let targets = targets(&mut r, before, &named);
    let baseline = r.facts("baseline");
    r.ends(Plan { title, what, kind, window, at_once, stop_after_failed, targets, baseline })
}

fn wanted(r: &mut Reader<'_>, rule: &TagRule) -> Wanted {
    if r.typed.one("of") == "device" {
        let name = r.text("device", "Enter the device’s whole name, like beamConditionCheck");
        match TagName::parse(r.typed.one("tag"), rule) {
            Ok(tag) => return Wanted::Device { name, tag },
            Err(problem) => r.problem("tag", problem.to_string()),
        }
    } else if r.typed.one("of") == "framework" {
        let name = r.text("framework", "Enter the framework’s name, like Karabo");
        return Wanted::Framework { name, version: r.text("version", "Enter its version, like 3.1.2") };
    } else {
        r.problem("of", "Choose what is rolled out");
    }
    Wanted::Framework { name: String::new(), version: String::new() }
}

/// Who is named for which target. Of several people with one name it is whoever stands on record there, and else nobody.
fn scientists(r: &mut Reader<'_>, before: Option<&Rollout>, people: &People) -> BTreeMap<String, BTreeSet<PersonId>> {
    let mut named: BTreeMap<String, BTreeSet<PersonId>> = BTreeMap::new();
    for line in r.typed.one("scientists").lines().map(str::trim).filter(|l| !l.is_empty()) {
        let Some((target, names)) = line.split_once(':') else {
            r.problem("scientists", "Write a line for each target, like SPB: Noor El-Amin");
            return named;
        };
        for name in names.split(',').map(str::trim).filter(|n| !n.is_empty()) {
            let fits = |p: &&Person| p.active && p.name.to_lowercase() == name.to_lowercase();
            let all: Vec<&Person> = people.0.values().filter(fits).collect();
            let of = before.and_then(|b| b.target(&target.trim().into()));
            let on_record = all.iter().find(|p| of.is_some_and(|t| t.scientists.contains(&p.id)));
            match on_record.or(all.first().filter(|_| all.len() == 1)) {
                Some(p) if p.has(&Role::Ctrl) => {
                    r.problem("scientists", format!("{} is of CTRL: name the other side", p.name));
                }
                Some(p) => {
                    named.entry(target.trim().to_owned()).or_default().insert(p.id);
                }
                None if all.is_empty() => {
                    r.problem("scientists", format!("Nobody here is called {name}: enter their whole name"));
                }
                None => {
                    let say = "leave the name out, or have an administrator tell their names apart";
                    r.problem("scientists", format!("Several people here are called {name}: {say}"));
                }
            }
        }
    }
    named
}

/// The targets that are ticked. What goes first is the first wave; the others keep the order of waves that they had.
fn targets(r: &mut Reader<'_>, before: Option<&Rollout>, named: &BTreeMap<String, BTreeSet<PersonId>>) -> Vec<Chosen> {
    let first: BTreeSet<&str> = r.typed.all("first").collect();
    let ticked: BTreeSet<&str> = r.typed.all("target").chain(first.iter().copied()).collect();
    if ticked.is_empty() {
        r.problem("target", "Tick at least one target");
        return Vec::new();
    }
    let few = r.app.policy.rollouts.first_wave as usize;
    if ticked.len() > few && !(1..=few).contains(&first.len()) {
        let say =
            format!("Tick “goes first” at 1 to {few} of them: the first wave has to succeed before the rest begins");
        r.problem("target", say);
    }
    if let Some(other) = named.keys().find(|name| !ticked.contains(name.as_str())) {
        r.problem("scientists", format!("{other} is no target of this rollout: tick it, or leave its line out"));
    }
    let wave = |name: &str| match first.is_empty() || first.contains(name) {
        true => 0,
        false => before.and_then(|b| b.target(&name.into())).map_or(1, |t| t.wave.max(1)),
    };
    // In the policy's order; what it does not know the domain refuses.
    let known = r.app.policy.rollouts.targets.iter().map(|t| t.name.as_str()).filter(|n| ticked.contains(n));
    let known: Vec<&str> = known.collect();
    let strange = ticked.iter().copied().filter(|n| !known.contains(n));
    let chosen: Vec<(&str, u32)> = known.iter().copied().chain(strange).map(|name| (name, wave(name))).collect();
    let waves: BTreeSet<u32> = chosen.iter().map(|(_, wave)| *wave).collect();
    let place = |wave: &u32| waves.iter().take_while(|w| *w < wave).count() as u32;
    chosen
        .iter()
        .map(|(name, wave)| Chosen {
            name: TargetName::from(*name),
            wave: place(wave),
            scientists: named.get(*name).cloned().unwrap_or_default(),
        })
        .collect()
}
