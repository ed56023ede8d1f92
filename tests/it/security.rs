//! Attacks and mistakes at the doors, each by the id of SECURITY.md.

use crate::{
    app::{FULL, REDUCED, TestApp, open},
    given::{policy_with, tag},
};
use custody::{
    domain::{
        lifecycle::{Command, GateId, StateName},
        refusal::Code,
    },
    ports::clock::Clock,
    service::{self, Error, act::act},
    store,
};
use serde_json::json;

fn refusal(result: service::Result<service::act::Done>) -> custody::domain::refusal::Refusal {
    match result {
        Err(Error::Refused(r)) => *r,
        other => panic!("not refused: {other:?}"),
    }
}

/// A1: the requester, a co-contributor, or the author of the commit approves: 403, nothing changed, on record.
#[tokio::test]
async fn a1_nobody_approves_their_own() {
    let test = TestApp::new().await;
    // Ravi is a reviewer, and wrote the commit under another of his addresses.
    let tx = test.app.db.begin().await.unwrap();
    let mut change = store::entity::person::ActiveModel { ..Default::default() };
    change.commit_emails = sea_orm::ActiveValue::Set("Ilse@Example.org".to_owned());
    store::people::update(&tx, test.person("ravi"), change).await.unwrap();
    tx.commit().await.unwrap();
    test.under_review("magnet").await;
    let commit = test.commit_of("1.0.0");
    test.does("ilse", "magnet", Command::ProposeCommit { commit: commit.clone().into() }).await.unwrap();
    let before = test.device("magnet").await;

    let by_author = refusal(test.does("ravi", "magnet", Command::Approve { commit: commit.clone() }).await);
    assert_eq!(by_author.code, Code::AuthorApproval);
    for who in ["ilse", "marek"] {
        let browser = test.browser(who).await;
        let revision = before.revision.to_string();
        let fields = [("revision", revision.as_str()), ("commit", commit.as_str())];
        let response = browser.post("/devices/magnet/approve", &fields).await;
        assert_eq!(response.status(), 403);
        assert!(response.text().await.unwrap().contains("You are a contributor of this device"));
    }
    assert_eq!(test.device("magnet").await, before);
    let refused = store::journal::list_all(&test.app.db.read, &format!("refused/{}", before.id)).await.unwrap();
    assert_eq!(refused.len(), 3);
}

/// A2: a person with two accounts is one person: their second approval counts nothing.
#[tokio::test]
async fn a2_two_accounts_are_one_person() {
    let test = TestApp::with_policy(&policy_with("[transfer]\napprovals = 2\n")).await;
    let tx = test.app.db.begin().await.unwrap();
    store::accounts::save(&tx, service::sessions::LOCAL, "ravi-at-home", test.person("ravi"), None).await.unwrap();
    tx.commit().await.unwrap();
    test.under_review("magnet").await;
    let commit = test.commit_of("1.0.0");
    test.does("ilse", "magnet", Command::ProposeCommit { commit: commit.clone().into() }).await.unwrap();
    let (work, home) = (test.browser("ravi").await, test.browser("ravi-at-home").await);
    work.acts(&test, "magnet", "approve", &[("commit", commit.as_str())]).await;
    let again = home.post("/devices/magnet/approve", &[("commit", commit.as_str())]).await;
    assert_eq!(again.status(), 409);
    let open = refusal(test.does("ravi", "magnet", Command::TakeOwnership {}).await);
    let approvals = open.gates.iter().find(|g| g.id == GateId::T4).unwrap();
    assert!(!approvals.met && approvals.why.starts_with("1 of 2"), "{}", approvals.why);
}

/// A3: a new commit voids every approval, also when the old one comes back.
#[tokio::test]
async fn a3_a_new_commit_voids_approvals() {
    let test = TestApp::new().await;
    test.under_review("magnet").await;
    let (first, second) = (test.commit_of("1.0.0"), test.commit_of("HEAD"));
    test.does("ilse", "magnet", Command::ProposeCommit { commit: first.clone().into() }).await.unwrap();
    test.does("ravi", "magnet", Command::Approve { commit: first.clone() }).await.unwrap();
    test.does("ilse", "magnet", Command::ProposeCommit { commit: second.into() }).await.unwrap();
    assert_eq!(test.device("magnet").await.review().unwrap().approvals.len(), 0);
    let late = refusal(test.does("chiara", "magnet", Command::Approve { commit: first.clone() }).await);
    assert_eq!(late.code, Code::OtherCommit);
    test.does("ilse", "magnet", Command::ProposeCommit { commit: first.into() }).await.unwrap();
    assert_eq!(test.device("magnet").await.review().unwrap().approvals.len(), 0);
}

/// A4: approving a page that is out of date is refused, and what changed is shown.
#[tokio::test]
async fn a4_an_outdated_page_is_refused_with_what_changed() {
    let test = TestApp::new().await;
    test.under_review("magnet").await;
    let commit = test.commit_of("1.0.0");
    test.does("ilse", "magnet", Command::ProposeCommit { commit: commit.clone().into() }).await.unwrap();
    let seen = test.device("magnet").await.revision.to_string();
    test.does("marek", "magnet", Command::JoinReview {}).await.unwrap();
    let ravi = test.browser("ravi").await;
    let fields = [("revision", seen.as_str()), ("commit", commit.as_str())];
    let response = ravi.post("/devices/magnet/approve", &fields).await;
    assert_eq!(response.status(), 409);
    let page = response.text().await.unwrap();
    assert!(page.contains("Marek Dvořák") && page.contains("joined the review"), "{page}");
    assert_eq!(test.device("magnet").await.review().unwrap().approvals.len(), 0);
}

/// A4: what was typed into a form that is out of date comes back with what changed, and counts for the device as it is now.
#[tokio::test]
async fn a4_an_outdated_form_keeps_what_was_typed() {
    let test = TestApp::new().await;
    test.under_review("magnet").await;
    let seen = test.device("magnet").await.revision.to_string();
    test.does("marek", "magnet", Command::JoinReview {}).await.unwrap();
    let lena = test.browser("lena").await;
    let back = async |revision: &str| {
        let fields = [("revision", revision), ("reason", "The clock drifts, as two runs have shown.")];
        lena.post("/devices/magnet/return-to-development", &fields).await
    };
    let response = back(&seen).await;
    assert_eq!(response.status(), 409);
    let page = response.text().await.unwrap();
    let now = test.device("magnet").await.revision.to_string();
    let revision = format!("name=\"revision\" value=\"{now}\"");
    for said in ["joined the review", "The clock drifts, as two runs have shown.</textarea>", revision.as_str()] {
        assert!(page.contains(said), "{said}: {page}");
    }
    assert!(test.device("magnet").await.review().is_some(), "nothing was done");
    assert_eq!(back(&now).await.status(), 303);
    assert!(test.device("magnet").await.review().is_none());
}

/// A6: the approval of somebody who is a reviewer no longer, or whose account is closed, counts no longer.
#[tokio::test]
async fn a6_a_demoted_reviewer_counts_no_longer() {
    let test = TestApp::new().await;
    test.under_review("magnet").await;
    test.ready_to_own("magnet", "1.0.0").await;
    let teams = store::teams::list_teams(&test.app.db.read).await.unwrap();
    let ici = teams.iter().find(|t| t.name == "ICI").unwrap().id;
    let tx = test.app.db.begin().await.unwrap();
    store::teams::save_member(&tx, ici, test.person("ravi"), false).await.unwrap();
    tx.commit().await.unwrap();
    let open = refusal(test.does("chiara", "magnet", Command::TakeOwnership {}).await);
    let approvals = open.gates.iter().find(|g| g.id == GateId::T4).unwrap();
    assert!(!approvals.met && approvals.why.contains("no longer a reviewer"), "{}", approvals.why);
}

/// A3, T7: what CTRL takes is what its tag names this moment, not what it named when it was looked at last.
#[tokio::test]
async fn a3_t7_a_tag_that_moved_since_is_not_taken() {
    let test = TestApp::new().await;
    test.under_review("magnet").await;
    test.ready_to_own("magnet", "1.0.0").await;
    let verified = test.repository.id("refs/tags/1.0.0");
    test.repository.git(&["commit", "--allow-empty", "-m", "not reviewed"]);
    test.repository.git(&["tag", "-f", "-a", "-m", "1.0.0", "1.0.0"]);
    let open = refusal(test.does("ravi", "magnet", Command::TakeOwnership {}).await);
    let tagged = open.gates.iter().find(|g| g.id == GateId::T7).unwrap();
    assert!(!tagged.met && tagged.why.contains("names another object"), "{}", tagged.why);
    test.repository.git(&["tag", "-d", "1.0.0"]);
    let open = refusal(test.does("ravi", "magnet", Command::TakeOwnership {}).await);
    let tagged = open.gates.iter().find(|g| g.id == GateId::T7).unwrap();
    assert!(!tagged.met && tagged.why.contains("gone from the repository"), "{}", tagged.why);
    test.repository.git(&["update-ref", "refs/tags/1.0.0", &verified]);
    test.does("ravi", "magnet", Command::TakeOwnership {}).await.unwrap();
}

/// A7: a policy that is loosened in the middle of a review restarts it: approvals under the old one count no longer,
/// and the change is in the journal.
#[tokio::test]
async fn a7_a_looser_policy_restarts_the_review() {
    let test = TestApp::with_policy(&policy_with("[transfer]\napprovals = 2\n")).await;
    test.under_review("magnet").await;
    let commit = test.commit_of("1.0.0");
    test.does("ilse", "magnet", Command::ProposeCommit { commit: commit.clone().into() }).await.unwrap();
    test.does("ravi", "magnet", Command::Approve { commit: commit.clone() }).await.unwrap();

    let looser = open(test.dir.path(), Clock::fixed(test.app.clock.now()), &policy_with(""), &test.url).await;
    assert!(service::policy::record(&looser).await.unwrap(), "the change is put on record");
    assert!(!service::policy::record(&looser).await.unwrap(), "once");
    let taken = act(&looser, &test.caller("chiara"), "magnet", Command::TakeOwnership {}.into()).await;
    let open = refusal(taken);
    let approvals = open.gates.iter().find(|g| g.id == GateId::T4).unwrap();
    assert!(!approvals.met && approvals.why.contains("the policy has changed since"), "{}", approvals.why);
    act(&looser, &test.caller("ravi"), "magnet", Command::Approve { commit }.into()).await.unwrap();
    let after = refusal(act(&looser, &test.caller("chiara"), "magnet", Command::TakeOwnership {}.into()).await);
    assert!(after.gates.iter().find(|g| g.id == GateId::T4).unwrap().met);
}

/// A8: a state is skipped: 409, nothing written to the device.
#[tokio::test]
async fn a8_no_state_is_skipped() {
    let test = TestApp::new().await;
    test.requested("magnet").await;
    let before = test.device("magnet").await;
    for (who, act) in [("lena", "start-development"), ("ilse", "request-transfer"), ("ravi", "take-ownership")] {
        let browser = test.browser(who).await;
        // Lena is CTRL but not yet its contact: who may and when are both refused before anything is written.
        let status = browser.post(&format!("/devices/magnet/{act}"), &[]).await.status();
        assert!(status == 409 || status == 403, "{act}: {status}");
    }
    assert_eq!(test.device("magnet").await, before);
}

/// A14, A15, A16: names that are no plain tags are refused at the door, with what to enter.
#[tokio::test]
async fn a14_a15_a16_odd_tags_are_refused() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    let ilse = test.browser("ilse").await;
    let before = test.device("magnet").await;
    let long = "1".repeat(10_000);
    for odd in [
        "1.0.0-dirty",
        "1.0.0-DIRTY",
        "１.0.0",
        "1.0.0\u{200b}",
        "v1․0.0",
        "%31.0.0",
        "refs/heads/../x",
        "@{-1}",
        "x..y",
        "1.0.0.lock",
        "1.0.0\n",
        "1.0.0\0",
        "--upload-pack=touch",
        "-1.0.0",
        "",
        long.as_str(),
    ] {
        let response = ilse.post("/devices/magnet/verify-tag", &[("tag", odd)]).await;
        let shown: String = odd.chars().take(20).collect();
        assert_eq!(response.status(), 422, "{shown:?}");
    }
    assert_eq!(test.device("magnet").await, before);
}

/// A23: what a server may do comes from the record; a name that pretends is refused as a development server.
#[tokio::test]
async fn a23_a_name_gives_no_support_class() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    let pretends = Command::Deploy { server: "cppServer/contrib_nowhere".into(), tag: None };
    let refused = refusal(test.does("ilse", "magnet", pretends).await);
    assert!(refused.gates.iter().any(|g| g.id == GateId::G1 && !g.met));
    for name in ["cppServer/Contrib_1", "cppServer/c0ntrib_1", "cppServer/соntrib_1", "cppServer/contrib\u{200b}_1"] {
        assert!(test.app.policy.name_shows_reduced(name).is_err(), "{name}");
    }
}

/// A25: what people write is text wherever it shows.
#[tokio::test]
async fn a25_text_stays_text() {
    let test = TestApp::new().await;
    test.ready_to_accept("magnet").await;
    let bad = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'`${{7*7}}";
    test.does("lena", "magnet", Command::RaisePoint { text: bad.to_owned() }).await.unwrap();
    test.does("jonas", "magnet", Command::RaiseReservation { text: bad.to_owned() }).await.unwrap();
    let shut = Command::ShutDown {
        reason: bad.to_owned(),
        affected: bad.to_owned(),
        responsible: test.person("ilse"),
        conditions: bad.to_owned(),
    };
    test.does("lena", "magnet", shut).await.unwrap();
    let lena = test.browser("lena").await;
    for path in ["/", "/devices/magnet", "/devices/magnet/discussion", "/devices/magnet/history", "/my", "/reviews"] {
        let page = lena.page(path).await;
        assert!(!page.contains("<script>alert") && !page.contains("<img src=x"), "{path}");
    }
    let ilse = test.browser("ilse").await;
    let q = "/?q=%3Cscript%3Ealert(1)%3C/script%3E";
    assert!(!ilse.page(q).await.contains("<script>alert"));
}

/// A26: no cell of a CSV file starts a formula.
#[tokio::test]
async fn a26_csv_starts_no_formula() {
    let test = TestApp::new().await;
    test.requested("magnet").await;
    for formula in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "=HYPERLINK(\"http://evil\")"] {
        test.does("lena", "magnet", Command::RaisePoint { text: format!("x\n{formula}") }).await.unwrap();
        test.does("lena", "magnet", Command::RaisePoint { text: formula.to_owned() }).await.unwrap();
    }
    let lena = test.browser("lena").await;
    let response = lena.get("/devices/magnet/history.csv").await;
    assert_eq!(response.status(), 200);
    assert!(response.headers()["content-type"].to_str().unwrap().starts_with("text/csv"));
    assert!(response.headers()["content-disposition"].to_str().unwrap().starts_with("attachment"));
    let text = response.text().await.unwrap();
    assert!(text.contains("1+1"));
    for cell in text.lines().flat_map(|l| l.split(',')) {
        let inner = cell.trim_matches('"');
        assert!(!inner.starts_with(['=', '+', '-', '@', '\t', '\r']), "{cell:?}");
    }
}

/// A28: somebody's draft is 404 to everybody else, by every way in.
#[tokio::test]
async fn a28_drafts_are_private() {
    let test = TestApp::new().await;
    let ilse = test.browser("ilse").await;
    let made = ilse.post("/requests", &[]).await;
    assert_eq!(made.status(), 303);
    let at = made.headers()["location"].to_str().unwrap().to_owned();
    assert!(at.starts_with("/requests/"), "{at}");
    assert_eq!(ilse.get(&at).await.status(), 200);
    let base = at.rsplit_once('/').unwrap().0.to_owned();
    for other in [test.browser("lena").await, test.browser("marek").await, test.browser("ada").await] {
        for section in ["device", "scope", "support", "risks", "contacts", "check"] {
            assert_eq!(other.get(&format!("{base}/{section}")).await.status(), 404);
            if section != "check" {
                assert_eq!(other.post(&format!("{base}/{section}"), &[("name", "mine")]).await.status(), 404);
            }
        }
    }
    // Signed out it is a sign-in, whether it exists or not.
    let stranger = test.stranger();
    let (known, unknown) = (stranger.get(&at).await, stranger.get("/requests/none/device").await);
    assert_eq!((known.status(), unknown.status()), (303.try_into().unwrap(), 303.try_into().unwrap()));
}

/// A29: a body cannot carry a state, a role or an approval: refused, nothing changed.
#[tokio::test]
async fn a29_bodies_carry_nothing_more() {
    let test = TestApp::new().await;
    test.ready_to_accept("magnet").await;
    let before = test.device("magnet").await;
    let lena = test.browser("lena").await;
    for (field, value) in [("state", "ctrl_owned"), ("role", "admin"), ("owner", "x"), ("approved_by", "x")] {
        let response = lena.post("/devices/magnet/accept", &[(field, value)]).await;
        assert_eq!(response.status(), 422, "{field}");
    }
    assert_eq!(test.device("magnet").await, before);
    let smuggled = json!({ "command": "accept", "state": "ctrl_owned" });
    assert!(serde_json::from_value::<Command>(smuggled).is_err());
}

/// A30: after signing in one lands on a page of ours, wherever `next` points.
#[tokio::test]
async fn a30_next_stays_here() {
    let test = TestApp::new().await;
    for (next, to) in
        [("/my", "/my"), ("//evil.example", "/"), ("https://evil.example/", "/"), ("/\\evil.example", "/")]
    {
        let browser = test.stranger();
        let response = browser.post("/demo/sign-in", &[("login", "ilse"), ("next", next)]).await;
        assert_eq!(response.headers()["location"], to);
    }
}

/// A31: a new session at each sign-in, dead at sign-out, and dead at once when the person's account is closed.
#[tokio::test]
async fn a31_sessions_end() {
    let test = TestApp::new().await;
    let cookie = |r: &reqwest::Response| {
        let set = r.headers()["set-cookie"].to_str().unwrap();
        assert!(set.contains("HttpOnly") && set.contains("SameSite=Lax"), "{set}");
        set.split(';').next().unwrap().to_owned()
    };
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let sign_in = async |with: &str| {
        let request = client.post(format!("{}/demo/sign-in", test.url)).header("origin", &test.url);
        let response = request.header("cookie", with).form(&[("login", "ilse")]).send().await.unwrap();
        cookie(&response)
    };
    let my = async |with: &str| {
        client.get(format!("{}/my", test.url)).header("cookie", with).send().await.unwrap().status().as_u16()
    };
    // A session that an attacker fixed is not the one that one gets.
    let fixed = "custody=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    let first = sign_in(fixed).await;
    assert_ne!(first, fixed);
    assert_eq!((my(fixed).await, my(&first).await), (303, 200));
    let second = sign_in(&first).await;
    assert_eq!((my(&first).await, my(&second).await), (303, 200), "the old session ends with the new");
    let out = client.post(format!("{}/sign-out", test.url)).header("origin", &test.url).header("cookie", &second);
    assert_eq!(out.send().await.unwrap().status(), 303);
    assert_eq!(my(&second).await, 303);

    let third = sign_in("").await;
    test.advance(chrono::Duration::hours(13));
    assert_eq!(my(&third).await, 303, "idle for longer than the policy allows");
    let fourth = sign_in("").await;
    let ada = test.browser("ada").await;
    let close = format!("/admin/people/{}/close", test.person("ilse"));
    let closed = ada.post(&close, &[]).await;
    assert_eq!(closed.status(), 303, "{}", closed.text().await.unwrap());
    assert_eq!(my(&fourth).await, 303);
}

/// A31: what is sent after one's session has ended is given back, to be sent again from the same page; nothing of it is
/// kept here, and what comes from elsewhere gets no button of ours (A33).
#[tokio::test]
async fn a31_what_is_sent_too_late_is_given_back() {
    let test = TestApp::new().await;
    let ilse = test.browser("ilse").await;
    let made = ilse.post("/requests", &[]).await.headers()["location"].to_str().unwrap().to_owned();
    test.advance(chrono::Duration::hours(13));
    let form = [("summary", "Says \"no\" to <b>beam</b>\nand rests"), ("revision", "1"), ("then", "draft")];
    let late = ilse.post(&made, &form).await;
    assert_eq!((late.status().as_u16(), late.headers().get("set-cookie")), (403, None));
    let page = late.text().await.unwrap();
    for said in [
        &*format!("<form method=\"post\" action=\"{made}\">"),
        "name=\"summary\" value=\"Says &#34;no&#34; to &#60;b&#62;beam&#60;/b&#62;\nand rests\"",
        "name=\"then\" value=\"draft\"",
        "What you sent was not saved",
        "Send it again",
        "href=\"/sign-in?next=%2F\" target=\"_blank\"",
    ] {
        assert!(page.contains(said), "{said}: {page}");
    }
    // Not signed in yet: it is given back once more. Signed in, it is saved.
    assert_eq!(ilse.post(&made, &form).await.status(), 403);
    assert_eq!(ilse.post("/demo/sign-in", &[("login", "ilse")]).await.status(), 303);
    assert!(!ilse.page(&made).await.contains("and rests"), "nothing was kept");
    assert_eq!(ilse.post(&made, &form).await.status(), 303);
    assert!(ilse.page(&made).await.contains("and rests"));

    // What does not say that it is our own form, has a secret in it or is a mere button leads to the sign-in.
    let stranger = test.stranger();
    let url = format!("{}{made}", test.url);
    for headers in [&[][..], &[("origin", "https://evil.example")], &[("sec-fetch-site", "cross-site")]] {
        let mut request = stranger.client.post(&url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let page = request.form(&form).send().await.unwrap().text().await.unwrap();
        assert!(!page.contains("and rests") && !page.contains("Send it again"), "{headers:?}: {page}");
    }
    let password = [("login", "ilse"), ("old", "four words of mine"), ("new", "four words of hers")];
    for (path, fields) in [("/account/password", &password[..]), ("/requests", &password[..0])] {
        let own = format!("{}/account?a=b", test.url);
        for (from, next) in [(own.as_str(), "%2Faccount%3Fa%3Db"), ("https://evil.example/x", "%2F"), ("//x", "%2F")] {
            let sent = stranger.client.post(format!("{}{path}", test.url)).header("origin", &test.url);
            let answer = sent.header("referer", from).form(fields).send().await.unwrap();
            assert_eq!(answer.status(), 303);
            assert_eq!(answer.headers()["location"], format!("/sign-in?next={next}").as_str());
            assert!(!answer.text().await.unwrap().contains("words"));
        }
    }
    let page = stranger.page("/sign-in?next=%2Faccount").await;
    assert!(page.contains("Your session had ended; what you sent was not saved."), "{page}");
}

/// A31: a form that was on its way when its session ended comes from nobody, however late the rest of it comes.
#[tokio::test]
async fn a31_a_form_that_comes_after_its_session_has_ended() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let test = TestApp::new().await;
    let noor = test.person("noor");
    let session =
        service::sessions::open(&test.app, noor, "a thief's browser", "web 192.0.2.7").await.unwrap().unwrap();
    let address = test.url.trim_start_matches("http://");
    let form = "name=the+next+one&scope=admin&days=366";
    let (begun, rest) = form.split_at(10);
    let head = format!(
        "POST /account/tokens/new HTTP/1.1\r\nHost: {address}\r\nOrigin: {}\r\nCookie: custody={session}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\nExpect: 100-continue\r\n\
         Connection: close\r\n\r\n",
        test.url,
        form.len()
    );
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    // Whose session it is was looked up, and the form is waited for: for more than a second.
    let mut asked = [0; 25];
    stream.read_exact(&mut asked).await.unwrap();
    assert_eq!(&asked, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(begun.as_bytes()).await.unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
    service::sessions::end_all(&test.app, &test.caller("noor"), noor).await.unwrap();
    stream.write_all(rest.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let answer = String::from_utf8_lossy(&answer);
    assert!(answer.starts_with("HTTP/1.1 403") && answer.contains("Send it again"), "{answer}");
    assert!(service::tokens::list_own(&test.app, noor).await.unwrap().is_empty(), "none was made by it");
}

/// A17, A31: every question for a secret is known to what gives forms back.
#[test]
fn a31_no_secret_is_given_back() {
    let mut stack = vec![std::path::PathBuf::from("src/web")];
    let mut seen = std::collections::BTreeSet::new();
    while let Some(path) = stack.pop() {
        if path.is_dir() {
            stack.extend(std::fs::read_dir(&path).unwrap().map(|e| e.unwrap().path()));
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        for asks in ["Kind::Password, \"", "Shape::Password, \"", "new_password(\""] {
            seen.extend(text.split(asks).skip(1).map(|after| after.split('"').next().unwrap().to_owned()));
        }
    }
    assert!(seen.len() >= 4, "{seen:?}");
    for name in &seen {
        assert!(custody::web::ended::SECRETS.contains(&name.as_str()), "{name}");
    }
}

/// A33: a form from elsewhere is refused; nothing happens behind GET.
#[tokio::test]
async fn a33_forged_forms_and_reading() {
    let test = TestApp::new().await;
    test.ready_to_accept("magnet").await;
    let before = test.device("magnet").await;
    let lena = test.browser("lena").await;
    let forged = |headers: &[(&str, &str)]| {
        let mut request = lena.client.post(format!("{}/devices/magnet/accept", test.url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.form(&[("revision", "1")]).send()
    };
    for headers in [
        &[("origin", "https://evil.example")][..],
        &[("sec-fetch-site", "cross-site")],
        &[("origin", "null")],
        &[("origin", "https://evil.example"), ("sec-fetch-site", "same-site")],
        // A browser always says where a form came from; what says nothing has no session to use.
        &[],
    ] {
        assert_eq!(forged(headers).await.unwrap().status(), 403, "{headers:?}");
    }
    for path in ["/devices/magnet/accept", "/sign-out", "/theme", "/devices/magnet"] {
        lena.get(path).await;
    }
    assert_eq!(test.device("magnet").await, before);
    assert_eq!(lena.get("/my").await.status(), 200, "still signed in");
}

/// A34: nobody frames us, and a wrong name and a wrong password are told alike.
#[tokio::test]
async fn a34_headers_and_the_same_answer() {
    let test = TestApp::new().await;
    let browser = test.stranger();
    for path in ["/", "/sign-in", "/nothing-here", "/process"] {
        let response = browser.get(path).await;
        let headers = response.headers();
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"), "{path}: {policy}");
        assert_eq!(headers["x-content-type-options"], "nosniff");
    }
    let answer = async |login: &str| {
        let form = [("login", login), ("password", "not the password at all"), ("next", "/")];
        let response = test.stranger().post("/sign-in", &form).await;
        let status = response.status();
        let page = response.text().await.unwrap();
        // The demo's list of people names them all, whoever was tried.
        let form = page.split("demo-h").next().unwrap().replace(login, "LOGIN");
        (status, form)
    };
    let (known, unknown) = (answer("ilse").await, answer("nobody").await);
    assert_eq!(known.0, 422);
    assert_eq!(known, unknown);
}

/// A35: huge, deep, slow and odd requests are refused one by one, and the others are served.
#[tokio::test(flavor = "multi_thread")]
async fn a35_others_are_served() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let test = TestApp::new().await;
    test.requested("magnet").await;
    let lena = test.browser("lena").await;
    // The size alone is enough: nobody waits for the rest.
    let address = test.url.trim_start_matches("http://").to_owned();
    let mut huge = tokio::net::TcpStream::connect(&address).await.unwrap();
    let head = "POST /sign-in HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n";
    huge.write_all(format!("{head}Content-Length: 900000\r\n\r\n").as_bytes()).await.unwrap();
    let mut told = [0; 12];
    huge.read_exact(&mut told).await.unwrap();
    assert_eq!(&told, b"HTTP/1.1 413");
    let json = lena.client.post(format!("{}/devices/magnet/raise-point", test.url)).header("origin", &test.url);
    let json = json.header("content-type", "application/json").body("{}").send().await.unwrap();
    assert!(json.status() == 415 || json.status() == 422, "{}", json.status());
    // Two hundred clients that never finish their request.
    let mut slow = Vec::new();
    for _ in 0..200 {
        let mut stream = tokio::net::TcpStream::connect(&address).await.unwrap();
        stream.write_all(b"POST /sign-in HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n").await.unwrap();
        slow.push(stream);
    }
    for _ in 0..20 {
        assert_eq!(lena.get("/devices/magnet").await.status(), 200);
    }
    // Guessing passwords is slowed down. All at once, as on a slow machine one after the other would be seldom enough.
    let tries = (0..20).map(|_| {
        let stranger = test.stranger();
        async move { stranger.post("/sign-in", &[("login", "x"), ("password", "y")]).await.status() == 429 }
    });
    let told = futures_util::future::join_all(tries).await;
    assert!(told.contains(&true), "too many tries are told so");
    let mut odd = tokio::net::TcpStream::connect(&address).await.unwrap();
    odd.write_all(b"\x16\x03\x01 nonsense\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    let _ = tokio::time::timeout(std::time::Duration::from_secs(5), odd.read_to_end(&mut answer)).await;
    assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 400"));
    assert_eq!(lena.get("/devices/magnet").await.status(), 200);
}

/// A35: what a refused attempt quotes of what was sent is kept at a bounded length: the journal keeps it for good.
#[tokio::test]
async fn a35_an_attempt_is_kept_in_short() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    let server = "x".repeat(100_000);
    let refused =
        refusal(test.does("ilse", "magnet", Command::Deploy { server: server.as_str().into(), tag: None }).await);
    assert!(refused.sentence.len() > server.len(), "it quotes the name");
    let stream = format!("refused/{}", test.device("magnet").await.id);
    let kept = store::journal::list_all(&test.app.db.read, &stream).await.unwrap();
    assert_eq!(kept.len(), 1);
    assert!(kept[0].body.len() < 5_000 && kept[0].body.contains("xxx"), "{}", kept[0].body.len());
}

/// G1, A9: onto a full server goes a tag of what CTRL owns, asked for by CTRL; anything else is refused.
#[tokio::test]
async fn g1_only_tags_only_ctrl() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    let onto = |server: &str, t: Option<&str>| Command::Deploy { server: server.into(), tag: t.map(tag) };
    // Contributors hot-develop on their own server, with a tag or without one.
    test.does("ilse", "magnet", onto(REDUCED, None)).await.unwrap_err();
    for (who, what) in
        [("ilse", onto(FULL, Some("1.0.0"))), ("lena", onto(FULL, Some("1.0.0"))), ("lena", onto(FULL, None))]
    {
        let refused = refusal(test.does(who, "magnet", what).await);
        assert!(refused.gates.iter().any(|g| g.id == GateId::G1 && !g.met), "{who}");
    }
    test.ctrl_owned("owned").await;
    for (who, what) in
        [("ilse", onto(FULL, Some("1.0.0"))), ("lena", onto(FULL, None)), ("lena", onto(REDUCED, Some("1.0.0")))]
    {
        let refused = refusal(test.does(who, "owned", what).await);
        assert!(refused.gates.iter().any(|g| g.id == GateId::G1 && !g.met), "{who}");
    }
    assert_eq!(test.device("owned").await.state.name(), StateName::CtrlOwned);
}

/// A15: the character NUL, which one of the two databases keeps in no text, is refused at the doors of both, and nothing is
/// written.
#[tokio::test]
async fn a15_nul_is_refused_at_the_doors() {
    let test = TestApp::new().await;
    test.requested("magnet").await;
    let before = test.device("magnet").await;
    let lena = test.browser("lena").await;
    let refused = lena.post("/devices/magnet/raise-point", &[("text", "Which\0broker?")]).await;
    assert_eq!(refused.status(), 422);
    assert!(refused.text().await.unwrap().contains("The character NUL was sent"));
    for path in ["/devices/mag%00net", "/?q=mag%00net", "/api/v1/devices/mag%00net"] {
        assert_eq!(lena.get(path).await.status(), 422, "{path}");
    }
    assert_eq!(test.device("magnet").await, before);
}
