use common::Problems;
use schemars::JsonSchema;
use serde::Deserialize;

/// `[portrait]`: how the portrait is judged and kept.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Folder of the face models. Left out: `models` beside the program or in `../share/fotoautomat`, then
    /// `assets/fetched/models` of the folders above it.
    pub models: Option<String>,
    /// The largest JPEG of a portrait, in bytes; its quality is chosen to stay below.
    pub max_bytes: u32,
    /// Ask for a closed mouth; a smile is welcome otherwise.
    pub closed_mouth: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            models: None,
            // A JPEG of 600x800 is well below this at a quality that shows no blocks.
            max_bytes: 200_000,
            closed_mouth: false,
        }
    }
}

/// Below this range a face shows blocks, and no server accepts more than its end.
const PORTRAIT_BYTES: std::ops::RangeInclusive<u32> = 20_000..=5_000_000;

impl Settings {
    /// Notes values that cannot be right.
    pub fn check(&self, problems: &mut Problems) {
        if !PORTRAIT_BYTES.contains(&self.max_bytes) {
            let remedy = "Write a number of bytes from 20000 to 5000000, for example 200000.";
            problems.at("portrait.max_bytes", "is no size for a portrait", remedy);
        }
    }
}
