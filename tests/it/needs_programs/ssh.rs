//! Repositories over ssh, from a real sshd on a loopback port (A16–A18, F9).

use crate::git_verify::{rules_for, tag};
use crate::processes::assert_none_left;
use crate::repository::Repository;
use crate::reserved::Reserved;
use crate::waiting::PATIENCE;
use custody::domain::repository::{RepositoryAddress, RepositoryRules};
use custody::ports::git::{Git, GitError, Limits, Resolver, SshIdentity};
use std::collections::BTreeMap;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// An sshd with keys of its own, that lets in whoever runs the tests.
struct Sshd {
    folder: TempDir,
    reserved: Reserved,
    process: Child,
}

impl Sshd {
    fn start() -> Sshd {
        let program = program();
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for key in ["host", "own", "stranger"] {
            run(Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(path(key)));
        }
        std::fs::copy(path("own.pub"), path("authorized")).unwrap();
        let reserved = Reserved::new();
        let settings = format!(
            "ListenAddress {at}\nHostKey {host}\nAuthorizedKeysFile {authorized}\nPidFile none\nStrictModes no\n\
             UsePAM no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin yes\nAcceptEnv GIT_PROTOCOL\n",
            at = reserved.at,
            host = path("host").display(),
            authorized = path("authorized").display(),
        );
        std::fs::write(path("settings"), settings).unwrap();
        if is_root() {
            // Where sshd, started by root, confines the part of it that speaks to strangers.
            std::fs::create_dir_all("/run/sshd").unwrap();
            std::fs::set_permissions("/run/sshd", std::fs::Permissions::from_mode(0o755)).unwrap();
        }
        let log = std::fs::File::create(path("log")).unwrap();
        let process = Command::new(program)
            .args(["-D", "-e", "-f"])
            .arg(path("settings"))
            .stdin(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let sshd = Sshd { folder, reserved, process };
        let start = Instant::now();
        while std::net::TcpStream::connect(sshd.reserved.at).is_err() {
            assert!(start.elapsed() < PATIENCE, "sshd does not listen: {}", sshd.log());
            std::thread::sleep(Duration::from_millis(20));
        }
        sshd
    }

    fn port(&self) -> u16 {
        self.reserved.at.port()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    /// Whom to believe: this host, under this name and port, has the key in this file.
    fn known_hosts(&self, host: &str, key: &str) -> PathBuf {
        let public = std::fs::read_to_string(self.path(&format!("{key}.pub"))).unwrap();
        let file = self.path(&format!("known {host} {key}"));
        std::fs::write(&file, format!("[{host}]:{} {public}", self.port())).unwrap();
        file
    }

    fn address(&self, host: &str, repository: &Path, rules: &RepositoryRules) -> RepositoryAddress {
        let user = String::from_utf8(Command::new("id").arg("-un").output().unwrap().stdout).unwrap();
        let entered = format!("ssh://{}@{host}:{}{}", user.trim(), self.port(), repository.display());
        RepositoryAddress::parse(&entered, rules).unwrap()
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

fn program() -> PathBuf {
    let path = std::env::var("PATH").unwrap_or_default();
    let places = path.split(':').chain(["/usr/sbin"]).map(|folder| Path::new(folder).join("sshd"));
    places
        .into_iter()
        .find(|program| program.exists())
        .expect("sshd is not installed: apt-get install openssh-server openssh-client")
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().unwrap().stdout == b"0\n"
}

fn run(command: &mut Command) {
    let status = command.status().expect("ssh-keygen is not installed: apt-get install openssh-client");
    assert!(status.success());
}

fn reader(rules: &RepositoryRules, key: PathBuf, known_hosts: PathBuf) -> Git {
    Git::new(rules.clone(), Limits::default())
        .with_ssh(SshIdentity { key_file: Some(key), known_hosts: Some(known_hosts) })
}

/// G2, A3, A18: every read works over ssh; the name stands for a pinned number, and the server is known by that name.
#[tokio::test]
async fn over_ssh() {
    let repository = Repository::new().commit("a").tag("1.0.0").commit("b");
    let sshd = Sshd::start();
    let mut rules = rules_for(&repository);
    rules.hosts.push("pinned.invalid".into());
    let pinned = Resolver::Fixed(BTreeMap::from([("pinned.invalid".to_owned(), vec!["127.0.0.1".parse().unwrap()])]));
    for host in ["127.0.0.1", "pinned.invalid"] {
        let address = sshd.address(host, &repository.folder(), &rules);
        let git = reader(&rules, sshd.path("own"), sshd.known_hosts(host, "host")).with_resolver(pinned.clone());
        let verified = git
            .verify_tag(&address, &tag("1.0.0"), "main", None)
            .await
            .unwrap_or_else(|error| panic!("{error}\n{}", sshd.log()));
        assert_eq!(verified.commit.as_str(), repository.id("main~1"));
        assert_eq!(git.look_at_tag(&address, &tag("1.0.0")).await.unwrap().unwrap().peeled, verified.commit);
        assert_eq!(git.reach(&address, "main").await.unwrap().as_str(), repository.id("main"));
    }
    assert_none_left(&repository.folder().display().to_string()).await;
}

/// A18: a server with another key than the known one, or with none known, is not spoken to.
#[tokio::test]
async fn an_impostor_is_not_believed() {
    let repository = Repository::new().commit("a");
    let sshd = Sshd::start();
    let rules = rules_for(&repository);
    let address = sshd.address("127.0.0.1", &repository.folder(), &rules);
    let impostor = (sshd.known_hosts("127.0.0.1", "stranger"), "HOST IDENTIFICATION HAS CHANGED");
    let unknown = (sshd.known_hosts("other.invalid", "host"), "host key is known");
    for (known_hosts, expected) in [impostor, unknown] {
        let error = reader(&rules, sshd.path("own"), known_hosts).reach(&address, "main").await.unwrap_err();
        assert!(matches!(&error, GitError::Unreachable { detail } if detail.contains(expected)), "{error}");
        assert!(!error.to_string().contains(sshd.folder.path().to_str().unwrap()), "{error}");
    }
    assert!(!sshd.log().contains("Accepted"), "{}", sshd.log());
}

/// E1, F9: without the right key nobody is asked anything, and it fails at once.
#[tokio::test]
async fn a_wrong_key() {
    let repository = Repository::new().commit("a");
    let sshd = Sshd::start();
    let rules = rules_for(&repository);
    let address = sshd.address("127.0.0.1", &repository.folder(), &rules);
    let start = Instant::now();
    let error = reader(&rules, sshd.path("stranger"), sshd.known_hosts("127.0.0.1", "host"))
        .reach(&address, "main")
        .await
        .unwrap_err();
    assert_eq!(error.code(), "git_unreachable");
    // Whoever would wait to be asked is ended after twenty seconds.
    assert!(start.elapsed() < Duration::from_secs(18));
}

/// F9: an ssh server that never greets costs the deadline, and ssh is gone afterwards.
#[tokio::test]
async fn a_server_that_never_greets() {
    let repository = Repository::new().commit("a");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let rules = rules_for(&repository);
    let folder = format!("/silent-{port}.git");
    let address = RepositoryAddress::parse(&format!("ssh://git@127.0.0.1:{port}{folder}"), &rules).unwrap();
    let git = Git::new(rules, Limits { deadline: Duration::from_millis(700), ..Limits::default() });
    assert!(matches!(git.reach(&address, "main").await, Err(GitError::TimedOut { .. })));
    assert_none_left(&folder).await;
}
