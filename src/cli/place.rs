//! The data directory, opened by a command beside a Custody that may be running.

use super::{Outcome, serve};
use crate::{
    app::{App, Parts},
    config::{DataFlags, Flags, Settings},
    domain::policy::Policy,
    ports::clock::Clock,
    store::{Db, connection::Kept},
};
use sea_orm::DbErr;
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

/// Why the data could not be opened, and what to set right where that can be told.
pub fn unopened(kept: &Kept, why: &DbErr) -> String {
    let why = why.to_string();
    let advice = match why.contains("invalid peer certificate") {
        true => ". Name the server as its certificate does, and with sslrootcert the authority that signed that.",
        false => "",
    };
    format!("{kept} cannot be opened: {why}{advice}")
}

/// Where the flags, the variables and the file say, and the policy that holds there; else a sentence that says what to
/// set right.
fn find(flags: &DataFlags, must_be_there: bool) -> Result<(Settings, Policy), String> {
    let settings = Settings::load(&Flags { place: flags.clone(), ..Flags::default() }).map_err(|e| e.to_string())?;
    let policy = settings.read_policy().map_err(|e| e.to_string())?;
    match settings.kept() {
        Kept::File(file) if must_be_there && !file.exists() => {
            Err(format!("There is no database at {}: name its directory with --data.", file.display()))
        }
        Kept::File(_) | Kept::Server(_) => Ok((settings, policy)),
    }
}
