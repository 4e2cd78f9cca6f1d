//! Sign-in by password, against Debian's slapd and against servers that are no directories.

use std::{future::Future, path::Path, sync::Arc, time::Duration};

use common::{
    order::LoginMethod,
    sign_in::{Failure, Password},
};
use identity::{Fault as Trouble, Grant, IdentityProvider, Settings, Step};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::{Instant, timeout},
};

use crate::servers::{ALVAS_PASSWORD, Authority, Slapd};

const ALVA: &str = "abcd0001";

/// A site's folder with the certificate authority that the booth trusts.
struct Site(TempDir);

impl Site {
    fn new(authority: &Authority) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ca.pem"), authority.pem()).unwrap();
        Self(folder)
    }

    fn booth(&self, server: &str) -> Arc<dyn IdentityProvider> {
        self.booth_with(server, "")
    }

    fn booth_with(&self, server: &str, more: &str) -> Arc<dyn IdentityProvider> {
        let toml = format!(
            "issuer = \"https://login.example.org\"\n\
             client_id = \"booth-1\"\n\
             [password]\n\
             server = \"{server}\"\n\
             ca = \"ca.pem\"\n\
             user = \"uid={{name}},ou=people,dc=example,dc=org\"\n\
             claims = {{ subject = [\"UID\"], name = [\"cn\"], affiliation = [\"employeetype\"] }}\n{more}"
        );
        let settings: Settings = toml::from_str(&toml).unwrap();
        identity::open(&settings, self.0.path()).unwrap_or_else(|problems| panic!("{problems}"))
    }
}

async fn try_it(
    booth: &dyn IdentityProvider,
    name: &str,
    password: &str,
) -> Result<Grant, Failure> {
    let password = Password {
        name: name.into(),
        password: password.into(),
    };
    match timeout(Duration::from_secs(20), booth.check_password(password))
        .await
        .unwrap()
    {
        Step::Approved(grant) => Ok(grant),
        Step::Failed(failure) => Err(failure),
        Step::CodeReady(_) => panic!("a password needs no code"),
    }
}

fn failure(answer: Result<Grant, Failure>) -> Option<Failure> {
    answer.err()
}

#[tokio::test]
async fn the_right_password_signs_in_over_starttls_and_ldaps() {
    let authority = Authority::new("The site's CA");
    let site = Site::new(&authority);
    let slapd = Slapd::start(Some(&authority.issue("directory", &["127.0.0.1"]))).await;
    let search = "search = { base = \"ou=people,dc=example,dc=org\", filter = \"(uid={name})\" }";
    for booth in [
        site.booth(&slapd.ldap),
        site.booth(&slapd.ldaps),
        site.booth_with(&slapd.ldaps, search),
    ] {
        let alva = try_it(&*booth, " abcd0001", ALVAS_PASSWORD).await.unwrap();
        assert_eq!(alva.method, LoginMethod::Ldap);
        assert!(alva.access_token.is_none());
        assert_eq!(alva.claims.subject.expose(), ALVA);
        assert_eq!(alva.claims.name.expose(), "Alva Bjork");
        assert_eq!(alva.claims.affiliation, ["student", "member"]);
    }
}

#[tokio::test]
async fn wrong_and_locked_look_the_same_and_five_pause_the_booth() {
    let authority = Authority::new("The site's CA");
    let site = Site::new(&authority);
    let slapd = Slapd::start(Some(&authority.issue("directory", &["127.0.0.1"]))).await;
    let booth = site.booth(&slapd.ldaps);
    for wrong in ["sommar-2025", "Sommar-2026 åäö", "x"] {
        assert_eq!(
            failure(try_it(&*booth, ALVA, wrong).await),
            Some(Failure::WrongPassword)
        );
    }
    // The account is locked now, so even the right password is answered like a wrong one.
    let locked = try_it(&*booth, ALVA, ALVAS_PASSWORD).await;
    assert_eq!(failure(locked), Some(Failure::WrongPassword));
    let unknown = try_it(&*booth, "nobody99", "x").await;
    assert_eq!(
        failure(unknown),
        Some(Failure::Paused),
        "the fifth at this booth"
    );
    let right = try_it(&*booth, "efgh0002", "vinter-2026").await;
    assert_eq!(failure(right), Some(Failure::Paused), "whoever comes next");
    let other_booth = site.booth(&slapd.ldaps);
    try_it(&*other_booth, "efgh0002", "vinter-2026")
        .await
        .unwrap();
}

/// Names and passwords cannot change the meaning of the query, and those that cannot be right are not sent.
#[tokio::test]
async fn an_empty_password_or_a_clever_name_never_signs_in() {
    let authority = Authority::new("The site's CA");
    let site = Site::new(&authority);
    let slapd = Slapd::start(Some(&authority.issue("directory", &["127.0.0.1"]))).await;
    let booth = site.booth(&slapd.ldaps);
    for (name, password) in [
        (ALVA, ""),
        ("", ALVAS_PASSWORD),
        ("   ", ALVAS_PASSWORD),
        ("abcd0001,ou=people", ALVAS_PASSWORD),
        ("*", ALVAS_PASSWORD),
        ("abcd0001)(uid=*", ALVAS_PASSWORD),
        ("abcd0001\0", ALVAS_PASSWORD),
        (&"a".repeat(65), ALVAS_PASSWORD),
    ] {
        let answer = try_it(&*booth, name, password).await;
        assert_eq!(failure(answer), Some(Failure::WrongPassword), "{name:?}");
    }
    try_it(&*booth, ALVA, ALVAS_PASSWORD).await.unwrap();
}

#[tokio::test]
async fn a_directory_without_a_trusted_certificate_gets_no_password() {
    let authority = Authority::new("The site's CA");
    let site = Site::new(&authority);
    let stranger = Authority::new("Another CA").issue("directory", &["127.0.0.1"]);
    let other_name = authority.issue("directory", &["ldap.example.org"]);
    for credential in [stranger, other_name] {
        let slapd = Slapd::start(Some(&credential)).await;
        for server in [&slapd.ldap, &slapd.ldaps] {
            let booth = site.booth(server);
            let answer = try_it(&*booth, ALVA, ALVAS_PASSWORD).await;
            assert_eq!(failure(answer), Some(Failure::Unreachable), "{server}");
        }
    }
    let plain = Slapd::start(None).await;
    let answer = try_it(&*site.booth(&plain.ldap), ALVA, ALVAS_PASSWORD).await;
    assert_eq!(
        failure(answer),
        Some(Failure::Unreachable),
        "never without TLS"
    );
}

/// A server that runs `act` with each connection.
async fn rogue<F>(act: impl Fn(TcpStream) -> F + Send + 'static) -> String
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("ldap://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(act(stream));
        }
    });
    address
}

#[tokio::test]
async fn a_server_that_is_no_directory_does_no_harm() {
    let authority = Authority::new("The site's CA");
    let site = Site::new(&authority);
    let servers = [
        rogue(|mut stream| async move {
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        })
        .await,
        rogue(|stream| async move { drop(stream) }).await,
        // This one announces a message of two gigabytes.
        rogue(|mut stream| async move {
            let _ = stream.write_all(b"\x30\x84\x7f\xff\xff\xff").await;
            let _ = stream.write_all(&[0; 500_000]).await;
        })
        .await,
        // This one nests as many sequences as a message can hold.
        rogue(|mut stream| async move {
            let mut nested = vec![0x30, 0x83, 3, 0xff, 0xfb];
            while nested.len() < 0x3fff0 {
                nested.extend_from_slice(&[0x30, 0x83, 3, 0xff, 0]);
            }
            let _ = stream.write_all(&nested).await;
        })
        .await,
        // This one accepts StartTLS, and then does not speak TLS.
        rogue(|mut stream| async move {
            let mut request = [0; 31];
            let _ = stream.read_exact(&mut request).await;
            let _ = stream
                .write_all(b"\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x00\x04\x00\x04\x00")
                .await;
            let _ = stream
                .write_all(b"\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x00\x04\x00\x04\x00")
                .await;
            tokio::time::sleep(Duration::from_secs(1)).await;
        })
        .await,
    ];
    for server in servers {
        let answer = try_it(&*site.booth(&server), ALVA, ALVAS_PASSWORD).await;
        assert_eq!(failure(answer), Some(Failure::Unreachable), "{server}");
    }
    let silent = rogue(|stream| async move {
        tokio::time::sleep(Duration::from_secs(60)).await;
        drop(stream);
    })
    .await;
    let begun = Instant::now();
    let answer = try_it(&*site.booth(&silent), ALVA, ALVAS_PASSWORD).await;
    assert_eq!(failure(answer), Some(Failure::Unreachable));
    assert!(
        begun.elapsed() < Duration::from_secs(15),
        "the wait is bounded"
    );
}

#[test]
fn a_directory_needs_tls_and_an_authority() {
    let problems = |server: &str, user: &str, ca: &str| {
        let toml = format!(
            "issuer = \"https://login.example.org\"\nclient_id = \"booth-1\"\n\
             [password]\nserver = \"{server}\"\nca = \"{ca}\"\nuser = \"{user}\""
        );
        let settings: Settings = toml::from_str(&toml).unwrap();
        match identity::open(&settings, Path::new("/nonexistent")) {
            Ok(_) => panic!("it was taken: {toml}"),
            Err(problems) => problems.to_string(),
        }
    };
    let user = "uid={name},dc=example,dc=org";
    for (server, user, key) in [
        ("http://ldap.example.org", user, "identity.password.server"),
        ("ldapi:///run/slapd", user, "identity.password.server"),
        ("ldaps://", user, "identity.password.server"),
        (
            "ldaps://ldap.example.org",
            "uid=admin,dc=example,dc=org",
            "identity.password.user",
        ),
        (
            "ldaps://ldap.example.org",
            "{name}@example.org",
            "identity.password.search",
        ),
        ("ldaps://ldap.example.org", user, "identity.password.ca"),
    ] {
        let found = problems(server, user, "ca.pem");
        assert!(found.contains(key), "{found}");
    }
}

#[tokio::test]
async fn the_probe_reports_what_is_wrong_with_the_directory() {
    let idp = crate::sign_in::provider().await;
    let authority = Authority::new("The site's CA");
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("ca.pem"), authority.pem()).unwrap();
    let good = Slapd::start(Some(&authority.issue("directory", &["127.0.0.1"]))).await;
    let stranger = Slapd::start(Some(
        &Authority::new("Another").issue("directory", &["127.0.0.1"]),
    ))
    .await;
    let plain = Slapd::start(None).await;
    for (server, expected) in [
        (good.ldap.as_str(), None),
        (&good.ldaps, None),
        (&stranger.ldaps, Some(Trouble::Certificate)),
        (&plain.ldap, Some(Trouble::Certificate)),
        ("ldaps://127.0.0.1:9", Some(Trouble::Unreachable)),
    ] {
        let mut settings = idp.settings();
        let password =
            format!("server = \"{server}\"\nca = \"ca.pem\"\nuser = \"uid={{name}},dc=example\"");
        settings.password = Some(toml::from_str(&password).unwrap());
        let booth = identity::open(&settings, folder.path())
            .unwrap_or_else(|problems| panic!("{problems}"));
        let trouble = booth.probe().await.err();
        assert_eq!(
            trouble.as_ref().map(|trouble| trouble.fault),
            expected,
            "{server}: {trouble:?}"
        );
    }
}
