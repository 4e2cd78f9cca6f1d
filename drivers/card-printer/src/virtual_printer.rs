//! Printers in software. They take the same bytes as the real ones, just as strictly, and draw the card that would come out.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use device::Fault as _;
use serde::Serialize;
use tokio::sync::watch;

use crate::decoded::DecodedSide;
use crate::fault::Fault;
use crate::model::{Model, Protocol};
use crate::transport::{DeviceId, LinkError, PortStatus, Transport};

mod chassis;
mod control;
mod evolis;
mod magicard;
mod server;

pub use control::Control;

use chassis::{Chassis, is_of_the_link};

/// What a virtual printer is like when it is switched on.
#[derive(Debug, Clone, PartialEq)]
pub struct VirtualOptions {
    /// Which printer it is.
    pub model: Model,
    /// Its serial number.
    pub serial: String,
    /// How long work takes: 1 = 20 s a card (a guess), 0 = none.
    pub speed: f64,
    /// Cards in the hopper.
    pub cards: u32,
    /// Prints on the film.
    pub film: u32,
    /// How many cards the output tray holds.
    pub output_room: u32,
    /// How many cards the reject tray holds.
    pub reject_room: u32,
    /// Cards printed before, by the counter.
    pub cards_printed: u64,
    /// Where the counter is kept when the printer is switched off, as a real one keeps it: a file with one number.
    pub counter_file: Option<PathBuf>,
}

impl VirtualOptions {
    pub fn new(model: Model) -> Self {
        Self {
            model,
            serial: "V0001".to_owned(),
            speed: 1.0,
            cards: 100,
            film: 300,
            output_room: u32::MAX,
            reject_room: u32::MAX,
            cards_printed: 0,
            counter_file: None,
        }
    }

    /// The same with another speed.
    #[must_use]
    pub fn speed(self, speed: f64) -> Self {
        Self {
            speed: speed.clamp(0.0, 100.0),
            ..self
        }
    }
}

/// Where a card ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Tray {
    Output,
    Reject,
}

/// A card that left the printer.
#[derive(Debug, Clone)]
pub struct PrintedCard {
    /// As far as it was printed; [`DecodedSide::draw`] gives the picture.
    pub front: DecodedSide,
    pub back: Option<DecodedSide>,
    pub tracks: [Option<String>; 3],
    pub tray: Tray,
    /// The bytes that made it, without the questions between them.
    pub job: Arc<Vec<u8>>,
}

/// Every card is in one of these: fed = ejected + rejected + inside.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Books {
    pub fed: u64,
    pub ejected: u64,
    pub rejected: u64,
    pub inside: u64,
}

/// A virtual printer. Clones are the same machine behind other cables.
#[derive(Clone)]
pub struct VirtualPrinter {
    shared: Arc<Shared>,
}

struct Shared {
    machine: Mutex<Machine>,
    cards_out: watch::Sender<u64>,
}

/// The front end that speaks the protocol.
enum Front {
    Magicard(magicard::Front),
    Evolis(evolis::Front),
}

impl Front {
    fn new(options: &VirtualOptions) -> Self {
        match options.model.protocol() {
            Protocol::Magicard => Self::Magicard(magicard::Front::new(options)),
            Protocol::Evolis => Self::Evolis(evolis::Front::new(options)),
        }
    }

    fn take(&mut self, bytes: &[u8], chassis: &mut Chassis) {
        match self {
            Self::Magicard(front) => front.take(bytes, chassis),
            Self::Evolis(front) => front.take(bytes),
        }
    }

    fn read(&mut self, room: usize) -> Option<Vec<u8>> {
        match self {
            Self::Magicard(front) => front.read(room),
            Self::Evolis(front) => front.read(room),
        }
    }

    fn drop_input(&mut self) {
        match self {
            Self::Magicard(front) => front.drop_input(),
            Self::Evolis(front) => front.drop_input(),
        }
    }

    /// Why it refused what it was sent, the first time it did.
    fn refused(&self) -> Option<String> {
        match self {
            Self::Magicard(front) => front.refused.as_ref().map(ToString::to_string),
            Self::Evolis(front) => front.refused.clone(),
        }
    }

    /// A Magicard at work takes and answers nothing; an Evolis accepts some commands ahead and answers each in its turn.
    fn listens(&self, chassis: &Chassis) -> bool {
        match self {
            Self::Magicard(_) => !chassis.is_busy() || chassis.halted.is_some(),
            Self::Evolis(front) => front.takes_input(),
        }
    }

    fn talks(&self, chassis: &Chassis) -> bool {
        match self {
            Self::Magicard(_) => !chassis.is_busy() || chassis.halted.is_some(),
            Self::Evolis(_) => true,
        }
    }
}

/// The machine: the body, and the front end that speaks the protocol.
struct Machine {
    options: VirtualOptions,
    chassis: Chassis,
    front: Front,
    plugged: bool,
    /// After how many transfers the cable is pulled in the middle of one.
    cut_in: Option<u64>,
    /// After how many transfers the driver's thread panics.
    panic_in: Option<u64>,
    /// How many bytes it takes at a time, and how long it takes for them.
    slow: Option<(usize, Duration)>,
    transfers: u64,
    announced: u64,
}

impl fmt::Debug for VirtualPrinter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VirtualPrinter({})", self.lock().options.model)
    }
}

impl VirtualPrinter {
    pub fn new(options: VirtualOptions) -> Self {
        let machine = Machine {
            chassis: Chassis::new(&options),
            front: Front::new(&options),
            options,
            plugged: true,
            cut_in: None,
            panic_in: None,
            slow: None,
            transfers: 0,
            announced: 0,
        };
        let (cards_out, _) = watch::channel(0);
        Self {
            shared: Arc::new(Shared {
                machine: Mutex::new(machine),
                cards_out,
            }),
        }
    }

    /// The control that raises its faults and takes its cards.
    pub fn control(&self) -> Control {
        Control::new(self.clone())
    }

    fn lock(&self) -> MutexGuard<'_, Machine> {
        self.shared
            .machine
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Does something with the machine as it is at this moment.
    fn with<R>(&self, action: impl FnOnce(&mut Machine) -> R) -> R {
        let mut machine = self.lock();
        machine.go_on();
        let result = action(&mut machine);
        machine.go_on();
        let out = machine.chassis.books.ejected + machine.chassis.books.rejected;
        if out != machine.announced {
            machine.announced = out;
            self.shared.cards_out.send_replace(out);
        }
        result
    }

    /// Offers bytes, as a bulk transfer does. Returns how many were accepted; 0 = none at the moment.
    ///
    /// # Errors
    /// When the cable is pulled.
    pub fn write(&self, bytes: &[u8]) -> Result<usize, LinkError> {
        self.with(|machine| {
            machine.connected()?;
            if !machine.takes_input() {
                return Ok(0);
            }
            if machine.cut_in == Some(0) {
                // The cable is pulled in the middle of this transfer: some of it has arrived.
                machine
                    .front
                    .take(&bytes[..bytes.len() / 2], &mut machine.chassis);
            }
            machine.transfer()?;
            machine.front.take(bytes, &mut machine.chassis);
            Ok(bytes.len())
        })
    }

    /// Asks for bytes; `None` = there is no answer at the moment.
    ///
    /// # Errors
    /// When the cable is pulled.
    pub fn read(&self, room: usize) -> Result<Option<Vec<u8>>, LinkError> {
        self.with(|machine| {
            machine.connected()?;
            // At speed 0 the work is over at once. The host must be able to see once that there was any.
            if machine.is_silent()
                || !machine.front.talks(&machine.chassis)
                || std::mem::take(&mut machine.chassis.unseen)
            {
                return Ok(None);
            }
            let Some(reply) = machine.front.read(room) else {
                return Ok(None);
            };
            machine.transfer()?;
            Ok(Some(reply))
        })
    }

    /// The status byte of the printer class.
    ///
    /// # Errors
    /// When the cable is pulled, or the printer does not answer.
    pub fn port_status(&self) -> Result<u8, LinkError> {
        self.with(|machine| {
            machine.transfer()?;
            if machine.is_silent() {
                return Err(LinkError::Timeout);
            }
            let chassis = &mut machine.chassis;
            let attention = chassis
                .raised
                .iter()
                .any(|fault| fault.is_failure() && !is_of_the_link(fault));
            Ok(
                if chassis.halted.is_some() || (attention && !chassis.is_busy()) {
                    PortStatus::ERROR.0
                } else if chassis.is_busy() || std::mem::take(&mut chassis.unseen) {
                    PortStatus::BUSY.0
                } else {
                    PortStatus::READY.0
                },
            )
        })
    }

    /// The answer to GET_DEVICE_ID, with its two bytes of length.
    pub fn device_id(&self) -> Vec<u8> {
        let machine = self.lock();
        let wrong = machine.chassis.raised.contains(&Fault::WrongModel);
        let model = match machine.options.model {
            Model::Rio2 if wrong => Model::Enduro,
            _ if wrong => Model::Rio2,
            model => model,
        };
        let text = device_id(model, &machine.options.serial);
        let mut bytes = ((text.len() + 2) as u16).to_be_bytes().to_vec();
        bytes.extend_from_slice(text.as_bytes());
        bytes
    }

    /// SOFT_RESET: drops what is half received.
    ///
    /// # Errors
    /// When the cable is pulled.
    pub fn soft_reset(&self) -> Result<(), LinkError> {
        self.with(|machine| {
            machine.transfer()?;
            machine.front.drop_input();
            Ok(())
        })
    }

    /// A host has closed its byte stream (TCP): what is half received is dropped.
    pub fn hang_up(&self) {
        self.with(|machine| machine.front.drop_input());
    }

    pub fn model(&self) -> Model {
        self.lock().options.model
    }

    /// The USB ids that it shows.
    pub fn usb_ids(&self) -> (u16, u16) {
        match self.model() {
            Model::Rio2 => (0x0C1F, 0x1800),
            Model::Alto | Model::Avalon => (0x0C1F, 0x2800),
            Model::Enduro => (0x0C1F, 0x4800),
            Model::Primacy | Model::Zenius => (0x0F49, 0x0A00),
        }
    }

    pub fn serial(&self) -> String {
        self.lock().options.serial.clone()
    }
}

/// The 1284 ids of real printers (PPD files of Gutenprint 5.3.4 and of Magicard; the Evolis form is a guess).
fn device_id(model: Model, serial: &str) -> String {
    match model {
        Model::Rio2 => format!("MFG:Magicard ; CMD:PCL,MPL;MDL:RioTango2D;SN:{serial};"),
        Model::Avalon => format!("MFG:Magicard ;MDL:Avalon;SN:{serial};"),
        Model::Enduro => format!("MFG:Magicard ;MDL:Enduro;SN:{serial};"),
        Model::Alto => format!("MFG:Magicard ;MDL:Alto;SN:{serial};"),
        Model::Primacy => format!("MFG:EVOLIS;MDL:Primacy;CLS:PRINTER;SN:{serial};"),
        Model::Zenius => format!("MFG:EVOLIS;MDL:Zenius;CLS:PRINTER;SN:{serial};"),
    }
}

impl Machine {
    /// Moves everything to the present.
    fn go_on(&mut self) {
        loop {
            self.chassis.advance(Instant::now());
            let moved = match &mut self.front {
                Front::Magicard(_) => false,
                Front::Evolis(front) => front.pump(&mut self.chassis),
            };
            if !moved {
                return;
            }
        }
    }

    fn connected(&self) -> Result<(), LinkError> {
        // Permissions and identity are checked when the device is opened, so a change shows as a device that went and came
        // back.
        let replaced = [Fault::NoPermission, Fault::WrongModel]
            .iter()
            .any(|fault| self.chassis.raised.contains(fault));
        if !self.plugged || replaced {
            Err(LinkError::Unplugged)
        } else {
            Ok(())
        }
    }

    /// Counts a transfer. Fails when the cable is pulled, or is to be pulled now.
    fn transfer(&mut self) -> Result<(), LinkError> {
        self.connected()?;
        self.transfers += 1;
        match &mut self.cut_in {
            Some(0) => {
                self.cut_in = None;
                self.pull();
                Err(LinkError::Unplugged)
            }
            Some(left) => {
                *left -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Pulls the cable.
    fn pull(&mut self) {
        self.plugged = false;
        self.front.drop_input();
    }

    /// Whether it takes and answers nothing.
    fn is_silent(&self) -> bool {
        self.chassis.raised.contains(&Fault::NotAnswering)
    }

    fn takes_input(&self) -> bool {
        !self.is_silent() && self.front.listens(&self.chassis)
    }

    fn books(&self) -> Books {
        Books {
            inside: self.chassis.inside.is_some().into(),
            ..self.chassis.books
        }
    }
}

/// The cable between a driver and a virtual printer in the same process.
#[derive(Debug)]
pub struct VirtualTransport {
    printer: VirtualPrinter,
}

impl VirtualTransport {
    /// Plugs in.
    ///
    /// # Errors
    /// As opening a real device.
    pub fn open(printer: &VirtualPrinter) -> Result<Self, LinkError> {
        let machine = printer.lock();
        if !machine.plugged || machine.chassis.raised.contains(&Fault::Unplugged) {
            return Err(LinkError::NotFound("the virtual socket".to_owned()));
        }
        if machine.chassis.raised.contains(&Fault::NoPermission) {
            return Err(LinkError::NoPermission(
                "the virtual printer is there, but may not be used".to_owned(),
            ));
        }
        let wanted = machine.options.model;
        drop(machine);
        let id = DeviceId::from_class_request(&printer.device_id());
        match Model::from_device_id(
            id.maker().unwrap_or_default(),
            id.model().unwrap_or_default(),
        ) {
            Some(found) if found != wanted => Err(LinkError::WrongModel { found, wanted }),
            _ => Ok(Self {
                printer: printer.clone(),
            }),
        }
    }
}

impl VirtualTransport {
    /// Panics when the control has asked for it. The link is used by the driver's thread only.
    fn panic_if_asked(&self) {
        let asked = self.printer.with(|machine| match &mut machine.panic_in {
            Some(0) => machine.panic_in.take().is_some(),
            Some(left) => {
                *left -= 1;
                false
            }
            None => machine.chassis.raised.contains(&Fault::Crashed),
        });
        assert!(!asked, "the virtual printer was asked for a panic");
    }
}

/// How often a transfer that waits looks again.
const TICK: Duration = Duration::from_micros(500);

fn until<R>(
    limit: Duration,
    mut attempt: impl FnMut() -> Result<Option<R>, LinkError>,
) -> Result<R, LinkError> {
    let deadline = Instant::now() + limit;
    loop {
        if let Some(result) = attempt()? {
            return Ok(result);
        }
        if Instant::now() >= deadline {
            return Err(LinkError::Timeout);
        }
        std::thread::sleep(TICK.min(limit));
    }
}

impl Transport for VirtualTransport {
    fn write(&mut self, bytes: &[u8], limit: Duration) -> Result<usize, LinkError> {
        self.panic_if_asked();
        let mut bytes = bytes;
        if let Some((most, pause)) = self.printer.with(|machine| machine.slow) {
            bytes = &bytes[..bytes.len().min(most)];
            std::thread::sleep(pause.min(limit));
        }
        until(limit, || {
            self.printer
                .write(bytes)
                .map(|count| (count > 0).then_some(count))
        })
    }

    fn read(&mut self, buffer: &mut [u8], limit: Duration) -> Result<usize, LinkError> {
        self.panic_if_asked();
        let room = buffer.len();
        let data = until(limit, || self.printer.read(room))?;
        buffer[..data.len()].copy_from_slice(&data);
        Ok(data.len())
    }

    fn port_status(&mut self) -> Result<Option<PortStatus>, LinkError> {
        self.panic_if_asked();
        self.printer
            .port_status()
            .map(|byte| Some(PortStatus(byte)))
    }

    fn device_id(&mut self) -> Result<Option<DeviceId>, LinkError> {
        Ok(Some(DeviceId::from_class_request(
            &self.printer.device_id(),
        )))
    }

    fn soft_reset(&mut self) -> Result<(), LinkError> {
        self.printer.soft_reset()
    }

    fn place(&self) -> String {
        format!("virtual:{}", self.printer.model())
    }

    /// Gutenprint's back end sends this much at a time.
    fn chunk(&self) -> usize {
        65_536
    }
}

#[cfg(test)]
mod tests;
