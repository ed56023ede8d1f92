//! `custody observe`: an agent. It reads what runs, and reports it (G10).

mod read;

use super::{Outcome, args::ObserveArgs, server::keeps_secret};
use crate::{
    ports::route,
    service::observations::{MOST, Observed, Report},
};
use read::Trouble;
use std::{io::Write, time::Duration};

/// A reading and a report have this long each.
const WITHIN: Duration = Duration::from_secs(30);

pub fn run(args: &ObserveArgs, out: &mut dyn Write, err: &mut dyn Write) -> std::io::Result<Outcome> {
    if !matches!(args.to.scheme(), "https" | "http") {
        writeln!(err, "--to {}: give Custody’s address, like https://custody.example.org", args.to)?;
        return Ok(Outcome::Refused);
    }
    if let Err(why) = keeps_secret(&args.to) {
        writeln!(err, "--to {}: {why}", args.to)?;
        return Ok(Outcome::Refused);
    }
    if args.every.is_some() && args.from == "-" {
        writeln!(err, "--every needs something that can be read again: give a file or an address with --from")?;
        return Ok(Outcome::Refused);
    }
    super::run_async(async move {
        loop {
            let done = once(args).await;
            match &done {
                Ok(said) => writeln!(out, "{said}")?,
                Err(trouble) => writeln!(err, "{trouble}")?,
            }
            out.flush()?;
            match (args.every, done) {
                (Some(every), _) => tokio::select! {
                    _ = tokio::time::sleep(every) => {}
                    _ = tokio::signal::ctrl_c() => return Ok(Outcome::Done),
                },
                (None, Ok(_)) => return Ok(Outcome::Done),
                (None, Err(Trouble::Wrong(_))) => return Ok(Outcome::Refused),
                (None, Err(Trouble::Away(_))) => return Ok(Outcome::Failed),
            }
        }
    })
}

fn client() -> Result<reqwest::Client, Trouble> {
    reqwest::Client::builder()
        // A token follows nobody elsewhere.
        .redirect(reqwest::redirect::Policy::none())
        .timeout(WITHIN)
        .user_agent("Custody observe")
        .build()
        .map_err(|e| Trouble::Away(format!("No connection could be prepared: {e}")))
}

/// One reading and one report; the sentence to say of it.
async fn once(args: &ObserveArgs) -> Result<String, Trouble> {
    let named = |e: std::io::Error| Trouble::Wrong(format!("{} cannot be read: {e}", args.token_file.display()));
    let token = std::fs::read_to_string(&args.token_file).map_err(named)?;
    let token = token.trim();
    if token.is_empty() || token.chars().any(|c| c.is_whitespace() || !c.is_ascii_graphic()) {
        return Err(Trouble::Wrong(format!(
            "{} holds no token: put the one that /admin/tokens showed there, and nothing else",
            args.token_file.display()
        )));
    }
    let client = client()?;
    let text = read::text(&client, &args.from).await?;
    let mut observed = Observed::parse(&text).map_err(|e| Trouble::Wrong(e.0))?;
    if let Some(server) = &args.server {
        observed.observations.retain(|o| o.server == *server);
        // A name that is mistyped fits nothing, which is no proof that nothing runs: Custody knows whose the token is.
        observed.server = Some(server.clone());
    }
    if args.partial {
        observed.complete = false;
    }
    let mut to = args.to.clone();
    to.set_path(&format!("{}/api/v1/observations", args.to.path().trim_end_matches('/')));
    let sent = observed.observations.len();
    let posts = parts(observed);
    let many = posts.len();
    let mut all = Counts::default();
    for part in posts {
        let answer = client.post(to.clone()).bearer_auth(token).json(&part).send().await;
        let answer =
            answer.map_err(|e| Trouble::Away(format!("Custody did not answer at {}: {}", args.to, cause(&e))))?;
        let of = judge(answer).await?;
        all = Counts { gone: all.gone + of.gone, unknown: all.unknown + of.unknown };
    }
    let gone = match many {
        1 => format!("{} gone", all.gone),
        _ => format!("in {many} posts, so none is taken to be gone"),
    };
    Ok(format!("{sent} reported: {gone}, {} not registered", all.unknown))
}

/// As it is sent: of several posts none lists everything, and what is in the others is not gone.
fn parts(observed: Observed) -> Vec<Observed> {
    if observed.observations.len() <= MOST {
        return vec![observed];
    }
    let part =
        |some: &[Report]| Observed { server: observed.server.clone(), complete: false, observations: some.to_vec() };
    observed.observations.chunks(MOST).map(part).collect()
}

/// What Custody made of a report.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    gone: u64,
    unknown: u64,
}

/// What a connection failed over, without the address that the error repeats.
fn cause(e: &reqwest::Error) -> String {
    match e {
        e if route::is_untrusted(e) => "it shows a certificate that is not trusted here".to_owned(),
        e if e.is_timeout() => format!("not within {} seconds", WITHIN.as_secs()),
        e if e.is_connect() => "it cannot be connected to".to_owned(),
        _ => "the connection broke off".to_owned(),
    }
}

async fn judge(answer: reqwest::Response) -> Result<Counts, Trouble> {
    let status = answer.status();
    let body: serde_json::Value = answer.json().await.unwrap_or_default();
    if status.is_success() {
        let count = |key: &str| body[key].as_u64().unwrap_or_default();
        return Ok(Counts { gone: count("gone"), unknown: count("unknown") });
    }
    let mut said = format!("Custody answered {status}");
    if let Some(detail) = body["detail"].as_str().or(body["title"].as_str()) {
        said += &format!(": {detail}");
    }
    for e in body["errors"].as_array().into_iter().flatten().take(10) {
        said += &format!("\n  {}: {}", e["field"].as_str().unwrap_or_default(), e["say"].as_str().unwrap_or_default());
    }
    match status.as_u16() {
        408 | 425 | 429 | 500.. => Err(Trouble::Away(said)),
        _ => Err(Trouble::Wrong(said)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// G10: what does not fit into one post is sent in several, of which none has the others gone.
    #[test]
    fn g10_a_large_report_is_sent_in_parts() {
        let report = |i: usize| Report {
            instance: format!("A/B/{i}"),
            class: "Motor".to_owned(),
            server: "s/1".to_owned(),
            host: "h".to_owned(),
            version: String::new(),
            since: chrono::DateTime::UNIX_EPOCH,
        };
        for (many, expected) in [(0, vec![0]), (MOST, vec![MOST]), (MOST + 1, vec![MOST, 1])] {
            let observations = (0..many).map(report).collect();
            let all = parts(Observed { server: Some("s/1".to_owned()), complete: true, observations });
            assert_eq!(all.iter().map(|p| p.observations.len()).collect::<Vec<_>>(), expected);
            assert!(all.iter().all(|p| p.complete == (many <= MOST) && p.server.is_some()), "{many}");
        }
        let partial = parts(Observed { server: None, complete: false, observations: vec![report(1)] });
        assert!(!partial[0].complete);
    }
}
