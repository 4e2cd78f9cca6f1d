//! The source texts of a configuration: the site's file and those merged over it, and the line of each key in them.

use std::path::{Path, PathBuf};

use toml::{Table, Value, de::DeTable};

use common::{Problem, Problems};

/// One file of the configuration.
#[derive(Debug, Clone)]
pub(super) struct Source {
    pub path: PathBuf,
    pub text: String,
}

/// The size limit of a file in bytes, far above what any site needs.
const LARGEST: u64 = 1 << 20;

impl Source {
    pub(super) fn read(path: &Path, problems: &mut Problems) -> Option<Self> {
        let whole = |wrong: String, remedy: &str| Problem {
            key: String::new(),
            wrong,
            remedy: remedy.to_owned(),
            place: Some((path.to_owned(), 1)),
        };
        let size = match std::fs::metadata(path) {
            Ok(about) => about.len(),
            Err(error) => {
                let remedy =
                    "Name a site's folder that has a kiosk.toml, for example kiosk-config/umu.";
                problems.push(whole(format!("cannot be read ({error})"), remedy));
                return None;
            }
        };
        if size > LARGEST {
            problems.push(whole(
                format!("has {size} bytes"),
                "A configuration has at most 1 MiB.",
            ));
            return None;
        }
        match std::fs::read_to_string(path) {
            Ok(text) => Some(Self {
                path: path.to_owned(),
                text,
            }),
            Err(error) => {
                problems.push(whole(
                    format!("cannot be read ({error})"),
                    "Write it as UTF-8 text that the booth may read.",
                ));
                None
            }
        }
    }

    pub(super) fn parse(&self, problems: &mut Problems) -> Option<Table> {
        match self.text.parse::<Table>() {
            Ok(table) => Some(table),
            Err(error) => {
                let line = error
                    .span()
                    .map_or(1, |span| line_of(&self.text, span.start));
                problems.push(Problem {
                    key: String::new(),
                    wrong: format!("is not TOML: {}", error.message()),
                    remedy: "Mend that line.".to_owned(),
                    place: Some((self.path.clone(), line)),
                });
                None
            }
        }
    }

    /// The line of the dotted `key` in this file, and its number of parts. If a value on the way is no table, these are
    /// that value's. `None` if a part is missing.
    fn find(&self, key: &str) -> Option<(usize, usize)> {
        let table = DeTable::parse(&self.text).ok()?;
        let mut table = table.get_ref();
        let mut found = None;
        for (depth, name) in key.split('.').enumerate() {
            let (spanned, value) = table.iter().find(|(key, _)| key.get_ref() == name)?;
            found = Some((line_of(&self.text, spanned.span().start), depth + 1));
            match value.get_ref().as_table() {
                Some(inner) => table = inner,
                None => break,
            }
        }
        found
    }
}

/// The file and line of `key`: in the file that has its longest prefix, or the last of these, which overrides the
/// others.
pub(super) fn locate(sources: &[Source], key: &str) -> Option<(PathBuf, usize)> {
    let parents = |source: &Source| {
        let mut key = key;
        loop {
            if let Some((line, depth)) = source.find(key) {
                return Some((depth, source.path.clone(), line));
            }
            key = key.rsplit_once('.')?.0;
        }
    };
    let best = sources
        .iter()
        .filter_map(parents)
        .max_by_key(|(depth, _, _)| *depth);
    match best {
        Some((_, path, line)) => Some((path, line)),
        None => sources.first().map(|source| (source.path.clone(), 1)),
    }
}

/// Merges `over` into `under`: tables are merged, other values are replaced.
pub(super) fn lay_over(under: &mut Table, over: Table) {
    for (key, value) in over {
        match (under.get_mut(&key), value) {
            (Some(Value::Table(under)), Value::Table(over)) => lay_over(under, over),
            (_, value) => {
                under.insert(key, value);
            }
        }
    }
}

fn line_of(text: &str, offset: usize) -> usize {
    text.as_bytes()
        .iter()
        .take(offset)
        .filter(|byte| **byte == b'\n')
        .count()
        + 1
}
