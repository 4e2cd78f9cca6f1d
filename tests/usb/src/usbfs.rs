//! The kernel's usbfs for one device: the `ioctl`s that libusb makes, answered as Linux 6.1 answers them.

use std::collections::VecDeque;
use std::fmt;
use std::io;

use crate::socket::{Call, Client, Ioctls, Reply};
use crate::{Answer, Descriptors, Device, Setup};

pub(crate) const EAGAIN: i32 = 11;
const ENODEV: i32 = 19;
const EBUSY: i32 = 16;
const EINVAL: i32 = 22;
const ENOTTY: i32 = 25;
const ENODATA: i32 = 61;
/// The statuses of an URB: stalled, cancelled by the host, device gone.
const EPIPE: i32 = -32;
const ENOENT: i32 = -2;
const ESHUTDOWN: i32 = -108;

// These are the requests of linux/usbdevice_fs.h on 64 bit.
const GET_DRIVER: u32 = 0x4104_5508;
const SUBMIT_URB: u32 = 0x8038_550A;
const DISCARD_URB: u32 = 0x550B;
const REAP_URB: u32 = 0x4008_550C;
const REAP_URB_NDELAY: u32 = 0x4008_550D;
const CLAIM_INTERFACE: u32 = 0x8004_550F;
const RELEASE_INTERFACE: u32 = 0x8004_5510;
const INTERFACE_IOCTL: u32 = 0xC010_5512;
const RESET: u32 = 0x5514;
const CLEAR_HALT: u32 = 0x8004_5515;
const SET_CONFIGURATION: u32 = 0x8004_5505;
const SET_INTERFACE: u32 = 0x8008_5504;
const GET_CAPABILITIES: u32 = 0x8004_551A;
const DISCONNECT_CLAIM: u32 = 0x8108_551B;
const DISCONNECT: i32 = 0x5516;
const CONNECT: i32 = 0x5517;
/// The capabilities are zero packets, no packet size limit, scatter-gather and reap after disconnect.
const CAPABILITIES: u32 = 0x1D;
/// The longest accepted transfer. libusb never sends more at a time.
const MAX_TRANSFER: usize = 1 << 20;

/// An event on the bus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    Claimed,
    Released,
    KernelDriverDetached,
    KernelDriverAttached,
    HaltCleared(u8),
    Control(Setup),
    /// The device took this many bytes of a transfer.
    Wrote(usize),
    /// The host received this many bytes.
    Read(usize),
    Stalled(u8),
    /// The host cancelled a transfer because its time limit was over.
    TakenBack(u8),
    Unplugged,
}

/// When the cable is pulled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cut {
    /// The number of transfers before it, without standard requests.
    pub after: u64,
    /// The part of the interrupted transfer that still arrives, in 256ths.
    pub arrives: u8,
}

struct Urb {
    address: u64,
    buffer: u64,
    endpoint: u8,
    length: usize,
    /// The bytes to the device and how many of them it has taken.
    data: Vec<u8>,
    taken: usize,
}

struct Done {
    address: u64,
    status: i32,
    actual: usize,
    data: Option<(u64, Vec<u8>)>,
}

pub(crate) struct Usbfs {
    descriptors: Descriptors,
    device: Box<dyn Device>,
    pending: VecDeque<Urb>,
    done: VecDeque<Done>,
    plugged: bool,
    /// How often the cable was plugged in. A file that was opened before the last time stays dead.
    pub(crate) plugs: u32,
    claimed: bool,
    pub(crate) claimed_elsewhere: bool,
    pub(crate) kernel_driver: Option<&'static str>,
    pub(crate) cut: Option<Cut>,
    pub(crate) events: Vec<Event>,
    pub(crate) written: Vec<u8>,
}

impl fmt::Debug for Usbfs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Usbfs")
            .field("plugged", &self.plugged)
            .finish_non_exhaustive()
    }
}

type Result = io::Result<(i64, i32)>;
const OK: (i64, i32) = (0, 0);

fn fail(errno: i32) -> Result {
    Ok((-1, errno))
}

fn number<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    let mut part = [0; N];
    part.copy_from_slice(&bytes[at..at + N]);
    part
}

impl Ioctls for Usbfs {
    fn plugs(&self) -> u32 {
        self.plugs
    }

    fn ioctl(&mut self, client: &mut Client, call: &Call) -> io::Result<Reply> {
        let (result, errno) = self.answer(client, call.plugs, call.request, call.argument)?;
        Ok(Reply::Done(result, errno))
    }
}

impl Usbfs {
    pub(crate) fn new(descriptors: Descriptors, device: Box<dyn Device>) -> Self {
        Self {
            descriptors,
            device,
            pending: VecDeque::new(),
            done: VecDeque::new(),
            plugged: true,
            plugs: 0,
            claimed: false,
            claimed_elsewhere: false,
            kernel_driver: None,
            cut: None,
            events: Vec::new(),
            written: Vec::new(),
        }
    }

    pub(crate) fn pull(&mut self) {
        if !self.plugged {
            return;
        }
        self.plugged = false;
        self.claimed = false;
        self.events.push(Event::Unplugged);
        for urb in self.pending.drain(..) {
            self.done.push_back(Done {
                address: urb.address,
                status: ESHUTDOWN,
                actual: urb.taken,
                data: None,
            });
        }
    }

    pub(crate) fn plug(&mut self) {
        self.plugged = true;
        self.plugs += 1;
        self.cut = None;
        self.pending.clear();
        self.done.clear();
    }

    /// Answers a call on a file that was opened after `plugs` plugs.
    fn answer(&mut self, client: &mut Client, plugs: u32, request: u32, argument: u64) -> Result {
        if plugs != self.plugs {
            return fail(ENODEV);
        }
        match request {
            REAP_URB | REAP_URB_NDELAY => return self.reap(client, argument),
            _ if !self.plugged => return fail(ENODEV),
            _ => {}
        }
        match request {
            GET_CAPABILITIES => client
                .write(argument, &CAPABILITIES.to_ne_bytes())
                .map(|()| OK),
            SUBMIT_URB => self.submit(client, argument),
            DISCARD_URB => self.discard(argument),
            GET_DRIVER => self.get_driver(client, argument),
            CLAIM_INTERFACE => self.claim(),
            DISCONNECT_CLAIM => {
                self.detach();
                self.claim()
            }
            RELEASE_INTERFACE => {
                self.claimed = false;
                self.events.push(Event::Released);
                Ok(OK)
            }
            INTERFACE_IOCTL => self.interface(client, argument),
            CLEAR_HALT => {
                let endpoint = client.read(argument, 4)?[0];
                self.events.push(Event::HaltCleared(endpoint));
                Ok(OK)
            }
            RESET | SET_CONFIGURATION | SET_INTERFACE => Ok(OK),
            _ => fail(ENOTTY),
        }
    }

    fn get_driver(&self, client: &mut Client, argument: u64) -> Result {
        let Some(name) = self.kernel_driver else {
            return fail(ENODATA);
        };
        // struct usbdevfs_getdriver is the interface followed by 256 bytes of name.
        let mut bytes = name.as_bytes().to_vec();
        bytes.push(0);
        client.write(argument + 4, &bytes).map(|()| OK)
    }

    fn claim(&mut self) -> Result {
        if self.kernel_driver.is_some() || self.claimed_elsewhere {
            return fail(EBUSY);
        }
        self.claimed = true;
        self.events.push(Event::Claimed);
        Ok(OK)
    }

    fn detach(&mut self) {
        if self.kernel_driver.take().is_some() {
            self.events.push(Event::KernelDriverDetached);
        }
    }

    /// Answers struct usbdevfs_ioctl, which is interface, code and pointer.
    fn interface(&mut self, client: &mut Client, argument: u64) -> Result {
        let bytes = client.read(argument, 16)?;
        match i32::from_ne_bytes(number(&bytes, 4)) {
            DISCONNECT if self.kernel_driver.is_none() => fail(ENODATA),
            DISCONNECT => {
                self.detach();
                Ok(OK)
            }
            CONNECT if self.claimed => fail(EBUSY),
            CONNECT => {
                self.kernel_driver = Some("usblp");
                self.events.push(Event::KernelDriverAttached);
                Ok((1, 0))
            }
            _ => fail(ENOTTY),
        }
    }

    /// Submits struct usbdevfs_urb: type at 0, endpoint at 1, status at 4, buffer at 16, length at 24, actual length at
    /// 28.
    fn submit(&mut self, client: &mut Client, address: u64) -> Result {
        let bytes = client.read(address, 56)?;
        let (kind, endpoint) = (bytes[0], bytes[1]);
        let buffer = u64::from_ne_bytes(number(&bytes, 16));
        let length = i32::from_ne_bytes(number(&bytes, 24));
        let Some(length) = usize::try_from(length)
            .ok()
            .filter(|length| *length <= MAX_TRANSFER)
        else {
            return fail(EINVAL);
        };
        const CONTROL: u8 = 2;
        if kind == CONTROL {
            return self.submit_control(client, address, buffer, length);
        }
        let data = if endpoint & 0x80 == 0 {
            client.read(buffer, length)?
        } else {
            Vec::new()
        };
        self.pending.push_back(Urb {
            address,
            buffer,
            endpoint,
            length,
            data,
            taken: 0,
        });
        self.move_on();
        Ok(OK)
    }

    fn submit_control(
        &mut self,
        client: &mut Client,
        address: u64,
        buffer: u64,
        length: usize,
    ) -> Result {
        if length < 8 {
            return fail(EINVAL);
        }
        let bytes = client.read(buffer, length)?;
        let word = |at: usize| u16::from_le_bytes(number(&bytes, at));
        let setup = Setup {
            kind: bytes[0],
            request: bytes[1],
            value: word(2),
            index: word(4),
            length: word(6),
        };
        let inward = setup.kind & 0x80 != 0;
        let answer = match self.descriptors.standard(setup) {
            Some(answer) => answer,
            None if self.cut_now() => Answer::Gone,
            None => {
                self.events.push(Event::Control(setup));
                self.device
                    .control(setup, if inward { &[] } else { &bytes[8..] })
            }
        };
        match answer {
            Answer::Data(mut data) => {
                data.truncate(usize::from(setup.length));
                self.done.push_back(Done {
                    address,
                    status: 0,
                    actual: data.len(),
                    data: Some((buffer + 8, data)),
                });
            }
            Answer::Taken(_) => self.done.push_back(Done {
                address,
                status: 0,
                actual: length - 8,
                data: None,
            }),
            Answer::Stall => self.done.push_back(Done {
                address,
                status: EPIPE,
                actual: 0,
                data: None,
            }),
            Answer::Gone => {
                self.pull();
                self.done.push_back(Done {
                    address,
                    status: ESHUTDOWN,
                    actual: 0,
                    data: None,
                });
            }
            // The host waits for the transfer until its time limit.
            Answer::Nothing => {
                self.pending.push_back(Urb {
                    address,
                    buffer,
                    endpoint: 0x80,
                    length: 0,
                    data: Vec::new(),
                    taken: 0,
                });
            }
        }
        Ok(OK)
    }

    /// Counts a transfer. Returns true when the cable is pulled during it.
    fn cut_now(&mut self) -> bool {
        match &mut self.cut {
            Some(Cut { after: 0, .. }) => true,
            Some(cut) => {
                cut.after -= 1;
                false
            }
            None => false,
        }
    }

    /// Offers the pending transfers to the device, in order within each endpoint.
    fn move_on(&mut self) {
        let mut index = 0;
        let mut blocked = Vec::new();
        while index < self.pending.len() && self.plugged {
            let endpoint = self.pending[index].endpoint;
            if blocked.contains(&endpoint) || endpoint == 0x80 || !self.offer(index) {
                blocked.push(endpoint);
                index += 1;
            }
        }
    }

    /// Offers one transfer. Returns true when it is finished.
    fn offer(&mut self, index: usize) -> bool {
        if self.pending[index].taken == 0 && self.cut.is_some_and(|cut| cut.after == 0) {
            self.cut_transfer(index);
            return true;
        }
        let urb = &mut self.pending[index];
        let answer = if urb.endpoint & 0x80 == 0 {
            self.device.write(&urb.data[urb.taken..])
        } else {
            self.device.read(urb.length)
        };
        let (status, actual, data) = match answer {
            Answer::Taken(count) => {
                let first = urb.taken == 0 && count > 0;
                self.written
                    .extend_from_slice(&urb.data[urb.taken..urb.taken + count]);
                urb.taken += count;
                if first {
                    self.count_down();
                }
                let urb = &self.pending[index];
                if urb.taken < urb.data.len() {
                    return false;
                }
                self.events.push(Event::Wrote(urb.taken));
                (0, urb.taken, None)
            }
            Answer::Data(data) => {
                let buffer = urb.buffer;
                self.count_down();
                self.events.push(Event::Read(data.len()));
                (0, data.len(), Some((buffer, data)))
            }
            Answer::Nothing => return false,
            Answer::Stall => {
                self.events.push(Event::Stalled(urb.endpoint));
                (EPIPE, urb.taken, None)
            }
            Answer::Gone => {
                self.pull();
                return true;
            }
        };
        if let Some(urb) = self.pending.remove(index) {
            self.done.push_back(Done {
                address: urb.address,
                status,
                actual,
                data,
            });
        }
        true
    }

    fn count_down(&mut self) {
        if let Some(cut) = &mut self.cut {
            cut.after = cut.after.saturating_sub(1);
        }
    }

    /// Pulls the cable during this transfer, so that only part of it arrives.
    fn cut_transfer(&mut self, index: usize) {
        let arrives = usize::from(self.cut.take().map_or(0, |cut| cut.arrives));
        let urb = &mut self.pending[index];
        let part = urb.data.len() * arrives / 256;
        if part > 0
            && let Answer::Taken(count) = self.device.write(&urb.data[..part])
        {
            self.written.extend_from_slice(&urb.data[..count]);
            urb.taken = count;
            self.events.push(Event::Wrote(count));
        }
        self.pull();
    }

    fn discard(&mut self, address: u64) -> Result {
        let Some(index) = self.pending.iter().position(|urb| urb.address == address) else {
            return fail(EINVAL);
        };
        if let Some(urb) = self.pending.remove(index) {
            self.events.push(Event::TakenBack(urb.endpoint));
            if urb.taken > 0 {
                self.events.push(Event::Wrote(urb.taken));
            }
            self.done.push_back(Done {
                address,
                status: ENOENT,
                actual: urb.taken,
                data: None,
            });
        }
        Ok(OK)
    }

    fn reap(&mut self, client: &mut Client, argument: u64) -> Result {
        if self.plugged {
            self.move_on();
        }
        let Some(done) = self.done.pop_front() else {
            return fail(if self.plugged { EAGAIN } else { ENODEV });
        };
        if let Some((buffer, data)) = &done.data {
            client.write(*buffer, data)?;
        }
        client.write(done.address + 4, &done.status.to_ne_bytes())?;
        client.write(done.address + 28, &(done.actual as i32).to_ne_bytes())?;
        client.write(argument, &done.address.to_ne_bytes())?;
        Ok(OK)
    }
}
