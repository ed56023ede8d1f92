//! Why an address is not taken.

use thiserror::Error;

/// Why an address is not taken, and what to enter instead. No message repeats what may be a secret.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RepositoryProblem {
    /// Whoever asks has an example of the facility's own.
    #[error("Enter the repository's address")]
    Empty,
    #[error(
        "The address has {bytes} bytes, more than any repository needs: enter it as the git server shows it for cloning."
    )]
    TooLong { bytes: usize },
    #[error(
        "The address holds a space, a control character or one that is not plain ASCII: type it by hand, for example https://git.example.org/group/device.git."
    )]
    Character,
    #[error(
        "A part of the address begins with a hyphen, like an option of a program: enter the address alone, for example https://git.example.org/group/device.git."
    )]
    Option,
    #[error(
        "This is not the form of an address that Custody reads: enter one such as https://git.example.org/group/device.git or git@git.example.org:group/device.git."
    )]
    Form,
    #[error("Repositories are not read by this protocol here: enter an address that begins with {}.", spoken(.allowed))]
    Protocol { allowed: Vec<&'static str> },
    #[error("{host} is not among the facility's git servers ({}): enter an address there, or ask an administrator to add the host to the policy.", listed(.allowed))]
    Host { host: String, allowed: Vec<String> },
    #[error("The host is not written in its plain form: enter its name, for example git.example.org.")]
    HostForm,
    #[error(
        "{host} is an address inside the network, which the policy does not allow: enter the git server's public name."
    )]
    Inward { host: String },
    #[error(
        "The port is not a number from 1 to 65535: leave it out, or enter one such as https://git.example.org:8443/group/device.git."
    )]
    Port,
    #[error(
        "The address holds a user or a password: enter it without, for example https://git.example.org/group/device.git. If it was a password, change it now."
    )]
    Secret,
    #[error(
        "The address does not say as whom to connect: enter the user before the host, for example git@git.example.org:group/device.git."
    )]
    NoUser,
    #[error(
        "A number after the colon may be a port or a folder: enter ssh://git@git.example.org:2222/group/device.git."
    )]
    PortOrPath,
    #[error(
        "The path is not one of plain names (letters, digits and ._+-, without ..): enter it as the git server shows it, for example /group/device.git."
    )]
    Path,
    #[error(
        "A file address names a folder of this machine: enter it with three slashes, for example file:///srv/git/device.git."
    )]
    FileHost,
    #[error(
        "The folder is not below one that the policy allows for repositories: move the repository there, or ask an administrator to allow its folder."
    )]
    OutsideRoots,
}

impl RepositoryProblem {
    /// The stable code that programs tell problems apart by.
    pub fn code(&self) -> &'static str {
        match self {
            RepositoryProblem::Empty => "repository_empty",
            RepositoryProblem::TooLong { .. } => "repository_too_long",
            RepositoryProblem::Character => "repository_character",
            RepositoryProblem::Option => "repository_option",
            RepositoryProblem::Form => "repository_form",
            RepositoryProblem::Protocol { .. } => "repository_protocol",
            RepositoryProblem::Host { .. } => "repository_host",
            RepositoryProblem::HostForm => "repository_host_form",
            RepositoryProblem::Inward { .. } => "repository_inward",
            RepositoryProblem::Port => "repository_port",
            RepositoryProblem::Secret => "repository_secret",
            RepositoryProblem::NoUser => "repository_no_user",
            RepositoryProblem::PortOrPath => "repository_port_or_path",
            RepositoryProblem::Path => "repository_path",
            RepositoryProblem::FileHost => "repository_file_host",
            RepositoryProblem::OutsideRoots => "repository_outside_roots",
        }
    }
}

fn spoken(schemes: &[&str]) -> String {
    if schemes.is_empty() {
        return "a protocol that an administrator has yet to allow in the policy".to_owned();
    }
    schemes.iter().map(|scheme| format!("{scheme}://")).collect::<Vec<_>>().join(" or ")
}

fn listed(hosts: &[String]) -> String {
    if hosts.is_empty() { "none so far".to_owned() } else { hosts.join(", ") }
}
