//! Every state that a visitor or an attendant can see. Each is reached by events of the session.

use std::{
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

use common::{
    health::{Attention, Condition, Health, Part, Supplies},
    order::{
        Allowed, Attempt, CardFace, CardImage, CardKind, Commitment, Evidence, FaultRecord, Fee,
        Function, HeldCard, Holder, LoginMethod, OrderId, OrderReason, PhotoCheck, PickupPlace,
        Picture, Serial, Uid,
    },
    sign_in::{Code, Failure},
};
use device::Fault as _;
use fotoautomat::elements::{Device, Fault, Panel, Strip};
use jiff::civil::date;
use session::{
    Adjust, Event, Now, Press, Resumed, Rules, Session, Shot, Unprinted,
    attendant::{self, Press as Staff},
    issue::{OpenAttempt, PrintStep, Rendered},
    rules::{Approval, AttendantWays, ConsentText, Limits, ReadBack},
    sign_in::{Login, Progress, Typed},
};

use super::stage::{Way, site};

/// A state of the session, the events that lead to it, and the open sheet.
pub(crate) struct Scene {
    pub(super) name: &'static str,
    pub(super) panel: Option<Panel>,
    pub(super) focus: Option<&'static str>,
    reach: fn(&mut Play),
}

/// A session that is driven by events.
pub(super) struct Play {
    pub(super) session: Session,
    pub(super) now: Now,
    pub(super) rules: Rules,
}

impl Scene {
    pub(super) fn play(&self, way: &Way) -> Play {
        let mut play = Play::new(way);
        (self.reach)(&mut play);
        play
    }

    pub(super) fn needs_test_mode(&self) -> bool {
        self.panel == Some(Panel::Faults)
    }
}

/// The scene of the idle screen.
pub(crate) fn attract() -> Scene {
    Scene {
        name: "attract",
        panel: None,
        focus: None,
        reach: Play::ready,
    }
}

pub(super) fn all() -> Vec<Scene> {
    let scene = |name, reach: fn(&mut Play)| Scene {
        name,
        panel: None,
        focus: None,
        reach,
    };
    let over = |name, panel, reach: fn(&mut Play)| Scene {
        name,
        panel: Some(panel),
        focus: None,
        reach,
    };
    let mut scenes = vec![
        scene("00-starting", |_| {}),
        scene("01-out-of-service", |play| {
            play.broken(Part::Camera, "unplugged")
        }),
        scene("02-attract", Play::ready),
        scene("03-attract-later", |play| {
            play.broken(Part::Printer, "no-cards")
        }),
        scene("10-code-coming", |play| {
            play.ready();
            play.press(Press::Start);
        }),
        scene("11-show-code", Play::code),
        scene("12-approved", |play| {
            play.code();
            play.event(Event::SignIn(Progress::Approved));
        }),
        scene("13-no-phone", |play| {
            play.code();
            play.press(Press::NoPhone);
        }),
        scene("14-typing", Play::typing),
        scene("15-typing-wrong", |play| {
            play.typing();
            play.press(Press::Typed(Typed::Enter));
            play.event(Event::SignIn(Progress::Failed(Failure::WrongPassword)));
        }),
        scene("16-is-this-you", |play| play.signed_in(holder())),
        scene("17-is-this-you-choose", |play| {
            play.signed_in(busy_holder())
        }),
        scene("18-is-this-you-long-name", |play| {
            play.signed_in(long_name())
        }),
        scene("19-not-eligible", |play| {
            let mut holder = holder();
            holder.open_order = Some(order());
            play.signed_in(holder);
        }),
        scene("20-not-eligible-unreachable", |play| {
            play.code();
            play.event(Event::SignIn(Progress::Failed(Failure::Unreachable)));
        }),
        scene("21-consent", Play::consent),
        scene("22-consent-fee-library", |play| {
            play.rules.ask_library = true;
            let mut holder = holder();
            holder.kinds[0].fee = Some(Fee {
                amount: "10.00".to_owned(),
                currency: "SEK".to_owned(),
                reference: None,
            });
            play.signed_in(holder);
            play.press(Press::Yes);
        }),
        scene("23-consent-page", |play| {
            play.consent();
            play.press(Press::ReadAll);
        }),
        scene("30-old-card", Play::old_card),
        scene("31-old-card-read", |play| {
            play.old_card();
            play.event(Event::CardLaid(uid(1)));
        }),
        scene("32-old-card-by-hand", |play| {
            play.old_card();
            let mut health = good_health();
            health.reader = Condition::Down("unplugged".to_owned());
            play.event(Event::HealthChanged(Box::new(health)));
        }),
        scene("40-framing", Play::framing),
        scene("41-framing-hint", |play| {
            play.framing();
            play.coach(Some("hint-come-closer"), 0.0);
        }),
        scene("42-framing-well", |play| {
            play.framing();
            play.coach(None, 0.6);
        }),
        scene("43-framing-failed", |play| {
            play.framing();
            play.press(Press::Shutter);
            play.tick(3.0);
            play.event(Event::CaptureFailed("frozen".to_owned()));
        }),
        scene("44-countdown", |play| {
            play.framing();
            play.press(Press::Shutter);
            play.tick(0.5);
        }),
        scene("45-capturing", |play| {
            play.framing();
            play.press(Press::Shutter);
            play.tick(3.0);
        }),
        scene("46-review", |play| play.review(&[])),
        scene("47-review-warnings", |play| {
            play.review(&["hint-even", "hint-turn-to-light", "hint-look-at-camera"]);
        }),
        scene("50-card-drawing", |play| {
            play.review(&[]);
            play.press(Press::Use);
        }),
        scene("51-card", Play::card),
        scene("52-card-two-sides", |play| {
            play.review(&[]);
            play.press(Press::Use);
            play.event(Event::Rendered(Box::new(Rendered {
                serial: Serial([7; 8]),
                card: CardImage {
                    front: card_face(),
                    back: Some(card_face()),
                },
            })));
        }),
        scene("53-card-later", |play| {
            play.rules.approval = Approval::BeforePrint;
            play.card();
        }),
        scene("54-card-not-stored", |play| {
            play.card();
            play.press(Press::Print);
            play.event(Event::CommitFailed("disk".to_owned()));
        }),
        scene("60-printing", Play::printing),
        scene("61-printing-paused", |play| {
            play.printing();
            play.event(Event::PrintPaused(Some("cover-open".to_owned())));
        }),
        scene("62-read-back-chip", Play::read_back),
        scene("63-read-back-code", |play| {
            play.read_back();
            play.event(Event::CardLaid(uid(2)));
        }),
        scene("64-read-back-old-card", |play| {
            play.read_back();
            play.event(Event::CardLaid(uid(1)));
            play.tick(31.0);
        }),
        scene("65-read-back-done", |play| {
            play.read_back();
            play.event(Event::CardLaid(uid(2)));
            play.event(Event::CodeSeen(Some(Serial([7; 8]))));
        }),
        scene("66-collecting", |play| {
            play.read_back();
            play.event(Event::CardLaid(uid(2)));
            play.event(Event::CodeSeen(Some(Serial([7; 8]))));
            play.tick(0.1);
            play.tick(1.5);
        }),
        scene("70-fetch-later", Play::later),
        scene("71-fetch-later-done", |play| {
            play.later();
            play.press(Press::Place(0));
            play.press(Press::Confirm);
            play.event(Event::Committed(Commitment {
                order: order(),
                attempt: None,
            }));
        }),
        scene("72-not-printed", |play| {
            play.printing();
            play.event(Event::PrintEnded(Evidence {
                fault: Some(FaultRecord {
                    name: "no-cards".to_owned(),
                    means_not_fed: true,
                }),
                ..Evidence::default()
            }));
        }),
        scene("73-unknown", Play::unknown),
        scene("74-after-restart", |play| {
            let attempt = OpenAttempt {
                order: order(),
                serial: Serial([7; 8]),
            };
            play.event(Event::OpenAttemptsFound(vec![attempt]));
            play.ready();
        }),
        scene("80-still-there", |play| {
            play.consent();
            play.tick(91.0);
            play.tick(4.2);
        }),
        scene("81-help", |play| {
            play.consent();
            play.press(Press::Help);
        }),
        over("82-ease-of-use", Panel::EaseOfUse, |play| {
            play.ready();
            play.press(Press::Calm);
        }),
        over("83-wrong-name", Panel::WrongName, Play::card),
        over("84-faults", Panel::Faults, Play::ready),
        over("85-languages", Panel::Languages, Play::ready),
        scene("33-old-card-stranger", |play| {
            play.old_card();
            play.event(Event::CardLaid(uid(9)));
        }),
        scene("25-is-this-you-review", |play| {
            let mut holder = holder();
            holder.cards.clear();
            holder.for_review = true;
            play.signed_in(holder);
        }),
        scene("26-is-this-you-resumed", |play| {
            play.signed_in_again(holder(), Some(resumed()));
        }),
        scene("89-staff-phone", |play| {
            play.ready();
            play.press(Press::Attendant);
            let code = play.shown_code();
            play.event(Event::Attendant(attendant::Progress::CodeReady(code)));
            play.now.instant += Duration::from_secs(29);
        }),
        scene("88-staff-phone-not-staff", |play| {
            play.ready();
            play.press(Press::Attendant);
            play.event(Event::Attendant(attendant::Progress::Refused(
                attendant::Refusal::NotStaff,
            )));
        }),
        scene("97-staff-assist", |play| {
            play.ready();
            play.staff(attendant::Page::Assist);
        }),
        scene("99-staff-assist-whom", |play| {
            play.ready();
            play.staff(attendant::Page::Assist);
            play.press(Press::Staff(Staff::Why(attendant::Why::NoPhone)));
            play.press(Press::Staff(Staff::IdSeen));
        }),
        scene("98-staff-assist-unknown", |play| {
            play.ready();
            play.staff(attendant::Page::Assist);
            for letter in "gast-4711".chars() {
                play.press(Press::Typed(Typed::Letter(letter)));
            }
            play.press(Press::Staff(Staff::Why(attendant::Why::Guest)));
            play.press(Press::Staff(Staff::IdSeen));
            play.press(Press::Staff(Staff::Serve));
            play.event(Event::Attendant(attendant::Progress::NotFound(
                Failure::Unknown,
            )));
        }),
        scene("90-staff-sign-in", |play| {
            play.ready();
            play.press(Press::Attendant);
            play.press(Press::Staff(Staff::OtherWay));
            for digit in "123".chars() {
                play.press(Press::Staff(Staff::Digit(digit)));
            }
        }),
        scene("91-staff-wrong", |play| {
            play.ready();
            play.press(Press::Attendant);
            play.press(Press::Staff(Staff::OtherWay));
            play.event(Event::Attendant(attendant::Progress::Refused(
                attendant::Refusal::Wrong,
            )));
        }),
        scene("87-staff-readiness-attention", |play| {
            let mut health = good_health();
            health.attention = Attention {
                set_aside: 1,
                unexplained: 2,
                overdue: true,
            };
            play.ready();
            play.event(Event::HealthChanged(Box::new(health)));
            play.staff(attendant::Page::Readiness);
        }),
        scene("92-staff-readiness", |play| {
            play.broken(Part::Printer, "no-cards");
            play.staff(attendant::Page::Readiness);
        }),
        scene("93-staff-decision", |play| {
            play.unknown();
            play.staff(attendant::Page::Decision);
        }),
        scene("94-staff-nothing-to-decide", |play| {
            play.ready();
            play.staff(attendant::Page::Decision);
        }),
        scene("95-staff-camera", |play| {
            play.ready();
            play.staff(attendant::Page::Camera);
        }),
        scene("96-staff-supplies", |play| {
            play.ready();
            play.staff(attendant::Page::Supplies);
        }),
    ];
    let mut focused = scene("24-consent-focus", Play::consent);
    focused.focus = Some("accept");
    scenes.push(focused);
    scenes
}

impl Play {
    fn new(way: &Way) -> Self {
        let rules = rules(way.language);
        let now = Now {
            instant: Instant::now(),
            wall: "2026-03-02T09:15:00Z".parse().unwrap(),
        };
        let session = Session::new(now, &rules);
        let mut play = Self {
            session,
            now,
            rules,
        };
        play.press(Press::Language(way.language.to_owned()));
        for (wanted, press) in [
            (way.large, Press::LargeText),
            (way.contrast, Press::HighContrast),
            (way.low, Press::LowControls),
        ] {
            if wanted {
                play.press(press);
            }
        }
        play
    }

    fn event(&mut self, event: Event) {
        self.session.step(event, self.now, &self.rules);
    }

    fn press(&mut self, press: Press) {
        self.event(Event::Pressed(press));
    }

    fn tick(&mut self, seconds: f32) {
        let passed = Duration::from_secs_f32(seconds);
        self.now.instant += passed;
        self.event(Event::Ticked);
    }

    fn ready(&mut self) {
        self.event(Event::OpenAttemptsFound(Vec::new()));
        self.event(Event::HealthChanged(Box::new(good_health())));
    }

    fn broken(&mut self, part: Part, fault: &str) {
        self.event(Event::OpenAttemptsFound(Vec::new()));
        let mut health = good_health();
        health.set(part, Condition::Down(fault.to_owned()));
        self.event(Event::OpenAttemptsFound(Vec::new()));
        self.event(Event::HealthChanged(Box::new(health)));
        self.now.instant += Duration::from_secs(754);
    }

    fn code(&mut self) {
        self.ready();
        self.press(Press::Start);
        let code = self.shown_code();
        self.event(Event::SignIn(Progress::CodeReady(code)));
        self.now.instant += Duration::from_secs(29);
    }

    fn shown_code(&self) -> Code {
        Code {
            scan: "https://login.example.org/device?user_code=WDJB-MJHT".into(),
            address: "login.example.org/device".to_owned(),
            user_code: "WDJB-MJHT".into(),
            shown: self.now.instant,
            expires: self.now.instant + Duration::from_secs(180),
        }
    }

    fn typing(&mut self) {
        self.code();
        self.press(Press::NoPhone);
        self.press(Press::NoPhone);
        for letter in "abcd0001".chars() {
            self.press(Press::Typed(Typed::Letter(letter)));
        }
        self.press(Press::Typed(Typed::Enter));
        for letter in "hemligt".chars() {
            self.press(Press::Typed(Typed::Letter(letter)));
        }
    }

    fn signed_in(&mut self, holder: Holder) {
        self.signed_in_again(holder, None);
    }

    fn signed_in_again(&mut self, holder: Holder, resumed: Option<Box<Resumed>>) {
        self.code();
        self.event(Event::SignIn(Progress::SignedIn {
            holder: Arc::new(holder),
            login: Login {
                method: LoginMethod::Device,
                staff: None,
            },
            resumed,
        }));
    }

    fn consent(&mut self) {
        self.signed_in(holder());
        self.press(Press::Yes);
    }

    fn old_card(&mut self) {
        self.consent();
        self.press(Press::Accept);
    }

    fn framing(&mut self) {
        self.old_card();
        self.event(Event::CardLaid(uid(1)));
        self.tick(1.5);
    }

    fn coach(&mut self, hint: Option<&'static str>, ring: f32) {
        self.event(Event::Assessed(session::Coaching {
            hint,
            ring,
            ready: false,
        }));
    }

    fn review(&mut self, hints: &[&'static str]) {
        self.framing();
        self.press(Press::Shutter);
        self.tick(3.0);
        let checks = hints.iter().enumerate().map(|(index, hint)| PhotoCheck {
            check: format!("check{index}"),
            raw: 0.0,
            score: 40.0 + index as f32,
            ok: false,
            hint: Some(hint),
        });
        self.event(Event::Captured(Box::new(Shot {
            still: portrait(),
            portrait: portrait(),
            checks: checks.collect(),
            adjust: Adjust::default(),
            retakes: 0,
        })));
    }

    fn card(&mut self) {
        self.review(&[]);
        self.press(Press::Use);
        self.event(Event::Rendered(Box::new(Rendered {
            serial: Serial([7; 8]),
            card: CardImage {
                front: card_face(),
                back: None,
            },
        })));
    }

    fn printing(&mut self) {
        self.card();
        self.press(Press::Print);
        self.event(Event::Committed(Commitment {
            order: order(),
            attempt: Some(Attempt {
                id: 1,
                serial: Serial([7; 8]),
            }),
        }));
        self.event(Event::PrintStepped(PrintStep {
            name: "blue".to_owned(),
            done: 4,
            of: 8,
            remaining: Some(Duration::from_secs(14)),
        }));
    }

    fn read_back(&mut self) {
        self.printing();
        self.event(Event::PrintEnded(Evidence {
            bytes_total: 9,
            bytes_sent: 9,
            plane_byte_accepted: true,
            busy_seen: true,
            ready_after: true,
            ..Evidence::default()
        }));
    }

    fn later(&mut self) {
        self.card();
        self.press(Press::FetchLater);
    }

    fn unknown(&mut self) {
        self.printing();
        self.event(Event::PrintEnded(Evidence {
            plane_byte_accepted: true,
            ..Evidence::default()
        }));
    }

    fn staff(&mut self, page: attendant::Page) {
        self.press(Press::Attendant);
        self.event(Event::Attendant(attendant::Progress::SignedIn(
            attendant::Staff {
                id: "staff-1".to_owned(),
                token: None,
            },
        )));
        self.press(Press::Staff(Staff::Page(page)));
    }
}

fn rules(language: &str) -> Rules {
    Rules {
        languages: site(language).1.to_vec(),
        needs: common::health::Needs {
            fetch_later: true,
            without_portal: false,
            without_reader: true,
        },
        limits: Limits::default(),
        consent: ConsentText {
            text: "card-rules".to_owned(),
            version: "2024-07-04".to_owned(),
            pages: 3,
        },
        kinds: ["student", "employee", "external"]
            .map(CardKind::from)
            .to_vec(),
        only_without_code: true,
        password: true,
        staff: true,
        attendant: AttendantWays {
            phone: true,
            pin: true,
        },
        approval: Approval::None,
        print_here_assurance: Vec::new(),
        read_back: ReadBack {
            chip: true,
            code: true,
        },
        ask_library: false,
    }
}

fn good_health() -> Health {
    let mut health = Health {
        supplies: Supplies {
            ribbon: Some(143),
            printed: Some(2417),
        },
        ..Health::default()
    };
    for part in Part::ALL {
        health.set(part, Condition::Ready);
    }
    health.backlog.waiting = 2;
    health.backlog.oldest = Some(Duration::from_secs(260));
    health
}

fn allowed(kind: &str) -> Allowed {
    Allowed {
        kind: kind.into(),
        valid_through: date(2027, 6, 30),
        unit: None,
        card_number: None,
        issue: 2,
        functions: vec![Function::Access, Function::Library, Function::Print],
        fee: None,
        barcode: None,
    }
}

fn holder() -> Holder {
    Holder {
        subject: "abcd0001".into(),
        idp: "https://login.example.org".to_owned(),
        display_name: "Alva Björk".into(),
        name_on_card: "Alva Björk".into(),
        affiliation: vec!["student".to_owned()],
        assurance: String::new(),
        kinds: vec![allowed("student")],
        cards: vec![HeldCard {
            serial: None,
            card_number: None,
            uid: Some(uid(1)),
            barcode: None,
            kind: "student".into(),
            has_code: false,
            status: "active".to_owned(),
        }],
        pickup_places: vec![
            PickupPlace {
                id: "infocenter".to_owned(),
                name: "Infocenter, Universumhuset".to_owned(),
                hours: "Må–fr 9–16".to_owned(),
            },
            PickupPlace {
                id: "library".to_owned(),
                name: "Universitetsbiblioteket".to_owned(),
                hours: "Må–to 8–20, fr 8–18".to_owned(),
            },
        ],
        open_order: None,
        for_review: false,
    }
}

fn busy_holder() -> Holder {
    let mut holder = holder();
    holder.kinds = vec![allowed("student"), allowed("employee"), allowed("external")];
    holder
}

fn long_name() -> Holder {
    let mut holder = holder();
    holder.display_name = "Maximiliana Alexandrina Zetterström-Wawrzyniakiewiczówna Nguyễn".into();
    holder
}

fn order() -> OrderId {
    "018f2f3a-7b1c-7d2e-9f10-1a2b3c4d5e6f".parse().unwrap()
}

fn uid(last: u8) -> Uid {
    Uid::from_bytes(&[4, 0x11, 0x22, 0x33, 0x44, 0x55, last])
}

pub(super) fn strip() -> Strip {
    let faults = |names: &[&'static str]| {
        names
            .iter()
            .enumerate()
            .map(|(index, name)| Fault {
                name,
                raised: index == 2,
            })
            .collect()
    };
    Strip {
        people: vec!["Alva Björk".to_owned(), "Nils Åström".to_owned()],
        person: 0,
        devices: vec![
            Device {
                name: "camera",
                faults: faults(
                    &camera::Fault::all()
                        .iter()
                        .map(|f| f.name())
                        .collect::<Vec<_>>(),
                ),
            },
            Device {
                name: "printer",
                faults: faults(
                    &card_printer::Fault::all()
                        .iter()
                        .map(static_name)
                        .collect::<Vec<_>>(),
                ),
            },
            Device {
                name: "reader",
                faults: faults(
                    &card_reader::Fault::all()
                        .iter()
                        .map(|f| f.name())
                        .collect::<Vec<_>>(),
                ),
            },
        ],
    }
}

fn static_name(fault: &card_printer::Fault) -> &'static str {
    fault.name().to_owned().leak()
}

fn drawn(svg: &str, width: u32, height: u32) -> Vec<u8> {
    use resvg::{tiny_skia, usvg};
    let tree = usvg::Tree::from_str(svg, &usvg::Options::default()).unwrap();
    let mut pixmap = tiny_skia::Pixmap::new(width, height).unwrap();
    let scale = tiny_skia::Transform::from_scale(
        width as f32 / tree.size().width(),
        height as f32 / tree.size().height(),
    );
    resvg::render(&tree, scale, &mut pixmap.as_mut());
    pixmap.take()
}

fn picture(svg: &str, width: u32, height: u32) -> Picture {
    let rgba = drawn(svg, width, height);
    let rgb = rgba.chunks_exact(4).flat_map(|p| [p[0], p[1], p[2]]);
    Picture::new(width, height, rgb.collect()).unwrap()
}

const VISITOR: &str = include_str!("visitor.svg");
const CARD: &str = include_str!("card.svg");

/// What an earlier visit left: an order whose card was not printed.
fn resumed() -> Box<Resumed> {
    Box::new(Resumed {
        unprinted: Unprinted {
            order: order(),
            serial: Serial([7; 8]),
        },
        reason: OrderReason::NoCode,
        consents: Vec::new(),
        replaces: None,
        library_wish: false,
        shot: Arc::new(Shot {
            still: portrait(),
            portrait: portrait(),
            checks: Vec::new(),
            adjust: Adjust::default(),
            retakes: 0,
        }),
    })
}

/// A camera frame of one colour.
pub(super) fn wall([red, green, blue]: [u8; 3]) -> camera::Frame {
    camera::Frame {
        width: 96,
        height: 54,
        rgba: [red, green, blue, 255].repeat(96 * 54).into(),
        seq: 1,
        at: Instant::now(),
    }
}

/// A camera frame with a drawing of a visitor.
pub(super) fn preview() -> Arc<camera::Frame> {
    static FRAME: OnceLock<Arc<camera::Frame>> = OnceLock::new();
    let frame = FRAME.get_or_init(|| {
        Arc::new(camera::Frame {
            width: 960,
            height: 540,
            rgba: drawn(VISITOR, 960, 540).into(),
            seq: 1,
            at: Instant::now(),
        })
    });
    frame.clone()
}

fn portrait() -> Arc<Picture> {
    static PORTRAIT: OnceLock<Arc<Picture>> = OnceLock::new();
    let cut = || {
        let frame = preview();
        let (width, height) = (378_usize, 504_usize);
        let (left, top) = ((960 - width) / 2, 10);
        let rgba = &frame.rgba;
        let rgb = (0..height).flat_map(|y| {
            (0..width).flat_map(move |x| {
                let at = ((y + top) * 960 + x + left) * 4;
                [rgba[at], rgba[at + 1], rgba[at + 2]]
            })
        });
        Arc::new(Picture::new(378, 504, rgb.collect()).unwrap())
    };
    PORTRAIT.get_or_init(cut).clone()
}

fn card_face() -> Arc<CardFace> {
    static FACE: OnceLock<Arc<CardFace>> = OnceLock::new();
    let draw = || {
        Arc::new(CardFace {
            rgb: picture(CARD, 1016, 642),
            resin_mask: Vec::new(),
        })
    };
    FACE.get_or_init(draw).clone()
}
