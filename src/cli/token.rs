//! `custody token`: what programs sign in with, on the data directory itself (E1).

use super::{Outcome, place};
use crate::{
    app::App,
    config::DataFlags,
    service::{Caller, Error, accounts, tokens},
};
use clap::{Args, Subcommand, ValueEnum};
use std::io::{self, Write};

/// `custody token …`
#[derive(Debug, Subcommand)]
pub enum TokenCommand {
    New(NewArgs),
    /// List the tokens, dead ones too, newest first
    List(ListArgs),
    /// End a token at once, and those that were made with it
    Revoke(RevokeArgs),
}

/// Make a token; its secret is printed once, and nowhere kept
///
/// It goes to standard output alone, so that > FILE takes it.
#[derive(Debug, Clone, Args)]
pub struct NewArgs {
    /// Which program uses it, like "agent on exflcon01"
    #[arg(long)]
    name: String,

    /// What it may do: report what runs on a server, report evidence for a device, deploy, or read or do whatever its
    /// maker may
    #[arg(long)]
    scope: Scope,

    /// The server that it speaks for; a deploy token may do without
    #[arg(long, default_value = "", hide_default_value = true)]
    server: String,

    /// The device that it speaks for; a deploy token may do without
    #[arg(long, default_value = "", hide_default_value = true)]
    device: String,

    /// For how many days it counts
    #[arg(long, default_value_t = 180)]
    days: u32,

    /// In whose name it acts, by their sign-in name here or their address: a member of CTRL or an administrator, or
    /// anybody where it reads or does what they may themselves
    #[arg(long = "as", value_name = "LOGIN")]
    maker: String,

    #[command(flatten)]
    place: DataFlags,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, strum::Display)]
#[strum(serialize_all = "lowercase")]
enum Scope {
    Observe,
    Evidence,
    Deploy,
    Read,
    Admin,
}

#[derive(Debug, Clone, Args)]
pub struct ListArgs {
    #[command(flatten)]
    place: DataFlags,
}

#[derive(Debug, Clone, Args)]
pub struct RevokeArgs {
    /// The token's id, as `custody token list` prints it
    id: String,

    #[command(flatten)]
    place: DataFlags,
}

pub fn run(command: &TokenCommand, out: &mut dyn Write, err: &mut dyn Write) -> io::Result<Outcome> {
    let place = match command {
        TokenCommand::New(args) => &args.place,
        TokenCommand::List(args) => &args.place,
        TokenCommand::Revoke(args) => &args.place,
    };
    super::run_async(async move {
        let app = match place::open(place, err).await? {
            Ok(app) => app,
            Err(outcome) => return Ok(outcome),
        };
        let done = act(&app, command).await;
        let closed = app.db.close().await;
        match done {
            Ok(Said { plain, beside }) => {
                write!(out, "{plain}")?;
                // Whoever keeps what is printed keeps the secret alone.
                out.flush()?;
                write!(err, "{beside}")?;
            }
            Err(Error::Invalid(problems)) => {
                for p in problems {
                    writeln!(err, "{}: {}.", p.field, p.say)?;
                }
                return Ok(Outcome::Refused);
            }
            Err(Error::Refused(refusal)) => {
                writeln!(err, "{refusal}")?;
                return Ok(Outcome::Refused);
            }
            Err(Error::NotFound) => {
                writeln!(err, "No token that still counts has this id: custody token list shows all of them.")?;
                return Ok(Outcome::Refused);
            }
            Err(e) => {
                let cause = std::error::Error::source(&e).map(|c| format!(": {c}")).unwrap_or_default();
                writeln!(err, "{e}{cause}")?;
                return Ok(Outcome::Failed);
            }
        }
        if let Err(e) = closed {
            writeln!(err, "{e}")?;
            return Ok(Outcome::Failed);
        }
        Ok(Outcome::Done)
    })
}

/// What is printed, on standard output and beside it.
#[derive(Default)]
struct Said {
    plain: String,
    beside: String,
}

async fn act(app: &App, command: &TokenCommand) -> Result<Said, Error> {
    match command {
        TokenCommand::New(args) => make(app, args).await,
        TokenCommand::List(_) => Ok(Said { plain: list(app).await?, ..Said::default() }),
        TokenCommand::Revoke(args) => {
            tokens::revoke(app, &myself(), &args.id).await?;
            Ok(Said { plain: "The token opens nothing any more.\n".to_owned(), ..Said::default() })
        }
    }
}

fn myself() -> Caller {
    Caller { origin: "cli".to_owned(), ..Caller::custody() }
}

async fn make(app: &App, args: &NewArgs) -> Result<Said, Error> {
    let Some(maker) = accounts::find_meant(app, args.maker.trim()).await? else {
        return crate::service::invalid("as", format!("Nobody signs in here as {} or has that address", args.maker));
    };
    let scope = tokens::scope(app, &args.scope.to_string(), &args.server, &args.device).await?;
    let (token, secret) = tokens::create(app, &Caller::person(maker, "cli"), &args.name, scope, args.days).await?;
    let until = token.expires_at.format("%F %H:%M UTC");
    let beside = format!("{} counts until {until}. Custody keeps no copy of its secret.\n", token.id);
    Ok(Said { plain: format!("{secret}\n"), beside })
}

async fn list(app: &App) -> Result<String, Error> {
    let now = app.clock.now();
    let mut text = String::new();
    for listed in tokens::list(app, &myself()).await? {
        let (does, of) = listed.does();
        let t = &listed.token;
        let state = match t.revoked_at {
            Some(at) => format!("revoked {}", at.format("%F")),
            None if t.expires_at <= now => format!("ran out {}", t.expires_at.format("%F")),
            None if !listed.alive => "counts no longer: its maker’s account is closed".to_owned(),
            None => format!("counts until {}", t.expires_at.format("%F")),
        };
        let used = t.used_at.map_or_else(|| "never used".to_owned(), |at| format!("used {}", at.format("%F")));
        let with = listed.made_with.as_ref().map(|with| format!(" with {with}")).unwrap_or_default();
        text += &format!("{}  {}  {does} {of}  by {}{with}  {state}  {used}\n", t.id, t.name, listed.creator);
    }
    Ok(text)
}
