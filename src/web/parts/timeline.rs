//! The history of a device: who did what, stamped with its place in the chain.
use super::Status;

/// One record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimelineItem {
    /// An icon's name.
    pub icon: &'static str,
    /// The status that began with it, which colours the sign.
    pub status: Option<Status>,
    /// Who did it: a person, or `Observer`.
    pub who: String,
    /// What, as the rest of the sentence, with its own comma or colon where it needs one; names between backticks.
    pub what: String,
    /// A page about it: its address, and the host that it is on.
    pub link: Option<(String, String)>,
    /// When, in words.
    pub when: String,
    /// The same for programs, RFC 3339.
    pub at: String,
    /// The door and the address that it came through, for readers who may see them.
    pub origin: Option<String>,
    /// Its number, such as `#41`.
    pub number: String,
    /// The first characters of its hash.
    pub hash: String,
}
