//! Real servers that the tests start on loopback, as installed by `tests/setup/identity.sh`, and the certificates that
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

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, IsCa, KeyPair,
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    net::{TcpListener, TcpStream},
    process::{Child, ChildStdin, ChildStdout, Command},
    time::timeout,
};

/// The path of something that the set-up script has installed.
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

/// A certificate authority of a test.
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

    /// Issues a certificate for a server with these names or addresses, or for a client called `name`.
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

/// npm's oidc-provider in its own process, which ends when this is dropped.
pub(crate) struct OidcProvider {
    pub(crate) address: String,
    pub(crate) issuer: String,
    _process: Child,
    stdin: ChildStdin,
    stdout: Lines<BufReader<ChildStdout>>,
    _config: TempDir,
}

impl OidcProvider {
    /// Starts it with a `config` for `tests/setup/identity/op.mjs`. Alva's account is added if there is none.
    pub(crate) async fn start(mut config: Value) -> Self {
        if config["accounts"].is_null() {
            config["accounts"] = json!({
                "abcd0001": {
                    "name": "Alva Björk", "given_name": "Alva", "family_name": "Björk",
                    "eduperson_affiliation": ["student", "member"],
                },
            });
        }
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

    /// Makes the provider use new signing keys from now on.
    pub(crate) async fn rotate_keys(&mut self) {
        self.stdin.write_all(b"rotate\n").await.unwrap();
        assert_eq!(line(&mut self.stdout).await["rotated"], json!(true));
    }
}

async fn line(stdout: &mut Lines<BufReader<ChildStdout>>) -> Value {
    // Node starts slowly on a machine that runs all the other tests too.
    let line = timeout(Duration::from_secs(120), stdout.next_line()).await;
    let line = line.expect("an answer in time").unwrap();
    serde_json::from_str(&line.expect("oidc-provider runs")).unwrap()
}

/// A server between the booth and a provider that records every answer.
pub(crate) struct Eavesdropper {
    pub(crate) address: String,
    listener: TcpListener,
}

/// The bodies of the recorded answers, oldest first.
pub(crate) type Heard = Arc<Mutex<Vec<String>>>;

impl Eavesdropper {
    pub(crate) async fn bind() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        Self { address, listener }
    }

    /// Forwards everything to `provider`, whose issuer must be the eavesdropper's address.
    pub(crate) fn listen(self, provider: String) -> Heard {
        let heard = Heard::default();
        let state = (
            provider,
            web::client(&Default::default()).unwrap(),
            heard.clone(),
        );
        let app = Router::new().fallback(pass_on).with_state(state);
        tokio::spawn(async move { axum::serve(self.listener, app).await });
        heard
    }
}

async fn pass_on(
    State((provider, client, heard)): State<(String, web::Client, Heard)>,
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

/// Debian's slapd in its own process with the accounts of Alva and Nils. It ends when this is dropped.
pub(crate) struct Slapd {
    /// The `ldap://` address, with StartTLS if it has a certificate.
    pub(crate) ldap: String,
    pub(crate) ldaps: String,
    _process: Child,
    _folder: TempDir,
}

pub(crate) const ALVAS_PASSWORD: &str = "sommar-2026 åäö";

impl Slapd {
    /// Starts it. It locks an account after three wrong passwords, and supports TLS only with a credential.
    pub(crate) async fn start(tls: Option<&Credential>) -> Self {
        let root = installed("slapd/complete").parent().unwrap().to_owned();
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let mut config = String::new();
        for schema in ["core", "cosine", "inetorgperson"] {
            config += &format!(
                "include {}/etc/ldap/schema/{schema}.schema\n",
                root.display()
            );
        }
        config += &format!("modulepath {}/usr/lib/ldap\n", root.display());
        config += "moduleload back_mdb\nmoduleload ppolicy\n";
        if let Some(tls) = tls {
            std::fs::write(at("cert.pem"), &tls.certificate).unwrap();
            std::fs::write(at("key.pem"), &tls.key).unwrap();
            let (certificate, key) = (at("cert.pem"), at("key.pem"));
            config += &format!("TLSCertificateFile {}\n", certificate.display());
            config += &format!("TLSCertificateKeyFile {}\n", key.display());
            config += "security simple_bind=128\n";
        }
        config += &format!(
            "disallow bind_anon\n\
             database mdb\n\
             suffix \"dc=example,dc=org\"\n\
             rootdn \"cn=admin,dc=example,dc=org\"\n\
             directory {}\n\
             overlay ppolicy\n\
             ppolicy_default \"cn=default,ou=policies,dc=example,dc=org\"\n\
             access to attrs=userPassword by anonymous auth by * none\n\
             access to dn.base=\"dc=example,dc=org\" by * read\n\
             access to dn.base=\"ou=people,dc=example,dc=org\" by users read\n\
             access to * by self read by * none\n",
            at("db").display()
        );
        std::fs::create_dir(at("db")).unwrap();
        std::fs::write(at("slapd.conf"), config).unwrap();
        std::fs::write(at("seed.ldif"), seed()).unwrap();
        let slapd = || {
            let mut command = Command::new(root.join("usr/sbin/slapd"));
            command
                .env("LD_LIBRARY_PATH", root.join("usr/lib/x86_64-linux-gnu"))
                .stdin(Stdio::null())
                .kill_on_drop(true);
            command
        };
        let added = slapd()
            .args(["-Tadd", "-f"])
            .arg(at("slapd.conf"))
            .arg("-l")
            .arg(at("seed.ldif"))
            .output()
            .await
            .unwrap();
        let said = String::from_utf8_lossy(&added.stderr);
        assert!(added.status.success(), "slapd -Tadd: {said}");
        // slapd does not accept port 0, so it gets ports that were free a moment ago.
        let (plain, tls_port) = (free_port().await, free_port().await);
        let mut listen = format!("ldap://127.0.0.1:{plain}/");
        if tls.is_some() {
            listen += &format!(" ldaps://127.0.0.1:{tls_port}/");
        }
        let process = slapd()
            .arg("-f")
            .arg(at("slapd.conf"))
            .args(["-h", &listen, "-d", "0"])
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        for _ in 0..200 {
            if TcpStream::connect(("127.0.0.1", plain)).await.is_ok() {
                return Self {
                    ldap: format!("ldap://127.0.0.1:{plain}"),
                    ldaps: format!("ldaps://127.0.0.1:{tls_port}"),
                    _process: process,
                    _folder: folder,
                };
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("slapd does not listen");
    }
}

async fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap().port()
}

fn seed() -> String {
    let person = |uid: &str, cn: &str, password: &str| {
        format!(
            "dn: uid={uid},ou=people,dc=example,dc=org\n\
             objectClass: inetOrgPerson\n\
             cn: {cn}\n\
             sn: Someone\n\
             uid: {uid}\n\
             employeeType: student\n\
             employeeType: member\n\
             userPassword: {password}\n\n"
        )
    };
    format!(
        "dn: dc=example,dc=org\n\
         objectClass: organization\n\
         objectClass: dcObject\n\
         o: Example\n\
         dc: example\n\n\
         dn: ou=people,dc=example,dc=org\n\
         objectClass: organizationalUnit\n\
         ou: people\n\n\
         dn: ou=policies,dc=example,dc=org\n\
         objectClass: organizationalUnit\n\
         ou: policies\n\n\
         dn: cn=default,ou=policies,dc=example,dc=org\n\
         objectClass: device\n\
         objectClass: pwdPolicy\n\
         cn: default\n\
         pwdAttribute: userPassword\n\
         pwdLockout: TRUE\n\
         pwdMaxFailure: 3\n\
         pwdLockoutDuration: 300\n\n{}{}",
        person("abcd0001", "Alva Bjork", ALVAS_PASSWORD),
        person("efgh0002", "Nils Astrom", "vinter-2026"),
    )
}
