//! Pictures: kept as handles as long as they are shown, wiped when they go.

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

/// A person's picture as the renderer wants it, its corners rounded by `radius` parts of its width; the copy is wiped
/// when the last handle goes.
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

/// How much of a pixel is seen that lies so far from the nearest sides, with corners of this radius.
fn corner(x: f32, y: f32, radius: f32) -> u8 {
    if x >= radius || y >= radius {
        return 255;
    }
    let out = (radius - x).hypot(radius - y) - radius;
    ((0.5 - out).clamp(0.0, 1.0) * 255.0) as u8
}

/// A picture and the handle made of it: made once, and anew only when the picture is another.
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
    /// Keeps the handle of `owner`'s picture; without an owner the old one is let go.
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

/// How a picture of another shape is brought into its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fit {
    /// It fills the place; what hangs over is cut.
    Cover,
    /// It is seen whole, as large as the place allows.
    Whole,
    /// Its pixels are the screen's: not scaled by anything but whole numbers, not smoothed.
    Exact,
}

/// A picture in its place. The software renderer neither cuts nor rounds pictures by itself.
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

/// A scale from here to its inverse is as good as one.
const NEARLY: f32 = 0.97;

impl Shown {
    /// Where the picture stands, and by how much it is scaled.
    fn place(&self, renderer: &iced::Renderer, bounds: Rectangle) -> (Rectangle, f32) {
        let size = renderer.measure_image(&self.handle).unwrap_or_default();
        let size = Size::new(size.width.max(1) as f32, size.height.max(1) as f32);
        let (x, y) = (bounds.width / size.width, bounds.height / size.height);
        let scale = match self.fit {
            Fit::Cover => x.max(y),
            Fit::Whole => x.min(y),
            Fit::Exact => x.min(y).floor().max(1.0),
        };
        // a picture of nearly the right size is shown as it is: sharper, and drawn in a third of the time
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
        // cutting costs as much as drawing: only where something hangs over
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

/// The largest place of this shape (width by height) in the middle of `room`.
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

/// Free modules around a QR code (ISO/IEC 18004).
const QUIET: usize = 4;

/// A text as a QR code, one pixel a module, with its quiet zone; black on white whatever the theme. `None` for a text
/// that is too long for one.
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
