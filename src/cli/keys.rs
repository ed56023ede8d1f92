//! `custody keys`: the keys that sign permits and checkpoints, on the data directory itself (A13).

use super::{Outcome, place};
use crate::{
    app::App,
    config::DataFlags,
    service::{Caller, Error, permits},
};
use clap::{Args, Subcommand};
use std::io::{self, Write};

/// `custody keys …`
#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// List the keys, each with what it is for now
    List(ListArgs),
    /// Publish the next key; it signs once the overlap of the policy is over
    Rotate(PlaceArgs),
    /// Let nothing count any more that a key signed, as after a leak
    Revoke(RevokeArgs),
}

#[derive(Debug, Clone, Args)]
pub struct ListArgs {
    /// Print the public keys as a JWKS instead, those that count no longer too: for custody audit verify --keys
    #[arg(long)]
    jwks: bool,

    #[command(flatten)]
    place: DataFlags,
}

#[derive(Debug, Clone, Args)]
pub struct PlaceArgs {
    #[command(flatten)]
    place: DataFlags,
}

#[derive(Debug, Clone, Args)]
pub struct RevokeArgs {
    /// The key's id, as `custody keys list` prints it
    // One in 64 begins like a flag.
    #[arg(allow_hyphen_values = true)]
    kid: String,

    #[command(flatten)]
    place: DataFlags,
}

pub fn run(command: &KeysCommand, out: &mut dyn Write, err: &mut dyn Write) -> io::Result<Outcome> {
    let place = match command {
        KeysCommand::List(args) => &args.place,
        KeysCommand::Rotate(args) => &args.place,
        KeysCommand::Revoke(args) => &args.place,
    };
    super::run_async(async move {
        let app = match place::open(place, err).await? {
            Ok(app) => app,
            Err(outcome) => return Ok(outcome),
        };
        let done = act(&app, command, out).await;
        let closed = app.db.close().await;
        match (done, closed) {
            (Ok(()), Ok(())) => Ok(Outcome::Done),
            (Err(Error::NotFound), _) => {
                writeln!(err, "No key that still counts has this id: custody keys list shows all of them.")?;
                Ok(Outcome::Refused)
            }
            (Err(e), _) => {
                writeln!(err, "{e}")?;
                Ok(Outcome::Failed)
            }
            (_, Err(e)) => {
                writeln!(err, "{e}")?;
                Ok(Outcome::Failed)
            }
        }
    })
}

async fn act(app: &App, command: &KeysCommand, out: &mut dyn Write) -> Result<(), Error> {
    let caller = Caller { origin: "cli".to_owned(), ..Caller::custody() };
    let wrote = |e: io::Error| Error::Internal(Box::new(e));
    match command {
        KeysCommand::List(ListArgs { jwks: true, .. }) => {
            let keys = permits::every_key(&permits::list_keys(app).await?);
            let text = serde_json::to_string_pretty(&keys).map_err(|e| Error::Internal(Box::new(e)))?;
            writeln!(out, "{text}").map_err(wrote)?;
        }
        KeysCommand::List(_) => {
            let now = app.clock.now();
            let mut signing = true;
            for key in permits::list_keys(app).await? {
                let counts = key.revoked_at.is_none() && key.retired_at.is_none_or(|at| now < at);
                let state = match (key.revoked_at, key.retired_at) {
                    (Some(at), _) => format!("revoked {}", at.format("%F %H:%M UTC")),
                    (None, Some(at)) if at <= now => format!("retired {}", at.format("%F %H:%M UTC")),
                    (None, Some(at)) => format!("signs until {}", at.format("%F %H:%M UTC")),
                    (None, None) if signing => "signs".to_owned(),
                    (None, None) => "published, signs next".to_owned(),
                };
                signing &= !counts;
                writeln!(out, "{}  made {}  {state}", key.kid, key.created_at.format("%F")).map_err(wrote)?;
            }
        }
        KeysCommand::Rotate(_) => {
            let kid = permits::rotate(app, &caller).await?;
            let days = app.policy.permits.overlap_days;
            writeln!(
                out,
                "{kid} is published now and signs in {days} days. Give the keys to hosts without a connection."
            )
            .map_err(wrote)?;
        }
        KeysCommand::Revoke(args) => {
            permits::revoke(app, &caller, &args.kid).await?;
            writeln!(
                out,
                "Nothing counts any more that {} signed. Hosts without a connection need the new keys now.",
                args.kid
            )
            .map_err(wrote)?;
        }
    }
    Ok(())
}
