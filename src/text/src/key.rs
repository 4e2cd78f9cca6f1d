//! Every text that the code uses, by its key in the `.ftl` files.

/// The key of a text and the names of the values that it may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    pub name: &'static str,
    pub values: &'static [&'static str],
}

/// Declares the keys together with the list of all of them, so that the check covers every text that the code uses.
macro_rules! keys {
    ($($constant:ident = $name:literal $(($($value:literal),+))?;)+) => {
        $(pub const $constant: Key = Key { name: $name, values: &[$($($value),+)?] };)+

        /// All keys, in the order of a visit.
        pub const ALL: &[Key] = &[$($constant),+];
    };
}

keys! {
    // These are the texts of the frame around every screen.
    LANGUAGE_NAME = "language-name";
    LANGUAGES = "languages";
    BOOTH_NAME = "booth-name";
    FOOTER = "footer" ("place");
    EASE = "ease";
    HELP = "help";
    CANCEL = "cancel";
    CLOSE = "close";
    BACK = "back";
    END = "end";
    DONE = "done";
    PAGE_NEXT = "page-next";
    PAGE_BACK = "page-back";
    STEP_SIGN_IN = "step-sign-in";
    STEP_PHOTO = "step-photo";
    STEP_CARD = "step-card";
    TEST_BANNER = "test-banner";

    // These are used before a visit.
    STARTING = "starting";
    OUT_TITLE = "out-title";
    OUT_PICTURE = "out-picture";
    OUT_INSTEAD = "out-instead";
    OUT_SINCE = "out-since" ("time");
    REASON = "reason";
    ATTRACT_TITLE = "attract-title";
    ATTRACT_START = "attract-start";
    ATTRACT_PHONE = "attract-phone";
    ATTRACT_FACE = "attract-face";
    ATTRACT_CARD = "attract-card";
    ATTRACT_CARD_LATER = "attract-card-later";
    ATTRACT_TIME = "attract-time";
    ATTRACT_BRING = "attract-bring";
    ATTRACT_LATER = "attract-later";

    // These are used during sign-in.
    CODE_TITLE = "code-title";
    CODE_PICTURE = "code-picture";
    CODE_COMING = "code-coming";
    CODE_APPROVED = "code-approved";
    CODE_STEP_1 = "code-step-1";
    CODE_STEP_2 = "code-step-2";
    CODE_STEP_3 = "code-step-3";
    CODE_ADDRESS = "code-address" ("address");
    CODE_LEFT = "code-left" ("time");
    CODE_NEW = "code-new";
    CODE_NO_PHONE = "code-no-phone";
    STAFF_PICTURE = "staff-picture";
    NO_PHONE_TITLE = "no-phone-title";
    NO_PHONE_STAFF = "no-phone-staff";
    NO_PHONE_STAFF_HERE = "no-phone-staff-here";
    NO_PHONE_DESK = "no-phone-desk";
    NO_PHONE_PASSWORD = "no-phone-password";
    TYPING_TITLE = "typing-title";
    TYPING_NAME = "typing-name";
    TYPING_PASSWORD = "typing-password";
    TYPING_SHOW = "typing-show";
    TYPING_HIDE = "typing-hide";
    TYPING_DONE = "typing-done";
    TYPING_CHECKING = "typing-checking";
    KEYBOARD_LETTERS = "keyboard-letters";
    KEYBOARD_SHIFT = "keyboard-shift";
    KEYBOARD_SPACE = "keyboard-space";
    KEYBOARD_BACKSPACE = "keyboard-backspace";
    YOU_TITLE = "you-title";
    YOU_PICTURE = "you-picture";
    YOU_KIND = "you-kind" ("kind");
    YOU_CHOOSE = "you-choose";
    YOU_REPLACES = "you-replaces" ("kind");
    YOU_FIRST = "you-first";
    YOU_REVIEW = "you-review";
    YOU_RESUMED = "you-resumed";
    YOU_YES = "you-yes";
    YOU_NO = "you-no";
    NOT_ELIGIBLE_TITLE = "not-eligible-title";
    NOT_ELIGIBLE = "not-eligible";
    NOT_ELIGIBLE_DO = "not-eligible-do";

    // These are used for consent.
    CONSENT_TITLE = "consent-title";
    CONSENT_PICTURE = "consent-picture";
    CONSENT_WHAT = "consent-what";
    CONSENT_WHERE = "consent-where";
    CONSENT_LONG = "consent-long";
    CONSENT_WHO = "consent-who";
    CONSENT_RULES = "consent-rules" ("version");
    CONSENT_FEE = "consent-fee" ("amount", "currency");
    CONSENT_LIBRARY = "consent-library";
    CONSENT_ACCEPT = "consent-accept";
    CONSENT_READ = "consent-read";
    CONSENT_PAGE = "consent-page" ("page", "pages");
    CONSENT_CLOSE = "consent-close";

    // These are about the old card.
    OLD_TITLE = "old-title";
    OLD_TITLE_BY_HAND = "old-title-by-hand";
    OLD_PICTURE = "old-picture";
    OLD_WHERE = "old-where";
    OLD_BY_HAND = "old-by-hand";
    OLD_STRANGER = "old-stranger";
    OLD_READ = "old-read";
    OLD_KEEP = "old-keep";
    OLD_HANDED_IN = "old-handed-in";
    OLD_LOST = "old-lost";
    OLD_STOLEN = "old-stolen";
    OLD_BROKEN = "old-broken";
    OLD_LEFT_AT_HOME = "old-left-at-home";
    OLD_BLOCKED = "old-blocked";

    // These are about the photograph.
    FRAMING_TITLE = "framing-title";
    FRAMING_PICTURE = "framing-picture";
    FRAMING_BY_ITSELF = "framing-by-itself";
    FRAMING_SIT = "framing-sit";
    FRAMING_SHUTTER = "framing-shutter";
    FRAMING_FAILED = "framing-failed";
    COUNTDOWN_TITLE = "countdown-title";
    COUNTDOWN_STOP = "countdown-stop";
    CAPTURING_TITLE = "capturing-title";
    REVIEW_TITLE = "review-title";
    REVIEW_PICTURE = "review-picture";
    REVIEW_GOOD = "review-good";
    REVIEW_ANYWAY = "review-anyway";
    REVIEW_USE = "review-use";
    REVIEW_RETAKE = "review-retake";
    MOVE = "move";

    // These are about the new card.
    CARD_TITLE = "card-title";
    CARD_PICTURE = "card-picture";
    CARD_DRAWING = "card-drawing";
    CARD_LOOK = "card-look";
    CARD_LATER = "card-later";
    CARD_PRINT = "card-print";
    CARD_ORDER = "card-order";
    CARD_STORING = "card-storing";
    CARD_WRONG_NAME = "card-wrong-name";
    CARD_NOT_DRAWN = "card-not-drawn";
    CARD_NOT_STORED = "card-not-stored";
    NAME_TITLE = "name-title";
    NAME_WHY = "name-why";
    NAME_DESK = "name-desk";
    PRINT_TITLE = "print-title";
    PRINT_PICTURE = "print-picture";
    PRINT_LEFT = "print-left" ("seconds");
    PRINT_OLD_CARD = "print-old-card";
    PRINT_STAY = "print-stay";
    PRINT_PAUSED = "print-paused";
    STEP = "step";
    BACK_CHIP_TITLE = "back-chip-title";
    BACK_CODE_TITLE = "back-code-title";
    BACK_DONE_TITLE = "back-done-title";
    BACK_CHIP_PICTURE = "back-chip-picture";
    BACK_CODE_PICTURE = "back-code-picture";
    BACK_CHIP = "back-chip";
    BACK_CODE = "back-code";
    BACK_OLD_CARD = "back-old-card";
    BACK_SKIP = "back-skip";
    DONE_TITLE = "done-title";
    DONE_PICTURE = "done-picture";
    DONE_DOOR = "done-door";
    DONE_PRINT = "done-print";
    DONE_LIBRARY = "done-library";
    DONE_OLD_CARD = "done-old-card";
    DONE_PIN = "done-pin";
    ORDER_CODE = "order-code" ("code");
    LATER_TITLE = "later-title";
    LATER_PICTURE = "later-picture";
    LATER_HOW = "later-how";
    LATER_DONE_TITLE = "later-done-title";
    LATER_WHERE = "later-where" ("place");
    LATER_BRING = "later-bring";
    LATER_MAIL = "later-mail";
    STAFF_NOT_PRINTED_TITLE = "staff-not-printed-title";
    STAFF_NOT_PRINTED = "staff-not-printed";
    STAFF_UNKNOWN_TITLE = "staff-unknown-title";
    STAFF_UNKNOWN = "staff-unknown";
    STAFF_RESTART_TITLE = "staff-restart-title";
    STAFF_RESTART = "staff-restart";
    STAFF_DESK = "staff-desk";
    STAFF_ORDER = "staff-order";
    STAFF_AGAIN = "staff-again";
    STAFF_LATER = "staff-later";

    // These are used on sheets that cover a screen.
    STILL_TITLE = "still-title";
    STILL_IDLE = "still-idle";
    STILL_LONG = "still-long";
    STILL_LEFT = "still-left" ("seconds");
    STILL_YES = "still-yes";
    STILL_END = "still-end";
    HELP_TITLE = "help-title";
    HELP_HERE = "help-here";
    HELP_WHERE = "help-where";
    HELP_HOURS = "help-hours";
    HELP_CALL = "help-call";
    EASE_TITLE = "ease-title";
    EASE_LARGE = "ease-large";
    EASE_CONTRAST = "ease-contrast";
    EASE_SPEECH = "ease-speech";
    EASE_LOW = "ease-low";
    EASE_CALM = "ease-calm";

    // These are only read aloud.
    SPEECH_CHOICES = "speech-choices" ("count");
    SPEECH_BUTTON = "speech-button";
    SPEECH_ON = "speech-on";
    SPEECH_OFF = "speech-off";
    SPEECH_CHOSEN = "speech-chosen";
    SPEECH_NOT_CHOSEN = "speech-not-chosen";
    SPEECH_FIELD = "speech-field" ("count");
    SPEECH_WAIT = "speech-wait";
    SPEECH_ON_SCREEN = "speech-on-screen";

    // These are for the attendant.
    ATTENDANT_LEAVE = "attendant-leave";
    PIN_TITLE = "pin-title";
    PIN = "pin";
    PIN_ENTER = "pin-enter";
    PIN_WRONG = "pin-wrong";
    PIN_LOCKED = "pin-locked";
    PIN_NONE = "pin-none";
    STAFF_PHONE_HOW = "staff-phone-how";
    STAFF_BY_PIN = "staff-by-pin";
    STAFF_BY_PHONE = "staff-by-phone";
    STAFF_NOT_STAFF = "staff-not-staff";
    PAGE_READINESS = "page-readiness";
    PAGE_DECISION = "page-decision";
    PAGE_CAMERA = "page-camera";
    PAGE_SUPPLIES = "page-supplies";
    PAGE_ASSIST = "page-assist";
    ASSIST_HOW = "assist-how";
    ASSIST_SUBJECT = "assist-subject";
    ASSIST_WHY = "assist-why";
    ASSIST_ID_SEEN = "assist-id-seen";
    ASSIST_SERVE = "assist-serve";
    ASSIST_UNKNOWN = "assist-unknown";
    PART = "part";
    ATTENTION_SET_ASIDE = "attention-set-aside";
    ATTENTION_BOOKS = "attention-books" ("cards");
    ATTENTION_OVERDUE = "attention-overdue";
    PART_READY = "part-ready";
    PART_ABSENT = "part-absent";
    PART_UNKNOWN = "part-unknown";
    DECIDE_NONE = "decide-none";
    DECIDE_HOW = "decide-how";
    DECIDE_PRINTED = "decide-printed";
    DECIDE_NOT_PRINTED = "decide-not-printed";
    DECIDE_VOID = "decide-void";
    CAMERA_PICTURE = "camera-picture";
    CAMERA_HOW = "camera-how";
    CAMERA_SHARPNESS = "camera-sharpness" ("value");
    CAMERA_GOOD = "camera-good" ("value");
    CAMERA_TOO_DARK = "camera-too-dark" ("value");
    CAMERA_TOO_BRIGHT = "camera-too-bright" ("value");
    CAMERA_NEUTRAL = "camera-neutral";
    CAMERA_WARM = "camera-warm";
    CAMERA_COLD = "camera-cold";
    CAMERA_GREEN = "camera-green";
    CAMERA_MAGENTA = "camera-magenta";
    SUPPLY_RIBBON = "supply-ribbon";
    SUPPLY_PRINTED = "supply-printed";
    SUPPLY_WAITING = "supply-waiting";
    SUPPLY_OLDEST = "supply-oldest";
    SUPPLY_PARKED = "supply-parked";
    SUPPLY_UNKNOWN = "supply-unknown";
    SUPPLY_MINUTES = "supply-minutes" ("minutes");

    // These are for test mode.
    DESK_NOBODY = "desk-nobody";
    DESK_APPROVE = "desk-approve";
    DESK_DENY = "desk-deny";
    DESK_OLD_CARD = "desk-old-card";
    DESK_NEW_CARD = "desk-new-card";
    DESK_TAKE_CARD = "desk-take-card";
    DESK_FAULTS = "desk-faults";
}
