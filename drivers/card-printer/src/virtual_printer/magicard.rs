//! The part of a virtual Magicard that reads the wire and answers.

use std::collections::VecDeque;
use std::sync::Arc;

use device::Fault as _;

use super::VirtualOptions;
use super::chassis::{Blank, Chassis, Op};
use crate::card::Panel;
use crate::decoded::DecodedSide;
use crate::fault::Fault;
use crate::magicard::decode::Assembly;
use crate::magicard::request::Request;
use crate::magicard::wire::{Event, Parser, WireError};
use crate::magicard::{END, JOB_LEAD_IN, START};
use crate::model::Model;

pub(crate) struct Front {
    model: Model,
    serial: String,
    parser: Parser,
    assembly: Option<Assembly>,
    /// The bytes of the job that is coming in.
    record: Vec<u8>,
    language: String,
    replies: VecDeque<Vec<u8>>,
    /// The first error of the stream, for tests.
    pub refused: Option<WireError>,
    pub jobs: u64,
}

/// Two sides of the longest job and its questions; more is never recorded.
const MAX_RECORD: usize = 8 << 20;

impl Front {
    pub(crate) fn new(options: &VirtualOptions) -> Self {
        Self {
            model: options.model,
            serial: options.serial.clone(),
            parser: Parser::new(),
            assembly: None,
            record: Vec::new(),
            language: "ENG".to_owned(),
            replies: VecDeque::new(),
            refused: None,
            jobs: 0,
        }
    }

    pub(crate) fn take(&mut self, bytes: &[u8], chassis: &mut Chassis) {
        let mut parser = std::mem::take(&mut self.parser);
        let mut used = 0;
        let begin = parser.offset();
        parser.push(bytes, &mut |offset, event| {
            let part = &bytes[used..offset - begin];
            used = offset - begin;
            if self.record.len() + part.len() <= MAX_RECORD {
                self.record.extend_from_slice(part);
            }
            match event {
                Ok(event) => self.event(event, chassis),
                Err(error) => self.error(error),
            }
        });
        if self.record.len() + bytes.len() - used <= MAX_RECORD {
            self.record.extend_from_slice(&bytes[used..]);
        }
        if parser.is_between() && self.assembly.is_none() {
            // Lead-in bytes alone are no job yet; only the last of them belong to one.
            self.record
                .drain(..self.record.len().saturating_sub(JOB_LEAD_IN));
        }
        self.parser = parser;
    }

    fn error(&mut self, error: WireError) {
        tracing::warn!(%error, "the virtual printer refuses what it was sent");
        self.refused.get_or_insert(error);
        self.assembly = None;
        self.record.clear();
    }

    fn event(&mut self, event: Event, chassis: &mut Chassis) {
        match event {
            Event::Request(request) => {
                self.record.clear();
                self.request(&request, chassis);
            }
            Event::Header(header) => {
                if let Some(language) = header.value("LAN") {
                    self.language = language.to_owned();
                }
                let result = match &mut self.assembly {
                    None => Assembly::begin(header).map(|assembly| self.assembly = Some(assembly)),
                    Some(assembly) => assembly.turn(header),
                };
                if let Err(reason) = result {
                    self.error(WireError { offset: 0, reason });
                }
            }
            Event::Plane(kind, data) => {
                if let Some(assembly) = &mut self.assembly {
                    assembly.plane(kind, &data);
                }
            }
            Event::PageEnd => {
                if let Some(assembly) = self.assembly.take_if(|assembly| !assembly.expects_back()) {
                    self.start(assembly, chassis);
                }
            }
        }
    }

    /// The job is complete: print it. (Whether a real printer feeds the card earlier is not known.)
    fn start(&mut self, assembly: Assembly, chassis: &mut Chassis) {
        let card = assembly.finish();
        if card.model.protocol() != self.model.protocol()
            || card.model.raster() != self.model.raster()
        {
            let reason = format!("a job for a {} came to a {}", card.model, self.model);
            return self.error(WireError { offset: 0, reason });
        }
        self.jobs += 1;
        let job = Arc::new(std::mem::take(&mut self.record));
        for _ in 0..card.copies {
            let blank = DecodedSide::blank(card.front.width, card.front.height, card.front.depth);
            chassis.push(Op::Feed {
                blank: Box::new(Blank {
                    front: blank,
                    tracks: card.tracks.clone(),
                    job: job.clone(),
                }),
            });
            print_side(chassis, false, &card.front);
            if let Some(back) = &card.back {
                chassis.push(Op::Turn);
                print_side(chassis, true, back);
            }
            chassis.push(Op::Eject);
        }
    }

    fn request(&mut self, request: &Request, chassis: &mut Chassis) {
        match request {
            Request::Info if self.model == Model::Enduro => self.reply(&self.info(chassis)),
            Request::Value(key) if matches!(self.model, Model::Rio2 | Model::Avalon) => {
                if let Some(value) = self.value(key, chassis) {
                    self.reply(&format!("STA,{key}{value},"));
                }
            }
            Request::Error => self.reply(&self.condition(chassis)),
            Request::Reset => chassis.forget(),
            Request::Eject if chassis.inside.is_some() => chassis.push(Op::Eject),
            Request::Report(line) | Request::Sensors(line) => {
                let text = if *line == 1 {
                    format!("virtual {} {}", self.model, self.serial)
                } else {
                    "END".to_owned()
                };
                self.reply(&text);
            }
            // A question that this model does not know gets no answer.
            Request::Info | Request::Value(_) | Request::Eject | Request::TestCard => {}
        }
    }

    fn reply(&mut self, text: &str) {
        // A host that never reads must not fill the memory.
        if self.replies.len() < 64 {
            let mut bytes = vec![START];
            bytes.extend_from_slice(text.as_bytes());
            bytes.push(END);
            self.replies.push_back(bytes);
        }
    }

    pub(crate) fn read(&mut self, room: usize) -> Option<Vec<u8>> {
        let mut reply = self.replies.pop_front()?;
        if reply.len() > room {
            let rest = reply.split_off(room);
            self.replies.push_front(rest);
        }
        Some(reply)
    }

    /// The cable was pulled, or the host asked for a reset of the port: what was half received is gone.
    pub(crate) fn drop_input(&mut self) {
        self.parser = Parser::new();
        self.assembly = None;
        self.record.clear();
        self.replies.clear();
    }

    fn value(&self, key: &str, chassis: &Chassis) -> Option<String> {
        Some(match key {
            "MSR" => self.serial.clone(),
            "VRS" => "V1.00".to_owned(),
            "TCQ" | "TCP" => chassis.cards.to_string(),
            "TPQ" => chassis.panels.to_string(),
            "TCN" => chassis.cleanings.to_string(),
            "CCQ" => chassis.since_cleaning.to_string(),
            "CCP" => chassis.between_cleanings.to_string(),
            "DFR" => (chassis.film_left * 5).to_string(),
            "CLP" => u8::from(chassis.since_cleaning >= chassis.between_cleanings).to_string(),
            "CPQ" => (chassis.since_cleaning * 5).to_string(),
            "PSR" => "H0001".to_owned(),
            "BSR" => "P0001".to_owned(),
            "FPP" | "FSP" | "FEP" | "FSS" | "FDC" => "50".to_owned(),
            "MDL" | "USN" | "UPN" => "1".to_owned(),
            "PID" => "6144".to_owned(),
            "VID" => "3103".to_owned(),
            // No network.
            "MAC" | "DYN" | "IPA" | "SNM" | "GWY" => "0".to_owned(),
            _ => return None,
        })
    }

    fn info(&self, chassis: &Chassis) -> String {
        let (major, minor, _) = self.error_numbers(chassis);
        let (cards, panels) = (chassis.cards, chassis.panels);
        format!(
            "STA$$3,Virtual Enduro,0,{},H0001,P0001,1.00,3A3829,0,{cards},{cards},{panels},{},0,{},{},50,50,50,{major},{minor},\
             00,{},{},LC1,1016,1016,1016,0,0,0,0,0,0,0,",
            self.serial,
            chassis.cleanings,
            chassis.since_cleaning,
            chassis.between_cleanings,
            chassis.film_size,
            chassis.film_size - chassis.film_left.min(chassis.film_size),
        )
    }

    fn condition(&self, chassis: &Chassis) -> String {
        let (major, minor, text) = self.error_numbers(chassis);
        if (major, minor) == (0, 0) {
            let text = if self.language == "DEU" {
                "Printerstatus OK."
            } else {
                "Printer status OK."
            };
            return format!("STA{text}\n00:00\n(c0300)");
        }
        let label = if self.language == "DEU" {
            "Fehlercode"
        } else {
            "Error code"
        };
        format!("STA{text}\n{label} - {major:02}:{minor:02}\n(c0201)")
    }

    /// Only 11:01 is a real number; all others are free ones of this virtual printer, since the list is not published.
    fn error_numbers(&self, chassis: &Chassis) -> (u16, u16, String) {
        let halted = chassis.halted.clone();
        let Some(fault) =
            halted.or_else(|| chassis.raised.iter().find(|f| f.is_failure()).cloned())
        else {
            return (0, 0, String::new());
        };
        let words = |fault: &Fault| fault.sentence("en").what;
        match &fault {
            Fault::NoCards if self.language == "DEU" => (
                11,
                1,
                "Karte wurde nicht in den Drucker eingezogen. Versuchen Sie es erneut.".to_owned(),
            ),
            Fault::NoCards => (
                11,
                1,
                "Card was not fed into the printer. Try again.".to_owned(),
            ),
            Fault::Other { code, text } => {
                let (major, minor) = code.split_once(':').unwrap_or(("99", "99"));
                (
                    major.parse().unwrap_or(99),
                    minor.parse().unwrap_or(99),
                    text.clone(),
                )
            }
            fault => {
                let index = Fault::all()
                    .iter()
                    .position(|other| other == fault)
                    .unwrap_or_default();
                (90, index as u16 + 1, words(fault))
            }
        }
    }
}

fn print_side(chassis: &mut Chassis, back: bool, side: &DecodedSide) {
    for (panel, plane) in [Panel::Yellow, Panel::Magenta, Panel::Cyan]
        .into_iter()
        .zip(&side.dye)
    {
        if let Some(plane) = plane {
            chassis.push(Op::Panel {
                back,
                panel,
                plane: plane.clone(),
            });
        }
    }
    for (panel, plane) in [
        (Panel::Resin, &side.resin),
        (Panel::Overcoat, &side.overcoat),
    ] {
        if let Some(plane) = plane {
            chassis.push(Op::Panel {
                back,
                panel,
                plane: plane.clone(),
            });
        }
    }
}
