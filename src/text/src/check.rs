//! Compares the texts that the code uses with those that each language has.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use fluent_bundle::FluentResource;
use fluent_syntax::ast::{Entry, Expression, InlineExpression, Pattern, PatternElement};

use super::{Language, Texts, key};
use common::{Problem, Problems};

/// The texts whose keys depend on the site or on the devices and faults that the booth knows.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Complete keys: `kind-student`, `hint-come-closer`, `consent-page-1`.
    pub keys: Vec<String>,
}

/// The prefixes of keys that are allowed in addition to the known ones: sentences for single faults and hints, and
/// texts for card templates.
const OPEN_FAMILIES: [&str; 5] = ["reason-", "hint-", "kind-", "template-", "consent-page-"];

impl Texts {
    /// Notes every text that a language lacks, every value that a text uses but does not get, and every text that
    /// nothing uses, which is usually a misspelt key.
    pub fn check(&self, wanted: &Wanted, problems: &mut Problems) {
        let mut values: BTreeMap<String, &[&str]> = BTreeMap::new();
        values.extend(key::ALL.iter().map(|key| (key.name.to_owned(), key.values)));
        let dynamic = wanted.keys.iter().cloned();
        values.extend(dynamic.map(|key| (key, &[][..])));
        // These keys are only prefixes: each name of the family has a text of its own.
        for stem in [key::HELP_HERE, key::MOVE, key::PART, key::ASSIST_WHY] {
            values.remove(stem.name);
        }
        for language in &self.languages {
            for name in values.keys().filter(|name| !language.has(name)) {
                problems.push(missing(language, name));
            }
            language.check_written(&values, problems);
        }
    }
}

fn missing(language: &Language, name: &str) -> Problem {
    Problem {
        key: name.to_owned(),
        wrong: format!("is missing in {}", language.folder.display()),
        remedy: format!("Add a line `{name} = ...` to one of the .ftl files there."),
        place: None,
    }
}

impl Language {
    fn check_written(&self, wanted: &BTreeMap<String, &[&str]>, problems: &mut Problems) {
        for text in &self.written {
            let note = |wrong: String, remedy: String| Problem {
                key: text.name.clone(),
                wrong,
                remedy,
                place: Some(text.place.clone()),
            };
            let Some(values) = wanted.get(&text.name) else {
                if !OPEN_FAMILIES
                    .iter()
                    .any(|family| text.name.starts_with(family))
                {
                    let remedy = "Correct the key, or leave the line out.";
                    problems.push(note(
                        "is no text of the booth".to_owned(),
                        remedy.to_owned(),
                    ));
                }
                continue;
            };
            let unknown = |value: &&String| !values.contains(&value.as_str());
            for value in text.values.iter().filter(unknown) {
                let known: Vec<String> = values.iter().map(|v| format!("{{ ${v} }}")).collect();
                let remedy = if known.is_empty() {
                    "Write it without values.".to_owned()
                } else {
                    format!("It may use {}.", known.join(", "))
                };
                problems.push(note(
                    format!("uses {{ ${value} }}, which it is not given"),
                    remedy,
                ));
            }
        }
    }
}

/// A text in its source form.
pub(super) struct Written {
    pub(super) name: String,
    pub(super) place: (PathBuf, usize),
    values: BTreeSet<String>,
}

/// Returns every message of a file with its line and the values that it uses.
pub(super) fn written(resource: &FluentResource, file: &Path, source: &str) -> Vec<Written> {
    let mut written = Vec::new();
    let mut lines = source.lines().enumerate();
    for entry in resource.entries() {
        let Entry::Message(message) = entry else {
            continue;
        };
        let mut values = BTreeSet::new();
        if let Some(pattern) = &message.value {
            values_in(pattern, &mut values);
        }
        let name = message.id.name.to_owned();
        // Messages come in the order of the file, so the second one with the same key is found on its own line.
        let is_its = |line: &str| {
            line.split('=')
                .next()
                .is_some_and(|key| key.trim_end() == name)
        };
        let line = lines
            .find(|(_, line)| is_its(line))
            .map_or(1, |(index, _)| index + 1);
        written.push(Written {
            name,
            place: (file.to_owned(), line),
            values,
        });
    }
    written
}

fn values_in(pattern: &Pattern<&str>, used: &mut BTreeSet<String>) {
    for element in &pattern.elements {
        let PatternElement::Placeable { expression } = element else {
            continue;
        };
        match expression {
            Expression::Inline(inline) => value_in(inline, used),
            Expression::Select { selector, variants } => {
                value_in(selector, used);
                for variant in variants {
                    values_in(&variant.value, used);
                }
            }
        }
    }
}

fn value_in(inline: &InlineExpression<&str>, used: &mut BTreeSet<String>) {
    match inline {
        InlineExpression::VariableReference { id } => {
            used.insert(id.name.to_owned());
        }
        InlineExpression::Placeable { expression } => {
            if let Expression::Inline(inner) = &**expression {
                value_in(inner, used);
            }
        }
        _ => {}
    }
}
