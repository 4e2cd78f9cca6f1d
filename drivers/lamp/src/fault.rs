//! What can be wrong with a lamp, and what to tell about it.

use std::fmt;

/// Everything that can be wrong with a lamp. One list for the driver, the virtual lamp and the test panel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Fault {
    /// The port is not there, and was not since the start.
    NotFound,
    /// The booth may not open the port.
    NoPermission,
    /// Another program uses the port.
    Busy,
    /// It was there and is gone.
    Unplugged,
    /// The port is there and the lamp says nothing, or stopped answering.
    NotAnswering,
    /// Something is at the port, and it does not speak as a lamp.
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
                "No lamp is connected.",
                "Connect the lamp, or name another port in the settings.",
            ),
            Fault::NoPermission => (
                "The booth may not open the lamp.",
                "Add the booth's account to the group \"dialout\" and restart it.",
            ),
            Fault::Busy => (
                "Another program uses the lamp.",
                "Close the other program; the booth then goes on by itself.",
            ),
            Fault::Unplugged => (
                "The lamp has been unplugged.",
                "Plug the lamp in again; the booth then goes on by itself.",
            ),
            Fault::NotAnswering => (
                "The lamp does not answer.",
                "Unplug the lamp, wait five seconds and plug it in again.",
            ),
            Fault::WrongDevice => (
                "What is connected is no lamp of the booth.",
                "Name the lamp's port in the settings.",
            ),
        }
    }

    const fn swedish(self) -> (&'static str, &'static str) {
        match self {
            Fault::NotFound => (
                "Ingen lampa är ansluten.",
                "Anslut lampan, eller ange en annan port i inställningarna.",
            ),
            Fault::NoPermission => (
                "Båset får inte öppna lampan.",
                "Lägg båsets konto i gruppen \"dialout\" och starta om det.",
            ),
            Fault::Busy => (
                "Ett annat program använder lampan.",
                "Stäng det andra programmet; båset fortsätter sedan av sig självt.",
            ),
            Fault::Unplugged => (
                "Lampan har kopplats ur.",
                "Anslut lampan igen; båset fortsätter sedan av sig självt.",
            ),
            Fault::NotAnswering => (
                "Lampan svarar inte.",
                "Dra ur lampan, vänta fem sekunder och anslut den igen.",
            ),
            Fault::WrongDevice => (
                "Det som är anslutet är ingen lampa till båset.",
                "Ange lampans port i inställningarna.",
            ),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.english().0.trim_end_matches('.'))
    }
}
