//! `fotoautomat verify`: checks by its code whether a card is valid.

use std::{
    fs,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use jiff::{Timestamp, tz::TimeZone};

use crate::{
    cli::{Answer, Error},
    config::Config,
};
use card::{Credential, PublicKeys, Revocations, Signer, TEST_KEY, Verdict, Verifier};

/// Check a card's code: signature, last day and the list of revoked cards. Prints valid, expired, revoked, forged or
/// not ours; exit code 0 only for valid.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The text of the code, a picture (PNG or JPEG) of it, or - for either on standard input.
    #[arg(value_name = "TEXT|IMAGE|-")]
    what: String,
    /// The site's public keys, a JWKS; the configuration's when left out.
    #[arg(long, value_name = "FILE")]
    keys: Option<PathBuf>,
    /// The signed list of revoked cards, at most 24 hours old.
    #[arg(long, value_name = "FILE")]
    revocations: Option<PathBuf>,
    /// Fetch the list from here first and keep it in the file of --revocations; without a network that file is used.
    #[arg(long, value_name = "URL", requires = "revocations")]
    refresh: Option<String>,
    /// Judge as if it were this time.
    #[arg(long, value_name = "TIME", default_value_t = Timestamp::now())]
    at: Timestamp,
    /// Accept cards that were made in test mode.
    #[arg(long)]
    pub test_mode: bool,
}

/// The size limit of a picture in bytes.
const LARGEST: u64 = 64 << 20;

pub async fn run(args: &Args, config: &Config) -> Result<Answer, Error> {
    let verifier = verifier(args, config).await?;
    let texts = texts(&args.what)?;
    let verdicts = texts.iter().map(|text| verifier.verify(text, args.at));
    // A picture may show other codes beside that of the card.
    let verdict = verdicts.reduce(|first, next| match first {
        Verdict::NotOurs(_) => next,
        first => first,
    });
    let Some(verdict) = verdict else {
        println!("no code found in the picture");
        return Ok(Answer::No);
    };
    println!("{}", told(&verdict, config, verifier.revocations.is_some()));
    Ok(match verdict {
        Verdict::Valid(_) => Answer::Yes,
        _ => Answer::No,
    })
}

async fn verifier(args: &Args, config: &Config) -> Result<Verifier, Error> {
    let settings = config
        .card()
        .ok_or_else(|| Error::failed("the configuration has no section [card]"))?;
    let listed = settings.code.public_keys.as_ref();
    let file = args
        .keys
        .clone()
        .or(listed.map(|file| config.site.join(file)));
    let mut keys = match file {
        Some(file) => PublicKeys::read(&file).map_err(|wrong| at(&file, wrong))?,
        None => PublicKeys::default(),
    };
    if args.test_mode {
        keys.0.insert(TEST_KEY, Signer::test().public());
    }
    let revocations = match &args.revocations {
        None => None,
        Some(file) => {
            if let Some(url) = &args.refresh {
                refresh(url, file, &keys, args.at).await;
            }
            let text = String::from_utf8(read(file)?).map_err(|_| at(file, "is no text"))?;
            let list = Revocations::read(&text, &keys, args.at).map_err(|wrong| at(file, wrong))?;
            Some(list)
        }
    };
    Ok(Verifier {
        host: settings.code.host.clone(),
        keys,
        revocations,
        zone: TimeZone::system(),
        test: args.test_mode,
    })
}

/// Fetches a new list and keeps it if it is valid. Without a network the old list is used; its age is checked when it
/// is read.
async fn refresh(url: &str, file: &Path, keys: &PublicKeys, now: Timestamp) {
    if let Err(error) = fetch(url, file, keys, now).await {
        eprintln!("fotoautomat: no new list of revoked cards ({error}); the old one is used");
    }
}

async fn fetch(url: &str, file: &Path, keys: &PublicKeys, now: Timestamp) -> Result<(), Error> {
    let client = web::client(&web::Options::default()).map_err(Error::failed)?;
    let answer = client.get(url).send().await;
    let answer = answer.and_then(|answer| answer.error_for_status());
    let limit = usize::try_from(LARGEST).unwrap_or(usize::MAX);
    let list = web::body(answer.map_err(Error::failed)?, limit)
        .await
        .map_err(Error::failed)?;
    let text = String::from_utf8_lossy(&list);
    Revocations::read(&text, keys, now).map_err(Error::failed)?;
    let fresh = file.with_extension("new");
    fs::write(&fresh, &list)
        .and_then(|()| fs::rename(&fresh, file))
        .map_err(|error| at(file, error))
}

/// The texts to check: the one that was given, or those of all codes in a picture.
fn texts(what: &str) -> Result<Vec<String>, Error> {
    let bytes = match what {
        "-" => {
            let mut bytes = Vec::new();
            io::stdin()
                .take(LARGEST)
                .read_to_end(&mut bytes)
                .map_err(Error::failed)?;
            bytes
        }
        file if Path::new(file).is_file() => read(Path::new(file))?,
        text => return Ok(vec![text.to_owned()]),
    };
    let guessed = image::guess_format(&bytes);
    if !matches!(
        guessed,
        Ok(image::ImageFormat::Png | image::ImageFormat::Jpeg)
    ) {
        let text = String::from_utf8(bytes)
            .map_err(|_| Error::failed(format!("{what} is neither text nor a PNG or JPEG")))?;
        return Ok(text
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .map(str::to_owned)
            .collect());
    }
    let mut reader = image::ImageReader::new(io::Cursor::new(bytes))
        .with_guessed_format()
        .map_err(Error::failed)?;
    reader.limits(super::render::limits());
    let picture = reader
        .decode()
        .map_err(|error| at(Path::new(what), error))?;
    let luma = picture.into_luma8();
    Ok(card::read_code_luma(
        luma.width(),
        luma.height(),
        luma.as_raw(),
    ))
}

/// The verdict as one line that begins with its word, for scripts.
fn told(verdict: &Verdict, config: &Config, checked: bool) -> String {
    let about = |credential: &Credential| {
        let kinds = config.card().into_iter().flat_map(|card| &card.kinds);
        let kind = kinds
            .filter(|(_, kind)| kind.code == Some(credential.kind))
            .map(|(name, _)| name.clone())
            .next()
            .unwrap_or_else(|| format!("kind {}", credential.kind));
        let Credential {
            key,
            serial,
            valid_through,
            issue,
            ..
        } = credential;
        format!("{kind}, valid through {valid_through}, card {issue}, serial {serial}, key {key}")
    };
    match verdict {
        Verdict::Valid(credential) if checked => format!("valid: {}", about(credential)),
        Verdict::Valid(credential) => {
            format!(
                "valid: {} (not checked whether it is revoked)",
                about(credential)
            )
        }
        Verdict::Expired(credential) => format!("expired: {}", about(credential)),
        Verdict::Revoked(credential) => format!("revoked: {}", about(credential)),
        Verdict::Forged => "forged: not signed by a key of this site".to_owned(),
        Verdict::NotOurs(why) => format!("not ours: {why}"),
        Verdict::Opaque(serial) => {
            format!(
                "unknown: serial {serial}; nothing is signed in this code, only the portal can tell"
            )
        }
    }
}

fn read(file: &Path) -> Result<Vec<u8>, Error> {
    let size = fs::metadata(file).map_err(|error| at(file, error))?.len();
    if size > LARGEST {
        return Err(at(file, "is larger than 64 MiB"));
    }
    fs::read(file).map_err(|error| at(file, error))
}

fn at(file: &Path, what: impl std::fmt::Display) -> Error {
    Error::Failed(format!("{}: {what}", file.display()))
}
