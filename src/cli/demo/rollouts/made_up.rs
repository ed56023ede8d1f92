//! What the rollouts of the sample facility bring where, and what an engine would have said.

use super::{CHECK, STARTED};
use crate::{
    app::App,
    cli::demo::{life::morning, people::Cast},
    domain::{
        rollout::{Chosen, Outcome, Plan, Wanted, Window},
        tag::TagName,
    },
    service::{
        Error, Result,
        rollouts::{Begun, Ended},
    },
};
use chrono::{DateTime, Duration, Utc};
use std::collections::BTreeMap;

/// Tasks of each playbook.
pub const TASKS: u32 = 8;

/// The rollouts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Which {
    /// Over for weeks; two instruments have a legacy system beside the new one.
    Legacy,
    /// Under way.
    Winter,
    /// Planned.
    Next,
}

impl Which {
    /// Who plans it.
    pub fn planner(self) -> &'static str {
        match self {
            Self::Legacy => "jonas",
            Self::Winter => "lena",
            Self::Next => "ravi",
        }
    }
}

/// A local change.
#[derive(Debug)]
pub struct Change {
    pub target: &'static str,
    pub who: &'static str,
    pub what: &'static str,
    pub ticket: &'static str,
    pub days_ago: i64,
    /// Days from now until its end.
    pub until: i64,
}

pub static CHANGES: [Change; 2] = [
    Change {
        target: "FXE",
        who: "jonas",
        what: "The digitizer's trigger delay is set by hand, until its driver does it.",
        ticket: "OPS-4711",
        days_ago: 45,
        until: -4,
    },
    Change {
        target: "MID",
        who: "lena",
        what: "The motor server runs with a patch for the new encoder.",
        ticket: "OPS-4802",
        days_ago: 9,
        until: 19,
    },
];

/// The targets of the one under way in the order in which they begin, each with how slow it is: so many tenths of what a
/// step takes. The first two are the first wave.
static WINTER: [(&str, i64); 30] = [
    ("TEST-1", 5),
    ("TEST-2", 6),
    ("SPB", 10),
    ("SA1", 11),
    ("XTD2", 12),
    ("XTD9", 13),
    ("PSLD-1", 9),
    ("SPB-LAB", 10),
    ("SA2", 14),
    ("XTD1", 12),
    ("SA3", 12),
    ("DETLAB", 10),
    ("VACLAB", 11),
    ("MID", 12),
    ("FXE", 16),
    ("LA1", 15),
    ("XTD10", 11),
    ("HED", 17),
    ("SCS", 17),
    ("PSLD-2", 14),
    ("XTD6", 18),
    ("HIBEF", 13),
    ("LA2", 15),
    ("SQS", 14),
    ("SXP", 16),
    ("LA3", 11),
    ("PSLD-3", 11),
    ("LASLAB", 11),
    ("SAMPLE", 11),
    ("XBI", 11),
];

/// Minutes that each step of a full release takes, in the middle.
static STEPS: [i64; 9] = [4, 16, 12, 8, 6, 12, 8, 12, 6];

/// Minutes in which a step is taken back.
const BACK: i64 = 4;

/// Target, step, and why it fails there.
static FAILS: [(&str, usize, &str); 2] = [
    (
        "MID",
        5,
        "update the tables failed on mid-ctrl01: the table motor_settings has a column that 3.0.4 does not know",
    ),
    ("XTD10", 6, "apply the settings failed on xtd10-ctrl01: 3 of 58 settings were refused"),
];

/// How long a run takes, in minutes.
pub fn minutes(of: Which, run: &Begun) -> i64 {
    if run.undo {
        return BACK;
    }
    let slow = match of {
        Which::Winter => WINTER.iter().find(|(name, _)| *name == run.target.0).map_or(10, |(_, slow)| *slow),
        Which::Legacy | Which::Next => 10,
    };
    let step = STEPS.get(run.step).copied().unwrap_or(10);
    ((step * slow + 5) / 10).max(1)
}

/// Why this run fails, if it does.
fn fails(of: Which, run: &Begun) -> Option<&'static str> {
    let here = |(target, step, _): &&(&str, usize, &str)| *target == run.target.0 && *step == run.step;
    let found = FAILS.iter().find(here).filter(|_| of == Which::Winter && !run.undo);
    found.map(|(_, _, why)| *why)
}

/// What a run comes to.
pub fn ended(of: Which, run: &Begun) -> Ended {
    if let Some(why) = fails(of, run) {
        let (done, outcome) = (5, Outcome::Failed { why: why.to_owned() });
        return Ended { outcome, rc: Some(2), tasks: (done, TASKS), output: output(run, done, Some(why)) };
    }
    let took_seconds = u64::try_from(minutes(of, run) * 60).unwrap_or_default();
    let facts = if run.step == CHECK { found(of, &run.target.0) } else { BTreeMap::new() };
    let outcome = Outcome::Done { took_seconds, facts };
    Ended { outcome, rc: Some(0), tasks: (TASKS, TASKS), output: output(run, TASKS, None) }
}

/// What a check finds (R5).
fn found(of: Which, target: &str) -> BTreeMap<String, String> {
    let settings = match (of, target) {
        (Which::Winter, "PSLD-1") => "409",
        (Which::Legacy, "SXP") => "388",
        (Which::Legacy, _) => "391",
        _ => "412",
    };
    let all = [("karabo", "3.0.4"), ("os", "Debian 12.8"), ("settings", settings)];
    all.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}

/// What a run has said when so many tasks of it are done; the last of them failed where `why` says so.
pub fn output(run: &Begun, done: u32, why: Option<&str>) -> String {
    const NAMES: [&str; TASKS as usize] = [
        "who works there",
        "room on the disk",
        "stop what runs",
        "fetch the release",
        "put it there",
        "do the work",
        "start what ran",
        "see that it runs",
    ];
    let rule = "*".repeat(40);
    let mut text = format!("PLAY [{}] {rule}\n", run.playbook.trim_end_matches(".yml").replace('_', " "));
    let said = usize::try_from(done).unwrap_or_default();
    for (n, task) in NAMES.iter().take(said).enumerate() {
        let is = if n < 2 { "ok" } else { "changed" };
        text.push_str(&format!("\nTASK [{task}] {rule}\n{is}: [{}]\n", run.host));
    }
    if let Some(why) = why {
        text.push_str(&format!(
            "\nTASK [{}] {rule}\nfatal: [{}]: FAILED! => {why}\n",
            NAMES[said % NAMES.len()],
            run.host
        ));
    }
    if why.is_some() || done == TASKS {
        let (failed, changed) = (u32::from(why.is_some()), done.saturating_sub(2));
        text.push_str(&format!("\nPLAY RECAP {rule}\n{} : ok={done} changed={changed} failed={failed}\n", run.host));
    }
    text
}

fn chosen(cast: &Cast, name: &str, wave: u32, scientists: &[&str]) -> Chosen {
    Chosen { name: name.into(), wave, scientists: scientists.iter().map(|login| cast.id(login)).collect() }
}

/// Each as it is planned.
pub fn plan(app: &App, cast: &Cast, of: Which, now: DateTime<Utc>) -> Result<Plan> {
    let karabo = || Wanted::Framework { name: "Karabo".to_owned(), version: "3.0.4".to_owned() };
    let hours = |from: DateTime<Utc>, hours: i64| Window { from, until: from + Duration::hours(hours) };
    let (title, kind, what, window, targets) = match of {
        Which::Legacy => {
            let targets = vec![chosen(cast, "SA3", 0, &["joost"]), chosen(cast, "SXP", 1, &["sofia"])];
            let window = hours(morning(now, 60), 10);
            ("The soft X-ray line gets Karabo", "new_instrument_with_legacy", karabo(), window, targets)
        }
        Which::Winter => {
            let each = WINTER.iter().enumerate().map(|(n, (name, _))| chosen(cast, name, u32::from(n >= 2), &[]));
            let window = hours(now - Duration::minutes(STARTED), 13);
            ("Winter shutdown", "full_release", karabo(), window, each.collect())
        }
        Which::Next => {
            let tag =
                TagName::parse("5.3.1", &app.policy.tag_rule()).map_err(|p| Error::Internal(p.to_string().into()))?;
            let what = Wanted::Device { name: "attenuatorCalc".to_owned(), tag };
            let targets = [("SPB-LAB", 0), ("SPB", 1), ("FXE", 1), ("MID", 1)];
            let targets = targets.map(|(name, wave)| chosen(cast, name, wave, &[])).into();
            ("New foils everywhere", "hotfix", what, hours(morning(now, 1) + Duration::days(7), 4), targets)
        }
    };
    Ok(Plan {
        title: title.to_owned(),
        what,
        kind: kind.to_owned(),
        window,
        at_once: app.policy.rollouts.at_once,
        stop_after_failed: 3,
        targets,
        baseline: BTreeMap::new(),
    })
}
