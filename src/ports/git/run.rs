//! Running git: alone in its process group, in an empty environment, with bounded output.

use super::complaint::{refusal, told};
use super::route::Route;
use super::ssh::{self, SshIdentity};
use super::{GitError, Limits};
use crate::domain::repository::Protocol;
use crate::ports::group::Group;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Stdio;
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Command;
use tracing::Instrument;

/// What a process may say on its error channel before it is taken for a flood, in bytes.
const MOST_COMPLAINTS: usize = 1 << 20;
/// How much of that is kept.
const KEPT_COMPLAINTS: usize = 16 << 10;

/// Settings that hold for every run, so that no repository and no server can change what git does.
const SETTINGS: [&str; 16] = [
    "http.followRedirects=false",
    "http.proxy=",
    "protocol.ext.allow=never",
    "transfer.fsckObjects=true",
    "transfer.bundleURI=false",
    "fetch.fsckObjects=true",
    "fetch.recurseSubmodules=false",
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.packedGitWindowSize=32m",
    "core.packedGitLimit=256m",
    "credential.helper=",
    "gc.auto=0",
    "maintenance.auto=false",
    "pack.threads=1",
    "log.showSignature=false",
];

/// One read of one repository: where it goes, what it may take, and a directory of its own.
pub(super) struct Session {
    pub route: Route,
    pub limits: Limits,
    directory: TempDir,
    ssh_command: Option<String>,
}

/// The file that says which folder git trusts, in the read's own directory.
const TRUSTED: &str = "git_settings";

/// What a run came to.
pub(super) struct Outcome {
    pub success: bool,
    pub code: Option<i32>,
    pub output: Vec<u8>,
    complaint: String,
    /// What the other side said of it, where it said something.
    pub refusal: String,
}

/// Bounds what git and the helpers that it starts may take of memory and disk, in KiB and in blocks of 512 bytes, and
/// becomes it: a hostile server fills both inside git. All that follows stands as arguments and is no word of the shell's.
/// Source: POSIX.1-2024, "ulimit".
///
/// Set by this process between fork and exec they would cost a copy of its memory, which all that is written afterwards
/// pays for page by page. A shell says [`NOT_THERE`] where there is no git.
const BOUNDED: &str = r#"ulimit -c 0 && ulimit -v "$0" && ulimit -f "$1" && shift && exec "$@""#;

/// Source: POSIX.1-2024, "Exit Status for Commands".
const NOT_THERE: i32 = 127;

impl Session {
    pub fn open(route: Route, limits: Limits, identity: &SshIdentity) -> Result<Session, GitError> {
        // What is fetched may be private, and other accounts of the machine read the folder for such directories.
        let private = Permissions::from_mode(0o700);
        let directory = tempfile::Builder::new().prefix("custody-git-").permissions(private).tempdir();
        let directory = directory.map_err(|error| local(&error))?;
        let ssh_command = match (&route.host, route.protocol) {
            (Some(host), Protocol::Ssh) => {
                std::fs::write(directory.path().join(ssh::SETTINGS), ssh::settings(identity, host)?)
                    .map_err(|error| local(&error))?;
                Some(ssh::command(directory.path())?)
            }
            _ => None,
        };
        if let Some(folder) = &route.folder {
            std::fs::write(directory.path().join(TRUSTED), trusting(folder)).map_err(|error| local(&error))?;
        }
        Ok(Session { route, limits, directory, ssh_command })
    }

    /// Runs git with these arguments, which must all be ours or checked. An exit other than 0 is left to the caller.
    pub async fn git(&self, arguments: &[&str]) -> Result<Outcome, GitError> {
        self.git_by(arguments, &[]).await
    }

    /// The same in somebody's name: the variables by which git knows who makes a commit, and when.
    pub async fn git_by(&self, arguments: &[&str], by: &[(&str, &str)]) -> Result<Outcome, GitError> {
        // Not the arguments: an address may hold a secret.
        let span = tracing::info_span!("git", what = arguments.first().copied());
        self.run(arguments, by).instrument(span).await
    }

    /// Puts a file into the read's own directory.
    pub fn write(&self, name: &str, text: &str) -> Result<(), GitError> {
        std::fs::write(self.directory.path().join(name), text).map_err(|error| local(&error))
    }

    async fn run(&self, arguments: &[&str], by: &[(&str, &str)]) -> Result<Outcome, GitError> {
        let mut child = self.command(arguments).envs(by.iter().copied()).spawn().map_err(|error| local(&error))?;
        let mut group = Group::of(&child);
        let (stdout, stderr) =
            (child.stdout.take().expect("stdout is piped"), child.stderr.take().expect("stderr is piped"));
        let (output, complaint) = tokio::try_join!(
            read_bounded(stdout, self.limits.output, self.limits.output),
            read_bounded(stderr, MOST_COMPLAINTS, KEPT_COMPLAINTS),
        )?;
        let status = child.wait().await.map_err(|error| local(&error))?;
        // Both channels are closed and git is gone.
        group.ended();
        let (complaint, refusal) = self.told(&complaint);
        Ok(Outcome { success: status.success(), code: status.code(), output, complaint, refusal })
    }

    /// Runs git on what was fetched already; it must succeed.
    pub async fn ask(&self, arguments: &[&str]) -> Result<String, GitError> {
        let outcome = self.git(arguments).await?;
        if !outcome.success {
            return Err(GitError::Program { detail: outcome.complaint });
        }
        Ok(outcome.text())
    }

    /// Runs git against the repository; failing means that it cannot be reached.
    pub async fn ask_remote(&self, arguments: &[&str]) -> Result<String, GitError> {
        let outcome = self.git(arguments).await?;
        if outcome.success { Ok(outcome.text()) } else { Err(outcome.unreachable()) }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let directory = self.directory.path();
        let mut command = Command::new("/bin/sh");
        command.args(["-c", BOUNDED]).arg((self.limits.memory >> 10).to_string());
        command.arg((self.limits.file >> 9).to_string()).arg("git");
        command.current_dir(directory).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_else(|| "/usr/bin:/bin".into()));
        command.envs([
            ("LC_ALL", "C"),
            ("TZ", "UTC"),
            ("GIT_CONFIG_GLOBAL", "/dev/null"),
            ("GIT_CONFIG_NOSYSTEM", "1"),
            ("GIT_ATTR_NOSYSTEM", "1"),
            ("GIT_TERMINAL_PROMPT", "0"),
            ("GIT_ASKPASS", "true"),
            ("SSH_ASKPASS_REQUIRE", "never"),
            ("GIT_NO_LAZY_FETCH", "1"),
            ("GIT_NO_REPLACE_OBJECTS", "1"),
            ("GIT_OPTIONAL_LOCKS", "0"),
            ("GIT_ALLOW_PROTOCOL", self.route.protocol.scheme()),
        ]);
        command.env("HOME", directory).env("GIT_CEILING_DIRECTORIES", directory.parent().unwrap_or(Path::new("/")));
        if self.route.folder.is_some() {
            command.env("GIT_CONFIG_GLOBAL", directory.join(TRUSTED));
        }
        if let Some(ssh) = &self.ssh_command {
            command.env("GIT_SSH_COMMAND", ssh).env("GIT_SSH_VARIANT", "ssh");
        }
        for setting in SETTINGS {
            command.args(["-c", setting]);
        }
        command.arg("-c").arg(format!("remote.origin.url={}", self.route.url));
        if let Some(host) = self.route.host.as_ref().filter(|host| !host.is_literal()) {
            command.arg("-c").arg(format!("http.curloptResolve={}", host.for_curl()));
        }
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.process_group(0).kill_on_drop(true);
        command
    }

    /// What git complains of, and what the other side does, each in one line without local paths.
    fn told(&self, complaint: &[u8]) -> (String, String) {
        let text =
            String::from_utf8_lossy(complaint).replace(self.directory.path().to_string_lossy().as_ref(), "[path]");
        (told(&text), refusal(&text))
    }
}

impl Outcome {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.output).into_owned()
    }

    /// What this failure says about a repository that was spoken to.
    pub fn unreachable(self) -> GitError {
        if self.code == Some(NOT_THERE) {
            return GitError::Program { detail: self.complaint };
        }
        let lower = self.complaint.to_ascii_lowercase();
        let starved = [
            "out of memory",
            "malloc failed",
            "unable to create thread",
            "file too large",
            "mmap failed",
            "died of signal 25",
        ];
        // Killed for the size of a file, by itself or through its helper.
        if self.code.is_none() || starved.iter().any(|sign| lower.contains(sign)) {
            return GitError::TooMuchOutput;
        }
        GitError::Unreachable { detail: self.complaint }
    }
}

/// Has git read a folder below the policy's roots that belongs to another account, as those of a git server beside Custody
/// do. Git takes that from a file: what stands on its command line does not reach the process that reads the folder.
/// Source: git-config, "safe.directory".
fn trusting(folder: &str) -> String {
    let folder = folder.replace('\\', r"\\").replace('"', "\\\"").replace('\n', r"\n");
    format!("[safe]\n\tdirectory = \"{folder}\"\n\tdirectory = \"{folder}/.git\"\n")
}

/// Reads to the end, keeps the first `kept` bytes and gives up beyond `most`.
async fn read_bounded(mut from: impl AsyncRead + Unpin, most: usize, kept: usize) -> Result<Vec<u8>, GitError> {
    let (mut all, mut seen, mut piece) = (Vec::new(), 0usize, vec![0u8; 16 << 10]);
    loop {
        let read = from.read(&mut piece).await.map_err(|error| local(&error))?;
        if read == 0 {
            return Ok(all);
        }
        seen += read;
        if seen > most {
            return Err(GitError::TooMuchOutput);
        }
        let room = kept.saturating_sub(all.len()).min(read);
        all.extend_from_slice(&piece[..room]);
    }
}

fn local(error: &std::io::Error) -> GitError {
    GitError::Program { detail: error.kind().to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is read of a repository lies where no other account of the machine looks.
    #[test]
    fn a_read_has_a_directory_of_its_own() {
        let folder = tempfile::tempdir().unwrap().path().display().to_string();
        let route =
            Route { protocol: Protocol::File, url: format!("file://{folder}"), host: None, folder: Some(folder) };
        let session = Session::open(route, Limits::default(), &SshIdentity::default()).unwrap();
        let mode = std::fs::metadata(session.directory.path()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
    }
}
