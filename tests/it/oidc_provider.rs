//! Sign-in by device grant against a real provider, npm's oidc-provider, with a scripted phone that fills in its pages.

use std::{path::Path, time::Duration};

use common::sign_in::{Code, Failure};
use futures::{StreamExt, stream::BoxStream};
use identity::{Fault as Trouble, Grant, IdentityProvider, Settings, Step};
use rcgen::KeyPair;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::{
    phone::Phone,
    servers::{Authority, Eavesdropper, OidcProvider},
};

const ALVA: &str = "abcd0001";

/// The booth's registration at the provider, with the fields of `more` replaced.
fn client(more: Value) -> Value {
    let mut client = json!({
        "client_id": "booth-1",
        "client_name": "Card booth, Infocenter",
        "token_endpoint_auth_method": "none",
        "application_type": "native",
        "grant_types": ["urn:ietf:params:oauth:grant-type:device_code"],
        "response_types": [],
        "redirect_uris": [],
        "scope": "openid profile umu",
        "id_token_signed_response_alg": "ES256",
    });
    for (key, value) in more.as_object().unwrap() {
        client[key] = value.clone();
    }
    client
}

async fn provider(more: Value) -> OidcProvider {
    OidcProvider::start(json!({ "clients": [client(more)] })).await
}

fn settings(issuer: &str, more: &str) -> Settings {
    let toml = format!(
        "issuer = \"{issuer}\"\nclient_id = \"booth-1\"\nscopes = [\"profile\", \"umu\"]\n\
         allow_http_loopback = true\n{more}"
    );
    toml::from_str(&toml).unwrap()
}

fn open(settings: &Settings, folder: &Path) -> std::sync::Arc<dyn IdentityProvider> {
    identity::open(settings, folder).unwrap_or_else(|problems| panic!("{problems}"))
}

struct SignIn {
    steps: BoxStream<'static, Step>,
    code: Code,
}

impl SignIn {
    async fn begin(booth: &dyn IdentityProvider) -> Self {
        let mut steps = booth.begin();
        match timeout(Duration::from_secs(20), steps.next())
            .await
            .unwrap()
        {
            Some(Step::CodeReady(code)) => Self { steps, code },
            other => panic!("a code was expected, not {other:?}"),
        }
    }

    async fn end(&mut self) -> Result<Grant, Failure> {
        match timeout(Duration::from_secs(40), self.steps.next())
            .await
            .unwrap()
        {
            Some(Step::Approved(grant)) => Ok(grant),
            Some(Step::Failed(failure)) => Err(failure),
            other => panic!("an end was expected, not {other:?}"),
        }
    }
}

/// Makes a whole sign-in as Alva.
async fn alva_signs_in(booth: &dyn IdentityProvider, ca: Option<String>) -> Grant {
    let mut sign_in = SignIn::begin(booth).await;
    Phone::new(ca).approve(&sign_in.code.scan, ALVA).await;
    let grant = sign_in.end().await.unwrap();
    assert_eq!(grant.claims.subject.expose(), ALVA);
    assert_eq!(grant.claims.name.expose(), "Alva Björk");
    assert_eq!(grant.claims.affiliation, ["student", "member"]);
    grant
}

#[tokio::test]
async fn a_person_approves_on_the_phone() {
    let op = provider(json!({})).await;
    let booth = open(&settings(&op.issuer, ""), Path::new("."));
    booth.probe().await.unwrap();
    let mut sign_in = SignIn::begin(&*booth).await;
    Phone::new(None).approve(&sign_in.code.scan, ALVA).await;
    let grant = sign_in.end().await.unwrap();
    let token = grant.access_token.expect("a token for the portal");
    let client = web::client(&Default::default()).unwrap();
    let userinfo = client
        .get(format!("{}/me", op.issuer))
        .bearer_auth(token.expose());
    assert_eq!(
        userinfo.send().await.unwrap().status(),
        200,
        "the portal can use it"
    );
}

#[tokio::test]
async fn a_person_denies_on_the_phone() {
    let op = provider(json!({})).await;
    let booth = open(&settings(&op.issuer, ""), Path::new("."));
    let mut sign_in = SignIn::begin(&*booth).await;
    let code = sign_in.code.user_code.expose().clone();
    assert_eq!(code.len(), 9, "four letters, a hyphen, four letters");
    let mut phone = Phone::new(None);
    phone.look(&sign_in.code.scan).await;
    assert!(
        phone.page.contains("Card booth, Infocenter"),
        "which booth asks"
    );
    assert!(phone.page.contains(&code), "and with which code");
    phone.submit(&[("abort", "yes")]).await;
    assert_eq!(sign_in.end().await.unwrap_err(), Failure::Denied);
}

/// A thief who intercepts the booth's device code and polls first gets the tokens, and the booth gets none: it signs
/// nobody in, and the provider revokes the thief's tokens when the booth polls with the used code.
#[tokio::test]
async fn a_stolen_device_code_lets_nobody_in_at_the_booth() {
    let eavesdropper = Eavesdropper::bind().await;
    let issuer = eavesdropper.address.clone();
    let op = OidcProvider::start(json!({ "clients": [client(json!({}))], "issuer": issuer })).await;
    let heard = eavesdropper.listen(op.address.clone());
    let booth = open(&settings(&issuer, ""), Path::new("."));
    let mut sign_in = SignIn::begin(&*booth).await;
    let device_code = heard
        .lock()
        .unwrap()
        .iter()
        .find_map(|body| {
            let answer: Value = serde_json::from_str(body).ok()?;
            Some(answer["device_code"].as_str()?.to_owned())
        })
        .expect("a device code went by");
    Phone::new(None).approve(&sign_in.code.scan, ALVA).await;
    let thief = web::client(&Default::default()).unwrap();
    let form = format!(
        "grant_type=urn:ietf:params:oauth:grant-type:device_code&client_id=booth-1&device_code={device_code}"
    );
    let stolen = thief
        .post(format!("{issuer}/token"))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form)
        .send()
        .await
        .unwrap();
    assert_eq!(stolen.status(), 200);
    let stolen: Value = serde_json::from_str(&stolen.text().await.unwrap()).unwrap();
    assert_eq!(sign_in.end().await.unwrap_err(), Failure::Expired);
    let token = stolen["access_token"].as_str().unwrap();
    let userinfo = thief
        .get(format!("{issuer}/me"))
        .bearer_auth(token)
        .send()
        .await
        .unwrap();
    assert_eq!(userinfo.status(), 401);
}

#[tokio::test]
async fn a_code_that_is_too_old_lets_nobody_in() {
    let op = OidcProvider::start(json!({ "clients": [client(json!({}))], "codeLife": 2 })).await;
    let booth = open(&settings(&op.issuer, ""), Path::new("."));
    let mut sign_in = SignIn::begin(&*booth).await;
    assert_eq!(sign_in.end().await.unwrap_err(), Failure::Expired);
    let mut phone = Phone::new(None);
    phone.look(&sign_in.code.scan).await;
    assert!(
        !phone.page.contains("Card booth"),
        "the code is worth nothing now"
    );
}

#[tokio::test]
async fn a_code_that_was_used_is_not_used_again() {
    let op = provider(json!({})).await;
    let booth = open(&settings(&op.issuer, ""), Path::new("."));
    let mut sign_in = SignIn::begin(&*booth).await;
    Phone::new(None).approve(&sign_in.code.scan, ALVA).await;
    sign_in.end().await.unwrap();
    let mut other = Phone::new(None);
    other.look(&sign_in.code.scan).await;
    assert!(!other.page.contains("Card booth"), "{}", other.page);
}

#[tokio::test]
async fn a_booth_that_is_not_registered_is_refused_with_a_reason() {
    let op = provider(json!({ "client_id": "another-booth" })).await;
    let booth = open(&settings(&op.issuer, ""), Path::new("."));
    let mut steps = booth.begin();
    assert!(matches!(
        steps.next().await,
        Some(Step::Failed(Failure::Refused))
    ));
    let trouble = booth.probe().await.unwrap_err();
    assert_eq!(trouble.fault, Trouble::WrongClient, "{}", trouble.sentence);
    assert!(trouble.sentence.contains("booth-1"), "{}", trouble.sentence);
}

#[tokio::test]
async fn a_provider_with_the_device_grant_off_is_reported_as_such() {
    let no_grant = json!({
        "grant_types": ["authorization_code"], "response_types": ["code"], "redirect_uris": ["http://127.0.0.1/"],
    });
    let off = json!({ "clients": [client(no_grant.clone())], "deviceFlow": false });
    let refused = json!({ "clients": [client(no_grant)] });
    for config in [off, refused] {
        let op = OidcProvider::start(config).await;
        let trouble = open(&settings(&op.issuer, ""), Path::new("."))
            .probe()
            .await
            .unwrap_err();
        assert_eq!(
            trouble.fault,
            Trouble::NoDeviceGrant,
            "{}",
            trouble.sentence
        );
    }
}

#[tokio::test]
async fn new_signing_keys_and_rsa_are_accepted() {
    let mut op = provider(json!({ "id_token_signed_response_alg": "RS256" })).await;
    let booth = open(&settings(&op.issuer, ""), Path::new("."));
    booth.ready().await.unwrap();
    op.rotate_keys().await;
    alva_signs_in(&*booth, None).await;
}

/// Every sign-in polls at least twice, at once and after five seconds. As oidc-provider accepts an assertion only once,
/// this proves that each one is new.
#[tokio::test]
async fn a_booth_with_a_key_of_its_own_signs_every_request_anew() {
    let folder = tempfile::tempdir().unwrap();
    let key = KeyPair::generate().unwrap();
    std::fs::write(folder.path().join("booth.pem"), key.serialize_pem()).unwrap();
    std::fs::write(
        folder.path().join("wrong.pem"),
        KeyPair::generate().unwrap().serialize_pem(),
    )
    .unwrap();
    let op = provider(json!({
        "token_endpoint_auth_method": "private_key_jwt", "publicKeyPem": key.public_key_pem(), "keyId": "booth-key",
    }))
    .await;
    let with = |file: &str| {
        let client = format!(
            "client = {{ method = \"private-key-jwt\", key = \"{file}\", key_id = \"booth-key\" }}"
        );
        open(&settings(&op.issuer, &client), folder.path())
    };
    alva_signs_in(&*with("booth.pem"), None).await;
    for stranger in [
        with("wrong.pem"),
        open(&settings(&op.issuer, ""), folder.path()),
    ] {
        let trouble = stranger.probe().await.unwrap_err();
        assert_eq!(trouble.fault, Trouble::WrongClient, "{}", trouble.sentence);
    }
}

/// AD FS and Entra require RSA and the certificate's thumbprint; others require their own issuer as the audience.
#[tokio::test]
async fn an_assertion_names_the_certificate_and_the_audience() {
    let folder = tempfile::tempdir().unwrap();
    let made = std::process::Command::new("openssl")
        .args(
            "req -x509 -newkey rsa:2048 -nodes -keyout booth.key -out booth.pem -subj /CN=booth-1"
                .split(' '),
        )
        .current_dir(&folder)
        .output()
        .unwrap();
    assert!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );
    let certificate = std::fs::read_to_string(folder.path().join("booth.pem")).unwrap();
    let eavesdropper = Eavesdropper::bind().await;
    let issuer = eavesdropper.address.clone();
    let op = OidcProvider::start(json!({ "issuer": issuer, "clients": [client(json!({
        "token_endpoint_auth_method": "private_key_jwt", "certificatePem": certificate,
        "token_endpoint_auth_signing_alg": "RS256",
    }))]}))
    .await;
    eavesdropper.listen(op.address.clone());
    let with = |audience: &str| {
        let client = format!(
            "client = {{ method = \"private-key-jwt\", key = \"booth.key\", certificate = \"booth.pem\"{audience} }}"
        );
        open(&settings(&issuer, &client), folder.path())
    };
    with(&format!(", audience = \"{issuer}\""))
        .probe()
        .await
        .unwrap();
    let trouble = with("").probe().await.unwrap_err();
    assert_eq!(trouble.fault, Trouble::WrongClient, "{}", trouble.sentence);
}

#[tokio::test]
async fn a_booth_sends_its_secret_by_the_method_of_the_provider() {
    let folder = tempfile::tempdir().unwrap();
    // These characters must be escaped.
    let secret = "s:%+ &cret-of-the-booth-1234567890";
    std::fs::write(folder.path().join("secret"), format!("{secret}\n")).unwrap();
    for (registered, ours) in [
        ("client_secret_basic", "secret-basic"),
        ("client_secret_post", "secret-post"),
    ] {
        let op =
            provider(json!({ "token_endpoint_auth_method": registered, "client_secret": secret }))
                .await;
        let client = format!("client = {{ method = \"{ours}\", secret_file = \"secret\" }}");
        alva_signs_in(&*open(&settings(&op.issuer, &client), folder.path()), None).await;
    }
}

#[tokio::test]
async fn a_booth_shows_its_certificate_and_trusts_only_the_sites_authority() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new("The site's CA");
    let server = authority.issue("provider", &["127.0.0.1"]);
    let booth = authority.issue("booth-1", &[]);
    for (name, content) in [
        ("ca.pem", authority.pem()),
        ("other-ca.pem", Authority::new("Another CA").pem()),
        ("booth.pem", booth.certificate),
        ("booth.key", booth.key),
    ] {
        std::fs::write(folder.path().join(name), content).unwrap();
    }
    let op = OidcProvider::start(json!({
        "clients": [client(json!({
            "token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_subject_dn": "CN=booth-1",
        }))],
        "tls": { "cert": server.certificate, "key": server.key, "ca": authority.pem() },
    }))
    .await;
    let mtls = "client = { method = \"mtls\", certificate = \"booth.pem\", key = \"booth.key\" }";
    let with = |issuer: &str, more: &str| open(&settings(issuer, more), folder.path());

    let ours = with(&op.issuer, &format!("ca = \"ca.pem\"\n{mtls}"));
    alva_signs_in(&*ours, Some(authority.pem())).await;

    let no_certificate = with(&op.issuer, "ca = \"ca.pem\"")
        .probe()
        .await
        .unwrap_err();
    assert_eq!(
        no_certificate.fault,
        Trouble::WrongClient,
        "{}",
        no_certificate.sentence
    );
    let wrong_name = op.issuer.replace("127.0.0.1", "localhost");
    for (issuer, ca) in [
        (op.issuer.as_str(), "other-ca.pem"),
        (&wrong_name, "ca.pem"),
    ] {
        let trouble = with(issuer, &format!("ca = \"{ca}\"\n{mtls}"))
            .probe()
            .await
            .unwrap_err();
        assert_eq!(trouble.fault, Trouble::Certificate, "{}", trouble.sentence);
    }
    let trouble = with(&op.issuer, mtls).probe().await.unwrap_err();
    assert_eq!(
        trouble.fault,
        Trouble::Certificate,
        "the system does not know the site's CA: {}",
        trouble.sentence
    );
}
