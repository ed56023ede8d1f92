//! Reports as programs write them down: JSON, or a table.

use super::Report;
use serde::{Deserialize, Serialize};

/// Why a text is no report, with what it should be.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unreadable(pub String);

/// A report in the shape of the API.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Observed {
    /// The server that it is about, where it says so: of an empty one nothing else tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    #[serde(default = "yes")]
    pub complete: bool,
    pub observations: Vec<Report>,
}

/// What a table must have; a version may be missing.
const COLUMNS: [&str; 5] = ["instance", "class", "server", "host", "since"];

fn yes() -> bool {
    true
}

impl Observed {
    /// Reads JSON, or CSV where it does not begin as JSON does.
    pub fn parse(text: &str) -> Result<Self, Unreadable> {
        let text = text.trim_start_matches('\u{feff}');
        if text.trim_start().starts_with(['{', '[']) {
            return serde_json::from_str(text).map_err(|e| Unreadable(format!("This JSON is no report: {e}")));
        }
        let mut table = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
        let columns = table.headers().map_err(|e| Unreadable(format!("This CSV is no report: {e}")))?.clone();
        // Without its first line an empty table would say that nothing runs.
        if let Some(missing) = COLUMNS.iter().find(|c| !columns.iter().any(|given| given == **c)) {
            return Err(Unreadable(format!(
                "This CSV has no column {missing}. Its first line is instance,class,server,host,version,since"
            )));
        }
        let rows: Result<Vec<Report>, csv::Error> = table.deserialize().collect();
        let observations = rows.map_err(|e| {
            Unreadable(format!(
                "This CSV is no report: {e}. Its first line is instance,class,server,host,version,since"
            ))
        })?;
        Ok(Self { server: None, complete: true, observations })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CSV: &str = "instance,class,server,host,version,since\nA/B/C, Motor ,s/1,h,1.4.2,2026-11-21T02:47:00Z\n";

    /// G10: both shapes say the same; an empty table says that nothing runs.
    #[test]
    fn g10_a_report_is_json_or_csv() {
        let csv = Observed::parse(CSV).unwrap();
        let json = Observed::parse(&serde_json::to_string(&csv).unwrap()).unwrap();
        for o in [csv, json] {
            assert!(o.complete);
            let r = &o.observations[0];
            assert_eq!((r.instance.as_str(), r.class.as_str(), r.version.as_str()), ("A/B/C", "Motor", "1.4.2"));
        }
        let none = Observed::parse("instance,class,server,host,version,since\n").unwrap();
        assert_eq!(none.observations.len(), 0);
        assert!(!Observed::parse(r#"{"complete":false,"observations":[]}"#).unwrap().complete);
    }

    /// G10: what is no report is said to be none, with what is wrong; it is never taken for an empty one.
    #[test]
    fn g10_what_is_no_report_is_refused() {
        for (bad, says) in [
            ("{", "This JSON is no report"),
            ("[]", "This JSON is no report"),
            (r#"{"observations":[{}]}"#, "instance"),
            (r#"{"observations":[],"role":"admin"}"#, "role"),
            ("A/B/C,Motor,s/1,h,1.4.2,2026-11-21T02:47:00Z\nx,y,z,h,1,2026-11-21T02:47:00Z\n", "first line"),
            ("instance,class,server,host,version,since\nA,B,s,h,1,yesterday\n", "line: 2"),
            ("", "column instance"),
            ("<html>nothing here</html>", "column instance"),
        ] {
            let Err(Unreadable(said)) = Observed::parse(bad) else { panic!("{bad} is taken") };
            assert!(said.contains(says), "{bad}: {said}");
        }
    }
}
