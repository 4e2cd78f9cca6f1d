//! The formats that a V4L2 device offers, and setting one of them.

use super::*;

use crate::damage::MAX_SIDE;

/// Sizes to try where a driver takes any: what is wanted comes first.
const USUAL_SIZES: [(u32, u32); 3] = [(1280, 720), (1920, 1080), (640, 480)];
/// More than any camera lists. A driver whose list does not end must not fill the memory.
const MOST: usize = 1000;

fn fourcc(pixels: Pixels) -> FourCC {
    FourCC::new(match pixels {
        Pixels::Mjpeg => b"MJPG",
        Pixels::Yuyv => b"YUYV",
    })
}

/// Every size and rate that this crate can read. A device that answers none of the questions offers nothing.
pub(super) fn offered(device: &Device, settings: &Settings) -> Vec<Format> {
    let described = device.enum_formats().unwrap_or_default();
    let mut formats = Vec::new();
    for pixels in [Pixels::Mjpeg, Pixels::Yuyv] {
        if !described
            .iter()
            .any(|format| format.fourcc == fourcc(pixels))
        {
            continue;
        }
        for (width, height) in sizes(device, pixels, settings) {
            let rates = rates(device, pixels, width, height, settings);
            formats.extend(rates.into_iter().map(|rate| Format {
                pixels,
                width,
                height,
                rate,
            }));
        }
    }
    formats.truncate(MOST);
    formats
}

fn sizes(device: &Device, pixels: Pixels, settings: &Settings) -> Vec<(u32, u32)> {
    let listed = device.enum_framesizes(fourcc(pixels)).unwrap_or_default();
    let mut sizes = Vec::new();
    for size in listed.into_iter().take(MOST) {
        match size.size {
            FrameSizeEnum::Discrete(size) => sizes.push((size.width, size.height)),
            FrameSizeEnum::Stepwise(steps) => {
                let takes = |side: u32, min: u32, max: u32, step: u32| {
                    (min..=max).contains(&side) && (side - min).is_multiple_of(step.max(1))
                };
                let wanted = [(settings.width, settings.height)];
                sizes.extend(
                    wanted
                        .into_iter()
                        .chain(USUAL_SIZES)
                        .filter(|&(width, height)| {
                            takes(width, steps.min_width, steps.max_width, steps.step_width)
                                && takes(
                                    height,
                                    steps.min_height,
                                    steps.max_height,
                                    steps.step_height,
                                )
                        }),
                );
            }
        }
    }
    sizes.retain(|&(width, height)| {
        (1..=MAX_SIDE).contains(&width) && (1..=MAX_SIDE).contains(&height)
    });
    sizes.dedup();
    sizes
}

fn rates(
    device: &Device,
    pixels: Pixels,
    width: u32,
    height: u32,
    settings: &Settings,
) -> Vec<Rate> {
    let wanted = Rate {
        frames: settings.fps.max(1),
        seconds: 1,
    };
    // A driver that lists no intervals has one rate, which is known when the format is set.
    let Ok(listed) = device.enum_frameintervals(fourcc(pixels), width, height) else {
        return vec![wanted];
    };
    let rate = |interval: Fraction| Rate {
        frames: interval.denominator,
        seconds: interval.numerator,
    };
    listed
        .into_iter()
        .take(MOST)
        .flat_map(|interval| match interval.interval {
            FrameIntervalEnum::Discrete(interval) => vec![rate(interval)],
            FrameIntervalEnum::Stepwise(steps) => {
                let (fastest, slowest) = (rate(steps.min), rate(steps.max));
                let within =
                    (slowest.per_second()..=fastest.per_second()).contains(&wanted.per_second());
                if within {
                    vec![wanted, fastest]
                } else {
                    vec![fastest]
                }
            }
        })
        .filter(|rate| rate.frames > 0 && rate.seconds > 0)
        .collect()
}

/// Sets size, pixels and rate, and returns what the device made of it.
pub(super) fn set(device: &Device, wanted: Format) -> io::Result<Format> {
    let format = RawFormat::new(wanted.width, wanted.height, fourcc(wanted.pixels));
    let given = device.set_format(&format)?;
    let pixels = [Pixels::Mjpeg, Pixels::Yuyv]
        .into_iter()
        .find(|&pixels| fourcc(pixels) == given.fourcc);
    let pixels = pixels
        .ok_or_else(|| io::Error::other(format!("the camera sends {} instead", given.fourcc)))?;
    if pixels == Pixels::Yuyv && given.stride > given.width * 2 {
        return Err(io::Error::other("the camera leaves gaps between the lines"));
    }
    let interval = Fraction::new(wanted.rate.seconds, wanted.rate.frames);
    // a device without S_PARM keeps its one rate
    let rate = device
        .set_params(&Parameters::new(interval))
        .map(|params| params.interval)
        .unwrap_or(interval);
    let known = rate.numerator > 0 && rate.denominator > 0;
    let rate = if known {
        Rate {
            frames: rate.denominator,
            seconds: rate.numerator,
        }
    } else {
        wanted.rate
    };
    Ok(Format {
        pixels,
        width: given.width,
        height: given.height,
        rate,
    })
}

/// A list for people.
pub(super) fn words(formats: &[Format]) -> String {
    let words: Vec<String> = formats.iter().take(8).map(ToString::to_string).collect();
    if words.is_empty() {
        "no MJPEG or YUYV pictures".to_owned()
    } else {
        words.join(", ")
    }
}
