//! Test mode's strip at the window's lower edge: what it shows, and what its buttons do to the virtual devices.

use crate::{
    booth,
    elements::{Deed, Device, Fault, Strip},
};
use common::health::Part;

/// The desk, and the strip as it stands now.
#[derive(Debug)]
pub(super) struct Desk {
    hands: booth::Desk,
    pub(super) strip: Strip,
    /// Somebody is in the booth: at the next visit another visitor comes.
    visited: bool,
    visitor: usize,
}

impl Desk {
    pub(super) fn new(hands: booth::Desk) -> Self {
        let strip = Strip {
            people: hands.people(),
            person: 0,
            devices: devices(&hands.faults()),
        };
        Self {
            hands,
            strip,
            visited: false,
            visitor: 0,
        }
    }

    pub(super) fn act(&mut self, deed: &Deed) {
        match deed {
            Deed::NextPerson => {
                let count = self.strip.people.len().max(1);
                self.strip.person = (self.strip.person + 1) % count;
            }
            Deed::Approve => drop(self.hands.approve(self.strip.person)),
            Deed::Deny => drop(self.hands.deny()),
            Deed::LayOldCard => self.hands.lay_old_card(),
            Deed::LayNewCard => self.hands.lay_new_card(),
            Deed::TakeCard => {
                self.hands.take_card();
                self.hands.show_visitor(self.visitor);
            }
            Deed::Toggle { device, fault } => {
                let known = self
                    .strip
                    .devices
                    .get(*device)
                    .and_then(|device| Some((device.name, device.faults.get(*fault)?.name)));
                let all = self.hands.faults();
                let found = all
                    .iter()
                    .find(|fault| known == Some((fault.part.name(), fault.name)));
                if let Some(fault) = found {
                    self.hands.toggle(fault);
                }
            }
        }
        self.strip.devices = devices(&self.hands.faults());
    }

    /// After each visit another visitor stands before the camera, and no card lies anywhere.
    pub(super) fn follow(&mut self, personal: bool) {
        if self.visited && !personal {
            self.visitor += 1;
            self.hands.take_card();
            self.hands.show_visitor(self.visitor);
        }
        self.visited = personal;
    }
}

/// The faults, device by device.
fn devices(faults: &[booth::DeskFault]) -> Vec<Device> {
    let parts = [Part::Camera, Part::Printer, Part::Reader, Part::Identity];
    let of = |part: Part| Device {
        name: part.name(),
        faults: faults
            .iter()
            .filter(|fault| fault.part == part)
            .map(|fault| Fault {
                name: fault.name,
                raised: fault.on,
            })
            .collect(),
    };
    parts
        .map(of)
        .into_iter()
        .filter(|device| !device.faults.is_empty())
        .collect()
}
