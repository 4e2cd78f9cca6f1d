//! The test panel: does what a visitor does beside the screen (approve on a phone, lay a card on the reader, stand
//! before the camera), and injects every fault.

use std::{path::PathBuf, sync::Arc};

use device::{Fault as _, FaultInjection as _};
use sha2::{Digest, Sha256};

use super::read_picture;
use crate::devices::Controls;
use common::{health::Part, order::Picture};
use identity::virtual_idp;

/// The test panel of a booth in test mode. It is cheap to clone.
#[derive(Debug, Clone)]
pub struct TestPanel {
    devices: Controls,
    /// `None` if test mode uses the site's own identity provider.
    identity: Option<virtual_idp::Control>,
    /// The visitors that can be shown to the camera.
    visitors: Arc<Vec<Visitor>>,
}

/// A visitor that can be shown to the virtual camera.
#[derive(Debug)]
pub struct Visitor {
    pub name: String,
    pub(super) looks: Looks,
}

/// The picture of a visitor.
#[derive(Debug)]
pub(super) enum Looks {
    Drawn(Picture),
    /// A file that is read each time the visitor is shown, so that the panel keeps no copy of the picture.
    File(PathBuf),
}

/// A fault that can be injected, and whether it is on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub part: Part,
    pub name: &'static str,
    pub on: bool,
}

/// The UID of the card that `job` printed, derived from the job so that different cards have different UIDs: seven
/// bytes, of which the first is the manufacturer NXP.
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

    /// The names of the people as whom the panel can sign in.
    pub fn people(&self) -> Vec<String> {
        let people = self.identity.iter().flat_map(virtual_idp::Control::people);
        people.map(|person| person.name.clone()).collect()
    }

    /// Approves the pending sign-in as the person with this index; false if none is pending.
    pub fn approve(&self, person: usize) -> bool {
        self.identity.as_ref().is_some_and(|identity| {
            let person = identity.people().get(person);
            person.is_some_and(|person| identity.approve(&person.subject).is_ok())
        })
    }

    /// Denies the pending sign-in; false if none is pending.
    pub fn deny(&self) -> bool {
        self.identity
            .as_ref()
            .is_some_and(|identity| identity.deny().is_ok())
    }

    /// Lays an old card on the reader; all visitors share one.
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

    /// Takes every card from the reader and shows the first visitor to the camera again.
    pub fn step_back(&self) {
        self.take_card();
        self.show_visitor(0);
    }

    pub fn visitors(&self) -> impl Iterator<Item = &str> {
        self.visitors.iter().map(|visitor| visitor.name.as_str())
    }

    /// Shows the visitor with this index, modulo their number, to the camera.
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

    /// Shows any picture to the camera.
    pub fn show(&self, picture: &Picture) {
        if let Some(still) =
            camera::Still::from_rgb(picture.width(), picture.height(), picture.rgb().to_vec())
        {
            self.devices.camera.show(&still);
        }
    }

    /// The bytes of the last job that the printer received, and the front of the card that they print.
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

    /// The control of the virtual identity provider, if the booth has one.
    pub fn identity(&self) -> Option<&virtual_idp::Control> {
        self.identity.as_ref()
    }

    /// Every fault of every virtual part, and whether it is on.
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

    /// Turns a fault of [`faults`](Self::faults) on, or off if it is on.
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

/// Width and height of the virtual camera's picture, in pixels.
pub const SCENE: (u32, u32) = (1280, 720);

/// The camera's view of a card in front of a grey wall. At this size the card is about 29 cm away from the camera.
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
