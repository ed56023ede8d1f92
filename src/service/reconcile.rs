//! Finds the tags of which nobody told: a forge sends nothing for many at once, and a hook can fail (G2).

use super::{
    Caller, Error, Result,
    act::{Ask, act_once_read},
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
/// What is no release is remembered with what it names, and read again once it names something else.
pub async fn find_new(app: &App, device: &Device, mut tags: Vec<(TagName, CommitId)>) -> Result<()> {
    if !matches!(device.state, State::ReducedSupport { .. } | State::UnderReview { .. } | State::CtrlOwned { .. }) {
        return Ok(());
    }
    tags.sort_by_key(|(tag, _)| std::cmp::Reverse(tag.order()));
    let met = store::tags_met::list(&app.db.read, device.id, &device.request.repository).await?;
    let is_first = met.is_none();
    let met = met.unwrap_or_default();
    tags.retain(|(tag, object)| {
        device.release(tag).is_none() && met.get(tag.as_str()).is_none_or(|then| then != object.as_str())
    });
    if is_first {
        let oldest = device.releases.iter().map(|r| r.tag().order()).min();
        let history = match oldest {
            Some(oldest) => tags.iter().position(|(tag, _)| tag.order() <= oldest).unwrap_or(tags.len()),
            None => tags.len().min(1),
        };
        save(app, device, tags.split_off(history), true).await?;
    }
    let mut no_release = Vec::new();
    for (tag, object) in tags.into_iter().take(MOST) {
        let command = Command::VerifyTag { tag: tag.clone() };
        match act_once_read(app, &Caller::custody(), device.name(), Ask::from(command)).await {
            Ok(_) => {}
            Err(Error::Refused(_)) => no_release.push((tag, object)),
            // It is found again in the next round.
            Err(error) => tracing::warn!(device = device.name(), %error, "a new tag could not be read"),
        }
    }
    save(app, device, no_release, false).await
}

async fn save(app: &App, device: &Device, met: Vec<(TagName, CommitId)>, is_first: bool) -> Result<()> {
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
