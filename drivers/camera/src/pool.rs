//! Buffers that are used again: a preview takes two megabytes thirty times a second.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, PoisonError};

use zeroize::Zeroize;

/// How many free buffers are kept: as many as are under way between the camera and the screen.
const KEPT: usize = 4;

type Free = Arc<Mutex<Vec<Vec<u8>>>>;

/// The free buffers.
#[derive(Clone, Default)]
pub(crate) struct Pool(Free);

/// A buffer that is wiped when dropped, and then kept for the next use.
#[derive(Default)]
pub struct Pooled {
    bytes: Vec<u8>,
    free: Free,
}

impl Pool {
    /// An empty buffer, with room if one came back.
    pub(crate) fn take(&self) -> Pooled {
        let bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        Pooled {
            bytes: bytes.unwrap_or_default(),
            free: Arc::clone(&self.0),
        }
    }
}

impl Drop for Pooled {
    fn drop(&mut self) {
        // Wipes the whole capacity, and empties the buffer.
        self.bytes.zeroize();
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        if free.len() < KEPT && self.bytes.capacity() > 0 {
            free.push(std::mem::take(&mut self.bytes));
        }
    }
}

impl Deref for Pooled {
    type Target = Vec<u8>;

    fn deref(&self) -> &Vec<u8> {
        &self.bytes
    }
}

impl DerefMut for Pooled {
    fn deref_mut(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }
}

impl AsRef<[u8]> for Pooled {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl fmt::Debug for Pooled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.bytes.len())
    }
}
