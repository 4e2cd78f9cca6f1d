//! The layout of a screen. It is computed from the window's size alone, so that nothing jumps from screen to screen.

use iced::{Point, Rectangle, Size};

use theme::Metrics;

/// The areas of a screen, in logical pixels of the window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Frame {
    pub metrics: Metrics,
    /// Test mode's banner and strip; both are empty outside test mode.
    pub banner: Rectangle,
    pub strip: Rectangle,
    /// What banner and strip leave for the screen.
    pub area: Rectangle,
    pub tools: Rectangle,
    pub steps: Rectangle,
    /// The title in portrait orientation. In landscape the title is the first line of `content`.
    pub title: Rectangle,
    /// The column between the title and the main button.
    pub content: Rectangle,
    /// The picture's area in landscape; `None` in portrait orientation, where the picture stands above the words.
    pub side: Option<Rectangle>,
    pub main: Rectangle,
    pub second: Rectangle,
    pub footer: Rectangle,
}

/// Heights in units; a unit is [`Metrics::u`].
const BANNER: f32 = 2.6;
const TOOL: f32 = 5.0;
const STEPS: f32 = 3.4;
const MAIN: f32 = 5.8;
const SECOND: f32 = 4.8;
/// The greatest width of the column, in units.
const COLUMN: f32 = 36.0;

/// The height of test mode's strip in logical pixels. In a window that is taller than wide it has two rows.
fn strip_height(size: Size) -> f32 {
    let u = size.width.min(size.height) / 54.0;
    if size.width > size.height {
        3.6 * u
    } else {
        6.6 * u
    }
}

/// The part of the window that test mode leaves for the screen.
pub fn area_of(size: Size, test_mode: bool) -> Rectangle {
    if !test_mode {
        return Rectangle::with_size(size);
    }
    let u = size.width.min(size.height) / 54.0;
    let (above, below) = (BANNER * u, strip_height(size));
    Rectangle::new(
        Point::new(0.0, above),
        Size::new(size.width, (size.height - above - below).max(1.0)),
    )
}

impl Frame {
    /// The layout with a keyboard. In landscape the keyboard needs the whole width, so the buttons stand side by side
    /// below it.
    pub(super) fn with_keyboard(mut self) -> Self {
        if self.side.is_none() {
            return self;
        }
        let gap = self.metrics.gap.max(1.4 * self.metrics.u);
        let bottom = self.second.y + self.second.height;
        self.main.y = bottom - self.main.height;
        self.second = Rectangle {
            x: self.main.x - gap - self.main.width * 0.6,
            width: self.main.width * 0.6,
            ..self.main
        };
        self
    }

    /// The content's area, extended over the main button's place if the screen has only a second button.
    pub(super) fn content_without(&self, main: bool, second: bool) -> Rectangle {
        let space = self.main.y - self.content.y - self.content.height;
        let bottom = match (main, second) {
            (false, true) => self.second.y - space,
            _ => return self.content,
        };
        Rectangle {
            height: bottom - self.content.y,
            ..self.content
        }
    }

    /// Computes the layout. `metrics` must be those of the area, not of the window: see [`area_of`].
    pub fn new(metrics: Metrics, size: Size, test_mode: bool) -> Self {
        let area = area_of(size, test_mode);
        let below = area.y + area.height;
        let banner = Rectangle::new(Point::ORIGIN, Size::new(size.width, area.y));
        let strip = Rectangle::new(
            Point::new(0.0, below),
            Size::new(size.width, size.height - below),
        );
        let u = metrics.u;
        let frame = Self {
            metrics,
            banner,
            strip,
            area,
            tools: Rectangle::default(),
            steps: Rectangle::default(),
            title: Rectangle::default(),
            content: Rectangle::default(),
            side: None,
            main: Rectangle::default(),
            second: Rectangle::default(),
            footer: Rectangle {
                x: area.x + 2.4 * u,
                y: below - metrics.hit,
                width: area.width - 4.8 * u,
                height: metrics.hit,
            },
        };
        if metrics.landscape {
            frame.lying()
        } else {
            frame.standing()
        }
    }

    /// A tool's height: enough for an icon above a word, and at least the smallest size of a touch target.
    fn tool(&self) -> f32 {
        let m = &self.metrics;
        m.hit.max(TOOL * m.u * (1.0 + (m.larger - 1.0) * 0.5))
    }

    /// Places the main and second button from the bottom up. With low controls the tools come below them.
    fn buttons(&mut self, x: f32, width: f32) {
        let m = self.metrics;
        let mut bottom = self.footer.y - 0.2 * m.u;
        if m.low_controls {
            self.tools.y = bottom - self.tool();
            bottom = self.tools.y - m.gap;
        }
        let second = m.hit.max(SECOND * m.u);
        let main = m.hit.max(MAIN * m.u);
        self.second = Rectangle::new(Point::new(x, bottom - second), Size::new(width, second));
        self.main = Rectangle::new(
            Point::new(x, self.second.y - m.gap.max(1.4 * m.u) - main),
            Size::new(width, main),
        );
    }

    fn standing(mut self) -> Self {
        let (m, u, area) = (self.metrics, self.metrics.u, self.area);
        let margin = 2.4 * u;
        let width = (COLUMN * u).min(area.width - 2.0 * margin);
        let x = area.x + (area.width - width) / 2.0;
        self.tools = Rectangle::new(
            Point::new(area.x + margin, area.y + 1.6 * u),
            Size::new(area.width - 2.0 * margin, self.tool()),
        );
        let mut top = self.tools.y + self.tools.height + 1.6 * u;
        self.buttons(x, width);
        if m.low_controls {
            top = area.y + 2.4 * u;
        }
        let steps = STEPS * u * (1.0 + (m.larger - 1.0) * 0.6);
        self.steps = Rectangle::new(Point::new(x, top), Size::new(width, steps));
        top += steps + 2.4 * u;
        // The title always gets two lines, so that what follows keeps its place below a title of one line.
        let title = 2.0 * 1.18 * m.title();
        self.title = Rectangle::new(Point::new(x, top), Size::new(width, title));
        top += title + 1.6 * u;
        self.content = Rectangle::new(
            Point::new(x, top),
            Size::new(width, (self.main.y - 1.8 * u - top).max(1.0)),
        );
        self
    }

    fn lying(mut self) -> Self {
        let (m, u, area) = (self.metrics, self.metrics.u, self.area);
        let margin = 2.4 * u;
        let width = (COLUMN * u).min(area.width * 0.5);
        let x = area.x + area.width - margin - width;
        let tools = (46.0 * u * m.larger.sqrt()).min(area.width * 0.54);
        self.tools = Rectangle::new(
            Point::new(area.x + area.width - margin - tools, area.y + 1.6 * u),
            Size::new(tools, self.tool()),
        );
        self.buttons(x, width);
        let steps = STEPS * u * (1.0 + (m.larger - 1.0) * 0.6);
        let left = if m.low_controls {
            area.width - 2.0 * margin
        } else {
            self.tools.x - area.x - 2.0 * margin
        };
        let head = if m.low_controls { steps } else { self.tool() };
        self.steps = Rectangle::new(
            Point::new(area.x + margin, area.y + 1.6 * u + (head - steps) / 2.0),
            Size::new(left.min(COLUMN * u), steps),
        );
        let top = area.y + 1.6 * u + head + 2.0 * u;
        let bottom = if m.low_controls {
            self.tools.y - m.gap
        } else {
            self.footer.y - 0.2 * u
        };
        self.side = Some(Rectangle::new(
            Point::new(area.x + margin, top),
            Size::new(x - area.x - 2.0 * margin - u, bottom - top),
        ));
        self.content = Rectangle::new(
            Point::new(x, top),
            Size::new(width, (self.main.y - 1.4 * u - top).max(1.0)),
        );
        self.title = Rectangle::new(Point::new(x, top), Size::new(width, 2.0 * 1.18 * m.title()));
        self
    }
}
