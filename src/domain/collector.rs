//! Control systems that Custody asks what runs (G10): what they told, of which servers a collector speaks (A24), and when
//! it asks again (F9). How each kind answers is read in a room of its own.

pub mod karabo;
pub mod tango;

use super::policy::Collector;
use chrono::{DateTime, Duration, NaiveDateTime, TimeZone, Utc};
use std::collections::BTreeSet;

/// One instance as its control system tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Running {
    pub instance: String,
    pub class: String,
    pub server: String,
    pub host: String,
    /// Empty where none is told.
    pub version: String,
    pub since: DateTime<Utc>,
}

/// What a control system told at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct View {
    pub running: Vec<Running>,
    /// Servers of which it listed everything that runs there. Of any other server what is missing may still run.
    pub whole: BTreeSet<String>,
    /// Instances, each with its server, of which it is not known whether they run, whatever list is whole.
    pub unsure: BTreeSet<(String, String)>,
    /// What a reader should know about it, in plain words; empty as a rule.
    pub notes: Vec<String>,
}

impl View {
    /// Both together: what several addresses told.
    pub fn join(&mut self, other: Self) {
        self.running.extend(other.running);
        self.whole.extend(other.whole);
        self.unsure.extend(other.unsure);
        self.notes.extend(other.notes);
    }
}

impl Collector {
    /// Whether it speaks for this server (A24).
    pub fn covers(&self, server: &str) -> bool {
        self.covers.iter().any(|pattern| fits(pattern, server))
    }
}

/// Whether a name fits a pattern in which `*` stands for any text. No step is taken twice for one letter and one star.
pub fn fits(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else {
        return false;
    };
    let Some(last) = parts.next_back() else {
        return rest.is_empty();
    };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

/// However often it failed, it is asked again within this time.
pub const LONGEST_PAUSE: Duration = Duration::minutes(10);

/// Until when it is asked again: its own rhythm, doubled with each failure in a row. `spread`, from 0 to 1, keeps several
/// collectors apart: up to a tenth is added.
pub fn pause(every_seconds: u32, failures: u32, spread: f64) -> Duration {
    let every = Duration::seconds(every_seconds.into());
    let doubled = every * 2_i32.pow(failures.min(10));
    let pause = if failures == 0 { every } else { doubled.min(LONGEST_PAUSE.max(every)) };
    let tenth = pause.num_milliseconds() as f64 / 10.0;
    pause + Duration::milliseconds((tenth * spread.clamp(0.0, 1.0)) as i64)
}

/// A moment without a zone, read by the clock of this zone; of an hour that happens twice the later one.
fn moment(text: &str, form: &str, zone: chrono_tz::Tz) -> Option<DateTime<Utc>> {
    let naive = NaiveDateTime::parse_from_str(text.trim(), form).ok()?;
    zone.from_local_datetime(&naive).latest().map(|at| at.with_timezone(&Utc))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A24: a pattern takes the whole name, and nothing but `*` is special in it.
    #[test]
    fn a24_a_pattern_takes_whole_names() {
        for (pattern, name, is) in [
            ("TangoTest/test", "TangoTest/test", true),
            ("TangoTest/test", "TangoTest/test2", false),
            ("TangoTest/test", "xTangoTest/test", false),
            ("TangoTest/*", "TangoTest/test", true),
            ("TangoTest/*", "TangoTest/", true),
            ("TangoTest/*", "TangoTest", false),
            ("*/contrib_*", "cppServer/contrib_scs_01", true),
            ("*/contrib_*", "cppServer/ctrl_scs_01", false),
            ("*", "", true),
            ("a*a", "a", false),
            ("a*a", "aa", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c-b", false),
            (".*", "x", false),
            ("ä*", "äö", true),
        ] {
            assert_eq!(fits(pattern, name), is, "{pattern} {name}");
        }
    }

    /// F9: after failures it is asked less and less often, but within ten minutes; after a success as before.
    #[test]
    fn f9_the_pause_doubles_up_to_ten_minutes() {
        let seconds = |failures| pause(30, failures, 0.0).num_seconds();
        assert_eq!([0, 1, 2, 3, 4, 5, 6, 1000].map(seconds), [30, 60, 120, 240, 480, 600, 600, 600]);
        assert_eq!(pause(3600, 3, 0.0).num_seconds(), 3600, "a slow rhythm does not become faster by failing");
        assert_eq!(pause(30, 0, 1.0).num_seconds(), 33);
        assert_eq!(pause(30, 0, f64::NAN).num_seconds(), 30);
    }
}
