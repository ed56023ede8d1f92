//! What a forge told, looked at in the repository itself (G2); only then is a pipeline believed (G3).

use super::{Hook, pipelines};
use crate::{
    app::App,
    domain::{
        forge::{Heard, Hint, same_repository},
        lifecycle::Command,
        refusal::Code,
        release::Protection,
        tag::TagName,
    },
    service::{
        Caller, Error, Result,
        act::{Ask, act, act_once_read},
        protection,
    },
    store,
};
use chrono::{DateTime, Utc};
use std::collections::BTreeSet;

/// The repository that was told of, as addresses of one repository are compared.
pub(super) fn repositories(told: &Heard) -> BTreeSet<String> {
    told.repository.iter().map(|a| same_repository(a)).collect()
}

/// The devices whose code is in it, by name, where this hook may speak of it.
pub(super) fn devices(app: &App, hook: &Hook, told: &Heard) -> Vec<String> {
    let mut wanted = repositories(told);
    wanted.retain(|r| hook.covers.as_ref().is_none_or(|c| c.includes(r)));
    let state = app.projection.read();
    state.cards().filter(|c| wanted.contains(&c.repository)).map(|c| c.name.clone()).collect()
}

/// Looks at all that was told, and when. False where something of it is still to be looked at.
pub(super) async fn look_at(app: &App, hook: &Hook, told: &Heard, at: DateTime<Utc>) -> bool {
    let mut is_done = true;
    for device in devices(app, hook, told) {
        for hint in &told.what {
            match look(app, hook, &device, hint, told.protected.map(|is| Protection { is, at })).await {
                // What is no release is said to whoever asks for it.
                Ok(()) | Err(Error::Refused(_) | Error::NotFound) => {}
                Err(error) => {
                    tracing::warn!(device, %error, "what a forge told could not be looked at yet");
                    is_done = false;
                }
            }
        }
    }
    is_done
}

async fn look(app: &App, hook: &Hook, name: &str, hint: &Hint, protected: Option<Protection>) -> Result<()> {
    let custody = Caller::custody();
    let named = match hint {
        Hint::Tag(name) => name,
        Hint::Pipeline(run) => &run.reference,
        Hint::Branch(branch) => {
            let device = store::devices::find_by_name(&app.db.read, name).await?.ok_or(Error::NotFound)?;
            if *branch == device.request.trunk {
                // That it is away goes on record, and the regular checks find it again.
                act(app, &custody, name, Ask::from(Command::CheckRepository {})).await?;
            }
            return Ok(());
        }
    };
    let Ok(tag) = TagName::parse(named, &app.policy.tag_rule()) else {
        return Ok(());
    };
    let device = store::devices::find_by_name(&app.db.read, name).await?.ok_or(Error::NotFound)?;
    let command = match device.release(&tag) {
        Some(_) => Command::CheckTag { tag: tag.clone() },
        None => Command::VerifyTag { tag: tag.clone() },
    };
    match act_once_read(app, &custody, name, Ask::from(command)).await {
        Ok(_) => {}
        // Another hook told of the tag at the same time.
        Err(Error::Refused(r)) if r.code == Code::AlreadyDone => {}
        Err(other) => return Err(other),
    }
    if let Some(protected) = protected {
        protection::told(app, &hook.name, name, &tag, protected).await?;
    }
    match hint {
        Hint::Pipeline(run) => pipelines::report(app, hook, name, &tag, run).await,
        _ => Ok(()),
    }
}
