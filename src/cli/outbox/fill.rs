//! Writes generated orders as fast as the disk takes them, for tests that cut the power, kill the process, or measure.

use std::io::Write as _;

use clap::Args as ClapArgs;
use jiff::Timestamp;

use super::super::{Answer, Error};
use common::order::{Evidence, Order, OrderId, Outcome, Private, Serial, Uid};
use outbox::{NewAttempt, NewRecord, Outbox, Settings, journal::Reading};
use portal::Hash;

/// Each order is printed as "ack ORDERID" once it is on disk, its card as "printed ORDERID SERIAL" and then
/// "collected ORDERID SERIAL".
#[derive(Debug, ClapArgs)]
pub struct Args {
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub orders: u32,
    /// Size of each photo.
    #[arg(long, value_name = "BYTES", default_value_t = 6000)]
    pub photo: usize,
    /// The name of every person.
    #[arg(long, default_value = "Nobody")]
    pub name: String,
    /// Write orders without cards.
    #[arg(long)]
    pub bare: bool,
}

const PRINTER: &str = "none";

pub(super) async fn run(args: &Args, settings: &Settings) -> Result<Answer, Error> {
    let opened = Outbox::open(settings).await.map_err(Error::failed)?;
    if let Some(quarantined) = &opened.quarantined {
        return Err(Error::Failed(format!(
            "the store is damaged: {}",
            quarantined.why
        )));
    }
    let outbox = opened.outbox;
    let books = outbox.books().await.map_err(Error::failed)?;
    let mut counter = books.first().and_then(|books| books.counted).unwrap_or(0);
    // No card is ever fed here, so the counter settles the attempts that were cut off.
    let reading = Reading {
        printer: PRINTER.to_owned(),
        counter: Some(counter),
        card_inside: false,
    };
    outbox.settle_by(&reading).await.map_err(Error::failed)?;
    for number in 0..args.orders {
        let (order, photo) = order(args, number);
        let attempt = (!args.bare).then(|| NewAttempt {
            serial: Serial::random(),
            printer: PRINTER.to_owned(),
            counter_before: Some(counter),
        });
        let record = NewRecord {
            order,
            photo,
            attempt,
        };
        let made = outbox.commit(record).await.map_err(Error::failed)?;
        tell(format_args!("ack {}", made.order));
        if let Some(attempt) = made.attempt {
            card(&outbox, made.order, attempt.serial, counter).await?;
            counter += 1;
        }
    }
    outbox.close().await;
    Ok(Answer::Yes)
}

async fn card(outbox: &Outbox, order: OrderId, serial: Serial, counter: u64) -> Result<(), Error> {
    let evidence = Evidence {
        bytes_total: 100,
        bytes_sent: 100,
        plane_byte_accepted: true,
        busy_seen: true,
        ready_after: true,
        fault: None,
        counter_before: Some(counter),
        counter_after: Some(counter + 1),
    };
    outbox
        .end_attempt(order, serial, Outcome::Printed, &evidence)
        .await
        .map_err(Error::failed)?;
    tell(format_args!("printed {order} {serial}"));
    let uid = Uid::from_bytes(&serial.0[..7]);
    outbox
        .read_back(order, serial, Some(&uid), true, true)
        .await
        .map_err(Error::failed)?;
    tell(format_args!("collected {order} {serial}"));
    Ok(())
}

/// Prints a line with a single write, so that it is never cut.
fn tell(line: std::fmt::Arguments<'_>) {
    // The run continues when the reader has closed the pipe.
    let _ = std::io::stdout().write_all(format!("{line}\n").as_bytes());
}

fn order(args: &Args, number: u32) -> (Order, Private<Vec<u8>>) {
    let id = OrderId::new(Timestamp::now());
    let mut photo = vec![0xff, 0xd8, 0xff, 0xdb, 0x00, 0x04, 0x00, 0x00];
    let mut state = id.0.as_u64_pair().1 | 1;
    while photo.len() < args.photo {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        // The byte 0xff would begin a JPEG marker.
        photo.push(u8::try_from((state >> 33) % 255).unwrap_or(0));
    }
    photo.extend([0xff, 0xd9]);
    let now = Timestamp::now();
    let order = serde_json::json!({
        "orderId": id, "createdAt": now,
        "booth": {"id": "none", "software": env!("CARGO_PKG_VERSION")}, "reason": "noCode",
        "person": {"subject": format!("nobody-{number}-{}", id.0.as_u64_pair().1), "idp": "urn:none", "assurance": "AL2",
            "affiliation": ["student"], "displayName": args.name, "nameOnCard": args.name},
        "login": {"method": "device", "at": now},
        "card": {"kind": "student", "template": "student", "validThrough": "2099-06-30",
            "cardNumber": "1000001", "issue": 1, "functions": []},
        "delivery": "here",
        "photo": {"sha256": Hash::of(&photo), "width": 600, "height": 800, "checks": []},
        "consents": [], "lang": "en",
    });
    let order = serde_json::from_value(order).expect("the fields above are an order's");
    (order, Private::new(photo))
}
