use std::path::PathBuf;

use serde::Deserialize;

use super::conv::Conv;
use super::depthwise::Depthwise;
use super::graph::Padding;
use super::pointwise::{After, exp};
use super::transposed::Transposed;
use super::window::{Placing, Size};
use super::*;

/// Returns the levels of vector instructions that this processor has. Each has different code.
fn levels() -> Vec<Level> {
    let mut levels = vec![Level::baseline()];
    #[cfg(target_arch = "x86_64")]
    {
        let best = Level::new();
        levels.extend(best.as_sse4_2().map(Level::Sse4_2));
        levels.extend(best.as_avx2().map(Level::Avx2));
        levels.extend(best.as_avx512().map(Level::Avx512));
    }
    levels
}

fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../..")
}

/// Returns a file that the set-up fetched. Without it a test fails and says what to run.
fn fetched(name: &str) -> Vec<u8> {
    std::fs::read(repository().join("assets/fetched").join(name))
        .unwrap_or_else(|_| panic!("{name} is missing: run `make test`, which fetches it"))
}

fn model(name: &str) -> Vec<u8> {
    fetched(&format!("models/{name}"))
}

/// The numbers that tests/oracles/networks.py wrote.
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

/// Returns the small set of numbers in the repository, or all of them when `make oracles` names their file.
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
fn every_network_computes_what_litert_computes_at_every_level() {
    let levels = levels();
    for (run, level) in oracles()
        .iter()
        .flat_map(|run| levels.iter().map(move |level| (run, *level)))
    {
        let photo = fetched(&format!("photos/{}", run.photo));
        let photo = image::load_from_memory(&photo).unwrap().into_rgb8();
        let mut network = Model::load(&model(&run.model)).unwrap();
        network.level = level;
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
            assert!(
                most < 1e-3,
                "{} {} {level:?}: {most}",
                run.model,
                output.output
            );
        }
    }
}

#[test]
fn a_network_reports_its_input_and_output_shapes() {
    let mut mesh = Model::load(&model("attention_mesh.tflite")).unwrap();
    assert_eq!(mesh.input_shape(), [1, 192, 192, 3]);
    let sizes: Vec<usize> = (0..mesh.outputs())
        .map(|index| mesh.output(index).len())
        .collect();
    assert_eq!(sizes, [1404, 160, 142, 142, 10, 10, 1]);
    assert_eq!(mesh.output_shape(1), [1, 1, 1, 160]);
    assert!(mesh.output(7).is_empty() && mesh.output_shape(7).is_empty());
    // A second run with the same input gives the same result, which shows that shared buffers keep nothing between
    // runs.
    mesh.input_mut().fill(0.25);
    mesh.run();
    let first = mesh.output(0).to_vec();
    mesh.input_mut().fill(0.75);
    mesh.run();
    mesh.input_mut().fill(0.25);
    mesh.run();
    assert_eq!(mesh.output(0), first);
}

/// Generates pseudo-random numbers that are the same in every run.
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
            // Everything that is not weights is at the end of these files.
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

/// Together the seeds have every operator, including the custom ones, and need no download.
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

/// Computes a convolution by its definition. `weights` are ordered by output channel, height, width and input channel.
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
fn convolutions_of_any_size_match_the_definition() {
    let mut chance = Chance(7);
    // The columns are height, width, input channels, output channels, kernel, step and padding.
    for (height, width, inside, outside, kernel, step, padding) in [
        (1, 1, 1, 1, [1, 1], [1, 1], Padding::Same),
        (5, 7, 3, 8, [1, 1], [1, 1], Padding::Valid),
        (6, 5, 4, 13, [1, 1], [1, 1], Padding::Same),
        (9, 9, 9, 25, [1, 1], [1, 1], Padding::Same),
        (9, 8, 3, 24, [5, 5], [2, 2], Padding::Same),
        (8, 8, 3, 16, [3, 3], [2, 2], Padding::Same),
        (8, 9, 16, 17, [3, 3], [1, 1], Padding::Same),
        (9, 11, 12, 8, [3, 3], [2, 2], Padding::Same),
        (7, 9, 11, 3, [5, 5], [1, 1], Padding::Same),
        (8, 10, 8, 4, [5, 5], [2, 2], Padding::Same),
        (2, 2, 9, 2, [5, 5], [1, 1], Padding::Same),
        (5, 9, 8, 2, [4, 3], [3, 1], Padding::Valid),
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
        let right = by_definition((from, to), kernel, placing, (&weights, &bias), &input);
        for level in levels() {
            let (mut output, mut scratch) = (vec![9.0; to.len()], vec![9.0; conv.scratch()]);
            let after = After::nothing();
            dispatch!(level, simd => conv.run(simd, &input, &mut output, &mut scratch, &after));
            near(&output, &right, &format!("{what} {level:?}"));
        }

        let to = size(rows, columns, inside);
        let weights = chance.floats(kernel[0] * kernel[1] * inside);
        let bias = chance.floats(inside);
        let depthwise = Depthwise::new(from, to, kernel, placing, &weights, &bias);
        // It equals a full convolution whose other weights are 0.
        let taps = kernel[0] * kernel[1];
        let mut full = vec![0.0; inside * taps * inside];
        for channel in 0..inside {
            for tap in 0..taps {
                full[(channel * taps + tap) * inside + channel] = weights[tap * inside + channel];
            }
        }
        let right = by_definition((from, to), kernel, placing, (&full, &bias), &input);
        for level in levels() {
            let (mut output, mut scratch) = (vec![9.0; to.len()], vec![9.0; depthwise.scratch()]);
            let after = After::nothing();
            dispatch!(level, simd => depthwise.run(simd, &input, &mut output, &mut scratch, &after));
            near(&output, &right, &format!("{what} {level:?}, each channel"));
        }
    }
}

fn near(a: &[f32], b: &[f32], what: &str) {
    let apart = a.iter().zip(b).map(|(a, b)| (a - b).abs());
    let apart = apart.fold(0.0, f32::max);
    assert!(a.len() == b.len() && apart < 1e-4, "{what}: {apart}");
}

#[test]
fn a_transposed_convolution_spreads_each_place_over_its_window() {
    let mut chance = Chance(5);
    for (height, width, inside, outside, step) in [
        (1, 1, 1, 1, [1, 1]),
        (3, 4, 16, 1, [2, 2]),
        (2, 5, 7, 3, [2, 3]),
        (4, 3, 2, 5, [3, 1]),
    ] {
        let from = size(height, width, inside);
        let to = size(height * step[0], width * step[1], outside);
        let input = chance.floats(from.len());
        let weights = chance.floats(outside * step[0] * step[1] * inside);
        let bias = chance.floats(outside);
        let mut right = Vec::new();
        for place in 0..to.height * to.width {
            let (y, x) = (place / to.width, place % to.width);
            let tap = y % step[0] * step[1] + x % step[1];
            let values = &input[(y / step[0] * width + x / step[1]) * inside..][..inside];
            for (channel, bias) in bias.iter().enumerate() {
                let weights = &weights[(channel * step[0] * step[1] + tap) * inside..];
                let products = values.iter().zip(weights).map(|(a, b)| a * b);
                right.push(products.sum::<f32>() + bias);
            }
        }
        let transposed = Transposed::new(from, to, step, &weights, &bias);
        for level in levels() {
            let mut output = vec![9.0; to.len()];
            let mut scratch = vec![9.0; transposed.scratch()];
            dispatch!(level, simd => transposed.run(simd, &input, &mut output, &mut scratch));
            near(&output, &right, &format!("{from:?} {step:?} {level:?}"));
        }
    }
}

#[test]
fn exp_matches_the_library_to_six_digits() {
    for at in -87_000..=88_000i32 {
        let x = at as f32 / 1000.0;
        let (ours, right) = (exp(x), x.exp());
        assert!((ours - right).abs() <= right * 1e-6, "{x}: {ours} {right}");
    }
    // Beyond these values a logistic curve is 0 or 1 to every digit.
    assert!(1.0 / (1.0 + exp(f32::INFINITY)) < 1e-37 && 1.0 / (1.0 + exp(f32::MIN)) == 1.0);
    assert!(exp(f32::NAN).is_nan());
}

/// Computes bilinear samples by their definition, with pixel centres at halves and black outside.
fn sampled(rgb: Rgb<'_>, frame: &Frame, [width, height]: [usize; 2]) -> Vec<[f32; 3]> {
    let pixel = |x: f32, y: f32, channel: usize| {
        let inside = x >= 0.0 && y >= 0.0 && x < rgb.width as f32 && y < rgb.height as f32;
        let at = || (y as usize * rgb.width + x as usize) * 3 + channel;
        if inside {
            f32::from(rgb.bytes[at()])
        } else {
            0.0
        }
    };
    let samples = |side: f32, count: usize| ((side / count as f32).ceil() as usize).clamp(1, 2);
    let (across, down) = (samples(frame.width, width), samples(frame.height, height));
    let mut values = Vec::new();
    for value in 0..width * height {
        let (column, row) = (value % width, value / width);
        let mut sums = [0.0; 3];
        for sample in 0..across * down {
            let part = |at: usize, sample: usize, samples: usize, count: usize| {
                ((at * samples + sample) as f32 + 0.5) / (samples * count) as f32
            };
            let [x, y] = frame.place(
                part(column, sample % across, across, width),
                part(row, sample / across, down, height),
            );
            let (x, y) = (x - 0.5, y - 0.5);
            let (left, top) = (x.floor(), y.floor());
            for (channel, sum) in sums.iter_mut().enumerate() {
                let line = |y: f32| {
                    let (a, b) = (pixel(left, y, channel), pixel(left + 1.0, y, channel));
                    a + (b - a) * (x - left)
                };
                *sum += line(top) + (line(top + 1.0) - line(top)) * (y - top);
            }
        }
        values.push(sums.map(|sum| sum / (across * down) as f32));
    }
    values
}

#[test]
fn a_frame_anywhere_is_sampled_the_same_at_every_level() {
    let mut chance = Chance(3);
    for round in 0..300 {
        let (width, height) = (
            1 + chance.next() as usize % 40,
            1 + chance.next() as usize % 30,
        );
        // The picture is smooth, so that a coordinate that is rounded differently changes little.
        let slope = 1 + chance.next() as usize % 4;
        let bytes: Vec<u8> = (0..width * height * 3)
            .map(|at| (at / 3 % width * slope + at / 3 / width * 2 + at % 3 * 40) as u8)
            .collect();
        let rgb = Rgb {
            width,
            height,
            bytes: &bytes,
        };
        let [x, y, wide, high, turn] = std::array::from_fn(|_| chance.floats(1)[0]);
        let frame = Frame {
            x: (x + 1.0) * width as f32 / 2.0,
            y: (y + 1.0) * height as f32 / 2.0,
            width: (wide + 1.01) * width as f32,
            height: (high + 1.01) * height as f32,
            turn: if round % 3 == 0 { 0.0 } else { turn * 4.0 },
        };
        let size = [9, 7];
        let right = sampled(rgb, &frame, size);
        for level in levels() {
            let mut values = vec![9.0; size[0] * size[1] * 3];
            frame.each(level, rgb, &mut values, size, 2, |byte| byte);
            for (index, (found, meant)) in values.chunks(3).zip(&right).enumerate() {
                let apart = found.iter().zip(meant).map(|(a, b)| (a - b).abs());
                let apart = apart.fold(0.0, f32::max);
                assert!(
                    apart < 0.02,
                    "{level:?} {frame:?} {index}: {found:?} {meant:?}"
                );
            }
        }
    }
}

#[test]
fn a_frame_shows_its_part_of_the_picture() {
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
    // After a quarter turn, right in the frame is down in the picture.
    let part = cut(frame(15.0, 12.0, 10.0, std::f32::consts::FRAC_PI_2), 10);
    for (at, found) in part.iter().enumerate() {
        let meant = pixel(19 - at / 10, 7 + at % 10);
        let close = |(a, b): (&u8, &u8)| a.abs_diff(*b) <= 1;
        assert!(found.iter().zip(&meant).all(close), "{at}: {found:?}");
    }
    // Outside the picture it is black, at any distance.
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
    // At half the size each pixel is the mean of four.
    let half = cut(frame(15.0, 12.0, 10.0, 0.0), 5);
    assert_eq!(half[0][0], 63);
    // The values are scaled to a range.
    let mut values = [9.0; 3];
    frame(20.5, 15.5, 1.0, 0.0).fill(rgb, &mut values, [1, 1], [-1.0, 1.0]);
    assert!((values[0] - (-1.0 + 120.0 / 127.5)).abs() < 1e-6);
    // Sizes that do not match change nothing.
    let mut wrong = [9.0; 4];
    frame(20.0, 15.0, 1.0, 0.0).fill(rgb, &mut wrong, [1, 1], [0.0, 1.0]);
    assert_eq!(wrong, [9.0; 4]);
}
