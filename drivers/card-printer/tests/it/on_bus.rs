//! A virtual printer as a device on a bus, and a card for it.

use std::time::{Duration, Instant};

use card_printer::{CardImage, LinkError, Model, VirtualPrinter};
use usb_bed::{Answer, Device, Setup};

/// Something that happens once, when the printer has taken so many bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Hiccup {
    /// It takes nothing for so long.
    Nap(Duration),
    /// It stalls the pipe until the host clears it.
    Stall,
}

/// A virtual printer at the end of a USB cable.
pub(crate) struct OnBus {
    printer: VirtualPrinter,
    taken: usize,
    hiccup: Option<(usize, Hiccup)>,
    nap_until: Option<Instant>,
}

impl OnBus {
    pub(crate) fn new(printer: VirtualPrinter) -> Self {
        Self {
            printer,
            taken: 0,
            hiccup: None,
            nap_until: None,
        }
    }

    pub(crate) fn with_hiccup(self, at: usize, hiccup: Hiccup) -> Self {
        Self {
            hiccup: Some((at, hiccup)),
            ..self
        }
    }
}

fn answer<T>(result: Result<T, LinkError>, good: impl FnOnce(T) -> Answer) -> Answer {
    match result {
        Ok(value) => good(value),
        Err(LinkError::Timeout) => Answer::Nothing,
        Err(_) => Answer::Gone,
    }
}

impl Device for OnBus {
    fn control(&mut self, setup: Setup, _data: &[u8]) -> Answer {
        match (setup.kind, setup.request) {
            (0xA1, 0) => Answer::Data(self.printer.device_id()),
            (0xA1, 1) => answer(self.printer.port_status(), |byte| Answer::Data(vec![byte])),
            // This printer knows the recipient of class 1.1 only.
            (0x21, 2) => answer(self.printer.soft_reset(), |()| Answer::Taken(0)),
            _ => Answer::Stall,
        }
    }

    fn write(&mut self, bytes: &[u8]) -> Answer {
        if self.nap_until.is_some_and(|until| Instant::now() < until) {
            return Answer::Taken(0);
        }
        let mut bytes = bytes;
        if let Some((at, hiccup)) = self.hiccup {
            if self.taken >= at {
                self.hiccup = None;
                match hiccup {
                    Hiccup::Nap(time) => self.nap_until = Some(Instant::now() + time),
                    Hiccup::Stall => return Answer::Stall,
                }
                return Answer::Taken(0);
            }
            // A nap begins in the middle of a transfer, a stall between two.
            if matches!(hiccup, Hiccup::Nap(_)) {
                bytes = &bytes[..bytes.len().min(at - self.taken)];
            }
        }
        answer(self.printer.write(bytes), |count| {
            self.taken += count;
            Answer::Taken(count)
        })
    }

    fn read(&mut self, room: usize) -> Answer {
        answer(self.printer.read(room), |data| {
            data.map_or(Answer::Nothing, Answer::Data)
        })
    }
}

/// A card with a gradient, a red corner and a black bar.
pub(crate) fn card(model: Model) -> CardImage {
    let (width, height) = model.raster();
    let pixel = |x: u32, y: u32| match (x, y) {
        (_, 300..320) if x > 100 => [0; 3],
        (0..50, 0..50) => [255, 0, 0],
        _ => [x as u8 | 4, y as u8, (x + y) as u8],
    };
    let rgb = (0..height)
        .flat_map(|y| (0..width).flat_map(move |x| pixel(x, y)))
        .collect();
    CardImage::from_rgb(width, height, rgb)
        .unwrap()
        .with_black_as_resin()
}
