//! Puts the same device behind a real USB stack: a server of the *usbredir* protocol, which QEMU connects to its guest
//! as a device.
//!
//! The guest's xhci driver, its `usblp`, its libusb and the real program run above it. The protocol is that of usbredir
//! 0.13 (`usbredirproto.h`): a header with type, length and id, and then control (100) and bulk (101) packets, which
//! are answered with the same id. Closing the connection pulls the cable. QEMU reconnects by itself, which plugs the
//! device in again.

use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::{Answer, Descriptors, Device, Setup};

const HELLO: u32 = 0;
const DEVICE_CONNECT: u32 = 1;
const INTERFACE_INFO: u32 = 4;
const EP_INFO: u32 = 5;
const SET_CONFIGURATION: u32 = 6;
const GET_CONFIGURATION: u32 = 7;
const CONFIGURATION_STATUS: u32 = 8;
const SET_ALTERNATE: u32 = 9;
const GET_ALTERNATE: u32 = 10;
const ALTERNATE_STATUS: u32 = 11;
const CANCEL: u32 = 21;
const CONTROL: u32 = 100;
const BULK: u32 = 101;

const DONE: u8 = 0;
const CANCELLED: u8 = 1;
const STALLED: u8 = 4;

/// The capabilities that QEMU requires for its xhci: the device's version, the size of packets, 64-bit ids and 32-bit
/// lengths.
const ABILITIES: u32 = 1 << 1 | 1 << 4 | 1 << 5 | 1 << 6;
/// The longest accepted packet. libusb passes usbfs 16 kB at a time.
const MAX_PACKET: usize = 1 << 20;
/// How often a transfer that the device did not take is offered again.
const TICK: Duration = Duration::from_millis(1);

/// A device that waits for QEMU at a socket file until the process ends.
#[derive(Debug)]
pub struct Redir {
    connections: Arc<Mutex<u64>>,
}

impl Redir {
    /// Waits at `path` for QEMU until the process ends.
    pub fn listen(path: &Path, descriptors: Descriptors, device: impl Device) -> io::Result<Self> {
        let listener = UnixListener::bind(path)?;
        let connections = Arc::new(Mutex::new(0));
        let count = connections.clone();
        std::thread::Builder::new()
            .name("usbredir".to_owned())
            .spawn(move || {
                let mut device: Box<dyn Device> = Box::new(device);
                for stream in listener.incoming().map_while(Result::ok) {
                    *count
                        .lock()
                        .unwrap_or_else(std::sync::PoisonError::into_inner) += 1;
                    let mut cable = Cable {
                        stream,
                        descriptors: &descriptors,
                        device: &mut *device,
                        wide: false,
                        pending: Vec::new(),
                        input: Vec::new(),
                    };
                    // However this ends, the cable is unplugged afterwards.
                    let _ = cable.run();
                }
            })?;
        Ok(Self { connections })
    }

    /// Returns how often the device was plugged in.
    pub fn connections(&self) -> u64 {
        *self
            .connections
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// A bulk transfer that has not ended.
struct Transfer {
    id: u64,
    endpoint: u8,
    stream: [u8; 4],
    work: Work,
}

enum Work {
    Out { data: Vec<u8>, taken: usize },
    In { room: usize },
}

/// One connection.
struct Cable<'a> {
    stream: UnixStream,
    descriptors: &'a Descriptors,
    device: &'a mut dyn Device,
    /// Whether both sides use 64-bit ids.
    wide: bool,
    pending: Vec<Transfer>,
    input: Vec<u8>,
}

fn gone() -> io::Error {
    ErrorKind::ConnectionAborted.into()
}

fn take<const N: usize>(bytes: &[u8], at: usize) -> io::Result<[u8; N]> {
    bytes
        .get(at..at + N)
        .and_then(|part| part.try_into().ok())
        .ok_or_else(|| ErrorKind::InvalidData.into())
}

impl Cable<'_> {
    fn run(&mut self) -> io::Result<()> {
        self.stream.set_read_timeout(Some(TICK))?;
        self.stream
            .set_write_timeout(Some(Duration::from_secs(10)))?;
        let mut hello = b"usb-bed".to_vec();
        hello.resize(64, 0);
        hello.extend(ABILITIES.to_le_bytes());
        self.send(HELLO, 0, &hello)?;
        let mut piece = [0; 65_536];
        loop {
            match self.stream.read(&mut piece) {
                Ok(0) => return Ok(()),
                Ok(count) => self.input.extend_from_slice(&piece[..count]),
                Err(error)
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                Err(error) => return Err(error),
            }
            while let Some((kind, id, body)) = self.packet()? {
                self.answer(kind, id, &body)?;
            }
            self.move_on()?;
        }
    }

    fn send(&mut self, kind: u32, id: u64, body: &[u8]) -> io::Result<()> {
        let mut packet = kind.to_le_bytes().to_vec();
        packet.extend((body.len() as u32).to_le_bytes());
        if self.wide {
            packet.extend(id.to_le_bytes());
        } else {
            packet.extend((id as u32).to_le_bytes());
        }
        packet.extend_from_slice(body);
        self.stream.write_all(&packet)
    }

    fn packet(&mut self) -> io::Result<Option<(u32, u64, Vec<u8>)>> {
        let head = if self.wide { 16 } else { 12 };
        if self.input.len() < head {
            return Ok(None);
        }
        let kind = u32::from_le_bytes(take(&self.input, 0)?);
        let length = u32::from_le_bytes(take(&self.input, 4)?) as usize;
        if length > MAX_PACKET {
            return Err(ErrorKind::InvalidData.into());
        }
        if self.input.len() < head + length {
            return Ok(None);
        }
        let id = if self.wide {
            u64::from_le_bytes(take(&self.input, 8)?)
        } else {
            u64::from(u32::from_le_bytes(take(&self.input, 8)?))
        };
        let body = self.input[head..head + length].to_vec();
        self.input.drain(..head + length);
        Ok(Some((kind, id, body)))
    }

    fn answer(&mut self, kind: u32, id: u64, body: &[u8]) -> io::Result<()> {
        match kind {
            HELLO => {
                self.wide = true;
                self.shape()?;
                let [v0, v1] = self.descriptors.vendor.to_le_bytes();
                let [p0, p1] = self.descriptors.product.to_le_bytes();
                // The values are high speed, the class in the interface, and version 1.00.
                self.send(DEVICE_CONNECT, 0, &[2, 0, 0, 0, v0, v1, p0, p1, 0, 1])
            }
            SET_CONFIGURATION => {
                self.shape()?;
                let [value] = take(body, 0)?;
                self.send(CONFIGURATION_STATUS, id, &[DONE, value])
            }
            GET_CONFIGURATION => self.send(CONFIGURATION_STATUS, id, &[DONE, 1]),
            SET_ALTERNATE => {
                let [interface, alternate] = take(body, 0)?;
                self.send(ALTERNATE_STATUS, id, &[DONE, interface, alternate])
            }
            GET_ALTERNATE => {
                let [interface] = take(body, 0)?;
                self.send(ALTERNATE_STATUS, id, &[DONE, interface, 0])
            }
            CANCEL => self.cancel(id),
            CONTROL => self.control(id, body),
            BULK => self.bulk(id, body),
            // Other packets are resets, filters and requests for other kinds of device.
            _ => Ok(()),
        }
    }

    /// Sends the interface and the endpoints. Places 0 to 15 are outgoing, 16 to 31 incoming.
    fn shape(&mut self) -> io::Result<()> {
        let place = |out: u8, input: u8, other: u8| -> Vec<u8> {
            let mut all = [other; 32];
            (all[1], all[18]) = (out, input);
            all.to_vec()
        };
        let mut interfaces = 1_u32.to_le_bytes().to_vec();
        for value in [0, 7, 1, self.descriptors.protocol] {
            interfaces.push(value);
            interfaces.resize(interfaces.len() + 31, 0);
        }
        self.send(INTERFACE_INFO, 0, &interfaces)?;
        let (control, bulk, none) = (0, 2, 0xFF);
        let mut kinds = place(bulk, bulk, none);
        (kinds[0], kinds[16]) = (control, control);
        let mut sizes = [0_u16; 32];
        (sizes[0], sizes[16], sizes[1], sizes[18]) = (64, 64, 512, 512);
        let sizes: Vec<u8> = sizes.iter().flat_map(|size| size.to_le_bytes()).collect();
        let body = [kinds, vec![0; 32], vec![0; 32], sizes].concat();
        self.send(EP_INFO, 0, &body)
    }

    fn control(&mut self, id: u64, body: &[u8]) -> io::Result<()> {
        let [endpoint, request, kind, _status] = take(body, 0)?;
        let word = |at| take(body, at).map(u16::from_le_bytes);
        let setup = Setup {
            kind,
            request,
            value: word(4)?,
            index: word(6)?,
            length: word(8)?,
        };
        let answer = match self.descriptors.standard(setup) {
            Some(answer) => answer,
            None => self
                .device
                .control(setup, body.get(10..).unwrap_or_default()),
        };
        let (status, data) = match answer {
            Answer::Data(mut data) => {
                data.truncate(usize::from(setup.length));
                (DONE, data)
            }
            Answer::Taken(_) => (DONE, Vec::new()),
            Answer::Nothing | Answer::Stall => (STALLED, Vec::new()),
            Answer::Gone => return Err(gone()),
        };
        let length = if kind & 0x80 == 0 && status == DONE {
            setup.length
        } else {
            data.len() as u16
        };
        let mut reply = vec![endpoint, request, kind, status];
        for word in [setup.value, setup.index, length] {
            reply.extend(word.to_le_bytes());
        }
        reply.extend(data);
        self.send(CONTROL, id, &reply)
    }

    fn bulk(&mut self, id: u64, body: &[u8]) -> io::Result<()> {
        let [endpoint, _status] = take(body, 0)?;
        let low = u16::from_le_bytes(take(body, 2)?);
        let high = u16::from_le_bytes(take(body, 8)?);
        let work = if endpoint & 0x80 == 0 {
            Work::Out {
                data: body.get(10..).unwrap_or_default().to_vec(),
                taken: 0,
            }
        } else {
            Work::In {
                room: usize::from(high) << 16 | usize::from(low),
            }
        };
        self.pending.push(Transfer {
            id,
            endpoint,
            stream: take(body, 4)?,
            work,
        });
        Ok(())
    }

    fn end(
        &mut self,
        transfer: &Transfer,
        status: u8,
        length: usize,
        data: &[u8],
    ) -> io::Result<()> {
        let mut reply = vec![transfer.endpoint, status];
        reply.extend((length as u16).to_le_bytes());
        reply.extend(transfer.stream);
        reply.extend(((length >> 16) as u16).to_le_bytes());
        reply.extend_from_slice(data);
        self.send(BULK, transfer.id, &reply)
    }

    fn cancel(&mut self, id: u64) -> io::Result<()> {
        let Some(at) = self.pending.iter().position(|transfer| transfer.id == id) else {
            return Ok(());
        };
        let transfer = self.pending.remove(at);
        let taken = match transfer.work {
            Work::Out { taken, .. } => taken,
            Work::In { .. } => 0,
        };
        self.end(&transfer, CANCELLED, taken, &[])
    }

    /// Offers the device the oldest transfer of each pipe.
    fn move_on(&mut self) -> io::Result<()> {
        let mut blocked = [false; 2];
        let mut at = 0;
        while at < self.pending.len() {
            let pipe = usize::from(self.pending[at].endpoint >> 7);
            if blocked[pipe] {
                at += 1;
                continue;
            }
            let answer = match &self.pending[at].work {
                Work::Out { data, taken } => self.device.write(&data[*taken..]),
                Work::In { room } => self.device.read(*room),
            };
            let (status, length, data) = match (answer, &mut self.pending[at].work) {
                (Answer::Gone, _) => return Err(gone()),
                (Answer::Stall, Work::Out { taken, .. }) => (STALLED, *taken, Vec::new()),
                (Answer::Stall, Work::In { .. }) => (STALLED, 0, Vec::new()),
                (Answer::Taken(count), Work::Out { data, taken }) => {
                    *taken += count;
                    if *taken < data.len() {
                        blocked[pipe] = count == 0;
                        continue;
                    }
                    (DONE, *taken, Vec::new())
                }
                (Answer::Data(data), Work::In { .. }) => (DONE, data.len(), data),
                _ => {
                    blocked[pipe] = true;
                    continue;
                }
            };
            let transfer = self.pending.remove(at);
            self.end(&transfer, status, length, &data)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
