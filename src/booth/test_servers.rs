//! Test mode's servers: an identity provider and a portal that speak the same HTTP as those of the institution, on free
//! ports of this machine.

use std::{net::SocketAddr, path::Path, sync::Arc};

use ed25519_dalek::SigningKey;
use tokio::net::TcpListener;

use super::{Error, Options, open::Servers};
use crate::config::Config;
use identity::virtual_idp;
use portal::http::HttpPortal;
use portal_server::people::People;

/// Both servers. They run until this is dropped.
pub(super) struct Running {
    pub identity: virtual_idp::Running,
    portal: Ours,
    key: SigningKey,
}

enum Ours {
    Own(portal_server::Running),
    /// The address of a portal that another process runs.
    Other(String),
}

pub(super) async fn start(config: &Config, options: &Options) -> Result<Running, Error> {
    let failed = |error: &dyn std::fmt::Display| Error::TestServer(error.to_string());
    let file = config.people_file();
    let mut people = People::read(&file).map_err(|error| failed(&error))?;
    if let Some(size) = options.crowd {
        crowd(&mut people, size);
    }
    let known = people.people.iter().map(|person| virtual_idp::Person {
        subject: person.subject.clone(),
        name: person.name.clone(),
        affiliation: person.affiliation.clone(),
        assurance: person.assurance.clone(),
        groups: person.groups.clone(),
    });
    let raw = config.booth();
    let idp = virtual_idp::Options {
        client_id: raw.id.clone(),
        // The person who approves on the phone must see which booth asks and where it stands.
        client_name: format!("{}: {}, {}", raw.institution, raw.id, raw.place),
        interval: u64::from(options.pace.is_none_or(|pace| pace >= 1.0)),
        ..virtual_idp::Options::new(known.collect())
    };
    let listener = || async { TcpListener::bind(("127.0.0.1", 0)).await };
    let own = at_its_address(&options.data).await;
    let own = own.map_err(|error| failed(&error))?;
    let identity = virtual_idp::serve(own, idp).map_err(|error| failed(&error))?;
    let key = SigningKey::from_bytes(&rand::random());
    let portal = match &options.portal {
        Some(address) => Ours::Other(address.clone()),
        None => {
            let settings = portal_server::Settings {
                booths: [(raw.id.clone(), key.verifying_key())].into(),
                issuer: Some(identity.issuer.clone()),
                ..portal_server::Settings::new(options.data.join("portal.sqlite"), people)
            };
            let listener = listener().await.map_err(|error| failed(&error))?;
            Ours::Own(
                portal_server::serve(listener, settings)
                    .await
                    .map_err(|error| failed(&error))?,
            )
        }
    };
    Ok(Running {
        identity,
        portal,
        key,
    })
}

/// Binds the address that the identity provider had in the last run, or a free port if that one is taken. The address
/// is the provider's issuer, by which a person's earlier orders are found.
async fn at_its_address(data: &Path) -> std::io::Result<TcpListener> {
    let file = data.join("test-identity");
    let known = std::fs::read_to_string(&file).unwrap_or_default();
    if let Ok(address) = known.parse::<SocketAddr>()
        && address.ip().is_loopback()
        && let Ok(listener) = TcpListener::bind(address).await
    {
        return Ok(listener);
    }
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    std::fs::write(&file, listener.local_addr()?.to_string())?;
    Ok(listener)
}

/// Replaces `people` by `size` copies of those who may have a card. Each copy has a new subject, so that a data folder
/// can be used again.
fn crowd(people: &mut People, size: u32) {
    let served = people.people.iter().filter(|person| {
        !person.kinds.is_empty() && !person.cards.iter().any(|card| card.has_code)
    });
    let served: Vec<_> = served.cloned().collect();
    let run = uuid::Uuid::now_v7().simple().to_string();
    let new = (0..size as usize)
        .zip(served.iter().cycle())
        .map(|(number, person)| {
            let mut person = person.clone();
            person.subject = format!("{}-{run}-{number}", person.subject);
            person
        });
    people.people = new.collect();
}

impl Running {
    pub(super) fn portal(&self) -> Option<portal_server::Control> {
        match &self.portal {
            Ours::Own(portal) => Some(portal.control.clone()),
            Ours::Other(_) => None,
        }
    }

    /// The clients of both servers.
    pub(super) fn connect(&self, config: &Config) -> Result<Servers, Error> {
        let settings = self.identity.settings();
        let identity = identity::open(&settings, &config.site)?;
        let failed = |error: &dyn std::fmt::Display| Error::Portal(error.to_string());
        let booth = &config.booth().id;
        let portal = match &self.portal {
            Ours::Own(portal) => portal
                .client(booth, self.key.clone())
                .map_err(|error| failed(&error))?,
            Ours::Other(address) => {
                let client =
                    web::client(&web::Options::default()).map_err(|error| failed(&error))?;
                let base = address.parse().map_err(|error| failed(&error))?;
                HttpPortal::new(client, base, booth, Some(self.key.clone()))
            }
        };
        Ok((identity, Arc::new(portal)))
    }
}
