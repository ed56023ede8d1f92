//! Accounts from the first link to the last administrator, against a database of their own.

use super::*;
use crate::{
    app::Parts,
    domain::{lifecycle::Facts, policy::Policy},
    ports::clock::Clock,
    service::{closing, conduct, erasure, facts, people::OwnDetails, servers, sessions, tokens},
    store::Db,
};
use chrono::{TimeZone, Utc};

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

/// E1: the first link makes an administrator, once, and there is never a second one.
#[tokio::test]
async fn the_first_link_makes_an_administrator_once() {
    let (app, _dir) = empty().await;
    let old = secret(&first_administrator(&app).await.unwrap().unwrap());
    let link = secret(&first_administrator(&app).await.unwrap().unwrap());
    assert!(matches!(find_invitation(&app, &old).await, Err(Error::NotFound)), "each start makes a new one");

    let weak = Acceptance { password: "ada admin rules".to_owned(), email: "ada".to_owned(), ..acceptance("A") };
    assert_eq!(fields(accept(&app, &link, weak, "test").await.unwrap_err()), ["email", "login", "password"]);
    let ada = accept(&app, &link, acceptance("Ada"), "web 192.0.2.7").await.unwrap();
    let people = people::load(&app, &[ada].into()).await.unwrap();
    assert!(people.has(ada, &crate::domain::person::Role::Admin));
    assert!(matches!(accept(&app, &link, acceptance("eve"), "test").await, Err(Error::NotFound)));
    assert!(first_administrator(&app).await.unwrap().is_none());
    let tried = sessions::sign_in(&app, "ada", PASSWORD, "", "test").await.unwrap();
    assert!(matches!(tried, sessions::Tried::Right(_)));
}

/// E1: an invitation counts once, seven days, and only the newest.
#[tokio::test]
async fn an_invitation_counts_once_and_for_a_week() {
    let rig = Rig::new().await;
    let ilse = rig.add("Ilse Hartmann").await;
    let first = secret(&invite(&rig.app, &rig.admin, ilse).await.unwrap());
    let link = secret(&invite(&rig.app, &rig.admin, ilse).await.unwrap());
    assert!(matches!(find_invitation(&rig.app, &first).await, Err(Error::NotFound)));

    assert_eq!(fields(accept(&rig.app, &link, acceptance("ada"), "t").await.unwrap_err()), ["login"], "taken");
    assert_eq!(accept(&rig.app, &link, acceptance("ilse"), "t").await.unwrap(), ilse, "a mistake used nothing up");
    assert!(matches!(accept(&rig.app, &link, acceptance("ilse"), "t").await, Err(Error::NotFound)));

    let late = secret(&invite(&rig.app, &rig.admin, ilse).await.unwrap());
    rig.app.clock.advance(Duration::days(7));
    assert!(matches!(accept(&rig.app, &late, acceptance("ilse"), "t").await, Err(Error::NotFound)));
}

/// A34: who does not exist and who mistyped the password get one answer.
#[tokio::test]
async fn an_unknown_name_and_a_wrong_password_are_answered_alike() {
    let rig = Rig::new().await;
    for (login, password) in [("ada", "not the password"), ("nobody", PASSWORD), ("ada", ""), ("", "")] {
        let tried = sessions::sign_in(&rig.app, login, password, "", "test").await.unwrap();
        assert_eq!(tried, sessions::Tried::Wrong, "{login:?}");
    }
}

/// A34: whether somebody has the name or not, a password is compared: where none can be, none of them is answered.
#[tokio::test]
async fn a34_an_unknown_name_costs_the_comparison_as_well() {
    let rig = Rig::new().await;
    rig.app.hashing.close();
    for login in ["ada", "nobody"] {
        let tried = sessions::sign_in(&rig.app, login, PASSWORD, "", "test").await;
        assert!(matches!(tried, Err(Error::Internal(_))), "{login}: {tried:?}");
    }
}

/// A31: a closed account's sessions, links and tokens are dead at once; opened again it signs in anew.
#[tokio::test]
async fn closing_an_account_ends_everything_of_it() {
    let rig = Rig::new().await;
    let bea = rig.member("Bea Kern", "bea").await;
    let admins = groups::list(&rig.app).await.unwrap().0[0].id;
    groups::put(&rig.app, &rig.admin, admins, bea, false).await.unwrap();
    let host = servers::Host {
        name: "exflcon01".to_owned(),
        class: crate::domain::server::SupportClass::Reduced,
        note: String::new(),
    };
    servers::add_host(&rig.app, &rig.admin, host).await.unwrap();
    servers::add(&rig.app, &rig.admin, "cppServer/contrib_scs_01", "exflcon01", "SCS").await.unwrap();
    let scope = tokens::TokenScope::Observe("cppServer/contrib_scs_01".into());
    let (_, token) = tokens::create(&rig.app, &Caller::person(bea, "test"), "agent", scope, 30).await.unwrap();
    let session = rig.sign_in("bea").await.unwrap();
    let link = secret(&invite(&rig.app, &rig.admin, bea).await.unwrap());
    assert!(tokens::authenticate(&rig.app, &token, "test").await.unwrap().is_some());
    assert!(sessions::find(&rig.app, &session).await.unwrap().is_some());

    closing::close(&rig.app, &rig.admin, bea).await.unwrap();
    assert!(sessions::find(&rig.app, &session).await.unwrap().is_none());
    assert!(tokens::authenticate(&rig.app, &token, "test").await.unwrap().is_none());
    assert!(matches!(find_invitation(&rig.app, &link).await, Err(Error::NotFound)));
    assert!(rig.sign_in("bea").await.is_none());
    assert!(refused(invite(&rig.app, &rig.admin, bea).await.unwrap_err()).contains("closed"));

    closing::reopen(&rig.app, &rig.admin, bea).await.unwrap();
    assert!(sessions::find(&rig.app, &session).await.unwrap().is_none(), "the old session stays dead");
    assert!(rig.sign_in("bea").await.is_some());
}

/// A31: a password that is replaced, or an account that is closed, while a password is compared opens nothing any more.
#[tokio::test]
async fn a31_what_ends_while_a_password_is_compared_opens_nothing() {
    let rig = Rig::new().await;
    let (bea, ilse) = (rig.member("Bea Kern", "bea").await, rig.member("Ilse Hartmann", "ilse").await);
    let other = "entirely other words";
    let hashed = passwords::hash(&rig.app, other.to_owned()).await.unwrap();
    let replaces = async || {
        let tx = rig.app.db.begin().await.unwrap();
        store::people::save_account(&tx, LOCAL, "bea", bea, Some(hashed)).await.unwrap();
        tx.commit().await.unwrap();
    };
    assert_eq!(rig.sign_in_while("bea", replaces).await, sessions::Tried::Wrong);
    let closes = async || closing::close(&rig.app, &rig.admin, ilse).await.unwrap();
    assert_eq!(rig.sign_in_while("ilse", closes).await, sessions::Tried::Wrong);
    for person in [bea, ilse] {
        assert!(sessions::list(&rig.app, person).await.unwrap().is_empty());
    }
    let now = sessions::sign_in(&rig.app, "bea", other, "", "test").await.unwrap();
    assert!(matches!(now, sessions::Tried::Right(_)));
}

/// E1: there is always an administrator who can sign in.
#[tokio::test]
async fn the_last_administrator_stays() {
    let rig = Rig::new().await;
    let admins = groups::list(&rig.app).await.unwrap().0[0].id;
    let last = "They are the last administrator";
    assert!(refused(closing::close(&rig.app, &rig.admin, rig.ada()).await.unwrap_err()).starts_with(last));
    assert!(refused(groups::remove(&rig.app, &rig.admin, admins, rig.ada()).await.unwrap_err()).starts_with(last));
    // Somebody who cannot sign in is no other administrator.
    let bea = rig.add("Bea Kern").await;
    groups::put(&rig.app, &rig.admin, admins, bea, false).await.unwrap();
    assert!(refused(closing::close(&rig.app, &rig.admin, rig.ada()).await.unwrap_err()).starts_with(last));
    // Nor is somebody with a sign-in name who has not set its password.
    let link = link(&rig.app, &rig.admin, bea, "bea").await.unwrap().unwrap();
    assert!(refused(closing::close(&rig.app, &rig.admin, rig.ada()).await.unwrap_err()).starts_with(last));
    assert!(refused(groups::remove(&rig.app, &rig.admin, admins, rig.ada()).await.unwrap_err()).starts_with(last));
    accept(&rig.app, &secret(&link), acceptance("bea"), "test").await.unwrap();
    groups::remove(&rig.app, &rig.admin, admins, rig.ada()).await.unwrap();
    let who = refused(rig.try_to_add().await);
    assert_eq!(who, "This is for an administrator to do.");
}

impl Rig {
    async fn try_to_add(&self) -> Error {
        let new = NewPerson { name: "Some One".to_owned(), email: "some@example.org".to_owned(), phone: None };
        people::add(&self.app, &self.admin, new).await.unwrap_err()
    }
}

/// A2: two sign-in names of one person lead to one person; a record that no name leads to is closed.
#[tokio::test]
async fn two_accounts_are_one_person() {
    let rig = Rig::new().await;
    let ilse = rig.member("Ilse Hartmann", "ilse").await;
    let twice = rig.member("Hartmann Ilse", "hartmann2").await;
    let session = rig.sign_in("hartmann2").await.unwrap();
    assert!(link(&rig.app, &rig.admin, ilse, "Hartmann2").await.unwrap().is_none());
    assert!(sessions::find(&rig.app, &session).await.unwrap().is_none(), "the session of the other record ended");
    assert!(!people::find(&rig.app, twice).await.unwrap().unwrap().person.active);
    for login in ["ilse", "hartmann2"] {
        let session = rig.sign_in(login).await.unwrap();
        assert_eq!(sessions::find(&rig.app, &session).await.unwrap().unwrap().id(), ilse);
    }
    // A new name comes with a link, and that link sets the password of the name that is chosen.
    let url = link(&rig.app, &rig.admin, ilse, "ilse.h").await.unwrap().unwrap();
    assert_eq!(fields(accept(&rig.app, &secret(&url), acceptance("other"), "t").await.unwrap_err()), ["login"]);
    assert_eq!(accept(&rig.app, &secret(&url), acceptance("ilse.h"), "t").await.unwrap(), ilse);
    assert_eq!(list_logins(&rig.app, ilse).await.unwrap().len(), 3);
}

/// A2, E1: linking cannot take the last administrator's only name.
#[tokio::test]
async fn linking_does_not_close_the_last_administrator() {
    let rig = Rig::new().await;
    let ilse = rig.member("Ilse Hartmann", "ilse").await;
    assert!(refused(link(&rig.app, &rig.admin, ilse, "ada").await.unwrap_err()).starts_with("They are the last"));
    assert!(rig.sign_in("ada").await.is_some());
    assert_eq!(find(&rig.app, "ada").await.unwrap(), Some(rig.ada()), "nothing was half done");
}

/// A2, T4: whoever came by two providers with two addresses has two records, and is made one: whatever led to the other one
/// leads here, its sessions and links end, it is closed, and its commits are theirs.
#[tokio::test]
async fn a2_two_records_are_made_one() {
    let rig = Rig::new().await;
    let (mona, twice) = (rig.member("Mona Weiss", "mona").await, rig.member("Weiss Mona", "mona2").await);
    let tx = rig.app.db.begin().await.unwrap();
    for (issuer, person) in [("https://a.example", mona), ("https://b.example", twice)] {
        store::people::save_account(&tx, issuer, "m1", person, None).await.unwrap();
    }
    tx.commit().await.unwrap();
    let (kept, ended) = (rig.sign_in("mona").await.unwrap(), rig.sign_in("mona2").await.unwrap());
    let opens = secret(&invite(&rig.app, &rig.admin, twice).await.unwrap());
    let other = async |email: &str| find_other(&rig.app, mona, email).await.unwrap().map(|p| p.person.id);
    assert_eq!(other(" Weiss.Mona@example.org ").await, Some(twice));
    assert_eq!((other("mona.weiss@example.org").await, other("").await), (None, None));

    let joins = async |caller: &Caller, person: PersonId, other: PersonId| join(&rig.app, caller, person, other).await;
    let own = Caller::person(mona, "test");
    assert_eq!(refused(joins(&own, mona, twice).await.unwrap_err()), "This is for an administrator to do.");
    assert_eq!(fields(joins(&rig.admin, mona, mona).await.unwrap_err()), ["other"]);
    let nobody = PersonId(uuid::Uuid::now_v7());
    assert!(matches!(joins(&rig.admin, mona, nobody).await, Err(Error::NotFound)));
    assert!(matches!(joins(&rig.admin, nobody, mona).await, Err(Error::NotFound)));

    joins(&rig.admin, mona, twice).await.unwrap();
    assert!(sessions::find(&rig.app, &ended).await.unwrap().is_none());
    assert!(sessions::find(&rig.app, &kept).await.unwrap().is_some());
    assert!(matches!(find_invitation(&rig.app, &opens).await, Err(Error::NotFound)));
    assert!(!people::find(&rig.app, twice).await.unwrap().unwrap().person.active);
    let both = rig.sign_in("mona2").await.expect("its password goes with the name");
    assert_eq!(sessions::find(&rig.app, &both).await.unwrap().unwrap().id(), mona);
    assert_eq!(list_providers(&rig.app, mona).await.unwrap().len(), 2);
    let now = people::find(&rig.app, mona).await.unwrap().unwrap();
    assert_eq!(now.commit_emails, ["weiss.mona@example.org"]);
    let kinds = async |person: PersonId| {
        let all = store::journal::list_all(&rig.app.db.read, &format!("person/{person}")).await.unwrap();
        all.into_iter().map(|e| e.kind).collect::<Vec<_>>()
    };
    assert!(kinds(twice).await.ends_with(&["closed".to_owned(), "account_taken".to_owned()]));
    assert!(kinds(mona).await.contains(&"account_linked".to_owned()));

    // Done once, there is nothing more to join; a closed record that something leads to can be joined.
    assert_eq!(other("weiss.mona@example.org").await, None);
    assert!(refused(joins(&rig.admin, mona, twice).await.unwrap_err()).contains("nothing leads to it"));
    assert!(refused(joins(&rig.admin, twice, mona).await.unwrap_err()).contains("closed"));
    let third = rig.member("Mona Third", "mona3").await;
    closing::close(&rig.app, &rig.admin, third).await.unwrap();
    assert_eq!(other("mona.third@example.org").await, Some(third));
    joins(&rig.admin, mona, third).await.unwrap();
    assert!(rig.sign_in("mona3").await.is_some());
    let gone = rig.add("Mona Gone").await;
    erasure::erase(&rig.app, &rig.admin, gone).await.unwrap();
    assert!(refused(joins(&rig.admin, mona, gone).await.unwrap_err()).contains("asked to be forgotten"));

    // A2, E1: nor does it take the last administrator away.
    assert!(refused(joins(&rig.admin, mona, rig.ada()).await.unwrap_err()).starts_with("They are the last"));
    assert_eq!(find(&rig.app, "ada").await.unwrap(), Some(rig.ada()), "nothing was half done");
}

/// E1: changing a password asks for the old one and ends the other sessions.
#[tokio::test]
async fn a_new_password_ends_other_sessions() {
    let rig = Rig::new().await;
    let (here, there) = (rig.sign_in("ada").await.unwrap(), rig.sign_in("ada").await.unwrap());
    let keep = secret::hash(&here);
    let change = |old: &'static str, new: &'static str| {
        let (app, admin, keep) = (rig.app.clone(), rig.admin.clone(), keep.clone());
        async move { change_password(&app, &admin, "ada", old, new, &keep).await }
    };
    assert_eq!(fields(change("wrong", "entirely other words").await.unwrap_err()), ["old"]);
    assert_eq!(fields(change(PASSWORD, "short").await.unwrap_err()), ["new"]);
    change(PASSWORD, "entirely other words").await.unwrap();
    assert!(sessions::find(&rig.app, &here).await.unwrap().is_some());
    assert!(sessions::find(&rig.app, &there).await.unwrap().is_none());
    assert!(rig.sign_in("ada").await.is_none());
}

/// A34: whoever has somebody's session guesses at their password no more often than at the front.
#[tokio::test]
async fn a34_the_old_password_is_not_guessed() {
    let rig = Rig::new().await;
    let keep = secret::hash(&rig.sign_in("ada").await.unwrap());
    let change = async |old: &str| {
        change_password(&rig.app, &rig.admin, "ada", old, "entirely other words", &keep).await.unwrap_err()
    };
    for _ in 0..5 {
        assert_eq!(fields(change("wrong").await), ["old"]);
    }
    let Error::Invalid(problems) = change(PASSWORD).await else { panic!("it waits") };
    assert!(problems[0].say.starts_with("Too many wrong passwords"), "{problems:?}");
    rig.app.clock.advance(Duration::seconds(31));
    change_password(&rig.app, &rig.admin, "ada", PASSWORD, "entirely other words", &keep).await.unwrap();
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
    let overview = servers::overview(&rig.app).await.unwrap();
    assert_eq!((overview.servers.len(), overview.hosts.len()), (2, 2));
}
