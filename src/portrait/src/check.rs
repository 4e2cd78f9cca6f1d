//! The checks of a picture, their limits, and the hint for each failed check.

use serde::Serialize;

use super::aligned::{self, Aligned};
use super::crop::{Crop, Layout};
use super::face::{Face, Features, Look};
use super::outline::Outline;
use super::quality::{self, Cheeks, Luminance, Patch};
use super::resample;
use common::order::Picture;

/// The checks in the order of their hints: the first one that fails is what the visitor must correct first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Check {
    /// Raw: the finder's confidence.
    Face,
    /// Raw: area of the second largest face divided by that of the largest.
    SingleFace,
    /// Raw: distance between the eyes in pixels.
    Size,
    /// Raw: how far the portrait extends beyond the picture, relative to its size.
    Position,
    /// Raw: tilt of the head in degrees.
    Roll,
    /// Raw: turn of the head to the side in degrees, as estimated by the model.
    Yaw,
    /// Raw: nod of the head in degrees, as estimated by the model.
    Pitch,
    /// Raw: mean luminance of the face, 0 to 1.
    Brightness,
    /// Raw: share of the face that is overexposed.
    OverExposure,
    /// Raw: share of the face that is black.
    UnderExposure,
    /// Raw: similarity of the light on both cheeks, 0 to 1.
    EvenLight,
    /// Raw: mean of the Laplacian divided by the mean grey, measured where the eyes are 90 pixels apart.
    Sharpness,
    /// Raw: movement between two frames relative to the distance between the eyes.
    Motion,
    /// Raw: opening of the more closed eye relative to the distance from eyes to chin.
    EyesOpen,
    /// Raw: opening of the mouth relative to the distance from eyes to chin.
    MouthClosed,
    /// Raw: mean gradient of the background.
    Background,
    /// Raw: distance of the skin's colour from natural skin colours.
    NaturalColour,
}

impl Check {
    /// Every check, in the order of their hints.
    pub const ALL: [Check; 17] = [
        Check::Face,
        Check::SingleFace,
        Check::Size,
        Check::Position,
        Check::Roll,
        Check::Yaw,
        Check::Pitch,
        Check::Brightness,
        Check::OverExposure,
        Check::UnderExposure,
        Check::EvenLight,
        Check::Sharpness,
        Check::Motion,
        Check::EyesOpen,
        Check::MouthClosed,
        Check::Background,
        Check::NaturalColour,
    ];

    /// Returns the name that orders, reports and JSON use.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Check::Face => "face",
            Check::SingleFace => "singleFace",
            Check::Size => "size",
            Check::Position => "position",
            Check::Roll => "roll",
            Check::Yaw => "yaw",
            Check::Pitch => "pitch",
            Check::Brightness => "brightness",
            Check::OverExposure => "overExposure",
            Check::UnderExposure => "underExposure",
            Check::EvenLight => "evenLight",
            Check::Sharpness => "sharpness",
            Check::Motion => "motion",
            Check::EyesOpen => "eyesOpen",
            Check::MouthClosed => "mouthClosed",
            Check::Background => "background",
            Check::NaturalColour => "naturalColour",
        }
    }
}

/// The effect of a failed check. No level prevents the visitor from releasing the shutter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Level {
    /// The failure is shown only to staff, because the visitor cannot change it.
    Note,
    /// The failure is shown to the visitor.
    Warn,
    /// The failure is shown, and the shutter is not released automatically.
    Block,
}

/// A hint for the visitor. Each hint has one text, with the key `hint-step-in-front`, `hint-one-person`,
/// `hint-come-closer`, `hint-step-back`, `hint-move-left`, `hint-move-right`, `hint-move-up`, `hint-move-down`,
/// `hint-straighten-head`, `hint-look-at-camera`, `hint-too-dark`, `hint-too-bright`, `hint-turn-to-light`,
/// `hint-hold-still`, `hint-open-eyes`, `hint-close-mouth`, `hint-plain-background` or `hint-odd-colours`.
///
/// Left and right are the visitor's own, which are those of the mirrored preview.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Hint {
    StepInFront,
    OnePerson,
    ComeCloser,
    StepBack,
    MoveLeft,
    MoveRight,
    MoveUp,
    MoveDown,
    StraightenHead,
    LookAtCamera,
    TooDark,
    TooBright,
    TurnToLight,
    HoldStill,
    OpenEyes,
    CloseMouth,
    PlainBackground,
    OddColours,
}

impl Hint {
    /// Every hint.
    pub const ALL: [Hint; 18] = [
        Hint::StepInFront,
        Hint::OnePerson,
        Hint::ComeCloser,
        Hint::StepBack,
        Hint::MoveLeft,
        Hint::MoveRight,
        Hint::MoveUp,
        Hint::MoveDown,
        Hint::StraightenHead,
        Hint::LookAtCamera,
        Hint::TooDark,
        Hint::TooBright,
        Hint::TurnToLight,
        Hint::HoldStill,
        Hint::OpenEyes,
        Hint::CloseMouth,
        Hint::PlainBackground,
        Hint::OddColours,
    ];

    /// Returns the key of the hint's text.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Hint::StepInFront => "hint-step-in-front",
            Hint::OnePerson => "hint-one-person",
            Hint::ComeCloser => "hint-come-closer",
            Hint::StepBack => "hint-step-back",
            Hint::MoveLeft => "hint-move-left",
            Hint::MoveRight => "hint-move-right",
            Hint::MoveUp => "hint-move-up",
            Hint::MoveDown => "hint-move-down",
            Hint::StraightenHead => "hint-straighten-head",
            Hint::LookAtCamera => "hint-look-at-camera",
            Hint::TooDark => "hint-too-dark",
            Hint::TooBright => "hint-too-bright",
            Hint::TurnToLight => "hint-turn-to-light",
            Hint::HoldStill => "hint-hold-still",
            Hint::OpenEyes => "hint-open-eyes",
            Hint::CloseMouth => "hint-close-mouth",
            Hint::PlainBackground => "hint-plain-background",
            Hint::OddColours => "hint-odd-colours",
        }
    }
}

/// The result of one check.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Finding {
    pub check: Check,
    /// The measured value, in the unit of its [`Check`].
    pub raw: f32,
    /// The score from 0 (bad) to 100.
    pub score: f32,
    pub level: Level,
    pub ok: bool,
    /// The hint to show if the check failed.
    #[serde(serialize_with = "as_key")]
    pub hint: Option<Hint>,
    /// How far the value is on the good side of its limit, relative to the limit. It is negative when the check failed.
    #[serde(skip)]
    pub margin: f32,
}

fn as_key<S: serde::Serializer>(hint: &Option<Hint>, serializer: S) -> Result<S::Ok, S::Error> {
    match hint {
        Some(hint) => serializer.serialize_some(hint.key()),
        None => serializer.serialize_none(),
    }
}

/// The limits that a site uses.
#[derive(Debug, Clone, PartialEq)]
pub struct Rules {
    pub layout: Layout,
    /// The distance between the eyes in pixels below which a portrait cannot be used, and the one below which it is
    /// poor (ISO/IEC 39794-5 asks for 90).
    pub least_eye_distance: f32,
    pub good_eye_distance: f32,
    /// The area of a second face relative to the first. People further back do not count.
    pub second_face: f32,
    /// How far the portrait may extend beyond the picture. Moving it slightly corrects this much automatically.
    pub overhang: f32,
    /// The largest tilt in degrees (ISO/IEC 19794-5:2011).
    pub roll: f32,
    /// The lowest score of the mean luminance. It is low because dark skin in good light scores about 20, and this
    /// check is about the lamp.
    pub brightness: f32,
    pub over_exposure: f32,
    pub under_exposure: f32,
    /// The largest angles in degrees, as estimated by the model. It underestimates a turn to the side (8 stand for
    /// about 11), and nods are measured from a mean, because faces differ.
    pub yaw: f32,
    pub pitch: f32,
    pub mean_pitch: f32,
    /// The lowest score of the similarity of the cheeks, and the lowest ratio of the darker one's light to the brighter
    /// one's. Both must be poor before the visitor is asked to turn, because good portraits score from 63 and faces are
    /// not symmetric.
    pub even_light: f32,
    pub cheek_balance: f32,
    /// The lowest sharpness. Sharp portraits reach 0.023 or more; most of those blurred by 1.6 % of the distance
    /// between the eyes reach 0.010.
    pub sharpness: f32,
    /// The largest movement between two looks, which are about 70 ms apart.
    pub motion: f32,
    /// The smallest opening of the eyes. Open eyes reach 0.047 or more, closed ones 0.021 at most.
    pub eyes_open: f32,
    /// Whether the mouth must be closed. Otherwise a smile is welcome: a mouth counts as open from 0.2, and a smile
    /// with teeth has 0.13.
    pub closed_mouth: bool,
    pub mouth: f32,
    /// The lowest score of the background's evenness. Painted walls have 97 or more, rooms 79 at most.
    pub background: f32,
    /// The lowest score of the colour of the cheeks.
    pub natural_colour: f32,
}

impl Default for Rules {
    fn default() -> Self {
        Rules {
            layout: Layout::default(),
            least_eye_distance: 60.0,
            good_eye_distance: 90.0,
            second_face: 0.3,
            overhang: 0.02,
            roll: 8.0,
            brightness: 10.0,
            over_exposure: 0.02,
            under_exposure: 0.85, // OFIQ's own score begins to fall here.
            yaw: 8.0,
            pitch: 12.0,
            mean_pitch: 4.0,
            even_light: 45.0,
            cheek_balance: 0.5,
            sharpness: 0.016,
            motion: 0.03,
            eyes_open: 0.03,
            closed_mouth: false,
            mouth: 0.2,
            background: 85.0,
            natural_colour: 50.0,
        }
    }
}

/// The results of all checks of one picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Assessment {
    /// The findings in the order of their hints. A check that could not be made is left out.
    pub findings: Vec<Finding>,
    /// The largest face.
    pub face: Option<Face>,
    /// Where the portrait would be cut, inside the picture.
    pub crop: Option<Crop>,
}

impl Assessment {
    /// Returns the first hint to show, if there is one.
    #[must_use]
    pub fn hint(&self) -> Option<Hint> {
        let told = |finding: &&Finding| !finding.ok && finding.level > Level::Note;
        self.findings
            .iter()
            .find(told)
            .and_then(|finding| finding.hint)
    }

    #[must_use]
    pub fn finding(&self, check: Check) -> Option<&Finding> {
        self.findings.iter().find(|finding| finding.check == check)
    }
}

/// Checks what a finder saw in a picture.
#[must_use]
pub fn assess(picture: &Picture, look: &Look, rules: &Rules) -> Assessment {
    let Some(face) = look.faces.first() else {
        let nobody = judged(Check::Face, Level::Block, 0.0, 0.0, -1.0, Hint::StepInFront);
        return Assessment {
            findings: vec![nobody],
            face: None,
            crop: None,
        };
    };
    let outline = look.outline.as_deref();
    let crown = outline.and_then(|outline| outline.crown(face));
    let ideal = Crop::ideal(face, crown, &rules.layout);
    let mut findings = vec![
        judged(
            Check::Face,
            Level::Block,
            face.score,
            100.0,
            1.0,
            Hint::StepInFront,
        ),
        single(&look.faces, rules),
    ];
    findings.extend(placed(picture, face, &ideal, rules));
    match &face.features {
        Some(features) => {
            findings.extend(turned(features, rules));
            findings.extend(in_detail(picture, face, features, outline, rules));
            if let Some(motion) = look.motion {
                findings.push(still(motion, rules));
            }
        }
        None => {
            let (rgb, mask) = resample::oval(picture, face);
            let patch = Patch {
                rgb: &rgb,
                mask: &mask,
            };
            findings.extend(lit(&patch, rules));
        }
    }
    findings.sort_by_key(|finding| finding.check);
    Assessment {
        findings,
        face: Some(face.clone()),
        crop: Some(ideal.inside(picture)),
    }
}

fn judged(check: Check, level: Level, raw: f32, score: f32, margin: f32, hint: Hint) -> Finding {
    let ok = margin >= 0.0;
    Finding {
        check,
        raw,
        score: score.clamp(0.0, 100.0),
        level,
        ok,
        hint: (!ok).then_some(hint),
        margin,
    }
}

/// Returns the margin of a value that must not be above its limit. The function below is for one that must not be
/// below.
fn below(raw: f32, limit: f32) -> f32 {
    (limit - raw) / limit.abs().max(f32::MIN_POSITIVE)
}

fn above(raw: f32, limit: f32) -> f32 {
    (raw - limit) / limit.abs().max(f32::MIN_POSITIVE)
}

fn single(faces: &[Face], rules: &Rules) -> Finding {
    let areas: Vec<f32> = faces.iter().map(|face| face.bounds.area()).collect();
    let share = match areas.as_slice() {
        [first, second, ..] if *first > 0.0 => second / first,
        _ => 0.0,
    };
    judged(
        Check::SingleFace,
        Level::Block,
        share,
        100.0 * (1.0 - share),
        below(share, rules.second_face),
        Hint::OnePerson,
    )
}

/// Checks size, position and tilt.
fn placed(picture: &Picture, face: &Face, ideal: &Crop, rules: &Rules) -> Vec<Finding> {
    let eyes = face.eye_distance();
    let score = quality::eye_distance_score(eyes);
    // A portrait larger than the picture cannot be moved into it.
    let room = (picture.width() as f32 / ideal.width).min(picture.height() as f32 / ideal.height);
    let size = if room < 1.0 {
        judged(
            Check::Size,
            Level::Block,
            eyes,
            score,
            above(room, 1.0),
            Hint::StepBack,
        )
    } else if eyes < rules.least_eye_distance {
        judged(
            Check::Size,
            Level::Block,
            eyes,
            score,
            above(eyes, rules.least_eye_distance),
            Hint::ComeCloser,
        )
    } else {
        judged(
            Check::Size,
            Level::Warn,
            eyes,
            score,
            above(eyes, rules.good_eye_distance),
            Hint::ComeCloser,
        )
    };
    let mut findings = vec![size];
    if room >= 1.0 {
        let over = ideal.overhang(picture);
        let sides = [
            (over.left, Hint::MoveLeft),
            (over.right, Hint::MoveRight),
            (over.top, Hint::MoveDown),
            (over.bottom, Hint::MoveUp),
        ];
        let (most, hint) = sides
            .into_iter()
            .max_by(|a, b| a.0.total_cmp(&b.0))
            .expect("four sides");
        // Exceeding the limit by 5 % counts as its whole, because a face at the edge needs to move only by centimetres.
        let margin = (rules.overhang - most) / 0.05;
        findings.push(judged(
            Check::Position,
            Level::Block,
            most,
            100.0 * (1.0 - most),
            margin,
            hint,
        ));
    }
    if face.irises.is_some() {
        let roll = face.roll();
        let margin = below(roll.to_degrees().abs(), rules.roll);
        let score = quality::angle_score(roll);
        findings.push(judged(
            Check::Roll,
            Level::Block,
            roll.to_degrees(),
            score,
            margin,
            Hint::StraightenHead,
        ));
    }
    findings
}

/// Checks in which direction the head is turned.
fn turned(features: &Features, rules: &Rules) -> [Finding; 2] {
    let angle = |check: Check, degrees: f32, middle: f32, limit: f32| {
        judged(
            check,
            Level::Warn,
            degrees,
            quality::angle_score((degrees - middle).to_radians()),
            below((degrees - middle).abs(), limit),
            Hint::LookAtCamera,
        )
    };
    let pose = features.pose;
    [
        angle(Check::Yaw, pose.yaw, 0.0, rules.yaw),
        angle(Check::Pitch, pose.pitch, rules.mean_pitch, rules.pitch),
    ]
}

/// Makes the measurements on the aligned face: light, sharpness, lids and lips, background and colour.
fn in_detail(
    picture: &Picture,
    face: &Face,
    features: &Features,
    outline: Option<&Outline>,
    rules: &Rules,
) -> Vec<Finding> {
    let aligned = Aligned::new(picture, face, features);
    let patch = aligned.patch();
    let mut findings = lit(&patch, rules);
    if let Some(cheeks) = Cheeks::of(&aligned.marks) {
        let evenness = cheeks.evenness(&patch);
        let score = quality::evenness_score(evenness);
        let uneven = above(score, rules.even_light);
        let unbalanced = above(cheeks.balance(&patch), rules.cheek_balance);
        findings.push(judged(
            Check::EvenLight,
            Level::Warn,
            evenness,
            score,
            uneven.max(unbalanced),
            Hint::TurnToLight,
        ));
        let distance = cheeks.unnatural(&patch);
        let score = quality::natural_colour_score(distance);
        findings.push(judged(
            Check::NaturalColour,
            Level::Note,
            distance,
            score,
            above(score, rules.natural_colour),
            Hint::OddColours,
        ));
    }
    let (pixels, mask, width) = aligned::sharp_patch(picture, face, features);
    let sharp = Patch {
        rgb: &pixels,
        mask: &mask,
    };
    let sharpness = quality::sharpness(&sharp, width);
    findings.push(judged(
        Check::Sharpness,
        Level::Block,
        sharpness,
        // The score is 50 at the limit and 100 at twice the limit.
        50.0 * sharpness / rules.sharpness,
        above(sharpness, rules.sharpness),
        Hint::HoldStill,
    ));
    findings.extend(opened(face, features, rules));
    let background = outline.and_then(|outline| aligned.background(picture, outline).gradient());
    if let Some(gradient) = background {
        let score = quality::background_score(gradient);
        findings.push(judged(
            Check::Background,
            Level::Note,
            gradient,
            score,
            above(score, rules.background),
            Hint::PlainBackground,
        ));
    }
    findings
}

/// Checks eyes and mouth.
fn opened(face: &Face, features: &Features, rules: &Rules) -> [Finding; 2] {
    let [left, right] = face.eyes;
    let to_chin = left.middle(right).distance(face.chin).max(1.0);
    let (lids, lips) = (features.lids() / to_chin, features.lips() / to_chin);
    let mouth = if rules.closed_mouth {
        below(lips, rules.mouth)
    } else {
        1.0
    };
    [
        judged(
            Check::EyesOpen,
            Level::Block,
            lids,
            quality::eyes_open_score(lids),
            above(lids, rules.eyes_open),
            Hint::OpenEyes,
        ),
        judged(
            Check::MouthClosed,
            Level::Warn,
            lips,
            quality::mouth_closed_score(lips),
            mouth,
            Hint::CloseMouth,
        ),
    ]
}

fn still(motion: f32, rules: &Rules) -> Finding {
    judged(
        Check::Motion,
        Level::Block,
        motion,
        // The score is 50 at the limit.
        100.0 - 50.0 * motion / rules.motion,
        below(motion, rules.motion),
        Hint::HoldStill,
    )
}

/// Checks the light on the face.
fn lit(patch: &Patch<'_>, rules: &Rules) -> Vec<Finding> {
    let light = Luminance::of(patch);
    let (mean, over, under) = (light.mean(), light.over(), light.under());
    let score = quality::mean_score(mean);
    let hint = if mean < 0.5 {
        Hint::TooDark
    } else {
        Hint::TooBright
    };
    vec![
        judged(
            Check::Brightness,
            Level::Warn,
            mean,
            score,
            above(score, rules.brightness),
            hint,
        ),
        judged(
            Check::OverExposure,
            Level::Warn,
            over,
            quality::over_score(over),
            below(over, rules.over_exposure),
            Hint::TooBright,
        ),
        judged(
            Check::UnderExposure,
            Level::Warn,
            under,
            quality::under_score(under),
            below(under, rules.under_exposure),
            Hint::TooDark,
        ),
    ]
}

#[cfg(test)]
mod tests;
