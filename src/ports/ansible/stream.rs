//! What a run says of itself, line by line, as `custody_stream.py` writes it. Tasks can write into the same file, so
//! nothing is believed to be what it should be: what cannot be read is counted and passed over.

use super::{Event, Facts, Kind, output::one_line};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// How long a line may be, in bytes: that of the figures has all hosts.
const MOST_LINE: usize = 1 << 20;
/// How long a name may be, a reason and a fact, in letters.
const NAME: usize = 200;
const REASON: usize = 500;
/// How many different tasks, hosts in trouble, and facts are told apart.
const MOST_TASKS: usize = 10_000;
const MOST_TROUBLES: usize = 1_000;
const MOST_FACTS: usize = 200;

/// What Ansible counted on a host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Counts {
    pub ok: u32,
    pub failures: u32,
    pub unreachable: u32,
    pub changed: u32,
    pub skipped: u32,
    pub rescued: u32,
    pub ignored: u32,
}

/// What was heard so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Seen {
    /// How many tasks stand in the playbook.
    pub tasks: u32,
    /// How many of them began.
    pub begun: u32,
    /// The one that began last.
    pub task: Option<String>,
    /// Hosts on which a task failed, and why; the playbook may have got over it.
    pub troubles: BTreeMap<String, String>,
    /// What was counted, once the run came to its end.
    pub hosts: Option<BTreeMap<String, Counts>>,
    pub facts: Facts,
}

/// The lines of one run, taken in pieces of any size.
#[derive(Clone, Debug, Default)]
pub struct Stream {
    line: Vec<u8>,
    /// This line is longer than any of ours.
    over: bool,
    unread: u64,
    tasks: BTreeSet<String>,
    seen: Seen,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Line {
    ev: String,
    count: u32,
    task: String,
    id: String,
    host: String,
    ignored: bool,
    result: Map<String, Value>,
    stats: BTreeMap<String, Counts>,
    custody: BTreeMap<String, Value>,
}

impl Stream {
    /// What these bytes say.
    pub fn push(&mut self, mut bytes: &[u8]) -> Vec<Event> {
        let mut events = Vec::new();
        while let Some(end) = memchr::memchr(b'\n', bytes) {
            self.keep(&bytes[..end]);
            events.extend(self.line_ended());
            bytes = &bytes[end + 1..];
        }
        self.keep(bytes);
        events
    }

    pub fn seen(&self) -> &Seen {
        &self.seen
    }

    /// How many lines could not be read.
    pub fn unread(&self) -> u64 {
        self.unread
    }

    fn keep(&mut self, piece: &[u8]) {
        self.over |= self.line.len() + piece.len() > MOST_LINE;
        if self.over {
            self.line.clear();
        } else {
            self.line.extend_from_slice(piece);
        }
    }

    fn line_ended(&mut self) -> Option<Event> {
        let read = if self.over { None } else { serde_json::from_slice::<Line>(&self.line).ok() };
        self.line.clear();
        self.over = false;
        let Some(line) = read.filter(|line| !line.ev.is_empty()) else {
            self.unread += 1;
            return None;
        };
        self.hear(&line)
    }

    fn hear(&mut self, line: &Line) -> Option<Event> {
        let (host, task) = (one_line(&line.host, NAME), one_line(&line.task, NAME));
        let kind = match line.ev.as_str() {
            "playbook_start" => {
                self.seen.tasks = line.count;
                return Some(Event::PlaybookStarted { tasks: line.count });
            }
            "task_start" => return Some(self.begun(&line.id, task)),
            "stats" => {
                let named = |(host, counts): (&String, &Counts)| (one_line(host, NAME), *counts);
                let hosts: BTreeMap<_, _> = line.stats.iter().map(named).collect();
                self.seen.hosts = Some(hosts.clone());
                self.seen.facts = facts(&line.custody);
                return Some(Event::Stats { hosts, facts: self.seen.facts.clone() });
            }
            "ok" if line.result.get("changed") == Some(&Value::Bool(true)) => Kind::Changed,
            "ok" => Kind::Ok,
            "failed" => Kind::Failed { why: why(&line.result), ignored: line.ignored },
            "skipped" => Kind::Skipped,
            "unreachable" => Kind::Unreachable { why: why(&line.result) },
            "retry" => {
                let attempt = line.result.get("attempts").and_then(Value::as_u64).unwrap_or_default();
                Kind::Retry { attempt: u32::try_from(attempt).unwrap_or(u32::MAX) }
            }
            _ => return None,
        };
        let trouble = match &kind {
            Kind::Failed { why, ignored: false } => Some(format!("{task} failed on {host}: {why}")),
            Kind::Unreachable { why } => Some(format!("{host} is out of reach: {why}")),
            _ => None,
        };
        if let Some(trouble) = trouble
            && (self.seen.troubles.len() < MOST_TROUBLES || self.seen.troubles.contains_key(&host))
        {
            self.seen.troubles.insert(host.clone(), trouble);
        }
        Some(Event::HostResult { host, task, kind })
    }

    /// A task that begins once for each batch of hosts is one.
    fn begun(&mut self, id: &str, name: String) -> Event {
        if id.is_empty() || self.tasks.len() < MOST_TASKS && self.tasks.insert(one_line(id, NAME)) {
            self.seen.begun = self.seen.begun.saturating_add(1);
        }
        self.seen.task = Some(name.clone());
        Event::TaskStarted { number: self.seen.begun, of: self.seen.tasks.max(self.seen.begun), name }
    }
}

/// Why a task failed, as far as it says.
fn why(result: &Map<String, Value>) -> String {
    if result.get("censored") == Some(&Value::Bool(true)) {
        return "what it said is hidden, as the task has no_log".to_owned();
    }
    let said = |name: &str| result.get(name).map(text).unwrap_or_default();
    let message = one_line(&said("msg"), REASON);
    let stderr = said("stderr");
    let last = one_line(stderr.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default(), REASON);
    let why = match (message.is_empty(), last.is_empty() || message.contains(&last)) {
        (true, true) => "it gives no reason".to_owned(),
        (true, false) => last,
        (false, true) => message,
        (false, false) => format!("{}: {last}", message.trim_end_matches('.')),
    };
    one_line(&why, REASON)
}

/// What was set for the whole run and for single hosts; where they differ, it is said of which.
fn facts(custody: &BTreeMap<String, Value>) -> Facts {
    let mut found: BTreeMap<String, Vec<(&str, String)>> = BTreeMap::new();
    for (of, said) in custody {
        for (name, value) in said.as_object().into_iter().flatten() {
            let name = one_line(name, NAME);
            if !name.is_empty() && (found.len() < MOST_FACTS || found.contains_key(&name)) {
                found.entry(name).or_default().push((of.as_str(), one_line(&text(value), REASON)));
            }
        }
    }
    let joined = |all: Vec<(&str, String)>| {
        let first = all[0].1.clone();
        if all.iter().all(|(_, value)| *value == first) {
            return first;
        }
        let each: Vec<_> = all.iter().map(|(of, value)| format!("{of}: {value}")).collect();
        one_line(&each.join("; "), REASON)
    };
    found.into_iter().map(|(name, all)| (name, joined(all))).collect()
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
