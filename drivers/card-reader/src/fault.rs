//! What can be wrong with a reader, and how it is said to people.

use std::fmt;

use device::{Sentence, Severity};

/// Everything that can be wrong with a reader. One list for the driver, the virtual reader and the test panel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Fault {
    /// No serial port fits the selector, and none has since the start.
    NotFound,
    /// The booth may not open the port.
    NoPermission,
    /// Another program uses the port.
    Busy,
    /// The reader was found before and is gone.
    Unplugged,
    /// The port can be opened, and no reader answers at it.
    NotAnswering,
    /// Something answers at the port, and it is not a PN532.
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
            Fault::Crashed => (
                "The card reader's driver failed and is started again.",
                "Wait a moment; if it stays, restart the booth and report it.",
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
            Fault::Crashed => (
                "Kortläsarens drivrutin har stannat och startas om.",
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
    fn every_fault_has_a_name_and_two_sentences_in_each_language() {
        device::fault::check_list::<super::Fault>();
    }
}
