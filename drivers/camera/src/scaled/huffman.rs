//! Huffman codes (ITU-T T.81 Annex F.2.2).

use super::bits::Bits;
use crate::mjpeg::Damage;

/// Codes and values within so many bits are found in one look. With more bits a look finds more, and its table no longer stays
/// in the first cache.
const LOOK: u32 = 11;
/// Looks for which the bits suffice after one refill.
pub(super) const LOOKS: usize = 4;
/// Coefficients of one look. With 4.7 bits to a coefficient, as measured in a webcam's picture, more would seldom fit.
pub(super) const TOGETHER: usize = 3;

/// One Huffman table.
#[derive(Clone)]
pub(super) struct Table {
    /// By the next `LOOK` bits.
    quick: Box<[Step; 1 << LOOK]>,
    /// By the next `LOOK` bits: up to `TOGETHER` whole steps, with their values.
    runs: Box<[Run; 1 << LOOK]>,
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

    /// Stands where the code is known and its value is not: how long the code is.
    fn longer(code: u32) -> Step {
        Step(code << 16)
    }

    /// How long the code surely is.
    fn code(self) -> u32 {
        match self.0 >> 16 {
            0 => LOOK + 1,
            length => length,
        }
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

/// Up to `TOGETHER` of them in one word: the bits of all, how far each is from where the look began, and their values. Where they
/// are fewer, the last one stands again; where there is none, the bits are 0.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Run(u64);

impl Run {
    fn new(steps: &[Step]) -> Run {
        let (mut run, mut advance, mut length) = (0u64, 0u64, 0u64);
        for step in steps {
            length += u64::from(step.length());
        }
        for index in 0..TOGETHER {
            if let Some(step) = steps.get(index) {
                advance += step.advance() as u64;
            }
            let Some(step) = steps.get(index).or(steps.last()) else {
                return Run(0);
            };
            run |= advance << (8 + 8 * index);
            // the first value may take all bits that were looked at; those behind it are small
            run |= match index {
                0 => u64::from(step.value() as u16) << 32,
                _ => u64::from(step.value() as u8) << (40 + 8 * index),
            };
        }
        Run(run | length)
    }

    #[inline(always)]
    pub(super) fn length(self) -> u32 {
        (self.0 & 0xff) as u32
    }

    /// How far the coefficient is from where the look began.
    #[inline(always)]
    pub(super) fn advance(self, index: usize) -> usize {
        (self.0 >> (8 + 8 * index) & 0xff) as usize
    }

    #[inline(always)]
    pub(super) fn value(self, index: usize) -> i16 {
        match index {
            0 => (self.0 >> 32) as i16,
            _ => i16::from((self.0 >> (40 + 8 * index)) as i8),
        }
    }
}

/// The runs of a table, by the next `LOOK` bits.
#[derive(Clone, Copy)]
pub(super) struct Runs<'a>(&'a [Run; 1 << LOOK]);

impl Runs<'_> {
    /// Not yet taken.
    #[inline(always)]
    pub(super) fn look(self, bits: &Bits<'_>) -> Run {
        self.0[bits.peek(LOOK)]
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
            runs: Box::new([Run::default(); 1 << LOOK]),
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
            let first = (code << (LOOK - length)) as usize;
            self.quick[first..first + (1 << (LOOK - length))].fill(Step::longer(length));
            return;
        };
        for value in 0..1u32 << size {
            let step = Step::new(extend(value, size), advance(symbol), length + size);
            let first = ((code << size | value) << rest) as usize;
            self.quick[first..first + (1 << rest)].fill(step);
        }
    }

    /// Makes the runs and the strides of the steps.
    fn join(&mut self) {
        let (quick, each) = (&self.quick, self.runs.iter_mut().zip(&mut *self.strides));
        for (bits, (run, stride)) in each.enumerate() {
            let mut steps = [Step::default(); TOGETHER];
            let (mut advance, mut length, mut count, mut small) = (0u8, 0u32, 0, true);
            // 64 coefficients are a block: further than this and an end still fit into the byte
            while advance <= 48 {
                let step = quick[bits << length & ((1 << LOOK) - 1)];
                if step.length() == 0 || length + step.length() > LOOK {
                    break;
                }
                length += step.length();
                advance += step.advance() as u8;
                small &= count == 0 || i8::try_from(step.value()).is_ok();
                if small && count < TOGETHER {
                    steps[count] = step;
                    count += 1;
                }
            }
            *stride = Stride(u16::from(advance) << 8 | length as u16);
            *run = Run::new(&steps[..count]);
        }
    }

    /// The step that begins with these bits, where the code or the value is longer than the quick table has.
    #[cold]
    #[inline(never)]
    fn long(&self, next: u64) -> Option<Step> {
        let code = (next >> 48) as u32;
        let known = self.quick[(next >> (64 - LOOK)) as usize].code();
        let length = (known..=16).find(|&length| code < self.limits[length as usize])?;
        let index = (code >> (16 - length)) as i32 + self.offsets[length as usize];
        let symbol = self.symbols[index as usize & 255];
        let size = u32::from(symbol & 15);
        // one bit first: a shift by 64 is none
        let value = (next << length >> 1 >> (63 - size)) as u32;
        Some(Step::new(
            extend(value, size),
            advance(symbol),
            length + size,
        ))
    }

    /// The next step, however long it is.
    #[inline(always)]
    pub(super) fn take_long(&self, bits: &mut Bits<'_>) -> Result<Step, Damage> {
        bits.refill();
        let step = self.long(bits.next()).ok_or(Damage::Data)?;
        bits.drop(step.length());
        bits.refill();
        Ok(step)
    }

    /// The next step; there are bits for `LOOKS` of them after a refill.
    #[inline(always)]
    pub(super) fn step(&self, bits: &mut Bits<'_>) -> Result<Step, Damage> {
        let step = self.quick[bits.peek(LOOK)];
        if step.length() == 0 {
            return self.take_long(bits);
        }
        bits.drop(step.length());
        Ok(step)
    }

    /// Up to `TOGETHER` steps, not yet taken.
    #[inline(always)]
    pub(super) fn runs(&self) -> Runs<'_> {
        Runs(&self.runs)
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
