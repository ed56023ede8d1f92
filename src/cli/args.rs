//! What each command takes.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::config::{DataFlags, Flags, Settings, SettingsError, SettingsProblem};

/// `custody policy …`
#[derive(Debug, Subcommand)]
pub enum PolicyCommand {
    /// Check a policy file: all that is wrong is listed, each with its line
    Check {
        /// The facility's policy; it needs only what differs from the built-in one
        file: PathBuf,
    },
    /// Print the built-in policy: every key, its meaning and its default
    Show,
}

/// Start Custody and serve its pages until SIGTERM
#[derive(Debug, Clone, Args)]
pub struct ServeArgs {
    #[command(flatten)]
    pub settings: Flags,
}

/// Try Custody with sample people, devices and servers, on this machine only
///
/// Anyone who can open the page can act as any sample person. Neither the
/// settings' file nor CUSTODY_* variables are read.
#[derive(Debug, Clone, Args)]
pub struct DemoArgs {
    /// Directory of the sample data, made if it is not there
    #[arg(long, value_name = "DIR", default_value = "./demo-data")]
    pub data: String,

    /// Loopback address and port to listen on
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8080")]
    pub listen: String,

    /// Start over: what was changed in the sample data is lost
    #[arg(long)]
    pub fresh: bool,
}

impl DemoArgs {
    /// The demo's settings. An address that others can reach is refused, as
    /// the demo asks nobody who they are.
    pub fn settings(&self) -> Result<Settings, SettingsError> {
        let flags = Flags {
            place: DataFlags { data: Some(self.data.clone()), ..DataFlags::default() },
            listen: Some(self.listen.clone()),
            ..Flags::default()
        };
        let settings = Settings::from_flags_alone(&flags)?;
        if !settings.listen.ip().is_loopback() {
            let problem = SettingsProblem::Value {
                key: "listen",
                given: self.listen.clone(),
                wanted: "the demo is for this machine only; give a loopback address, like 127.0.0.1:8080".to_owned(),
                ways: "flag --listen".to_owned(),
            };
            return Err(problem.into());
        }
        Ok(settings)
    }
}

/// Report what runs on a device server to Custody, once or again and again
///
/// Reads JSON in the shape of POST /api/v1/observations, or CSV with the
/// columns instance, class, server, host, version, since. The token speaks for
/// one server, so a report is of one server too.
///
/// More than 5000 instances are sent in several posts. None of them lists
/// everything then, so nothing is taken to be gone: what stopped shows as silent
/// once it was not reported for as long as the policy says.
#[derive(Debug, Clone, Args)]
pub struct ObserveArgs {
    /// Where the report is read from: a file, - for standard input, or an http(s) address
    #[arg(long, value_name = "FILE|-|URL")]
    pub from: String,

    /// Custody's address, like https://custody.example.org
    #[arg(long, value_name = "URL")]
    pub to: url::Url,

    /// File with the server's token and nothing else; it is not read from the command line, which others can see
    #[arg(long, value_name = "FILE")]
    pub token_file: PathBuf,

    /// Keep only what runs on this server: the one that the token speaks for
    #[arg(long, value_name = "SERVER")]
    pub server: Option<String>,

    /// Go on until stopped, this often: 60s, 5m
    #[arg(long, value_name = "TIME", value_parser = period)]
    pub every: Option<std::time::Duration>,

    /// What is not in the report may run as well
    #[arg(long)]
    pub partial: bool,
}

/// `60s`, `5m`: from a second to a day.
fn period(text: &str) -> Result<std::time::Duration, String> {
    let wanted = || "write seconds or minutes, like 60s or 5m, from 1s to a day".to_owned();
    let (number, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or_else(wanted)?;
    let number: u64 = number.parse().map_err(|_| wanted())?;
    let seconds = match unit {
        "s" => number,
        "m" => number.checked_mul(60).ok_or_else(wanted)?,
        _ => return Err(wanted()),
    };
    if (1..=86_400).contains(&seconds) { Ok(std::time::Duration::from_secs(seconds)) } else { Err(wanted()) }
}

/// Verify that nobody changed the journal: each entry's hash, and their chain
///
/// Whoever can change the database can compute a chain anew. Checkpoints that
/// are kept elsewhere show that too, and that an older back-up was restored.
#[derive(Debug, Clone, Args)]
pub struct AuditVerifyArgs {
    #[command(flatten)]
    pub place: DataFlags,

    /// Folder of checkpoints: each has to be signed, and the journal has to have the entry that it saw
    #[arg(long, value_name = "DIR")]
    pub checkpoints: Option<PathBuf>,

    /// File with the keys that count, kept elsewhere, as custody keys list --jwks prints them; may be repeated
    ///
    /// [default: the keys in the database]
    #[arg(long, value_name = "JWKS", requires = "checkpoints")]
    pub keys: Vec<PathBuf>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{Command, FromArgMatches};

    fn command<A: Args>() -> Command {
        A::augment_args(Command::new("custody"))
    }

    fn given<A: Args + FromArgMatches>(args: &[&str]) -> A {
        let line = [&["custody"], args].concat();
        let matches = command::<A>().try_get_matches_from(line).unwrap();
        A::from_arg_matches(&matches).unwrap()
    }

    /// E7: each setting's help names its flag, its variable, its key and its default.
    #[test]
    fn help_names_every_way_to_set_a_setting() {
        let help = command::<ServeArgs>().render_long_help().to_string();
        let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
        for key in crate::config::KEYS {
            let (flag, variable) = (key.replace('_', "-"), key.to_uppercase());
            for name in [format!("--{flag}"), format!("[env: CUSTODY_{variable}]"), format!("[file: {key}]")] {
                assert!(help.contains(&name), "{name} in {help}");
            }
        }
        assert!(help.contains("[env: CUSTODY_CONFIG]"));
        assert_eq!(help.matches("[default: ").count(), 16, "{help}");
        assert!(help.contains("Start Custody and serve its pages"), "{help}");
    }

    /// The demo stays on this machine: an address that others reach is refused.
    #[test]
    fn the_demo_refuses_what_is_not_loopback() {
        let settings = given::<DemoArgs>(&[]).settings().unwrap();
        assert_eq!(settings.listen.to_string(), "127.0.0.1:8080");
        assert_eq!(settings.data, PathBuf::from("./demo-data"));
        assert!(given::<DemoArgs>(&["--listen", "[::1]:0"]).settings().is_ok());
        assert!(given::<DemoArgs>(&["--fresh"]).fresh);
        for open in ["0.0.0.0:8080", "192.168.1.2:80", "[::]:8080"] {
            let refused = given::<DemoArgs>(&["--listen", open]).settings().unwrap_err();
            let expected = format!(
                "listen = \"{open}\": the demo is for this machine only; give a loopback \
                 address, like 127.0.0.1:8080 (flag --listen)"
            );
            assert_eq!(refused.to_string(), expected);
        }
        let refused = given::<DemoArgs>(&["--listen", "8080"]).settings().unwrap_err();
        assert!(refused.to_string().ends_with("(flag --listen)"), "{refused}");
    }

    /// G10: a period is plain, and never none at all.
    #[test]
    fn g10_a_period_is_seconds_or_minutes() {
        assert_eq!(period("60s").unwrap().as_secs(), 60);
        assert_eq!(period("5m").unwrap().as_secs(), 300);
        for bad in ["", "s", "0s", "60", "-1s", "1.5m", "2d", "99999999999999999999m", "1441m", "5µ"] {
            assert!(period(bad).is_err(), "{bad}");
        }
    }

    /// A flag alone means yes; a value needs its sign.
    #[test]
    fn secure_cookies_takes_an_optional_value() {
        let flag = |args: &[&str]| given::<ServeArgs>(args).settings.secure_cookies;
        assert_eq!(flag(&[]), None);
        assert_eq!(flag(&["--secure-cookies"]).as_deref(), Some("true"));
        assert_eq!(flag(&["--secure-cookies=false"]).as_deref(), Some("false"));
    }
}
