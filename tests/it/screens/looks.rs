//! What must be true for every screen in every size, language and look.

use std::collections::{BTreeMap, BTreeSet};

use fotoautomat::{
    elements::{Element, Page, Panel, Role, ScreenName, Sheet, Tone},
    widget::words::Fit,
};
use iced_test::core::{
    Event, Point, Rectangle, mouse, touch,
    widget::{Id, Operation, operation},
};

use super::{
    draw::{Canvas, Drawn},
    scenes::{self, Scene},
    stage::{Stage, Way},
};

/// Checks every scene in every way. `look` returns what is wrong with one of them.
fn everywhere(ways: &[Way], look: impl Fn(&Stage, &mut Canvas) -> Vec<String>) {
    let mut wrong = Vec::new();
    for way in ways {
        for scene in scenes::all() {
            let stage = Stage::new(way, &scene);
            let mut canvas = Canvas::new(&stage);
            let found = look(&stage, &mut canvas);
            wrong.extend(
                found
                    .into_iter()
                    .map(|what| format!("{} {}: {what}", way.name, scene.name)),
            );
        }
    }
    assert!(
        wrong.is_empty(),
        "{} faults:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// How each block of words was made to fit.
#[derive(Default)]
struct Fits(Vec<(String, Fit)>);

impl Operation for Fits {
    fn traverse(&mut self, operate: &mut dyn FnMut(&mut dyn Operation)) {
        operate(self);
    }

    fn custom(&mut self, id: Option<&Id>, place: Rectangle, state: &mut dyn std::any::Any) {
        if let Some(fit) = state.downcast_ref::<Fit>() {
            let name = id.map_or_else(|| format!("words at {place:?}"), |id| format!("{id:?}"));
            self.0.push((name, *fit));
        }
    }
}

/// The place of each touch target.
#[derive(Default)]
struct Targets(BTreeMap<String, Rectangle>);

impl Operation for Targets {
    fn traverse(&mut self, operate: &mut dyn FnMut(&mut dyn Operation)) {
        operate(self);
    }

    fn container(&mut self, id: Option<&Id>, place: Rectangle) {
        if let Some(id) = id {
            self.0.insert(format!("{id:?}"), place);
        }
    }
}

fn targets(canvas: &mut Canvas) -> Targets {
    let mut found = Targets::default();
    canvas.operate(&mut operation::black_box(&mut found));
    found
}

fn key(element: &Element) -> String {
    format!("{:?}", Id::from(element.id.to_string()))
}

fn inside(place: Rectangle, area: Rectangle) -> bool {
    const SLACK: f32 = 1.0;
    place.x >= area.x - SLACK
        && place.y >= area.y - SLACK
        && place.x + place.width <= area.x + area.width + SLACK
        && place.y + place.height <= area.y + area.height + SLACK
}

#[test]
fn the_scenes_show_every_screen_and_every_sheet() {
    let stages: Vec<Page> = scenes::all()
        .iter()
        .map(|scene| Stage::new(&Way::few()[0], scene).page())
        .collect();
    let screens: BTreeSet<ScreenName> = stages.iter().map(|page| page.screen).collect();
    assert_eq!(screens, ScreenName::ALL.into());
    let sheets = stages
        .iter()
        .filter_map(|page| Some(page.sheet.as_ref()?.0));
    assert_eq!(sheets.collect::<BTreeSet<Sheet>>(), Sheet::ALL.into());
}

#[test]
fn no_text_is_cut_or_leaves_the_window() {
    everywhere(&Way::pictures(), |stage, canvas| {
        let mut fits = Fits::default();
        canvas.operate(&mut operation::black_box(&mut fits));
        let mut wrong: Vec<String> = fits
            .0
            .iter()
            .filter(|(_, fit)| fit.cut)
            .map(|(name, _)| format!("{name} is cut"))
            .collect();
        let window = Rectangle::with_size(stage.size);
        wrong.extend(
            canvas
                .texts()
                .iter()
                .filter(|drawn| !inside(drawn.place, window))
                .map(|drawn| format!("{:?} stands at {:?}", drawn.text, drawn.place)),
        );
        wrong
    });
}

#[test]
fn the_camera_page_says_what_is_wrong_with_the_light() {
    let camera = |scene: &&Scene| scene.name == "95-staff-camera";
    let scenes = scenes::all();
    let scene = scenes.iter().find(camera).unwrap();
    for (wall, light, white) in [
        ([128, 128, 128], ": good", "White looks white"),
        ([20, 20, 20], ": too dark", "White looks white"),
        ([240, 240, 240], ": too bright", "White looks white"),
        ([170, 128, 90], ": good", "White looks yellow or red"),
        ([90, 128, 170], ": good", "White looks blue"),
        ([90, 150, 90], ": good", "White looks green"),
        ([160, 110, 160], ": good", "White looks pink"),
        ([50, 30, 20], ": too dark", "White looks yellow or red"),
    ] {
        for way in Way::pictures() {
            let mut stage = Stage::new(&way, scene);
            stage.film(&scenes::wall(wall));
            let page = stage.page();
            let says = |id: &str| page.base.iter().find(|element| element.id == id).unwrap();
            let (exposure, balance) = (says("exposure"), says("white"));
            let warned = |element: &Element| element.tone == Tone::Warn;
            assert_eq!(warned(exposure), light != ": good", "{wall:?}");
            assert_eq!(warned(balance), white != "White looks white", "{wall:?}");
            if way.language == "en" {
                assert!(
                    exposure.label.ends_with(light),
                    "{wall:?}: {}",
                    exposure.label
                );
                assert_eq!(balance.label, white, "{wall:?}");
            }
            let mut fits = Fits::default();
            Canvas::new(&stage).operate(&mut operation::black_box(&mut fits));
            let cut: Vec<_> = fits.0.iter().filter(|(_, fit)| fit.cut).collect();
            assert!(cut.is_empty(), "{} {wall:?}: {cut:?}", way.name);
        }
    }
}

/// If the site's own identity provider is used, test mode's strip says so and its buttons for sign-in are disabled. All
/// its buttons keep their places.
#[test]
fn the_strip_cannot_sign_in_with_the_sites_own_provider() {
    for language in ["sv", "en", "pl"] {
        let way = Way {
            language,
            ..Way::test_mode(1080.0, 1920.0)
        };
        let mut stage = Stage::new(&way, &scenes::attract());
        let idle = |stage: &Stage| -> Vec<String> {
            let strip = stage.page().strip;
            let idle = strip.iter().filter(|element| !element.enabled);
            idle.map(|element| element.id.to_string()).collect()
        };
        let places = |stage: &Stage| targets(&mut Canvas::new(stage)).0;
        assert_eq!(idle(&stage), [""; 0], "{language}");
        let before = places(&stage);
        stage.strip.as_mut().unwrap().people.clear();
        assert_eq!(
            idle(&stage),
            ["desk-person", "desk-approve", "desk-deny"],
            "{language}"
        );
        assert!(!stage.page().strip[0].label.is_empty(), "{language}");
        assert_eq!(places(&stage), before, "{language}");
    }
}

#[test]
fn every_element_is_drawn() {
    everywhere(&Way::few(), |stage, canvas| {
        let page = stage.page();
        let texts = canvas.texts();
        let targets = targets(canvas);
        let drawn = |element: &Element| {
            targets.0.contains_key(&key(element))
                || texts.iter().any(|Drawn { id, text, .. }| {
                    *id == key(element) || text.contains(&element.label)
                })
        };
        page.all()
            .filter(|element| {
                !matches!(element.role, Role::Image | Role::Progress) && !drawn(element)
            })
            .map(|element| format!("{} ({:?}) is not drawn", element.id, element.role))
            .collect()
    });
}

#[test]
fn touch_targets_are_large_enough_and_do_not_overlap() {
    everywhere(&Way::few(), |stage, canvas| {
        let page = stage.page();
        let targets = targets(canvas);
        let live: Vec<(&Element, Rectangle)> = page
            .offered()
            .filter(|element| element.is_live())
            .filter_map(|element| Some((element, *targets.0.get(&key(element))?)))
            .collect();
        let metrics = stage.frame().metrics;
        let mut wrong = Vec::new();
        for (index, (element, place)) in live.iter().enumerate() {
            // The strip and its drawer are not for visitors, and a keyboard has to hold a whole alphabet.
            let small = page.strip.iter().any(|of_desk| of_desk.id == element.id)
                || stage.panel == Some(Panel::Faults)
                || element.role == Role::Key;
            if !small && place.height < metrics.hit - 1.0 {
                wrong.push(format!(
                    "{} is {} high, a finger needs {}",
                    element.id, place.height, metrics.hit
                ));
            }
            for (other, there) in &live[index + 1..] {
                if place.shrink(1.0).intersection(&there.shrink(1.0)).is_some() {
                    wrong.push(format!("{} and {} overlap", element.id, other.id));
                }
            }
        }
        wrong
    });
}

/// Moves the focus forwards and backwards from the first element, and returns which elements it does not reach.
fn walk(page: &Page) -> Vec<String> {
    let live: Vec<String> = page
        .offered()
        .filter(|element| element.is_live())
        .map(|element| element.id.to_string())
        .collect();
    // Without a focus, the next element is the first.
    let Some(first) = page.next_focus(None, false) else {
        return Vec::new();
    };
    let mut wrong = Vec::new();
    for back in [false, true] {
        let mut seen = vec![first.id.to_string()];
        while seen.len() <= live.len() {
            let next = page.next_focus(seen.last().map(String::as_str), back);
            let next = next
                .map(|element| element.id.to_string())
                .unwrap_or_default();
            if next == first.id {
                break;
            }
            seen.push(next);
        }
        let mut sorted = seen.clone();
        sorted.sort();
        let mut all = live.clone();
        all.sort();
        if sorted != all {
            wrong.push(format!(
                "the keyboard reaches {seen:?} and not all of {live:?}"
            ));
        }
    }
    wrong
}

#[test]
fn the_keyboard_reaches_every_element_and_is_never_trapped() {
    everywhere(&Way::few()[..1], |stage, _| walk(&stage.page()));
}

#[test]
fn a_finger_and_a_mouse_press_the_element_under_them() {
    everywhere(&Way::few(), |stage, canvas| {
        let page = stage.page();
        let targets = targets(canvas);
        let mut wrong = Vec::new();
        for element in page
            .offered()
            .filter(|element| element.is_live() && !element.hold)
        {
            let Some(place) = targets.0.get(&key(element)) else {
                wrong.push(format!("{} has no target", element.id));
                continue;
            };
            for (how, events, cursor) in [by_finger(place.center()), by_mouse(place.center())] {
                let chosen = canvas.feed(&events, cursor);
                if chosen.len() != 1 || Some(&chosen[0].action) != element.action.as_ref() {
                    wrong.push(format!("{} by {how} gives {chosen:?}", element.id));
                }
            }
        }
        wrong
    });
}

fn by_finger(at: Point) -> (&'static str, Vec<Event>, mouse::Cursor) {
    let id = touch::Finger(7);
    let events = vec![
        Event::Touch(touch::Event::FingerPressed { id, position: at }),
        Event::Touch(touch::Event::FingerLifted { id, position: at }),
    ];
    ("finger", events, mouse::Cursor::Unavailable)
}

fn by_mouse(at: Point) -> (&'static str, Vec<Event>, mouse::Cursor) {
    let events = vec![
        Event::Mouse(mouse::Event::CursorMoved { position: at }),
        Event::Mouse(mouse::Event::ButtonPressed(mouse::Button::Left)),
        Event::Mouse(mouse::Event::ButtonReleased(mouse::Button::Left)),
    ];
    ("mouse", events, mouse::Cursor::Available(at))
}

/// All screens of the same size and look have their tools in the same places.
#[test]
fn nothing_jumps_from_screen_to_screen() {
    for way in Way::few() {
        let mut places: BTreeMap<&'static str, Rectangle> = BTreeMap::new();
        for scene in scenes::all() {
            let stage = Stage::new(&way, &scene);
            let page = stage.page();
            // In landscape the keyboard needs the whole width, and test mode's strip moves everything.
            if page.screen == ScreenName::Typing || (scene.needs_test_mode() && !way.test_mode) {
                continue;
            }
            let mut canvas = Canvas::new(&stage);
            let targets = targets(&mut canvas);
            for tool in ["language", "ease", "help", "cancel"] {
                let Some(place) = targets.0.get(&format!("{:?}", Id::from(tool.to_owned()))) else {
                    continue;
                };
                let first = *places.entry(tool).or_insert(*place);
                assert_eq!(first, *place, "{} {}: {tool} jumps", way.name, scene.name);
            }
        }
        assert!(places.len() == 4, "{}: {places:?}", way.name);
    }
}
