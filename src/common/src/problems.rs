//! Mistakes in a site's files.

use std::{fmt, path::PathBuf};

/// One mistake in the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Dotted path of the key, e.g. `identity.issuer`; empty for the file as a whole.
    pub key: String,
    /// What is wrong, as a clause: "is no address".
    pub wrong: String,
    /// What to write instead, as a sentence.
    pub remedy: String,
    /// File and line; set when the key is found in a file.
    pub place: Option<(PathBuf, usize)>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((file, line)) = &self.place {
            write!(f, "{}:{line}: ", file.display())?;
        }
        if !self.key.is_empty() {
            write!(f, "{} ", self.key)?;
        }
        write!(f, "{}. {}", self.wrong, self.remedy)
    }
}

/// All mistakes that were found. Checks go on after the first mistake, so that one run shows them all.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// Adds a mistake: what is at `key` is `wrong`, and `remedy` says what to write instead.
    pub fn at(
        &mut self,
        key: impl Into<String>,
        wrong: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        let (key, wrong, remedy) = (key.into(), wrong.into(), remedy.into());
        self.0.push(Problem {
            key,
            wrong,
            remedy,
            place: None,
        });
    }

    /// Adds a mistake whose place is known, e.g. in a template or a text.
    pub fn push(&mut self, problem: Problem) {
        self.0.push(problem);
    }

    /// Whether no mistake was found.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The mistakes in the order of the checks.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.0.iter()
    }

    /// The mistakes, for setting their places once the files are known.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Problem> {
        self.0.iter_mut()
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0
            .iter()
            .try_for_each(|problem| writeln!(f, "{problem}"))
    }
}
