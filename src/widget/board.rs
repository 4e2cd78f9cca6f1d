//! A container that puts its children at fixed places, so that nothing on the screen moves when something else changes.

use std::fmt;

use iced::{
    Event, Length, Point, Rectangle, Size,
    advanced::{
        Clipboard, Layout, Renderer as _, Shell, Widget, layout, mouse, overlay, renderer,
        widget::{Operation, Tree},
    },
};

use super::Element;

/// A container of children at fixed places.
pub struct Board<'a, Message> {
    size: Size,
    children: Vec<Child<'a, Message>>,
}

struct Child<'a, Message> {
    place: Rectangle,
    element: Element<'a, Message>,
    /// Whether it is drawn in a layer of its own, above all earlier children. Within a layer, text covers pictures.
    above: bool,
}

impl<Message> fmt::Debug for Board<'_, Message> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Board")
    }
}

impl<'a, Message> Board<'a, Message> {
    pub fn new(size: Size) -> Self {
        Self {
            size,
            children: Vec::new(),
        }
    }

    /// Puts a child at a place of the board.
    pub fn put(&mut self, place: Rectangle, element: impl Into<Element<'a, Message>>) {
        self.push(place, element.into(), false);
    }

    /// Puts a child above everything that the board already has.
    pub fn lay(&mut self, place: Rectangle, element: impl Into<Element<'a, Message>>) {
        self.push(place, element.into(), true);
    }

    fn push(&mut self, place: Rectangle, element: Element<'a, Message>, above: bool) {
        self.children.push(Child {
            place,
            element,
            above,
        });
    }
}

impl<Message> Widget<Message, iced::Theme, iced::Renderer> for Board<'_, Message> {
    fn size(&self) -> Size<Length> {
        Size::new(
            Length::Fixed(self.size.width),
            Length::Fixed(self.size.height),
        )
    }

    fn children(&self) -> Vec<Tree> {
        self.children
            .iter()
            .map(|child| Tree::new(&child.element))
            .collect()
    }

    fn diff(&self, tree: &mut Tree) {
        let elements: Vec<&Element<'_, Message>> =
            self.children.iter().map(|child| &child.element).collect();
        tree.diff_children(&elements);
    }

    fn layout(
        &mut self,
        tree: &mut Tree,
        renderer: &iced::Renderer,
        _limits: &layout::Limits,
    ) -> layout::Node {
        let nodes = self.children.iter_mut().zip(&mut tree.children);
        let nodes = nodes.map(|(child, tree)| {
            let limits = layout::Limits::new(Size::ZERO, child.place.size());
            let node = child
                .element
                .as_widget_mut()
                .layout(tree, renderer, &limits);
            // A child that is smaller than its place is centred in it.
            let spare = child.place.size() - node.size();
            let at = Point::new(
                child.place.x + spare.width / 2.0,
                child.place.y + spare.height / 2.0,
            );
            node.move_to(at)
        });
        layout::Node::with_children(self.size, nodes.collect())
    }

    fn operate(
        &mut self,
        tree: &mut Tree,
        layout: Layout<'_>,
        renderer: &iced::Renderer,
        operation: &mut dyn Operation,
    ) {
        operation.traverse(&mut |operation| {
            let parts = self.children.iter_mut().zip(&mut tree.children);
            for ((child, tree), layout) in parts.zip(layout.children()) {
                let widget = child.element.as_widget_mut();
                widget.operate(tree, layout, renderer, operation);
            }
        });
    }

    fn update(
        &mut self,
        tree: &mut Tree,
        event: &Event,
        layout: Layout<'_>,
        cursor: mouse::Cursor,
        renderer: &iced::Renderer,
        clipboard: &mut dyn Clipboard,
        shell: &mut Shell<'_, Message>,
        viewport: &Rectangle,
    ) {
        let parts = self.children.iter_mut().zip(&mut tree.children);
        for ((child, tree), layout) in parts.zip(layout.children()) {
            let widget = child.element.as_widget_mut();
            widget.update(
                tree, event, layout, cursor, renderer, clipboard, shell, viewport,
            );
        }
    }

    fn draw(
        &self,
        tree: &Tree,
        renderer: &mut iced::Renderer,
        theme: &iced::Theme,
        style: &renderer::Style,
        layout: Layout<'_>,
        cursor: mouse::Cursor,
        viewport: &Rectangle,
    ) {
        let parts = self.children.iter().zip(&tree.children);
        for ((child, tree), layout) in parts.zip(layout.children()) {
            let widget = child.element.as_widget();
            if child.above {
                renderer.with_layer(*viewport, |renderer| {
                    widget.draw(tree, renderer, theme, style, layout, cursor, viewport);
                });
            } else {
                widget.draw(tree, renderer, theme, style, layout, cursor, viewport);
            }
        }
    }

    fn mouse_interaction(
        &self,
        tree: &Tree,
        layout: Layout<'_>,
        cursor: mouse::Cursor,
        viewport: &Rectangle,
        renderer: &iced::Renderer,
    ) -> mouse::Interaction {
        let parts = self.children.iter().zip(&tree.children);
        parts
            .zip(layout.children())
            .map(|((child, tree), layout)| {
                let widget = child.element.as_widget();
                widget.mouse_interaction(tree, layout, cursor, viewport, renderer)
            })
            .max()
            .unwrap_or_default()
    }

    fn overlay<'b>(
        &'b mut self,
        _tree: &'b mut Tree,
        _layout: Layout<'b>,
        _renderer: &iced::Renderer,
        _viewport: &Rectangle,
        _translation: iced::Vector,
    ) -> Option<overlay::Element<'b, Message, iced::Theme, iced::Renderer>> {
        None
    }
}

impl<'a, Message: 'a> From<Board<'a, Message>> for Element<'a, Message> {
    fn from(board: Board<'a, Message>) -> Self {
        Element::new(board)
    }
}
