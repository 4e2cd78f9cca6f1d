//! The entropy-coded bytes as bits.

use crate::damage::Damage;

/// Reads bits, most significant first, from bytes without stuffing. After their end it reads zeros, and `check` reports that.
#[derive(Clone, Copy)]
pub(super) struct Bits<'a> {
    data: &'a [u8],
    at: usize,
    /// The next bits, from the top. Those behind the first `count` are right or zero.
    buffer: u64,
    count: u32,
    /// How many of the bits so far were made up behind the end.
    made_up: u32,
}

impl<'a> Bits<'a> {
    pub(super) fn new(data: &'a [u8]) -> Bits<'a> {
        Bits {
            data,
            at: 0,
            buffer: 0,
            count: 0,
            made_up: 0,
        }
    }

    /// Makes at least 56 bits ready.
    #[inline(always)]
    pub(super) fn refill(&mut self) {
        if let Some(bytes) = self.data.get(self.at..).and_then(<[u8]>::first_chunk::<8>) {
            self.buffer |= u64::from_be_bytes(*bytes) >> self.count;
            let taken = (63 - self.count) / 8;
            self.at += taken as usize;
            self.count += taken * 8;
        } else {
            *self = self.refill_slowly();
        }
    }

    #[cold]
    #[inline(never)]
    fn refill_slowly(mut self) -> Self {
        while self.count < 56 {
            let byte = match self.data.get(self.at) {
                Some(&byte) => byte,
                None => {
                    self.made_up += 8;
                    0
                }
            };
            self.at += 1;
            self.buffer |= u64::from(byte) << (56 - self.count);
            self.count += 8;
        }
        self
    }

    /// The next bits, from the top.
    #[inline(always)]
    pub(super) fn next(&self) -> u64 {
        self.buffer
    }

    #[inline(always)]
    pub(super) fn peek(&self, count: u32) -> usize {
        (self.buffer >> (64 - count)) as usize
    }

    #[inline(always)]
    pub(super) fn drop(&mut self, count: u32) {
        self.buffer <<= count & 63;
        self.count -= count;
    }

    /// Checks that everything that was read was there.
    pub(super) fn check(&self) -> Result<(), Damage> {
        if self.made_up > self.count {
            Err(Damage::Truncated)
        } else {
            Ok(())
        }
    }

    /// Checks that everything that was read was there, and no more than `surplus` bytes are left.
    pub(super) fn end(&self, surplus: usize) -> Result<(), Damage> {
        self.check()?;
        let left =
            ((self.count - self.made_up) / 8) as usize + self.data.len().saturating_sub(self.at);
        if left > surplus {
            Err(Damage::Data)
        } else {
            Ok(())
        }
    }
}
