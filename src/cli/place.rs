//! The data directory, opened by a command beside a Custody that may be running.

use super::{Outcome, serve};
use crate::{
    app::{App, Parts},
    config::{DataFlags, Flags, Settings},
    domain::policy::Policy,
    ports::clock::Clock,
    store::{
        Db,
        connection::{self, Kept},
    },
};
use sea_orm::{DatabaseConnection, DbErr};
use std::io::{self, Write};

/// The app on this data, which sends nothing; else why not is said, and what the command comes to.
pub async fn open(flags: &DataFlags, err: &mut dyn Write) -> io::Result<Result<App, Outcome>> {
    open_found(find(flags, true), err).await
}

/// The same, and where there is no database yet it is made.
pub async fn open_or_make(flags: &DataFlags, err: &mut dyn Write) -> io::Result<Result<App, Outcome>> {
    let found = find(flags, false).and_then(|found| serve::prepare(&found.0).map(|()| found));
    open_found(found, err).await
}

async fn open_found(
    found: Result<(Settings, Policy), String>,
    err: &mut dyn Write,
) -> io::Result<Result<App, Outcome>> {
    let (settings, policy) = match found {
        Ok(found) => found,
        Err(problem) => {
            writeln!(err, "{problem}")?;
            return Ok(Err(Outcome::Refused));
        }
    };
    let kept = settings.kept();
    let db = match Db::open_kept(&kept).await {
        Ok(db) => db,
        Err(e) => {
            writeln!(err, "{}", unopened(&kept, &e))?;
            return Ok(Err(Outcome::Failed));
        }
    };
    let parts = Parts {
        policy,
        clock: Clock::System,
        public_url: settings.public_url(settings.listen),
        secure_cookies: settings.secure_cookies,
        demo: false,
        mail: None,
        sends: false,
        metrics: settings.metrics,
        proxies: settings.trusted_proxies.clone(),
    };
    Ok(Ok(App::new(db, parts)))
}

/// What is kept there, for reading alone and as it is; else why not.
pub async fn open_to_read(kept: &Kept) -> Result<DatabaseConnection, String> {
    kept.open_to_read().await.map_err(|e| unopened(kept, &e))
}

/// How an error ends where a file is not there, or is not to be read.
const NO_FILE: [&str; 2] = ["(os error 2)", "(os error 13)"];

/// Why the data could not be opened, and what to set right where that can be told.
pub fn unopened(kept: &Kept, why: &DbErr) -> String {
    let said = why.to_string();
    // Which line of PostgreSQL's source said so is no help.
    let said = match said.rsplit_once(" at line ") {
        Some((said, line)) if line.bytes().all(|b| b.is_ascii_digit()) => said,
        _ => &said,
    };
    // Source: PostgreSQL, appendix A "Error Codes".
    let advice = match connection::code(why).as_deref() {
        _ if matches!(kept, Kept::Server(_)) && said.contains("pool timed out") => {
            return format!(
                "{kept} cannot be opened: nobody there takes a connection. Have the server run, name its host and port \
                 as they are, and see that it has connections left (max_connections)."
            );
        }
        _ if matches!(kept, Kept::Server(_)) && NO_FILE.iter().any(|no| said.ends_with(no)) => {
            ". A file that its address names (sslrootcert, sslcert, sslkey, or a socket in host) is not there, or not \
             this account’s to read."
        }
        _ if said.contains("invalid peer certificate") => {
            ". Name the server as its certificate does, and with sslrootcert the authority that signed that."
        }
        Some("28P01") => {
            ". Set the name and the password right in its address, where @ is written %40, or in ~/.pgpass."
        }
        Some("28000") => {
            ". Have the server’s pg_hba.conf let this machine in; where it wants encryption, ask with sslmode=verify-full."
        }
        _ => "",
    };
    format!("{kept} cannot be opened: {said}{advice}")
}

/// What keeps the data that the flags, the variables and the file name, where it is there; else a sentence that says what
/// to set right.
pub fn there(flags: &DataFlags) -> Result<Kept, String> {
    let kept = settings(flags)?.kept();
    must_exist(&kept).map(|()| kept)
}

fn settings(flags: &DataFlags) -> Result<Settings, String> {
    Settings::load(&Flags { place: flags.clone(), ..Flags::default() }).map_err(|e| e.to_string())
}

fn must_exist(kept: &Kept) -> Result<(), String> {
    match kept {
        Kept::File(file) if !file.exists() => {
            Err(format!("There is no database at {}: name its directory with --data.", file.display()))
        }
        Kept::File(_) | Kept::Server(_) => Ok(()),
    }
}

/// Where the flags, the variables and the file say, and the policy that holds there; else a sentence that says what to
/// set right.
fn find(flags: &DataFlags, must_be_there: bool) -> Result<(Settings, Policy), String> {
    let settings = settings(flags)?;
    let policy = settings.read_policy().map_err(|e| e.to_string())?;
    if must_be_there {
        must_exist(&settings.kept())?;
    }
    Ok((settings, policy))
}
