//! Checks every answer of a directory before the library parses it, because the library panics on a malformed answer
//! and overflows the stack on a deeply nested one. Only the part of LDAP that a sign-in needs is accepted (RFC 4511,
//! section 4.1.1 and following), in BER of definite length (section 5.1).

use std::collections::HashMap;

/// The largest message in bytes. An entry with hundreds of groups has tens of kilobytes.
pub(super) const LARGEST: usize = 256 << 10;

/// The message is not a valid answer to any request of a sign-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Malformed;

/// The requests that have not been answered yet, by message id.
#[derive(Debug, Default)]
pub(super) struct Guard(HashMap<u32, Asked>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    Bind,
    Search,
}

// These are the tags of ASN.1's universal types and those that RFC 4511 defines.
const INTEGER: u8 = 0x02;
const OCTET_STRING: u8 = 0x04;
const ENUMERATED: u8 = 0x0a;
pub(super) const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const BIND_REQUEST: u8 = 0x60;
const BIND_RESPONSE: u8 = 0x61;
const SEARCH_REQUEST: u8 = 0x63;
const SEARCH_ENTRY: u8 = 0x64;
const SEARCH_DONE: u8 = 0x65;
const SEARCH_REFERENCE: u8 = 0x73;
const EXTENDED_RESPONSE: u8 = 0x78;
const REFERRAL: u8 = 0xa3;
const SERVER_CREDENTIALS: u8 = 0x87;
const RESPONSE_NAME: u8 = 0x8a;

impl Guard {
    /// Records a request of the library.
    pub(super) fn request(&mut self, message: &[u8]) -> Result<(), Malformed> {
        let (id, operation, _) = open(message)?;
        match operation {
            BIND_REQUEST => self.0.insert(id, Asked::Bind),
            SEARCH_REQUEST => self.0.insert(id, Asked::Search),
            _ => None,
        };
        Ok(())
    }

    /// Accepts a complete answer that belongs to a recorded request.
    pub(super) fn answer(&mut self, message: &[u8]) -> Result<(), Malformed> {
        let (id, operation, content) = open(message)?;
        match (self.0.get(&id), operation) {
            (Some(Asked::Bind), BIND_RESPONSE) | (Some(Asked::Search), SEARCH_DONE) => {
                self.0.remove(&id);
                result(content).map(|_| ())
            }
            (Some(Asked::Search), SEARCH_ENTRY) => entry(content),
            (Some(Asked::Search), SEARCH_REFERENCE) => texts(content, OCTET_STRING),
            _ => Err(Malformed),
        }
    }
}

/// Returns the result code of the answer to StartTLS, which the booth requests itself with message id 1 (RFC 4511,
/// section 4.14).
pub(super) fn start_tls_result(message: &[u8]) -> Result<u8, Malformed> {
    match open(message)? {
        (1, EXTENDED_RESPONSE, content) => result(content),
        _ => Err(Malformed),
    }
}

/// Returns the message id, the operation and its content. Controls are refused, because the booth requests none.
fn open(message: &[u8]) -> Result<(u32, u8, &[u8]), Malformed> {
    let mut rest = message;
    let mut inner = expect(&mut rest, SEQUENCE)?;
    end(rest)?;
    let id = number(expect(&mut inner, INTEGER)?)?;
    let (operation, content) = next(&mut inner)?;
    end(inner)?;
    Ok((id, operation, content))
}

/// Parses an LDAPResult (section 4.1.9) with the fields that can follow in a bind or StartTLS response.
fn result(content: &[u8]) -> Result<u8, Malformed> {
    let mut rest = content;
    let code = number(expect(&mut rest, ENUMERATED)?)?;
    text(expect(&mut rest, OCTET_STRING)?)?;
    text(expect(&mut rest, OCTET_STRING)?)?;
    while !rest.is_empty() {
        match next(&mut rest)? {
            (REFERRAL, referrals) => texts(referrals, OCTET_STRING)?,
            (SERVER_CREDENTIALS, _) => {}
            (RESPONSE_NAME, name) => text(name)?,
            _ => return Err(Malformed),
        }
    }
    u8::try_from(code).map_err(|_| Malformed)
}

/// Checks a SearchResultEntry (section 4.5.2). Values can be any bytes; names must be text.
fn entry(content: &[u8]) -> Result<(), Malformed> {
    let mut rest = content;
    text(expect(&mut rest, OCTET_STRING)?)?;
    let mut attributes = expect(&mut rest, SEQUENCE)?;
    end(rest)?;
    while !attributes.is_empty() {
        let mut attribute = expect(&mut attributes, SEQUENCE)?;
        text(expect(&mut attribute, OCTET_STRING)?)?;
        let mut values = expect(&mut attribute, SET)?;
        end(attribute)?;
        while !values.is_empty() {
            expect(&mut values, OCTET_STRING)?;
        }
    }
    Ok(())
}

fn texts(content: &[u8], tag: u8) -> Result<(), Malformed> {
    let mut rest = content;
    while !rest.is_empty() {
        text(expect(&mut rest, tag)?)?;
    }
    Ok(())
}

fn text(content: &[u8]) -> Result<(), Malformed> {
    std::str::from_utf8(content)
        .map(|_| ())
        .map_err(|_| Malformed)
}

/// Parses a non-negative number of at most four bytes.
fn number(content: &[u8]) -> Result<u32, Malformed> {
    if !(1..=4).contains(&content.len()) || content[0] & 0x80 != 0 {
        return Err(Malformed);
    }
    Ok(content
        .iter()
        .fold(0, |number, byte| number << 8 | u32::from(*byte)))
}

fn end(rest: &[u8]) -> Result<(), Malformed> {
    if rest.is_empty() {
        Ok(())
    } else {
        Err(Malformed)
    }
}

fn expect<'a>(input: &mut &'a [u8], tag: u8) -> Result<&'a [u8], Malformed> {
    match next(input)? {
        (found, content) if found == tag => Ok(content),
        _ => Err(Malformed),
    }
}

/// Returns the next element: its tag of one byte and its content.
fn next<'a>(input: &mut &'a [u8]) -> Result<(u8, &'a [u8]), Malformed> {
    let (header, length) = header(input)?.ok_or(Malformed)?;
    let tag = input[0];
    let whole = input.get(..header + length).ok_or(Malformed)?;
    *input = &input[header + length..];
    Ok((tag, &whole[header..]))
}

/// Returns the lengths of the header and the content of the first element, or `None` while its header is incomplete.
pub(super) fn header(input: &[u8]) -> Result<Option<(usize, usize)>, Malformed> {
    let (Some(&tag), Some(&first)) = (input.first(), input.get(1)) else {
        return Ok(None);
    };
    // LDAP has no tags of several bytes.
    if tag & 0x1f == 0x1f {
        return Err(Malformed);
    }
    let (header, length) = if first < 0x80 {
        (2, usize::from(first))
    } else {
        // 0x80 would be an indefinite length. A length of more than four bytes exceeds the limit.
        let bytes = usize::from(first & 0x7f);
        if !(1..=4).contains(&bytes) {
            return Err(Malformed);
        }
        let Some(digits) = input.get(2..2 + bytes) else {
            return Ok(None);
        };
        let length = digits
            .iter()
            .fold(0, |length, byte| length << 8 | usize::from(*byte));
        (2 + bytes, length)
    };
    if length > LARGEST {
        return Err(Malformed);
    }
    Ok(Some((header, length)))
}

#[cfg(test)]
mod tests;
