//! Links, names and passwords that open a session.

use super::*;

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

/// A31: a password that is replaced, or an account that is closed, while a password is compared opens nothing any more.
#[tokio::test]
async fn a31_what_ends_while_a_password_is_compared_opens_nothing() {
    let rig = Rig::new().await;
    let (bea, ilse) = (rig.member("Bea Kern", "bea").await, rig.member("Ilse Hartmann", "ilse").await);
    let other = "entirely other words";
    let hashed = passwords::hash(&rig.app, other.to_owned()).await.unwrap();
    let replaces = async || {
        let tx = rig.app.db.begin().await.unwrap();
        store::accounts::save(&tx, LOCAL, "bea", bea, Some(hashed)).await.unwrap();
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

/// A31: what is removed while a provider proves who somebody is opens nothing any more, and that is what they are told: not
/// that their account is closed, unless it is.
#[tokio::test]
async fn a31_what_is_removed_while_it_is_proved_opens_nothing() {
    let rig = Rig::new().await;
    let bea = rig.member("Bea Kern", "bea").await;
    let tx = rig.app.db.begin().await.unwrap();
    store::accounts::save(&tx, "https://a.example", "b1", bea, None).await.unwrap();
    tx.commit().await.unwrap();
    let opens = async || {
        let account = ("https://a.example".to_owned(), "b1".to_owned());
        let by = sessions::By::Provider { id: "a".to_owned(), account, id_token: None, age: None };
        sessions::open_by(&rig.app, bea, "Firefox", "test", Some(by)).await.unwrap()
    };
    assert!(opens().await.is_some());
    let all = list(&rig.app, bea).await.unwrap();
    let way = all.iter().find(|way| way.provider.is_some()).unwrap();
    remove(&rig.app, &rig.admin, bea, &way.id, "").await.unwrap();
    assert_eq!(opens().await, None);
    assert!(sessions::list(&rig.app, bea).await.unwrap().is_empty());
    let told = async || identity::not_opened(&rig.app, bea).await.unwrap().to_string();
    assert!(told().await.starts_with("What you signed in with was removed while you did so"), "{}", told().await);
    closing::close(&rig.app, &rig.admin, bea).await.unwrap();
    assert!(told().await.starts_with("Your account here is closed."), "{}", told().await);
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
