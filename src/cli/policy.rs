//! `custody policy`: check a file, or print the built-in policy (rule E6).

use std::io::{self, Write};
use std::path::Path;

use super::Outcome;
use super::args::PolicyCommand;
use crate::config::{PolicyFileError, read_policy};
use crate::domain::policy::{DEFAULT, Policy};

pub(super) fn run(command: &PolicyCommand, out: &mut impl Write, err: &mut impl Write) -> io::Result<Outcome> {
    match command {
        PolicyCommand::Check { file } => check(file, out, err),
        PolicyCommand::Show => {
            out.write_all(DEFAULT.as_bytes())?;
            Ok(Outcome::Done)
        }
    }
}

fn check(file: &Path, out: &mut impl Write, err: &mut impl Write) -> io::Result<Outcome> {
    match read_policy(file) {
        Ok(policy) => {
            report(file, &policy, out)?;
            Ok(Outcome::Done)
        }
        Err(failure @ PolicyFileError::Unreadable { .. }) => {
            writeln!(err, "{failure} Name a policy file, for example: custody policy check policy.toml")?;
            Ok(Outcome::Failed)
        }
        Err(failure @ PolicyFileError::NotText { .. }) => {
            writeln!(err, "{failure}")?;
            Ok(Outcome::Refused)
        }
        Err(PolicyFileError::Wrong { path, source_text, errors }) => {
            write!(err, "{}", errors.render(&path.display().to_string(), &source_text))?;
            let things = match errors.len() {
                1 => "1 thing needs".to_owned(),
                many => format!("{many} things need"),
            };
            writeln!(err, "\n{things} a change.")?;
            Ok(Outcome::Refused)
        }
    }
}

/// Says that a file is good, and what it changes.
fn report(file: &Path, policy: &Policy, out: &mut impl Write) -> io::Result<()> {
    let sections = policy.explain();
    let changed: Vec<_> = sections
        .iter()
        .flat_map(|section| section.entries.iter().map(move |entry| (section, entry)))
        .filter(|(_, entry)| !entry.default)
        .collect();
    if changed.is_empty() {
        writeln!(out, "OK: {} changes nothing of the built-in policy.", file.display())?;
    } else {
        writeln!(out, "OK: {} changes this of the built-in policy:", file.display())?;
    }
    for (section, entry) in changed {
        let value = match entry.value.as_slice() {
            [] => "nothing".to_owned(),
            lines => lines.join("; "),
        };
        writeln!(out, "  {}.{}: {value}", section.key, entry.key)?;
    }
    writeln!(out, "Digest: {}", policy.digest())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(text: &[u8]) -> (Outcome, String, String) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("policy.toml");
        std::fs::write(&file, text).unwrap();
        outcome(&PolicyCommand::Check { file }, folder.path())
    }

    fn outcome(command: &PolicyCommand, folder: &Path) -> (Outcome, String, String) {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let outcome = run(command, &mut out, &mut err).unwrap();
        let plain = |bytes| {
            let text = String::from_utf8(bytes).unwrap();
            text.replace(&format!("{}/", folder.display()), "")
        };
        (outcome, plain(out), plain(err))
    }

    /// E6: a good file is OK, with what it changes.
    #[test]
    fn a_good_file_is_ok() {
        let (outcome, out, err) = checked(b"[transfer]\napprovals = 2\n");
        assert_eq!((outcome, err.as_str()), (Outcome::Done, ""));
        assert!(
            out.starts_with("OK: policy.toml changes this of the built-in policy:\n  transfer.approvals: 2\nDigest: "),
            "{out}"
        );
        let (outcome, out, _) = checked(DEFAULT.as_bytes());
        assert_eq!(outcome, Outcome::Done);
        assert!(out.starts_with("OK: policy.toml changes nothing"), "{out}");
    }

    /// E6: a wrong file is refused with the line and a caret, on standard error, with exit code 2.
    #[test]
    fn a_wrong_file_is_refused_with_the_line_and_a_caret() {
        let (outcome, out, err) = checked(b"[transfer]\napprovals = 0\n");
        assert_eq!((outcome, out.as_str()), (Outcome::Refused, ""));
        assert_eq!(
            err,
            "policy.toml:2:13: transfer.approvals: No approval would let a device through without a review (rule T4).\n  \
             2 | approvals = 0\n    |             ^\n  \
             Ask for 1 or more, for example approvals = 1.\n\n\
             1 thing needs a change.\n"
        );
    }

    /// E6: what is no text, and what is not there, is said as such.
    #[test]
    fn a_file_that_cannot_be_read_is_said_as_such() {
        let (outcome, _, err) = checked(b"# ok\n# \xff\n");
        assert_eq!(outcome, Outcome::Refused);
        assert_eq!(err, "policy.toml:2: this is not UTF-8 text. Save the file as UTF-8.\n");
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("none.toml");
        let (outcome, _, err) = self::outcome(&PolicyCommand::Check { file }, folder.path());
        assert_eq!(outcome, Outcome::Failed);
        assert!(err.starts_with("none.toml cannot be read: No such file"), "{err}");
    }

    /// E6: what is shown is a policy file itself.
    #[test]
    fn the_built_in_policy_is_shown() {
        let (outcome, out, _) = outcome(&PolicyCommand::Show, Path::new("/nowhere"));
        assert_eq!(outcome, Outcome::Done);
        assert_eq!(Policy::parse(&out).unwrap(), Policy::built_in());
    }
}
