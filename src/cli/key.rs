//! `fotoautomat key`: makes keys for the signed code on the cards.

use std::{
    fs,
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use clap::Subcommand;

use crate::cli::{Answer, Error};
use card::{PublicKeys, Signer, TEST_KEY};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a new signing key, and add its public half to the site's JWKS.
    New {
        /// The file for the key (PEM, readable by its owner only). It is never overwritten.
        #[arg(value_name = "FILE.pem")]
        file: PathBuf,
        /// The key's number, 1 to 65535; each key has its own.
        #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..))]
        id: u16,
        /// The site's public keys; created if it does not exist.
        #[arg(long, value_name = "FILE.json")]
        jwks: PathBuf,
    },
}

pub fn run(command: &Command) -> Result<Answer, Error> {
    let Command::New { file, id, jwks } = command;
    debug_assert_ne!(*id, TEST_KEY);
    let mut keys = if jwks.exists() {
        PublicKeys::read(jwks).map_err(|wrong| at(jwks, wrong))?
    } else {
        PublicKeys::default()
    };
    let signer = Signer::random(*id);
    if keys.0.insert(*id, signer.public()).is_some() {
        return Err(at(
            jwks,
            format!("the number {id} is taken: give the new key a new one"),
        ));
    }
    // The private key is written first, because a published key without it would be useless.
    let mut private = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(file)
        .map_err(|error| at(file, error))?;
    private
        .write_all(signer.to_pem().as_bytes())
        .and_then(|()| private.sync_all())
        .map_err(|error| at(file, error))?;
    fs::write(jwks, keys.to_jwks() + "\n").map_err(|error| at(jwks, error))?;
    println!(
        "key {id}: private half in {}, public half in {}",
        file.display(),
        jwks.display()
    );
    Ok(Answer::Yes)
}

fn at(file: &Path, what: impl std::fmt::Display) -> Error {
    Error::Failed(format!("{}: {what}", file.display()))
}
