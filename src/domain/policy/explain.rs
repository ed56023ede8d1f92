//! The policy in force, with the words of `default.toml`, for people to read (rule E6).

use serde_json::Value;
use toml::de::DeTable;

use super::{DEFAULT, Policy, source::sections};

/// A section of the policy in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// Its name in the file, like `transfer`.
    pub key: String,
    /// Its title, like "Transfer of ownership".
    pub title: String,
    /// What it is about.
    pub comment: String,
    /// Its values, in the file's order.
    pub entries: Vec<Entry>,
}

/// One value in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name in the file, like `approvals`.
    pub key: String,
    /// The value: one line, or one for each element of a list; none where nothing is set.
    pub value: Vec<String>,
    /// Whether it is the built-in value.
    pub default: bool,
    /// What it means, with its unit.
    pub comment: String,
}

impl Policy {
    /// Every value in force, with what it means and whether the facility changed it.
    pub fn explain(&self) -> Vec<Section> {
        let (ours, built_in) = (self.values(), Policy::built_in().values());
        let file = DeTable::parse(DEFAULT).expect("a test proves that the built-in policy is right");
        let mut sections: Vec<_> = sections(file.get_ref())
            .into_iter()
            .map(|(name, at, table)| {
                let comment = comment_above(at.start);
                let (title, comment) = comment.split_once('\n').unwrap_or((&comment, ""));
                let (title, comment) = (title.to_owned(), comment.replace('\n', " "));
                let mut entries: Vec<_> = table
                    .keys()
                    .map(|key| {
                        let of = |values: &Value| {
                            let section = name.split('.').fold(values, |values, part| &values[part]);
                            section[key.get_ref().as_ref()].clone()
                        };
                        let entry = Entry {
                            key: key.get_ref().to_string(),
                            value: lines(&of(&ours)),
                            default: of(&ours) == of(&built_in),
                            comment: comment_above(key.span().start).replace('\n', " "),
                        };
                        (key.span().start, entry)
                    })
                    .collect();
                entries.sort_by_key(|(place, _)| *place);
                let entries = entries.into_iter().map(|(_, entry)| entry).collect();
                (at.start, Section { key: name, title, comment, entries })
            })
            .collect();
        sections.sort_by_key(|(place, _)| *place);
        sections.into_iter().map(|(_, section)| section).collect()
    }
}

/// The comment lines right above the line of a byte in `default.toml`.
fn comment_above(byte: usize) -> String {
    let line_start = DEFAULT[..byte].rfind('\n').map_or(0, |at| at + 1);
    let mut lines: Vec<_> =
        DEFAULT[..line_start].lines().rev().map_while(|line| line.strip_prefix('#')).map(str::trim).collect();
    lines.reverse();
    lines.join("\n")
}

/// A value as people read it.
fn lines(value: &Value) -> Vec<String> {
    match value {
        Value::Null => Vec::new(),
        Value::Bool(true) => vec!["yes".to_owned()],
        Value::Bool(false) => vec!["no".to_owned()],
        Value::String(text) => text.lines().map(str::to_owned).collect(),
        Value::Array(elements) => elements.iter().map(|element| lines(element).join(", ")).collect(),
        // Only elements of lists are tables: their name first, then the rest.
        Value::Object(fields) => {
            let text = |key: &str| fields.get(key).map(|value| lines(value).join(", "));
            let details = ["evidence", "versions", "addresses", "issuer", "host", "label"];
            let detail = details.into_iter().find_map(text);
            let mut line = text("name").unwrap_or_default();
            if let Some(id) = text("id") {
                line.push_str(&format!(" ({id})"));
            }
            if let Some(detail) = detail {
                line.push_str(&format!(": {detail}"));
            }
            if let Some(current) = text("current").filter(|text| !text.is_empty()) {
                line.push_str(&format!("; proposed: {current}"));
            }
            vec![line]
        }
        Value::Number(number) => vec![number.to_string()],
    }
}
