//! The description as its pages show it: parts, what each address takes and answers, and the shapes of both.

use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Everything there is to show.
#[derive(Clone, Debug, Default)]
pub struct Reference {
    pub about: Vec<String>,
    pub parts: Vec<Part>,
}

/// What belongs together.
#[derive(Clone, Debug)]
pub struct Part {
    pub name: String,
    /// As it stands in its address.
    pub slug: String,
    pub about: String,
    pub operations: Vec<Operation>,
    /// What is sent and taken, by name.
    pub shapes: Vec<Shape>,
}

/// One method at one address.
#[derive(Clone, Debug)]
pub struct Operation {
    /// Unique on its page.
    pub id: String,
    pub method: String,
    pub path: String,
    pub summary: String,
    pub about: Vec<String>,
    /// Whether it needs a token.
    pub token: bool,
    pub entries: Vec<Entry>,
    pub body: Option<Kind>,
    pub answers: Vec<Told>,
    /// The refusals that it has in common with others, by their statuses.
    pub refusals: String,
}

/// One answer.
#[derive(Clone, Debug)]
pub struct Told {
    pub status: String,
    pub about: String,
    pub kind: Option<Kind>,
    /// Names of its headers, each with what it says.
    pub headers: Vec<(String, String)>,
}

/// One entry of an address, a header or a shape.
#[derive(Clone, Debug)]
pub struct Entry {
    pub name: String,
    /// `path`, `query` or `header`; empty within a shape.
    pub place: String,
    pub kind: Kind,
    pub required: bool,
    pub about: String,
}

/// What an entry is, in words, and the shape that has the rest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kind {
    pub words: String,
    pub shape: Option<String>,
}

/// A structure, or a choice of words or structures.
#[derive(Clone, Debug)]
pub struct Shape {
    pub name: String,
    pub about: String,
    pub words: Vec<String>,
    pub entries: Vec<Entry>,
    pub choices: Vec<Shape>,
}

fn text(of: &Value) -> String {
    of.as_str().unwrap_or_default().to_owned()
}

/// The shape's name behind a reference.
fn referred(schema: &Value) -> Option<&str> {
    schema["$ref"].as_str()?.strip_prefix("#/components/schemas/")
}

impl Kind {
    fn of(schema: &Value) -> Self {
        if let Some(name) = referred(schema) {
            return Self { words: name.to_owned(), shape: Some(name.to_owned()) };
        }
        let choices = schema["oneOf"].as_array().or(schema["anyOf"].as_array());
        if let Some(choices) = choices {
            let (none, some): (Vec<_>, Vec<_>) = choices.iter().partition(|c| c["type"] == "null");
            let kinds: Vec<Kind> = some.iter().map(|c| Kind::of(c)).collect();
            let mut words: Vec<String> = kinds.iter().map(|k| k.words.clone()).collect();
            words.dedup();
            let mut kind = Kind { words: words.join(" or "), shape: kinds.into_iter().find_map(|k| k.shape) };
            if !none.is_empty() {
                kind.words += " or null";
            }
            return kind;
        }
        if let Some(words) = schema["enum"].as_array() {
            let words: Vec<String> = words.iter().map(text).collect();
            return Self { words: words.join(" | "), shape: None };
        }
        let types: Vec<&str> = match &schema["type"] {
            Value::Array(all) => all.iter().filter_map(Value::as_str).collect(),
            Value::String(one) => vec![one.as_str()],
            _ => Vec::new(),
        };
        let mut kind = match types.iter().find(|t| **t != "null").copied() {
            Some("array") => {
                let item = Kind::of(&schema["items"]);
                Self { words: format!("list of {}", item.words), shape: item.shape }
            }
            Some("string") => Self { words: worded(schema).to_owned(), shape: None },
            Some("integer") => Self { words: "number".to_owned(), shape: None },
            Some("boolean") => Self { words: "true or false".to_owned(), shape: None },
            Some(other) => Self { words: other.to_owned(), shape: None },
            None => Self { words: "anything".to_owned(), shape: None },
        };
        if types.contains(&"null") {
            kind.words += " or null";
        }
        kind
    }
}

fn worded(schema: &Value) -> &'static str {
    match schema["format"].as_str() {
        Some("date-time") => "moment, like 2026-11-21T08:00:00Z",
        Some("date") => "day, like 2026-11-21",
        Some("uuid") => "id",
        _ => "text",
    }
}

impl Shape {
    fn of(name: &str, schema: &Value, all: &Value) -> Self {
        let words = schema["enum"].as_array().into_iter().flatten().map(text).collect();
        let choices = schema["oneOf"].as_array().into_iter().flatten();
        let choice = |c: &Value| Shape::of(c["title"].as_str().unwrap_or_default(), c, all);
        Self {
            name: name.to_owned(),
            about: text(&schema["description"]),
            words,
            entries: entries(schema, all),
            choices: choices.filter(|c| c["properties"].is_object()).map(choice).collect(),
        }
    }
}

/// The entries of a structure, those of the structures that it is made of among them.
fn entries(schema: &Value, all: &Value) -> Vec<Entry> {
    let mut found = Vec::new();
    for part in schema["allOf"].as_array().into_iter().flatten() {
        let whole = referred(part).map_or(part, |name| &all[name]);
        found.extend(entries(whole, all));
    }
    let required: BTreeSet<&str> =
        schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    for (name, of) in schema["properties"].as_object().into_iter().flatten() {
        found.push(Entry {
            name: name.clone(),
            place: String::new(),
            kind: Kind::of(of),
            required: required.contains(name.as_str()),
            about: text(&of["description"]),
        });
    }
    found
}

impl Operation {
    fn of(method: &str, path: &str, of: &Value) -> Self {
        let entries = of["parameters"].as_array().into_iter().flatten().map(|p| Entry {
            name: text(&p["name"]),
            place: text(&p["in"]),
            kind: Kind::of(&p["schema"]),
            required: p["required"] == true,
            about: text(&p["description"]),
        });
        let body = of["requestBody"]["content"].as_object().and_then(|c| c.values().next());
        let all = || of["responses"].as_object().into_iter().flatten();
        let (shared, own): (Vec<_>, Vec<_>) = all().partition(|(_, answer)| answer.get("$ref").is_some());
        let answers = own.into_iter().map(|(status, answer)| {
            let content = answer["content"].as_object().and_then(|c| c.values().next());
            let kind = content.map(|c| Kind::of(&c["schema"]));
            let headers = answer["headers"].as_object().into_iter().flatten();
            Told {
                status: status.clone(),
                about: text(&answer["description"]),
                kind,
                headers: headers.map(|(name, header)| (name.clone(), text(&header["description"]))).collect(),
            }
        });
        let refusals: Vec<&str> = shared.into_iter().map(|(status, _)| status.as_str()).collect();
        let about = text(&of["description"]);
        Self {
            id: text(&of["operationId"]),
            method: method.to_uppercase(),
            path: path.to_owned(),
            summary: text(&of["summary"]),
            about: about.split("\n\n").map(|p| p.replace('\n', " ")).filter(|p| !p.is_empty()).collect(),
            // `{}` among the ways in stands for none.
            token: of["security"].as_array().is_some_and(|ways| !ways.is_empty() && !ways.contains(&json!({}))),
            entries: entries.collect(),
            body: body.map(|b| Kind::of(&b["schema"])),
            answers: answers.collect(),
            refusals: refusals.join(", "),
        }
    }

    fn shapes(&self) -> impl Iterator<Item = &String> {
        let kinds = self.entries.iter().map(|e| &e.kind).chain(&self.body);
        kinds.chain(self.answers.iter().filter_map(|a| a.kind.as_ref())).filter_map(|k| k.shape.as_ref())
    }
}

impl Reference {
    /// What the description says.
    pub fn read(described: &Value) -> Self {
        let schemas = &described["components"]["schemas"];
        let mut by_tag: BTreeMap<String, Vec<Operation>> = BTreeMap::new();
        for (path, item) in described["paths"].as_object().into_iter().flatten() {
            for (method, of) in item.as_object().into_iter().flatten() {
                let operation = Operation::of(method, path, of);
                by_tag.entry(text(&of["tags"][0])).or_default().push(operation);
            }
        }
        let parts = described["tags"].as_array().into_iter().flatten().filter_map(|tag| {
            let name = text(&tag["name"]);
            let operations = by_tag.remove(&name)?;
            let shapes = shapes(&operations, schemas);
            let about = text(&tag["description"]);
            Some(Part { slug: name.to_lowercase(), name, about, operations, shapes })
        });
        let about = text(&described["info"]["description"]);
        Self { about: about.split("\n\n").map(str::to_owned).collect(), parts: parts.collect() }
    }
}

/// Every shape that these operations speak of, and those that these are made of.
fn shapes(operations: &[Operation], all: &Value) -> Vec<Shape> {
    let mut open: Vec<String> = operations.iter().flat_map(Operation::shapes).cloned().collect();
    open.push("Problem".to_owned());
    let mut found: BTreeMap<String, Shape> = BTreeMap::new();
    while let Some(name) = open.pop() {
        if found.contains_key(&name) || all.get(&name).is_none() {
            continue;
        }
        let shape = Shape::of(&name, &all[&name], all);
        let own = shape.entries.iter().chain(shape.choices.iter().flat_map(|c| &c.entries));
        open.extend(own.filter_map(|e| e.kind.shape.clone()));
        found.insert(name, shape);
    }
    found.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// E3: types are told in words, with the shape that has the rest.
    #[test]
    fn e3_kinds_in_words() {
        let device = json!({ "$ref": "#/components/schemas/Device" });
        for (schema, words, shape) in [
            (json!({ "type": "string" }), "text", None),
            (json!({ "type": ["string", "null"], "format": "date" }), "day, like 2026-11-21 or null", None),
            (json!({ "type": "array", "items": device }), "list of Device", Some("Device")),
            (json!({ "oneOf": [{ "type": "null" }, device] }), "Device or null", Some("Device")),
            (json!({ "type": "string", "enum": ["on", "off"] }), "on | off", None),
            (json!({}), "anything", None),
        ] {
            assert_eq!(
                Kind::of(&schema),
                Kind { words: words.to_owned(), shape: shape.map(str::to_owned) },
                "{schema}"
            );
        }
    }
}
