//! `[cadence]`: how often each device is to be deployed in each environment (G7).

use super::source::Source;
use super::{Cadence, Policy};
use crate::domain::deployment::Environment;
use chrono::Duration;

/// Ten years; 0 asks for no cadence there.
const DAYS: std::ops::RangeInclusive<u32> = 0..=3650;

impl Policy {
    /// How long a deployment counts in an environment before the next one is due; `None` where none is asked for.
    pub fn cadence_of(&self, which: Environment) -> Option<Duration> {
        let days = match which {
            Environment::Development => self.cadence.development_days,
            Environment::Production => self.cadence.production_days,
        };
        (days > 0).then(|| Duration::days(days.into()))
    }
}

pub(super) fn cadence(source: &Source<'_>) -> Cadence {
    let development = source.whole("cadence", "development_days", DAYS, "days");
    let production = source.whole("cadence", "production_days", DAYS, "days");
    let soon = source.whole("cadence", "due_soon_days", 0..=365, "days");
    let shortest = [&development, &production].into_iter().filter(|of| of.value > 0).min_by_key(|of| of.value);
    if let Some(shortest) = shortest.filter(|of| of.value <= soon.value) {
        // Blame what the facility wrote, not the built-in value beside it.
        let place = if soon.place.span.is_some() { &soon.place } else { &shortest.place };
        let reason = format!(
            "What is due after {} days would be due soon {} days before that, and so always.",
            shortest.value, soon.value
        );
        source.problem(place, reason, format!("Set due_soon_days = {} or less.", shortest.value - 1));
    }
    Cadence { development_days: development.value, production_days: production.value, due_soon_days: soon.value }
}
