//! Exports orders to a sealed file, and opens such a file.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use clap::Args as ClapArgs;

use super::super::Error;
use common::order::OrderId;
use outbox::{
    Outbox, Settings,
    export::{Exported, Opener},
    manage::Which,
};
use portal::{
    LARGEST_PHOTO,
    seal::{Receiver, ReceiverSecret},
};

#[derive(Debug, ClapArgs)]
pub struct Args {
    /// The orders; all that are waiting or parked when none is named.
    pub orders: Vec<String>,
    /// The file to write. It is never overwritten.
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// The portal's public key (X25519, PEM): only the portal can read the file then. Without it only this booth can.
    #[arg(long, value_name = "PUBLIC.pem")]
    pub to: Option<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub struct OpenArgs {
    /// The file that `export` wrote.
    pub file: PathBuf,
    /// The folder for the content. It is created, readable by its owner only.
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// The portal's secret key (X25519, PEM); the booth's own when left out.
    #[arg(long, value_name = "SECRET.pem")]
    pub secret: Option<PathBuf>,
}

/// The limit of a line in bytes. A line holds an order, its photo and some cards in base64.
const LONGEST: u64 = 2 * LARGEST_PHOTO as u64;

/// Writes the orders and returns their number.
pub(super) async fn write(args: &Args, outbox: &Outbox) -> Result<usize, Error> {
    let to = args.to.as_deref().map(Receiver::read).transpose();
    let to = to.map_err(Error::failed)?;
    let mut orders: Vec<OrderId> = Vec::new();
    for name in &args.orders {
        orders.push(super::find(outbox, name).await?);
    }
    if args.orders.is_empty() {
        for which in [Which::Parked, Which::Waiting] {
            let listed = outbox.list(which, u32::MAX).await.map_err(Error::failed)?;
            orders.extend(listed.iter().map(|order| order.order_id));
        }
    }
    let failed = |error| Error::failed(format!("{}: {error}", args.out.display()));
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&args.out)
        .map_err(failed)?;
    let mut written = 0;
    for order in orders {
        let exported = outbox.export(order, to.as_ref()).await;
        if let Some(exported) = exported.map_err(Error::failed)? {
            let mut line = serde_json::to_vec(&exported).map_err(Error::failed)?;
            line.push(b'\n');
            file.write_all(&line).map_err(failed)?;
            written += 1;
        }
    }
    file.sync_all().map_err(failed)?;
    Ok(written)
}

/// Opens an export into one folder for each order and returns the number of orders.
pub(super) fn open(args: &OpenArgs, settings: &Settings) -> Result<usize, Error> {
    let opener = match &args.secret {
        Some(file) => Opener::Receiver(ReceiverSecret::read(file).map_err(Error::failed)?),
        None => Opener::booth(&settings.key).map_err(Error::failed)?,
    };
    let failed = |error| Error::failed(format!("{}: {error}", args.file.display()));
    let mut lines = BufReader::new(fs::File::open(&args.file).map_err(failed)?);
    let mut opened = 0;
    loop {
        let mut line = Vec::new();
        let read = lines.by_ref().take(LONGEST).read_until(b'\n', &mut line);
        if read.map_err(failed)? == 0 {
            return Ok(opened);
        }
        let order: Exported = serde_json::from_slice(&line).map_err(|_| {
            Error::failed(format!(
                "{}: line {} is no exported order",
                args.file.display(),
                opened + 1
            ))
        })?;
        unpack(&opener, &order, &args.out)?;
        opened += 1;
    }
}

fn unpack(opener: &Opener, order: &Exported, out: &Path) -> Result<(), Error> {
    let folder = out.join(order.order_id.to_string());
    fs::create_dir_all(&folder)
        .map_err(|error| Error::failed(format!("{}: {error}", folder.display())))?;
    for part in &order.parts {
        // Anybody may have written the file, so only these names become file names.
        let name = match part.part.split_once('/') {
            None if part.part == "order" => "order.json".to_owned(),
            None if part.part == "photo" => "photo.jpg".to_owned(),
            Some(("card", serial)) if serial.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
                format!("card-{serial}.json")
            }
            _ => {
                return Err(Error::failed(format!(
                    "order {} has a part that is not known here",
                    order.order_id
                )));
            }
        };
        let plain = opener.open(order.order_id, part).map_err(|_| {
            Error::failed(format!(
                "{name} of order {} does not open with this key",
                order.order_id
            ))
        })?;
        let path = folder.join(name);
        fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&path)
            .and_then(|mut file| file.write_all(&plain))
            .map_err(|error| Error::failed(format!("{}: {error}", path.display())))?;
    }
    Ok(())
}
