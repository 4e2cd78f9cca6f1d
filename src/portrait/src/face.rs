//! A face in a picture, and who finds it.

use std::sync::Arc;

use super::detect::{self, Detection};
use super::geometry::{Bounds, Point};
use super::mesh::{CHIN, INNER_LIPS, LIDS, MOUTH_CORNERS, Mesh, NOSE};
use super::models::Models;
use super::outline::Outline;
use super::plain;
use super::pose::Pose;
use common::order::Picture;

/// A face, in pixels of the picture it was found in.
#[derive(Debug, Clone, PartialEq)]
pub struct Face {
    pub bounds: Bounds,
    /// How sure the finder is; comparable only between faces of one finder.
    pub score: f32,
    /// Middle of each eye, the left one in the picture first. Estimated from the box where `irises` is `None`.
    pub eyes: [Point; 2],
    /// Centres of the irises, when a model has seen them.
    pub irises: Option<[Point; 2]>,
    pub chin: Point,
    /// What only the models see.
    pub features: Option<Arc<Features>>,
}

/// A face in detail, in pixels of its picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Features {
    /// The 468 points of MediaPipe's face mesh, by their numbers there.
    pub points: Vec<Point>,
    pub pose: Pose,
}

impl Features {
    fn gap(&self, [upper, lower]: [usize; 2]) -> f32 {
        self.points[upper].distance(self.points[lower])
    }

    /// How far the more closed eye is open, in pixels.
    #[must_use]
    pub fn lids(&self) -> f32 {
        let widest = |pairs: [[usize; 2]; 3]| {
            pairs
                .map(|pair| self.gap(pair))
                .into_iter()
                .fold(0.0, f32::max)
        };
        LIDS.map(widest).into_iter().fold(f32::INFINITY, f32::min)
    }

    /// How far the lips are apart, in pixels.
    #[must_use]
    pub fn lips(&self) -> f32 {
        INNER_LIPS
            .map(|pair| self.gap(pair))
            .into_iter()
            .fold(0.0, f32::max)
    }

    /// Tip of the nose, and the corners of the mouth.
    pub(super) fn nose_and_mouth(&self) -> [Point; 3] {
        let [left, right] = MOUTH_CORNERS;
        [NOSE, left, right].map(|point| self.points[point])
    }
}

impl Face {
    /// Where the portrait is hung up: between the irises, or between the eyes.
    #[must_use]
    pub fn middle(&self) -> Point {
        let [left, right] = self.irises.unwrap_or(self.eyes);
        left.middle(right)
    }

    /// Distance between the eyes, in pixels.
    #[must_use]
    pub fn eye_distance(&self) -> f32 {
        let [left, right] = self.irises.unwrap_or(self.eyes);
        left.distance(right)
    }

    /// From the eyes to the chin, in pixels: the measure of a head that hair and hats do not change.
    #[must_use]
    pub fn eye_to_chin(&self) -> f32 {
        self.middle().distance(self.chin)
    }

    /// How far the head is tilted clockwise (as seen on the screen), in radians. 0 where the eyes were only estimated.
    #[must_use]
    pub fn roll(&self) -> f32 {
        let [left, right] = self.irises.unwrap_or(self.eyes);
        (right.y - left.y).atan2(right.x - left.x)
    }
}

/// What was seen in a picture.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Look {
    /// The largest first.
    pub faces: Vec<Face>,
    /// Where the person is; may be some frames old in a live picture.
    pub outline: Option<Arc<Outline>>,
    /// How far the first face moved since the last look, as a share of the distance between the eyes.
    pub motion: Option<f32>,
}

/// Finds faces. Loading takes some milliseconds, so one is kept; finding changes its buffers, so each thread has its own.
pub struct Finder {
    eyes: Eyes,
}

enum Eyes {
    /// Boxes alone, from which the eyes are estimated.
    Plain(plain::Finder),
    Models(Box<Watcher>),
}

impl Finder {
    /// A finder that needs no download: it gives boxes, from which the eyes are estimated.
    #[must_use]
    pub fn plain() -> Finder {
        Finder {
            eyes: Eyes::Plain(plain::Finder::new()),
        }
    }

    /// A finder that sees irises, lids, lips, pose and outline.
    #[must_use]
    pub fn with(models: Models) -> Finder {
        Finder {
            eyes: Eyes::Models(Box::new(Watcher::new(models))),
        }
    }

    /// Whether it sees irises, lids and lips, or only where a face is.
    #[must_use]
    pub fn sees_eyes(&self) -> bool {
        matches!(self.eyes, Eyes::Models(_))
    }

    /// Lets go of everything that is left of the pictures it has seen.
    pub fn forget(&mut self) {
        match &mut self.eyes {
            Eyes::Plain(finder) => *finder = plain::Finder::new(),
            Eyes::Models(watcher) => watcher.forget(),
        }
    }

    /// Looks at the next frame of a live picture: follows the face, and draws the outline now and then.
    pub fn watch(&mut self, picture: &Picture) -> Look {
        match &mut self.eyes {
            Eyes::Plain(finder) => plain_look(finder, picture),
            Eyes::Models(watcher) => watcher.watch(picture),
        }
    }

    /// Looks at one picture thoroughly, whatever was seen before.
    pub fn study(&mut self, picture: &Picture) -> Look {
        match &mut self.eyes {
            Eyes::Plain(finder) => plain_look(finder, picture),
            Eyes::Models(watcher) => watcher.study(picture),
        }
    }
}

fn plain_look(finder: &mut plain::Finder, picture: &Picture) -> Look {
    let mut faces = finder.find(picture);
    faces.sort_by(|a, b| b.bounds.area().total_cmp(&a.bounds.area()));
    Look {
        faces,
        ..Look::default()
    }
}

/// Looks with the outline drawn anew: it costs as much as the face, and a head does not change.
const OUTLINE_EVERY: u32 = 5;
/// A mesh whose eyes are further from the detector's, in distances between the eyes, is another thing than was detected.
const AGREE: f32 = 0.3;
/// Below this share of the first face's area a second one is not looked at: nobody minds people further back.
const BEHIND: f32 = 0.15;

/// Detector, mesh and outline, and what was seen last.
struct Watcher {
    models: Models,
    last: Option<Mesh>,
    /// Its pose, smoothed: what the network reads trembles by a degree or two.
    pose: Pose,
    /// Size of the picture it was seen in.
    size: (u32, u32),
    outline: Option<Arc<Outline>>,
    looks: u32,
}

impl Watcher {
    fn new(models: Models) -> Watcher {
        Watcher {
            models,
            last: None,
            pose: Pose::default(),
            size: (0, 0),
            outline: None,
            looks: 0,
        }
    }

    fn forget(&mut self) {
        let Models {
            detector,
            mesh,
            outline,
            ..
        } = &mut self.models;
        for network in [detector, mesh, outline] {
            network.forget();
        }
        (self.last, self.outline, self.looks, self.size) = (None, None, 0, (0, 0));
    }

    fn watch(&mut self, picture: &Picture) -> Look {
        let size = (picture.width(), picture.height());
        if self.size != size {
            (self.last, self.outline, self.looks, self.size) = (None, None, 0, size);
        }
        let detections = self.detect(picture);
        let followed = self.follow(picture, &detections);
        let first = followed.or_else(|| {
            detections
                .iter()
                .find_map(|detection| self.examine(picture, detection))
        });
        let Some(first) = first else {
            (self.last, self.outline, self.looks) = (None, None, 0);
            return Look::default();
        };
        let motion = self.last.as_ref().map(|last| {
            let middle = |mesh: &Mesh| mesh.irises[0].middle(mesh.irises[1]);
            middle(last).distance(middle(&first)) / first.irises[0].distance(first.irises[1])
        });
        if self.looks.is_multiple_of(OUTLINE_EVERY) {
            self.outline = Some(Arc::new(Outline::find(&mut self.models.outline, picture)));
        }
        self.looks += 1;
        let fresh = self.models.canonical.pose(&first);
        self.pose = match &self.last {
            Some(_) => self.pose.between(fresh),
            None => fresh,
        };
        let mut faces = self.others(picture, &first, &detections);
        faces.insert(0, face(&first, self.pose));
        faces.sort_by(|a, b| b.bounds.area().total_cmp(&a.bounds.area()));
        self.last = Some(first);
        Look {
            faces,
            outline: self.outline.clone(),
            motion,
        }
    }

    fn study(&mut self, picture: &Picture) -> Look {
        let detections = self.detect(picture);
        let first = detections.iter().find_map(|detection| {
            let rough = self.examine(picture, detection)?;
            // the mesh knows better than the detector where it wants to look
            let fine = Mesh::find(&mut self.models.mesh, picture, rough.around());
            Some(fine.unwrap_or(rough))
        });
        let Some(first) = first else {
            return Look::default();
        };
        let mut faces = self.others(picture, &first, &detections);
        faces.insert(0, face(&first, self.models.canonical.pose(&first)));
        faces.sort_by(|a, b| b.bounds.area().total_cmp(&a.bounds.area()));
        Look {
            faces,
            outline: Some(Arc::new(Outline::find(&mut self.models.outline, picture))),
            motion: None,
        }
    }

    /// Where faces may be, the largest first: in the middle, else anywhere, else one that fills the picture.
    fn detect(&mut self, picture: &Picture) -> Vec<Detection> {
        let whole = detect::whole(picture);
        let frames = [
            detect::centre(picture),
            whole,
            detect::square(picture, whole.width * 1.5),
        ];
        let mut found = Vec::new();
        for (index, frame) in frames.into_iter().enumerate() {
            if index > 0 && frames[index - 1] == frame {
                continue;
            }
            found = detect::detect(&mut self.models.detector, picture, frame);
            if !found.is_empty() {
                break;
            }
        }
        found.sort_by(|a, b| b.bounds.area().total_cmp(&a.bounds.area()));
        found
    }

    /// The face of the last look, where it is now.
    fn follow(&mut self, picture: &Picture, detections: &[Detection]) -> Option<Mesh> {
        let frame = self.last.as_ref()?.around();
        let mesh = Mesh::find(&mut self.models.mesh, picture, frame)?;
        let seen = detections.is_empty() || detections.iter().any(|at| agree(&mesh, at));
        seen.then_some(mesh)
    }

    /// The points of a detected face; `None` when it is none.
    fn examine(&mut self, picture: &Picture, detection: &Detection) -> Option<Mesh> {
        let mesh = Mesh::find(
            &mut self.models.mesh,
            picture,
            super::mesh::around(detection),
        )?;
        agree(&mesh, detection).then_some(mesh)
    }

    /// Faces beside the first one that are large enough to matter.
    fn others(&mut self, picture: &Picture, first: &Mesh, detections: &[Detection]) -> Vec<Face> {
        let largest = detections.iter().find(|detection| agree(first, detection));
        let Some(largest) = largest.map(|detection| detection.bounds) else {
            return Vec::new();
        };
        let others = detections.iter().filter(|detection| {
            !agree(first, detection) && detection.bounds.area() >= BEHIND * largest.area()
        });
        others
            .filter_map(|detection| {
                let mesh = self.examine(picture, detection)?;
                Some(face(&mesh, self.models.canonical.pose(&mesh)))
            })
            .collect()
    }
}

fn face(mesh: &Mesh, pose: Pose) -> Face {
    Face {
        bounds: mesh.bounds(),
        score: mesh.presence,
        eyes: mesh.eyes(),
        irises: Some(mesh.irises),
        chin: mesh.points[CHIN],
        features: Some(Arc::new(Features {
            points: mesh.points.clone(),
            pose,
        })),
    }
}

/// Whether detector and mesh mean the same face.
fn agree(mesh: &Mesh, detection: &Detection) -> bool {
    let apart = mesh.irises[0].distance(mesh.irises[1]);
    let near = |eye: usize| mesh.eyes()[eye].distance(detection.eyes[eye]) <= AGREE * apart;
    near(0) && near(1)
}

impl std::fmt::Debug for Finder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Finder")
            .field("sees_eyes", &self.sees_eyes())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
