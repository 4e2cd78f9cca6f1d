use std::path::PathBuf;

use serde::Deserialize;

use super::conv::{Conv, Depthwise, Placing, Size};
use super::graph::Padding;
use super::*;

fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../..")
}

/// A file that set-up fetched; without it a test fails and says what to run.
fn fetched(name: &str) -> Vec<u8> {
    std::fs::read(repository().join("assets/fetched").join(name))
        .unwrap_or_else(|_| panic!("{name} is missing: run `make test`, which fetches it"))
}

fn model(name: &str) -> Vec<u8> {
    fetched(&format!("models/{name}"))
}

/// What tests/oracles/networks.py wrote.
#[derive(Deserialize)]
struct Oracle {
    tensors: Vec<Run>,
}

#[derive(Deserialize)]
struct Run {
    model: String,
    photo: String,
    left: usize,
    top: usize,
    stride: usize,
    side: usize,
    low: f32,
    high: f32,
    outputs: Vec<Output>,
}

#[derive(Deserialize)]
struct Output {
    output: usize,
    every: usize,
    values: Vec<f32>,
}

/// Small numbers are in the repository; `make oracles` names a file with all of them.
fn oracles() -> Vec<Run> {
    let small = repository().join("tests/oracles/networks.json");
    let all =
        std::env::var_os("FOTOAUTOMAT_ORACLES").map(|at| PathBuf::from(at).join("networks.json"));
    let files = [Some(small), all].into_iter().flatten();
    files
        .flat_map(|file| {
            let text = std::fs::read_to_string(file).unwrap();
            serde_json::from_str::<Oracle>(&text).unwrap().tensors
        })
        .collect()
}

#[test]
fn every_network_computes_what_litert_computes() {
    for run in oracles() {
        let photo = fetched(&format!("photos/{}", run.photo));
        let photo = image::load_from_memory(&photo).unwrap().into_rgb8();
        let mut network = Model::load(&model(&run.model)).unwrap();
        let (values, _) = network.input_mut().as_chunks_mut::<3>();
        for (index, value) in values.iter_mut().enumerate() {
            let (x, y) = (index % run.side, index / run.side);
            let (x, y) = (run.left + x * run.stride, run.top + y * run.stride);
            let pixel = photo.get_pixel(x as u32, y as u32).0;
            *value = pixel.map(|byte| run.low + f32::from(byte) * ((run.high - run.low) / 255.0));
        }
        network.run();
        for output in &run.outputs {
            let ours = network.output(output.output).iter().step_by(output.every);
            assert_eq!(
                ours.len(),
                output.values.len(),
                "{} {}",
                run.model,
                output.output
            );
            let apart = |(a, b): (&f32, &f32)| (a - b).abs() / b.abs().max(1.0);
            let most = ours.zip(&output.values).map(apart).fold(0.0, f32::max);
            assert!(most < 1e-3, "{} {}: {most}", run.model, output.output);
        }
    }
}

#[test]
fn a_network_says_what_it_takes_and_gives() {
    let mut mesh = Model::load(&model("attention_mesh.tflite")).unwrap();
    assert_eq!(mesh.input_shape(), [1, 192, 192, 3]);
    let sizes: Vec<usize> = (0..mesh.outputs())
        .map(|index| mesh.output(index).len())
        .collect();
    assert_eq!(sizes, [1404, 160, 142, 142, 10, 10, 1]);
    assert_eq!(mesh.output_shape(1), [1, 1, 1, 160]);
    assert!(mesh.output(7).is_empty() && mesh.output_shape(7).is_empty());
    // a second run of the same input is the same run: buffers that are shared do not leak into it
    mesh.input_mut().fill(0.25);
    mesh.run();
    let first = mesh.output(0).to_vec();
    mesh.input_mut().fill(0.75);
    mesh.run();
    mesh.input_mut().fill(0.25);
    mesh.run();
    assert_eq!(mesh.output(0), first);
}

/// Numbers that look like chance and are always the same.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        self.0 >> 33
    }

    fn floats(&mut self, count: usize) -> Vec<f32> {
        let float = |_| self.next() as f32 / (1u64 << 30) as f32 - 1.0;
        (0..count).map(float).collect()
    }
}

#[test]
fn a_damaged_file_is_refused_or_runs_and_never_panics() {
    let good = model("face_detection_short.tflite");
    for part in 0..64 {
        let end = good.len() * part / 64;
        assert!(Model::load(&good[..end]).is_err(), "{end}");
    }
    let mut chance = Chance(1);
    let (mut refused, mut ran) = (0, 0);
    for _ in 0..400 {
        let mut bad = good.clone();
        for _ in 0..4 {
            let at = chance.next() as usize % bad.len();
            // what is not weights stands at the end of these files
            let at = if chance.next().is_multiple_of(2) {
                at
            } else {
                bad.len() - 1 - at / 8
            };
            bad[at] = chance.next() as u8;
        }
        match Model::load(&bad) {
            Ok(mut model) => {
                ran += 1;
                if ran < 40 {
                    model.run();
                }
            }
            Err(error) => {
                refused += 1;
                assert!(!error.to_string().is_empty());
            }
        }
    }
    assert!(refused > 20 && ran > 20, "{refused} {ran}");
    for junk in [&b""[..], b"TFL3", b"\x10\0\0\0TFL3", &[0xff; 64]] {
        assert!(Model::load(junk).is_err());
    }
}

/// They have every operator between them, the custom ones included, and need no download.
#[test]
fn the_seeds_of_fuzzing_are_networks_that_run() {
    let folder = repository().join("tests/fuzz/seeds/tflite_model");
    let mut seen = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let mut network = Model::load(&std::fs::read(&path).unwrap()).unwrap();
        network.input_mut().fill(0.5);
        network.run();
        for index in 0..network.outputs() {
            let output = network.output(index);
            assert!(!output.is_empty() && output.iter().all(|value| value.is_finite()));
        }
        seen += 1;
    }
    assert!(seen >= 2);
}

fn size(height: usize, width: usize, channels: usize) -> Size {
    Size {
        height,
        width,
        channels,
    }
}

/// A convolution by its definition; `weights` as output channel, height, width, input channel.
fn by_definition(
    (from, to): (Size, Size),
    kernel: [usize; 2],
    placing: Placing,
    (weights, bias): (&[f32], &[f32]),
    input: &[f32],
) -> Vec<f32> {
    let mut output = Vec::new();
    for y in 0..to.height {
        for x in 0..to.width {
            for (channel, bias) in bias.iter().enumerate() {
                let mut sum = *bias;
                for dy in 0..kernel[0] {
                    for dx in 0..kernel[1] {
                        let y = (y * placing.step[0] + dy).wrapping_sub(placing.before[0]);
                        let x = (x * placing.step[1] + dx).wrapping_sub(placing.before[1]);
                        if y >= from.height || x >= from.width {
                            continue;
                        }
                        for depth in 0..from.channels {
                            let value = input[(y * from.width + x) * from.channels + depth];
                            let tap = (channel * kernel[0] + dy) * kernel[1] + dx;
                            sum += value * weights[tap * from.channels + depth];
                        }
                    }
                }
                output.push(sum);
            }
        }
    }
    output
}

#[test]
fn convolutions_of_any_size_are_what_they_are_defined_to_be() {
    let mut chance = Chance(7);
    let near = |a: &[f32], b: &[f32], what: &str| {
        let apart = a
            .iter()
            .zip(b)
            .map(|(a, b)| (a - b).abs())
            .fold(0.0, f32::max);
        assert!(a.len() == b.len() && apart < 1e-4, "{what}: {apart}");
    };
    // height, width, input channels, output channels, kernel, step, padding
    for (height, width, inside, outside, kernel, step, padding) in [
        (1, 1, 1, 1, [1, 1], [1, 1], Padding::Same),
        (5, 7, 3, 8, [1, 1], [1, 1], Padding::Valid),
        (6, 5, 4, 13, [1, 1], [1, 1], Padding::Same),
        (9, 8, 3, 24, [5, 5], [2, 2], Padding::Same),
        (8, 8, 3, 16, [3, 3], [2, 2], Padding::Same),
        (3, 3, 32, 9, [3, 3], [3, 3], Padding::Valid),
        (7, 6, 2, 3, [2, 4], [1, 2], Padding::Same),
        (4, 4, 5, 7, [1, 1], [2, 2], Padding::Same),
        (6, 6, 2, 2, [3, 2], [1, 1], Padding::Valid),
    ] {
        let from = size(height, width, inside);
        let (rows, top) = Placing::along(padding, height, kernel[0], step[0]).unwrap();
        let (columns, left) = Placing::along(padding, width, kernel[1], step[1]).unwrap();
        let placing = Placing {
            step,
            before: [top, left],
        };
        let input = chance.floats(from.len());
        let what = format!("{from:?} {kernel:?} {step:?}");

        let to = size(rows, columns, outside);
        let weights = chance.floats(outside * kernel[0] * kernel[1] * inside);
        let bias = chance.floats(outside);
        let conv = Conv::new(from, to, kernel, placing, &weights, &bias);
        let (mut output, mut scratch) = (vec![0.0; to.len()], vec![0.0; conv.scratch()]);
        conv.run(&input, &mut output, &mut scratch, &[], &[]);
        let right = by_definition((from, to), kernel, placing, (&weights, &bias), &input);
        near(&output, &right, &what);

        let to = size(rows, columns, inside);
        let weights = chance.floats(kernel[0] * kernel[1] * inside);
        let bias = chance.floats(inside);
        let depthwise = Depthwise::new(from, to, kernel, placing, &weights, &bias);
        let mut output = vec![0.0; to.len()];
        depthwise.run(&input, &mut output, &[], &[]);
        // the same as a full one whose other weights are 0
        let taps = kernel[0] * kernel[1];
        let mut full = vec![0.0; inside * taps * inside];
        for channel in 0..inside {
            for tap in 0..taps {
                full[(channel * taps + tap) * inside + channel] = weights[tap * inside + channel];
            }
        }
        let right = by_definition((from, to), kernel, placing, (&full, &bias), &input);
        near(&output, &right, &what);
    }
}

#[test]
fn a_frame_shows_the_part_of_a_picture_that_it_stands_on() {
    let (width, height) = (40, 30);
    let pixel = |x: usize, y: usize| [(x * 6) as u8, (y * 8) as u8, (x * y % 251) as u8];
    let bytes: Vec<u8> = (0..width * height)
        .flat_map(|at| pixel(at % width, at / width))
        .collect();
    let rgb = Rgb {
        width,
        height,
        bytes: &bytes,
    };
    let frame = |x: f32, y: f32, side: f32, turn: f32| Frame {
        x,
        y,
        width: side,
        height: side,
        turn,
    };
    let cut = |frame: Frame, side: usize| {
        let mut pixels = vec![1; side * side * 3];
        frame.cut(rgb, &mut pixels, [side, side]);
        let (pixels, _) = pixels.as_chunks::<3>();
        pixels.to_vec()
    };
    let part = cut(frame(15.0, 12.0, 10.0, 0.0), 10);
    assert!((0..100).all(|at| part[at] == pixel(10 + at % 10, 7 + at / 10)));
    // a quarter turn: to the right in the frame is down in the picture
    let part = cut(frame(15.0, 12.0, 10.0, std::f32::consts::FRAC_PI_2), 10);
    for (at, found) in part.iter().enumerate() {
        let meant = pixel(19 - at / 10, 7 + at % 10);
        let close = |(a, b): (&u8, &u8)| a.abs_diff(*b) <= 1;
        assert!(found.iter().zip(&meant).all(close), "{at}: {found:?}");
    }
    // outside it is black, and nothing is too far away
    assert!(
        cut(frame(-500.0, 1e9, 10.0, 1.0), 10)
            .iter()
            .all(|pixel| *pixel == [0; 3])
    );
    assert!(
        cut(frame(f32::NAN, 0.0, f32::INFINITY, 1.0), 4)
            .iter()
            .all(|pixel| *pixel == [0; 3])
    );
    // half the size is the mean of four
    let half = cut(frame(15.0, 12.0, 10.0, 0.0), 5);
    assert_eq!(half[0][0], 63);
    // values in a range
    let mut values = [9.0; 3];
    frame(20.5, 15.5, 1.0, 0.0).fill(rgb, &mut values, [1, 1], [-1.0, 1.0]);
    assert!((values[0] - (-1.0 + 120.0 / 127.5)).abs() < 1e-6);
    // sizes that do not fit change nothing
    let mut wrong = [9.0; 4];
    frame(20.0, 15.0, 1.0, 0.0).fill(rgb, &mut wrong, [1, 1], [0.0, 1.0]);
    assert_eq!(wrong, [9.0; 4]);
}
