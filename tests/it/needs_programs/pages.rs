//! Every page as it is drawn: without a finding of axe-core by day and by night, and no wider than a phone. With
//! `CUSTODY_SHOTS` set, pictures of them are kept in `target/shots`.

use super::browser::{Chrome, Driver};
use crate::{
    app::{FULL, REDUCED, REDUCED_TOO, TestApp},
    chat_server::ChatServer,
    given::{day, policy_with, tag},
};
use custody::{
    domain::{
        cycle::HelpKind,
        forge::Forge,
        id::ServerName,
        lifecycle::{Command, command::Step},
    },
    service::{
        accounts, collectors,
        drafts::{self, Save},
        hooks, retests,
        tokens::{self, TokenScope},
    },
};

/// What is done on a page before it is looked at.
#[derive(Clone, Copy)]
enum First {
    Nothing,
    /// A button is pressed.
    Press(&'static str),
    /// The device changes behind the reader's back, then a button is pressed (A4).
    Overtaken(&'static str),
    /// An act is sent from outside of our pages' buttons.
    Send(&'static str),
    /// More than a month goes by: what was deployed falls behind (G7), and whoever is signed in has to do so again.
    Later,
}

struct Page {
    /// Nobody where it is read without signing in.
    who: &'static str,
    path: String,
    first: First,
}

fn page(who: &'static str, path: &str) -> Page {
    Page { who, path: path.to_owned(), first: First::Nothing }
}

/// Devices in every state, each with something to tell, and what stands beside them.
struct Facility {
    test: TestApp,
    draft: String,
    setup: String,
    /// A contact's link (L4).
    confirm: String,
    /// Of a deployment that CTRL can report on.
    deployment: String,
    /// Of incidents: the newest, of a device, and one of what nobody registered (G10).
    incidents: Vec<String>,
    /// Of a re-test that waits (G8).
    retest: String,
    /// By what Ilse signs in.
    way: String,
}

async fn facility() -> Facility {
    // A mail server that is away: what it would take waits in the outbox.
    let source = ChatServer::start().await;
    let collector = |name: &str, kind: &str, address: &str| {
        format!(
            "[[observations.collectors]]\nname = \"{name}\"\nkind = \"{kind}\"\naddresses = [\"{address}\"]\n\
             covers = [\"cppServer/*_scs_*\", \"TangoTest/*\"]\n"
        )
    };
    let collectors = [
        collector("hall", "address", &source.url),
        // Nobody answers there.
        collector("tango-scs", "tango", "http://127.0.0.1:1/a/long/way/to/the/gateway/of/the/control/system/db"),
        collector("never-asked", "tango", "https://tango.example.org/db"),
    ];
    let policy = policy_with(&format!("{}{TARGETS}", collectors.concat()));
    let test = TestApp::with_mail(&policy, Some("smtp://127.0.0.1:1")).await;
    for (name, text) in [("wished", "Another device does this."), ("asked", "The broker cannot carry it.")] {
        test.requested(name).await;
        let all = [
            ("lena", Command::TakeRequest {}),
            ("lena", Command::RaisePoint { text: "Which topology is used?".to_owned() }),
            ("ilse", Command::AnswerPoint { point: 6, text: "The one of `main`.".to_owned() }),
            ("lena", Command::SignOffPoint { point: 1 }),
            ("jonas", Command::RaiseReservation { text: text.to_owned() }),
        ];
        for (who, command) in all {
            test.does(who, name, command).await.unwrap();
        }
    }
    test.does("lena", "wished", Command::Decline { reason: "beamMonitor does this.".to_owned() }).await.unwrap();
    test.requested("fresh").await;
    test.accepted("accepted").await;
    test.reduced_support("developed").await;
    let ask = Command::AskHelp { kind: HelpKind::PairSession, text: "The schema of a property.".to_owned() };
    test.does("ilse", "developed", ask).await.unwrap();
    test.under_review("reviewed").await;
    // G8: its first release asks for a re-test.
    let on = ["reviewed".to_owned()].into();
    test.does("ilse", "developed", Command::SetDependencies { on }).await.unwrap();
    let commit = test.commit_of("1.0.0");
    let evidence = |item: &str, passed| Command::GiveEvidence {
        item: item.to_owned(),
        commit: commit.clone(),
        passed,
        link: "https://gitlab.example.org/jobs/17".to_owned(),
        text: "Job 17.".to_owned(),
    };
    let milestone = |name: &str, due| Step { name: name.to_owned(), due: day(due) };
    let milestones = vec![milestone("The style check passes", "2026-11-21"), milestone("Review", "2026-12-14")];
    let finding = |text: &str| Command::RaiseFinding { place: "src/device.py:118".to_owned(), text: text.to_owned() };
    let all = [
        ("lena", Command::RecordOverview { text: "Small and tidy.".to_owned() }),
        ("ilse", Command::ProposeTimeline { milestones }),
        ("ilse", Command::ProposeCommit { commit: commit.clone().into() }),
        ("ilse", evidence("packaging", true)),
        ("ilse", evidence("tests", false)),
        ("ravi", finding("The loop blocks the server. Use the callback.")),
        ("ravi", finding("The limits are written twice.")),
        ("ilse", Command::AnswerFinding { finding: 1, text: "It waits for the callback now.".to_owned() }),
        ("ilse", Command::VerifyTag { tag: tag("1.0.0") }),
    ];
    for (who, command) in all {
        test.does(who, "reviewed", command).await.unwrap();
    }
    test.ctrl_owned("owned").await;
    test.reduced_support("stopped").await;
    let stop = Command::ShutDown {
        reason: "4,100 messages per second on the SCS broker.".to_owned(),
        affected: "Every device on the SCS broker.".to_owned(),
        responsible: test.person("ilse"),
        conditions: "The rate is limited to 10 Hz.".to_owned(),
    };
    test.does("lena", "stopped", stop).await.unwrap();
    // H8: some of what waits for the shift is late.
    test.advance(chrono::Duration::minutes(31));
    custody::service::shift::escalation::round(&test.app).await.unwrap();
    test.sees(REDUCED, &[("developed", "1.0.0-1-gabcdef0-dirty"), ("reviewed", "1.0.0"), ("stopped", "1.0.0")]).await;
    // G10: one collector is told something, one is not.
    source.answers(200, None, "instance,class,server,host,version,since\n");
    for of in &test.app.policy.observations.collectors[..2] {
        collectors::poll(&test.app, of).await.unwrap();
    }
    // N1, G10: what nobody registered, and what should not be there.
    test.sees(REDUCED_TOO, &[("nobodyKnows", "0.1")]).await;
    test.sees(FULL, &[("owned", "1.0.0"), ("stopped", "1.0.0-dirty")]).await;

    let ilse = test.person("ilse");
    let draft = drafts::create(&test.app, &test.caller("ilse"), ilse).await.unwrap();
    let part = custody::domain::request::Section::Device;
    let save = Save { section: part, answers: draft.answers.clone(), seen: draft.revision, finished: true };
    drafts::save(&test.app, &test.caller("ilse"), ilse, &draft.id, save).await.unwrap();
    let setup = accounts::invite(&test.app, &test.caller("ada"), test.person("noor")).await.unwrap();
    let scope = TokenScope::Observe(ServerName::from(FULL));
    tokens::create(&test.app, &test.caller("ada"), "agent on scs-rr-ctrl-01", scope, 90).await.unwrap();
    hooks::create(&test.app, &test.caller("ada"), &crate::hooks::new("gitlab.example.org", Forge::Gitlab, ""))
        .await
        .unwrap();
    // H8: what comes now waits for the shift as well.
    test.does(
        "lena",
        "reviewed",
        Command::ShutDown {
            reason: "It fills the disk.".to_owned(),
            affected: "The file server.".to_owned(),
            responsible: test.person("ilse"),
            conditions: "It cleans up.".to_owned(),
        },
    )
    .await
    .unwrap();
    test.does("lena", "reviewed", Command::Restart { text: "It cleans up now.".to_owned() }).await.unwrap();
    // Apart, so that the whole facility fits onto a test’s stack.
    Box::pin(emergency(&test)).await;
    Box::pin(rolled_out(&test)).await;
    let told = custody::store::notices::list(&test.app.db.read, test.person("marek"), 100).await.unwrap();
    let asked = told.into_iter().find(|t| t.device == "fresh" && t.path.starts_with("/confirm/"));
    let confirm = asked.expect("he was asked to confirm").path;
    let deployments = custody::service::deployments::list(&test.app, &Default::default()).await.unwrap().deployments;
    let deployment = format!("/deployments/{}", deployments[0].id);
    let asked = Box::pin(retests::list(&test.app, &Default::default())).await.unwrap().all;
    let retest = retests::path("developed", asked[0].retest.id);
    let incidents = custody::service::incidents::list(&test.app, &Default::default()).await.unwrap().all;
    let (of_devices, of_strangers): (Vec<_>, Vec<_>) = incidents.into_iter().partition(|l| l.device.is_some());
    let shown = [of_devices, of_strangers].into_iter().filter_map(|all| all.into_iter().next());
    let incidents = shown.map(|l| format!("/incidents/{}", l.incident.id)).collect();
    // Whoever has one name alone does not remove it.
    accounts::link(&test.app, &test.caller("ada"), ilse, "ilse.h").await.unwrap();
    let way = accounts::list(&test.app, ilse).await.unwrap().remove(0).id;
    Facility { deployment, incidents, retest, draft: draft.id, setup: setup.path().to_owned(), confirm, way, test }
}

/// Where rollouts go.
const TARGETS: &str = r#"
[rollouts]
playbooks = "/srv/playbooks"
inventory = "/srv/hosts"
targets = [
    { name = "SCS", group = "SASE 3", host = "scs-ctrl01", instrument = "SCS" },
    { name = "SQS", group = "SASE 3", host = "sqs-ctrl01", instrument = "SQS" },
    { name = "MID", group = "SASE 2", host = "mid-ctrl01", instrument = "MID" },
    { name = "LAB-OF-DETECTORS-WITH-A-LONG-NAME", group = "Labs", host = "lab-ctrl01" },
    { name = "TEST-1", group = "Labs", host = "test-ctrl01" },
]
"#;

/// R1 to R7: one that is planned and asks for a local change, and one in mixed states with a legacy system.
async fn rolled_out(test: &TestApp) {
    use crate::{
        local_changes::records,
        rollouts::{must, plan, plans},
    };
    use custody::{
        domain::rollout::{Command, Outcome},
        service::rollouts::{self, Ended},
    };
    let lab = "LAB-OF-DETECTORS-WITH-A-LONG-NAME";
    records(test, "lena", "MID", "2026-11-22").await.unwrap();
    records(test, "lena", "TEST-1", "2026-12-24").await.unwrap();
    plans(test, "lena", &plan(test, "full_release", &[("MID", 0), ("TEST-1", 1)])).await.unwrap();
    let of = [("SCS", 0), ("SQS", 0), ("MID", 1), (lab, 1), ("TEST-1", 1)];
    let r = plans(test, "lena", &plan(test, "new_instrument_with_legacy", &of)).await.unwrap();
    for change in rollouts::load(&test.app, None, &r.number).await.unwrap().changes {
        let answer = custody::domain::rollout::Answer::ApplyAgain;
        must(test, "lena", &r, Command::AnswerChange { target: change.target, change: change.id, answer }).await;
    }
    must(test, "lena", &r, Command::Start {}).await;
    rollouts::take_lease(&test.app).await.unwrap();
    let check = r.steps.len() - 2;
    let why = "TASK [server : install] fatal: [scs-ctrl01]: /var/lib/karabo/a/very/long/path/without/a/blank is full.";
    // The first wave is done, all but its sign-off and its last step; then one of each.
    for round in 0..check + 2 {
        for b in rollouts::begin_next(&test.app, r.id).await.unwrap() {
            let facts = [("version".to_owned(), format!("3.1.{}", b.target.0.len()))].into();
            let outcome = match round > check && b.target.0 == lab {
                true => Outcome::Failed { why: why.to_owned() },
                false => Outcome::Done { took_seconds: 300, facts },
            };
            let ended = Ended { outcome, rc: Some(2), tasks: (2, 7), output: format!("{why}\n").repeat(40) };
            rollouts::report(&test.app, &b, ended).await.unwrap();
        }
        if round == check {
            for target in ["SCS", "SQS"] {
                let facts = Default::default();
                let (target, note) = (custody::domain::id::TargetName::from(target), String::new());
                must(test, "jonas", &r, Command::SignOff { target: target.clone(), step: check }).await;
                must(test, "jonas", &r, Command::DoneByHand { target, step: check + 1, note, facts }).await;
            }
        }
    }
    for (who, command) in [
        ("lena", Command::ProposeRetirement { target: "SCS".into(), date: day("2027-01-31") }),
        ("noor", Command::ProposeRetirement { target: "SQS".into(), date: day("2027-03-31") }),
        ("lena", Command::TryWayBack { target: "SQS".into(), note: "Twelve minutes.".to_owned() }),
        ("lena", Command::Hold { target: "MID".into(), reason: "A vacuum bake.".to_owned(), until: None }),
    ] {
        must(test, who, &r, command).await;
    }
    // The last one is at work.
    rollouts::begin_next(&test.app, r.id).await.unwrap();
}

/// G5, G12: what moves on by itself and is held, and what an override lets through.
async fn emergency(test: &TestApp) {
    let emergency = Command::AskOverride {
        tag: crate::given::tag("1.0.0"),
        server: FULL.into(),
        skips: [custody::domain::overrides::Skip::Deployable].into(),
        until: test.app.clock.now() + chrono::Duration::hours(4),
        reason: "The detector loses frames, and beam time ends on Sunday.".to_owned(),
    };
    for (who, command) in [
        ("lena", emergency),
        ("jonas", Command::ApproveOverride { number: 1 }),
        ("lena", Command::MoveOnByItself { server: FULL.into() }),
        ("jonas", Command::HoldMovingOn { reason: "Beam time.".to_owned() }),
    ] {
        test.does(who, "owned", command).await.unwrap();
    }
}

const STATES: [&str; 7] = ["wished", "asked", "accepted", "developed", "reviewed", "owned", "stopped"];
const ACTS: [&str; 14] = [
    "developed/state-operated",
    "developed/record-training",
    "developed/set-contacts",
    "developed/set-operator-rules",
    "developed/take-over",
    "developed/shut-down",
    "reviewed/give-evidence",
    "reviewed/take-ownership",
    "reviewed/propose-timeline",
    "owned/hand-back",
    "owned/ask-override",
    "owned/end-override",
    "owned/move-on-by-itself",
    "owned/set-dependencies",
];

fn pages(f: &Facility) -> Vec<Page> {
    let mut all: Vec<Page> =
        ["/", "/?q=developed", "/?q=developd", "/?q=nothing-like-it", "/?instrument=SCS", "/sign-in"]
            .map(|path| page("", path))
            .into();
    all.extend(
        [
            "/process",
            "/tools",
            "/policy",
            "/frameworks",
            "/api/docs",
            "/api/docs/devices",
            "/api/docs/me",
            "/api/docs/rollouts",
            "/styleguide",
            "/nothing",
            "/setup/none",
            &f.setup,
        ]
        .map(|path| page("", path)),
    );
    all.extend(["", "lena"].map(|who| page(who, "/overrides")));
    all.extend(["/deployments", "/deployments?device=owned", &f.deployment].map(|path| page("", path)));
    all.push(page("", "/deployments?device=owned&state=failed"));
    all.extend([&f.deployment, &format!("{}/report", f.deployment)].map(|path| page("lena", path)));
    all.extend(["/delivery", "/delivery?every=week&instrument=MID"].map(|path| page("", path)));
    all.extend(["owned", "developed"].map(|name| page("", &format!("/devices/{name}/delivery"))));
    all.extend(["/incidents", "/incidents?kind=silent"].map(|path| page("", path)));
    all.extend(f.incidents.iter().flat_map(|path| ["", "ilse"].map(|who| page(who, path))));
    all.extend(["/wall", "/wall?instrument=SCS"].map(|path| page("", path)));
    all.extend(STATES.map(|name| page("", &format!("/devices/{name}"))));
    all.push(page("", "/devices/reviewed/history"));
    all.push(page("", "/devices/owned/releases/1.0.0"));
    all.push(page("", "/devices/reviewed/releases/1.0.0"));
    all.extend(["", "ilse"].map(|who| page(who, &f.retest)));
    all.push(page("lena", "/devices/owned/releases/1.0.0"));
    all.extend(["/shift", "/shift?device=nothing", &f.confirm, "/confirm/none"].map(|path| page("", path)));
    all.extend(["/", "/shift", "/devices/reviewed"].map(|path| page("otto", path)));

    let mine = [
        "/my",
        "/requests",
        "/reviews",
        "/account",
        "/account/sessions",
        "/account/sessions/end-others",
        "/account/tokens",
        "/account/tokens/new",
        "/account/absences",
        "/devices/asked/amend",
        "/admin/people",
    ];
    all.extend(mine.map(|path| page("ilse", path)));
    all.extend(["developed", "reviewed"].map(|name| page("ilse", &format!("/devices/{name}"))));
    let sections = ["device", "scope", "support", "risks", "contacts", "check", "delete"];
    all.extend(sections.map(|part| page("ilse", &format!("/requests/{}/{part}", f.draft))));
    all.push(page("ilse", "/devices/reviewed/review"));

    all.extend(
        ["/my", "/reviews", "/reviews?whose=all", "/orphans", "/requests", "/deployable"]
            .map(|path| page("lena", path)),
    );
    all.extend(STATES.map(|name| page("lena", &format!("/devices/{name}"))));
    all.extend(
        ["asked", "fresh", "developed", "owned"].map(|name| page("lena", &format!("/devices/{name}/discussion"))),
    );
    all.extend(ACTS.map(|act| page("lena", &format!("/devices/{act}"))));
    let errors = Page { first: First::Press("Shut down"), ..page("lena", "/devices/accepted/shut-down") };
    let refused =
        Page { first: First::Send("/devices/accepted/start-development"), ..page("lena", "/devices/accepted") };
    let stale = Page { first: First::Overtaken("Sign off point"), ..page("lena", "/devices/asked/discussion") };
    all.extend([errors, refused, stale]);
    all.extend(["/devices/reviewed/review", "/devices/reviewed/review?findings=all"].map(|path| page("ravi", path)));

    let person = format!("/admin/people/{}", f.test.person("ilse"));
    let admin = ["/admin/people", &person, &format!("{person}/close"), "/admin/people/new", "/admin/groups"];
    all.extend(admin.map(|path| page("ada", path)));
    all.push(page("ada", &format!("/admin/servers/environment?server={FULL}")));
    all.extend(["ilse", "lena"].map(|who| page(who, "/collectors")));
    all.push(page("lena", &format!("/people/{}/absences", f.test.person("ilse"))));
    let told = ["", "/mail", "/new?kind=slack", "/new?kind=zulip"].map(|end| format!("/account/notifications{end}"));
    all.extend(told.iter().map(|path| page("ilse", path)));
    all.push(page("ada", "/admin/outbox"));
    let [erase, sessions] = ["erase", "end-sessions"].map(|what| format!("{person}/{what}"));
    all.push(page("ada", &format!("{person}/accounts/{}/remove", f.way)));
    all.push(page("ilse", &format!("/account/accounts/{}/remove", f.way)));
    let servers = ["change", "remove"].map(|what| format!("/admin/servers/{what}?name={FULL}"));
    let hosts = ["change", "remove"].map(|what| format!("/admin/hosts/{what}?name=scs-rr-ctrl-01"));
    all.extend(servers.iter().chain(&hosts).chain([&erase, &sessions]).map(|path| page("ada", path)));
    let more = [
        "/admin",
        "/admin/areas",
        "/admin/import",
        "/admin/jobs",
        "/admin/groups/new",
        "/admin/servers",
        "/admin/servers/new",
        "/admin/tokens",
        "/admin/tokens/new",
        "/admin/forges",
        "/admin/forges/new",
    ];
    all.extend(more.map(|path| page("ada", path)));
    let lab = "/rollouts/R-2026-2/targets/LAB-OF-DETECTORS-WITH-A-LONG-NAME";
    all.extend(["/rollouts", "/rollouts/R-2026-2", lab, "/local-changes"].map(|path| page("noor", path)));
    let rollouts = [
        "/rollouts",
        "/rollouts/new",
        "/rollouts/R-2026-1",
        "/rollouts/R-2026-1/amend",
        "/rollouts/R-2026-2",
        "/rollouts/R-2026-2/targets/SQS",
        lab,
        "/rollouts/R-2026-2/stop",
        "/rollouts/R-2026-2/hold?target=SQS",
        "/local-changes",
        "/local-changes/new?target=SCS",
    ];
    all.extend(rollouts.map(|path| page("lena", path)));
    all.push(Page { first: First::Press("Plan it"), ..page("lena", "/rollouts/new") });
    all.push(page("lena", "/cadence"));
    all.push(Page { first: First::Later, ..page("", "/sign-in") });
    all.extend(
        ["/cadence", "/cadence?environment=production&instrument=MID", "/my", "/devices/owned"]
            .map(|path| page("lena", path)),
    );
    all
}

async fn open(f: &Facility, chrome: &Chrome, p: &Page) {
    chrome.goto(&format!("{}{}", f.test.url, p.path)).await;
    match p.first {
        First::Nothing => {}
        First::Later => f.test.advance(chrono::Duration::days(32)),
        First::Press(says) => chrome.press(says).await,
        First::Overtaken(says) => {
            let text = "And which rate?".to_owned();
            f.test.does("ilse", "asked", Command::RaisePoint { text }).await.unwrap();
            chrome.press(says).await;
            chrome.says("It has changed since you opened this page").await;
        }
        First::Send(to) => {
            let send = format!(
                "const f = document.createElement('form'); f.method = 'post'; f.action = '{to}'; \
                 document.body.append(f); f.submit()"
            );
            chrome.client.execute(&send, vec![]).await.unwrap();
            chrome.says("409").await;
        }
    }
}

/// Looks at every page in a theme; gives everything that is wrong with one.
async fn look(theme: &str, phones: bool) -> Vec<String> {
    let f = facility().await;
    let driver = Driver::start();
    let chrome = driver.browse().await;
    chrome.goto(&format!("{}/process", f.test.url)).await;
    let (mut wrong, mut who) = (Vec::new(), "");
    for (p, n) in pages(&f).iter().zip(1..) {
        if p.who != who || n == 1 {
            chrome.client.delete_all_cookies().await.unwrap();
            chrome.cookie("theme", theme).await;
            if !p.who.is_empty() {
                let session = f.test.session(p.who).await;
                chrome.cookie("custody", &session).await;
            }
            who = p.who;
        }
        open(&f, &chrome, p).await;
        let what = format!("{} {} {}", theme, if who.is_empty() { "nobody" } else { who }, p.path);
        let found = if phones { chrome.axe().await } else { chrome.axe_of_colours().await };
        wrong.extend(found.into_iter().map(|v| format!("{what}: {v}")));
        // A secret is another one in each run; names of pictures stay the same.
        let path = p.path.replace(&f.draft, "draft");
        let words: Vec<&str> = path.split(|c: char| !c.is_ascii_alphanumeric()).filter(|w| w.len() < 30).collect();
        let name = format!("{n:02}-{who}{}", words.join("-"));
        chrome.shot(&format!("{name}-{theme}"), 1440).await;
        if phones {
            for width in [320, 390] {
                chrome.wide(width).await;
                let over = chrome.overflow().await;
                if over > 0 {
                    wrong.push(format!("{what}: {over} px wider than {width}: {}", chrome.widest().await));
                }
            }
            wrong.extend(chrome.axe().await.into_iter().map(|v| format!("{what} at 390: {v}")));
            chrome.shot(&format!("{name}-phone"), 390).await;
            chrome.wide(1440).await;
        }
    }
    chrome.close().await;
    wrong
}

/// Every page by day, on a desk and on a phone: nothing that keeps somebody from using it, nothing beyond the edge.
#[tokio::test]
async fn by_day_and_on_a_phone() {
    let wrong = look("day", true).await;
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// O3: every page by night.
#[tokio::test]
async fn by_night() {
    let wrong = look("night", false).await;
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}
