//! What others did to somebody's account is told to them (A31, O5).

use crate::{
    app::{POLICY, TestApp},
    given::policy_with,
    sessions::PROVIDER,
    smtp_server::{Letter, SmtpServer},
};
use chrono::NaiveTime;
use custody::{
    domain::{
        id::PersonId,
        telling::{Owner, Preferences, Wanted},
    },
    service::{
        accounts,
        channels::{self, Typed},
        closing, erasure, groups,
        outbox::{self, Road},
        people::{self, Details, NewPerson},
        sessions,
    },
    store,
};
use reqwest::Method;
use serde_json::{Value, json};

/// What whoever has a link can do with it.
const OPENS: &str = "whoever opens it first signs in as you. If you asked for none, tell another administrator.";

/// Of another address.
const MOVED: &str = "Ada Nowak changed your e-mail address: mail for you goes to the new one now. If it is not yours, tell \
                     another administrator.";

impl TestApp {
    /// Ada gives somebody this address, and another number.
    async fn edits(&self, who: &str, email: &str) {
        let was = people::find(&self.app, self.person(who)).await.unwrap().unwrap();
        let details = Details {
            name: was.person.name,
            email: email.to_owned(),
            phone: Some("+49 40 66969 999".to_owned()),
            time_zone: "Europe/Berlin".to_owned(),
            commit_emails: was.commit_emails,
        };
        people::edit(&self.app, &self.caller("ada"), self.person(who), details).await.unwrap();
    }

    /// What somebody was told of their account, the newest first.
    async fn told_of_account(&self, who: &str) -> Vec<String> {
        self.told_of_theirs(self.person(who)).await
    }

    async fn told_of_theirs(&self, who: PersonId) -> Vec<String> {
        let all = store::notices::list(&self.app.db.read, who, 20).await.unwrap();
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

/// A31, A2, O5: whoever is made one with another record hears what leads to them now; whose record it was, and whoever goes on
/// without a sign-in name, hears that it is gone, and of their record that it is closed, by mail too.
#[tokio::test]
async fn a2_whoever_is_made_one_with_another_record_hears_of_it() {
    let smtp = SmtpServer::start().await;
    let test = TestApp::with_mail(&POLICY, Some(&smtp.url)).await;
    let (app, ada) = (&test.app, test.caller("ada"));
    accounts::join(app, &ada, test.person("noor"), test.person("tomasz")).await.unwrap();
    let joined = "Ada Nowak made the record of Tomasz Wilk one with yours: whatever led to it leads to you now.";
    assert_eq!(test.told_of_account("noor").await, [joined]);
    let swallowed = "Ada Nowak made your record one with another: whatever led to it leads there now. Your sessions have \
                     ended. Your account is closed: nothing else led to it.";
    assert_eq!(test.told_of_account("tomasz").await, [swallowed]);

    accounts::link(app, &ada, test.person("otto"), "otto2").await.unwrap();
    let made = format!("Ada Nowak let the sign-in name otto2 lead to you, and made a link for it: {OPENS}");
    assert_eq!(test.told_of_account("otto").await, [made.as_str()]);
    accounts::link(app, &ada, test.person("sofia"), "otto2").await.unwrap();
    let linked = "Ada Nowak let the sign-in name otto2 lead to you.";
    assert_eq!(test.told_of_account("sofia").await, [linked]);
    let moved = "Ada Nowak moved a sign-in name of yours to another record: it leads to you no longer. \
                 Your sessions have ended.";
    assert_eq!(test.told_of_account("otto").await, [moved, made.as_str()]);
    // Their only one, to whoever does it.
    accounts::link(app, &ada, test.person("ada"), "otto").await.unwrap();
    let closed = format!("{moved} Your account is closed: nothing else led to it.");
    assert_eq!(test.told_of_account("otto").await, [closed.as_str(), moved, made.as_str()]);
    assert!(test.told_of_account("ada").await.is_empty(), "by themselves");
    test.delivers().await;
    let sent = |to: &str| smtp.letters_to(&format!("{to}@example.org")).len();
    assert_eq!(["noor", "tomasz", "otto", "sofia", "ada"].map(sent), [1, 1, 3, 1, 0]);
    assert_eq!(outbox::count_failed(app).await.unwrap(), 0);
}

/// A31, O5: whom something leads to already hears of a link that an administrator makes for them, by which somebody else
/// could take their place, and the page of the link says so; whoever makes one for themselves does not, nor whom nothing
/// leads to yet, of their first link, their first name and their first group.
#[tokio::test]
async fn a31_somebody_hears_of_a_link_that_is_made_for_them() {
    let test = TestApp::new().await;
    let (app, ada) = (&test.app, test.caller("ada"));
    let made = format!("Ada Nowak made a link for you: {OPENS}");
    accounts::invite(app, &ada, test.person("noor")).await.unwrap();
    assert_eq!(test.told_of_account("noor").await, [made.as_str()]);
    accounts::invite(app, &ada, test.person("ada")).await.unwrap();
    assert!(test.told_of_account("ada").await.is_empty(), "by themselves");

    let add = async |name: &str, email: &str| {
        let new = NewPerson { name: name.to_owned(), email: email.to_owned(), phone: None };
        people::add(app, &ada, new).await.unwrap()
    };
    let (vera, lars) = (add("Vera Klein", "vera@example.org").await, add("Lars Holm", "lars@example.org").await);
    let browser = test.browser("ada").await;
    let page_of_link = async |who: PersonId| {
        let answer = browser.post(&format!("/admin/people/{who}/invite"), &[]).await;
        assert_eq!(answer.status(), 200);
        answer.text().await.unwrap()
    };
    let says = "They are told that you made it.";
    for (who, told) in [(test.person("noor"), true), (vera, false), (test.person("ada"), false)] {
        let page = page_of_link(who).await;
        assert_eq!(page.contains(says), told, "{page}");
    }
    let doc = groups::list(app).await.unwrap().0.into_iter().find(|t| t.name == "DOC").unwrap().id;
    groups::put(app, &ada, doc, vera, false).await.unwrap();
    accounts::link(app, &ada, lars, "lars").await.unwrap();
    for who in [vera, lars] {
        assert!(test.told_of_theirs(who).await.is_empty(), "nothing led to them");
    }
    // Now something does.
    accounts::invite(app, &ada, lars).await.unwrap();
    assert_eq!(test.told_of_theirs(lars).await, [made.as_str()]);
    assert_eq!(test.told_of_account("noor").await, [made.as_str(), made.as_str()], "of each");
}

/// A31, O5: whose address an administrator changes hears of it in Custody, and by mail at the one of before, where all goes
/// that was told before, too: it is shown to nobody else. What is told later goes to the new one. Of other details, and of
/// their own address, nobody is told.
#[tokio::test]
async fn a31_somebody_hears_that_their_address_was_changed() {
    let smtp = SmtpServer::start().await;
    let test = TestApp::with_mail(&POLICY, Some(&smtp.url)).await;
    let (app, ada, noor) = (&test.app, test.caller("ada"), test.person("noor"));
    test.edits("noor", "noor@example.org").await;
    assert!(test.told_of_account("noor").await.is_empty(), "it is the same");
    accounts::invite(app, &ada, noor).await.unwrap();
    test.edits("noor", "n.el-amin@example.org").await;
    let made = format!("Ada Nowak made a link for you: {OPENS}");
    assert_eq!(test.told_of_account("noor").await, [MOVED, made.as_str()]);
    test.edits("ada", "a.nowak@example.org").await;
    assert!(test.told_of_account("ada").await.is_empty(), "by themselves");
    let page = test.browser("ada").await.page("/admin/outbox").await;
    let (_, listed) = test.acts("ada").await.get("/outbox").await;
    for shown in [page, listed.to_string()] {
        assert!(shown.contains("made a link for you") && !shown.contains("noor@example.org"), "{shown}");
    }
    let data = test.browser("noor").await.page("/account/data.json").await;
    let data: Value = serde_json::from_str(&data).unwrap();
    assert_eq!(data["messages"][0]["mailed_to"], "noor@example.org");
    test.delivers().await;
    let to = |letters: Vec<Letter>| letters.into_iter().map(|l| l.to).collect::<Vec<_>>();
    assert_eq!(to(smtp.letters()), ["noor@example.org", "noor@example.org"]);
    smtp.forget();
    accounts::invite(app, &ada, noor).await.unwrap();
    test.delivers().await;
    assert_eq!(to(smtp.letters()), ["n.el-amin@example.org"]);
}

/// A31, A37, O5: the address that a letter is kept for goes with whoever is erased, and no letter goes there any more, though
/// it was under way.
#[tokio::test]
async fn a37_no_letter_goes_to_a_former_address_of_whoever_is_erased() {
    let smtp = SmtpServer::start().await;
    let test = TestApp::with_mail(&POLICY, Some(&smtp.url)).await;
    let (app, noor) = (&test.app, test.person("noor"));
    test.edits("noor", "n.el-amin@example.org").await;
    let (lease, claimed) = outbox::claim(app, Road::Mail, 8).await.unwrap();
    assert_eq!(claimed.len(), 1);
    erasure::erase(app, &test.caller("ada"), noor).await.unwrap();
    assert!(store::outbox::list_of(&app.db.read, noor, 9).await.unwrap().is_empty());
    for one in claimed {
        outbox::deliver(app, &lease, one).await.unwrap();
    }
    test.delivers().await;
    assert!(smtp.letters().is_empty(), "{:?}", smtp.letters());
}

/// A31, N4, O5: whoever's account is closed hears of that, of what is done to it while it is, and that it is open again, by
/// mail too; whom nothing leads to does not.
#[tokio::test]
async fn a31_somebody_hears_that_their_account_is_closed_and_open_again() {
    let smtp = SmtpServer::start().await;
    let test = TestApp::with_mail(&POLICY, Some(&smtp.url)).await;
    let (app, ada, otto) = (&test.app, test.caller("ada"), test.person("otto"));
    let doc = groups::list(app).await.unwrap().0.into_iter().find(|t| t.name == "DOC").unwrap().id;
    let browser = test.browser("ada").await;
    let asked = browser.page(&format!("/admin/people/{otto}/close")).await;
    assert!(asked.contains("They are told who closed it."), "{asked}");
    for _ in 0..2 {
        closing::close(app, &ada, otto).await.unwrap();
    }
    groups::remove(app, &ada, doc, otto).await.unwrap();
    test.delivers().await;
    assert_eq!(smtp.letters_to("otto@example.org").len(), 2, "while it is closed");
    test.edits("otto", "o.petersen@example.org").await;
    let asked = browser.page(&format!("/admin/people/{otto}/reopen")).await;
    assert!(asked.contains("They are told who opened it."), "{asked}");
    for _ in 0..2 {
        closing::reopen(app, &ada, otto).await.unwrap();
    }
    let all = [
        "Ada Nowak opened your account again: what still leads to you lets you in, your groups and tokens count.",
        MOVED,
        "Ada Nowak took you out of the group DOC.",
        "Ada Nowak closed your account: nothing lets you in, your groups and tokens count no longer.",
    ];
    assert_eq!(test.told_of_account("otto").await, all);
    test.delivers().await;
    let sent = |to: &str| smtp.letters_to(&format!("{to}@example.org")).len();
    assert_eq!(["otto", "o.petersen"].map(sent), [3, 1]);

    let new = NewPerson { name: "Vera Klein".to_owned(), email: "vera@example.org".to_owned(), phone: None };
    let vera = people::add(app, &ada, new).await.unwrap();
    let asked = browser.page(&format!("/admin/people/{vera}/close")).await;
    assert!(!asked.contains("They are told"), "{asked}");
    closing::close(app, &ada, vera).await.unwrap();
    assert!(test.told_of_theirs(vera).await.is_empty(), "nothing led to them");
}

/// A31, O5: what is done to somebody's account by a token of their own they hear of: whoever has it does it. It gives its own
/// maker no link, no sign-in name and no other record, which a page does; for others it does.
#[tokio::test]
async fn a31_somebody_hears_what_their_token_did_to_their_account() {
    let smtp = SmtpServer::start().await;
    let test = TestApp::with_mail(&POLICY, Some(&smtp.url)).await;
    let (app, ada, noor) = (&test.app, test.person("ada"), test.person("noor"));
    let token = test.acts("ada").await;
    let doc = groups::list(app).await.unwrap().0.into_iter().find(|t| t.name == "DOC").unwrap().id;
    let (status, said) = token.put(&format!("/groups/{doc}/members/{ada}"), json!({})).await;
    assert_eq!(status, 200, "{said}");
    let details = json!({ "name": "Ada Nowak", "email": "a.nowak@example.org", "phone": "+49 40 66969 101",
        "time_zone": "Europe/Berlin", "commit_emails": [] });
    let (status, said) = token.put(&format!("/people/{ada}"), details).await;
    assert_eq!(status, 200, "{said}");
    let moved = MOVED.replace("Ada Nowak", "A token of yours");
    assert_eq!(test.told_of_account("ada").await, [moved.as_str(), "A token of yours put you into the group DOC."]);
    test.delivers().await;
    assert_eq!(smtp.letters_to("ada@example.org").len(), 2);

    let asks = async |who: PersonId, what: &str, body: Option<Value>| {
        let answer = token.sends(Method::POST, &format!("/people/{who}/{what}"), &[], body).await;
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    let refused = [
        ("invitation", None),
        ("logins", Some(json!({ "login": "ada2" }))),
        ("logins", Some(json!({ "login": "noor", "take": true }))),
        ("join", Some(json!({ "other": noor }))),
    ];
    for (what, body) in refused {
        let (status, said) = asks(ada, what, body).await;
        let why = "No token gives its own maker another way to sign in: do this on your page, under People.";
        assert!(status == 403 && said.contains(why), "{what}: {status} {said}");
    }
    assert_eq!(accounts::list(app, ada).await.unwrap().len(), 1);
    assert_eq!(accounts::find(app, "noor").await.unwrap(), Some(noor));
    assert_eq!(asks(noor, "invitation", None).await.0, 201);
    assert_eq!(asks(noor, "logins", Some(json!({ "login": "noor2" }))).await.0, 200);
    accounts::invite(app, &test.caller("ada"), ada).await.unwrap();
}

/// A31, A6, O5: whoever is put into a group by somebody else, made a reviewer of it or none, or taken out of it hears of
/// each; of what changes nothing, and of what they do themselves, they do not.
#[tokio::test]
async fn a6_somebody_hears_that_their_groups_were_changed() {
    let test = TestApp::new().await;
    let (app, ada, noor) = (&test.app, test.caller("ada"), test.person("noor"));
    let teams = groups::list(app).await.unwrap().0;
    let id = |name: &str| teams.iter().find(|t| t.name == name).unwrap().id;
    let (ici, admins) = (id("ICI"), id("Administrators"));
    groups::put(app, &ada, admins, noor, false).await.unwrap();
    for reviewer in [true, false, false, true] {
        groups::put(app, &ada, ici, noor, reviewer).await.unwrap();
    }
    for _ in 0..2 {
        groups::remove(app, &ada, ici, noor).await.unwrap();
    }
    groups::put(app, &test.caller("noor"), ici, noor, false).await.unwrap();
    groups::remove(app, &test.caller("noor"), admins, noor).await.unwrap();
    let told = [
        "Ada Nowak took you out of the group ICI.",
        "Ada Nowak made you a reviewer of ICI.",
        "Ada Nowak took you off the reviewers of ICI: your approvals count no longer.",
        "Ada Nowak put you into the group ICI, as a reviewer.",
        "Ada Nowak put you into the group Administrators.",
    ];
    assert_eq!(test.told_of_account("noor").await, told);
}
