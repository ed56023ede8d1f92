//! The engine of rollouts, with the real ansible-playbook against this machine (R3, R5).

use crate::rollout_engine::{Site, is_there, nobody_runs, request};
use custody::ports::ansible::{Counts, Event, Kind, Outcome, Ran, Request};
use serde_json::json;
use std::time::Duration;
use tokio::sync::mpsc;

const HOSTS: &str = "\
[ctrl]
one ansible_connection=local ansible_python_interpreter=/usr/bin/python3
two ansible_connection=local ansible_python_interpreter=/usr/bin/python3
[elsewhere]
away ansible_host=127.0.0.1 ansible_port=9 ansible_ssh_common_args='-o BatchMode=yes -o ConnectTimeout=5'
";

/// A play of these tasks against every host.
fn play(tasks: &str) -> String {
    format!("- hosts: all\n  gather_facts: false\n  tasks:\n{tasks}")
}

/// The facility's own settings stand beside its playbooks, and are such as would be in the way.
fn site(playbook: &str) -> Site {
    Site::new("ansible-playbook", HOSTS)
        .has("step.yml", playbook)
        .has("ansible.cfg", "[defaults]\nforce_color = true\nstdout_callback = minimal\nretry_files_enabled = true\n")
}

fn why(ran: &Ran) -> &str {
    match &ran.outcome {
        Outcome::Failed { why, .. } | Outcome::Unknown { why } => why,
        Outcome::Done { .. } => panic!("{ran:?}"),
    }
}

/// How this task ended, on each host.
fn kinds<'a>(heard: &'a [Event], wanted: &str) -> Vec<&'a Kind> {
    let of = heard.iter().filter_map(|event| match event {
        Event::HostResult { task, kind, .. } if task == wanted => Some(kind),
        _ => None,
    });
    of.collect()
}

/// R3, R5: a step runs on each host of its target, is handed its variables, says facts, and what is secret stays so.
#[tokio::test]
async fn r3_a_step_is_done() {
    let site = site(&play(
        r#"    - {name: print, ansible.builtin.debug: {msg: "release {{ custody_release }} for {{ custody_target.name }}"}}
    - {name: change, ansible.builtin.command: echo done}
    - {name: not here, ansible.builtin.command: echo no, when: false}
    - {name: quiet, ansible.builtin.command: "echo {{ 'hush' ~ '-1a2b' }}", no_log: true}
    - {name: quiet loop, ansible.builtin.command: "echo {{ item }}", loop: ["{{ 'hush' ~ '-3c4d' }}"], no_log: true}
    - {name: facts, ansible.builtin.set_stats: {data: {custody: {karabo: 3.1.2, settings: 7, ready: true}, other: x}}}
    - {name: own, ansible.builtin.set_stats: {per_host: true, data: {custody: {host: "{{ inventory_hostname }}"}}}}
"#,
    ));
    let extra = json!({ "custody_release": "3.1.2", "custody_target": { "name": "SPB's 'own' $(id) \"x\"" } });
    let (ran, heard) = site.runs(&Request { extra, ..request("step.yml", "ctrl") }).await;
    let Outcome::Done { facts } = &ran.outcome else { panic!("{ran:?}") };
    let facts: Vec<_> = facts.iter().map(|(name, value)| format!("{name}={value}")).collect();
    assert_eq!(facts, ["host=one: one; two: two", "karabo=3.1.2", "ready=true", "settings=7"]);
    assert_eq!((ran.rc, ran.tasks_done, ran.tasks_all, ran.unread), (Some(0), 7, 7, 0));
    assert!(ran.output.contains("TASK [change]") && !ran.output.contains('\u{1b}'), "{}", ran.output);
    assert!(ran.output.contains(r#"release 3.1.2 for SPB's 'own' $(id) \"x\""#), "{}", ran.output);
    let told = format!("{ran:?} {heard:?}");
    assert!(!told.contains("hush-"), "a secret is told: {told}");

    // What it prints comes by another way, and may be here before.
    let first = heard.iter().find(|e| !matches!(e, Event::Output(_)));
    assert_eq!(first, Some(&Event::PlaybookStarted { tasks: 7 }));
    assert_eq!(kinds(&heard, "print"), [&Kind::Ok, &Kind::Ok]);
    assert_eq!(kinds(&heard, "change"), [&Kind::Changed, &Kind::Changed]);
    assert_eq!(kinds(&heard, "not here"), [&Kind::Skipped, &Kind::Skipped]);
    let stats = heard.iter().find_map(|e| if let Event::Stats { hosts, .. } = e { Some(hosts) } else { None }).unwrap();
    assert_eq!(stats["one"], Counts { ok: 6, changed: 3, skipped: 1, ..Counts::default() });
    assert!(!site.path("step.retry").exists());
}

/// R3: a step that fails, on one host or in a loop, says where and why; a host out of reach is said to be so.
#[tokio::test]
async fn r3_a_step_fails() {
    let site = site(&play(
        r#"    - {name: ignored, ansible.builtin.command: /bin/false, ignore_errors: true}
    - {name: link, ansible.builtin.shell: "echo there is no space >&2; exit 3", when: inventory_hostname == 'one'}
    - {name: secret, ansible.builtin.shell: "echo {{ 'hush' ~ '-5e6f' }} >&2; exit 3", no_log: true}
    - {name: never, ansible.builtin.command: /bin/true}
"#,
    ));
    let (ran, heard) = site.runs(&request("step.yml", "one")).await;
    let said = why(&ran).to_owned();
    assert!(said.starts_with("link failed on one: ") && said.ends_with("return code: there is no space"), "{said}");
    assert!(matches!(ran.outcome, Outcome::Failed { rc: Some(2), .. }) && ran.rc == Some(2));
    assert_eq!((ran.tasks_done, ran.tasks_all), (1, 4));
    let ignored = |e: &Event| matches!(e, Event::HostResult { kind: Kind::Failed { ignored: true, .. }, .. });
    assert!(heard.iter().any(ignored));

    let (ran, heard) = site.runs(&request("step.yml", "two")).await;
    assert_eq!(why(&ran), "secret failed on two: what it said is hidden, as the task has no_log");
    assert!(!format!("{heard:?}").contains("hush-"));
    let (ran, _) = site.runs(&request("step.yml", "away")).await;
    assert!(why(&ran).starts_with("away is out of reach: "), "{ran:?}");
    assert_eq!(ran.rc, Some(4));
}

/// R3: what cannot begin says so in Ansible's words; what would do nothing is not taken for done.
#[tokio::test]
async fn r3_a_step_that_cannot_begin_says_why() {
    let site = site("- hosts: elsewhere\n  tasks: []\n")
        .has("broken.yml", "- hosts: all\n  tasks: {{ x\n")
        .has("empty.yml", "[]\n");
    for (playbook, host, word) in [
        ("broken.yml", "one", "ended before it began: "),
        ("step.yml", "nobody", "no hosts to target"),
        ("step.yml", "one", "nothing was done"),
    ] {
        let (ran, _) = site.runs(&request(playbook, host)).await;
        assert!(matches!(ran.outcome, Outcome::Failed { .. }) && why(&ran).contains(word), "{word}: {ran:?}");
    }
    let (ran, _) = site.runs(&request("empty.yml", "one")).await;
    assert!(!matches!(ran.outcome, Outcome::Done { .. }), "{ran:?}");
}

/// R3: a run that is cancelled, or takes too long, is unknown, and none of its processes is left, nor its directory.
#[tokio::test]
async fn r3_a_step_is_stopped() {
    let site = site(&play(
        r#"    - {name: where, ansible.builtin.shell: 'echo "$CUSTODY_EVENTS" > "{{ playbook_dir }}/where"'}
    - {name: wait, ansible.builtin.command: sleep 86421.25}
"#,
    ));
    let gone = async || {
        nobody_runs("86421.25").await;
        nobody_runs(&site.path("step.yml").display().to_string()).await;
        let events = std::fs::read_to_string(site.path("where")).unwrap();
        assert!(!std::path::Path::new(events.trim()).parent().unwrap().exists(), "{events}");
    };
    let (events, mut heard) = mpsc::channel(4096);
    let cancelled = request("step.yml", "ctrl");
    let engine = site.engine();
    let waits = async {
        while let Some(event) = heard.recv().await {
            if matches!(&event, Event::TaskStarted { name, .. } if name == "wait") {
                break;
            }
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
        cancelled.cancel.cancel();
    };
    let (ran, ()) = tokio::join!(engine.run(&cancelled, &events), waits);
    assert_eq!(ran.outcome, Outcome::Unknown { why: "Cancelled at the task wait.".to_owned() });
    gone().await;

    let late = Request { within: Duration::from_secs(12), ..request("step.yml", "one") };
    let (ran, _) = site.runs(&late).await;
    assert_eq!(why(&ran), "Not done within 12 seconds, and stopped at the task wait.");
    gone().await;

    // Nobody waits for it any more.
    let _ = std::fs::remove_file(site.path("where"));
    let (unheard, begun) = (request("step.yml", "one"), site.path("where"));
    tokio::select! {
        (ran, _) = site.runs(&unheard) => panic!("{ran:?}"),
        () = is_there(&begun) => {}
    }
    gone().await;
}

/// R3: however much a playbook prints, what is kept of it is bounded.
#[tokio::test]
async fn r3_what_a_step_prints_is_bounded() {
    let site = site(&play("    - {name: flood, ansible.builtin.debug: {msg: \"{{ 'x' * 1000000 }}\"}}\n"));
    let (ran, _) = site.runs(&request("step.yml", "one")).await;
    assert!(matches!(ran.outcome, Outcome::Done { .. }), "{ran:?}");
    assert!(ran.output.len() <= 257 << 10 && ran.output.contains(" KiB cut …\n"), "{}", ran.output.len());
    assert!(ran.output.contains("TASK [flood]") && ran.output.contains("PLAY RECAP"));
}
