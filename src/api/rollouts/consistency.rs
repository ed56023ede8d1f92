//! What the check found beside the baseline, as it is sent (R5).

use crate::domain::{
    id::TargetName,
    rollout::{Rollout, Variation, baseline, not_reported},
};
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Something that is not on a target as it is to be.
#[derive(Serialize, ToSchema)]
#[schema(as = RolloutVariation)]
struct VariationDto {
    target: String,
    key: String,
    /// None where the baseline knows nothing of it.
    expected: Option<String>,
    /// None where the check did not find it.
    found: Option<String>,
}

impl From<Variation> for VariationDto {
    fn from(v: Variation) -> Self {
        Self { target: v.target.0, key: v.key, expected: v.expected, found: v.found }
    }
}

/// What the check found beside the baseline.
#[derive(Serialize, ToSchema)]
#[schema(as = RolloutConsistency)]
pub struct ConsistencyDto {
    /// What is to be found; empty until the first target is done, where nobody wrote it down.
    baseline: BTreeMap<String, String>,
    /// The target that it was found on; none where somebody wrote it down.
    found_on: Option<String>,
    variations: Vec<VariationDto>,
    /// Targets that are done and of which no check reported anything.
    not_reported: Vec<String>,
}

impl ConsistencyDto {
    pub fn new(r: &Rollout, variations: Vec<Variation>) -> Self {
        let found = baseline(r);
        Self {
            baseline: found.map(|(values, _)| values.clone()).unwrap_or_default(),
            found_on: found.and_then(|(_, on)| on).map(TargetName::to_string),
            variations: variations.into_iter().map(VariationDto::from).collect(),
            not_reported: not_reported(r).into_iter().map(TargetName::to_string).collect(),
        }
    }
}
