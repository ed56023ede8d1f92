//! Which repository an address leads to, and which ones a forge may tell of.

/// What two addresses of one repository have in common: host and path, without protocol, account and `.git`.
pub fn same_repository(address: &str) -> String {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let rest = rest.split_once('@').map_or(rest, |(_, rest)| rest);
    let (host, path) = match rest.split_once('/') {
        // `git@host:group/name` of scp.
        Some((host, path)) => match host.split_once(':') {
            Some((name, first)) if !first.bytes().all(|b| b.is_ascii_digit()) => (name, format!("{first}/{path}")),
            Some((name, _)) => (name, path.to_owned()),
            None => (host, path.to_owned()),
        },
        None => (rest, String::new()),
    };
    let path = path.trim_matches('/');
    format!("{}/{}", host.to_ascii_lowercase(), path.strip_suffix(".git").unwrap_or(path))
}

/// The repositories that a forge's secret may speak for: those of a host, or of a group there. Whoever configures a
/// webhook in one project knows its secret, and speaks for no other one (A24).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Covers(String);

impl Covers {
    /// Takes `git.example.org`, `git.example.org/sqs`, or the address of a repository.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        const SAY: &str =
            "Name the host whose repositories it tells of, or the host and a group, like git.example.org/sqs";
        let text = text.trim();
        if text.is_empty() || text.len() > 200 || text.chars().any(|c| c.is_control() || c.is_whitespace() || c == '*')
        {
            return Err(SAY);
        }
        Ok(Self(same_repository(text).trim_end_matches('/').to_owned()))
    }

    /// As it was kept.
    pub fn kept(text: String) -> Self {
        Self(text)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a repository is among them, as [`same_repository`] has it.
    pub fn includes(&self, repository: &str) -> bool {
        repository.strip_prefix(&self.0).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

impl std::fmt::Display for Covers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.0.is_empty() { "/" } else { &self.0 })
    }
}
