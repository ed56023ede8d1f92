//! `custody deployment report`: says what came of a deployment, from any pipeline (G9).

use super::{
    Outcome,
    gate::{outcome, plain, told},
    server::{ServerFlags, permit},
};
use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;
use std::io::{self, Write};

/// `custody deployment …`
#[derive(Debug, Subcommand)]
pub enum DeploymentCommand {
    Report(ReportArgs),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
enum What {
    /// The work begins: redeems the permit, which is needed
    Started,
    TestsBefore,
    TestsAfter,
    Succeeded,
    Failed,
    RolledBack,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Result {
    Passed,
    Failed,
}

/// Report what came of a deployment
///
/// Exit codes: 0 taken, 1 refused, 2 what was given needs a change, 3 Custody
/// cannot be reached.
#[derive(Debug, Clone, Args)]
pub struct ReportArgs {
    /// The deployment's id, as `custody gate` prints it
    #[arg(long, value_name = "ID")]
    deployment: String,

    /// What is reported
    #[arg(long)]
    what: What,

    /// With started: the permit, its file, or - for standard input
    #[arg(long, value_name = "PERMIT", required_if_eq("what", "started"))]
    permit: Option<String>,

    /// With tests_before and tests_after
    #[arg(long, required_if_eq_any([("what", "tests_before"), ("what", "tests_after")]))]
    result: Option<Result>,

    /// A page about it, like the job's
    #[arg(long, default_value = "")]
    link: String,

    /// What there is to say; a reason is needed with failed and rolled_back
    #[arg(long, default_value = "", required_if_eq_any([("what", "failed"), ("what", "rolled_back")]))]
    text: String,

    /// Names this report, so that a repetition is answered and not put on record again; like the job's id
    #[arg(long, value_name = "TEXT")]
    key: Option<String>,

    /// Print Custody's answer as JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    server: ServerFlags,
}

pub fn run(command: &DeploymentCommand, out: &mut dyn Write, err: &mut dyn Write) -> io::Result<Outcome> {
    let DeploymentCommand::Report(args) = command;
    if !args.deployment.chars().all(|c| c.is_ascii_hexdigit() || c == '-') {
        writeln!(err, "{} is no deployment's id: custody gate prints it.", plain(&args.deployment))?;
        return Ok(Outcome::Refused);
    }
    let permit = match args.permit.as_deref().map(permit).transpose() {
        Ok(permit) => permit,
        Err(failure) => return told(failure, err),
    };
    let what = args.what.to_possible_value().map(|v| v.get_name().to_owned()).unwrap_or_default();
    let body = json!({ "what": what, "permit": permit, "passed": args.result.map(|r| r == Result::Passed),
        "link": args.link, "text": args.text });
    super::run_async(async move {
        let path = format!("/api/v1/deployments/{}/reports", args.deployment);
        let (status, answer) = match args.server.post(&path, &body, args.key.as_deref()).await {
            Ok(answered) => answered,
            Err(failure) => return told(failure, err),
        };
        if args.json {
            writeln!(out, "{}", serde_json::to_string_pretty(&answer)?)?;
        } else if status < 300 {
            writeln!(out, "Taken: {what}. The deployment is {}.", plain(answer["state"].as_str().unwrap_or_default()))?;
            for sentence in answer["since_permitted"].as_array().into_iter().flatten() {
                writeln!(out, "Since it was permitted: {}", plain(sentence.as_str().unwrap_or_default()))?;
            }
        } else {
            writeln!(err, "Refused: {}", plain(answer["detail"].as_str().unwrap_or_default()))?;
            for gate in answer["gates"].as_array().into_iter().flatten().filter(|g| g["met"] == false) {
                writeln!(
                    err,
                    "  {}: {}",
                    plain(gate["id"].as_str().unwrap_or_default()),
                    plain(gate["why"].as_str().unwrap_or_default())
                )?;
            }
        }
        Ok(outcome(status))
    })
}
