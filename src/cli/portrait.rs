//! `fotoautomat portrait`: judges photographs as the booth would, and cuts portraits out of them.

use std::{
    fs,
    path::{Path, PathBuf},
};

use clap::{Args, Subcommand};
use serde::Serialize;

use super::{Answer, Error};
use crate::{booth, config::Config};
use portrait::{Crop, Finder, Finding, Level, Point, Rules, assess};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Judge photographs as the booth would. Exit code 1 if one cannot be read or does not pass.
    Check(Check),
}

#[derive(Debug, Args)]
pub struct Check {
    /// PNG or JPEG. They are turned upright by their Exif data, which are then dropped.
    #[arg(required = true, value_name = "IMAGE")]
    images: Vec<PathBuf>,
    /// Print one JSON object a line for each image: file, irises, crop and findings.
    #[arg(long)]
    json: bool,
    /// Write the portraits to this folder, each as NAME.jpg.
    #[arg(long, value_name = "DIR")]
    crop: Option<PathBuf>,
}

/// The report on one image.
#[derive(Debug, Serialize)]
struct Report<'a> {
    file: String,
    /// The centres in pixels of the upright image, first the one further left. `None` without a face or without models.
    irises: Option<[Point; 2]>,
    crop: Option<Crop>,
    findings: &'a [Finding],
}

pub fn run(command: &Command, config: &Config) -> Result<Answer, Error> {
    match command {
        Command::Check(check) => check.run(config),
    }
}

impl Check {
    fn run(&self, config: &Config) -> Result<Answer, Error> {
        let settings = config.portrait();
        let (mut finder, without) = booth::finder(settings.models.as_deref().map(Path::new));
        if let Some(why) = without {
            eprintln!(
                "fotoautomat: {why}. Eyes and pose are not judged; run tests/setup/models.sh"
            );
        }
        let rules = Rules {
            closed_mouth: settings.closed_mouth,
            ..Rules::default()
        };
        if let Some(folder) = &self.crop {
            fs::create_dir_all(folder).map_err(|error| {
                let folder = folder.display();
                Error::failed(format!("the folder {folder} cannot be made: {error}"))
            })?;
        }
        let mut answer = Answer::Yes;
        for image in &self.images {
            match self.check(image, &mut finder, &rules, settings.max_bytes as usize) {
                Ok(true) => {}
                Ok(false) => answer = Answer::No,
                Err(sentence) => {
                    eprintln!("fotoautomat: {sentence}");
                    answer = Answer::No;
                }
            }
        }
        Ok(answer)
    }

    /// Whether the image passes. The error says in one sentence why it cannot be judged.
    fn check(
        &self,
        file: &Path,
        finder: &mut Finder,
        rules: &Rules,
        limit: usize,
    ) -> Result<bool, String> {
        let picture = booth::read_picture(file).map_err(|error| error.to_string())?;
        let look = finder.study(&picture);
        let assessment = assess(&picture, &look, rules);
        let report = Report {
            file: file.display().to_string(),
            irises: assessment.face.as_ref().and_then(|face| face.irises),
            crop: assessment.crop,
            findings: &assessment.findings,
        };
        if self.json {
            let line = serde_json::to_string(&report);
            println!("{}", line.expect("numbers and names are JSON"));
        } else {
            report.print();
        }
        if let (Some(folder), Some(crop)) = (&self.crop, &assessment.crop) {
            let cut = portrait::cut(&picture, crop, &rules.layout);
            let jpeg = portrait::jpeg(&cut, limit).map_err(|error| error.to_string())?;
            let name = file.file_stem().unwrap_or_default();
            let path = folder.join(name).with_extension("jpg");
            let wrote = fs::write(&path, &*jpeg);
            wrote.map_err(|error| format!("{} cannot be written: {error}", path.display()))?;
        }
        let stands = |finding: &Finding| !finding.ok && finding.level == Level::Block;
        Ok(!assessment.findings.iter().any(stands))
    }
}

impl Report<'_> {
    fn print(&self) {
        println!("{}", self.file);
        if let Some([left, right]) = self.irises {
            println!(
                "  irises     {:.1} {:.1}   {:.1} {:.1}",
                left.x, left.y, right.x, right.y
            );
        }
        if let Some(crop) = &self.crop {
            println!(
                "  crop       {:.0}x{:.0} around {:.1} {:.1}, turned by {:.1} degrees",
                crop.width,
                crop.height,
                crop.centre.x,
                crop.centre.y,
                crop.roll.to_degrees()
            );
        }
        for finding in self.findings {
            let hint = finding.hint.map_or("", portrait::Hint::key);
            println!(
                "  {:<4} {:<14} raw {:>9.4}  score {:>5.1}  {}",
                if finding.ok { "ok" } else { "NOT" },
                finding.check.name(),
                finding.raw,
                finding.score,
                hint
            );
        }
    }
}
