//! What is judged about a picture, by which limits, and the one sentence each failed check stands for.

use serde::Serialize;

use super::aligned::{self, Aligned};
use super::crop::{Crop, Layout};
use super::face::{Face, Features, Look};
use super::outline::Outline;
use super::quality::{self, Cheeks, Luminance, Patch};
use super::resample;
use common::order::Picture;

/// What is judged, in the order in which hints are given: what must be mended first comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Check {
    /// Raw: how sure the finder is.
    Face,
    /// Raw: area of the second largest face over the largest.
    SingleFace,
    /// Raw: distance between the eyes in pixels.
    Size,
    /// Raw: how far the portrait reaches beyond the picture, as a share of it.
    Position,
    /// Raw: tilt of the head in degrees.
    Roll,
    /// Raw: turn of the head to the side in degrees, as the model reads it.
    Yaw,
    /// Raw: nod of the head in degrees, as the model reads it.
    Pitch,
    /// Raw: mean luminance of the face, 0 to 1.
    Brightness,
    /// Raw: share of the face that is burnt out.
    OverExposure,
    /// Raw: share of the face that is black.
    UnderExposure,
    /// Raw: how alike both cheeks are lit, 0 to 1.
    EvenLight,
    /// Raw: mean of the Laplacian over mean grey, where the eyes are 90 pixels apart.
    Sharpness,
    /// Raw: movement between two frames as a share of the distance between the eyes.
    Motion,
    /// Raw: opening of the more closed eye over the distance from eyes to chin.
    EyesOpen,
    /// Raw: opening of the mouth over the distance from eyes to chin.
    MouthClosed,
    /// Raw: mean gradient of the background.
    Background,
    /// Raw: distance of the skin's colour from natural ones.
    NaturalColour,
}

impl Check {
    /// Every check, in the order of hints.
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

    /// The name in orders, reports and JSON.
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

/// What a failed check does. None of them keeps anyone from pressing the shutter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Level {
    /// Told to staff alone: the visitor can do nothing about it.
    Note,
    /// Told to the visitor.
    Warn,
    /// Told, and the shutter does not go off by itself.
    Block,
}

/// What a visitor is told. The texts' keys, one for each: `hint-step-in-front`, `hint-one-person`, `hint-come-closer`,
/// `hint-step-back`, `hint-move-left`, `hint-move-right`, `hint-move-up`, `hint-move-down`, `hint-straighten-head`,
/// `hint-look-at-camera`, `hint-too-dark`, `hint-too-bright`, `hint-turn-to-light`, `hint-hold-still`,
/// `hint-open-eyes`, `hint-close-mouth`, `hint-plain-background`, `hint-odd-colours`.
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

    /// Key of its sentence in the texts.
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

/// One thing that was judged.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Finding {
    pub check: Check,
    /// The measured value, in the unit of its [`Check`].
    pub raw: f32,
    /// 0 (bad) to 100.
    pub score: f32,
    pub level: Level,
    pub ok: bool,
    /// What to say when it is not.
    #[serde(serialize_with = "as_key")]
    pub hint: Option<Hint>,
    /// How far the value is on the good side of its limit, as a share of the limit; negative when it is not ok.
    #[serde(skip)]
    pub margin: f32,
}

fn as_key<S: serde::Serializer>(hint: &Option<Hint>, serializer: S) -> Result<S::Ok, S::Error> {
    match hint {
        Some(hint) => serializer.serialize_some(hint.key()),
        None => serializer.serialize_none(),
    }
}

/// By which limits a site judges.
#[derive(Debug, Clone, PartialEq)]
pub struct Rules {
    pub layout: Layout,
    /// Distance between the eyes in pixels below which a portrait is of no use, and below which it is poor
    /// (ISO/IEC 39794-5 asks for 90).
    pub least_eye_distance: f32,
    pub good_eye_distance: f32,
    /// Area of a second face over the first: people further back do not count.
    pub second_face: f32,
    /// How far the portrait may reach beyond the picture: what moving it a little mends by itself.
    pub overhang: f32,
    /// In degrees (ISO/IEC 19794-5:2011).
    pub roll: f32,
    /// Score of the mean luminance. Low, because dark skin in good light scores about 20: this is about the lamp.
    pub brightness: f32,
    pub over_exposure: f32,
    pub under_exposure: f32,
    /// In degrees, as the model reads them: it makes less of a turn to the side than it is (8 stand for about 11), and
    /// nods are counted from a mean, because faces differ.
    pub yaw: f32,
    pub pitch: f32,
    pub mean_pitch: f32,
    /// Score of how alike the cheeks are lit, and light of the darker over that of the brighter: both must be poor before
    /// anybody is asked to turn, for good portraits come to scores from 63 up, and faces are not alike.
    pub even_light: f32,
    pub cheek_balance: f32,
    /// Sharp portraits come to 0.023 and more; blurred by 1.6 % of the distance between the eyes most come to 0.010.
    pub sharpness: f32,
    /// Between two looks, which are some 70 ms apart.
    pub motion: f32,
    /// Open eyes come to 0.047 and more, closed ones to 0.021 at most.
    pub eyes_open: f32,
    /// Whether the mouth must be closed; a smile is welcome otherwise. Open from 0.2 on; a smile with teeth has 0.13.
    pub closed_mouth: bool,
    pub mouth: f32,
    /// Score of the wall's evenness: painted walls have 97 and more, rooms 79 at most.
    pub background: f32,
    /// Score of the colour of the cheeks.
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
            under_exposure: 0.85, // where OFIQ's own score begins to fall
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

/// Everything found in one picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Assessment {
    /// In the order of hints. A check that cannot be judged is not there.
    pub findings: Vec<Finding>,
    /// The largest face.
    pub face: Option<Face>,
    /// Where the portrait would be cut; within the picture.
    pub crop: Option<Crop>,
}

impl Assessment {
    /// The first thing to say, if there is any.
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

/// Judges what was seen in a picture.
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

/// Margin of a value that must not be above its limit, and of one that must not be below.
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

/// Size, position and tilt.
fn placed(picture: &Picture, face: &Face, ideal: &Crop, rules: &Rules) -> Vec<Finding> {
    let eyes = face.eye_distance();
    let score = quality::eye_distance_score(eyes);
    // a portrait larger than the picture cannot be moved into it
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
        // 5 % beyond the limit counts as its whole: a face that sticks out is a matter of centimetres
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

/// Where the head is turned to.
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

/// What is measured on the face laid level: light, sharpness, lids and lips, wall and colour.
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
        // half the points at the limit, all of them at twice the limit
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

/// Eyes and mouth.
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
        // half the points at the limit
        100.0 - 50.0 * motion / rules.motion,
        below(motion, rules.motion),
        Hint::HoldStill,
    )
}

/// Light on the face.
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
