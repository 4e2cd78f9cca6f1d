//! The pictures on the screen. They are kept while they are shown and dropped together with the session's state.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use iced::advanced::image::Handle;

use crate::{
    elements::{Balance, Context, Exposure, Measured, ScreenName},
    widget::{
        art::Gallery,
        picture::{Kept, code},
    },
};
use session::{
    Session, State,
    attendant::{self, Step, Way},
    issue::{self, State as Issue},
    portrait::State as Portrait,
    sign_in::State as SignIn,
};

/// Corner radius of a card in parts of its width (ISO/IEC 7810: 3.18 of 85.60 mm).
const CARD_CORNER: f32 = 3.18 / 85.60;
/// Corner radius of a portrait on the screen, in parts of its width.
const PORTRAIT_CORNER: f32 = 0.03;

/// The least time between two measurements: numbers that change more often cannot be read.
const MEASURE: Duration = Duration::from_millis(500);

/// The image handles of what is shown now.
#[derive(Debug, Default)]
pub struct Pictures {
    /// The newest preview frame.
    pub preview: Option<Handle>,
    /// The measurements of the camera's picture and when they were made; only on the attendant's camera page.
    measured: Option<(Instant, Measured)>,
    pub portrait: Kept,
    pub front: Kept,
    pub back: Kept,
    /// The text of the sign-in's QR code, and the code itself.
    code: Option<(String, Handle)>,
    receipt: Option<(String, Handle)>,
    pub gallery: Gallery,
}

impl Pictures {
    /// Keeps what the session shows now and drops everything else.
    pub fn follow(&mut self, session: &Session, context: &Context<'_>) {
        if !self.shows_preview(session) {
            self.preview = None;
        }
        let mut shot = None;
        let mut card = None;
        let mut scan = None;
        let mut receipt = None;
        match &session.state {
            State::SignIn(SignIn::ShowCode {
                code: Some(code),
                approved: false,
                ..
            }) => scan = Some(code.scan.expose().as_str()),
            State::Attendant(state) => {
                if let Step::SigningIn {
                    way: Way::Phone { code: Some(code) },
                    ..
                } = &state.step
                {
                    scan = Some(code.scan.expose().as_str());
                }
            }
            State::Portrait(Portrait::Reviewing { shot: shown, .. }) => {
                shot = Some(&shown.portrait)
            }
            State::Issue(Issue::ShowingCard(issue::ShowingCard {
                rendered: Some(issue::Rendered { card: shown, .. }),
                ..
            })) => card = Some(shown),
            State::Issue(
                Issue::Printing(issue::Printing { job, .. })
                | Issue::ReadingBack(issue::ReadingBack { job, .. }),
            ) => {
                card = Some(&job.card);
            }
            State::Issue(Issue::Collecting { job }) => {
                card = Some(&job.card);
                let address = context.site.receipt.as_ref();
                receipt = address.map(|address| address.replace("{order}", &job.order.short()));
            }
            _ => {}
        }
        self.portrait.keep(shot, PORTRAIT_CORNER, |picture| picture);
        self.front
            .keep(card.map(|card| &card.front), CARD_CORNER, |face| &face.rgb);
        let back = card.and_then(|card| card.back.as_ref());
        self.back.keep(back, CARD_CORNER, |face| &face.rgb);
        keep_code(&mut self.code, scan);
        keep_code(&mut self.receipt, receipt.as_deref());
    }

    /// Whether the camera's picture is on the screen.
    pub fn shows_preview(&self, session: &Session) -> bool {
        sets_camera_up(session)
            || matches!(
                ScreenName::of(&session.state),
                ScreenName::Framing
                    | ScreenName::CountingDown
                    | ScreenName::Capturing
                    | ScreenName::ReadingBack
                    | ScreenName::NeedsAttendant
            )
    }

    /// Measures the camera's picture twice a second on the attendant's camera page. Returns whether there are new
    /// measurements, or whether old ones were dropped because the page was left.
    pub fn measure(&mut self, frame: &camera::Frame, session: &Session, now: Instant) -> bool {
        if !sets_camera_up(session) {
            return self.measured.take().is_some();
        }
        let is_recent = |(then, _)| now.saturating_duration_since(then) < MEASURE;
        if self.measured.is_some_and(is_recent) {
            return false;
        }
        self.measured = frame.measures().map(|measures| (now, measured(&measures)));
        true
    }

    pub fn measured(&self) -> Option<Measured> {
        self.measured.map(|(_, measured)| measured)
    }

    pub fn scan(&self) -> Option<&Handle> {
        self.code.as_ref().map(|(_, handle)| handle)
    }

    pub fn receipt(&self) -> Option<&Handle> {
        self.receipt.as_ref().map(|(_, handle)| handle)
    }

    /// Takes a new preview frame. The pixels are shared, not copied.
    pub fn newest(&mut self, frame: &Arc<camera::Frame>) {
        self.preview = Some(Handle::from_rgba(
            frame.width,
            frame.height,
            frame.rgba.clone(),
        ));
    }
}

fn sets_camera_up(session: &Session) -> bool {
    matches!(
        &session.state,
        State::Attendant(attendant::State {
            step: Step::Panel {
                page: attendant::Page::Camera,
                ..
            },
            ..
        })
    )
}

fn measured(measures: &camera::Measures) -> Measured {
    Measured {
        // Both values are finite and small, so the casts lose nothing but the fraction.
        sharpness: measures.sharpness.round() as u32,
        brightness: measures.brightness.round() as u32,
        exposure: match measures.exposure() {
            camera::Exposure::TooDark => Exposure::TooDark,
            camera::Exposure::Good => Exposure::Good,
            camera::Exposure::TooBright => Exposure::TooBright,
        },
        balance: match measures.balance() {
            camera::Balance::Neutral => Balance::Neutral,
            camera::Balance::Warm => Balance::Warm,
            camera::Balance::Cold => Balance::Cold,
            camera::Balance::Green => Balance::Green,
            camera::Balance::Magenta => Balance::Magenta,
        },
    }
}

fn keep_code(kept: &mut Option<(String, Handle)>, text: Option<&str>) {
    match (text, kept.as_ref()) {
        (Some(text), Some((known, _))) if text == known => {}
        (Some(text), _) => *kept = code(text).map(|handle| (text.to_owned(), handle)),
        (None, _) => *kept = None,
    }
}
