//! Huffman codes (ITU-T T.81 Annex F.2.2).

use super::bits::Bits;
use crate::mjpeg::Damage;

/// Codes and values within so many bits are found in one look; the tables of a picture stay in the first cache.
const LOOK: u32 = 11;
/// Looks for which the bits suffice after one refill.
pub(super) const LOOKS: usize = 5;

/// One Huffman table.
#[derive(Clone)]
pub(super) struct Table {
    /// By the next `LOOK` bits.
    quick: Box<[Step; 1 << LOOK]>,
    /// By the next `LOOK` bits: as many whole steps as they hold, taken together.
    strides: Box<[Stride; 1 << LOOK]>,
    /// The first code of more than so many bits, its bits at the top of sixteen.
    limits: [u32; 17],
    /// What to add to a code of so many bits to get its symbol's index.
    offsets: [i32; 17],
    symbols: [u8; 256],
}

/// One coefficient and the zeros before it, in one word: its value, how far it is from the coefficient before (`END` ends the
/// block), and the bits it takes (0 where they are more than were looked at).
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Step(u32);

impl Step {
    fn new(value: i32, advance: u8, length: u32) -> Step {
        Step((value as u32) << 16 | u32::from(advance) << 8 | length)
    }

    #[inline(always)]
    pub(super) fn value(self) -> i16 {
        (self.0 >> 16) as i16
    }

    #[inline(always)]
    pub(super) fn advance(self) -> usize {
        (self.0 >> 8 & 0xff) as usize
    }

    #[inline(always)]
    fn length(self) -> u32 {
        self.0 & 0xff
    }
}

/// Several of them, without their values: how far they go and the bits they take.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Stride(u16);

impl Stride {
    #[inline(always)]
    pub(super) fn advance(self) -> usize {
        usize::from(self.0 >> 8)
    }

    #[inline(always)]
    pub(super) fn length(self) -> u32 {
        u32::from(self.0 & 0xff)
    }

    #[inline(always)]
    pub(super) fn is_some(self) -> bool {
        self.0 != 0
    }
}

/// Further than any coefficient is from another.
pub(super) const END: u8 = 128;

impl Default for Table {
    fn default() -> Self {
        Table {
            quick: Box::new([Step::default(); 1 << LOOK]),
            strides: Box::new([Stride::default(); 1 << LOOK]),
            limits: [0; 17],
            offsets: [0; 17],
            symbols: [0; 256],
        }
    }
}

fn advance(symbol: u8) -> u8 {
    if symbol & 15 == 0 && symbol >> 4 < 15 {
        END
    } else {
        (symbol >> 4) + 1
    }
}

impl Table {
    /// Takes the codes from a DHT segment: how many there are of each length, then their symbols.
    pub(super) fn set(&mut self, counts: &[u8; 16], symbols: &[u8]) -> Result<(), Damage> {
        self.quick.fill(Step::default());
        self.symbols[..symbols.len()].copy_from_slice(symbols);
        let (mut code, mut index) = (0u32, 0usize);
        for length in 1..=16u32 {
            let count = u32::from(counts[length as usize - 1]);
            self.offsets[length as usize] = index as i32 - code as i32;
            if code + count > 1 << length {
                return Err(Damage::Header);
            }
            for _ in 0..count {
                if length <= LOOK {
                    self.enter(code, length, symbols[index]);
                }
                code += 1;
                index += 1;
            }
            self.limits[length as usize] = code << (16 - length);
            code <<= 1;
        }
        self.join();
        Ok(())
    }

    fn enter(&mut self, code: u32, length: u32, symbol: u8) {
        let size = u32::from(symbol & 15);
        let Some(rest) = (LOOK - length).checked_sub(size) else {
            return;
        };
        for value in 0..1u32 << size {
            let step = Step::new(extend(value, size), advance(symbol), length + size);
            let first = ((code << size | value) << rest) as usize;
            self.quick[first..first + (1 << rest)].fill(step);
        }
    }

    /// Makes the strides of the steps.
    fn join(&mut self) {
        for (bits, stride) in self.strides.iter_mut().enumerate() {
            let (mut advance, mut length) = (0u8, 0u32);
            // 64 coefficients are a block: further than this and an end still fit into the byte
            while advance <= 48 {
                let step = self.quick[bits << length & ((1 << LOOK) - 1)];
                if step.length() == 0 || length + step.length() > LOOK {
                    break;
                }
                length += step.length();
                advance += step.advance() as u8;
            }
            *stride = Stride(u16::from(advance) << 8 | length as u16);
        }
    }

    /// A code or a value longer than the quick table has.
    #[cold]
    #[inline(never)]
    fn long<'a>(&self, mut bits: Bits<'a>) -> Result<(Step, Bits<'a>), Damage> {
        bits.refill();
        let next = bits.peek(16) as u32;
        let length = (1..=16)
            .find(|&length| next < self.limits[length as usize])
            .ok_or(Damage::Data)?;
        let code = (next >> (16 - length)) as i32;
        let index = code + self.offsets[length as usize];
        let symbol = self.symbols[index as usize & 255];
        let size = u32::from(symbol & 15);
        bits.drop(length);
        let value = if size == 0 {
            0
        } else {
            extend(bits.peek(size) as u32, size)
        };
        bits.drop(size);
        Ok((Step::new(value, advance(symbol), 0), bits))
    }

    /// The next step; there are bits for `LOOKS` of them after a refill.
    #[inline(always)]
    pub(super) fn step(&self, bits: &mut Bits<'_>) -> Result<Step, Damage> {
        let step = self.quick[bits.peek(LOOK)];
        if step.length() == 0 {
            let (step, after) = self.long(*bits)?;
            *bits = after;
            bits.refill();
            return Ok(step);
        }
        bits.drop(step.length());
        Ok(step)
    }

    /// As many steps as one look holds, not yet taken; the first one is longer where there are none.
    #[inline(always)]
    pub(super) fn stride(&self, bits: &Bits<'_>) -> Stride {
        self.strides[bits.peek(LOOK)]
    }
}

/// A value of `size` bits: the upper half is positive, the lower one negative.
#[inline(always)]
fn extend(raw: u32, size: u32) -> i32 {
    let raw = raw as i32;
    if size > 0 && raw < 1 << (size - 1) {
        raw - (1 << size) + 1
    } else {
        raw
    }
}
