//! Who is in which group follows the provider, at each sign-in and in the teams of its rules only (E1).

use crate::{
    app::App,
    domain::{
        id::PersonId,
        identity::{Belongs, belongs},
        policy::{GroupKind, Provider},
    },
    service::{
        Caller, Error, Result, closing,
        groups::{Team, TeamKind, insert_team, line},
        standing,
    },
    store::{self, Tx},
};
use serde_json::json;
use std::collections::BTreeSet;

fn kind(of: GroupKind) -> TeamKind {
    match of {
        GroupKind::Ctrl => TeamKind::Ctrl,
        GroupKind::Experts => TeamKind::Experts,
        GroupKind::Doc => TeamKind::Doc,
        GroupKind::Admin => TeamKind::Admin,
        GroupKind::Contributors => TeamKind::Contributors,
    }
}

/// Puts somebody into the groups that their provider's groups stand for, and takes them out of the others that its rules
/// name. Each change is in the journal, as Custody's own.
pub(super) async fn follow(
    tx: &Tx,
    app: &App,
    person: PersonId,
    provider: &Provider,
    there: &BTreeSet<String>,
    origin: &str,
) -> Result<()> {
    if provider.rules.is_empty() {
        return Ok(());
    }
    let teams = store::teams::list_teams(tx).await?;
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
        match (was, belongs.reviewer) {
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
                let kind = if was.is_none() { "member_added" } else { "reviewer_changed" };
                lines.push(line(app, &caller, id, kind, json!({ "person": person, "reviewer": reviewer })));
            }
            (Some(_), None) => {
                let Some(team) = team else { continue };
                if !may_leave(tx, app, &teams, team, person).await? {
                    tracing::warn!(group = team.name, "the last administrator stays, whatever the provider says");
                    continue;
                }
                store::teams::remove_member(tx, team.id, person).await?;
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
async fn may_leave(tx: &Tx, app: &App, teams: &[Team], team: &Team, person: PersonId) -> Result<bool> {
    let other = |t: &Team| t.kind == TeamKind::Admin && t.id != team.id && t.members.iter().any(|m| m.0 == person);
    if team.kind != TeamKind::Admin || teams.iter().any(other) {
        return Ok(true);
    }
    match closing::must_leave_an_administrator(tx, app, person).await {
        Ok(()) => Ok(true),
        Err(Error::Refused(_)) => Ok(false),
        Err(other) => Err(other),
    }
}
