//! What a run came to: by what it said, how it ended, and what it printed.

use super::{Outcome, Seen, output::one_line};
use std::time::Duration;

/// How many hosts in trouble are named.
const NAMED: usize = 3;
/// How long what the program complains of may be, in letters.
const COMPLAINT: usize = 500;

/// How the program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// None where a signal killed it.
    pub code: Option<i32>,
    /// Why we told it to end.
    pub stopped: Option<Stopped>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    Cancelled,
    Late { within: Duration },
}

/// Only a run that came to its end, with figures of what it did, is done or failed. Of any other that began to work nobody
/// knows what it left behind.
pub fn judge(seen: &Seen, end: End, output: &str) -> Outcome {
    let done = end.code == Some(0);
    // What it began with stands in its output where its events were lost.
    let began = seen.task.is_some() || output.lines().any(|line| line.starts_with("PLAY ["));
    let at = match &seen.task {
        Some(task) => format!(" at the task {task}"),
        None if began => String::new(),
        None => " before anything began".to_owned(),
    };
    let failed = |why: String| Outcome::Failed { why, rc: end.code };
    let unknown = |why: String| Outcome::Unknown { why };
    match (&seen.hosts, end.stopped) {
        // That it was told to end came too late.
        (Some(hosts), _) if done && !hosts.is_empty() && in_trouble(seen).next().is_none() => {
            Outcome::Done { facts: seen.facts.clone() }
        }
        (_, Some(Stopped::Cancelled)) => unknown(format!("Cancelled{at}.")),
        (_, Some(Stopped::Late { within })) => unknown(format!("Not done within {}, and stopped{at}.", time(within))),
        (Some(hosts), None) if hosts.is_empty() => {
            failed("None of the playbook's hosts is the target: nothing was done.".to_owned())
        }
        (Some(_), None) if in_trouble(seen).next().is_some() => failed(troubles(seen)),
        (Some(_), None) if end.code.is_some() => failed("It failed, and does not say on which host.".to_owned()),
        (None, None) if !began && done => failed("The playbook has no plays: nothing was done.".to_owned()),
        (None, None) if !began && end.code.is_some() => failed(complaint(output)),
        (_, None) => unknown(format!("It ended{at}, and did not say what it did.")),
    }
}

/// The hosts on which it failed for good.
fn in_trouble(seen: &Seen) -> impl Iterator<Item = &String> {
    let hosts = seen.hosts.iter().flatten();
    hosts.filter(|(_, counts)| counts.failures > 0 || counts.unreachable > 0).map(|(host, _)| host)
}

fn troubles(seen: &Seen) -> String {
    let why = |host: &String| seen.troubles.get(host).cloned().unwrap_or_else(|| format!("It failed on {host}"));
    let mut named: Vec<String> = in_trouble(seen).take(NAMED).map(why).collect();
    let more = in_trouble(seen).skip(NAMED).count();
    if more > 0 {
        named.push(format!("and {more} more hosts"));
    }
    named.join("; ")
}

/// What the program says of itself, which it spreads over a few lines.
fn complaint(output: &str) -> String {
    let begins = |line: &&str| ["ERROR! ", "[ERROR]: "].iter().any(|sign| line.starts_with(sign));
    let from = output.lines().skip_while(|line| !begins(line));
    let said: Vec<&str> = from.take(5).take_while(|line| !line.trim().is_empty()).collect();
    let said = one_line(&said.join(" "), COMPLAINT);
    let said = said.trim_start_matches("ERROR! ").trim_start_matches("[ERROR]: ");
    let last = output.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default();
    match (said, last) {
        ("", "") => "ansible-playbook ended before it began, and gives no reason.".to_owned(),
        ("", last) => format!("ansible-playbook ended before it began: {}", one_line(last, COMPLAINT)),
        (said, _) => format!("ansible-playbook ended before it began: {said}"),
    }
}

fn time(within: Duration) -> String {
    match within.as_secs() {
        60 => "a minute".to_owned(),
        seconds if seconds >= 60 && seconds.is_multiple_of(60) => format!("{} minutes", seconds / 60),
        1 => "a second".to_owned(),
        seconds => format!("{seconds} seconds"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::ansible::{Event, Kind, Stream};
    use std::path::Path;

    fn recorded(name: &str) -> Vec<u8> {
        std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/ansible").join(name)).unwrap()
    }

    fn heard(name: &str) -> (Stream, Vec<Event>) {
        let mut stream = Stream::default();
        let events = stream.push(&recorded(name));
        assert_eq!(stream.unread(), 0, "{name}");
        (stream, events)
    }

    fn ended(code: i32) -> End {
        End { code: Some(code), stopped: None }
    }

    fn came_to(name: &str, code: i32) -> Outcome {
        judge(heard(name).0.seen(), ended(code), "")
    }

    fn failed(why: &str, code: i32) -> Outcome {
        Outcome::Failed { why: why.to_owned(), rc: Some(code) }
    }

    fn unknown(why: &str) -> Outcome {
        Outcome::Unknown { why: why.to_owned() }
    }

    /// R3, R4: thirty hosts in three batches, two of which fail: each is counted, and named with its task.
    #[test]
    fn r3_thirty_hosts_of_which_two_fail() {
        let (stream, events) = heard("waves_3_hosts_30_failed_2.jsonl");
        let seen = stream.seen();
        assert_eq!((seen.tasks, seen.begun, seen.hosts.as_ref().unwrap().len()), (9, 9, 30));
        assert_eq!(events[0], Event::PlaybookStarted { tasks: 9 });
        let counted = |wanted: fn(&Kind) -> bool| {
            events.iter().filter(|e| matches!(e, Event::HostResult { kind, .. } if wanted(kind))).count()
        };
        assert_eq!(counted(|k| matches!(k, Kind::Failed { .. })), 2);
        assert_eq!(counted(|k| matches!(k, Kind::Ok | Kind::Changed)), 28 * 9 + 2 * 6);
        let why = "7 start server failed on ctrl05: non-zero return code; 7 start server failed on ctrl21: non-zero return code";
        assert_eq!(came_to("waves_3_hosts_30_failed_2.jsonl", 2), failed(why, 2));
        // However the pieces fall.
        let bytes = recorded("waves_3_hosts_30_failed_2.jsonl");
        for size in [1, 7, 4096] {
            let mut stream = Stream::default();
            let again: Vec<_> = bytes.chunks(size).flat_map(|piece| stream.push(piece)).collect();
            assert!(again == events && stream.seen() == seen, "pieces of {size}");
        }
    }

    /// R3: a run that was interrupted has no figures: what it left is unknown, and it says where it was.
    #[test]
    fn r3_a_cancelled_run_is_unknown() {
        let (stream, _) = heard("cancelled_by_sigint.jsonl");
        assert_eq!(stream.seen().hosts, None);
        let told = |code, stopped| judge(stream.seen(), End { code, stopped }, "");
        let cancelled = Some(Stopped::Cancelled);
        assert_eq!(told(Some(99), cancelled), unknown("Cancelled at the task 2 check disk."));
        assert_eq!(told(None, cancelled), unknown("Cancelled at the task 2 check disk."));
        let late = Some(Stopped::Late { within: Duration::from_secs(1800) });
        assert_eq!(told(Some(99), late), unknown("Not done within 30 minutes, and stopped at the task 2 check disk."));
        // Somebody else ended it.
        for code in [Some(99), Some(0), None] {
            let why = "It ended at the task 2 check disk, and did not say what it did.";
            assert_eq!(told(code, None), unknown(why), "{code:?}");
        }
        // Cancelled as it ended by itself.
        let (whole, _) = heard("retry_with_limit.jsonl");
        let done = Outcome::Done { facts: Default::default() };
        assert_eq!(judge(whole.seen(), End { code: Some(0), stopped: cancelled }, ""), done);
        let late = judge(whole.seen(), End { code: Some(99), stopped: cancelled }, "");
        assert!(matches!(late, Outcome::Unknown { .. }), "{late:?}");
    }

    /// R3: a playbook that stops at its limit has failed, and so has one whose host is out of reach; what is hidden stays so.
    #[test]
    fn r3_a_failed_run_says_why() {
        let why = "7 start server failed on ctrl02: The command exited with a non-zero return code.";
        assert_eq!(came_to("max_fail_stops.jsonl", 2), failed(why, 2));
        assert_eq!(came_to("retry_with_limit.jsonl", 0), Outcome::Done { facts: Default::default() });
        let why = "away is out of reach: Failed to connect to the host via ssh: ssh: connect to host 127.0.0.1 port 9: \
                   Connection refused; quiet failed on one: what it said is hidden, as the task has no_log; \
                   looped failed on two: non-zero return code";
        assert_eq!(came_to("fails.jsonl", 4), failed(why, 4));
        let (_, events) = heard("retries.jsonl");
        let retries = |n| Event::HostResult {
            host: "one".to_owned(),
            task: "again".to_owned(),
            kind: Kind::Retry { attempt: n },
        };
        assert_eq!(events[2..4], [retries(1), retries(2)]);
    }

    /// R5: what set_stats says is what is compared later; of more than one host it is said of which.
    #[test]
    fn r5_facts_are_what_the_playbook_says() {
        let facts = |name: &str| match came_to(name, 0) {
            Outcome::Done { facts } => facts.into_iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>(),
            other => panic!("{other:?}"),
        };
        let same = ["karabo=3.1.2", "ok=true"];
        let one = facts("facts_core_2.21.jsonl");
        assert_eq!(one, [same[0], same[1], "os=one Debian 12", "settings=7", r#"x=["a",1]"#]);
        let both = facts("facts.jsonl");
        assert_eq!(both[..2], same);
        assert_eq!(both[2], "os=one: one Debian 12; two: two Debian 12");
    }

    /// R3: what never began failed with what the program says; what did nothing is not done.
    #[test]
    fn r3_a_run_that_never_began_says_why() {
        let never = |output: &str, code| judge(&Seen::default(), ended(code), output);
        let begins = "ansible-playbook ended before it began";
        let said = "[WARNING]: Could not match supplied host pattern, ignoring: x\n\
                    ERROR! Specified inventory, host pattern and/or --limit leaves us with no hosts to target.\n";
        let why = "Specified inventory, host pattern and/or --limit leaves us with no hosts to target.";
        assert_eq!(never(said, 1), failed(&format!("{begins}: {why}"), 1));
        let said = "[ERROR]: YAML parsing failed: While parsing\na mapping.\n\nOrigin: x\n";
        assert_eq!(never(said, 4), failed(&format!("{begins}: YAML parsing failed: While parsing a mapping."), 4));
        assert_eq!(never("a\nb\n\n", 1), failed(&format!("{begins}: b"), 1));
        assert_eq!(never("", 1), failed(&format!("{begins}, and gives no reason."), 1));
        assert_eq!(never("", 0), failed("The playbook has no plays: nothing was done.", 0));
        // It began, and nothing was heard of it.
        assert_eq!(never("\nPLAY [all] ***\n", 2), unknown("It ended, and did not say what it did."));
        let nothing = Seen { hosts: Some(Default::default()), ..Seen::default() };
        let why = "None of the playbook's hosts is the target: nothing was done.";
        assert_eq!(judge(&nothing, ended(0), "PLAY [other] ***"), failed(why, 0));
    }

    /// R3: what is no event is counted and passed over, and the rest is heard.
    #[test]
    fn r3_garbage_is_passed_over() {
        let mut stream = Stream::default();
        let long = format!("{{\"ev\":\"ok\",\"host\":\"{}\"}}\n", "a".repeat(1 << 20));
        for line in [
            "\n",
            "nonsense\n",
            "{\"ev\":\"ok\"\n",
            "{}\n",
            "7\n",
            "{\"ev\":\"stats\",\"stats\":{\"a\":{\"ok\":-1}}}\n",
            "[".repeat(4000).as_str(),
            "\n",
            "\u{fffd}\n",
            long.as_str(),
        ] {
            assert_eq!(stream.push(line.as_bytes()), []);
        }
        assert_eq!(stream.unread(), 9);
        assert_eq!(stream.push(b"{\"ev\":\"of a later version\",\"more\":1}\n"), []);
        let events = stream.push(b"{\"ev\":\"task_start\",\"task\":\"a\\u0000\\nb\"}\n{\"ev\":");
        assert_eq!(events, [Event::TaskStarted { number: 1, of: 1, name: "a b".to_owned() }]);
        assert_eq!((stream.unread(), stream.seen().begun), (9, 1));
    }
}
