//! Accounts from the first link to the last administrator, against a database of their own.

mod one_person;
mod signing_in;

use super::*;
use crate::{
    app::Parts,
    domain::{lifecycle::Facts, policy::Policy},
    ports::clock::Clock,
    service::{
        closing, conduct, erasure, facts, groups,
        people::{self, NewPerson, OwnDetails},
        secret, servers, sessions, tokens,
    },
    store::{Db, teams::TeamKind},
};
use chrono::{Duration, TimeZone, Utc};

const PASSWORD: &str = "four words nobody says";

struct Rig {
    app: App,
    admin: Caller,
    _dir: tempfile::TempDir,
}

fn secret(url: &Url) -> String {
    url.path_segments().and_then(|mut s| s.next_back()).unwrap_or_default().to_owned()
}

fn acceptance(login: &str) -> Acceptance {
    Acceptance {
        name: "Ada Admin".to_owned(),
        email: "ada@example.org".to_owned(),
        login: login.to_owned(),
        password: PASSWORD.to_owned(),
    }
}

async fn empty() -> (App, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let db = Db::open(&dir.path().join("custody.db")).await.unwrap();
    let app = App::new(
        db,
        Parts::quiet(
            Policy::built_in(),
            Clock::fixed(Utc.with_ymd_and_hms(2026, 11, 21, 2, 47, 0).unwrap()),
            "http://127.0.0.1:8080".parse().unwrap(),
        ),
    );
    (app, dir)
}

impl Rig {
    async fn new() -> Self {
        let (app, dir) = empty().await;
        let link = first_administrator(&app).await.unwrap().unwrap();
        let ada = accept(&app, &secret(&link), acceptance("ada"), "web 192.0.2.7").await.unwrap();
        Self { app, admin: Caller::person(ada, "test"), _dir: dir }
    }

    fn ada(&self) -> PersonId {
        self.admin.actor.person().unwrap()
    }

    async fn add(&self, name: &str) -> PersonId {
        let email = format!("{}@example.org", name.to_lowercase().replace(' ', "."));
        let new = NewPerson { name: name.to_owned(), email, phone: None };
        people::add(&self.app, &self.admin, new).await.unwrap()
    }

    async fn member(&self, name: &str, login: &str) -> PersonId {
        let person = self.add(name).await;
        let link = invite(&self.app, &self.admin, person).await.unwrap();
        accept(&self.app, &secret(&link), acceptance(login), "test").await.unwrap()
    }

    async fn sign_in(&self, login: &str) -> Option<String> {
        match sessions::sign_in(&self.app, login, PASSWORD, "Firefox", "test").await.unwrap() {
            sessions::Tried::Right(secret) => Some(secret),
            _ => None,
        }
    }

    /// Signs in while something else happens: after the password's hash was read, before the password is compared with it.
    async fn sign_in_while(&self, login: &str, happens: impl AsyncFnOnce()) -> sessions::Tried {
        let slots = self.app.hashing.acquire_many(2).await.unwrap();
        let (app, name) = (self.app.clone(), login.to_owned());
        let tries =
            tokio::spawn(async move { sessions::sign_in(&app, &name, PASSWORD, "Firefox", "test").await.unwrap() });
        // What is tried is counted then.
        let ways = sessions::ways(login, "test");
        while !tries.is_finished() && store::guesses::load(&self.app.db.read, &ways).await.unwrap()[0].is_none() {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
        happens().await;
        drop(slots);
        tries.await.unwrap()
    }

    async fn group(&self, name: &str, kind: TeamKind) -> crate::domain::id::GroupId {
        let new = groups::NewGroup { name: name.to_owned(), kind, area: None };
        groups::create(&self.app, &self.admin, new).await.unwrap()
    }
}

fn fields(e: Error) -> Vec<String> {
    match e {
        Error::Invalid(all) => all.into_iter().map(|p| p.field).collect(),
        other => panic!("{other:?}"),
    }
}

fn refused(e: Error) -> String {
    match e {
        Error::Refused(r) => r.sentence,
        other => panic!("{other:?}"),
    }
}

/// A6: membership is read at each decision: a reviewer who is one no longer is none from then on.
#[tokio::test]
async fn a_reviewer_is_one_only_while_they_are() {
    let rig = Rig::new().await;
    let rev = rig.member("Rita Review", "rita").await;
    let ici = rig.group("ICI", TeamKind::Ctrl).await;
    let draft =
        crate::domain::device::Device::draft(crate::domain::id::DeviceId(uuid::Uuid::now_v7()), rig.app.clock.now());
    let reviewer = |expected: bool| {
        let (app, draft) = (rig.app.clone(), draft.clone());
        async move {
            let caller = Caller::person(rev, "test");
            let roster = app.roster.current(&app.db.read).await.unwrap();
            let g =
                facts::gather(&app.db.read, &app, &roster, &caller, &draft, None, Default::default()).await.unwrap();
            let f: Facts<'_> = g.facts(&app, &caller);
            assert_eq!(f.standing(&draft).contains(&crate::domain::lifecycle::Who::Reviewer), expected);
        }
    };
    groups::put(&rig.app, &rig.admin, ici, rev, true).await.unwrap();
    reviewer(true).await;
    groups::put(&rig.app, &rig.admin, ici, rev, false).await.unwrap();
    reviewer(false).await;
    groups::put(&rig.app, &rig.admin, ici, rev, true).await.unwrap();
    closing::close(&rig.app, &rig.admin, rev).await.unwrap();
    reviewer(false).await;
    let doc = rig.group("Shift", TeamKind::Doc).await;
    assert_eq!(fields(groups::put(&rig.app, &rig.admin, doc, rig.ada(), true).await.unwrap_err()), ["reviewer"]);
}

/// T4: people add addresses of their commits, and only administrators take one away.
#[tokio::test]
async fn an_address_of_commits_is_not_ones_own_to_drop() {
    let rig = Rig::new().await;
    let ilse = rig.member("Ilse Hartmann", "ilse").await;
    let me = Caller::person(ilse, "test");
    let own = |phone: Option<&str>, all: &[&str]| OwnDetails {
        phone: phone.map(str::to_owned),
        time_zone: "Europe/Berlin".to_owned(),
        commit_emails: all.iter().map(|e| (*e).to_owned()).collect(),
    };
    people::edit_own(&rig.app, &me, own(Some("+49 40 66969 214"), &["Ilse@home.example "])).await.unwrap();
    let e = people::edit_own(&rig.app, &me, own(None, &[])).await.unwrap_err();
    assert_eq!(fields(e), ["commit_emails"]);
    let e = people::edit_own(&rig.app, &me, own(Some("66969214"), &["ilse@home.example"])).await.unwrap_err();
    assert_eq!(fields(e), ["phone"]);
    let details = people::Details {
        name: "Ilse Hartmann".to_owned(),
        email: "i.hartmann@example.org".to_owned(),
        phone: None,
        time_zone: "UTC".to_owned(),
        commit_emails: Vec::new(),
    };
    people::edit(&rig.app, &rig.admin, ilse, details).await.unwrap();
    let now = people::find(&rig.app, ilse).await.unwrap().unwrap();
    let key = &rig.app.author_key;
    assert!(now.person.wrote(&["ilse.hartmann@example.org".to_owned()].into(), key), "a replaced address stays theirs");
    assert!(!now.person.wrote(&["ilse@home.example".to_owned()].into(), key));
}

/// A35: each address is looked up among the others and not compared with each of them, while everybody else's changes
/// wait.
#[tokio::test]
async fn a35_addresses_of_commits_are_few_however_many_are_sent() {
    let rig = Rig::new().await;
    let me = Caller::person(rig.member("Ilse Hartmann", "ilse").await, "test");
    let own = OwnDetails {
        phone: None,
        time_zone: "Europe/Berlin".to_owned(),
        commit_emails: (0..150_000).map(|n| format!("{n}@a.example")).collect(),
    };
    let asked = std::time::Instant::now();
    assert_eq!(fields(people::edit_own(&rig.app, &me, own).await.unwrap_err()), ["commit_emails"]);
    assert!(asked.elapsed() < std::time::Duration::from_secs(20));
}

/// L3: everybody accepts the rules of conduct for themselves, in the version in force.
#[tokio::test]
async fn conduct_is_accepted_for_oneself() {
    let rig = Rig::new().await;
    let ilse = rig.member("Ilse Hartmann", "ilse").await;
    refused(conduct::accept(&rig.app, &rig.admin, ilse).await.unwrap_err());
    conduct::accept(&rig.app, &Caller::person(ilse, "test"), ilse).await.unwrap();
    let accepted = people::find(&rig.app, ilse).await.unwrap().unwrap().person.conduct;
    assert_eq!(accepted, Some(rig.app.policy.conduct.version.to_string()));
}

/// A37: what the journal keeps of people is ids: no name, number or address; and its chain holds.
#[tokio::test]
async fn the_journal_names_nobody() {
    let rig = Rig::new().await;
    let ilse = rig.member("Ilse Hartmann", "ilse.secretname").await;
    let me = Caller::person(ilse, "test");
    let own = OwnDetails {
        phone: Some("+49 40 66969 214".to_owned()),
        time_zone: "UTC".to_owned(),
        commit_emails: vec!["ilse@home.example".to_owned()],
    };
    people::edit_own(&rig.app, &me, own).await.unwrap();
    let ici = rig.group("ICI", TeamKind::Ctrl).await;
    groups::put(&rig.app, &rig.admin, ici, ilse, true).await.unwrap();
    let all = store::journal::list_after(&rig.app.db.read, 0, 1000).await.unwrap();
    assert!(all.len() > 5);
    for e in &all {
        for private in ["Ilse", "Hartmann", "66969", "example", "secretname", "Ada"] {
            assert!(!e.body.contains(private) && !e.stream.contains(private), "{}: {}", e.kind, e.body);
        }
    }
    assert!(store::journal::verify(&rig.app.db.read).await.unwrap().is_ok());
}

/// H2, A23: a server is of its host's class, and its name shows it.
#[tokio::test]
async fn a_servers_name_shows_its_hosts_class() {
    use crate::domain::server::SupportClass::{Full, Reduced};
    let rig = Rig::new().await;
    for (name, class) in [("dev01", Reduced), ("prod01", Full)] {
        let host = servers::Host { name: name.to_owned(), class, note: String::new() };
        servers::add_host(&rig.app, &rig.admin, host).await.unwrap();
    }
    let add = |name: &'static str, host: &'static str| {
        let (app, admin) = (rig.app.clone(), rig.admin.clone());
        async move { servers::add(&app, &admin, name, host, "SCS").await }
    };
    assert_eq!(add("cppServer/contrib_scs_01", "dev01").await.unwrap().class, Reduced);
    assert_eq!(add("cppServer/scs_01", "prod01").await.unwrap().class, Full);
    for (name, host) in [
        ("cppServer/scs_02", "dev01"),
        ("cppServer/c0ntrib_scs_02", "dev01"),
        ("cppServer/соntrib_scs_02", "dev01"),
        ("cppServer/contrib_scs_02", "prod01"),
        ("cppServer/CONTRIB_scs_02", "prod01"),
        ("CPPSERVER/contrib_scs_01", "dev01"),
    ] {
        assert_eq!(fields(add(name, host).await.unwrap_err()), ["name"], "{name}");
    }
    assert_eq!(fields(add("cppServer/contrib_scs_03", "nowhere").await.unwrap_err()), ["host"]);
    let (servers, hosts) = (servers::list(&rig.app).await.unwrap(), servers::list_hosts(&rig.app).await.unwrap());
    assert_eq!((servers.len(), hosts.len()), (2, 2));
}
