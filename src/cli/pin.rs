//! `fotoautomat pin`: makes an attendant's PIN and the section of the configuration that checks it.

use std::io::{self, Read as _};

use clap::Args;

use super::{Answer, Error};
use common::order::Private;

/// The limit of what is read from standard input, in bytes. A PIN has at most twelve digits.
const MOST: u64 = 64;

#[derive(Debug, Args)]
pub struct Command {
    /// Take the PIN from standard input instead of making one.
    #[arg(long)]
    given: bool,
    /// The attendant's name in the audit trail.
    #[arg(long, value_name = "NAME", default_value = "desk")]
    id: String,
}

/// Prints the section for `kiosk.toml` on standard output, and a new PIN on standard error, once.
pub fn run(command: &Command) -> Result<Answer, Error> {
    let pin = if command.given {
        let mut text = String::new();
        let read = io::stdin().lock().take(MOST).read_to_string(&mut text);
        let text = Private::new(text);
        read.map_err(|error| Error::failed(format!("the PIN cannot be read: {error}")))?;
        Private::from(text.trim())
    } else {
        identity::random_pin()
    };
    let hash = identity::hash_pin(&pin).map_err(Error::failed)?;
    println!("[[identity.attendants]]");
    println!("id = {}", toml::Value::from(command.id.as_str()));
    println!("pin = \"{hash}\"");
    if !command.given {
        eprintln!(
            "The PIN is {}. Only its hash goes into kiosk.toml: it is not shown again.",
            pin.expose()
        );
    }
    Ok(Answer::Yes)
}
