//! What people do with Custody, in a real browser: by clicking and typing on the pages' own buttons, and by keys alone.

use super::browser::{Chrome, Driver};
use crate::app::{FULL, REDUCED, TestApp};
use chrono::Duration;
use custody::domain::lifecycle::{Command, StateName};

const DEVICE: &str = "beamConditionCheck";
const ILSE: &str = "Ilse Hartmann";
const MAREK: &str = "Marek Dvořák";
const LENA: &str = "Lena Brandt";
const RAVI: &str = "Ravi Menon";
const CHIARA: &str = "Chiara Moretti";
const NOOR: &str = "Noor El-Amin";

/// A facility, and a browser before which one person sits after the other.
struct Journey {
    test: TestApp,
    chrome: Chrome,
    // Ends after the browser.
    _driver: Driver,
}

impl Journey {
    async fn begin() -> Self {
        let driver = Driver::start();
        Self { test: TestApp::new().await, chrome: driver.browse().await, _driver: driver }
    }

    /// Somebody signs in and opens a page.
    async fn of(&self, name: &str, path: &str) {
        self.chrome.sign_in(&self.test.url, name, path).await;
    }

    async fn on_device(&self, name: &str) {
        self.of(name, &format!("/devices/{DEVICE}")).await;
    }

    async fn on_review(&self, name: &str) {
        self.of(name, &format!("/devices/{DEVICE}/review")).await;
    }

    async fn press(&self, says: &str) {
        self.chrome.press(says).await;
    }

    async fn answer(&self, all: &[(&str, &str)]) {
        for (name, value) in all {
            self.chrome.answer(name, value).await;
        }
    }

    /// Presses a button; where it leads to a form, that is filled in and sent with the button of the same words.
    async fn does(&self, says: &str, answers: &[(&str, &str)]) {
        self.fills(says, answers, says).await;
    }

    /// The same where the form's button says something else.
    async fn fills(&self, says: &str, answers: &[(&str, &str)], send: &str) {
        self.press(says).await;
        let path = self.chrome.path().await;
        let parts: Vec<&str> = path.split('/').collect();
        if parts.len() == 4 && parts[1] == "devices" && !["discussion", "review", "history"].contains(&parts[3]) {
            self.answer(answers).await;
            self.press(send).await;
            assert_ne!(self.chrome.path().await, path, "{send}: {}", self.chrome.text().await);
        }
    }

    async fn state(&self) -> StateName {
        self.test.device(DEVICE).await.state.name()
    }

    fn id(&self, login: &str) -> String {
        self.test.person(login).to_string()
    }

    async fn end(self) {
        self.chrome.close().await;
    }
}

/// L1 to L4, O6: the request through its six sections, with a mistake that is told and loses nothing.
async fn requests_participation(j: &Journey) {
    j.of(ILSE, "/requests").await;
    j.press("Request participation").await;
    let repository = j.test.repository.file_address();
    let device = [
        ("name", "beam condition"),
        ("classes", "beamConditionCheckClass"),
        ("summary", "Compares the beam with its limits."),
        ("group", "SCS"),
        ("instruments", "SCS"),
        ("repository", repository.as_str()),
        ("trunk", "main"),
    ];
    j.answer(&device).await;
    j.press("Save and continue").await;
    j.chrome.says("There is a problem").await;
    assert_eq!(j.chrome.value("name").await, "beam condition", "what was typed is kept");
    assert_eq!(j.chrome.value("summary").await, "Compares the beam with its limits.");
    j.answer(&[("name", DEVICE)]).await;
    j.press("Save and continue").await;
    j.chrome.says("Section 2 of 6").await;
    let scope = [
        ("why", "Users ask for one flag."),
        ("done", "The flag was right in three beamtimes."),
        ("assumptions", "None."),
        ("hardware", "None of its own."),
        ("connectivity", "The broker."),
    ];
    j.answer(&scope).await;
    j.press("Save and continue").await;
    j.answer(&[("level", "recurrent_review")]).await;
    j.press("Save and continue").await;
    j.answer(&[("areas", "none of these"), ("failures", "Scans pause.")]).await;
    j.press("Save and continue").await;
    j.chrome.says("Section 5 of 6").await;
    let contacts = [
        ("person_1", ILSE),
        ("hours_1", "always"),
        ("time_zone_1", "Europe/Berlin"),
        ("deputy_1", MAREK),
        ("when_stopped", "restart_once_then_call"),
        ("may_stop", "yes"),
    ];
    j.answer(&contacts).await;
    j.press("Save and continue").await;
    j.chrome.says("Check your answers").await;
    j.chrome.says("Scans pause.").await;
    j.answer(&[("best_effort", "yes"), ("given_server", "yes"), ("shut_down", "yes"), ("conduct", "yes")]).await;
    j.press("Send request to CTRL").await;
    assert_eq!(j.state().await, StateName::Requested);
}

/// L6, H1 to H6: taken and clarified, accepted and prepared; development starts.
async fn is_accepted_and_prepared(j: &Journey) {
    j.of(LENA, "/reviews").await;
    j.press("All CTRL").await;
    j.press(DEVICE).await;
    if !j.chrome.path().await.ends_with("/discussion") {
        j.press("Discussion").await;
    }
    j.press("Take this request").await;
    signs_off(j).await;
    j.press("Accept the request").await;
    assert_eq!(j.state().await, StateName::Accepted);

    j.on_device(ILSE).await;
    j.does("Commit to updates", &[]).await;
    j.does("Add a contributor", &[("person", &j.id("marek"))]).await;
    j.of(MAREK, "/account").await;
    j.press("Accept version").await;
    j.chrome.says("You accepted it.").await;

    j.on_device(LENA).await;
    j.does("Assign a server", &[("server", REDUCED)]).await;
    j.does("Grant access", &[("person", &j.id("ilse"))]).await;
    let topics: Vec<&str> = j.test.app.policy.training.topics.iter().map(|t| t.id.as_str()).collect();
    let ilse = j.id("ilse");
    let mut training = vec![("person", ilse.as_str())];
    training.extend(topics.iter().map(|t| ("topics", *t)));
    j.does("Record training", &training).await;
    j.does("Say what is developed", &[("modified", "no")]).await;
    j.press("Start development").await;
    assert_eq!(j.state().await, StateName::ReducedSupport);
}

/// L6: every point of the discussion, one by one.
async fn signs_off(j: &Journey) {
    for left in (0..5).rev() {
        j.press("Sign off point").await;
        let open = j.test.device(DEVICE).await;
        let open = open.cycle.discussion.points.iter().filter(|p| p.signed_off.is_none()).count();
        assert_eq!(open, left);
    }
}

/// T1 to T9: stated and countersigned, reviewed, tagged, deployed, taken.
async fn is_transferred(j: &Journey, tag: &str, reviewer: &str) {
    j.on_device(ILSE).await;
    let operated =
        [("from", "2026-11-01"), ("to", "2026-11-03"), ("instrument", "SCS"), ("text", "Three shifts, no false flag.")];
    j.does("State that it worked", &operated).await;
    j.on_device(NOOR).await;
    j.does("Countersign", &[]).await;
    j.on_device(ILSE).await;
    j.press("Ask CTRL to take over").await;
    assert_eq!(j.state().await, StateName::UnderReview);

    j.on_review(LENA).await;
    j.does("Record an overview", &[("text", "Small and tidy.")]).await;
    j.on_review(MAREK).await;
    j.does("Join the review", &[]).await;
    let due = (j.test.app.clock.now().date_naive() + Duration::days(7)).to_string();
    j.does("Propose a timeline", &[("name_1", "The review is done"), ("due_1", &due)]).await;
    let commit = j.test.commit_of(tag).to_string();
    j.does("Propose a commit", &[("commit", &commit[..12])]).await;
    for item in &j.test.app.policy.transfer.checklist {
        j.fills(&format!("for {}", item.name), &[("passed", "yes"), ("text", "Seen.")], "Add evidence").await;
    }
    j.on_review(LENA).await;
    j.press("Agree to the timeline").await;

    j.of(reviewer, "/reviews").await;
    j.press("All CTRL").await;
    j.press(DEVICE).await;
    if !j.chrome.path().await.ends_with("/review") {
        j.press("Review").await;
    }
    let finding = [("place", "src/device.py:118"), ("text", "The loop blocks the server.")];
    j.fills("Ask for changes", &finding, "Add finding").await;
    j.chrome.says("You cannot approve yet").await;
    j.on_review(ILSE).await;
    j.does("Answer the finding", &[("text", "It waits for the callback now.")]).await;
    j.on_review(reviewer).await;
    j.press("Verified, close it").await;
    j.press("Approve").await;
    j.chrome.says("1 of 1").await;

    j.on_device(ILSE).await;
    j.does("Verify a tag", &[("tag", tag)]).await;
    j.on_device(LENA).await;
    // No form does it: the page has the tools, and one of them asks, begins and reports.
    j.press("Deploy by permit").await;
    j.chrome.says("For deploy tools").await;
    j.test.deploys_by_permit("lena", DEVICE, tag, FULL).await;
    j.on_device(LENA).await;
    j.does("Revoke access", &[("person", &j.id("ilse"))]).await;
    j.test.sees(FULL, &[(DEVICE, tag)]).await;
    j.test.sees(REDUCED, &[]).await;
    j.on_review(reviewer).await;
    j.press("Take ownership").await;
    j.chrome.says("Fully supported").await;
    assert_eq!(j.state().await, StateName::CtrlOwned);
}

/// L, H, T, B: the whole cycle twice, from an empty form to CTRL's, back, and with a new tag to CTRL's again.
#[tokio::test]
async fn the_whole_cycle_twice() {
    let j = Journey::begin().await;
    requests_participation(&j).await;
    is_accepted_and_prepared(&j).await;
    is_transferred(&j, "1.0.0", RAVI).await;

    j.on_device(ILSE).await;
    j.does("Hand back for development", &[("server", REDUCED), ("reason", "A new scan mode.")]).await;
    assert_eq!(j.state().await, StateName::ReducedSupport);
    j.test.sees(FULL, &[]).await;
    j.test.sees(REDUCED, &[(DEVICE, "1.0.0")]).await;
    j.on_device(LENA).await;
    j.does("Grant access", &[("person", &j.id("ilse"))]).await;
    j.press("Discussion").await;
    j.chrome.says("Cycle 2: the discussion is open again.").await;
    signs_off(&j).await;
    j.test.repository.git(&["commit", "--allow-empty", "-m", "a new scan mode"]);
    j.test.repository.git(&["tag", "-a", "-m", "1.1.0", "1.1.0"]);
    is_transferred(&j, "1.1.0", CHIARA).await;

    let device = j.test.device(DEVICE).await;
    assert_eq!(device.cycle.number, 2);
    assert_eq!(j.test.replayed(&device).await, device, "the journal replays to the row");
    j.end().await;
}

/// O2, O3, O6: an operator with a phone at night, signed in as nobody: one search, and whom to call is in sight.
#[tokio::test]
async fn an_operator_with_a_phone() {
    let j = Journey::begin().await;
    j.test.reduced_support(DEVICE).await;
    j.test.sees(REDUCED, &[(DEVICE, "1.0.0-1-gabcdef0-dirty")]).await;
    j.chrome.wide(390).await;
    j.chrome.goto(&j.test.url).await;
    // Another case, another separator, half of the ID that is on the screen in front of them.
    j.answer(&[("q", "scs test mon beamcondition")]).await;
    // The answer comes while they type.
    j.chrome.until_says(".answer .nm", DEVICE).await;
    for words in [DEVICE, "Reduced support", "Call now", "+49 40 66969 214", "What you may do"] {
        j.chrome.says(words).await;
    }
    assert_eq!(j.chrome.overflow().await, 0);
    j.press(DEVICE).await;
    j.chrome.says("Where it runs").await;
    j.chrome.says("Call Ilse Hartmann").await;
    assert_eq!(j.chrome.path().await, format!("/devices/{DEVICE}"));
    assert_eq!(j.chrome.overflow().await, 0);
    j.press("All").await;
    j.chrome.says("History of").await;
    j.chrome.goto(&format!("{}/?q=nothing-like-it", j.test.url)).await;
    j.chrome.says("treat it as not supported at all").await;
    j.end().await;
}

/// T4, T5: a reviewer finds the device in the queue, sends a finding back, and approves what is mended.
#[tokio::test]
async fn a_reviewer() {
    let j = Journey::begin().await;
    j.test.under_review(DEVICE).await;
    let commit = j.test.commit_of("1.0.0");
    j.test.does("ilse", DEVICE, Command::ProposeCommit { commit: commit.into() }).await.unwrap();
    j.of(CHIARA, "/reviews").await;
    j.press("All CTRL").await;
    j.press(DEVICE).await;
    if !j.chrome.path().await.ends_with("/review") {
        j.press("Review").await;
    }
    j.fills("Add finding", &[("text", "The loop blocks the server.")], "Add finding").await;
    let answer = || Command::AnswerFinding { finding: 1, text: "It waits for the callback now.".to_owned() };
    j.test.does("ilse", DEVICE, answer()).await.unwrap();
    j.on_review(CHIARA).await;
    j.chrome.says("It waits for the callback now.").await;
    j.does("Not fixed, send back", &[("text", "It blocks when the list is empty.")]).await;
    // An empty answer is no answer: the form says so, and stays.
    j.on_review(ILSE).await;
    j.press("Answer the finding").await;
    j.press("Answer the finding").await;
    j.chrome.says("There is a problem").await;
    j.answer(&[("text", "An empty list is left alone.")]).await;
    j.press("Answer the finding").await;
    j.on_review(CHIARA).await;
    j.press("Verified, close it").await;
    j.press("Approve").await;
    j.chrome.says("You approved this commit.").await;
    let device = j.test.device(DEVICE).await;
    assert_eq!(device.review().unwrap().approvals.len(), 1);
    j.end().await;
}

/// A keyboard is enough: an operator finds whom to call, a reviewer raises a finding and approves another commit.
#[tokio::test]
async fn by_keyboard_alone() {
    let j = Journey::begin().await;
    j.test.under_review(DEVICE).await;
    let commit = j.test.commit_of("1.0.0");
    j.test.does("ilse", DEVICE, Command::ProposeCommit { commit: commit.into() }).await.unwrap();
    let chrome = &j.chrome;
    chrome.goto(&j.test.url).await;
    // The search has the focus from the beginning.
    chrome.keys("beamcondition").await;
    // It answers while one types.
    chrome.says("Supported?").await;
    chrome.tab_to("Open device").await;
    chrome.enter().await;
    chrome.says("Where it runs").await;
    chrome.tab_to("+49 40 66969 214").await;

    chrome.goto(&format!("{}/sign-in?next=/reviews", j.test.url)).await;
    chrome.tab_to(RAVI).await;
    chrome.enter().await;
    chrome.says(DEVICE).await;
    chrome.tab_to(DEVICE).await;
    chrome.enter().await;
    chrome.says("Where it runs").await;
    // The word alone is in the bar, too.
    chrome.tab_to("Discussion").await;
    chrome.tab_to("Review").await;
    chrome.enter().await;
    chrome.says("Your decision").await;
    chrome.tab_to("Add finding").await;
    chrome.enter().await;
    chrome.tab_to("text").await;
    chrome.keys("The loop blocks the server.").await;
    chrome.tab_to("Add finding").await;
    chrome.enter().await;
    chrome.says("You cannot approve yet").await;
    let answer = Command::AnswerFinding { finding: 1, text: "It waits for the callback now.".to_owned() };
    j.test.does("ilse", DEVICE, answer).await.unwrap();
    chrome.client.refresh().await.unwrap();
    chrome.tab_to("Verified, close it").await;
    chrome.enter().await;
    chrome.tab_to("Approve").await;
    chrome.enter().await;
    chrome.says("You approved this commit.").await;
    let device = j.test.device(DEVICE).await;
    assert_eq!(device.review().unwrap().approvals.len(), 1);
    j.end().await;
}
