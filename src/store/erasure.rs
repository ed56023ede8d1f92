//! A person's data, thrown away but for their id, which the record and the journal go on naming (A37).

use super::{
    Result,
    changes::{self, Touched},
    entity::{
        absence, calendar, channel, confirmation, draft, given_answer, idempotency, identity, import_draft, invitation,
        looked, membership, notice, outbox, person as row, session, token, training,
    },
};
use crate::domain::id::{DeviceId, PersonId};
use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter,
    sea_query::{Expr, ExprTrait, Func},
};
use std::collections::BTreeSet;

/// What a person is called who was erased.
pub struct Erased<'a> {
    pub person: PersonId,
    pub email: &'a str,
    /// Those of their commits.
    pub commit_emails: &'a [String],
    /// As they were called: what others were told of them says `instead` from now on.
    pub name: &'a str,
    pub instead: &'a str,
    pub time_zone: &'a str,
    pub at: DateTime<Utc>,
    /// Whose latest sentences may name them.
    pub devices: BTreeSet<DeviceId>,
}

/// Throws it away. The account is closed already.
pub async fn erase<C: ConnectionTrait>(tx: &C, of: &Erased<'_>) -> Result<()> {
    let id = of.person.to_string();
    session::Entity::delete_many().filter(session::Column::PersonId.eq(&id)).exec(tx).await?;
    invitation::Entity::delete_many().filter(invitation::Column::PersonId.eq(&id)).exec(tx).await?;
    identity::Entity::delete_many().filter(identity::Column::PersonId.eq(&id)).exec(tx).await?;
    membership::Entity::delete_many().filter(membership::Column::PersonId.eq(&id)).exec(tx).await?;
    training::Entity::delete_many().filter(training::Column::PersonId.eq(&id)).exec(tx).await?;
    absence::Entity::delete_many().filter(absence::Column::PersonId.eq(&id)).exec(tx).await?;
    calendar::Entity::delete_many().filter(calendar::Column::PersonId.eq(&id)).exec(tx).await?;
    confirmation::Entity::delete_many().filter(confirmation::Column::PersonId.eq(&id)).exec(tx).await?;
    looked::Entity::delete_many().filter(looked::Column::PersonId.eq(&id)).exec(tx).await?;
    idempotency::Entity::delete_many().filter(idempotency::Column::PersonId.eq(&id)).exec(tx).await?;
    given_answer::Entity::delete_many().filter(given_answer::Column::PersonId.eq(&id)).exec(tx).await?;
    forget_answers(tx, of.email).await?;
    draft::Entity::delete_many().filter(draft::Column::Owner.eq(&id)).exec(tx).await?;
    import_draft::Entity::delete_many().filter(import_draft::Column::PersonId.eq(&id)).exec(tx).await?;
    notice::Entity::delete_many().filter(notice::Column::PersonId.eq(&id)).exec(tx).await?;
    outbox::Entity::delete_many().filter(outbox::Column::PersonId.eq(&id)).exec(tx).await?;
    channel::Entity::delete_many().filter(channel::Column::PersonId.eq(&id)).exec(tx).await?;
    let revoked = token::ActiveModel { revoked_at: Set(Some(of.at)), ..Default::default() };
    token::Entity::update_many()
        .set(revoked)
        .filter(token::Column::CreatedBy.eq(&id))
        .filter(token::Column::RevokedAt.is_null())
        .exec(tx)
        .await?;
    rename(tx, of.name, of.instead).await?;
    replace_in_drafts(tx, of.email, "").await?;
    delete_imports(tx, of).await?;
    let bare = row::ActiveModel {
        name: Set(of.instead.to_owned()),
        email: Set(String::new()),
        commit_emails: Set(String::new()),
        phone: Set(None),
        time_zone: Set(of.time_zone.to_owned()),
        theme: Set("match".to_owned()),
        conduct: Set(None),
        conduct_at: Set(None),
        ..Default::default()
    };
    row::Entity::update_many().set(bare).filter(row::Column::Id.eq(&id)).exec(tx).await?;
    let touched = of.devices.iter().copied().map(Touched::Device);
    changes::append(tx, touched.chain([Touched::Person(of.person)])).await
}

/// A name that is somebody's no longer: what others were told and their drafts say the other one. One that is no more than a
/// word may be a word of something else.
pub async fn rename<C: ConnectionTrait>(tx: &C, name: &str, instead: &str) -> Result<()> {
    forget_answers(tx, name).await?;
    if !name.trim().contains(' ') {
        return Ok(());
    }
    notice::Entity::update_many()
        .col_expr(notice::Column::Text, replaced(Expr::col(notice::Column::Text), name, instead))
        .filter(notice::Column::Text.contains(name))
        .exec(tx)
        .await?;
    outbox::Entity::update_many()
        .col_expr(outbox::Column::Text, replaced(Expr::col(outbox::Column::Text), name, instead))
        .filter(outbox::Column::Text.contains(name))
        .exec(tx)
        .await?;
    // Who gave a message up stands there.
    outbox::Entity::update_many()
        .col_expr(outbox::Column::Error, replaced(Expr::col(outbox::Column::Error), name, instead))
        .filter(outbox::Column::Error.contains(name))
        .exec(tx)
        .await?;
    replace_in_drafts(tx, name, instead).await
}

async fn replace_in_drafts<C: ConnectionTrait>(tx: &C, what: &str, instead: &str) -> Result<()> {
    if what.is_empty() {
        return Ok(());
    }
    draft::Entity::update_many()
        .col_expr(draft::Column::Answers, replaced(Expr::col(draft::Column::Answers), what, instead))
        .filter(draft::Column::Answers.contains(what))
        .exec(tx)
        .await
        .map(|_| ())
}

fn replaced(column: Expr, what: &str, instead: &str) -> Expr {
    Func::cust("replace").args([column, Expr::value(what), Expr::value(instead)]).into()
}

/// Answers that hold it: whoever repeats their request is told that it was carried out.
async fn forget_answers<C: ConnectionTrait>(tx: &C, personal: &str) -> Result<()> {
    if personal.is_empty() {
        return Ok(());
    }
    given_answer::Entity::update_many()
        .set(given_answer::ActiveModel { body: Set(None), ..Default::default() })
        .filter(given_answer::Column::Body.contains(personal))
        .exec(tx)
        .await
        .map(|_| ())
}

/// Tables that somebody handed in and that hold them: carried out later, they would bring them back.
async fn delete_imports<C: ConnectionTrait>(tx: &C, of: &Erased<'_>) -> Result<()> {
    let name = Some(of.name).filter(|name| name.trim().contains(' '));
    let emails = of.commit_emails.iter().map(String::as_str).chain([of.email]).filter(|email| !email.is_empty());
    for personal in name.into_iter().chain(emails) {
        let content = Expr::from(Func::lower(Expr::col(import_draft::Column::Content)));
        let holds = content.like(format!("%{}%", personal.to_lowercase()));
        // Not every database knows small letters beyond those of English.
        let holds = holds.or(import_draft::Column::Content.contains(personal));
        import_draft::Entity::delete_many().filter(holds).exec(tx).await?;
    }
    Ok(())
}

/// Notices that were made before, and seen: what nobody has looked at stays.
pub async fn delete_notices_before<C: ConnectionTrait>(tx: &C, at: DateTime<Utc>) -> Result<u64> {
    let q =
        notice::Entity::delete_many().filter(notice::Column::At.lt(at)).filter(notice::Column::SeenAt.is_not_null());
    Ok(q.exec(tx).await?.rows_affected)
}

/// Links that ran out before: of contacts and of invitations.
pub async fn delete_links_before<C: ConnectionTrait>(tx: &C, at: DateTime<Utc>) -> Result<u64> {
    let contacts = confirmation::Entity::delete_many().filter(confirmation::Column::ExpiresAt.lt(at)).exec(tx).await?;
    let people = invitation::Entity::delete_many().filter(invitation::Column::ExpiresAt.lt(at)).exec(tx).await?;
    Ok(contacts.rows_affected + people.rows_affected)
}

/// What people had looked at up to, where that was before: whoever comes back is shown what the policy looks back to.
pub async fn delete_looked_before<C: ConnectionTrait>(tx: &C, at: DateTime<Utc>) -> Result<u64> {
    Ok(looked::Entity::delete_many().filter(looked::Column::At.lt(at)).exec(tx).await?.rows_affected)
}
