//! The requests of a host to a Magicard outside a job.

use super::{END, LEAD_IN, SEPARATOR, START};

/// A request of one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// Everything at once (Enduro family): `REQ,INF`.
    Info,
    /// The present state in words: `REQ,ERR`.
    Error,
    /// One value (Rio/Tango): `REQ,STA,` and one of [`reply::Key`](super::reply::Key).
    Value(String),
    /// A line of the printer's own report, from 1: `QPR`.
    Report(u32),
    /// A line of its sensors, from 1: `SNR`.
    Sensors(u32),
    /// Drop the job and restart: `RST`.
    Reset,
    /// Eject the card that is inside: `EJT`.
    Eject,
    /// Print the built-in test card: `TST`.
    TestCard,
}

impl Request {
    /// The bytes on the wire, with the nine lead-in bytes that Gutenprint's backend sends (printers take it with and without).
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = vec![LEAD_IN; 9];
        bytes.push(START);
        bytes.extend_from_slice(self.text().as_bytes());
        bytes.push(SEPARATOR);
        bytes.push(END);
        bytes
    }

    fn text(&self) -> String {
        match self {
            // The vendor's filter puts a comma first in these two, Gutenprint puts none in the others.
            Self::Info => ",REQ,INF,".to_owned(),
            Self::Error => ",REQ,ERR,".to_owned(),
            Self::Value(key) => format!("REQ,STA,{key},"),
            Self::Report(line) => format!("QPR{line}"),
            Self::Sensors(line) => format!("SNR{line}"),
            Self::Reset => "RST,".to_owned(),
            Self::Eject => "EJT,".to_owned(),
            Self::TestCard => "TST,".to_owned(),
        }
    }

    /// Reads the text between the start byte and the separator; `None` when it is no request (but perhaps a job).
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim_matches(',');
        match text {
            "REQ,INF" => return Some(Self::Info),
            "REQ,ERR" => return Some(Self::Error),
            "RST" => return Some(Self::Reset),
            "EJT" => return Some(Self::Eject),
            "TST" => return Some(Self::TestCard),
            _ => {}
        }
        if let Some(key) = text.strip_prefix("REQ,STA,") {
            return (key.len() == 3 && key.bytes().all(|b| b.is_ascii_uppercase()))
                .then(|| Self::Value(key.to_owned()));
        }
        let line = |name: &str| {
            text.strip_prefix(name)
                .and_then(|number| number.parse().ok())
        };
        line("QPR")
            .map(Self::Report)
            .or_else(|| line("SNR").map(Self::Sensors))
    }
}
