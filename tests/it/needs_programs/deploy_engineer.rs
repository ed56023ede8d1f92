//! The demo as a deploy engineer meets it: the role, the pipeline's job and the README's own commands, against the real
//! program (G1, G2, G9).

use super::{ansible::Site, gitlab::Pipeline};
use crate::served::Served;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// What the README names.
const DEVICE: &str = "attenuatorCalc";
const TAG: &str = "5.3.1";
const SERVER: &str = "cppServer/ctrl_spb_02";
/// Its development server.
const REDUCED: &str = "cppServer/contrib_spb_02";
/// Truly under review: verified, and approved by nobody.
const UNDER_REVIEW: [&str; 3] = ["scanPlotLive", "1.1.0", "pythonServer/ctrl_scs_02"];

struct Demo {
    custody: Served,
    data: tempfile::TempDir,
}

impl Demo {
    async fn start() -> Demo {
        let data = tempfile::tempdir().unwrap();
        let at = data.path().join("demo-data");
        let started = move || Served::start("demo", &at, "Custody's demo is at ");
        Demo { custody: tokio::task::spawn_blocking(started).await.unwrap(), data }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.data.path().join("demo-data").join(name)
    }

    fn token(&self) -> String {
        std::fs::read_to_string(self.path("deploy-token")).unwrap().trim().to_owned()
    }

    fn git(&self, device: &str, args: &[&str]) -> String {
        let done = std::process::Command::new("git")
            .arg("-C")
            .arg(self.path("repositories").join(format!("{device}.git")))
            .args(args)
            .output()
            .unwrap();
        assert!(done.status.success(), "{args:?}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap().trim().to_owned()
    }

    /// The tag names another commit while this runs, and the old one again afterwards.
    async fn while_moved(&self, runs: impl AsyncFnOnce()) {
        let before = self.git(DEVICE, &["rev-parse", &format!("refs/tags/{TAG}")]);
        self.git(DEVICE, &["tag", "-f", TAG, "main~1"]);
        runs().await;
        self.git(DEVICE, &["update-ref", &format!("refs/tags/{TAG}"), &before]);
    }

    /// The deployments of this device, newest first: state, tag, server.
    async fn deployments(&self, device: &str) -> Vec<(String, String, String)> {
        let of_it = format!("/api/v1/deployments?device={device}");
        let (mut all, mut path) = (Vec::new(), of_it.clone());
        let text = |v: &Value| v.as_str().unwrap().to_owned();
        loop {
            let page: Value = serde_json::from_str(&self.custody.get(&path).await).unwrap();
            let of = page["deployments"].as_array().unwrap().iter();
            all.extend(of.map(|d| (text(&d["state"]), text(&d["tag"]), text(&d["server"]))));
            let Some(next) = page["next"].as_str() else { return all };
            path = format!("{of_it}&after={next}");
        }
    }
}

/// G1, G2, G9, T8, A3: against the demo the role, the pipeline's job and the README's commands deploy what is allowed, and are
/// refused with the reason what is dirty, moved, still under review or for the wrong server; nothing of that is deployed.
#[tokio::test(flavor = "multi_thread")]
async fn g1_the_demo_as_a_deploy_engineer_meets_it() {
    let demo = Demo::start().await;
    let shown = demo.custody.get(&format!("/devices/{}", UNDER_REVIEW[0])).await;
    assert!(shown.contains("Under review"), "{shown}");
    let before = demo.deployments(DEVICE).await;
    assert!(!before.is_empty(), "by permit, as every device on a full server");
    ansible(&demo).await;
    gitlab(&demo).await;
    readme(&demo).await;
    let succeeded = ("succeeded".to_owned(), TAG.to_owned(), SERVER.to_owned());
    let after = [vec![succeeded; 3], before].concat();
    assert_eq!(demo.deployments(DEVICE).await, after, "each of the three, and nothing else");
    assert_eq!(demo.deployments(UNDER_REVIEW[0]).await.iter().filter(|d| d.2 == UNDER_REVIEW[2]).count(), 0);
}

async fn ansible(demo: &Demo) {
    let site = Site::new(&demo.custody.url, &demo.token(), [DEVICE, TAG, SERVER]);
    let keys = demo.custody.get("/.well-known/jwks.json").await;
    std::fs::write(site.path("jwks.json"), keys).unwrap();
    let (done, said) = site.plays(json!({ "custody_verify_on_target": true }), &[]).await;
    assert!(done, "{said}");
    assert_eq!(site.deployed().as_deref(), Some(TAG));
    let [device, tag, server] = UNDER_REVIEW;
    let refused = async |change: Value, reasons: [&str; 2]| {
        let (done, said) = site.plays(change.clone(), &[]).await;
        assert!(!done && reasons.iter().all(|r| said.contains(r)), "{change}: {said}");
        assert_eq!(site.deployed(), None, "{change}");
    };
    refused(json!({ "custody_tag": format!("{TAG}-dirty") }), ["Custody refuses", "A dirty build is no release"]).await;
    refused(json!({ "custody_server": REDUCED }), ["OPEN G1", REDUCED]).await;
    let review = json!({ "custody_device": device, "custody_tag": tag, "custody_server": server });
    refused(review, ["OPEN G1", "under review"]).await;
    demo.while_moved(async || refused(json!({}), ["OPEN Tag", "names another object"]).await).await;
}

async fn gitlab(demo: &Demo) {
    let pipeline = Pipeline::with(vec![
        ("CUSTODY_URL", demo.custody.url.clone()),
        ("CUSTODY_DEVICE", DEVICE.to_owned()),
        ("CUSTODY_DEPLOY_TOKEN", demo.token()),
        ("CUSTODY_SERVER", SERVER.to_owned()),
        ("CI_COMMIT_SHA", demo.git(DEVICE, &["rev-parse", &format!("{TAG}^{{commit}}")])),
        ("CI_COMMIT_TAG", TAG.to_owned()),
    ])
    .await;
    let [device, tag, server] = UNDER_REVIEW;
    let dirty = format!("{TAG}-dirty");
    let refused = async |id: &str, more: &[(&str, &str)], expected: i32, reasons: [&str; 2]| {
        let (code, log) = pipeline.deploys(id, more).await;
        assert!(code == expected && reasons.iter().all(|r| log.contains(r)), "{code} {more:?}: {log}");
        assert!(!pipeline.path("deployed").exists(), "{more:?}");
    };
    refused("1", &[("CI_COMMIT_TAG", &dirty)], 2, ["tag", "A dirty build is no release"]).await;
    refused("2", &[("CUSTODY_SERVER", REDUCED)], 1, ["OPEN  G1", REDUCED]).await;
    let review = [("CUSTODY_DEVICE", device), ("CI_COMMIT_TAG", tag), ("CUSTODY_SERVER", server)];
    refused("3", &review, 1, ["OPEN  G1", "under review"]).await;
    demo.while_moved(async || refused("4", &[], 1, ["OPEN  Tag", "names another object"]).await).await;
    let (code, log) = pipeline.deploys("5", &[]).await;
    assert_eq!(code, 0, "{log}");
    assert_eq!(std::fs::read_to_string(pipeline.path("deployed")).unwrap(), format!("{TAG}\n"));
}

/// The block of commands below this heading, and the lines behind it that are tried one by one.
fn commands(heading: &str) -> (String, Vec<String>) {
    let text = include_str!("../../../README.md");
    let (_, part) = text.split_once(&format!("## {heading}\n")).unwrap_or_else(|| panic!("no {heading}"));
    let (_, block) = part.split_once("```sh\n").unwrap();
    let (block, _) = block.split_once("```").unwrap();
    let (first, each) = block.split_once("\n\n").unwrap();
    (first.to_owned(), each.lines().map(str::to_owned).collect())
}

/// What the README says is so: each line ends as its comment has it.
async fn readme(demo: &Demo) {
    let (prelude, lines) = commands("Try it as a deploy engineer");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let programs = Path::new(env!("CARGO_BIN_EXE_custody")).parent().unwrap();
    let here = |text: &str| {
        text.replace("http://127.0.0.1:8080", &demo.custody.url)
            .replace("static/tools/", &format!("{}/static/tools/", root.display()))
    };
    assert_eq!(lines.len(), 7, "{lines:?}");
    for line in lines {
        let done = tokio::process::Command::new("sh")
            .args(["-c", &format!("{}\n{}\n", here(&prelude), here(&line))])
            .current_dir(demo.data.path())
            .env_clear()
            .envs([("HOME", demo.data.path().as_os_str()), ("LC_ALL", "C.UTF-8".as_ref())])
            .env("PATH", format!("{}:/usr/local/bin:/usr/bin:/bin", programs.display()))
            .env("ANSIBLE_NOCOLOR", "1")
            .stdin(std::process::Stdio::null())
            .kill_on_drop(true)
            .output()
            .await
            .unwrap();
        let said = String::from_utf8([done.stdout, done.stderr].concat()).unwrap();
        match line.split_once("# refused: ") {
            Some((_, reason)) => assert!(!done.status.success() && said.contains(reason), "{line}: {said}"),
            None => assert!(done.status.success(), "{line}: {said}"),
        }
        assert!(!said.contains(&demo.token()), "{line}: {said}");
    }
}
