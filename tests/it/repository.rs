//! Real repositories for tests, each commit with a fixed author and date, so that names of objects are always the same.

use std::cell::{Cell, RefCell};
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// A repository of its own at `device.git` in a directory of its own, gone at the end of the test.
pub struct Repository {
    root: TempDir,
    seconds: Cell<i64>,
    author: String,
    email: String,
    served: RefCell<Option<String>>,
}

impl Repository {
    /// An empty repository whose trunk is `main`.
    pub fn new() -> Repository {
        let root = tempfile::tempdir().unwrap();
        let new = Repository {
            root,
            seconds: Cell::new(1_750_000_000),
            author: "Ada".into(),
            email: "ada@example.org".into(),
            served: RefCell::new(None),
        };
        let (folder, work) = (new.folder(), new.work());
        git(
            &["init", "-q", "-b", "main", "--separate-git-dir", folder.to_str().unwrap(), work.to_str().unwrap()],
            new.root(),
            0,
            "",
            "",
        );
        new.git(&["config", "uploadpack.allowFilter", "true"]);
        new
    }

    /// Whose name the next commits and tags carry.
    pub fn by(self, author: &str, email: &str) -> Repository {
        Repository { author: author.to_owned(), email: email.to_owned(), ..self }
    }

    /// A commit with this message; it changes `device.txt`.
    pub fn commit(self, message: &str) -> Repository {
        let file = self.work().join("device.txt");
        let before = std::fs::read_to_string(&file).unwrap_or_default();
        std::fs::write(&file, format!("{before}{message}\n")).unwrap();
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--no-verify", "-m", message]);
        self
    }

    /// An annotated tag on the newest commit.
    pub fn tag(self, name: &str) -> Repository {
        self.git(&["tag", "-a", "-m", name, name]);
        self
    }

    /// A light tag on what `revision` names.
    pub fn light_tag(self, name: &str, revision: &str) -> Repository {
        self.git(&["tag", name, revision]);
        self
    }

    /// Changes to a branch, which is made if there is none of the name.
    pub fn branch(self, name: &str) -> Repository {
        let known = self.git(&["for-each-ref", "--format=x", &format!("refs/heads/{name}")]);
        if known.is_empty() {
            self.git(&["checkout", "-q", "-b", name])
        } else {
            self.git(&["checkout", "-q", name])
        };
        self
    }

    /// Runs git in the repository and gives what it prints.
    pub fn git(&self, arguments: &[&str]) -> String {
        self.seconds.set(self.seconds.get() + 60);
        git(arguments, &self.work(), self.seconds.get(), &self.author, &self.email)
    }

    /// What comes next is of this time, in seconds since 1970.
    pub fn goes_on_at(&self, seconds: i64) {
        self.seconds.set(seconds);
    }

    /// The same with this on its standard input.
    pub fn feed(&self, arguments: &[&str], input: &str) {
        let file = self.root().join("input");
        std::fs::write(&file, input).unwrap();
        let read = std::fs::File::open(&file).unwrap();
        let done = Command::new("git").args(arguments).current_dir(self.work()).stdin(read).status().unwrap();
        assert!(done.success(), "git {arguments:?}");
    }

    /// The full name of an object.
    pub fn id(&self, revision: &str) -> String {
        self.git(&["rev-parse", "--verify", revision])
    }

    /// The directory that holds the repository.
    pub fn root(&self) -> &Path {
        self.root.path()
    }

    /// The repository itself, as a server has it.
    pub fn folder(&self) -> PathBuf {
        self.root().join("device.git")
    }

    /// Its address on this machine.
    pub fn file_address(&self) -> String {
        format!("file://{}", self.folder().display())
    }

    /// A server has it from now on: requests name this address.
    pub fn is_served_at(&self, address: String) {
        *self.served.borrow_mut() = Some(address);
    }

    /// Its address where a server has it, otherwise the one on this machine.
    pub fn address(&self) -> String {
        self.served.borrow().clone().unwrap_or_else(|| self.file_address())
    }

    fn work(&self) -> PathBuf {
        self.root().join("work")
    }
}

fn git(arguments: &[&str], directory: &Path, seconds: i64, author: &str, email: &str) -> String {
    let date = format!("{seconds} +0000");
    let output = Command::new("git")
        .args(arguments)
        .current_dir(directory)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("HOME", directory)
        .envs([("GIT_CONFIG_GLOBAL", "/dev/null"), ("GIT_CONFIG_NOSYSTEM", "1"), ("LC_ALL", "C"), ("TZ", "UTC")])
        .envs([("GIT_AUTHOR_NAME", author), ("GIT_AUTHOR_EMAIL", email), ("GIT_AUTHOR_DATE", &date)])
        .envs([("GIT_COMMITTER_NAME", author), ("GIT_COMMITTER_EMAIL", email), ("GIT_COMMITTER_DATE", &date)])
        .output()
        .expect("git is installed");
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}
