//! Faces in a picture, and the finder that looks for them.

use std::sync::Arc;

use super::detect::{self, Detection};
use super::geometry::{Bounds, Point};
use super::mesh::{CHIN, INNER_LIPS, LIDS, MOUTH_CORNERS, Mesh, NOSE};
use super::models::Models;
use super::outline::Outline;
use super::plain;
use super::pose::Pose;
use common::order::Picture;

/// A face, in pixels of the picture in which it was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Face {
    pub bounds: Bounds,
    /// The finder's confidence. It can be compared only between faces of the same finder.
    pub score: f32,
    /// The middle of each eye, the left one in the picture first. It is estimated from the box when `irises` is `None`.
    pub eyes: [Point; 2],
    /// The centres of the irises, if a model has found them.
    pub irises: Option<[Point; 2]>,
    pub chin: Point,
    /// The details that only the models see.
    pub features: Option<Arc<Features>>,
}

/// The details of a face, in pixels of its picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Features {
    /// The 468 points of MediaPipe's face mesh, with its numbering.
    pub points: Vec<Point>,
    pub pose: Pose,
}

impl Features {
    fn gap(&self, [upper, lower]: [usize; 2]) -> f32 {
        self.points[upper].distance(self.points[lower])
    }

    /// Returns the opening of the more closed eye, in pixels.
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

    /// Returns the distance between the lips, in pixels.
    #[must_use]
    pub fn lips(&self) -> f32 {
        INNER_LIPS
            .map(|pair| self.gap(pair))
            .into_iter()
            .fold(0.0, f32::max)
    }

    /// Returns the tip of the nose and the corners of the mouth.
    pub(super) fn nose_and_mouth(&self) -> [Point; 3] {
        let [left, right] = MOUTH_CORNERS;
        [NOSE, left, right].map(|point| self.points[point])
    }
}

impl Face {
    /// Returns the point from which the portrait is positioned: between the irises or, without them, between the eyes.
    #[must_use]
    pub fn middle(&self) -> Point {
        let [left, right] = self.irises.unwrap_or(self.eyes);
        left.middle(right)
    }

    /// Returns the distance between the eyes, in pixels.
    #[must_use]
    pub fn eye_distance(&self) -> f32 {
        let [left, right] = self.irises.unwrap_or(self.eyes);
        left.distance(right)
    }

    /// Returns the distance from the eyes to the chin, in pixels. It measures the head independently of hair and hats.
    #[must_use]
    pub fn eye_to_chin(&self) -> f32 {
        self.middle().distance(self.chin)
    }

    /// Returns the clockwise tilt of the head (as seen on the screen), in radians. It is 0 when the eyes were only
    /// estimated.
    #[must_use]
    pub fn roll(&self) -> f32 {
        let [left, right] = self.irises.unwrap_or(self.eyes);
        (right.y - left.y).atan2(right.x - left.x)
    }
}

/// What a finder saw in a picture.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Look {
    /// The faces, the largest first.
    pub faces: Vec<Face>,
    /// The outline of the person. In a live picture it may be some frames old.
    pub outline: Option<Arc<Outline>>,
    /// The movement of the first face since the last look, relative to the distance between the eyes.
    pub motion: Option<f32>,
}

/// Finds faces. Loading one takes some milliseconds, so keep it. A search changes its buffers, so each thread needs its
/// own.
pub struct Finder {
    eyes: Eyes,
}

enum Eyes {
    /// A finder that returns only boxes, from which the eyes are estimated.
    Plain(plain::Finder),
    Models(Box<Watcher>),
}

impl Finder {
    /// Creates a finder that needs no download. It finds boxes, from which the eyes are estimated.
    #[must_use]
    pub fn plain() -> Finder {
        Finder {
            eyes: Eyes::Plain(plain::Finder::new()),
        }
    }

    /// Creates a finder that sees irises, lids, lips, pose and outline.
    #[must_use]
    pub fn with(models: Models) -> Finder {
        Finder {
            eyes: Eyes::Models(Box::new(Watcher::new(models))),
        }
    }

    /// Whether the finder sees irises, lids and lips, and not only where a face is.
    #[must_use]
    pub fn sees_eyes(&self) -> bool {
        matches!(self.eyes, Eyes::Models(_))
    }

    /// Clears everything that is left of earlier pictures.
    pub fn forget(&mut self) {
        match &mut self.eyes {
            Eyes::Plain(finder) => *finder = plain::Finder::new(),
            Eyes::Models(watcher) => watcher.forget(),
        }
    }

    /// Looks at the next frame of a live picture. It tracks the face and updates the outline at intervals.
    pub fn watch(&mut self, picture: &Picture) -> Look {
        match &mut self.eyes {
            Eyes::Plain(finder) => plain_look(finder, picture),
            Eyes::Models(watcher) => watcher.watch(picture),
        }
    }

    /// Looks at one picture with every model, independently of earlier ones.
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

/// How many looks use the same outline. It costs as much as the face, and the shape of a head does not change.
const OUTLINE_EVERY: u32 = 5;
/// The largest accepted distance between the eyes of the mesh and those of the detector, in distances between the eyes.
/// Beyond it the mesh has found something else.
const AGREE: f32 = 0.3;
/// The smallest area of a second face relative to the first one. A smaller face belongs to a person further back, who
/// does not matter.
const BEHIND: f32 = 0.15;

/// Detector, mesh and outline, and the results of the last look.
struct Watcher {
    models: Models,
    last: Option<Mesh>,
    /// The smoothed pose. The network's values vary by a degree or two.
    pose: Pose,
    /// The size of the picture in which the face was found.
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
            // The mesh gives a better frame for its own second pass than the detector.
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

    /// Returns the detected faces, the largest first. It searches the middle of the picture, then the whole picture,
    /// then for one that fills the picture.
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

    /// Finds the face of the last look again.
    fn follow(&mut self, picture: &Picture, detections: &[Detection]) -> Option<Mesh> {
        let frame = self.last.as_ref()?.around();
        let mesh = Mesh::find(&mut self.models.mesh, picture, frame)?;
        let seen = detections.is_empty() || detections.iter().any(|at| agree(&mesh, at));
        seen.then_some(mesh)
    }

    /// Returns the points of a detected face, or `None` if it is not a face.
    fn examine(&mut self, picture: &Picture, detection: &Detection) -> Option<Mesh> {
        let mesh = Mesh::find(
            &mut self.models.mesh,
            picture,
            super::mesh::around(detection),
        )?;
        agree(&mesh, detection).then_some(mesh)
    }

    /// Returns the other faces that are large enough to matter.
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

/// Whether the detector and the mesh found the same face.
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
