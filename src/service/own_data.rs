//! What is on record of somebody, for themselves (A37): everything personal, and no secret that would open a door.

use super::{Error, Result, groups};
use crate::{
    app::App,
    domain::{id::PersonId, telling::Owner},
    store,
};
use serde_json::{Value, json};

/// The most notices in it: the newest.
const NOTICES_MOST: u64 = 10_000;

/// The most messages on their way to them: the newest.
const MESSAGES_MOST: u64 = 10_000;

/// The most lines of the journal about them: the newest.
const LINES_MOST: u64 = 10_000;

/// The most lines of the journal that are theirs, which come with all that they say: the newest.
const ACTS_MOST: u64 = 2_000;

/// All of it, in a fixed number of queries.
pub async fn collect(app: &App, me: PersonId) -> Result<Value> {
    let c = &app.db.read;
    let profile = store::people::find_profile(c, me).await?.ok_or(Error::NotFound)?;
    let accounts = store::accounts::list_of(c, me).await?;
    let training = store::people::list_training(c, me).await?;
    let devices = store::devices::list_naming(c, me).await?;
    let rollouts = store::rollouts::list_naming(c, me).await?;
    let local_changes = store::local_changes::list_naming(c, me).await?;
    let sessions = store::doors::list_sessions(c, me).await?;
    let tokens = store::doors::list_tokens_of(c, me).await?;
    let channels = store::channels::list(c, Owner::Person(me)).await?;
    let absences = store::absences::list(c, me).await?;
    let drafts = store::drafts::list(c, me).await?;
    let notices = store::notices::list(c, me, NOTICES_MOST).await?;
    let messages = store::outbox::list_of(c, me, MESSAGES_MOST).await?;
    let calendar_made = store::calendar::find_made(c, me).await?;
    let shift_read = store::shift::find_looked(c, me).await?.map(|(_, at)| at);
    let record = store::journal::list_streams(c, &[format!("person/{me}")], None, LINES_MOST).await?;
    let acts = store::journal::list_of_actor(c, me, ACTS_MOST).await?;
    let person = &profile.person;
    Ok(json!({
        "exported_at": app.clock.now(),
        "person": {
            "id": me,
            "name": person.name,
            "email": profile.email,
            "commit_emails": profile.commit_emails,
            "phone": person.phone,
            "time_zone": profile.time_zone,
            "theme": profile.theme,
            "rules_of_conduct_accepted": person.conduct,
        },
        "accounts": accounts.iter().map(|a| {
            json!({ "issuer": a.issuer, "name": a.subject, "groups": a.said, "groups_said": a.said_at })
        }).collect::<Vec<_>>(),
        "groups": groups::list_of_person(app, me).await?.iter().map(|(t, reviewer)| {
            json!({ "name": t.name, "kind": t.kind.to_string(), "reviewer": reviewer })
        }).collect::<Vec<_>>(),
        "training": training.iter().map(|(topic, until, by, at)| {
            json!({ "topic": topic, "until": until, "recorded_by": by, "recorded_at": at })
        }).collect::<Vec<_>>(),
        "absences": absences.iter().map(|k| {
            json!({ "from": k.absence.from, "until": k.absence.until, "note": k.absence.note })
        }).collect::<Vec<_>>(),
        "sessions": sessions.iter().map(|s| {
            json!({ "opened": s.created_at, "seen": s.seen_at, "browser": s.agent, "address": s.address })
        }).collect::<Vec<_>>(),
        "tokens": tokens.iter().map(|t| {
            json!({ "name": t.name, "made": t.created_at, "until": t.expires_at, "revoked": t.revoked_at, "used": t.used_at })
        }).collect::<Vec<_>>(),
        "chats": channels.iter().map(|c| {
            json!({ "kind": c.kind.to_string(), "login": c.login, "stream": c.stream, "topic": c.topic })
        }).collect::<Vec<_>>(),
        "calendar_address_made": calendar_made,
        "shift_page_read": shift_read,
        "devices": devices.iter().map(|d| {
            let contact = d.contacts.iter().find(|c| c.person == me);
            let deputy = d.contacts.iter().filter(|c| c.deputy == Some(me)).map(|c| c.person).collect::<Vec<_>>();
            json!({ "name": d.name(), "contributor": d.is_contributor(me), "has_contributed": d.has_contributed(me),
                "ctrl_contact": d.ctrl_contact == Some(me), "contact": contact, "deputy_of": deputy })
        }).collect::<Vec<_>>(),
        "rollouts": rollouts.iter().map(|r| {
            let of = r.targets.iter().filter(|t| t.scientists.contains(&me)).map(|t| &t.name).collect::<Vec<_>>();
            json!({ "number": r.number, "title": r.title, "planned": r.planned.by == me, "scientist_of": of })
        }).collect::<Vec<_>>(),
        "local_changes": local_changes.iter().map(|c| {
            json!({ "target": c.target, "ticket": c.ticket, "until": c.until, "recorded": c.recorded.by == me })
        }).collect::<Vec<_>>(),
        "drafts": drafts.iter().map(|d| {
            json!({ "saved": d.saved_at, "answers": read(&d.answers) })
        }).collect::<Vec<_>>(),
        "messages": messages.iter().map(|m| {
            json!({ "at": m.at, "ended": m.ended, "text": m.text, "device": m.device, "mailed_to": m.mail_to })
        }).collect::<Vec<_>>(),
        "notices": notices.iter().map(|n| json!({ "at": n.at, "text": n.text, "device": n.device })).collect::<Vec<_>>(),
        "record": record.iter().map(|e| {
            json!({ "number": e.seq, "at": e.at, "by": e.actor, "from": e.origin, "what": e.kind })
        }).collect::<Vec<_>>(),
        "acts": acts.iter().map(|e| {
            json!({ "number": e.seq, "at": e.at, "from": e.origin, "of": e.stream, "what": e.kind,
                "said": read(&e.body) })
        }).collect::<Vec<_>>(),
    }))
}

/// What is kept as JSON, as that.
fn read(kept: &str) -> Value {
    serde_json::from_str(kept).unwrap_or_default()
}
