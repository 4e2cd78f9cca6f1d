//! Pictures: they are kept as image handles while they are shown, and their memory is wiped afterwards.

use std::{any::Any, fmt, sync::Arc};

use iced::{
    Length, Point, Rectangle, Size, Vector,
    advanced::{
        Layout, Renderer as _, Widget,
        image::{FilterMethod, Handle, Image, Renderer as _},
        layout, mouse, renderer,
        widget::Tree,
    },
};
use zeroize::Zeroizing;

use super::Element;
use common::order::Picture;

/// A copy of a person's picture for the renderer, with corners rounded by `radius` parts of its width. Its memory is
/// wiped when the last handle is dropped.
pub fn handle(picture: &Picture, radius: f32) -> Handle {
    let (width, height) = (picture.width() as f32, picture.height() as f32);
    let radius = radius * width;
    let mut rgba = Vec::with_capacity(picture.width() as usize * picture.height() as usize * 4);
    for (index, pixel) in picture.rgb().chunks_exact(3).enumerate() {
        let x = (index as u32 % picture.width()) as f32 + 0.5;
        let y = (index as u32 / picture.width()) as f32 + 0.5;
        rgba.extend_from_slice(pixel);
        rgba.push(corner(x.min(width - x), y.min(height - y), radius));
    }
    let wiped = bytes::Bytes::from_owner(Zeroizing::new(rgba));
    Handle::from_rgba(picture.width(), picture.height(), wiped)
}

/// The alpha value of a pixel at the distances `x` and `y` from the nearest sides, for corners of this radius.
fn corner(x: f32, y: f32, radius: f32) -> u8 {
    if x >= radius || y >= radius {
        return 255;
    }
    let out = (radius - x).hypot(radius - y) - radius;
    ((0.5 - out).clamp(0.0, 1.0) * 255.0) as u8
}

/// A picture and its image handle, which is made again only when the picture changes.
#[derive(Default)]
pub struct Kept {
    of: Option<(Arc<dyn Any + Send + Sync>, Handle)>,
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.of.is_some() {
            "Kept(one)"
        } else {
            "Kept(none)"
        })
    }
}

impl Kept {
    /// Keeps the handle of `owner`'s picture. Without an owner the old handle is dropped.
    pub fn keep<T: Any + Send + Sync>(
        &mut self,
        owner: Option<&Arc<T>>,
        radius: f32,
        picture: impl Fn(&T) -> &Picture,
    ) {
        let address = |owner: &Arc<T>| Arc::as_ptr(owner).cast::<()>();
        let known = self
            .of
            .as_ref()
            .map(|(known, _)| Arc::as_ptr(known).cast::<()>());
        match owner {
            Some(owner) if known == Some(address(owner)) => {}
            Some(owner) => {
                let handle = handle(picture(owner), radius);
                self.of = Some((owner.clone(), handle));
            }
            None => self.of = None,
        }
    }

    pub fn handle(&self) -> Option<&Handle> {
        self.of.as_ref().map(|(_, handle)| handle)
    }
}

/// How a picture is fitted into a place of another shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fit {
    /// It fills the place, and what is outside is cut off.
    Cover,
    /// It is shown whole, as large as the place allows.
    Whole,
    /// It is scaled only by whole numbers and not smoothed, as a QR code needs it.
    Exact,
}

/// A widget that shows a picture in its place. The software renderer cannot cut or round pictures, so this does it.
#[derive(Debug)]
pub struct Shown {
    handle: Handle,
    fit: Fit,
}

pub fn cover(handle: &Handle) -> Shown {
    shown(handle, Fit::Cover)
}

pub fn whole(handle: &Handle) -> Shown {
    shown(handle, Fit::Whole)
}

pub fn exact(handle: &Handle) -> Shown {
    shown(handle, Fit::Exact)
}

fn shown(handle: &Handle, fit: Fit) -> Shown {
    Shown {
        handle: handle.clone(),
        fit,
    }
}

/// Scales from this to its inverse are treated as 1.
const NEARLY: f32 = 0.97;

impl Shown {
    /// The picture's place, and the factor by which it is scaled.
    fn place(&self, renderer: &iced::Renderer, bounds: Rectangle) -> (Rectangle, f32) {
        let size = renderer.measure_image(&self.handle).unwrap_or_default();
        let size = Size::new(size.width.max(1) as f32, size.height.max(1) as f32);
        let (x, y) = (bounds.width / size.width, bounds.height / size.height);
        let scale = match self.fit {
            Fit::Cover => x.max(y),
            Fit::Whole => x.min(y),
            Fit::Exact => x.min(y).floor().max(1.0),
        };
        // A picture of nearly the right size is not scaled: it is sharper, and drawn in a third of the time.
        let near = self.fit == Fit::Cover && (NEARLY..=1.0 / NEARLY).contains(&scale);
        let scale = if near { 1.0 } else { scale };
        let size = size * scale;
        let corner = bounds.center() - Vector::new(size.width / 2.0, size.height / 2.0);
        let whole = Point::new(corner.x.round(), corner.y.round());
        match self.fit {
            Fit::Exact => (Rectangle::new(whole, size), scale),
            Fit::Cover | Fit::Whole if near => (Rectangle::new(whole, size), scale),
            Fit::Cover | Fit::Whole => (Rectangle::new(corner, size), scale),
        }
    }
}

impl<Message> Widget<Message, iced::Theme, iced::Renderer> for Shown {
    fn size(&self) -> Size<Length> {
        Size::new(Length::Fill, Length::Fill)
    }

    fn layout(
        &mut self,
        _tree: &mut Tree,
        _renderer: &iced::Renderer,
        limits: &layout::Limits,
    ) -> layout::Node {
        layout::Node::new(limits.max())
    }

    fn draw(
        &self,
        _tree: &Tree,
        renderer: &mut iced::Renderer,
        _theme: &iced::Theme,
        _style: &renderer::Style,
        layout: Layout<'_>,
        _cursor: mouse::Cursor,
        _viewport: &Rectangle,
    ) {
        let bounds = layout.bounds();
        let (place, scale) = self.place(renderer, bounds);
        let filter = match self.fit {
            Fit::Exact => FilterMethod::Nearest,
            Fit::Cover | Fit::Whole if scale == 1.0 => FilterMethod::Nearest,
            Fit::Cover | Fit::Whole => FilterMethod::Linear,
        };
        let image = Image::new(self.handle.clone())
            .filter_method(filter)
            .snap(true);
        // Cutting costs as much as drawing, so it is done only if something is outside.
        let hangs_over = place.width > bounds.width + 0.5 || place.height > bounds.height + 0.5;
        if hangs_over {
            renderer.with_layer(bounds, |renderer| renderer.draw_image(image, place, bounds));
        } else {
            renderer.draw_image(image, place, bounds);
        }
    }
}

impl<'a, Message: 'a> From<Shown> for Element<'a, Message> {
    fn from(shown: Shown) -> Self {
        Element::new(shown)
    }
}

/// The largest rectangle with this ratio of width to height, in the middle of `room`.
pub fn inside(room: Rectangle, ratio: f32) -> Rectangle {
    let width = room.width.min(room.height * ratio);
    let height = width / ratio;
    Rectangle {
        x: room.x + (room.width - width) / 2.0,
        y: room.y + (room.height - height) / 2.0,
        width,
        height,
    }
}

/// The width of the quiet zone around a QR code, in modules (ISO/IEC 18004).
const QUIET: usize = 4;

/// A text as a QR code with its quiet zone, one pixel per module, black on white in every theme. `None` if the text is
/// too long for a QR code.
pub fn code(text: &str) -> Option<Handle> {
    let code = qrcode::QrCode::with_error_correction_level(text, qrcode::EcLevel::M).ok()?;
    let modules = code.width();
    let side = modules + 2 * QUIET;
    let colors = code.to_colors();
    let mut rgba = vec![255; side * side * 4];
    for (index, _) in colors
        .iter()
        .enumerate()
        .filter(|(_, color)| **color == qrcode::Color::Dark)
    {
        let (x, y) = (index % modules + QUIET, index / modules + QUIET);
        let at = (y * side + x) * 4;
        rgba[at..at + 3].fill(0);
    }
    let side = u32::try_from(side).ok()?;
    Some(Handle::from_rgba(side, side, rgba))
}
