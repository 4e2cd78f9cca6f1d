use proptest::prelude::*;

use super::*;

fn events(
    chunks: impl IntoIterator<Item = impl AsRef<[u8]>>,
) -> (Vec<Result<Event, WireError>>, Parser) {
    let mut parser = Parser::new();
    let mut all = Vec::new();
    for chunk in chunks {
        parser.push(chunk.as_ref(), &mut |_, event| all.push(event));
    }
    (all, parser)
}

/// A resin-only page: the smallest real job.
fn page(header: &str, letter: u8) -> Vec<u8> {
    let mut bytes = vec![LEAD_IN; 64];
    bytes.push(START);
    bytes.extend_from_slice(header.as_bytes());
    bytes.push(SEPARATOR);
    bytes.resize(bytes.len() + Head::Kee.resin_bytes(), 0);
    bytes.extend_from_slice(&[SEPARATOR, letter, b':', END]);
    bytes
}

const HEADER: &str = ",NOC1,KEE,RT2,IMFK,WID1016,HGT642,SZK85344";

#[test]
fn a_page_is_a_header_planes_and_an_end() {
    let (events, parser) = events([page(HEADER, b'K')]);
    let names: Vec<_> = events.iter().map(|event| event.as_ref().unwrap()).collect();
    assert!(matches!(names[0], Event::Header(header) if header.head == Head::Kee));
    assert!(matches!(names[1], Event::Plane(PlaneKind::Resin, data) if data.len() == 85_344));
    assert_eq!(names[2], &Event::PageEnd);
    assert_eq!((names.len(), parser.missing()), (3, None));
}

#[test]
fn what_a_printer_would_refuse_is_refused_with_its_place() {
    let check = |bytes: Vec<u8>, offset: usize, words: &str| {
        let (events, _) = events([bytes]);
        let error = events.into_iter().find_map(Result::err).expect(words);
        assert!(error.reason.contains(words), "{error}");
        assert_eq!(error.offset, offset, "{error}");
    };
    let end = |header: &str| 64 + 1 + header.len();
    for (header, words) in [
        (",NOC1,KEE,RT2,IMFK,SZK85343", "is not the 85344 bytes"),
        (",NOC1,KEE,RT2,IMFK,SZK85344,", "comma directly before"),
        (
            ",VER1,NOC1,KEE,RT2,IMFK,SZK85344",
            "first token must be NOC",
        ),
        (",NOC0,KEE,RT2,IMFK,SZK85344", "number of copies"),
        (",NOC1,RT2,IMFK,SZK85344", "no token names the print head"),
        (",NOC1,KEE4,IMFK,SZK85344", "not known"),
        (",NOC1,KEE,RT2,SZK85344", "no IMF token"),
        (",NOC1,KEE,RT2,IMFBGR,SZK85344", "does not name the plane K"),
        (",NOC1,KEE,RT2,IMFBGR,SZB512064", "some have no size token"),
        (",NOC1,KEE,RT2,IMFK,WID1000,SZK85344", "is not WID1016"),
        ("NOC1,KEE", "begins with a comma"),
    ] {
        check(page(header, b'K'), end(header), words);
    }
    check(page(HEADER, b'R'), end(HEADER) + 1 + 85_344 + 1, "trailer");
    let mut short = page(HEADER, b'K');
    short.remove(1000);
    check(short, end(HEADER) + 1 + 85_344 - 1 + 1, "trailer");
    check(b"\x05\x05PCL".to_vec(), 2, "50 where a lead-in");
    check(
        [vec![START], vec![b'A'; 5000]].concat(),
        MAX_HEADER + 1,
        "longer than 4096",
    );
}

#[test]
fn after_an_error_it_listens_again_at_the_next_start() {
    let (events, _) = events([b"\x05junk".to_vec(), page(HEADER, b'K')]);
    assert_eq!(events.iter().filter(|event| event.is_err()).count(), 1);
    assert_eq!(events.last(), Some(&Ok(Event::PageEnd)));
}

#[test]
fn requests_are_distinguished_from_jobs() {
    let check = |request: Request| {
        let (events, parser) = events([request.bytes()]);
        assert_eq!(
            (events, parser.missing()),
            (vec![Ok(Event::Request(request))], None)
        );
    };
    check(Request::Info);
    check(Request::Error);
    check(Request::Value("TCQ".to_owned()));
    check(Request::Report(3));
    check(Request::Sensors(1));
    check(Request::Reset);
    check(Request::Eject);
    check(Request::TestCard);
}

#[test]
fn requests_are_the_bytes_of_gutenprint() {
    let check = |request: Request, text: &[u8]| {
        let bytes = [&[LEAD_IN; 9], &[START][..], text, &[SEPARATOR, END]].concat();
        assert_eq!(request.bytes(), bytes);
    };
    check(Request::Value("MSR".to_owned()), b"REQ,STA,MSR,");
    check(Request::Eject, b"EJT,");
    check(Request::Sensors(1), b"SNR1");
    check(Request::Report(1), b"QPR1");
    check(Request::Reset, b"RST,");
    check(Request::TestCard, b"TST,");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn how_the_bytes_are_cut_does_not_matter(cuts in prop::collection::vec(0_usize..85_700, 0..20)) {
        let bytes = [page(HEADER, b'K'), Request::Info.bytes()].concat();
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
        cuts.sort_unstable();
        let mut chunks = Vec::new();
        let mut start = 0;
        for cut in cuts.into_iter().chain([bytes.len()]) {
            chunks.push(&bytes[start..cut]);
            start = cut;
        }
        prop_assert!(events(chunks).0 == events([&bytes]).0);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes: Vec<u8>, prefix in prop::sample::select(vec![&b""[..], b"\x01", b"\x01,NOC1,KEE,"])) {
        let _ = events([prefix, &bytes]);
    }
}
