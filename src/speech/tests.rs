use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use super::*;
use common::Problems;
use text::Texts;

fn texts() -> Texts {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("kiosk-config/umu/texts");
    let mut problems = Problems::default();
    let texts = Texts::load(&folder, &["sv".to_owned(), "en".to_owned()], &mut problems);
    assert!(problems.is_empty(), "{problems}");
    texts
}

fn element(id: &'static str, role: Role, place: Place, label: &str) -> Element {
    Element {
        id: id.into(),
        role,
        place,
        label: label.to_owned(),
        note: None,
        icon: None,
        tone: crate::elements::Tone::Plain,
        enabled: true,
        chosen: None,
        part: None,
        hold: false,
        private: false,
        action: None,
    }
}

fn title(label: &str) -> Element {
    element("title", Role::Heading, Place::Title, label)
}

fn button(id: &'static str, label: &str) -> Element {
    Element {
        action: Some(crate::elements::Action::Close),
        ..element(id, Role::Button, Place::Main, label)
    }
}

fn page(screen: ScreenName, base: Vec<Element>) -> Page {
    Page {
        screen,
        base,
        sheet: None,
        strip: Vec::new(),
    }
}

/// What a narrator says about these pages, one after the other. `!` marks a sentence that interrupts.
fn narrated(private: bool, pages: &[(Page, Option<&str>)]) -> Vec<Option<String>> {
    let texts = texts();
    let hearing = Hearing {
        locale: texts.of("en"),
        private,
    };
    let mut narrator = Narrator::default();
    pages
        .iter()
        .map(|(page, focus)| {
            let sentence = narrator.follow(page, *focus, hearing)?;
            let mark = if sentence.at_once { "!" } else { "" };
            Some(format!("{mark}{}", sentence.words))
        })
        .collect()
}

#[test]
fn a_new_screen_is_read_whole_and_then_only_what_changes() {
    let framing = |hint: &str, seconds: &str| {
        let left = element("left", Role::Timer, Place::Words, seconds);
        page(
            ScreenName::Framing,
            vec![title(hint), left, button("shutter", "Take the photo")],
        )
    };
    let said = narrated(
        false,
        &[
            (framing("Look into the camera.", "20 seconds"), None),
            (framing("Look into the camera.", "19 seconds"), None),
            (framing("Come closer.", "18 seconds"), None),
            (framing("Come closer.", "18 seconds"), Some("shutter")),
            (framing("Good", "17 seconds"), Some("shutter")),
        ],
    );
    let choices = "One choice. Tab goes to it, Enter chooses.";
    assert_eq!(
        said,
        [
            Some(format!("!Look into the camera. 20 seconds. {choices}")),
            None,
            // A hint does not interrupt the one before.
            Some("Come closer.".to_owned()),
            // A visitor who moves the focus wants to hear the element at once.
            Some("!Take the photo, button".to_owned()),
            Some("Good".to_owned()),
        ]
    );
}

#[test]
fn a_countdown_number_interrupts_the_one_before() {
    let counting = |number: &str| {
        let shown = element("number", Role::Display, Place::Words, number);
        page(ScreenName::CountingDown, vec![title("Hold still"), shown])
    };
    let said = narrated(
        false,
        &[
            (counting("3"), None),
            (counting("2"), None),
            (counting("1"), None),
        ],
    );
    let words = ["!Hold still. 3", "!2", "!1"];
    assert_eq!(said, words.map(|words| Some(words.to_owned())));
}

#[test]
fn the_state_of_an_element_is_read_with_it() {
    let toggle = |on: bool| Element {
        chosen: Some(on),
        ..element("large", Role::Toggle, Place::Choices, "Larger text")
    };
    let said = narrated(
        false,
        &[
            (
                page(ScreenName::Attract, vec![title("Hello"), toggle(false)]),
                Some("large"),
            ),
            (
                page(ScreenName::Attract, vec![title("Hello"), toggle(true)]),
                Some("large"),
            ),
        ],
    );
    // The element has no action here, so it cannot be used.
    let wait = "cannot be chosen just now";
    assert_eq!(
        said,
        [
            Some(format!("!Hello. Larger text, off, {wait}")),
            Some(format!("!Larger text, on, {wait}")),
        ]
    );
}

#[test]
fn what_is_a_persons_is_said_only_to_the_person_and_what_is_typed_to_nobody() {
    let private = |element: Element| Element {
        private: true,
        ..element
    };
    let name = private(element("name", Role::Display, Place::Words, "Anna Ek"));
    let code = private(element("code", Role::Display, Place::Words, "WDJB-MJHT"));
    let field = Element {
        note: Some("secret".to_owned()),
        ..private(element("password", Role::Field, Place::Words, "Password"))
    };
    let key = private(element("key-a", Role::Key, Place::Pad, "a"));
    let elements = vec![title("You"), name, code, field, key];
    let at = |focus| (page(ScreenName::Typing, elements.clone()), Some(focus));
    let pages = [at("password"), at("key-a")];
    let aloud = narrated(false, &pages);
    let hidden = "It is on the screen.";
    let typed = "Password, field, 6 characters, cannot be chosen just now";
    assert_eq!(
        aloud,
        [Some(format!("!You. {hidden} {hidden} {typed}")), None]
    );
    let alone = narrated(true, &pages);
    let spelled = "W, D, J, B, M, J, H, T";
    assert_eq!(
        alone,
        [
            Some(format!("!You. Anna Ek. {spelled}. {typed}")),
            Some("!a".to_owned())
        ]
    );
}

#[test]
fn another_language_says_the_screen_again() {
    let texts = texts();
    let mut narrator = Narrator::default();
    let page = page(
        ScreenName::Attract,
        vec![title("Hej"), button("start", "Börja")],
    );
    let mut follow = |code| {
        let locale = texts.of(code);
        let private = false;
        narrator.follow(&page, Some("start"), Hearing { locale, private })
    };
    assert_eq!(follow("sv").unwrap().words, "Hej. Börja, knapp");
    assert_eq!(follow("sv"), None);
    assert_eq!(follow("en").unwrap().words, "Hej. Börja, button");
}

/// A program with espeak-ng's arguments. It logs its arguments and the words that it read, runs the shell command
/// `last` (which takes as long as speaking would), and logs its end.
fn program(folder: &Path, last: &str) -> PathBuf {
    let file = folder.join("voice");
    let log = folder.join("heard");
    let script = format!(
        "#!/bin/sh\nwords=$(cat)\necho \"$* | $words\" >> {0}\n{last}\necho \"end of $words\" >> {0}\n",
        log.display()
    );
    fs::write(&file, script).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    file
}

fn voice(program: &Path) -> Voice {
    let settings = VoiceSettings {
        program: program.to_str().unwrap().to_owned(),
        ..VoiceSettings::default()
    };
    Voice::open(&settings).unwrap().unwrap()
}

fn say(voice: &Voice, words: &str, at_once: bool) {
    let words = words.to_owned();
    voice.say(Sentence { words, at_once }, "sv");
}

/// Waits until the log contains this text. The limit is much longer than anything takes.
async fn heard(folder: &Path, what: &str) -> String {
    let until = Instant::now() + Duration::from_secs(20);
    loop {
        let log = fs::read_to_string(folder.join("heard")).unwrap_or_default();
        if log.contains(what) {
            return log;
        }
        assert!(Instant::now() < until, "{what:?} was never heard: {log}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn words_go_in_by_standard_input_and_the_volume_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let mut voice = voice(&program(folder.path(), ""));
    say(&voice, "Åsa heter Ek", true);
    let log = heard(folder.path(), "end of Åsa heter Ek").await;
    assert!(
        log.starts_with("-v sv -s 160 -a 100 --stdin | Åsa heter Ek\n"),
        "{log}"
    );
    for _ in 0..5 {
        voice.turn(true);
    }
    say(&voice, "loud", true);
    heard(folder.path(), "-a 200 --stdin | loud").await;
    for _ in 0..5 {
        voice.turn(false);
    }
    say(&voice, "soft", true);
    heard(folder.path(), "-a 25 --stdin | soft").await;
    voice.reset();
    say(&voice, "as before", true);
    heard(folder.path(), "-a 100 --stdin | as before").await;
    assert!(voice.works());
}

#[tokio::test]
async fn what_is_new_cuts_in_or_waits_and_of_those_that_wait_the_newest_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let voice = voice(&program(
        folder.path(),
        "case $words in long*) sleep 60;; *) sleep 0.3;; esac",
    ));
    say(&voice, "long one", true);
    heard(folder.path(), "| long one").await;
    // A hint waits for the current sentence, but replaces an older hint that waits.
    say(&voice, "cut in", true);
    say(&voice, "first hint", false);
    say(&voice, "second hint", false);
    let log = heard(folder.path(), "end of second hint").await;
    assert!(
        !log.contains("end of long one") && log.contains("end of cut in"),
        "{log}"
    );
    assert!(!log.contains("first hint"), "{log}");
    // `stop` ends the current sentence at once and drops the one that waits.
    say(&voice, "long two", true);
    say(&voice, "third hint", false);
    heard(folder.path(), "| long two").await;
    voice.stop();
    say(&voice, "after", false);
    let log = heard(folder.path(), "end of after").await;
    assert!(
        !log.contains("third hint") && !log.contains("end of long two"),
        "{log}"
    );
}

#[tokio::test]
async fn a_voice_that_fails_stops_working_and_a_missing_one_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let mut settings = VoiceSettings {
        program: program(folder.path(), "exit 1")
            .to_str()
            .unwrap()
            .to_owned(),
        ..VoiceSettings::default()
    };
    let voice = Voice::open(&settings).unwrap().unwrap();
    let until = Instant::now() + Duration::from_secs(20);
    while voice.works() {
        assert!(Instant::now() < until, "it never gives up");
        say(&voice, "nothing", false);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    settings.program = "no-such-voice".to_owned();
    let missing = Voice::open(&settings).unwrap_err().to_string();
    assert!(
        missing.contains("no-such-voice") && missing.contains("espeak-ng"),
        "{missing}"
    );
    settings.program = "none".to_owned();
    assert!(Voice::open(&settings).unwrap().is_none());
}

/// Runs the real espeak-ng, with its sound in a file. `tests/setup/need.sh test` installs it.
#[tokio::test]
async fn espeak_says_the_languages_of_the_shipped_sites() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("voice");
    let sound = folder.path().join("sound.wav");
    let script = format!(
        "#!/bin/sh\nespeak-ng \"$@\" -w {0} && echo said >> {1}\n",
        sound.display(),
        folder.path().join("heard").display()
    );
    fs::write(&file, script).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    let voice = voice(&file);
    for (language, words) in [
        ("sv", "Lägg kortet plant på läsaren tills du hör ett pip."),
        ("en", "Hold your new card here."),
        ("pl", "Połóż kartę na czytniku."),
    ] {
        let words = words.to_owned();
        voice.say(
            Sentence {
                words,
                at_once: true,
            },
            language,
        );
        heard(folder.path(), "said").await;
        fs::remove_file(folder.path().join("heard")).unwrap();
        // 22 050 samples of two bytes are one second; each sentence takes longer.
        let sound = fs::read(&sound).unwrap();
        let loud = sound
            .as_chunks::<2>()
            .0
            .iter()
            .filter(|sample| i16::from_le_bytes(**sample).unsigned_abs() > 1000);
        assert!(sound.len() > 44_100 && loud.count() > 2000, "{language}");
    }
}
