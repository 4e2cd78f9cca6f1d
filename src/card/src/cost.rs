//! Estimates the cost of a drawing before it is drawn. The templates are not trusted, and the renderer cannot be
//! stopped once it runs.
//!
//! The estimate is made from the parsed tree, in which every copy has been expanded, every letter is an outline and
//! every length is in plain units.

use resvg::{
    tiny_skia::{PathSegment, Point, Rect, Transform},
    usvg::{Group, ImageKind, Node, Paint, Path},
};

use super::raster::Raster;

/// The largest painted area, in areas of a card. A plain colour counts once and a more expensive paint counts more. A
/// rich template needs about sixty; one area takes about half a millisecond.
const MOST_AREAS: f32 = 600.0;
/// The largest number of rows of dots that edges cross. The renderer processes each edge once in each row that it
/// crosses.
const MOST_CROSSINGS: f32 = 12_000_000.0;
/// The largest number of dashes of all lines together.
const MOST_DASHES: f32 = 20_000.0;
/// The largest number of pixels of all pictures, counted each time a picture is drawn. It is four cards at 600 dpi.
const MOST_PIXELS: u64 = 10_500_000;

/// The cost of a separate layer, which is cleared and then blended over what is below it.
const LAYER: f32 = 4.0;
/// The cost of a picture, which is scaled with a high-quality filter.
const PICTURE: f32 = 8.0;

/// The total cost of several drawings.
#[derive(Debug, Default)]
pub(super) struct Cost {
    areas: f32,
    crossings: f32,
    dashes: f32,
    pixels: u64,
}

impl Cost {
    /// Adds the cost of drawing `root` with the transform `to_dots` on `raster`.
    pub(super) fn add(&mut self, root: &Group, to_dots: Transform, raster: Raster) {
        self.group(root, to_dots, raster);
    }

    /// Returns what exceeds its limit, as a clause, or `None` when nothing does.
    pub(super) fn too_much(&self) -> Option<&'static str> {
        // The comparison is false for NaN, so NaN counts as too much.
        let within = |value: f32, most: f32| value <= most;
        if !within(self.areas, MOST_AREAS) {
            Some("too many large elements, gradients or layers lie over each other")
        } else if !within(self.crossings, MOST_CROSSINGS) {
            Some("its outlines have too many corners")
        } else if !within(self.dashes, MOST_DASHES) {
            Some("its dashed lines have too many dashes")
        } else if self.pixels > MOST_PIXELS {
            Some("its pictures have too many pixels")
        } else {
            None
        }
    }

    fn group(&mut self, group: &Group, to_dots: Transform, raster: Raster) {
        let own_layer = group.should_isolate();
        if own_layer {
            self.areas += LAYER * part(group.abs_layer_bounding_box().to_rect(), to_dots, raster);
        }
        if let Some(clip) = group.clip_path() {
            self.areas += LAYER;
            self.group(clip.root(), to_dots, raster);
            let mut next = clip.clip_path();
            while let Some(above) = next {
                self.areas += LAYER;
                self.group(above.root(), to_dots, raster);
                next = above.clip_path();
            }
        }
        for node in group.children() {
            match node {
                Node::Group(inner) => self.group(inner, to_dots, raster),
                Node::Path(path) => self.path(path, to_dots, raster),
                Node::Text(text) => self.group(text.flattened(), to_dots, raster),
                Node::Image(image) => {
                    self.areas += PICTURE * part(image.abs_bounding_box(), to_dots, raster);
                    let bytes = match image.kind() {
                        ImageKind::PNG(bytes) | ImageKind::JPEG(bytes) => bytes,
                        // The check of the template allows no other kind.
                        _ => continue,
                    };
                    let size = super::template::picture_size(bytes);
                    let (width, height) = size.unwrap_or((u32::MAX, u32::MAX));
                    let pixels = u64::from(width) * u64::from(height);
                    self.pixels = self.pixels.saturating_add(pixels);
                }
            }
        }
    }

    fn path(&mut self, path: &Path, to_dots: Transform, raster: Raster) {
        let paint = |paint: &Paint| match paint {
            Paint::Color(_) => 1.0,
            Paint::LinearGradient(gradient) => 4.0 + gradient.stops().len() as f32 / 4.0,
            Paint::RadialGradient(gradient) => 6.0 + gradient.stops().len() as f32 / 4.0,
            Paint::Pattern(_) => f32::INFINITY,
        };
        let ts = to_dots.pre_concat(path.abs_transform());
        if let Some(fill) = path.fill() {
            let covered = part(path.abs_bounding_box(), to_dots, raster);
            self.areas += paint(fill.paint()) * covered;
            self.crossings += crossings(path, ts, 0.0, raster);
        }
        let Some(stroke) = path.stroke() else { return };
        let covered = part(path.abs_stroke_bounding_box(), to_dots, raster);
        self.areas += paint(stroke.paint()) * covered;
        // A stroke has two edges, and a round join is as high as the stroke is wide.
        let scale = ts
            .sx
            .abs()
            .max(ts.sy.abs())
            .max(ts.kx.abs())
            .max(ts.ky.abs());
        let wide = stroke.width().get() * scale;
        self.crossings += 2.0 * crossings(path, ts, wide, raster);
        if let Some(dashes) = stroke.dasharray() {
            let period: f32 = dashes.iter().sum();
            let count = length(path) / period;
            self.dashes += count;
            self.crossings += 2.0 * count * wide.min(raster.height as f32).max(1.0);
        }
    }
}

/// Returns the share of the card that the rectangle covers.
fn part(rect: Rect, to_dots: Transform, raster: Raster) -> f32 {
    let Some(rect) = rect.transform(to_dots) else {
        return 0.0;
    };
    let (width, height) = (raster.width as f32, raster.height as f32);
    // Each side counts as at least one dot, so that no shape is free.
    let across = (rect.right().min(width) - rect.left().max(0.0)).max(1.0);
    let down = (rect.bottom().min(height) - rect.top().max(0.0)).max(1.0);
    across * down / (width * height)
}

/// Counts the rows that the path's edges cross. Each edge counts as `more` rows higher than it is.
fn crossings(path: &Path, ts: Transform, more: f32, raster: Raster) -> f32 {
    let height = raster.height as f32;
    let mut rows = 0.0;
    walk(path, |from, to, pieces| {
        let mut ends = [from, to];
        ts.map_points(&mut ends);
        let high = (ends[0].y.clamp(0.0, height) - ends[1].y.clamp(0.0, height)).abs();
        // The renderer draws a curve as several straight pieces.
        rows += (high + more.min(height) + 1.0) * pieces;
    });
    rows
}

fn length(path: &Path) -> f32 {
    let mut length = 0.0;
    // A curve is at most three times as long as its chord and its arms, which is close enough for an upper bound.
    walk(path, |from, to, pieces| {
        length += from.distance(to) * pieces
    });
    length
}

/// Calls `edge` for each edge, with the number of lines that it is drawn as. A curve is replaced by its control
/// polygon, which is never shorter.
fn walk(path: &Path, mut edge: impl FnMut(Point, Point, f32)) {
    let (mut start, mut at) = (Point::zero(), Point::zero());
    for segment in path.data().segments() {
        match segment {
            PathSegment::MoveTo(to) => {
                start = to;
                at = to;
            }
            PathSegment::LineTo(to) => {
                edge(at, to, 1.0);
                at = to;
            }
            PathSegment::QuadTo(arm, to) => {
                edge(at, arm, 2.0);
                edge(arm, to, 2.0);
                at = to;
            }
            PathSegment::CubicTo(first, second, to) => {
                edge(at, first, 2.0);
                edge(first, second, 2.0);
                edge(second, to, 2.0);
                at = to;
            }
            PathSegment::Close => {
                edge(at, start, 1.0);
                at = start;
            }
        }
    }
}
