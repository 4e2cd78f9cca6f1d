//! A file in place of a printer: the bytes of each job go there. For looking at jobs, and for sites that print by other means.

use std::path::PathBuf;

use crate::card::PrintJob;
use crate::codec::encode;
use crate::driver::{Driver, Finder, Identity, Report, Watch};
use crate::fault::Fault;
use crate::model::Model;
use crate::status::{Evidence, PrintStep, Stage};
use crate::transport::LinkError;

pub(crate) struct FileFinder {
    pub(crate) path: PathBuf,
    pub(crate) model: Model,
}

impl Finder for FileFinder {
    fn find(&mut self) -> Result<Box<dyn Driver>, LinkError> {
        Ok(Box::new(FileDriver {
            path: self.path.clone(),
            model: self.model,
        }))
    }

    fn place(&self) -> String {
        format!("file:{}", self.path.display())
    }
}

struct FileDriver {
    path: PathBuf,
    model: Model,
}

impl Driver for FileDriver {
    fn greet(&mut self) -> Result<Identity, LinkError> {
        Ok(Identity {
            model: Some(self.model),
            raster: Some(self.model.raster()),
            ..Identity::default()
        })
    }

    fn look(&mut self, _deep: bool) -> Result<Report, LinkError> {
        Ok(Report::default())
    }

    fn print(&mut self, job: &PrintJob, watch: &mut dyn Watch) -> Evidence {
        let failed = |text: String| Evidence {
            fault: Some(Fault::Other {
                code: "file".to_owned(),
                text: text.clone(),
            }),
            remark: Some(text),
            ..Evidence::default()
        };
        let bytes = match encode(self.model, job) {
            Ok(bytes) => zeroize::Zeroizing::new(bytes),
            Err(error) => return failed(error.to_string()),
        };
        let total = bytes.len() as u64;
        watch.step(PrintStep {
            stage: Stage::Preparing,
            done: 0,
            of: total,
        });
        if let Err(error) = std::fs::write(&self.path, &*bytes) {
            return failed(format!(
                "{} cannot be written: {error}",
                self.path.display()
            ));
        }
        // Nothing in this evidence can be taken for a printed card.
        let remark = Some("the job was written to a file; no printer has seen it".to_owned());
        Evidence {
            bytes_total: total,
            bytes_sent: total,
            plane_byte_accepted: true,
            remark,
            ..Evidence::default()
        }
    }

    fn place(&self) -> String {
        format!("file:{}", self.path.display())
    }
}
