//! Values that must not show in logs and are wiped from memory.

use std::{fmt, ops::Deref};

use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

/// A value that belongs to a person. It is wiped when dropped and shows as `«private»` in every debug print and log.
#[derive(Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Private<T: Zeroize>(T);

impl<T: Zeroize> Private<T> {
    /// Wraps a value.
    pub fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself. The method's name shows a reader where a value leaves its wrapper.
    pub fn expose(&self) -> &T {
        &self.0
    }
}

impl Private<String> {
    /// Appends a letter without leaving a copy in memory: the text's buffer does not move up to a length of `most` bytes.
    pub fn push(&mut self, letter: char, most: usize) {
        if self.0.capacity() < self.0.len() + letter.len_utf8() {
            let mut roomier = String::with_capacity(most.max(self.0.len() + letter.len_utf8()));
            roomier.push_str(&self.0);
            self.0.zeroize();
            self.0 = roomier;
        }
        self.0.push(letter);
    }

    /// Removes the last letter without leaving a copy in memory.
    pub fn pop(&mut self) {
        let mut shorter = String::with_capacity(self.0.capacity());
        let kept = self.0.char_indices().next_back().map_or(0, |(at, _)| at);
        shorter.push_str(&self.0[..kept]);
        self.0.zeroize();
        self.0 = shorter;
    }
}

impl<T: Zeroize> Drop for Private<T> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl<T: Zeroize> Deref for Private<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Zeroize> fmt::Debug for Private<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("«private»")
    }
}

impl From<&str> for Private<String> {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<String> for Private<String> {
    fn from(text: String) -> Self {
        Self(text)
    }
}
