//! The four sources on top of each other, and the check of each value.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf, absolute};

use figment::value::Value;
use figment::{Figment, Provider};
use url::Url;

use super::{FILE, KEYS, LogFormat, Settings, SettingsError, SettingsProblem};
use crate::domain::nearest::nearest;
use crate::ports::mail::{Mailbox, Smtp};
use crate::store::connection::postgres::Server;

/// The sources on top of each other, and what was found wrong in them.
pub(super) struct Layers {
    pub figment: Figment,
    /// The file's name in messages; `None` where only flags are read.
    pub file: Option<String>,
    pub problems: Vec<SettingsProblem>,
}

impl Layers {
    /// Refuses keys of the file that nothing reads.
    pub fn refuse_unknown(&mut self, toml: &impl Provider) -> Result<(), SettingsError> {
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

    /// The settings, with the default in place of each value that is wrong.
    pub fn settings(&mut self) -> Settings {
        let data = self.path("data").unwrap_or_else(|| "./data".into());
        let set_public_url = self.read("public_url", public_url);
        let https = set_public_url.as_ref().is_some_and(|url| url.scheme() == "https");
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
        let log = self.read("log", |given| given.parse().map_err(|_| "give text or json".to_owned()));
        let set_secure =
            self.read("secure_cookies", |given| given.parse().map_err(|_| "give true or false".to_owned()));
        if set_secure == Some(true)
            && let Some(url) = &set_public_url
            && !https
            && !loopback(url)
        {
            let wanted = "nobody could sign in, as the public address is not https; give false, or an https public_url";
            self.wrong("secure_cookies", "true", wanted);
        }
        let smtp = self.read("smtp", Smtp::parse);
        let mail_from = self.read("mail_from", |given| {
            let wanted = "give an address, like custody@example.org or \"Custody <custody@example.org>\"";
            given.parse::<Mailbox>().map_err(|_| wanted.to_owned())
        });
        let from_is_wrong = self.problems.iter().any(|p| matches!(p, SettingsProblem::Value { key: "mail_from", .. }));
        if smtp.is_some() && mail_from.is_none() && !from_is_wrong {
            self.wrong("mail_from", "", "smtp is set, so say whom mail is from, like custody@example.org");
        }
        let checkpoints = self.path("checkpoints");
        // Who changes the data could change them too.
        let whole = |path: &Path| path.canonicalize().or_else(|_| absolute(path)).ok();
        let inside = |folder: &Path| Some(whole(folder)?.starts_with(whole(&data)?));
        if let Some(folder) = checkpoints.as_deref().filter(|f| inside(f) != Some(false)) {
            let wanted = "give a folder outside the data directory, best on another machine";
            self.wrong("checkpoints", &folder.display().to_string(), wanted);
        }
        let checkpoint_minutes = self.read("checkpoint_minutes", |given| {
            let minutes = given.parse().ok().filter(|m| (1..=10_080).contains(m));
            minutes.ok_or_else(|| "give a number of minutes from 1 to 10080, like 60".to_owned())
        });
        Settings {
            metrics: self
                .read("metrics", |given| given.parse().map_err(|_| "give off, loopback or all".to_owned()))
                .unwrap_or_default(),
            checkpoints,
            checkpoint_minutes: checkpoint_minutes.unwrap_or(60),
            otlp: self.read("otlp", collector),
            trusted_proxies: self.read("trusted_proxies", str::parse).unwrap_or_default(),
            mail: smtp.zip(mail_from),
            server: self.read("database", Server::parse),
            data,
            listen: listen.unwrap_or(SocketAddr::from((Ipv4Addr::LOCALHOST, 8080))),
            set_public_url,
            policy,
            log: log.unwrap_or(LogFormat::Text),
            log_level: self.read("log_level", log_level).unwrap_or_else(|| "info".to_owned()),
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
    fn read<T>(&mut self, key: &'static str, read: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        let given = match self.figment.find_value(key).ok()? {
            Value::String(_, text) => text,
            Value::Bool(_, flag) => flag.to_string(),
            Value::Num(_, number) => {
                number.to_i128().map_or_else(|| format!("{number:?}"), |number| number.to_string())
            }
            _ => {
                self.wrong(key, "…", "give one value, not a list or a table");
                return None;
            }
        };
        match read(&given) {
            Ok(value) => Some(value),
            Err(wanted) => {
                // A server's address can hold a password.
                let shown = if matches!(key, "smtp" | "database") { "…" } else { &given };
                self.wrong(key, shown, &wanted);
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
        self.problems.push(SettingsProblem::Value { key, given: given.to_owned(), wanted: wanted.to_owned(), ways });
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
    Url::parse(given).ok().filter(bare).ok_or_else(|| wanted.to_owned())
}

/// An address that paths are put behind.
fn collector(given: &str) -> Result<Url, String> {
    let wanted = "give the collector's address for OTLP over HTTP, like http://127.0.0.1:4318";
    let plain = |url: &Url| {
        matches!(url.scheme(), "http" | "https")
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none()
    };
    Url::parse(given).ok().filter(plain).ok_or_else(|| wanted.to_owned())
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
        false => Err(format!("give one of {}, or parts like info,tower_http=debug", LEVELS.join(", "))),
    }
}
