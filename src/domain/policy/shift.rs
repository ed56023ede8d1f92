//! `[support]` and `[shift]`: who answers, and who has to know.

use chrono::NaiveTime;

use super::read::DAYS;
use super::source::Source;
use super::{Acknowledge, Shift, Support};

pub(super) fn support(source: &Source<'_>) -> Support {
    let counts = source.whole("support", "contact_confirmation_days", DAYS, "days");
    let before = source.whole("support", "remind_days_before", 0..=365, "days");
    if before.value >= counts.value {
        // Blame what the facility wrote, not the built-in value beside it.
        let place = if before.place.span.is_some() { &before.place } else { &counts.place };
        let reason = format!(
            "A contact would be reminded {} days before a confirmation ends that counts for {} days only.",
            before.value, counts.value
        );
        source.problem(place, reason, format!("Set remind_days_before = {} or less.", counts.value - 1));
    }
    Support { contact_confirmation_days: counts.value, remind_days_before: before.value }
}

pub(super) fn shift(source: &Source<'_>) -> Shift {
    let word = source.text("shift", "acknowledge");
    let acknowledge = word.value.parse().unwrap_or_else(|_| {
        let reason = format!("Nobody acknowledges “{}”.", word.value);
        source.problem(&word.place, reason, "Write \"per_shift\" or \"per_person\".");
        Acknowledge::PerShift
    });
    source.refuse_empty("shift", "begins", "Without a beginning there would be no shift (rule H8).");
    let given = source.texts("shift", "begins").value;
    let mut begins: Vec<NaiveTime> = Vec::new();
    for text in given {
        // Two digits each, so that no two ways of writing name the same hour.
        match NaiveTime::parse_from_str(&text.value, "%H:%M") {
            Ok(time) if text.value.len() == 5 => begins.push(time),
            _ => {
                let reason = format!("“{}” is no time of day.", text.value);
                source.problem(&text.place, reason, "Write hours and minutes, for example \"06:00\".");
            }
        }
    }
    begins.sort_unstable();
    Shift {
        acknowledge,
        begins,
        within_minutes: source.whole("shift", "within_minutes", 1..=20_160, "minutes").value,
        look_back_days: source.whole("shift", "look_back_days", 1..=365, "days").value,
    }
}
