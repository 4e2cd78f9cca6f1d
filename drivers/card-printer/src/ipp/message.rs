//! The requests to a spooler and its answers: IPP messages (RFC 8010, RFC 8011). The only file that names the `ipp` crate.

use std::io::Cursor;

use ::ipp::attribute::IppAttribute;
use ::ipp::model::{DelimiterTag, IppVersion, Operation};
use ::ipp::parser::IppParser;
use ::ipp::prelude::Uri;
use ::ipp::request::IppRequestResponse;
use ::ipp::value::IppValue;

/// The longest answer that is read. CUPS' own about a queue, with everything in it, is 20 kB.
pub const MAX_ANSWER: usize = 256 << 10;
/// How deep collections may be nested; the deepest of RFC 8011 and PWG 5100 is four.
const MAX_DEPTH: usize = 8;

/// One value of an attribute, as far as this driver uses it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    Number(i32),
    Flag(bool),
    Text(String),
    /// There is none, for example the time at which a job began that never did.
    Nothing,
}

/// Attributes that belong together: of the answer, of the printer, of one job.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Group {
    attributes: Vec<(String, Vec<Value>)>,
}

impl Group {
    fn values(&self, name: &str) -> &[Value] {
        let found = self.attributes.iter().find(|(known, _)| known == name);
        found.map_or(&[], |(_, values)| values)
    }

    pub fn number(&self, name: &str) -> Option<i32> {
        self.values(name).iter().find_map(|value| match value {
            Value::Number(number) => Some(*number),
            _ => None,
        })
    }

    pub fn flag(&self, name: &str) -> Option<bool> {
        self.values(name).iter().find_map(|value| match value {
            Value::Flag(flag) => Some(*flag),
            _ => None,
        })
    }

    pub fn text(&self, name: &str) -> Option<&str> {
        self.texts(name).next()
    }

    pub fn texts<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        self.values(name).iter().filter_map(|value| match value {
            Value::Text(text) => Some(text.as_str()),
            _ => None,
        })
    }
}

/// An answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    /// RFC 8011, appendix B: a number up to 00FF is a success.
    pub status: u16,
    pub operation: Group,
    pub printer: Group,
    pub jobs: Vec<Group>,
}

impl Answer {
    /// Reads an answer; the error says what is wrong with it.
    ///
    /// # Errors
    /// When the bytes are no answer; the text says why.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        if bytes.len() > MAX_ANSWER {
            return Err(format!(
                "an answer of {} bytes is longer than any",
                bytes.len()
            ));
        }
        check_shape(bytes)?;
        let parsed = IppParser::new(Cursor::new(bytes.to_vec()))
            .parse()
            .map_err(|error| error.to_string())?;
        let mut answer = Self {
            status: parsed.header().operation_or_status as u16,
            ..Self::default()
        };
        for group in parsed.attributes().groups() {
            let read = Group {
                attributes: group
                    .attributes()
                    .iter()
                    .map(|attribute| {
                        let values = attribute.value().into_iter().map(value).collect();
                        (attribute.name().to_string(), values)
                    })
                    .collect(),
            };
            match group.tag() {
                DelimiterTag::OperationAttributes => answer.operation = read,
                DelimiterTag::PrinterAttributes => answer.printer = read,
                DelimiterTag::JobAttributes => answer.jobs.push(read),
                _ => {}
            }
        }
        Ok(answer)
    }

    pub fn is_good(&self) -> bool {
        self.status <= 0x00FF
    }

    /// The spooler's own words, for a log.
    pub fn message(&self) -> &str {
        self.operation
            .text("status-message")
            .unwrap_or("no reason is given")
    }

    /// The only job of the answer.
    pub fn job(&self) -> Group {
        self.jobs.first().cloned().unwrap_or_default()
    }
}

fn value(value: &IppValue) -> Value {
    match value {
        IppValue::Integer(number) | IppValue::Enum(number) => Value::Number(*number),
        IppValue::Boolean(flag) => Value::Flag(*flag),
        IppValue::NoValue => Value::Nothing,
        IppValue::TextWithLanguage { text, .. } => Value::Text(text.to_string()),
        IppValue::NameWithLanguage { name, .. } => Value::Text(name.to_string()),
        IppValue::TextWithoutLanguage(text) => Value::Text(text.to_string()),
        IppValue::NameWithoutLanguage(name) => Value::Text(name.to_string()),
        IppValue::Keyword(word) => Value::Text(word.to_string()),
        IppValue::Uri(uri) => Value::Text(uri.to_string()),
        IppValue::MimeMediaType(kind) => Value::Text(kind.to_string()),
        _ => Value::Nothing,
    }
}

/// Refuses what the parser of the `ipp` crate cannot read (8.0, found by fuzzing): collections that are nested deeper than any
/// real ones, which overflow the stack when the tree is dropped, and texts with a language that are shorter than their length
/// says, on which it panics.
fn check_shape(bytes: &[u8]) -> Result<(), String> {
    const BEGIN: u8 = 0x34;
    const END: u8 = 0x37;
    const TEXT_WITH_LANGUAGE: u8 = 0x35;
    const NAME_WITH_LANGUAGE: u8 = 0x36;
    let mut rest = bytes.get(8..).unwrap_or_default();
    let mut depth = 0_usize;
    while let Some((tag, after)) = rest.split_first() {
        match *tag {
            // The end of the attributes.
            0x03 => return Ok(()),
            // A group begins.
            0x00..=0x0F => {
                rest = after;
                continue;
            }
            BEGIN => depth += 1,
            END => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_DEPTH {
            return Err(format!(
                "collections lie more than {MAX_DEPTH} deep in each other"
            ));
        }
        // A name and a value. The parser itself refuses what is cut.
        let Some((_, after)) = counted(after) else {
            return Ok(());
        };
        let Some((value, after)) = counted(after) else {
            return Ok(());
        };
        let with_language = matches!(*tag, TEXT_WITH_LANGUAGE | NAME_WITH_LANGUAGE);
        if with_language && counted(value).and_then(|(_, text)| counted(text)).is_none() {
            return Err("a text with a language is shorter than it says".to_owned());
        }
        rest = after;
    }
    Ok(())
}

/// Bytes with their length before them, and what comes after; `None` when they are cut.
fn counted(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<2>()?;
    rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))
}

/// Makes the requests of one account to one queue.
#[derive(Debug, Clone)]
pub struct Asker {
    /// `ipp://localhost/printers/card`
    pub queue: String,
    pub user: String,
}

/// What a job carries beside its pages.
#[derive(Debug, Clone, Copy)]
pub struct JobSheet<'a> {
    pub name: &'a str,
    /// The size of a card in the words of the queue; `None` = as the queue is set up.
    pub media: Option<&'a str>,
    pub two_sided: bool,
}

impl Asker {
    fn request(&self, operation: Operation) -> Built {
        let queue: Option<Uri> = self.queue.parse().ok();
        let request = IppRequestResponse::new(IppVersion::v1_1(), operation, queue)
            .expect("a queue's address was checked when it was read");
        Built(request).operation(
            "requesting-user-name",
            IppValue::new_name_without_language(self.user.chars().take(60).collect::<String>()),
        )
    }

    /// Asks for the state of the queue and its printer.
    pub fn printer(&self) -> Vec<u8> {
        self.request(Operation::GetPrinterAttributes)
            .wanted(&[
                "printer-state",
                "printer-state-reasons",
                "printer-state-message",
                "printer-is-accepting-jobs",
                "printer-make-and-model",
                "printer-error-policy",
                "document-format-supported",
                "queued-job-count",
            ])
            .bytes()
    }

    /// The jobs of this user that have not ended.
    pub fn open_jobs(&self) -> Vec<u8> {
        self.request(Operation::GetJobs)
            .operation("which-jobs", IppValue::new_keyword("not-completed"))
            .operation("my-jobs", Ok(IppValue::new_boolean(true)))
            .operation("limit", Ok(IppValue::new_integer(100)))
            .wanted(&["job-id", "job-name", "job-state", "time-at-processing"])
            .bytes()
    }

    pub fn create_job(&self, sheet: JobSheet<'_>) -> Vec<u8> {
        let sides = if sheet.two_sided {
            "two-sided-long-edge"
        } else {
            "one-sided"
        };
        let mut request = self
            .request(Operation::CreateJob)
            .operation(
                "job-name",
                IppValue::new_name_without_language(sheet.name.to_owned()),
            )
            .job("copies", Ok(IppValue::new_integer(1)))
            // A cover sheet would be a card.
            .job("job-sheets", IppValue::new_name_without_language("none"))
            .job("sides", IppValue::new_keyword(sides))
            // Every dot of the picture is one of the card.
            .job("print-scaling", IppValue::new_keyword("none"));
        if let Some(media) = sheet.media {
            request = request.job("media", IppValue::new_keyword(media.to_owned()));
        }
        request.bytes()
    }

    /// The message before the pages of a job.
    pub fn send_document(&self, job: i32) -> Vec<u8> {
        self.of_job(Operation::SendDocument, job)
            .operation(
                "document-format",
                IppValue::new_mime_media_type("application/pdf"),
            )
            .operation("last-document", Ok(IppValue::new_boolean(true)))
            .bytes()
    }

    pub fn job(&self, job: i32) -> Vec<u8> {
        self.of_job(Operation::GetJobAttributes, job)
            .wanted(&[
                "job-state",
                "job-state-reasons",
                "job-printer-state-message",
                "time-at-processing",
            ])
            .bytes()
    }

    pub fn cancel_job(&self, job: i32) -> Vec<u8> {
        self.of_job(Operation::CancelJob, job).bytes()
    }

    fn of_job(&self, operation: Operation, job: i32) -> Built {
        self.request(operation)
            .operation("job-id", Ok(IppValue::new_integer(job)))
    }
}

/// A request that is being made.
struct Built(IppRequestResponse);

type Made = Result<IppValue, ::ipp::parser::IppParseError>;

impl Built {
    fn add(mut self, tag: DelimiterTag, name: &str, value: Made) -> Self {
        let value = value.expect("values are shorter than any limit of IPP");
        let attribute = IppAttribute::with_name(name, value).expect("names are short and fixed");
        self.0.attributes_mut().add(tag, attribute);
        self
    }

    fn operation(self, name: &str, value: Made) -> Self {
        self.add(DelimiterTag::OperationAttributes, name, value)
    }

    fn job(self, name: &str, value: Made) -> Self {
        self.add(DelimiterTag::JobAttributes, name, value)
    }

    fn wanted(self, names: &[&str]) -> Self {
        let names = names.iter().map(|name| {
            IppValue::new_keyword((*name).to_owned()).expect("names are short and fixed")
        });
        let names = IppValue::Array(names.collect());
        self.operation("requested-attributes", Ok(names))
    }

    fn bytes(self) -> Vec<u8> {
        self.0.to_bytes().to_vec()
    }
}
