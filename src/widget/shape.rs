//! Plain shapes: areas, rings, bars, and the oval that shows where the face belongs.

use std::f32::consts::{FRAC_PI_2, TAU};

use iced::{
    Background, Border, Color, Length, Point, Radians, Rectangle, Renderer, Size, Theme, Vector,
    advanced::{Layout, Renderer as _, Widget, layout, mouse, renderer, widget::Tree},
    widget::canvas::{self, Frame, Geometry, LineCap, Path, Program, Stroke, fill, path, stroke},
};

use super::Element;

/// A filled area with rounded corners, and with a border if the edge has a width.
#[derive(Debug, Clone, Copy)]
pub struct Area {
    pub fill: Color,
    pub edge: Color,
    pub edge_width: f32,
    pub radius: f32,
}

impl Area {
    pub fn new(fill: Color, radius: f32) -> Self {
        Self {
            fill,
            edge: Color::TRANSPARENT,
            edge_width: 0.0,
            radius,
        }
    }

    pub fn edge(mut self, color: Color, width: f32) -> Self {
        self.edge = color;
        self.edge_width = width;
        self
    }
}

impl<Message> Widget<Message, Theme, Renderer> for Area {
    fn size(&self) -> Size<Length> {
        Size::new(Length::Fill, Length::Fill)
    }

    fn layout(
        &mut self,
        _tree: &mut Tree,
        _renderer: &Renderer,
        limits: &layout::Limits,
    ) -> layout::Node {
        layout::Node::new(limits.max())
    }

    fn draw(
        &self,
        _tree: &Tree,
        renderer: &mut Renderer,
        _theme: &Theme,
        _style: &renderer::Style,
        layout: Layout<'_>,
        _cursor: mouse::Cursor,
        _viewport: &Rectangle,
    ) {
        let quad = renderer::Quad {
            bounds: layout.bounds(),
            border: Border {
                color: self.edge,
                width: self.edge_width,
                radius: self.radius.into(),
            },
            ..renderer::Quad::default()
        };
        renderer.fill_quad(quad, Background::Color(self.fill));
    }
}

impl<'a, Message: 'a> From<Area> for Element<'a, Message> {
    fn from(area: Area) -> Self {
        Element::new(area)
    }
}

/// A ring that empties or fills, from the top, clockwise.
#[derive(Debug, Clone, Copy)]
pub struct Ring {
    /// How much of it is drawn in `color`, from 0 to 1.
    pub part: f32,
    pub color: Color,
    pub track: Color,
    pub width: f32,
}

impl<Message> Program<Message> for Ring {
    type State = ();

    fn draw(
        &self,
        _state: &(),
        renderer: &Renderer,
        _theme: &Theme,
        bounds: Rectangle,
        _cursor: mouse::Cursor,
    ) -> Vec<Geometry> {
        let mut frame = Frame::new(renderer, bounds.size());
        let radius = (bounds.width.min(bounds.height) - self.width) / 2.0;
        let circle = Path::circle(frame.center(), radius);
        frame.stroke(&circle, line(self.track, self.width, LineCap::Butt));
        if self.part > 0.0 {
            let arc = Path::new(|builder| {
                builder.arc(path::Arc {
                    center: Point::new(bounds.width / 2.0, bounds.height / 2.0),
                    radius,
                    start_angle: Radians(-FRAC_PI_2),
                    end_angle: Radians(-FRAC_PI_2 + TAU * self.part.min(0.9999)),
                });
            });
            frame.stroke(&arc, line(self.color, self.width, LineCap::Round));
        }
        vec![frame.into_geometry()]
    }
}

fn line(color: Color, width: f32, cap: LineCap) -> Stroke<'static> {
    Stroke {
        style: stroke::Style::Solid(color),
        width,
        line_cap: cap,
        ..Stroke::default()
    }
}

/// A canvas that fills its place.
pub fn drawn<'a, Message: 'a>(
    program: impl Program<Message, Theme, Renderer> + 'a,
) -> Element<'a, Message> {
    canvas::Canvas::new(program)
        .width(Length::Fill)
        .height(Length::Fill)
        .into()
}

/// A bar that fills from the left.
pub fn bar<'a, Message: 'a>(
    size: Size,
    part: f32,
    color: Color,
    track: Color,
) -> super::Board<'a, Message> {
    let radius = size.height / 2.0;
    let mut board = super::Board::new(size);
    board.put(Rectangle::with_size(size), Area::new(track, radius));
    let width = (size.width * part).max(size.height);
    board.put(
        Rectangle::with_size(Size::new(width, size.height)),
        Area::new(color, radius),
    );
    board
}

/// An oval for the face. Everything around it is veiled, and the ring along it fills while the face is right.
#[derive(Debug, Clone, Copy)]
pub struct Oval {
    /// The centre of the face's place, in parts of the picture.
    pub center: Point,
    pub radii: Vector,
    pub veil: Color,
    pub line: Color,
    pub ring: Color,
    pub part: f32,
    pub width: f32,
}

impl<Message> Program<Message> for Oval {
    type State = ();

    fn draw(
        &self,
        _state: &(),
        renderer: &Renderer,
        _theme: &Theme,
        bounds: Rectangle,
        _cursor: mouse::Cursor,
    ) -> Vec<Geometry> {
        let mut frame = Frame::new(renderer, bounds.size());
        let at = |angle: f32| {
            Point::new(
                bounds.width * (self.center.x + self.radii.x * angle.cos()),
                bounds.height * (self.center.y + self.radii.y * angle.sin()),
            )
        };
        let curve = |builder: &mut path::Builder, part: f32| {
            // 180 segments are enough that no corner shows at 4K.
            let steps = (180.0 * part).ceil().max(1.0) as u32;
            for step in 0..=steps {
                let angle = -FRAC_PI_2 + TAU * part * step as f32 / steps as f32;
                match step {
                    0 => builder.move_to(at(angle)),
                    _ => builder.line_to(at(angle)),
                }
            }
        };
        let veil = Path::new(|builder| {
            builder.rectangle(Point::ORIGIN, bounds.size());
            curve(builder, 1.0);
            builder.close();
        });
        frame.fill(
            &veil,
            canvas::Fill {
                style: canvas::Style::Solid(self.veil),
                rule: fill::Rule::EvenOdd,
            },
        );
        let round = Path::new(|builder| curve(builder, 1.0));
        frame.stroke(&round, line(self.line, self.width, LineCap::Butt));
        if self.part > 0.0 {
            let ring = Path::new(|builder| curve(builder, self.part.min(1.0)));
            frame.stroke(&ring, line(self.ring, self.width * 2.0, LineCap::Round));
        }
        vec![frame.into_geometry()]
    }
}

/// Four corner marks that show where to hold something.
#[derive(Debug, Clone, Copy)]
pub struct Corners {
    pub color: Color,
    /// The colour of a wider line below, so that the marks can be seen on any picture.
    pub edge: Color,
    pub width: f32,
    /// The length of an arm in parts of the height.
    pub length: f32,
}

impl<Message> Program<Message> for Corners {
    type State = ();

    fn draw(
        &self,
        _state: &(),
        renderer: &Renderer,
        _theme: &Theme,
        bounds: Rectangle,
        _cursor: mouse::Cursor,
    ) -> Vec<Geometry> {
        let mut frame = Frame::new(renderer, bounds.size());
        let inset = self.width;
        let (right, bottom) = (bounds.width - inset, bounds.height - inset);
        let arm = bounds.height * self.length;
        let path = Path::new(|builder| {
            for (x, toward) in [(inset, arm), (right, -arm)] {
                for (y, down) in [(inset, arm), (bottom, -arm)] {
                    builder.move_to(Point::new(x + toward, y));
                    builder.line_to(Point::new(x, y));
                    builder.line_to(Point::new(x, y + down));
                }
            }
        });
        frame.stroke(&path, line(self.edge, self.width * 1.8, LineCap::Round));
        frame.stroke(&path, line(self.color, self.width, LineCap::Round));
        vec![frame.into_geometry()]
    }
}
