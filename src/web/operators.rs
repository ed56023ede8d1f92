//! Whom to call, and what one may do without calling, in words: the same on the board, a device's page and in the panel for
//! other pages (O2, O4, O6).

use super::{
    parts::{May, Reply},
    words,
};
use crate::{
    app::App,
    domain::{calling::Reach, contact::WhenStopped, id::ServerName, operators::Ruling, person::People},
};
use chrono::{DateTime, Utc};
use std::collections::BTreeSet;

/// Whether somebody answers now; nothing where nobody knows. `deputy`: they answer for somebody else.
pub fn reach(app: &App, reach: Reach, deputy: bool, now: DateTime<Utc>) -> String {
    match reach {
        Reach::Now(Some(until)) => format!("Reachable now, until {}", words::hour(app, until)),
        Reach::Now(None) if deputy => "Answers when they cannot".to_owned(),
        Reach::Now(None) => "Reachable day and night".to_owned(),
        Reach::WhileBeam => "Reachable while beam is scheduled".to_owned(),
        Reach::From(at) => format!("Not before {}", words::near(app, at, now)),
        Reach::AwayUntil(at) => format!("Away until {}", words::last_day(app, at, now)),
        Reach::Unknown => String::new(),
    }
}

/// The same of whoever answers for the restart of what CTRL shut down (N6).
pub fn responsible(app: &App, reach: Reach, now: DateTime<Utc>) -> String {
    match self::reach(app, reach, false, now).as_str() {
        "" => "Only they or CTRL lift the shutdown".to_owned(),
        said => format!("{said}; only they or CTRL lift the shutdown"),
    }
}

/// What operators may do, line by line.
pub fn may(ruling: Ruling, people: &People) -> Vec<May> {
    match ruling {
        Ruling::Contributors(rules) => vec![
            match rules.when_stopped {
                WhenStopped::RestartAnyTime => May::new(Reply::Yes, "Restart", " it any time"),
                WhenStopped::RestartOnceThenCall => May::new(Reply::Yes, "Restart once", ", then call"),
                WhenStopped::CallFirst => May::new(Reply::CallFirst, "Call first", ", before you restart it"),
                WhenStopped::DoNotRestart => May::new(Reply::No, "Do not restart", " it"),
            },
            match rules.may_stop {
                true => May::new(Reply::Yes, "Stop it", " if it disturbs other services"),
                false => May::new(Reply::No, "Do not stop", " it without a call"),
            },
        ],
        Ruling::ShutDown(stop) => {
            let who = people.name(stop.responsible);
            let condition = (!stop.conditions.is_empty())
                .then(|| May::new(Reply::CallFirst, "Condition:", &format!(" {}", stop.conditions)));
            [
                May::new(Reply::No, "Do not start it", ", not even once"),
                May::new(Reply::CallFirst, "Restart", &format!(" only by {who} or CTRL")),
            ]
            .into_iter()
            .chain(condition)
            .collect()
        }
        Ruling::NotSupported => vec![
            May::new(Reply::No, "Do not restart", " it"),
            May::new(Reply::CallFirst, "Stop it", " only after calling the DOC"),
        ],
        Ruling::Nobody => {
            vec![May::new(Reply::No, "Do not restart", " it"), May::new(Reply::CallFirst, "Call the DOC", "")]
        }
    }
}

/// What a shut-down does not do: it is stopped where it runs by people.
pub fn still_runs<'a>(servers: impl Iterator<Item = &'a ServerName>) -> Option<String> {
    let mut all: BTreeSet<&str> = servers.map(|s| s.0.as_str()).collect();
    let last = all.pop_last()?;
    let first: Vec<&str> = all.into_iter().collect();
    let on = if first.is_empty() { last.to_owned() } else { format!("{} and {last}", first.join(", ")) };
    Some(format!("It still runs on {on}: CTRL has to stop it there."))
}

/// Whether operators may restart it, in the words of a table's cell.
pub fn restart(rule: WhenStopped) -> (Reply, &'static str) {
    match rule {
        WhenStopped::RestartAnyTime => (Reply::Yes, "May restart"),
        WhenStopped::RestartOnceThenCall => (Reply::Yes, "Once, then call"),
        WhenStopped::CallFirst => (Reply::CallFirst, "Call first"),
        WhenStopped::DoNotRestart => (Reply::No, "Do not restart"),
    }
}

/// Whether they may stop it, in words that nobody takes for an order.
pub fn stop(may: bool) -> (Reply, &'static str) {
    match may {
        true => (Reply::Yes, "May stop"),
        false => (Reply::No, "Do not stop"),
    }
}
