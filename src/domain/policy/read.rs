//! From a file to a policy: the meaning of each value is checked here.

use super::cadence::cadence;
use super::collectors::collectors;
use super::environments::environments;
use super::frameworks::frameworks;
use super::identity::identity;
use super::lists::Item;
use super::releases::releases;
use super::repositories::repositories;
use super::rollouts::rollouts;
use super::rules::{pool_shows_reduced, reduced_name_rule};
use super::shift::{shift, support};
use super::source::{Found, Source};
use super::telling::{imports, telling};
use super::*;
use crate::domain::nearest::nearest;

/// Ten years, the longest that a period in days can last.
pub(super) const DAYS: std::ops::RangeInclusive<u32> = 1..=3650;

pub(super) fn read(file: &str) -> Result<Policy, PolicyErrors> {
    let source = Source::open(file)?;
    let critical = areas(&source);
    let silent_after_minutes = source.whole("observations", "silent_after_minutes", 1..=1440, "minutes").value;
    let facility = facility(&source);
    let rollouts = rollouts(&source, &facility.instruments);
    let policy = Policy {
        facility,
        conduct: Conduct {
            version: source.whole("conduct", "version", 1..=1_000_000, "versions").value,
            text: source.filled("conduct", "text").value,
        },
        support: support(&source),
        shift: shift(&source),
        identity: identity(&source, &critical),
        areas: Areas { critical },
        intake: Intake {
            first_team: source.filled("intake", "first_team").value,
            answer_days: source.whole("intake", "answer_days", 1..=365, "days").value,
        },
        servers: Servers {
            reduced_name_rule: reduced_name_rule(&source),
            pool: source.texts("servers", "pool").plain(),
        },
        training: Training {
            topics: topics(&source),
            valid_days: source.whole("training", "valid_days", DAYS, "days").value,
        },
        transfer: transfer(&source),
        handback: Handback {
            remind_days_before: source.whole("handback", "remind_days_before", 0..=365, "days").value,
        },
        releases: releases(&source),
        environments: environments(&source),
        cadence: cadence(&source),
        repositories: repositories(&source),
        observations: Observations {
            silent_after_minutes,
            statements: source.flag("observations", "statements"),
            grace_minutes: source.whole("observations", "grace_minutes", 0..=1440, "minutes").value,
            flapping_minutes: source.whole("observations", "flapping_minutes", 0..=1440, "minutes").value,
            collectors: collectors(&source, silent_after_minutes),
        },
        board: Board {
            streams: source.whole("board", "streams", 1..=100_000, "boards").value,
            streams_each: source.whole("board", "streams_each", 1..=100_000, "boards").value,
            embed_origins: embed_origins(&source),
        },
        telling: telling(&source),
        imports: imports(&source),
        sessions: sessions(&source),
        retention: Retention {
            notices_days: source.whole("retention", "notices_days", DAYS, "days").value,
            outbox_days: source.whole("retention", "outbox_days", DAYS, "days").value,
            // A forge tries again for some days: its repetitions have to be known.
            deliveries_days: source.whole("retention", "deliveries_days", 7..=3650, "days").value,
            links_days: source.whole("retention", "links_days", DAYS, "days").value,
            looked_days: source.whole("retention", "looked_days", 30..=3650, "days").value,
            stopped_days: source.whole("retention", "stopped_days", 30..=3650, "days").value,
        },
        permits: Permits {
            required: source.flag("permits", "required"),
            lifetime_seconds: source.whole("permits", "lifetime_seconds", 30..=300, "seconds").value,
            rotate_days: source.whole("permits", "rotate_days", 2..=3650, "days").value,
            overlap_days: source.whole("permits", "overlap_days", 1..=365, "days").value,
        },
        overrides: overrides(&source),
        frameworks: frameworks(&source),
        rollouts,
    };
    pool_shows_reduced(&source, &policy);
    match source.problems() {
        Some(errors) => Err(errors),
        None => Ok(policy),
    }
}

fn facility(source: &Source<'_>) -> Facility {
    let phone = source.text("facility", "doc_phone");
    let digits = phone.value.chars().filter(char::is_ascii_digit).count();
    let strange = |c: char| !c.is_ascii_digit() && !" +-()/".contains(c);
    if !phone.value.is_empty() && (digits < 3 || phone.value.contains(strange)) {
        let hint = "Write it with digits, spaces and a leading +, for example doc_phone = \"+49 40 66969 100\".";
        source.problem(&phone.place, "This is not a telephone number.", hint);
    }
    let time_zone = zone(source, &source.text("facility", "time_zone"));
    Facility {
        name: source.filled("facility", "name").value,
        doc_name: source.filled("facility", "doc_name").value,
        doc_phone: Some(phone.value).filter(|phone| !phone.is_empty()),
        time_zone,
        instruments: source.texts("facility", "instruments").plain(),
    }
}

/// A zone by its IANA name.
pub(super) fn zone(source: &Source<'_>, named: &Found<String>) -> chrono_tz::Tz {
    named.value.parse().unwrap_or_else(|_| {
        let names = chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name());
        let hint = match nearest(&named.value, names) {
            Some(near) => format!("Did you mean \"{near}\"?"),
            None => "Use an IANA name, for example time_zone = \"Europe/Berlin\".".to_owned(),
        };
        source.problem(&named.place, format!("There is no time zone “{}”.", named.value), hint);
        chrono_tz::Tz::UTC
    })
}

/// Origins alone: a path would not count, and what is more than an origin could end the header it is written into.
fn embed_origins(source: &Source<'_>) -> Vec<String> {
    let origins = source.texts("board", "embed_origins");
    for origin in &origins.value {
        let written = url::Url::parse(&origin.value).ok().map(|url| url.origin().ascii_serialization());
        let web = origin.value.starts_with("https://") || origin.value.starts_with("http://");
        let plain = !origin.value.contains([';', ',', '\'', '"', '*', ' ']);
        if !web || !plain || written.as_ref() != Some(&origin.value) {
            let hint = "Write scheme and host alone, in small letters, for example \"https://wiki.example.org\".";
            source.problem(&origin.place, format!("“{}” is not an origin.", origin.value), hint);
        }
    }
    origins.plain()
}

/// A short word of small letters, digits and `-`.
pub(super) fn is_plain_word(word: &str) -> bool {
    word.len() <= 64 && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

/// The ids of a list of tables: short plain words, none twice.
fn ids(source: &Source<'_>, items: &[Item<'_>]) -> Vec<String> {
    let ids: Vec<_> = items.iter().filter_map(|item| source.item_text(item, "id")).collect();
    for id in ids.iter().filter(|id| !is_plain_word(&id.value)) {
        let hint = "Use at most 64 small letters, digits and -, for example id = \"machine-protection\".";
        source.problem(&id.place, format!("“{}” cannot be an id.", id.value), hint);
    }
    source.refuse_twice(&ids);
    ids.into_iter().map(|id| id.value).collect()
}

/// One text of each table.
fn column(source: &Source<'_>, items: &[Item<'_>], key: &str) -> Vec<String> {
    let texts = items.iter().filter_map(|item| source.item_text(item, key));
    texts.map(|text| text.value).collect()
}

fn areas(source: &Source<'_>) -> Vec<Area> {
    let items = source.tables("areas", "critical", &["id", "name"]).value;
    let names = column(source, &items, "name");
    let both = ids(source, &items).into_iter().zip(names);
    both.map(|(id, name)| Area { id, name }).collect()
}

fn topics(source: &Source<'_>) -> Vec<Topic> {
    let items = source.tables("training", "topics", &["id", "name"]);
    let reason = "Without a topic nobody would be trained (rule H6).";
    source.refuse_empty("training", "topics", reason);
    let names = column(source, &items.value, "name");
    let both = ids(source, &items.value).into_iter().zip(names);
    both.map(|(id, name)| Topic { id, name }).collect()
}

fn transfer(source: &Source<'_>) -> Transfer {
    let items = source.tables("transfer", "checklist", &["id", "name", "evidence"]);
    let reason = "With an empty checklist nothing would be required (rule T3).";
    source.refuse_empty("transfer", "checklist", reason);
    let names = column(source, &items.value, "name");
    let evidence = column(source, &items.value, "evidence");
    let rows = ids(source, &items.value).into_iter().zip(names).zip(evidence);
    let checklist = rows.map(|((id, name), evidence)| ChecklistItem { id, name, evidence }).collect();

    let normal = source.whole("transfer", "approvals", 0..=20, "approvals");
    let critical = source.whole("transfer", "approvals_critical", 0..=20, "approvals");
    if normal.value == 0 {
        let hint = "Ask for 1 or more, for example approvals = 1.";
        source.problem(&normal.place, "No approval would let a device through without a review (rule T4).", hint);
    }
    if critical.value < normal.value || critical.value == 0 {
        // Blame what the facility wrote, not the built-in value beside it.
        let place = if critical.place.span.is_some() { &critical.place } else { &normal.place };
        let reason = format!(
            "A device in a critical area would need fewer approvals ({}) than any other ({}) (rule L7).",
            critical.value, normal.value
        );
        let hint = format!("Set approvals_critical = {} or more.", normal.value.max(1));
        source.problem(place, reason, hint);
    }
    Transfer {
        checklist,
        approvals: normal.value,
        approvals_critical: critical.value,
        done_question_days: source.whole("transfer", "done_question_days", DAYS, "days").value,
    }
}

fn sessions(source: &Source<'_>) -> Sessions {
    let idle = source.whole("sessions", "idle_hours", 1..=720, "hours");
    let absolute = source.whole("sessions", "absolute_hours", 1..=720, "hours");
    if idle.value > absolute.value {
        let place = if idle.place.span.is_some() { &idle.place } else { &absolute.place };
        let reason = format!(
            "A session would end after {} hours in any case, before it could be idle for {}.",
            absolute.value, idle.value
        );
        source.problem(place, reason, format!("Set idle_hours = {} or less.", absolute.value));
    }
    Sessions { idle_hours: idle.value, absolute_hours: absolute.value }
}

/// `[overrides]`: a facility that says only how long one lasts at most is proposed no longer one.
fn overrides(source: &Source<'_>) -> Overrides {
    let longest_hours = source.whole("overrides", "longest_hours", 1..=168, "hours").value;
    let usual_hours = source.whole("overrides", "usual_hours", 1..=168, "hours").value.min(longest_hours);
    Overrides { longest_hours, usual_hours }
}
