//! Who is who is kept in memory for whoever changes something, and is never out of date (A6, E7).

use crate::app::TestApp;
use chrono::{DateTime, NaiveDate};
use custody::{
    domain::{absence::Absence, lifecycle::Command, person::Role},
    service::Error,
    store::{self, channels::Channel},
};
use sea_orm::{ConnectionTrait, Statement};
use std::collections::BTreeMap;

fn shut_down(test: &TestApp) -> Command {
    Command::ShutDown {
        reason: "It floods the broker.".to_owned(),
        affected: "The broker.".to_owned(),
        responsible: test.person("ilse"),
        conditions: "A limit.".to_owned(),
    }
}

fn restart() -> Command {
    Command::Restart { text: "The limit is in.".to_owned() }
}

/// A6, E7: whoever has lost a role, by whatever hand, has lost it for the very next thing that they do; and what was not
/// saved in the end has changed nothing.
#[tokio::test]
async fn a6_a_role_is_lost_at_once() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    let does = async |command| Box::pin(test.does("lena", "magnet", command)).await;
    does(shut_down(&test)).await.unwrap();
    let lena = test.person("lena");
    let leaves = format!("DELETE FROM membership WHERE person_id = '{lena}'");

    let tx = test.app.db.begin().await.unwrap();
    tx.execute_unprepared(&leaves).await.unwrap();
    let roster = test.app.roster.current(&tx).await.unwrap();
    assert!(!roster.person(lena).unwrap().has(&Role::Ctrl), "as this transaction has it");
    tx.rollback().await.unwrap();
    does(restart()).await.unwrap();

    let tx = test.app.db.begin().await.unwrap();
    tx.execute_unprepared(&leaves).await.unwrap();
    tx.commit().await.unwrap();
    let refused = does(shut_down(&test)).await;
    assert!(matches!(refused, Err(Error::Refused(_))), "{refused:?}");
}

/// E7: each table that it is read from makes another version of it, and nothing else does.
#[tokio::test]
async fn e7_every_change_of_who_is_who_is_another_version() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    let (ilse, at) = (test.person("ilse"), DateTime::UNIX_EPOCH);
    let tx = test.app.db.begin().await.unwrap();
    let version = async || {
        let ask = Statement::from_string(tx.get_database_backend(), "SELECT version FROM roster");
        tx.query_one_raw(ask).await.unwrap().unwrap().try_get::<String>("", "version").unwrap()
    };
    let mut last = version().await;
    let mut differs = async |what: &str| {
        let now = version().await;
        assert_ne!(now, last, "{what}");
        last = now;
    };
    for sql in [
        "UPDATE person SET name = name",
        "UPDATE team SET name = name",
        "UPDATE membership SET reviewer = reviewer",
        "UPDATE server SET host = host",
    ] {
        tx.execute_unprepared(sql).await.unwrap();
        differs(sql).await;
    }
    store::people::save_training(&tx, ilse, &BTreeMap::from([("lasers".to_owned(), at)]), ilse, at).await.unwrap();
    differs("training").await;
    let day = NaiveDate::default();
    let absence = Absence { from: day, until: day, note: String::new() };
    store::absences::insert(&tx, ilse, &store::absences::Kept { id: "a".to_owned(), absence }, at).await.unwrap();
    differs("an absence").await;
    store::channels::save(&tx, &Channel::mail(ilse), at).await.unwrap();
    differs("a channel").await;
    for table in ["channel", "absence", "training", "membership"] {
        tx.execute_unprepared(&format!("DELETE FROM {table}")).await.unwrap();
        differs(table).await;
    }
    tx.execute_unprepared("UPDATE device SET summary = summary").await.unwrap();
    assert_eq!(version().await, last, "a device is nobody");
    let roster = test.app.roster.current(&tx).await.unwrap();
    assert!(roster.person(ilse).unwrap().roles.is_empty());
    tx.rollback().await.unwrap();
}
