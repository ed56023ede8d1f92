//! `custody permit verify`: decides from the published keys alone, without a connection (G9, F14).

use super::{
    Outcome,
    gate::{plain, told},
    server::permit,
};
use crate::{
    domain::permit::{Claims, Intent},
    ports::{clock::Clock, signing::Verifier},
};
use chrono::DateTime;
use clap::{Args, Subcommand};
use sha2::{Digest, Sha256};
use std::{
    io::{self, Write},
    path::{Path, PathBuf},
};

/// `custody permit …`
#[derive(Debug, Subcommand)]
pub enum PermitCommand {
    Verify(VerifyArgs),
}

/// Verify a permit from the published keys alone, without a connection
///
/// Prints what it permits. Exit codes: 0 permitted, 1 refused, 2 what was
/// given needs a change.
#[derive(Debug, Clone, Args)]
pub struct VerifyArgs {
    /// File with the published keys: a copy of /.well-known/jwks.json
    #[arg(long, value_name = "JWKS")]
    keys: PathBuf,

    /// Refuse where that copy was made longer ago: a key that was revoked since would still count
    #[arg(long, value_name = "HOURS", value_parser = clap::value_parser!(u64).range(1..=8760))]
    keys_max_age_hours: Option<u64>,

    /// The device server that is about to be changed
    #[arg(long)]
    server: String,

    /// The device that is about to be deployed
    #[arg(long)]
    device: Option<String>,

    /// The tag that is about to be deployed
    #[arg(long)]
    tag: Option<String>,

    /// The commit that is about to be deployed, in full
    #[arg(long)]
    commit: Option<String>,

    /// Custody's public address
    #[arg(long, value_name = "URL")]
    issuer: Option<String>,

    /// Directory that remembers which permits were used on this host, so that none is used twice
    #[arg(long, value_name = "DIR")]
    spent: Option<PathBuf>,

    /// Print the claims as JSON
    #[arg(long)]
    json: bool,

    /// The permit, its file, or - for standard input
    #[arg(value_name = "PERMIT", default_value = "-")]
    permit: String,
}

pub fn run(command: &PermitCommand, out: &mut dyn Write, err: &mut dyn Write) -> io::Result<Outcome> {
    let PermitCommand::Verify(args) = command;
    let keys = std::fs::read_to_string(&args.keys).map_err(|e| e.to_string());
    let verifier = match keys.and_then(|k| Verifier::parse(&k).map_err(|e| e.to_string())) {
        Ok(verifier) => verifier,
        Err(why) => {
            writeln!(err, "The keys in {} cannot be used: {why}", args.keys.display())?;
            return Ok(Outcome::Refused);
        }
    };
    if let Some(hours) = args.keys_max_age_hours {
        let age = std::fs::metadata(&args.keys).and_then(|m| m.modified()).map(|at| at.elapsed());
        // A copy from the future says nothing of its age.
        let fresh = age.is_ok_and(|a| a.unwrap_or_else(|e| e.duration()).as_secs() <= hours * 3600);
        if !fresh {
            let file = args.keys.display();
            writeln!(
                err,
                "REFUSED  The keys in {file} are not of the last {hours} hours: fetch /.well-known/jwks.json anew."
            )?;
            return Ok(Outcome::Failed);
        }
    }
    let text = match permit(&args.permit) {
        Ok(text) => text,
        Err(failure) => return told(failure, err),
    };
    let intent = Intent {
        now: Clock::System.now(),
        server: &args.server,
        issuer: args.issuer.as_deref().map(|i| i.trim_end_matches('/')),
        device: args.device.as_deref(),
        tag: args.tag.as_deref(),
        commit: args.commit.as_deref(),
    };
    let read = verifier.read(&text).map_err(|e| e.to_string());
    let judged = read.and_then(|c| c.permits(&intent).map(|()| c).map_err(|e| e.to_string()));
    let claims = match judged {
        Ok(claims) => claims,
        Err(why) => {
            writeln!(err, "REFUSED  This permit is refused: {}.", plain(&why))?;
            return Ok(Outcome::Failed);
        }
    };
    // Last of all: what is refused for another reason is not used up.
    if let Some(folder) = &args.spent {
        match spend(folder, &claims) {
            Ok(true) => {}
            Ok(false) => {
                writeln!(err, "REFUSED  This permit was used on this host already, and a permit is used once.")?;
                return Ok(Outcome::Failed);
            }
            Err(e) => {
                writeln!(err, "REFUSED  That it is used cannot be kept in {}: {e}", folder.display())?;
                return Ok(Outcome::Refused);
            }
        }
    }
    if args.json {
        writeln!(out, "{}", serde_json::to_string_pretty(&claims)?)?;
        return Ok(Outcome::Done);
    }
    let until = DateTime::from_timestamp(claims.exp, 0).map(|t| t.to_rfc3339()).unwrap_or_default();
    writeln!(
        out,
        "PERMITTED  {} {} onto {} ({})",
        plain(&claims.sub),
        plain(&claims.tag),
        plain(&claims.aud),
        plain(&claims.environment)
    )?;
    writeln!(out, "  commit      {}", plain(&claims.commit))?;
    writeln!(out, "  tree        {}", plain(&claims.tree))?;
    writeln!(out, "  tag object  {}", plain(&claims.object))?;
    writeln!(out, "  asked by    {}", plain(&claims.asker))?;
    writeln!(out, "  until       {until}")?;
    writeln!(out, "  deployment  {}", claims.deployment)?;
    Ok(Outcome::Done)
}

/// Remembers the permit; false where it was used before. Two at once: one of them makes the file.
fn spend(folder: &Path, claims: &Claims) -> io::Result<bool> {
    std::fs::create_dir_all(folder)?;
    let file = folder.join(format!("{:x}", Sha256::digest(format!("{}\n{}", claims.iss, claims.jti))));
    match std::fs::OpenOptions::new().write(true).create_new(true).open(file) {
        Ok(mut new) => {
            writeln!(new, "{} {}", claims.deployment, claims.exp)?;
            new.sync_all()?;
            // The name is on the disk too before anything is done by it.
            std::fs::File::open(folder)?.sync_all()?;
            Ok(true)
        }
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(e) => Err(e),
    }
}
