//! Loads the networks and checks that they are exactly the files that this code was written for.
//!
//! The networks are MediaPipe's, under Apache-2.0. `tests/setup/models.sh` fetches them; this repository contains none
//! of them.

use sha2::{Digest, Sha256};

use super::pose::Canonical;

/// The name of a file and its SHA-256 in lower-case hexadecimal. The code depends on the file's numbering of points and
/// outputs.
type File = (&'static str, &'static str);

const DETECTOR: File = (
    "face_detection_short.tflite",
    "3bc182eb9f33925d9e58b5c8d59308a760f4adea8f282370e428c51212c26633",
);
const MESH: File = (
    "attention_mesh.tflite",
    "883b7411747bac657c30c462d305d312e9dec6adbf8b85e2f5d8d722fca9455d",
);
const OUTLINE: File = (
    "selfie_segmentation.tflite",
    "8d13b7fae74af625c641226813616a2117bd6bca19eb3b75574621fc08557f27",
);
const CANONICAL: File = (
    "canonical_face.data",
    "bdbcda96dfcb7da883da124aaa2c55dee49770d934f0fcc71747f8c21bdc75b4",
);

/// The loaded networks.
#[derive(Debug)]
pub struct Models {
    pub(super) detector: tflite::Model,
    pub(super) mesh: tflite::Model,
    pub(super) outline: tflite::Model,
    pub(super) canonical: Canonical,
}

/// Why the networks cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ModelsError {
    /// The file cannot be read.
    #[error("{name} cannot be read: {error}")]
    Unreadable {
        name: &'static str,
        error: std::io::Error,
    },
    /// The file is not the one that this program was made for.
    #[error("{name} is another file than this program was made for; fetch it again")]
    Foreign { name: &'static str },
    /// The file is the right one but cannot be loaded.
    #[error("{name}: {error}")]
    Network {
        name: &'static str,
        error: tflite::Error,
    },
}

impl Models {
    /// Loads the networks. `read` returns the bytes of the file with a name.
    ///
    /// # Errors
    ///
    /// A file cannot be read, or it is not the one that this program was made for.
    pub fn load(
        mut read: impl FnMut(&'static str) -> std::io::Result<Vec<u8>>,
    ) -> Result<Models, ModelsError> {
        let mut bytes = |(name, sum): File| {
            let bytes = read(name).map_err(|error| ModelsError::Unreadable { name, error })?;
            if hex(&Sha256::digest(&bytes)) != sum {
                return Err(ModelsError::Foreign { name });
            }
            Ok(bytes)
        };
        let mut network = |file: File| {
            tflite::Model::load(&bytes(file)?).map_err(|error| ModelsError::Network {
                name: file.0,
                error,
            })
        };
        let (detector, mesh, outline) = (network(DETECTOR)?, network(MESH)?, network(OUTLINE)?);
        let canonical = Canonical::read(&bytes(CANONICAL)?);
        Ok(Models {
            detector,
            mesh,
            outline,
            canonical: canonical.ok_or(ModelsError::Foreign { name: CANONICAL.0 })?,
        })
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
