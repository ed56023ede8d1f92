//! A policy file with its places: values by section and key, each with its span,
//! and every problem kept, so that all are reported at once.

use std::fmt;
use std::ops::{Range, RangeInclusive};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{DEFAULT, PolicyError, PolicyErrors};
use crate::domain::nearest::nearest;

/// The longest text, in bytes, that a value may hold.
const TEXT_LIMIT: usize = 20_000;

/// Where a value stands.
#[derive(Debug, Clone)]
pub(super) struct Place {
    /// Like `transfer.approvals`.
    pub key: String,
    /// In the facility's file; `None` where the built-in value holds.
    pub span: Option<Range<usize>>,
}

/// A value and where it stands.
#[derive(Debug)]
pub(super) struct Found<T> {
    pub value: T,
    pub place: Place,
}

/// The facility's file laid over the built-in one.
pub(super) struct Source<'s> {
    text: &'s str,
    given: DeTable<'s>,
    built_in: DeTable<'static>,
    problems: std::cell::RefCell<Vec<PolicyError>>,
}

/// What a TOML value is called in a sentence.
pub(super) fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// The span of a value of the facility's file.
pub(super) fn span<T>(spanned: &Spanned<T>) -> Option<Range<usize>> {
    Some(spanned.span())
}

impl<'s> Source<'s> {
    /// Reads the file as TOML and refuses sections and keys that are not known.
    pub fn open(text: &'s str) -> Result<Self, PolicyErrors> {
        let (given, failures) = DeTable::parse_recoverable(text);
        let failures = failures
            .iter()
            .map(|failure| {
                PolicyError::at(
                    text,
                    failure.span(),
                    "",
                    format!("This cannot be read as TOML: {}.", failure.message()),
                    "A line is like approvals = 1, with text in quotes, below a section like [transfer].",
                )
            })
            .collect();
        if let Some(errors) = PolicyErrors::of(failures) {
            return Err(errors);
        }
        let source = Self {
            text,
            given: given.into_inner(),
            built_in: DeTable::parse(DEFAULT).expect("a test proves that the built-in policy is right").into_inner(),
            problems: Vec::new().into(),
        };
        source.refuse_unknown();
        Ok(source)
    }

    fn refuse_unknown(&self) {
        let names: Vec<String> = sections(&self.built_in).into_iter().map(|(name, ..)| name).collect();
        for (name, at, section) in self.given_sections() {
            let place = |key: String, at: Option<Range<usize>>| Place { key, span: at };
            let here = place(name.clone(), Some(at));
            if let Some(first) =
                names.iter().find(|known| known.strip_prefix(&name).is_some_and(|k| k.starts_with('.')))
            {
                let hint = format!("Write [{first}] on a line of its own, and its keys below it.");
                self.problem(&here, format!("“{name}” is a section of sections."), hint);
                continue;
            }
            let Some(known) = self.built_in_section(&name) else {
                let hint = match (nearest(&name, names.iter().map(String::as_str)), section) {
                    (Some(near), DeValue::Table(_)) => format!("Did you mean [{near}]?"),
                    _ => self.whereabouts(&name),
                };
                self.problem(&here, format!("“{name}” is not known."), hint);
                continue;
            };
            let DeValue::Table(section) = section else {
                let hint = format!("Write [{name}] on a line of its own, and its keys below it.");
                self.problem(&here, format!("“{name}” is a section."), hint);
                continue;
            };
            for key in section.keys() {
                if known.contains_key(key.get_ref().as_ref()) {
                    continue;
                }
                let near = nearest(key.get_ref(), known.keys().map(|key| key.get_ref().as_ref()));
                let hint = match near {
                    Some(near) => format!("Did you mean {near}?"),
                    None => self.whereabouts(key.get_ref()),
                };
                let here = place(format!("{name}.{}", key.get_ref()), span(key));
                let reason = format!("“{}” is not known in [{name}].", key.get_ref());
                self.problem(&here, reason, hint);
            }
        }
    }

    /// The facility's sections, those of a section of sections each for itself.
    fn given_sections(&self) -> Vec<(String, Range<usize>, &DeValue<'s>)> {
        let mut all = Vec::new();
        for (name, section) in &self.given {
            let holds_sections =
                self.built_in.get(name.get_ref().as_ref()).is_some_and(|s| inner(s.get_ref()).is_some());
            match section.get_ref() {
                DeValue::Table(table) if holds_sections => all.extend(
                    table
                        .iter()
                        .map(|(key, s)| (format!("{}.{}", name.get_ref(), key.get_ref()), key.span(), s.get_ref())),
                ),
                other => all.push((name.get_ref().to_string(), name.span(), other)),
            }
        }
        all
    }

    /// Where a key belongs that stands in the wrong section.
    fn whereabouts(&self, key: &str) -> String {
        let home = sections(&self.built_in).into_iter().find(|(.., section)| section.contains_key(key));
        match home {
            Some((name, ..)) => format!("{key} belongs below [{name}]."),
            None => "`custody policy show` lists every key.".to_owned(),
        }
    }

    pub(super) fn built_in_section(&self, name: &str) -> Option<&DeTable<'static>> {
        at(&self.built_in, name).filter(|table| table.values().all(|v| !matches!(v.get_ref(), DeValue::Table(_))))
    }

    /// Keeps a problem for the report.
    pub fn problem(&self, place: &Place, reason: impl Into<String>, hint: impl Into<String>) {
        let error = PolicyError::at(self.text, place.span.clone(), &place.key, reason, hint);
        self.problems.borrow_mut().push(error);
    }

    /// All problems kept so far.
    pub fn problems(self) -> Option<PolicyErrors> {
        PolicyErrors::of(self.problems.into_inner())
    }

    /// The facility's value if it reads as what is wanted, else the built-in one.
    pub(super) fn value<T>(
        &self,
        section: &str,
        key: &str,
        wanted: &str,
        read: impl Fn(&DeValue<'_>) -> Option<T>,
    ) -> Found<T> {
        let built_in = self
            .built_in_section(section)
            .and_then(|section| section.get(key))
            .expect("default.toml names every key that is read");
        let mut place = Place { key: format!("{section}.{key}"), span: None };
        if let Some(given) = self.given(section, key) {
            place.span = span(given);
            match read(given.get_ref()) {
                Some(value) => return Found { value, place },
                None => self.misfit(&place, given.get_ref(), wanted, &DEFAULT[built_in.span()]),
            }
        }
        let value = read(built_in.get_ref()).expect("default.toml has the right kinds");
        Found { value, place }
    }

    pub(super) fn given(&self, section: &str, key: &str) -> Option<&Spanned<DeValue<'s>>> {
        at(&self.given, section)?.get(key)
    }

    pub(super) fn misfit(&self, place: &Place, given: &DeValue<'_>, wanted: &str, example: &str) {
        let key = place.key.rsplit('.').next().unwrap_or_default();
        let hint = if example.contains('\n') {
            format!("`custody policy show` has an example of {key}.")
        } else {
            format!("For example {key} = {example}.")
        };
        let given = match given {
            DeValue::Integer(number) => number.to_string(),
            other => kind(other).to_owned(),
        };
        self.problem(place, format!("This takes {wanted}, and {given} stands here."), hint);
    }

    /// Text without control characters other than line ends and tabs.
    pub fn text(&self, section: &str, key: &str) -> Found<String> {
        let found = self.value(section, key, "a text", |value| match value {
            DeValue::String(text) => Some(text.to_string()),
            _ => None,
        });
        self.plain(&found);
        found
    }

    pub(super) fn plain(&self, found: &Found<String>) {
        if found.value.contains(|c: char| c.is_control() && c != '\n' && c != '\t' && c != '\r') {
            let hint = "Take it out: pages and databases cannot show it.";
            self.problem(&found.place, "A control character hides in this text.", hint);
        }
        if found.value.len() > TEXT_LIMIT {
            let reason = format!("This text is longer than {TEXT_LIMIT} bytes.");
            self.problem(&found.place, reason, "Shorten it, and link to the rest.");
        }
    }

    /// Text that must not be blank.
    pub fn filled(&self, section: &str, key: &str) -> Found<String> {
        let found = self.text(section, key);
        if found.value.trim().is_empty() {
            let hint = "Write something, or leave the key out to keep the built-in text.";
            self.problem(&found.place, "This is empty.", hint);
        }
        found
    }

    /// A whole number within a range of `unit`s.
    pub fn whole(&self, section: &str, key: &str, range: RangeInclusive<u32>, unit: &str) -> Found<u32> {
        let (low, high) = (*range.start(), *range.end());
        let wanted = format!("a whole number of {unit} from {low} to {high}");
        self.value(section, key, &wanted, |value| match value {
            DeValue::Integer(number) => {
                u32::from_str_radix(number.as_str(), number.radix()).ok().filter(|number| range.contains(number))
            }
            _ => None,
        })
    }

    /// True or false.
    pub fn flag(&self, section: &str, key: &str) -> bool {
        self.value(section, key, "true or false", |value| match value {
            DeValue::Boolean(flag) => Some(*flag),
            _ => None,
        })
        .value
    }
}

/// The table at a dotted name.
fn at<'t, 's>(table: &'t DeTable<'s>, name: &str) -> Option<&'t DeTable<'s>> {
    name.split('.').try_fold(table, |table, part| match table.get(part)?.get_ref() {
        DeValue::Table(inner) => Some(inner),
        _ => None,
    })
}

/// The sections within, of a section that holds sections and nothing else.
fn inner<'t, 's>(section: &'t DeValue<'s>) -> Option<&'t DeTable<'s>> {
    match section {
        DeValue::Table(table) => {
            let all = !table.is_empty() && table.values().all(|v| matches!(v.get_ref(), DeValue::Table(_)));
            all.then_some(table)
        }
        _ => None,
    }
}

/// Every section with its dotted name and where that stands.
pub(super) fn sections<'t, 's>(file: &'t DeTable<'s>) -> Vec<(String, Range<usize>, &'t DeTable<'s>)> {
    let mut all = Vec::new();
    for (name, section) in file {
        match (inner(section.get_ref()), section.get_ref()) {
            (Some(within), _) => all.extend(within.iter().filter_map(|(key, s)| match s.get_ref() {
                DeValue::Table(table) => Some((format!("{}.{}", name.get_ref(), key.get_ref()), key.span(), table)),
                _ => None,
            })),
            (None, DeValue::Table(table)) => all.push((name.get_ref().to_string(), name.span(), table)),
            (None, _) => {}
        }
    }
    all
}

impl fmt::Debug for Source<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source").finish_non_exhaustive()
    }
}
