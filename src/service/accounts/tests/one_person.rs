//! Accounts that are closed, linked and made one.

use super::*;

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

/// A31, A2, E1: what leads to somebody is removed by an administrator, or a name by themselves while something else lets them
/// in; sessions and links end with it, what was tried with the name is forgotten, and neither it nor its password comes back
/// with the account. The last administrator keeps a way in.
#[tokio::test]
async fn a31_what_leads_to_somebody_is_removed() {
    let rig = Rig::new().await;
    let (bea, ilse) = (rig.member("Bea Kern", "bea").await, rig.member("Ilse Hartmann", "ilse").await);
    let admins = groups::list(&rig.app).await.unwrap().0[0].id;
    groups::put(&rig.app, &rig.admin, admins, bea, false).await.unwrap();
    let tx = rig.app.db.begin().await.unwrap();
    store::accounts::save(&tx, "https://a.example", "b1", bea, None).await.unwrap();
    tx.commit().await.unwrap();
    let removes = async |caller: &Caller, person: PersonId, subject: &str| {
        let all = list(&rig.app, person).await.unwrap();
        let way = all.into_iter().find(|way| way.subject == subject).unwrap();
        remove(&rig.app, caller, person, &way.id, "").await
    };
    let (own, other) = (Caller::person(bea, "test"), Caller::person(ilse, "test"));
    assert_eq!(refused(removes(&other, bea, "bea").await.unwrap_err()), "This is for an administrator to do.");
    // Whoever is not in the policy lets nobody in.
    assert!(refused(removes(&own, bea, "bea").await.unwrap_err()).starts_with("You sign in with nothing else."));
    let foreign = refused(removes(&own, bea, "b1").await.unwrap_err());
    assert!(foreign.starts_with("Whoever signs in with it afterwards is somebody new here."), "{foreign}");
    assert!(matches!(remove(&rig.app, &rig.admin, bea, "none", "").await, Err(Error::NotFound)));

    let url = link(&rig.app, &rig.admin, bea, "bea2").await.unwrap().unwrap();
    accept(&rig.app, &secret(&url), acceptance("bea2"), "test").await.unwrap();
    let tried = async || store::guesses::load(&rig.app.db.read, &sessions::ways("bea2", "test")).await.unwrap();
    let wrong = sessions::sign_in(&rig.app, "bea2", "wrong", "Firefox", "test").await.unwrap();
    assert_eq!((wrong, tried().await[1].is_some()), (sessions::Tried::Wrong, true));
    let (kept, ended) = (rig.sign_in("bea").await.unwrap(), rig.sign_in("bea").await.unwrap());
    let opens = secret(&invite(&rig.app, &rig.admin, bea).await.unwrap());
    let second = list(&rig.app, bea).await.unwrap().into_iter().find(|way| way.subject == "bea2").unwrap();
    remove(&rig.app, &own, bea, &second.id, &secret::hash(&kept)).await.unwrap();
    assert!(tried().await[..2].iter().all(Option::is_none), "of the name, from wherever it was");
    assert!(sessions::find(&rig.app, &kept).await.unwrap().is_some());
    assert!(sessions::find(&rig.app, &ended).await.unwrap().is_none());
    assert!(matches!(find_invitation(&rig.app, &opens).await, Err(Error::NotFound)));
    assert_eq!(store::accounts::find(&rig.app.db.read, LOCAL, "bea2").await.unwrap(), None);

    removes(&rig.admin, bea, "b1").await.unwrap();
    assert!(sessions::find(&rig.app, &kept).await.unwrap().is_none());
    removes(&rig.admin, bea, "bea").await.unwrap();
    assert!(list(&rig.app, bea).await.unwrap().is_empty());
    closing::close(&rig.app, &rig.admin, bea).await.unwrap();
    closing::reopen(&rig.app, &rig.admin, bea).await.unwrap();
    assert!(rig.sign_in("bea").await.is_none(), "a stolen password stays out");
    let record = store::journal::list_all(&rig.app.db.read, &format!("person/{bea}")).await.unwrap();
    let removed: Vec<_> = record.iter().filter(|e| e.kind == "account_removed").collect();
    assert_eq!(removed.iter().map(|e| e.actor).collect::<Vec<_>>(), [Some(bea), Some(rig.ada()), Some(rig.ada())]);
    assert!(removed.iter().all(|e| e.body == "{}"), "no name of theirs: {removed:?}");

    // Bea is an administrator whom nothing leads to.
    let last = refused(removes(&own, rig.ada(), "ada").await.unwrap_err());
    assert!(last.starts_with("They are the last administrator"), "{last}");
    assert!(rig.sign_in("ada").await.is_some(), "nothing was half done");
    let link = secret(&invite(&rig.app, &rig.admin, bea).await.unwrap());
    accept(&rig.app, &link, acceptance("bea"), "test").await.unwrap();
    removes(&own, rig.ada(), "ada").await.unwrap();
    assert!(rig.sign_in("ada").await.is_none());
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
    assert_eq!(list(&rig.app, ilse).await.unwrap().len(), 3);
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
        store::accounts::save(&tx, issuer, "m1", person, None).await.unwrap();
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
    let providers = list(&rig.app, mona).await.unwrap().into_iter().filter_map(|way| way.provider);
    assert_eq!(providers.collect::<Vec<_>>(), ["https://a.example", "https://b.example"]);
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
    // Of a record without an account nothing is said to have been taken (E2).
    let linked = async || kinds(mona).await.iter().filter(|kind| *kind == "account_linked").count();
    let (bare, before) = (rig.add("Mona Bare").await, linked().await);
    joins(&rig.admin, mona, bare).await.unwrap();
    assert!(!kinds(bare).await.contains(&"account_taken".to_owned()));
    assert_eq!((kinds(bare).await.last().map(String::as_str), linked().await), (Some("closed"), before));
    let gone = rig.add("Mona Gone").await;
    erasure::erase(&rig.app, &rig.admin, gone).await.unwrap();
    assert!(refused(joins(&rig.admin, mona, gone).await.unwrap_err()).contains("asked to be forgotten"));

    // A2, E1: nor does it take the last administrator away.
    assert!(refused(joins(&rig.admin, mona, rig.ada()).await.unwrap_err()).starts_with("They are the last"));
    assert_eq!(find(&rig.app, "ada").await.unwrap(), Some(rig.ada()), "nothing was half done");
}
