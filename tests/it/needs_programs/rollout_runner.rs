//! A rollout to thirty targets with the real ansible-playbook, as a facility has it (R1, R3, R4, R5).

use crate::{
    app::TestApp,
    given::policy_with,
    rollout_engine::Site,
    rollouts::{must, now, plan, plans},
};
use custody::{
    domain::rollout::{Command, Plan, StateName, StepState},
    service::rollouts::{self, RunState, runner},
};
use std::time::{Duration, Instant};

/// About a minute on two cores; a machine that does other things as well has longer.
const WITHIN: Duration = Duration::from_secs(300);

const TARGETS: usize = 30;

/// A play of these tasks.
fn play(tasks: &str) -> String {
    format!("- hosts: all\n  gather_facts: false\n  tasks:\n{tasks}")
}

fn site() -> Site {
    let here = "ansible_connection=local ansible_python_interpreter=/usr/bin/python3";
    let hosts: String = (1..=TARGETS).map(|n| format!("t{n:02} {here}\n")).collect();
    let says = "\"{{ custody_release.name }} for {{ custody_target }}\"";
    Site::new("ansible-playbook", &hosts)
        .has("back_up.yml", &play(&format!("    - {{name: copy, ansible.builtin.debug: {{msg: {says}}}}}\n")))
        .has(
            "server.yml",
            &play(
                "    - {name: stop, ansible.builtin.debug: {msg: stopped}}\n    \
                 - {name: room, ansible.builtin.assert: {that: \"inventory_hostname not in ['t07', 't19']\", \
                 fail_msg: there is no space}}\n",
            ),
        )
        .has(
            "check.yml",
            &play(
                "    - {name: facts, ansible.builtin.set_stats: \
                 {data: {custody: {karabo: \"{{ custody_release.version }}\"}}}}\n",
            ),
        )
}

fn policy(site: &Site) -> String {
    let target = |n: usize| format!("    {{ name = \"T{n}\", group = \"Hall {}\", host = \"t{n:02}\" }},\n", n % 3);
    let targets: String = (1..=TARGETS).map(target).collect();
    let kinds = r#"
kinds = [{ name = "short", label = "Short", steps = [
    { name = "back_up", label = "Back up", playbook = "back_up.yml" },
    { name = "server", label = "Server", playbook = "server.yml" },
    { name = "check", label = "Check", playbook = "check.yml" },
] }]
"#;
    policy_with(&format!("\n[rollouts]\n{}targets = [\n{targets}]{kinds}", site.policy()))
}

/// R1, R3, R4, R5: thirty targets in three waves, three steps each, eight at once: two fail, the others are done, and what
/// each said can be read; a person decides on the two, and it ends.
#[tokio::test(flavor = "multi_thread")]
async fn r3_thirty_targets_in_three_waves() {
    let site = site();
    let test = TestApp::with_policy(&policy(&site)).await;
    let names: Vec<String> = (1..=TARGETS).map(|n| format!("T{n}")).collect();
    let wave = |n: usize| if n < 2 { 0 } else { 1 + u32::from(n >= 10) };
    let targets: Vec<(&str, u32)> = names.iter().enumerate().map(|(n, name)| (name.as_str(), wave(n))).collect();
    let wanted = Plan { at_once: 8, stop_after_failed: 3, ..plan(&test, "short", &targets) };
    let r = plans(&test, "lena", &wanted).await.unwrap();
    let _runner = tokio::spawn(runner::run(test.app.clone()));
    must(&test, "lena", &r, Command::Start {}).await;

    let begun = Instant::now();
    let mut most = 0;
    loop {
        let view = rollouts::load(&test.app, None, &r.number).await.unwrap();
        let counts = view.progress.counts;
        most = most.max(counts.running);
        if counts.done + counts.need_a_person == TARGETS {
            break;
        }
        assert!(begun.elapsed() < WITHIN, "{counts:?}: {:#?}", view.progress.targets);
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    assert!((2..=8).contains(&most), "{most} at once");
    let there = now(&test, &r).await;
    assert_eq!(there.state.name(), StateName::Running);
    for name in ["T7", "T19"] {
        let failed = &there.target(&name.into()).unwrap().steps[1];
        let StepState::Failed { why, .. } = failed else { panic!("{name}: {failed:?}") };
        assert!(why.starts_with("room failed on t") && why.ends_with("there is no space"), "{why}");
    }
    let runs = rollouts::runs(&test.app, &r.number, None).await.unwrap();
    let counted = |state: RunState| runs.iter().filter(|run| run.state == state).count();
    assert_eq!((counted(RunState::Done), counted(RunState::Failed), runs.len()), (28 * 3 + 2, 2, 28 * 3 + 4));
    let lena = test.caller("lena");
    for (name, step, says) in [
        ("T3", 0, "\"msg\": \"Karabo 3.1.2 for T3\""),
        ("T7", 1, "there is no space"),
        ("T30", 2, "TASK [facts]"),
        ("T30", 2, "PLAY RECAP"),
    ] {
        let run = runs.iter().find(|run| run.target.0 == name && run.step == step).unwrap();
        let said = rollouts::output(&test.app, &lena, &r.number, run.id).await.unwrap().output;
        assert!(said.contains(says), "{name}: {said}");
    }
    assert_eq!(there.target(&"T3".into()).unwrap().facts.as_ref().unwrap().values["karabo"], "3.1.2");

    for name in ["T7", "T19"] {
        let reason = "It is done by hand tonight.".to_owned();
        must(&test, "lena", &r, Command::Skip { target: name.into(), step: 1, reason }).await;
    }
    while now(&test, &r).await.state.name() != StateName::Finished {
        assert!(begun.elapsed() < WITHIN, "it does not end");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(rollouts::load(&test.app, None, &r.number).await.unwrap().variations.is_empty());
}
