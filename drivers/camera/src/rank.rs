//! Which of the formats that a camera offers is used.
//!
//! nokhwa's own choices ask for the highest size or rate of all and then fail on the pixel format, so formats are
//! ranked here: large enough and fast enough first, then MJPEG (it leaves the USB bus to others), then nearest.

use crate::{Format, Pixels, Settings};

/// People cannot use a slower preview as a mirror, and a smaller picture is not enough for a card at 300 dpi.
pub(crate) const MIN_FPS: f64 = 10.0;
pub(crate) const MIN_SIZE: (u32, u32) = (640, 480);

/// What is preferred whatever the settings ask: a still that need not be enlarged, and a preview that moves.
const GOOD_FPS: f64 = 15.0;
const GOOD_SIZE: (u32, u32) = (1280, 720);

/// The best of the formats on offer; `None` when none is usable.
pub(crate) fn best(offered: &[Format], wanted: &Settings) -> Option<Format> {
    offered
        .iter()
        .filter(|format| is_usable(format))
        .max_by(|a, b| {
            score(a, wanted)
                .partial_cmp(&score(b, wanted))
                .unwrap_or(std::cmp::Ordering::Equal)
        })
        .copied()
}

pub(crate) fn is_usable(format: &Format) -> bool {
    format.width >= MIN_SIZE.0 && format.height >= MIN_SIZE.1 && format.rate.per_second() >= MIN_FPS
}

/// Compared from left to right; more is better.
fn score(format: &Format, wanted: &Settings) -> (bool, f64, f64, bool) {
    let fps = format.rate.per_second();
    let large = format.width >= GOOD_SIZE.0.min(wanted.width)
        && format.height >= GOOD_SIZE.1.min(wanted.height);
    let good = large && fps >= GOOD_FPS.min(f64::from(wanted.fps));
    let pixels = |width: u32, height: u32| f64::from(width) * f64::from(height);
    let have = pixels(format.width, format.height);
    let want = pixels(wanted.width, wanted.height);
    // twice too large and half as large are equally far; a different shape is a little further
    let shape = (f64::from(format.width) / f64::from(format.height))
        / (f64::from(wanted.width) / f64::from(wanted.height));
    let size = -(have / want).ln().abs() - 0.5 * shape.ln().abs();
    // more frames than wanted only cost; fewer are missed
    let missed = (f64::from(wanted.fps) - fps).max(0.0);
    let surplus = (fps - f64::from(wanted.fps)).max(0.0);
    (
        good,
        size,
        -(missed + surplus / 100.0),
        format.pixels == Pixels::Mjpeg,
    )
}

#[cfg(test)]
mod tests;
