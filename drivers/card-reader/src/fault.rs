//! What can be wrong with a reader, and what to tell about it.

use std::fmt;

/// Everything that can be wrong with a reader. One list for the driver, the virtual reader and the test panel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Fault {
    /// No serial port fits the selector, and none did since the start.
    NotFound,
    /// The booth may not open the port.
    NoPermission,
    /// Another program uses the port.
    Busy,
    /// It was there and is gone.
    Unplugged,
    /// The port is there and the reader says nothing, or stopped answering.
    NotAnswering,
    /// Something is at the port, and it is no PN532.
    WrongDevice,
}

/// A fault in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sentence {
    pub what: &'static str,
    pub what_to_do: &'static str,
}

impl Fault {
    /// Every fault, in the order of the list above.
    #[must_use]
    pub const fn all() -> &'static [Fault] {
        &[
            Fault::NotFound,
            Fault::NoPermission,
            Fault::Busy,
            Fault::Unplugged,
            Fault::NotAnswering,
            Fault::WrongDevice,
        ]
    }

    /// A stable name for logs, settings and tests.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Fault::NotFound => "not-found",
            Fault::NoPermission => "no-permission",
            Fault::Busy => "busy",
            Fault::Unplugged => "unplugged",
            Fault::NotAnswering => "not-answering",
            Fault::WrongDevice => "wrong-device",
        }
    }

    /// What is wrong and what to do about it, for staff. `language` is `sv`; anything else is English.
    #[must_use]
    pub fn sentence(self, language: &str) -> Sentence {
        let (what, what_to_do) = if language == "sv" {
            self.swedish()
        } else {
            self.english()
        };
        Sentence { what, what_to_do }
    }

    const fn english(self) -> (&'static str, &'static str) {
        match self {
            Fault::NotFound => (
                "No card reader is connected.",
                "Connect the reader, or name another port in the settings.",
            ),
            Fault::NoPermission => (
                "The booth may not open the card reader.",
                "Add the booth's account to the group \"dialout\" and restart it.",
            ),
            Fault::Busy => (
                "Another program uses the card reader.",
                "Close the other program; the booth then goes on by itself.",
            ),
            Fault::Unplugged => (
                "The card reader has been unplugged.",
                "Plug the reader in again; the booth then goes on by itself.",
            ),
            Fault::NotAnswering => (
                "The card reader does not answer.",
                "Unplug the reader, wait five seconds and plug it in again; check that it is set to HSU (serial) mode.",
            ),
            Fault::WrongDevice => (
                "What is connected is no PN532 card reader.",
                "Name the reader's port in the settings.",
            ),
        }
    }

    const fn swedish(self) -> (&'static str, &'static str) {
        match self {
            Fault::NotFound => (
                "Ingen kortläsare är ansluten.",
                "Anslut läsaren, eller ange en annan port i inställningarna.",
            ),
            Fault::NoPermission => (
                "Båset får inte öppna kortläsaren.",
                "Lägg båsets konto i gruppen \"dialout\" och starta om det.",
            ),
            Fault::Busy => (
                "Ett annat program använder kortläsaren.",
                "Stäng det andra programmet; båset fortsätter sedan av sig självt.",
            ),
            Fault::Unplugged => (
                "Kortläsaren har kopplats ur.",
                "Anslut läsaren igen; båset fortsätter sedan av sig självt.",
            ),
            Fault::NotAnswering => (
                "Kortläsaren svarar inte.",
                "Dra ur läsaren, vänta fem sekunder och anslut den igen; kontrollera att den står i läget HSU (seriell).",
            ),
            Fault::WrongDevice => (
                "Det som är anslutet är ingen PN532-kortläsare.",
                "Ange läsarens port i inställningarna.",
            ),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.english().0.trim_end_matches('.'))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_fault_has_a_name_and_two_sentences_in_each_language() {
        let names: BTreeSet<_> = Fault::all().iter().map(|fault| fault.name()).collect();
        assert_eq!(names.len(), Fault::all().len());
        for fault in Fault::all() {
            assert!(
                fault
                    .name()
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte == b'-'),
                "{fault:?}"
            );
            for language in ["sv", "en"] {
                let Sentence { what, what_to_do } = fault.sentence(language);
                assert!(
                    what.ends_with('.') && what_to_do.ends_with('.'),
                    "{fault:?} in {language}"
                );
            }
            assert_ne!(fault.sentence("sv"), fault.sentence("en"), "{fault:?}");
        }
    }
}
