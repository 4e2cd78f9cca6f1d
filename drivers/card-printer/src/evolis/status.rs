//! The states of an Evolis by the vendor's names.
//!
//! `evo-printers.h` (in the vendor's published SDK for Swift, 2026) defines four words of 32 bits. The command that reads them
//! is not published, so this crate sets the bits from what can be asked; a reader of the words could take its place.

use crate::fault::Fault;

/// Which of the printer's words a bit belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Word {
    Information,
    Warning,
    Error,
}

macro_rules! bits {
    ($($(#[$meta:meta])* $name:ident = $word:ident, $mask:literal, $text:literal, $fault:expr;)+) => {
        /// A state that the printer can be in.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Bit { $($(#[$meta])* $name,)+ }

        impl Bit {
            pub const ALL: &'static [Bit] = &[$(Bit::$name,)+];

            /// The word and the mask in it.
            pub fn place(self) -> (Word, u32) {
                match self { $(Bit::$name => (Word::$word, $mask),)+ }
            }

            pub fn name(self) -> &'static str {
                match self { $(Bit::$name => $text,)+ }
            }

            /// What is wrong when it is set; `None` = nothing.
            pub fn fault(self) -> Option<Fault> {
                match self { $(Bit::$name => $fault,)+ }
            }
        }
    };
}

bits! {
    Busy = Information, 0x0000_0001, "BUSY", None;
    Printing = Information, 0x0000_0080, "PRINTING", None;
    CardAtHead = Information, 0x0200_0000, "CARD PRINT", None;
    CardContactless = Information, 0x0800_0000, "CARD CONTACTLESS", None;
    ErrorsByPrinter = Information, 0x0080_0000, "AUTO RECOVERY", None;
    RibbonLow = Information, 0x0008_0000, "RIBBON LOW", Some(Fault::RibbonLow);
    CleaningAdvised = Information, 0x0002_0000, "CLEANING", Some(Fault::CleaningDue);
    CleaningMandatory = Information, 0x0004_0000, "CLEANING REQUIRED", Some(Fault::CleaningOverdue);
    FeederEmpty = Warning, 0x0100_0000, "FEEDER EMPTY", Some(Fault::NoCards);
    HeadCooling = Warning, 0x0020_0000, "HEAD COOLING", Some(Fault::HeadTooHot);
    HopperFull = Warning, 0x0010_0000, "HOPPER FULL", Some(Fault::HopperFull);
    RibbonEnded = Warning, 0x0008_0000, "RIBBON ENDED", Some(Fault::RibbonOut);
    CoverOpen = Warning, 0x0002_0000, "COVER OPEN", Some(Fault::CoverOpen);
    NoRibbon = Warning, 0x0001_0000, "NO RIBBON", Some(Fault::RibbonMissing);
    UnsupportedRibbon = Warning, 0x0000_8000, "UNSUPPORTED RIBBON", Some(Fault::RibbonWrong);
    RejectBoxFull = Warning, 0x0800_0000, "REJECT BOX FULL", Some(Fault::RejectFull);
    HeadTemperature = Error, 0x2000_0000, "HEAD TEMP", Some(Fault::HeadTooHot);
    Feeder = Error, 0x0800_0000, "FEEDER ERROR", Some(Fault::Mechanical);
    /// "Ribbon problem": none, or a bad one.
    Ribbon = Error, 0x0400_0000, "RIBBON ERROR", Some(Fault::RibbonMissing);
    Mechanical = Error, 0x0100_0000, "MECHANICAL", Some(Fault::CardJam);
    WrongRibbon = Error, 0x0040_0000, "BAD RIBBON", Some(Fault::RibbonWrong);
    RibbonEndedInJob = Error, 0x0020_0000, "RIBBON ENDED IN JOB", Some(Fault::RibbonOut);
    Hardware = Error, 0x0000_0001, "HARDWARE", Some(Fault::Mechanical);
}

/// The three words together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct State {
    pub information: u32,
    pub warning: u32,
    pub error: u32,
}

impl State {
    fn word(&mut self, word: Word) -> &mut u32 {
        match word {
            Word::Information => &mut self.information,
            Word::Warning => &mut self.warning,
            Word::Error => &mut self.error,
        }
    }

    pub fn set(&mut self, bit: Bit) {
        let (word, mask) = bit.place();
        *self.word(word) |= mask;
    }

    pub fn clear(&mut self, bit: Bit) {
        let (word, mask) = bit.place();
        *self.word(word) &= !mask;
    }

    pub fn has(mut self, bit: Bit) -> bool {
        let (word, mask) = bit.place();
        *self.word(word) & mask != 0
    }

    /// Everything that is wrong, errors first, each fault once.
    pub fn faults(self) -> Vec<Fault> {
        let mut faults = Vec::new();
        for wanted in [Word::Error, Word::Warning, Word::Information] {
            for bit in Bit::ALL
                .iter()
                .filter(|bit| bit.place().0 == wanted && self.has(**bit))
            {
                faults.extend(bit.fault().filter(|fault| !faults.contains(fault)));
            }
        }
        faults
    }
}

#[cfg(test)]
mod tests;
