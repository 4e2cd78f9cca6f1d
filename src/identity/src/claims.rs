//! Maps a provider's claims to what the booth needs to know about a person, as the site's settings say.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use common::{Problems, order::Private};

/// The claims about a person, as the provider certifies them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claims {
    pub issuer: String,
    /// The person's identifier at the institution, e.g. `abcd0001`.
    pub subject: Private<String>,
    pub name: Private<String>,
    pub affiliation: Vec<String>,
    /// How well the institution has verified the person's identity, e.g. `AL2`. It is empty when the provider does not
    /// say.
    pub assurance: String,
    /// Whether the person may use the attendant's screen.
    pub attendant: bool,
}

/// Which claim means what. Every entry is a list of alternatives, the first that is there counts; an alternative with
/// blanks joins several claims (`"given_name family_name"`); one that begins with `/` is a JSON pointer (RFC 6901) into
/// nested claims (`"/realm_access/roles"`).
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Mapping {
    pub subject: Vec<String>,
    /// The institution's own scope: a subject must end with `@` and this, which is then cut off.
    pub subject_scope: Option<String>,
    pub name: Vec<String>,
    pub affiliation: Vec<String>,
    /// The provider's values in the site's words, e.g. `"grp-students" = "student"`; when set, others are left out.
    pub affiliation_values: Vec<Rename>,
    pub assurance: Vec<String>,
    /// The first entry that the person has counts: write the best level first.
    pub assurance_values: Vec<Rename>,
    /// Who may use the attendant's screen.
    pub attendant: Option<Role>,
}

/// A value of the provider, and the site's word for it.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rename {
    pub value: String,
    pub means: String,
}

/// A claim, or an element of it, that gives a role.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Role {
    pub claim: String,
    pub value: String,
}

impl Default for Mapping {
    fn default() -> Self {
        let list = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        Self {
            subject: list(&["sub"]),
            subject_scope: None,
            name: list(&["name", "given_name family_name"]),
            affiliation: list(&["eduperson_affiliation", "affiliation"]),
            affiliation_values: Vec::new(),
            assurance: list(&["eduperson_assurance", "acr"]),
            assurance_values: Vec::new(),
            attendant: None,
        }
    }
}

/// Why the booth cannot use a verified token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    #[error("no claim of identity.claims.subject is in the ID Token")]
    NoSubject,
    #[error("the subject is not of the scope in identity.claims.subject_scope")]
    OtherScope,
    #[error("a claim is longer than {LONGEST} characters")]
    TooLong,
}

/// The longest accepted claim. No name on a card is nearly as long.
const LONGEST: usize = 256;
/// The largest number of values in one claim. Group lists can be very long, and only a few of their values matter.
const MOST: usize = 512;

impl Mapping {
    /// Returns the mapping for a directory's attributes (inetOrgPerson, RFC 2798; eduPerson).
    pub(super) fn of_directory() -> Self {
        let list = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        Self {
            subject: list(&["uid"]),
            name: list(&["displayName", "givenName sn", "cn"]),
            affiliation: list(&["eduPersonAffiliation"]),
            assurance: list(&["eduPersonAssurance"]),
            ..Self::default()
        }
    }

    /// Returns the name of every claim that the mapping uses, without duplicates.
    pub(super) fn names(&self) -> Vec<String> {
        let lists = [
            &self.subject,
            &self.name,
            &self.affiliation,
            &self.assurance,
        ];
        let role = self.attendant.iter().map(|role| role.claim.as_str());
        let mut names: Vec<String> = lists
            .into_iter()
            .flatten()
            .flat_map(|alternative| alternative.split_whitespace())
            .chain(role)
            .map(str::to_owned)
            .collect();
        names.sort();
        names.dedup();
        names
    }

    pub(super) fn check(&self, problems: &mut Problems) {
        if self.subject.is_empty() {
            problems.at(
                "identity.claims.subject",
                "is empty",
                "Name the claim that holds the person's user name, e.g. [\"sub\"].",
            );
        }
        if self
            .subject_scope
            .as_ref()
            .is_some_and(|scope| scope.is_empty() || scope.starts_with('@'))
        {
            problems.at(
                "identity.claims.subject_scope",
                "is no scope",
                "Write what follows the @, e.g. \"example.edu\".",
            );
        }
    }

    /// Reads the claims of a verified token.
    ///
    /// # Errors
    ///
    /// The token has no subject that the mapping accepts, or a claim is too long.
    pub fn apply(&self, issuer: &str, token: &Value) -> Result<Claims, Unusable> {
        let subject = first_text(token, &self.subject).ok_or(Unusable::NoSubject)?;
        let subject = match &self.subject_scope {
            None => subject,
            Some(scope) => subject
                .strip_suffix(scope.as_str())
                .and_then(|rest| rest.strip_suffix('@'))
                .filter(|rest| !rest.is_empty())
                .ok_or(Unusable::OtherScope)?
                .to_owned(),
        };
        let name = first_text(token, &self.name).unwrap_or_default();
        if subject.chars().count() > LONGEST || name.chars().count() > LONGEST {
            return Err(Unusable::TooLong);
        }
        let affiliation = first_values(token, &self.affiliation);
        let assurance = first_values(token, &self.assurance);
        Ok(Claims {
            issuer: issuer.to_owned(),
            subject: Private::new(subject),
            name: Private::new(name),
            affiliation: renamed(affiliation, &self.affiliation_values),
            assurance: best(assurance, &self.assurance_values),
            attendant: self
                .attendant
                .as_ref()
                .is_some_and(|role| values(token, &role.claim).contains(&role.value)),
        })
    }
}

fn claim<'a>(token: &'a Value, name: &str) -> Option<&'a Value> {
    if name.starts_with('/') {
        token.pointer(name)
    } else {
        token.get(name)
    }
}

/// Returns the text of one alternative. Each of its claims must be present and not empty.
fn text(token: &Value, alternative: &str) -> Option<String> {
    let parts: Option<Vec<String>> = alternative
        .split_whitespace()
        .map(|name| values(token, name).into_iter().next())
        .collect();
    parts
        .map(|parts| parts.join(" "))
        .filter(|text| !text.is_empty())
}

fn first_text(token: &Value, alternatives: &[String]) -> Option<String> {
    alternatives.iter().find_map(|name| text(token, name))
}

/// Returns a claim as a list of texts: its own value or the elements of its list. Empty texts and other types are left
/// out.
fn values(token: &Value, name: &str) -> Vec<String> {
    let clean = |value: &Value| {
        value
            .as_str()
            .map(|text| text.trim().to_owned())
            .filter(|text| !text.is_empty())
    };
    match claim(token, name) {
        Some(Value::Array(list)) => list.iter().take(MOST).filter_map(clean).collect(),
        Some(value) => clean(value).into_iter().collect(),
        None => Vec::new(),
    }
}

fn first_values(token: &Value, alternatives: &[String]) -> Vec<String> {
    alternatives
        .iter()
        .map(|name| values(token, name))
        .find(|values| !values.is_empty())
        .unwrap_or_default()
}

fn renamed(found: Vec<String>, words: &[Rename]) -> Vec<String> {
    if words.is_empty() {
        return found;
    }
    let mut named = Vec::new();
    for word in words {
        if found.contains(&word.value) && !named.contains(&word.means) {
            named.push(word.means.clone());
        }
    }
    named
}

fn best(found: Vec<String>, levels: &[Rename]) -> String {
    if levels.is_empty() {
        return found.into_iter().next().unwrap_or_default();
    }
    levels
        .iter()
        .find(|level| found.contains(&level.value))
        .map(|level| level.means.clone())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests;
