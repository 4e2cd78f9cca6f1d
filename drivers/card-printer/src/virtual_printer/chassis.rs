//! The body of a printer without its protocol: hopper, film, head, trays, the card on its way through them, and the counts.
//!
//! It has no thread: callers bring it up to the present first ([`Chassis::advance`]).

use std::collections::VecDeque;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use device::Fault as _;

use super::{Books, PrintedCard, Tray, VirtualOptions};
use crate::card::Panel;
use crate::decoded::{DecodedSide, Depth};
use crate::fault::Fault;

/// One movement or pass. Times are those of a card of 20 s in all: a guess, no printer was timed.
#[derive(Debug)]
pub(crate) enum Op {
    Feed {
        blank: Box<Blank>,
    },
    /// Prints a panel: dye 0 to 63 or 0 to 127 a pixel, resin and overcoat 0 or 255.
    Panel {
        back: bool,
        panel: Panel,
        plane: Vec<u8>,
    },
    Turn,
    Eject,
    Reject,
}

/// The empty card that a feed brings in.
#[derive(Debug, Clone)]
pub(crate) struct Blank {
    pub front: DecodedSide,
    pub tracks: [Option<String>; 3],
    /// The bytes that asked for it; set when the job is complete.
    pub job: Arc<Vec<u8>>,
}

impl Op {
    fn duration(&self) -> Duration {
        Duration::from_millis(match self {
            Self::Feed { .. } => 3000,
            Self::Panel {
                panel: Panel::Resin | Panel::Overcoat,
                ..
            } => 2500,
            Self::Panel { .. } => 3500,
            Self::Turn => 2000,
            Self::Eject | Self::Reject => 1500,
        })
    }
}

/// The card inside.
#[derive(Debug)]
pub(crate) struct Inside {
    pub front: DecodedSide,
    pub back: Option<DecodedSide>,
    pub tracks: [Option<String>; 3],
    pub job: Arc<Vec<u8>>,
    /// A panel has been begun and not finished, or printing was broken off.
    pub spoiled: bool,
}

pub(crate) struct Chassis {
    pub speed: f64,
    pub hopper: u32,
    pub hopper_room: u32,
    pub output: u32,
    pub output_room: u32,
    pub reject: u32,
    pub reject_room: u32,
    pub film_left: u32,
    pub film_size: u32,
    pub cards: u64,
    counter_file: Option<PathBuf>,
    pub panels: u64,
    pub cleanings: u64,
    pub since_cleaning: u64,
    pub between_cleanings: u64,
    pub books: Books,
    pub inside: Option<Inside>,
    /// Faults that were raised and that no count shows.
    pub raised: Vec<Fault>,
    /// Why the next movement could not be made; the printer stands still until the fault is cleared or the job is dropped.
    pub halted: Option<Fault>,
    pub out: VecDeque<PrintedCard>,
    plan: VecDeque<Op>,
    current: Option<(Op, Instant)>,
    /// Work was done that the host has not seen yet: at speed 0 a card would otherwise come out between two looks.
    pub unseen: bool,
    /// A fault to raise when this many movements have begun.
    pub trap: Option<(u32, Fault)>,
}

/// How many cards that came out are kept. Older ones are dropped, so that a long run does not fill the memory.
const KEPT: usize = 16;

impl Chassis {
    pub(crate) fn new(options: &VirtualOptions) -> Self {
        let kept = options.counter_file.as_ref();
        let kept = kept.and_then(|file| fs::read_to_string(file).ok()?.trim().parse().ok());
        let cards_printed = kept.unwrap_or(options.cards_printed);
        Self {
            speed: options.speed,
            hopper: options.cards,
            hopper_room: options.cards.max(100),
            output: 0,
            output_room: options.output_room,
            reject: 0,
            reject_room: options.reject_room,
            film_left: options.film,
            film_size: options.film.max(1),
            cards: cards_printed,
            counter_file: options.counter_file.clone(),
            panels: cards_printed * 5,
            cleanings: cards_printed / 1000,
            since_cleaning: cards_printed % 1000,
            between_cleanings: 1000,
            books: Books::default(),
            inside: None,
            raised: Vec::new(),
            halted: None,
            out: VecDeque::new(),
            plan: VecDeque::new(),
            current: None,
            unseen: false,
            trap: None,
        }
    }

    pub(crate) fn is_busy(&self) -> bool {
        self.current.is_some() || !self.plan.is_empty()
    }

    /// Everything that is wrong now.
    pub(crate) fn faults(&self) -> Vec<Fault> {
        let mut faults = self.raised.clone();
        let mut add = |when: bool, fault: Fault| {
            if when && !faults.contains(&fault) {
                faults.push(fault);
            }
        };
        add(self.hopper == 0, Fault::NoCards);
        add(self.film_left == 0, Fault::RibbonOut);
        add((1..=20).contains(&self.film_left), Fault::RibbonLow);
        add(self.output >= self.output_room, Fault::HopperFull);
        add(self.reject >= self.reject_room, Fault::RejectFull);
        add(
            self.since_cleaning >= self.between_cleanings,
            Fault::CleaningDue,
        );
        faults
    }

    pub(crate) fn push(&mut self, op: Op) {
        self.plan.push_back(op);
    }

    /// Moves everything to `now`.
    pub(crate) fn advance(&mut self, now: Instant) {
        if let Some(fault) = &self.halted {
            if self.blocks(fault.clone()) {
                return;
            }
            self.halted = None;
        }
        loop {
            match self.current.take() {
                Some((op, until)) if now >= until => self.finish(op),
                Some(running) => {
                    self.current = Some(running);
                    if let Some(fault) = self.interruption() {
                        self.halt(fault);
                    }
                    return;
                }
                None => {
                    let Some(op) = self.plan.pop_front() else {
                        return;
                    };
                    self.spring_trap();
                    if let Some(fault) = self.obstacle(&op) {
                        self.plan.push_front(op);
                        self.halted = Some(fault);
                        return;
                    }
                    if let (Op::Panel { .. }, Some(inside)) = (&op, &mut self.inside) {
                        inside.spoiled = true;
                    }
                    self.unseen = true;
                    let until = now + op.duration().mul_f64(self.speed);
                    self.current = Some((op, until));
                }
            }
        }
    }

    fn spring_trap(&mut self) {
        match self.trap.take() {
            Some((0, fault)) => self.raise(fault),
            Some((count, fault)) => self.trap = Some((count - 1, fault)),
            None => {}
        }
    }

    /// The fault that interrupts the movement under way.
    fn interruption(&self) -> Option<Fault> {
        let (op, _) = self.current.as_ref()?;
        self.obstacle(op)
    }

    fn halt(&mut self, fault: Fault) {
        if let Some((op, _)) = self.current.take() {
            self.plan.push_front(op);
        }
        self.halted = Some(fault);
    }

    /// Why a movement cannot begin or go on.
    fn obstacle(&self, op: &Op) -> Option<Fault> {
        let raised = self
            .raised
            .iter()
            .find(|fault| fault.is_failure() && !is_of_the_link(fault))
            .cloned();
        let own = match op {
            Op::Feed { .. } => (self.hopper == 0).then_some(Fault::NoCards),
            Op::Panel { .. } => (self.film_left == 0).then_some(Fault::RibbonOut),
            Op::Eject => (self.output >= self.output_room).then_some(Fault::HopperFull),
            Op::Reject => (self.reject >= self.reject_room).then_some(Fault::RejectFull),
            Op::Turn => None,
        };
        own.or(raised)
    }

    fn blocks(&self, fault: Fault) -> bool {
        self.plan
            .front()
            .is_some_and(|op| self.obstacle(op).is_some())
            || self.raised.contains(&fault)
    }

    fn finish(&mut self, op: Op) {
        match op {
            Op::Feed { blank } => {
                self.hopper -= 1;
                self.books.fed += 1;
                // When a real printer counts is not known; this one counts every card that left the hopper.
                self.cards += 1;
                self.keep_counter();
                self.since_cleaning += 1;
                self.inside = Some(Inside {
                    front: blank.front,
                    back: None,
                    tracks: blank.tracks,
                    job: blank.job,
                    spoiled: false,
                });
            }
            Op::Panel { back, panel, plane } => self.print(back, panel, plane),
            Op::Turn => {}
            Op::Eject => {
                self.output += 1;
                self.put_out(Tray::Output);
            }
            Op::Reject => {
                self.reject += 1;
                self.put_out(Tray::Reject);
            }
        }
    }

    /// Stores the counter before the host can ask for it, as a real printer does in its own memory.
    fn keep_counter(&self) {
        let Some(file) = &self.counter_file else {
            return;
        };
        // The number is written to another file first, so that it is never half written when the program is killed. When
        // the disk fails, the counter stands still.
        let beside = file.with_extension("new");
        let _ = fs::write(&beside, format!("{}\n", self.cards))
            .and_then(|()| fs::rename(&beside, file));
    }

    fn print(&mut self, back: bool, panel: Panel, plane: Vec<u8>) {
        self.panels += 1;
        if panel == Panel::Yellow
            || (panel == Panel::Resin
                && !back
                && self
                    .inside
                    .as_ref()
                    .is_some_and(|i| i.front.dye[0].is_none()))
        {
            self.film_left = self.film_left.saturating_sub(1);
        }
        let Some(inside) = &mut self.inside else {
            return;
        };
        inside.spoiled = false;
        let front = &inside.front;
        let blank = || DecodedSide::blank(front.width, front.height, front.depth);
        let side = if back {
            inside.back.get_or_insert_with(blank)
        } else {
            &mut inside.front
        };
        match panel {
            Panel::Yellow => side.dye[0] = Some(plane),
            Panel::Magenta => side.dye[1] = Some(plane),
            Panel::Cyan => side.dye[2] = Some(plane),
            Panel::Resin => side.resin = Some(plane),
            Panel::Overcoat => side.overcoat = Some(plane),
        }
    }

    /// Counts the card, and keeps it until it is taken.
    fn put_out(&mut self, tray: Tray) {
        let Some(inside) = self.inside.take() else {
            return;
        };
        match tray {
            Tray::Output => self.books.ejected += 1,
            Tray::Reject => self.books.rejected += 1,
        }
        if self.out.len() == KEPT {
            self.out.pop_front();
        }
        self.out.push_back(PrintedCard {
            front: inside.front,
            back: inside.back,
            tracks: inside.tracks,
            tray,
            job: inside.job,
        });
    }

    /// Drops every planned movement. A card inside goes to the reject tray as soon as it can move.
    pub(crate) fn forget(&mut self) {
        self.plan.clear();
        self.current = None;
        self.halted = None;
        if self.inside.is_some() {
            self.push(Op::Reject);
        }
    }

    /// Drops every planned movement and leaves the card where it is.
    pub(crate) fn abandon(&mut self) {
        self.plan.clear();
        self.current = None;
        self.halted = None;
    }

    /// Sets the depth of the colour of the card inside, before its first panel.
    pub(crate) fn lay_depth(&mut self, back: bool, depth: Depth) {
        let Some(inside) = &mut self.inside else {
            return;
        };
        let front = &inside.front;
        let blank = || DecodedSide::blank(front.width, front.height, depth);
        let side = if back {
            inside.back.get_or_insert_with(blank)
        } else {
            &mut inside.front
        };
        if side.dye.iter().all(Option::is_none) {
            side.depth = depth;
        }
    }

    /// Takes the card out of the opened printer, as one does with a jam. It counts as rejected.
    pub(crate) fn take_out(&mut self) {
        if self.inside.is_some() {
            self.plan.clear();
            self.current = None;
            self.halted = None;
            // It is not in the reject tray.
            self.put_out(Tray::Reject);
        }
    }

    pub(crate) fn raise(&mut self, fault: Fault) {
        match fault {
            Fault::NoCards => self.hopper = 0,
            Fault::RibbonOut => self.film_left = 0,
            Fault::RibbonLow => self.film_left = 5,
            Fault::HopperFull => self.output = self.output_room,
            Fault::RejectFull => self.reject = self.reject_room,
            Fault::CleaningDue => self.since_cleaning = self.between_cleanings,
            fault => {
                if !self.raised.contains(&fault) {
                    self.raised.push(fault);
                }
            }
        }
    }

    pub(crate) fn clear(&mut self, fault: &Fault) {
        match fault {
            Fault::NoCards => self.hopper = self.hopper_room,
            Fault::RibbonOut | Fault::RibbonLow => self.film_left = self.film_size,
            Fault::HopperFull => self.output = 0,
            Fault::RejectFull => self.reject = 0,
            Fault::CleaningDue => {
                self.since_cleaning = 0;
                self.cleanings += 1;
            }
            fault => {
                self.raised.retain(|raised| raised != fault);
                if *fault == Fault::CardJam {
                    self.take_out();
                }
            }
        }
    }
}

/// Whether a fault belongs to the cable or the driver, and not to the body.
pub(crate) fn is_of_the_link(fault: &Fault) -> bool {
    matches!(
        fault,
        Fault::Unplugged
            | Fault::NoPermission
            | Fault::NotAnswering
            | Fault::WrongModel
            | Fault::Crashed
    )
}
