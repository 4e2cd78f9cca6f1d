use ldap3::{
    LdapResult, ResultEntry, SearchEntry,
    asn1::{Tag, parse_tag},
    parse_refs,
};
use proptest::prelude::*;

use super::*;

fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![tag];
    match u8::try_from(content.len()) {
        Ok(short @ ..0x80) => bytes.push(short),
        _ => {
            bytes.push(0x83);
            bytes.extend_from_slice(
                &u32::try_from(content.len())
                    .expect("a small test")
                    .to_be_bytes()[1..],
            );
        }
    }
    bytes.extend_from_slice(content);
    bytes
}

fn message(id: u8, operation: u8, parts: &[Vec<u8>]) -> Vec<u8> {
    let inner = [element(INTEGER, &[id]), element(operation, &parts.concat())].concat();
    element(SEQUENCE, &inner)
}

fn text_of(text: &str) -> Vec<u8> {
    element(OCTET_STRING, text.as_bytes())
}

fn done(id: u8, operation: u8, code: u8) -> Vec<u8> {
    message(
        id,
        operation,
        &[element(ENUMERATED, &[code]), text_of(""), text_of("")],
    )
}

fn entry_of(id: u8, name: &str, value: &[u8]) -> Vec<u8> {
    let values = element(SET, &element(OCTET_STRING, value));
    let attribute = element(SEQUENCE, &[text_of(name), values].concat());
    message(
        id,
        SEARCH_ENTRY,
        &[text_of("uid=abcd0001"), element(SEQUENCE, &attribute)],
    )
}

/// Returns a guard that has recorded a bind (1) and a search (2).
fn asked() -> Guard {
    let mut guard = Guard::default();
    guard
        .request(&message(1, BIND_REQUEST, &[]))
        .expect("a request");
    guard
        .request(&message(2, SEARCH_REQUEST, &[]))
        .expect("a request");
    guard
}

#[test]
fn the_answers_of_a_sign_in_pass() {
    let mut guard = asked();
    for answer in [
        done(1, BIND_RESPONSE, 0),
        entry_of(2, "cn", "Alva Björk".as_bytes()),
        entry_of(2, "jpegPhoto", &[0xff, 0xd8, 0xff]),
        entry_of(2, "memberOf", "g".repeat(1000).as_bytes()),
        message(
            2,
            SEARCH_REFERENCE,
            &[text_of("ldap://example.edu/dc=example")],
        ),
        done(2, SEARCH_DONE, 0),
    ] {
        assert_eq!(guard.answer(&answer), Ok(()), "{answer:?}");
    }
    assert_eq!(start_tls_result(&done(1, EXTENDED_RESPONSE, 0)), Ok(0));
    assert_eq!(start_tls_result(&done(1, EXTENDED_RESPONSE, 52)), Ok(52));
}

#[test]
fn unrequested_messages_do_not_pass() {
    let deep = (0..5000).fold(Vec::new(), |inner, _| element(SEQUENCE, &inner));
    let with_controls = {
        let inner = [
            element(INTEGER, &[1]),
            done(1, BIND_RESPONSE, 0)[5..].to_vec(),
            element(0xa0, &[]),
        ]
        .concat();
        element(SEQUENCE, &inner)
    };
    for (what, answer) in [
        ("nothing", vec![]),
        ("no message", b"HTTP/1.1 400 Bad Request".to_vec()),
        (
            "an answer to an unknown question",
            done(3, BIND_RESPONSE, 0),
        ),
        ("a bind's answer to a search", done(2, BIND_RESPONSE, 0)),
        ("an entry for a bind", entry_of(1, "cn", b"x")),
        ("an unsolicited notice", done(0, EXTENDED_RESPONSE, 52)),
        ("an id that is negative", message(0xff, BIND_RESPONSE, &[])),
        (
            "a result without its texts",
            message(1, BIND_RESPONSE, &[element(ENUMERATED, &[0])]),
        ),
        (
            "a result code that is none",
            message(1, BIND_RESPONSE, &[text_of(""), text_of(""), text_of("")]),
        ),
        (
            "a text that is none",
            message(
                1,
                BIND_RESPONSE,
                &[
                    element(ENUMERATED, &[0]),
                    element(OCTET_STRING, &[0xff]),
                    text_of(""),
                ],
            ),
        ),
        (
            "an entry without attributes",
            message(2, SEARCH_ENTRY, &[text_of("uid=a")]),
        ),
        ("controls", with_controls),
        (
            "something after the message",
            [done(1, BIND_RESPONSE, 0), vec![0]].concat(),
        ),
        ("half a message", done(1, BIND_RESPONSE, 0)[..8].to_vec()),
        ("a deep one", message(1, BIND_RESPONSE, &[deep])),
        ("an indefinite length", vec![SEQUENCE, 0x80, 0, 0]),
    ] {
        assert_eq!(asked().answer(&answer), Err(Malformed), "{what}");
    }
}

#[test]
fn a_header_is_bounded() {
    for (input, expected) in [
        (&[SEQUENCE][..], Ok(None)),
        (&[SEQUENCE, 0x82, 1], Ok(None)),
        (&[SEQUENCE, 5], Ok(Some((2, 5)))),
        (&[SEQUENCE, 0x82, 1, 0], Ok(Some((4, 256)))),
        (&[SEQUENCE, 0x84, 0, 4, 0, 0], Ok(Some((6, LARGEST)))),
        (&[SEQUENCE, 0x84, 0, 4, 0, 1], Err(Malformed)),
        (&[SEQUENCE, 0x84, 0xff, 0xff, 0xff, 0xff], Err(Malformed)),
        (&[SEQUENCE, 0x85, 0, 0, 0, 0, 1], Err(Malformed)),
        (&[0x3f, 1], Err(Malformed)),
    ] {
        assert_eq!(header(input), expected, "{input:?}");
    }
}

/// Parses a message with the library, which panics if it cannot.
fn read_by_the_library(message: &[u8]) {
    let (_, whole) = parse_tag(message).expect("BER");
    let operation = whole
        .expect_constructed()
        .and_then(|mut parts| parts.pop())
        .expect("id and operation");
    match message_operation(message) {
        SEARCH_ENTRY => drop(SearchEntry::construct(ResultEntry::new(operation))),
        SEARCH_REFERENCE => drop(parse_refs(operation)),
        _ => drop(LdapResult::from(Tag::StructureTag(operation))),
    }
}

fn message_operation(message: &[u8]) -> u8 {
    open(message).expect("it passed").1
}

/// Generates valid answers in which a few bytes are changed.
fn nearly_good() -> impl Strategy<Value = Vec<u8>> {
    let good = prop::sample::select(vec![
        done(1, BIND_RESPONSE, 49),
        done(2, SEARCH_DONE, 0),
        entry_of(2, "cn", "Alva Björk".as_bytes()),
        message(2, SEARCH_REFERENCE, &[text_of("ldap://example.edu/")]),
        message(
            1,
            BIND_RESPONSE,
            &[
                element(ENUMERATED, &[0]),
                text_of(""),
                text_of("ok"),
                element(REFERRAL, &text_of("ldap://x")),
                element(SERVER_CREDENTIALS, b"c"),
            ],
        ),
    ]);
    let changes = proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..3);
    (good, changes).prop_map(|(mut bytes, changes)| {
        for (index, byte) in changes {
            let at = index.index(bytes.len());
            bytes[at] = byte;
        }
        bytes
    })
}

proptest! {
    #[test]
    fn accepted_messages_can_be_parsed_by_the_library(bytes in nearly_good()) {
        if asked().answer(&bytes).is_ok() {
            read_by_the_library(&bytes);
        }
    }

    #[test]
    fn no_bytes_make_the_guard_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = asked().answer(&bytes);
        let _ = start_tls_result(&bytes);
        let _ = header(&bytes);
    }
}
