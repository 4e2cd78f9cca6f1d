//! What can be wrong with a device, and how it is said to people.

use std::fmt;

/// Everything that can be wrong with one class of devices.
///
/// Each driver has one enum that implements this. The driver, its virtual device, the test panel and the scenarios all use
/// the same list, so that a new fault shows up in each of them by itself.
pub trait Fault: Clone + PartialEq + fmt::Debug + fmt::Display + Send + Sync + 'static {
    /// Every fault once, in the order in which a test panel lists them.
    fn all() -> Vec<Self>;

    /// A stable name in lower case, for logs, settings and the keys of texts.
    fn name(&self) -> &'static str;

    /// Whether the device can be used in spite of the fault.
    fn severity(&self) -> Severity;

    /// What is wrong and what to do about it, for staff. `language` is an ISO 639-1 code: `sv` is Swedish, and every other
    /// language is answered in English.
    fn sentence(&self, language: &str) -> Sentence;

    /// Whether the device cannot be used while it has this fault.
    fn is_failure(&self) -> bool {
        self.severity() == Severity::Failure
    }

    /// The fault of this name, as [`name`](Fault::name) gives it.
    #[must_use]
    fn from_name(name: &str) -> Option<Self> {
        Self::all().into_iter().find(|fault| fault.name() == name)
    }
}

/// What a fault means for the use of the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// The device still works, and somebody should see to it soon.
    Warning,
    /// The device cannot be used.
    Failure,
}

/// A fault in the words of one language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sentence {
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub remedy: String,
}

impl Sentence {
    /// A sentence and its remedy.
    #[must_use]
    pub fn new(what: impl Into<String>, remedy: impl Into<String>) -> Sentence {
        Sentence {
            what: what.into(),
            remedy: remedy.into(),
        }
    }
}

impl fmt::Display for Sentence {
    /// What is wrong, and then the remedy.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.what, self.remedy)
    }
}

/// Why a device cannot be used: a fault, and the details of this one case.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{fault}: {detail}")]
pub struct Error<F: Fault> {
    /// What is wrong.
    pub fault: F,
    /// More about it, for the log. It names ports and devices, and never a person or a card.
    pub detail: String,
}

impl<F: Fault> Error<F> {
    /// An error with the text of `detail`.
    pub fn new(fault: F, detail: impl fmt::Display) -> Error<F> {
        Error {
            fault,
            detail: detail.to_string(),
        }
    }
}

/// Checks what every list of faults must fulfil: names that differ and fit into keys, sentences that are sentences, and
/// different ones in each language. For the tests of the drivers.
///
/// # Panics
/// When the list does not fulfil it; the message says which fault.
pub fn check_list<F: Fault>() {
    let all = F::all();
    for (index, fault) in all.iter().enumerate() {
        let name = fault.name();
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte == b'-';
        assert!(
            !name.is_empty() && name.bytes().all(fits),
            "{fault:?}: {name:?} does not fit into a key"
        );
        let same = all.iter().position(|other| other.name() == name);
        assert_eq!(same, Some(index), "{name} names two faults");
        assert_eq!(F::from_name(name).as_ref(), Some(fault));
        let (swedish, english) = (fault.sentence("sv"), fault.sentence("en"));
        for text in [
            &swedish.what,
            &swedish.remedy,
            &english.what,
            &english.remedy,
        ] {
            let ends = text.ends_with(['.', ')']);
            assert!(
                ends && !text.contains('!'),
                "{name}: {text:?} is no sentence"
            );
        }
        assert_ne!(swedish, english, "{name} has no translation");
        assert_eq!(
            fault.sentence("pl"),
            english,
            "{name} in an unknown language"
        );
    }
}
