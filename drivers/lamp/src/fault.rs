//! What can be wrong with a lamp, and how it is said to people.

use std::fmt;

use device::{Sentence, Severity};

/// Everything that can be wrong with a lamp. One list for the driver, the virtual lamp and the test panel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Fault {
    /// The port does not exist, and has not existed since the start.
    NotFound,
    /// The booth may not open the port.
    NoPermission,
    /// Another program uses the port.
    Busy,
    /// The lamp was found before and is gone.
    Unplugged,
    /// The port can be opened, and no lamp answers at it.
    NotAnswering,
    /// Something answers at the port, and not as a lamp does.
    WrongDevice,
    /// The driver's thread panicked; it is started again.
    Crashed,
}

impl device::Fault for Fault {
    fn all() -> Vec<Fault> {
        vec![
            Fault::NotFound,
            Fault::NoPermission,
            Fault::Busy,
            Fault::Unplugged,
            Fault::NotAnswering,
            Fault::WrongDevice,
            Fault::Crashed,
        ]
    }

    fn name(&self) -> &'static str {
        match self {
            Fault::NotFound => "not-found",
            Fault::NoPermission => "no-permission",
            Fault::Busy => "busy",
            Fault::Unplugged => "unplugged",
            Fault::NotAnswering => "not-answering",
            Fault::WrongDevice => "wrong-device",
            Fault::Crashed => "crashed",
        }
    }

    fn severity(&self) -> Severity {
        Severity::Failure
    }

    fn sentence(&self, language: &str) -> Sentence {
        let (what, remedy) = if language == "sv" {
            self.swedish()
        } else {
            self.english()
        };
        Sentence::new(what, remedy)
    }
}

impl Fault {
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
            Fault::Crashed => (
                "The lamp's driver failed and is started again.",
                "Wait a moment; if it stays, restart the booth and report it.",
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
            Fault::Crashed => (
                "Lampans drivrutin har stannat och startas om.",
                "Vänta en stund; om felet består, starta om båset och rapportera det.",
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
    #[test]
    fn every_fault_has_a_name_and_a_sentence_in_each_language() {
        device::fault::check_list::<super::Fault>();
    }
}
