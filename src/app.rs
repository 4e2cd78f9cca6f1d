//! The window: it turns input into events of the session, and draws the session's state as a screen.
//!
//! The session and its effects run in the same [`Runner`] that the `rehearse` command drives without a window; here the
//! event loop of iced drives it. Nothing in `update` waits: effects run as tasks, and their answers come back as
//! messages.

mod aloud;
mod focus;
mod listen;
mod printed;
mod strip;
mod window;

use std::{
    borrow::Cow,
    cell::RefCell,
    sync::Arc,
    time::{Duration, Instant},
};

use iced::{Size, Subscription, Task, keyboard};

pub use window::Shape;

use crate::look::Look;
use crate::{
    booth::Booth,
    elements::{self, Action, Context, KeyboardLayout, Page, Panel, Site},
    runner::{Answer, Runner},
    screen::{self, Chosen, Pictures, Scene},
};
use aloud::Aloud;
use common::Problems;
use session::{Event, Now, Press};
use strip::StripState;
use text::Texts;
use theme::{Screen, Theme};

/// Why the window could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{0}")]
    Config(Problems),
    /// There is no display, or the display cannot be drawn on.
    #[error(
        "no window could be opened ({0}): start the booth on a display (X, Wayland, or `cage -- fotoautomat run`)"
    )]
    Window(String),
}

/// Runs the booth in its window until the window is closed or the process gets SIGTERM or SIGINT.
///
/// It must be called on the main thread, inside the tokio runtime in which the booth was opened.
///
/// # Errors
///
/// [`Error::Config`] if the site's texts or theme are wrong, [`Error::Window`] if no window can be opened.
pub fn run(booth: &Booth, shape: Shape) -> Result<(), Error> {
    let kiosk = Kiosk::new(booth, shape)?;
    // The type of this function allows iced to call it again, but iced calls it once.
    let first = RefCell::new(Some(kiosk));
    let boot = move || {
        let mut kiosk = first.take().expect("a window is booted once");
        let task = kiosk.begin();
        (kiosk, task)
    };
    let mut app = iced::application::timed(boot, Kiosk::update, Kiosk::subscription, Kiosk::view)
        .title(|_: &Kiosk| "Fotoautomat".to_owned())
        .style(|kiosk: &Kiosk, _| iced::theme::Style {
            background_color: kiosk.look().palette.ground,
            text_color: kiosk.look().palette.ink,
        })
        .executor::<listen::Shared>()
        .default_font(crate::look::REGULAR)
        .window(shape.settings())
        .exit_on_close_request(true);
    for font in theme::FONTS {
        app = app.font(Cow::Borrowed(font));
    }
    app.run().map_err(|error| Error::Window(error.to_string()))
}

/// What the window has to handle.
#[derive(Debug)]
enum Message {
    /// The result of an effect, or an event of a device.
    Answer(Box<Answer>),
    Chosen(Chosen),
    Key(keyboard::Event),
    /// The screen was touched where there is nothing to press.
    Touched,
    Preview(Arc<camera::Frame>),
    Ticked,
    /// A new screen is fading in, and its next step has to be drawn.
    Moved,
    Resized(Size),
    /// The monitor's size, asked for when the window has to fill it.
    Monitor(iced::window::Id, Size),
    /// A task has ended, and nothing follows from it.
    Done,
    Leave,
}

/// The window's state: the running session, and what only the window knows.
struct Kiosk {
    runner: Runner<Booth>,
    texts: Texts,
    theme: Theme,
    /// The monitor's physical size, from the configuration.
    screen: Screen,
    site: Site,
    shape: Shape,
    size: Size,
    now: Now,
    panel: Option<Panel>,
    keys: KeyboardLayout,
    /// The id of the element that has the keyboard focus, while the keyboard is in use.
    focus: Option<String>,
    /// The focus has not been moved by keyboard since this screen was shown.
    focus_is_fresh: bool,
    pictures: Pictures,
    strip_state: Option<StripState>,
    aloud: Aloud,
    /// What is on the screen. `shown` is when this screen appeared.
    page: Page,
    shown: Instant,
}

impl std::fmt::Debug for Kiosk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Kiosk({:?})", self.page.screen)
    }
}

/// How often the session gets a tick while its state has a deadline.
const TICK: Duration = Duration::from_millis(250);
/// How long a new screen takes to fade in.
const ENTER: Duration = Duration::from_millis(180);

impl Kiosk {
    fn new(booth: &Booth, shape: Shape) -> Result<Self, Error> {
        let config = booth.config();
        let (texts, theme) = config.look().map_err(Error::Config)?;
        let raw = config.booth();
        let site = Site {
            institution: raw.institution.clone(),
            place: raw.place.clone(),
            receipt: raw.receipt.clone(),
        };
        let runner = Runner::new(booth.clone(), (*booth.rules()).clone());
        let strip_state = booth.test_panel().map(StripState::new);
        let aloud = Aloud::open(config.speech());
        let now = crate::runner::now();
        let context = Context {
            texts: &texts,
            rules: &runner.rules,
            site: &site,
            now,
            panel: None,
            keyboard: KeyboardLayout::default(),
            measured: None,
            can_speak: aloud.works(),
            strip: strip_state.as_ref().map(|strip_state| &strip_state.strip),
        };
        let page = elements::page(&runner.session, &context);
        Ok(Self {
            screen: *config.screen(),
            shape,
            size: shape.size(),
            now,
            panel: None,
            keys: KeyboardLayout::default(),
            focus: None,
            focus_is_fresh: true,
            pictures: Pictures::default(),
            page,
            shown: now.instant,
            runner,
            texts,
            theme,
            site,
            strip_state,
            aloud,
        })
    }

    /// Starts to listen to events of the devices and to the runner's answers.
    fn begin(&mut self) -> Task<Message> {
        let booth = self.runner.performer().clone();
        self.runner.listen(booth.events());
        let answers = self.runner.answers();
        Task::batch([
            Task::run(answers, |answer| Message::Answer(Box::new(answer))),
            self.shape.fill(),
        ])
    }

    fn update(&mut self, message: Message, now: Instant) -> Task<Message> {
        self.now = Now {
            instant: now,
            wall: jiff::Timestamp::now(),
        };
        let task = match message {
            Message::Answer(answer) => self.answered(*answer),
            Message::Chosen(chosen) => {
                // The focus ring helps only visitors who use the keyboard.
                self.focus = None;
                self.aloud.hush();
                self.choose(chosen.action);
                Task::none()
            }
            Message::Key(event) => {
                self.key(&event);
                Task::none()
            }
            Message::Touched => {
                self.aloud.hush();
                self.runner.happen(Event::Touched);
                Task::none()
            }
            Message::Preview(frame) => {
                self.pictures.newest(&frame);
                let (session, now) = (&self.runner.session, self.now.instant);
                if !self.pictures.measure(&frame, session, now) {
                    // A frame alone changes neither the page nor the focus.
                    return Task::none();
                }
                // The page shows the new measurements.
                Task::none()
            }
            Message::Moved | Message::Done => return Task::none(),
            Message::Ticked => {
                self.runner.happen(Event::Ticked);
                if self.runner.session.is_left(now) {
                    self.panel = self.panel.filter(|panel| *panel == Panel::Faults);
                }
                Task::none()
            }
            Message::Resized(size) => {
                self.size = size;
                Task::none()
            }
            Message::Monitor(id, size) => self.shape.stretch(id, self.size, size),
            Message::Leave => return iced::exit(),
        };
        self.follow();
        task
    }

    /// Gives an answer to the session. In test mode a printed card is also saved in the booth's data folder.
    fn answered(&mut self, answer: Answer) -> Task<Message> {
        let ended = answer.is_print_ended();
        self.runner.take(answer);
        let booth = self.runner.performer();
        match booth.test_panel().filter(|_| ended) {
            Some(strip_state) => printed::keep(strip_state, booth.data().to_owned()),
            None => Task::none(),
        }
    }

    /// What pressing an element does.
    fn choose(&mut self, action: Action) {
        match action {
            Action::Press(press) => {
                // Every press closes the open sheet, except a change of language or of how the screen looks and sounds.
                if !matches!(
                    press,
                    Press::Language(_)
                        | Press::LargeText
                        | Press::HighContrast
                        | Press::Speech
                        | Press::LowControls
                        | Press::Calm
                ) {
                    self.panel = None;
                }
                self.runner.press(press);
            }
            Action::Open(panel) => {
                self.panel = Some(panel);
                self.runner.happen(Event::Touched);
            }
            Action::Close => {
                self.panel = None;
                self.runner.happen(Event::Touched);
            }
            Action::Keyboard(layout) => {
                self.keys = layout;
                self.runner.happen(Event::Touched);
            }
            Action::Panel(action) => {
                if let Some(strip_state) = &mut self.strip_state {
                    strip_state.act(&action);
                }
            }
        }
    }

    /// Updates everything that is shown to the session's new state.
    fn follow(&mut self) {
        if let Some(strip_state) = &mut self.strip_state {
            strip_state.follow(self.runner.session.is_personal());
        }
        let page = elements::page(&self.runner.session, &self.context());
        if page.screen != self.page.screen {
            tracing::info!(target: "screen", name = ?page.screen);
            self.shown = self.now.instant;
            self.keys = KeyboardLayout::default();
            self.panel = self.panel.filter(|panel| *panel == Panel::Faults);
        }
        let page = elements::page(&self.runner.session, &self.context());
        self.refocus(&page);
        self.page = page;
        let mut pictures = std::mem::take(&mut self.pictures);
        pictures.follow(&self.runner.session, &self.context());
        self.pictures = pictures;
        self.aloud.follow(
            &self.page,
            self.focus.as_deref(),
            &self.texts,
            &self.runner.session.preferences,
        );
    }

    fn context(&self) -> Context<'_> {
        Context {
            texts: &self.texts,
            rules: &self.runner.rules,
            site: &self.site,
            now: self.now,
            panel: self.panel,
            keyboard: self.keys,
            measured: self.pictures.measured(),
            can_speak: self.aloud.works(),
            strip: self
                .strip_state
                .as_ref()
                .map(|strip_state| &strip_state.strip),
        }
    }

    fn look(&self) -> Look {
        let area = screen::area_of(self.size, self.strip_state.is_some());
        let preferences = &self.runner.session.preferences;
        Look::new(&self.theme, &self.screen, area.size(), preferences)
    }

    /// How far a new screen has faded in, from 0 to 1.
    fn entered(&self, now: Instant) -> f32 {
        let since = now.saturating_duration_since(self.shown).as_secs_f32();
        let part = (since / ENTER.as_secs_f32()).min(1.0);
        // The cubic curve starts fast and ends slowly.
        1.0 - (1.0 - part).powi(3)
    }

    fn view(&self) -> crate::widget::Element<'_, Message> {
        let look = self.look();
        let context = self.context();
        let entered = if look.calm {
            1.0
        } else {
            self.entered(Instant::now())
        };
        let scene = Scene {
            page: &self.page,
            session: &self.runner.session,
            context: &context,
            look: &look,
            size: self.size,
            pictures: &self.pictures,
            focus: self.focus.as_deref(),
            entered,
        };
        screen::view(&scene).map(Message::Chosen)
    }

    fn subscription(&self) -> Subscription<Message> {
        let session = &self.runner.session;
        let mut all = vec![listen::hands(), listen::end()];
        // An idle booth needs no ticks: only visitors and devices wake it.
        let left_open = self.panel.is_some_and(|panel| panel != Panel::Faults);
        if !session.is_at_rest()
            || session.asking.is_some()
            || session.is_changed_at_rest(&self.runner.rules)
            || left_open
        {
            all.push(iced::time::every(TICK).map(|_| Message::Ticked));
        }
        if self.pictures.shows_preview(session) {
            all.push(listen::preview(self.runner.performer().preview()));
        }
        let coming = self.shown.elapsed() < ENTER + ENTER;
        if coming && !session.preferences.calm {
            all.push(iced::window::frames().map(|_| Message::Moved));
        }
        Subscription::batch(all)
    }
}
