//! Import of what a facility has (E5): each line has a fate that can be read before anything is done, all lines come in
//! together or none does, and the same table a second time changes nothing.

mod contacts;
mod devices;
mod drafts;
mod karabo;
mod netbox;
mod people;
mod places;
mod plan;
mod programs;
mod table;
mod tags;
mod tango;

pub use crate::domain::collector::tango::QUERY as TANGO_QUERY;
pub(super) use drafts::clean;
pub use drafts::{Draft, find, keep, keep_program};
pub use karabo::from_karabo;
pub use netbox::{Hosts, from_netbox, tag_slug};
pub use plan::{Fate, Kind, Line, Plan};
pub use programs::{Program, Told, read_program};
pub use table::{BYTES_MOST, LINES_MOST, Row, Table, Unreadable};
pub use tango::{Database, from_tango};

use super::{Caller, Error, Result, people::must_be_admin};
use crate::{
    app::App,
    domain::{
        contact::Contact,
        id::DeviceId,
        id::PersonId,
        import::Imported,
        person::Role,
        refusal::{Code, Refusal},
        server::Server,
    },
    store::{self, Tx, journal::Line as JournalLine},
};
use sea_orm::ConnectionTrait;
use serde_json::json;
use std::time::Duration;
use tags::Tags;

/// What is to be written for a line.
enum Work {
    Person { id: Option<PersonId>, details: super::people::Details },
    Host { name: String, class: crate::domain::server::SupportClass, note: String, new: bool },
    Server { server: Server, new: bool },
    Device(Box<Imported>),
    Contacts { device: DeviceId, contacts: Vec<Contact> },
}

async fn judge<C: ConnectionTrait>(c: &C, app: &App, table: &Table, tags: &Tags) -> Result<(Plan, Vec<Work>)> {
    let (lines, work) = match table.kind {
        Kind::People => people::judge(c, app, table).await?,
        Kind::Servers => places::judge(c, app, table).await?,
        Kind::Devices => devices::judge(c, app, table, tags).await?,
        Kind::Contacts => contacts::judge(c, table).await?,
    };
    Ok((Plan::new(table, tags, lines), work))
}

/// Refuses whoever is no administrator, and people before there is one: the link of the first counts while nobody is on
/// record, and everybody would stay outside (E1).
async fn check<C: ConnectionTrait>(c: &C, caller: &Caller, table: &Table) -> Result<()> {
    must_be_admin(c, caller).await?;
    if table.kind == Kind::People && store::people::is_empty(c).await? {
        return Err(Refusal::new(
            Code::WrongState,
            "Custody has no administrator yet. Open the link that it printed when it started, then import.",
        )
        .into());
    }
    Ok(())
}

/// For so long whoever sends a request waits for all repositories together. The whole request has little more.
pub const READ_WITHIN: Duration = Duration::from_secs(30);

/// Each line's fate as things stand now. Nothing is changed.
pub async fn plan(app: &App, caller: &Caller, table: &Table) -> Result<Plan> {
    plan_within(app, caller, table, None).await
}

/// The same where repositories are read for so long: whatever was not read in time is refused.
pub async fn plan_within(app: &App, caller: &Caller, table: &Table, within: Option<Duration>) -> Result<Plan> {
    check(&app.db.read, caller, table).await?;
    let tags = tags::read(app, table, within).await?;
    Ok(judge(&app.db.read, app, table, &tags).await?.0)
}

/// What came of an import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Everything is as the plan said.
    Done(Plan),
    /// The record moved since the plan was shown: this is what it would be now. Nothing was done.
    Moved(Plan),
    /// Lines are refused, so nothing was done.
    Refused(Plan),
}

/// Imports the whole table or nothing of it, in one transaction. With the digest of a plan it does exactly that one.
pub async fn carry_out(app: &App, caller: &Caller, table: Table, agreed: Option<String>) -> Result<Outcome> {
    carry_out_within(app, caller, table, agreed, None).await
}

/// The same where repositories are read for so long: with whatever was not read in time, nothing is imported.
pub async fn carry_out_within(
    app: &App,
    caller: &Caller,
    table: Table,
    agreed: Option<String>,
    within: Option<Duration>,
) -> Result<Outcome> {
    check(&app.db.read, caller, &table).await?;
    // Repositories are asked before anything is held.
    let tags = tags::read(app, &table, within).await?;
    let (app, caller) = (app.clone(), caller.clone());
    app.clone()
        .outliving(async move {
            let tx = app.db.begin().await?;
            check(&tx, &caller, &table).await?;
            let (plan, work) = judge(&tx, &app, &table, &tags).await?;
            if agreed.is_some_and(|digest| digest != plan.digest) {
                return Ok(Outcome::Moved(plan));
            }
            if plan.refused() > 0 {
                return Ok(Outcome::Refused(plan));
            }
            if work.is_empty() {
                return Ok(Outcome::Done(plan));
            }
            apply(&tx, &app, &caller, &plan, work).await?;
            tx.commit().await?;
            Ok(Outcome::Done(plan))
        })
        .await?
}

async fn apply(tx: &Tx, app: &App, caller: &Caller, plan: &Plan, work: Vec<Work>) -> Result<()> {
    for one in work {
        match one {
            Work::Person { id, details } => people::apply(tx, app, caller, plan, id, details).await?,
            Work::Host { name, class, note, new } => {
                places::apply_host(tx, app, caller, plan, (&name, class, &note), new).await?;
            }
            Work::Server { server, new } => places::apply_server(tx, app, caller, plan, &server, new).await?,
            Work::Device(imported) => devices::apply(tx, app, caller, imported).await?,
            Work::Contacts { device, contacts } => contacts::apply(tx, app, caller, device, contacts).await?,
        }
    }
    let count = |word: &str| plan.count(|f| f.word() == word);
    let body = json!({ "kind": plan.kind, "source": plan.source, "lines": plan.lines.len(), "new": count("new"),
        "changed": count("changed"), "plan": plan.digest });
    let line = JournalLine {
        stream: format!("import/{}", uuid::Uuid::now_v7()),
        at: app.clock.now(),
        actor: caller.actor.person(),
        origin: caller.origin.clone(),
        kind: "imported".to_owned(),
        body: body.to_string(),
    };
    store::journal::append(tx, vec![line]).await?;
    Ok(())
}

/// Everybody by their address, however many there are. One of several people with the same address is none.
struct ByEmail(std::collections::BTreeMap<String, Option<super::people::Profile>>);

impl ByEmail {
    async fn load<C: ConnectionTrait>(c: &C) -> Result<Self> {
        let mut all = std::collections::BTreeMap::new();
        for p in store::people::list_all(c).await?.into_iter().filter(|p| p.person.active) {
            all.entry(p.email.clone()).and_modify(|twice| *twice = None).or_insert(Some(p));
        }
        Ok(Self(all))
    }

    /// The person with an open account who has this address, or what to set right.
    fn find(&self, email: &str) -> std::result::Result<PersonId, String> {
        self.find_profile(email).map(|p| p.person.id)
    }

    /// The same, of CTRL.
    fn find_of_ctrl(&self, email: &str) -> std::result::Result<PersonId, String> {
        let p = self.find_profile(email)?;
        match p.person.has(&Role::Ctrl) {
            true => Ok(p.person.id),
            false => Err(format!("{} is not of CTRL: name a member of CTRL, or leave it empty", p.person.name)),
        }
    }

    fn find_profile(&self, email: &str) -> std::result::Result<&super::people::Profile, String> {
        match self.0.get(&email.trim().to_lowercase()) {
            Some(Some(p)) => Ok(p),
            Some(None) => Err(format!("Several people have the address {email}: give each their own first")),
            None => Err(format!("Nobody with an open account has the address {email}: import people first")),
        }
    }
}

/// An address as it is written down, in the journal too: it names the place and no credential.
fn place(address: &url::Url) -> String {
    let mut place = address.clone();
    let _ = (place.set_username(""), place.set_password(None));
    place.into()
}

impl From<Unreadable> for Error {
    fn from(e: Unreadable) -> Self {
        Self::Invalid(vec![super::FieldProblem::new("file", e.to_string())])
    }
}
