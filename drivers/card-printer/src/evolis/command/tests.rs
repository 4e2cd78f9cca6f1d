use proptest::prelude::*;

use super::*;

fn commands(
    chunks: impl IntoIterator<Item = impl AsRef<[u8]>>,
) -> (Vec<Result<Command, CommandError>>, Parser) {
    let mut parser = Parser::new();
    let mut all = Vec::new();
    for chunk in chunks {
        parser.push(chunk.as_ref(), &mut |_, event| all.push(event));
    }
    (all, parser)
}

/// A resin panel full of the two bytes that end and begin a command.
fn panel() -> Vec<u8> {
    let mut bytes = b"\x1bDb;k;2;".to_vec();
    bytes.extend([ESCAPE, RETURN].repeat(82_296 / 2));
    bytes.push(RETURN);
    bytes
}

#[test]
fn commands_are_distinguished_and_padding_is_skipped() {
    let stream = [
        b"\x1bPr;ymcko\r\0\0\0\x1bSs\r".to_vec(),
        panel(),
        vec![0; 32],
        b"\x1bSe;1\r".to_vec(),
    ]
    .concat();
    let (commands, parser) = commands([stream]);
    let expect = [
        Command::text("Pr;ymcko"),
        Command::text("Ss"),
        Command::Download {
            panel: Panel::Resin,
            bits: 1,
            data: [ESCAPE, RETURN].repeat(82_296 / 2),
        },
        Command::text("Se;1"),
    ];
    assert_eq!(
        commands.into_iter().map(Result::unwrap).collect::<Vec<_>>(),
        expect
    );
    assert_eq!(parser.missing(), None);
}

#[test]
fn a_compressed_panel_is_its_length_long() {
    let mut bytes = b"\x1bDbc;o;2;1018;".to_vec();
    bytes.extend([0xFF, 2, 0x0D, 0x1B]);
    bytes.extend([0; 1014]);
    bytes.push(RETURN);
    let (commands, _) = commands([bytes]);
    let Ok(Command::Download {
        panel: Panel::Overcoat,
        bits: 1,
        data,
    }) = &commands[0]
    else {
        panic!("{commands:?}")
    };
    assert_eq!(
        (data.len(), &data[80..84]),
        (82_296, [0xFF, 0x0D, 0x1B, 0].as_slice())
    );
}

#[test]
fn what_a_printer_would_refuse_is_refused_with_its_place() {
    let check = |bytes: &[u8], offset: usize, words: &str| {
        let (commands, _) = commands([bytes]);
        let error = commands.into_iter().find_map(Result::err).expect(words);
        assert!(error.reason.contains(words), "{error}");
        assert_eq!(error.offset, offset, "{error}");
    };
    check(b"Ss\r", 0, "53 where an escape byte");
    check(b"\x1bS\x02", 2, "02 in the text");
    check(b"\x1b;;\r", 3, "is no command");
    check(b"\x1bDb;x;2;", 7, "no panel \"x\"");
    check(b"\x1bDb;k;128;", 9, "no number of levels");
    check(b"\x1bDb;y;256;", 9, "not 256");
    check(b"\x1bDb;y\r", 5, "has no pixels");
    check(b"\x1bDbc;y;128;10;", 13, "not published");
    check(b"\x1bDbc;k;2;99999;", 14, "no number from 1");
    let mut long = panel();
    let end = long.len() - 1;
    long[end] = 0;
    check(&long, end, "00 where the end byte");
    check(
        &[vec![ESCAPE], vec![b'A'; 2000]].concat(),
        1025,
        "longer than 1024",
    );
    check(b"\x1bDbc;k;2;2;\x00\x00\r", 13, "fewer than 1016 lines");
}

#[test]
fn a_cut_stream_says_what_is_missing() {
    let check = |bytes: &[u8], words: &str| {
        let missing = commands([bytes]).1.missing().expect(words);
        assert!(missing.contains(words), "{missing}");
    };
    check(b"\x1bSs", "no end byte");
    check(b"\x1bDb;y;128;abc", "yellow panel ends after 3 of 576072");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn how_the_bytes_are_cut_does_not_matter(cuts in prop::collection::vec(0_usize..82_400, 0..20)) {
        let bytes = [b"\x1bPem;2\r".to_vec(), panel(), b"\x1bSe\r".to_vec()].concat();
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
        cuts.sort_unstable();
        let mut chunks = Vec::new();
        let mut start = 0;
        for cut in cuts.into_iter().chain([bytes.len()]) {
            chunks.push(&bytes[start..cut]);
            start = cut;
        }
        prop_assert!(commands(chunks).0 == commands([&bytes]).0);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes: Vec<u8>, prefix in prop::sample::select(vec![&b""[..], b"\x1b", b"\x1bDbc;k;2;", b"\x1bDb;y;"])) {
        let _ = commands([prefix, &bytes]);
    }
}
