//! Finds the tags of which nobody told: a forge sends nothing for many at once, and a hook can fail (G2).

use super::{
    Caller, Error, Result,
    act::{Ask, act_once_read},
    readings,
};
use crate::{
    app::App,
    domain::{
        device::Device,
        lifecycle::{Command, State},
        tag::{CommitId, TagName},
    },
    store,
};

/// So many new tags of one device are read in a round; the next round reads on.
const MOST: usize = 3;

/// Verifies the new tags of a device among those that its repository has now, the newest first. New is what came since
/// its repository was first looked through, whatever its version: what was there then and is older than all that is on
/// record is history, and without anything on record all but the newest is.
///
/// What is no release is remembered with what it names and where the trunk was, and read again once either has moved: a
/// tag may be pushed before its branch is merged.
pub async fn find_new(app: &App, device: &Device, mut tags: Vec<(TagName, CommitId)>) -> Result<()> {
    if !matches!(device.state, State::ReducedSupport { .. } | State::UnderReview { .. } | State::CtrlOwned { .. }) {
        return Ok(());
    }
    let met = store::tags_met::list(&app.db.read, device.id, &device.request.repository).await?;
    let is_first = met.is_none();
    let met = met.unwrap_or_default();
    let head = device.repository.as_ref().and_then(|r| r.reached.as_ref().ok());
    let refused = |object: &CommitId| head.map_or_else(|| object.to_string(), |head| format!("{object} {head}"));
    let is_known = |then: &String, object: &CommitId| then == object.as_str() || *then == refused(object);
    tags.retain(|(tag, object)| {
        device.release(tag).is_none() && met.get(tag.as_str()).is_none_or(|then| !is_known(then, object))
    });
    // What was no release before keeps nothing new back.
    tags.sort_by_key(|(tag, _)| (met.contains_key(tag.as_str()), std::cmp::Reverse(tag.order())));
    if is_first {
        let oldest = device.releases.iter().map(|r| r.tag().order()).min();
        let history = match oldest {
            Some(oldest) => tags.iter().position(|(tag, _)| tag.order() <= oldest).unwrap_or(tags.len()),
            None => tags.len().min(1),
        };
        let old = tags.split_off(history).into_iter().map(|(tag, object)| (tag, object.to_string()));
        save(app, device, old.collect(), true).await?;
    }
    let mut no_release = Vec::new();
    for (tag, object) in tags.into_iter().take(MOST) {
        let command = Command::VerifyTag { tag: tag.clone() };
        if met.contains_key(tag.as_str()) {
            let (read, is_away) = readings::take_or_miss(app, device, readings::wanted(&command)).await;
            // That it is none still is no news.
            if read.tag.is_none_or(|read| read.is_err()) {
                if !is_away {
                    no_release.push((tag, refused(&object)));
                }
                continue;
            }
        }
        match act_once_read(app, &Caller::custody(), device.name(), Ask::from(command)).await {
            Ok(_) => {}
            Err(Error::Refused(_)) => no_release.push((tag, refused(&object))),
            // It is found again in the next round.
            Err(error) => tracing::warn!(device = device.name(), %error, "a new tag could not be read"),
        }
    }
    save(app, device, no_release, false).await
}

async fn save(app: &App, device: &Device, met: Vec<(TagName, String)>, is_first: bool) -> Result<()> {
    if met.is_empty() && !is_first {
        return Ok(());
    }
    let (owned, id) = (app.clone(), device.id);
    let repository = is_first.then(|| device.request.repository.clone());
    app.outliving(async move {
        let tx = owned.db.begin().await?;
        if let Some(repository) = repository {
            store::tags_met::begin(&tx, id, &repository).await?;
        }
        store::tags_met::save(&tx, id, &met).await?;
        Ok(tx.commit().await?)
    })
    .await?
}
