//! A program that lost an answer asks again under the same key, and is given the same answer; nothing is done twice
//! (F3). Only what succeeded is kept: what was refused changed nothing, and may be asked again. Of what failed in the middle
//! nobody knows.

use super::{Error, Result};
use crate::{app::App, domain::id::PersonId, store};
use chrono::Duration;

pub use crate::store::answers::Answer;

/// A request takes 45 seconds at most: what was begun longer ago was cut off by the end of Custody.
const WITHIN: Duration = Duration::seconds(60);

/// What is to be done with a request under a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// It is the first: it is carried out.
    First,
    /// It was carried out, with this answer.
    Known(Answer),
    /// It is being worked on.
    UnderWay,
    /// It was begun, and Custody ended before it was answered, or failed at it.
    CutOff,
}

/// What came of a request under a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Came {
    /// It was carried out, with this answer.
    Done(Answer),
    /// It was refused, and changed nothing.
    ToNothing,
    /// It failed, perhaps after something was saved.
    Unknown,
}

/// Claims a key for a request, by a digest of it. [`Error::KeyReused`] where the key stands for another one. `repeats`:
/// whether what was cut off may be carried out again, as its service knows the key itself.
pub async fn claim(app: &App, person: PersonId, key: &str, request: &str, repeats: bool) -> Result<Claim> {
    let (owned, key, request) = (app.clone(), key.to_owned(), request.to_owned());
    app.outliving(async move {
        let tx = owned.db.begin().await?;
        let now = owned.clock.now();
        let claim = match store::answers::find(&tx, person, &key).await? {
            None => {
                store::answers::begin(&tx, person, &key, &request, now).await?;
                Claim::First
            }
            Some(kept) if kept.request != request => return Err(Error::KeyReused),
            Some(kept) => match kept.answer {
                Some(answer) => Claim::Known(answer),
                None if now - kept.at < WITHIN => Claim::UnderWay,
                None if repeats => {
                    store::answers::begin_again(&tx, person, &key, now).await?;
                    Claim::First
                }
                None => Claim::CutOff,
            },
        };
        tx.commit().await?;
        Ok(claim)
    })
    .await?
}

/// Keeps the answer of what was carried out; gives the key back where nothing was. Where another one under the same key was
/// quicker, its answer is the one that is given, and this is it.
pub async fn settle(app: &App, person: PersonId, key: &str, came: Came) -> Result<Option<Answer>> {
    let (owned, key) = (app.clone(), key.to_owned());
    app.outliving(async move {
        let tx = owned.db.begin().await?;
        let before = store::answers::find(&tx, person, &key).await?.and_then(|kept| kept.answer);
        match (&before, came) {
            (Some(_), _) => {}
            (None, Came::Done(answer)) => store::answers::save(&tx, person, &key, &answer).await?,
            (None, Came::ToNothing) => store::answers::delete(&tx, person, &key).await?,
            // Nobody works on it any more.
            (None, Came::Unknown) => store::answers::begin_again(&tx, person, &key, owned.clock.now() - WITHIN).await?,
        }
        tx.commit().await?;
        Ok(before)
    })
    .await?
}
