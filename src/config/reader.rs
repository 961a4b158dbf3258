//! Reads TOML with the place of every value, and collects the faults.

use super::{ConfigFault, FaultSeverity, duration};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Display,
    ops::Range,
    time::Duration,
};
use toml::{
    Spanned,
    de::{DeString, DeTable, DeValue},
};

/// The source of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ValuePlace {
    Span(Range<usize>),
    /// An environment variable, by its name.
    Variable(String),
}

/// A value with its place.
#[derive(Debug, Clone)]
pub(super) struct PlacedValue<T> {
    pub value: T,
    pub place: ValuePlace,
}

/// Collects the faults of one file.
#[derive(Debug)]
pub(super) struct Collector<'d> {
    file: &'d str,
    text: &'d str,
    /// Whether the text has syntax errors: a key that seems missing may then be in the part that was skipped, and a key
    /// that seems unknown may belong to it.
    recovered: bool,
    /// Whether the text is already current.
    rules: bool,
    faults: Vec<ConfigFault>,
}

impl<'d> Collector<'d> {
    /// Reads as much of the text as possible, with its syntax errors.
    pub fn read(file: &'d str, text: &'d str) -> (Spanned<DeTable<'d>>, Self) {
        let (table, errors) = DeTable::parse_recoverable(text);
        let mut collector = Self { file, text, recovered: false, rules: false, faults: Vec::new() };
        for error in &errors {
            let span = error.span().unwrap_or(0..0);
            collector.error(&ValuePlace::Span(span), error.message().to_owned(), None);
        }
        collector.recovered = !errors.is_empty();
        (table, collector)
    }

    pub fn error(&mut self, place: &ValuePlace, message: impl Display, hint: Option<String>) {
        self.push(place, FaultSeverity::Error, &message, hint);
    }

    pub fn warning(&mut self, place: &ValuePlace, message: impl Display, hint: Option<String>) {
        self.push(place, FaultSeverity::Warning, &message, hint);
    }

    /// Marks the text as current: a bound that was introduced later must not prevent reading it.
    pub fn rules_already(&mut self) {
        self.rules = true;
    }

    /// A fault of a value that exceeds what a request may contain. It cannot be asked for, and existing grants end as
    /// planned, so for a text that is already current it is only a warning.
    pub fn beyond(&mut self, place: &ValuePlace, message: impl Display, hint: Option<String>) {
        if self.rules { self.warning(place, message, hint) } else { self.error(place, message, hint) }
    }

    /// A fault of a missing key or value.
    pub fn missing(&mut self, place: &ValuePlace, message: impl Display, hint: Option<String>) {
        if !self.recovered {
            self.error(place, message, hint);
        }
    }

    /// A fault of an unknown key. If a header was skipped, the keys below it seem to belong to another section, so
    /// nothing is reported then.
    fn unknown(&mut self, place: &ValuePlace, message: impl Display, hint: Option<String>) {
        if !self.recovered {
            self.error(place, message, hint);
        }
    }

    fn push(&mut self, place: &ValuePlace, severity: FaultSeverity, message: &impl Display, hint: Option<String>) {
        let (file, line, column) = match place {
            ValuePlace::Span(span) => {
                let (line, column) = position(self.text, span.start);
                (self.file.to_owned(), line, column)
            }
            ValuePlace::Variable(name) => (name.clone(), 0, 0),
        };
        self.faults.push(ConfigFault { file, line, column, severity, message: message.to_string(), hint });
    }

    /// Whether a fault so far prevents the use of the file.
    pub fn failed(&self) -> bool {
        self.faults.iter().any(ConfigFault::is_error)
    }

    /// All faults, in the order of their places.
    pub fn finish(mut self) -> Vec<ConfigFault> {
        self.faults.sort_by_key(|fault| (fault.line, fault.column, fault.severity));
        self.faults
    }
}

/// Line and column, both from 1, of a byte offset.
fn position(text: &str, offset: usize) -> (usize, usize) {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    let before = &text[..offset];
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

/// A value from the file or from the environment.
enum Raw<'d> {
    Toml(&'d DeValue<'d>),
    Text(&'d str),
}

/// Overrides of one section: key to variable and value.
pub(super) type Overrides = BTreeMap<String, (String, String)>;

/// A table whose keys are read one by one; [`Section::finish`] reports those that were not read.
pub(super) struct Section<'d> {
    table: Option<&'d DeTable<'d>>,
    overrides: Option<&'d Overrides>,
    /// The place of the table's header, or where it should be.
    pub place: ValuePlace,
    /// Its name in messages: `[server]`, `profile view`.
    pub title: String,
    asked: BTreeSet<&'static str>,
}

impl<'d> Section<'d> {
    /// The root of a document. Its title is "the file" in each fault.
    pub fn root(table: &'d DeTable<'d>) -> Self {
        let (place, title) = (ValuePlace::Span(0..0), "the file".to_owned());
        Self { table: Some(table), overrides: None, place, title, asked: BTreeSet::new() }
    }

    fn of(table: &'d DeTable<'d>, span: Range<usize>, title: String) -> Self {
        Self { table: Some(table), overrides: None, place: ValuePlace::Span(span), title, asked: BTreeSet::new() }
    }

    /// Whether the file or the environment has this key.
    pub fn has(&self, key: &str) -> bool {
        self.overridden(key).is_some() || self.table.is_some_and(|table| table.contains_key(key))
    }

    /// The variable and value with which the environment overrides this key, if it does.
    pub fn overridden(&self, key: &str) -> Option<&'d (String, String)> {
        self.overrides.and_then(|overrides| overrides.get(key))
    }

    fn get(&mut self, key: &'static str) -> Option<(Raw<'d>, ValuePlace)> {
        self.asked.insert(key);
        if let Some((variable, text)) = self.overridden(key) {
            return Some((Raw::Text(text), ValuePlace::Variable(variable.clone())));
        }
        let value = self.table?.get(key)?;
        Some((Raw::Toml(value.get_ref()), ValuePlace::Span(value.span())))
    }

    /// A string.
    pub fn text(&mut self, key: &'static str, faults: &mut Collector<'_>) -> Option<PlacedValue<&'d str>> {
        let (raw, place) = self.get(key)?;
        match raw {
            Raw::Text(value) => Some(PlacedValue { value, place }),
            Raw::Toml(value) => match value.as_str() {
                Some(value) => Some(PlacedValue { value, place }),
                None => wrong_type(faults, &place, key, "a string", value),
            },
        }
    }

    /// A string, read by `parse`.
    pub fn parsed<T, E: Display>(
        &mut self,
        key: &'static str,
        faults: &mut Collector<'_>,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<PlacedValue<T>> {
        let PlacedValue { value, place } = self.text(key, faults)?;
        match parse(value) {
            Ok(value) => Some(PlacedValue { value, place }),
            Err(error) => {
                faults.error(&place, error, None);
                None
            }
        }
    }

    /// The same; a missing key is a fault.
    pub fn required<T, E: Display>(
        &mut self,
        key: &'static str,
        faults: &mut Collector<'_>,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<PlacedValue<T>> {
        self.demand(key, faults);
        self.parsed(key, faults, parse)
    }

    /// Adds a fault if the key is missing.
    pub fn demand(&mut self, key: &'static str, faults: &mut Collector<'_>) {
        if !self.has(key) {
            self.asked.insert(key);
            faults.missing(&self.place, format!("{} needs `{key}`", self.title), None);
        }
    }

    /// A duration between two bounds.
    pub fn duration(
        &mut self,
        key: &'static str,
        bounds: std::ops::RangeInclusive<Duration>,
        said: &str,
        faults: &mut Collector<'_>,
    ) -> Option<PlacedValue<Duration>> {
        let given = self.parsed(key, faults, duration::parse)?;
        if bounds.contains(&given.value) {
            return Some(given);
        }
        faults.error(&given.place, format!("`{key}` must be {said}"), None);
        None
    }

    /// A list of strings; from the environment, separated by commas.
    pub fn list(
        &mut self,
        key: &'static str,
        faults: &mut Collector<'_>,
    ) -> Option<PlacedValue<Vec<PlacedValue<&'d str>>>> {
        let (raw, place) = self.get(key)?;
        let value = match raw {
            Raw::Text(text) => text
                .split(',')
                .map(str::trim)
                .filter(|part| !part.is_empty())
                .map(|value| PlacedValue { value, place: place.clone() })
                .collect(),
            Raw::Toml(value) => {
                let Some(array) = value.as_array() else {
                    return wrong_type(faults, &place, key, "a list of strings, such as [\"a\", \"b\"]", value);
                };
                let mut list = Vec::new();
                for item in array {
                    let place = ValuePlace::Span(item.span());
                    match item.get_ref().as_str() {
                        Some(value) => list.push(PlacedValue { value, place }),
                        None => {
                            wrong_type::<()>(faults, &place, key, "a list of strings", item.get_ref());
                        }
                    }
                }
                list
            }
        };
        Some(PlacedValue { value, place })
    }

    /// One string, or a list of strings; from the environment, separated by commas.
    pub fn text_or_list(&mut self, key: &'static str, faults: &mut Collector<'_>) -> Option<PlacedValue<Vec<String>>> {
        self.asked.insert(key);
        if self.overridden(key).is_none() {
            let value = self.table?.get(key)?;
            let (value, place) = (value.get_ref(), ValuePlace::Span(value.span()));
            if let Some(text) = value.as_str() {
                return Some(PlacedValue { value: vec![text.to_owned()], place });
            }
            if value.as_array().is_none() {
                return wrong_type(faults, &place, key, "a string or a list of strings", value);
            }
        }
        let PlacedValue { value, place } = self.list(key, faults)?;
        Some(PlacedValue { value: value.into_iter().map(|given| given.value.to_owned()).collect(), place })
    }

    /// `true` or `false`.
    pub fn flag(&mut self, key: &'static str, faults: &mut Collector<'_>) -> Option<PlacedValue<bool>> {
        let (raw, place) = self.get(key)?;
        let value = match &raw {
            Raw::Text("true") => Some(true),
            Raw::Text("false") => Some(false),
            Raw::Text(_) => None,
            Raw::Toml(value) => value.as_bool(),
        };
        if value.is_none() {
            faults.error(&place, format!("`{key}` must be true or false"), None);
        }
        value.map(|value| PlacedValue { value, place })
    }

    /// A whole number between two bounds.
    pub fn number(
        &mut self,
        key: &'static str,
        bounds: std::ops::RangeInclusive<u32>,
        faults: &mut Collector<'_>,
    ) -> Option<PlacedValue<u32>> {
        let (raw, place) = self.get(key)?;
        let value = match raw {
            Raw::Text(text) => text.trim().parse().ok(),
            Raw::Toml(value) => value.as_integer().and_then(|n| u32::from_str_radix(n.as_str(), n.radix()).ok()),
        };
        if let Some(value) = value.filter(|value| bounds.contains(value)) {
            return Some(PlacedValue { value, place });
        }
        faults.error(
            &place,
            format!("`{key}` must be a whole number from {} to {}", bounds.start(), bounds.end()),
            None,
        );
        None
    }

    /// A nested table, such as `[server]` or `{ groups = [] }`; `None` if it is absent.
    pub fn table(&mut self, key: &'static str, title: &str, faults: &mut Collector<'_>) -> Option<Section<'d>> {
        let (raw, place) = self.get(key)?;
        let Raw::Toml(value) = raw else { return None };
        match (value.as_table(), place) {
            (Some(table), ValuePlace::Span(span)) => Some(Self::of(table, span, title.to_owned())),
            (_, place) => wrong_type(faults, &place, key, "a table", value),
        }
    }

    /// The tables of `[[key]]`, in file order.
    pub fn tables(&mut self, key: &'static str, faults: &mut Collector<'_>) -> Vec<Section<'d>> {
        let Some((Raw::Toml(value), place)) = self.get(key) else { return Vec::new() };
        let Some(array) = value.as_array() else {
            wrong_type::<()>(faults, &place, key, &format!("written as [[{key}]]"), value);
            return Vec::new();
        };
        let mut sections = Vec::new();
        for item in array {
            if let Some(table) = item.get_ref().as_table() {
                sections.push(Self::of(table, item.span(), format!("[[{key}]]")));
            } else {
                let place = ValuePlace::Span(item.span());
                wrong_type::<()>(faults, &place, key, "a list of tables", item.get_ref());
            }
        }
        sections
    }

    /// A section of the root with its overrides, even if the file does not have it.
    pub fn section(&mut self, key: &'static str, overrides: &'d Overrides, faults: &mut Collector<'_>) -> Section<'d> {
        let title = format!("[{key}]");
        let mut section = self.table(key, &title, faults).unwrap_or_else(|| Section {
            table: None,
            overrides: None,
            place: self.place.clone(),
            title,
            asked: BTreeSet::new(),
        });
        section.overrides = Some(overrides);
        section
    }

    /// All entries of a table with free keys, such as labels: text values only.
    pub fn entries(&mut self, faults: &mut Collector<'_>) -> BTreeMap<String, String> {
        let mut entries = BTreeMap::new();
        for (key, value) in self.table.into_iter().flat_map(DeTable::iter) {
            let place = ValuePlace::Span(value.span());
            match value.get_ref().as_str() {
                Some(text) => {
                    entries.insert(key.get_ref().to_string(), text.to_owned());
                }
                None => {
                    wrong_type::<()>(faults, &place, key.get_ref(), "a string", value.get_ref());
                }
            }
        }
        entries
    }

    /// Reports every key that was not read, with the nearest key that exists.
    pub fn finish(self, faults: &mut Collector<'_>) {
        for key in self.table.into_iter().flat_map(DeTable::keys) {
            let name: &DeString<'_> = key.get_ref();
            if !self.asked.contains(name.as_ref()) {
                let known = self.asked.iter().copied();
                let hint = nearest(name, known.clone()).map(|near| format!("did you mean `{near}`?")).or_else(|| {
                    let known: Vec<&str> = known.collect();
                    Some(format!("it has {}", known.join(", ")))
                });
                faults.unknown(&ValuePlace::Span(key.span()), format!("{} has no `{name}`", self.title), hint);
            }
        }
        for (key, (variable, _)) in self.overrides.into_iter().flatten() {
            if !self.asked.contains(key.as_str()) {
                let hint = nearest(key, self.asked.iter().copied());
                let hint = hint.map(|near| format!("did you mean `{near}`?"));
                faults.error(&ValuePlace::Variable(variable.clone()), format!("{} has no `{key}`", self.title), hint);
            }
        }
    }
}

fn wrong_type<T>(
    faults: &mut Collector<'_>,
    place: &ValuePlace,
    key: &str,
    wanted: &str,
    value: &DeValue<'_>,
) -> Option<T> {
    faults.error(place, format!("`{key}` must be {wanted}, not {}", type_title(value)), None);
    None
}

fn type_title(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// The known name nearest to `name`, if it is near enough to be a typing error.
pub fn nearest<'k>(name: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    // Two transposed letters count as two errors.
    let allowed = if name.chars().count() <= 3 { 1 } else { (name.chars().count() / 3).clamp(2, 3) };
    known
        .into_iter()
        .map(|candidate| (strsim::levenshtein(name, candidate), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_name_is_a_slip_away() {
        let known = ["requesters", "profiles", "clusters", "longest"];
        assert_eq!(nearest("requestors", known), Some("requesters"));
        assert_eq!(nearest("cluster", known), Some("clusters"));
        assert_eq!(nearest("colour", known), None);
    }

    #[test]
    fn columns_count_characters() {
        assert_eq!(position("a\nüß = 1", "a\nüß".len()), (2, 3));
        assert_eq!(position("", 7), (1, 1));
    }
}
