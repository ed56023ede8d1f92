//! What git prints when it fails, made fit to be shown.

use regex::Regex;
use std::sync::LazyLock;

static LOCAL_PATH: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"(^|[\s'"(=]|file://)/[^\s'":)]*"#).expect("a fixed pattern compiles"));
static USERINFO: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"://[^/\s@]*@").expect("a fixed pattern compiles"));

/// The first line that says something, without secrets, local paths and control characters, at most 300 characters.
pub(super) fn told(complaint: &str) -> String {
    // ssh frames its alarms in at signs.
    let mut lines = complaint.lines().map(|line| line.trim_matches(|c: char| c == '@' || c.is_whitespace()));
    let says_little = |line: &str| {
        line.is_empty() || ["warning:", "Warning:", "hint:", "remote:"].iter().any(|start| line.starts_with(start))
    };
    let line = lines.find(|line| !says_little(line)).unwrap_or("git said nothing");
    let line = line.strip_prefix("fatal: ").or_else(|| line.strip_prefix("error: ")).unwrap_or(line);
    harmless(line)
}

/// What the other side said of a push, in its own words: its first lines, as harmless and as short.
pub(super) fn refusal(complaint: &str) -> String {
    let lines = complaint.lines().filter_map(|line| line.trim().strip_prefix("remote:")).map(str::trim);
    let said: Vec<&str> = lines.filter(|line| line.chars().any(char::is_alphanumeric)).take(3).collect();
    if said.is_empty() { told(complaint) } else { harmless(&said.join(" ")) }
}

fn harmless(line: &str) -> String {
    let plain: String = line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let plain = USERINFO.replace_all(&plain, "://");
    LOCAL_PATH.replace_all(&plain, "${1}[path]").chars().take(300).collect()
}

#[cfg(test)]
mod tests {
    use super::{refusal, told};

    /// G6, A25: what a forge says of a push reaches people in one harmless line.
    #[test]
    fn g6_refusals_are_harmless() {
        let said = "remote: \nremote: ====\nremote: GitLab: You may not push\u{1b}[31m.  \nremote: Ask /srv/git/x\nerror: failed";
        assert_eq!(refusal(said), "GitLab: You may not push [31m. Ask [path]");
        assert_eq!(refusal("error: failed to push some refs"), "failed to push some refs");
        assert_eq!(refusal(&format!("remote: {}", "x".repeat(5000))).len(), 300);
    }

    /// F9, A25: what git prints reaches people in one harmless line.
    #[test]
    fn complaints_are_harmless() {
        assert_eq!(told("warning: x\nfatal: '/srv/git/a b' does not exist\n"), "'[path] b' does not exist");
        assert_eq!(told("Load key \"/etc/custody/key\": no"), "Load key \"[path]\": no");
        assert_eq!(
            told("fatal: unable to access 'https://me:hunter2@git.example.org/d/': x"),
            "unable to access 'https://git.example.org/d/': x"
        );
        assert_eq!(told("fatal: file:///srv/x\u{1b}[31m"), "file://[path] [31m");
        assert_eq!(told("@@@@@\n@  WARNING: HAS CHANGED!  @\n@@@@@\n"), "WARNING: HAS CHANGED!");
        assert_eq!(told("").as_str(), "git said nothing");
        assert_eq!(told(&"x".repeat(5000)).len(), 300);
    }
}
