//! What can be wrong with a camera, and what to tell about it.

/// Everything that can be wrong with a camera. One list for the driver, the virtual camera and the test panel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Fault {
    /// No camera fits the selector, and none did since the start.
    NotFound,
    /// Another program uses it.
    Busy,
    /// The booth may not open it.
    NoPermission,
    /// It was there and is gone.
    Unplugged,
    /// It is there and sends nothing.
    Frozen,
    /// The driver reports that streaming failed.
    StreamError,
    /// It offers no picture of a size and rate the booth can use.
    NoUsableFormat,
    /// More frames arrive damaged than whole. Whole ones are still shown.
    Damaged,
    /// Too few frames a second for a live picture. They are still shown.
    Slow,
    /// The picture is black: the lens is covered or there is no light. It is still shown.
    Dark,
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
            Fault::Busy,
            Fault::NoPermission,
            Fault::Unplugged,
            Fault::Frozen,
            Fault::StreamError,
            Fault::NoUsableFormat,
            Fault::Damaged,
            Fault::Slow,
            Fault::Dark,
        ]
    }

    /// A stable name for logs, settings and tests.
    #[must_use]
    pub const fn name(self) -> &'static str {
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
        }
    }

    /// True while there is still a live picture to show.
    #[must_use]
    pub const fn is_a_blemish(self) -> bool {
        matches!(self, Fault::Damaged | Fault::Slow | Fault::Dark)
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
        }
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.english().0.trim_end_matches('.'))
    }
}
