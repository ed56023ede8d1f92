//! `[releases]`: which tags count, and what a release has passed before it goes on (G2, G3).

use super::Releases;
use super::rules::tag_rule;
use super::source::Source;
use crate::domain::nearest::nearest;
use crate::domain::stage::Stage;
use strum::IntoEnumIterator;

/// Reads the section; only what comes before a deployment can be asked for before it.
pub(super) fn releases(source: &Source<'_>) -> Releases {
    let known: Vec<&'static str> = Stage::iter().filter(|s| *s < Stage::Deployed).map(Into::into).collect();
    let mut production_needs: Vec<Stage> = Vec::new();
    for text in source.texts("releases", "production_needs").value {
        match text.value.parse::<Stage>() {
            Ok(stage) if stage < Stage::Deployed && !production_needs.contains(&stage) => production_needs.push(stage),
            Ok(stage) if stage < Stage::Deployed => {
                source.problem(&text.place, format!("“{stage}” stands here twice."), "Leave one of them out.");
            }
            _ => {
                let hint = match nearest(&text.value, known.iter().copied()) {
                    Some(near) => format!("Did you mean \"{near}\"?"),
                    None => format!("There are {}.", known.join(", ")),
                };
                source.problem(&text.place, format!("There is no stage “{}” before a deployment.", text.value), hint);
            }
        }
    }
    production_needs.sort_unstable();
    let parts = |key| source.texts("releases", key).value.into_iter().map(|t| t.value).collect();
    Releases {
        tag_rule: tag_rule(source),
        recheck_minutes: source.whole("releases", "recheck_minutes", 1..=1440, "minutes").value,
        pipeline_built: parts("pipeline_built"),
        pipeline_tested: parts("pipeline_tested"),
        // Deliveries are forgotten after 30 days.
        forge_retry_hours: source.whole("releases", "forge_retry_hours", 1..=336, "hours").value,
        annotated: source.flag("releases", "annotated"),
        production_needs,
    }
}
