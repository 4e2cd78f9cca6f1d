//! Measures the time from one MJPEG frame of a 1080p webcam to the preview on the screen, beside ffmpeg on one thread
//! and libjpeg-turbo's djpeg in the same run. `make bench` installs both and fetches the photograph.
//!
//! Both are programs. Their times are those of many frames minus that of one, so that the start of the program does not
//! count.

use std::hint::black_box;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use camera::{Capture, Pixels, Previewer, Raw, Rotation, Settings};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use fast_image_resize as fir;
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

const SIZE: (u32, u32) = (1920, 1080);
const PREVIEW: (u32, u32) = (960, 540);
/// The number of frames that the other programs read in one run.
const FRAMES: u32 = 60;

/// Returns a photograph with the noise of a webcam's sensor, compressed as a webcam does: 4:2:2, about 450 kB.
fn frame() -> Vec<u8> {
    let photo =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../assets/fetched/photos/obama3.jpg");
    let photo = image::open(&photo)
        .unwrap_or_else(|error| panic!("{}: {error}; `make bench` fetches it", photo.display()));
    let (width, height) = SIZE;
    let mut rgb = photo
        .resize_to_fill(width, height, image::imageops::FilterType::Triangle)
        .into_rgb8()
        .into_raw();
    // A xorshift32 generator gives the same noise in every run.
    let mut state = 0x9e37_79b9_u32;
    for value in &mut rgb {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        *value = value.saturating_add_signed((state % 9) as i8 - 4);
    }
    let mut jpeg = Vec::new();
    let mut encoder = jpeg_encoder::Encoder::new(&mut jpeg, 88);
    encoder.set_sampling_factor(jpeg_encoder::SamplingFactor::F_2_1);
    encoder
        .encode(
            &rgb,
            width as u16,
            height as u16,
            jpeg_encoder::ColorType::Rgb,
        )
        .expect("a picture in memory");
    jpeg
}

fn raw(jpeg: &[u8]) -> Raw<'_> {
    let (width, height) = SIZE;
    Raw {
        pixels: Pixels::Mjpeg,
        width,
        height,
        bytes: jpeg,
        lost: 0,
    }
}

fn took(command: &mut Command) -> Duration {
    let begun = Instant::now();
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    let took = begun.elapsed();
    let done = status.is_ok_and(|status| status.success());
    assert!(done, "{command:?} fails; `make bench` installs it");
    took
}

fn previews(criterion: &mut Criterion) {
    let jpeg = frame();
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, count: u32| {
        let path = folder.path().join(name);
        std::fs::write(&path, jpeg.repeat(count as usize)).expect("written");
        path
    };
    let (one, many) = (write("one.mjpeg", 1), write("many.mjpeg", FRAMES + 1));

    let mut group = criterion.benchmark_group("MJPEG 1080p to preview");
    group
        .throughput(Throughput::Bytes(jpeg.len() as u64))
        .sample_size(10);
    for (name, shape) in [
        ("ours, 960x540", None),
        ("ours, 3:4 as shown (607x810)", Some((3, 4))),
    ] {
        let settings = Settings {
            mirror: false,
            preview_shape: shape,
            ..Settings::default()
        };
        let mut previewer = Previewer::new(&settings);
        group.bench_function(name, |bencher| {
            bencher.iter(|| previewer.preview(black_box(&raw(&jpeg))).expect("whole"));
        });
    }
    group.bench_function(
        "zune-jpeg in full, then fast_image_resize, 960x540",
        |bencher| {
            let mut scaler = fir::Resizer::new();
            bencher.iter(|| zune(&mut scaler, black_box(&jpeg)));
        },
    );
    let filter = format!(
        "scale={}:{}:flags=fast_bilinear,format=rgba",
        PREVIEW.0, PREVIEW.1
    );
    for (name, lowres, filter) in [
        ("ffmpeg -threads 1, scaled to 960x540", "0", filter.as_str()),
        ("ffmpeg -threads 1 -lowres 1, 960x540", "1", "format=rgba"),
    ] {
        let ffmpeg = |path: &PathBuf| {
            let mut command = Command::new("ffmpeg");
            command.args([
                "-v",
                "error",
                "-threads",
                "1",
                "-filter_threads",
                "1",
                "-lowres",
                lowres,
                "-f",
                "mjpeg",
                "-i",
            ]);
            command.arg(path).args(["-vf", filter, "-f", "null", "-"]);
            took(&mut command)
        };
        group.bench_function(name, |bencher| {
            bencher.iter_custom(|times| {
                ffmpeg(&many).saturating_sub(ffmpeg(&one)) / FRAMES * times as u32
            });
        });
    }
    let small = folder.path().join("small.jpg");
    let mut tiny = Vec::new();
    jpeg_encoder::Encoder::new(&mut tiny, 88)
        .encode(&[128; 8 * 8 * 3], 8, 8, jpeg_encoder::ColorType::Rgb)
        .expect("a picture in memory");
    std::fs::write(&small, tiny).expect("written");
    let djpeg = |path: &PathBuf| {
        let mut command = Command::new("djpeg");
        took(
            command
                .args(["-scale", "1/2", "-outfile", "/dev/null"])
                .arg(path),
        )
    };
    group.bench_function("libjpeg-turbo, djpeg -scale 1/2, 960x540", |bencher| {
        bencher.iter_custom(|times| {
            (0..times)
                .map(|_| djpeg(&one).saturating_sub(djpeg(&small)))
                .sum()
        });
    });
    group.finish();

    let capture = Capture {
        pixels: Pixels::Mjpeg,
        width: SIZE.0,
        height: SIZE.1,
        rotate: Rotation::None,
        bytes: jpeg.into(),
        seq: 1,
        at: Instant::now(),
    };
    criterion.bench_function("MJPEG 1080p to still, in full", |bencher| {
        bencher.iter(|| black_box(&capture).still().expect("whole"));
    });
}

fn zune(scaler: &mut fir::Resizer, jpeg: &[u8]) -> Vec<u8> {
    let options = DecoderOptions::default().jpeg_set_out_colorspace(ColorSpace::RGBA);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(jpeg), options);
    let full = decoder.decode().expect("whole");
    let from = fir::images::ImageRef::new(SIZE.0, SIZE.1, &full, fir::PixelType::U8x4)
        .expect("a whole picture");
    let mut to = fir::images::Image::new(PREVIEW.0, PREVIEW.1, fir::PixelType::U8x4);
    let options = fir::ResizeOptions::new()
        .resize_alg(fir::ResizeAlg::Convolution(fir::FilterType::Bilinear))
        .use_alpha(false);
    scaler
        .resize(&from, &mut to, &options)
        .expect("both are of the same pixel type");
    to.into_vec()
}

criterion_group!(benches, previews);
criterion_main!(benches);
