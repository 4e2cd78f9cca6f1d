//! `fotoautomat esc`: queries the router of the European Student Card, and registers cards with it.

use std::path::PathBuf;

use clap::{
    Subcommand,
    builder::{PossibleValuesParser, TypedValueParser},
};
use jiff::{Zoned, civil::Date};
use uuid::Uuid;

use super::{Answer, Error};
use crate::config::Config;
use common::order::Serial;
use portal::esc_router::{Card, Chip, Esi, Level, Person, Router, Standing};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Query whether a European Student Card is valid; needs no key. Exit code 0 only for an active one.
    Status {
        /// The card's number, or the text of its code.
        #[arg(value_name = "NUMBER|TEXT")]
        card: String,
    },
    /// Register a student and a card, or update both.
    Register(Registration),
}

#[derive(Debug, clap::Args)]
pub struct Registration {
    /// The European Student Identifier: urn:schac:personalUniqueCode:int:esi:HOME:CODE.
    #[arg(long)]
    esi: Esi,
    #[arg(long)]
    name: String,
    #[arg(long)]
    email: Option<String>,
    #[arg(long, value_parser = named(&Level::NAMED))]
    level: Option<Level>,
    /// The serial in the order, from which the card's number is made.
    #[arg(long)]
    serial: Serial,
    /// The day on which the card was printed; today when left out.
    #[arg(long, value_name = "DATE")]
    issued: Option<Date>,
    /// The last day on which it is valid.
    #[arg(long, value_name = "DATE")]
    expires: Date,
    #[arg(long, default_value = "smart-no-cdz", value_parser = named(&Chip::NAMED))]
    chip: Chip,
    /// Register the card as revoked.
    #[arg(long)]
    inactive: bool,
}

/// A parser for a value that is written as one of these names.
fn named<T: Copy + Send + Sync + 'static>(
    named: &'static [(&'static str, T)],
) -> impl TypedValueParser<Value = T> {
    PossibleValuesParser::new(named.iter().map(|(name, _)| *name)).map(move |text: String| {
        let known = named.iter().find(|(name, _)| *name == text);
        known.expect("only these names pass the parser below").1
    })
}

pub async fn run(command: &Command, config: &Config) -> Result<Answer, Error> {
    let credentials = std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from);
    let settings = config.esc_router().ok_or_else(|| {
        Error::failed("the configuration has no section [esc_router]: add address = \"sandbox\"")
    })?;
    let router = settings
        .connect(&config.site, credentials.as_deref())
        .map_err(Error::failed)?;
    match command {
        Command::Status { card } => status(card, &router).await,
        Command::Register(registration) => register(registration, config, &router).await,
    }
}

async fn status(card: &str, router: &Router) -> Result<Answer, Error> {
    let number = card.trim().rsplit('/').next().unwrap_or_default();
    let number: Uuid = number
        .parse()
        .map_err(|_| Error::failed("this is no number of a European Student Card"))?;
    let Some(status) = router.status(number).await.map_err(Error::failed)? else {
        println!("unknown: the router has no card of this number");
        return Ok(Answer::No);
    };
    let word = match status.standing {
        Standing::Active => "active",
        Standing::Inactive => "inactive",
        Standing::Expired => "expired",
    };
    let expires = status.expires.map(|day| format!(", valid through {day}"));
    let issuer = status.issuer.map(|name| format!(", issued by {name}"));
    println!(
        "{word}{}{}",
        expires.unwrap_or_default(),
        issuer.unwrap_or_default()
    );
    Ok(match status.standing {
        Standing::Active => Answer::Yes,
        _ => Answer::No,
    })
}

async fn register(new: &Registration, config: &Config, router: &Router) -> Result<Answer, Error> {
    let issuer = config.card().and_then(|card| card.code.esc.as_ref());
    let issuer = issuer.ok_or_else(|| {
        Error::failed("the configuration lacks card.code.esc: name server and pic")
    })?;
    let person = Person {
        esi: new.esi.clone(),
        name: new.name.clone().into(),
        pic: issuer.pic.clone(),
        email: new.email.clone().map(Into::into),
        level: new.level,
    };
    let card = Card {
        number: issuer.number(new.serial),
        holder: new.esi.clone(),
        pic: issuer.pic.clone(),
        issued: new.issued.unwrap_or_else(|| Zoned::now().date()),
        expires: new.expires,
        active: !new.inactive,
        chip: new.chip,
    };
    router.put_person(&person).await.map_err(Error::failed)?;
    router.put_card(&card).await.map_err(Error::failed)?;
    println!("known: {}", card.number);
    Ok(Answer::Yes)
}
