//! What is wrong with the settings, in words that name every way to set them right.

use std::fmt;
use std::path::PathBuf;

/// Everything that is wrong with the settings; never empty.
#[derive(Debug)]
pub struct SettingsError(pub(super) Vec<SettingsProblem>);

/// One thing that is wrong with the settings.
#[derive(Debug, thiserror::Error)]
pub enum SettingsProblem {
    /// A value that cannot be used.
    #[error("{key} = \"{given}\": {wanted} ({ways})")]
    Value {
        /// Its key in the file.
        key: &'static str,
        /// As given.
        given: String,
        /// What to give, with an example.
        wanted: String,
        /// The flag, the variable and the key it can be given by.
        ways: String,
    },
    /// A key of the file that nothing reads.
    #[error("{file}: \"{key}\" is not known. {hint}")]
    UnknownKey {
        /// The file, as named.
        file: String,
        /// The key as written.
        key: String,
        /// Which key was meant, or which there are.
        hint: String,
    },
    /// A file that was named and cannot be read.
    #[error("{} cannot be read: {cause}. Name a file that exists with --config or CUSTODY_CONFIG.", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: std::io::Error,
    },
    /// A file that is not TOML.
    #[error("{file} cannot be read as TOML. A line is like listen = \"127.0.0.1:8080\".\n{cause}")]
    NotToml {
        /// The file, as named.
        file: String,
        /// Where it breaks, over several lines.
        cause: String,
    },
}

impl SettingsError {
    /// Each problem.
    pub fn iter(&self) -> std::slice::Iter<'_, SettingsProblem> {
        self.0.iter()
    }
}

impl From<SettingsProblem> for SettingsError {
    fn from(problem: SettingsProblem) -> Self {
        Self(vec![problem])
    }
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, problem) in self.0.iter().enumerate() {
            if place > 0 {
                writeln!(f)?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for SettingsError {}
