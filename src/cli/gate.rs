//! `custody gate`: asks whether a release may go onto a server, for any pipeline (G1, G9).

use super::{
    Outcome,
    server::{Failure, ServerFlags},
};
use clap::Args;
use serde_json::{Value, json};
use std::{
    io::{self, Write},
    path::{Path, PathBuf},
};

/// Ask whether a release may go onto a server, and get the permit for it
///
/// Every gate is listed, met or not. Exit codes: 0 allowed, 1 refused, 2 what
/// was given needs a change, 3 Custody cannot be reached.
#[derive(Debug, Clone, Args)]
pub struct GateArgs {
    /// The device's name
    #[arg(long)]
    device: String,

    /// The tag that is to be deployed, as git has it
    #[arg(long)]
    tag: String,

    /// The device server that it goes onto
    #[arg(long)]
    server: String,

    /// development or production; without it, the one of the server's class
    #[arg(long)]
    environment: Option<String>,

    /// The commit that is about to be deployed, in full: another one than the release's is refused
    #[arg(long)]
    commit: Option<String>,

    /// Print Custody's answer as JSON, the permit included
    #[arg(long)]
    json: bool,

    /// Judge, and change nothing: no permit is given
    #[arg(long)]
    dry_run: bool,

    /// File that the permit is written to, readable by its owner alone
    #[arg(long, value_name = "OUT", conflicts_with = "dry_run")]
    permit_file: Option<PathBuf>,

    /// Names this request, so that a repetition is answered and not acted out again; like the pipeline's id
    #[arg(long, value_name = "TEXT")]
    key: Option<String>,

    #[command(flatten)]
    server_flags: ServerFlags,
}

pub fn run(args: &GateArgs, out: &mut dyn Write, err: &mut dyn Write) -> io::Result<Outcome> {
    super::run_async(async move {
        let of = &args.server_flags;
        let asked = if args.dry_run {
            let mut query = vec![("device", args.device.as_str()), ("tag", &args.tag), ("server", &args.server)];
            query.extend(args.environment.as_deref().map(|e| ("environment", e)));
            query.extend(args.commit.as_deref().map(|c| ("commit", c)));
            of.get("/api/v1/deployments/check", &query).await
        } else {
            let body = json!({ "device": args.device, "tag": args.tag, "server": args.server,
                "environment": args.environment, "commit": args.commit });
            of.post("/api/v1/deployments", &body, args.key.as_deref()).await
        };
        let (status, answer) = match asked {
            Ok(answered) => answered,
            Err(failure) => return told(failure, err),
        };
        let allowed = match args.dry_run {
            true => status == 200 && answer["allowed"] == true,
            false => status == 201 && answer["permit"].is_string(),
        };
        if (200..300).contains(&status) && !allowed {
            let said = format!("{} answers {status} and decides nothing: is it Custody?", of.url);
            return told(Failure::Away(said), err);
        }
        if let (Some(file), Some(permit)) = (&args.permit_file, answer["permit"].as_str())
            && let Err(e) = write_private(file, permit)
        {
            writeln!(err, "The permit cannot be written to {}: {e}", file.display())?;
            return Ok(Outcome::Refused);
        }
        if args.json {
            writeln!(out, "{}", serde_json::to_string_pretty(&answer)?)?;
        } else {
            table(args, status, &answer, out)?;
        }
        Ok(outcome(status))
    })
}

/// Says what failed.
pub(super) fn told(failure: Failure, err: &mut dyn Write) -> io::Result<Outcome> {
    let (text, outcome) = match failure {
        Failure::Given(text) => (text, Outcome::Refused),
        Failure::Away(text) => (text, Outcome::Away),
    };
    writeln!(err, "{text}")?;
    Ok(outcome)
}

/// What a status means for a pipeline: who may not and what may not is refused, what cannot be read is wrong use.
pub(super) fn outcome(status: u16) -> Outcome {
    match status {
        200..=299 => Outcome::Done,
        400 | 415 | 422 => Outcome::Refused,
        _ => Outcome::Failed,
    }
}

fn table(args: &GateArgs, status: u16, answer: &Value, out: &mut dyn Write) -> io::Result<()> {
    let text = |v: &Value| plain(v.as_str().unwrap_or_default());
    let (device, tag, server) = (&args.device, &args.tag, &args.server);
    match status {
        200 => writeln!(out, "ALLOWED  {device} {tag} onto {server} (nothing was changed)")?,
        201 => writeln!(out, "ALLOWED  {device} {tag} onto {server}")?,
        _ => writeln!(out, "REFUSED  {device} {tag} onto {server}: {}", text(&answer["detail"]))?,
    }
    if let Some(gates) = answer["gates"].as_array().filter(|g| !g.is_empty()) {
        writeln!(out)?;
        let wide = gates.iter().map(|g| text(&g["id"]).len()).max().unwrap_or_default();
        for gate in gates {
            let met = match (gate["met"] == true, gate["overridden"] == true) {
                (true, _) => "met ",
                (false, true) => "SKIP",
                (false, false) => "OPEN",
            };
            writeln!(out, "  {met}  {:<wide$}  {}", text(&gate["id"]), text(&gate["title"]))?;
            writeln!(out, "        {:<wide$}  {}", "", text(&gate["why"]))?;
        }
    }
    if status == 201 {
        writeln!(out, "\nDeployment {}", text(&answer["id"]))?;
        writeln!(out, "Page       {}", text(&answer["page"]))?;
        let until = text(&answer["expires_at"]);
        match &args.permit_file {
            Some(file) => writeln!(out, "Permit     in {}, until {until}", file.display())?,
            None => writeln!(out, "Permit     until {until}; --permit-file OUT or --json gives it")?,
        }
    }
    Ok(())
}

/// What Custody said, without anything that a terminal acts on.
pub(super) fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// A file for its owner alone, whole or not at all.
fn write_private(file: &Path, text: &str) -> io::Result<()> {
    let folder = file.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // A temporary file is its owner's alone from the start.
    let mut new = tempfile::NamedTempFile::new_in(folder)?;
    writeln!(new, "{text}")?;
    new.persist(file).map(|_| ()).map_err(|e| e.error)
}
