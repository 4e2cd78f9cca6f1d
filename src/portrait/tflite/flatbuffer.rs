//! Reads FlatBuffers from untrusted files: every read is checked, and a wrong offset is an error and not a panic.
//!
//! The format (flatbuffers.dev, "Internals") is little-endian. A table starts with a signed distance back to its
//! vtable. A vtable holds its own size, the table's size and one 16-bit offset per field, which is 0 for a field that
//! is left out. Strings, vectors and tables are reached by unsigned 32-bit distances forward.

use crate::Error;

const BEYOND: Error = Error::Damaged("an offset leads beyond its end");

/// The whole file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct File<'a>(pub(crate) &'a [u8]);

impl<'a> File<'a> {
    fn bytes<const N: usize>(self, at: usize) -> Result<[u8; N], Error> {
        let rest = self.0.get(at..).ok_or(BEYOND)?;
        rest.first_chunk().copied().ok_or(BEYOND)
    }

    fn u16(self, at: usize) -> Result<usize, Error> {
        self.bytes(at).map(|bytes| u16::from_le_bytes(bytes).into())
    }

    fn u32(self, at: usize) -> Result<usize, Error> {
        let value = u32::from_le_bytes(self.bytes(at)?);
        usize::try_from(value).map_err(|_| BEYOND)
    }

    /// Returns the place to which the distance at `at` leads.
    fn follow(self, at: usize) -> Result<usize, Error> {
        at.checked_add(self.u32(at)?).ok_or(BEYOND)
    }

    /// Returns the root table of the file.
    pub(crate) fn root(self) -> Result<Table<'a>, Error> {
        self.table(self.follow(0)?)
    }

    fn table(self, at: usize) -> Result<Table<'a>, Error> {
        let back = i32::from_le_bytes(self.bytes(at)?);
        let vtable = i64::try_from(at).map_err(|_| BEYOND)? - i64::from(back);
        let vtable = usize::try_from(vtable).map_err(|_| BEYOND)?;
        let fields = self.u16(vtable)?.saturating_sub(4) / 2;
        Ok(Table {
            file: self,
            at,
            vtable,
            fields,
        })
    }
}

/// A table, whose fields are identified by their number in the schema.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Table<'a> {
    file: File<'a>,
    at: usize,
    vtable: usize,
    fields: usize,
}

impl<'a> Table<'a> {
    /// Returns the place of a field, or `None` when it has its default.
    fn field(&self, number: usize) -> Result<Option<usize>, Error> {
        if number >= self.fields {
            return Ok(None);
        }
        let place = self.file.u16(self.vtable + 4 + 2 * number)?;
        Ok((place != 0).then_some(self.at + place))
    }

    pub(crate) fn u8(&self, number: usize) -> Result<u8, Error> {
        match self.field(number)? {
            Some(at) => Ok(self.file.bytes::<1>(at)?[0]),
            None => Ok(0),
        }
    }

    pub(crate) fn i32(&self, number: usize, default: i32) -> Result<i32, Error> {
        match self.field(number)? {
            Some(at) => Ok(i32::from_le_bytes(self.file.bytes(at)?)),
            None => Ok(default),
        }
    }

    /// Returns a number that is a size or an index.
    pub(crate) fn size(&self, number: usize, default: i32) -> Result<usize, Error> {
        let value = self.i32(number, default)?;
        usize::try_from(value).map_err(|_| Error::Damaged("a size is negative"))
    }

    pub(crate) fn has(&self, number: usize) -> Result<bool, Error> {
        Ok(self.field(number)?.is_some())
    }

    pub(crate) fn table(&self, number: usize) -> Result<Option<Table<'a>>, Error> {
        match self.field(number)? {
            Some(at) => Ok(Some(self.file.table(self.file.follow(at)?)?)),
            None => Ok(None),
        }
    }

    /// Returns the start and the number of a vector's elements, `size` bytes each. All of them are inside the file.
    fn vector(&self, number: usize, size: usize) -> Result<(usize, usize), Error> {
        let Some(at) = self.field(number)? else {
            return Ok((0, 0));
        };
        let vector = self.file.follow(at)?;
        let (count, start) = (self.file.u32(vector)?, vector + 4);
        let end = count
            .checked_mul(size)
            .and_then(|len| start.checked_add(len));
        match end {
            Some(end) if end <= self.file.0.len() => Ok((start, count)),
            _ => Err(BEYOND),
        }
    }

    pub(crate) fn bytes(&self, number: usize) -> Result<&'a [u8], Error> {
        let (start, count) = self.vector(number, 1)?;
        Ok(&self.file.0[start..start + count])
    }

    /// Returns a vector of at most `most` numbers.
    pub(crate) fn i32s(&self, number: usize, most: usize) -> Result<Vec<i32>, Error> {
        let (start, count) = self.vector(number, 4)?;
        if count > most {
            return Err(Error::TooLarge("a list of numbers is very long"));
        }
        let bytes = &self.file.0[start..start + 4 * count];
        let (words, _) = bytes.as_chunks::<4>();
        Ok(words.iter().map(|word| i32::from_le_bytes(*word)).collect())
    }

    /// Returns a vector of at most `most` tables.
    pub(crate) fn tables(&self, number: usize, most: usize) -> Result<Vec<Table<'a>>, Error> {
        let (start, count) = self.vector(number, 4)?;
        if count > most {
            return Err(Error::TooLarge("a list of parts is very long"));
        }
        (0..count)
            .map(|index| self.file.table(self.file.follow(start + 4 * index)?))
            .collect()
    }
}
