//! Who is in which group follows the provider, at each sign-in and in the teams of its rules only (E1).

use crate::{
    app::App,
    domain::{
        id::{GroupId, PersonId},
        identity::{Belongs, belongs},
        policy::{GroupKind, GroupRule, Provider},
    },
    service::{
        Caller, Error, Result, closing,
        groups::{Team, TeamKind, insert_team, line},
        standing,
    },
    store::{self, Tx, accounts::Account},
};
use chrono::{DateTime, Duration, Utc};
use serde_json::json;
use std::collections::BTreeSet;

/// What a provider says of somebody.
#[derive(Clone, Copy, Debug)]
pub(in crate::service) enum Word<'a> {
    /// Their groups there.
    Groups(&'a BTreeSet<String>),
    /// Nothing any more, as its last account leads to them no longer. What the other providers of these said last, and not too
    /// long ago, keeps them where they are.
    Gone(&'a [Account]),
}

fn kind(of: GroupKind) -> TeamKind {
    match of {
        GroupKind::Ctrl => TeamKind::Ctrl,
        GroupKind::Experts => TeamKind::Experts,
        GroupKind::Doc => TeamKind::Doc,
        GroupKind::Admin => TeamKind::Admin,
        GroupKind::Contributors => TeamKind::Contributors,
    }
}

fn speaks_of(rule: &GroupRule, team: &Team) -> bool {
    rule.team.eq_ignore_ascii_case(&team.name) && kind(rule.kind) == team.kind && rule.area == team.area
}

/// Whether a provider says who is in a group here.
pub(in crate::service) fn fills(provider: &Provider, team: &Team) -> bool {
    provider.rules.iter().any(|rule| speaks_of(rule, team))
}

/// So many days what a provider said of somebody's groups keeps them in one: it says nothing of whoever left it there and
/// signed in here no more.
const SAID_DAYS: i64 = 90;

/// Whether that still counts. What was said by a clock that was ahead is of nobody knows when (F10).
fn counts(account: &Account, now: DateTime<Utc>) -> bool {
    account.said_at.is_some_and(|at| at <= now + store::AHEAD && now - at <= Duration::days(SAID_DAYS))
}

/// Whether another provider of one of these accounts said last, and not too long ago, that whom it leads to is in a group
/// here; whether as a reviewer.
pub(in crate::service) fn said_last(app: &App, but: &Provider, accounts: &[Account], team: &Team) -> Option<bool> {
    let others = app.policy.identity.providers.iter().filter(|p| p.issuer != but.issuer);
    let rules = others.flat_map(|p| p.rules.iter().map(move |rule| (p, rule)));
    let now = app.clock.now();
    let said: Vec<&Account> = accounts.iter().filter(|account| counts(account, now)).collect();
    let holds = |p: &Provider, rule: &GroupRule| {
        said.iter().any(|account| account.issuer == p.issuer && account.said.contains(&rule.group))
    };
    rules.filter(|(p, rule)| speaks_of(rule, team) && holds(p, rule)).map(|(_, rule)| rule.reviewer).max()
}

/// Puts somebody into the groups that their provider's groups stand for, and takes them out of the others that its rules
/// name. Each change is in the journal, as Custody's own.
pub(in crate::service) async fn follow(
    tx: &Tx,
    app: &App,
    person: PersonId,
    provider: &Provider,
    says: Word<'_>,
    origin: &str,
) -> Result<()> {
    if provider.rules.is_empty() {
        return Ok(());
    }
    let nothing = BTreeSet::new();
    let there = match says {
        Word::Groups(there) => there,
        Word::Gone(_) => &nothing,
    };
    // Else the last sign-in counts, as the policy says.
    let others: &[Account] = match says {
        Word::Groups(_) => &[],
        Word::Gone(accounts) => accounts,
    };
    let teams = store::teams::list_teams(tx).await?;
    // Follows each change: whoever leaves one group of administrators may have left the other a moment ago.
    let is_in = |t: &Team| t.members.iter().any(|m| m.0 == person);
    let administered = teams.iter().filter(|t| t.kind == TeamKind::Admin && is_in(t));
    let mut administers: BTreeSet<GroupId> = administered.map(|t| t.id).collect();
    let caller = Caller { origin: format!("{origin}, provider {}", provider.id), ..Caller::custody() };
    let mut lines = Vec::new();
    for (name, belongs) in belongs(&provider.rules, there) {
        let team = teams.iter().find(|t| t.name.eq_ignore_ascii_case(&name));
        if let Some(other) = team.filter(|t| t.kind != kind(belongs.kind) || t.area != belongs.area) {
            // Rights of another kind are not given by a rule that means something else.
            tracing::error!(
                group = other.name,
                provider = provider.id,
                "a rule names a group of another kind: it counts nothing"
            );
            continue;
        }
        let was = team.and_then(|t| t.members.iter().find(|m| m.0 == person)).map(|m| m.1);
        // Kept as what they are, and made no more than that.
        let kept = team.and_then(|t| was.zip(said_last(app, provider, others, t))).map(|(was, said)| was && said);
        match (was, belongs.reviewer.max(kept)) {
            (was, Some(reviewer)) if was != Some(reviewer) => {
                let id = match team {
                    Some(team) => team.id,
                    None => {
                        let Belongs { kind: of, area, .. } = belongs;
                        let body = json!({ "kind": kind(of).to_string(), "area": area });
                        let id = insert_team(tx, &name, kind(of), area).await?;
                        lines.push(line(app, &caller, id, "created", body));
                        id
                    }
                };
                store::teams::save_member(tx, id, person, reviewer).await?;
                if belongs.kind == GroupKind::Admin {
                    administers.insert(id);
                }
                let kind = if was.is_none() { "member_added" } else { "reviewer_changed" };
                lines.push(line(app, &caller, id, kind, json!({ "person": person, "reviewer": reviewer })));
            }
            (Some(_), None) => {
                let Some(team) = team else { continue };
                if !may_leave(tx, app, &administers, team, person).await? {
                    tracing::warn!(group = team.name, "the last administrator stays, whatever the provider says");
                    continue;
                }
                store::teams::remove_member(tx, team.id, person).await?;
                administers.remove(&team.id);
                lines.push(line(app, &caller, team.id, "member_removed", json!({ "person": person })));
            }
            _ => {}
        }
    }
    if lines.is_empty() {
        return Ok(());
    }
    store::journal::append(tx, lines).await?;
    standing::refresh_of_member(tx, app, person).await
}

/// Whether an administrator is left who can sign in.
async fn may_leave(tx: &Tx, app: &App, administers: &BTreeSet<GroupId>, team: &Team, person: PersonId) -> Result<bool> {
    if team.kind != TeamKind::Admin || administers.iter().any(|other| *other != team.id) {
        return Ok(true);
    }
    match closing::must_leave_an_administrator(tx, app, person).await {
        Ok(()) => Ok(true),
        Err(Error::Refused(_)) => Ok(false),
        Err(other) => Err(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        app::Parts,
        domain::policy::Policy,
        ports::clock::Clock,
        service::people::{self, NewPerson},
        store::Db,
    };
    use chrono::TimeZone;

    const POLICY: &str = r#"
[[identity.providers]]
id = "facility"
name = "Facility account"
issuer = "https://login.example.org"
client_id = "custody"
secret_variable = "CUSTODY_SIGN_IN"
[[identity.providers.rules]]
group = "custody-admins"
team = "Administrators"
kind = "admin"
[[identity.providers.rules]]
group = "custody-owners"
team = "Owners"
kind = "admin"
"#;

    /// E1: whoever is the last administrator stays one, in whichever of several groups of administrators they were.
    #[tokio::test]
    async fn e1_the_last_administrator_does_not_leave_both_groups_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let db = Db::open(&dir.path().join("custody.db")).await.unwrap();
        let clock = Clock::fixed(Utc.with_ymd_and_hms(2026, 11, 21, 2, 47, 0).unwrap());
        let parts = Parts::quiet(Policy::parse(POLICY).unwrap(), clock, "http://127.0.0.1:8080".parse().unwrap());
        let app = App::new(db, parts);
        let provider = &app.policy.identity.providers[0];
        let add = async |name: &str| {
            let new = NewPerson { name: name.to_owned(), email: format!("{name}@example.org"), phone: None };
            let tx = app.db.begin().await.unwrap();
            let person = people::insert(&tx, &app, &new).await.unwrap();
            store::accounts::save(&tx, &provider.issuer, name, person, None).await.unwrap();
            tx.commit().await.unwrap();
            person
        };
        let signs_in = async |person: PersonId, groups: &[&str]| {
            let there = groups.iter().map(|group| (*group).to_owned()).collect();
            let tx = app.db.begin().await.unwrap();
            follow(&tx, &app, person, provider, Word::Groups(&there), "test").await.unwrap();
            tx.commit().await.unwrap();
            let teams = store::teams::list_teams(&app.db.read).await.unwrap();
            let of = teams.into_iter().filter(|t| t.members.iter().any(|m| m.0 == person)).map(|t| t.name);
            of.collect::<Vec<_>>()
        };
        let mona = add("mona").await;
        let both = ["custody-admins", "custody-owners"];
        assert_eq!(signs_in(mona, &both).await, ["Administrators", "Owners"]);
        assert_eq!(signs_in(mona, &[]).await, ["Owners"], "she stays in the one that is left");
        assert_eq!(signs_in(mona, &[]).await, ["Owners"]);
        assert_eq!(signs_in(mona, &["custody-admins"]).await, ["Administrators"], "into the other one first, then out");
        // Where somebody else is one, nothing keeps her.
        let noor = add("noor").await;
        assert_eq!(signs_in(noor, &both).await, ["Administrators", "Owners"]);
        assert!(signs_in(mona, &[]).await.is_empty());
    }
}
