//! Sign-in by device grant, against the virtual identity provider over real HTTP on loopback.

use std::{path::Path, time::Duration};

use common::sign_in::{Code, Failure};
use futures::{StreamExt, stream::BoxStream};
use identity::{
    self, Fault as Trouble, Grant, Settings, Step,
    virtual_idp::{self, Fault, Options, Person, Running},
};
use tokio::{net::TcpListener, time::timeout};

const ALVA: &str = "abcd0001";

fn people() -> Vec<Person> {
    let toml = r#"
        [[people]]
        subject = "abcd0001"
        name = "Alva Björk"
        affiliation = ["student", "member"]
        assurance = "AL2"
        kinds = ["student"]

        [[people]]
        subject = "efgh0002"
        name = "Nils Åström"
        affiliation = ["employee"]
        groups = ["booth-staff"]
    "#;
    #[derive(serde::Deserialize)]
    struct File {
        people: Vec<Person>,
    }
    toml::from_str::<File>(toml).unwrap().people
}

pub(crate) async fn provider() -> Running {
    provider_with(Options::new(people())).await
}

async fn provider_with(options: Options) -> Running {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    virtual_idp::serve(listener, options).unwrap()
}

fn begin(settings: &Settings) -> BoxStream<'static, Step> {
    identity::open(settings, Path::new(".")).unwrap().begin()
}

async fn next(steps: &mut BoxStream<'static, Step>) -> Option<Step> {
    timeout(Duration::from_secs(20), steps.next())
        .await
        .expect("a step in time")
}

async fn code(steps: &mut BoxStream<'static, Step>) -> Code {
    match next(steps).await {
        Some(Step::CodeReady(code)) => code,
        other => panic!("a code was expected, not {other:?}"),
    }
}

async fn grant(steps: &mut BoxStream<'static, Step>) -> Grant {
    match next(steps).await {
        Some(Step::Approved(grant)) => grant,
        other => panic!("an approval was expected, not {other:?}"),
    }
}

async fn failure(steps: &mut BoxStream<'static, Step>) -> Failure {
    match next(steps).await {
        Some(Step::Failed(failure)) => failure,
        other => panic!("a failure was expected, not {other:?}"),
    }
}

#[tokio::test]
async fn a_person_who_approves_on_the_phone_is_signed_in_at_the_booth() {
    let idp = provider().await;
    let mut steps = begin(&idp.settings());
    let code = code(&mut steps).await;
    assert!(code.scan.ends_with(code.user_code.expose().as_str()));
    assert_eq!(code.address, format!("{}/device", idp.issuer));
    assert_eq!(
        code.expires - code.shown,
        Duration::from_secs(180),
        "the provider's 300 s are cut"
    );
    assert_eq!(idp.control.waiting()[0].user_code, *code.user_code.expose());

    idp.control.approve(ALVA).unwrap();
    let grant = grant(&mut steps).await;
    assert_eq!(grant.claims.subject.expose(), ALVA);
    assert_eq!(grant.claims.name.expose(), "Alva Björk");
    assert_eq!(grant.claims.affiliation, ["student", "member"]);
    assert_eq!(grant.claims.assurance, "AL2");
    assert_eq!(grant.claims.issuer, idp.issuer);
    let token = grant.access_token.expect("a token for the portal");
    assert_eq!(idp.control.person_of(&token).unwrap().subject, ALVA);
    assert!(next(&mut steps).await.is_none(), "one sign-in, one end");
}

#[tokio::test]
async fn a_person_who_denies_on_the_phone_is_not_signed_in() {
    let idp = provider().await;
    let mut steps = begin(&idp.settings());
    code(&mut steps).await;
    idp.control.deny().unwrap();
    assert_eq!(failure(&mut steps).await, Failure::Denied);
}

#[tokio::test]
async fn a_code_is_valid_once_and_expires() {
    let options = Options {
        code_life: 1,
        ..Options::new(people())
    };
    let idp = provider_with(options).await;
    let mut steps = begin(&idp.settings());
    code(&mut steps).await;
    assert_eq!(failure(&mut steps).await, Failure::Expired);
    assert!(idp.control.approve(ALVA).is_err(), "no code waits any more");
}

#[tokio::test]
async fn leaving_ends_the_polling() {
    let idp = provider().await;
    let mut steps = begin(&idp.settings());
    code(&mut steps).await;
    let waiting = timeout(Duration::from_millis(300), steps.next()).await;
    assert!(waiting.is_err(), "nobody has decided");
    assert!(idp.control.polls() > 1);
    drop(steps);
    tokio::time::sleep(Duration::from_millis(100)).await;
    let polls = idp.control.polls();
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(idp.control.polls(), polls);
}

#[tokio::test]
async fn a_provider_without_an_address_for_the_code_shows_the_plain_one() {
    let idp = provider().await;
    idp.control.set_fault(Some(Fault::NoCompleteAddress));
    let mut steps = begin(&idp.settings());
    let code = code(&mut steps).await;
    assert_eq!(*code.scan.expose(), format!("{}/device", idp.issuer));
}

/// A token that fails any check signs nobody in.
#[tokio::test]
async fn a_token_that_fails_a_check_is_rejected() {
    for fault in [
        Fault::NoIdToken,
        Fault::WrongSignature,
        Fault::Unsigned,
        Fault::WrongAudience,
        Fault::WrongIssuer,
        Fault::Nonce,
        Fault::OtherAccessToken,
        Fault::ClockAhead,
        Fault::ClockBehind,
    ] {
        let idp = provider().await;
        let mut steps = begin(&idp.settings());
        code(&mut steps).await;
        idp.control.set_fault(Some(fault));
        idp.control.approve(ALVA).unwrap();
        assert_eq!(failure(&mut steps).await, Failure::NotBelieved, "{fault:?}");
    }
}

#[tokio::test]
async fn new_keys_of_the_provider_are_fetched() {
    let idp = provider().await;
    let booth = identity::open(&idp.settings(), Path::new(".")).unwrap();
    booth.ready().await.unwrap();
    idp.control.rotate_keys().unwrap();
    let mut steps = booth.begin();
    code(&mut steps).await;
    idp.control.approve(ALVA).unwrap();
    assert_eq!(grant(&mut steps).await.claims.subject.expose(), ALVA);
}

#[tokio::test]
async fn short_outages_of_the_provider_are_retried() {
    for fault in [
        Fault::ServerError,
        Fault::HalfAnswer,
        Fault::Rubbish,
        Fault::Huge,
        Fault::Redirect,
    ] {
        let idp = provider().await;
        let mut steps = begin(&idp.settings());
        code(&mut steps).await;
        idp.control.set_fault_times(fault, 3);
        idp.control.approve(ALVA).unwrap();
        assert_eq!(
            grant(&mut steps).await.claims.subject.expose(),
            ALVA,
            "{fault:?}"
        );
    }
}

#[tokio::test]
async fn a_provider_that_refuses_or_answers_wrongly_gives_no_code() {
    for (fault, expected) in [
        (Fault::ClientRefused, Failure::Refused),
        (Fault::DeviceGrantRefused, Failure::Refused),
        (Fault::NoDeviceGrant, Failure::Refused),
        (Fault::OtherIssuer, Failure::Unreachable),
        (Fault::ServerError, Failure::Unreachable),
        (Fault::Rubbish, Failure::Unreachable),
        (Fault::Huge, Failure::Unreachable),
    ] {
        let idp = provider().await;
        idp.control.set_fault(Some(fault));
        assert_eq!(
            failure(&mut begin(&idp.settings())).await,
            expected,
            "{fault:?}"
        );
    }
}

/// `doctor` reports the cause in one sentence.
#[tokio::test]
async fn a_fault_of_the_provider_is_reported_in_one_sentence() {
    for (fault, expected, word) in [
        (
            Fault::ClientRefused,
            Trouble::WrongClient,
            "identity.client_id",
        ),
        (
            Fault::DeviceGrantRefused,
            Trouble::NoDeviceGrant,
            "switch it on",
        ),
        (
            Fault::NoDeviceGrant,
            Trouble::NoDeviceGrant,
            "switch on the device grant",
        ),
        (Fault::OtherIssuer, Trouble::NotAProvider, "identity.issuer"),
        (Fault::ClockAhead, Trouble::ClockOff, "60 min behind"),
        (Fault::ClockBehind, Trouble::ClockOff, "60 min ahead of"),
        (Fault::ServerError, Trouble::Unreachable, "500"),
        (Fault::Rubbish, Trouble::NotAProvider, "discovery document"),
    ] {
        let idp = provider().await;
        idp.control.set_fault(Some(fault));
        let booth = identity::open(&idp.settings(), Path::new(".")).unwrap();
        let trouble = booth.probe().await.expect_err("a trouble");
        assert_eq!(trouble.fault, expected, "{}", trouble.sentence);
        assert!(trouble.sentence.contains(word), "{}", trouble.sentence);
        assert!(trouble.sentence.ends_with('.'), "{}", trouble.sentence);
    }
    let idp = provider().await;
    let settings = idp.settings();
    let booth = identity::open(&settings, Path::new(".")).unwrap();
    booth.probe().await.unwrap();
    drop(idp);
    tokio::time::sleep(Duration::from_millis(50)).await;
    let trouble = booth.probe().await.expect_err("nobody listens");
    assert_eq!(trouble.fault, Trouble::Unreachable, "{}", trouble.sentence);
}

#[test]
fn an_issuer_without_tls_is_refused_unless_it_is_this_machine_in_a_test() {
    let wrong = |issuer: &str, loopback: bool| {
        let mut settings = Settings::loopback(issuer, "booth");
        settings.allow_http_loopback = loopback;
        identity::open(&settings, Path::new(".")).is_err()
    };
    assert!(wrong("http://login.example.edu", false));
    assert!(wrong("http://login.example.edu", true));
    assert!(wrong("http://127.0.0.1:4455", false));
    assert!(wrong("login.example.edu", false));
    assert!(!wrong("http://127.0.0.1:4455", true));
    assert!(!wrong("https://login.example.edu", false));
}
