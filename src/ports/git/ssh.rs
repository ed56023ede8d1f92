//! How git reaches an ssh server: by settings that we write, with no word of an outsider in any command.

use super::GitError;
use super::route::Pinned;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// Who Custody is towards ssh servers, and whom it believes. Paths are the administrator's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SshIdentity {
    /// The private key that is shown; none is shown without.
    pub key_file: Option<PathBuf>,
    /// The servers' public keys; the machine's own lists without. An unknown server is never believed.
    pub known_hosts: Option<PathBuf>,
}

/// The file that holds the settings, in the read's own directory.
pub(super) const SETTINGS: &str = "ssh_settings";

/// Writes the settings of ssh for one read: the pinned number, the name by which the server's key is known, no
/// forwarding, no command of its own, no question asked.
pub(super) fn settings(identity: &SshIdentity, host: &Pinned) -> Result<String, GitError> {
    let alias = if host.unusual_port { format!("[{}]:{}", host.name, host.port) } else { host.name.clone() };
    let mut lines = format!(
        "Host *\nHostname {ip}\nHostKeyAlias {alias}\nBatchMode yes\nStrictHostKeyChecking yes\nUpdateHostKeys no\n\
         CheckHostIP no\nIdentitiesOnly yes\nIdentityAgent none\nProxyCommand none\nProxyJump none\nPermitLocalCommand no\n\
         ClearAllForwardings yes\nForwardAgent no\nForwardX11 no\nControlMaster no\nControlPath none\nRequestTTY no\n\
         PasswordAuthentication no\nKbdInteractiveAuthentication no\nConnectTimeout 15\nLogLevel ERROR\n",
        ip = host.ip,
    );
    let key = identity.key_file.as_deref().map(quoted).transpose()?.unwrap_or_else(|| "none".to_owned());
    writeln!(lines, "IdentityFile {key}").expect("a string takes what is written");
    if let Some(known) = &identity.known_hosts {
        writeln!(lines, "UserKnownHostsFile {}\nGlobalKnownHostsFile none", quoted(known)?)
            .expect("a string takes what is written");
    }
    Ok(lines)
}

/// The one command line that git hands to a shell: made of our own directory's name alone.
pub(super) fn command(directory: &Path) -> Result<String, GitError> {
    let settings = directory.join(SETTINGS);
    let path = settings.to_str().filter(|path| !path.contains(['\'', '\n'])).ok_or_else(odd_path)?;
    Ok(format!("ssh -F '{path}'"))
}

/// A path as ssh reads it in quotes, where `%` and `${}` stand for other things.
fn quoted(path: &Path) -> Result<String, GitError> {
    let text = path.to_str().filter(|text| !text.contains(['"', '\\', '$', '\n'])).ok_or_else(odd_path)?;
    Ok(format!("\"{}\"", text.replace('%', "%%")))
}

fn odd_path() -> GitError {
    GitError::Program { detail: "a path in the settings of ssh holds quotes or other odd characters".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pinned(unusual_port: bool) -> Pinned {
        Pinned { name: "git.example.org".into(), port: 2222, unusual_port, ip: "198.51.100.7".parse().unwrap() }
    }

    /// A18: ssh goes to the number that was judged, and knows the server by the name that was asked for.
    #[test]
    fn the_number_is_pinned() {
        let usual = settings(&SshIdentity::default(), &pinned(false)).unwrap();
        assert!(usual.contains("\nHostname 198.51.100.7\n") && usual.contains("\nHostKeyAlias git.example.org\n"));
        let unusual = settings(&SshIdentity::default(), &pinned(true)).unwrap();
        assert!(unusual.contains("\nHostKeyAlias [git.example.org]:2222\n"));
    }

    /// A16: no path can end its line or its quotes, nor stand for something else.
    #[test]
    fn paths_stay_paths() {
        let with_key =
            |path: &str| settings(&SshIdentity { key_file: Some(path.into()), known_hosts: None }, &pinned(false));
        assert!(with_key("/etc/custody/my key%h").unwrap().contains("IdentityFile \"/etc/custody/my key%%h\"\n"));
        for odd in ["/a\nProxyCommand x", "/a\"b", "/a${HOME}", "/a\\b"] {
            assert!(with_key(odd).is_err(), "{odd:?}");
        }
        assert!(command(Path::new("/tmp/a'b")).is_err());
    }
}
