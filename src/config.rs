//! Settings of the program: flags win over `CUSTODY_*` variables, these over
//! the file, the file over the defaults. They are checked once, here.

mod flags;
mod policy_file;
mod problem;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};

use figment::providers::{Env, Format, Serialized, Toml};
use figment::value::Value;
use figment::{Figment, Provider};
use url::Url;

use crate::domain::nearest::nearest;
use crate::domain::policy::Policy;

pub use flags::{DataFlags, Flags};
pub use policy_file::{PolicyFileError, read_policy};
pub use problem::{SettingsError, SettingsProblem};

/// The settings' file that is read if it is there and none is named.
const FILE: &str = "custody.toml";

/// Every key of the file; the variables are these in capitals after `CUSTODY_`.
pub const KEYS: [&str; 7] = [
    "data",
    "listen",
    "public_url",
    "policy",
    "log",
    "log_level",
    "secure_cookies",
];

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
}

impl Settings {
    /// Settles flags, the process's environment and the settings' file.
    /// Every problem is reported at once.
    pub fn load(flags: &Flags) -> Result<Self, SettingsError> {
        let known = [KEYS.as_slice(), &["config"]].concat();
        let environment = Env::prefixed("CUSTODY_")
            .only(&known)
            .iter()
            .map(|(key, value)| (key.to_string(), value))
            .collect();
        Self::load_from(flags, environment)
    }

    fn load_from(
        flags: &Flags,
        mut environment: BTreeMap<String, String>,
    ) -> Result<Self, SettingsError> {
        // An empty variable is how many tools write "not set".
        environment.retain(|_, value| !value.is_empty());
        // The file cannot say where the file is.
        let named = environment.remove("config");
        let named = flags.place.config.clone().or(named);
        let path = PathBuf::from(named.as_deref().unwrap_or(FILE));
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(cause) if named.is_none() && cause.kind() == std::io::ErrorKind::NotFound => {
                String::new()
            }
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
        let mut layers = Layers {
            figment: Figment::new(),
            file: name,
            problems: Vec::new(),
        };
        layers.refuse_unknown(&toml)?;
        layers.figment = Figment::from(toml)
            .merge(Serialized::defaults(environment))
            .merge(Serialized::defaults(flags));
        let settings = layers.settings();
        match layers.problems.is_empty() {
            true => Ok(settings),
            false => Err(SettingsError(layers.problems)),
        }
    }

    /// The database's file.
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

/// The sources on top of each other, and what was found wrong in them.
struct Layers {
    figment: Figment,
    /// The file's name in messages; `None` where only flags are read.
    file: Option<String>,
    problems: Vec<SettingsProblem>,
}

impl Layers {
    fn refuse_unknown(&mut self, toml: &impl Provider) -> Result<(), SettingsError> {
        let file = self.file.clone().unwrap_or_else(|| FILE.to_owned());
        let given = match toml.data() {
            Ok(given) => given,
            Err(failure) => {
                let cause = failure.kind.to_string();
                return Err(SettingsProblem::NotToml { file, cause }.into());
            }
        };
        for key in given.values().flat_map(|keys| keys.keys()) {
            if !KEYS.contains(&key.as_str()) {
                let hint = match nearest(key, KEYS) {
                    Some(near) => format!("Did you mean {near}?"),
                    None => format!("There are {}.", KEYS.join(", ")),
                };
                let (file, key) = (file.clone(), key.clone());
                let problem = SettingsProblem::UnknownKey { file, key, hint };
                self.problems.push(problem);
            }
        }
        Ok(())
    }

    fn settings(&mut self) -> Settings {
        let data = self.path("data").unwrap_or_else(|| "./data".into());
        let set_public_url = self.read("public_url", public_url);
        let https = set_public_url
            .as_ref()
            .is_some_and(|url| url.scheme() == "https");
        let listen = self.read("listen", |given| {
            let wanted = "give an address and a port, like 127.0.0.1:8080";
            given.parse().map_err(|_| wanted.to_owned())
        });
        let policy = match self.path("policy") {
            Some(path) if path.is_file() => Some(path),
            Some(path) => {
                let wanted = "there is no such file; name one, like /etc/custody/policy.toml";
                self.wrong("policy", &path.display().to_string(), wanted);
                None
            }
            None => Some(data.join("policy.toml")).filter(|path| path.is_file()),
        };
        let log = self.read("log", |given| {
            given.parse().map_err(|_| "give text or json".to_owned())
        });
        let set_secure = self.read("secure_cookies", |given| {
            given.parse().map_err(|_| "give true or false".to_owned())
        });
        if set_secure == Some(true)
            && let Some(url) = &set_public_url
            && !https
            && !loopback(url)
        {
            let wanted = "nobody could sign in, as the public address is not https; give false, or an https public_url";
            self.wrong("secure_cookies", "true", wanted);
        }
        Settings {
            data,
            listen: listen.unwrap_or(SocketAddr::from((Ipv4Addr::LOCALHOST, 8080))),
            set_public_url,
            policy,
            log: log.unwrap_or(LogFormat::Text),
            log_level: self
                .read("log_level", log_level)
                .unwrap_or_else(|| "info".to_owned()),
            secure_cookies: set_secure.unwrap_or(https),
        }
    }

    fn path(&mut self, key: &'static str) -> Option<PathBuf> {
        self.read(key, |given| match given.trim() {
            "" => Err("give a path, like /var/lib/custody".to_owned()),
            _ => Ok(PathBuf::from(given)),
        })
    }

    /// The value of the uppermost source that has one, as text, and read from that.
    fn read<T>(
        &mut self,
        key: &'static str,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        let given = match self.figment.find_value(key).ok()? {
            Value::String(_, text) => text,
            Value::Bool(_, flag) => flag.to_string(),
            Value::Num(_, number) => number
                .to_i128()
                .map_or_else(|| format!("{number:?}"), |number| number.to_string()),
            _ => {
                self.wrong(key, "…", "give one value, not a list or a table");
                return None;
            }
        };
        match read(&given) {
            Ok(value) => Some(value),
            Err(wanted) => {
                self.wrong(key, &given, &wanted);
                None
            }
        }
    }

    fn wrong(&mut self, key: &'static str, given: &str, wanted: &str) {
        let flag = key.replace('_', "-");
        let ways = match &self.file {
            Some(file) => {
                let variable = key.to_uppercase();
                format!("flag --{flag}, CUSTODY_{variable}, or {key} in {file}")
            }
            None => format!("flag --{flag}"),
        };
        self.problems.push(SettingsProblem::Value {
            key,
            given: given.to_owned(),
            wanted: wanted.to_owned(),
            ways,
        });
    }
}

/// An address without anything behind the port: links are built on it.
fn public_url(given: &str) -> Result<Url, String> {
    let wanted = "give the address people open, without a path, like https://custody.example.org";
    let bare = |url: &Url| {
        matches!(url.scheme(), "http" | "https")
            && url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none()
    };
    Url::parse(given)
        .ok()
        .filter(bare)
        .ok_or_else(|| wanted.to_owned())
}

fn loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip == Ipv6Addr::LOCALHOST,
        None => false,
    }
}

/// Directives for the log. A lone word that is no level would be taken for the
/// name of a part of the program, and silence all others.
fn log_level(given: &str) -> Result<String, String> {
    const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
    let plain = |part: &str| {
        let level = part.rsplit_once('=').map_or(part, |(_, level)| level);
        LEVELS.contains(&level.to_lowercase().as_str())
    };
    let good = given.split(',').all(plain) && tracing_subscriber::EnvFilter::try_new(given).is_ok();
    match good {
        true => Ok(given.to_owned()),
        false => Err(format!(
            "give one of {}, or parts like info,tower_http=debug",
            LEVELS.join(", ")
        )),
    }
}
