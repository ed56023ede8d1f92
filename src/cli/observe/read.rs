//! Where a report comes from.

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
