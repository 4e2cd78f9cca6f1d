//! Lays a screen out and draws it with the software renderer, which the booth uses too.

use fotoautomat::screen::{self, Chosen, Scene};
use iced_test::{
    core::{
        Event, Pixels, Rectangle, Theme, clipboard, mouse, renderer,
        renderer::Headless as _,
        widget::{Id, Operation, operation},
        window,
    },
    renderer::Renderer,
    runtime::{UserInterface, user_interface},
};

use super::stage::Stage;

/// A screen after layout.
pub(crate) struct Canvas {
    interface: UserInterface<'static, Chosen, Theme, Renderer>,
    renderer: Renderer,
    background: iced_test::core::Color,
    size: iced_test::core::Size,
}

fn fonts() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        for font in theme::FONTS {
            let system = iced_test::renderer::graphics::text::font_system();
            system.write().unwrap().load_font(font.into());
        }
    });
}

impl Canvas {
    pub(crate) fn new(stage: &Stage) -> Self {
        fonts();
        let page = stage.page();
        let context = stage.context();
        let scene = Scene {
            page: &page,
            session: &stage.session,
            context: &context,
            look: &stage.look,
            size: stage.size,
            pictures: &stage.pictures,
            focus: stage.focus.as_deref(),
            entered: 1.0,
        };
        let element = screen::view(&scene);
        let mut renderer = Renderer::new(fotoautomat::look::REGULAR, Pixels(16.0));
        let interface = UserInterface::build(
            element,
            stage.size,
            user_interface::Cache::default(),
            &mut renderer,
        );
        Self {
            interface,
            renderer,
            background: stage.look.palette.ground,
            size: stage.size,
        }
    }

    pub(crate) fn operate(&mut self, operation: &mut dyn Operation) {
        self.interface.operate(&self.renderer, operation);
    }

    /// Handles input events and returns the elements that were pressed.
    pub(super) fn feed(&mut self, events: &[Event], cursor: mouse::Cursor) -> Vec<Chosen> {
        let mut chosen = Vec::new();
        let _ = self.interface.update(
            events,
            cursor,
            &mut self.renderer,
            &mut clipboard::Null,
            &mut chosen,
        );
        chosen
    }

    /// The drawn pixels in RGBA.
    pub(super) fn pixels(&mut self) -> Vec<u8> {
        let redraw = window::Event::RedrawRequested(std::time::Instant::now());
        self.feed(&[Event::Window(redraw)], mouse::Cursor::Unavailable);
        self.interface.draw(
            &mut self.renderer,
            &Theme::Light,
            &renderer::Style::default(),
            mouse::Cursor::Unavailable,
        );
        let size = iced_test::core::Size::new(self.size.width as u32, self.size.height as u32);
        self.renderer.screenshot(size, 1.0, self.background)
    }

    pub(super) fn picture(mut self) -> image::RgbaImage {
        let (width, height) = (self.size.width as u32, self.size.height as u32);
        image::RgbaImage::from_raw(width, height, self.pixels()).unwrap()
    }

    /// Every drawn text with its element's id and its place.
    pub(super) fn texts(&mut self) -> Vec<Drawn> {
        let mut found = Texts::default();
        self.operate(&mut operation::black_box(&mut found));
        found.0
    }
}

#[derive(Debug, Clone)]
pub(super) struct Drawn {
    pub(super) id: String,
    pub(super) text: String,
    pub(super) place: Rectangle,
}

#[derive(Default)]
struct Texts(Vec<Drawn>);

impl Operation for Texts {
    fn traverse(&mut self, operate: &mut dyn FnMut(&mut dyn Operation)) {
        operate(self);
    }

    fn text(&mut self, id: Option<&Id>, place: Rectangle, text: &str) {
        let id = id.map(|id| format!("{id:?}")).unwrap_or_default();
        self.0.push(Drawn {
            id,
            text: text.to_owned(),
            place,
        });
    }
}
