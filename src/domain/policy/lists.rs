//! Lists in a policy file: their elements, each with its place.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use chrono::NaiveDate;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::source::{Found, Place, Source, kind, span};
use crate::domain::nearest::nearest;

/// One table of a list of tables.
pub(super) struct Item<'s> {
    table: &'s DeTable<'s>,
    pub place: Place,
}

impl Item<'_> {
    /// Whether the key is given.
    pub fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// Every key that is given.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.table.keys().map(|key| key.get_ref().as_ref())
    }
}

/// An element of a list that holds texts and tables.
pub(super) enum Either<'s> {
    Text(Found<String>),
    Table(Item<'s>),
}

/// `{ id = …, name = … }`
fn example(keys: &[&str]) -> String {
    let keys: Vec<_> = keys.iter().map(|key| format!("{key} = …")).collect();
    format!("{{ {} }}", keys.join(", "))
}

impl Found<Vec<Found<String>>> {
    /// The texts alone.
    pub fn plain(self) -> Vec<String> {
        self.value.into_iter().map(|text| text.value).collect()
    }
}

impl Source<'_> {
    /// The elements of a list, each with its place; empty spans where built in.
    fn elements(&self, section: &str, key: &str, wanted: &str) -> Found<Vec<(&Spanned<DeValue<'_>>, Place)>> {
        let checked = self.value(section, key, wanted, |value| matches!(value, DeValue::Array(_)).then_some(()));
        let given = self.given(section, key).map(Spanned::get_ref);
        let built_in = self.built_in_section(section).and_then(|section| section.get(key)).map(Spanned::get_ref);
        let mut elements = Vec::new();
        if let Some(DeValue::Array(array)) = given {
            elements.extend(array.iter().map(|element| (element, span(element))));
        } else if let Some(DeValue::Array(array)) = built_in {
            elements.extend(array.iter().map(|element| (element, None)));
        }
        let place = |span| Place { key: checked.place.key.clone(), span };
        let value = elements.into_iter().map(|(element, span)| (element, place(span))).collect();
        Found { value, place: checked.place.clone() }
    }

    /// A list of texts, none blank, none twice.
    pub fn texts(&self, section: &str, key: &str) -> Found<Vec<Found<String>>> {
        let elements = self.elements(section, key, "a list of texts");
        let texts = elements.value.into_iter();
        let value = texts.filter_map(|(element, place)| self.element_text(element, place)).collect();
        self.refuse_twice(&value);
        Found { value, place: elements.place }
    }

    fn element_text(&self, element: &Spanned<DeValue<'_>>, place: Place) -> Option<Found<String>> {
        let DeValue::String(text) = element.get_ref() else {
            let reason = format!("Each element is a text, and {} stands here.", kind(element.get_ref()));
            self.problem(&place, reason, "Put it in quotes, like \"SPB\".");
            return None;
        };
        let found = Found { value: text.to_string(), place };
        self.plain(&found);
        if found.value.trim().is_empty() {
            self.problem(&found.place, "This element is empty.", "Write something, or take it out.");
            return None;
        }
        Some(found)
    }

    /// Refuses a text that stands in a list a second time.
    pub fn refuse_twice(&self, texts: &Vec<Found<String>>) {
        let mut seen = BTreeSet::new();
        for found in texts {
            if !seen.insert(&found.value) {
                let reason = format!("“{}” stands here twice.", found.value);
                self.problem(&found.place, reason, "Keep one of them.");
            }
        }
    }

    /// Refuses an empty list, for this reason.
    pub fn refuse_empty(&self, section: &str, key: &str, reason: &str) {
        if let Some(given) = self.given(section, key)
            && let DeValue::Array(array) = given.get_ref()
            && array.is_empty()
        {
            let place = Place { key: format!("{section}.{key}"), span: span(given) };
            let hint = "Name at least one, or leave the key out to keep what is built in.";
            self.problem(&place, reason, hint);
        }
    }

    /// A list of tables with these keys and no others.
    pub fn tables(&self, section: &str, key: &str, keys: &[&str]) -> Found<Vec<Item<'_>>> {
        let elements = self.elements(section, key, "a list of tables");
        let value =
            elements.value.into_iter().filter_map(|(element, place)| self.table(element, place, keys)).collect();
        Found { value, place: elements.place }
    }

    /// An element that is a table with these keys and no others.
    fn table<'e>(&self, element: &'e Spanned<DeValue<'e>>, place: Place, keys: &[&str]) -> Option<Item<'e>> {
        let DeValue::Table(table) = element.get_ref() else {
            let reason = format!("Each element is a table, and {} stands here.", kind(element.get_ref()));
            self.problem(&place, reason, format!("Write it like {}.", example(keys)));
            return None;
        };
        for given in table.keys().filter(|given| !keys.contains(&given.get_ref().as_ref())) {
            let hint = match nearest(given.get_ref(), keys.iter().copied()) {
                Some(near) => format!("Did you mean {near}?"),
                None => format!("An element has {}.", keys.join(", ")),
            };
            let here = Place { key: format!("{}.{}", place.key, given.get_ref()), span: span(given) };
            self.problem(&here, format!("“{}” is not known here.", given.get_ref()), hint);
        }
        Some(Item { table, place })
    }

    /// A text of one table; `None` where it is missing, which is kept as a problem.
    pub fn item_text(&self, item: &Item<'_>, key: &str) -> Option<Found<String>> {
        let element = self.item_value(item, key)?;
        self.element_text(element.0, element.1)
    }

    /// A list of texts of one table, none twice.
    pub fn item_texts(&self, item: &Item<'_>, key: &str) -> Option<Found<Vec<Found<String>>>> {
        let (element, place) = self.item_value(item, key)?;
        let DeValue::Array(array) = element.get_ref() else {
            self.misfit(&place, element.get_ref(), "a list of texts", "[\"3.1.2\"]");
            return None;
        };
        let at = |element| Place { key: place.key.clone(), span: place.span.as_ref().and_then(|_| span(element)) };
        let value = array.iter().filter_map(|element| self.element_text(element, at(element))).collect();
        self.refuse_twice(&value);
        Some(Found { value, place })
    }

    /// A list of one table whose elements are texts, or tables with these keys and no others.
    pub fn item_either<'i>(&self, item: &Item<'i>, key: &str, keys: &[&str]) -> Option<Found<Vec<Either<'i>>>> {
        let (element, place) = self.item_value(item, key)?;
        let DeValue::Array(array) = element.get_ref() else {
            self.misfit(&place, element.get_ref(), "a list of texts or tables", "[\"3.1.2\"]");
            return None;
        };
        let at = |element| Place { key: place.key.clone(), span: place.span.as_ref().and_then(|_| span(element)) };
        let value = array
            .iter()
            .filter_map(|element| match element.get_ref() {
                DeValue::Table(_) => self.table(element, at(element), keys).map(Either::Table),
                _ => self.element_text(element, at(element)).map(Either::Text),
            })
            .collect();
        Some(Found { value, place })
    }

    /// A day of one table, where the key is given: as TOML writes days, or as a text.
    pub fn item_day(&self, item: &Item<'_>, key: &str) -> Option<Found<NaiveDate>> {
        let (element, place) = item.table.contains_key(key).then(|| self.item_value(item, key)).flatten()?;
        let written = match element.get_ref() {
            DeValue::Datetime(day) => day.to_string(),
            DeValue::String(text) => text.to_string(),
            _ => String::new(),
        };
        match written.parse::<NaiveDate>() {
            Ok(value) => Some(Found { value, place }),
            Err(_) => {
                self.misfit(&place, element.get_ref(), "a day without a time", "2026-03-01");
                None
            }
        }
    }

    /// The same of a key that may be left out.
    pub fn item_text_if(&self, item: &Item<'_>, key: &str) -> Option<Found<String>> {
        item.table.contains_key(key).then(|| self.item_text(item, key)).flatten()
    }

    /// A list of texts of one table, empty where the key is left out.
    pub fn item_texts_if(&self, item: &Item<'_>, key: &str) -> Vec<Found<String>> {
        let found = item.table.contains_key(key).then(|| self.item_texts(item, key)).flatten();
        found.map(|found| found.value).unwrap_or_default()
    }

    /// True or false of one table, false where the key is left out.
    pub fn item_flag(&self, item: &Item<'_>, key: &str) -> bool {
        let Some((element, place)) = item.table.contains_key(key).then(|| self.item_value(item, key)).flatten() else {
            return false;
        };
        let DeValue::Boolean(flag) = element.get_ref() else {
            self.misfit(&place, element.get_ref(), "true or false", "true");
            return false;
        };
        *flag
    }

    /// A list of tables of one table, with these keys and no others; empty where the key is left out.
    pub fn item_tables<'i>(&self, item: &Item<'i>, key: &str, keys: &[&str]) -> Vec<Item<'i>> {
        let Some((element, place)) = item.table.contains_key(key).then(|| self.item_value(item, key)).flatten() else {
            return Vec::new();
        };
        let DeValue::Array(array) = element.get_ref() else {
            self.misfit(&place, element.get_ref(), "a list of tables", &example(keys));
            return Vec::new();
        };
        let at = |element| Place { key: place.key.clone(), span: place.span.as_ref().and_then(|_| span(element)) };
        array.iter().filter_map(|element| self.table(element, at(element), keys)).collect()
    }

    /// A whole number of one table within a range of `unit`s, or what holds where the key is left out.
    pub fn item_whole(
        &self,
        item: &Item<'_>,
        key: &str,
        range: RangeInclusive<u32>,
        unit: &str,
        else_: u32,
    ) -> Found<u32> {
        let Some((element, place)) = item.table.contains_key(key).then(|| self.item_value(item, key)).flatten() else {
            return Found { value: else_, place: item.place.clone() };
        };
        let read = match element.get_ref() {
            DeValue::Integer(number) => u32::from_str_radix(number.as_str(), number.radix()).ok(),
            _ => None,
        };
        let value = read.filter(|number| range.contains(number)).unwrap_or_else(|| {
            let wanted = format!("a whole number of {unit} from {} to {}", range.start(), range.end());
            self.misfit(&place, element.get_ref(), &wanted, &else_.to_string());
            else_
        });
        Found { value, place }
    }

    fn item_value<'i>(&self, item: &Item<'i>, key: &str) -> Option<(&'i Spanned<DeValue<'i>>, Place)> {
        let mut place = Place { key: format!("{}.{key}", item.place.key), span: item.place.span.clone() };
        let Some(element) = item.table.get(key) else {
            // A misspelt key is reported as such already.
            let misspelt = |given: &&str| nearest(given, [key]).is_some();
            let mut given = item.table.keys().map(|given| given.get_ref().as_ref());
            if given.find(misspelt).is_some() {
                return None;
            }
            self.problem(&place, format!("This element has no {key}."), format!("Add {key} = \"…\" to it."));
            return None;
        };
        place.span = place.span.and_then(|_| span(element));
        Some((element, place))
    }
}
