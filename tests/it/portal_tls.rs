//! The booth's link to the portal under TLS: which authorities it trusts, which certificate it presents, and which
//! version of HTTP it uses.

use std::{
    path::Path,
    sync::{Arc, Mutex},
};

use portal::{
    Error, Heartbeat, Portal,
    http::{Sending, Settings},
};
use rustls::{
    RootCertStore, ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    server::WebPkiClientVerifier,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::TcpListener,
};

use crate::servers::{Authority, Credential};

/// The requests that reached the server: the version of HTTP, and the client's certificate.
type Heard = Arc<Mutex<Vec<(&'static str, Option<CertificateDer<'static>>)>>>;

const H2: &[u8] = b"h2";
const H1: &[u8] = b"http/1.1";

/// A portal that accepts every request from clients with a certificate of `booths`, or from all clients without it.
async fn serve(shown: &Credential, booths: Option<&Authority>, offered: &[&[u8]]) -> (u16, Heard) {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .unwrap();
    let config = match booths {
        None => config.with_no_client_auth(),
        Some(booths) => {
            let mut roots = RootCertStore::empty();
            let root = CertificateDer::from_pem_slice(booths.pem().as_bytes()).unwrap();
            roots.add(root).unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
            config.with_client_cert_verifier(verifier.build().unwrap())
        }
    };
    let chain = vec![CertificateDer::from_pem_slice(shown.certificate.as_bytes()).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(shown.key.as_bytes()).unwrap();
    let mut config = config.with_single_cert(chain, key).unwrap();
    config.alpn_protocols = offered.iter().map(|name| name.to_vec()).collect();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (port, heard) = (listener.local_addr().unwrap().port(), Heard::default());
    let kept = heard.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, kept) = (acceptor.clone(), kept.clone());
            tokio::spawn(async move {
                // Some of these tests are about handshakes that fail.
                let Ok(mut stream) = acceptor.accept(stream).await else {
                    return;
                };
                let link = stream.get_ref().1;
                let peer = link
                    .peer_certificates()
                    .map(|chain| chain[0].clone().into_owned());
                // The request is recorded before it is answered, because the test looks as soon as it has the answer.
                let note = |spoken| kept.lock().unwrap().push((spoken, peer));
                let answered = match link.alpn_protocol() {
                    Some(H2) => answer_h2(&mut stream, || note("HTTP/2")).await,
                    _ => answer_h1(&mut stream, || note("HTTP/1.1")).await,
                };
                if answered.is_ok() {
                    let _ = stream.shutdown().await;
                }
            });
        }
    });
    (port, heard)
}

/// Reads one request, calls `heard` with it, and answers 204.
async fn answer_h1(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    heard: impl FnOnce(),
) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    let head = String::from_utf8_lossy(&head).to_ascii_lowercase();
    let length = head.split("content-length: ").nth(1).unwrap();
    let length: usize = length.split("\r\n").next().unwrap().parse().unwrap();
    stream.read_exact(&mut vec![0; length]).await?;
    heard();
    stream
        .write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n")
        .await?;
    stream.flush().await
}

/// The same for HTTP/2, in frames (RFC 9113 section 4.1: length, type, flags, stream).
async fn answer_h2(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    heard: impl FnOnce(),
) -> std::io::Result<()> {
    const DATA: u8 = 0;
    const HEADERS: u8 = 1;
    const SETTINGS: u8 = 4;
    const END_STREAM: u8 = 1;
    const ACK: u8 = 1;
    let mut preface = [0; 24];
    stream.read_exact(&mut preface).await?;
    assert_eq!(&preface, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    stream
        .write_all(&[0, 0, 0, SETTINGS, 0, 0, 0, 0, 0])
        .await?;
    loop {
        let mut head = [0; 9];
        stream.read_exact(&mut head).await?;
        let [a, b, c, kind, flags, id @ ..] = head;
        let length = u32::from_be_bytes([0, a, b, c]) as usize;
        stream.read_exact(&mut vec![0; length]).await?;
        if kind == SETTINGS && flags & ACK == 0 {
            stream
                .write_all(&[0, 0, 0, SETTINGS, ACK, 0, 0, 0, 0])
                .await?;
        }
        if matches!(kind, DATA | HEADERS) && flags & END_STREAM != 0 {
            heard();
            // Entry 9 of HPACK's static table is ":status: 204" (RFC 7541, app. A); 0x5 is END_HEADERS | END_STREAM.
            let mut answer = vec![0, 0, 1, HEADERS, 0x5];
            answer.extend(id);
            answer.push(0x80 | 9);
            stream.write_all(&answer).await?;
            return stream.flush().await;
        }
    }
}

/// Sends one heartbeat with the settings of a site whose files lie in `folder`.
async fn beat(
    folder: &Path,
    port: u16,
    ca: &Authority,
    own: Option<&Credential>,
) -> Result<(), Error> {
    let (ca_file, own_file) = (folder.join("ca.pem"), folder.join("booth.pem"));
    std::fs::write(&ca_file, ca.pem()).unwrap();
    if let Some(own) = own {
        std::fs::write(&own_file, format!("{}{}", own.certificate, own.key)).unwrap();
    }
    let settings = Settings {
        address: format!("https://localhost:{port}/cards"),
        ca: Some(ca_file),
        certificate: own.is_some().then_some(own_file),
        proxy: Some("none".to_owned()),
        method: Sending::Put,
        key: None,
    };
    let heartbeat = Heartbeat {
        at: jiff::Timestamp::now(),
        software: "0".to_owned(),
        ready: true,
        reasons: Vec::new(),
        ribbon_cards: None,
        printed: None,
        waiting: 0,
        parked: 0,
        oldest_seconds: None,
    };
    settings
        .connect("booth-1")
        .unwrap()
        .heartbeat(&heartbeat)
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_booth_with_its_certificate_is_accepted() {
    let (site, booths, stranger) = (
        Authority::new("The site's CA"),
        Authority::new("The booths' CA"),
        Authority::new("Somebody's CA"),
    );
    let (own, forged) = (booths.issue("booth-1", &[]), stranger.issue("booth-1", &[]));
    for (what, shown, let_in) in [
        ("the booth's own", Some(&own), true),
        ("none", None, false),
        ("one that somebody else signed", Some(&forged), false),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let portal = site.issue("portal", &["localhost"]);
        let (port, heard) = serve(&portal, Some(&booths), &[H2, H1]).await;
        let answer = beat(folder.path(), port, &site, shown).await;
        assert_eq!(answer.is_ok(), let_in, "{what}: {answer:?}");
        let heard = heard.lock().unwrap();
        let seen: Vec<_> = heard.iter().map(|(_, peer)| peer.clone()).collect();
        let expected = let_in
            .then(|| Some(CertificateDer::from_pem_slice(own.certificate.as_bytes()).unwrap()));
        assert_eq!(seen, Vec::from_iter(expected), "{what}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_portal_of_another_authority_receives_nothing() {
    let (site, other) = (
        Authority::new("The site's CA"),
        Authority::new("The site's CA"),
    );
    for (what, shown, believed) in [
        (
            "the pinned authority's",
            site.issue("portal", &["localhost"]),
            true,
        ),
        (
            "another's of the same name",
            other.issue("portal", &["localhost"]),
            false,
        ),
        (
            "for another place",
            site.issue("portal", &["cards.example.org"]),
            false,
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let (port, heard) = serve(&shown, None, &[H2, H1]).await;
        let answer = beat(folder.path(), port, &site, None).await;
        assert_eq!(answer.is_ok(), believed, "{what}: {answer:?}");
        assert_eq!(heard.lock().unwrap().len(), usize::from(believed), "{what}");
        if let Err(error) = answer {
            assert!(matches!(error, Error::Unreachable(_)), "{what}: {error:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn http_2_is_used_where_it_is_offered() {
    let site = Authority::new("The site's CA");
    for (offered, spoken) in [
        (&[H2, H1][..], "HTTP/2"),
        (&[H1, H2][..], "HTTP/1.1"),
        (&[H2][..], "HTTP/2"),
        (&[H1][..], "HTTP/1.1"),
        (&[][..], "HTTP/1.1"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let portal = site.issue("portal", &["localhost"]);
        let (port, heard) = serve(&portal, None, offered).await;
        beat(folder.path(), port, &site, None).await.unwrap();
        assert_eq!(heard.lock().unwrap()[0].0, spoken, "{offered:?}");
    }
}
