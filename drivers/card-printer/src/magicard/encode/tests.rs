use proptest::prelude::*;

use super::*;
use crate::card::{JobId, Magnetic, Power, Ribbon};
use crate::codec::{decode, encode};

fn job(model: Model) -> PrintJob {
    let (width, height) = model.raster();
    let front =
        CardImage::from_rgb(width, height, vec![255; (width * height * 3) as usize]).unwrap();
    PrintJob {
        id: JobId::from("test"),
        front,
        back: None,
        options: Options {
            time: Some(0x6B00_E27A),
            ..Options::default()
        },
    }
}

fn headers(bytes: &[u8]) -> Vec<String> {
    let mut headers = Vec::new();
    let mut parser = super::super::wire::Parser::new();
    parser.push(bytes, &mut |_, event| {
        if let Ok(super::super::wire::Event::Header(header)) = event {
            headers.push(header.tokens().collect::<Vec<_>>().join(","));
        }
    });
    headers
}

fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}

/// The first is what Gutenprint 5.3.4 puts on the wire, its own version aside; the others follow the vendor's filter and the capture.
#[test]
fn headers_are_those_of_the_reference_programs() {
    let check = |model, expect: &str| {
        let bytes = encode(model, &job(model)).unwrap();
        assert_eq!(
            headers(&bytes),
            [expect.replace("VER?", &format!("VER{}", version()))]
        );
    };
    check(
        Model::Rio2,
        "NOC1,VER?,LANENG,REJOFF,ESS1,KEE,RT2,DPXOFF,PAG1,SLWON,XCO0,YCO0,WID1016,HGT642,OVRON,NNNOFF,USFOFF,\
         PCT0,0,1025,641,DDD50,TDT6B00E27A,IMFBGRK,SZB512064,SZG512064,SZR512064,SZK85344",
    );
    check(
        Model::Enduro,
        "NOC1,VER?,LANENG,TDT6B00E27A,RSPDEF,COEH,KGE2,DPXOFF,PAG1,IMFBGRK,XCO0,YCO0,WID1016,HGT642,OVRON,NNNOFF,USFOFF,\
         PCT0,0,1015,641,ICC0,DDD50,SZB585216,SZG585216,SZR585216,SZK97536",
    );
    check(
        Model::Alto,
        "NOC1,VER?,LANENG,TDT6B00E27A,KGE,PAG1,IMFBGRK,XCO0,YCO0,WID1000,HGT642,OVRON,NNNOFF,USFOFF,\
         PCT0,0,999,641,ICC0,DDD50,SZB576000,SZG576000,SZR576000,SZK96000",
    );
}

#[test]
fn options_become_tokens() {
    let check = |change: &dyn Fn(&mut Options), present: &[&str], absent: &[&str]| {
        let mut job = job(Model::Rio2);
        change(&mut job.options);
        let header = &headers(&encode(Model::Rio2, &job).unwrap())[0];
        let header = format!(",{header},");
        for token in present {
            assert!(
                header.contains(&format!(",{token},")),
                "{token} in {header}"
            );
        }
        for token in absent {
            assert!(!header.contains(token), "{token} in {header}");
        }
    };
    check(&|o| o.ribbon = Ribbon::Ymc, &["OVROFF", "IMFBGR"], &["SZK"]);
    check(
        &|o| o.ribbon = Ribbon::K,
        &["OVROFF", "IMFK", "SZK85344"],
        &["SZB", "SZR"],
    );
    check(&|o| o.copies = 3, &["NOC3", "ESS1"], &[]);
    check(
        &|o| o.holes = vec![Hole::Stripe],
        &["OVRON,NCT0,420,1025,590,NNNOFF"],
        &[],
    );
    check(&|o| o.holes = vec![Hole::Chip], &["NCT90,295,260,450"], &[]);
    check(
        &|o| {
            o.power = Power {
                colour: 60,
                resin: 50,
                overcoat: 40,
            }
        },
        &["CPW60", "OPW40"],
        &["KPW"],
    );
    check(&|o| o.head_position = 47, &["DDD47"], &[]);
    check(&|o| o.language = "pl".parse().unwrap(), &["LANPOL"], &[]);
    check(&|o| o.language = Language::SWEDISH, &["LANENG"], &[]);
    check(&|o| o.reject_faulty = true, &["REJON"], &[]);
    check(&|o| o.colour_sure = false, &["SLWOFF"], &[]);
    let track = |index: usize, data: &str| {
        let mut tracks = [None, None, None];
        tracks[index] = Some(data.to_owned());
        Magnetic {
            tracks,
            ..Magnetic::default()
        }
    };
    check(
        &|o| o.magnetic = track(0, "%B12345^DOE?"),
        &["MAG1,BPI210,MPC7,COEH,%B12345^DOE?"],
        &["MAG2"],
    );
    check(
        &|o| o.magnetic = track(1, ";1234567?"),
        &["MAG2,BPI75,MPC5,COEH,;1234567?"],
        &["MAG1"],
    );
}

#[test]
fn both_sides_go_in_two_pages() {
    let mut job = job(Model::Rio2);
    job.back = Some(job.front.clone());
    let headers = headers(&encode(Model::Rio2, &job).unwrap());
    assert!(headers[0].contains(",DPXON,PAG1,BACCKO,"), "{}", headers[0]);
    assert!(
        headers[1].contains(",DPXON,PAG2,SLWON,") && headers[1].contains("OVROFF"),
        "{}",
        headers[1]
    );
}

#[test]
fn what_cannot_be_printed_is_refused() {
    let check = |model, change: &dyn Fn(&mut PrintJob), words: &str| {
        let mut job = job(model);
        change(&mut job);
        let error = encode(model, &job).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    };
    check(
        Model::Rio2,
        &|job| job.front = CardImage::from_rgb(10, 10, vec![0; 300]).unwrap(),
        "rio2 prints exactly 1016x642",
    );
    check(
        Model::Rio2,
        &|job| job.back = Some(CardImage::from_rgb(10, 10, vec![0; 300]).unwrap()),
        "the back is 10x10",
    );
    check(
        Model::Alto,
        &|job| job.back = Some(job.front.clone()),
        "no second side",
    );
    check(Model::Rio2, &|job| job.options.copies = 0, "copies is 0");
    check(
        Model::Rio2,
        &|job| job.options.head_position = 70,
        "head position is 70",
    );
    check(
        Model::Rio2,
        &|job| job.options.power.resin = 101,
        "head power is 101",
    );
    check(
        Model::Rio2,
        &|job| job.options.magnetic.tracks[1] = Some("1,2".to_owned()),
        "track 2",
    );
    check(
        Model::Rio2,
        &|job| job.options.magnetic.tracks[0] = Some("a\x1c".to_owned()),
        "track 1",
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10))]

    #[test]
    fn decoding_gives_back_what_was_encoded(
        seed: u64,
        model in prop::sample::select(vec![Model::Rio2, Model::Avalon, Model::Enduro, Model::Alto]),
        ribbon in prop::sample::select(Ribbon::ALL.to_vec()),
        position in 35_u8..=65,
        duplex: bool,
    ) {
        let mut job = job(model);
        let (width, height) = model.raster();
        let mut state = seed | 1;
        let mut noise = |length: u32| -> Vec<u8> {
            (0..length).map(|_| { state ^= state << 13; state ^= state >> 7; state ^= state << 17; state as u8 }).collect()
        };
        let mut card = |_: ()| CardImage::new(width, height, noise(width * height * 3), noise(width * height).iter().map(|m| m & 1).collect()).unwrap();
        job.front = card(());
        job.back = (duplex && model != Model::Alto).then(|| card(()));
        job.options = Options { ribbon, head_position: position, ..Options::default() };
        let decoded = decode(&encode(model, &job).unwrap()).unwrap();
        prop_assert_eq!(decoded.model, model);
        prop_assert_eq!(decoded.back.is_some(), job.back.is_some());
        let sides = [(Some(&job.front), Some(&decoded.front)), (job.back.as_ref(), decoded.back.as_ref())];
        for (index, (image, side)) in sides.into_iter().enumerate() {
            let (Some(image), Some(side)) = (image, side) else { continue };
            let has = |panel| ribbon.has(index == 1, panel);
            prop_assert_eq!(side.resin.as_deref(), has(Panel::Resin).then_some(image.resin_mask()));
            for (plane, channel) in side.dye.iter().zip([2, 1, 0]) {
                let expect: Option<Vec<u8>> = has(Panel::Yellow).then(|| {
                    image.rgb().chunks(3).zip(image.resin_mask())
                        .map(|(pixel, mark)| if has(Panel::Resin) && *mark != 0 { 0 } else { (255 - pixel[channel]) >> 2 })
                        .collect()
                });
                prop_assert!(*plane == expect);
            }
        }
        // A drawn card makes the same dye again.
        let drawn = decoded.front.draw();
        let again = PrintJob { front: drawn, back: None, ..job.clone() };
        let again = decode(&encode(model, &again).unwrap()).unwrap();
        prop_assert!(again.front.dye == decoded.front.dye && again.front.resin == decoded.front.resin);
    }
}
