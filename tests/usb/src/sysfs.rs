//! Creates the files in which a program finds the device: `/sys` and the node.

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::Path;

use crate::{Answer, Setup};

/// The path of the node below the folder of the bed.
pub(crate) const NODE: &str = "dev/bus/usb/001/002";
const DEVICE: &str = "sys/devices/pci0000:00/0000:00:14.0/usb1/1-1";
const LINK: &str = "sys/bus/usb/devices/1-1";

/// The description of a device that is visible without opening it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Descriptors {
    pub vendor: u16,
    pub product: u16,
    /// Manufacturer, product and serial number.
    pub strings: [String; 3],
    /// The protocol of the printer interface: 1 is unidirectional, 2 is bidirectional, 4 is IPP over USB.
    pub protocol: u8,
}

impl Descriptors {
    /// Returns the descriptors of a bidirectional printer.
    pub fn printer(vendor: u16, product: u16, serial: &str) -> Self {
        let strings = [
            "Virtual".to_owned(),
            "Card printer".to_owned(),
            serial.to_owned(),
        ];
        Self {
            vendor,
            product,
            strings,
            protocol: 2,
        }
    }

    /// Returns the device descriptor and the only configuration, as the kernel stores them.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let ([v0, v1], [p0, p1]) = (self.vendor.to_le_bytes(), self.product.to_le_bytes());
        // The fields are USB 2.0, the class in the interface, strings 1, 2 and 3, and one configuration.
        let mut bytes = vec![
            18, 1, 0x00, 0x02, 0, 0, 0, 64, v0, v1, p0, p1, 0, 1, 1, 2, 3, 1,
        ];
        let out_only = self.protocol == 1;
        let endpoints: &[[u8; 7]] = &[
            [7, 5, 0x01, 2, 0x00, 0x02, 0],
            [7, 5, 0x82, 2, 0x00, 0x02, 0],
        ];
        let endpoints = &endpoints[..if out_only { 1 } else { 2 }];
        let total = 9 + 9 + 7 * endpoints.len() as u8;
        bytes.extend([9, 2, total, 0, 1, 1, 0, 0xC0, 0]);
        bytes.extend([9, 4, 0, 0, endpoints.len() as u8, 7, 1, self.protocol, 0]);
        bytes.extend(endpoints.iter().flatten());
        bytes
    }

    /// Answers the requests that are the same for all devices.
    pub(crate) fn standard(&self, setup: Setup) -> Option<Answer> {
        const GET_DESCRIPTOR: u8 = 6;
        if setup.kind & 0x60 != 0 {
            return None;
        }
        let [index, kind] = setup.value.to_le_bytes();
        Some(match (setup.request, kind) {
            (GET_DESCRIPTOR, 1) => Answer::Data(self.bytes()[..18].to_vec()),
            (GET_DESCRIPTOR, 2) => Answer::Data(self.bytes()[18..].to_vec()),
            (GET_DESCRIPTOR, 3) => self.string(index).map_or(Answer::Stall, Answer::Data),
            (0, _) => Answer::Data(vec![0, 0]),
            (8, _) => Answer::Data(vec![1]),
            _ if setup.kind & 0x80 == 0 => Answer::Taken(0),
            _ => Answer::Stall,
        })
    }

    /// Returns a string descriptor. Index 0 lists the only language, US English.
    pub(crate) fn string(&self, index: u8) -> Option<Vec<u8>> {
        let text: Vec<u8> = match index {
            0 => vec![0x09, 0x04],
            index => self
                .strings
                .get(usize::from(index) - 1)?
                .encode_utf16()
                .flat_map(u16::to_le_bytes)
                .collect(),
        };
        let mut bytes = vec![text.len() as u8 + 2, 3];
        bytes.extend(text);
        Some(bytes)
    }
}

pub(crate) fn plug(folder: &Path, descriptors: &Descriptors) -> io::Result<()> {
    let device = folder.join(DEVICE);
    fs::create_dir_all(&device)?;
    let uevent = "DEVNAME=bus/usb/001/002\nDEVTYPE=usb_device\nSUBSYSTEM=usb\nBUSNUM=001\nDEVNUM=002\nMAJOR=189\nMINOR=1\n";
    for (name, text) in [
        ("busnum", "1\n".to_owned()),
        ("devnum", "2\n".to_owned()),
        ("bConfigurationValue", "1\n".to_owned()),
        ("speed", "480\n".to_owned()),
        ("devpath", "1\n".to_owned()),
        ("idVendor", format!("{:04x}\n", descriptors.vendor)),
        ("idProduct", format!("{:04x}\n", descriptors.product)),
        ("uevent", uevent.to_owned()),
    ] {
        fs::write(device.join(name), text)?;
    }
    let bytes = descriptors.bytes();
    fs::write(device.join("descriptors"), &bytes)?;
    link("../../../../../bus/usb", &device.join("subsystem"))?;
    fs::create_dir_all(folder.join("sys/bus/usb/devices"))?;
    fs::create_dir_all(folder.join("sys/class"))?;
    link(
        "../../../devices/pci0000:00/0000:00:14.0/usb1/1-1",
        &folder.join(LINK),
    )?;
    let node = folder.join(NODE);
    fs::create_dir_all(folder.join("dev/bus/usb/001"))?;
    fs::write(node, bytes)
}

fn link(to: &str, at: &Path) -> io::Result<()> {
    match symlink(to, at) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        result => result,
    }
}

pub(crate) fn unplug(folder: &Path) -> io::Result<()> {
    for path in [LINK, NODE] {
        match fs::remove_file(folder.join(path)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    fs::remove_dir_all(folder.join(DEVICE))
}
