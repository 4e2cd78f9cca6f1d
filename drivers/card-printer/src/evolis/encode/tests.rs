use proptest::prelude::*;

use super::*;
use crate::card::{Hole, JobId};
use crate::codec::{decode, encode};
use crate::evolis::command::{Command, Parser};

fn job(seed: u64) -> PrintJob {
    let mut state = seed | 1;
    let mut noise = |length: usize| -> Vec<u8> {
        (0..length)
            .map(|_| {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                state as u8
            })
            .collect()
    };
    let rgb = noise(1016 * 648 * 3);
    let mask = noise(1016 * 648).iter().map(|mark| mark & 1).collect();
    let front = CardImage::new(1016, 648, rgb, mask).unwrap();
    PrintJob {
        id: JobId::from("test"),
        front,
        back: None,
        options: Options::default(),
    }
}

/// The commands of a job; a panel by its letter and bits.
fn outline(job: &PrintJob) -> Vec<String> {
    let bytes = encode(Model::Primacy, job).unwrap();
    let mut commands = Vec::new();
    Parser::new().push(&bytes, &mut |_, command| {
        commands.push(match command.unwrap() {
            Command::Text { name, parameters } => [vec![name], parameters].concat().join(";"),
            Command::Download { panel, bits, .. } => format!("<{}{bits}>", panel.letter()),
        });
    });
    commands
}

#[test]
fn the_order_is_that_of_the_vendors_sample() {
    let check = |change: &dyn Fn(&mut PrintJob), expect: &str| {
        let mut job = job(1);
        change(&mut job);
        assert_eq!(outline(&job).join(" "), expect);
    };
    check(&|_| {}, "Pem;2 Pr;ymcko Ss Sr <y7> <m7> <c7> <k1> <o1> Se");
    check(
        &|job| job.options.ribbon = Ribbon::K,
        "Pem;2 Pr;k Ss Sr <k1> Se",
    );
    check(
        &|job| job.options.ribbon = Ribbon::Ko,
        "Pem;2 Pr;ko Ss Sr <k1> <o1> Se",
    );
    check(
        &|job| job.options.ribbon = Ribbon::Ymc,
        "Pem;2 Pr;ymcko Ss Sr <y7> <m7> <c7> Se",
    );
    check(
        &|job| job.options.levels = Levels::Five,
        "Pem;2 Pr;ymcko Ss Sr <y5> <m5> <c5> <k1> <o1> Se",
    );
    check(
        &|job| {
            job.back = Some(job.front.clone());
            job.options.ribbon = Ribbon::Ymckok;
        },
        "Pem;2 Pr;ymckok Ss Sr <y7> <m7> <c7> <k1> <o1> Sv <k1> Se",
    );
    check(
        &|job| {
            job.options.magnetic.tracks = [Some("%B1?".to_owned()), None, Some(";3?".to_owned())]
        },
        "Pem;2 Pr;ymcko Ss Pmc;h Dm;1;%B1? Dm;3;;3? Smw Sr <y7> <m7> <c7> <k1> <o1> Se",
    );
}

#[test]
fn what_cannot_be_printed_is_refused() {
    let check = |model, change: &dyn Fn(&mut PrintJob), words: &str| {
        let mut job = job(1);
        change(&mut job);
        let error = encode(model, &job).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    };
    check(
        Model::Primacy,
        &|job| job.front = CardImage::from_rgb(10, 10, vec![0; 300]).unwrap(),
        "exactly 1016x648",
    );
    check(
        Model::Zenius,
        &|job| job.back = Some(job.front.clone()),
        "no second side",
    );
    check(Model::Primacy, &|job| job.options.copies = 2, "copies is 2");
    check(
        Model::Primacy,
        &|job| job.options.magnetic.tracks[1] = Some("1".repeat(41)),
        "1 to 40",
    );
    check(
        Model::Primacy,
        &|job| job.options.magnetic.tracks[1] = Some("a".to_owned()),
        "alphabet",
    );
}

#[test]
fn the_overcoat_leaves_the_holes_bare() {
    let mut job = job(1);
    job.options.holes = vec![Hole::Chip];
    let cover = decode(&encode(Model::Primacy, &job).unwrap())
        .unwrap()
        .front
        .overcoat
        .unwrap();
    let at = |x: usize, from_below: usize| cover[(647 - from_below) * 1016 + x];
    assert_eq!(
        [
            at(89, 300),
            at(90, 295),
            at(260, 450),
            at(261, 450),
            at(0, 0)
        ],
        [255, 0, 0, 255, 255]
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn decoding_gives_back_what_was_encoded(
        seed: u64,
        ribbon in prop::sample::select(Ribbon::ALL.to_vec()),
        levels in prop::sample::select(vec![Levels::Five, Levels::Six, Levels::Seven]),
        compress: bool,
        duplex: bool,
    ) {
        let mut job = job(seed);
        job.back = duplex.then(|| job.front.clone());
        job.options = Options { ribbon, levels, compress, ..Options::default() };
        let decoded = decode(&encode(Model::Primacy, &job).unwrap()).unwrap();
        prop_assert_eq!(decoded.back.is_some(), duplex);
        for (back, side) in [(false, Some(&decoded.front)), (true, decoded.back.as_ref())] {
            let Some(side) = side else { continue };
            let has = |panel| ribbon.has(back, panel);
            prop_assert_eq!(side.resin.as_deref(), has(Panel::Resin).then_some(job.front.resin_mask()));
            let full = u16::from(levels.full());
            for (plane, channel) in side.dye.iter().zip([2, 1, 0]) {
                let expect: Option<Vec<u8>> = has(Panel::Yellow).then(|| {
                    job.front.rgb().chunks(3).zip(job.front.resin_mask())
                        .map(|(pixel, mark)| {
                            if has(Panel::Resin) && *mark != 0 { 0 } else { ((255 - u16::from(pixel[channel])) * full / 255) as u8 }
                        })
                        .collect()
                });
                prop_assert!(*plane == expect);
            }
        }
        // A drawn card makes the same dye again.
        let again = PrintJob { front: decoded.front.draw(), back: None, ..job.clone() };
        let again = decode(&encode(Model::Primacy, &again).unwrap()).unwrap();
        prop_assert!(again.front.dye == decoded.front.dye && again.front.resin == decoded.front.resin);
    }
}
