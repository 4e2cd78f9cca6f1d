//! Huffman codes (ITU-T T.81 Annex F.2.2).

use super::bits::Bits;
use crate::damage::Damage;

/// Codes and values within so many bits are found in one look. With more bits a look finds more, and its table no
/// longer stays in the first cache.
const LOOK: u32 = 11;
/// Looks for which the bits suffice after one refill and one step.
pub(super) const LOOKS: usize = 4;
/// Coefficients of one look. With 4.7 bits to a coefficient, as measured in a webcam's picture, more would seldom fit.
pub(super) const TOGETHER: usize = 3;

/// One Huffman table.
#[derive(Clone)]
pub(super) struct Table {
    /// By the next `LOOK` bits.
    quick: Box<[Step; 1 << LOOK]>,
    /// By the next `LOOK` bits: up to `TOGETHER` whole steps, their values apart. The next look waits for the heads
    /// alone, and their table is small.
    heads: Box<[Stride; 1 << LOOK]>,
    values: Box<[Values; 1 << LOOK]>,
    /// By the next `LOOK` bits: as many whole steps as they hold, taken together.
    strides: Box<[Stride; 1 << LOOK]>,
    /// The first code of more than so many bits, its bits at the top of sixteen.
    limits: [u32; 17],
    /// What to add to a code of so many bits to get its symbol's index.
    offsets: [i32; 17],
    symbols: [u8; 256],
}

/// One coefficient and the zeros before it, in one word: its value, how far it is from the coefficient before (`END`
/// ends the block), and the bits it takes (0 where they are more than were looked at).
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

/// Several of them, without their values: how far they go and the bits they take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stride(u16);

impl Stride {
    /// The first step is longer than a look. No block is as long as this.
    const NONE: Stride = Stride(0xff00);

    fn new(steps: &[Step]) -> Stride {
        let advance: usize = steps.iter().map(|step| step.advance()).sum();
        let length: u32 = steps.iter().map(|step| step.length()).sum();
        match steps {
            [] => Stride::NONE,
            _ => Stride((advance as u16) << 8 | length as u16),
        }
    }

    #[inline(always)]
    pub(super) fn advance(self) -> usize {
        usize::from(self.0 >> 8)
    }

    #[inline(always)]
    pub(super) fn length(self) -> u32 {
        u32::from(self.0 & 0xff)
    }
}

/// Up to `TOGETHER` coefficients in one word: how far each is from where the look began, and their values. Where they
/// are fewer, the last one stands again; where there is none, it is beyond the block.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Values(u64);

impl Values {
    fn new(steps: &[Step]) -> Values {
        let (mut values, mut advance) = (0u64, 0u64);
        for index in 0..TOGETHER {
            if let Some(step) = steps.get(index) {
                advance += step.advance() as u64;
            }
            let Some(step) = steps.get(index).or(steps.last()) else {
                return Values(u64::from(END) * 0x01_0101);
            };
            values |= advance << (8 * index);
            // the first value may take all bits that were looked at; those behind it are small
            values |= match index {
                0 => u64::from(step.value() as u16) << 32,
                _ => u64::from(step.value() as u8) << (40 + 8 * index),
            };
        }
        Values(values)
    }

    /// How far the coefficient is from where the look began.
    #[inline(always)]
    pub(super) fn advance(self, index: usize) -> usize {
        (self.0 >> (8 * index) & 0xff) as usize
    }

    #[inline(always)]
    pub(super) fn value(self, index: usize) -> i16 {
        match index {
            0 => (self.0 >> 32) as i16,
            _ => i16::from((self.0 >> (40 + 8 * index)) as i8),
        }
    }
}

/// Steps of a table, up to `TOGETHER` at a time.
#[derive(Clone, Copy)]
pub(super) struct Runs<'a> {
    heads: &'a [Stride; 1 << LOOK],
    values: &'a [Values; 1 << LOOK],
}

impl Runs<'_> {
    /// The next ones, not yet taken.
    #[inline(always)]
    pub(super) fn look(self, bits: &Bits<'_>) -> (Stride, Values) {
        let next = bits.peek(LOOK);
        (self.heads[next], self.values[next])
    }
}

/// Steps of a table, as many as a look holds.
#[derive(Clone, Copy)]
pub(super) struct Strides<'a>(&'a [Stride; 1 << LOOK]);

impl Strides<'_> {
    /// The next ones, not yet taken.
    #[inline(always)]
    pub(super) fn look(self, bits: &Bits<'_>) -> Stride {
        self.0[bits.peek(LOOK)]
    }
}

/// Further than any coefficient is from another.
pub(super) const END: u8 = 128;

impl Default for Table {
    fn default() -> Self {
        Table {
            quick: Box::new([Step::default(); 1 << LOOK]),
            heads: Box::new([Stride::NONE; 1 << LOOK]),
            values: Box::new([Values::default(); 1 << LOOK]),
            strides: Box::new([Stride::NONE; 1 << LOOK]),
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
        for bits in 0..1usize << LOOK {
            let mut steps = [Step::default(); LOOK as usize / 2 + 1];
            let (mut advance, mut length, mut count, mut small) = (0, 0, 0, 0);
            // 64 coefficients are a block: further than this and an end still fit into the byte
            while advance <= 48 && count < steps.len() {
                let step = self.quick[bits << length & ((1 << LOOK) - 1)];
                if step.length() == 0 || length + step.length() > LOOK {
                    break;
                }
                steps[count] = step;
                length += step.length();
                advance += step.advance();
                if small == count && (count == 0 || i8::try_from(step.value()).is_ok()) {
                    small += 1;
                }
                count += 1;
            }
            let run = &steps[..small.min(TOGETHER)];
            self.heads[bits] = Stride::new(run);
            self.values[bits] = Values::new(run);
            self.strides[bits] = Stride::new(&steps[..count]);
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

    /// The next step; there are bits for it and `LOOKS` more after a refill.
    #[inline(always)]
    pub(super) fn step(&self, bits: &mut Bits<'_>) -> Result<Step, Damage> {
        let step = self.quick[bits.peek(LOOK)];
        if step.length() == 0 {
            return self.take_long(bits);
        }
        bits.drop(step.length());
        Ok(step)
    }

    pub(super) fn runs(&self) -> Runs<'_> {
        Runs {
            heads: &self.heads,
            values: &self.values,
        }
    }

    pub(super) fn strides(&self) -> Strides<'_> {
        Strides(&self.strides)
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
