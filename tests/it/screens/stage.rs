//! A session in one state, drawn in one way: size, language, preferences.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use common::Problems;
use fotoautomat::look::Look;
use fotoautomat::{
    elements::{self, Context, KeyboardLayout, Page, Panel, Site, Strip},
    screen::{Frame, Pictures},
};
use iced_test::core::Size;
use session::{Now, Rules, Session};
use text::Texts;
use theme::{Screen, Theme};

use super::scenes::Scene;

/// The way in which a screen is drawn.
#[derive(Debug, Clone)]
pub(crate) struct Way {
    pub(super) name: String,
    pub(super) size: Size,
    pub(super) language: &'static str,
    pub(super) large: bool,
    pub(super) contrast: bool,
    pub(super) low: bool,
    pub(super) test_mode: bool,
}

impl Way {
    fn new(width: f32, height: f32, language: &'static str, look: &str) -> Self {
        let shape = if width > height {
            "landscape"
        } else {
            "portrait"
        };
        Self {
            name: format!("{shape}-{width}x{height}-{language}-{look}"),
            size: Size::new(width, height),
            language,
            large: look.contains("large"),
            contrast: look.contains("contrast"),
            low: look.contains("low"),
            test_mode: look.contains("test"),
        }
    }

    /// Both orientations, both languages, every look, and the extreme sizes.
    pub(super) fn pictures() -> Vec<Self> {
        let mut ways = Vec::new();
        for (width, height) in [(1080.0, 1920.0), (1920.0, 1080.0)] {
            for language in ["sv", "en"] {
                for look in ["normal", "contrast", "large"] {
                    ways.push(Self::new(width, height, language, look));
                }
            }
            ways.push(Self::new(width, height, "sv", "low"));
            ways.push(Self::new(width, height, "sv", "test"));
        }
        ways.push(Self::new(1024.0, 768.0, "sv", "normal"));
        ways.push(Self::new(1024.0, 768.0, "sv", "large"));
        ways.push(Self::new(1024.0, 768.0, "sv", "low-large-test"));
        ways.push(Self::new(768.0, 1024.0, "sv", "large"));
        ways.push(Self::new(2160.0, 3840.0, "sv", "normal"));
        ways.push(Self::new(1080.0, 1920.0, "pl", "normal"));
        ways.push(Self::new(1920.0, 1080.0, "pl", "large"));
        ways.push(Self::new(1024.0, 768.0, "pl", "low-large-test"));
        ways.push(Self::new(768.0, 1024.0, "pl", "large"));
        ways
    }

    /// The way a booth in test mode draws its screens.
    pub(crate) fn test_mode(width: f32, height: f32) -> Self {
        Self::new(width, height, "sv", "test")
    }

    /// Both orientations and languages, and the ways with the least room on the screen.
    pub(super) fn few() -> Vec<Self> {
        vec![
            Self::new(1080.0, 1920.0, "sv", "normal"),
            Self::new(1920.0, 1080.0, "en", "normal"),
            Self::new(1024.0, 768.0, "sv", "low-large-test"),
            Self::new(768.0, 1024.0, "en", "large"),
        ]
    }

    /// Those of [`Way::pictures`] whose names contain one of the words.
    pub(super) fn named(words: &str) -> Vec<Self> {
        let words: Vec<&str> = words.split(',').collect();
        let mut ways = Self::pictures();
        ways.retain(|way| words.iter().any(|word| way.name.contains(word)));
        ways
    }
}

/// Everything a scene is drawn from.
pub(crate) struct Stage {
    pub(super) session: Session,
    pub(super) now: Now,
    pub(super) rules: Rules,
    pub(super) texts: Texts,
    pub(super) site: Site,
    pub(super) look: Look,
    pub(super) size: Size,
    pub(super) strip: Option<Strip>,
    pub(super) panel: Option<Panel>,
    pub(super) keyboard: KeyboardLayout,
    pub(super) pictures: Pictures,
    pub(super) focus: Option<String>,
}

/// The shipped site whose first language is this, and the site's languages.
pub(super) fn site(language: &str) -> (PathBuf, [String; 2]) {
    let (name, languages) = match language {
        "pl" => ("umk-absolwent", ["pl", "en"]),
        _ => ("umu", ["sv", "en"]),
    };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("kiosk-config");
    (folder.join(name), languages.map(str::to_owned))
}

fn texts(language: &str) -> Texts {
    let (site, languages) = site(language);
    let mut problems = Problems::default();
    let texts = Texts::load(&site.join("texts"), &languages, &mut problems);
    assert!(problems.is_empty(), "{problems}");
    texts
}

pub(super) fn theme(language: &str) -> Theme {
    toml::from_str(&std::fs::read_to_string(site(language).0.join("theme.toml")).unwrap()).unwrap()
}

impl Stage {
    pub(crate) fn new(way: &Way, scene: &Scene) -> Self {
        let played = scene.play(way);
        let strip = (way.test_mode || scene.needs_test_mode()).then(super::scenes::strip);
        let area = fotoautomat::screen::area_of(way.size, strip.is_some());
        let look = Look::new(
            &theme(way.language),
            &Screen::default(),
            area.size(),
            &played.session.preferences,
        );
        let mut stage = Self {
            session: played.session,
            now: played.now,
            rules: played.rules,
            texts: texts(way.language),
            site: Site {
                institution: "Umeå universitet".to_owned(),
                place: "Infocenter, Universumhuset".to_owned(),
                receipt: None,
            },
            look,
            size: way.size,
            strip,
            panel: scene.panel,
            keyboard: KeyboardLayout::default(),
            pictures: Pictures::default(),
            focus: scene.focus.map(str::to_owned),
        };
        let mut pictures = Pictures::default();
        pictures.follow(&stage.session, &stage.context());
        if pictures.shows_preview(&stage.session) {
            let frame = super::scenes::preview();
            pictures.newest(&frame);
            pictures.measure(&frame, &stage.session, stage.now.instant);
        }
        stage.pictures = pictures;
        stage
    }

    /// Measures a camera frame one second after the last one, because frames that come sooner are not measured.
    pub(super) fn film(&mut self, frame: &camera::Frame) {
        self.now.instant += Duration::from_secs(1);
        assert!(
            self.pictures
                .measure(frame, &self.session, self.now.instant)
        );
    }

    pub(super) fn context(&self) -> Context<'_> {
        Context {
            texts: &self.texts,
            rules: &self.rules,
            site: &self.site,
            now: self.now,
            panel: self.panel,
            keyboard: self.keyboard,
            measured: self.pictures.measured(),
            can_speak: true,
            strip: self.strip.as_ref(),
        }
    }

    pub(super) fn page(&self) -> Page {
        elements::page(&self.session, &self.context())
    }

    pub(crate) fn frame(&self) -> Frame {
        Frame::new(self.look.metrics, self.size, self.strip.is_some())
    }
}
