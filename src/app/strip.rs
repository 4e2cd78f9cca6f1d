//! Test mode's strip at the lower edge of the window: what it shows, and what its buttons do to the virtual devices.

use crate::{
    booth,
    elements::{Device, Fault, PanelAction, Strip},
};
use common::health::Part;

/// The test panel, and the strip that displays it.
#[derive(Debug)]
pub(super) struct StripState {
    panel: booth::TestPanel,
    pub(super) strip: Strip,
    /// A visit is going on. When it ends, the virtual camera shows the next visitor.
    visited: bool,
    visitor: usize,
}

impl StripState {
    pub(super) fn new(panel: booth::TestPanel) -> Self {
        let strip = Strip {
            people: panel.people(),
            person: 0,
            devices: devices(&panel.faults()),
        };
        Self {
            panel,
            strip,
            visited: false,
            visitor: 0,
        }
    }

    pub(super) fn act(&mut self, action: &PanelAction) {
        match action {
            PanelAction::NextPerson => {
                let count = self.strip.people.len().max(1);
                self.strip.person = (self.strip.person + 1) % count;
            }
            PanelAction::Approve => drop(self.panel.approve(self.strip.person)),
            PanelAction::Deny => drop(self.panel.deny()),
            PanelAction::LayOldCard => self.panel.lay_old_card(),
            PanelAction::LayNewCard => self.panel.lay_new_card(),
            PanelAction::TakeCard => {
                self.panel.take_card();
                self.panel.show_visitor(self.visitor);
            }
            PanelAction::Toggle { device, fault } => {
                let known = self
                    .strip
                    .devices
                    .get(*device)
                    .and_then(|device| Some((device.name, device.faults.get(*fault)?.name)));
                let all = self.panel.faults();
                let found = all
                    .iter()
                    .find(|fault| known == Some((fault.part.name(), fault.name)));
                if let Some(fault) = found {
                    self.panel.toggle(fault);
                }
            }
        }
        self.strip.devices = devices(&self.panel.faults());
    }

    /// After each visit the virtual camera shows another visitor, and the virtual reader is empty.
    pub(super) fn follow(&mut self, personal: bool) {
        if self.visited && !personal {
            self.visitor += 1;
            self.panel.take_card();
            self.panel.show_visitor(self.visitor);
        }
        self.visited = personal;
    }
}

/// The faults that can be injected, grouped by device.
fn devices(faults: &[booth::InjectedFault]) -> Vec<Device> {
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
