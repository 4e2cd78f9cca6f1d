//! A printer on a USB cable, through libusb. The only file that names `rusb`.
//!
//! The requests are those of USB Printer Class 1.1. Limits are finite, and after a time-out the transfer goes on from the count
//! of transferred bytes, as in the `usb` back ends of CUPS and Gutenprint. After a stall those send the same bytes again. This
//! driver does not: the count is not known then, and a byte too many shifts the rest of a plane.

use std::time::Duration;

use rusb::{
    Context, Device, DeviceHandle, Direction, Recipient, RequestType, TransferType, UsbContext,
    request_type,
};

use super::{DeviceId, LinkError, PortStatus, Transport};
use crate::model::Model;

/// USB-IF vendor numbers (usb.ids) of the printers that this crate speaks to.
const MAGICARD: u16 = 0x0C1F;
const EVOLIS: u16 = 0x0F49;
const PRINTER_CLASS: u8 = 0x07;
/// IPP over USB: a network protocol on the same class; no raw job may go there.
const IPP_PROTOCOL: u8 = 0x04;
const GET_DEVICE_ID: u8 = 0;
const GET_PORT_STATUS: u8 = 1;
const SOFT_RESET: u8 = 2;
/// Requests on the control pipe are answered in 0.2 ms when the printer is alive (capture); 5 s is what CUPS gives.
const CONTROL_LIMIT: Duration = Duration::from_secs(5);

/// A printer seen on the bus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub place: String,
    pub vendor: u16,
    pub product: u16,
    /// From the device id or, where that has none, from the descriptor.
    pub serial: Option<String>,
    pub maker: Option<String>,
    pub name: Option<String>,
    pub model: Option<Model>,
    /// Why it could not be asked; the fields above are empty then.
    pub problem: Option<LinkError>,
}

/// Which printer to take.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    pub model: Option<Model>,
    pub serial: Option<String>,
}

/// The printer interface of a device and its two pipes.
#[derive(Debug, Clone, Copy)]
struct Pipes {
    configuration: u8,
    interface: u8,
    alternate: u8,
    out: u8,
    input: Option<u8>,
}

/// An opened printer. Its kernel driver is given back when this is dropped.
#[derive(Debug)]
pub struct UsbTransport {
    handle: DeviceHandle<Context>,
    pipes: Pipes,
    place: String,
    serial: Option<String>,
    id: DeviceId,
    /// Whether the next stall of a read is still tolerated: one for each link, so that a printer that stalls for ever ends
    /// the job.
    may_clear: bool,
}

fn map(error: rusb::Error) -> LinkError {
    match error {
        rusb::Error::Timeout => LinkError::Timeout,
        // An input/output error is what unplugging looks like while a transfer is under way.
        rusb::Error::NoDevice | rusb::Error::Io | rusb::Error::NotFound => LinkError::Unplugged,
        rusb::Error::Pipe => LinkError::Stalled,
        other => LinkError::Other(format!("the USB transfer failed: {other}")),
    }
}

fn place(device: &Device<Context>) -> String {
    format!("usb:{}:{}", device.bus_number(), device.address())
}

fn open_error(device: &Device<Context>, error: rusb::Error) -> LinkError {
    match error {
        rusb::Error::Access => {
            let vendor = device
                .device_descriptor()
                .map(|d| d.vendor_id())
                .unwrap_or_default();
            LinkError::NoPermission(format!(
                "the printer at {} is connected, but this program may not use it: add the udev rule \
                 SUBSYSTEM==\"usb\", ATTR{{idVendor}}==\"{vendor:04x}\", MODE=\"0660\", TAG+=\"uaccess\", GROUP=\"lp\" \
                 and plug the printer in again",
                place(device)
            ))
        }
        rusb::Error::Busy => LinkError::InUse(format!("the printer at {}", place(device))),
        other => map(other),
    }
}

/// The printer interface of a device: class 7 with a bulk pipe out; of several the one that can also talk back.
fn pipes(device: &Device<Context>) -> Option<Pipes> {
    let configuration = device
        .active_config_descriptor()
        .or_else(|_| device.config_descriptor(0))
        .ok()?;
    let mut best: Option<Pipes> = None;
    for descriptor in configuration
        .interfaces()
        .flat_map(|interface| interface.descriptors())
    {
        if descriptor.class_code() != PRINTER_CLASS || descriptor.protocol_code() == IPP_PROTOCOL {
            continue;
        }
        let bulk = |direction| {
            descriptor
                .endpoint_descriptors()
                .find(|endpoint| {
                    endpoint.transfer_type() == TransferType::Bulk
                        && endpoint.direction() == direction
                })
                .map(|endpoint| endpoint.address())
        };
        let Some(out) = bulk(Direction::Out) else {
            continue;
        };
        let found = Pipes {
            configuration: configuration.number(),
            interface: descriptor.interface_number(),
            alternate: descriptor.setting_number(),
            out,
            input: bulk(Direction::In),
        };
        if best.is_none_or(|best| best.input.is_none() && found.input.is_some()) {
            best = Some(found);
        }
    }
    best
}

/// The printers of known makers on the bus, opened or not.
fn candidates() -> Result<Vec<(Device<Context>, Pipes)>, LinkError> {
    let context = Context::new()
        .map_err(|error| LinkError::Other(format!("libusb cannot be used: {error}")))?;
    let devices = context.devices().map_err(map)?;
    Ok(devices
        .iter()
        .filter(|device| {
            device
                .device_descriptor()
                .is_ok_and(|d| [MAGICARD, EVOLIS].contains(&d.vendor_id()))
        })
        .filter_map(|device| pipes(&device).map(|pipes| (device, pipes)))
        .collect())
}

/// Every printer of a known maker that is plugged in.
///
/// # Errors
/// When libusb cannot list the devices.
pub fn list() -> Result<Vec<Found>, LinkError> {
    let found = candidates()?.into_iter().map(|(device, pipes)| {
        let descriptor = device.device_descriptor();
        let (vendor, product) = descriptor
            .map(|d| (d.vendor_id(), d.product_id()))
            .unwrap_or_default();
        let mut found = Found {
            place: place(&device),
            vendor,
            product,
            serial: None,
            maker: None,
            name: None,
            model: None,
            problem: None,
        };
        match UsbTransport::attach(&device, pipes) {
            Ok(link) => {
                found.maker = link.id.maker().map(str::to_owned);
                found.name = link.id.model().map(str::to_owned);
                found.model = link.model();
                found.serial = link.serial.clone();
            }
            Err(problem) => found.problem = Some(problem),
        }
        found
    });
    Ok(found.collect())
}

impl UsbTransport {
    /// Opens the first printer that passes the filter.
    ///
    /// # Errors
    /// When there is none, or none that can be opened.
    pub fn open(filter: &Filter) -> Result<Self, LinkError> {
        let mut failure = None;
        for (device, pipes) in candidates()? {
            match Self::attach(&device, pipes) {
                Ok(link) => match link.refused(filter) {
                    None => return Ok(link),
                    Some(error) => failure = Some(error),
                },
                Err(error) => failure = Some(error),
            }
        }
        let wanted = match (&filter.model, &filter.serial) {
            (_, Some(serial)) => format!("USB with the serial number {serial}"),
            (Some(model), None) => format!("USB that is a {}", model.title()),
            (None, None) => "USB".to_owned(),
        };
        Err(failure.unwrap_or(LinkError::NotFound(wanted)))
    }

    fn attach(device: &Device<Context>, pipes: Pipes) -> Result<Self, LinkError> {
        let handle = device.open().map_err(|error| open_error(device, error))?;
        // usblp holds the interface on a machine with the kernel's driver; it gets the interface back when this is dropped.
        match handle.set_auto_detach_kernel_driver(true) {
            Ok(()) | Err(rusb::Error::NotSupported) => {}
            Err(error) => return Err(map(error)),
        }
        handle
            .claim_interface(pipes.interface)
            .map_err(|error| open_error(device, error))?;
        if pipes.alternate != 0 {
            handle
                .set_alternate_setting(pipes.interface, pipes.alternate)
                .map_err(map)?;
        }
        let mut link = Self {
            handle,
            pipes,
            place: place(device),
            serial: None,
            id: DeviceId::default(),
            may_clear: true,
        };
        link.id = link.read_id()?;
        link.serial = link.id.serial().map(str::to_owned).or_else(|| {
            let descriptor = device.device_descriptor().ok()?;
            let languages = link.handle.read_languages(CONTROL_LIMIT).ok()?;
            let text = link
                .handle
                .read_serial_number_string(*languages.first()?, &descriptor, CONTROL_LIMIT)
                .ok()?;
            Some(text.trim().to_owned()).filter(|text| !text.is_empty())
        });
        Ok(link)
    }

    /// The family that the device id names.
    pub(crate) fn model(&self) -> Option<Model> {
        Model::from_device_id(
            self.id.maker().unwrap_or_default(),
            self.id.model().unwrap_or_default(),
        )
    }

    /// Why this printer is not the wanted one; `None` when it is.
    fn refused(&self, filter: &Filter) -> Option<LinkError> {
        if let Some(serial) = filter
            .serial
            .as_ref()
            .filter(|serial| self.serial.as_ref() != Some(serial))
        {
            return Some(LinkError::NotFound(format!(
                "USB with the serial number {serial}"
            )));
        }
        // A device id that names no known model does not exclude the printer: the configuration names its model.
        match (filter.model, self.model()) {
            (Some(wanted), Some(found)) if wanted != found => {
                Some(LinkError::WrongModel { found, wanted })
            }
            _ => None,
        }
    }

    fn read_id(&self) -> Result<DeviceId, LinkError> {
        let mut buffer = [0; 1024];
        let value = u16::from(self.pipes.configuration.saturating_sub(1));
        let index = u16::from(self.pipes.interface) << 8 | u16::from(self.pipes.alternate);
        let kind = request_type(Direction::In, RequestType::Class, Recipient::Interface);
        match self.handle.read_control(
            kind,
            GET_DEVICE_ID,
            value,
            index,
            &mut buffer,
            CONTROL_LIMIT,
        ) {
            Ok(length) => Ok(DeviceId::from_class_request(&buffer[..length])),
            // A printer without an id is still a printer.
            Err(rusb::Error::Pipe) => Ok(DeviceId::default()),
            Err(error) => Err(map(error)),
        }
    }
}

/// The errors of libusb, under a name that tests can use without naming the library.
type UsbError = rusb::Error;
type UsbResult<T> = Result<T, UsbError>;

/// The two bulk pipes of a device, as libusb offers them.
trait Bulk {
    fn write(&self, endpoint: u8, bytes: &[u8], limit: Duration) -> UsbResult<usize>;
    fn read(&self, endpoint: u8, buffer: &mut [u8], limit: Duration) -> UsbResult<usize>;
    fn clear_halt(&self, endpoint: u8) -> UsbResult<()>;
}

impl Bulk for DeviceHandle<Context> {
    fn write(&self, endpoint: u8, bytes: &[u8], limit: Duration) -> UsbResult<usize> {
        self.write_bulk(endpoint, bytes, limit)
    }

    fn read(&self, endpoint: u8, buffer: &mut [u8], limit: Duration) -> UsbResult<usize> {
        self.read_bulk(endpoint, buffer, limit)
    }

    fn clear_halt(&self, endpoint: u8) -> UsbResult<()> {
        DeviceHandle::clear_halt(self, endpoint)
    }
}

/// The limit for libusb, which counts in whole milliseconds and takes zero for "no limit".
fn for_libusb(limit: Duration) -> Duration {
    limit.max(Duration::from_millis(1))
}

/// Sends bytes. After a stall the pipe is made usable again and nothing is sent again: it is not known how many of the bytes
/// the printer has accepted.
fn write(bulk: &impl Bulk, out: u8, bytes: &[u8], limit: Duration) -> Result<usize, LinkError> {
    match bulk.write(out, bytes, for_libusb(limit)) {
        Ok(0) => Err(LinkError::Timeout),
        Ok(count) => Ok(count),
        Err(error) => {
            if error == UsbError::Pipe {
                let _ = bulk.clear_halt(out);
            }
            Err(map(error))
        }
    }
}

/// Reads bytes. After the first stall of a link the pipe is made usable again and read once more, which sends nothing.
fn read(
    bulk: &impl Bulk,
    input: u8,
    buffer: &mut [u8],
    limit: Duration,
    may_clear: &mut bool,
) -> Result<usize, LinkError> {
    let limit = for_libusb(limit);
    match bulk.read(input, buffer, limit) {
        Ok(0) => Err(LinkError::Timeout),
        Ok(count) => Ok(count),
        Err(UsbError::Pipe) if std::mem::take(may_clear) && bulk.clear_halt(input).is_ok() => {
            match bulk.read(input, buffer, limit).map_err(map)? {
                0 => Err(LinkError::Timeout),
                count => Ok(count),
            }
        }
        Err(error) => Err(map(error)),
    }
}

impl Transport for UsbTransport {
    fn write(&mut self, bytes: &[u8], limit: Duration) -> Result<usize, LinkError> {
        write(&self.handle, self.pipes.out, bytes, limit)
    }

    fn read(&mut self, buffer: &mut [u8], limit: Duration) -> Result<usize, LinkError> {
        let Some(input) = self.pipes.input else {
            return Err(LinkError::Other(
                "the printer has no pipe to answer on".to_owned(),
            ));
        };
        read(&self.handle, input, buffer, limit, &mut self.may_clear)
    }

    fn port_status(&mut self) -> Result<Option<PortStatus>, LinkError> {
        let mut byte = [0];
        let kind = request_type(Direction::In, RequestType::Class, Recipient::Interface);
        match self.handle.read_control(
            kind,
            GET_PORT_STATUS,
            0,
            self.pipes.interface.into(),
            &mut byte,
            CONTROL_LIMIT,
        ) {
            Ok(1) => Ok(Some(PortStatus(byte[0]))),
            Ok(_) | Err(rusb::Error::Pipe) => Ok(None),
            Err(error) => Err(map(error)),
        }
    }

    fn device_id(&mut self) -> Result<Option<DeviceId>, LinkError> {
        Ok(Some(self.id.clone()))
    }

    fn soft_reset(&mut self) -> Result<(), LinkError> {
        // Version 1.0 of the class said recipient "other", 1.1 "interface"; CUPS tries both in this order.
        let mut last = rusb::Error::Other;
        for recipient in [Recipient::Other, Recipient::Interface] {
            let kind = request_type(Direction::Out, RequestType::Class, recipient);
            match self.handle.write_control(
                kind,
                SOFT_RESET,
                0,
                self.pipes.interface.into(),
                &[],
                CONTROL_LIMIT,
            ) {
                Ok(_) => return Ok(()),
                Err(error) => last = error,
            }
        }
        Err(map(last))
    }

    fn place(&self) -> String {
        self.place.clone()
    }

    fn serial(&self) -> Option<String> {
        self.serial.clone()
    }
}

impl Drop for UsbTransport {
    fn drop(&mut self) {
        // libusb hands the interface back to the kernel's driver here.
        let _ = self.handle.release_interface(self.pipes.interface);
    }
}

#[cfg(test)]
mod tests;
