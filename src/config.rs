//! Settings of the program: flags win over `CUSTODY_*` variables, these over
//! the file, the file over the defaults. They are checked once, here.

mod flags;
mod layers;
mod policy_file;
mod problem;
mod proxies;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use figment::Figment;
use figment::providers::{Env, Format, Serialized, Toml};
use url::Url;

use crate::domain::policy::Policy;
use crate::ports::mail::{Mailbox, Smtp};
use crate::store::connection::{Kept, postgres::Server};
use layers::Layers;

pub use flags::{DataFlags, Flags};
pub use policy_file::{PolicyFileError, read_policy};
pub use problem::{SettingsError, SettingsProblem};
pub use proxies::Proxies;

/// The settings' file that is read if it is there and none is named.
const FILE: &str = "custody.toml";

/// Every key of the file; the variables are these in capitals after `CUSTODY_`.
pub const KEYS: [&str; 15] = [
    "data",
    "database",
    "listen",
    "public_url",
    "policy",
    "log",
    "log_level",
    "secure_cookies",
    "smtp",
    "mail_from",
    "metrics",
    "checkpoints",
    "checkpoint_minutes",
    "trusted_proxies",
    "otlp",
];

/// Who may read `/metrics`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, strum::EnumString, strum::Display)]
#[strum(serialize_all = "lowercase")]
pub enum MetricsFor {
    /// Nobody.
    Off,
    /// Whoever asks from this machine itself, not through a proxy on it.
    #[default]
    Loopback,
    /// Everybody who reaches the port.
    All,
}

/// Format of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumString, strum::Display)]
#[strum(serialize_all = "lowercase")]
pub enum LogFormat {
    /// Lines for people.
    Text,
    /// One JSON object for each line.
    Json,
}

/// The settings in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Directory of the data.
    pub data: PathBuf,
    /// The PostgreSQL that keeps the data; `None` where a file in their directory does.
    pub server: Option<Server>,
    /// Address and port to listen on; port 0 takes a free one.
    pub listen: SocketAddr,
    /// What was set as the public address; ask [`Settings::public_url`].
    pub set_public_url: Option<Url>,
    /// The facility's policy file; `None` where the built-in policy holds.
    pub policy: Option<PathBuf>,
    /// Format of the log.
    pub log: LogFormat,
    /// What is logged, as directives for `tracing_subscriber::EnvFilter`.
    pub log_level: String,
    /// Whether browsers may send the session over https only.
    pub secure_cookies: bool,
    /// The mail server and whom letters are from; `None` where no mail is sent.
    pub mail: Option<(Smtp, Mailbox)>,
    /// Who may read `/metrics`.
    pub metrics: MetricsFor,
    /// The folder, outside the data, into which checkpoints of the journal are written; `None` where none are.
    pub checkpoints: Option<PathBuf>,
    /// How often.
    pub checkpoint_minutes: u32,
    /// Who is believed when they say for whom they ask.
    pub trusted_proxies: Proxies,
    /// The collector of OpenTelemetry that traces are sent to; `None` where none are.
    pub otlp: Option<Url>,
}

impl Settings {
    /// Settles flags, the process's environment and the settings' file.
    /// Every problem is reported at once.
    pub fn load(flags: &Flags) -> Result<Self, SettingsError> {
        let known = [KEYS.as_slice(), &["config"]].concat();
        let environment =
            Env::prefixed("CUSTODY_").only(&known).iter().map(|(key, value)| (key.to_string(), value)).collect();
        Self::load_from(flags, environment)
    }

    fn load_from(flags: &Flags, mut environment: BTreeMap<String, String>) -> Result<Self, SettingsError> {
        // An empty variable is how many tools write "not set".
        environment.retain(|_, value| !value.is_empty());
        // The file cannot say where the file is.
        let named = environment.remove("config");
        let named = flags.place.config.clone().or(named);
        let path = PathBuf::from(named.as_deref().unwrap_or(FILE));
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(cause) if named.is_none() && cause.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(cause) => return Err(SettingsProblem::Unreadable { path, cause }.into()),
        };
        Self::settle(flags, environment, &text, Some(&path))
    }

    /// Settings of a trial that nothing but its flags decides.
    pub fn from_flags_alone(flags: &Flags) -> Result<Self, SettingsError> {
        Self::settle(flags, BTreeMap::new(), "", None)
    }

    /// The heart: lays the four sources over each other and checks what comes out.
    fn settle(
        flags: &Flags,
        environment: BTreeMap<String, String>,
        file: &str,
        path: Option<&Path>,
    ) -> Result<Self, SettingsError> {
        let toml = Toml::string(file);
        let name = path.map(|path| path.display().to_string());
        let mut layers = Layers { figment: Figment::new(), file: name, problems: Vec::new() };
        layers.refuse_unknown(&toml)?;
        layers.figment =
            Figment::from(toml).merge(Serialized::defaults(environment)).merge(Serialized::defaults(flags));
        let settings = layers.settings();
        match layers.problems.is_empty() {
            true => Ok(settings),
            false => Err(SettingsError(layers.problems)),
        }
    }

    /// Where the data are kept.
    pub fn kept(&self) -> Kept {
        self.server.clone().map_or_else(|| Kept::File(self.database()), Kept::Server)
    }

    /// The database's file, where no server is set.
    pub fn database(&self) -> PathBuf {
        self.data.join("custody.db")
    }

    /// The address under which people open Custody: as set, or the one that was bound.
    pub fn public_url(&self, bound: SocketAddr) -> Url {
        self.set_public_url.clone().unwrap_or_else(|| {
            // Every address of this machine is none to open.
            let host = match bound.ip() {
                ip if ip.is_unspecified() => "localhost".to_owned(),
                IpAddr::V4(ip) => ip.to_string(),
                IpAddr::V6(ip) => format!("[{ip}]"),
            };
            let url = format!("http://{host}:{}", bound.port());
            Url::parse(&url).expect("an address and a port make an address to open")
        })
    }

    /// The policy in force: the facility's, or the built-in one.
    pub fn read_policy(&self) -> Result<Policy, PolicyFileError> {
        match &self.policy {
            Some(path) => read_policy(path),
            None => Ok(Policy::built_in()),
        }
    }
}
