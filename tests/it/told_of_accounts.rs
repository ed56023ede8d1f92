//! What others did to how somebody signs in is told to them (A31, O5).

use crate::{
    app::TestApp,
    given::policy_with,
    sessions::PROVIDER,
    smtp_server::{Letter, SmtpServer},
};
use chrono::NaiveTime;
use custody::{
    domain::telling::{Owner, Preferences, Wanted},
    service::{
        accounts,
        channels::{self, Typed},
        sessions,
    },
    store,
};

impl TestApp {
    /// What somebody was told of their account, the newest first.
    async fn told_of_account(&self, who: &str) -> Vec<String> {
        let all = store::notices::list(&self.app.db.read, self.person(who), 20).await.unwrap();
        assert!(all.iter().all(|t| (t.device.as_str(), t.path.as_str()) == ("Your account", "/account")), "{all:?}");
        all.into_iter().map(|t| t.text).collect()
    }
}

/// A31, O5: whoever has a way in removed by an administrator, or their sessions ended, hears of it in Custody and by mail:
/// in quiet hours too, and where they chose to hear of nothing but their turn. What they do themselves is told to nobody.
#[tokio::test]
async fn a31_somebody_hears_what_was_done_to_how_they_sign_in() {
    let smtp = SmtpServer::start().await;
    let test = TestApp::with_mail(&policy_with(PROVIDER), Some(&smtp.url)).await;
    let (app, noor, ada) = (&test.app, test.person("noor"), test.caller("ada"));
    let at = |hour| NaiveTime::from_hms_opt(hour, 0, 0).unwrap();
    let little = Preferences { wanted: Wanted::Mine, digest: None, quiet: Some((at(7), at(12))) };
    let mail = channels::mail_id(noor);
    channels::change(app, &test.caller("noor"), Owner::Person(noor), &mail, Typed::default(), little).await.unwrap();
    let signs_in = async || assert!(sessions::open(app, noor, "Firefox", "test").await.unwrap().is_some());

    signs_in().await;
    assert_eq!(sessions::end_all(app, &test.caller("noor"), noor).await.unwrap(), 1);
    assert!(test.told_of_account("noor").await.is_empty(), "by themselves");
    signs_in().await;
    for ended in [1, 0] {
        assert_eq!(sessions::end_all(app, &ada, noor).await.unwrap(), ended);
    }
    let ended = "Ada Nowak ended your sessions: wherever you were signed in, sign in again.";
    assert_eq!(test.told_of_account("noor").await, [ended]);
    let page = test.browser("noor").await.page("/my").await;
    assert!(page.contains("<a href=\"/account\">Your account</a> Ada Nowak ended your sessions"), "{page}");
    let page = test.browser("ada").await.page("/admin/outbox").await;
    assert!(page.contains(&format!("<a href=\"/admin/people/{noor}\">Your account</a>")), "{page}");

    let tx = app.db.begin().await.unwrap();
    store::accounts::save(&tx, "https://login.example.org", "m9", noor, None).await.unwrap();
    tx.commit().await.unwrap();
    for way in accounts::list(app, noor).await.unwrap().iter().rev() {
        accounts::remove(app, &ada, noor, &way.id, "").await.unwrap();
    }
    let gone = |what: &str| {
        format!("Ada Nowak removed the sign-in {what}: it leads to you no longer. Your sessions have ended.")
    };
    let all = [gone("name noor"), gone("with Facility account"), ended.to_owned()];
    assert_eq!(test.told_of_account("noor").await, all);
    test.delivers().await;
    let letters = smtp.letters();
    assert!(letters.len() == 3 && letters.iter().all(|l| l.to == "noor@example.org"), "{letters:?}");
    let about = "[Custody] Your account: Ada Nowak ";
    let is_about = |l: &Letter| l.header("Subject").is_some_and(|said| said.starts_with(about));
    assert!(letters.iter().all(is_about), "{letters:?}");
}

/// A31, A2, O5: whoever is made one with another record hears what leads to them now, and whoever goes on without a sign-in
/// name that it is gone; a record that is closed by it is told nothing.
#[tokio::test]
async fn a2_whoever_is_made_one_with_another_record_hears_of_it() {
    let test = TestApp::new().await;
    let (app, ada) = (&test.app, test.caller("ada"));
    accounts::join(app, &ada, test.person("noor"), test.person("tomasz")).await.unwrap();
    let joined = "Ada Nowak made the record of Tomasz Wilk one with yours: whatever led to it leads to you now.";
    assert_eq!(test.told_of_account("noor").await, [joined]);
    assert!(test.told_of_account("tomasz").await.is_empty(), "it is closed");

    accounts::link(app, &ada, test.person("otto"), "otto2").await.unwrap();
    let linked = "Ada Nowak let the sign-in name otto2 lead to you.";
    assert_eq!(test.told_of_account("otto").await, [linked]);
    accounts::link(app, &ada, test.person("sofia"), "otto2").await.unwrap();
    assert_eq!(test.told_of_account("sofia").await, [linked]);
    let moved = "Ada Nowak moved a sign-in name of yours to another record: it leads to you no longer. \
                 Your sessions have ended.";
    assert_eq!(test.told_of_account("otto").await, [moved, linked]);
}
