//! Checkpoints of the journal, signed and kept elsewhere (A36, F12).

use super::{Error, checks, permits};
use crate::{
    app::App,
    domain::checkpoint::{Checkpoint, Contradiction, TYPE},
    jobs::Job,
    ports::{
        checkpoints::Folder,
        signing::{BadKeys, NotOurs, Verifier},
    },
    store,
};
use std::{io, time::Duration};

/// What came of taking one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Taken {
    New(Checkpoint),
    /// Nothing was written to the journal since the last one.
    Known(Checkpoint),
    /// There is nothing in the journal.
    Nothing,
}

/// Why none was taken.
#[derive(Debug, thiserror::Error)]
pub enum NotTaken {
    /// The newest one there is of another Custody, or forged.
    #[error("{name} is no checkpoint of this journal: {why}.")]
    Foreign { name: String, why: NotOurs },
    /// The newest one there contradicts the journal: another one beside it would hide that.
    #[error("{name}: {why}. If that is meant, begin another folder.")]
    Contradicted { name: String, why: Contradiction },
    #[error("the folder of checkpoints cannot be used: {0}")]
    Folder(#[from] io::Error),
    #[error("the keys on record cannot be used: {0}")]
    Keys(#[from] BadKeys),
    #[error(transparent)]
    Other(#[from] Error),
}

impl From<sea_orm::DbErr> for NotTaken {
    fn from(e: sea_orm::DbErr) -> Self {
        Self::Other(e.into())
    }
}

/// Signs where the journal ends now, and puts that into the folder, if the journal is the one that was seen there last.
pub async fn take(app: &App, folder: &Folder) -> Result<Taken, NotTaken> {
    let c = &app.db.read;
    let Some(newest) = store::journal::find_newest(c).await? else {
        return Ok(Taken::Nothing);
    };
    let keys = Verifier::new(&permits::every_key(&store::keys::list(c).await?))?;
    if let Some((name, last)) = find_last(folder.clone(), keys).await? {
        let seen = store::journal::find(c, last.seq).await?;
        let met = last.judge(newest.seq, seen.as_ref().map(|e| e.hash.as_str()));
        met.map_err(|why| NotTaken::Contradicted { name, why })?;
        if last.seq == newest.seq {
            return Ok(Taken::Known(last));
        }
    }
    let checkpoint =
        Checkpoint { iss: permits::issuer(app), iat: app.clock.now().timestamp(), seq: newest.seq, hash: newest.hash };
    let signed = permits::sign_as(app, TYPE, &checkpoint).await?;
    let (folder, name) = (folder.clone(), checkpoint.name());
    let is_new = blocking(move || folder.put(&name, &signed)).await?;
    Ok(if is_new { Taken::New(checkpoint) } else { Taken::Known(checkpoint) })
}

/// The newest there, which one of these keys has to have signed.
async fn find_last(folder: Folder, keys: Verifier) -> Result<Option<(String, Checkpoint)>, NotTaken> {
    let all = blocking(move || folder.list()).await;
    let all = match all {
        Err(NotTaken::Folder(e)) if e.kind() == io::ErrorKind::NotFound => Vec::new(),
        all => all?,
    };
    let Some((name, text)) = all.into_iter().next_back() else {
        return Ok(None);
    };
    match keys.read_as(TYPE, &text) {
        Ok(checkpoint) => Ok(Some((name, checkpoint))),
        Err(why) => Err(NotTaken::Foreign { name, why }),
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> Result<T, NotTaken> {
    Ok(tokio::task::spawn_blocking(work).await.map_err(Error::from)??)
}

/// Takes one at once and then regularly, until Custody stops. One that is not taken is logged, and tried again.
pub async fn run(app: App, folder: Folder, every: Duration) {
    app.jobs.expect(Job::Checkpoints, app.clock.now());
    while checks::turn(&app).await {
        app.figures.expects_checkpoints(app.clock.now());
        let said = |taken: &Taken| match taken {
            Taken::New(checkpoint) => format!("signed up to #{}", checkpoint.seq),
            Taken::Known(_) | Taken::Nothing => "the journal is where it was".to_owned(),
        };
        match app.watched(Job::Checkpoints, every, take(&app, &folder), said).await {
            Ok(taken) => {
                app.figures.checkpointed(app.clock.now());
                if let Taken::New(checkpoint) = taken {
                    tracing::info!(seq = checkpoint.seq, "a checkpoint of the journal was taken");
                }
            }
            Err(error) => tracing::error!(%error, ?folder, "no checkpoint of the journal was taken"),
        }
        tokio::select! {
            _ = app.stop.cancelled() => return,
            _ = tokio::time::sleep(every) => {}
        }
    }
}
