//! Reading the facility's policy from its file (rule E6).

use std::path::{Path, PathBuf};

use crate::domain::policy::{Policy, PolicyErrors};

/// Why a policy file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PolicyFileError {
    /// The system does not give it.
    #[error("{} cannot be read: {cause}.", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: std::io::Error,
    },
    /// It is not text.
    #[error("{}:{line}: this is not UTF-8 text. Save the file as UTF-8.", path.display())]
    NotText {
        /// The file.
        path: PathBuf,
        /// The line, from 1, where it stops being text.
        line: usize,
    },
    /// It says something that cannot hold; shown with each line and a caret.
    #[error("{}", errors.render(&path.display().to_string(), source_text))]
    Wrong {
        /// The file.
        path: PathBuf,
        /// What stands in it.
        source_text: String,
        /// What is wrong with that.
        errors: PolicyErrors,
    },
}

/// Reads a facility's policy.
pub fn read_policy(path: &Path) -> Result<Policy, PolicyFileError> {
    let path = path.to_owned();
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(cause) => return Err(PolicyFileError::Unreadable { path, cause }),
    };
    let source_text = match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(failure) => {
            let good = &failure.as_bytes()[..failure.utf8_error().valid_up_to()];
            let line = good.iter().filter(|byte| **byte == b'\n').count() + 1;
            return Err(PolicyFileError::NotText { path, line });
        }
    };
    match Policy::parse(&source_text) {
        Ok(policy) => Ok(policy),
        Err(errors) => Err(PolicyFileError::Wrong { path, source_text, errors }),
    }
}
