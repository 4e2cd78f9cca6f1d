//! A booth without a signing key: the portal signs the code of each card.

use std::{collections::BTreeMap, fs, path::Path, process::Stdio, time::Duration};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use card::{CodeError, Designer, PublicKeys, Raster, Settings, Signer, Verdict, read_code};
use common::order::CardKind;
use ed25519_dalek::{
    SigningKey, VerifyingKey,
    pkcs8::{EncodePublicKey as _, spki::der::pem::LineEnding},
};
use jiff::{Timestamp, tz::TimeZone};
use portal::{CodeRequest, Error, Portal, http::HttpPortal};
use portal_server::people::People;

use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::Command,
    time::timeout,
};

use super::{card, portrait};

const BOOTH: &str = env!("CARGO_BIN_EXE_fotoautomat");

/// A site whose cards the portal signs with the key `id`, whose public half is `public`.
fn site(folder: &Path, id: u16, public: VerifyingKey) -> Designer {
    let page = "<svg xmlns='http://www.w3.org/2000/svg' width='85.60mm' height='53.98mm' viewBox='0 0 85.6 53.98'>\
                <rect id='qr' x='60' y='9' width='17' height='17'/></svg>";
    fs::write(folder.join("front.svg"), page).unwrap();
    let keys = PublicKeys(BTreeMap::from([(id, public)]));
    fs::write(folder.join("public.json"), keys.to_jwks()).unwrap();
    let settings = "[code]\nhost = 'A.SE'\nform = 'signed'\nkey = 'portal'\nkey_id = 7\npublic_keys = 'public.json'\n\
                    [kinds.student]\ncode = 2\nfront = 'front.svg'\nlabel = { sv = 'Student' }\n";
    let settings: Settings = toml::from_str(settings).unwrap();
    Designer::load(folder, &settings).unwrap_or_else(|problems| panic!("{problems}"))
}

async fn portal(store: &Path, signer: Option<Signer>) -> (portal_server::Running, impl Portal) {
    let booth = SigningKey::from_bytes(&[5; 32]);
    let settings = portal_server::Settings {
        booths: [("booth-1".to_owned(), booth.verifying_key())].into(),
        signer,
        ..portal_server::Settings::new(store.join("portal.sqlite"), People::default())
    };
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0))
        .await
        .unwrap();
    let running = portal_server::serve(listener, settings).await.unwrap();
    let client = running.client("booth-1", booth).unwrap();
    (running, client)
}

#[tokio::test]
async fn the_portals_signature_is_printed_if_the_sites_keys_match_it() {
    let folder = tempfile::tempdir().unwrap();
    let signer = Signer::random(7);
    let designer = site(folder.path(), signer.id, signer.public());
    let (_running, client) = portal(folder.path(), Some(signer)).await;
    signed_and_believed(&designer, &client).await;
}

/// Makes a card with the portal's signature, from the request to the check of the printed code.
async fn signed_and_believed(designer: &Designer, client: &impl Portal) {
    let mut content = card(&CardKind::from("student"), "sv", "Alva Björk");
    assert_eq!(designer.code_text(&content), Err(CodeError::AskPortal));
    let asked = designer.asked(&content).unwrap().unwrap();
    let code = CodeRequest {
        kind: asked.kind,
        valid_through: asked.valid_through,
        issue: asked.issue,
    };
    let answer = client.sign(content.serial, code).await.unwrap();
    assert_eq!(
        client.sign(content.serial, code).await.unwrap(),
        answer,
        "asked again"
    );
    let signature: [u8; 64] = URL_SAFE_NO_PAD
        .decode(&answer.signature)
        .unwrap()
        .try_into()
        .unwrap();
    content.signed = Some(designer.signed_elsewhere(&asked, &signature).unwrap());
    let face = designer
        .draw(&content, &portrait(), Raster::PROOF)
        .unwrap()
        .front;
    let texts = read_code(&face.rgb);
    let verdict = designer.verifier(None, TimeZone::UTC).verify(
        &texts[0],
        "2029-06-30T12:00:00Z".parse::<Timestamp>().unwrap(),
    );
    assert_eq!(verdict, Verdict::Valid(asked));
    let mut other = signature;
    other[40] ^= 1;
    assert_eq!(
        designer.signed_elsewhere(&asked, &other),
        Err(CodeError::Signature)
    );
}

#[tokio::test]
async fn a_portal_without_a_key_reports_it() {
    let folder = tempfile::tempdir().unwrap();
    let (_running, client) = portal(folder.path(), None).await;
    let content = card(&CardKind::from("student"), "sv", "Alva Björk");
    let code = CodeRequest {
        kind: 2,
        valid_through: content.valid_through,
        issue: 1,
    };
    let answer = client.sign(content.serial, code).await;
    assert!(
        matches!(answer, Err(Error::Status { status: 404, .. })),
        "{answer:?}"
    );
}

#[tokio::test]
async fn the_portal_program_signs_with_the_key_that_key_new_made() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let booth = SigningKey::from_bytes(&[5; 32]);
    let public = booth
        .verifying_key()
        .to_public_key_pem(LineEnding::LF)
        .unwrap();
    fs::write(at("booth.pem"), public).unwrap();
    fs::write(at("people.toml"), "").unwrap();
    let run = async |arguments: &[&str]| {
        let mut program = Command::new(BOOTH);
        program.current_dir(folder.path()).args(arguments);
        program.output().await.unwrap()
    };
    let made = run(&["key", "new", "code.pem", "--id", "7", "--jwks", "made.json"]).await;
    assert!(made.status.success(), "{made:?}");
    let made = PublicKeys::read(&at("made.json")).unwrap();
    let designer = site(folder.path(), 7, *made.get(7).unwrap());

    let portal = |code_key: &'static str| {
        let mut program = Command::new(BOOTH);
        program.current_dir(folder.path()).kill_on_drop(true);
        program.args([
            "portal",
            "--listen",
            "127.0.0.1:0",
            "--store",
            "portal.sqlite",
        ]);
        program.args(["--people", "people.toml", "--booth", "booth-1=booth.pem"]);
        program.args(["--code-key", code_key]);
        program
    };
    let mut running = portal("7=code.pem").stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(running.stdout.take().unwrap()).lines();
    let line = timeout(Duration::from_secs(30), lines.next_line()).await;
    let line = line.unwrap().unwrap().unwrap();
    let base = line.strip_prefix("listening on ").unwrap().parse().unwrap();
    let client = web::client(&web::Options::default()).unwrap();
    let client = HttpPortal::new(client, base, "booth-1", Some(booth));
    signed_and_believed(&designer, &client).await;

    for (wrong, said) in [
        ("code.pem", "NUMBER=FILE.pem"),
        ("0=code.pem", "NUMBER=FILE.pem"),
        ("7=nothing.pem", "nothing.pem"),
        ("7=booth.pem", "booth.pem"),
    ] {
        let answer = portal(wrong).output().await.unwrap();
        let error = String::from_utf8(answer.stderr).unwrap();
        assert!(
            !answer.status.success() && error.contains(said),
            "{wrong}: {error}"
        );
    }
}
