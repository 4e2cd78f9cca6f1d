//! Descriptions of the booth's parts and their faults, for staff.

use common::health::{Part, Reason};

use super::{Booth, Parts};
use crate::devices;

impl Booth {
    /// A part as it identifies itself (model, format, path), in a few words; empty if nothing is known.
    pub fn describe(&self, part: Part) -> String {
        let parts = &self.0;
        match part {
            Part::Camera => {
                let status = parts.devices.camera.status();
                let status = status.borrow();
                let format = status
                    .format
                    .map(|format| format!(" {}x{}", format.width, format.height));
                format!(
                    "{}{}",
                    status.camera.as_deref().unwrap_or_default(),
                    format.unwrap_or_default()
                )
            }
            Part::Printer => {
                let status = parts.devices.printer.status();
                let status = status.borrow().clone();
                parts.printer_name(Some(&status))
            }
            Part::Reader => match &parts.devices.reader {
                Some(reader) => {
                    let status = reader.status();
                    let status = status.borrow();
                    status
                        .reader
                        .as_ref()
                        .map(ToString::to_string)
                        .unwrap_or_default()
                }
                None => String::new(),
            },
            Part::Store => parts
                .config
                .outbox_settings(&parts.data)
                .store
                .display()
                .to_string(),
            Part::Identity | Part::Portal | Part::Disk | Part::Clock => String::new(),
        }
    }

    /// What is wrong with a part and what to do about it, in English, for the terminal.
    pub fn explain(&self, reason: &Reason) -> String {
        devices::explain(reason).unwrap_or_else(|| reason.fault.clone())
    }
}

impl Parts {
    /// The printer's model and serial number, by which the journal knows it. An unidentified printer has its selector.
    pub(crate) fn printer_name(&self, status: Option<&card_printer::Status>) -> String {
        let name = |status: &card_printer::Status| {
            let model = status
                .model_name
                .clone()
                .or(status.model.map(|model| model.to_string()));
            let serial = status.serial.clone();
            [model, serial]
                .into_iter()
                .flatten()
                .collect::<Vec<_>>()
                .join(" ")
        };
        let known = status.map(name).filter(|name| !name.is_empty());
        known.unwrap_or_else(|| self.config.devices().printer.clone())
    }
}
