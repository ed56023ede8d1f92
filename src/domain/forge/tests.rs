use super::*;

fn read_file(forge: Forge, name: &str) -> Option<Heard> {
    let at = |part: &str| format!("{}/tests/fixtures/webhooks/{name}.{part}.json", env!("CARGO_MANIFEST_DIR"));
    let headers: std::collections::BTreeMap<String, String> =
        serde_json::from_slice(&std::fs::read(at("headers")).unwrap()).unwrap();
    let (event, _) = forge.headers();
    let event = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(event)).map(|(_, v)| v.as_str());
    read(forge, event.unwrap(), &std::fs::read(at("body")).unwrap()).unwrap()
}

/// G2: every forge's word for a new, a moved and a removed tag.
#[test]
fn g2_tags_are_heard_of() {
    let tag = |name: &str| vec![Hint::Tag(name.to_owned())];
    for (forge, file) in [
        (Forge::Gitlab, "gitlab_tag_push_create"),
        (Forge::Gitlab, "gitlab_tag_push_delete"),
        (Forge::Gitea, "gitea_create"),
        (Forge::Gitea, "gitea_push"),
        (Forge::Forgejo, "forgejo_create"),
        (Forge::Forgejo, "forgejo_push"),
        (Forge::Github, "github_create"),
        (Forge::Github, "github_push"),
        (Forge::Github, "github_release"),
    ] {
        let heard = read_file(forge, file).unwrap_or_else(|| panic!("{file} says nothing"));
        assert_eq!(heard.what, tag("1.5.0"), "{file}");
        let keys: std::collections::BTreeSet<String> = heard.repository.iter().map(|a| same_repository(a)).collect();
        assert_eq!(keys.len(), 1, "{file}: {keys:?}");
        assert!(keys.first().unwrap().ends_with(".example/devices/motorStage"), "{file}: {keys:?}");
    }
}

/// G3, A20: what jobs said of which commit.
#[test]
fn g3_jobs_are_heard_of() {
    let heard = read_file(Forge::Gitlab, "gitlab_pipeline_success_on_tag").unwrap();
    let [Hint::Pipeline(run)] = &heard.what[..] else { panic!("{heard:?}") };
    assert!(run.own);
    assert_eq!((run.reference.as_str(), run.commit.len()), ("1.5.0", 40));
    assert!(run.parts.iter().all(|(_, passed)| *passed), "{run:?}");
    assert!(run.parts.iter().any(|(name, _)| name == "test"), "{run:?}");
    let heard = read_file(Forge::Github, "github_workflow_run").unwrap();
    let [Hint::Pipeline(run)] = &heard.what[..] else { panic!("{heard:?}") };
    assert_eq!((run.reference.as_str(), &run.parts[..]), ("1.5.0", &[("CI".to_owned(), true)][..]));
}

/// A20: jobs of a fork, jobs that still run, a part of which one job failed.
#[test]
fn a20_jobs_that_prove_nothing() {
    let body = |attributes: &str, builds: &str| {
        format!(
            r#"{{"object_kind":"pipeline","project":{{"id":7,"git_http_url":"https://git.example/a.git"}},
               "object_attributes":{{"ref":"1.0.0","sha":"abc"{attributes}}},"builds":[{builds}]}}"#
        )
    };
    let run = |attributes: &str, builds: &str| {
        let heard = read(Forge::Gitlab, "Pipeline Hook", body(attributes, builds).as_bytes()).unwrap()?;
        match heard.what.into_iter().next()? {
            Hint::Pipeline(run) => Some(run),
            _ => None,
        }
    };
    assert_eq!(run(r#","status":"running""#, ""), None);
    assert!(!run(r#","status":"success","source_project_id":8"#, "").unwrap().own);
    assert!(run(r#","status":"success","source_project_id":7"#, "").unwrap().own);
    let builds = r#"{"stage":"test","status":"success"},{"stage":"test","status":"failed"},
                    {"stage":"lint","status":"failed","allow_failure":true},{"stage":"later","status":"manual"}"#;
    let parts = run(r#","status":"failed""#, builds).unwrap().parts;
    assert_eq!(parts, [("test".to_owned(), false), ("lint".to_owned(), true)]);
}

/// G3: a pipeline that waits for somebody to start its deployment tells how it went so far: of the part in which it
/// waits, and of those behind it, nothing.
#[test]
fn g3_a_pipeline_that_waits_tells_what_has_ended() {
    let run = |more: &str| {
        let body = format!(
            r#"{{"object_kind":"pipeline","project":{{"id":7,"git_http_url":"https://git.example/a.git"}},
               "object_attributes":{{"id":20,"ref":"1.0.0","tag":true,"sha":"abc","status":"manual"}},
               "builds":[{more}]}}"#
        );
        let heard = read(Forge::Gitlab, "Pipeline Hook", body.as_bytes()).unwrap()?;
        match heard.what.into_iter().next()? {
            Hint::Pipeline(run) => Some(run),
            _ => None,
        }
    };
    let parts = |more: &str| Some(run(more)?.parts);
    let job = |stage: &str, status: &str| format!(r#"{{"stage":"{stage}","status":"{status}"}}"#);
    let (built, tested) = (job("build", "success"), job("test", "success"));
    let (deploy, later) = (job("deploy", "manual"), job("after", "created"));
    let both = Some(vec![("build".to_owned(), true), ("test".to_owned(), true)]);
    assert_eq!(parts(&[&*built, &*tested, &*deploy, &*later].join(",")), both);
    let may_fail = r#"{"stage":"test","status":"manual","allow_failure":true}"#;
    assert_eq!(parts(&[&*built, &*tested, &*job("test", "skipped"), may_fail, &*deploy].join(",")), both);
    let waits = parts(&[&*built, &*tested, &*job("test", "manual")].join(","));
    assert_eq!(waits, Some(vec![("build".to_owned(), true)]));
    let fails = parts(&[&*built, &*job("test", "failed"), &*job("test", "manual")].join(","));
    assert_eq!(fails, Some(vec![("build".to_owned(), true), ("test".to_owned(), false)]));
    let waits = run(&[&*built, &*tested, &*deploy, &*later].join(",")).unwrap();
    assert_eq!(waits.open, ["deploy", "after"]);
    assert_eq!((parts(&deploy), parts("")), (None, None));
}

/// What is none of ours, and what cannot be read.
#[test]
fn odd_bodies_are_answered() {
    for (forge, event, body) in [
        (Forge::Gitlab, "", r#"{"object_kind":"note","project":{"id":1}}"#),
        (Forge::Gitlab, "", r#"{"object_kind":"push"}"#),
        (Forge::Gitlab, "", r#"{"object_kind":"push","ref":"refs/odd/1","project":{"git_http_url":"https://x/y"}}"#),
        (Forge::Github, "ping", r#"{"zen":"x"}"#),
        (Forge::Github, "star", r#"{"repository":{"clone_url":"https://x/y"}}"#),
        (Forge::Gitea, "create", r#"{"ref_type":"tag","repository":{"clone_url":"https://x/y"}}"#),
    ] {
        assert_eq!(read(forge, event, body.as_bytes()), Ok(None), "{body}");
    }
    for body in ["", "{", "[]", "nothing", r#"{"ref":1}"#, r#"{"object_kind":"a","object_kind":"b"}"#, "\u{0}"] {
        assert!(read(Forge::Gitlab, "", body.as_bytes()).is_err(), "{body}");
    }
    let deep = "[".repeat(100_000);
    assert!(read(Forge::Github, "push", deep.as_bytes()).is_err());
}

#[test]
fn addresses_of_one_repository() {
    let one = "git.lab.example/devices/motorStage";
    for address in [
        "https://git.lab.example/devices/motorStage.git",
        "https://git.lab.example/devices/motorStage",
        "https://GIT.lab.example/devices/motorStage/",
        "ssh://git@git.lab.example/devices/motorStage.git",
        "ssh://git@git.lab.example:2222/devices/motorStage.git",
        "git@git.lab.example:devices/motorStage.git",
    ] {
        assert_eq!(same_repository(address), one, "{address}");
    }
    assert_ne!(same_repository("https://git.lab.example/devices/MotorStage"), one, "paths are case-sensitive");
    assert_ne!(same_repository("https://git.lab.example.evil/devices/motorStage"), one);
}

/// G2: what is said of protection: of pushes by GitLab, of pipelines by newer ones; unknown stays unknown.
#[test]
fn g2_protection_is_heard_of() {
    for (forge, file, expected) in [
        (Forge::Gitlab, "gitlab_tag_push_create", Some(true)),
        (Forge::Gitlab, "gitlab_tag_push_delete", Some(true)),
        (Forge::Gitlab, "gitlab_pipeline_success_on_tag", None),
        (Forge::Gitea, "gitea_push", None),
        (Forge::Forgejo, "forgejo_create", None),
        (Forge::Github, "github_push", None),
    ] {
        assert_eq!(read_file(forge, file).unwrap().protected, expected, "{file}");
    }
    let project = r#""project":{"id":7,"git_http_url":"https://git.example/a.git"}"#;
    for (attributes, expected) in [("true", Some(true)), ("false", Some(false)), ("null", None)] {
        let push =
            format!(r#"{{"object_kind":"tag_push","ref":"refs/tags/1.0.0","ref_protected":{attributes},{project}}}"#);
        let run = format!(
            r#"{{"object_kind":"pipeline","object_attributes":{{"id":1,"ref":"1.0.0","tag":true,"status":"success","protected_ref":{attributes}}},{project}}}"#
        );
        for body in [push, run] {
            let heard = read(Forge::Gitlab, "", body.as_bytes()).unwrap().unwrap();
            assert_eq!(heard.protected, expected, "{body}");
        }
    }
}

/// A22: what is kept until it has been looked at says the same when it is read again.
#[test]
fn a22_what_is_kept_stays_what_it_was() {
    for (forge, file) in [
        (Forge::Gitlab, "gitlab_tag_push_create"),
        (Forge::Gitlab, "gitlab_pipeline_success_on_tag"),
        (Forge::Gitlab, "gitlab_merge_request_merge"),
        (Forge::Github, "github_workflow_run"),
        (Forge::Github, "github_pull_request"),
    ] {
        let heard = read_file(forge, file).unwrap();
        let kept = serde_json::to_string(&heard).unwrap();
        assert_eq!(serde_json::from_str::<Heard>(&kept).unwrap(), heard, "{file}: {kept}");
    }
}

/// A24: a host stands for all that is on it, a group for what is in it, and neither for what only begins like it.
#[test]
fn a24_what_a_hook_covers() {
    let of = |text: &str| Covers::parse(text).unwrap();
    let repository = same_repository("git@git.example.org:SQS/motor.git");
    for covers in
        ["git.example.org", "GIT.example.org/", "git.example.org/SQS", "https://git.example.org/SQS/motor.git"]
    {
        assert!(of(covers).includes(&repository), "{covers}");
    }
    for covers in
        ["git.example.or", "example.org", "git.example.org/S", "git.example.org/sqs", "git.example.org/SQS/mot", "/"]
    {
        assert!(!of(covers).includes(&repository), "{covers}");
    }
    assert!(of("/").includes("/srv/git/motor"));
    assert_eq!(
        (of("/").to_string(), of("git.example.org/").to_string()),
        ("/".to_owned(), "git.example.org".to_owned())
    );
}
