//! What can be wrong with a camera, and how it is said to people.

use device::{Sentence, Severity};

/// Everything that can be wrong with a camera. One list for the driver, the virtual camera and the test panel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Fault {
    /// No camera fits the selector, and none has since the start.
    NotFound,
    /// Another program uses the camera.
    Busy,
    /// The booth may not open the camera.
    NoPermission,
    /// The camera was found before and is gone.
    Unplugged,
    /// The camera is connected and sends nothing.
    Frozen,
    /// The driver reports that streaming failed.
    StreamError,
    /// The camera offers no picture of a size and rate that the booth can use.
    NoUsableFormat,
    /// More frames arrive damaged than whole. Whole ones are still shown.
    Damaged,
    /// Too few frames a second for a live picture. They are still shown.
    Slow,
    /// The picture is black: the lens is covered or there is no light. It is still shown.
    Dark,
    /// The driver's thread panicked; it is started again.
    Crashed,
}

impl device::Fault for Fault {
    fn all() -> Vec<Fault> {
        vec![
            Fault::NotFound,
            Fault::Busy,
            Fault::NoPermission,
            Fault::Unplugged,
            Fault::Frozen,
            Fault::StreamError,
            Fault::NoUsableFormat,
            Fault::Damaged,
            Fault::Slow,
            Fault::Dark,
            Fault::Crashed,
        ]
    }

    fn name(&self) -> &'static str {
        match self {
            Fault::NotFound => "not-found",
            Fault::Busy => "busy",
            Fault::NoPermission => "no-permission",
            Fault::Unplugged => "unplugged",
            Fault::Frozen => "frozen",
            Fault::StreamError => "stream-error",
            Fault::NoUsableFormat => "no-usable-format",
            Fault::Damaged => "damaged",
            Fault::Slow => "slow",
            Fault::Dark => "dark",
            Fault::Crashed => "crashed",
        }
    }

    /// With a warning there is still a live picture to show.
    fn severity(&self) -> Severity {
        match self {
            Fault::Damaged | Fault::Slow | Fault::Dark => Severity::Warning,
            Fault::NotFound
            | Fault::Busy
            | Fault::NoPermission
            | Fault::Unplugged
            | Fault::Frozen
            | Fault::StreamError
            | Fault::NoUsableFormat
            | Fault::Crashed => Severity::Failure,
        }
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
                "No camera is connected.",
                "Connect the camera, or choose another one in the settings.",
            ),
            Fault::Busy => (
                "Another program uses the camera.",
                "Close the other program; the booth then goes on by itself.",
            ),
            Fault::NoPermission => (
                "The booth may not open the camera.",
                "Add the booth's account to the group \"video\" and restart it.",
            ),
            Fault::Unplugged => (
                "The camera has been unplugged.",
                "Plug the camera in again; the booth then goes on by itself.",
            ),
            Fault::Frozen => (
                "The camera sends no picture.",
                "Unplug the camera, wait five seconds and plug it in again.",
            ),
            Fault::StreamError => (
                "The camera stopped with an error.",
                "Wait a moment; if it stays, plug the camera into another socket.",
            ),
            Fault::NoUsableFormat => (
                "The camera offers no picture that is large and fast enough.",
                "Use a camera with 1280x720 at 15 pictures a second or more.",
            ),
            Fault::Damaged => (
                "Many pictures arrive damaged.",
                "Use a shorter cable, or a socket without a hub.",
            ),
            Fault::Slow => (
                "The camera is slow.",
                "Give it more light, or a socket of its own without a hub.",
            ),
            Fault::Dark => (
                "The camera sees nothing but black.",
                "Uncover the lens and turn on the light.",
            ),
            Fault::Crashed => (
                "The camera's driver failed and is started again.",
                "Wait a moment; if it stays, restart the booth and report it.",
            ),
        }
    }

    const fn swedish(self) -> (&'static str, &'static str) {
        match self {
            Fault::NotFound => (
                "Ingen kamera är ansluten.",
                "Anslut kameran, eller välj en annan i inställningarna.",
            ),
            Fault::Busy => (
                "Ett annat program använder kameran.",
                "Stäng det andra programmet; båset fortsätter sedan av sig självt.",
            ),
            Fault::NoPermission => (
                "Båset får inte öppna kameran.",
                "Lägg båsets konto i gruppen \"video\" och starta om det.",
            ),
            Fault::Unplugged => (
                "Kameran har kopplats ur.",
                "Anslut kameran igen; båset fortsätter sedan av sig självt.",
            ),
            Fault::Frozen => (
                "Kameran skickar ingen bild.",
                "Dra ur kameran, vänta fem sekunder och anslut den igen.",
            ),
            Fault::StreamError => (
                "Kameran stannade med ett fel.",
                "Vänta en stund; om felet består, anslut kameran till ett annat uttag.",
            ),
            Fault::NoUsableFormat => (
                "Kameran har ingen bild som är stor och snabb nog.",
                "Använd en kamera med 1280x720 och minst 15 bilder i sekunden.",
            ),
            Fault::Damaged => (
                "Många bilder kommer fram skadade.",
                "Använd en kortare kabel, eller ett uttag utan hubb.",
            ),
            Fault::Slow => (
                "Kameran är långsam.",
                "Ge den mer ljus, eller ett eget uttag utan hubb.",
            ),
            Fault::Dark => (
                "Kameran ser bara svart.",
                "Ta bort det som täcker linsen och tänd ljuset.",
            ),
            Fault::Crashed => (
                "Kamerans drivrutin har stannat och startas om.",
                "Vänta en stund; om felet består, starta om båset och rapportera det.",
            ),
        }
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.english().0.trim_end_matches('.'))
    }
}
