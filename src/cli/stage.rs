//! `custody stage`: reports a stage of a release, from any pipeline (G3).

use super::{
    Outcome,
    gate::{outcome, plain, told},
    server::ServerFlags,
};
use clap::{Args, ValueEnum};
use serde_json::json;
use std::io::{self, Write};

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Result {
    Passed,
    Failed,
}

/// Report a stage of a release: what a job of the device built or tested
///
/// Exit codes: 0 taken, 1 refused, 2 what was given needs a change, 3 Custody
/// cannot be reached.
#[derive(Debug, Clone, Args)]
pub struct StageArgs {
    /// The device's name
    #[arg(long)]
    device: String,

    /// The release's tag, as git has it
    #[arg(long)]
    tag: String,

    /// built, tested, staging or tested_after
    #[arg(long)]
    stage: String,

    /// What came of it
    #[arg(long)]
    result: Result,

    /// The commit that it is about, in full
    #[arg(long)]
    commit: String,

    /// A page about it, like the job's
    #[arg(long, default_value = "")]
    link: String,

    /// What there is to say
    #[arg(long, default_value = "")]
    text: String,

    /// Names this report, so that a repetition is answered and not put on record again; like the job's id
    #[arg(long, value_name = "TEXT")]
    key: Option<String>,

    #[command(flatten)]
    server: ServerFlags,
}

pub fn run(args: &StageArgs, out: &mut dyn Write, err: &mut dyn Write) -> io::Result<Outcome> {
    let body = json!({ "stage": args.stage, "commit": args.commit, "passed": args.result == Result::Passed,
        "link": args.link, "text": args.text });
    let part = |text: &str| -> String { url::form_urlencoded::byte_serialize(text.as_bytes()).collect() };
    let encoded = |text: &str| part(text).replace('+', "%20");
    let path = format!("/api/v1/devices/{}/releases/{}/stages", encoded(&args.device), encoded(&args.tag));
    super::run_async(async move {
        let (status, answer) = match args.server.post(&path, &body, args.key.as_deref()).await {
            Ok(answered) => answered,
            Err(failure) => return told(failure, err),
        };
        if status < 300 {
            let verdict = if args.result == Result::Passed { "passed" } else { "failed" };
            writeln!(out, "Taken: {} {verdict} for {} {}.", args.stage, args.device, args.tag)?;
        } else {
            writeln!(err, "Refused: {}", plain(answer["detail"].as_str().unwrap_or_default()))?;
        }
        Ok(outcome(status))
    })
}
