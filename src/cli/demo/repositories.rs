//! Real git repositories for the sample devices, each written by one `git fast-import`.

use super::people::{self, Part};
use crate::domain::tag::CommitId;
use chrono::{DateTime, Duration, Utc};
use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs, io,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// How a version is marked in the repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    Annotated,
    Light,
    /// Not tagged yet.
    Nothing,
}

/// A version in the history: two or three commits lead to it.
#[derive(Clone, Debug)]
pub struct Version {
    pub tag: &'static str,
    pub at: DateTime<Utc>,
    pub mark: Mark,
}

/// What a repository is to hold.
#[derive(Clone, Debug)]
pub struct History {
    pub device: &'static str,
    /// Who writes it, by login, in turn.
    pub authors: Vec<&'static str>,
    pub versions: Vec<Version>,
    /// Commits after the last version.
    pub ahead: u32,
}

/// The repositories as made, and the commits in them.
#[derive(Clone, Debug)]
pub struct Repositories {
    root: PathBuf,
    commits: BTreeMap<(&'static str, &'static str), CommitId>,
}

/// The trunk's newest commit, where a version's name is asked for.
pub const HEAD: &str = "HEAD";

const SUBJECTS: [&str; 8] = [
    "Read limits from the configuration",
    "Keep the last good value through a short gap",
    "Go to ERROR when the source is gone",
    "Limit the rate of property updates",
    "Test the edges of the range",
    "Describe the schema for operators",
    "Reconnect after the broker was restarted",
    "Show the age of the newest value",
];

/// The version of the framework that a device's file names (G6).
fn karabo(device: &str) -> &'static str {
    match device {
        "mirrorBenderLut" | "beamConditionCheck" => "2.20.4",
        "slitGapCalc" => "2.19.3",
        _ => "3.0.4",
    }
}

impl Repositories {
    /// Makes all of them, several at once.
    pub fn make(root: &Path, histories: &[History]) -> io::Result<Self> {
        fs::create_dir_all(root)?;
        let part = histories.len().div_ceil(4).max(1);
        let made: Vec<io::Result<Vec<_>>> = std::thread::scope(|scope| {
            let work: Vec<_> = histories
                .chunks(part)
                .map(|some| scope.spawn(|| some.iter().map(|h| make(root, h)).collect()))
                .collect();
            work.into_iter().map(|w| w.join().unwrap_or_else(|_| Err(io::Error::other("a thread ended")))).collect()
        });
        let mut commits = BTreeMap::new();
        for some in made {
            commits.extend(some?.into_iter().flatten());
        }
        Ok(Self { root: root.to_owned(), commits })
    }

    /// The address that a request names.
    pub fn address(&self, device: &str) -> String {
        format!("file://{}", folder(&self.root, device).display())
    }

    pub fn commit(&self, device: &'static str, version: &'static str) -> CommitId {
        self.commits.get(&(device, version)).cloned().unwrap_or_else(|| panic!("{device} has no {version}"))
    }

    /// Moves a light tag: what somebody does who "just fixes" a release.
    pub fn move_tag(&self, device: &str, tag: &str, to: &CommitId) -> io::Result<()> {
        let at = folder(&self.root, device);
        run(git(&at).args(["update-ref", &format!("refs/tags/{tag}"), to.as_str()]), None)
    }
}

fn folder(root: &Path, device: &str) -> PathBuf {
    root.join(format!("{device}.git"))
}

type Named = ((&'static str, &'static str), CommitId);

fn make(root: &Path, history: &History) -> io::Result<Vec<Named>> {
    let at = folder(root, history.device);
    fs::create_dir_all(&at)?;
    run(git(&at).args(["init", "--quiet", "--bare", "--template=", "--initial-branch=main", "."]), None)?;
    let (stream, marks) = stream(history);
    let list = at.join("marks");
    run(git(&at).args(["fast-import", "--quiet", "--export-marks=marks"]), Some(&stream))?;
    let text = fs::read_to_string(&list)?;
    fs::remove_file(list)?;
    let ids: BTreeMap<&str, &str> = text.lines().filter_map(|line| line.split_once(' ')).collect();
    marks
        .into_iter()
        .map(|(version, mark)| {
            let id = ids.get(format!(":{mark}").as_str()).and_then(|id| CommitId::parse(id).ok());
            Ok(((history.device, version), id.ok_or_else(|| io::Error::other("git named no commit"))?))
        })
        .collect()
}

/// The commits as `git fast-import` reads them, and the mark of each version.
fn stream(history: &History) -> (String, Vec<(&'static str, u32)>) {
    let (mut out, mut marks, mut tags) = (String::new(), Vec::new(), String::new());
    let mut mark = 0;
    let author = |n: u32| people::find(history.authors[n as usize % history.authors.len()]);
    let seed = history.device.len() as u32;
    let mut commit = |mark: &mut u32, at: DateTime<Utc>, subject: &str, version: &str| {
        *mark += 1;
        let by = person(author(*mark - 1), at);
        let _ = write!(out, "commit refs/heads/main\nmark :{mark}\nauthor {by}\ncommitter {by}\n{}", data(subject));
        for (file, text) in [
            ("README.md", format!("# {}\n\nVersion {version}.\n", history.device)),
            ("src/device.txt", format!("step {mark}: {subject}\n")),
            ("requirements.txt", format!("karabo=={}\nnumpy\n", karabo(history.device))),
        ] {
            let _ = write!(out, "M 100644 inline {file}\n{}", data(&text));
        }
    };
    let mut last = Utc::now();
    for version in &history.versions {
        for step in [2, 1] {
            let subject = SUBJECTS[((seed + mark * 3) % SUBJECTS.len() as u32) as usize];
            commit(&mut mark, version.at - Duration::hours(26 * step), subject, version.tag);
        }
        commit(&mut mark, version.at - Duration::hours(1), &format!("Release {}", version.tag), version.tag);
        marks.push((version.tag, mark));
        let tagged = match version.mark {
            Mark::Annotated => {
                let by = person(author(mark - 1), version.at);
                format!("tag {}\nfrom :{mark}\ntagger {by}\n{}", version.tag, data(&format!("Release {}", version.tag)))
            }
            Mark::Light => format!("reset refs/tags/{}\nfrom :{mark}\n\n", version.tag),
            Mark::Nothing => String::new(),
        };
        tags.push_str(&tagged);
        last = version.at;
    }
    for n in 0..history.ahead {
        let subject = SUBJECTS[((seed + n) % SUBJECTS.len() as u32) as usize];
        commit(&mut mark, last + Duration::hours(2 + i64::from(n)), subject, "to come");
    }
    marks.push((HEAD, mark));
    out.push_str(&tags);
    (out, marks)
}

fn person(p: &Part, at: DateTime<Utc>) -> String {
    format!("{} <{}> {} +0000", p.name, p.email(), at.timestamp())
}

fn data(text: &str) -> String {
    format!("data {}\n{text}\n", text.len())
}

/// Git in the repository, untouched by the settings of whoever starts the demo.
fn git(at: &Path) -> Command {
    let mut git = Command::new("git");
    git.current_dir(at).envs([("GIT_CONFIG_GLOBAL", "/dev/null"), ("GIT_CONFIG_NOSYSTEM", "1")]);
    for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY"] {
        git.env_remove(name);
    }
    git
}

fn run(git: &mut Command, input: Option<&str>) -> io::Result<()> {
    let stdin = if input.is_some() { Stdio::piped() } else { Stdio::null() };
    let mut child = git.stdin(stdin).stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
    if let (Some(text), Some(mut to)) = (input, child.stdin.take()) {
        io::Write::write_all(&mut to, text.as_bytes())?;
    }
    let done = child.wait_with_output()?;
    match done.status.success() {
        true => Ok(()),
        false => Err(io::Error::other(format!("git: {}", String::from_utf8_lossy(&done.stderr).trim()))),
    }
}
