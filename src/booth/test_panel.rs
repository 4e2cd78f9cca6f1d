//! Test mode's panel: the hands of a visitor that a panel lacks (a phone, an old card, a new card), and every fault.

use std::{path::PathBuf, sync::Arc};

use device::{Fault as _, FaultInjection as _};
use sha2::{Digest, Sha256};

use super::read_picture;
use crate::devices::Controls;
use common::{health::Part, order::Picture};
use identity::virtual_idp;

/// What can be played at a booth in test mode. Cheap to clone.
#[derive(Debug, Clone)]
pub struct TestPanel {
    devices: Controls,
    /// None where the provider is the site's.
    identity: Option<virtual_idp::Control>,
    /// Who stands before the camera, by choice.
    visitors: Arc<Vec<Visitor>>,
}

/// Somebody who can stand before the camera.
#[derive(Debug)]
pub struct Visitor {
    pub name: String,
    pub(super) looks: Looks,
}

/// What the camera sees of a visitor.
#[derive(Debug)]
pub(super) enum Looks {
    Drawn(Picture),
    /// Read when they step before the camera, and not kept: whoever is in the file then stands there.
    File(PathBuf),
}

/// A fault that can be raised, and whether it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub part: Part,
    pub name: &'static str,
    pub on: bool,
}

/// The chip of the card that this job printed. As in a fresh stack no two cards have the same UID: seven bytes, the first
/// of which names NXP.
fn chip_of(job: &[u8]) -> [u8; 7] {
    let digest = Sha256::digest(job);
    let mut uid = [0x04; 7];
    uid[1..].copy_from_slice(&digest[..6]);
    uid
}

impl TestPanel {
    pub(super) fn new(
        devices: Controls,
        identity: Option<virtual_idp::Control>,
        visitors: Vec<Visitor>,
    ) -> Self {
        let panel = Self {
            devices,
            identity,
            visitors: Arc::new(visitors),
        };
        panel.show_visitor(0);
        panel
    }

    /// Names of those who can sign in, as far as the panel can do it for them.
    pub fn people(&self) -> Vec<String> {
        let people = self.identity.iter().flat_map(virtual_idp::Control::people);
        people.map(|person| person.name.clone()).collect()
    }

    /// Approves the sign-in that waits, as the person of this number; false when none waits.
    pub fn approve(&self, person: usize) -> bool {
        self.identity.as_ref().is_some_and(|identity| {
            let person = identity.people().get(person);
            person.is_some_and(|person| identity.approve(&person.subject).is_ok())
        })
    }

    /// Denies the sign-in that waits; false when none waits.
    pub fn deny(&self) -> bool {
        self.identity
            .as_ref()
            .is_some_and(|identity| identity.deny().is_ok())
    }

    /// Lays the old card of everybody on the reader.
    pub fn lay_old_card(&self) {
        self.lay(card_reader::VirtualCard::classic());
    }

    /// Lays the newly printed card on the reader and holds its code before the camera.
    pub fn lay_new_card(&self) {
        if let Some((job, card)) = self.newest_job() {
            self.hold(&job, &card);
        }
    }

    fn lay(&self, card: card_reader::VirtualCard) {
        if let Some(reader) = &self.devices.reader {
            reader.take();
            reader.lay(card);
        }
    }

    /// Takes every card from the reader.
    pub fn take_card(&self) {
        if let Some(reader) = &self.devices.reader {
            reader.take();
        }
    }

    /// Takes every card from the reader, and the visitor steps before the camera again.
    pub fn step_back(&self) {
        self.take_card();
        self.show_visitor(0);
    }

    pub fn visitors(&self) -> impl Iterator<Item = &str> {
        self.visitors.iter().map(|visitor| visitor.name.as_str())
    }

    /// Puts the visitor of this number before the camera.
    pub fn show_visitor(&self, number: usize) {
        if let Some(visitor) = self.visitors.get(number % self.visitors.len().max(1)) {
            match &visitor.looks {
                Looks::Drawn(picture) => self.show(picture),
                Looks::File(path) => match read_picture(path) {
                    Ok(picture) => self.show(&picture),
                    Err(unreadable) => {
                        tracing::warn!("nobody steps before the camera: {unreadable}")
                    }
                },
            }
        }
    }

    /// Puts any picture before the camera.
    pub fn show(&self, picture: &Picture) {
        if let Some(still) =
            camera::Still::from_rgb(picture.width(), picture.height(), picture.rgb().to_vec())
        {
            self.devices.camera.show(&still);
        }
    }

    /// The newest job that the printer got, its bytes, and the card as it would look.
    pub fn newest_job(&self) -> Option<(Arc<Vec<u8>>, Picture)> {
        let job = self.devices.printer.last_job()?;
        let card = card_printer::decode(&job).ok()?;
        Some((job, drawn(&card.front)?))
    }

    /// Lays this card on the reader as the new one and holds its code before the camera.
    pub fn hold_up(&self, card: &card_printer::PrintedCard) {
        if let Some(drawn) = drawn(&card.front) {
            self.hold(&card.job, &drawn);
        }
    }

    fn hold(&self, job: &[u8], card: &Picture) {
        if let Ok(chip) = card_reader::VirtualCard::with_uid(&chip_of(job)) {
            self.lay(chip);
        }
        self.show(&before_a_wall(card));
    }

    pub fn printer(&self) -> &card_printer::Control {
        &self.devices.printer
    }

    /// The virtual identity provider, where the booth has one.
    pub fn identity(&self) -> Option<&virtual_idp::Control> {
        self.identity.as_ref()
    }

    /// Every fault of every virtual part.
    pub fn faults(&self) -> Vec<Fault> {
        let printer = self.devices.printer.faults();
        let camera = self.devices.camera.faults();
        let reader = self
            .devices
            .reader
            .as_ref()
            .map(|reader| reader.faults())
            .unwrap_or_default();
        let mut all = Vec::new();
        for fault in card_printer::Fault::all() {
            all.push(Fault {
                part: Part::Printer,
                name: fault.name(),
                on: printer.contains(&fault),
            });
        }
        for fault in camera::Fault::all() {
            all.push(Fault {
                part: Part::Camera,
                name: fault.name(),
                on: camera.contains(&fault),
            });
        }
        if self.devices.reader.is_some() {
            for fault in card_reader::Fault::all() {
                all.push(Fault {
                    part: Part::Reader,
                    name: fault.name(),
                    on: reader.contains(&fault),
                });
            }
        }
        if let Some(provider) = &self.identity {
            let now = provider.fault();
            for fault in virtual_idp::Fault::ALL {
                all.push(Fault {
                    part: Part::Identity,
                    name: fault.name(),
                    on: now == Some(fault),
                });
            }
        }
        all
    }

    /// Raises a fault of [`faults`](Self::faults), or mends it where it is on.
    pub fn toggle(&self, fault: &Fault) {
        match fault.part {
            Part::Printer => {
                if let Some(found) = card_printer::Fault::from_name(fault.name) {
                    if fault.on {
                        self.devices.printer.clear(&found)
                    } else {
                        self.devices.printer.raise(found)
                    }
                }
            }
            Part::Camera => {
                if let Some(found) = camera::Fault::from_name(fault.name) {
                    if fault.on {
                        self.devices.camera.clear(&found)
                    } else {
                        self.devices.camera.raise(found)
                    }
                }
            }
            Part::Reader => {
                let found = card_reader::Fault::from_name(fault.name);
                if let (Some(found), Some(reader)) = (found, &self.devices.reader) {
                    if fault.on {
                        reader.clear(&found)
                    } else {
                        reader.raise(found)
                    }
                }
            }
            Part::Identity => {
                let found = virtual_idp::Fault::ALL
                    .into_iter()
                    .find(|known| known.name() == fault.name);
                if let Some(provider) = &self.identity {
                    provider.set_fault(found.filter(|_| !fault.on));
                }
            }
            Part::Portal | Part::Store | Part::Disk | Part::Clock => {}
        }
    }
}

fn drawn(side: &card_printer::DecodedSide) -> Option<Picture> {
    let card = side.draw();
    Picture::new(card.width(), card.height(), card.rgb().to_vec())
}

/// Width and height of what the virtual camera sees.
pub const SCENE: (u32, u32) = (1280, 720);

/// A card held before the camera, 29 cm away as it were: a grey wall around it.
fn before_a_wall(card: &Picture) -> Picture {
    let (width, height) = SCENE;
    let mut scene = vec![200; (width * height * 3) as usize];
    let (left, top) = (
        width.saturating_sub(card.width()) / 2,
        height.saturating_sub(card.height()) / 2,
    );
    for y in 0..card.height().min(height) {
        for x in 0..card.width().min(width) {
            if let Some(pixel) = card.pixel(x, y) {
                let at = (((y + top) * width + x + left) * 3) as usize;
                scene[at..at + 3].copy_from_slice(&pixel);
            }
        }
    }
    Picture::new(width, height, scene).expect("the scene has exactly its pixels")
}
