//! A session with a printer as a file: recorded while it happens, played back to a driver later.
//!
//! Each line is a JSON object: first what was printed on which printer, then each call and its answer. Pixels are not
//! recorded: of a long write there is only its length and a hash, so that a recording shows nobody.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::{DeviceId, LinkError, PortStatus, Transport};
use crate::model::Model;

/// Writes up to this length are kept whole: headers and questions, no plane.
const WHOLE: usize = 1024;

/// The first line of a recording.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Prologue {
    /// Of [`Model`].
    pub model: String,
    /// Unix seconds in the job, so that the same bytes can be made again.
    pub time: u32,
    /// Where the printer was.
    pub place: String,
}

/// One call and its result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    /// Milliseconds since the recording began.
    at: u64,
    #[serde(flatten)]
    call: Call,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "call")]
enum Call {
    /// Bytes that were offered, and how many were taken.
    Write {
        bytes: Data,
        taken: Result<usize, String>,
    },
    Read {
        bytes: Result<Data, String>,
    },
    PortStatus {
        byte: Result<Option<u8>, String>,
    },
    DeviceId {
        text: Result<Option<String>, String>,
    },
    SoftReset {
        done: Result<(), String>,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", untagged)]
enum Data {
    /// As hexadecimal digits.
    Whole {
        hex: String,
    },
    Long {
        length: usize,
        hash: String,
    },
}

impl Data {
    fn of(bytes: &[u8]) -> Self {
        if bytes.len() <= WHOLE {
            let hex = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            return Self::Whole { hex };
        }
        // FNV-1a distinguishes two sessions, which is enough: there is no need to protect it against forgery.
        let hash = bytes.iter().fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3)
        });
        Self::Long {
            length: bytes.len(),
            hash: format!("{hash:016x}"),
        }
    }

    fn bytes(&self) -> Option<Vec<u8>> {
        match self {
            Self::Whole { hex } => (0..hex.len())
                .step_by(2)
                .map(|at| {
                    hex.get(at..at + 2)
                        .and_then(|pair| u8::from_str_radix(pair, 16).ok())
                })
                .collect(),
            Self::Long { .. } => None,
        }
    }
}

/// The name of an error in a recording.
fn name(error: &LinkError) -> String {
    match error {
        LinkError::Timeout => "timeout".to_owned(),
        LinkError::Unplugged => "unplugged".to_owned(),
        LinkError::Stalled => "stalled".to_owned(),
        other => other.to_string(),
    }
}

fn error(name: &str) -> LinkError {
    match name {
        "timeout" => LinkError::Timeout,
        "unplugged" => LinkError::Unplugged,
        "stalled" => LinkError::Stalled,
        other => LinkError::Other(other.to_owned()),
    }
}

/// Records everything that goes over another transport.
#[derive(Debug)]
pub struct Recording<T> {
    link: T,
    file: BufWriter<File>,
    begun: Instant,
}

impl<T: Transport> Recording<T> {
    pub fn new(link: T, path: &Path, model: Model, time: u32) -> std::io::Result<Self> {
        let mut file = BufWriter::new(File::create(path)?);
        let prologue = Prologue {
            model: model.name().to_owned(),
            time,
            place: link.place(),
        };
        writeln!(file, "{}", serde_json::to_string(&prologue)?)?;
        Ok(Self {
            link,
            file,
            begun: Instant::now(),
        })
    }

    fn note(&mut self, call: Call) {
        let line = Line {
            at: self.begun.elapsed().as_millis() as u64,
            call,
        };
        let written = serde_json::to_string(&line)
            .map_err(std::io::Error::from)
            .and_then(|text| {
                writeln!(self.file, "{text}")?;
                self.file.flush()
            });
        if let Err(error) = written {
            // The session goes on, because the card matters more than the recording.
            tracing::warn!(%error, "a line of the recording is lost");
        }
    }
}

impl<T: Transport> Transport for Recording<T> {
    fn write(&mut self, bytes: &[u8], limit: Duration) -> Result<usize, LinkError> {
        let result = self.link.write(bytes, limit);
        self.note(Call::Write {
            bytes: Data::of(bytes),
            taken: result.clone().map_err(|error| name(&error)),
        });
        result
    }

    fn read(&mut self, buffer: &mut [u8], limit: Duration) -> Result<usize, LinkError> {
        let result = self.link.read(buffer, limit);
        let bytes = match &result {
            Ok(count) => Ok(Data::of(&buffer[..*count])),
            Err(error) => Err(name(error)),
        };
        self.note(Call::Read { bytes });
        result
    }

    fn port_status(&mut self) -> Result<Option<PortStatus>, LinkError> {
        let result = self.link.port_status();
        let byte = result
            .clone()
            .map(|status| status.map(|status| status.0))
            .map_err(|error| name(&error));
        self.note(Call::PortStatus { byte });
        result
    }

    fn device_id(&mut self) -> Result<Option<DeviceId>, LinkError> {
        let result = self.link.device_id();
        let text = result
            .clone()
            .map(|id| id.map(|id| id.to_string()))
            .map_err(|error| name(&error));
        self.note(Call::DeviceId { text });
        result
    }

    fn soft_reset(&mut self) -> Result<(), LinkError> {
        let result = self.link.soft_reset();
        self.note(Call::SoftReset {
            done: result.clone().map_err(|error| name(&error)),
        });
        result
    }

    fn place(&self) -> String {
        self.link.place()
    }

    fn serial(&self) -> Option<String> {
        self.link.serial()
    }

    fn chunk(&self) -> usize {
        self.link.chunk()
    }
}

/// Plays a recording back. What the driver writes must be what was written then; how often it asks for the status
/// meanwhile does not matter.
#[derive(Debug)]
pub struct Replay {
    calls: Vec<Call>,
    at: usize,
    status: Option<u8>,
    chunk: usize,
    prologue: Prologue,
}

impl Replay {
    /// Reads a recording.
    ///
    /// # Errors
    /// When a line is not of a recording; the error says which.
    pub fn read(text: &str) -> Result<Self, String> {
        let mut lines = text
            .lines()
            .enumerate()
            .filter(|(_, line)| !line.trim().is_empty());
        let (_, first) = lines.next().ok_or("the recording is empty")?;
        let prologue: Prologue =
            serde_json::from_str(first).map_err(|error| format!("line 1: {error}"))?;
        let calls = lines
            .map(|(number, line)| {
                serde_json::from_str::<Line>(line)
                    .map(|line| line.call)
                    .map_err(|error| format!("line {}: {error}", number + 1))
            })
            .collect::<Result<Vec<_>, _>>()?;
        // The size of a transfer belongs to the bytes that are compared.
        let longest = calls.iter().filter_map(|call| match call {
            Call::Write {
                bytes: Data::Long { length, .. },
                ..
            } => Some(*length),
            _ => None,
        });
        let chunk = longest.max().unwrap_or(8192);
        Ok(Self {
            calls,
            at: 0,
            status: None,
            chunk,
            prologue,
        })
    }

    pub fn prologue(&self) -> &Prologue {
        &self.prologue
    }

    /// The next call that `wanted` takes, before any that something depends on.
    fn next<R>(&mut self, wanted: impl Fn(&Call) -> Option<R>) -> Option<R> {
        for (offset, call) in self.calls[self.at..].iter().enumerate() {
            if let Some(result) = wanted(call) {
                self.at += offset + 1;
                return Some(result);
            }
            let passed_over = matches!(
                call,
                Call::PortStatus { .. } | Call::Read { bytes: Err(_) } | Call::DeviceId { .. }
            );
            if !passed_over {
                return None;
            }
        }
        None
    }
}

impl Transport for Replay {
    fn write(&mut self, bytes: &[u8], _limit: Duration) -> Result<usize, LinkError> {
        let found = self.next(|call| match call {
            Call::Write { bytes, taken } => Some((bytes.clone(), taken.clone())),
            _ => None,
        });
        let line = self.at + 1;
        match found {
            Some((data, taken)) if data == Data::of(bytes) => taken.map_err(|name| error(&name)),
            Some((data, _)) => {
                let sent = Data::of(bytes);
                Err(LinkError::Other(format!(
                    "line {line} of the recording has {data:?} where the driver sends {sent:?}"
                )))
            }
            None => Err(LinkError::Other(format!(
                "the driver sends {} bytes where the recording has none (line {line})",
                bytes.len()
            ))),
        }
    }

    fn read(&mut self, buffer: &mut [u8], _limit: Duration) -> Result<usize, LinkError> {
        let found = self.next(|call| match call {
            Call::Read { bytes: Ok(data) } => data.bytes(),
            _ => None,
        });
        match found {
            Some(bytes) if bytes.len() <= buffer.len() => {
                buffer[..bytes.len()].copy_from_slice(&bytes);
                Ok(bytes.len())
            }
            Some(_) => Err(LinkError::Other(
                "the recording's answer is longer than the driver reads".to_owned(),
            )),
            None => Err(LinkError::Timeout),
        }
    }

    fn port_status(&mut self) -> Result<Option<PortStatus>, LinkError> {
        let found = match self.calls.get(self.at) {
            Some(Call::PortStatus { byte }) => {
                let byte = byte.clone();
                self.at += 1;
                Some(byte)
            }
            _ => self.next(|call| match call {
                Call::PortStatus { byte } => Some(byte.clone()),
                _ => None,
            }),
        };
        match found {
            Some(Ok(byte)) => {
                self.status = byte;
                Ok(byte.map(PortStatus))
            }
            Some(Err(name)) => Err(error(&name)),
            // Nothing changed in the recording, so the status is the one before.
            None => Ok(self.status.map(PortStatus)),
        }
    }

    fn device_id(&mut self) -> Result<Option<DeviceId>, LinkError> {
        let found = self.next(|call| match call {
            Call::DeviceId { text } => Some(text.clone()),
            _ => None,
        });
        match found {
            Some(Ok(text)) => Ok(text.as_deref().map(DeviceId::parse)),
            Some(Err(name)) => Err(error(&name)),
            None => Ok(None),
        }
    }

    fn soft_reset(&mut self) -> Result<(), LinkError> {
        let found = self.next(|call| match call {
            Call::SoftReset { done } => Some(done.clone()),
            _ => None,
        });
        match found {
            Some(done) => done.map_err(|name| error(&name)),
            None => Err(LinkError::Other(
                "the driver resets where the recording does not".to_owned(),
            )),
        }
    }

    fn place(&self) -> String {
        format!("replay of {}", self.prologue.place)
    }

    fn chunk(&self) -> usize {
        self.chunk
    }
}

#[cfg(test)]
mod tests;
