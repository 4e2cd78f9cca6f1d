//! What can be wrong with a printer, and how it is said to people.

use std::fmt;

use device::{Sentence, Severity};
use serde::Serialize;

/// One thing that is wrong with the printer, whatever its make.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum Fault {
    /// No card was fed: the hopper is empty, or a card does not lie straight.
    NoCards,
    /// The ribbon ends soon.
    RibbonLow,
    /// The ribbon has ended.
    RibbonOut,
    /// The ribbon is of a kind that the job or the printer does not take.
    RibbonWrong,
    /// There is no ribbon, or one that the printer cannot use.
    RibbonMissing,
    /// The cover is open.
    CoverOpen,
    /// A card is stuck inside.
    CardJam,
    /// The output tray has no room for another card.
    HopperFull,
    /// The reject tray has no room for another card.
    RejectFull,
    /// The print head has to cool down.
    HeadTooHot,
    /// The printer asks to be cleaned soon.
    CleaningDue,
    /// The printer does not print before it is cleaned.
    CleaningOverdue,
    /// Something in the printer is broken or blocked.
    Mechanical,
    /// No printer is found, or it is gone.
    Unplugged,
    /// The booth may not open the printer.
    NoPermission,
    /// The printer takes or answers nothing in time.
    NotAnswering,
    /// Another model is connected than the configuration names.
    WrongModel,
    /// The driver's thread panicked; it is started again.
    Crashed,
    /// What the printer says, where the meaning has not been published.
    Other {
        /// The printer's number, for example `12:03`.
        code: String,
        /// The printer's own words, in the language of the session where it has it.
        text: String,
    },
}

impl device::Fault for Fault {
    fn all() -> Vec<Self> {
        vec![
            Self::NoCards,
            Self::RibbonLow,
            Self::RibbonOut,
            Self::RibbonWrong,
            Self::RibbonMissing,
            Self::CoverOpen,
            Self::CardJam,
            Self::HopperFull,
            Self::RejectFull,
            Self::HeadTooHot,
            Self::CleaningDue,
            Self::CleaningOverdue,
            Self::Mechanical,
            Self::Unplugged,
            Self::NoPermission,
            Self::NotAnswering,
            Self::WrongModel,
            Self::Other {
                code: "40:02".to_owned(),
                text: "Lamp of the card sensor is weak.".to_owned(),
            },
            Self::Crashed,
        ]
    }

    fn name(&self) -> &'static str {
        match self {
            Self::NoCards => "no-cards",
            Self::RibbonLow => "ribbon-low",
            Self::RibbonOut => "ribbon-out",
            Self::RibbonWrong => "ribbon-wrong",
            Self::RibbonMissing => "ribbon-missing",
            Self::CoverOpen => "cover-open",
            Self::CardJam => "card-jam",
            Self::HopperFull => "hopper-full",
            Self::RejectFull => "reject-full",
            Self::HeadTooHot => "head-too-hot",
            Self::CleaningDue => "cleaning-due",
            Self::CleaningOverdue => "cleaning-overdue",
            Self::Mechanical => "mechanical",
            Self::Unplugged => "unplugged",
            Self::NoPermission => "no-permission",
            Self::NotAnswering => "not-answering",
            Self::WrongModel => "wrong-model",
            Self::Crashed => "crashed",
            Self::Other { .. } => "other",
        }
    }

    /// With a warning the next card still comes out.
    fn severity(&self) -> Severity {
        match self {
            Self::RibbonLow | Self::CleaningDue => Severity::Warning,
            _ => Severity::Failure,
        }
    }

    fn sentence(&self, language: &str) -> Sentence {
        let (what, remedy) = if language == "sv" {
            self.swedish()
        } else {
            self.english()
        };
        match self {
            Self::Other { code, text } => Sentence::new(format!("{what} {text} ({code})"), remedy),
            _ => Sentence::new(what, remedy),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sentence = device::Fault::sentence(self, "en");
        f.write_str(sentence.what.trim_end_matches('.'))
    }
}

impl Fault {
    /// Whether this fault, raised in a job, says that no card has left the hopper.
    ///
    /// Alone it proves nothing: the printer's card counter must be unchanged, too.
    pub fn means_not_fed(&self) -> bool {
        matches!(self, Self::NoCards)
    }

    fn english(&self) -> (&'static str, &'static str) {
        match self {
            Self::NoCards => (
                "No card was fed.",
                "Fill the card hopper and see that the cards lie straight.",
            ),
            Self::RibbonLow => (
                "The ribbon is nearly used up.",
                "Have a new ribbon of the same kind ready.",
            ),
            Self::RibbonOut => (
                "The ribbon is used up.",
                "Put in a new ribbon of the same kind.",
            ),
            Self::RibbonWrong => (
                "The ribbon is of the wrong kind.",
                "Put in the kind that the booth is set up for.",
            ),
            Self::RibbonMissing => (
                "The printer finds no ribbon that it can use.",
                "Put in a ribbon of the right kind and close the cover.",
            ),
            Self::CoverOpen => (
                "The cover of the printer is open.",
                "Close the cover until it clicks.",
            ),
            Self::CardJam => (
                "A card is stuck in the printer.",
                "Open the cover, take the card out, close the cover.",
            ),
            Self::HopperFull => (
                "The output tray is full.",
                "Take the cards out of the output tray.",
            ),
            Self::RejectFull => (
                "The reject tray is full.",
                "Empty the reject tray and count its cards.",
            ),
            Self::HeadTooHot => (
                "The print head is too hot.",
                "Wait some minutes; it goes on by itself.",
            ),
            Self::CleaningDue => (
                "The printer should be cleaned soon.",
                "Run the cleaning card when the booth is quiet.",
            ),
            Self::CleaningOverdue => (
                "The printer must be cleaned before it prints.",
                "Run the cleaning card, then the booth goes on.",
            ),
            Self::Mechanical => (
                "The printer has a mechanical fault.",
                "Switch it off and on; call service if it comes back.",
            ),
            Self::Unplugged => (
                "The printer is not connected.",
                "Check its power and its USB cable.",
            ),
            Self::NoPermission => (
                "The printer is connected, but the booth may not use it.",
                "Install the booth's udev rule and plug the printer in again.",
            ),
            Self::NotAnswering => (
                "The printer does not answer.",
                "Switch it off and on and check the USB cable.",
            ),
            Self::WrongModel => (
                "Another printer is connected than the booth is set up for.",
                "Connect the right one or change the configuration.",
            ),
            Self::Crashed => (
                "The printer's driver failed and is started again.",
                "Wait a moment; if it stays, restart the booth and report it.",
            ),
            Self::Other { .. } => (
                "The printer says:",
                "Do what the printer's display or manual says for this code.",
            ),
        }
    }

    fn swedish(&self) -> (&'static str, &'static str) {
        match self {
            Self::NoCards => (
                "Inget kort matades fram.",
                "Fyll på kortmagasinet och se till att korten ligger rakt.",
            ),
            Self::RibbonLow => (
                "Färgbandet är nästan slut.",
                "Ha ett nytt färgband av samma sort till hands.",
            ),
            Self::RibbonOut => (
                "Färgbandet är slut.",
                "Sätt i ett nytt färgband av samma sort.",
            ),
            Self::RibbonWrong => (
                "Färgbandet är av fel sort.",
                "Sätt i den sort som automaten är inställd för.",
            ),
            Self::RibbonMissing => (
                "Skrivaren hittar inget färgband som den kan använda.",
                "Sätt i ett färgband av rätt sort och stäng luckan.",
            ),
            Self::CoverOpen => (
                "Skrivarens lucka är öppen.",
                "Stäng luckan tills det klickar.",
            ),
            Self::CardJam => (
                "Ett kort har fastnat i skrivaren.",
                "Öppna luckan, ta ut kortet och stäng luckan.",
            ),
            Self::HopperFull => (
                "Utmatningsfacket är fullt.",
                "Ta korten ur utmatningsfacket.",
            ),
            Self::RejectFull => (
                "Facket för kasserade kort är fullt.",
                "Töm facket och räkna korten.",
            ),
            Self::HeadTooHot => (
                "Skrivhuvudet är för varmt.",
                "Vänta några minuter, det fortsätter av sig självt.",
            ),
            Self::CleaningDue => (
                "Skrivaren bör rengöras snart.",
                "Kör rengöringskortet när det är lugnt.",
            ),
            Self::CleaningOverdue => (
                "Skrivaren måste rengöras innan den skriver ut.",
                "Kör rengöringskortet, sedan fortsätter automaten.",
            ),
            Self::Mechanical => (
                "Skrivaren har ett mekaniskt fel.",
                "Stäng av och slå på den, ring service om felet kommer tillbaka.",
            ),
            Self::Unplugged => (
                "Skrivaren är inte ansluten.",
                "Kontrollera strömmen och USB-kabeln.",
            ),
            Self::NoPermission => (
                "Skrivaren finns, men automaten får inte använda den.",
                "Installera automatens udev-regel och anslut skrivaren igen.",
            ),
            Self::NotAnswering => (
                "Skrivaren svarar inte.",
                "Stäng av och slå på den och kontrollera USB-kabeln.",
            ),
            Self::WrongModel => (
                "En annan skrivare är ansluten än den som automaten är inställd för.",
                "Anslut rätt skrivare eller ändra inställningen.",
            ),
            Self::Crashed => (
                "Skrivarens drivrutin har stannat och startas om.",
                "Vänta en stund; om felet består, starta om automaten och rapportera det.",
            ),
            Self::Other { .. } => (
                "Skrivaren säger:",
                "Gör det som skrivarens display eller handbok säger om denna kod.",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_fault_has_a_name_and_a_sentence_in_each_language() {
        device::fault::check_list::<super::Fault>();
    }
}
