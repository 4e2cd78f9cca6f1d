//! Between eight bytes and eight bits, for bit-planes.

/// Takes bit `bit` of each of eight bytes, the first byte's into the highest bit.
pub(crate) fn gather(bytes: u64, bit: usize) -> u8 {
    // The factor moves bit 0 of byte i to bit 56 + i, without carries.
    (((bytes >> bit) & 0x0101_0101_0101_0101).wrapping_mul(0x0102_0408_1020_4080) >> 56) as u8
}

/// The opposite of [`gather`]: bit i of a byte becomes bit 0 of byte i.
pub(crate) fn scatter(byte: u8) -> u64 {
    let spread = u64::from(byte).wrapping_mul(0x0101_0101_0101_0101) & 0x8040_2010_0804_0201;
    ((spread + 0x7F7F_7F7F_7F7F_7F7F) >> 7) & 0x0101_0101_0101_0101
}
