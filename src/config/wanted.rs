//! The texts that a site must have, gathered from all parts that show texts.

use common::{health::Part, sign_in::Failure};
use portrait::Hint;
use session::{attendant::Why, sign_in::NotEligible};
use text::{Wanted, key};

/// The texts that a site with these kinds of card and this number of pages of rules must have.
pub(crate) fn of_site<'a>(kinds: impl IntoIterator<Item = &'a str>, pages: usize) -> Wanted {
    let kinds = kinds.into_iter().map(|kind| format!("kind-{kind}"));
    let pages = (1..=pages).map(|page| format!("consent-page-{page}"));
    Wanted {
        keys: families().into_iter().chain(kinds).chain(pages).collect(),
    }
}

/// The keys that are composed of a family and a name, where the code knows all the names.
fn families() -> Vec<String> {
    let reasons = [
        NotEligible::NoRole,
        NotEligible::OpenOrder,
        NotEligible::NotOld,
    ];
    let names = Failure::ALL
        .map(NotEligible::Failed)
        .into_iter()
        .chain(reasons);
    let mut keys: Vec<String> = names
        .flat_map(|why| {
            let name = why.name();
            [
                format!("{}-{name}", key::NOT_ELIGIBLE.name),
                format!("{}-{name}", key::NOT_ELIGIBLE_DO.name),
            ]
        })
        .collect();
    // These two appear where the password is typed and never end a visit.
    keys.retain(|key| key != "not-eligible-do-wrong-password" && key != "not-eligible-do-paused");
    keys.extend(Part::ALL.map(|part| format!("{}-{}", key::REASON.name, part.name())));
    keys.extend(Part::ALL.map(|part| format!("{}-{}", key::PART.name, part.name())));
    let steps = [
        "sending", "feeding", "yellow", "red", "blue", "black", "overcoat", "ejecting",
    ];
    keys.extend(steps.map(|step| format!("{}-{step}", key::STEP.name)));
    let moves = ["closer", "wider", "left", "right", "up", "down"];
    keys.extend(moves.map(|way| format!("{}-{way}", key::MOVE.name)));
    keys.extend(Why::ALL.map(|why| format!("{}-{}", key::ASSIST_WHY.name, why.name())));
    keys.extend(Hint::ALL.map(|hint| hint.key().to_owned()));
    let helps = [
        "start", "sign-in", "you", "consent", "old-card", "photo", "card",
    ];
    keys.extend(helps.map(|name| format!("{}-{name}", key::HELP_HERE.name)));
    keys
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use common::Problems;
    use text::Texts;

    use super::*;

    #[test]
    fn the_site_has_every_text_in_both_languages() {
        let kinds = [
            "student",
            "employee",
            "guest",
            "external",
            "function",
            "temporary",
            "loan",
        ];
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("kiosk-config/umu/texts");
        let languages = ["sv".to_owned(), "en".to_owned()];
        let mut problems = Problems::default();
        let texts = Texts::load(&folder, &languages, &mut problems);
        texts.check(&of_site(kinds, 3), &mut problems);
        assert_eq!(problems.to_string(), "");
    }
}
