//! A site for tests: virtual devices, with an identity provider and a portal that run outside the booth.

use std::{
    collections::BTreeMap,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

use ed25519_dalek::{SigningKey, pkcs8::EncodePrivateKey as _};
use fotoautomat::config::{self, Config};
use identity::virtual_idp;
use portal_server::people::People;
use tempfile::TempDir;
use tokio::net::TcpListener;

/// The booth's name in the site's configuration.
pub(crate) const BOOTH: &str = "infocenter-1";

/// A folder for `--config` with `test-mode.toml` beside it, and the files of the portal.
pub(crate) struct Site {
    folder: TempDir,
    key: SigningKey,
}

impl Site {
    /// A copy of the Umeå site, without the addresses of its servers.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let key = SigningKey::from_bytes(&rand::random());
        let pem = key.to_pkcs8_pem(Default::default()).unwrap();
        std::fs::write(folder.path().join("booth.pem"), pem.as_bytes()).unwrap();
        let umu = Path::new(env!("CARGO_MANIFEST_DIR")).join("kiosk-config/umu");
        symlink(umu, folder.path().join("site")).unwrap();
        Self { folder, key }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes test mode's overlay: virtual devices and these servers. `identity` is the content of `[identity]`, and
    /// `more` follows it.
    pub(crate) fn write(&self, identity: &str, portal: &str, more: &str) {
        let overlay = format!(
            "[devices]\ncamera = \"virtual\"\nprinter = \"virtual:rio2\"\nreader = \"virtual\"\nlamp = \"none\"\n\
             [card.code]\nkey = \"test\"\n\
             [test]\npeople = \"people.toml\"\nservers = \"site\"\n\
             [portal]\naddress = \"{portal}\"\nkey = \"{key}\"\n\
             [identity]\n{identity}\n{more}\n",
            key = self.path("booth.pem").display(),
        );
        std::fs::write(self.path("test-mode.toml"), overlay).unwrap();
    }

    pub(crate) fn config(&self) -> Config {
        config::load(&self.path("site"), Some(&self.path("test-mode.toml")))
            .unwrap_or_else(|problems| panic!("{problems}"))
    }

    /// Starts the portal, which trusts this issuer and knows these people.
    pub(crate) async fn portal(&self, issuer: &str, people: &str) -> portal_server::Running {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        self.serve(listener, issuer, people, None).await
    }

    /// Starts the portal at this address.
    pub(crate) async fn portal_at(
        &self,
        issuer: &str,
        people: &str,
        address: &str,
    ) -> portal_server::Running {
        let listener = TcpListener::bind(address.trim_start_matches("http://")).await;
        self.serve(listener.unwrap(), issuer, people, None).await
    }

    /// Starts the portal behind a proxy, by whose address the booths know it.
    pub(crate) async fn portal_behind(
        &self,
        issuer: &str,
        people: &str,
        address: &str,
    ) -> portal_server::Running {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        self.serve(listener, issuer, people, Some(address.to_owned()))
            .await
    }

    async fn serve(
        &self,
        listener: TcpListener,
        issuer: &str,
        people: &str,
        address: Option<String>,
    ) -> portal_server::Running {
        let file = self.path("people.toml");
        std::fs::write(&file, people).unwrap();
        let settings = portal_server::Settings {
            booths: BTreeMap::from([(BOOTH.to_owned(), self.key.verifying_key())]),
            issuer: Some(issuer.to_owned()),
            address,
            ..portal_server::Settings::new(self.path("portal.sqlite"), People::read(&file).unwrap())
        };
        portal_server::serve(listener, settings).await.unwrap()
    }
}

/// Starts a provider at which all of `people` can sign in.
pub(crate) async fn provider(people: &str) -> virtual_idp::Running {
    #[derive(serde::Deserialize)]
    struct File {
        people: Vec<virtual_idp::Person>,
    }
    let options = virtual_idp::Options {
        client_id: BOOTH.to_owned(),
        ..virtual_idp::Options::new(toml::from_str::<File>(people).unwrap().people)
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    virtual_idp::serve(listener, options).unwrap()
}

/// The content of `[identity]` for a provider on this machine.
pub(crate) fn identity(issuer: &str) -> String {
    format!(
        "issuer = \"{issuer}\"\nclient_id = \"{BOOTH}\"\nscopes = [\"profile\"]\nallow_http_loopback = true"
    )
}
