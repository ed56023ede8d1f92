//! The jobs for GitLab CI: their scripts, run by a real shell with the real program (G3, G9).

use super::losing::Losing;
use crate::{
    app::{FULL, REDUCED, TestApp},
    permits::ANY,
};
use custody::{
    domain::{deployment::DeploymentState, stage::Stage},
    service::deployments,
};
use serde_json::Value;
use std::{
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Stdio,
};
use tokio::process::Command;

/// A pipeline's working copy, with the variables of its project.
pub struct Pipeline {
    folder: tempfile::TempDir,
    jobs: Value,
    variables: Vec<(&'static str, String)>,
}

impl Pipeline {
    async fn new(test: &TestApp) -> Pipeline {
        Self::with(vec![
            ("CUSTODY_URL", test.url.clone()),
            ("CUSTODY_DEVICE", "magnet".to_owned()),
            ("CUSTODY_STAGE_TOKEN", test.evidence_token("magnet").await),
            ("CUSTODY_DEPLOY_TOKEN", test.deploy_token("lena", ANY).await),
            ("CUSTODY_SERVER", FULL.to_owned()),
            ("CI_COMMIT_SHA", test.repository.id("1.1.0^{commit}")),
            ("CI_COMMIT_TAG", "1.1.0".to_owned()),
        ])
        .await
    }

    /// With these variables, and those that every project has.
    pub async fn with(mut variables: Vec<(&'static str, String)>) -> Pipeline {
        let folder = tempfile::tempdir().unwrap();
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("static/tools/gitlab-ci.yml");
        let read = "import json, sys, yaml; json.dump(yaml.safe_load(open(sys.argv[1])), sys.stdout)";
        let output = Command::new("/usr/bin/python3").args(["-c", read]).arg(file).output().await.unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "apt-get install python3-yaml: {said}");
        let script = folder.path().join("deploy.sh");
        std::fs::write(&script, "#!/bin/sh\nset -e\ntest -s \"$CUSTODY_PERMIT_FILE\"\necho \"$CI_COMMIT_TAG\" >deployed\ntest -z \"${BREAKS:-}\"\n").unwrap();
        std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
        variables.extend([
            ("CUSTODY_DEPLOY", "./deploy.sh".to_owned()),
            ("CI_PROJECT_ID", "7".to_owned()),
            ("CI_JOB_NAME", "job \"one\"".to_owned()),
            ("CI_JOB_URL", "https://git.example.org/-/jobs/1".to_owned()),
        ]);
        Pipeline { folder, jobs: serde_json::from_slice(&output.stdout).unwrap(), variables }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs one part of a job as a runner does; its exit code, and its log.
    async fn runs(&self, job: &str, part: &str, more: &[(&str, &str)]) -> (i32, String) {
        let lines = self.jobs[job][part].as_array().unwrap_or_else(|| panic!("{job} has no {part}"));
        let script: Vec<&str> = lines.iter().map(|l| l.as_str().unwrap()).collect();
        let program = Path::new(env!("CARGO_BIN_EXE_custody")).parent().unwrap();
        let done = Command::new("sh")
            .args(["-c", &script.join("\n")])
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", format!("{}:/usr/bin:/bin", program.display()))
            .envs(self.variables.iter().map(|(k, v)| (k, v)))
            .envs(more.iter().copied())
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output()
            .await
            .unwrap();
        let log = [done.stdout, done.stderr].concat();
        (done.status.code().unwrap(), String::from_utf8(log).unwrap())
    }

    /// The whole of a job that deploys: its script, and what comes after it whatever happened.
    pub async fn deploys(&self, id: &str, more: &[(&str, &str)]) -> (i32, String) {
        let mut all = vec![("CI_JOB_ID", id)];
        all.extend_from_slice(more);
        let (code, log) = self.runs(".custody-deploy", "script", &all).await;
        all.push(("CI_JOB_STATUS", if code == 0 { "success" } else { "failed" }));
        let (_, after) = self.runs(".custody-deploy", "after_script", &all).await;
        assert!(!self.path(".custody").exists(), "no permit stays: {after}");
        (code, log + &after)
    }
}

/// What came of what was asked for with a permit since it was taken over, newest first.
async fn states(test: &TestApp) -> Vec<DeploymentState> {
    let page = deployments::list(&test.app, &Default::default()).await.unwrap();
    let mut all: Vec<_> = page.deployments.iter().filter(|d| d.permit.is_some()).map(|d| d.state).collect();
    assert_eq!(all.pop(), Some(DeploymentState::Succeeded), "the one before CTRL took it (T8)");
    all
}

/// G3, G9, F3: a pipeline reports what it built and tested, is refused with every gate in its log, deploys once it is
/// permitted, and says how that ended.
#[tokio::test]
async fn g9_a_gitlab_pipeline_from_build_to_deployment() {
    let test = TestApp::new().await;
    test.ctrl_owned("magnet").await;
    test.repository.git(&["commit", "-q", "--allow-empty", "-m", "more"]);
    test.repository.git(&["tag", "-a", "-m", "more", "1.1.0"]);
    let pipeline = Pipeline::new(&test).await;
    let stage = async |id: &str, stage: &str, status: &str| {
        let more = [("CI_JOB_ID", id), ("CUSTODY_STAGE", stage), ("CI_JOB_STATUS", status)];
        pipeline.runs(".custody-stage", "after_script", &more).await
    };
    for (id, name, status) in
        [("1", "built", "success"), ("1", "built", "success"), ("2", "tested", "failed"), ("3", "tested", "canceled")]
    {
        let (code, log) = stage(id, name, status).await;
        assert_eq!(code, 0, "{log}");
    }
    let (code, log) = pipeline.deploys("10", &[]).await;
    assert_eq!(code, 1, "{log}");
    assert!(log.starts_with("REFUSED") && log.contains("OPEN  G3") && log.contains("met   Tag"), "{log}");
    assert_eq!(stage("4", "tested", "success").await.0, 0);
    let (status, answer) = test.release_as_program("magnet", "1.1.0").await;
    let counts: Vec<usize> =
        answer["stages"].as_array().unwrap().iter().map(|s| s["reports"].as_array().unwrap().len()).collect();
    assert_eq!((status, &counts[..3]), (200, &[1, 2, 0][..]), "{answer}");

    test.reports_stage("lena", "magnet", "1.1.0", Stage::Staging, true).await.unwrap();
    test.reports_stage("jonas", "magnet", "1.1.0", Stage::Deployable, true).await.unwrap();
    let old = test.repository.id("1.0.0^{commit}");
    for (more, code, says) in [
        (&[("CUSTODY_SERVER", REDUCED)][..], 1, "OPEN  G1"),
        // A20: an old pipeline, run again since the tag is another commit.
        (&[("CI_COMMIT_SHA", old.as_str())], 1, "check out the release's own commit"),
        (&[("CI_COMMIT_TAG", "1.1.0-dirty")], 2, "A dirty build is no release"),
        (&[("CUSTODY_URL", "http://127.0.0.1:1")], 3, "cannot be reached"),
    ] {
        let (exit, log) = pipeline.deploys("11", more).await;
        assert_eq!(exit, code, "{log}");
        assert!(log.contains(says), "{log}");
    }
    assert!(!pipeline.path("deployed").exists());
    assert_eq!(states(&test).await, []);

    let (code, log) = pipeline.deploys("12", &[("BREAKS", "yes")]).await;
    assert_ne!(code, 0, "{log}");
    assert_eq!(states(&test).await, [DeploymentState::Failed], "{log}");
    let (code, log) = pipeline.deploys("13", &[]).await;
    assert_eq!(code, 0, "{log}");
    assert!(log.contains("ALLOWED") && log.contains("The deployment is succeeded"), "{log}");
    assert!(!log.contains("eyJ") && !log.contains("custody_"), "no secret is in the log: {log}");
    assert_eq!(states(&test).await, [DeploymentState::Succeeded, DeploymentState::Failed]);
    assert_eq!(std::fs::read_to_string(pipeline.path("deployed")).unwrap(), "1.1.0\n");
}

/// F3: where the answers to its reports are lost, the job sends each again under its name, and it counts once.
#[tokio::test]
async fn f3_the_job_sends_a_report_again() {
    let test = TestApp::new().await;
    test.ctrl_owned("magnet").await;
    let between = Losing::before(&test.url).await;
    let pipeline = Pipeline::with(vec![
        ("CUSTODY_URL", between.url.clone()),
        ("CUSTODY_DEVICE", "magnet".to_owned()),
        ("CUSTODY_DEPLOY_TOKEN", test.deploy_token("lena", ANY).await),
        ("CUSTODY_SERVER", FULL.to_owned()),
        ("CI_COMMIT_SHA", test.repository.id("1.0.0^{commit}")),
        ("CI_COMMIT_TAG", "1.0.0".to_owned()),
    ])
    .await;
    let (code, log) = pipeline.deploys("1", &[]).await;
    assert_eq!(code, 0, "{log}");
    assert_eq!(between.came(), (4, 2), "started, succeeded: {log}");
    assert_eq!(states(&test).await, [DeploymentState::Succeeded], "{log}");
    let page = deployments::list(&test.app, &Default::default()).await.unwrap();
    assert_eq!(page.deployments[0].reports.len(), 2, "each is on record once");
}

impl TestApp {
    async fn release_as_program(&self, device: &str, name: &str) -> (u16, Value) {
        let answer = reqwest::get(format!("{}/api/v1/devices/{device}/releases/{name}", self.url)).await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }
}
