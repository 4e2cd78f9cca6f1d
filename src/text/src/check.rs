//! Compares what the code asks for with what each language has.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use fluent_bundle::FluentResource;
use fluent_syntax::ast::{Entry, Expression, InlineExpression, Pattern, PatternElement};

use super::{Language, Texts, key};
use crate::{
    config::{Problem, Problems},
    health::Part,
    portrait::Hint,
    session::{
        attendant::Why,
        sign_in::{Failure, NotEligible},
    },
};

/// Texts whose keys depend on the site or on other capabilities of the booth.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Whole keys: `kind-student`, `hint-come-closer`, `consent-page-1`.
    pub keys: Vec<String>,
}

impl Wanted {
    /// The texts that a site with these kinds of card and this many pages of rules needs.
    pub fn of_site<'a>(kinds: impl IntoIterator<Item = &'a str>, pages: usize) -> Self {
        let kinds = kinds.into_iter().map(|kind| format!("kind-{kind}"));
        let pages = (1..=pages).map(|page| format!("consent-page-{page}"));
        Self {
            keys: kinds.chain(pages).collect(),
        }
    }
}

/// Keys made of a family and a name, as far as the code itself knows the names.
fn families() -> Vec<String> {
    let failures = [
        Failure::Denied,
        Failure::Expired,
        Failure::Unreachable,
        Failure::Refused,
        Failure::NotBelieved,
        Failure::PortalDown,
        Failure::WrongPassword,
        Failure::Paused,
        Failure::Unknown,
    ];
    let reasons = [
        NotEligible::NoRole,
        NotEligible::OpenOrder,
        NotEligible::NotOld,
    ];
    let names = failures.map(NotEligible::Failed).into_iter().chain(reasons);
    let mut keys: Vec<String> = names
        .flat_map(|why| {
            let name = why.name();
            [
                format!("{}-{name}", key::NOT_ELIGIBLE.name),
                format!("{}-{name}", key::NOT_ELIGIBLE_DO.name),
            ]
        })
        .collect();
    // shown where a password is typed, never as the end of a visit
    keys.retain(|key| key != "not-eligible-do-wrong-password" && key != "not-eligible-do-paused");
    keys.extend(Part::ALL.map(|part| format!("{}-{}", key::REASON.name, part.name())));
    keys.extend(Part::ALL.map(|part| format!("{}-{}", key::PART.name, part.name())));
    let steps = [
        "sending", "feeding", "yellow", "red", "blue", "black", "overcoat", "ejecting",
    ];
    keys.extend(steps.map(|step| format!("{}-{step}", key::STEP.name)));
    let moves = ["closer", "wider", "left", "right", "up", "down"];
    keys.extend(moves.map(|way| format!("{}-{way}", key::MOVE.name)));
    keys.extend(Why::ALL.map(|why| format!("{}-{}", key::ASSIST_WHY.name, why.name())));
    keys.extend(Hint::ALL.map(|hint| hint.key().to_owned()));
    let helps = [
        "start", "sign-in", "you", "consent", "old-card", "photo", "card",
    ];
    keys.extend(helps.map(|name| format!("{}-{name}", key::HELP_HERE.name)));
    keys
}

/// The first words of keys that may be there beside the known ones: sentences for single faults and hints, and texts
/// that card templates use.
const OPEN_FAMILIES: [&str; 5] = ["reason-", "hint-", "kind-", "template-", "consent-page-"];

impl Texts {
    /// Notes every text that a language lacks, every value that a text uses and does not get, and every text that
    /// nothing asks for (which is most often a misspelt key).
    pub fn check(&self, wanted: &Wanted, problems: &mut Problems) {
        let mut values: BTreeMap<String, &[&str]> = BTreeMap::new();
        values.extend(key::ALL.iter().map(|key| (key.name.to_owned(), key.values)));
        let dynamic = families().into_iter().chain(wanted.keys.iter().cloned());
        values.extend(dynamic.map(|key| (key, &[][..])));
        // a family's own key is a stem where every name has its text
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

/// A text as it is written in a file.
pub(super) struct Written {
    pub(super) name: String,
    pub(super) place: (PathBuf, usize),
    values: BTreeSet<String>,
}

/// Every message of a file, with its line and the values it uses.
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
        // messages come in the file's order, so that the second of two with one key is found on its own line
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
