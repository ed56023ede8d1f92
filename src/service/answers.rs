//! A program that lost an answer asks again under the same key, and is given the same answer; nothing is done twice
//! (F3). Only what succeeded is kept: what was refused changed nothing, and may be asked again.

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
    /// It was begun, and Custody ended before it was answered.
    CutOff,
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

/// Keeps the answer of what was carried out; `None` gives the key back, as nothing was. Where another one under the same
/// key was quicker, its answer is the one that is given, and this is it.
pub async fn settle(app: &App, person: PersonId, key: &str, answer: Option<Answer>) -> Result<Option<Answer>> {
    let (owned, key) = (app.clone(), key.to_owned());
    app.outliving(async move {
        let tx = owned.db.begin().await?;
        let before = store::answers::find(&tx, person, &key).await?.and_then(|kept| kept.answer);
        match (&before, answer) {
            (Some(_), _) => {}
            (None, Some(answer)) => store::answers::save(&tx, person, &key, &answer).await?,
            (None, None) => store::answers::delete(&tx, person, &key).await?,
        }
        tx.commit().await?;
        Ok(before)
    })
    .await?
}
