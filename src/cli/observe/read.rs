//! Where a report comes from, and what it says.

use crate::service::observations::Report;
use serde::{Deserialize, Serialize};
use std::io::Read;

/// The most that is read of a report: what the API takes at once.
const MOST: usize = 2 * 1024 * 1024;

/// Why nothing was reported.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// What was given needs a change.
    #[error("{0}")]
    Wrong(String),
    /// It may go better later.
    #[error("{0}")]
    Away(String),
}

/// What is sent, in the API's shape.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Observed {
    #[serde(default = "yes")]
    pub complete: bool,
    pub observations: Vec<Report>,
}

/// What a table must have; a version may be missing.
const COLUMNS: [&str; 5] = ["instance", "class", "server", "host", "since"];

fn yes() -> bool {
    true
}

/// The text of a report.
pub async fn text(client: &reqwest::Client, from: &str) -> Result<String, Trouble> {
    let bytes = match from {
        "-" => bounded(std::io::stdin().lock()),
        url if url.starts_with("http://") || url.starts_with("https://") => return fetch(client, url).await,
        file => std::fs::File::open(file).and_then(bounded),
    };
    let bytes = bytes.map_err(|e| Trouble::Wrong(format!("{from} cannot be read: {e}")))?;
    plain(from, bytes)
}

fn plain(from: &str, bytes: Vec<u8>) -> Result<String, Trouble> {
    if bytes.len() > MOST {
        return Err(Trouble::Wrong(format!("{from} is larger than 2 MiB: report each server by itself")));
    }
    String::from_utf8(bytes).map_err(|_| Trouble::Wrong(format!("{from} is not UTF-8 text")))
}

fn bounded(from: impl Read) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(MOST as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

async fn fetch(client: &reqwest::Client, url: &str) -> Result<String, Trouble> {
    let away = |_| Trouble::Away(format!("{url} did not answer"));
    let mut answer = client.get(url).send().await.map_err(away)?;
    if !answer.status().is_success() {
        return Err(Trouble::Away(format!("{url} answered {}", answer.status())));
    }
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(away)? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > MOST {
            break;
        }
    }
    plain(url, bytes)
}

impl Observed {
    /// Reads JSON, or CSV where it does not begin as JSON does.
    pub fn parse(text: &str) -> Result<Self, Trouble> {
        let text = text.trim_start_matches('\u{feff}');
        if text.trim_start().starts_with(['{', '[']) {
            return serde_json::from_str(text).map_err(|e| Trouble::Wrong(format!("This JSON is no report: {e}")));
        }
        let mut table = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
        let columns = table.headers().map_err(|e| Trouble::Wrong(format!("This CSV is no report: {e}")))?.clone();
        // Without its first line an empty table would say that nothing runs.
        if let Some(missing) = COLUMNS.iter().find(|c| !columns.iter().any(|given| given == **c)) {
            return Err(Trouble::Wrong(format!(
                "This CSV has no column {missing}. Its first line is instance,class,server,host,version,since"
            )));
        }
        let rows: Result<Vec<Report>, csv::Error> = table.deserialize().collect();
        let observations = rows.map_err(|e| {
            Trouble::Wrong(format!(
                "This CSV is no report: {e}. Its first line is instance,class,server,host,version,since"
            ))
        })?;
        Ok(Self { complete: true, observations })
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
            let Err(Trouble::Wrong(said)) = Observed::parse(bad) else { panic!("{bad} is taken") };
            assert!(said.contains(says), "{bad}: {said}");
        }
    }
}
