//! A touch target: it is pressed by finger or mouse, or held for two seconds.

use std::{
    fmt,
    time::{Duration, Instant},
};

use iced::{
    Background, Border, Color, Event, Length, Point, Rectangle, Size, Vector,
    advanced::{
        Clipboard, Layout, Renderer as _, Shell, Widget, layout, mouse, overlay, renderer,
        widget::{Id, Operation, Tree, tree},
    },
    touch, window,
};

use super::Element;

/// How long a target with [`Target::hold`] must be held.
pub const HOLD: Duration = Duration::from_secs(2);

/// How a target is drawn in one of its states.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Style {
    pub fill: Color,
    pub text: Color,
    pub edge: Color,
    pub edge_width: f32,
    pub radius: f32,
}

/// A target's styles at rest and pressed, and the ring that marks the keyboard focus.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Styles {
    pub rest: Style,
    pub pressed: Style,
    pub ring: Color,
    pub ring_width: f32,
    /// The distance between the target and its ring.
    pub ring_gap: f32,
}

/// An area with content that publishes a message when pressed.
pub struct Target<'a, Message> {
    id: String,
    content: Element<'a, Message>,
    message: Option<Message>,
    styles: Styles,
    padding: f32,
    focused: bool,
    hold: bool,
}

impl<Message> fmt::Debug for Target<'_, Message> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Target")
    }
}

impl<'a, Message> Target<'a, Message> {
    /// Makes a target. Without a message nothing happens when it is pressed.
    pub fn new(
        id: impl Into<String>,
        content: impl Into<Element<'a, Message>>,
        styles: Styles,
        message: Option<Message>,
    ) -> Self {
        Self {
            id: id.into(),
            content: content.into(),
            message,
            styles,
            padding: 0.0,
            focused: false,
            hold: false,
        }
    }

    pub fn padding(mut self, padding: f32) -> Self {
        self.padding = padding;
        self
    }

    pub fn focused(mut self, focused: bool) -> Self {
        self.focused = focused;
        self
    }

    pub fn hold(mut self, hold: bool) -> Self {
        self.hold = hold;
        self
    }
}

/// What presses the target now: the mouse, or one finger. A second finger is ignored.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Pointer {
    Mouse,
    Finger(touch::Finger),
}

#[derive(Debug, Default)]
struct State {
    pressed: Option<(Pointer, Instant)>,
    /// Whether the pointer is still over the target.
    inside: bool,
}

/// What an event does to a target.
enum Touch {
    Down(Pointer, Point),
    Moved(Pointer, Point),
    Up(Pointer, Point),
    Lost(Pointer),
}

fn touch_of(event: &Event, cursor: mouse::Cursor) -> Option<Touch> {
    // A mouse without a position is over no target.
    let at = cursor
        .position()
        .unwrap_or(Point::new(f32::NEG_INFINITY, f32::NEG_INFINITY));
    Some(match event {
        Event::Mouse(mouse::Event::ButtonPressed(mouse::Button::Left)) => {
            Touch::Down(Pointer::Mouse, at)
        }
        Event::Mouse(mouse::Event::ButtonReleased(mouse::Button::Left)) => {
            Touch::Up(Pointer::Mouse, at)
        }
        Event::Mouse(mouse::Event::CursorMoved { position }) => {
            Touch::Moved(Pointer::Mouse, *position)
        }
        Event::Mouse(mouse::Event::CursorLeft) => Touch::Lost(Pointer::Mouse),
        Event::Touch(touch::Event::FingerPressed { id, position }) => {
            Touch::Down(Pointer::Finger(*id), *position)
        }
        Event::Touch(touch::Event::FingerMoved { id, position }) => {
            Touch::Moved(Pointer::Finger(*id), *position)
        }
        Event::Touch(touch::Event::FingerLifted { id, position }) => {
            Touch::Up(Pointer::Finger(*id), *position)
        }
        Event::Touch(touch::Event::FingerLost { id, .. }) => Touch::Lost(Pointer::Finger(*id)),
        _ => return None,
    })
}

impl<Message: Clone> Target<'_, Message> {
    fn touched(
        &self,
        state: &mut State,
        touch: Touch,
        bounds: Rectangle,
        shell: &mut Shell<'_, Message>,
    ) {
        let by = |pointer| matches!(state.pressed, Some((held, _)) if held == pointer);
        match touch {
            Touch::Down(pointer, at) if bounds.contains(at) && state.pressed.is_none() => {
                state.pressed = Some((pointer, Instant::now()));
                state.inside = true;
                shell.capture_event();
                shell.request_redraw();
            }
            Touch::Moved(pointer, at) if by(pointer) => {
                let inside = bounds.contains(at);
                if inside != state.inside {
                    state.inside = inside;
                    shell.request_redraw();
                }
            }
            Touch::Up(pointer, at) if by(pointer) => {
                state.pressed = None;
                if bounds.contains(at) && !self.hold {
                    shell.publish_some(self.message.clone());
                }
                shell.capture_event();
                shell.request_redraw();
            }
            Touch::Lost(pointer) if by(pointer) => {
                state.pressed = None;
                shell.request_redraw();
            }
            _ => {}
        }
    }
}

/// Publishes a message if there is one.
trait PublishSome<Message> {
    fn publish_some(&mut self, message: Option<Message>);
}

impl<Message> PublishSome<Message> for Shell<'_, Message> {
    fn publish_some(&mut self, message: Option<Message>) {
        if let Some(message) = message {
            self.publish(message);
        }
    }
}

impl<Message: Clone> Widget<Message, iced::Theme, iced::Renderer> for Target<'_, Message> {
    fn tag(&self) -> tree::Tag {
        tree::Tag::of::<State>()
    }

    fn state(&self) -> tree::State {
        tree::State::new(State::default())
    }

    fn children(&self) -> Vec<Tree> {
        vec![Tree::new(&self.content)]
    }

    fn diff(&self, tree: &mut Tree) {
        tree.diff_children(std::slice::from_ref(&self.content));
    }

    fn size(&self) -> Size<Length> {
        Size::new(Length::Fill, Length::Fill)
    }

    fn layout(
        &mut self,
        tree: &mut Tree,
        renderer: &iced::Renderer,
        limits: &layout::Limits,
    ) -> layout::Node {
        let size = limits.max();
        let room = Size::new(
            (size.width - 2.0 * self.padding).max(0.0),
            (size.height - 2.0 * self.padding.min(size.height / 8.0)).max(0.0),
        );
        let limits = layout::Limits::new(Size::ZERO, room);
        let widget = self.content.as_widget_mut();
        let content = widget.layout(&mut tree.children[0], renderer, &limits);
        let spare = size - content.size();
        let content = content.move_to(Point::new(spare.width / 2.0, spare.height / 2.0));
        layout::Node::with_children(size, vec![content])
    }

    fn operate(
        &mut self,
        tree: &mut Tree,
        layout: Layout<'_>,
        renderer: &iced::Renderer,
        operation: &mut dyn Operation,
    ) {
        let id = Id::from(self.id.clone());
        operation.container(Some(&id), layout.bounds());
        operation.traverse(&mut |operation| {
            if let Some(content) = layout.children().next() {
                let widget = self.content.as_widget_mut();
                widget.operate(&mut tree.children[0], content, renderer, operation);
            }
        });
    }

    fn update(
        &mut self,
        tree: &mut Tree,
        event: &Event,
        layout: Layout<'_>,
        cursor: mouse::Cursor,
        _renderer: &iced::Renderer,
        _clipboard: &mut dyn Clipboard,
        shell: &mut Shell<'_, Message>,
        _viewport: &Rectangle,
    ) {
        let state = tree.state.downcast_mut::<State>();
        if self.message.is_none() {
            state.pressed = None;
            return;
        }
        if let Some(touch) = touch_of(event, cursor) {
            self.touched(state, touch, layout.bounds(), shell);
        }
        if let (true, Some((_, since)), true) = (self.hold, state.pressed, state.inside) {
            match event {
                Event::Window(window::Event::RedrawRequested(now))
                    if now.saturating_duration_since(since) >= HOLD =>
                {
                    state.pressed = None;
                    shell.publish_some(self.message.clone());
                }
                _ => shell.request_redraw_at(since + HOLD),
            }
        }
    }

    fn draw(
        &self,
        tree: &Tree,
        renderer: &mut iced::Renderer,
        theme: &iced::Theme,
        _style: &renderer::Style,
        layout: Layout<'_>,
        cursor: mouse::Cursor,
        viewport: &Rectangle,
    ) {
        let state = tree.state.downcast_ref::<State>();
        let bounds = layout.bounds();
        let pressed = state.pressed.is_some() && state.inside;
        let style = if pressed {
            self.styles.pressed
        } else {
            self.styles.rest
        };
        let quad = |bounds: Rectangle, color, width: f32, radius: f32| renderer::Quad {
            bounds,
            border: Border {
                color,
                width,
                radius: radius.into(),
            },
            ..renderer::Quad::default()
        };
        if self.focused {
            let out = self.styles.ring_gap + self.styles.ring_width;
            let ring = quad(
                bounds.expand(out),
                self.styles.ring,
                self.styles.ring_width,
                style.radius + out,
            );
            renderer.fill_quad(ring, Background::Color(Color::TRANSPARENT));
        }
        let body = quad(bounds, style.edge, style.edge_width, style.radius);
        renderer.fill_quad(body, Background::Color(style.fill));
        let Some(content) = layout.children().next() else {
            return;
        };
        let text = renderer::Style {
            text_color: style.text,
        };
        let draw = |renderer: &mut iced::Renderer| {
            let widget = self.content.as_widget();
            widget.draw(
                &tree.children[0],
                renderer,
                theme,
                &text,
                content,
                cursor,
                viewport,
            );
        };
        if pressed {
            // A pressed target moves down a little, so that pressing can be seen without colour.
            let down = Vector::new(0.0, (bounds.height * 0.03).max(1.0));
            renderer.with_translation(down, draw);
        } else {
            draw(renderer);
        }
    }

    fn mouse_interaction(
        &self,
        _tree: &Tree,
        layout: Layout<'_>,
        cursor: mouse::Cursor,
        _viewport: &Rectangle,
        _renderer: &iced::Renderer,
    ) -> mouse::Interaction {
        if self.message.is_some() && cursor.is_over(layout.bounds()) {
            mouse::Interaction::Pointer
        } else {
            mouse::Interaction::default()
        }
    }

    fn overlay<'b>(
        &'b mut self,
        _tree: &'b mut Tree,
        _layout: Layout<'b>,
        _renderer: &iced::Renderer,
        _viewport: &Rectangle,
        _translation: Vector,
    ) -> Option<overlay::Element<'b, Message, iced::Theme, iced::Renderer>> {
        None
    }
}

impl<'a, Message: Clone + 'a> From<Target<'a, Message>> for Element<'a, Message> {
    fn from(target: Target<'a, Message>) -> Self {
        Element::new(target)
    }
}
