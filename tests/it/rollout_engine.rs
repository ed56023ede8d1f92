//! How the engine of rollouts is run (R3): what it is handed, what is heard of it, and that it ends. In place of
//! ansible-playbook stands a script; `needs_programs/rollout_engine` has the real one.

use custody::ports::ansible::{Ansible, Event, Limits, Outcome, Ran, Request};
use serde_json::json;
use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// A facility's folder of playbooks, with its inventory.
pub struct Site {
    folder: tempfile::TempDir,
    program: PathBuf,
}

impl Site {
    pub fn new(program: impl Into<PathBuf>, hosts: &str) -> Site {
        let site = Site { folder: tempfile::tempdir().unwrap(), program: program.into() };
        std::fs::write(site.path("hosts"), hosts).unwrap();
        site
    }

    /// With a script that stands for the program.
    pub fn scripted(hosts: &str) -> Site {
        Site::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/ansible/engine"), hosts)
    }

    /// What a facility's policy says of it, under `[rollouts]`.
    pub fn policy(&self) -> String {
        let (folder, inventory) = (self.folder.path().display(), self.path("hosts"));
        let (inventory, program) = (inventory.display(), self.program.display());
        format!("playbooks = \"{folder}\"\ninventory = \"{inventory}\"\nprogram = \"{program}\"\n")
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn has(self, playbook: &str, text: &str) -> Site {
        std::fs::write(self.path(playbook), text).unwrap();
        self
    }

    pub fn engine(&self) -> Ansible {
        let limits = Limits { grace: Duration::from_millis(800), every: Duration::from_millis(20) };
        Ansible::new(&self.program, self.folder.path(), self.path("hosts")).with_limits(limits)
    }

    /// Runs it, and gives back what was heard meanwhile.
    pub async fn runs(&self, request: &Request) -> (Ran, Vec<Event>) {
        let (events, mut heard) = mpsc::channel(4096);
        let ran = self.engine().run(request, &events).await;
        drop(events);
        let mut all = Vec::new();
        while let Some(event) = heard.recv().await {
            all.push(event);
        }
        (ran, all)
    }
}

pub fn request(playbook: &str, host: &str) -> Request {
    Request {
        playbook: playbook.to_owned(),
        host: host.to_owned(),
        extra: json!({ "custody_release": "3.1.2" }),
        within: Duration::from_secs(120),
        cancel: CancellationToken::new(),
    }
}

/// Waits until no process has this word in its command line.
pub async fn nobody_runs(word: &str) {
    let runs = || {
        let processes = std::fs::read_dir("/proc").unwrap().flatten();
        let lines = processes.filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok());
        lines.map(|line| String::from_utf8_lossy(&line).into_owned()).find(|line| line.contains(word))
    };
    for _ in 0..100 {
        if runs().is_none() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("left behind: {:?}", runs());
}

/// Waits until it was written.
pub async fn is_there(file: &Path) {
    while !file.exists() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn scripted(playbook: &str) -> Site {
    Site::scripted("one\n").has("step.yml", playbook)
}

fn recorded(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/ansible").join(name).display().to_string()
}

/// The directory that the run said it had.
fn directory(ran: &Ran) -> PathBuf {
    let events = ran.output.lines().find_map(|line| line.strip_prefix("events=")).expect("it said where");
    Path::new(events).parent().unwrap().to_owned()
}

/// R3: the engine is handed the target, the variables and little else; both its channels are kept in their order, and
/// nothing of the run stays on the disk.
#[tokio::test]
async fn r3_the_engine_is_handed_what_it_needs() {
    let facts = recorded("facts.jsonl");
    let site = scripted(&format!(
        "echo \"events=$CUSTODY_EVENTS\"; echo \"$@\" >&2; env; pwd; cat hosts; read line || echo no input\n\
         cd \"${{CUSTODY_EVENTS%/*}}\"; stat -c '%a %n' . *; cat variables.json\n\
         cat {facts} >> \"$CUSTODY_EVENTS\"\n"
    ));
    let (ran, heard) = site.runs(&request("step.yml", "one")).await;
    let Outcome::Done { facts } = &ran.outcome else { panic!("{ran:?}") };
    assert_eq!(facts["karabo"], "3.1.2");
    assert_eq!((ran.rc, ran.tasks_done, ran.tasks_all, ran.unread), (Some(0), 8, 8, 0));
    let directory = directory(&ran);
    let given = format!(
        "--inventory {} --limit one --extra-vars @{} -- {}\n",
        site.path("hosts").display(),
        directory.join("variables.json").display(),
        site.path("step.yml").display()
    );
    assert!(ran.output.contains(&given), "{}", ran.output);
    for wanted in [
        "no input\n",
        "700 .\n",
        "600 custody_stream.py\n",
        "600 events\n",
        "600 variables.json\n",
        r#"{"custody_release":"3.1.2"}"#,
        "ANSIBLE_CALLBACKS_ENABLED=custody_stream\n",
    ] {
        assert!(ran.output.contains(wanted), "{wanted}: {}", ran.output);
    }
    assert!(!ran.output.contains("CARGO"), "the environment is not ours: {}", ran.output);
    assert!(!directory.exists(), "nothing stays");
    let said: String =
        heard.iter().filter_map(|e| if let Event::Output(text) = e { Some(text.as_str()) } else { None }).collect();
    assert_eq!(said, ran.output);
    assert!(matches!(heard.last(), Some(Event::Stats { .. } | Event::Output(_))));
    assert!(heard.contains(&Event::PlaybookStarted { tasks: 8 }));
}

/// R3: what a run says of itself is heard while it runs; what is no event is passed over.
#[tokio::test]
async fn r3_a_run_is_heard_as_it_goes() {
    let site = scripted(&format!(
        "echo begun; head -n 3 {0} >> \"$CUSTODY_EVENTS\"\n\
         while ! [ -e go ]; do sleep 0.05; done\n\
         printf 'nonsense\\n{{\"ev\": 1}}\\n\\377\\n' >> \"$CUSTODY_EVENTS\"\n\
         tail -n +4 {0} >> \"$CUSTODY_EVENTS\"; printf '{{\"ev\":\"torn' >> \"$CUSTODY_EVENTS\"; exit 2\n",
        recorded("max_fail_stops.jsonl")
    ));
    let (events, mut heard) = mpsc::channel(4096);
    let (engine, request) = (site.engine(), request("step.yml", "one"));
    let run = tokio::spawn(async move { engine.run(&request, &events).await });
    loop {
        match heard.recv().await.expect("it runs") {
            Event::TaskStarted { number, of, name } => {
                assert_eq!((number, of, name.as_str()), (1, 9, "1 make root"));
                break;
            }
            event => assert!(matches!(event, Event::PlaybookStarted { .. } | Event::Output(_)), "{event:?}"),
        }
    }
    assert!(!run.is_finished());
    std::fs::write(site.path("go"), "").unwrap();
    let ran = run.await.unwrap();
    let why = "7 start server failed on ctrl02: The command exited with a non-zero return code.".to_owned();
    assert_eq!(ran.outcome, Outcome::Failed { why, rc: Some(2) });
    assert_eq!((ran.output.as_str(), ran.unread, ran.tasks_all), ("begun\n", 3, 9));
}

/// R3: whoever is told to stop stops, however stubborn, with all that it started; what it left is unknown.
#[tokio::test]
async fn r3_a_stubborn_run_is_stopped() {
    let stubborn = "echo \"events=$CUSTODY_EVENTS\"; trap '' INT TERM\nsetsid sleep 86411.25 & sleep 86411.25 &\n\
                    printf '{\"ev\":\"task_start\",\"task\":\"hang\"}\\n' >> \"$CUSTODY_EVENTS\"\n\
                    touch begun; while :; do sleep 0.1; done\n";
    let site = scripted(stubborn);
    let cancelled = request("step.yml", "one");
    let later = async {
        is_there(&site.path("begun")).await;
        cancelled.cancel.cancel();
    };
    let ((ran, _), ()) = tokio::join!(site.runs(&cancelled), later);
    assert_eq!(ran.outcome, Outcome::Unknown { why: "Cancelled at the task hang.".to_owned() });
    assert_eq!((ran.rc, ran.tasks_done, ran.tasks_all), (None, 0, 1));
    assert!(!directory(&ran).exists());
    nobody_runs("86411.25").await;

    let late = Request { within: Duration::from_secs(3), ..request("step.yml", "one") };
    let (ran, _) = site.runs(&late).await;
    let why = "Not done within 3 seconds, and stopped at the task hang.".to_owned();
    assert_eq!(ran.outcome, Outcome::Unknown { why });
    nobody_runs("86411.25").await;

    // One that was cancelled before is not begun.
    let (ran, heard) = site.runs(&cancelled).await;
    assert_eq!(ran.outcome, Outcome::Unknown { why: "Cancelled before it began.".to_owned() });
    assert_eq!((ran.output.as_str(), heard.len()), ("", 0));
}

/// R3: nothing of a run outlives whoever waits for it.
#[tokio::test]
async fn r3_a_run_that_nobody_waits_for_is_gone() {
    let site = scripted(
        "echo \"$CUSTODY_EVENTS\" > where; trap '' INT TERM\nsetsid sleep 86412.25 & sleep 86412.25 &\n\
         touch begun; while :; do sleep 0.1; done\n",
    );
    let (request, begun) = (request("step.yml", "one"), site.path("begun"));
    tokio::select! {
        (ran, _) = site.runs(&request) => panic!("{ran:?}"),
        () = is_there(&begun) => {}
    }
    nobody_runs("86412.25").await;
    let events = std::fs::read_to_string(site.path("where")).unwrap();
    assert!(!Path::new(events.trim()).parent().unwrap().exists(), "{events}");
}

/// R3: an engine that is killed has not said what it did, and what it started is ended too.
#[tokio::test]
async fn r3_an_engine_that_is_killed_leaves_it_unknown() {
    let site = scripted(
        "setsid sleep 86413.25 & printf '{\"ev\":\"task_start\",\"task\":\"work\"}\\n' >> \"$CUSTODY_EVENTS\"\nkill -9 $$\n",
    );
    let (ran, _) = site.runs(&request("step.yml", "one")).await;
    let why = "It ended at the task work, and did not say what it did.".to_owned();
    assert_eq!((ran.outcome, ran.rc), (Outcome::Unknown { why }, None));
    nobody_runs("86413.25").await;
}

/// R3: a run that floods is kept within bounds, is not held up by whoever does not listen, and a connection that it leaves
/// open does not hold it.
#[tokio::test]
async fn r3_a_flood_is_bounded() {
    let site = scripted(&format!(
        "echo first; yes 'a line of no use' | head -c 3000000; echo; echo last\nsetsid sleep 20 &\n\
         cat {} >> \"$CUSTODY_EVENTS\"\n",
        recorded("waves_3_hosts_30_failed_2.jsonl")
    ));
    let began = Instant::now();
    let (events, _heard) = mpsc::channel(1);
    let ran = site.engine().run(&request("step.yml", "one"), &events).await;
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
    assert!(ran.output.len() <= 257 << 10, "{}", ran.output.len());
    assert!(ran.output.starts_with("first\n") && ran.output.contains(" KiB cut …\n") && ran.output.ends_with("last\n"));
    assert!(matches!(&ran.outcome, Outcome::Failed { why, .. } if why.contains("ctrl05") && why.contains("ctrl21")));
}

/// R3: what is no name is refused before anything is started, and what is missing is said.
#[tokio::test]
async fn r3_nothing_odd_gets_as_far_as_the_engine() {
    let site = scripted("touch started\n").has("-x.yml", "touch started\n").has(".x.yml", "touch started\n");
    let (other, inside) = (site.path("step.yml").display().to_string(), "sub/../step.yml");
    for playbook in [other.as_str(), inside, "../step.yml", "-x.yml", ".x.yml", "--version", "step", "hosts", ""] {
        let (ran, _) = site.runs(&request(playbook, "one")).await;
        let said = matches!(&ran.outcome, Outcome::Failed { why, rc: None } if why.contains("no name of a playbook"));
        assert!(said, "{playbook:?}: {ran:?}");
    }
    for host in
        ["", "-v", "--help", "@/etc/passwd", "!one", "one:!two", "one,two", "&one", "~.*", "*", "all", "{{ x }}"]
    {
        let (ran, _) = site.runs(&request("step.yml", host)).await;
        let said = matches!(&ran.outcome, Outcome::Failed { why, rc: None } if why.contains("no name of one host"));
        assert!(said, "{host:?}: {ran:?}");
    }
    for extra in [json!({ "ansible_user": "root" }), json!({ "custody_x": "{{ lookup('pipe', 'id') }}" }), json!([])] {
        let (ran, _) = site.runs(&Request { extra, ..request("step.yml", "one") }).await;
        let said = matches!(&ran.outcome, Outcome::Failed { why, rc: None } if why.contains("cannot be handed"));
        assert!(said, "{ran:?}");
    }
    assert!(!site.path("started").exists());

    let (ran, _) = site.runs(&request("missing.yml", "one")).await;
    assert!(matches!(&ran.outcome, Outcome::Failed { why, .. } if why.contains("There is no playbook missing.yml")));
    let nowhere = Site::new("no-such-ansible-playbook", "one\n").has("step.yml", "");
    assert_eq!(nowhere.engine().check().unwrap_err().code(), "engine_program");
    let (ran, _) = nowhere.runs(&request("step.yml", "one")).await;
    assert!(matches!(&ran.outcome, Outcome::Failed { why, .. } if why.contains("apt-get install ansible-core")));
}

/// R3, F4: an inventory of a machine that is away holds up nothing but its own run, and who waits for that can call it off.
#[tokio::test]
async fn r3_an_inventory_that_hangs_holds_up_nothing_else() {
    let site = scripted("touch started\n");
    let hangs = site.path("hangs");
    assert!(std::process::Command::new("mkfifo").arg(&hangs).status().unwrap().success());
    let engine = Ansible::new(&site.program, site.folder.path(), &hangs);
    let asked = request("step.yml", "one");
    let (events, _heard) = mpsc::channel(1);
    let calls_off = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        asked.cancel.cancel();
    };
    let (ran, ()) = tokio::join!(engine.run(&asked, &events), calls_off);
    // Whoever hangs there does so no longer.
    std::fs::OpenOptions::new().write(true).open(&hangs).unwrap();
    assert_eq!(ran.outcome, Outcome::Unknown { why: "Cancelled before it began.".to_owned() });
    assert!(!site.path("started").exists());
}
