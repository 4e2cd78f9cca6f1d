//! The options of custom operators: a FlexBuffer whose root is a map from names to numbers and lists of numbers.
//!
//! The format (flatbuffers.dev, "FlexBuffers") is read from the end. The last byte is the root's width in bytes, the
//! byte before it is its packed type (type times 4 plus the width of its elements as a power of two), and the root is
//! before that. A map is a list of values followed by a list of types. Before its length is the distance back to its
//! list of keys.

use crate::Error;

const DAMAGED: Error = Error::Damaged("an operator's options make no sense");

/// The kinds of values by their number in the format.
const INT: u8 = 1;
const UINT: u8 = 2;
const FLOAT: u8 = 3;
const INDIRECT_INT: u8 = 6;
const INDIRECT_UINT: u8 = 7;
const INDIRECT_FLOAT: u8 = 8;
const MAP: u8 = 9;
const VECTOR: u8 = 10;
const VECTOR_INT: u8 = 11;
const VECTOR_UINT: u8 = 12;

/// The longest list. No option of an operator is longer.
const LONGEST: usize = 4096;

/// A value and its position.
#[derive(Debug, Clone, Copy)]
struct Value<'a> {
    bytes: &'a [u8],
    at: usize,
    /// The width in bytes of the slot at `at`.
    width: usize,
    kind: u8,
    /// The width in bytes of an element that the slot refers to.
    inner: usize,
}

/// The map at the root.
#[derive(Debug)]
pub(crate) struct Map<'a> {
    entries: Vec<(&'a [u8], Value<'a>)>,
}

fn uint(bytes: &[u8], at: usize, width: usize) -> Result<u64, Error> {
    let end = at.checked_add(width).ok_or(DAMAGED)?;
    let part = bytes.get(at..end).ok_or(DAMAGED)?;
    if !matches!(width, 1 | 2 | 4 | 8) {
        return Err(DAMAGED);
    }
    Ok(part
        .iter()
        .rev()
        .fold(0, |value, byte| value << 8 | u64::from(*byte)))
}

/// Returns the place to which a distance back leads.
fn back(bytes: &[u8], at: usize, width: usize) -> Result<usize, Error> {
    let distance = usize::try_from(uint(bytes, at, width)?).map_err(|_| DAMAGED)?;
    at.checked_sub(distance).ok_or(DAMAGED)
}

fn value(bytes: &[u8], at: usize, width: usize, packed: u8) -> Value<'_> {
    Value {
        bytes,
        at,
        width,
        kind: packed >> 2,
        inner: 1 << (packed & 3),
    }
}

/// Returns the number of elements of the list that starts at `start`.
fn count(bytes: &[u8], start: usize, width: usize) -> Result<usize, Error> {
    let at = start.checked_sub(width).ok_or(DAMAGED)?;
    let count = usize::try_from(uint(bytes, at, width)?).map_err(|_| DAMAGED)?;
    if count > LONGEST {
        return Err(Error::TooLarge("an operator's options are very long"));
    }
    Ok(count)
}

impl<'a> Map<'a> {
    pub(crate) fn read(bytes: &'a [u8]) -> Result<Map<'a>, Error> {
        let [.., packed, width] = *bytes else {
            return Err(DAMAGED);
        };
        let width = usize::from(width);
        let at = bytes.len().checked_sub(2 + width).ok_or(DAMAGED)?;
        let root = value(bytes, at, width, packed);
        if root.kind != MAP {
            return Err(DAMAGED);
        }
        let (values, inner) = (back(bytes, at, width)?, root.inner);
        let count = count(bytes, values, inner)?;
        // Before the length is the width of the list of keys, and before that the distance to this list.
        let keys_width_at = values.checked_sub(2 * inner).ok_or(DAMAGED)?;
        let keys_at = values.checked_sub(3 * inner).ok_or(DAMAGED)?;
        let keys_width =
            usize::try_from(uint(bytes, keys_width_at, inner)?).map_err(|_| DAMAGED)?;
        let keys = back(bytes, keys_at, inner)?;
        let types = values + count * inner;
        let entries = (0..count).map(|index| {
            let key = back(bytes, keys + index * keys_width.min(8), keys_width)?;
            let rest = bytes.get(key..).ok_or(DAMAGED)?;
            let length = rest.iter().position(|byte| *byte == 0).ok_or(DAMAGED)?;
            let packed = *bytes.get(types + index).ok_or(DAMAGED)?;
            let value = value(bytes, values + index * inner, inner, packed);
            Ok((&rest[..length], value))
        });
        Ok(Map {
            entries: entries.collect::<Result<_, Error>>()?,
        })
    }

    fn get(&self, name: &str) -> Result<Value<'a>, Error> {
        let entry = self.entries.iter().find(|(key, _)| *key == name.as_bytes());
        entry.map(|(_, value)| *value).ok_or(DAMAGED)
    }

    pub(crate) fn size(&self, name: &str) -> Result<usize, Error> {
        self.get(name)?.size()
    }

    pub(crate) fn float(&self, name: &str) -> Result<f32, Error> {
        self.get(name)?.float()
    }

    pub(crate) fn sizes(&self, name: &str) -> Result<Vec<usize>, Error> {
        self.get(name)?.sizes()
    }
}

impl Value<'_> {
    fn size(self) -> Result<usize, Error> {
        let (at, width) = match self.kind {
            INT | UINT => (self.at, self.width),
            INDIRECT_INT | INDIRECT_UINT => (back(self.bytes, self.at, self.width)?, self.inner),
            _ => return Err(DAMAGED),
        };
        usize::try_from(uint(self.bytes, at, width)?).map_err(|_| DAMAGED)
    }

    fn float(self) -> Result<f32, Error> {
        let (at, width) = match self.kind {
            FLOAT => (self.at, self.width),
            INDIRECT_FLOAT => (back(self.bytes, self.at, self.width)?, self.inner),
            _ => return self.size().map(|value| value as f32),
        };
        let bits = uint(self.bytes, at, width)?;
        match width {
            4 => Ok(f32::from_bits(bits as u32)),
            8 => Ok(f64::from_bits(bits) as f32),
            _ => Err(DAMAGED),
        }
    }

    fn sizes(self) -> Result<Vec<usize>, Error> {
        let (bytes, inner) = (self.bytes, self.inner);
        if !matches!(self.kind, VECTOR | VECTOR_INT | VECTOR_UINT) {
            return Err(DAMAGED);
        }
        let start = back(bytes, self.at, self.width)?;
        let count = count(bytes, start, inner)?;
        (0..count)
            .map(|index| {
                let at = start + index * inner;
                if self.kind == VECTOR {
                    let packed = *bytes.get(start + count * inner + index).ok_or(DAMAGED)?;
                    return value(bytes, at, inner, packed).size();
                }
                usize::try_from(uint(bytes, at, inner)?).map_err(|_| DAMAGED)
            })
            .collect()
    }
}
