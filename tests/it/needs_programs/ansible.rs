//! The Ansible role, run for real by ansible-playbook against this machine (G1, G9, A10, A11).

use super::losing::Losing;
use crate::{
    app::{FULL, REDUCED, TestApp},
    permits::ANY,
    reserved::Reserved,
};
use chrono::Utc;
use custody::{
    domain::{deployment::DeploymentState, lifecycle::Command},
    ports::signing::{KeySet, PublicKey, SigningKey},
    service::{deployments, permits},
};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Where a run happens: the inventory, the facility's own tasks, and what they deploy.
pub struct Site {
    folder: tempfile::TempDir,
    vars: Value,
}

impl Site {
    /// For this device, tag and server.
    pub fn new(url: &str, token: &str, [device, tag, server]: [&str; 3]) -> Site {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("static/tools");
        std::fs::write(path("inventory"), format!("one ansible_connection=local custody_server={server}\n")).unwrap();
        let settings = format!(
            "[defaults]\nroles_path = {}\nretry_files_enabled = false\nlocal_tmp = {}\nremote_tmp = {}\n",
            tools.display(),
            path("local").display(),
            path("remote").display()
        );
        std::fs::write(path("ansible.cfg"), settings).unwrap();
        let tasks = format!(
            "- name: Put it there\n  ansible.builtin.copy: {{ content: \"{{{{ custody_tag }}}}\", dest: {} }}\n\
             - name: Check out by it\n  ansible.builtin.copy: {{ content: \"{{{{ custody_commit }}}}\", dest: {} }}\n\
             - name: See that it works\n  ansible.builtin.command: /bin/false\n  when: breaks | default(false) | bool\n",
            path("deployed").display(),
            path("commit").display()
        );
        std::fs::write(path("tasks.yml"), tasks).unwrap();
        let vars = json!({
            "custody_url": url, "custody_token": token, "custody_device": device, "custody_tag": tag,
            "custody_deploy_tasks": path("tasks.yml"), "custody_retries": 1, "custody_delay": 1,
            "custody_program": env!("CARGO_BIN_EXE_custody"), "custody_keys": path("jwks.json"),
            "custody_spent": path("spent"), "custody_link": "https://ci.example.org/runs/1",
        });
        Site { folder, vars }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What is deployed here; it is taken away, for the next run.
    pub fn deployed(&self) -> Option<String> {
        let file = self.path("deployed");
        let text = std::fs::read_to_string(&file).ok();
        let _ = std::fs::remove_file(file);
        text
    }

    /// Runs the example's playbook; whether it succeeded, and what it said.
    pub async fn plays(&self, change: Value, more: &[&str]) -> (bool, String) {
        let mut vars = self.vars.clone();
        change.as_object().unwrap().iter().for_each(|(k, v)| vars[k] = v.clone());
        std::fs::write(self.path("vars.json"), vars.to_string()).unwrap();
        let done = tokio::process::Command::new("ansible-playbook")
            .args(["-i", "inventory", "-e", "@vars.json"])
            .args(more)
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("static/tools/deploy.yml"))
            .current_dir(self.folder.path())
            .env_clear()
            .envs([("HOME", self.folder.path().as_os_str()), ("PATH", "/usr/local/bin:/usr/bin:/bin".as_ref())])
            .envs([("LC_ALL", "C.UTF-8"), ("ANSIBLE_NOCOLOR", "1"), ("ANSIBLE_CONFIG", "ansible.cfg")])
            .stdin(std::process::Stdio::null())
            .kill_on_drop(true)
            .output()
            .await
            .expect("ansible-playbook is not installed: apt-get install ansible-core");
        let said = [done.stdout, done.stderr].concat();
        (done.status.success(), String::from_utf8(said).unwrap())
    }
}

/// What came of what was asked for with a permit since it was taken over, newest first.
async fn states(test: &TestApp) -> Vec<DeploymentState> {
    let page = deployments::list(&test.app, &Default::default()).await.unwrap();
    let mut all: Vec<_> = page.deployments.iter().filter(|d| d.permit.is_some()).map(|d| d.state).collect();
    assert_eq!(all.pop(), Some(DeploymentState::Succeeded), "the one before CTRL took it (T8)");
    all
}

/// The target's clock is the machine's, and a permit lives five minutes.
fn is_now(test: &TestApp) {
    test.advance(Utc::now() - test.app.clock.now());
}

async fn site(test: &TestApp) -> Site {
    test.ctrl_owned("magnet").await;
    is_now(test);
    // As at the start of Custody: there are keys before the first permit.
    permits::keep(&test.app).await.unwrap();
    let token = test.deploy_token("lena", ANY).await;
    Site::new(&test.url, &token, ["magnet", "1.0.0", FULL])
}

/// G9: a verified tag is deployed by permit, verified by the target itself, and its success reported; in check mode nothing
/// is; what fails is reported too. Neither token nor permit is printed.
#[tokio::test]
async fn g9_the_role_deploys_by_permit() {
    let test = TestApp::new().await;
    let site = site(&test).await;
    let (done, said) = site.plays(json!({}), &["--check"]).await;
    assert!(done, "{said}");
    assert_eq!(site.deployed(), None);
    assert_eq!(states(&test).await, []);

    let keys = reqwest::get(format!("{}/.well-known/jwks.json", test.url)).await.unwrap().text().await.unwrap();
    std::fs::write(site.path("jwks.json"), keys).unwrap();
    is_now(&test);
    let (done, said) = site.plays(json!({ "custody_verify_on_target": true }), &["-vvv"]).await;
    assert!(done, "{said}");
    assert_eq!(site.deployed().as_deref(), Some("1.0.0"));
    let commit = std::fs::read_to_string(site.path("commit")).unwrap();
    assert_eq!(commit, test.commit_of("1.0.0").as_str(), "A20: what is checked out is what was permitted");
    assert_eq!(states(&test).await, [DeploymentState::Succeeded]);
    let token = site.vars["custody_token"].as_str().unwrap();
    assert!(!said.contains(token) && !said.contains("eyJ"), "a secret is printed: {said}");
    assert!(site.path("spent").is_dir(), "the target remembers the permit");

    let (done, said) = site.plays(json!({ "breaks": true }), &[]).await;
    assert!(!done && said.contains("Custody knows"), "{said}");
    assert_eq!(states(&test).await, [DeploymentState::Failed, DeploymentState::Succeeded]);
}

/// G1, G2, G3, A3, A10, A11: what is dirty, unreviewed, for the wrong server or moved is refused with the reason; so it is
/// where Custody is away, and where the permit is not signed by the Custody that the target knows. Nothing is deployed.
#[tokio::test]
async fn g1_the_role_refuses_what_is_not_permitted() {
    let test = TestApp::new().await;
    let site = site(&test).await;
    test.repository.git(&["commit", "-q", "--allow-empty", "-m", "more"]);
    test.repository.git(&["tag", "-a", "-m", "more", "1.1.0"]);
    let verify = Command::VerifyTag { tag: crate::given::tag("1.1.0") };
    test.does("lena", "magnet", verify).await.unwrap();
    let nobody = Reserved::new();
    for (change, reason) in [
        (json!({ "custody_tag": "1.0.0-dirty" }), "A dirty build is no release"),
        (json!({ "custody_tag": "1.1.0" }), "OPEN G3"),
        (json!({ "custody_server": REDUCED }), "OPEN G1"),
        (json!({ "custody_server": "cppServer/ctrl_scs_99" }), "cppServer/ctrl_scs_99"),
        (json!({ "custody_device": "nothing" }), "device that is on record"),
        (json!({ "custody_token": "custody_of_somebody_else" }), "token that is alive"),
        (json!({ "custody_url": format!("http://{}", nobody.at) }), "cannot be reached"),
        (json!({ "custody_token": "" }), "Set custody_url"),
        (json!({ "custody_url": "http://custody.example.org" }), "with https"),
    ] {
        let (done, said) = site.plays(change.clone(), &[]).await;
        assert!(!done && said.contains(reason), "{change}: {said}");
        assert_eq!(site.deployed(), None, "{change}");
    }
    // Whatever else answers at this address permits nothing.
    let stranger = crate::chat_server::ChatServer::start().await;
    for (status, body) in [(200, "<title>Sign in</title>"), (200, r#"{"allowed": true}"#), (201, "{}")] {
        stranger.answers(status, Some(("content-type", "application/json")), body);
        let (done, said) = site.plays(json!({ "custody_url": stranger.url }), &[]).await;
        assert!(!done && said.contains("Custody refuses"), "{body}: {said}");
        assert_eq!(site.deployed(), None, "{body}");
    }
    let (done, said) = site.plays(json!({ "custody_tag": "1.1.0" }), &["--check"]).await;
    assert!(!done && said.contains("OPEN G3"), "a rehearsal says it too: {said}");
    assert_eq!(states(&test).await, []);

    // The keys of another Custody: to this target the permit is a stranger's.
    let other = SigningKey::generate().unwrap();
    let keys = KeySet { keys: vec![PublicKey::new(&other.kid, &other.x)] };
    std::fs::write(site.path("jwks.json"), serde_json::to_string(&keys).unwrap()).unwrap();
    is_now(&test);
    let (done, said) = site.plays(json!({ "custody_verify_on_target": true }), &[]).await;
    assert!(!done && said.contains("This permit is refused"), "{said}");
    assert_eq!((site.deployed(), states(&test).await), (None, vec![DeploymentState::Failed]));

    test.repository.git(&["tag", "-f", "-a", "-m", "moved", "1.0.0", "main"]);
    let (done, said) = site.plays(json!({}), &[]).await;
    assert!(!done && said.contains("OPEN Tag"), "{said}");
    assert_eq!((site.deployed(), states(&test).await), (None, vec![DeploymentState::Failed]));
}

/// F3: where the answers to its reports are lost, the role sends each again under its name, and it counts once.
#[tokio::test]
async fn f3_the_role_sends_a_report_again() {
    let test = TestApp::new().await;
    let mut site = site(&test).await;
    let between = Losing::before(&test.url).await;
    site.vars["custody_url"] = json!(between.url);
    site.vars["custody_retries"] = json!(2);
    let (done, said) = site.plays(json!({}), &[]).await;
    assert!(done, "{said}");
    assert_eq!((site.deployed().as_deref(), between.came()), (Some("1.0.0"), (4, 2)), "started, succeeded");
    let (done, said) = site.plays(json!({ "breaks": true }), &[]).await;
    assert!(!done && said.contains("Custody knows"), "{said}");
    assert_eq!(between.came(), (8, 4), "started, failed");
    assert_eq!(states(&test).await, [DeploymentState::Failed, DeploymentState::Succeeded]);
    let page = deployments::list(&test.app, &Default::default()).await.unwrap();
    assert!(page.deployments[..2].iter().all(|d| d.reports.len() == 2), "each is on record once");
}
