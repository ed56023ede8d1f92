//! Finds the tags of which nobody told: a forge sends nothing for many at once, and a hook can fail (G2).

use super::{
    Caller, Error,
    act::{Ask, act},
    readings,
};
use crate::{
    app::App,
    domain::{
        device::Device,
        id::DeviceId,
        lifecycle::{Command, State},
        tag::{CommitId, TagName},
    },
};
use std::collections::HashMap;

/// So many new tags of one device are read in a round; the next round reads on.
const MOST: usize = 3;

/// Tags that were no release, with what they named then: they are not read again until they name something else.
#[derive(Default)]
pub struct Refused(HashMap<(DeviceId, TagName), CommitId>);

/// Verifies new tags of a device, the newest first. What is older than all that is on record is history, and without
/// anything on record all but the newest is.
pub async fn find_new(app: &App, device: &Device, refused: &mut Refused) {
    if !matches!(device.state, State::ReducedSupport { .. } | State::UnderReview { .. } | State::CtrlOwned { .. }) {
        return;
    }
    let Ok(mut tags) = readings::list_tags(app, device).await else {
        // That it cannot be reached is on record by the check of the repository.
        return;
    };
    tags.sort_by_key(|(tag, _)| std::cmp::Reverse(tag.order()));
    match device.releases.iter().map(|r| r.tag().order()).min() {
        Some(oldest) => tags.retain(|(tag, _)| tag.order() > oldest),
        None => tags.truncate(1),
    }
    let new = tags.into_iter().filter(|(tag, _)| device.release(tag).is_none());
    let new: Vec<_> =
        new.filter(|(tag, object)| refused.0.get(&(device.id, tag.clone())) != Some(object)).take(MOST).collect();
    for (tag, object) in new {
        let command = Command::VerifyTag { tag: tag.clone() };
        match act(app, &Caller::custody(), device.name(), Ask::from(command)).await {
            Ok(_) => {}
            Err(Error::Refused(_)) => drop(refused.0.insert((device.id, tag), object)),
            Err(error) => tracing::warn!(device = device.name(), %error, "a new tag could not be read"),
        }
    }
}
