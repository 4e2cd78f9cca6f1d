//! What a screen offers: one list of elements, made by a pure function of the session.
//!
//! Drawing, keyboard focus, speech and the tests read the same list, so that nothing can be seen that cannot be heard,
//! and nothing can be touched that cannot be reached by keyboard. No screen decides anything: an element's [`Action`]
//! becomes a press of the session, or opens a sheet of the screen itself.

mod attendant;
mod attract;
mod consent;
mod frame;
mod icon;
mod issue;
mod keyboard;
mod old_card;
mod portrait;
mod sheet;
mod sign_in;
mod test_panel;

use std::{borrow::Cow, time::Duration};

pub use icon::Icon;
pub use keyboard::Layout as KeyboardLayout;
pub use sheet::Sheet;
pub use test_panel::{Device, Fault, PanelAction, Strip};

use common::order::Disposition;
use session::{Adjust, Now, Press, Rules, Session, State, portrait::State as Portrait};
use text::{Key, LocaleTexts, Texts, Value};

/// What kind of thing an element is for a visitor; it decides how the element is drawn and read aloud.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Heading,
    Text,
    /// One of several lines that belong together.
    Item,
    /// Something that must not be missed: a problem, or a step that succeeded.
    Notice,
    /// What the screen is about: a name, a code or an amount, in large letters.
    Display,
    Image,
    Button,
    /// A button that switches something on or off.
    Toggle,
    /// One of several buttons, of which one is chosen.
    Choice,
    /// A key of the keyboard on the screen.
    Key,
    Field,
    Progress,
    Timer,
    /// A step of the visit.
    Step,
}

/// The area of the screen in which an element is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Title,
    Picture,
    Words,
    Choices,
    /// A pad of small buttons or a keyboard.
    Pad,
    Main,
    Second,
    Steps,
    Tools,
    Footer,
    Banner,
    Strip,
}

/// How an element is meant. Words and icons say it too, so that it never depends on colour alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tone {
    #[default]
    Plain,
    Quiet,
    Good,
    Warn,
    Bad,
}

/// What pressing an element does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    Press(Press),
    /// Opens a sheet of which the session knows nothing.
    Open(Panel),
    Close,
    Keyboard(KeyboardLayout),
    Panel(test_panel::PanelAction),
}

/// The sheets that the window opens by itself, without an event of the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Panel {
    EaseOfUse,
    Languages,
    /// "Something is wrong with my name".
    WrongName,
    /// The faults that test mode can raise.
    Faults,
}

/// One thing on the screen.
#[derive(Debug, Clone, PartialEq)]
pub struct Element {
    /// An id that is unique on its page and stays the same when the page is made again.
    pub id: Cow<'static, str>,
    pub role: Role,
    pub place: Place,
    /// What is shown and spoken.
    pub label: String,
    /// A second line in smaller letters.
    pub note: Option<String>,
    pub icon: Option<Icon>,
    pub tone: Tone,
    pub enabled: bool,
    /// Whether it is on or chosen (toggle, choice, step, field).
    pub chosen: Option<bool>,
    /// How much of it has passed, from 0 to 1 (progress, timer).
    pub part: Option<f32>,
    /// Whether it must be held for two seconds when touched.
    pub hold: bool,
    /// Whether it is personal: then it is read aloud only where nobody else can hear it.
    pub private: bool,
    pub action: Option<Action>,
}

impl Element {
    fn new(id: impl Into<Cow<'static, str>>, role: Role, place: Place, label: String) -> Self {
        Self {
            id: id.into(),
            role,
            place,
            label,
            note: None,
            icon: None,
            tone: Tone::Plain,
            enabled: true,
            chosen: None,
            part: None,
            hold: false,
            private: false,
            action: None,
        }
    }

    fn title(label: String) -> Self {
        Self::new("title", Role::Heading, Place::Title, label)
    }

    fn text(id: impl Into<Cow<'static, str>>, label: String) -> Self {
        Self::new(id, Role::Text, Place::Words, label)
    }

    fn item(id: impl Into<Cow<'static, str>>, icon: Icon, label: String) -> Self {
        Self::new(id, Role::Item, Place::Words, label).icon(icon)
    }

    fn notice(id: impl Into<Cow<'static, str>>, tone: Tone, label: String) -> Self {
        let icon = match tone {
            Tone::Good => Icon::Good,
            Tone::Bad | Tone::Warn => Icon::Warning,
            Tone::Plain | Tone::Quiet => Icon::Info,
        };
        Self::new(id, Role::Notice, Place::Words, label)
            .icon(icon)
            .tone(tone)
    }

    fn display(id: impl Into<Cow<'static, str>>, label: String) -> Self {
        Self::new(id, Role::Display, Place::Words, label)
    }

    fn image(label: String) -> Self {
        Self::new("picture", Role::Image, Place::Picture, label)
    }

    fn main(id: &'static str, icon: Icon, label: String, press: Press) -> Self {
        Self::new(id, Role::Button, Place::Main, label)
            .icon(icon)
            .press(press)
    }

    fn second(id: &'static str, icon: Icon, label: String, press: Press) -> Self {
        Self::new(id, Role::Button, Place::Second, label)
            .icon(icon)
            .press(press)
    }

    fn icon(mut self, icon: Icon) -> Self {
        self.icon = Some(icon);
        self
    }

    fn tone(mut self, tone: Tone) -> Self {
        self.tone = tone;
        self
    }

    fn note(mut self, note: impl Into<Option<String>>) -> Self {
        self.note = note.into();
        self
    }

    fn enabled(mut self, enabled: bool) -> Self {
        self.enabled = enabled;
        self
    }

    fn chosen(mut self, chosen: bool) -> Self {
        self.chosen = Some(chosen);
        self
    }

    fn part(mut self, part: f32) -> Self {
        self.part = Some(part.clamp(0.0, 1.0));
        self
    }

    fn private(mut self) -> Self {
        self.private = true;
        self
    }

    fn press(self, press: Press) -> Self {
        self.act(Action::Press(press))
    }

    fn act(mut self, action: Action) -> Self {
        self.action = Some(action);
        self
    }

    /// Whether it can be pressed now.
    pub fn is_live(&self) -> bool {
        self.enabled && self.action.is_some()
    }
}

/// What the footer and some sentences say about the site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// The institution's name.
    pub institution: String,
    /// Where the booth stands.
    pub place: String,
    /// The address in the receipt's QR code, where `{order}` stands for the order's short code. `None`: no QR code.
    pub receipt: Option<String>,
}

/// What a screen depends on besides the session.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    pub texts: &'a Texts,
    pub rules: &'a Rules,
    pub site: &'a Site,
    pub now: Now,
    pub panel: Option<Panel>,
    pub keyboard: KeyboardLayout,
    /// The measurements of the camera's picture, while the attendant's camera page is open.
    pub measured: Option<Measured>,
    /// Whether the booth has a voice that works.
    pub can_speak: bool,
    /// What test mode's strip shows; `None` outside test mode.
    pub strip: Option<&'a Strip>,
}

/// Measurements of the middle of the camera's picture, for staff who set the camera up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measured {
    pub sharpness: u32,
    /// Mean brightness, from 0 to 255.
    pub brightness: u32,
    pub exposure: Exposure,
    pub balance: Balance,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exposure {
    TooDark,
    Good,
    TooBright,
}

/// The colour cast of white.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Balance {
    Neutral,
    Warm,
    Cold,
    Green,
    Magenta,
}

/// The session, its context, and the language in which it is shown.
#[derive(Debug, Clone, Copy)]
struct At<'a> {
    session: &'a Session,
    context: &'a Context<'a>,
    t: LocaleTexts<'a>,
}

impl At<'_> {
    /// How long the state has lasted.
    fn since(&self) -> Duration {
        let now = self.context.now.instant;
        now.saturating_duration_since(self.session.entered)
    }

    fn say(&self, key: Key) -> String {
        self.t.say(key)
    }

    fn with(&self, key: Key, values: &[(&str, Value<'_>)]) -> String {
        self.t.with(key, values)
    }

    /// The text `<family>-<name>`, or the text `<family>` if there is no such text.
    fn of(&self, family: Key, name: &str) -> String {
        self.t
            .named(&format!("{}-{name}", family.name), &[])
            .unwrap_or_else(|| self.say(family))
    }
}

/// Everything on the screen at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// The screen's name. When it changes, the new screen fades in, gets a new focus and is read aloud from the start.
    pub screen: ScreenName,
    pub base: Vec<Element>,
    /// The sheet that covers the base. The base cannot be used while a sheet is open.
    pub sheet: Option<(Sheet, Vec<Element>)>,
    /// Test mode's strip, which can be used at any time; empty outside test mode.
    pub strip: Vec<Element>,
}

/// The names of the screens, as tests, screenshots and the log use them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ScreenName {
    Starting,
    OutOfService,
    Attract,
    ShowCode,
    NoPhone,
    Typing,
    AskIsThisYou,
    NotEligible,
    Consent,
    OldCard,
    Framing,
    CountingDown,
    Capturing,
    Reviewing,
    ShowingCard,
    Printing,
    ReadingBack,
    Collecting,
    FetchLater,
    NeedsAttendant,
    AttendantSignIn,
    Attendant,
    /// The attendant first says why a session is opened for somebody, and then for whom (`AssistWhom`).
    Assist,
    AssistWhom,
}

impl ScreenName {
    pub const ALL: [Self; 24] = [
        Self::Starting,
        Self::OutOfService,
        Self::Attract,
        Self::ShowCode,
        Self::NoPhone,
        Self::Typing,
        Self::AskIsThisYou,
        Self::NotEligible,
        Self::Consent,
        Self::OldCard,
        Self::Framing,
        Self::CountingDown,
        Self::Capturing,
        Self::Reviewing,
        Self::ShowingCard,
        Self::Printing,
        Self::ReadingBack,
        Self::Collecting,
        Self::FetchLater,
        Self::NeedsAttendant,
        Self::AttendantSignIn,
        Self::Attendant,
        Self::Assist,
        Self::AssistWhom,
    ];

    pub fn of(state: &State) -> Self {
        use session::{
            attendant::{Page as StaffPage, Step},
            issue::State as Issue,
            sign_in::State as SignIn,
        };
        match state {
            State::Starting => Self::Starting,
            State::OutOfService(_) => Self::OutOfService,
            State::Attract => Self::Attract,
            State::SignIn(SignIn::ShowCode { .. }) => Self::ShowCode,
            State::SignIn(SignIn::NoPhone) => Self::NoPhone,
            State::SignIn(SignIn::Typing(_)) => Self::Typing,
            State::SignIn(SignIn::AskIsThisYou { .. }) => Self::AskIsThisYou,
            State::SignIn(SignIn::NotEligible { .. }) => Self::NotEligible,
            State::Consent(_) => Self::Consent,
            State::OldCard(_) => Self::OldCard,
            State::Portrait(Portrait::Framing { .. }) => Self::Framing,
            State::Portrait(Portrait::CountingDown { .. }) => Self::CountingDown,
            State::Portrait(Portrait::Capturing { .. }) => Self::Capturing,
            State::Portrait(Portrait::Reviewing { .. }) => Self::Reviewing,
            State::Issue(Issue::ShowingCard { .. }) => Self::ShowingCard,
            State::Issue(Issue::Printing { .. }) => Self::Printing,
            State::Issue(Issue::ReadingBack { .. }) => Self::ReadingBack,
            State::Issue(Issue::Collecting { .. }) => Self::Collecting,
            State::Issue(Issue::FetchLater(_)) => Self::FetchLater,
            State::Issue(Issue::NotPrinted(_) | Issue::NeedsAttendant(_)) => Self::NeedsAttendant,
            State::Attendant(state) => match &state.step {
                Step::SigningIn { .. } => Self::AttendantSignIn,
                Step::Panel {
                    page: StaffPage::Assist,
                    assist,
                    ..
                } if assist.is_warranted() => Self::AssistWhom,
                Step::Panel {
                    page: StaffPage::Assist,
                    ..
                } => Self::Assist,
                Step::Panel { .. } => Self::Attendant,
            },
        }
    }
}

/// Everything that the session's screen shows and offers now, in reading order.
pub fn page(session: &Session, context: &Context<'_>) -> Page {
    let t = context.texts.of(&session.preferences.language);
    let at = At {
        session,
        context,
        t,
    };
    let mut base = match &session.state {
        State::Starting => attract::starting(&at),
        State::OutOfService(reasons) => attract::out_of_service(reasons, &at),
        State::Attract => attract::attract(&at),
        State::SignIn(state) => sign_in::elements(state, &at),
        State::Consent(state) => consent::elements(state, &at),
        State::OldCard(state) => old_card::elements(state, &at),
        State::Portrait(state) => portrait::elements(state, &at),
        State::Issue(state) => issue::elements(state, &at),
        State::Attendant(state) => attendant::elements(state, &at),
    };
    base.extend(frame::elements(&at));
    Page {
        screen: ScreenName::of(&session.state),
        base,
        sheet: sheet::elements(&at),
        strip: test_panel::elements(&at),
    }
}

impl Page {
    /// What can be read and used now: the open sheet, else the screen; and test mode's strip.
    pub fn offered(&self) -> impl Iterator<Item = &Element> {
        let front = self
            .sheet
            .as_ref()
            .map_or(&self.base, |(_, elements)| elements);
        front.iter().chain(&self.strip)
    }

    /// Everything that is drawn, including what a sheet covers.
    pub fn all(&self) -> impl Iterator<Item = &Element> {
        let sheet = self.sheet.iter().flat_map(|(_, elements)| elements);
        self.base.iter().chain(sheet).chain(&self.strip)
    }

    /// The elements in one area of the screen, without those of a sheet.
    pub fn at(&self, place: Place) -> impl Iterator<Item = &Element> {
        let all = self.base.iter().chain(&self.strip);
        all.filter(move |element| element.place == place)
    }

    pub fn get(&self, id: &str) -> Option<&Element> {
        self.base.iter().find(|element| element.id == id)
    }

    /// The element that has the keyboard focus first on a new screen: the main button, even while it is disabled, so
    /// that Enter never presses another button by accident; without a main button, the first element that can be used.
    pub fn first_focus(&self) -> Option<&Element> {
        let main = self
            .offered()
            .find(|element| element.action.is_some() && element.place == Place::Main);
        main.or_else(|| self.offered().find(|element| element.is_live()))
    }

    /// The element that gets the focus after `from`, or before it with `back`, wrapping around at the ends. If `from`
    /// cannot be used, it is the first or the last element that can.
    pub fn next_focus(&self, from: Option<&str>, back: bool) -> Option<&Element> {
        let live: Vec<&Element> = self.offered().filter(|element| element.is_live()).collect();
        let at = from.and_then(|id| live.iter().position(|element| element.id == id));
        let count = live.len();
        let Some(at) = at else {
            return if back { live.last() } else { live.first() }.copied();
        };
        let next = if back { at + count - 1 } else { at + 1 };
        live.get(next % count).copied()
    }
}

/// The name of a disposition in ids and texts.
fn disposition_name(disposition: Disposition) -> &'static str {
    match disposition {
        Disposition::HandedIn => "handed-in",
        Disposition::Lost => "lost",
        Disposition::Stolen => "stolen",
        Disposition::Broken => "broken",
        Disposition::LeftAtHome => "left-at-home",
    }
}

/// The six ways to move a portrait.
const MOVES: [(&str, Icon, Adjust); 6] = [
    ("closer", Icon::Closer, adjust(0, 0, 1)),
    ("wider", Icon::Wider, adjust(0, 0, -1)),
    ("left", Icon::Left, adjust(-1, 0, 0)),
    ("right", Icon::Right, adjust(1, 0, 0)),
    ("up", Icon::Up, adjust(0, 1, 0)),
    ("down", Icon::Down, adjust(0, -1, 0)),
];

const fn adjust(right: i8, up: i8, closer: i8) -> Adjust {
    Adjust { right, up, closer }
}

/// Whole seconds of a wait, rounded up, so that "0" is never shown before the wait is over.
fn seconds_up(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}
