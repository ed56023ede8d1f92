//! Rollouts and local changes as people meet them in the browser (R1 to R7).

use crate::{
    app::{Browser, TestApp},
    given::day,
    local_changes::records,
    rollouts::{facility, must, now, plan, plans, run_all},
};
use chrono::Duration;
use custody::{
    domain::rollout::{Command, Outcome, Rollout, State, StateName},
    service::{
        local_changes,
        people::{self, NewPerson},
        rollouts::{self, Begun, Ended},
    },
};

/// The text between two others.
fn between<'a>(page: &'a str, from: &str, to: &str) -> &'a str {
    page.split_once(from).unwrap_or_else(|| panic!("{from}: {page}")).1.split(to).next().unwrap()
}

/// A form sent to an address that has to answer so; its page.
async fn sends(browser: &Browser, path: &str, fields: &[(&str, &str)], status: u16) -> String {
    let answer = browser.post(path, fields).await;
    let got = answer.status().as_u16();
    let page = answer.text().await.unwrap();
    assert_eq!(got, status, "{path}: {page}");
    page
}

const PLAN: [(&str, &str); 16] = [
    ("title", "Winter shutdown"),
    ("kind", "hotfix"),
    ("of", "framework"),
    ("framework", "Karabo"),
    ("version", "3.1.2"),
    ("device", ""),
    ("tag", ""),
    ("from", "2026-11-21T09:00"),
    ("until", "2026-11-21T19:00"),
    ("at_once", "2"),
    ("stop_after", "2"),
    ("target", "SCS"),
    ("target", "MID"),
    ("target", "SQS"),
    ("first", "SQS"),
    ("scientists", "SQS: noor el-amin"),
];

/// The plan with this field as it is here.
fn with<'a>(field: &'a str, value: &'a str) -> Vec<(&'a str, &'a str)> {
    PLAN.into_iter().map(|(name, was)| if name == field { (name, value) } else { (name, was) }).collect()
}

async fn start(test: &TestApp, r: &Rollout) -> Rollout {
    let r = must(test, "lena", r, Command::Start {}).await;
    rollouts::take_lease(&test.app).await.unwrap();
    r
}

async fn begin(test: &TestApp, r: &Rollout) -> Vec<Begun> {
    rollouts::begin_next(&test.app, r.id).await.unwrap()
}

async fn ends(test: &TestApp, begun: &Begun, outcome: Outcome) {
    let ended = Ended { outcome, rc: Some(0), tasks: (3, 3), output: "ok: [<host>]\n".to_owned() };
    rollouts::report(&test.app, begun, ended).await.unwrap().unwrap();
}

fn failed() -> Outcome {
    Outcome::Failed { why: "The disk is <full>.".to_owned() }
}

/// R1, R2: CTRL plans a rollout in the browser: everything that is wrong is told at once and what was typed stays; its own
/// page has the plan to be checked with the gates of its start. Nobody else plans, and a stranger reads nothing.
#[tokio::test]
async fn r1_ctrl_plans_in_the_browser() {
    let test = facility().await;
    let (lena, ilse) = (test.browser("lena").await, test.browser("ilse").await);
    let empty = lena.page("/rollouts").await;
    assert!(empty.contains("Nothing is rolled out now") && empty.contains("href=\"/rollouts/new\""), "{empty}");
    assert!(empty.contains("<a href=\"/rollouts\" aria-current=\"page\">Rollouts</a>"), "{empty}");
    let read = ilse.page("/rollouts").await;
    assert!(read.contains("Nothing is rolled out now") && !read.contains("/rollouts/new"), "{read}");
    assert_eq!(ilse.get("/rollouts/new").await.status(), 403);
    sends(&ilse, "/rollouts/new", &PLAN, 403).await;
    for path in ["/rollouts", "/rollouts/new", "/rollouts/R-2026-1", "/local-changes"] {
        assert_eq!(test.stranger().get(path).await.status(), 303, "{path}");
    }

    let form = lena.page("/rollouts/new").await;
    assert!(form.contains("<legend>SASE 3</legend>") && form.contains("Full release"), "{form}");
    let bad = [("title", "Spring"), ("of", "device"), ("device", ""), ("tag", "--x"), ("from", "soon"), ("until", "")];
    let page = sends(&lena, "/rollouts/new", &bad, 422).await;
    for (field, say) in [
        ("kind-1", "Choose a kind"),
        ("device", "Enter the device’s whole name"),
        ("from", "Enter a day and a time"),
        ("until", "Enter a day and a time"),
        ("at_once", "Enter a number"),
        ("target-1", "Tick at least one target"),
    ] {
        assert!(between(&page, &format!("<a href=\"#{field}\">"), "<").contains(say), "{field}: {page}");
    }
    assert!(page.contains("value=\"Spring\"") && page.contains("id=\"tag-e\""), "{page}");
    // Three of which none goes first, an unknown name, a field of nobody's.
    let none_first: Vec<_> = PLAN.into_iter().filter(|(name, _)| *name != "first").collect();
    let page = sends(&lena, "/rollouts/new", &none_first, 422).await;
    assert!(page.contains("at 1 to 2 of them: the first wave has to succeed"), "{page}");
    let page = sends(&lena, "/rollouts/new", &with("scientists", "SQS: Nobody Here"), 422).await;
    assert!(
        page.contains("Nobody here is called Nobody Here") && page.contains("SQS: Nobody Here</textarea>"),
        "{page}"
    );
    let page = sends(&lena, "/rollouts/new", &with("until", "2026-11-21T08:00"), 422).await;
    assert!(page.contains("Let the window end after it begins") && page.contains("2026-11-21T08:00"), "{page}");
    let page = sends(&lena, "/rollouts/new", &[&PLAN[..], &[("state", "running")]].concat(), 422).await;
    assert!(page.contains("There is no field called state here"), "{page}");

    let sent = [&PLAN[..], &[("key", "once")]].concat();
    for _ in [1, 2] {
        let done = lena.post("/rollouts/new", &sent).await;
        assert_eq!((done.status().as_u16(), done.headers()["location"].to_str().unwrap()), (303, "/rollouts/R-2026-1"));
    }
    let page = lena.page("/rollouts/R-2026-1").await;
    for said in [
        "R-2026-1 is planned",
        "Check the plan",
        "Back up, Hotfix, Check",
        "The rollout can start: both gates are closed",
        "action=\"/rollouts/R-2026-1/start\"",
        "href=\"/rollouts/R-2026-1/amend\"",
        "Noor El-Amin for SQS",
    ] {
        assert!(page.contains(said), "{said}: {page}");
    }
    assert!(lena.page("/rollouts").await.contains("3 targets, from "));
    let older = lena.page("/rollouts?before=00000000-0000-0000-0000-000000000000").await;
    assert!(!older.contains("Nothing is rolled out now"), "that is said of all of them: {older}");
    let r = now(&test, &rollouts::load(&test.app, None, "R-2026-1").await.unwrap().rollout).await;
    let waves: Vec<(&str, u32)> = r.targets.iter().map(|t| (t.name.0.as_str(), t.wave)).collect();
    assert_eq!(waves, [("SQS", 0), ("SCS", 1), ("MID", 1)]);
    assert!(r.target(&"SQS".into()).unwrap().scientists.contains(&test.person("noor")));
    let read = ilse.page("/rollouts/R-2026-1").await;
    assert!(read.contains("Check the plan") && !read.contains("/start\"") && !read.contains("/amend"), "{read}");
    sends(&ilse, "/rollouts/R-2026-1/start", &[("seen", "1")], 403).await;
}

/// R1, A4: a plan is changed while it is planned, by who has seen it as it is: what was typed on an older page stays.
#[tokio::test]
async fn r1_a_plan_is_changed_by_who_has_seen_it() {
    let test = facility().await;
    let lena = test.browser("lena").await;
    sends(&lena, "/rollouts/new", &PLAN, 303).await;
    let form = lena.page("/rollouts/R-2026-1/amend").await;
    for said in ["value=\"Winter shutdown\"", "value=\"2026-11-21T19:00\"", "SQS: Noor El-Amin</textarea>"] {
        assert!(form.contains(said), "{said}: {form}");
    }
    assert!(between(&form, "name=\"first\" value=\"SQS\"", ">").contains("checked"), "{form}");
    // Who of two is meant is not guessed; who stands on record stays.
    let (name, email) = ("Noor El-Amin".to_owned(), "another.noor@example.org".to_owned());
    people::add(&test.app, &test.caller("ada"), NewPerson { name, email, phone: None }).await.unwrap();
    let page = sends(&lena, "/rollouts/new", &PLAN, 422).await;
    assert!(page.contains("Several people here are called noor el-amin"), "{page}");
    let seen = |revision| [with("title", "Spring shutdown"), vec![("seen", revision)]].concat();
    sends(&lena, "/rollouts/R-2026-1/amend", &seen("1"), 303).await;
    let r = rollouts::load(&test.app, None, "R-2026-1").await.unwrap().rollout;
    assert!(r.target(&"SQS".into()).unwrap().scientists.contains(&test.person("noor")));
    let late = sends(&lena, "/rollouts/R-2026-1/amend", &seen("1"), 409).await;
    assert!(late.contains("The plan has changed since you opened this page"), "{late}");
    assert!(late.contains("value=\"Spring shutdown\"") && late.contains("name=\"seen\" value=\"2\""), "{late}");
    let late = sends(&lena, "/rollouts/R-2026-1/start", &[("seen", "1")], 409).await;
    assert!(late.contains("It has changed since you opened this page"), "{late}");
    sends(&lena, "/rollouts/R-2026-1/start", &[("seen", "2")], 303).await;
    sends(&lena, "/rollouts/R-2026-1/amend", &seen("3"), 409).await;
    assert_eq!(lena.get("/rollouts/R-2026-1/amend").await.status(), 409);
}

/// R1: before its window nothing starts, and the page says when it opens, with the gate.
#[tokio::test]
async fn r1_a_start_says_when_its_window_opens() {
    let test = facility().await;
    let lena = test.browser("lena").await;
    sends(&lena, "/rollouts/new", &with("from", "2026-11-21T12:00"), 303).await;
    let page = lena.page("/rollouts/R-2026-1").await;
    assert!(page.contains("The rollout cannot start: 1 of 2 gates is open"), "{page}");
    assert!(page.contains("Its window opens on 21 Nov 2026, 12:00 CET"), "{page}");
    assert!(!page.contains("action=\"/rollouts/R-2026-1/start\""), "its button waits: {page}");
    let refused = sends(&lena, "/rollouts/R-2026-1/start", &[("seen", "1")], 409).await;
    assert!(refused.contains("start it then") && refused.contains("The window is open"), "{refused}");
    test.advance(Duration::hours(3));
    sends(&lena, "/rollouts/R-2026-1/start", &[("seen", "1")], 303).await;
}

/// R3, R4: the page has the counts, a bar, each target with its steps, and who is needed with the verbs; what CTRL presses
/// is done once, a reason is asked for and kept, stopping asks first, and who is not of CTRL has no verbs.
#[tokio::test]
async fn r3_r4_failures_and_their_verbs() {
    let test = facility().await;
    let (lena, ilse, otto) = (test.browser("lena").await, test.browser("ilse").await, test.browser("otto").await);
    let wanted = plan(&test, "hotfix", &[("SCS", 0), ("SQS", 0), ("MID", 1)]);
    let r = start(&test, &plans(&test, "lena", &wanted).await.unwrap()).await;
    let begun = begin(&test, &r).await;
    let (bad, good) = (&begun[0], &begun[1]);
    ends(&test, bad, failed()).await;
    let page = lena.page("/rollouts/R-2026-1").await;
    for said in [
        "<b>0 of 3</b>",
        "aria-label=\"1 running, 1 needs a person, 1 waiting\"",
        "aria-label=\"SCS: 0 of 3 steps\"",
        "Back up: failed",
        "Back up: running",
        "Waiting, wave 2",
        "SCS · Back up",
        "The disk is &#60;full&#62;.",
        "expected end, ",
        "Retry step",
        "Roll SCS back",
        "Stop and hold all",
        "hx-get=\"/rollouts/R-2026-1/live\"",
    ] {
        assert!(page.contains(said), "{said}: {page}");
    }
    for reader in [&ilse, &otto] {
        let page = reader.page("/rollouts/R-2026-1").await;
        assert!(page.contains("SCS · Back up") && !page.contains("Retry step") && !page.contains("/stop"), "{page}");
        let retry = [("target", "SCS"), ("step", "0")];
        sends(reader, "/rollouts/R-2026-1/retry", &retry, 403).await;
        let form = reader.page("/rollouts/R-2026-1/stop").await;
        assert!(form.contains("This is for a member of CTRL to do."), "{form}");
        sends(reader, "/rollouts/R-2026-1/stop", &[("reason", "")], 403).await;
    }

    let skip = [("target", "SCS"), ("step", "0"), ("reason", "Enough")];
    let page = sends(&lena, "/rollouts/R-2026-1/skip", &skip, 422).await;
    assert!(page.contains("Say why it is skipped. In some words.") && page.contains("Enough</textarea>"), "{page}");
    let page = lena.page("/rollouts/R-2026-1").await;
    let form = between(&page, "action=\"/rollouts/R-2026-1/retry\"", "</form>");
    let field = |name: &str| between(form, &format!("name=\"{name}\" value=\""), "\"").to_owned();
    let (seen, key) = (field("seen"), field("key"));
    let retry = [("target", "SCS"), ("step", "0"), ("seen", &seen), ("key", &key)];
    for _ in [1, 2] {
        sends(&lena, "/rollouts/R-2026-1/retry", &retry, 303).await;
    }
    assert_eq!(now(&test, &r).await.revision, r.revision + 4, "two begun, one failed, tried again once");
    let twice = [("target", "SCS"), ("step", "0")];
    let page = sends(&lena, "/rollouts/R-2026-1/retry", &twice, 409).await;
    assert!(page.contains("Back up did not fail on SCS"), "{page}");

    let asks = lena.page("/rollouts/R-2026-1/stop?next=/rollouts/R-2026-1").await;
    assert!(asks.contains("what runs is interrupted: 1 target is worked on now"), "{asks}");
    assert!(asks.contains("Leave it as it is"), "{asks}");
    sends(&lena, "/rollouts/R-2026-1/stop", &[("reason", "")], 422).await;
    sends(&lena, "/rollouts/R-2026-1/stop", &[("reason", "The beam comes back.")], 303).await;
    let page = lena.page("/rollouts/R-2026-1").await;
    assert!(page.contains("Lena Brandt stopped it.") && page.contains("The beam comes back."), "{page}");
    ends(&test, good, Outcome::Unknown { why: "It was interrupted.".to_owned() }).await;
    let page = lena.page("/rollouts/R-2026-1").await;
    assert!(page.contains("Nobody knows how it went: look at SQS"), "{page}");
    let asks = lena.page("/rollouts/R-2026-1/pause?next=/rollouts/R-2026-1").await;
    assert!(page.contains("/rollouts/R-2026-1/pause") && asks.contains("What is to be rolled back is"), "{asks}");
    let late = [("target", "SQS"), ("reason", "A vacuum bake."), ("until", "2026-11-21T08:00")];
    let page = sends(&lena, "/rollouts/R-2026-1/hold", &late, 422).await;
    assert!(page.contains("Let it be held until a time to come"), "{page}");
    let hold = [("target", "SQS"), ("reason", "A vacuum bake."), ("until", "2026-11-21T16:30")];
    sends(&lena, "/rollouts/R-2026-1/hold", &hold, 303).await;
    let page = lena.page("/rollouts/R-2026-1").await;
    assert!(page.contains("Lena Brandt: A vacuum bake.") && page.contains("Until 16:30."), "{page}");
    assert!(lena.page("/my").await.contains("1 target of R-2026-1, Winter shutdown, needs a person"));
}

/// R3: what is done by hand is asked for while its window is open, and says what it waits for once that is over.
#[tokio::test]
async fn r3_a_step_by_hand_waits_for_its_window() {
    let test = facility().await;
    let r = plans(&test, "lena", &plan(&test, "new_instrument_with_legacy", &[("SCS", 0)])).await.unwrap();
    let r = start(&test, &r).await;
    run_all(&test.app, &r).await;
    let check = r.steps.len() - 2;
    must(&test, "jonas", &r, Command::SignOff { target: "SCS".into(), step: check }).await;
    let page = test.browser("lena").await.page("/rollouts/R-2026-1").await;
    assert!(page.contains("1 needs a person") && page.contains("say so once it is"), "{page}");
    test.advance(Duration::hours(11));
    let page = test.browser("lena").await.page("/rollouts/R-2026-1").await;
    assert!(page.contains("1 needs a person") && page.contains("<p>It is done by hand.</p>"), "{page}");
    assert!(!page.contains("/done-by-hand"), "it is refused now: {page}");
}

/// R4: an open page asks for what has changed, and is sent nothing while nothing has; who is signed in no longer is told so
/// instead of being led away.
#[tokio::test]
async fn r4_an_open_page_is_sent_what_changed() {
    let test = facility().await;
    let ilse = test.browser("ilse").await;
    let r = plans(&test, "lena", &plan(&test, "hotfix", &[("SCS", 0)])).await.unwrap();
    let asks = async |tag: &str| {
        let asked = ilse.client.get(format!("{}/rollouts/R-2026-1/live", test.url)).header("if-none-match", tag);
        asked.send().await.unwrap()
    };
    let page = ilse.page("/rollouts/R-2026-1").await;
    let tag = between(&page, "data-tag=\"", "\"").replace("&#34;", "\"");
    let same = asks(&tag).await;
    assert_eq!((same.status().as_u16(), same.headers()["x-clock"].to_str().unwrap()), (304, "09:00:00"));
    assert!(!same.headers().contains_key("x-over"), "more may come");
    assert_eq!(same.text().await.unwrap(), "");
    let r = start(&test, &r).await;
    let other = asks(&tag).await;
    let kept = other.headers()["cache-control"].to_str().unwrap().to_owned();
    assert_eq!((other.status().as_u16(), kept.as_str()), (200, "no-store"));
    let tag = other.headers()["etag"].to_str().unwrap().to_owned();
    let part = other.text().await.unwrap();
    assert!(part.contains("<h1>Winter shutdown") && !part.contains("<html"), "{part}");
    assert_eq!(asks(&tag).await.status(), 304);
    begin(&test, &r).await;
    let part = asks(&tag).await.text().await.unwrap();
    assert!(part.contains("Back up: running") && part.contains("Back up, 30 min left"), "{part}");
    test.advance(Duration::minutes(2));
    assert_ne!(asks(&tag).await.status(), 304, "less is left of the step");
    assert_eq!(test.stranger().get("/rollouts/R-2026-1/live").await.status(), 401);
    assert_eq!(ilse.get("/rollouts/R-2026-9/live").await.status(), 404);
    // What ran when it was given up ends a little later; then there is nothing to ask for any more.
    let r = must(&test, "lena", &r, Command::Abandon { reason: "The beam comes back.".to_owned() }).await;
    assert!(!asks("").await.headers().contains_key("x-over"), "a step is not over yet");
    assert!(ilse.page("/rollouts/R-2026-1").await.contains("hx-get"));
    rollouts::lost(&test.app, r.id, "It was interrupted.").await.unwrap();
    assert_eq!(asks("").await.headers()["x-over"], "yes");
    assert!(!ilse.page("/rollouts/R-2026-1").await.contains("hx-get"), "it is over");
}

/// R3, R5: a target's page has its steps, its runs with what they said for CTRL alone, and what was found on it; the
/// rollout's page lists what varies from the first one, or from what CTRL wrote down.
#[tokio::test]
async fn r5_what_varies_is_listed() {
    let test = facility().await;
    let (lena, ilse) = (test.browser("lena").await, test.browser("ilse").await);
    let wanted = plan(&test, "hotfix", &[("SCS", 0), ("SQS", 1)]);
    let r = start(&test, &plans(&test, "lena", &wanted).await.unwrap()).await;
    for version in ["3.1.2", "3.1.1"] {
        for _ in 0..3 {
            let begun = begin(&test, &r).await;
            let facts = [("version".to_owned(), version.to_owned())].into();
            ends(&test, &begun[0], Outcome::Done { took_seconds: 600, facts }).await;
        }
    }
    assert!(matches!(now(&test, &r).await.state, State::Finished { .. }));
    let page = lena.page("/rollouts/R-2026-1").await;
    assert!(page.contains("1 fact varies from SCS, the first target that was done."), "{page}");
    assert!(page.contains("ended, ") && page.contains("2 of 2 done after"), "{page}");
    assert!(!page.contains("hx-get"), "it is over");
    let page = lena.page("/rollouts/R-2026-1/targets/SQS").await;
    for said in [
        "3.1.1",
        "differs",
        "What it said: Check",
        "tabindex=\"0\" role=\"group\" aria-labelledby=\"out-h\"",
        "ok: [&#60;host&#62;]",
        "sqs-ctrl01",
        "beside what was found on SCS",
    ] {
        assert!(page.contains(said), "{said}: {page}");
    }
    let read = ilse.page("/rollouts/R-2026-1/targets/SQS").await;
    assert!(read.contains("3 of 3 tasks") && !read.contains("What it said") && !read.contains("sqs-ctrl01"), "{read}");
    assert_eq!(lena.get("/rollouts/R-2026-1/targets/FXE").await.status(), 404);

    let form = lena.page("/rollouts/R-2026-1/set-baseline").await;
    assert!(form.contains("version = 3.1.2</textarea>"), "{form}");
    let revision = now(&test, &r).await.revision.to_string();
    let bad = [("baseline", "3.1.1"), ("seen", revision.as_str())];
    let page = sends(&lena, "/rollouts/R-2026-1/set-baseline", &bad, 422).await;
    assert!(page.contains("Write each fact on a line of its own") && page.contains("3.1.1</textarea>"), "{page}");
    let good = [("baseline", "version = 3.1.1"), ("seen", revision.as_str())];
    sends(&lena, "/rollouts/R-2026-1/set-baseline", &good, 303).await;
    let page = lena.page("/rollouts/R-2026-1").await;
    assert!(page.contains("1 fact varies from the baseline that CTRL wrote down."), "{page}");
}

/// R6: beside a target with a legacy system stand what it waits for and who agrees: the scientists find it on their own
/// page, nobody agrees with their own side, and what was proposed meanwhile is read first (A4).
#[tokio::test]
async fn r6_the_other_side_agrees_in_the_browser() {
    let test = facility().await;
    let (lena, noor, otto) = (test.browser("lena").await, test.browser("noor").await, test.browser("otto").await);
    let r = plans(&test, "lena", &plan(&test, "new_instrument_with_legacy", &[("SCS", 0)])).await.unwrap();
    let here = "/rollouts/R-2026-1/targets/SCS";
    for path in ["/rollouts/R-2026-1", here] {
        let page = lena.page(path).await;
        assert!(!page.contains("was never tried"), "nothing waits before the start: {page}");
    }
    let r = start(&test, &r).await;
    run_all(&test.app, &r).await;
    assert!(lena.page("/rollouts/R-2026-1").await.contains("SCS · legacy system"));
    let page = lena.page(here).await;
    assert!(page.contains("The way back to it was never tried.") && page.contains("Propose a day"), "{page}");
    let tried = [("target", "SCS"), ("note", "Twelve minutes.")];
    sends(&lena, "/rollouts/R-2026-1/try-way-back", &tried, 303).await;
    let past = [("target", "SCS"), ("date", "2026-11-20")];
    let page = sends(&lena, "/rollouts/R-2026-1/propose-retirement", &past, 422).await;
    assert!(
        page.contains("Propose a day to come, within ten years.") && page.contains("value=\"2026-11-20\""),
        "{page}"
    );
    sends(&lena, "/rollouts/R-2026-1/propose-retirement", &[("target", "SCS"), ("date", "2027-01-31")], 303).await;

    let mine = noor.page("/my").await;
    assert!(mine.contains("Agree on when the legacy system of <code>SCS</code> goes: 31 Jan 2027"), "{mine}");
    assert!(noor.page("/rollouts/R-2026-1").await.contains("Agree to the day"));
    let seen = now(&test, &r).await.revision.to_string();
    let agree = [("target", "SCS"), ("seen", seen.as_str())];
    sends(&otto, "/rollouts/R-2026-1/agree-retirement", &agree, 403).await;
    sends(&test.browser("ravi").await, "/rollouts/R-2026-1/agree-retirement", &agree, 403).await;
    sends(&lena, "/rollouts/R-2026-1/propose-retirement", &[("target", "SCS"), ("date", "2027-02-28")], 303).await;
    let late = sends(&noor, "/rollouts/R-2026-1/agree-retirement", &agree, 409).await;
    assert!(late.contains("It has changed since you opened this page") && late.contains("28 Feb 2027"), "{late}");
    let page = noor.page(here).await;
    let form = between(&page, "action=\"/rollouts/R-2026-1/agree-retirement\"", "</form>");
    let seen = between(form, "name=\"seen\" value=\"", "\"");
    sends(&noor, "/rollouts/R-2026-1/agree-retirement", &[("target", "SCS"), ("seen", seen)], 303).await;
    let page = lena.page(here).await;
    assert!(page.contains("Noor El-Amin, ") && page.contains("Say that it is gone"), "{page}");
    test.advance(Duration::days(31));
    let page = test.browser("lena").await.page(here).await;
    assert!(page.contains("too long ago: try it again"), "{page}");
}

/// R6, E4: who contributes to a device of the instrument is of its scientists' side without being named, and finds there
/// and on their own page what they are to agree on.
#[tokio::test]
async fn r6_contributors_find_what_they_are_to_agree_on() {
    let test = facility().await;
    test.requested("magnet").await;
    let r = plans(&test, "lena", &plan(&test, "new_instrument_with_legacy", &[("SCS", 0)])).await.unwrap();
    let r = start(&test, &r).await;
    must(&test, "lena", &r, Command::ProposeRetirement { target: "SCS".into(), date: day("2027-01-31") }).await;
    let (ilse, otto) = (test.browser("ilse").await, test.browser("otto").await);
    for (path, says) in [("/my", "Agree on when the legacy system"), ("/rollouts/R-2026-1", "Agree to the day")] {
        assert!(ilse.page(path).await.contains(says), "{path}");
        assert!(!otto.page(path).await.contains(says), "{path}");
    }
    let page = ilse.page("/rollouts/R-2026-1").await;
    let form = between(&page, "action=\"/rollouts/R-2026-1/agree-retirement\"", "</form>");
    let seen = between(form, "name=\"seen\" value=\"", "\"");
    sends(&ilse, "/rollouts/R-2026-1/agree-retirement", &[("target", "SCS"), ("seen", seen)], 303).await;
}

/// R7: local changes are recorded, changed and ended in the browser; those that are overdue stand first, and on the page of
/// whoever recorded them.
#[tokio::test]
async fn r7_local_changes_in_the_browser() {
    let test = facility().await;
    test.requested("magnet").await;
    let (lena, ilse, noor) = (test.browser("lena").await, test.browser("ilse").await, test.browser("noor").await);
    assert!(noor.page("/local-changes").await.contains("No local change is on record here"));
    let new =
        [("target", "SCS"), ("device", "nothing"), ("what", "Raises the limit."), ("ticket", ""), ("until", "soon")];
    let page = sends(&ilse, "/local-changes/new", &new, 422).await;
    for (field, say) in [("ticket", "Name its ticket"), ("until", "Enter the day")] {
        assert!(between(&page, &format!("<a href=\"#{field}\">"), "<").contains(say), "{field}: {page}");
    }
    assert!(page.contains("Raises the limit.</textarea>"), "{page}");
    let new = |ticket, until| {
        [("target", "SCS"), ("device", ""), ("what", "Raises the <limit>."), ("ticket", ticket), ("until", until)]
    };
    let unknown: Vec<_> =
        new("OPS-7", "2026-11-22").map(|(n, v)| if n == "device" { (n, "nothing") } else { (n, v) }).into();
    let page = sends(&ilse, "/local-changes/new", &unknown, 422).await;
    assert!(page.contains("No device is called nothing") && page.contains("value=\"OPS-7\""), "{page}");
    let page = sends(&noor, "/local-changes/new", &new("OPS-7", "2026-11-22"), 403).await;
    assert!(page.contains("for who contributes to a device there") && page.contains("value=\"OPS-7\""), "{page}");
    let page = sends(&ilse, "/local-changes/new", &new("OPS-7", "2026-11-20"), 422).await;
    assert!(page.contains("today or later, within two years"), "{page}");
    sends(&ilse, "/local-changes/new", &new("OPS-7", "2026-11-22"), 303).await;
    sends(&lena, "/local-changes/new", &new("https://tickets.example.org/8", "2026-12-24"), 303).await;
    let page = ilse.page("/local-changes").await;
    assert!(page.contains("Raises the &#60;limit&#62;.") && page.contains("Nothing is overdue."), "{page}");
    assert!(page.contains("href=\"https://tickets.example.org/8\" rel=\"noreferrer nofollow\""), "{page}");
    assert_eq!(page.matches("End it<").count(), 1, "her own alone: {page}");
    test.advance(Duration::days(2));
    let (lena, ilse, noor) = (test.browser("lena").await, test.browser("ilse").await, test.browser("noor").await);
    let page = ilse.page("/local-changes").await;
    let (overdue, other) = (page.find("was to go by 22 Nov 2026").unwrap(), page.find("until 24 Dec 2026").unwrap());
    assert!(overdue < other && page.contains("1 is overdue"), "{page}");
    assert!(ilse.page("/my").await.contains("The local change OPS-7 on <code>SCS</code> was to be there until"));

    let change = between(&page, "href=\"/local-changes/", "/change\"").rsplit('/').next().unwrap().to_owned();
    let at = |word: &str| format!("/local-changes/{change}/{word}");
    assert!(ilse.page(&at("change")).await.contains("value=\"OPS-7\""));
    let said = [("what", "Raises it."), ("ticket", "OPS-7"), ("until", "2026-12-01")];
    sends(&ilse, &at("change"), &[&said[..], &[("seen", "1")]].concat(), 303).await;
    sends(&lena, &at("end"), &[("reason", "Merged in 2.4.2."), ("seen", "the newest")], 422).await;
    let late = sends(&lena, &at("end"), &[("reason", "Merged in 2.4.2."), ("seen", "1")], 409).await;
    assert!(late.contains("Somebody changed it after you opened this page"), "{late}");
    assert!(late.contains("Merged in 2.4.2.</textarea>") && late.contains("name=\"seen\" value=\"2\""), "{late}");
    sends(&noor, &at("end"), &[("reason", "Mine now."), ("seen", "2")], 403).await;
    sends(&lena, &at("end"), &[("reason", "Merged in 2.4.2."), ("seen", "2")], 303).await;
    assert!(!ilse.page("/local-changes").await.contains("OPS-7"));
    assert!(ilse.page("/local-changes?ended=too").await.contains("by Lena Brandt: Merged in 2.4.2."));
    let page = ilse.page("/local-changes?target=MID").await;
    assert!(page.contains("No local change is on record here") && page.contains("MID is as the last"), "{page}");
}

/// R7: what is overdue stands first however many were recorded after it, and on the page of whoever has to do something.
#[tokio::test]
async fn r7_what_is_overdue_is_found_behind_many() {
    let test = facility().await;
    records(&test, "lena", "SCS", "2026-11-22").await.unwrap();
    for _ in 0..=local_changes::PAGE {
        records(&test, "lena", "MID", "2026-12-24").await.unwrap();
    }
    test.advance(Duration::days(2));
    let lena = test.browser("lena").await;
    let page = lena.page("/local-changes").await;
    assert!(page.contains("was to go by 22 Nov 2026") && page.contains("1 is overdue"), "{page}");
    assert!(lena.page("/my").await.contains("The local change OPS-7 on <code>SCS</code> was to be there until"));
    assert!(!lena.page("/local-changes?target=MID").await.contains("was to go by"));
    let older = between(&page, "href=\"/local-changes?before=", "\"");
    let older = lena.page(&format!("/local-changes?before={older}")).await;
    assert!(!older.contains("overdue:"), "that is said of all of them: {older}");
}

/// R7: a start asks what becomes of each local change that it would overwrite; what is applied again stays a task of its
/// target until somebody says that it is.
#[tokio::test]
async fn r7_a_start_asks_for_local_changes() {
    let test = facility().await;
    let lena = test.browser("lena").await;
    records(&test, "lena", "SCS", "2026-12-24").await.unwrap();
    let c = custody::service::local_changes::list(&test.app, &Default::default()).await.unwrap().changes.remove(0);
    let r = plans(&test, "lena", &plan(&test, "hotfix", &[("SCS", 0)])).await.unwrap();
    let page = lena.page("/rollouts/R-2026-1").await;
    for said in ["It would overwrite a local change on SCS (OPS-7)", "SCS · to be answered for", "Clear", "Apply again"]
    {
        assert!(page.contains(said), "{said}: {page}");
    }
    let id = c.id.to_string();
    let odd = [("target", "SCS"), ("change", id.as_str()), ("answer", "forget")];
    sends(&lena, "/rollouts/R-2026-1/answer-change", &odd, 422).await;
    let again = [("target", "SCS"), ("change", id.as_str()), ("answer", "apply_again")];
    sends(&lena, "/rollouts/R-2026-1/answer-change", &again, 303).await;
    let r = start(&test, &now(&test, &r).await).await;
    run_all(&test.app, &r).await;
    assert_eq!(now(&test, &r).await.state.name(), StateName::Finished);
    let page = lena.page("/rollouts/R-2026-1").await;
    assert!(page.contains("SCS is done: apply it again, then say so."), "{page}");
    sends(&lena, "/rollouts/R-2026-1/reapplied", &again[..2], 303).await;
    assert!(!lena.page("/rollouts/R-2026-1").await.contains("apply it again"), "it is");
}

/// E4: who signs off finds it on their own page; who did the step by hand is told whose it is.
#[tokio::test]
async fn e4_sign_offs_wait_for_another_one() {
    let test = facility().await;
    let (lena, jonas) = (test.browser("lena").await, test.browser("jonas").await);
    let r = plans(&test, "lena", &plan(&test, "full_release", &[("SCS", 0)])).await.unwrap();
    let r = start(&test, &r).await;
    for _ in 1..r.steps.len() {
        let begun = begin(&test, &r).await;
        ends(&test, &begun[0], Outcome::Done { took_seconds: 60, facts: Default::default() }).await;
    }
    let begun = begin(&test, &r).await;
    ends(&test, &begun[0], failed()).await;
    let step = (r.steps.len() - 1).to_string();
    let form = lena.page(&format!("/rollouts/R-2026-1/done-by-hand?target=SCS&step={step}")).await;
    assert!(form.contains("What did you find?"), "{form}");
    let done = [("target", "SCS"), ("step", step.as_str()), ("note", "By eye."), ("facts", "version = 3.1.2")];
    sends(&lena, "/rollouts/R-2026-1/done-by-hand", &done, 303).await;
    let page = lena.page("/rollouts/R-2026-1").await;
    assert!(page.contains("You did it: another member of CTRL signs it off."), "{page}");
    let here = "/rollouts/R-2026-1/targets/SCS";
    let page = lena.page(here).await;
    assert!(page.contains("another member of CTRL signs it off") && !page.contains("/sign-off\""), "{page}");
    assert!(page.contains("There is nothing yet to compare it with."), "{page}");
    assert!(jonas.page(here).await.contains("action=\"/rollouts/R-2026-1/sign-off\""));
    assert!(!lena.page("/my").await.contains("for a sign-off"));
    assert!(jonas.page("/my").await.contains("1 target of R-2026-1, Winter shutdown, waits for a sign-off"));
    let sign = [("target", "SCS"), ("step", step.as_str())];
    sends(&lena, "/rollouts/R-2026-1/sign-off", &sign, 403).await;
    let done = jonas.post("/rollouts/R-2026-1/sign-off", &sign).await;
    assert_eq!(done.status(), 303);
    let page = jonas.page("/rollouts/R-2026-1").await;
    assert!(page.contains("Nothing is left to do: the rollout is finished."), "{page}");
}

/// A25, A29: nothing of these pages carries a script or a style of its own, and what an address does not know is refused.
#[tokio::test]
async fn a29_addresses_take_what_they_know() {
    let test = facility().await;
    let lena = test.browser("lena").await;
    let r = plans(&test, "lena", &plan(&test, "hotfix", &[("SCS", 0)])).await.unwrap();
    start(&test, &r).await;
    for path in ["/rollouts", "/rollouts/R-2026-1", "/rollouts/R-2026-1/targets/SCS", "/rollouts/new", "/local-changes"]
    {
        let page = lena.page(path).await;
        for bad in [" style=", "<style", " onclick", "javascript:"] {
            assert!(!page.contains(bad), "{path} has {bad}");
        }
    }
    for (path, status) in [
        ("/rollouts/R-2026-1/begin", 404),
        ("/rollouts/R-2026-1/roll_back", 404),
        ("/rollouts/R-2026-1/retry?target=SCS", 422),
        ("/rollouts/R-2026-1/retry?target=FXE&step=0", 404),
        ("/rollouts/R-2026-1/retry?target=SCS&step=9", 422),
        ("/local-changes/none/end", 404),
    ] {
        assert_eq!(lena.get(path).await.status().as_u16(), status, "{path}");
    }
    let odd = [("target", "SCS"), ("step", "0"), ("state", "done")];
    let page = sends(&lena, "/rollouts/R-2026-1/retry", &odd, 422).await;
    assert!(page.contains("There is no field called state here"), "{page}");
    // Where it leads back to is a page of ours.
    let pause = [("reason", "Lunch."), ("next", "//evil.example.org")];
    let paused = lena.post("/rollouts/R-2026-1/pause", &pause).await;
    assert_eq!((paused.status().as_u16(), paused.headers()["location"].to_str().unwrap()), (303, "/"));
}
