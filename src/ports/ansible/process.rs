//! Running ansible-playbook: alone in its process group, in an empty environment, with a directory of its own.

use super::{Ansible, End, Event, Outcome, Output, Ran, Request, Stopped, Stream, judge};
use crate::ports::group::Group;
use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions, Permissions},
    io::{self, PipeWriter, Read, Write},
    os::unix::{
        ffi::OsStrExt,
        fs::{OpenOptionsExt, PermissionsExt},
    },
    path::{Path, PathBuf},
    time::Duration,
};
use tempfile::TempDir;
use tokio::{
    io::AsyncReadExt,
    net::unix::pipe::Receiver,
    process::{Child, Command},
    sync::mpsc,
    time::{Instant, MissedTickBehavior, interval, sleep_until, timeout_at},
};
use tracing::Instrument;

/// Where programs are, if nobody says it.
pub(super) const PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// What of Custody's own environment is handed on: how to find programs, keys and the facility's settings.
const HANDED_ON: [&str; 5] = ["HOME", "PATH", "TMPDIR", "SSH_AUTH_SOCK", "ANSIBLE_CONFIG"];

/// What holds for every run, whatever the facility's settings say of it.
/// Source: docs.ansible.com, "Ansible Configuration Settings".
const SETTINGS: [(&str, &str); 8] = [
    ("LC_ALL", "C.UTF-8"),
    ("PYTHONUNBUFFERED", "1"),
    ("ANSIBLE_NOCOLOR", "1"),
    ("ANSIBLE_FORCE_COLOR", "0"),
    ("ANSIBLE_NOCOWS", "1"),
    ("ANSIBLE_RETRY_FILES_ENABLED", "0"),
    ("ANSIBLE_STDOUT_CALLBACK", "default"),
    ("ANSIBLE_CALLBACKS_ENABLED", "custody_stream"),
];

const CALLBACK: &str = include_str!("custody_stream.py");

/// By this, which all processes of a run inherit, they are found wherever they went.
const EVENTS: &str = "CUSTODY_EVENTS";

/// How the program is asked to end: politely, then less so.
const SIGNALS: [libc::c_int; 3] = [libc::SIGINT, libc::SIGTERM, libc::SIGKILL];

/// How long what was printed is waited for once the program is gone: connections that it leaves open hold the channel.
const DRAIN: Duration = Duration::from_secs(1);

/// How many bytes of events are read.
const MOST_EVENTS: u64 = 64 << 20;

/// The directory and the processes of one run, which are gone with this value.
struct Place {
    group: Group,
    child: Child,
    events: PathBuf,
    /// It came to its end by itself.
    whole: bool,
    directory: TempDir,
}

impl Drop for Place {
    fn drop(&mut self) {
        if !self.whole {
            self.group.signal(libc::SIGKILL);
            kill_the_rest(&self.events);
        }
        // Who was killed may still be writing.
        for _ in 0..10 {
            match fs::remove_dir_all(self.directory.path()) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => std::thread::sleep(Duration::from_millis(10)),
                _ => return,
            }
        }
    }
}

/// What is heard of a run.
struct Heard<'a> {
    lines: File,
    bytes: u64,
    stream: Stream,
    output: Output,
    events: &'a mpsc::Sender<Event>,
}

/// Runs it; an error means that nothing was started.
pub(super) async fn run(
    ansible: &Ansible,
    request: &Request,
    extra: &str,
    events: &mpsc::Sender<Event>,
) -> io::Result<Ran> {
    let span = tracing::info_span!("ansible", playbook = request.playbook.as_str(), host = request.host.as_str());
    let private = Permissions::from_mode(0o700);
    let directory = tempfile::Builder::new().prefix("custody-ansible-").permissions(private).tempdir()?;
    let file = |name: &str| directory.path().join(name);
    write(&file("custody_stream.py"), CALLBACK)?;
    write(&file("variables.json"), extra)?;
    let lines = write(&file("events"), "")?;
    let (reader, writer) = io::pipe()?;
    let said = Receiver::from_owned_fd(reader.into())?;
    // With the command our ends of the channel are closed.
    let child = command(ansible, request, directory.path(), writer)?.spawn()?;
    let place = Place { group: Group::of(&child), child, events: file("events"), whole: false, directory };
    let heard = Heard { lines, bytes: 0, stream: Stream::default(), output: Output::default(), events };
    Ok(watch(ansible, request, place, said, heard).instrument(span).await)
}

/// Watches it to its end, and sees to it that there is one.
async fn watch(
    ansible: &Ansible,
    request: &Request,
    mut place: Place,
    mut said: Receiver,
    mut heard: Heard<'_>,
) -> Ran {
    let limits = ansible.limits;
    let (mut stopped, mut signals) = (None, SIGNALS.into_iter());
    let mut next = Instant::now() + request.within;
    let (mut open, mut piece) = (true, vec![0u8; 16 << 10]);
    let mut tick = interval(limits.every);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let status = loop {
        let why = tokio::select! {
            status = place.child.wait() => break status,
            read = said.read(&mut piece), if open => {
                open = heard.says(read, &piece);
                continue;
            }
            _ = tick.tick() => {
                heard.reads();
                continue;
            }
            () = request.cancel.cancelled(), if stopped.is_none() => Stopped::Cancelled,
            () = sleep_until(next) => Stopped::Late { within: request.within },
        };
        stopped = stopped.or(Some(why));
        let signal = signals.next().unwrap_or(libc::SIGKILL);
        place.group.signal(signal);
        if signal == libc::SIGKILL {
            kill_the_rest(&place.events);
        }
        next = Instant::now() + if signal == libc::SIGINT { limits.grace } else { limits.grace / 4 };
    };
    place.group.ended();
    heard.reads();
    let code = status.ok().and_then(|status| status.code());
    place.whole = stopped.is_none() && code.is_some() && heard.stream.seen().hosts.is_some();
    if !place.whole {
        kill_the_rest(&place.events);
    }
    let until = Instant::now() + DRAIN;
    while open {
        let Ok(read) = timeout_at(until, said.read(&mut piece)).await else { break };
        open = heard.says(read, &piece);
    }
    heard.comes_to(End { code, stopped })
}

impl Heard<'_> {
    /// Takes more of its output; whether there may be more.
    fn says(&mut self, read: io::Result<usize>, piece: &[u8]) -> bool {
        let read = read.unwrap_or(0);
        let text = self.output.take(&piece[..read]);
        if !text.is_empty() {
            tell(self.events, Event::Output(text));
        }
        read > 0
    }

    /// Takes what was written of events since.
    fn reads(&mut self) {
        let mut piece = vec![0u8; 16 << 10];
        while self.bytes < MOST_EVENTS {
            let read = self.lines.read(&mut piece).unwrap_or(0);
            if read == 0 {
                return;
            }
            self.bytes += read as u64;
            for event in self.stream.push(&piece[..read]) {
                tell(self.events, event);
            }
        }
    }

    fn comes_to(&self, end: End) -> Ran {
        let (seen, output) = (self.stream.seen(), self.output.text());
        let outcome = judge(seen, end, &output);
        let all = seen.tasks.max(seen.begun);
        let (tasks_done, tasks_all) = match outcome {
            Outcome::Done { .. } => (seen.begun, seen.begun),
            _ => (seen.begun.saturating_sub(1), all),
        };
        Ran { outcome, rc: end.code, output, tasks_done, tasks_all, unread: self.stream.unread() }
    }
}

/// Whoever takes them too slowly misses some: the run does not wait.
fn tell(events: &mpsc::Sender<Event>, event: Event) {
    if events.try_send(event).is_err() {
        tracing::debug!("an event of a run was not taken");
    }
}

fn write(file: &Path, text: &str) -> io::Result<File> {
    let mut file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(file)?;
    file.write_all(text.as_bytes())?;
    Ok(file)
}

fn command(ansible: &Ansible, request: &Request, directory: &Path, said: PipeWriter) -> io::Result<Command> {
    let mut command = Command::new(&ansible.program);
    command.current_dir(&ansible.folder).env_clear().env("PATH", PATH);
    command.envs(HANDED_ON.iter().filter_map(|name| std::env::var_os(name).map(|value| (name, value))));
    command.envs(SETTINGS);
    command.env("ANSIBLE_CALLBACK_PLUGINS", directory).env("ANSIBLE_LOCAL_TEMP", directory.join("local"));
    command.env(EVENTS, directory.join("events"));
    let mut variables = OsString::from("@");
    variables.push(directory.join("variables.json"));
    command.arg("--inventory").arg(&ansible.inventory).arg("--limit").arg(&request.host);
    command.arg("--extra-vars").arg(variables).arg("--").arg(ansible.folder.join(&request.playbook));
    command.stdin(std::process::Stdio::null()).stdout(said.try_clone()?).stderr(said);
    command.process_group(0).kill_on_drop(true);
    Ok(command)
}

/// Kills those processes of a run that left its group, as workers of ansible-core 2.19 do, until there are none.
fn kill_the_rest(events: &Path) {
    let mut mark = format!("{EVENTS}=").into_bytes();
    mark.extend_from_slice(events.as_os_str().as_bytes());
    for _ in 0..10 {
        let found = marked(&mark);
        if found.is_empty() {
            return;
        }
        for id in found {
            // SAFETY: a plain system call. That it is one of ours was seen just now.
            unsafe { libc::kill(id, libc::SIGKILL) };
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// The processes with this in their environment, without the connections of ssh that other runs share.
/// Source: proc(5), "/proc/pid/environ"; a process that has ended has none.
fn marked(mark: &[u8]) -> Vec<libc::pid_t> {
    let is_ours = |folder: &Path| {
        let environment = fs::read(folder.join("environ")).unwrap_or_default();
        let shared = || fs::read(folder.join("cmdline")).is_ok_and(|line| line.windows(5).any(|w| w == b"[mux]"));
        environment.split(|b| *b == 0).any(|variable| variable == mark) && !shared()
    };
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten().map(|entry| entry.path());
    let numbered = processes.filter_map(|path| Some((path.file_name()?.to_str()?.parse().ok()?, path)));
    numbered.filter(|(_, path)| is_ours(path)).map(|(id, _)| id).collect()
}
