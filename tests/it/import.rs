//! E5: what a facility has comes onto the record whole or not at all, as it is, and a second time nothing changes.

use crate::{
    app::{FULL, POLICY, REDUCED, TestApp, open},
    backup::{custody as program, said},
    chat_server::ChatServer,
    given::policy_with_servers,
    http_server::{Behaviour, HttpServer},
    processes::assert_none_left,
};
use custody::{
    domain::{
        lifecycle::{Command, StateName},
        server::SupportClass,
        support::Support,
    },
    ports::clock::Clock,
    service::{
        self,
        accounts::{self, Acceptance},
        import::{self, Fate, Kind, Outcome, Plan, Table},
        work::Whose,
    },
    store,
};
use sea_orm::ConnectionTrait;
use std::{collections::BTreeMap, fs, path::Path, time::Duration};

const PEOPLE: &str = include_str!("../fixtures/import/people.csv");
const SERVERS: &str = include_str!("../fixtures/import/servers.csv");
const DEVICES: &str = include_str!("../fixtures/import/devices.csv");
const CONTACTS: &str = include_str!("../fixtures/import/contacts.csv");

impl TestApp {
    pub fn table(&self, kind: Kind, text: &str) -> Table {
        // What CTRL owns is read in a real repository.
        let address = "https://gitlab.com/example-facility/gate-valves.git";
        let text = text.replace(address, &self.repository.file_address());
        Table::parse(kind, &format!("{kind}.csv"), text.as_bytes()).unwrap()
    }

    async fn imports(&self, kind: Kind, text: &str) -> Outcome {
        import::carry_out(&self.app, &self.caller("ada"), self.table(kind, text), None).await.unwrap()
    }

    async fn imported(&self, kind: Kind, text: &str) -> Plan {
        match self.imports(kind, text).await {
            Outcome::Done(plan) => plan,
            other => panic!("{other:#?}"),
        }
    }

    /// The example's four files, in their order.
    pub async fn imports_the_example(&self) -> Vec<Plan> {
        let mut all = Vec::new();
        for (kind, text) in
            [(Kind::People, PEOPLE), (Kind::Servers, SERVERS), (Kind::Devices, DEVICES), (Kind::Contacts, CONTACTS)]
        {
            all.push(self.imported(kind, text).await);
        }
        all
    }

    async fn entries(&self) -> i64 {
        store::journal::find_newest(&self.app.db.read).await.unwrap().map_or(0, |e| e.seq)
    }
}

/// E5: the example comes in with owners, places and contacts, and with nobody's approval; the journal says who brought
/// it from where, and replays it.
#[tokio::test]
async fn e5_what_a_facility_has_comes_in_as_it_is() {
    let test = TestApp::new().await;
    let plans = test.imports_the_example().await;
    let said: Vec<String> = plans.iter().map(Plan::summary).collect();
    assert_eq!(said, ["3 new", "4 new", "3 new", "3 new"]);

    let (slit, delay) = (test.device("slitWatch").await, test.device("delayScan").await);
    let gate = test.device("gateValves").await;
    assert_eq!((slit.state.name(), slit.contributors.len()), (StateName::ReducedSupport, 2));
    assert_eq!((delay.state.name(), delay.placements.len()), (StateName::ReducedSupport, 0));
    assert_eq!(slit.placed_class(), Some(SupportClass::Reduced));
    assert_eq!(slit.ctrl_contact, Some(test.person("lena")));
    assert_eq!((gate.state.name(), gate.placed_class()), (StateName::CtrlOwned, Some(SupportClass::Full)));
    let custody::domain::lifecycle::State::CtrlOwned { owned, .. } = &gate.state else { panic!() };
    assert_eq!((owned.approved.len(), owned.release.as_str()), (0, "1.0.0"));
    assert_eq!(owned.commit, test.commit_of("1.0.0"), "the repository said so");
    for d in [&slit, &delay, &gate] {
        assert_eq!(test.replayed(d).await, *d, "{}", d.name());
        let first = &store::journal::list_all(&test.app.db.read, &d.id.to_string()).await.unwrap()[0];
        assert_eq!((first.kind.as_str(), first.actor), ("imported", Some(test.person("ada"))));
        assert!(first.body.contains("devices.csv") && !first.body.contains("@example.org"), "{}", first.body);
        let view = service::devices::look(&test.app, None, d.name()).await.unwrap();
        let states: Vec<_> = view.states().map(|(_, state)| state).collect();
        assert_eq!(states, [d.state.name()], "its picture begins with it");
    }

    // What operators see is what there was; nothing changed that the shift would have to hear of.
    let support = |name: &str| {
        let state = test.app.projection.read();
        state.card_by_name(name).unwrap().verdict.as_ref().map(|v| v.support)
    };
    assert_eq!(support("slitWatch"), Some(Support::ReducedSupport));
    assert_eq!(support("gateValves"), Some(Support::FullySupported));
    let open = store::shift::list_open(&test.app.db.read, None, 10).await.unwrap();
    assert!(open.is_empty(), "{open:?}");

    // Nobody has confirmed anything: its contacts are asked, and until they answer nobody can be reached (N4).
    assert!(slit.contacts.iter().all(|c| c.confirmed.is_none()));
    let ada = test.browser("ada").await;
    assert!(ada.page("/orphans").await.contains("slitWatch"));
    let page = ada.page("/devices/gateValves").await;
    assert!(page.contains("no review of it is on record"), "{page}");
    assert!(
        page.contains("Not on record</") && !page.contains("Later</"),
        "neither its request nor its review: {page}"
    );
    let history = ada.page("/devices/slitWatch/history").await;
    assert!(history.contains("imported it under development by its contributors"), "{history}");
    assert!(history.contains("from devices.csv, line 2"), "{history}");
    let chain = store::journal::verify(&test.app.db.read).await.unwrap();
    assert!(chain.is_ok(), "{chain:?}");
}

/// E5: a second import of the same changes nothing, says so, and leaves no line in the journal.
#[tokio::test]
async fn e5_a_second_import_changes_nothing() {
    let test = TestApp::new().await;
    test.imports_the_example().await;
    let before = test.entries().await;
    let said: Vec<String> = test.imports_the_example().await.iter().map(Plan::summary).collect();
    assert_eq!(said, ["3 as it is", "4 as it is", "3 as it is", "3 as it is"]);
    assert_eq!(test.entries().await, before);

    // What differs and belongs to the facility's lists changes, part by part.
    let plan = test.imported(Kind::People, &PEOPLE.replace("+49 40 66969 310", "+49 40 66969 311")).await;
    assert_eq!((plan.summary().as_str(), plan.lines[0].fate.about().as_str()), ("1 changed, 2 as it is", "phone"));
    let plan = test.imported(Kind::Servers, &SERVERS.replace("contrib_sqs_07,SQS", "contrib_sqs_07,SCS")).await;
    assert_eq!((plan.summary().as_str(), plan.lines[0].fate.about().as_str()), ("1 changed, 3 as it is", "instrument"));
    let plan = test.imported(Kind::Contacts, &CONTACTS.replace(",working,", ",always,")).await;
    assert_eq!((plan.summary().as_str(), plan.lines[1].fate.about().as_str()), ("1 changed, 2 as it is", "hours"));
    // A device is changed in the process, never by a file.
    let plan = test.imported(Kind::Devices, &DEVICES.replace("drift apart.", "stick.")).await;
    assert_eq!(plan.summary(), "2 as it is, 1 kept");
    assert_eq!(plan.lines[0].fate.about(), "the record counts: summary differs there");
    assert_eq!(test.device("slitWatch").await.request.summary, "Warns when the slits drift apart.");
}

/// E5, L4: what a line of contacts leaves open stays as it is on record, and with it the word that they gave; whoever is
/// new is called by their own clock.
#[tokio::test]
async fn e5_what_a_line_of_contacts_leaves_open_stays() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    let mut contacts = test.device("magnet").await.contacts;
    contacts[0].time_zone = "Asia/Tokyo".to_owned();
    test.does("ilse", "magnet", Command::SetContacts { contacts }).await.unwrap();
    let before = test.device("magnet").await.contacts;
    assert!(before.iter().all(|c| c.confirmed.is_some() && c.deputy.is_some()), "{before:?}");
    let table = "device,email,hours\nmagnet,ilse@example.org,always\nmagnet,marek@example.org,always\n";
    assert_eq!(test.imported(Kind::Contacts, table).await.summary(), "2 as it is");
    assert_eq!(test.device("magnet").await.contacts, before);

    let own = service::people::OwnDetails {
        phone: Some("+81 3 5555 0462".to_owned()),
        time_zone: "Asia/Tokyo".to_owned(),
        commit_emails: Vec::new(),
    };
    service::people::edit_own(&test.app, &test.caller("noor"), own).await.unwrap();
    let plan = test.imported(Kind::Contacts, &format!("{table}magnet,noor@example.org,working\n")).await;
    assert_eq!(plan.summary(), "1 new, 2 as it is");
    let after = test.device("magnet").await.contacts;
    assert_eq!(after[..2], before[..]);
    assert_eq!((after.len(), after[2].time_zone.as_str()), (3, "Asia/Tokyo"));
}

/// E5, L1: where older records have two classes alike, a device that brings one of them goes on with it.
#[tokio::test]
async fn e5_of_two_classes_alike_each_is_its_own() {
    let test = TestApp::new().await;
    test.imports_the_example().await;
    let tx = test.app.db.begin().await.unwrap();
    let renamed = "UPDATE device_class SET class = 'Slit_Watch' WHERE class = 'DelayScan'";
    assert_eq!(tx.execute_unprepared(renamed).await.unwrap().rows_affected(), 1);
    tx.commit().await.unwrap();
    let two: Vec<&str> = DEVICES.lines().take(2).collect();
    assert!(two[1].starts_with("slitWatch,"), "{two:?}");
    let plan = test.imported(Kind::Devices, &two.join("\n")).await;
    assert_eq!(plan.summary(), "1 as it is");
}

/// E5: each line that cannot come in is refused with its reason, and with it nothing comes in.
#[tokio::test]
async fn e5_one_line_that_is_refused_stops_all() {
    let test = TestApp::new().await;
    test.imported(Kind::People, PEOPLE).await;
    test.imported(Kind::Servers, SERVERS).await;
    test.requested("magnet").await;
    service::closing::close(&test.app, &test.caller("ada"), test.person("tomasz")).await.unwrap();
    test.shown().await;
    let before = test.entries().await;
    let people = |more: &str| (Kind::People, format!("{PEOPLE}{more}\n"));
    let servers = |more: &str| (Kind::Servers, format!("{SERVERS}{more}\n"));
    let device = |from: &str, to: &str| (Kind::Devices, DEVICES.replacen(from, to, 1));
    let contacts = |more: &str| (Kind::Contacts, format!("device,email,hours,deputy\n{more}\n"));
    let wrong = [
        (people("P S,petra.sommer@example.org,,,"), "Line 2 has the same address"),
        (people("T W,tomasz@example.org,,,"), "The account of Tomasz Wilk is closed"),
        (people("P S,psommer@users.example.org,,,"), "Petra Sommer has this address already, for commits"),
        (people("X Y,x@example.org,040 66969,,"), "phone: Enter a telephone number with country code"),
        (people("X Y,x@example.org,,Berlin,"), "time_zone: Enter a time zone by its name"),
        (servers("SQS-rr-ctrl-07,full,,,,"), "The host is sqs-rr-ctrl-07"),
        (servers("sqs-rr-ctrl-07,reduced,,,,"), "its class stays"),
        (servers("new-host,,,,,"), "write reduced or full into class"),
        (servers("new-host,half,,,,"), "There is no class half"),
        (servers("sqs-rr-ctrl-07,full,,cppServer/ctrl_sqs_07,SQS,"), "Line 4 names it already"),
        (servers("sqs-rr-ctrl-07,full,,cppServer/contrib_sqs_99,SQS,"), "contrib"),
        (servers("sqs-rr-contrib-07,reduced,,cppServer/sqs_99,SQS,"), "contrib"),
        (servers("sqs-rr-ctrl-07,full,,cppServer/ctrl_x,XXX,"), "Choose one of the facility's instruments"),
        (servers(&format!("sqs-rr-ctrl-07,full,,{REDUCED},SCS,")), "It is on record as reduced"),
        (device("slitWatch,", "sl it,"), "name: Enter the package's name"),
        (device("SlitWatch;", "magnetClass;"), "The device magnet brings the class magnetClass already"),
        (device("SlitWatch;", "Magnet_Class;"), "The device magnet brings the class magnetClass already"),
        (device("slitWatch,", "Mag_Net,"), "It is on record already as magnet: write it so"),
        (device("DelayScan,", "SlitWatch,"), "Line 2 brings the class SlitWatch already"),
        (device("DelayScan,", "Slit_Watch,"), "Line 2 brings the class Slit_Watch already"),
        (device("delayScan,", "slit_watch,"), "Line 2 names it already"),
        (device("delayScan,", "slitwatch,"), "Line 2 names it already"),
        (device("slit-watch.git,contributors,", "slit-watch.git,nobody,"), "Write contributors or ctrl into owner"),
        (device("aiko.tanaka@example.org", "nobody@example.org"), "Nobody with an open account has the address"),
        (
            device(",lena@example.org,", ",noor@example.org,"),
            "Noor El-Amin is not of CTRL: name a member of CTRL, or leave it empty",
        ),
        (device("cppServer/contrib_sqs_07", FULL), "what contributors develop is on a reduced one"),
        (device("cppServer/ctrl_sqs_07", REDUCED), "what CTRL owns is on a full one"),
        (device("cppServer/contrib_sqs_07", "none/none"), "The server none/none is not on record"),
        (device(",1.0.0,", ",,"), "Write the tag of the release"),
        (device(",1.0.0,", ",9.9.9,"), "9.9.9 is no release"),
        (device(",1.0.0,", ",main,"), "main"),
        (device("https://gitlab.com/example-facility/slit", "https://evil.example/slit"), "repository: "),
        (device(",SQS;SCS,", ",XXX,"), "instruments: Choose at least one instrument"),
        (device(",restart_any_time,", ",whenever,"), "There is no rule whenever"),
        (contacts("none,ilse@example.org,always,"), "No device has this name"),
        (contacts("magnet,ilse@example.org,sometimes,"), "There are no hours sometimes"),
        (contacts("magnet,ilse@example.org,always,ilse@example.org"), "Nobody is their own deputy"),
        (
            contacts("magnet,ilse@example.org,always,\nmagnet,ilse@example.org,working,"),
            "An earlier line names them for this device",
        ),
    ];
    for ((kind, text), why) in wrong {
        match test.imports(kind, &text).await {
            Outcome::Refused(plan) => {
                let said: Vec<String> =
                    plan.lines.iter().filter(|l| l.fate.is_refused()).map(|l| l.fate.about()).collect();
                assert!(said.len() == 1 && said[0].contains(why), "{why}: {said:?}");
            }
            other => panic!("{why}: {other:?}"),
        }
        assert_eq!(test.entries().await, before, "{why}");
    }
    assert!(store::devices::find_by_name(&test.app.db.read, "delayScan").await.unwrap().is_none());
    // Only administrators import.
    let table = test.table(Kind::Devices, DEVICES);
    let refused = import::carry_out(&test.app, &test.caller("lena"), table, None).await;
    assert!(matches!(refused, Err(service::Error::Refused(_))), "{refused:?}");
}

/// E5, A3, A4: who agrees to a plan agrees to what the table says, and to what the repository says of it, and not only
/// to which lines come in.
#[tokio::test]
async fn e5_other_contents_are_another_plan() {
    let test = TestApp::new().await;
    let ada = test.caller("ada");
    let host = |class: &str| test.table(Kind::Servers, &format!("host,class\nsqs-rr-07,{class}\n"));
    let seen = import::plan(&test.app, &ada, &host("reduced")).await.unwrap().digest;
    let other = import::carry_out(&test.app, &ada, host("full"), Some(seen.clone())).await.unwrap();
    assert!(matches!(other, Outcome::Moved(_)), "{other:?}");
    let done = import::carry_out(&test.app, &ada, host("reduced"), Some(seen)).await.unwrap();
    assert!(matches!(done, Outcome::Done(_)), "{done:?}");

    test.imported(Kind::People, PEOPLE).await;
    test.imported(Kind::Servers, SERVERS).await;
    let seen = import::plan(&test.app, &ada, &test.table(Kind::Devices, DEVICES)).await.unwrap().digest;
    test.repository.git(&["tag", "-f", "-a", "-m", "1.0.0", "1.0.0"]);
    let moved =
        import::carry_out(&test.app, &ada, test.table(Kind::Devices, DEVICES), Some(seen.clone())).await.unwrap();
    assert!(matches!(&moved, Outcome::Moved(plan) if plan.digest != seen), "{moved:?}");
    assert!(store::devices::find_by_name(&test.app.db.read, "gateValves").await.unwrap().is_none());
}

/// A table of devices that CTRL owns: their names, and where their repositories are.
pub fn devices_of_ctrl(devices: impl IntoIterator<Item = (String, String)>) -> String {
    let mut table = "name,classes,instruments,group,summary,repository,owner,contributors,server,release\n".to_owned();
    for (name, repository) in devices {
        table += &format!("{name},{name}Class,SCS,SCS,It compares.,{repository},ctrl,ilse@example.org,{FULL},1.0.0\n");
    }
    table
}

/// E5, F9: who sends a request waits for all repositories together no longer than that; what was not read by then is said
/// in its line, and nothing comes in. The command waits for each.
#[tokio::test]
async fn e5_repositories_that_hang_are_waited_for_together() {
    let hangs = HttpServer::start(Behaviour::Hang).await;
    let test = TestApp::with_policy(&policy_with_servers(4)).await;
    // More than are read at once.
    let away: Vec<_> = (0..5).map(|n| (format!("away{n}"), hangs.address())).collect();
    let quick = [("quick".to_owned(), test.repository.file_address())];
    let table = test.table(Kind::Devices, &devices_of_ctrl(quick.into_iter().chain(away.clone())));
    let (ada, late) = (test.caller("ada"), "1.0.0 was not looked for in time: import in parts, or by the command");
    let say = |plan: &Plan, words: &str| plan.count(|fate| fate.about().contains(words));

    let (within, comes_in) = (Some(Duration::from_millis(1800)), Fate::New { class: None });
    let mut plan = import::plan_within(&test.app, &ada, &table, within).await.unwrap();
    for _ in 0..3 {
        if plan.lines[0].fate == comes_in {
            break;
        }
        // On a machine that is busy the quick one takes longer.
        let within = Some(Duration::from_millis(3500));
        plan = import::plan_within(&test.app, &ada, &table, within).await.unwrap();
    }
    assert_eq!((&plan.lines[0].fate, say(&plan, late)), (&comes_in, 5), "{plan:#?}");
    let within = Some(Duration::from_millis(200));
    let done = import::carry_out_within(&test.app, &ada, table.clone(), None, within).await.unwrap();
    assert!(matches!(done, Outcome::Refused(_)), "{done:#?}");
    assert_none_left(&hangs.mark()).await;
    assert!(store::devices::find_by_name(&test.app.db.read, "quick").await.unwrap().is_none());

    let table = test.table(Kind::Devices, &devices_of_ctrl(away));
    let plan = import::plan(&test.app, &ada, &table).await.unwrap();
    assert_eq!((say(&plan, "1.0.0 is no release: "), say(&plan, late)), (5, 0), "{plan:#?}");
}

/// E5, T3, G3: what came in walks on like any other: its release has no review that would stand in for its stages.
#[tokio::test]
async fn e5_what_came_in_walks_on() {
    let test = TestApp::new().await;
    test.imports_the_example().await;
    let gate = test.device("gateValves").await;
    assert!(!gate.was_reviewed(&crate::given::tag("1.0.0")));
    test.does("lena", "slitWatch", Command::RevokeAccess { person: gate.contributors.iter().next().copied().unwrap() })
        .await
        .unwrap_err();
    let back = Command::HandBack {
        server: "cppServer/contrib_sqs_07".into(),
        until: None,
        reason: "Another valve.".to_owned(),
    };
    test.does("lena", "gateValves", back).await.unwrap();
    assert_eq!(test.device("gateValves").await.state.name(), StateName::ReducedSupport);
    let report = "Nobody runs it any more.".to_owned();
    test.does("lena", "delayScan", Command::Retire { reason: report }).await.unwrap();
    // Its name is taken for good, and what became of it counts; what a line leaves open differs from nothing.
    let plan = test.imported(Kind::Devices, DEVICES).await;
    let fates: Vec<String> = plan.lines.iter().map(|l| format!("{} {}", l.fate.word(), l.fate.about())).collect();
    let kept = |parts: &str| format!("kept the record counts: {parts} differs there");
    assert_eq!(fates, ["as it is ".to_owned(), kept("state"), kept("owner, server")]);
}

/// E5, T10: of what was imported nobody promised here what "done" means, and nobody is asked whether it was reached.
#[tokio::test]
async fn t10_nobody_is_asked_whether_what_came_in_is_done() {
    let test = TestApp::new().await;
    test.imports_the_example().await;
    test.advance(chrono::Duration::days(30));
    let gate = test.device("gateValves").await;
    for contributor in gate.contributors.iter().copied() {
        let caller = service::Caller::person(contributor, "test");
        let mine = service::work::mine(&test.app, &caller, contributor).await.unwrap();
        let work = mine.desk.work.into_iter().find(|w| w.device.name() == "gateValves");
        assert_eq!(work.map_or(Whose::Nobody, |w| w.whose), Whose::Nobody);
    }
    assert_eq!(service::reminders::send(&test.app, std::slice::from_ref(&gate)).await.unwrap(), 0);
}

fn run(test: &TestApp, args: &[&str], file: Option<&Path>) -> (Option<i32>, String) {
    let mut paths = vec![("--data", test.dir.path())];
    paths.extend(file.map(|f| ("--from", f)));
    let output = program(&[&["import"], args].concat(), &paths);
    (output.status.code(), said(&output))
}

/// E5: the same on the command line, beside a Custody that runs: fates first, then done, then nothing to do.
#[tokio::test]
async fn e5_an_import_on_the_command_line() {
    let test = TestApp::new().await;
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("servers.csv");
    fs::write(&file, SERVERS).unwrap();
    let (code, said) = run(&test, &["--kind", "servers", "--dry-run"], Some(&file));
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("line 2  new  cppServer/contrib_sqs_07") && said.contains("it was a dry run"), "{said}");
    let none = store::servers::find(&test.app.db.read, &"cppServer/ctrl_sqs_07".into()).await.unwrap();
    assert!(none.is_none());
    let (code, said) = run(&test, &["--kind", "servers", "--as", "Ada"], Some(&file));
    assert!(code == Some(0) && said.contains("servers.csv: 4 new. It is on record."), "{said}");
    let entry = store::journal::list_all(&test.app.db.read, "server/cppServer/ctrl_sqs_07").await.unwrap();
    assert_eq!((entry[0].origin.as_str(), entry[0].actor), ("cli", Some(test.person("ada"))));
    assert!(entry[0].body.contains(r#""imported_from":"servers.csv""#), "{}", entry[0].body);
    let (code, said) = run(&test, &["--kind", "servers"], Some(&file));
    assert!(code == Some(0) && said.contains("4 as it is. There is nothing to import."), "{said}");

    fs::write(&file, SERVERS.replace("full,\"empty", "reduced,\"empty")).unwrap();
    let (code, said) = run(&test, &["--kind", "servers"], Some(&file));
    assert!(code == Some(2) && said.contains("line 5  refused  mid-rr-ctrl-01: "), "{said}");
    assert!(said.contains("Nothing is imported until no line is refused"), "{said}");
    fs::write(&file, "host\n=cmd\n").unwrap();
    let (code, said) = run(&test, &["--kind", "servers"], Some(&file));
    assert!(
        code == Some(2) && said.contains("servers.csv: Line 2: What stands in host begins like a formula"),
        "{said}"
    );
    let (code, said) = run(&test, &["--kind", "servers", "--as", "ilse"], Some(&file));
    assert_eq!(code, Some(2), "{said}");
    fs::write(&file, SERVERS).unwrap();
    let (code, said) = run(&test, &["--kind", "servers", "--as", "ilse"], Some(&file));
    assert!(code == Some(2) && said.contains("for an administrator"), "{said}");
    let (code, said) = run(&test, &["--kind", "servers"], Some(&place.path().join("none.csv")));
    assert!(code == Some(2) && said.contains("cannot be read"), "{said}");
    let (code, said) = run(&test, &["--kind", "netbox"], Some(&file));
    assert!(code == Some(2) && said.contains("is no address"), "{said}");
}

/// E5, E1: on a fresh installation people come in after the first administrator, whose link counts while there is nobody:
/// otherwise everybody would stay outside.
#[tokio::test]
async fn e5_people_come_in_after_the_first_administrator() {
    let place = tempfile::tempdir().unwrap();
    let app = open(place.path(), Clock::System, &POLICY, "http://127.0.0.1:1").await;
    let link = accounts::first_administrator(&app).await.unwrap().unwrap();
    let secret = link.path_segments().unwrap().next_back().unwrap();
    let file = place.path().join("people.csv");
    fs::write(&file, PEOPLE).unwrap();
    let imports = |more: &[&str]| {
        let output =
            program(&[&["import", "--kind", "people"], more].concat(), &[("--data", place.path()), ("--from", &file)]);
        (output.status.code(), said(&output))
    };
    for more in [&["--dry-run"][..], &[]] {
        let (code, said) = imports(more);
        assert!(code == Some(2) && said.contains("Custody has no administrator yet. Open the link"), "{said}");
    }
    assert!(accounts::is_nobody_here(&app).await.unwrap());
    let ada = Acceptance {
        name: "Ada Nowak".to_owned(),
        email: "ada@example.org".to_owned(),
        login: "ada".to_owned(),
        password: "four words nobody says".to_owned(),
    };
    accounts::accept(&app, secret, ada, "test").await.unwrap();
    let (code, said) = imports(&["--as", "ada"]);
    assert!(code == Some(0) && said.contains("people.csv: 3 new. It is on record."), "{said}");
}

fn recorded(name: &str) -> String {
    fs::read_to_string(format!("tests/fixtures/netbox/{name}.json")).unwrap()
}

/// E5: hosts from NetBox, page by page, with a token that is sent to nobody else; a tag says which are reduced.
#[tokio::test]
async fn e5_hosts_come_from_netbox() {
    let test = TestApp::new().await;
    let netbox = ChatServer::start().await;
    let of = import::Hosts {
        address: format!("{}/?site=hall", netbox.url).parse().unwrap(),
        token_variable: None,
        reduced_tag: "reduced-support".to_owned(),
    };
    for name in ["devices_1", "devices_2", "virtual_machines"] {
        netbox.answers(200, None, &recorded(name));
    }
    let (table, notes) = import::from_netbox(&of).await.unwrap();
    assert!(notes.is_empty(), "{notes:?}");
    let asked: Vec<(String, String)> = netbox.posts().into_iter().map(|p| (p.path, p.query)).collect();
    let query = |offset: usize| format!("site=hall&limit=200&offset={offset}");
    let expected = [
        ("/api/dcim/devices/".to_owned(), query(0)),
        ("/api/dcim/devices/".to_owned(), query(2)),
        ("/api/virtualization/virtual-machines/".to_owned(), query(0)),
    ];
    assert_eq!(asked, expected);
    let done = import::carry_out(&test.app, &test.caller("ada"), table.clone(), None).await.unwrap();
    let Outcome::Done(plan) = done else { panic!("{done:?}") };
    assert_eq!(plan.summary(), "2 new, 1 as it is", "the unnamed one and the old one are left out");
    let said: Vec<String> = plan.lines.iter().map(|l| format!("{} {}", l.what, l.fate.about())).collect();
    let expected = ["sqs-rr-contrib-07 with reduced support", "sqs-rr-ctrl-07 with full support", "scs-rr-contrib-01 "];
    assert_eq!(said, expected);
    let hosts: BTreeMap<String, SupportClass> =
        store::servers::list_hosts(&test.app.db.read).await.unwrap().into_iter().map(|h| (h.0, h.1)).collect();
    assert_eq!(hosts["sqs-rr-contrib-07"], SupportClass::Reduced);
    assert_eq!(hosts["sqs-rr-ctrl-07"], SupportClass::Full);
    let again = import::plan(&test.app, &test.caller("ada"), &table).await.unwrap();
    assert_eq!(again.summary(), "3 as it is");

    for (status, answer, why) in [
        (403, r#"{"detail":"Invalid token"}"#, "answered 403"),
        (200, "<html>", "no list of NetBox"),
        (302, "", "leads elsewhere"),
    ] {
        netbox.answers(status, None, answer);
        let said = import::from_netbox(&of).await.unwrap_err();
        assert!(said.contains(why), "{said}");
    }
    let missing = import::Hosts { token_variable: Some("CUSTODY_NO_SUCH_TOKEN".to_owned()), ..of };
    assert!(import::from_netbox(&missing).await.unwrap_err().contains("holds no credential"));
}

/// E5, F9: what NetBox tells of is bounded, whether or not it is taken, and is as much as NetBox counts: one that gives the
/// same page again and again is not asked without end, and a part is not taken for the whole.
#[tokio::test]
async fn e5_netbox_is_not_asked_without_end() {
    let netbox = ChatServer::start().await;
    let of = import::Hosts {
        address: netbox.url.parse().unwrap(),
        token_variable: None,
        reduced_tag: "reduced-support".to_owned(),
    };
    let page = |count: Option<usize>, machines: usize, next: Option<&str>| {
        let old = serde_json::json!({ "name": "old01", "status": { "value": "offline" } });
        serde_json::json!({ "count": count, "next": next, "results": vec![old; machines] }).to_string()
    };
    for (answer, asked, why) in [
        (page(Some(4), 2, Some("x")), 3, "counts 4 machines and told of 6"),
        (page(None, 7000, Some("x")), 3, "more than 20000 machines"),
        (page(Some(4), 3, None), 1, "counts 4 machines and told of 3"),
        (page(Some(4), 0, Some("x")), 1, "counts 4 machines and told of 0"),
    ] {
        let before = netbox.posts().len();
        (0..asked).for_each(|_| netbox.answers(200, None, &answer));
        let said = import::from_netbox(&of).await.unwrap_err();
        assert!(said.contains(why), "{said}");
        assert_eq!(netbox.posts().len() - before, asked, "{why}");
    }
}

/// E5: the token comes from the environment, and the command says what it found.
#[tokio::test(flavor = "multi_thread")]
async fn e5_netbox_on_the_command_line() {
    let test = TestApp::new().await;
    let netbox = ChatServer::start().await;
    for name in ["devices_1", "devices_2", "virtual_machines"] {
        netbox.answers(200, None, &recorded(name));
    }
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_custody"));
    command.env_clear().env("NETBOX_TOKEN", "nbt_key.secret");
    command.args(["import", "--kind", "netbox", "--dry-run", "--token-env", "NETBOX_TOKEN", "--from", &netbox.url]);
    command.args(crate::postgres::flags(test.dir.path()));
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let text = said(&output);
    assert!(output.status.success() && text.contains("1 as it is"), "{text}");
    assert_eq!(netbox.posts()[0].headers["authorization"], "Bearer nbt_key.secret");
    assert!(!text.contains("secret"), "{text}");
}

/// E5, A23: the class that a host comes in with is for good: the command says of each which one it is, and that no
/// machine has the tag by which they are told apart.
#[tokio::test(flavor = "multi_thread")]
async fn e5_a_tag_that_no_machine_has_is_said_on_the_command_line() {
    let test = TestApp::new().await;
    let netbox = ChatServer::start().await;
    let imports = async |tag: &str| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_custody"));
        command.env_clear().args(["import", "--kind", "netbox", "--dry-run", "--from", &netbox.url]);
        command.args(["--reduced-tag", tag]).args(crate::postgres::flags(test.dir.path()));
        let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        (output.status.code(), said(&output))
    };
    for (tag, code, lines) in [
        ("reduced-support", 0, ["line 2  new  sqs-rr-contrib-07: with reduced support", "line 4  as it is  scs"]),
        ("reduced_support", 2, ["line 2  new  sqs-rr-contrib-07: with full support", "line 4  refused  scs"]),
    ] {
        ["devices_1", "devices_2", "virtual_machines"].iter().for_each(|n| netbox.answers(200, None, &recorded(n)));
        let (ended, text) = imports(tag).await;
        assert!(ended == Some(code) && lines.iter().all(|line| text.contains(line)), "{tag}: {text}");
        let note = "No machine there has the tag reduced_support, so each of them counts as full.";
        assert_eq!(text.contains(note), tag == "reduced_support", "{text}");
    }
    let asked = netbox.posts().len();
    for no_slug in ["", "Reduced support"] {
        let (ended, text) = imports(no_slug).await;
        assert!(ended == Some(2) && text.contains("--reduced-tag"), "{text}");
    }
    assert_eq!(netbox.posts().len(), asked, "nobody is asked");
}

/// E5: servers of a Tango database come onto hosts that are on record, and onto no others.
#[tokio::test]
async fn e5_servers_come_from_a_tango_database() {
    let test = TestApp::new().await;
    let gateway = ChatServer::start().await;
    let of = import::Database {
        address: format!("{}/db", gateway.url).parse().unwrap(),
        credential: None,
        instrument: "SCS".to_owned(),
        leave_out: ["Starter/*", "DataBaseds/*", "Tango*"].map(str::to_owned).into(),
    };
    let recorded = include_str!("../fixtures/tango/tangogql_inventory.json");
    gateway.answers(200, None, recorded);
    let (table, notes) = import::from_tango(&of).await.unwrap();
    let names: Vec<&str> = table.rows.iter().map(|r| r.get("server")).collect();
    assert!(names.contains(&"LabCam/lab1") && names.iter().all(|n| n.starts_with("Lab")), "{names:?}");
    let refused = import::carry_out(&test.app, &test.caller("ada"), table.clone(), None).await.unwrap();
    let Outcome::Refused(plan) = refused else { panic!("{refused:?}") };
    assert!(plan.lines[0].fate.about().contains("The host vm is not on record"), "{plan:?}");
    test.imported(Kind::Servers, "host,class\nvm,full\n").await;
    let done = import::carry_out(&test.app, &test.caller("ada"), table, None).await.unwrap();
    let Outcome::Done(plan) = done else { panic!("{done:?}") };
    assert_eq!(plan.writes(), plan.lines.len());
    let server = store::servers::find(&test.app.db.read, &"LabCam/lab1".into()).await.unwrap().unwrap();
    assert_eq!((server.class, server.instrument.as_str()), (SupportClass::Full, "SCS"));
    assert!(notes.iter().all(|n| n.contains("was never started")), "{notes:?}");
    // One that is spelled in two ways is one line, on the host where it is exported.
    let twice = r#"{"data":{"devices":[
        {"name":"lab/motor/1","exported":true,"server":{"id":"LabMotor/lab1","host":"vm"}},
        {"name":"lab/motor/2","exported":false,"server":{"id":"labmotor/Lab1","host":"old"}}]}}"#;
    gateway.answers(200, None, twice);
    let (table, notes) = import::from_tango(&of).await.unwrap();
    assert!(notes.len() == 1 && notes[0].contains("it comes onto vm"), "{notes:?}");
    let plan = import::plan(&test.app, &test.caller("ada"), &table).await.unwrap();
    assert_eq!(plan.summary(), "1 as it is", "{plan:?}");
    gateway.answers(200, None, r#"{"errors":[{"message":"timeout"}]}"#);
    assert!(import::from_tango(&of).await.unwrap_err().contains("timeout"));
}

/// E5: servers of a Karabo web server, and of the aggregator of several, come onto hosts that are on record; it is only
/// read, for a PUT would stop what it watches.
#[tokio::test]
async fn e5_servers_come_from_a_karabo_web_server() {
    let test = TestApp::new().await;
    let karabo = ChatServer::start().await;
    let of = |path: &str| import::Database {
        address: format!("{}{path}", karabo.url).parse().unwrap(),
        credential: None,
        instrument: "SCS".to_owned(),
        leave_out: vec!["karabo/*".to_owned()],
    };
    karabo.answers(200, None, include_str!("../fixtures/karabo/aggregator_status.json"));
    let (table, notes) = import::from_karabo(&of("/status.json")).await.unwrap();
    let names: Vec<&str> = table.rows.iter().map(|r| r.get("server")).collect();
    assert_eq!(names, ["h7/bound/1", "h7/cpp/1", "h7/mdl/1", "h7/mdl/spare"], "those that are down too");
    assert!(notes.len() == 1 && notes[0].starts_with("vm was heard of last at Sat, 21 Nov 2026"), "{notes:?}");
    let refused = import::carry_out(&test.app, &test.caller("ada"), table.clone(), None).await.unwrap();
    let Outcome::Refused(plan) = refused else { panic!("{refused:?}") };
    assert!(plan.lines[0].fate.about().contains("The host vm is not on record"), "{plan:?}");
    test.imported(Kind::Servers, "host,class\nvm,full\n").await;
    let done = import::carry_out(&test.app, &test.caller("ada"), table.clone(), None).await.unwrap();
    let Outcome::Done(plan) = done else { panic!("{done:?}") };
    assert_eq!(plan.summary(), "4 new");
    let again = import::plan(&test.app, &test.caller("ada"), &table).await.unwrap();
    assert_eq!(again.summary(), "4 as it is");
    // A web server's own list: on the host that was asked.
    karabo.answers(200, None, include_str!("../fixtures/karabo/web_api_servers.json"));
    let (own, notes) = import::from_karabo(&of("/api/servers.json")).await.unwrap();
    assert_eq!((own.rows.len(), own.rows[0].get("host"), notes.len()), (4, "127.0.0.1", 0));
    assert!(karabo.posts().iter().all(|p| p.method == "GET"));
    karabo.answers(200, None, include_str!("../fixtures/karabo/web_api_server_unknown.json"));
    assert!(import::from_karabo(&of("/api/servers.json")).await.unwrap_err().contains("did not succeed"));
}

/// E5: the instrument that is given for new servers of a Tango database or of Karabo leaves those on record as they are,
/// whatever was set of them by hand since.
#[tokio::test]
async fn e5_the_instrument_for_new_servers_is_theirs_alone() {
    let test = TestApp::new().await;
    let ada = test.caller("ada");
    test.imported(Kind::Servers, "host,class\nvm,full\n").await;
    let instrument = "SCS".to_owned();
    let leave_out = |all: &[&str]| all.iter().map(|pattern| (*pattern).to_owned()).collect();
    let tango = import::Program::Tango {
        instrument: instrument.clone(),
        leave_out: leave_out(&["Starter/*", "DataBaseds/*", "Tango*"]),
    };
    let karabo = import::Program::Karabo { instrument, leave_out: leave_out(&["karabo/*"]) };
    for (program, answer, server) in [
        (tango, include_str!("../fixtures/tango/tangogql_inventory.json"), "LabCam/lab1"),
        (karabo, include_str!("../fixtures/karabo/aggregator_status.json"), "h7/cpp/1"),
    ] {
        let told = || import::Told::Recorded { source: "answer.json", answer };
        let (table, _) = import::read_program(&test.app, &ada, &program, told()).await.unwrap();
        let done = import::carry_out(&test.app, &ada, table, None).await.unwrap();
        assert!(matches!(&done, Outcome::Done(plan) if plan.writes() == plan.lines.len()), "{done:?}");
        let found = || async { store::servers::find(&test.app.db.read, &server.into()).await.unwrap().unwrap() };
        assert_eq!(found().await.instrument, "SCS");
        service::servers::change(&test.app, &ada, server, "vm", "SQS").await.unwrap();
        let before = test.entries().await;
        // As the page does it, and as the command and the API do.
        let id = import::keep_program(&test.app, &ada, &program, told()).await.unwrap();
        let plan = import::find(&test.app, &ada, &id).await.unwrap().plan(&test.app, &ada).await.unwrap();
        assert_eq!(plan.writes(), 0, "{plan:?}");
        let (table, _) = import::read_program(&test.app, &ada, &program, told()).await.unwrap();
        let again = import::carry_out(&test.app, &ada, table, None).await.unwrap();
        assert!(matches!(&again, Outcome::Done(plan) if plan.writes() == 0), "{again:?}");
        assert_eq!((found().await.instrument.as_str(), test.entries().await), ("SQS", before));
    }
    // In a table it is said in a column of its own; what stands in the other one counts for all.
    let table = |column: &str| format!("host,server,{column}\nvm,LabCam/lab1,MID\nvm,LabCam/lab9,MID\n");
    let plan = test.imported(Kind::Servers, &table("instrument_if_new")).await;
    assert_eq!(plan.summary(), "1 new, 1 as it is");
    let plan = test.imported(Kind::Servers, &table("instrument")).await;
    assert_eq!((plan.summary().as_str(), plan.lines[0].fate.about().as_str()), ("1 changed, 1 as it is", "instrument"));
}

/// E5: a name and a password in an address are for whoever is asked; what is written down names the place alone.
#[tokio::test]
async fn e5_an_address_is_written_down_without_its_password() {
    let test = TestApp::new().await;
    test.imported(Kind::Servers, "host,class\nvm,full\n").await;
    let other = ChatServer::start().await;
    let of = |path: &str| import::Database {
        address: format!("{}{path}", other.url.replace("http://", "http://reader:verysecret@")).parse().unwrap(),
        credential: None,
        instrument: "SCS".to_owned(),
        leave_out: ["Starter/*", "DataBaseds/*", "Tango*", "karabo/*"].map(str::to_owned).into(),
    };
    other.answers(200, None, include_str!("../fixtures/tango/tangogql_inventory.json"));
    let (tango, _) = import::from_tango(&of("/db")).await.unwrap();
    other.answers(200, None, include_str!("../fixtures/karabo/aggregator_status.json"));
    let (karabo, _) = import::from_karabo(&of("/status.json")).await.unwrap();
    assert!(other.posts().iter().all(|p| p.headers["authorization"].to_str().unwrap().starts_with("Basic ")));
    for (table, path) in [(tango, "/db"), (karabo, "/status.json")] {
        assert_eq!(table.source, format!("{}{path}", other.url));
        let done = import::carry_out(&test.app, &test.caller("ada"), table, None).await.unwrap();
        assert!(matches!(&done, Outcome::Done(plan) if plan.writes() > 0), "{done:?}");
    }
    let kept = crate::postgres::bytes(test.dir.path()).await;
    assert!(!String::from_utf8_lossy(&kept).contains("verysecret"));
}

/// E5: the command asks a Karabo web server too.
#[tokio::test(flavor = "multi_thread")]
async fn e5_karabo_on_the_command_line() {
    let test = TestApp::new().await;
    let karabo = ChatServer::start().await;
    karabo.answers(200, None, include_str!("../fixtures/karabo/aggregator_status.json"));
    let from = format!("{}/status.json", karabo.url);
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_custody"));
    command.env_clear().args(["import", "--kind", "karabo", "--dry-run", "--leave-out", "karabo/*", "--from", &from]);
    command.args(crate::postgres::flags(test.dir.path()));
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let text = said(&output);
    assert!(text.contains("h7/mdl/spare") && text.contains("The host vm is not on record"), "{text}");
}
