//! The texts of the booth: Fluent messages of the site, in one folder per language, read once at the start.
//!
//! [`key`] lists every text that the code uses. [`Texts::check`] compares each language with this list, so that a
//! missing text, an unknown value or a misspelt key is reported as a mistake of the configuration instead of leaving a
//! gap on the screen. Start reading at [`Texts`] and [`LocaleTexts`] in this file; `check.rs` has the comparison.
//!
//! ```no_run
//! use std::path::Path;
//!
//! let mut problems = common::Problems::default();
//! let languages = ["sv".to_owned(), "en".to_owned()];
//! let texts = text::Texts::load(Path::new("texts"), &languages, &mut problems);
//! let title: String = texts.of("en").say(text::key::CODE_TITLE);
//! ```

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod check;
pub mod key;
#[cfg(test)]
mod tests;

use std::{
    borrow::Cow,
    fmt, fs,
    io::Read,
    path::{Path, PathBuf},
};

use fluent_bundle::{FluentArgs, FluentError, FluentResource, FluentValue, concurrent};
use unic_langid::LanguageIdentifier;

pub use check::Wanted;
pub use key::Key;

use common::{Problem, Problems};

type Bundle = concurrent::FluentBundle<FluentResource>;

/// The largest text file in bytes.
const LONGEST_FILE: u64 = 256 * 1024;

/// All texts of a site in all its languages.
pub struct Texts {
    languages: Vec<Language>,
}

struct Language {
    code: String,
    folder: PathBuf,
    bundle: Bundle,
    /// Every text in its source form, for the check.
    written: Vec<check::Written>,
}

impl fmt::Debug for Texts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let codes: Vec<&str> = self.languages.iter().map(|l| l.code.as_str()).collect();
        write!(f, "Texts({})", codes.join(", "))
    }
}

impl Texts {
    /// Reads `<folder>/<language>/*.ftl` for each language. What cannot be read or parsed is noted in `problems` with
    /// file and line; the rest is kept.
    pub fn load(folder: &Path, languages: &[String], problems: &mut Problems) -> Self {
        let languages = languages
            .iter()
            .map(|code| Language::load(folder, code, problems))
            .collect();
        Self { languages }
    }

    /// Returns the texts in one language, or in the site's first language when the site does not have `code`.
    pub fn of(&self, code: &str) -> LocaleTexts<'_> {
        let index = self.languages.iter().position(|l| l.code == code);
        LocaleTexts {
            texts: self,
            index: index.unwrap_or(0),
        }
    }

    /// Iterates over the codes of the languages in the site's order.
    pub fn codes(&self) -> impl Iterator<Item = &str> {
        self.languages.iter().map(|l| l.code.as_str())
    }
}

impl Language {
    fn load(folder: &Path, code: &str, problems: &mut Problems) -> Self {
        // Another check reports a code that is not valid. Here it only affects the plural rules.
        let locale: LanguageIdentifier = code.parse().unwrap_or_default();
        let mut bundle = Bundle::new_concurrent(vec![locale]);
        // Isolation marks around values protect right-to-left text, which the booth does not have, and some fonts draw
        // them as boxes.
        bundle.set_use_isolating(false);
        let folder = folder.join(code);
        let mut written = Vec::new();
        for file in ftl_files(&folder, problems) {
            add(&mut bundle, &file, &mut written, problems);
        }
        Self {
            code: code.to_owned(),
            folder,
            bundle,
            written,
        }
    }

    fn has(&self, name: &str) -> bool {
        self.bundle
            .get_message(name)
            .is_some_and(|message| message.value().is_some())
    }

    fn format(&self, name: &str, args: Option<&FluentArgs<'_>>) -> Option<String> {
        let pattern = self.bundle.get_message(name)?.value()?;
        let mut errors: Vec<FluentError> = Vec::new();
        let text = self.bundle.format_pattern(pattern, args, &mut errors);
        Some(text.into_owned())
    }
}

fn ftl_files(folder: &Path, problems: &mut Problems) -> Vec<PathBuf> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => {
            problems.push(Problem {
                key: String::new(),
                wrong: format!("{}: cannot be read ({error})", folder.display()),
                remedy: "Put the texts of this language there, as files ending in .ftl.".to_owned(),
                place: None,
            });
            return Vec::new();
        }
    };
    let mut files: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|end| end == "ftl"))
        .collect();
    files.sort();
    files
}

fn add(
    bundle: &mut Bundle,
    file: &Path,
    written: &mut Vec<check::Written>,
    problems: &mut Problems,
) {
    let mut source = String::new();
    let read = fs::File::open(file)
        .and_then(|opened| opened.take(LONGEST_FILE).read_to_string(&mut source));
    if let Err(error) = read {
        let remedy = "Write it as UTF-8 text, 256 KiB at most.";
        return problems.push(at(file, 1, "", format!("cannot be read ({error})"), remedy));
    }
    let resource = match FluentResource::try_new(source.clone()) {
        Ok(resource) => resource,
        Err((resource, errors)) => {
            for error in errors {
                let line = line_of(&source, error.pos.start);
                let remedy = "Write `key = text`, further lines of a text indented.";
                let wrong = format!("is no Fluent text: {error}");
                problems.push(at(file, line, "", wrong, remedy));
            }
            resource
        }
    };
    for text in check::written(&resource, file, &source) {
        if written.iter().any(|other| other.name == text.name) {
            let (file, line) = (&text.place.0, text.place.1);
            problems.push(at(
                file,
                line,
                &text.name,
                "is there twice",
                "Keep one of them.",
            ));
        }
        written.push(text);
    }
    // The first of two texts with one key is used. The duplicate was noted above.
    let _ = bundle.add_resource(resource);
}

fn at(
    file: &Path,
    line: usize,
    key: &str,
    wrong: impl Into<String>,
    remedy: impl Into<String>,
) -> Problem {
    Problem {
        key: key.to_owned(),
        wrong: wrong.into(),
        remedy: remedy.into(),
        place: Some((file.to_owned(), line)),
    }
}

fn line_of(source: &str, byte: usize) -> usize {
    source
        .bytes()
        .take(byte)
        .filter(|byte| *byte == b'\n')
        .count()
        + 1
}

/// The texts in one language.
#[derive(Debug, Clone, Copy)]
pub struct LocaleTexts<'a> {
    texts: &'a Texts,
    index: usize,
}

/// A value that is inserted into a text.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    Text(Cow<'a, str>),
    Number(u64),
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for Value<'_> {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl<'a> From<&'a String> for Value<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(text.as_str().into())
    }
}

impl From<u64> for Value<'_> {
    fn from(number: u64) -> Self {
        Self::Number(number)
    }
}

impl<'a> LocaleTexts<'a> {
    /// Returns the code of the language.
    pub fn code(&self) -> &'a str {
        self.texts
            .languages
            .get(self.index)
            .map_or("", |language| language.code.as_str())
    }

    pub fn say(&self, key: Key) -> String {
        self.named(key.name, &[]).unwrap_or_else(|| key.name.into())
    }

    pub fn with(&self, key: Key, values: &[(&str, Value<'_>)]) -> String {
        self.named(key.name, values)
            .unwrap_or_else(|| key.name.into())
    }

    /// Returns a text whose key is computed at run time (`reason-printer-no-cards`), or `None` when it does not exist.
    pub fn named(&self, name: &str, values: &[(&str, Value<'_>)]) -> Option<String> {
        let mut args = FluentArgs::with_capacity(values.len());
        for (name, value) in values {
            let value: FluentValue<'_> = match value {
                Value::Text(text) => text.as_ref().into(),
                Value::Number(number) => (*number).into(),
            };
            args.set(*name, value);
        }
        // If this language lacks a text, the text in another language is better than none.
        let (before, from) = self.texts.languages.split_at_checked(self.index)?;
        let mut languages = from.iter().chain(before);
        languages.find_map(|language| language.format(name, Some(&args)))
    }
}
