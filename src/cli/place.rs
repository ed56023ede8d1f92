//! The data directory, opened by a command beside a Custody that may be running.

use crate::{
    app::{App, Parts},
    config::{DataFlags, Flags, Settings},
    domain::policy::Policy,
    ports::clock::Clock,
    store::{Db, connection::Kept},
};

/// A data directory with a database in it, and the policy that holds there.
pub struct Place {
    settings: Settings,
    policy: Policy,
}

impl Place {
    /// Where the flags, the variables and the file say; else a sentence that says what to set right.
    pub fn find(flags: &DataFlags) -> Result<Self, String> {
        let settings =
            Settings::load(&Flags { place: flags.clone(), ..Flags::default() }).map_err(|e| e.to_string())?;
        let policy = settings.read_policy().map_err(|e| e.to_string())?;
        match settings.kept() {
            Kept::File(file) if !file.exists() => {
                Err(format!("There is no database at {}: name its directory with --data.", file.display()))
            }
            Kept::File(_) | Kept::Server(_) => Ok(Self { settings, policy }),
        }
    }

    /// Opens it for a command, which sends nothing; else a sentence that says why it cannot be opened.
    pub async fn open(self) -> Result<App, String> {
        let Self { settings, policy } = self;
        let kept = settings.kept();
        let db = Db::open_kept(&kept).await.map_err(|e| format!("{kept} cannot be opened: {e}"))?;
        let parts = Parts {
            policy,
            clock: Clock::System,
            public_url: settings.public_url(settings.listen),
            secure_cookies: settings.secure_cookies,
            demo: false,
            mail: None,
            sends: false,
            metrics: settings.metrics,
        };
        Ok(App::new(db, parts))
    }
}
