//! Real servers that the tests start on loopback, from where `tests/setup/identity.sh` has put them, and the certificates
//! they need.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, Method, StatusCode, Uri},
};
use fotoautomat::http;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, IsCa, KeyPair,
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    net::TcpListener,
    process::{Child, ChildStdin, ChildStdout, Command},
    time::timeout,
};

/// What the set-up has unpacked.
pub(crate) fn installed(path: &str) -> PathBuf {
    let servers = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/test-servers");
    let found = servers.join(path);
    assert!(
        found.exists(),
        "{} is missing: run tests/setup/identity.sh",
        found.display()
    );
    found
}

/// A certificate authority of the test, and what it signs.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate and its key, in PEM.
pub(crate) struct Credential {
    pub(crate) certificate: String,
    pub(crate) key: String,
}

impl Authority {
    pub(crate) fn new(name: &str) -> Self {
        let mut params = params(name, &[]);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    pub(crate) fn pem(&self) -> String {
        self.0.pem()
    }

    /// For a server under these names (addresses count as such), or for a client called `name`.
    pub(crate) fn issue(&self, name: &str, names: &[&str]) -> Credential {
        let key = KeyPair::generate().unwrap();
        let certificate = params(name, names).signed_by(&key, &self.0).unwrap();
        Credential {
            certificate: certificate.pem(),
            key: key.serialize_pem(),
        }
    }
}

fn params(name: &str, names: &[&str]) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
    let mut params = CertificateParams::new(names).unwrap();
    let mut subject = DistinguishedName::new();
    subject.push(DnType::CommonName, name);
    params.distinguished_name = subject;
    params
}

/// npm's oidc-provider in its own process; ends with this.
pub(crate) struct OidcProvider {
    pub(crate) address: String,
    pub(crate) issuer: String,
    _process: Child,
    stdin: ChildStdin,
    stdout: Lines<BufReader<ChildStdout>>,
    _config: TempDir,
}

impl OidcProvider {
    /// `config` as `tests/setup/identity/op.mjs` wants it; accounts are added.
    pub(crate) async fn start(mut config: Value) -> Self {
        config["accounts"] = json!({
            "abcd0001": {
                "name": "Alva Björk", "given_name": "Alva", "family_name": "Björk",
                "eduperson_affiliation": ["student", "member"],
            },
        });
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("op.json");
        std::fs::write(&file, config.to_string()).unwrap();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/setup/identity/op.mjs");
        let mut process = Command::new(installed("bin/node"))
            .arg(script)
            .arg(installed("node_modules"))
            .arg(file)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let stdin = process.stdin.take().unwrap();
        let mut stdout = BufReader::new(process.stdout.take().unwrap()).lines();
        let ready = line(&mut stdout).await;
        Self {
            address: ready["address"].as_str().unwrap().to_owned(),
            issuer: ready["issuer"].as_str().unwrap().to_owned(),
            _process: process,
            stdin,
            stdout,
            _config: folder,
        }
    }

    /// New signing keys from now on.
    pub(crate) async fn rotate_keys(&mut self) {
        self.stdin.write_all(b"rotate\n").await.unwrap();
        assert_eq!(line(&mut self.stdout).await["rotated"], json!(true));
    }
}

async fn line(stdout: &mut Lines<BufReader<ChildStdout>>) -> Value {
    let line = timeout(Duration::from_secs(30), stdout.next_line()).await;
    let line = line.expect("an answer in time").unwrap();
    serde_json::from_str(&line.expect("oidc-provider runs")).unwrap()
}

/// A server between the booth and a provider that hears every answer.
pub(crate) struct Eavesdropper {
    pub(crate) address: String,
    listener: TcpListener,
}

/// What the eavesdropper has heard: answers' bodies, oldest first.
pub(crate) type Heard = Arc<Mutex<Vec<String>>>;

impl Eavesdropper {
    pub(crate) async fn bind() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        Self { address, listener }
    }

    /// Passes everything on to `provider`, which must think that its own address is the eavesdropper's.
    pub(crate) fn listen(self, provider: String) -> Heard {
        let heard = Heard::default();
        let state = (
            provider,
            http::client(&Default::default()).unwrap(),
            heard.clone(),
        );
        let app = Router::new().fallback(pass_on).with_state(state);
        tokio::spawn(async move { axum::serve(self.listener, app).await });
        heard
    }
}

async fn pass_on(
    State((provider, client, heard)): State<(String, http::Client, Heard)>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, HeaderMap, Bytes) {
    let request = client
        .request(method, format!("{provider}{uri}"))
        .headers(headers)
        .body(body);
    let answer = request.send().await.unwrap();
    let (status, mut headers) = (answer.status(), answer.headers().clone());
    headers.remove("transfer-encoding");
    let body = answer.bytes().await.unwrap();
    heard
        .lock()
        .unwrap()
        .push(String::from_utf8_lossy(&body).into_owned());
    (status, headers, body)
}
