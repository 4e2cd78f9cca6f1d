//! The front end of a virtual Evolis: it reads commands, carries them out, and answers.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use device::Fault as _;

use super::VirtualOptions;
use super::chassis::{Blank, Chassis, Op};
use crate::card::Panel;
use crate::decoded::{DecodedSide, Depth};
use crate::evolis::command::{Command, Parser, panel_of};
use crate::evolis::status::Bit;
use crate::evolis::{decode, reply};
use crate::fault::Fault;
use crate::model::Model;

/// How many commands may wait while one is carried out. A host that waits for each answer never has more than one here.
const QUEUE: usize = 8;
/// Two sides of the longest job; more is never recorded.
const MAX_RECORD: usize = 8 << 20;

pub(crate) struct Front {
    model: Model,
    serial: String,
    parser: Parser,
    queue: VecDeque<(Command, Vec<u8>)>,
    /// The command that is coming in, as bytes.
    raw: Vec<u8>,
    /// The command under way: it is answered when the body stands still.
    under_way: bool,
    replies: VecDeque<Vec<u8>>,
    last: String,
    /// Errors are managed by the host (`Pem;2`), not by the printer.
    host_manages: bool,
    film: String,
    session: Session,
    record: Vec<u8>,
    /// The first error of the stream, for tests.
    pub refused: Option<String>,
    pub jobs: u64,
}

/// A downloaded panel.
struct Stored {
    bits: usize,
    data: Vec<u8>,
}

/// What lives from `Ss` to `Se`.
#[derive(Default)]
struct Session {
    on_back: bool,
    turned: bool,
    /// Downloaded panels; they stay until the next session, so that they can be printed again.
    stored: HashMap<(bool, Panel), Stored>,
    /// The panel that is printed when the next command comes.
    waiting: Option<(bool, Panel)>,
    tracks: [Option<String>; 3],
    contactless: bool,
}

impl Front {
    pub(crate) fn new(options: &VirtualOptions) -> Self {
        Self {
            model: options.model,
            serial: options.serial.clone(),
            parser: Parser::new(),
            queue: VecDeque::new(),
            raw: Vec::new(),
            under_way: false,
            replies: VecDeque::new(),
            last: "OK".to_owned(),
            host_manages: false,
            film: "ymcko".to_owned(),
            session: Session::default(),
            record: Vec::new(),
            refused: None,
            jobs: 0,
        }
    }

    pub(crate) fn takes_input(&self) -> bool {
        self.queue.len() < QUEUE
    }

    pub(crate) fn take(&mut self, bytes: &[u8]) {
        let mut parser = std::mem::take(&mut self.parser);
        let (begin, mut used) = (parser.offset(), 0);
        parser.push(bytes, &mut |offset, command| {
            let upto = (offset - begin).clamp(used, bytes.len());
            self.raw.extend_from_slice(&bytes[used..upto]);
            used = upto;
            let raw = std::mem::take(&mut self.raw);
            match command {
                Ok(command) => self.queue.push_back((command, raw)),
                Err(error) => {
                    tracing::warn!(%error, "the virtual printer refuses what it was sent");
                    self.refused.get_or_insert(error.to_string());
                    self.answer("ERROR CDE");
                }
            }
        });
        if parser.is_between() {
            self.raw.clear();
        } else if self.raw.len() + bytes.len() - used <= MAX_RECORD {
            self.raw.extend_from_slice(&bytes[used..]);
        }
        self.parser = parser;
    }

    /// The cable was pulled, or the host asked for a reset of the port: what was half received or waits is gone.
    pub(crate) fn drop_input(&mut self) {
        self.parser = Parser::new();
        self.raw.clear();
        self.queue.clear();
        self.replies.clear();
    }

    pub(crate) fn read(&mut self, room: usize) -> Option<Vec<u8>> {
        let mut reply = self.replies.pop_front()?;
        if reply.len() > room {
            let rest = reply.split_off(room);
            self.replies.push_front(rest);
        }
        Some(reply)
    }

    /// Carries out commands as far as the body allows. Returns whether anything was done.
    pub(crate) fn pump(&mut self, chassis: &mut Chassis) -> bool {
        if self.under_way {
            if let Some(fault) = chassis.halted.clone() {
                if !self.host_manages {
                    // The printer waits for its operator and then tries again.
                    return false;
                }
                chassis.abandon();
                self.under_way = false;
                self.answer(&fault_word(&fault));
                return true;
            }
            if chassis.is_busy() {
                return false;
            }
            self.under_way = false;
            self.answer("OK");
            return true;
        }
        let Some((command, raw)) = self.queue.pop_front() else {
            return false;
        };
        self.note(&command, &raw);
        match command {
            Command::Download { panel, bits, data } => self.download(panel, bits, data, chassis),
            Command::Text { name, parameters } => self.order(&name, &parameters, chassis),
        }
        true
    }

    /// Keeps what belongs to a job; questions, resets and repeats do not.
    fn note(&mut self, command: &Command, raw: &[u8]) {
        let keep = match command {
            Command::Download { .. } => true,
            Command::Text { name, .. } => {
                if name == "Pem" {
                    self.record.clear();
                }
                matches!(name.as_str(), "Ss" | "Sr" | "Sv" | "Se" | "Smw")
                    || name.starts_with(['P', 'D', 'W', 'M'])
            }
        };
        if keep && self.record.len() + raw.len() <= MAX_RECORD {
            let start = raw
                .iter()
                .position(|byte| *byte == crate::evolis::ESCAPE)
                .unwrap_or_default();
            self.record.extend_from_slice(&raw[start..]);
        }
    }

    fn answer(&mut self, text: &str) {
        text.clone_into(&mut self.last);
        self.reply(text);
    }

    fn reply(&mut self, text: &str) {
        // A host that never reads must not fill the memory.
        if self.replies.len() < 64 {
            let mut bytes = text.as_bytes().to_vec();
            bytes.push(0);
            self.replies.push_back(bytes);
        }
    }

    fn blank(&self) -> Box<Blank> {
        let front = decode::blank(Depth::Levels(127));
        Box::new(Blank {
            front,
            tracks: [None, None, None],
            job: Arc::default(),
        })
    }

    fn feed(&mut self, chassis: &mut Chassis) {
        if chassis.inside.is_none() {
            chassis.push(Op::Feed {
                blank: self.blank(),
            });
        }
        self.under_way = true;
    }

    fn download(&mut self, panel: Panel, bits: usize, data: Vec<u8>, chassis: &mut Chassis) {
        if chassis.inside.is_none() {
            return self.answer("ERROR");
        }
        self.print_waiting(chassis);
        let place = (self.session.on_back, panel);
        self.session.stored.insert(place, Stored { bits, data });
        self.session.waiting = Some(place);
        self.under_way = true;
    }

    /// Sends the body the panel that was stored last.
    fn print_waiting(&mut self, chassis: &mut Chassis) {
        if let Some((back, panel)) = self.session.waiting.take() {
            self.print_stored(back, panel, chassis);
        }
    }

    fn print_stored(&mut self, back: bool, panel: Panel, chassis: &mut Chassis) -> bool {
        let Some(Stored { bits, data }) = self.session.stored.get(&(back, panel)) else {
            return false;
        };
        if back && !std::mem::replace(&mut self.session.turned, true) {
            chassis.push(Op::Turn);
        }
        let mut side = decode::blank(Depth::Levels(127));
        if decode::lay(&mut side, panel, *bits, data).is_err() {
            return false;
        }
        chassis.lay_depth(back, side.depth);
        let plane = plane_of(side, panel);
        chassis.push(Op::Panel { back, panel, plane });
        true
    }

    fn order(&mut self, name: &str, parameters: &[String], chassis: &mut Chassis) {
        let first = parameters.first().map(String::as_str);
        match (name, first) {
            ("Pem", Some(mode)) => {
                self.host_manages = mode != "0";
                self.answer("OK");
            }
            ("Pr", Some(film)) => {
                film.clone_into(&mut self.film);
                self.answer("OK");
            }
            ("Ss", _) => {
                let contactless = self.session.contactless;
                self.session = Session {
                    contactless,
                    ..Session::default()
                };
                self.feed(chassis);
            }
            ("Sr", _) => {
                self.session.on_back = false;
                self.answer("OK");
            }
            ("Sv", _) => {
                self.session.on_back = true;
                self.answer("OK");
            }
            ("Se", _) => self.end(chassis),
            ("Ssd" | "Sp", Some(panel)) => match panel_of(panel) {
                Some(panel)
                    if chassis.inside.is_some()
                        && self.print_stored(self.session.on_back, panel, chassis) =>
                {
                    self.under_way = true;
                }
                _ => self.answer("ERROR PARAMETRES"),
            },
            ("Si" | "Sib" | "Sis", _) => self.feed(chassis),
            ("Sic", _) => {
                self.session.contactless = true;
                self.feed(chassis);
            }
            ("Ser" | "Seb", _) if self.model == Model::Zenius => self.answer("OPT NOT AVAILABLE"),
            ("Ser" | "Seb", _) => {
                self.session.waiting = None;
                if chassis.inside.is_some() {
                    chassis.push(Op::Reject);
                }
                self.under_way = true;
            }
            ("Scs", _) => self.answer("OK"),
            ("Srs", _) => {
                self.session = Session::default();
                chassis.forget();
                self.under_way = true;
            }
            ("Smw", _) => {
                if let Some(inside) = &mut chassis.inside {
                    inside.tracks = self.session.tracks.clone();
                    self.answer("OK");
                } else {
                    self.answer("ERROR MAG");
                }
            }
            ("Dm", Some(track)) => self.track(track, &parameters[1..]),
            (name, _) if name.starts_with('R') => {
                let text = self.question(name, first, chassis);
                self.reply(&text);
            }
            ("Echo", Some(text)) => self.reply(text),
            // Settings that change nothing which can be seen on the card.
            (
                "Pmi" | "Pc" | "Pl" | "Px" | "Py" | "Pps" | "Pwr" | "Wcb" | "Pdt" | "Mr" | "Ppws"
                | "Pmc" | "Pmt" | "Pmd" | "Psoe" | "Psdc" | "Ppsc" | "Ps" | "Pcim" | "Pcem"
                | "Pcrm" | "Pneab" | "Psmgr" | "Scp",
                _,
            ) => self.answer("OK"),
            _ => self.answer("ERROR CDE"),
        }
    }

    fn track(&mut self, track: &str, data: &[String]) {
        match track.parse::<usize>() {
            Ok(track @ 1..=3) if !data.is_empty() => {
                self.session.tracks[track - 1] = Some(data.join(";"));
                self.answer("OK");
            }
            _ => self.answer("ERROR MAG DATA"),
        }
    }

    fn end(&mut self, chassis: &mut Chassis) {
        if chassis.inside.is_none() {
            return self.answer("ERROR");
        }
        self.print_waiting(chassis);
        let job = Arc::new(std::mem::take(&mut self.record));
        // After the repair of a fault the end is sent again; it belongs to the same job.
        if let Some(inside) = chassis
            .inside
            .as_mut()
            .filter(|inside| inside.job.is_empty())
        {
            inside.job = job;
        }
        self.jobs += 1;
        self.session.contactless = false;
        chassis.push(Op::Eject);
        self.under_way = true;
    }

    fn question(&self, name: &str, parameter: Option<&str>, chassis: &Chassis) -> String {
        let ok = |good: bool, word: &str| {
            if good {
                "OK".to_owned()
            } else {
                word.to_owned()
            }
        };
        match (name, parameter) {
            ("Rtp", _) => format!("Virtual {}", self.model),
            ("Rsn", _) => self.serial.clone(),
            ("Rkn", _) => "H0001".to_owned(),
            ("Rfv", _) => "1.00".to_owned(),
            ("Rem", _) => if self.host_manages { "2" } else { "0" }.to_owned(),
            ("Rr", _) => self.film.clone(),
            ("Rco", Some("c")) => chassis.cards.to_string(),
            ("Rco", Some("p")) => chassis.panels.to_string(),
            ("Rco", Some("n")) => chassis.cleanings.to_string(),
            ("Rco", Some("a" | "m")) => chassis.between_cleanings.to_string(),
            ("Rco", Some("l")) => chassis.film_left.to_string(),
            ("Rcr", _) => ok(chassis.film_left > 0, "ERROR RIBBON"),
            ("Rlr", Some("p")) => ok(chassis.inside.is_some(), "NO CARD"),
            ("Rlr", Some("r")) => ok(
                chassis.since_cleaning < chassis.between_cleanings,
                "NEED CLEANING",
            ),
            ("Rlr", _) => {
                let raised = chassis.raised.iter().find(|fault| fault.is_failure());
                raised.map_or_else(|| self.last.clone(), fault_word)
            }
            ("Rse", Some("o")) => u8::from(chassis.raised.contains(&Fault::CoverOpen)).to_string(),
            ("Rse", Some("p")) => u8::from(chassis.inside.is_some()).to_string(),
            ("Rse", Some("f")) => u8::from(chassis.hopper > 0).to_string(),
            _ => "ERROR CDE".to_owned(),
        }
    }
}

fn plane_of(mut side: DecodedSide, panel: Panel) -> Vec<u8> {
    let plane = match panel {
        Panel::Yellow => side.dye[0].take(),
        Panel::Magenta => side.dye[1].take(),
        Panel::Cyan => side.dye[2].take(),
        Panel::Resin => side.resin.take(),
        Panel::Overcoat => side.overcoat.take(),
    };
    plane.unwrap_or_default()
}

/// What the printer answers when this is wrong. Where no word is published it is the vendor's name of the state behind "ERR".
fn fault_word(fault: &Fault) -> String {
    match fault {
        Fault::RibbonOut => reply::word(Bit::Ribbon),
        Fault::Other { code, text } => format!("ERR {code} {text}"),
        fault => {
            let bits = || {
                Bit::ALL
                    .iter()
                    .filter(|bit| bit.fault().as_ref() == Some(fault))
            };
            match bits()
                .find(|bit| reply::has_word(**bit))
                .or_else(|| bits().next())
            {
                Some(bit) => reply::word(*bit),
                None => format!("ERR {}", fault.sentence("en").what),
            }
        }
    }
}
