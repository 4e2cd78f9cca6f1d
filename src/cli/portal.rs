//! `fotoautomat portal`: runs the reference portal as a server.

use std::{
    collections::BTreeMap,
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use clap::Args as ClapArgs;
use ed25519_dalek::{VerifyingKey, pkcs8::DecodePublicKey as _};
use tokio::net::TcpListener;

use super::{Answer, Error};
use card::{CodeKey, Signer, TEST_KEY};
use common::KeySource;
use portal::seal::ReceiverSecret;
use portal_server::people::People;

/// Serves the portal interface (assets/portal/openapi.yaml) from one SQLite file until interrupted.
#[derive(Debug, ClapArgs)]
pub struct Args {
    /// Where to listen; port 0 takes a free one, which is printed.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:0")]
    pub listen: SocketAddr,
    /// The portal's own store; created if it does not exist.
    #[arg(long, value_name = "FILE")]
    pub store: PathBuf,
    /// The people, and which cards each may have.
    #[arg(long, value_name = "FILE.toml")]
    pub people: PathBuf,
    /// A booth that may write, and its Ed25519 public key in PEM (openssl pkey -pubout); may be given more than once.
    #[arg(long = "booth", value_name = "NAME=FILE.pem", value_parser = parse_booth)]
    pub booths: Vec<(String, PathBuf)>,
    /// The identity provider whose access tokens are accepted.
    #[arg(long, value_name = "URL")]
    pub issuer: Option<String>,
    /// PEM of the authority that certifies the identity provider.
    #[arg(long, value_name = "FILE.pem", requires = "issuer")]
    pub issuer_ca: Option<PathBuf>,
    /// The secret key (X25519, PEM) that opens what booths seal to this portal.
    #[arg(long, value_name = "FILE.pem")]
    pub secret: Option<PathBuf>,
    /// The key that signs the codes of booths without one of their own, and its number (`fotoautomat key new`).
    #[arg(long, value_name = "NUMBER=FILE.pem", value_parser = parse_code_key)]
    pub code_key: Option<(u16, PathBuf)>,
    /// The address that booths use, if it differs from the one listened on.
    #[arg(long, value_name = "URL")]
    pub address: Option<String>,
}

fn parse_booth(text: &str) -> Result<(String, PathBuf), String> {
    match text.split_once('=') {
        Some((name, file)) if !name.is_empty() && !file.is_empty() => {
            Ok((name.to_owned(), file.into()))
        }
        _ => Err("write NAME=FILE.pem".to_owned()),
    }
}

fn parse_code_key(text: &str) -> Result<(u16, PathBuf), String> {
    let wanted = || "write NUMBER=FILE.pem, with the number that the key was made with".to_owned();
    let (id, file) = text.split_once('=').ok_or_else(wanted)?;
    match id.parse() {
        Ok(id) if id != TEST_KEY && !file.is_empty() => Ok((id, file.into())),
        _ => Err(wanted()),
    }
}

pub async fn run(args: &Args) -> Result<Answer, Error> {
    let mut booths = BTreeMap::new();
    for (name, file) in &args.booths {
        let pem = read(file)?;
        let pem = String::from_utf8_lossy(&pem);
        let key = VerifyingKey::from_public_key_pem(&pem).map_err(|_| {
            Error::failed(format!(
                "{} holds no Ed25519 public key in PEM; make one with: openssl pkey -in KEY -pubout",
                file.display()
            ))
        })?;
        booths.insert(name.clone(), key);
    }
    let signer = match &args.code_key {
        Some((id, file)) => {
            let source = CodeKey::Kept(KeySource::File(file.clone()));
            Signer::load(&source, *id, Path::new(""), None).map_err(Error::failed)?
        }
        None => None,
    };
    let settings = portal_server::Settings {
        booths,
        signer,
        issuer: args.issuer.clone(),
        issuer_ca: args.issuer_ca.as_ref().map(read).transpose()?,
        secret: args
            .secret
            .as_deref()
            .map(ReceiverSecret::read)
            .transpose()
            .map_err(Error::failed)?,
        address: args.address.clone(),
        ..portal_server::Settings::new(
            args.store.clone(),
            People::read(&args.people).map_err(Error::failed)?,
        )
    };
    let listener = TcpListener::bind(args.listen)
        .await
        .map_err(|error| Error::failed(format!("cannot listen on {}: {error}", args.listen)))?;
    let portal = portal_server::serve(listener, settings)
        .await
        .map_err(Error::failed)?;
    println!("listening on http://{}", portal.address);
    // An error means that the signal cannot be received; then the portal stops at once.
    let _ = tokio::signal::ctrl_c().await;
    portal.stop().await;
    Ok(Answer::Yes)
}

fn read(file: &PathBuf) -> Result<Vec<u8>, Error> {
    fs::read(file).map_err(|error| Error::failed(format!("{}: {error}", file.display())))
}
