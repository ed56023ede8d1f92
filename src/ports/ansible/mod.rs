//! The engine of rollouts: the facility's own playbooks, run by its own ansible-playbook (R3).
//!
//! A run is one playbook against one target. It stands in a process group of its own, with one deadline, bounded output
//! and a directory that nobody else reads; no process and no file of it is left behind when it is cancelled, too late, or
//! its future is dropped. Nobody's word becomes one of a shell's, a template of Ansible's, or an option of its own.

mod given;
mod output;
mod process;
mod stream;
mod verdict;

pub use given::NotRun;
pub use output::Output;
pub use stream::{Counts, Seen, Stream};
pub use verdict::{End, Stopped, judge};

use std::{collections::BTreeMap, path::PathBuf, time::Duration};
use tokio::{sync::mpsc, task::spawn_blocking, time::timeout};
use tokio_util::sync::CancellationToken;

/// What a playbook says of a target, by `set_stats` under the name `custody` (R5).
pub type Facts = BTreeMap<String, String>;

/// How long the folder and the inventory are waited for.
const ANSWERS_WITHIN: Duration = Duration::from_secs(30);

/// How long what runs is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// From the first signal, which asks it to end, to the second; a quarter of it from there to the one that kills.
    pub grace: Duration,
    /// How often what it says of itself is read.
    pub every: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { grace: Duration::from_secs(20), every: Duration::from_millis(250) }
    }
}

/// The program ansible-playbook, with the facility's playbooks and inventory.
#[derive(Clone, Debug)]
pub struct Ansible {
    program: PathBuf,
    folder: PathBuf,
    inventory: PathBuf,
    limits: Limits,
}

/// One run.
#[derive(Clone, Debug)]
pub struct Request {
    /// The name of a file in the folder.
    pub playbook: String,
    /// A host or a group of the inventory, by its plain name.
    pub host: String,
    /// An object whose names begin with `custody_`: variables of the playbook. No secrets, and no templates.
    pub extra: serde_json::Value,
    /// How long it may take.
    pub within: Duration,
    pub cancel: CancellationToken,
}

/// What happens in a run, as it happens. Where nobody takes them from the channel some are lost; the numbers in each count
/// from the beginning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The playbook was read. What it takes in as it goes, such as handlers and `include_tasks`, is not counted.
    PlaybookStarted { tasks: u32 },
    /// A task began, the number-th of so many.
    TaskStarted { number: u32, of: u32, name: String },
    /// A task ended on a host.
    HostResult { host: String, task: String, kind: Kind },
    /// The run came to its end.
    Stats { hosts: BTreeMap<String, Counts>, facts: Facts },
    /// More of its output, without colours.
    Output(String),
}

/// How a task ended on a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    Ok,
    Changed,
    Failed {
        why: String,
        /// The playbook goes on.
        ignored: bool,
    },
    Skipped,
    Unreachable {
        why: String,
    },
    /// It did not end: it is tried again.
    Retry {
        attempt: u32,
    },
}

/// What a run came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Done {
        facts: Facts,
    },
    /// It did not do its work, on one host at least.
    Failed {
        why: String,
        rc: Option<i32>,
    },
    /// It did not come to its end: somebody has to look at the target.
    Unknown {
        why: String,
    },
}

/// A run that is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ran {
    pub outcome: Outcome,
    /// The exit code, where the program ended by itself.
    pub rc: Option<i32>,
    /// What it printed, its middle cut where it is long.
    pub output: String,
    pub tasks_done: u32,
    pub tasks_all: u32,
    /// Lines of its events that could not be read.
    pub unread: u64,
}

impl Ansible {
    /// The program by its full path or a name that stands in `PATH`; folder and inventory by their full paths.
    pub fn new(program: impl Into<PathBuf>, folder: impl Into<PathBuf>, inventory: impl Into<PathBuf>) -> Ansible {
        let (program, folder, inventory) = (program.into(), folder.into(), inventory.into());
        Ansible { program, folder, inventory, limits: Limits::default() }
    }

    pub fn with_limits(self, limits: Limits) -> Ansible {
        Ansible { limits, ..self }
    }

    /// Whether the facility named a folder with playbooks; else all is done by hand.
    pub fn is_set_up(&self) -> bool {
        !self.folder.as_os_str().is_empty()
    }

    /// Runs it to its end. What is said meanwhile goes into the channel, which is never waited for.
    pub async fn run(&self, request: &Request, events: &mpsc::Sender<Event>) -> Ran {
        let looked = tokio::select! {
            looked = self.looked_at(request) => looked,
            () = request.cancel.cancelled() => return Ran::cancelled(),
        };
        let extra = match looked {
            Ok(extra) => extra,
            Err(why) => return Ran::not_run(&why),
        };
        if request.cancel.is_cancelled() {
            return Ran::cancelled();
        }
        match process::run(self, request, &extra, events).await {
            Ok(ran) => ran,
            Err(error) => Ran::not_run(&NotRun::Local { detail: error.to_string() }),
        }
    }

    /// What is asked for, checked. Files of a machine that is away hang: that holds up nothing else.
    async fn looked_at(&self, request: &Request) -> Result<String, NotRun> {
        let (engine, request) = (self.clone(), request.clone());
        let looks = spawn_blocking(move || engine.check().and_then(|()| engine.checked(&request)));
        match timeout(ANSWERS_WITHIN, looks).await {
            Ok(Ok(checked)) => checked,
            Ok(Err(error)) => Err(NotRun::Local { detail: error.to_string() }),
            Err(_) => Err(NotRun::Away),
        }
    }
}

impl Ran {
    fn cancelled() -> Ran {
        Ran::with(Outcome::Unknown { why: "Cancelled before it began.".to_owned() })
    }

    fn not_run(why: &NotRun) -> Ran {
        Ran::with(Outcome::Failed { why: why.to_string(), rc: None })
    }

    fn with(outcome: Outcome) -> Ran {
        Ran { outcome, rc: None, output: String::new(), tasks_done: 0, tasks_all: 0, unread: 0 }
    }
}
