//! The kernel's side of a UVC camera: the `ioctl`s that the v4l crate makes, answered as Linux 6.1 answers them.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::time::{Duration, Instant};

use usb_bed::socket::{Call, Client, Ioctls, Reply};

use crate::{Fault, Offer};

const EIO: i32 = 5;
const EAGAIN: i32 = 11;
const EBUSY: i32 = 16;
const ENODEV: i32 = 19;
const EINVAL: i32 = 22;
const ENOTTY: i32 = 25;
const ERANGE: i32 = 34;

// These are the requests of linux/videodev2.h on 64 bit.
const QUERYCAP: u32 = 0x8068_5600;
const ENUM_FMT: u32 = 0xC040_5602;
const G_FMT: u32 = 0xC0D0_5604;
const S_FMT: u32 = 0xC0D0_5605;
const REQBUFS: u32 = 0xC014_5608;
const QUERYBUF: u32 = 0xC058_5609;
const QBUF: u32 = 0xC058_560F;
const DQBUF: u32 = 0xC058_5611;
const STREAMON: u32 = 0x4004_5612;
const STREAMOFF: u32 = 0x4004_5613;
const G_PARM: u32 = 0xC0CC_5615;
const S_PARM: u32 = 0xC0CC_5616;
const S_EXT_CTRLS: u32 = 0xC020_5648;
const ENUM_FRAMESIZES: u32 = 0xC02C_564A;
const ENUM_FRAMEINTERVALS: u32 = 0xC034_564B;
/// The shim's own request, which waits for a frame.
const WAIT: u32 = 0x4245;

const MJPG: u32 = u32::from_le_bytes(*b"MJPG");
/// The capabilities are capture and streaming. The highest bit says that `device_caps` is filled.
const CAPABILITIES: u32 = 0x8420_0001;
const MOST_BUFFERS: u32 = 8;
// These are the flags of a buffer: mapped, queued, done, damaged.
const MAPPED: u32 = 1;
const QUEUED: u32 = 2;
const DONE: u32 = 4;
const ERROR: u32 = 0x40;

/// The controls of this camera with their bounds: exposure, automatic exposure, and focus.
const CONTROLS: [(u32, i64, i64); 3] = [
    (0x009a_0901, 0, 3),
    (0x009a_0902, 3, 2047),
    (0x009a_090a, 0, 250),
];

pub(crate) struct Device {
    name: String,
    offers: Vec<Offer>,
    frames: Vec<Vec<u8>>,
    node: Option<File>,
    plugs: u32,
    size: (u32, u32),
    interval: (u32, u32),
    buffers: u32,
    queue: VecDeque<u32>,
    sequence: u32,
    /// When the next frame is ready; `None` while not streaming.
    due: Option<Instant>,
    /// The file that streams. Closing it ends the stream.
    owner: u64,
    pub(crate) fault: Option<Fault>,
    pub(crate) controls: Vec<(u32, i64)>,
}

impl std::fmt::Debug for Device {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Device")
            .field("fault", &self.fault)
            .finish_non_exhaustive()
    }
}

/// A structure in the program's memory, as words at offsets.
struct Words(Vec<u8>);

impl Words {
    fn at(&self, offset: usize) -> u32 {
        let mut word = [0; 4];
        word.copy_from_slice(&self.0[offset..offset + 4]);
        u32::from_ne_bytes(word)
    }

    fn put(&mut self, offset: usize, value: u32) {
        self.0[offset..offset + 4].copy_from_slice(&value.to_ne_bytes());
    }

    fn text(&mut self, offset: usize, text: &str) {
        self.0[offset..offset + text.len()].copy_from_slice(text.as_bytes());
    }
}

type Outcome = Result<(), i32>;

impl Device {
    pub(crate) fn new(name: &str, offers: Vec<Offer>, frames: Vec<Vec<u8>>) -> Device {
        let first = offers
            .first()
            .map_or((640, 480), |offer| (offer.width, offer.height));
        Device {
            name: name.to_owned(),
            offers,
            frames,
            node: None,
            plugs: 0,
            size: first,
            // This is what another program left: a rate that is not a whole number.
            interval: (2, 15),
            buffers: 0,
            queue: VecDeque::new(),
            sequence: 0,
            due: None,
            owner: 0,
            fault: None,
            controls: Vec::new(),
        }
    }

    pub(crate) fn plug(&mut self, node: File) {
        self.node = Some(node);
        self.plugs += 1;
        self.stop();
    }

    pub(crate) fn unplug(&mut self) {
        self.node = None;
        self.stop();
    }

    pub(crate) fn format(&self) -> (u32, u32, (u32, u32)) {
        (self.size.0, self.size.1, self.interval)
    }

    pub(crate) fn is_streaming(&self) -> bool {
        self.due.is_some()
    }

    fn stop(&mut self) {
        self.due = None;
        self.queue.clear();
    }

    fn buffer_size(&self) -> u32 {
        self.size.0 * self.size.1 * 2
    }

    fn is_ready(&self) -> bool {
        match self.fault {
            Some(Fault::StreamError | Fault::Hung) => true,
            Some(Fault::Dropped) => false,
            _ => self.due.is_none_or(|due| due <= Instant::now()),
        }
    }

    /// Answers a request immediately. `EAGAIN` means not yet.
    fn request(&mut self, request: u32, words: &mut Words) -> Outcome {
        match request {
            QUERYCAP => {
                words.0.fill(0);
                words.text(0, "uvcvideo");
                let name = self.name.clone();
                words.text(16, &name);
                words.text(48, "usb-bed-1");
                words.put(80, 0x0006_0100);
                words.put(84, CAPABILITIES);
                words.put(88, CAPABILITIES & 0x7fff_ffff);
                Ok(())
            }
            ENUM_FMT => {
                if words.at(0) > 0 || words.at(4) != 1 {
                    return Err(EINVAL);
                }
                words.text(12, "Motion-JPEG");
                words.put(44, MJPG);
                Ok(())
            }
            ENUM_FRAMESIZES => {
                let offer = self
                    .offers
                    .get(words.at(0) as usize)
                    .filter(|_| words.at(4) == MJPG);
                let (width, height) = offer
                    .map(|offer| (offer.width, offer.height))
                    .ok_or(EINVAL)?;
                for (offset, value) in [(8, 1), (12, width), (16, height)] {
                    words.put(offset, value);
                }
                Ok(())
            }
            ENUM_FRAMEINTERVALS => {
                let size = (words.at(8), words.at(12));
                let offer = self
                    .offers
                    .iter()
                    .find(|offer| (offer.width, offer.height) == size);
                let interval = offer.and_then(|offer| offer.intervals.get(words.at(0) as usize));
                let &(seconds, frames) = interval.ok_or(EINVAL)?;
                for (offset, value) in [(16, 1), (20, seconds), (24, frames)] {
                    words.put(offset, value);
                }
                Ok(())
            }
            G_FMT | S_FMT => self.set_format(request, words),
            G_PARM | S_PARM => {
                if request == S_PARM && words.at(12) > 0 {
                    self.interval = (words.at(12), words.at(16));
                }
                for (offset, value) in [(4, 0x1000), (12, self.interval.0), (16, self.interval.1)] {
                    words.put(offset, value);
                }
                Ok(())
            }
            REQBUFS => self.allocate(words),
            QUERYBUF => self.describe(words, words.at(0), MAPPED, 0),
            QBUF => {
                let index = words.at(0);
                if index >= self.buffers || self.queue.contains(&index) {
                    return Err(EINVAL);
                }
                self.queue.push_back(index);
                self.describe(words, index, MAPPED | QUEUED, 0)
            }
            DQBUF => self.dequeue(words),
            STREAMON => {
                self.due = Some(Instant::now());
                Ok(())
            }
            STREAMOFF => {
                self.stop();
                Ok(())
            }
            _ => Err(ENOTTY),
        }
    }

    fn set_format(&mut self, request: u32, words: &mut Words) -> Outcome {
        if words.at(0) != 1 {
            return Err(EINVAL);
        }
        if request == S_FMT {
            if self.fault == Some(Fault::Busy) || self.due.is_some() {
                return Err(EBUSY);
            }
            let (width, height) = (words.at(8), words.at(12));
            let nearest = self
                .offers
                .iter()
                .min_by_key(|offer| offer.width.abs_diff(width) + offer.height.abs_diff(height));
            self.size = nearest
                .map(|offer| (offer.width, offer.height))
                .ok_or(EINVAL)?;
        }
        words.0[8..].fill(0);
        let size = self.buffer_size();
        for (offset, value) in [
            (8, self.size.0),
            (12, self.size.1),
            (16, MJPG),
            (20, 1),
            (28, size),
            (32, 8),
        ] {
            words.put(offset, value);
        }
        Ok(())
    }

    fn allocate(&mut self, words: &mut Words) -> Outcome {
        if self.fault == Some(Fault::Busy) {
            return Err(EBUSY);
        }
        self.buffers = words.at(0).min(MOST_BUFFERS);
        self.queue.clear();
        let length = u64::from(self.buffers) * u64::from(self.buffer_size());
        let node = self.node.as_ref().ok_or(ENODEV)?;
        // The file is never made shorter, because a program that still maps it would be killed.
        let now = node.metadata().map_or(0, |metadata| metadata.len());
        node.set_len(length.max(now)).map_err(|_| EIO)?;
        words.put(0, self.buffers);
        words.put(12, 1);
        Ok(())
    }

    /// Describes a buffer in struct v4l2_buffer: index 0, type 4, bytes used 8, flags 12, field 16, sequence 56, memory
    /// 60, offset 64, length 72.
    fn describe(&self, words: &mut Words, index: u32, flags: u32, used: u32) -> Outcome {
        if index >= self.buffers {
            return Err(EINVAL);
        }
        words.0.fill(0);
        let size = self.buffer_size();
        for (offset, value) in [
            (0, index),
            (4, 1),
            (8, used),
            (12, flags),
            (16, 1),
            (56, self.sequence),
            (60, 1),
            (64, index * size),
            (72, size),
        ] {
            words.put(offset, value);
        }
        Ok(())
    }

    fn dequeue(&mut self, words: &mut Words) -> Outcome {
        if self.fault == Some(Fault::StreamError) {
            return Err(EIO);
        }
        let due = self.due.ok_or(EINVAL)?;
        let hangs = matches!(self.fault, Some(Fault::Hung | Fault::Dropped));
        let now = Instant::now();
        if hangs || due > now {
            return Err(EAGAIN);
        }
        let index = self.queue.pop_front().ok_or(EAGAIN)?;
        let (seconds, frames) = self.interval;
        let interval = Duration::from_secs(seconds.into()) / frames.max(1);
        // A camera does not send again the frames that were not fetched in time.
        self.due = Some(due.max(now.checked_sub(interval).unwrap_or(now)) + interval);
        let offset = u64::from(index) * u64::from(self.buffer_size());
        let frame = &self.frames[self.sequence as usize % self.frames.len()];
        let used = match self.fault {
            Some(Fault::Truncated) => frame.len() / 2,
            _ => frame.len(),
        };
        let node = self.node.as_ref().ok_or(ENODEV)?;
        node.write_all_at(&frame[..used], offset).map_err(|_| EIO)?;
        let damaged = if self.fault == Some(Fault::Flagged) {
            ERROR
        } else {
            0
        };
        let used = used as u32;
        self.describe(words, index, MAPPED | DONE | damaged, used)?;
        self.sequence += 1;
        Ok(())
    }

    /// Sets the controls of struct v4l2_ext_controls: count 4, pointer 24. Each control has 20 bytes, with its number
    /// at 0 and its value at 12.
    fn set_controls(&mut self, client: &mut Client, argument: u64) -> io::Result<Outcome> {
        let head = client.read(argument, 32)?;
        let mut pointer = [0; 8];
        pointer.copy_from_slice(&head[24..32]);
        let pointer = u64::from_ne_bytes(pointer);
        let count = Words(head).at(4).min(32);
        for index in 0..count {
            let control = Words(client.read(pointer + u64::from(index) * 20, 20)?);
            let (number, value) = (control.at(0), i64::from(control.at(12) as i32));
            match CONTROLS.iter().find(|(known, ..)| *known == number) {
                None => return Ok(Err(EINVAL)),
                Some((_, least, most)) if !(least..=most).contains(&&value) => {
                    return Ok(Err(ERANGE));
                }
                Some(_) => self.controls.push((number, value)),
            }
        }
        Ok(Ok(()))
    }
}

impl Ioctls for Device {
    fn plugs(&self) -> u32 {
        self.plugs
    }

    fn ioctl(&mut self, client: &mut Client, call: &Call) -> io::Result<Reply> {
        let is_there = self.node.is_some() && call.plugs == self.plugs;
        if call.request == WAIT {
            // If the device is gone, the next request reports it.
            if !is_there || self.is_ready() {
                return Ok(Reply::Done(1, 0));
            }
            let limit = Duration::from_millis(call.argument);
            let over = (call.argument as i64) >= 0 && call.since.elapsed() >= limit;
            return Ok(if over {
                Reply::Done(0, 0)
            } else {
                Reply::Later
            });
        }
        if !is_there {
            return Ok(Reply::Done(-1, ENODEV));
        }
        if call.request == STREAMON {
            self.owner = call.file;
        }
        let outcome = if call.request == S_EXT_CTRLS {
            self.set_controls(client, call.argument)?
        } else {
            // The size of the structure is part of the request.
            let length = (call.request >> 16 & 0x3fff) as usize;
            let mut words = Words(client.read(call.argument, length)?);
            let outcome = self.request(call.request, &mut words);
            // Bit 31 means that the kernel writes.
            if outcome.is_ok() && call.request & 0x8000_0000 != 0 {
                client.write(call.argument, &words.0)?;
            }
            outcome
        };
        Ok(match outcome {
            Ok(()) => Reply::Done(0, 0),
            Err(EAGAIN) => Reply::Later,
            Err(errno) => Reply::Done(-1, errno),
        })
    }

    fn closed(&mut self, file: u64) {
        if self.owner == file {
            self.stop();
        }
    }
}
