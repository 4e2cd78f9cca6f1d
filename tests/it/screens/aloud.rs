//! Reading aloud: everything on a screen is read, and personal data only where nobody else can hear them.

use fotoautomat::{
    elements::{Element, Place, Role},
    speech::{Hearing, Narrator},
};

use super::{
    scenes,
    stage::{Stage, Way},
};

/// Everything that is read aloud to a visitor who comes to a screen and moves the focus over all its elements once.
fn heard(stage: &Stage, private: bool) -> String {
    let page = stage.page();
    let hearing = Hearing {
        locale: stage.texts.of(&stage.session.preferences.language),
        private,
    };
    let mut narrator = Narrator::default();
    let mut all = String::new();
    let mut listen = |focus: Option<&str>| {
        if let Some(sentence) = narrator.follow(&page, focus, hearing) {
            all.push_str(&sentence.words);
            all.push('\n');
        }
    };
    listen(None);
    // Test mode's strip is for staff and developers, so it is not read aloud to visitors.
    let live = page.offered().filter(|element| element.is_live());
    for element in live.filter(|element| element.place != Place::Strip) {
        listen(Some(&element.id));
    }
    all
}

fn is_said(element: &Element) -> bool {
    let beside = matches!(element.place, Place::Tools | Place::Footer);
    element.place != Place::Strip && (element.is_live() || !beside)
}

/// The label, and the note unless it is the number of a step or typed text.
fn words(element: &Element) -> impl Iterator<Item = &str> {
    let note = element
        .note
        .as_deref()
        .filter(|_| !matches!(element.role, Role::Step | Role::Field));
    [Some(element.label.as_str()), note].into_iter().flatten()
}

/// Only letters and digits, because reading aloud adds punctuation.
fn letters(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).collect()
}

#[test]
fn everything_shown_is_read_aloud_and_personal_data_only_in_private() {
    let mut wrong = Vec::new();
    let mut private_seen = 0;
    for way in Way::few() {
        for scene in scenes::all() {
            let stage = Stage::new(&way, &scene);
            let page = stage.page();
            let (alone, aloud) = (letters(&heard(&stage, true)), heard(&stage, false));
            for element in page.offered() {
                let passive = matches!(
                    element.role,
                    Role::Button | Role::Toggle | Role::Choice | Role::Key | Role::Field
                ) && !element.is_live();
                let other_step = element.role == Role::Step && element.chosen != Some(true);
                for words in words(element).filter(|_| is_said(element)) {
                    let icon_key = letters(words).is_empty();
                    if !passive && !other_step && !icon_key && !alone.contains(&letters(words)) {
                        wrong.push(format!(
                            "{} {}: {words:?} is never heard",
                            way.name, scene.name
                        ));
                    }
                }
                let is_field = element.role == Role::Field;
                if element.private && !matches!(element.role, Role::Key) {
                    private_seen += 1;
                    let shown = [
                        (!is_field).then_some(element.label.as_str()),
                        element.note.as_deref(),
                    ];
                    for words in shown.into_iter().flatten().filter(|words| words.len() > 3) {
                        let said = aloud.contains(words)
                            || letters(&aloud).contains(&letters(words))
                                && !letters(words).is_empty();
                        if said {
                            wrong.push(format!(
                                "{} {}: {words:?} is heard by others",
                                way.name, scene.name
                            ));
                        }
                    }
                }
            }
        }
    }
    assert!(private_seen > 20, "{private_seen} private elements");
    assert!(
        wrong.is_empty(),
        "{} faults:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}
